"""Outcomes out of a file: how good each expert's answer to a prompt was, brought to the rows of a dataset by its text.

A prompt of the file belongs to every row whose text is the same after normalising. Nothing is guessed: a value that is
no quality, and values that contradict each other, are told by their line and left out.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lab.errors import DatasetError
from lab.forensics.datasets.mapping import guess
from lab.forensics.datasets.normalise import normal
from lab.forensics.datasets.rows import Rows
from lab.forensics.datasets.table import Counted, Table, showable
from lab.records import Outcome
from lab.store import Store, outcomes

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII)
_WORDS = {"true": 1.0, "false": 0.0}
_TOLD = 10  # lines and values that are told one by one


@dataclass(frozen=True, slots=True)
class BadValue:
    """A value that is left out: its line, whose answer it is about, what stands there, and why it cannot be taken."""

    line: int
    expert: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Qualities:
    """What a file says of the answers to a dataset's prompts.

    `matched` and `unmatched` part the rows of the file; lines count as `counted` says. `empty` and `bad` are about the
    values of matched rows.
    """

    outcomes: tuple[Outcome, ...]  # by row, then in the order of the experts
    matched: int
    unmatched: tuple[int, ...]  # lines whose prompt is none of the dataset's
    bad: tuple[BadValue, ...]  # by line
    empty: int  # values that are not there
    malformed: int  # rows without the shape of the file
    file_name: str
    counted: Counted

    def by_expert(self) -> dict[str, tuple[int, float]]:
        """Return how many rows of the dataset each expert has a quality for, and its mean."""
        found: dict[str, list[float]] = {}
        for one in self.outcomes:
            found.setdefault(one.expert, []).append(one.quality)
        return {expert: (len(values), sum(values) / len(values)) for expert, values in found.items()}

    def told(self, name: str) -> Iterator[str]:
        """What became of the rows of the file, as sentences; `name` is what the dataset is called."""
        rows = self.matched + len(self.unmatched)
        yield f"{self.matched:,} of {rows:,} rows of {self.file_name} are prompts of {name!r}."
        if self.unmatched:
            lines = ", ".join(f"{line:,}" for line in self.unmatched[:_TOLD])
            more = f" and {len(self.unmatched) - _TOLD:,} more" if len(self.unmatched) > _TOLD else ""
            yield f"No prompt of it: {self.counted} {lines}{more}."
        if self.malformed:
            yield f"Without the shape of the file: {_counted(self.malformed, 'row')}."
        if self.empty:
            yield f"Empty: {_counted(self.empty, 'value')}."
        if self.bad:
            yield f"Left out: {_counted(len(self.bad), 'value')}."
        for one in self.bad[:_TOLD]:
            yield f"  {self.counted} {one.line:,}, {one.expert}: {one.value!r} {one.why}"
        if len(self.bad) > _TOLD:
            yield f"  … and {len(self.bad) - _TOLD:,} more"
        for expert, (count, mean) in self.by_expert().items():
            yield f"{expert}: {_counted(count, 'row')}, mean quality {mean:.4f}"

    def to_json(self) -> dict[str, Any]:
        """Return all of it but the single outcomes as plain JSON."""
        experts = {expert: {"rows": count, "mean": mean} for expert, (count, mean) in self.by_expert().items()}
        return {
            "outcomes": len(self.outcomes),
            "experts": experts,
            "matched": self.matched,
            "unmatched": list(self.unmatched),
            "bad": [asdict(one) for one in self.bad],
            "empty": self.empty,
            "malformed": self.malformed,
            "counted": self.counted,
        }


def qualities(
    table: Table, rows: Rows, columns: Mapping[str, str], *, source: str, prompt: str | None = None
) -> Qualities:
    """Return the outcomes that a table holds for a dataset.

    `columns` names the column of each expert's qualities: true, false, or a number in [0, 1]. `prompt` is the column of
    the prompts; None: the one that `guess` finds. Raises DatasetError for a column that cannot be read, and where no
    prompt matches or no value is left.
    """
    if not source.strip():
        raise DatasetError("The source of the outcomes is empty. Say who measured them, or leave it out.")
    prompts = _column(table, prompt if prompt is not None else guess(table).prompt, "prompts")
    values = {expert: _column(table, name, f"qualities of {expert}") for expert, name in columns.items()}
    places: dict[str, list[int]] = {}
    for row, text in enumerate(rows.prompts):
        places.setdefault(normal(text), []).append(row)
    keys = [normal(text) if text else "" for text in prompts]
    known = [at for at, key in enumerate(keys) if key in places]
    if not known:
        raise _no_match(table, rows, prompts, prompt)
    bad: list[BadValue] = []
    read: dict[tuple[str, str], list[tuple[int, float]]] = {}  # by prompt and expert, each with its line
    empty = 0
    for at in known:
        for expert, column in values.items():
            said = (column[at] or "").strip()
            quality = _quality(said)
            odd = table.odd.get(columns[expert], {}).get(at)
            if odd is not None:
                bad.append(BadValue(table.lines[at], expert, odd, "is no quality: write true, false, or a number"))
            elif not said:
                empty += 1
            elif isinstance(quality, str):
                bad.append(BadValue(table.lines[at], expert, showable(said, 40), quality))
            else:
                read.setdefault((keys[at], expert), []).append((at, quality))
    found = []
    for (key, expert), said_here in read.items():
        if len({quality for _, quality in said_here}) > 1:
            bad += _contradictions(table, expert, said_here)
            continue
        found += [Outcome(rows.dataset.id, row, expert, said_here[0][1], source.strip()) for row in places[key]]
    bad.sort(key=lambda one: one.line)
    if not found:
        raise _no_value(table, len(known), bad)
    order = {expert: place for place, expert in enumerate(columns)}
    matched = set(known)
    return Qualities(
        outcomes=tuple(sorted(found, key=lambda one: (one.row, order[one.expert]))),
        matched=len(known),
        unmatched=tuple(table.lines[at] for at in range(len(table)) if at not in matched),
        bad=tuple(bad),
        empty=empty,
        malformed=len(table.malformed),
        file_name=table.file_name,
        counted=table.counted,
    )


def keep(store: Store, found: Qualities) -> int:
    """Store the outcomes that say something else than what counts for their source, and return how many those were.

    The same file again stores nothing, nor does a second process that takes it in at the same time; a corrected file
    stores what it corrects. Raises NotFound for a dataset that is not stored, StoreError.
    """
    dataset_id, source = found.outcomes[0].dataset_id, found.outcomes[0].source
    for again in itertools.count():
        counts = {(one.row, one.expert): one.quality for one in outcomes.of_dataset(store, dataset_id, source=source)}
        new = [one for one in found.outcomes if counts.get((one.row, one.expert)) != one.quality]
        if not new:
            return 0
        # the id says from where to where: two who store the same at once collide, one who goes back and forth does not
        before = [counts.get((one.row, one.expert)) for one in new]
        content = [dataset_id, source, [(one.row, one.expert, one.quality) for one in new], before, again]
        stored = outcomes.add(store, hashlib.sha256(json.dumps(content).encode()).hexdigest(), new)
        if stored:
            return stored
    raise AssertionError("counting does not end")


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _column(table: Table, name: str, what: str) -> Sequence[str | None]:
    if name in table.nested:
        raise DatasetError(f"The column {name!r} of {table.file_name} holds lists or objects, which are no {what}.")
    if name not in table.columns:
        has = ", ".join(repr(one) for one in list(table.columns)[:12])
        raise DatasetError(f"{table.file_name} has no column {name!r} for the {what}; it has {has}. Take one of these.")
    return table.columns[name]


def _quality(said: str) -> float | str:
    """Return the quality that a text says, or why it says none."""
    word = said.casefold()
    if word in _WORDS:
        return _WORDS[word]
    if not _NUMBER.fullmatch(word):
        return "is no quality: write true, false, or a number from 0 to 1"
    number = float(word)
    return number + 0.0 if 0 <= number <= 1 else "lies outside 0 to 1"


def _contradictions(table: Table, expert: str, said: Sequence[tuple[int, float]]) -> list[BadValue]:
    lines = sorted({table.lines[at] for at, _ in said})
    others = ", ".join(f"{line:,}" for line in lines[:4]) + (" and others" if len(lines) > 4 else "")
    why = f"contradicts another value for the same prompt ({table.counted}s {others})"
    return [BadValue(table.lines[at], expert, f"{quality:g}", why) for at, quality in said]


def _no_match(table: Table, rows: Rows, prompts: Sequence[str | None], asked: str | None) -> DatasetError:
    first = next((text for text in prompts if text and text.strip()), None)
    begins = "the column is empty" if first is None else f"the first is {showable(' '.join(first.split()), 60)!r}"
    column = asked if asked is not None else guess(table).prompt
    return DatasetError(
        f"None of the {len(table):,} prompts of {table.file_name} (column {column!r}; {begins}) is one of the "
        f"{len(rows):,} of {rows.dataset.name!r}. Name the column with --prompt, or the dataset that they belong to."
    )


def _no_value(table: Table, matched: int, bad: Sequence[BadValue]) -> DatasetError:
    why = "the columns are empty there"
    if bad:
        one = bad[0]
        why = f"{table.counted} {one.line:,}, {one.expert}: {one.value!r} {one.why}"
    return DatasetError(
        f"None of the {matched:,} matching rows of {table.file_name} says how good an answer was: {why}. "
        "Take columns of true and false, or of numbers from 0 to 1."
    )
