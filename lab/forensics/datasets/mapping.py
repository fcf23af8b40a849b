"""Which column is the prompt and which the label: a guess from names and contents, for the person to correct."""

from __future__ import annotations

import re
from collections import Counter, abc
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType

from lab.errors import DatasetError
from lab.forensics.datasets import names
from lab.forensics.datasets.table import Reason, Table, showable
from lab.records import Split
from lab.types import NONE

MAX_LABELS = 20_000
"""More classes than this are no labels: the column is another one."""

_LOOKED_AT = 5_000  # rows that a guess looks at
_WORDY = 12  # characters: shorter on average, and a column holds no prompts
_PLAIN = re.compile(r"[\d\s.,:;%+-]*")  # a number, a date: no text


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which column of a table is which, and what its labels mean; the page edits it.

    `label_map` sends a label of the file to an expert, to `none`, or to "" for no label; one that is not in it stays
    as it is. `constant_label` is for rows without a label.
    """

    prompt: str
    label: str | None = None
    query_type: str | None = None
    split: str | None = None
    source: str | None = None
    label_map: abc.Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    constant_label: str | None = None


@dataclass(frozen=True, slots=True)
class Mapped:
    """A table under a mapping: columns of equal length, labels as they will be stored, None for nothing."""

    prompts: Sequence[str]
    labels: Sequence[str | None]
    query_types: Sequence[str | None]
    splits: Sequence[Split | None]
    sources: Sequence[str | None]
    faults: abc.Mapping[int, tuple[Reason, str]]  # why a row fits no mapping, by its place


def guess(table: Table, prompt: str | None = None) -> Mapping:
    """Return the mapping that names and contents suggest, for the rest of it where the column `prompt` is known.

    Raises DatasetError where no column can hold prompts, or the one that by its name holds them is nested.
    """
    usable = [name for name in table.columns if name not in table.nested]
    if prompt is None:
        refuse_nested_prompt(table)
        prompt = _by_name(table, names.PROMPT, usable, _is_filled) or _wordiest(table, usable)
    if prompt is None:
        nested = f"{', '.join(sorted(table.nested)[:5])} hold lists or objects" if table.nested else "none holds text"
        hint = f" If its first line ({', '.join(list(table.columns)[:3])}) is a row, write prompt,label above it."
        raise DatasetError(
            f"{table.file_name} has no column with prompts ({nested}). Write one text a row, in a column called prompt."
            f"{hint if table.layout == 'CSV' else ''}"
        )
    left = [name for name in usable if name != prompt]
    repeating = _repeating(table, left)
    label = _by_name(table, names.LABEL, left, _is_label) or (repeating[0] if len(repeating) == 1 else None)
    left = [name for name in left if name != label]
    split = _by_name(table, names.SPLIT, left, _is_split)
    left = [name for name in left if name != split]
    query_type = _by_name(table, names.QUERY_TYPE, left, _is_label)
    source = _by_name(table, names.SOURCE, left, _is_filled)
    return Mapping(prompt, label, query_type, split, source)


def refuse_nested_prompt(table: Table) -> None:
    """Raise DatasetError where the column that by its name holds the prompts holds lists or objects.

    Another column is not taken in its place: what it holds may be the labels.
    """
    called = {names.folded(name): name for name in reversed(list(table.columns))}
    for name in filter(None, map(called.get, names.PROMPT)):
        if name in table.nested:
            raise DatasetError(
                f"The column {name!r} of {table.file_name} holds lists or objects, so it is not known which text is "
                "the prompt. Write the text itself into it, or rename it to take another column."
            )
        if _is_filled(_sample(table, name)):
            return


def apply(table: Table, mapping: Mapping) -> Mapped:
    """Return the table's columns by their meaning. Raises DatasetError for a mapping that this table does not fit."""
    _check_split(table, mapping)
    return _mapped(table, mapping)


