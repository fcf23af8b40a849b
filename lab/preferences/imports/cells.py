"""Messages that stand in a cell of a CSV file as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from lab.preferences.imports.entries import Unfit

_NESTED = re.compile(r"\s*[\[{]")
_PYTHON = re.compile(r"\s*\[?\s*\{\s*'(?:role|content|from|value)'\s*:")
_KEYS = ({"role", "content"}, {"from", "value"}, {"messages"})


def opened(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with the messages, and the lists of rated answers, that its cells hold as JSON.

    Any other text stays as it is: an answer may be JSON. Raises Unfit for messages in Python's own notation, which
    would go in as they are written.
    """
    return {name: _opened(name, value) for name, value in row.items()}


def _opened(name: str, value: Any) -> Any:
    if not isinstance(value, str) or not _NESTED.match(value):
        return value
    if _PYTHON.match(value):
        raise Unfit("unreadable", f"{name!r} holds messages as Python prints them; write the file as JSON Lines")
    try:
        inside = json.loads(value)
    except (ValueError, RecursionError):
        return value
    first = inside[0] if isinstance(inside, list) and inside else inside
    messages = isinstance(first, dict) and any(keys <= first.keys() for keys in _KEYS)
    return inside if messages or name in ("completions", "generations", "ratings", "history") else value
