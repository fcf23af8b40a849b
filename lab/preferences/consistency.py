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
    `kept_side` counts the repeats that chose the same side again, and so the other answer. `winner` is of the repeats
    that chose an answer both times: there, chance gives one half; in `share` it gives more to who often sees ties.
    """

    share: Figure
    winner: Figure
    kept_side: int
    unswapped: int

    @property
    def missing(self) -> int:
        """How many repeats are still wanted."""
        return max(ENOUGH_REPEATS - self.share.n, 0)


def self_consistency(ballots: Sequence[Ballot]) -> dict[str, Consistency]:
    """Return the self-consistency of each annotator who has voted, by annotator id.

    Each repeat is set against the first-round vote on the same duel; where either is a skip, or unblinded, there is
    nothing to compare. A duel whose authors the annotator has learnt is not shown again (`rounds.repeatable`). The
    interval is Wilson's.
    """
    counting = blind(people(ballots))
    again = [one for one in counting if one.round > 1]
    repeated = {one.duel_id for one in again}
    firsts = {(one.annotator_id, one.duel_id): one for one in counting if one.round == 1 and one.duel_id in repeated}
    repeats: dict[str, list[tuple[Ballot, Ballot]]] = {name: [] for name in {one.annotator_id for one in counting}}
    for one in again:
        first = firsts.get((one.annotator_id, one.duel_id))
        if first is not None:
            repeats[one.annotator_id].append((first, one))
    return {annotator: _of(pairs) for annotator, pairs in sorted(repeats.items())}


def together(each: Iterable[Consistency]) -> Figure:
    """Return the share over all annotators: of all repeats, those that say the same."""
    return _pooled((one.share for one in each), _NO_REPEATS)


def winners_together(each: Iterable[Consistency]) -> Figure:
    """Return the same of the repeats that chose an answer both times: those that chose the same one."""
    return _pooled((one.winner for one in each), _NO_WINNER)


def _pooled(shares: Iterable[Figure], because: str) -> Figure:
    known = [(one.value, one.n) for one in shares if one.value is not None]
    return share(sum(round(value.value * n) for value, n in known), sum(n for _, n in known), because)


_NO_WINNER = "no repeat with the sides swapped chose an answer both times"
_NO_REPEATS = "no duel was shown to its annotator again with the sides swapped"


def _of(pairs: Sequence[tuple[Ballot, Ballot]]) -> Consistency:
    swapped = [(first, again) for first, again in pairs if first.left_id != again.left_id]
    same = sum(first.choice == again.choice for first, again in swapped)
    chosen = [(first, again) for first, again in swapped if first.chosen_id and again.chosen_id]
    winner = sum(first.chosen_id == again.chosen_id for first, again in chosen)
    kept = sum((first.chosen_id == first.left_id) == (again.chosen_id == again.left_id) for first, again in chosen)
    return Consistency(
        share=share(same, len(swapped), _NO_REPEATS),
        winner=share(winner, len(chosen), _NO_WINNER),
        kept_side=kept,
        unswapped=len(pairs) - len(swapped),
    )
