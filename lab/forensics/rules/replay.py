"""Labelled rows settled again with one thing changed: the rule on evidence that is already there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from lab.errors import DatasetError, SearchError
from lab.forensics.effect import Effect, is_right
from lab.routing.rule import Rule, Verdict, judge
from lab.types import RouterConfig

Floats = NDArray[np.float64]

_NOBODY: frozenset[str] = frozenset()


class Replay:
    """The decisions of one router on labelled rows, and what they would be had layer 1 matched otherwise.

    `matched`: the experts that layer 1 matched, by row; `scores`: what layer 2 scored, shape (n, experts), NaN for an
    expert without a score; None for a router without layer 2.
    Raises DatasetError for a row without a label, SearchError for columns that do not fit.
    """

    def __init__(
        self, config: RouterConfig, labels: Sequence[str], matched: Sequence[frozenset[str]], scores: Floats | None
    ) -> None:
        check_labels(labels, matched)
        check_scores(config, len(labels), scores)
        self.rule, self.labels, self.matched = Rule.of(config), labels, matched
        self._scores = scores
        self._open: dict[int, Verdict] = {}
        self.now = [self.verdict(row, experts) for row, experts in enumerate(matched)]
        self.right = [self.is_right(row, verdict) for row, verdict in enumerate(self.now)]

    def verdict(self, row: int, matched: Collection[str]) -> Verdict:
        """Return the decision of a row, had layer 1 matched these experts."""
        if self.settles(matched):
            return judge(self.rule, matched, tuple)
        if row not in self._open:  # whichever experts leave it open, layer 2 says the same
            self._open[row] = judge(self.rule, _NOBODY, lambda: self._scores_of(row))
        return self._open[row]

    def settles(self, matched: Collection[str]) -> bool:
        """Tell whether layer 1 decides by itself when it matches these experts."""
        return self.rule.strategy != "semantic" and self.rule.settle(matched) is not None

    def is_right(self, row: int, verdict: Verdict) -> bool:
        """Tell whether a verdict is right for the label of a row."""
        return is_right(self.labels[row], verdict.expert, verdict.layer)

    def effect(self, changes: Iterable[tuple[int, Collection[str]]]) -> Effect:
        """Return what it does that layer 1 matches other experts on some rows: pairs of a row and these experts."""
        fixed: list[int] = []
        broken: list[int] = []
        for row, matched in changes:
            right = self.is_right(row, self.verdict(row, matched))
            if right != self.right[row]:
                (fixed if right else broken).append(row)
        return Effect(len(self.labels), tuple(fixed), tuple(broken))

    def _scores_of(self, row: int) -> Sequence[float]:
        assert self._scores is not None, "a router with layer 2 has scores"
        values: list[float] = self._scores[row].tolist()
        return values


def check_labels(labels: Sequence[str], prompts: Sequence[object]) -> None:
    """Raise DatasetError for a row without a label, SearchError for columns of different lengths."""
    for row, label in enumerate(labels):
        if not label:
            raise DatasetError(f"Row {row} has no label. Label it, or leave it out.")
    if len(prompts) != len(labels):
        raise SearchError(f"There are {len(prompts):,} prompts and {len(labels):,} labels. Hand in one label a prompt.")


def check_scores(config: RouterConfig, n: int, scores: Floats | None) -> None:
    """Raise SearchError where a router with layer 2 comes without scores of shape (n, experts)."""
    if config.strategy == "keyword":
        return
    wanted = (n, len(config.experts))
    if scores is None:
        raise SearchError(f"A {config.strategy} router needs the scores of layer 2, of shape {wanted}. Score first.")
    if scores.shape != wanted:
        raise SearchError(f"The scores have the shape {scores.shape}; these rows and experts need {wanted}.")
