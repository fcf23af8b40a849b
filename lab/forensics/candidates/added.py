"""What one more utterance of an expert does to labelled rows: one column of scores changes, and all else stays.

The same sums as `lab.routing.semantic` makes, on the same grid, so that the outcome is that of the router really
changed, to the bit, as long as the encoder gives the utterance the same vector again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lab.forensics.rules.replay import Floats, Replay
from lab.routing.rule import rounded_array
from lab.routing.semantic import SemanticStrategy, aggregated, centroid_of
from lab.types import NONE

Bools = NDArray[np.bool_]

_NO_EXPERT = -1  # the index of NONE
_UNKNOWN = -2  # a label that is no expert: never right


class AddedUtterance:
    """Tries utterances on the rows of `replay` that layer 1 leaves open.

    `vectors`: the rows' vectors on the grid, shape (n, dim); `scores`: of the router as it is, shape (n, experts).
    After construction `rows` holds the open rows, and `was_right` whether each is right now.
    """

    def __init__(self, strategy: SemanticStrategy, replay: Replay, vectors: Floats, scores: Floats) -> None:
        self.strategy, self.replay = strategy, replay
        closed = [replay.settles(matched) for matched in replay.matched]
        self.rows = np.flatnonzero(~np.array(closed, dtype=np.bool_))
        self.was_right = np.array(replay.right, dtype=np.bool_)[self.rows]
        self._vectors = vectors[self.rows]
        names = {expert: index for index, expert in enumerate(replay.rule.experts)} | {NONE: _NO_EXPERT}
        labels = [names.get(replay.labels[row], _UNKNOWN) for row in self.rows.tolist()]
        self._labels = np.array(labels, dtype=np.intp)
        self._fallback_right = (self._labels == _NO_EXPERT) | (self._labels == names[replay.rule.fallback])
        self._thresholds = np.array(replay.rule.thresholds)
        self._best = _best_three(scores[self.rows])

    def right(self, expert: int, added: Floats) -> Bools:
        """Return whether each open row is right with each of the utterances added to the expert alone.

        `added`: vectors on the grid, shape (c, dim). The result has the shape (c, open rows).
        """
        columns = self._columns(expert, added)
        others = self._without(expert)
        return np.array([self._right(expert, column, others) for column in columns.T], dtype=np.bool_).reshape(
            len(added), len(self.rows)
        )

    def _columns(self, expert: int, added: Floats) -> Floats:
        """The scores of the expert with each utterance added, shape (open rows, c)."""
        strategy, config = self.strategy, self.strategy.config
        own = strategy.slices_.get(expert)
        if config.aggregate == "centroid":
            total = np.zeros(added.shape[1]) if own is None else strategy.totals_[own.start]
            targets = np.stack([centroid_of(total + vector) for vector in added])
            return rounded_array(self._vectors @ targets.T)
        cosines = self._vectors @ added.T
        if own is None:
            return rounded_array(cosines)
        present = self._vectors @ strategy.utterances_[own].T
        if config.aggregate == "max":
            return rounded_array(np.maximum(present.max(axis=1, keepdims=True), cosines))
        k = min(config.top_k, present.shape[1])
        top = np.partition(present, present.shape[1] - k, axis=1)[:, -k:]
        columns = [
            aggregated(np.column_stack([top, cosines[:, one]]), "mean_top_k", config.top_k) for one in range(len(added))
        ]
        return rounded_array(np.stack(columns, axis=1))

    def _without(self, expert: int) -> tuple[Floats, NDArray[np.intp], Floats]:
        """The best score among the other experts, whose it is, and the next one; -inf where there is none."""
        values, indexes = self._best
        first, second = indexes[0] == expert, indexes[1] == expert
        best = np.where(first, values[1], values[0])
        whose = np.where(first, indexes[1], indexes[0])
        return best, whose, np.where(first | second, values[2], values[1])

    def _right(self, expert: int, scores: Floats, others: tuple[Floats, NDArray[np.intp], Floats]) -> Bools:
        """`Rule.claim` and `judge` for a column of scores: the winner first, then its threshold and its margin."""
        best_other, whose, next_other = others
        wins = (scores > best_other) | ((scores == best_other) & (expert < whose))
        winner = np.where(wins, expert, whose)
        score = np.where(wins, scores, best_other)
        runner_up = np.where(wins, best_other, np.maximum(next_other, scores))
        margin = rounded_array(score - runner_up)  # infinite without a runner-up, which passes
        passes = (score >= self._thresholds[winner]) & (margin >= self.replay.rule.min_margin)
        return np.asarray(np.where(passes, winner == self._labels, self._fallback_right))


def _best_three(scores: Floats) -> tuple[Sequence[Floats], Sequence[NDArray[np.intp]]]:
    """The three best scores of each row and whose they are; among equal ones the expert listed first comes first."""
    left = np.where(np.isnan(scores), -np.inf, scores)
    values, indexes = [], []
    every = np.arange(len(left))
    for _ in range(3):
        index = left.argmax(axis=1)
        values.append(left[every, index])
        indexes.append(np.where(np.isinf(values[-1]), len(scores[0]) if len(scores) else 0, index))
        left[every, index] = -np.inf
    return values, indexes
