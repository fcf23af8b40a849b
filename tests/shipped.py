"""What the lab ships, read once a process: composing its configuration and loading its encoder take a second a lab."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from lab.config import CONF_DIR, LabConfig, compose
from lab.encoders.minilm import MiniLM, prepare


def composed(overrides: Sequence[str] = (), conf_dir: Path = CONF_DIR) -> LabConfig:
    """Do what `lab.config.compose` does, and remember it for the folder that ships, which no test writes to."""
    return _composed(tuple(overrides)) if conf_dir == CONF_DIR else compose(overrides, conf_dir)


class LoadedOnce(MiniLM):
    """The default encoder; all of them on one prepared folder share what they load, which encoding does not change."""

    def load(self) -> tuple[Any, Any]:
        return _loaded(prepare(self.cache_dir).resolve())


@cache
def _composed(overrides: tuple[str, ...]) -> LabConfig:
    return compose(overrides)


@cache
def _loaded(folder: Path) -> tuple[Any, Any]:
    return MiniLM(folder.parents[1]).load()