def _mapped(table: Table, mapping: Mapping) -> Mapped:
    prompts = [value or "" for value in _column(table, mapping.prompt, "prompt")]
    nothing: list[str | None] = [None] * len(table)
    return Mapped(
        prompts,
        _labels(table, mapping),
        _stripped(_column(table, mapping.query_type, "query type")) if mapping.query_type else nothing,
        _splits(table, mapping.split) if mapping.split else [None] * len(table),
        _stripped(_column(table, mapping.source, "source")) if mapping.source else nothing,
        _faults(table, mapping),
    )


def notes_of(table: Table, mapping: Mapping) -> list[str]:
    """Return what a person should know of columns that are not taken, as sentences."""
    notes = []
    taken = {mapping.prompt, mapping.label, mapping.query_type, mapping.source}
    for name, words in table.columns.items():
        if mapping.split is None and name not in taken and names.folded(name) in names.SPLIT:
            foreign = _foreign_splits(words)
            n = sum(foreign.values())
            if n:
                notes.append(
                    f"The column {name!r} holds {_listed(foreign)} in {n:,} row{'s' * (n != 1)}: no split has such a "
                    "name, so the lab draws the splits itself."
                )
    return notes


def label_candidates(table: Table, mapping: Mapping) -> dict[str, int]:
    """Return the columns that could hold the label, none of them taken yet, with how many values each has."""
    taken = {mapping.prompt, mapping.label, mapping.query_type, mapping.split, mapping.source}
    found = _repeating(table, [name for name in table.columns if name not in table.nested and name not in taken])
    return {name: len(labels_of(table, name)) for name in found}


def preview(table: Table, mapping: Mapping, n: int = 10) -> dict[str, list[str | None]]:
    """Return the first `n` rows as they would be taken in, as columns to draw. Raises like `apply`."""
    _check_split(table, mapping)
    head = Table(
        {name: list(islice(values, n)) for name, values in table.columns.items()}, list(islice(table.lines, n)),
        nested=table.nested, file_name=table.file_name,
    )  # fmt: skip
    mapped = _mapped(head, mapping)
    shown = {
        "prompt": mapped.prompts, "label": mapped.labels, "query type": mapped.query_types, "split": mapped.splits,
        "source": mapped.sources,
    }  # fmt: skip
    return {name: [None if value is None else showable(value) for value in values] for name, values in shown.items()}


