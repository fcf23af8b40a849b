"""Where the tables hold what people wrote, and how it is found and taken out there.

Every column of text or JSON stands in one of the three maps; a test holds them to the tables.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lab.errors import KeepingError
from lab.store.text import DELETED

Kind = Literal["text", "name", "turns", "tree"]
"""text: replaced whole; name: replaced by one that no other row has; turns: each message; tree: each text inside."""

REPLACED: Mapping[str, Mapping[str, Kind]] = {
    "routing_event": {"prompt": "text", "conversation": "turns", "matches": "tree"},
    "conversation": {"prompt": "text", "messages": "turns"},
    "response": {"text": "text", "system_prompt": "text", "error": "text", "options": "tree"},
    "duel": {"system_prompt": "text", "query_type": "text"},
    "duel_batch": {"name": "text", "spec": "tree", "report": "tree"},
    "vote": {"note": "text", "tags": "tree"},
    "vote_event": {"before": "tree", "after": "tree"},
    "resolution": {"note": "text"},
    "guideline": {"text": "text"},
    "label": {"prompt": "text"},
    "dataset": {"name": "name", "file_name": "text", "labels": "tree", "query_types": "tree", "sources": "tree"},
    "outcome": {"source": "text"},
    "sealed_look": {"why": "text"},
    "run": {"name": "text"},
    "router_version": {"name": "text"},
    "router_draft": {"edit": "text"},
    "adoption": {"note": "text"},
    "job": {"title": "text", "note": "text", "error": "text"},
    "snapshot": {"name": "name", "name_key": "name", "spec": "tree", "report": "tree"},
}
"""What is replaced, by table and column."""

REPORTED: Mapping[str, tuple[str, ...]] = {
    "annotator": ("name",),
    "router_version": ("config",),
    "router_draft": ("config",),
    "run": ("spec", "result"),
    "adoption": ("evidence",),
    "snapshot": ("family",),
}
"""What is only told: a name goes with the person, and what a content hash or a figure rests on stays as it was."""

WITHOUT: Mapping[str, tuple[str, ...]] = {
    "router_version": ("content_hash", "encoder_fingerprint", "origin"),
    "routing_event": ("source", "expert", "layer", "timings", "encoder_fingerprint"),
    "response": ("expert", "provider", "model", "finish_reason", "error_kind"),
    "feedback": ("value",),
    "job": ("kind", "key", "state", "owner", "host", "process_start"),
    "dataset": ("content_hash", "origin"),
    "label": ("expert",),
    "sealed_look": ("dataset_hash", "router_hash"),
    "run": ("dataset_hash", "router_hash", "packages"),
    "router_draft": ("state",),
    "outcome": ("expert",),
    "annotator": ("name_key", "kind", "pin_hash", "link_hash"),
    "duel_batch": ("kind", "content_hash"),
    "duel": ("content_key", "origin", "rule"),
    "presentation": ("purpose",),
    "vote": ("verdict",),
    "vote_event": ("kind",),
    "resolution": ("kind", "verdict"),
    "deletion": ("what", "counts"),
    "snapshot": ("spec_hash", "content_hash", "files", "state"),
    "snapshot_row": ("split", "vote_ids", "row_hash"),
    "prompt_side": ("family", "side"),  # the family is told with the snapshot that gave the side
}
"""What holds no text of a person: hashes, names of experts and models, kinds and states. Ids are not listed."""

_LEAST, _LEAST_WIDE = 3, 2  # characters: with fewer, every other text would hold them
_MOST_EXCERPT = 40  # characters on each side of what was found


@dataclass(frozen=True, slots=True)
class Words:
    """What is looked for: whatever the case, the Unicode form and the white space between words."""

    folded: str

    @classmethod
    def of(cls, given: str) -> Words:
        """Return what is looked for. Raises KeepingError for too little: it would be in every other text."""
        folded = _folded(given)
        if len(folded) < (_LEAST if folded.isascii() else _LEAST_WIDE):
            raise KeepingError(
                f"{given.strip()!r} is too short to look for: it would take away far more than is meant. Write at "
                f"least {_LEAST} characters, better the whole address, name or prompt."
            )
        if folded in _folded(DELETED):
            raise KeepingError(f"{DELETED!r} stands where text was deleted before. Write what is to be deleted.")
        return cls(folded)

    def are_in(self, value: Any) -> bool:
        """Tell whether a text, or any text inside a JSON value, holds them."""
        if isinstance(value, str):
            return self.folded in _folded(value)
        if isinstance(value, Mapping):
            return any(self.are_in(key) or self.are_in(item) for key, item in value.items())
        return isinstance(value, (list, tuple)) and any(self.are_in(item) for item in value)

    def excerpt(self, value: Any) -> str:
        """Return the first text that holds them, in a line, cut to what stands around them."""
        found = self._first(value)
        line = " ".join(unicodedata.normalize("NFC", found).split())
        at = max(_folded(found).find(self.folded), 0)  # in the folded text, which is as long but for rare letters
        start, end = max(0, at - _MOST_EXCERPT), at + len(self.folded) + _MOST_EXCERPT
        return f"{'…' if start else ''}{line[start:end]}{'…' if end < len(line) else ''}"

    def taken_out(self, value: Any, kind: Kind, seq: int) -> Any:
        """Return a value in which each text that holds them is replaced whole."""
        if kind == "name":
            return f"{DELETED} {seq}"
        if kind == "text":
            return DELETED
        if kind == "turns":
            return [{**turn, "content": DELETED} if self.are_in(turn["content"]) else turn for turn in value]
        return self._tree(value)

    def _tree(self, value: Any) -> Any:
        if isinstance(value, str):
            return DELETED if self.are_in(value) else value
        if isinstance(value, Mapping):
            kept = {key: self._tree(item) for key, item in value.items() if not self.are_in(key)}
            gone = [self._tree(item) for key, item in value.items() if self.are_in(key)]
            return kept | {f"{DELETED} {number}": item for number, item in enumerate(gone, start=1)}
        if isinstance(value, (list, tuple)):
            return [self._tree(item) for item in value]
        return value

    def _first(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        inside = [*value, *value.values()] if isinstance(value, Mapping) else value
        return next(self._first(item) for item in inside if self.are_in(item))


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
