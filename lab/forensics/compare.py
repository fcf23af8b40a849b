"""Two routers on the same prompts: what the second fixes and breaks, what that costs, and whether it is real."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isnan, nan, sqrt
from typing import Literal

import numpy as np

from lab.forensics.evidence import FALLBACK, Bools, Ints, Outcomes
from lab.forensics.measures import Values, ratio
from lab.forensics.metrics import Interval, mcnemar, percentile_interval, resampled_groups
from lab.forensics.sample import Sample, Stakes

Verdict = Literal["better", "worse", "not told apart", "same"]
_SAMPLES = 2_000
_PERMUTATIONS = 10_000


@dataclass(frozen=True, slots=True)
class Paired:
    """A measure of both routers, and their difference (second minus first) with its paired bootstrap interval."""

    first: float
    second: float
    difference: Interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """The second router against the first, prompt by prompt. Rows are places in the sample."""

    n: int
    groups: int
    fixed: Ints  # wrong by the first, right by the second
    broken: Ints
    both_wrong: Ints
    moved: Ints  # another expert or layer, right or wrong
    p_value: float  # exact McNemar; permuted by group where near-duplicates share one
    by_group: bool
    accuracy: Paired
    calls: dict[str, tuple[float, float]]  # share of calls by expert; those that either router calls
    cost: Paired
    goal: Paired | None  # the goal's own measure, where it is not accuracy

    @property
    def verdict(self) -> Verdict:
        """What the prompts say of accuracy: never better or worse inside the noise."""
        if not len(self.fixed) and not len(self.broken):
            return "same"
        if self.p_value >= 0.05:
            return "not told apart"
        return "better" if len(self.fixed) > len(self.broken) else "worse"

    @property
    def rows_to_tell(self) -> int | None:
        """Rows needed in all to show a difference of this size in four of five tries (p < .05); None without one.

        The usual normal approximation for McNemar's test (Connett, Smith & McHugh, 1987).
        """
        discordant = (len(self.fixed) + len(self.broken)) / self.n
        difference = abs(len(self.fixed) - len(self.broken)) / self.n
        if not difference:
            return None
        spread = 1.96 * sqrt(discordant) + 0.84 * sqrt(max(discordant - difference**2, 0.0))
        return ceil((spread / difference) ** 2)


@dataclass(frozen=True, slots=True)
class Discordant:
    """The rows that one of two routers alone gets right, by place, and whether their difference is chance."""

    fixed: Ints
    broken: Ints
    p_value: float
    by_group: bool


def discordant(sample: Sample, first: Outcomes, second: Outcomes, seed: int = 0) -> Discordant:
    """Return what the second router fixes and breaks, with the p-value: McNemar's, or by group where copies exist."""
    before, after = sample.right(first), sample.right(second)
    _, group = np.unique(sample.groups, return_inverse=True)
    grouped = len(group) > 0 and int(group.max()) + 1 < len(sample)
    p_value = _permuted(before, after, group, seed) if grouped else _exact(before, after)
    return Discordant(np.flatnonzero(~before & after), np.flatnonzero(before & ~after), p_value, grouped)


def compare(
    sample: Sample,
    first: Outcomes,
    second: Outcomes,
    *,
    stakes: Stakes | None = None,
    goal: str | None = None,
    seed: int = 0,
) -> Comparison:
    """Set two routers' outcomes on the same rows side by side. `goal` names a further measure to compare."""
    stakes = stakes or Stakes()
    differ = discordant(sample, first, second, seed)
    draws = resampled_groups(sample.groups, seed, _samples(len(sample)))
    shares = [
        np.bincount(out.expert, minlength=len(sample.experts) + 1) / max(len(sample), 1) for out in (first, second)
    ]
    return Comparison(
        n=len(sample),
        groups=len(np.unique(sample.groups)),
        fixed=differ.fixed,
        broken=differ.broken,
        both_wrong=np.flatnonzero(~sample.right(first) & ~sample.right(second)),
        moved=np.flatnonzero((first.expert != second.expert) | (first.layer != second.layer)),
        p_value=differ.p_value,
        by_group=differ.by_group,
        accuracy=_paired(sample, first, second, "accuracy", stakes, draws),
        calls={
            sample.name(code): (float(shares[0][code]), float(shares[1][code]))
            for code in np.flatnonzero(shares[0] + shares[1]).tolist()
        },
        cost=_paired(sample, first, second, "cost", stakes, draws),
        goal=None if goal in (None, "accuracy", "macro_f1") else _paired(sample, first, second, goal, stakes, draws),
    )


