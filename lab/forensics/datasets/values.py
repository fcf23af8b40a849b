"""Values of JSON and Parquet as text: what is nothing, what is a number however it is written, what is no text."""

from __future__ import annotations

import json
import math
import numbers
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from lab.forensics.datasets.table import showable

_EXACT = 1e15  # below, a float that is whole is written as the integer it is
_SHOWN = 60  # characters of a list or an object


class NoTextError(ValueError):
    """A value that cannot be written as one text; the message says what it is."""


def as_text(value: Any) -> str | None:
    """Return a plain value as text, None for nothing; NaN is nothing, and 1.0 is 1.

    Raises NoTextError for a list, an object and an infinite number.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, dict | list):
        kind = "a list" if isinstance(value, list) else "an object"
        raise NoTextError(f"{kind}: {showable(json.dumps(value, ensure_ascii=False), _SHOWN)}")
    return _number(value) if isinstance(value, numbers.Real | Decimal) else str(value)


def written(value: Any) -> str:
    """Return a row that is left out as JSON for its report."""
    try:
        return showable(json.dumps(value, ensure_ascii=False, default=str))
    except RecursionError:
        return "(nested too deeply to be shown)"


def texts_of(values: Iterable[Any]) -> tuple[list[str | None], dict[int, str]]:
    """Return values as text, None for those that are none, and what these are by their place."""
    texts: list[str | None] = []
    odd: dict[int, str] = {}
    for place, value in enumerate(values):
        try:
            texts.append(as_text(value))
        except NoTextError as err:
            texts.append(None)
            odd[place] = str(err)
    return texts, odd


def _number(value: Any) -> str | None:
    if math.isnan(value):
        return None
    if math.isinf(value):
        raise NoTextError("an infinite number")
    if isinstance(value, numbers.Integral):
        return str(value)
    whole = value == int(value) and (isinstance(value, Decimal) or abs(value) < _EXACT)
    return str(int(value)) if whole else str(value)
