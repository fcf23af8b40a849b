"""What became of every row of a preference file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.forensics.datasets.csv_out import to_csv
from lab.forensics.datasets.table import Counted
from lab.preferences.imports.entries import Reason

MOST = 50_000
"""Rows left out that are listed one by one; their number is kept whole."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that is left out: where it stands in the file, why, and what it says."""

    line: int
    reason: Reason
    detail: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """The rows of a file: what they are, and which are left out. `bad` is in the order of the file."""

    file_name: str
    layout: str
    counted: Counted
    rows: int  # read, good and bad
    pairs: int
    liked: int  # answers with a thumb
    schemas: Mapping[str, int]  # good rows by schema, the most frequent first
    by_reason: Mapping[Reason, int]
    bad: tuple[LeftOut, ...]  # the first `MOST`
    notes: tuple[str, ...]

    @property
    def good(self) -> int:
        """How many rows can be taken in."""
        return self.pairs + self.liked

    def sentence(self) -> str:
        """Return what became of the rows in a sentence."""
        kind = " and ".join(self.schemas) or "no schema"
        said = f"{self.good:,} of {self.rows:,} rows of {self.file_name} ({kind}, {self.layout}) can be used"
        rest = ", ".join(
            f"{count:,} {reason}{' (they make no duel)' * (reason == 'equal answers')}"
            for reason, count in self.by_reason.items()
        )
        return f"{said}: {self.what()}{f'; left out: {rest}' if rest else ''}."

    def what(self) -> str:
        """Return how many pairs and answers with a thumb can be taken in."""
        counts = [
            f"{self.pairs:,} pair{'s' * (self.pairs != 1)}" if self.pairs else "",
            f"{self.liked:,} answer{'s' * (self.liked != 1)} with a thumb" if self.liked else "",
        ]
        return " and ".join(filter(None, counts)) or "nothing"

    def columns(self) -> dict[str, Sequence[object]]:
        """Return the rows that are left out as columns to draw."""
        return {
            self.counted: [bad.line for bad in self.bad],
            "reason": [bad.reason for bad in self.bad],
            "detail": [bad.detail for bad in self.bad],
            "text": [bad.text for bad in self.bad],
        }

    def to_csv(self) -> bytes:
        """Return the rows that are left out as a CSV file."""
        return to_csv(self.columns())
