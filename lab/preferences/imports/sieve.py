"""Good rows parted from bad ones, without keeping the good ones: of each a digest, its line and its schema."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lab.forensics.datasets.table import Objects, showable
from lab.forensics.datasets.values import written
from lab.preferences.imports.checks import check, key_of, texts_of
from lab.preferences.imports.entries import REASONS, Entry, LikedAnswer, Reason, Unfit
from lab.preferences.imports.report import MOST, LeftOut, Report

PREVIEWED = 10
"""Good rows that are kept to be looked at."""

_TEXT_CHARS = 300  # that are kept of a row that is left out
_NAMED = 6  # lines that are named of rows that contradict each other


class Read(NamedTuple):
    """A row that was read: what it says and under which schema, or why it says nothing."""

    line: int
    raw: Mapping[str, Any] | str  # a text where the row is no object
    schema: str = ""
    entry: Entry | None = None
    fault: Unfit | None = None


class _Judged(NamedTuple):
    line: int
    way: bool
    schema: str
    liked: bool


@dataclass(slots=True)
class Sieve:
    """What is known of the rows so far."""

    max_prompt_chars: int
    rows: int = 0
    recognised: bool = False  # whether any row has the columns of a schema
    instead: str = "it has no rows"  # what is wrong with the first row
    left_out: set[int] = field(default_factory=set)
    _kinds: Counter[str] = field(default_factory=Counter)  # good rows by schema
    _liked: int = 0
    _lost: int = 0  # rows with U+FFFD
    _first: dict[int, Entry] = field(default_factory=dict)
    _bad: list[LeftOut] = field(default_factory=list)
    _reasons: Counter[Reason] = field(default_factory=Counter)
    _seen: dict[bytes, _Judged] = field(default_factory=dict)
    _twins: dict[bytes, tuple[str, list[_Judged]]] = field(default_factory=dict)  # with the text of one of them

    def take(self, found: Read) -> None:
        """Look at the next row."""
        self.rows += 1
        fault = found.fault
        if found.entry is not None:
            try:
                check(found.entry, self.max_prompt_chars)
            except Unfit as unfit:
                fault = unfit
            else:
                self._keep(found.entry, found.schema)
        if fault is not None:
            self.instead = fault.detail if self.rows == 1 else self.instead
            self._leave_out(found.line, fault.reason, fault.detail, _text(found))
        if fault is None or (fault.reason != "unknown columns" and not isinstance(found.raw, str)):
            self.recognised = True

    @property
    def first(self) -> tuple[Entry, ...]:
        """The first good rows."""
        return tuple(self._first.values())

    def report(self, objects: Objects) -> Report:
        """Leave out what says the same twice and what contradicts itself, and return what became of all rows."""
        self._part_twins(objects.counted)
        kinds = {schema: count for schema, count in self._kinds.most_common() if count}
        good = sum(kinds.values())
        bad = sorted(self._bad, key=lambda one: one.line)
        return Report(
            objects.file_name, objects.layout, objects.counted, self.rows, good - self._liked, self._liked, kinds,
            {reason: self._reasons[reason] for reason in REASONS if self._reasons[reason]}, tuple(bad),
            (*objects.notes, *self._notes()),
        )  # fmt: skip

    def _keep(self, entry: Entry, schema: str) -> None:
        key, way = key_of(entry)
        judged = _Judged(entry.row, way, schema, isinstance(entry, LikedAnswer))
        before = self._seen.setdefault(key, judged)
        if before is not judged:
            _, twins = self._twins.setdefault(key, (showable(entry.conversation[-1].content, _TEXT_CHARS), [before]))
            twins.append(judged)
        elif len(self._first) < PREVIEWED:
            self._first[entry.row] = entry
        self._kinds[schema] += 1
        self._liked += judged.liked
        self._lost += any("\ufffd" in text for _, text in texts_of(entry))

    def _part_twins(self, counted: str) -> None:
        for text, twins in self._twins.values():
            first, *others = twins
            if len({one.way for one in twins}) > 1:
                lines = ", ".join(f"{one.line:,}" for one in twins[:_NAMED]) + " …" * (len(twins) > _NAMED)
                detail = f"the same answers are judged both ways in {counted}s {lines}"
                for one in twins:
                    self._take_back(one, "contradictory", detail, text)
            else:
                for one in others:
                    self._take_back(one, "duplicate", f"the same as {counted} {first.line:,}", text)
        self._twins.clear()
        self._seen.clear()

    def _take_back(self, one: _Judged, reason: Reason, detail: str, text: str) -> None:
        self._first.pop(one.line, None)
        self._kinds[one.schema] -= 1
        self._liked -= one.liked
        self._leave_out(one.line, reason, detail, text)

    def _leave_out(self, line: int, reason: Reason, detail: str, text: str) -> None:
        self.left_out.add(line)
        self._reasons[reason] += 1
        if len(self._bad) < MOST:
            self._bad.append(LeftOut(line, reason, detail, text))

    def _notes(self) -> list[str]:
        notes = []
        if self._lost:
            notes.append(
                f"{self._lost:,} row{'s hold' if self._lost != 1 else ' holds'} U+FFFD, which stands where a character "
                "was lost before the file came here. Such text is taken as it is."
            )
        if sum(self._reasons.values()) > MOST:
            notes.append(f"Of the rows that are left out, {MOST:,} are listed one by one.")
        return notes


def _text(found: Read) -> str:
    if isinstance(found.raw, str):
        return showable(found.raw, _TEXT_CHARS)
    if found.entry is not None:
        return showable(found.entry.conversation[-1].content if found.entry.conversation else "", _TEXT_CHARS)
    return showable(written(found.raw), _TEXT_CHARS)
