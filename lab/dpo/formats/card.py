"""The card of a dataset: what it holds, how it was made, and what is wrong with it, for whoever trains on it.

Names, models and sentences may hold text that others wrote: in the YAML it is one quoted line, in the Markdown it is
shown letter by letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from lab.dpo.rows import Split
from lab.one_line import one_line

_NAME_CHARS = 200
_LICENCES = {
    "afl-3.0", "apache-2.0", "bsd-2-clause", "bsd-3-clause", "cc", "cc-by-2.0", "cc-by-3.0", "cc-by-4.0",
    "cc-by-nc-4.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc0-1.0",
    "cdla-permissive-1.0", "cdla-permissive-2.0", "cdla-sharing-1.0", "gpl-3.0", "mit", "odbl", "odc-by", "pddl",
    "unknown", "unlicense",
}  # fmt: skip
_SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
_UNITS = {1_000: "1K", 10_000: "10K", 100_000: "100K", 1_000_000: "1M", 10_000_000: "10M", 100_000_000: "100M"}
_TAGS = ["preference", "human-feedback", "rlhf", "dpo", "trl"]

_AS_FROZEN = "So is what is said below of agreement, biases, authors, what was left out and how it was split."

_ACTIVE = re.compile(r"[\\`*_\[\]<>&|~$@#{}!]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_LEADING = re.compile(r"\A(?:[+\-=]|\d{1,9}(?=[.)]))")


@dataclass(frozen=True, slots=True)
class Source:
    """One writer of answers: how many of its answers were chosen, how many rejected."""

    by: str  # expert, else model, else provider
    model: str
    chosen: int
    rejected: int
    policy: bool  # it is the model that shall be trained


@dataclass(frozen=True, slots=True)
class Card:
    """What is said of an export beside its rows. Sentences are plain text."""

    name: str
    licence: str  # an identifier of the Hub such as cc-by-4.0, or words; empty: nobody said
    created: datetime
    hash: str  # of what the snapshot holds
    snapshot_id: str = ""
    spec: Mapping[str, Any] = field(default_factory=dict)  # as JSON, for the manifest
    asked: tuple[str, ...] = ()  # the spec in words
    agreement: tuple[str, ...] = ()
    biases: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    policy: str = ""  # what share of the answers the model wrote that shall be trained
    losses: Mapping[str, int] = field(default_factory=dict)  # pairs left out, by reason
    findings: tuple[str, ...] = ()  # what the doctor says of the rows that are in
    system_prompt: str = ""
    split: str = ""  # how prompts came to their sides
    rows: int = 0  # when it was frozen
    gone: int = 0  # of these, those of which text was deleted since
    counts: Mapping[Split, int] = field(default_factory=dict)  # pairs; whoever writes the files puts in what is there


def of_gone(card: Card) -> str:
    """Return how many rows are gone since the freezing, and why, in a sentence; nothing where none is."""
    if not card.gone:
        return ""
    of = f"{card.gone:,} of the {_counted(card.rows, 'row')} that {'were' if card.rows != 1 else 'was'} frozen"
    return (
        f"{of} {'are' if card.gone != 1 else 'is'} not in these files: text was deleted since, on request or with the "
        "sample workspace. The content hash is of the whole, as it was frozen."
    )


def readme(card: Card, splits: Sequence[Split], columns: Mapping[str, str]) -> str:
    """Return the card as README.md of a Hugging Face folder with data/<split>-….parquet of these splits.

    `columns` says what each column holds.
    """
    return f"---\n{_front(card, splits)}---\n\n{_body(card, splits, columns)}"


# ---------------------------------------------------------------------------------------------------------- the YAML


def _front(card: Card, splits: Sequence[Split]) -> str:
    import yaml

    files = [{"split": split, "path": f"data/{split}-*.parquet"} for split in splits]
    said: dict[str, Any] = {
        "pretty_name": one_line(card.name, _NAME_CHARS) or "Preferences",
        **_licence(card.licence),
        "size_categories": [_size(sum(card.counts.values()))],
        "task_categories": ["text-generation"],
        "tags": _TAGS,
        "configs": [{"config_name": "default", "data_files": files}],
    }
    front: str = yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=10_000)
    return front


def _licence(words: str) -> dict[str, str]:
    """Return the licence as the Hub knows it; one that it does not know is `other`, with a name."""
    if not one_line(words):
        return {"license": "unknown"}
    slug = re.sub(r"[^a-z0-9.]+", "-", words.casefold()).strip("-.")[:80]
    return {"license": slug} if slug in _LICENCES else {"license": "other", "license_name": slug or "in-words"}


def _size(rows: int) -> str:
    """Return the size category of the Hub: n<1K, 1K<n<10K and so on."""
    if rows < _SIZES[0]:
        return "n<1K"
    for low, high in pairwise(_SIZES):
        if rows < high:
            return f"{_UNITS[low]}<n<{_UNITS.get(high, '1B')}"
    return "n>1B"


# ------------------------------------------------------------------------------------------------------ the Markdown


def _body(card: Card, splits: Sequence[Split], columns: Mapping[str, str]) -> str:
    total = sum(card.counts.values())
    made = f"{_counted(total, 'pair')} of answers to the same prompt, and which of the two was preferred."
    parts = [
        f"# {plain(card.name) or 'Preferences'}",
        f"{made} Frozen with LLM Router Lab on {card.created:%Y-%m-%d}.",
        _table(("split", "pairs"), [(split, card.counts.get(split, 0)) for split in splits]),
        *([f"{plain(gone)} {_AS_FROZEN}"] if (gone := of_gone(card)) else []),
        *_section("How the pairs were made", (*card.asked, card.system_prompt), "Nothing was said of it."),
        *_section("Agreement", card.agreement, "Not measured."),
        *_section("Biases", card.biases, "Not measured."),
        "## Who wrote the answers",
        *_sources(card),
        "## What was left out, and what remains",
        _table(("reason", "pairs left out"), [(plain(reason), count) for reason, count in card.losses.items()])
        if card.losses
        else "No pair was left out.",
        *_bullets(card.findings),
        *_section("How it was split", (card.split,), "Nothing was said of it."),
        "## Columns",
        _table(("column", "holds"), [(code(name), plain(words)) for name, words in columns.items()]),
        *_section("Licence", (card.licence,), "Nobody said under which licence this may be used."),
        "## Where it comes from",
        *_bullets([f"Content hash {card.hash}.", f"Snapshot {card.snapshot_id}." if card.snapshot_id else ""]),
    ]
    return "\n\n".join(parts) + "\n"


def _section(title: str, sentences: Iterable[str], instead: str) -> list[str]:
    return [f"## {title}", *(_bullets(sentences) or [instead])]


def _sources(card: Card) -> list[str]:
    rows = [
        (code(one.by), code(one.model), one.chosen, one.rejected, "yes" if one.policy else "no") for one in card.sources
    ]
    head = ("expert", "model", "chosen", "rejected", "to be trained")
    return [_table(head, rows) if rows else "Nobody said.", *_bullets([card.policy])]


def _bullets(sentences: Iterable[str]) -> list[str]:
    """Return sentences as one list, or nothing where nothing is said."""
    said = [f"- {shown}" for one in sentences if (shown := plain(one))]
    return ["\n".join(said)] if said else []


def _table(head: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """Return a Markdown table; numbers stand to the right. Texts are Markdown already."""
    listed = [tuple(row) for row in rows]
    sides = ["---:" if listed and isinstance(cell, int) else "---" for cell in (listed[0] if listed else head)]
    cells = [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in listed]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, sides, *cells))


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def plain(text: str) -> str:
    """Return text as Markdown that shows it letter by letter, on one line: no markup, link, picture or mention."""
    return _LEADING.sub(_escaped, _ACTIVE.sub(r"\\\g<0>", one_line(text)))


def _escaped(found: re.Match[str]) -> str:
    return f"{found[0]}\\" if found[0][0].isdigit() else f"\\{found[0]}"


def code(text: str) -> str:
    """Return text as a code span that can stand in a table, whatever it holds."""
    shown = one_line(text)
    if not shown:
        return "not known"
    if "|" in shown or "\\" in shown:  # in a table a code span shows the backslash before a bar, or loses it
        return plain(shown)
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown[0] == "`" or shown[-1] == "`" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
