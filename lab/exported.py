"""Frozen values of exporting, between the store and who builds, freezes and shows snapshots. Moments are UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from lab.judging import AnnotatorKind, DuelOrigin, ResolutionKind, Side, Verdict
from lab.messages import Message

ExportSplit = Literal["train", "validation", "test"]

LIKES_CHOSEN, DISLIKES_REJECTED = 1, 2
"""The bits of `emits`: the chosen answer is a liked row as well, the rejected one a disliked row."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A frozen, hashed export of pairs, or one that is being built: then `content_hash` and `frozen_at` are None."""

    id: str
    seq: int
    name: str
    family: str  # of splits: within it a prompt keeps its side
    spec: Mapping[str, Any]  # what was asked for; JSON values
    report: Mapping[str, Any]  # what came of it; JSON values
    spec_hash: str
    content_hash: str | None
    rows: int  # when it was frozen, liked ones included
    liked: int  # of these, those of a thumb alone
    files: Mapping[str, Any]  # by path: sha256, bytes, rows
    state: Literal["building", "frozen"]
    gone: int  # rows whose text was deleted on request, or went with the sample workspace
    created_at: datetime
    frozen_at: datetime | None
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewFrozenRow:
    """A row of a snapshot to be stored. A pair has a duel and both answers, a liked row one answer and no duel."""

    place: int  # from 0, without gaps
    duel_id: str | None
    chosen_id: str | None  # of a liked row: set where the thumb was up
    rejected_id: str | None  # of a liked row: set where the thumb was down
    split: ExportSplit
    row_hash: str
    emits: int = 0
    votes: int = 0
    agreeing: int = 0
    strength: float | None = None
    adjudicated: bool = False
    vote_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FrozenRow:
    """A row of a snapshot with the texts as they are stored now. One that is `gone` is left out of every file."""

    place: int
    duel_id: str | None  # None: a liked row
    chosen: Side | None
    rejected: Side | None
    split: ExportSplit
    row_hash: str
    emits: int
    votes: int
    agreeing: int
    strength: float | None
    adjudicated: bool
    vote_ids: tuple[str, ...]
    conversation_id: str | None  # None for an answer to a routed prompt of which no duel was made
    turns: tuple[Message, ...]  # without system messages; the last one is the user's
    system_prompt: str
    query_type: str | None
    origin: str  # of the duel; `thumb` for a liked row
    event_id: str | None
    router_version_id: str | None
    layer: str | None
    gone: bool  # text of it was deleted on request


@dataclass(frozen=True, slots=True)
class KnownPrompt:
    """A conversation that has a side in a family."""

    seq: int
    conversation_id: str
    turns: tuple[Message, ...]
    side: ExportSplit


# ---------------------------------------------------------------------------------------- what an export is built of


class Answered(NamedTuple):
    """One answer with what tells how it came about. `options` and `finish_reason` are those of the model's server."""

    id: str
    text: str
    expert: str
    provider: str
    model: str
    options: str  # as JSON
    finish_reason: str | None
    error_kind: str | None
    event_id: str | None  # None: it came from a file, or from a person, so that nobody knows how it ended

    @property
    def by(self) -> str:
        """What its author is called: the expert, else the model, else the provider."""
        return self.expert or self.model or self.provider


class Ruling(NamedTuple):
    """A live vote of the first round."""

    vote_id: str
    annotator_id: str
    annotator_kind: AnnotatorKind
    verdict: Verdict
    chosen_id: str | None
    strength: int | None
    unblinded: bool
    left_id: str
    created_at: datetime


class Resolved(NamedTuple):
    """The newest resolution of a duel."""

    kind: ResolutionKind
    verdict: Verdict | None
    chosen_id: str | None
    created_at: datetime


class JudgedDuel(NamedTuple):
    """A duel that is not deleted and has a vote, skips aside, or a resolution, with all that was said of it."""

    id: str
    seq: int
    conversation_id: str
    turns: tuple[Message, ...]
    system_prompt: str
    first: Answered
    second: Answered
    origin: DuelOrigin
    query_type: str | None
    router_version_id: str | None
    layer: str | None
    votes: tuple[Ruling, ...]
    resolution: Resolved | None


class LikedAnswer(NamedTuple):
    """An answer with the thumb that counts."""

    seq: int
    turns: tuple[Message, ...]
    system_prompt: str
    answer: Answered
    liked: bool
    router_version_id: str | None
    layer: str | None
    given_at: datetime
