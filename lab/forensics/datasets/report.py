"""Which rows of a file go in, and which do not, each with its line, a reason and its text."""

from __future__ import annotations

from collections import Counter, abc
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from lab.errors import DatasetError
from lab.forensics.datasets.csv_out import to_csv
from lab.forensics.datasets.mapping import Mapped, Mapping, apply, notes_of
from lab.forensics.datasets.normalise import normal
from lab.forensics.datasets.table import TROUBLE, BadRow, Counted, Reason, Table, showable, worded
from lab.records import Split
from lab.routing import MAX_PROMPT_CHARS
from lab.types import NONE

REASONS: tuple[Reason, ...] = get_args(Reason)
"""Why a row is left out, in the order in which it is asked: a row has the first reason that holds."""

_NAMED = 6  # labels that are named one by one


@dataclass(frozen=True, slots=True)
class Report:
    """What became of every row of a file. `bad` is in the order of the file."""

    file_name: str
    layout: str
    counted: Counted
    rows: int  # read, good and bad
    good: int
    bad: tuple[BadRow, ...]
    notes: tuple[str, ...]

    @property
    def by_reason(self) -> dict[str, int]:
        """How many rows are left out for each reason that occurs."""
        counts = Counter(bad.reason for bad in self.bad)
        return {reason: counts[reason] for reason in REASONS if counts[reason]}

    def sentence(self) -> str:
        """Return what became of the rows in a sentence."""
        said = f"{self.good:,} of {self.rows:,} rows of {self.file_name} ({self.layout}) can be used"
        why = ", ".join(f"{count:,} {reason}" for reason, count in self.by_reason.items())
        return f"{said}; left out: {why}." if why else f"{said}."

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


@dataclass(frozen=True, slots=True)
class Sifted:
    """The rows that can be stored, as columns of equal length, and the report on all."""

    prompts: tuple[str, ...]
    labels: tuple[str | None, ...]
    query_types: tuple[str | None, ...]
    splits: tuple[Split | None, ...]  # as the file says it; None: the lab's to draw
    sources: tuple[str | None, ...]
    report: Report


def sift(
    table: Table,
    mapping: Mapping,
    *,
    experts: Collection[str] | None = None,
    max_prompt_chars: int = MAX_PROMPT_CHARS,
) -> Sifted:
    """Part the good rows from the bad ones.

    `experts` are the names that a label may be, beside `none`; None takes any label. Of rows with the same normalised
    prompt and label the first stays; where their labels contradict each other, all go. Raises DatasetError for a
    mapping that does not fit the table.
    """
    mapped = apply(table, mapping)
    faults = _faults(mapped, None if experts is None else {*experts, NONE}, max_prompt_chars, mapping)
    _refuse_twins(mapped, table, faults)
    good = [row for row in range(len(table)) if row not in faults]
    lines = table.lines
    bad = [*table.malformed]
    for row, (reason, detail) in faults.items():
        bad.append(BadRow(lines[row], reason, detail, showable(mapped.prompts[row])))
    bad.sort(key=lambda one: one.line)
    labels = tuple(mapped.labels[row] for row in good)
    report = Report(
        table.file_name, table.layout, table.counted, len(table) + len(table.malformed), len(good), tuple(bad),
        (*table.notes, *notes_of(table, mapping), *_notes(labels)),
    )  # fmt: skip
    return Sifted(
        tuple(mapped.prompts[row] for row in good),
        labels,
        tuple(mapped.query_types[row] for row in good),
        tuple(mapped.splits[row] for row in good),
        tuple(mapped.sources[row] for row in good),
        report,
    )


