"""Counts of rows by table, in words that a person knows."""

from __future__ import annotations

from collections.abc import Mapping

DATASET_ROW, LEFT_OUT_ROW = "dataset_row", "left_out_row"
DUEL_TAKEN, VOTE_TAKEN = "duel_taken", "vote_taken"
EXPORT_FOLDER = "export_folder"
"""What a deletion counts beside the tables."""

_WORDS = {
    "routing_event": ("event", "events"),
    "response": ("answer", "answers"),
    "conversation": ("conversation", "conversations"),
    "duel": ("duel", "duels"),
    DUEL_TAKEN: ("duel taken away", "duels taken away"),
    "vote": ("vote", "votes"),
    VOTE_TAKEN: ("vote taken away", "votes taken away"),
    "vote_event": ("change of a vote", "changes of votes"),
    "resolution": ("resolution", "resolutions"),
    "annotator": ("annotator", "annotators"),
    "guideline": ("version of the guidelines", "versions of the guidelines"),
    "label": ("label", "labels"),
    "dataset": ("dataset", "datasets"),
    DATASET_ROW: ("row of a dataset", "rows of datasets"),
    LEFT_OUT_ROW: ("row left out of a file", "rows left out of files"),
    "run": ("saved search", "saved searches"),
    "snapshot": ("snapshot", "snapshots"),
    "snapshot_row": ("row of a snapshot", "rows of snapshots"),
    "prompt_side": ("prompt with its split", "prompts with their split"),
    EXPORT_FOLDER: ("written export", "written exports"),
    "router_version": ("router version", "router versions"),
    "deletion": ("record of a deletion", "records of deletions"),
}


def in_words(rows: Mapping[str, int], none: str = "no rows") -> str:
    """Return what is counted by table: what a person knows by name, and how many other rows; `none` where none is."""
    parts = [counted(rows[table], one, many) for table, (one, many) in _WORDS.items() if rows.get(table)]
    others = sum(count for table, count in rows.items() if table not in _WORDS)
    return ", ".join([*parts, *([counted(others, "other row")] if others else [])]) or none


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with its word: 1 vote, 2 votes."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
