"""Counts of rows by table, in words that a person knows."""

from __future__ import annotations

from collections.abc import Mapping

_WORDS = {
    "routing_event": "event", "response": "answer", "duel": "duel", "vote": "vote", "vote_event": "change of a vote",
    "annotator": "annotator", "label": "label", "deletion": "record of a deletion",
}  # fmt: skip


def in_words(rows: Mapping[str, int], none: str = "no rows") -> str:
    """Return what is counted by table: what a person knows by name, and how many other rows; `none` where none is."""
    parts = [counted(rows[table], word) for table, word in _WORDS.items() if rows.get(table)]
    others = sum(count for table, count in rows.items() if table not in _WORDS)
    return ", ".join([*parts, *([counted(others, "other row")] if others else [])]) or none


def counted(count: int, word: str) -> str:
    """Return a number with its word, which becomes a plural: 1 vote, 2 votes, 2 changes of a vote."""
    head, of, rest = word.partition(" of ")
    return f"{count:,} {head}{'' if count == 1 else 's'}{of}{rest}"
