"""Calibrating a router on the rows of a dataset that chose none of its thresholds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from doubles import WordEncoder, two_experts
from forensics.dataset_case import rows_of
from forensics.small import evidence, labels, prompts

from lab.errors import SearchError
from lab.forensics.calibration.calibrated import calibrated
from lab.routing import build
from lab.types import Calibration, Calibrator, Layer

N = 240
CONFIG = two_experts(threshold=0.3)


def rows(splits=None):
    return rows_of(prompts(N), labels(CONFIG, N), splits=splits)


def source(_):
    return evidence(N)


def test_dev_rows_alone_are_calibrated_on():
    splits = tuple("dev" if row % 2 else ("tune", "sealed")[row % 4 == 0] for row in range(N))
    found = calibrated(rows(splits), CONFIG, source)
    assert set(found.sample.rows.tolist()) <= {row for row in range(N) if row % 2}
    assert found.report.n == len(found.sample)
    assert not found.nested


def test_without_dev_rows_all_are_taken_and_it_says_so():
    found = calibrated(rows(), CONFIG, source)
    assert found.nested
    assert found.report.n == len(found.sample) > N / 2


def test_the_calibrator_gives_a_confidence_to_just_the_router_it_was_fitted_on():
    found = calibrated(rows(), CONFIG, source)
    router = build(replace(CONFIG, calibrator=found.calibrator), WordEncoder())
    decisions = [router.decide(prompt) for prompt in prompts(N)]
    kept = {layer.layer for layer in found.report.layers if layer.calibration is not None}
    assert kept
    assert {one.layer for one in decisions if one.confidence is not None} == kept
    assert found.fits(CONFIG, "words-1")
    assert not found.fits(replace(CONFIG, threshold=0.9), "words-1")
    assert not found.fits(replace(CONFIG, min_margin=0.2), "words-1")
    assert not found.fits(replace(CONFIG, aggregate="centroid"), "words-1")
    assert not found.fits(CONFIG, "another encoder")


def test_a_keyword_router_is_calibrated_whatever_the_encoder():
    config = two_experts(strategy="keyword")
    found = calibrated(rows(), config, source)
    assert found.fits(config, "another encoder")
    decided = build(replace(config, calibrator=found.calibrator), WordEncoder()).decide("entropy please")
    assert decided.layer == Layer.KEYWORD
    assert decided.confidence == pytest.approx(found.calibrator.keyword.probabilities[0])


def test_a_calibrator_that_it_has_already_changes_nothing():
    known = Calibrator("x", keyword=Calibration("share", (), (0.5,), 30))
    assert calibrated(rows(), replace(CONFIG, calibrator=known), source).config == CONFIG


def test_the_wrong_decisions_of_a_layer_come_surest_first():
    found = calibrated(rows(), CONFIG, source)
    for layer in Layer:
        places = found.wrong(layer)
        decided = build(CONFIG, WordEncoder())
        for place in places.tolist():
            row = int(found.sample.rows[place])
            one = decided.decide(prompts(N)[row])
            assert one.layer == layer
            assert labels(CONFIG, N)[row] != one.expert
        if layer == Layer.SEMANTIC:
            scores = found.decided.scores[places]
            assert len(scores) > 1
            assert (np.diff(scores) <= 0).all()


def test_without_a_labelled_row_there_is_nothing_to_calibrate_on():
    with pytest.raises(SearchError, match="not labelled"):
        calibrated(rows_of(prompts(5)), CONFIG, lambda _: evidence(5))
