"""An expert keeps its colour everywhere: its place in the router's order gives it."""

from __future__ import annotations

from typing import Literal

from lab.types import NONE, RouterConfig

PALETTE = (
    "#2F6FDE", "#D9822B", "#1B9E77", "#B5479D", "#7A6FF0", "#C23B4B", "#5B8C3E", "#8C6D46", "#3AA6B9", "#6B7280",
)  # fmt: skip
LINE = "#7C8783"  # a mid grey that is seen on light and on dark
Name = Literal["blue", "orange", "green", "violet", "gray"]
_NAMES: tuple[Name, ...] = ("blue", "orange", "green", "violet")  # Markdown's names for the first of them


def of(config: RouterConfig, expert: str) -> str:
    """Return the colour of an expert, as hex."""
    index = _index(config, expert)
    return LINE if index is None else PALETTE[index % len(PALETTE)]


def name_of(config: RouterConfig, expert: str) -> Name:
    """Return the colour of an expert as Markdown and badges name it."""
    index = _index(config, expert)
    return "gray" if index is None or index >= len(_NAMES) else _NAMES[index]


def _index(config: RouterConfig, expert: str) -> int | None:
    names = [one.name for one in config.experts]
    return names.index(expert) if expert != NONE and expert in names else None
