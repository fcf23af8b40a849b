"""The decision rule, on evidence: which experts layer 1 matched, and what layer 2 scored.

Every decision of the lab is one call of `judge`: the Route page, a what-if, a flip, the command line. It does no text
and no vectors, so it can be asked again for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from math import isnan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.types import ConflictPolicy, Layer, Match, RouterConfig, StrategyName

SCALE = 1_000_000
"""Scores and margins are kept to 6 decimals: finer differences are noise of the encoder's batches."""

STEP = 1 / SCALE


def rounded(value: float) -> float:
    """Round to 6 decimals, ties to even: the same bits as `rounded_array`."""
    return round(value * SCALE) / SCALE


def rounded_array(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round each value to 6 decimals, ties to even."""
    return np.rint(values * SCALE) / SCALE


@dataclass(frozen=True, slots=True)
class Rule:
    """What a router configuration says about evidence. Experts are in their order, which settles ties."""

    strategy: StrategyName
    experts: tuple[str, ...]
    fallback: str
    on_conflict: ConflictPolicy
    thresholds: tuple[float, ...]
    min_margin: float

    @classmethod
    def of(cls, config: RouterConfig) -> Rule:
        """Return the rule of a configuration."""
        return cls(
            strategy=config.strategy,
            experts=tuple(expert.name for expert in config.experts),
            fallback=config.fallback,
            on_conflict=config.on_conflict,
            thresholds=tuple(float(config.threshold_of(expert)) for expert in config.experts),
            min_margin=float(config.min_margin),
        )

    def settle(self, matched: Collection[str]) -> str | None:
        """Return the expert that layer 1 decides for, or None when it does not decide."""
        if not matched or (len(matched) > 1 and self.on_conflict == "defer"):
            return None
        return next(expert for expert in self.experts if expert in matched)

    def claim(self, scores: Sequence[float]) -> Claim:
        """Return the expert with the best score (NaN: no score), and whether layer 2 lets it claim the prompt."""
        best, score, runner_up = -1, float("-inf"), float("-inf")
        for index, value in enumerate(scores):
            if isnan(value):
                continue
            if value > score:
                best, score, runner_up = index, value, score
            elif value > runner_up:
                runner_up = value
        if best < 0:
            return Claim(None, None, None, passes=False)
        margin = None if runner_up == float("-inf") else rounded(score - runner_up)
        passes = score >= self.thresholds[best] and (margin is None or margin >= self.min_margin)
        return Claim(self.experts[best], score, margin, passes=passes)


@dataclass(frozen=True, slots=True)
class Claim:
    """What layer 2 says: the best expert (None: nobody has a score), and whether it may claim the prompt."""

    expert: str | None
    score: float | None
    margin: float | None
    passes: bool


class Verdict(NamedTuple):
    """The outcome of the rule."""

    expert: str
    layer: Layer
    score: float | None = None
    margin: float | None = None


_NOBODY: frozenset[str] = frozenset()


def experts_of(matches: Collection[Match]) -> Collection[str]:
    """Return the experts that layer 1 matched."""
    return {match.expert for match in matches} if matches else _NOBODY


def judge(rule: Rule, matched: Collection[str], scores: Callable[[], Sequence[float]]) -> Verdict:
    """Apply the rule. `matched`: the experts with a match in layer 1; `scores` is called only when layer 2 runs."""
    if rule.strategy != "semantic":
        winner = rule.settle(matched)
        if winner is not None:
            return Verdict(winner, Layer.KEYWORD)
        if rule.strategy == "keyword":
            return Verdict(rule.fallback, Layer.FALLBACK)
    claim = rule.claim(scores())
    if claim.expert is not None and claim.passes:
        return Verdict(claim.expert, Layer.SEMANTIC, claim.score, claim.margin)
    return Verdict(rule.fallback, Layer.FALLBACK, claim.score, claim.margin)
