"""Which ballots count where, and those that count as columns.

| figure                                | rounds | annotators        | left out as well              |
|---------------------------------------|--------|-------------------|-------------------------------|
| agreement, each against the rest      | 1      | people and sample | unblinded, skip               |
| self-consistency                      | 1, 2…  | people and sample | unblinded, skip               |
| left and longer                       | 1      | people and sample | unblinded, all but "better"   |
| verdict mix                           | 1      | people and sample | nothing: skip is a verdict    |
| pace                                  | all    | people and sample | votes without a time          |
| ratings by chance                     | 1      | people and sample | unblinded, skip, both bad     |
| ratings of the other origins          | 1      | all               | unblinded, skip, both bad     |
| disagreements                         | 1      | all               | skip                          |

An imported file is one voice that nobody can ask again: it agrees with nobody and leans to nothing here. A vote that
was given after the reveal may follow a name rather than an answer. A skip says that nothing was judged: it is missing.
Who wrote one of the two answers does not judge it: the vote for one's own text counts in disagreements alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from lab.judging import Ballot, written_by

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FIRST, SECOND, EQUALLY_GOOD, BOTH_BAD = range(4)
"""Codes of what was said of a duel; the first two are its responses, in its order, which says nothing."""

CHOICES = 4
_TIES = {"equally_good": EQUALLY_GOOD, "both_bad": BOTH_BAD}


def people(ballots: Iterable[Ballot]) -> list[Ballot]:
    """Return the ballots, whatever the round, of people and of the sample workspace who judge what others wrote."""
    return others_work(one for one in ballots if one.annotator_kind != "import")


def others_work(ballots: Iterable[Ballot]) -> list[Ballot]:
    """Return the ballots of those who wrote neither of the two answers."""
    mark, every = written_by(""), list(ballots)
    names = {one.first_name for one in every} | {one.second_name for one in every}
    if not any(name.startswith(mark) for name in names):
        return every
    return [one for one in every if written_by(one.annotator_id) not in (one.first_name, one.second_name)]


def first_round(ballots: Iterable[Ballot]) -> list[Ballot]:
    """Return the first-round ballots in the order of their `seq`; of two by one annotator on one duel the newer."""
    first = _ordered(one for one in ballots if one.round == 1)
    newest = {(one.duel_id, one.annotator_id): one for one in first}
    return first if len(newest) == len(first) else _ordered(newest.values())


def blind(ballots: Iterable[Ballot]) -> list[Ballot]:
    """Return the ballots that say something of the answers and were given before the reveal: no skip, no unblinded."""
    return [one for one in ballots if one.verdict != "skip" and not one.unblinded]


def for_agreement(ballots: Iterable[Ballot]) -> list[Ballot]:
    """Return the ballots that agreement is on."""
    return Sifted(ballots).agreed


def decisive(ballots: Iterable[Ballot]) -> list[Ballot]:
    """Return the ballots that bias is on: those of agreement that chose one of the answers."""
    return Sifted(ballots).decisive


def _ordered(ballots: Iterable[Ballot]) -> list[Ballot]:
    return sorted(ballots, key=attrgetter("seq"))


class Sifted:
    """Ballots as every figure wants them, each choice made once, when the first figure asks for it.

    Who judges and what they wrote belong to an annotator and a duel, so that choosing people among first-round ballots
    is choosing the first round among people's.
    """

    def __init__(self, ballots: Iterable[Ballot]) -> None:
        self.ballots = list(ballots)

    @cached_property
    def people(self) -> list[Ballot]:
        """Of people, of all rounds."""
        return people(self.ballots)

    @cached_property
    def first(self) -> list[Ballot]:
        """Of the first round, of all annotators."""
        return first_round(self.ballots)

    @cached_property
    def mix(self) -> list[Ballot]:
        """Of people, of the first round, skips too."""
        return people(self.first)

    @cached_property
    def agreed(self) -> list[Ballot]:
        """Those that agreement is on."""
        return blind(self.mix)

    @cached_property
    def votes(self) -> Counted:
        """Those that agreement is on, as columns."""
        return counted(self.agreed)

    @cached_property
    def decisive(self) -> list[Ballot]:
        """Those that bias is on."""
        return [one for one in self.agreed if one.chosen_id is not None]


@dataclass(frozen=True, slots=True)
class Counted:
    """Ballots as columns, each of shape (n,); codes index the names beside them.

    `of_conversation` is the conversation of each duel, shape (duels,).
    """

    duel: Ints
    annotator: Ints
    choice: Ints
    duels: tuple[str, ...]
    annotators: tuple[str, ...]
    of_conversation: Ints

    def __len__(self) -> int:
        """Return the number of ballots."""
        return len(self.duel)

    def counts(self) -> Floats:
        """Return how many said what of each duel, shape (duels, CHOICES)."""
        flat = np.bincount(self.duel * CHOICES + self.choice, minlength=len(self.duels) * CHOICES)
        return flat.reshape(len(self.duels), CHOICES).astype(np.float64)

    def by_conversation(self, values: Floats) -> Floats:
        """Return (duels, k) summed by conversation, (conversations, k)."""
        return summed(values, self.of_conversation)


def counted(ballots: Sequence[Ballot]) -> Counted:
    """Return ballots as columns. All of them count, none may be a skip: choose them before."""
    duel, duels = codes([one.duel_id for one in ballots])
    annotator, annotators = codes([one.annotator_id for one in ballots])
    conversation, _ = codes(list({one.duel_id: one.conversation_id for one in ballots}.values()))
    return Counted(duel, annotator, _column(ballots, _choice), duels, annotators, conversation)


def codes(names: Sequence[str]) -> tuple[Ints, tuple[str, ...]]:
    """Return the place of each name among the different ones, and those, in the order in which they come."""
    known = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.fromiter(map(known.__getitem__, names), dtype=np.int64, count=len(names)), tuple(known)


def grouped(groups: Ints) -> list[Ints]:
    """Return the places of each group's members, in their order; the groups are 0, 1, 2 … without a gap."""
    if not len(groups):
        return []
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)


def summed(values: Floats, groups: Ints) -> Floats:
    """Return (n, k) summed by group, shape (groups, k)."""
    count = int(groups.max(initial=-1)) + 1
    return np.stack([np.bincount(groups, weights=column, minlength=count) for column in values.T], axis=1)


def _column(ballots: Sequence[Ballot], read: Callable[[Ballot], int]) -> Ints:
    return np.array([read(one) for one in ballots], dtype=np.int64)


def _choice(ballot: Ballot) -> int:
    if ballot.chosen_id is None:
        return _TIES[ballot.verdict]
    return FIRST if ballot.chosen_id == ballot.first_id else SECOND
