"""Rows as JSON: one line each, or an array with one on each line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

# JSON lets these stand in a text as they are, but str.splitlines and what is made with it end a line there
_ENDS = tuple((mark.encode(), f"\\u{ord(mark):04x}".encode()) for mark in "\x85\u2028\u2029")


def line_of(value: Any) -> bytes:
    """Return a value as JSON in UTF-8 that every reader takes for one line: it holds nothing that ends one.

    Raises TypeError for what JSON has no word for, and for half a character.
    """
    line = orjson.dumps(value)
    if not line.isascii():
        for mark, escaped in _ENDS:
            line = line.replace(mark, escaped)
    return line


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around lines in a file."""

    before: bytes
    between: bytes
    after: bytes

    def around(self, lines: Iterable[bytes]) -> bytes:
        """Return the whole of a file with these lines."""
        return self.before + self.between.join(lines) + self.after


FRAMES = {"jsonl": Frame(b"", b"\n", b"\n"), "json": Frame(b"[\n", b",\n", b"\n]\n")}
"""The frames of the containers that hold JSON."""
