"""Two routers on the same prompts: what the second fixes and breaks, what that costs, and whether it is real."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isnan, nan, sqrt
from typing import Literal, NamedTuple

import numpy as np

from lab.forensics.evidence import FALLBACK, Bools, Ints, Outcomes
from lab.forensics.measures import COST, MACRO_F1, Values, predicted, ratio
from lab.forensics.metrics import (
    Interval,
    effective_rows,
    mcnemar,
    paired_wald,
    percentile_interval,
    resampled_groups,
    wilson,
)
from lab.forensics.sample import Sample, Stakes

Verdict = Literal["better", "worse", "not told apart", "same"]
_SAMPLES = 2_000
_PERMUTATIONS = 10_000


@dataclass(frozen=True, slots=True)
class Paired:
    """A measure of both routers, and their difference (second minus first) with its 95 % interval.

    Of accuracy the adjusted Wald interval for pairs, near-duplicates counting as one; else a bootstrap by group.
    """

    first: float
    second: float
    difference: Interval


class Told(NamedTuple):
    """A measure that a goal asks for: of the first router, of the second with its interval, and their difference."""

    measure: str
    first: float
    second: Interval
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
    told: tuple[Told, ...]  # the measures of a goal

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
        """Rows needed in all to show a difference of this size in four of five tries (p < .05).

        None without a difference, and where near-duplicates make rows a wrong count. The usual normal approximation
        for McNemar's test (Connett, Smith & McHugh, 1987).
        """
        discordant = (len(self.fixed) + len(self.broken)) / self.n
        difference = abs(len(self.fixed) - len(self.broken)) / self.n
        if not difference or self.by_group:
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
    measures: Sequence[str] = (),
    seed: int = 0,
) -> Comparison:
    """Set two routers' outcomes on the same rows side by side, n ≥ 1. `measures` are told besides."""
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
        accuracy=_difference(sample, first, second),
        calls={
            sample.name(code): (float(shares[0][code]), float(shares[1][code]))
            for code in np.flatnonzero(shares[0] + shares[1]).tolist()
        },
        cost=_paired(*(_drawn(sample, out, COST, stakes, draws) for out in (first, second))),
        told=tuple(_told(sample, first, second, name, stakes, draws) for name in measures),
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


def _weights(sample: Sample) -> Values:
    return np.ones(len(sample)) if sample.weights is None else sample.weights


def _difference(sample: Sample, first: Outcomes, second: Outcomes) -> Paired:
    """The accuracy of both; near-duplicates count as one opinion, by the design effect of the difference."""
    weights, before, after = _weights(sample), _f(sample.right(first)), _f(sample.right(second))
    total = float(weights.sum())
    up, down = (float((weights * (one > other)).sum()) / total for one, other in ((after, before), (before, after)))
    rows = effective_rows(after - before, sample.groups, weights)
    return Paired(
        float((weights * before).sum()) / total,
        float((weights * after).sum()) / total,
        paired_wald(up * rows, down * rows, rows),
    )


def _paired(first: Values, second: Values) -> Paired:
    """A measure of both, each as `_drawn` has it, and their difference sample by sample."""
    difference = second - first
    return Paired(float(first[0]), float(second[0]), percentile_interval(float(difference[0]), difference[1:]))


def _drawn(sample: Sample, out: Outcomes, name: str, stakes: Stakes, draws: Ints) -> Values:
    """A measure on all rows, and then on each bootstrap sample."""
    weights = np.vstack([_weights(sample), draws * _weights(sample)])
    if name == MACRO_F1:
        return _macro_f1(sample, out, weights)
    measure = ratio(name, sample, stakes)
    over, under = weights @ measure.over(out), weights @ measure.under(out)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Values = np.where(under > 0, over / under, nan)
    return found


def _macro_f1(sample: Sample, out: Outcomes, weights: Values) -> Values:
    guess, total = predicted(sample, out), np.zeros(len(weights))
    classes = np.unique(sample.labels)
    for code in classes.tolist():
        actual, called = sample.labels == code, guess == code
        total += 2 * (weights @ _f(actual & called)) / np.maximum(weights @ (_f(actual) + _f(called)), 1e-12)
    return total / len(classes)


def _told(sample: Sample, first: Outcomes, second: Outcomes, name: str, stakes: Stakes, draws: Ints) -> Told:
    before, after = (_drawn(sample, out, name, stakes, draws) for out in (first, second))
    interval = percentile_interval(float(after[0]), after[1:])
    if name != MACRO_F1:
        measure = ratio(name, sample, stakes)
        over, under = measure.over(second), measure.under(second)
        if np.isin(under, (0.0, 1.0)).all() and np.isin(over, (0.0, 1.0)).all():
            interval = _share(sample, over, under > 0)
    return Told(name, float(before[0]), interval, _paired(before, after).difference)


def _share(sample: Sample, hits: Values, some: Bools) -> Interval:
    """A share of some rows with its Wilson interval on as many rows as those are worth."""
    weights = _weights(sample)[some]
    if not weights.sum():
        return Interval(nan, nan, nan)
    rows = effective_rows(hits[some], sample.groups[some], weights)
    return wilson(float((weights * hits[some]).sum() / weights.sum()) * rows, rows)


def accuracy_of(sample: Sample, decided: Outcomes) -> Interval:
    """Return the accuracy of one router with its Wilson interval; near-duplicates count as one opinion."""
    return _share(sample, _f(sample.right(decided)), np.ones(len(sample), dtype=bool))


def _f(mask: Bools) -> Values:
    return mask.astype(np.float64)


def in_words(found: Comparison, *, second: str, first: str) -> str:
    """Return what a comparison says, as a sentence or two without Markdown."""
    fixed, broken, n = len(found.fixed), len(found.broken), found.n
    counts = f"It fixes {fixed} of {n:,} prompts and breaks {broken}"
    if found.verdict == "same":
        moved = len(found.moved)
        return f"{second[:1].upper()}{second[1:]} is right and wrong on the same {n:,} prompts as {first}" + (
            f"; {moved} of them go by another layer or to another wrong expert." if moved else "."
        )
    low, high = found.accuracy.difference.low, found.accuracy.difference.high
    size = f"accuracy {found.accuracy.difference.value:+.3f} [{low:+.3f}, {high:+.3f}], {p_said(found.p_value)}"
    if found.verdict == "not told apart":
        more = found.rows_to_tell
        enough = f" A difference of this size would take about {more:,} prompts to show." if more else ""
        return f"{counts}: not enough to tell it from {first} ({size}).{enough}"
    return f"{counts}: {second} is {found.verdict} than {first} ({size})."


def p_in_words(p_value: float) -> str:
    """Return a p-value at a precision it has: ".062", "< .001"."""
    if isnan(p_value):
        return "–"
    return "< .001" if p_value < 0.001 else f"{p_value:.3f}".lstrip("0") if p_value < 1 else "1"


def p_said(p_value: float) -> str:
    """Return a p-value for a sentence: "p = .062", "p < .001"."""
    told = p_in_words(p_value)
    return f"p {told}" if told.startswith("<") else f"p = {told}"


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