def labels_of(table: Table, column: str) -> dict[str, int]:
    """Return how many rows carry each label of a column, the most frequent first, for a person to map."""
    counts: dict[str, int] = {}
    for value in _stripped(_column(table, column, "label")):
        if value is not None:
            counts[value] = counts.get(value, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


# ---------------------------------------------------------------------------------------------------------- columns


def _column(table: Table, name: str, what: str) -> Sequence[str | None]:
    if name in table.nested:
        raise DatasetError(
            f"The column {name!r} of {table.file_name} holds lists or objects, which are no {what}. "
            "Take another column, or write the text itself into one."
        )
    if name not in table.columns:
        has = ", ".join(repr(one) for one in list(table.columns)[:12])
        raise DatasetError(f"{table.file_name} has no column {name!r} for the {what}; it has {has}. Take one of these.")
    return table.columns[name]


def _faults(table: Table, mapping: Mapping) -> dict[int, tuple[Reason, str]]:
    """Return the rows with a value that is no text where text is needed, or with a split that is none."""
    faults: dict[int, tuple[Reason, str]] = {}
    for name, what in (
        (mapping.prompt, "prompt"), (mapping.label, "label"), (mapping.query_type, "query type"),
        (mapping.split, "split"), (mapping.source, "source"),
    ):  # fmt: skip
        for row, odd in table.odd.get(name or "", {}).items():
            faults.setdefault(row, ("ragged", f"the {what} holds {odd}"))
    for row, word in enumerate(table.columns[mapping.split] if mapping.split else ()):
        if word and word.strip() and names.split_of(word) is None:
            faults.setdefault(row, ("unknown split", f"{showable(word.strip(), 40)!r} names no split"))
    return faults


def _stripped(values: Sequence[str | None]) -> list[str | None]:
    return [(value.strip() or None) if value else None for value in values]


def _labels(table: Table, mapping: Mapping) -> list[str | None]:
    constant = (mapping.constant_label or "").strip() or None
    if mapping.label is None:
        return [constant] * len(table)
    labels = _stripped(_column(table, mapping.label, "label"))
    found = {label for label in labels if label is not None}
    if len(found) > MAX_LABELS:
        raise DatasetError(
            f"The column {mapping.label!r} has {len(found):,} different values; {MAX_LABELS:,} labels are the most. "
            "Take the column with the label, or none."
        )
    meaning: dict[str | None, str | None] = {label: _meaning(label, mapping) or constant for label in found}
    meaning[None] = constant
    return [meaning[label] for label in labels]


def _meaning(label: str, mapping: Mapping) -> str | None:
    mapped = mapping.label_map.get(label, label).strip()
    return NONE if mapped.casefold() == NONE else mapped or None


def _splits(table: Table, column: str) -> list[Split | None]:
    words = _stripped(_column(table, column, "split"))
    return [None if word is None else names.split_of(word) for word in words]


def _check_split(table: Table, mapping: Mapping) -> None:
    """Raise DatasetError where no row of the column names a split; single ones are a matter of their rows."""
    if mapping.split is None:
        return
    words = _column(table, mapping.split, "split")
    unknown = {} if any(word and names.split_of(word) for word in words) else _foreign_splits(words)
    if unknown:
        raise DatasetError(
            f"The column {mapping.split!r} holds {_listed(unknown)}, which name no split. "
            f"Use {', '.join(names.SPLIT_WORDS)}, or leave the split to the lab."
        )


def _foreign_splits(words: Sequence[str | None]) -> dict[str, int]:
    """Return the words that name no split, and in how many rows they stand."""
    return Counter(word for word in _stripped(words) if word is not None and names.split_of(word) is None)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(repr(showable(word, 40)) for word in sorted(words)[:5])


# ----------------------------------------------------------------------------------------------------------- guesses


def _by_name(
    table: Table, wanted: Sequence[str], among: Sequence[str], fits: abc.Callable[[list[str]], bool]
) -> str | None:
    called: dict[str, str] = {}
    for name in among:
        called.setdefault(names.folded(name), name)
    for want in wanted:
        if want in called and fits(_sample(table, called[want])):
            return called[want]
    return None


def _sample(table: Table, name: str) -> list[str]:
    values = table.columns[name]
    step = max(1, len(values) // _LOOKED_AT)
    return [value.strip() for value in values[::step] if value and value.strip()]


def _is_filled(values: list[str]) -> bool:
    return bool(values)


def _is_label(values: list[str]) -> bool:
    return bool(values) and sum(map(len, values)) / len(values) < 80


def _is_split(values: list[str]) -> bool:
    return 2 * sum(names.split_of(value) is not None for value in values) > len(values)


def _wordiest(table: Table, among: Sequence[str]) -> str | None:
    """Return the column with the longest texts, if they can be prompts; the only column always can."""
    lengths: dict[str, float] = {}
    for name in among:
        values = [value for value in _sample(table, name) if not _PLAIN.fullmatch(value)]
        if values:
            lengths[name] = sum(map(len, values)) / len(values)
    best = max(lengths, key=lambda name: lengths[name], default=None)
    return best if best is not None and (len(among) == 1 or lengths[best] >= _WORDY) else None


def _repeating(table: Table, among: Sequence[str]) -> list[str]:
    """Return the columns of short texts that come again and again."""
    found = []
    for name in among:
        values = _sample(table, name)
        if values and names.folded(name) not in (*names.SPLIT, *names.SOURCE, *names.QUERY_TYPE) and _is_label(values):
            repeated = len(set(values)) <= len(values) / 2
            if repeated and not all(_PLAIN.fullmatch(value) for value in values):
                found.append(name)
    return found
