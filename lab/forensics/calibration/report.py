"""Confidence: how often a decision is right, by layer and score, and how far that can be believed.

It should be fitted on rows that chose no threshold, the dev rows: on others the router looks better than it is, as it
does a little where there are too few rows for splits. Figures "after" are held out besides: each row's
probability comes from a fit on the other folds of groups. What is stored is fitted on all rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lab.errors import SearchError
from lab.forensics.calibration.calibrators import (
    ISOTONIC_WANTS,
    LEAST_ROWS,
    Method,
    fit_isotonic,
    fit_platt,
    fit_share,
    probabilities,
    rises,
)
from lab.forensics.calibration.reliability import (
    SAMPLES,
    Reliability,
    RiskCoverage,
    auroc_interval,
    reliability,
    risk_coverage,
)
from lab.forensics.evidence import LAYERS, Evidence
from lab.forensics.metrics import Interval, wilson
from lab.forensics.sample import Sample
from lab.types import Calibration, Calibrator, Layer, RouterConfig

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

FOLDS = 5
_BY_SCORE: tuple[Method, ...] = ("platt", "isotonic")
_BY_LAYER: tuple[Method, ...] = ("share",)


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions for labelled rows, as columns of shape (n,). `layers` index LAYERS of `evidence`.

    `scores`: layer 2's best score, NaN where it has none; where layer 1 decided it plays no part in the confidence.
    `nobody`: the rows labelled `none`. Near-duplicates share a group.
    """

    layers: Ints
    scores: Floats
    right: Bools
    nobody: Bools
    groups: Ints


@dataclass(frozen=True, slots=True)
class LayerReport:
    """One layer's calibration. `before` reads the raw score, clipped to [0, 1], as if it were a probability.

    `platt` and `isotonic` are held out, `after` is the one of them (or the share) that is stored; None where it cannot
    be told, and `notes` say why.
    """

    layer: Layer
    n: int
    right: Interval  # the share that is right, Wilson
    calibration: Calibration | None
    before: Reliability | None
    after: Reliability | None
    platt: Reliability | None = None
    isotonic: Reliability | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """What calibration does on n rows. `before` and `after`, and both curves, are of the same rows: scored ones.

    `whole` is of every row that has a held-out confidence, layer 1's included. `auroc_none` tells how well the best
    score sets prompts that an expert should claim above those labelled `none`.
    """

    n: int
    groups: int
    folds: int
    seed: int
    samples: int
    layers: tuple[LayerReport, ...]
    before: Reliability | None
    after: Reliability | None
    whole: Reliability | None
    by_score: RiskCoverage | None
    by_confidence: RiskCoverage | None
    auroc_none: Interval
    claimable: int  # rows with a score that an expert should claim
    unclaimable: int  # rows with a score labelled `none`


def decided(evidence: Evidence, sample: Sample, config: RouterConfig) -> Decided:
    """Return what the router that `config` describes decides for the rows of `sample`. Raises EncoderUnavailable."""
    layer2 = evidence.layer2(config)
    of_all = evidence.outcomes(config)
    taken = type(of_all)(of_all.expert[sample.rows], of_all.layer[sample.rows])
    scores = np.full(len(sample), np.nan) if layer2 is None else layer2.score[sample.rows]
    return Decided(
        layers=taken.layer,
        scores=np.where(np.isfinite(scores), scores, np.nan),
        right=sample.right(taken),
        nobody=sample.labels == sample.nobody,
        groups=sample.groups,
    )


def calibrate(
    rows: Decided,
    fitted_for: str,
    *,
    method: Literal["auto", "platt", "isotonic"] = "auto",
    folds: int = FOLDS,
    seed: int = 0,
    samples: int = SAMPLES,
) -> tuple[Calibrator, CalibrationReport]:
    """Return the calibrator of the router with this `calibrated_hash`, and its figures before and after.

    `auto` takes isotonic where a layer has 1,000 rows and its held-out Brier score is lower, else Platt. `samples`
    are bootstrap samples of groups. Raises SearchError without rows.
    """
    n = len(rows.right)
    if not n:
        raise SearchError("There are no labelled rows to calibrate on. Label some, or pick another split.")
    fit = _Fit(rows, method, folds, seed, samples)
    reports = tuple(fit.layer(code, layer) for code, layer in enumerate(LAYERS))
    by_layer = {report.layer.value: report.calibration for report in reports}
    scored = ~np.isnan(rows.scores)
    both = ~np.isnan(fit.raw) & ~np.isnan(fit.held_out)
    none_auroc = auroc_interval(
        rows.scores[scored], ~rows.nobody[scored], rows.groups[scored], seed=seed, samples=samples
    )
    report = CalibrationReport(
        n=n,
        groups=len(np.unique(rows.groups)),
        folds=folds,
        seed=seed,
        samples=samples,
        layers=reports,
        before=fit.figures(np.where(both, fit.raw, np.nan)),
        after=fit.figures(np.where(both, fit.held_out, np.nan)),
        whole=fit.figures(fit.held_out),
        by_score=fit.curve(np.where(both, rows.scores, np.nan)),
        by_confidence=fit.curve(np.where(both, fit.held_out, np.nan)),
        auroc_none=none_auroc,
        claimable=int((scored & ~rows.nobody).sum()),
        unclaimable=int((scored & rows.nobody).sum()),
    )
    return Calibrator(fitted_for, **by_layer), report


