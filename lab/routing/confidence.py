"""From a decision to the probability that it is right: straight lines between the knots of a calibrator.

It says nothing of a router that scores otherwise than the one that it was fitted on: a confidence of another router
is worse than none. Where only thresholds or the least margin differ, other prompts are claimed and left: then layer 1
alone, which they do not touch, keeps its confidence.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace

from lab.types import Calibration, Calibrator, Layer, RouterConfig


def calibrator_for(config: RouterConfig, encoder_fingerprint: str) -> Calibrator | None:
    """Return what the calibrator of `config` can tell of this router, or None where it can tell nothing.

    The keyword strategy encodes nothing; its fingerprint is "".
    """
    calibrator = config.calibrator
    if calibrator is None:
        return None
    if calibrator.fitted_for == config.calibrated_hash(encoder_fingerprint):
        return calibrator
    if calibrator.fitted_for.partition(".")[0] != config.scoring_hash(encoder_fingerprint):
        return None
    return replace(calibrator, semantic=None, fallback=None)


def confidence_of(calibrator: Calibrator, layer: Layer, score: float | None) -> float | None:
    """Return the probability in [0, 1] that a decision is right, or None where the calibrator cannot tell.

    It cannot for a layer with too few rows, and for a decision without a score in a layer that was fitted on scores.
    """
    if layer == Layer.SEMANTIC:
        calibration = calibrator.semantic
    elif layer == Layer.KEYWORD:
        calibration = calibrator.keyword
    else:
        calibration = calibrator.fallback
    return None if calibration is None else probability(calibration, score)


def probability(calibration: Calibration, score: float | None) -> float | None:
    """Return P(right) at `score`: on the line between its two knots, flat beyond the outer ones; None for no score."""
    knots, values = calibration.scores, calibration.probabilities
    if not knots:
        return values[0]
    if score is None:
        return None
    right = bisect_right(knots, score)
    if right == 0:
        return values[0]
    if right == len(knots):
        return values[-1]
    low, high = knots[right - 1], knots[right]  # low <= score < high, so the division is sound
    start, end = values[right - 1], values[right]
    value = start + (end - start) * ((score - low) / (high - low))
    return min(max(value, 0.0), 1.0)
