"""Results and evidence as JSON values: what would not come back from the database as it went in is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from lab.errors import Unstorable
from lab.store.text import check_text


def stored_json(value: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Return `value` with every mapping a dict and every tuple a list.

    Raises Unstorable, naming the place inside `what`, for a number that is not finite (JSON has none: absence is null),
    a key that is not text, text that no database can hold, or a value of another kind.
    """
    return {key: _plain(item, f"{what}.{key}") for key, item in _keyed(value, what).items()}


def _keyed(value: Mapping[Any, Any], at: str) -> Mapping[str, Any]:
    for key in value:
        if not isinstance(key, str):
            raise Unstorable(f"{at} has the key {key!r}, which is not text. Write it as text.")
        check_text(key, f"A key of {at}")
    return value


def _plain(value: Any, at: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        check_text(value, at)
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Unstorable(f"{at} is {value}, which JSON cannot hold. Store null where there is no figure.")
        return float(value)
    if isinstance(value, Mapping):
        return {key: _plain(item, f"{at}.{key}") for key, item in _keyed(value, at).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{at}[{index}]") for index, item in enumerate(value)]
    raise Unstorable(
        f"{at} is a {type(value).__name__}, which JSON cannot hold. Turn it into a number, text or a list."
    )
