"""Each annotator against the rest: how often one says what most of the others say of the same duel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lab.forensics.metrics import percentile_interval, wilson
from lab.judging import Ballot
from lab.preferences.counted import Counted, Floats, Sifted, summed
from lab.preferences.figure import Figure, undefined, wider
from lab.preferences.resampling import resampled


@dataclass(frozen=True, slots=True)
class AgainstRest:
    """One annotator's share of agreement with the majority of the others.

    `alone` counts duels that nobody else judged, `split` those on which the others have no majority: neither is in the
    share.
    """

    share: Figure
    alone: int
    split: int


def against_rest(ballots: Sequence[Ballot]) -> dict[str, AgainstRest]:
    """Return each annotator against the rest, by annotator id.

    The majority is what more of the others said than said anything else; it leaves the annotator out, who would else
    agree with their own vote. Interval: bootstrap by conversation, not narrower than Wilson's with an observation a
    conversation.
    """
    return against_rest_of(Sifted(ballots).votes)


def against_rest_of(votes: Counted) -> dict[str, AgainstRest]:
    """Return the same from the columns of the ballots that count for agreement."""
    others = votes.counts()[votes.duel]
    others[np.arange(len(votes)), votes.choice] -= 1
    most = others.max(axis=1, initial=0.0)
    clear = (most > 0) & ((others == most[:, None]).sum(axis=1) == 1)
    agrees = clear & (others.argmax(axis=1) == votes.choice)
    return {name: _one(votes, place, others, clear, agrees) for place, name in enumerate(votes.annotators)}


def _one(votes: Counted, annotator: int, others: Floats, clear: np.ndarray, agrees: np.ndarray) -> AgainstRest:
    mine = votes.annotator == annotator
    alone = int((mine & (others.sum(axis=1) == 0)).sum())
    asked = mine & clear
    n = int(asked.sum())
    split = int(mine.sum()) - alone - n
    if not n:
        why = "the others are split on every duel in common" if split else "nobody else judged a duel of theirs"
        return AgainstRest(undefined(why), alone, split)
    groups = np.unique(votes.of_conversation[votes.duel[asked]], return_inverse=True)[1]
    sums = summed(np.column_stack([agrees[asked], np.ones(n)]), groups)
    value = float(agrees[asked].mean())
    drawn = resampled(sums)
    interval = wider(percentile_interval(value, drawn[:, 0] / drawn[:, 1]), wilson(value * len(sums), len(sums)))
    return AgainstRest(Figure(interval, n), alone, split)
