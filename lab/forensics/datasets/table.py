"""What a file holds before anybody says which column is what: text columns, and the rows that have no such shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from lab.errors import DatasetError

MAX_BYTES = 256 * 1024 * 1024
"""The largest file that is read, in bytes."""

MAX_ROWS = 1_000_000
MAX_COLUMNS = 1_000
_SHOWN_CHARS = 1_000  # of a bad row's text; its file still has the whole

Reason = Literal[
    "ragged", "encoding", "empty", "overlong", "unknown expert", "unknown split", "contradictory", "duplicate"
]
Counted = Literal["line", "row"]

TROUBLE = re.compile("[\x00\ud800-\udfff\ufffd]")
"""What shows that text was decoded wrongly or cut: NUL, half a surrogate pair, the replacement character."""

_BYTES = re.compile("[\udc80-\udcff]+")  # how `surrogateescape` keeps bytes that are not UTF-8
_UNSHOWN = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is left out: where it stands in the file, why, and what it says."""

    line: int
    reason: Reason
    detail: str
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length as text; None where a row has nothing there.

    `lines` says where each row stands, counted in lines of the file or in rows, from 1. `malformed` rows are in no
    column. A column in `nested` holds lists or objects and cannot be mapped; its values are None. So is a single value
    that is no text: `odd` says what it is, by column and place.
    """

    columns: Mapping[str, Sequence[str | None]]
    lines: Sequence[int]
    malformed: tuple[BadRow, ...] = ()
    nested: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()  # sentences about how the file was read
    layout: str = "CSV"  # CSV | TSV | plain text | JSON | JSON Lines | CLINC150 | Parquet | labels
    counted: Counted = "line"
    file_name: str = ""
    odd: Mapping[str, Mapping[int, str]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of rows that have the shape of the table."""
        return len(self.lines)


@dataclass(frozen=True, slots=True)
class Objects:
    """A file as objects, one a row, with the lists and objects in them; a table has only their plain values.

    Each pass over it reads the file anew, so that no more than a few rows are in memory. It yields where a row stands
    and what it holds, a BadRow for one that is no object, and raises DatasetError where the file breaks off.
    """

    file_name: str
    layout: str  # as a table's
    counted: Counted
    notes: tuple[str, ...]
    read: Callable[[], Iterator[tuple[int, Mapping[str, Any]] | BadRow]]

    def __iter__(self) -> Iterator[tuple[int, Mapping[str, Any]] | BadRow]:
        """Read the file from its beginning."""
        return self.read()


def as_objects(table: Table) -> Objects:
    """Return the rows of a table as objects of text; nested columns are not in them."""

    def read() -> Iterator[tuple[int, Mapping[str, Any]] | BadRow]:
        names = [name for name in table.columns if name not in table.nested]
        bad = iter(table.malformed)
        next_bad = next(bad, None)
        columns = zip(*(table.columns[name] for name in names), strict=True) if names else iter([()] * len(table))
        for line, values in zip(table.lines, columns, strict=True):
            while next_bad is not None and next_bad.line < line:
                yield next_bad
                next_bad = next(bad, None)
            yield line, dict(zip(names, values, strict=True))
        if next_bad is not None:
            yield next_bad
            yield from bad

    return Objects(table.file_name, table.layout, table.counted, table.notes, read)


def worded(trouble: re.Match[str]) -> str:
    """Return what is wrong with a text where `TROUBLE` was found in it, and where that is, counted from 1."""
    where = f"at character {trouble.start() + 1:,}"
    if trouble[0] == "\x00":
        return f"NUL {where}"
    if trouble[0] == "\ufffd":
        return f"U+FFFD, where a character was lost, {where}"
    if "\udc80" <= trouble[0] <= "\udcff":
        return f"the byte 0x{ord(trouble[0]) - 0xDC00:02X} {where}, which is not UTF-8"
    return f"half a character (U+{ord(trouble[0]):04X}) {where}"


def showable(text: str, limit: int = _SHOWN_CHARS) -> str:
    """Return text that any screen and file can hold: bytes that are not UTF-8 are read as Windows-1252, and cut."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    if cut.isascii() and "\x00" not in cut:
        return cut
    guessed = _BYTES.sub(lambda found: found[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace"), cut)
    return _UNSHOWN.sub("\ufffd", guessed)


def unique_names(names: Sequence[str | None]) -> tuple[list[str], list[str]]:
    """Return column names, each once, and a sentence for every name that had to be changed."""
    made: list[str] = []
    notes: list[str] = []
    for number, raw in enumerate(names, start=1):
        wanted = showable((raw or "").strip(), 100) or f"column {number}"
        name, again = wanted, 2
        while name in made:
            name, again = f"{wanted} ({again})", again + 1
        if name != wanted:
            notes.append(f"Two columns are called {wanted!r}; number {number} is called {name!r} here.")
        made.append(name)
    return made, notes


def check_size(rows: int, columns: int, file_name: str) -> None:
    """Raise DatasetError for more rows or columns than the lab takes."""
    if rows > MAX_ROWS:
        raise DatasetError(f"{file_name} has {rows:,} rows; the lab takes {MAX_ROWS:,}. Take a sample of it.")
    if columns > MAX_COLUMNS:
        raise DatasetError(
            f"{file_name} has {columns:,} columns; the lab takes {MAX_COLUMNS:,}. Keep those with the prompt and label."
        )
