"""A preference file read once to learn what is in it, and as often as need be for its good rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.config import MAX_PROMPT_CHARS
from lab.errors import DatasetError
from lab.forensics.datasets.reading import bytes_of, read_objects
from lab.forensics.datasets.table import BadRow, Objects, check_size
from lab.preferences.imports.entries import Entry, Reason, Unfit
from lab.preferences.imports.report import Report
from lab.preferences.imports.schemas import entry_of, is_wanted
from lab.preferences.imports.sieve import Read, Sieve

_TABULAR = ("CSV", "TSV")
_WAY_OUT = (
    "Pairs stand in columns such as prompt, chosen and rejected; answers with a thumb in prompt, completion and label."
)


@dataclass(frozen=True, slots=True)
class Sifted:
    """A file whose rows were looked at. Its entries are read anew each time, so that memory does not hold them."""

    file_name: str
    content_hash: str  # SHA-256 of the file, in hex
    report: Report
    first: tuple[Entry, ...]  # good ones, a few to look at
    _read: Callable[[], Iterator[Entry]]

    def entries(self) -> Iterator[Entry]:
        """Yield the good rows, in the order of the file."""
        return self._read()


def sift_file(path: Path, *, max_prompt_chars: int = MAX_PROMPT_CHARS) -> Sifted:
    """Look at every row of the preference file at `path`. Raises DatasetError for a file that holds none."""
    return sift_bytes(bytes_of(path), path.name, max_prompt_chars=max_prompt_chars)


def sift_bytes(data: bytes, file_name: str, *, max_prompt_chars: int = MAX_PROMPT_CHARS) -> Sifted:
    """Look at every row of an uploaded preference file. Raises DatasetError for a file that holds none.

    Of rows that judge the same answers to the same conversation alike the first stays; where they contradict each
    other, all go.
    """
    objects = read_objects(data, file_name, is_wanted)
    sieve = Sieve(max_prompt_chars)
    for found in _rows(objects):
        sieve.take(found)
        check_size(sieve.rows, 0, objects.file_name)
    if not sieve.recognised:
        raise DatasetError(f"{objects.file_name} holds no preferences: {sieve.instead}. {_WAY_OUT}")
    report = sieve.report(objects)
    left_out = frozenset(sieve.left_out)
    digest = hashlib.sha256(data).hexdigest()
    return Sifted(objects.file_name, digest, report, sieve.first, lambda: _good(objects, left_out))


def _rows(objects: Objects) -> Iterator[Read]:
    tabular = objects.layout in _TABULAR
    for row in objects:
        if isinstance(row, BadRow):
            reason: Reason = "encoding" if row.reason == "encoding" else "unreadable"
            yield Read(row.line, row.text, fault=Unfit(reason, row.detail))
            continue
        line, raw = row
        try:
            schema, entry = entry_of(line, raw, tabular=tabular)
        except Unfit as fault:
            yield Read(line, raw, fault=fault)
        else:
            yield Read(line, raw, schema, entry)


def _good(objects: Objects, left_out: frozenset[int]) -> Iterator[Entry]:
    return (found.entry for found in _rows(objects) if found.entry is not None and found.line not in left_out)
