"""Duels on which votes split, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lab.judging import Ballot, Resolution, ResolutionKind
from lab.preferences.counted import first_round

State = Literal["open", "resolved", "dropped", "contested"]
_STATES: dict[ResolutionKind, State] = {
    "resolved": "resolved",
    "dropped": "dropped",
    "contested": "contested",
    "reopened": "open",
}


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A duel whose live votes say different things. `opposite`: two chose different answers; else one saw a tie."""

    duel_id: str
    opposite: bool
    ballots: tuple[Ballot, ...]  # in the order in which they were given
    resolution: Resolution | None  # the newest

    @property
    def state(self) -> State:
        """What became of it; open where nobody resolved it, or it was reopened."""
        return "open" if self.resolution is None else _STATES[self.resolution.kind]


def disagreements(ballots: Sequence[Ballot], newest: Mapping[str, Resolution]) -> list[Disagreement]:
    """Return the duels with different live first-round verdicts, opposite winners first, then the oldest.

    Everybody counts here, imported and unblinded votes too: what is trained on must not contradict itself, whoever said
    it. A skip says nothing. `newest` is the newest resolution by duel. The order does not change with what is resolved.
    """
    return resolved(splits(ballots), newest)


def resolved(found: Sequence[Disagreement], newest: Mapping[str, Resolution]) -> list[Disagreement]:
    """Return disagreements with what became of them."""
    return [replace(one, resolution=newest.get(one.duel_id)) for one in found]


def splits(ballots: Sequence[Ballot]) -> list[Disagreement]:
    """Return the same duels in the same order, without what became of them: that changes while no vote does."""
    return splits_of(first_round(ballots))


def splits_of(votes: Sequence[Ballot]) -> list[Disagreement]:
    """Return the same from first-round votes in their order."""
    saying = [one for one in votes if one.verdict != "skip"]
    choices = [one.choice for one in saying]
    said = dict(zip((one.duel_id for one in saying), choices, strict=True))
    split = {one.duel_id for one, choice in zip(saying, choices, strict=True) if said[one.duel_id] != choice}
    by_duel: dict[str, list[Ballot]] = {}
    for one in saying:
        if one.duel_id in split:
            by_duel.setdefault(one.duel_id, []).append(one)
    found = [
        Disagreement(duel, len({one.chosen_id for one in some} - {None}) > 1, tuple(some), None)
        for duel, some in by_duel.items()
    ]
    return sorted(found, key=lambda one: (not one.opposite, one.ballots[0].seq))
