"""The app on a data folder of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import empty_database
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lab.config import CONF_DIR, LabConfig, compose
from lab.encoders.minilm import MiniLM, prepare
from lab.ui import resources

APP = Path(__file__).parents[2] / "app.py"
RUN_S = 60


@pytest.fixture(autouse=True)
def no_component_packages(monkeypatch):
    """Spare each AppTest reading the metadata of every installed package, in search of components."""
    monkeypatch.setattr("streamlit.components.v2.manifest_scanner.scan_component_manifests", list)


@cache
def _composed(overrides: tuple[str, ...]) -> LabConfig:
    return compose(overrides)


@cache
def _weights(folder: Path) -> tuple[Any, Any]:
    return MiniLM(folder.parents[1]).load()


@pytest.fixture(autouse=True)
def read_once(monkeypatch):
    """Spare each lab composing the shipped configuration and loading the encoder again: no page changes either."""

    def composed(overrides: Sequence[str] = (), conf_dir: Path = CONF_DIR) -> LabConfig:
        return _composed(tuple(overrides)) if conf_dir == CONF_DIR else compose(overrides, conf_dir)

    def load(encoder: MiniLM) -> tuple[Any, Any]:
        return _weights(prepare(encoder.cache_dir).resolve())

    monkeypatch.setattr("lab.ui.resources.compose", composed)
    monkeypatch.setattr("lab.live.compose", composed)
    monkeypatch.setattr("lab.encoders.minilm.MiniLM", type("MiniLM", (MiniLM,), {"load": load}))


@pytest.fixture
def app(tmp_path, monkeypatch, encoder_cache):
    """The app as the first visitor finds it; it opens on the Route page."""
    (tmp_path / "cache").symlink_to(encoder_cache)
    empty_database.put_into(tmp_path)
    monkeypatch.setenv("LAB_DATA_DIR", str(tmp_path))
    st.cache_resource.clear()
    yield AppTest.from_file(APP, default_timeout=RUN_S)
    opened = resources.lab()
    opened.jobs.close()
    opened.store.close()
    st.cache_resource.clear()
