"""Frozen values of judging: who judges, what is judged, and what they said. Order is `seq`, never a clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from lab.messages import Message

AnnotatorKind = Literal["person", "import", "sample"]
Verdict = Literal["better", "equally_good", "both_bad", "skip"]
DuelOrigin = Literal["route", "thumbs_down", "bulk", "import", "edit", "sample"]
SampleRule = Literal["all", "random", "hardest", "picked"]
Purpose = Literal["queue", "repeat", "warm_up"]
EventKind = Literal["cast", "undone", "edited", "removed"]
ResolutionKind = Literal["resolved", "dropped", "contested", "reopened"]

BY_CHANCE: tuple[SampleRule, ...] = ("all", "random")
"""Sample rules under which a duel is no worse than a random one: ratings are made on these alone."""


HUMAN = "human"
"""The provider of an answer that a person wrote."""


def written_by(annotator_id: str) -> str:
    """Return the expert that stands for a person who wrote an answer."""
    return f"{HUMAN}:{annotator_id}"


@dataclass(frozen=True, slots=True)
class Annotator:
    """Someone who votes: a person, an imported file (`import:<file>`), or one of the sample workspace."""

    id: str
    seq: int
    name: str
    kind: AnnotatorKind
    has_pin: bool
    has_link: bool
    created_at: datetime
    removed_at: datetime | None  # the name and the words are gone, the votes stay under a number


@dataclass(frozen=True, slots=True)
class Guideline:
    """What annotators were told to look for; each vote keeps the version that it was given under."""

    id: str
    version: int  # from 1
    text: str
    by: str | None  # an annotator's id
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Side:
    """One answer of a duel. `expert`, `provider` and `model` stay hidden until the vote is stored."""

    response_id: str
    text: str
    expert: str
    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class Duel:
    """Two answers to one conversation under one system prompt, how it came here and how it was sampled.

    `first` and `second` are in a fixed order that says nothing; who stands left is the presentation's.
    """

    id: str
    seq: int
    conversation_id: str
    conversation: tuple[Message, ...]  # without system messages; the last one is the user's
    system_prompt: str
    first: Side
    second: Side
    origin: DuelOrigin
    rule: SampleRule
    probability: float | None  # of having been sampled; None where it was picked by hand, or is not known
    hardness: float | None  # greater is harder; None where nothing tells
    query_type: str | None
    event_id: str | None
    batch_id: str | None
    wished: int  # votes
    votes: int  # live first-round votes that are no skip
    created_at: datetime
    deleted_at: datetime | None

    def side(self, response_id: str) -> Side:
        """Return the side of a response; KeyError when it is not of this duel."""
        for side in (self.first, self.second):
            if side.response_id == response_id:
                return side
        raise KeyError(response_id)


@dataclass(frozen=True, slots=True)
class NewDuel:
    """A duel to be stored. A side whose `response_id` is not stored yet becomes a response of that id."""

    conversation: tuple[Message, ...]
    system_prompt: str
    first: Side
    second: Side
    origin: DuelOrigin
    rule: SampleRule
    probability: float | None = None
    hardness: float | None = None
    query_type: str | None = None
    event_id: str | None = None
    batch_id: str | None = None
    wished: int = 1


@dataclass(frozen=True, slots=True)
class AddedDuel:
    """What became of a `NewDuel`: `duel_id` is None where the answers are equal, which makes no duel.

    `first_id` and `second_id` are the stored responses with the texts of the given first and second side; a duel that
    was there before has its own.
    """

    duel_id: str | None
    is_new: bool
    first_id: str
    second_id: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Duels that came together: one import, or one job that asked for answers."""

    id: str
    seq: int
    kind: Literal["bulk", "import", "sample"]
    name: str
    spec: Mapping[str, Any]  # what was asked for; JSON values
    report: Mapping[str, Any]  # what came of it; JSON values
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Presentation:
    """One showing of a duel to one annotator; there is one a round. Round 1 votes count, later ones are repeats."""

    id: str
    seq: int
    duel_id: str
    annotator_id: str
    round: int
    seed: int
    left_id: str  # the response that stands left
    right_id: str
    purpose: Purpose
    shown_at: datetime
    leased_until: datetime | None  # None: voted, or let go
    revealed_at: datetime | None  # when the annotator learnt who wrote what, or what others said


@dataclass(frozen=True, slots=True)
class Vote:
    """The verdict on one presentation; `chosen_id` is the better response, None for the other verdicts."""

    id: str
    seq: int
    presentation_id: str
    duel_id: str
    annotator_id: str
    round: int
    verdict: Verdict
    chosen_id: str | None
    strength: int | None  # 1 slightly, 2 clearly, 3 by far
    tags: tuple[str, ...]
    note: str
    guideline_version: int | None
    live: bool  # False: taken back
    unblinded: bool  # given or changed after the reveal: left out of agreement
    took_ms: int | None  # from the showing to the key press
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewVote:
    """A vote that comes with its showing: from a file, or from the sample workspace."""

    id: str
    duel_id: str
    annotator_id: str
    verdict: Verdict
    chosen_id: str | None
    left_id: str
    created_at: datetime
    strength: int | None = None
    tags: tuple[str, ...] = ()
    note: str = ""
    took_ms: int | None = None
    round: int = 1


@dataclass(frozen=True, slots=True)
class NewThumb:
    """A thumb that comes with its answer, from a file. A `response_id` that is not stored yet becomes a response."""

    id: str
    conversation: tuple[Message, ...]
    system_prompt: str
    answer: Side
    value: Literal["up", "down"]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class VoteEvent:
    """One thing that happened to a vote. Rows are only added."""

    id: str
    seq: int
    vote_id: str
    annotator_id: str
    kind: EventKind
    before: Mapping[str, Any] | None  # verdict, chosen_id, strength, tags, note
    after: Mapping[str, Any] | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Resolution:
    """What became of a disagreement; the newest of a duel counts."""

    id: str
    seq: int
    duel_id: str
    kind: ResolutionKind
    verdict: Verdict | None  # of `resolved`
    chosen_id: str | None
    note: str
    annotator_id: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Deletion:
    """A record that something was deleted on request: when and how much, never what."""

    id: str
    seq: int
    what: Literal["annotator", "text"]
    by: str | None  # an annotator's id
    counts: Mapping[str, int]  # rows by table
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Ballot:
    """A live vote with all that agreement, bias and ratings ask of it, in one flat row.

    What it chose is `chosen_id` or the verdict, so agreement is on responses, never on left and right.
    """

    vote_id: str
    seq: int
    duel_id: str
    conversation_id: str
    query_type: str | None
    origin: DuelOrigin
    rule: SampleRule
    annotator_id: str
    annotator_kind: AnnotatorKind
    round: int
    verdict: Verdict
    chosen_id: str | None
    left_id: str
    first_id: str
    second_id: str
    first_name: str  # who wrote it: an expert, or a model
    second_name: str
    first_chars: int
    second_chars: int
    strength: int | None
    unblinded: bool
    took_ms: int | None
    created_at: datetime
    probability: float | None = None  # of the duel having been sampled

    @property
    def choice(self) -> str:
        """What was said: a response's id, `equally_good`, `both_bad` or `skip`."""
        return self.chosen_id or self.verdict

    @property
    def by_chance(self) -> bool:
        """Whether the duel was sampled by chance, so that a rating on it is not biased by what was picked."""
        return self.rule in BY_CHANCE and self.origin in ("bulk", "sample")