class _Fit:
    """The fits of all layers, with what they say of every row: `raw` before, `held_out` after; NaN where nothing.

    Arrays of probabilities are of shape (n,) throughout, NaN in the rows that they say nothing of.
    """

    def __init__(self, rows: Decided, method: str, folds: int, seed: int, samples: int) -> None:
        self.rows, self.method, self.folds, self.seed, self.samples = rows, method, folds, seed, samples
        self.raw = np.full(len(rows.right), np.nan)
        self.held_out = np.full(len(rows.right), np.nan)

    def layer(self, code: int, layer: Layer) -> LayerReport:
        """Fit one layer; fill its rows of `raw` and `held_out`."""
        inside = self.rows.layers == code
        scored = inside & ~np.isnan(self.rows.scores)
        by_score = layer != Layer.KEYWORD and bool(scored.any())
        if by_score:
            inside = scored
            self.raw[inside] = np.clip(self.rows.scores[inside], 0, 1)
        n, right = int(inside.sum()), int(self.rows.right[inside].sum())
        before = self.figures(np.where(inside, self.raw, np.nan))
        report = LayerReport(layer, n, wilson(right, n), None, before, None)
        if n < LEAST_ROWS:
            said = f"Too few rows: {n}. Below {LEAST_ROWS} nothing is said of the {layer} layer: it has no confidence."
            return replace(report, notes=(said,))
        notes = [f"All {n:,} decisions of the {layer} layer are {'right' if right else 'wrong'}."] * (right in (0, n))
        found = {name: self._held_out(name, inside, layer) for name in (_BY_SCORE if by_score else _BY_LAYER)}
        chosen = self._choice(found, n, layer, notes) if by_score else "share"
        self.held_out[inside] = found[chosen][inside]
        if np.isnan(found[chosen][inside]).all():
            notes.append(f"All rows of the {layer} layer are near-duplicates of each other: nothing can be held out.")
        if by_score and layer == Layer.SEMANTIC and not rises(self.rows.scores[inside], self.rows.right[inside]):
            notes.append("Higher scores are not right more often here: the score says little.")
        return replace(
            report,
            calibration=_fitted(chosen, self.rows.scores[inside], self.rows.right[inside], layer),
            after=self.figures(found[chosen]),
            platt=self.figures(found["platt"]) if by_score else None,
            isotonic=self.figures(found["isotonic"]) if by_score else None,
            notes=tuple(notes),
        )

    def figures(self, values: Floats) -> Reliability | None:
        """Return the reliability of the rows that `values` speak of, its bins naming them; None without any."""
        told = ~np.isnan(values)
        if not told.any():
            return None
        right, groups = self.rows.right[told], self.rows.groups[told]
        places = np.flatnonzero(told)
        return reliability(values[told], right, groups, seed=self.seed, samples=self.samples, places=places)

    def curve(self, values: Floats) -> RiskCoverage | None:
        """Return risk against coverage of the rows that `values` speak of; None without any."""
        told = ~np.isnan(values)
        if not told.any():
            return None
        right, groups = self.rows.right[told], self.rows.groups[told]
        return risk_coverage(values[told], right, groups, seed=self.seed, samples=self.samples)

    def _held_out(self, name: Method, inside: Bools, layer: Layer) -> Floats:
        """Return each row's probability by a fit on the other folds of its layer; NaN where those are empty."""
        fold = np.full(len(inside), -1)
        fold[inside] = folds_of(self.rows.groups[inside], self.folds, self.seed)
        found = np.full(len(inside), np.nan)
        for number in range(self.folds):
            out, rest = fold == number, inside & (fold != number)
            if out.any() and rest.any():
                fitted = _fitted(name, self.rows.scores[rest], self.rows.right[rest], layer)
                found[out] = probabilities(fitted, self.rows.scores[out])
        return found

    def _choice(self, found: Mapping[Method, Floats], n: int, layer: Layer, notes: list[str]) -> Method:
        if n < ISOTONIC_WANTS:
            notes.append(f"Isotonic wants about {ISOTONIC_WANTS:,} rows; the {layer} layer has {n:,}.")
        if self.method != "auto":
            return "isotonic" if self.method == "isotonic" else "platt"
        if n < ISOTONIC_WANTS:
            return "platt"
        error = {name: float(np.nansum((values - self.rows.right) ** 2)) for name, values in found.items()}
        return "isotonic" if error["isotonic"] < error["platt"] else "platt"


def folds_of(groups: Ints, folds: int, seed: int) -> Ints:
    """Return a fold for each row, shape (n,): groups are shuffled and dealt out, and never split."""
    names, index = np.unique(groups, return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(len(names)) % folds
    return np.asarray(dealt[index], dtype=np.int64)


def _fitted(name: Method, scores: Floats, right: Bools, layer: Layer) -> Calibration:
    """A claim is surer the higher its score; a fallback may be either way, and its rows say which."""
    if name == "share":
        return fit_share(right)
    if name == "platt":
        return fit_platt(scores, right)
    return fit_isotonic(scores, right, increasing=layer != Layer.FALLBACK or rises(scores, right))
