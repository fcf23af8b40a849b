"""How good the answers are that routing gets: the mean measured quality, on rows whose answers were all measured.

Only rows with an outcome of every expert count, whatever a router decides for them: so all figures stand on the same
rows, and none looks better for what nobody measured. A prompt that is left to nobody has the quality 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.forensics.evidence import Bools, Ints, Outcomes
from lab.forensics.metrics import Interval, percentile_interval, resampled_groups
from lab.forensics.sample import Sample, Stakes

Floats = NDArray[np.float64]

_SAMPLES = 1_000
_LEAST_SAMPLES = 200
_WORK = 5_000_000  # rows × samples that are held


@dataclass(frozen=True, slots=True)
class AnswerQuality:
    """The mean quality of the answers in [0, 1], with its bootstrap interval by group.

    `nobody` of the `n` rows are left to nobody and count 0.
    """

    mean: Interval
    n: int
    nobody: int


class Rated:
    """The rows of a sample with an outcome of every expert.

    `places` (n,) index the sample. `known` (n, experts + 1) holds the qualities by code; the last, nobody's, are 0.
    """

    def __init__(self, sample: Sample, quality: Floats, seed: int = 0) -> None:
        """Take the outcomes of the sample's rows, (rows, experts), NaN where an answer was not measured."""
        self.places: Ints = np.flatnonzero(~np.isnan(quality).any(axis=1))
        self.known: Floats = np.column_stack([quality[self.places], np.zeros(len(self.places))])
        self.groups: Ints = sample.groups[self.places]
        self.weights: Floats = np.ones(len(self.places)) if sample.weights is None else sample.weights[self.places]
        self._seed = seed
        self._drawn: Floats | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.places)

    def of(self, decided: Outcomes) -> AnswerQuality:
        """Return the quality of the answers that decisions for all rows of the sample get."""
        chosen = decided.expert[self.places]
        return AnswerQuality(self._mean(self.known[np.arange(len(self)), chosen]), len(self), self._nobody(chosen))

    def always(self, code: int) -> Interval:
        """Return the mean quality of one expert's answers."""
        return self._mean(self.known[:, code])

    def random(self, decided: Outcomes) -> AnswerQuality:
        """Return the mean of all coins that call each expert as often as `decided` does on these rows."""
        chosen = decided.expert[self.places]
        calls = (chosen[:, None] == np.arange(self.known.shape[1])).astype(np.float64)

        def coin(weights: Floats) -> Floats:
            expected: Floats = (self._means(calls, weights) * self._means(self.known, weights)).sum(axis=1)
            return expected

        mean = percentile_interval(float(coin(self.weights[None])[0]), coin(self._draws))
        return AnswerQuality(mean, len(self), self._nobody(chosen))

    def best(self, stakes: Stakes, experts: tuple[str, ...]) -> Ints:
        """Return the expert with the best answer to each row, by code; of equals the cheaper, then the first."""
        quality = self.known[:, :-1]
        calls = np.broadcast_to(stakes.calls(experts)[:-1], quality.shape)
        ranked: Ints = np.where(quality == quality.max(axis=1, keepdims=True), calls, np.inf).argmin(axis=1)
        return ranked

    def best_single(self) -> int:
        """Return the expert whose answers are best on average, by code."""
        return int(self._means(self.known[:, :-1], self.weights[None])[0].argmax())

    def decided(self, choice: Ints, otherwise: Outcomes) -> Outcomes:
        """Return the decisions `otherwise` with those of these rows replaced by `choice`."""
        expert = otherwise.expert.copy()
        expert[self.places] = choice
        return Outcomes(expert, otherwise.layer)

    def _nobody(self, chosen: Ints) -> int:
        return int(np.count_nonzero(chosen == self.known.shape[1] - 1))

    def _mean(self, values: Floats) -> Interval:
        return percentile_interval(float(self._means(values, self.weights[None])[0]), self._means(values, self._draws))

    def _means(self, values: Floats, weights: Floats) -> Any:
        return weights @ values / weights.sum(axis=1).reshape(-1, *[1] * (values.ndim - 1))

    @property
    def _draws(self) -> Floats:
        """The bootstrap's weights, (samples, n): whole groups are drawn; none where there is one group only."""
        if self._drawn is None:
            count = min(_SAMPLES, max(_LEAST_SAMPLES, _WORK // max(len(self), 1)))
            if len(np.unique(self.groups)) < 2:
                count = 0
            self._drawn = resampled_groups(self.groups, self._seed, count) * self.weights
        return self._drawn


def rated(sample: Sample, quality: Floats | None, seed: int = 0) -> Rated | None:
    """Return the rows of a sample that have an outcome of every expert; None where there is no such row.

    `quality`: (rows of the sample, experts), NaN where an answer was not measured; None without any outcome.
    """
    if quality is None or not quality.shape[1]:
        return None
    found = Rated(sample, quality, seed)
    return found if len(found) else None


def unmeasured(sample: Sample, quality: Floats) -> dict[str, int]:
    """Return how many rows of a sample have an outcome of each expert."""
    counts: Bools = ~np.isnan(quality)
    return dict(zip(sample.experts, counts.sum(axis=0).tolist(), strict=True))


NOT_TOLD = Interval(nan, nan, nan)
"""What stands where a figure has no meaning."""
