"""Which text can be stored: valid Unicode without NUL. PostgreSQL has no NUL, and no encoding has lone surrogates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lab.errors import Unstorable

DELETED = "[deleted on request]"
"""What stands where a text was deleted for whoever asked for it."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_REPAIRABLE = re.compile("\x00|[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def is_storable(text: str) -> bool:
    """Tell whether `text` is valid Unicode without NUL."""
    return _UNSTORABLE.search(text) is None


def in_short(given: str, limit: int = 80) -> str:
    """Return what somebody gave as an id as a sentence can hold it: quoted, and cut where no id is so long."""
    return repr(given if len(given) <= limit else given[:limit] + "…")


def check_text(text: str, what: str) -> None:
    """Raise Unstorable, naming `what` and the position by code point, when `text` cannot be stored as it is."""
    found = _UNSTORABLE.search(text)
    if found is None:
        return
    kind = "a NUL character" if found[0] == "\x00" else f"half a surrogate pair (U+{ord(found[0]):04X})"
    raise Unstorable(
        f"{what} holds {kind} at position {found.start()}, which no database can store. Remove that character."
    )


def check_texts(value: Any, what: str) -> None:
    """Check every string inside `value`, a tree of mappings, sequences and scalars, like `check_text`."""
    if isinstance(value, str):
        check_text(value, what)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            check_texts(key, what)
            check_texts(item, what)
    elif isinstance(value, (list, tuple)):
        for item in value:
            check_texts(item, what)


def repair_text(text: str) -> tuple[str, bool]:
    """Return `text` with U+FFFD for every NUL and lone surrogate, and whether any had to be put.

    A whole surrogate pair, which a stream cut between two chunks leaves behind, becomes the character it means.
    """
    replaced = False

    def put(found: re.Match[str]) -> str:
        nonlocal replaced
        if len(found[0]) == 2:
            return found[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        replaced = True
        return _REPLACEMENT

    return _REPAIRABLE.sub(put, text), replaced
