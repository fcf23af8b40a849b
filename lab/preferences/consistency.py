"""Self-consistency: does an annotator say the same again when the sides are swapped and some hours have passed?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.judging import Ballot
from lab.preferences.counted import blind, people
from lab.preferences.figure import Figure, share

ENOUGH_REPEATS = 50
"""About so many repeats are needed: at 80 % the interval is then 69 to 89 %."""


@dataclass(frozen=True, slots=True)
class Consistency:
    """How often repeats say what the first vote said.

    Only repeats with the sides swapped count; `unswapped` were shown as before, and prove a memory of places.
    `kept_side` counts the repeats that chose the same side again, and so the other answer.
    """

    share: Figure
    kept_side: int
    unswapped: int

    @property
    def missing(self) -> int:
        """How many repeats are still wanted."""
        return max(ENOUGH_REPEATS - self.share.n, 0)


def self_consistency(ballots: Sequence[Ballot]) -> dict[str, Consistency]:
    """Return the self-consistency of each annotator who has voted, by annotator id.

    Each repeat is set against the first-round vote on the same duel; where either is a skip, or unblinded, there is
    nothing to compare. The interval is Wilson's.
    """
    counting = blind(people(ballots))
    firsts = {(one.annotator_id, one.duel_id): one for one in counting if one.round == 1}
    repeats: dict[str, list[tuple[Ballot, Ballot]]] = {one.annotator_id: [] for one in counting}
    for one in counting:
        first = firsts.get((one.annotator_id, one.duel_id))
        if one.round > 1 and first is not None:
            repeats[one.annotator_id].append((first, one))
    return {annotator: _of(pairs) for annotator, pairs in sorted(repeats.items())}


def together(each: Iterable[Consistency]) -> Figure:
    """Return the share over all annotators: of all repeats, those that say the same."""
    known = [one.share for one in each if one.share.value is not None]
    hits = sum(round(one.value.value * one.n) for one in known if one.value is not None)
    return share(hits, sum(one.n for one in known), _NO_REPEATS)


_NO_REPEATS = "no duel was shown to its annotator again with the sides swapped"


def _of(pairs: Sequence[tuple[Ballot, Ballot]]) -> Consistency:
    swapped = [(first, again) for first, again in pairs if first.left_id != again.left_id]
    same = sum(first.choice == again.choice for first, again in swapped)
    kept = sum(
        first.chosen_id is not None
        and again.chosen_id is not None
        and first.chosen_id != again.chosen_id
        and (first.chosen_id == first.left_id) == (again.chosen_id == again.left_id)
        for first, again in swapped
    )
    return Consistency(share(same, len(swapped), _NO_REPEATS), kept, len(pairs) - len(swapped))
