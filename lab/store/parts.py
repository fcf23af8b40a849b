"""Ids in parts that one statement can hold: a database takes some ten thousand values at once, not more."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TypeVar

_Value = TypeVar("_Value")


def in_parts(values: Collection[_Value], at_once: int = 500) -> Iterator[list[_Value]]:
    """Yield the values in their order, at most `at_once` of them at a time; none at all yield nothing."""
    there = list(values)
    return (there[start : start + at_once] for start in range(0, len(there), at_once))
