"""Who wins: Bradley-Terry ratings and win rates of contenders, with what they rest on.

What counts (`counted.py` says which rounds and annotators):

- Only duels sampled by chance say how contenders compare on the prompts that were offered. Duels that came from a
  thumbs-down, or hardest first, are picked against somebody; each such origin is rated apart, never mixed in.
- A duel counts once, however many voted: each of its votes weighs 1 / votes. n is duels.
- Equally good is half a win of each. Both bad says nothing of which is better: such votes are left out and counted.
- Where duels were sampled with different probabilities, each weighs 1 / probability (Horvitz and Thompson, 1952), so
  that the rating is of all prompts that were offered; weights are scaled to a mean of 1. Where a probability is not
  known, all weigh the same, which is exact where they are equal, as in one random draw.
- A duel between two settings under one name cannot be rated and is counted.
- Fewer than LEAST_DUELS duels: no number.

The scale is log-odds; contenders that met, directly or through others, are one group and have mean 0 in it. Intervals:
bootstrap by conversation, not narrower than the curvature's normal interval (a bootstrap of unbeaten contenders has no
width), and Wilson's for win rates. Both formulas count what the duels are worth: those of one conversation are one
observation, and unequal weights are worth fewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from lab.forensics.metrics import Z95, Interval, percentile_interval, wilson
from lab.judging import Ballot, DuelOrigin, SampleRule
from lab.preferences.bradley_terry import fit, spread
from lab.preferences.counted import blind, first_round, others_work, people
from lab.preferences.figure import Figure, undefined, wider
from lab.preferences.met import Met, met_in

PENALTY = 0.1
"""As if each strength were drawn from a normal distribution with standard deviation 1 / sqrt(0.1), about 3.2."""

LEAST_DUELS = 10
_SAMPLES = 500
_TOO_FEW = f"too few votes: fewer than {LEAST_DUELS} duels"


@dataclass(frozen=True, slots=True)
class Contender:
    """One expert or model. `strength` is in log-odds; `against_mean` its chance to beat the mean of its group."""

    name: str
    duels: int
    wins: float  # a tie is half a win, a duel one at most
    group: int  # strengths compare within a group alone
    strength: Figure
    against_mean: Figure


@dataclass(frozen=True, slots=True)
class Ratings:
    """Ratings of one pool of ballots. `rates[row, column]` is how often row beats column, where they met.

    `votes` counted, on `duels` of `conversations`; `both_bad` votes and `one_name` duels did not. `effective` is how
    many equally weighted duels these are worth (Kish, 1965).
    """

    contenders: tuple[Contender, ...]  # by group, the strongest first, then those with too few votes
    rates: dict[tuple[str, str], Figure]
    votes: int
    duels: int
    conversations: int
    both_bad: int
    one_name: int
    weighted: bool
    effective: float


def by_chance(ballots: Sequence[Ballot]) -> list[Ballot]:
    """Return the ballots that may be rated together: people's, on duels that were sampled by chance."""
    return [one for one in people(ballots) if one.by_chance]


def by_origin(ballots: Sequence[Ballot]) -> dict[tuple[DuelOrigin, SampleRule], list[Ballot]]:
    """Return the other ballots by origin and sample rule: each is a pool of its own."""
    pools: dict[tuple[DuelOrigin, SampleRule], list[Ballot]] = {}
    for one in ballots:
        if not one.by_chance:
            pools.setdefault((one.origin, one.rule), []).append(one)
    return dict(sorted(pools.items()))


def by_query_type(ballots: Sequence[Ballot]) -> dict[str, list[Ballot]]:
    """Return ballots by query type; those without one are in none."""
    pools: dict[str, list[Ballot]] = {}
    for one in ballots:
        if one.query_type:
            pools.setdefault(one.query_type, []).append(one)
    return dict(sorted(pools.items()))


def ratings(ballots: Sequence[Ballot], penalty: float = PENALTY) -> Ratings:
    """Return the ratings of one pool of ballots; choose the pool before."""
    return ratings_of(judged(ballots), penalty)


def judged(ballots: Sequence[Ballot]) -> list[Ballot]:
    """Return the ballots that a rating looks at: of the first round, blind, on what others wrote; both bad too."""
    return blind(first_round(others_work(ballots)))


def rated_duels(voted: Sequence[Ballot]) -> int:
    """Return how many duels `judged` ballots rate."""
    return len({one.duel_id for one in voted if one.verdict != "both_bad" and one.first_name != one.second_name})


def ratings_of(voted: Sequence[Ballot], penalty: float = PENALTY) -> Ratings:
    """Return the ratings of `judged` ballots."""
    saying = [one for one in voted if one.verdict != "both_bad"]
    counting = [one for one in saying if one.first_name != one.second_name]
    met = met_in(counting)
    return Ratings(
        contenders=_contenders(met, penalty) if len(met) else (),
        rates=_rates(met),
        votes=len(counting),
        duels=len(met),
        conversations=int(met.conversation.max(initial=-1)) + 1,
        both_bad=len(voted) - len(saying),
        one_name=len({one.duel_id for one in saying if one.first_name == one.second_name}),
        weighted=len(set(met.weight.tolist())) > 1,
        effective=met.effective(),
    )


def _contenders(met: Met, penalty: float) -> tuple[Contender, ...]:
    wins = met.wins()
    strengths = fit(wins, penalty)
    groups = connected_components(sparse.csr_array(wins), directed=False)[1]
    error = spread(wins * (met.worth() / len(met)), strengths, penalty, groups)
    drawn = fit(met.resampled(_SAMPLES), penalty)
    found = []
    for place, name in enumerate(met.names):
        as_first, as_second = met.first == place, met.second == place
        duels = int((as_first | as_second).sum())
        value, width = float(strengths[place]), Z95 * float(error[place])
        interval = wider(percentile_interval(value, drawn[:, place]), Interval(value, value - width, value + width))
        enough = duels >= LEAST_DUELS
        found.append(
            Contender(
                name=name,
                duels=duels,
                wins=float(met.score[as_first].sum() + (1 - met.score[as_second]).sum()),
                group=int(groups[place]),
                strength=Figure(interval, duels) if enough else undefined(_TOO_FEW, duels),
                against_mean=Figure(Interval(*map(_chance, interval)), duels) if enough else undefined(_TOO_FEW, duels),
            )
        )
    return tuple(sorted(found, key=_rank))


def _rates(met: Met) -> dict[tuple[str, str], Figure]:
    """Return how often each beats each other that it met, with Wilson's interval, on conversations."""
    k = len(met.names)
    low, high = np.minimum(met.first, met.second), np.maximum(met.first, met.second)
    score = np.where(met.first == low, met.score, 1 - met.score)
    rates: dict[tuple[str, str], Figure] = {}
    for pair in np.unique(low * k + high).tolist():
        at = (low * k + high) == pair
        one, other = met.names[pair // k], met.names[pair % k]
        share, n = float(np.average(score[at], weights=met.weight[at])), int(at.sum())
        worth = met.worth(at)
        for row, column, won in ((one, other, share), (other, one, 1 - share)):
            enough = n >= LEAST_DUELS
            rates[row, column] = Figure(wilson(won * worth, worth), n) if enough else undefined(_TOO_FEW, n)
    return rates


def _rank(one: Contender) -> tuple[int, bool, float, str]:
    value = one.strength.value
    return one.group, value is None, -value.value if value is not None else 0.0, one.name


def _chance(log_odds: float) -> float:
    return 1 / (1 + exp(-log_odds))
