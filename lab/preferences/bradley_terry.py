"""Bradley-Terry: strengths from who beat whom, with an L2 penalty that keeps the unbeaten finite."""

from __future__ import annotations

import numpy as np

from lab.preferences.counted import Floats, Ints

_STEPS = 200
_LONGEST_STEP = 1.0  # in log-odds: a full Newton step can leap where a contender never lost
_SMALL = 1e-7  # the last step: what is left after it is about its square; far smaller ones drown in rounding


def fit(wins: Floats, penalty: float) -> Floats:
    """Return strengths in log-odds, shape (…, k), that sum to 0, from `wins` of shape (…, k, k).

    `wins[i, j]` is how often i beat j, a tie as half a win of each. P(i beats j) = 1 / (1 + exp(θ_j - θ_i)) (Bradley
    and Terry, 1952); maximised is the log-likelihood less penalty / 2 times the sum of θ², by Newton's method. Two
    contenders with 75 and 25 wins and no penalty are log 3 apart. Raises ValueError where there is no maximum: without
    a penalty, when some contender never lost to the others, or never met them.
    """
    if wins.shape[-1] == 0:
        return np.zeros(wins.shape[:-1])
    strengths = np.zeros(wins.shape[:-1])
    for _ in range(_STEPS):
        expected = 1 / (1 + np.exp(strengths[..., None, :] - strengths[..., :, None]))
        met = wins + np.swapaxes(wins, -1, -2)
        slope = (wins - met * expected).sum(axis=-1) - penalty * strengths
        try:
            step = np.linalg.solve(_curvature(wins, strengths, penalty), slope[..., None])[..., 0]
        except np.linalg.LinAlgError as err:
            raise ValueError(_NO_MAXIMUM) from err
        longest = np.abs(step).max(axis=-1, keepdims=True)
        strengths = strengths + step * np.minimum(1.0, _LONGEST_STEP / np.maximum(longest, _SMALL))
        if float(longest.max(initial=0.0)) < _SMALL:
            return np.asarray(strengths - strengths.mean(axis=-1, keepdims=True) if not penalty else strengths)
    raise ValueError(_NO_MAXIMUM)


def spread(wins: Floats, strengths: Floats, penalty: float, groups: Ints) -> Floats:
    """Return the standard error of each strength against the mean of its group, (k,).

    From the curvature of the penalised likelihood at `strengths`. `groups` are those who met, directly or through
    others; where the mean of a group lies is no knowledge, so its variance is taken out.
    """
    same = groups[:, None] == groups[None, :]
    against_mean = np.eye(len(strengths)) - same / same.sum(axis=1, keepdims=True)
    variance = against_mean @ np.linalg.inv(_curvature(wins, strengths, penalty)) @ against_mean.T
    return np.asarray(np.sqrt(np.maximum(np.diagonal(variance), 0.0)), dtype=np.float64)


_NO_MAXIMUM = "Some contender never lost, or never met the others: only a penalty keeps its strength finite."


def _curvature(wins: Floats, strengths: Floats, penalty: float) -> Floats:
    """The negative second derivative, (…, k, k). Without a penalty only differences are told: the sum is held at 0."""
    odds = strengths[..., :, None] - strengths[..., None, :]
    weight = (wins + np.swapaxes(wins, -1, -2)) / (2 + np.exp(odds) + np.exp(-odds))
    k = wins.shape[-1]
    total = weight.sum(axis=-1)
    held = penalty * np.eye(k) if penalty else np.ones((k, k))
    return np.asarray(total[..., None] * np.eye(k) - weight + held)
