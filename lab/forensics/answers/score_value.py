"""What the score of layer 2 is worth as the choice between a weak and a strong expert: PGR, APGR, CPT and AIQ.

The threshold of the expert that is not the fallback is swept over every observed score; what layer 1 decides stays as
it is. So the router itself is measured and not its scores alone: the curve runs from the weak expert alone through
every setting of the threshold to the strong expert alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan

import numpy as np

from lab.forensics.answers.quality import NOT_TOLD, Floats, Rated
from lab.forensics.answers.value import aiq, apgr, cpt, pgr, strong_curve
from lab.forensics.evidence import Ints, Outcomes
from lab.forensics.grid_search.axes import Axis, own
from lab.forensics.grid_search.cells import ALWAYS, Reach
from lab.forensics.metrics import Interval, percentile_interval, resampled_groups
from lab.forensics.sample import Measured, Stakes
from lab.types import RouterConfig

WANTED = 0.5
"""The part of the gap whose price in calls is told: CPT(50 %)."""

_SAMPLES = 300
_LEAST_SAMPLES = 60
_WORK = 1_000_000  # rows × samples: a second or two


@dataclass(frozen=True, slots=True)
class ScoreValue:
    """A router between a weak and a strong expert, on `n` rows with outcomes; intervals by bootstrap of groups.

    `why_not` says why PGR, APGR and CPT are NaN: where the strong expert may be no better there is no gap to recover.
    Where the threshold moves no row at all, AIQ is NaN too: these would be the figures of chance.
    """

    weak: str
    strong: str  # the dearer; where both cost the same, the fallback
    by_cost: bool
    n: int
    moved: int  # of them, rows that go to one or the other by the threshold
    weak_quality: Interval
    strong_quality: Interval
    calls: float  # share of the rows that the router sends to the strong expert, as it stands
    pgr: Interval  # of the router as it stands
    apgr: Interval
    cpt: Interval  # the share of strong calls that recovers `WANTED` of the gap
    aiq: Interval  # mean quality over the costs; NaN where both cost the same
    why_not: str = ""


def strong_expert(config: RouterConfig, stakes: Stakes) -> str | None:
    """Return the dearer of two experts; the fallback where both cost the same.

    None for a router whose threshold does not choose between two experts: other than two of them, nobody as the
    fallback, or no layer 2.
    """
    names = [expert.name for expert in config.experts]
    if len(names) != 2 or config.fallback not in names or config.strategy == "keyword":
        return None
    first, second = stakes.calls(names)[:-1].tolist()
    return config.fallback if first == second else names[int(second > first)]


def sweep_keys(measured: Measured, strong: str) -> Floats:
    """Return the order in which rows go to the strong expert as the threshold is swept, highest first, shape (n,).

    Rows that no threshold moves are infinite: +inf always go to the strong expert, −inf never.
    """
    config = measured.config
    names = [expert.name for expert in config.experts]
    swept = next(name for name in names if name != config.fallback)
    reach = Reach(measured, [Axis(own(swept), (-1.0,))])
    critical = reach.critical[:, 0]
    settled: Ints = np.where(critical == ALWAYS, reach.claimed.expert, reach.otherwise.expert)
    fixed = np.where(settled == names.index(strong), np.inf, -np.inf)
    moving = critical if swept == strong else -critical
    return np.where(np.isfinite(critical), moving, fixed)


def score_value(
    measured: Measured, rated: Rated, decided: Outcomes, stakes: Stakes, *, seed: int = 0
) -> ScoreValue | None:
    """Return what the score of a router is worth on the rated rows; None where `strong_expert` names nobody.

    `decided`: what is decided for the rows of the sample, whose PGR is told.
    """
    name = strong_expert(measured.config, stakes)
    if name is None:
        return None
    experts = measured.sample.experts
    strong = experts.index(name)
    costs = stakes.calls(experts)[[1 - strong, strong]]
    sent, keys = decided.expert[rated.places], sweep_keys(measured, name)[rated.places]
    columns = np.column_stack([
        rated.known[:, 1 - strong],
        rated.known[:, strong],
        keys,
        rated.known[np.arange(len(rated)), sent],
    ])  # fmt: skip
    value, drawn = _figures(columns, costs), _drawn(columns, costs, rated.groups, seed)
    gap, *told = [percentile_interval(one, column) for one, column in zip(value.tolist(), drawn.T, strict=True)]
    moved = int(np.count_nonzero(np.isfinite(keys)))
    why_not = _why_not(name, experts[1 - strong], gap, len(rated))
    if why_not:
        told[:3] = [NOT_TOLD] * 3
    if not moved:
        why_not = f"Undefined: no threshold moves any of the {len(rated):,} rows from one expert to the other."
        told = [NOT_TOLD] * 4
    return ScoreValue(
        weak=experts[1 - strong],
        strong=name,
        by_cost=bool(costs[0] != costs[1]),
        n=len(rated),
        moved=moved,
        weak_quality=rated.always(1 - strong),
        strong_quality=rated.always(strong),
        calls=float(np.mean(sent == strong)),
        pgr=told[0],
        apgr=told[1],
        cpt=told[2],
        aiq=told[3],
        why_not=why_not,
    )


def _figures(columns: Floats, costs: Floats) -> Floats:
    """Return the gap, PGR, APGR, CPT and AIQ of rows (weak, strong, key, quality as decided)."""
    weak, strong, keys, routed = columns.T
    curve = strong_curve(weak, strong, keys)
    spent = costs[0] + curve.shares * (costs[1] - costs[0])
    recovered = [nan, nan, nan]
    if curve.strong > curve.weak:
        recovered = [pgr(float(routed.mean()), curve.weak, curve.strong), apgr(curve), cpt(curve, WANTED)]
    gained = aiq(spent.tolist(), curve.qualities.tolist())
    return np.array([curve.strong - curve.weak, *recovered, gained])


def _drawn(columns: Floats, costs: Floats, groups: Ints, seed: int) -> Floats:
    """Return the figures of bootstrap samples of groups, shape (samples, figures)."""
    if len(np.unique(groups)) < 2:
        return np.full((1, 5), np.nan)
    count = min(_SAMPLES, max(_LEAST_SAMPLES, _WORK // len(columns)))
    draws = resampled_groups(groups, seed, count)
    return np.array([_figures(np.repeat(columns, times, axis=0), costs) for times in draws])


def _why_not(strong: str, weak: str, gap: Interval, n: int) -> str:
    if isnan(gap.low):
        return f"Undefined: all {n:,} prompts are near-duplicates of each other, so that no interval can be told."
    if gap.low > 0:
        return ""
    worse = "is worse" if gap.high < 0 else "may be no better"
    return f"Undefined: the answers of {strong} are {gap} better than those of {weak} (n = {n:,}): it {worse}."
