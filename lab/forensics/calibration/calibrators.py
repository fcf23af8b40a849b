"""Fitting P(right | score) for one layer: a share, Platt's sigmoid, or an isotonic step function, stored as knots."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lab.types import Calibration

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Method = Literal["share", "platt", "isotonic"]

LEAST_ROWS = 20
"""Fewer rows than this say nothing of a layer."""

ISOTONIC_WANTS = 1_000
"""Below about this many rows isotonic regression follows the noise (Niculescu-Mizil and Caruana, 2005)."""

_KNOTS = 64  # straight lines between so many points of a sigmoid stay within .01 of it
_DECIMALS = 6  # of scores
_STEPS, _SETTLED, _RIDGE = 100, 1e-9, 1e-10


def fit_share(right: Bools) -> Calibration:
    """Return the share of right decisions by Laplace's rule, (right + 1) / (n + 2): never 0 and never 1."""
    return Calibration("share", (), ((int(right.sum()) + 1) / (len(right) + 2),), len(right))


def fit_platt(scores: Floats, right: Bools) -> Calibration:
    """Return Platt's sigmoid P = 1 / (1 + exp(A·score + B)) as at most 64 knots over the scores seen; flat outside.

    Scores and `right` are of shape (n,), n ≥ 1. The targets are smoothed as Platt (1999) does, (n₊ + 1)/(n₊ + 2) and
    1/(n₋ + 2), so that rows which a score separates have a finite fit.
    """
    slope, offset = platt_parameters(scores, right)
    knots: Floats = np.unique(np.linspace(scores.min(), scores.max(), _KNOTS).round(_DECIMALS))
    return Calibration("platt", tuple(knots.tolist()), tuple(_sigmoid(slope * knots + offset).tolist()), len(scores))


def platt_parameters(scores: Floats, right: Bools) -> tuple[float, float]:
    """Return slope and offset of log-odds(right) = slope·score + offset: Platt's -A and -B.

    Newton's method with backtracking, after Lin, Lin and Weng (2007), on scores brought to mean 0 and deviation 1.
    """
    positive = int(right.sum())
    negative = len(right) - positive
    targets = np.where(right, (positive + 1) / (positive + 2), 1 / (negative + 2))
    middle, spread = float(scores.mean()), float(scores.std())
    if spread < 10**-_DECIMALS:  # one score: the mean target, whatever the slope
        mean = float(targets.mean())
        return 0.0, float(np.log(mean / (1 - mean)))
    design = np.stack([(scores - middle) / spread, np.ones(len(scores))], axis=1)
    prior = (positive + 1) / (len(right) + 2)
    found = np.array([0.0, np.log(prior / (1 - prior))])
    loss = _loss(design, targets, found)
    for _ in range(_STEPS):
        guess = _sigmoid(design @ found)
        gradient = design.T @ (guess - targets)
        if np.abs(gradient).max() < _SETTLED * len(scores):
            break
        curvature = (design * (guess * (1 - guess))[:, np.newaxis]).T @ design + _RIDGE * np.eye(2)
        step, size = np.linalg.solve(curvature, gradient), 1.0
        while size > _RIDGE and not (lower := _loss(design, targets, found - size * step)) < loss:
            size /= 2
        if size <= _RIDGE:
            break
        found, loss = found - size * step, lower
    slope = float(found[0]) / spread
    return slope, float(found[1]) - slope * middle


def fit_isotonic(scores: Floats, right: Bools, *, increasing: bool = True) -> Calibration:
    """Return the isotonic fit (pool adjacent violators) as its knots; flat outside the scores seen.

    Its probabilities stay between 1/(n + 2) and (n + 1)/(n + 2), Laplace's ends: n rows prove nothing certain.
    """
    from sklearn.isotonic import IsotonicRegression

    known = np.round(scores, _DECIMALS)
    model = IsotonicRegression(increasing=increasing, out_of_bounds="clip").fit(known, right.astype(np.float64))
    n = len(scores)
    values = np.clip(model.y_thresholds_, 1 / (n + 2), (n + 1) / (n + 2))
    return Calibration("isotonic", tuple(map(float, model.X_thresholds_)), tuple(map(float, values)), n)


def rises(scores: Floats, right: Bools) -> bool:
    """Tell whether higher scores are right more often; of a fallback they often are right less often."""
    return platt_parameters(scores, right)[0] >= 0


def probabilities(calibration: Calibration, scores: Floats) -> Floats:
    """Return P(right) at each score, shape (n,): what `lab.routing.confidence.probability` says of one."""
    if not calibration.scores:
        return np.full(len(scores), calibration.probabilities[0])
    return np.interp(scores, calibration.scores, calibration.probabilities)


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(values / 2)))  # without an overflow at either end


def _loss(design: Floats, targets: Floats, found: Floats) -> float:
    logits = design @ found
    return float((np.logaddexp(0, logits) - targets * logits).sum())
