"""Calibrating a router on the rows of a dataset that chose none of its thresholds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lab.forensics.calibration.report import CalibrationReport, Decided, calibrate, decided
from lab.forensics.datasets import Rows
from lab.forensics.evidence import LAYERS, Ints, Outcomes
from lab.forensics.grid_search.grid import EvidenceOf
from lab.forensics.sample import Sample
from lab.forensics.tuning import outcomes_in
from lab.forensics.usable import usable
from lab.types import Calibrator, Layer, RouterConfig


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A router's calibrator with its figures, and the rows that they are of: dev, or all where there is no dev."""

    config: RouterConfig  # without the calibrator that it may have
    sample: Sample
    outcomes: Outcomes
    decided: Decided  # the same decisions, with scores
    calibrator: Calibrator
    report: CalibrationReport
    nested: bool  # all rows: thresholds may have been chosen on them

    def wrong(self, layer: Layer) -> Ints:
        """Return the places in the sample of a layer's wrong decisions, the surest first."""
        found = np.flatnonzero((self.outcomes.layer == LAYERS.index(layer)) & ~self.decided.right)
        scores = np.nan_to_num(self.decided.scores[found], nan=-np.inf)
        return found[np.argsort(-scores, kind="stable")]

    def fits(self, config: RouterConfig, fingerprint: str) -> bool:
        """Tell whether a router with this encoder scores and claims as the one that was calibrated."""
        return config.calibrated_hash(_encoded_by(config, fingerprint)) == self.calibrator.fitted_for


def calibrated(rows: Rows, config: RouterConfig, evidence_of: EvidenceOf, *, seed: int = 0) -> Calibrated:
    """Calibrate a router on the dev rows, or on all where a dataset has too few for splits.

    Raises SearchError without a usable row, EncoderUnavailable.
    """
    bare = replace(config, calibrator=None)
    sample, _ = usable(rows, bare, None if rows.nested else "dev")
    evidence = evidence_of(bare)
    columns = decided(evidence, sample, bare)
    calibrator, report = calibrate(
        columns, bare.calibrated_hash(_encoded_by(bare, evidence.encoder.fingerprint)), seed=seed
    )
    return Calibrated(bare, sample, outcomes_in(sample, bare, evidence_of), columns, calibrator, report, rows.nested)


def _encoded_by(config: RouterConfig, fingerprint: str) -> str:
    """The keyword strategy encodes nothing, so no encoder is part of what it scores."""
    return "" if config.strategy == "keyword" else fingerprint