def foreign_labels(labels: Iterable[str | None], experts: Collection[str]) -> dict[str, int]:
    """Return the labels that are no expert's name and not `none`, with their numbers of rows, the commonest first."""
    known = {*experts, NONE}
    counts = Counter(label for label in labels if label is not None and label not in known)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def foreign_sentence(foreign: abc.Mapping[str, int], router: str = "the live router") -> str:
    """Return how many rows are labelled with no expert of a router, and how."""
    n = sum(foreign.values())
    named = [f"{showable(label, 40)} {count:,}" for label, count in list(foreign.items())[:_NAMED]]
    more = f" and {len(foreign) - _NAMED:,} more" if len(foreign) > _NAMED else ""
    return f"{n:,} {'rows are' if n != 1 else 'row is'} labelled with no expert of {router}: {', '.join(named)}{more}."


def refuse_nothing(sifted: Sifted) -> None:
    """Raise DatasetError where no row is left to store."""
    if not sifted.prompts:
        report = sifted.report
        why = ", ".join(f"{count:,} {reason}" for reason, count in report.by_reason.items())
        said = f"No row of {report.file_name} can be used: {why or 'it has none'}."
        raise DatasetError(" ".join((said, *(report.notes or ("Correct the file first.",)))))


_Faults = dict[int, tuple[Reason, str]]


def _faults(mapped: Mapped, allowed: Collection[str] | None, max_chars: int, mapping: Mapping) -> _Faults:
    """Return what is wrong with rows by themselves, by row."""
    faults: _Faults = dict(mapped.faults)
    others = (("label", mapped.labels), ("query type", mapped.query_types), ("source", mapped.sources))
    for what, values in others:
        troubled = {value for value in set(values) if value is not None and TROUBLE.search(value)}
        for row, value in enumerate(values) if troubled else ():
            if value in troubled:
                faults.setdefault(row, ("encoding", f"the {what} holds {_trouble(value or '')}"))
    for row, (prompt, label) in enumerate(zip(mapped.prompts, mapped.labels, strict=True)):
        if row in faults:
            continue
        if not prompt or prompt.isspace():
            faults[row] = ("empty", f"nothing stands in the column {mapping.prompt!r}")
        elif (not prompt.isascii() and TROUBLE.search(prompt)) or "\x00" in prompt:
            faults[row] = ("encoding", f"the prompt holds {_trouble(prompt)}")
        elif len(prompt) > max_chars:
            faults[row] = ("overlong", f"{len(prompt):,} characters; the limit is {max_chars:,}")
        elif allowed is not None and label is not None and label not in allowed:
            faults[row] = ("unknown expert", f"the router has no expert {label!r}")
    return faults


def _trouble(text: str) -> str:
    found = TROUBLE.search(text)
    assert found is not None
    return worded(found)


def _refuse_twins(mapped: Mapped, table: Table, faults: _Faults) -> None:
    """Add what is wrong with rows beside others: contradictions and repetitions. A labelled twin stays first."""
    first: dict[str, int] = {}
    twins: dict[str, list[int]] = {}
    for row, prompt in enumerate(mapped.prompts):
        if row not in faults:
            key = normal(prompt)
            if first.setdefault(key, row) != row:
                twins.setdefault(key, [first[key]]).append(row)
    for rows in twins.values():
        labels = sorted({label for row in rows if (label := mapped.labels[row]) is not None})
        if len(labels) > 1:
            said = " and ".join(repr(label) for label in labels[:4]) + (" and others" if len(labels) > 4 else "")
            for row in rows:
                faults[row] = ("contradictory", f"the same prompt is labelled {said}")
            continue
        kept = next((row for row in rows if mapped.labels[row] is not None), rows[0])
        for row in rows:
            if row != kept:
                faults[row] = ("duplicate", f"the same as {table.counted} {table.lines[kept]:,}")


def _notes(labels: Sequence[str | None]) -> list[str]:
    counts = Counter(labels)
    unlabelled = counts.pop(None, 0)
    notes = []
    if unlabelled:
        notes.append(f"{unlabelled:,} row{'s' * (unlabelled != 1)} without a label: label them on the Data page.")
    if len(counts) == 1:
        notes.append(
            f"Every labelled row is {next(iter(counts))!r}: one class cannot tell a good router from a bad one."
        )
    return notes