def _samples(n: int) -> int:
    return max(200, min(_SAMPLES, 10_000_000 // max(n, 1)))


def _exact(before: Bools, after: Bools) -> float:
    return mcnemar(int(np.count_nonzero(before & ~after)), int(np.count_nonzero(~before & after)))


def _permuted(before: Bools, after: Bools, group: Ints, seed: int) -> float:
    """Return the p-value of swapping the two routers in whole groups at random (a sign flip a group)."""
    net = np.bincount(group, weights=after.astype(float) - before.astype(float))
    net = net[net != 0]
    if not len(net):
        return 1.0
    draw = np.random.default_rng(seed)
    observed, extreme = abs(net.sum()), 0
    for _ in range(0, _PERMUTATIONS, 500):
        signs = draw.integers(0, 2, (500, len(net))) * 2 - 1
        extreme += int(np.count_nonzero(np.abs(signs @ net) >= observed - 1e-9))
    return (extreme + 1) / (_PERMUTATIONS + 1)


def _paired(sample: Sample, first: Outcomes, second: Outcomes, name: str, stakes: Stakes, draws: Ints) -> Paired:
    measure = ratio(name, sample, stakes)
    base = np.ones(len(sample)) if sample.weights is None else sample.weights
    weights = np.vstack([base, draws * base])
    values: list[Values] = []
    for out in (first, second):
        over, under = weights @ measure.over(out), weights @ measure.under(out)
        with np.errstate(invalid="ignore", divide="ignore"):
            values.append(np.where(under > 0, over / under, nan))
    difference = values[1] - values[0]
    return Paired(float(values[0][0]), float(values[1][0]), percentile_interval(float(difference[0]), difference[1:]))


def accuracy_of(sample: Sample, decided: Outcomes, seed: int = 0) -> Interval:
    """Return the accuracy of one router with its bootstrap interval by group."""
    right = sample.right(decided).astype(np.float64)
    base = np.ones(len(sample)) if sample.weights is None else sample.weights
    draws = resampled_groups(sample.groups, seed, _samples(len(sample))) * base
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = (draws @ right) / draws.sum(axis=1)
    return percentile_interval(float((right * base).sum() / base.sum()), drawn)


def in_words(found: Comparison, *, second: str, first: str) -> str:
    """Return what a comparison says, as a sentence or two without Markdown."""
    fixed, broken, n = len(found.fixed), len(found.broken), found.n
    counts = f"It fixes {fixed} of {n:,} prompts and breaks {broken}"
    if found.verdict == "same":
        moved = len(found.moved)
        return f"{second} is right and wrong on the same {n:,} prompts as {first}" + (
            f"; {moved} of them go by another layer or to another wrong expert." if moved else "."
        )
    low, high = found.accuracy.difference.low, found.accuracy.difference.high
    size = f"accuracy {found.accuracy.difference.value:+.3f} [{low:+.3f}, {high:+.3f}], p = {p_in_words(found.p_value)}"
    if found.verdict == "not told apart":
        more = found.rows_to_tell
        enough = f" A difference of this size would take about {more:,} prompts to show." if more else ""
        return f"{counts}: not enough to tell it from {first} ({size}).{enough}"
    return f"{counts}: {second} is {found.verdict} than {first} ({size})."


def p_in_words(p_value: float) -> str:
    """Return a p-value at a precision it has."""
    if isnan(p_value):
        return "–"
    return "< .001" if p_value < 0.001 else f"{p_value:.3f}".lstrip("0") if p_value < 1 else "1"


def confusion(sample: Sample, decided: Outcomes) -> tuple[tuple[str, ...], tuple[str, ...], Ints]:
    """Return labels, decisions and the counts of each pair, shape (labels, decisions), of those that occur.

    A fallback decision stands in a column of its own, `fallback (expert)`, since for `none` it is right.
    """
    codes = np.where(decided.layer == FALLBACK, len(sample.experts) + 1, decided.expert)
    labels, rows = np.unique(sample.labels, return_inverse=True)
    decisions, columns = np.unique(codes, return_inverse=True)
    counts = np.bincount(rows * len(decisions) + columns, minlength=len(labels) * len(decisions))
    fallback = decided.expert[codes == len(sample.experts) + 1]
    named = [
        sample.name(code) if code <= len(sample.experts) else f"fallback ({sample.name(int(fallback[0]))})"
        for code in decisions.tolist()
    ]
    return (
        tuple(sample.name(code) for code in labels.tolist()),
        tuple(named),
        counts.reshape(len(labels), len(decisions)).astype(np.int64),
    )
