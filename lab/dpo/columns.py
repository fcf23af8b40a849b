"""What is kept of each pair while an export is built: numbers in columns, no text. Some seventy bytes a pair."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
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
    """Columns that grow a row at a time and are read as arrays."""

    def __init__(self, kinds: dict[str, str]) -> None:
        self._columns = {name: array(kind) for name, kind in kinds.items()}

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self._columns.values())))

    @property
    def nbytes(self) -> int:
        """How many bytes the values take."""
        return sum(len(column) * column.itemsize for column in self._columns.values())

    def add(self, **values: int) -> None:
        """Add a row; what is not named is filled in later by `extend`."""
        for name, value in values.items():
            self._columns[name].append(value)

    def extend(self, name: str, values: Iterable[int]) -> None:
        """Add values to one column."""
        self._columns[name].extend(values)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a column, shape (n,); no copy, so that nothing may be added as long as it is used."""
        column = self._columns[name]
        return np.frombuffer(column, dtype=np.dtype(column.typecode)) if column else np.zeros(0, column.typecode)


def pairs() -> Columns:
    """Return the empty columns of pairs."""
    return Columns(_PAIRS)


def likes() -> Columns:
    """Return the empty columns of liked answers."""
    return Columns(_LIKES)


def lost() -> Columns:
    """Return the empty columns of answers with a thumb that make no row."""
    return Columns(_LOST)


def voices() -> Columns:
    """Return the empty columns of votes for what was chosen."""
    return Columns(_VOICES)


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
