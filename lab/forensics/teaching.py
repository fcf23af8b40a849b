"""Teaching the learned scorer on a part of the rows, so that thresholds are searched on rows that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lab.errors import SearchError
from lab.forensics.evidence import Bools
from lab.forensics.fit import fit_learned
from lab.forensics.grid_search.axes import Axis
from lab.forensics.grid_search.grid import EvidenceOf
from lab.forensics.sample import Sample
from lab.types import RouterConfig


def asks_for_learned(config: RouterConfig, axes: Sequence[Axis] = ()) -> bool:
    """Tell whether a router, or a search around it, scores with the learned scorer."""
    return config.scorer == "learned" or any(axis.name == "scorer" and "learned" in axis.values for axis in axes)


def learning_part(sample: Sample) -> Bools:
    """Return the rows that a learned scorer is fitted on: two thirds of the groups, the same ones in every search.

    Thresholds are searched on the others: on rows that it learnt from a classifier is surer than on prompts to come.
    A label whose groups would all choose has its first one learnt from.
    """
    mixed = sample.groups.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # spreads neighbours; wraps around
    learns: Bools = (mixed >> np.uint64(33)) % np.uint64(3) != 0
    for code in np.setdiff1d(sample.labels, sample.labels[learns]).tolist():
        learns |= sample.groups == sample.groups[sample.labels == code][0]
    return learns


def fit_scorer(config: RouterConfig, sample: Sample, evidence_of: EvidenceOf) -> RouterConfig:
    """Return the router with a scorer learnt from the learning part of a sample. Raises SearchError."""
    evidence, learn = evidence_of(config), sample.take(learning_part(sample))
    labels = [sample.name(code) for code in learn.labels.tolist()]
    weights = fit_learned(evidence.vectors()[learn.rows], labels, list(sample.experts), evidence.encoder.fingerprint)
    return replace(config, learned=weights)


def prepared(
    config: RouterConfig, axes: Sequence[Axis], sample: Sample, evidence_of: EvidenceOf, *, anew: bool = False
) -> tuple[RouterConfig, Sample]:
    """Return the router to search around and the rows to search on, where the learned scorer takes part of them.

    A router that scores with weights of its own keeps them, unless it is to learn `anew`. Raises SearchError where too
    few rows are left.
    """
    if not asks_for_learned(config, axes):
        return config, sample
    rest = sample.take(~learning_part(sample))
    if not len(rest):
        raise SearchError(f"{len(sample):,} rows are too few to learn from some and search on the others.")
    fingerprint = evidence_of(config).encoder.fingerprint
    own = not anew and config.scorer == "learned"
    if own and config.learned is not None and config.learned.encoder_fingerprint == fingerprint:
        return config, rest
    return fit_scorer(config, sample, evidence_of), rest
