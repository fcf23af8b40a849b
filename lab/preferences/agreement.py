"""Do annotators say the same of the same duel: raw agreement, Krippendorff's alpha, Cohen's kappa for each two.

Agreement is on what was chosen (a response id, equally good, both bad), never on sides. `counted.py` says which ballots
count, `coefficients.py` why the two answers of a duel are interchangeable there. Intervals: bootstrap by conversation,
and never narrower than Wilson's for the agreement seen with one observation a conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from lab.forensics.metrics import Interval, percentile_interval, wilson
from lab.judging import Ballot
from lab.preferences.coefficients import alpha, alpha_parts, kappa, kappa_parts
from lab.preferences.counted import CHOICES, FIRST, SECOND, Counted, Floats, Ints, Sifted, summed
from lab.preferences.figure import Figure, undefined, wider
from lab.preferences.resampling import resampled

ANSWERS = (FIRST, SECOND)
_NOBODY_TWICE = "nobody judged a duel that somebody else judged as well"
_NO_TWO_WINNERS = "no two annotators chose an answer of the same duel"


@dataclass(frozen=True, slots=True)
class TwoAnnotators:
    """Two annotators on the duels that both judged."""

    first: str
    second: str
    duels: int
    raw: Figure
    kappa: Figure


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far annotators say the same. `twice` counts the duels with two votes or more, `pairs` the pairs of votes.

    `raw` and `same_winner` are shares of pairs of votes on one duel: all of them, and those where both chose an answer.
    """

    ballots: int
    annotators: int
    duels: int
    twice: int
    pairs: int
    raw: Figure
    same_winner: Figure
    alpha: Figure
    each_two: tuple[TwoAnnotators, ...]  # the most shared duels first


def agreement(ballots: Sequence[Ballot]) -> Agreement:
    """Return how far annotators agree on the ballots that count for it."""
    return agreement_of(Sifted(ballots).votes)


def agreement_of(votes: Counted) -> Agreement:
    """Return how far annotators agree, from the columns of the ballots that count for it."""
    counts = votes.counts()
    twice = counts.sum(axis=1) >= 2
    return Agreement(
        ballots=len(votes),
        annotators=len(votes.annotators),
        duels=len(votes.duels),
        twice=int(twice.sum()),
        pairs=int(_pairs(counts).sum()),
        raw=_share_of_pairs(votes, counts, _NOBODY_TWICE),
        same_winner=_share_of_pairs(votes, counts[:, list(ANSWERS)], _NO_TWO_WINNERS),
        alpha=_alpha(votes, counts, twice),
        each_two=_each_two(votes),
    )


def _pairs(counts: Floats) -> Floats:
    values = counts.sum(axis=1)
    return np.asarray(values * (values - 1) / 2)


def _share_of_pairs(votes: Counted, counts: Floats, because: str) -> Figure:
    pairs, same = _pairs(counts), (counts * (counts - 1)).sum(axis=1) / 2
    total = int(pairs.sum())
    if not total:
        return undefined(because)
    sums = votes.by_conversation(np.column_stack([same, pairs]))
    sums = sums[sums[:, 1] > 0]
    drawn = resampled(sums)
    value = float(same.sum() / total)
    return Figure(wider(percentile_interval(value, drawn[:, 0] / drawn[:, 1]), _wilson(value, sums)), total)


def _wilson(seen: float, sums: Floats) -> Interval:
    """Wilson's interval of an agreement, as if each conversation had been one observation."""
    return wilson(seen * len(sums), len(sums))


def _alpha(votes: Counted, counts: Floats, twice: np.ndarray) -> Figure:
    if not twice.any():
        return undefined(_NOBODY_TWICE)
    sums = votes.by_conversation(alpha_parts(counts, ANSWERS))
    sums = sums[sums[:, 0] > 0]
    n = int(twice.sum())
    value, seen, expected = (float(one) for one in alpha(sums.sum(axis=0), len(ANSWERS)))
    if isnan(value):
        return undefined(_why_no_chance(n, "these duels"), n)
    drawn, _, _ = alpha(resampled(sums), len(ANSWERS))
    return Figure(wider(percentile_interval(value, drawn), _corrected(_wilson(seen, sums), expected)), n)


def _corrected(seen: Interval, expected: float) -> Interval:
    """Put the ends of an observed agreement on the scale of a coefficient, with chance as it was found."""
    return Interval(*(1 - (1 - one) / expected for one in seen))


def _why_no_chance(duels: int, which: str) -> str:
    if duels == 1:
        return "a single duel was judged by both or more, and they agree: there is no chance to compare with"
    return f"every verdict on {which} is the same, so nothing shows that another one was possible"


def _each_two(votes: Counted) -> tuple[TwoAnnotators, ...]:
    """Return every two annotators with a duel in common, the most common duels first, then by id."""
    left, right = _same_duel(votes)
    if not len(left):
        return ()
    names = np.array(votes.annotators, dtype=object)
    swapped = names[votes.annotator[left]] > names[votes.annotator[right]]
    left, right = np.where(swapped, right, left), np.where(swapped, left, right)
    two = votes.annotator[left] * len(names) + votes.annotator[right]
    order = np.argsort(two, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(two[order])) + 1)
    found = [_two(votes, left[group], right[group]) for group in groups]
    return tuple(sorted(found, key=lambda one: (-one.duels, one.first, one.second)))


def _same_duel(votes: Counted) -> tuple[Ints, Ints]:
    """Return every pair of ballots on one duel, as places."""
    order = np.argsort(votes.duel, kind="stable")
    duel, lefts, rights = votes.duel[order], [], []
    for step in range(1, int(votes.counts().sum(axis=1).max(initial=1))):
        at = np.flatnonzero(duel[step:] == duel[:-step])
        lefts.append(order[at])
        rights.append(order[at + step])
    empty = np.zeros(0, dtype=np.int64)
    return np.concatenate([empty, *lefts]), np.concatenate([empty, *rights])


def _two(votes: Counted, left: Ints, right: Ints) -> TwoAnnotators:
    one_hot = np.eye(CHOICES)
    parts = kappa_parts(one_hot[votes.choice[left]], one_hot[votes.choice[right]], ANSWERS)
    conversations = np.unique(votes.of_conversation[votes.duel[left]], return_inverse=True)[1]
    sums = summed(parts, conversations)
    value, seen, expected = (float(one) for one in kappa(sums.sum(axis=0), len(ANSWERS)))
    drawn = resampled(sums)
    coefficient, agreed, _ = kappa(drawn, len(ANSWERS))
    among, duels = _wilson(seen, sums), len(left)
    corrected = undefined(_why_no_chance(duels, "the duels of both"), duels)
    if not isnan(value):
        corrected = Figure(wider(percentile_interval(value, coefficient), _corrected(among, expected)), duels)
    return TwoAnnotators(
        first=votes.annotators[votes.annotator[left[0]]],
        second=votes.annotators[votes.annotator[right[0]]],
        duels=duels,
        raw=Figure(wider(percentile_interval(seen, agreed), among), duels),
        kappa=corrected,
    )
