"""What is kept of each pair while an export is built: numbers in columns, no text. Some seventy bytes a pair."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_PAIRS = {
    "flags": "I",  # bits of catalogue.BIT
    "chosen": "Q",
    "rejected": "Q",
    "stratum": "H",  # query type, by its place in `names`
    "chosen_by": "H",
    "rejected_by": "H",
    "chosen_chars": "I",
    "rejected_chars": "I",
    "chosen_prompt": "I",  # tokens before the chosen answer
    "chosen_whole": "I",  # tokens with it
    "rejected_prompt": "I",
    "rejected_whole": "I",
    "place": "I",  # of its duel among the judged ones
    "own": "b",  # how many of the two answers are the policy's
    "system": "I",  # a checksum of the system prompt
    "left": "H",  # votes of people that chose the answer that stood left
    "chose": "H",  # votes of people that chose an answer
}
_VOICES = {"pair": "I", "annotator": "H"}  # who voted for what was chosen, and in which pair
_LOST = {"seq": "q", "reason": "B"}  # answers with a thumb that are not even read as rows, and why
_LIKES = {"seq": "q", "flags": "I", "answer": "Q", "liked": "b", "prompt_tokens": "I", "whole_tokens": "I"}


class Columns:
    """Columns that grow a row at a time and are read as arrays. Room for as many rows as are expected is asked for at
    once: what nobody writes to costs nothing, where columns that grow move about and leave holes.
    """

    def __init__(self, kinds: dict[str, str], expected: int = 0) -> None:
        self._columns = {name: np.zeros(expected, kind) for name, kind in kinds.items()}
        self._cells = {name: column.data for name, column in self._columns.items()}
        self._room, self._count = expected, 0

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._count

    @property
    def nbytes(self) -> int:
        """How many bytes the values take."""
        return sum(self._count * column.itemsize for column in self._columns.values())

    def add(self, **values: int) -> None:
        """Add a row."""
        if self._count == self._room:
            self._grow()
        for name, cells in self._cells.items():
            cells[self._count] = values[name]
        self._count += 1

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a column, shape (n,); no copy."""
        return self._columns[name][: self._count]

    def _grow(self) -> None:
        self._room += self._room // 8 + 16
        grown = {name: np.zeros(self._room, column.dtype) for name, column in self._columns.items()}
        for name, column in grown.items():
            column[: self._count] = self[name]
        self._columns, self._cells = grown, {name: column.data for name, column in grown.items()}


def pairs(expected: int = 0) -> Columns:
    """Return the empty columns of pairs."""
    return Columns(_PAIRS, expected)


def likes() -> Columns:
    """Return the empty columns of liked answers."""
    return Columns(_LIKES)


def lost() -> Columns:
    """Return the empty columns of answers with a thumb that make no row."""
    return Columns(_LOST)


def voices(expected: int = 0) -> Columns:
    """Return the empty columns of votes for what was chosen."""
    return Columns(_VOICES, expected)


class Names:
    """Names by the place in which they came: what a column holds in their stead."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._places: dict[str, int] = {}

    def place(self, name: str) -> int:
        """Return the place of a name; one that was not seen comes last."""
        found = self._places.get(name)
        if found is None:
            found = self._places[name] = len(self.all)
            self.all.append(name)
        return found
