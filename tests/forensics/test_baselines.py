"""Baselines: what a router must beat, measured on the same rows."""

from __future__ import annotations

import numpy as np
import pytest
import small
from doubles import two_experts
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import SearchError
from lab.forensics.baselines import baselines, folds, nearest_labels, out_of_fold
from lab.forensics.evidence import FALLBACK, SEMANTIC, Outcomes
from lab.forensics.sample import Stakes, sample_of
from lab.types import NONE

CONFIG = two_experts()


def blobs(n, seed):
    """Unit vectors around two directions, and the label of each."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 2, n)
    vectors = np.eye(8)[labels] + 0.2 * draw.standard_normal((n, 8))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def measured(quality=None):
    vectors, codes = blobs(80, 1)
    learn_vectors, learn_codes = blobs(120, 2)
    rows = sample_of(CONFIG, [CONFIG.experts[code].name for code in codes])
    learn = sample_of(CONFIG, [CONFIG.experts[code].name for code in learn_codes])
    router = Outcomes(np.zeros(80, dtype=np.int64), np.where(np.arange(80) < 20, FALLBACK, SEMANTIC))
    found = baselines(
        rows, router, router, vectors=vectors, learn=learn, learn_vectors=learn_vectors,
        stakes=Stakes(call={"professor": 2.0, "zoomer": 1.0}), quality=quality,
    )  # fmt: skip
    return rows, {one.name: one for one in found}


def test_every_baseline_stands_there_with_its_figures():
    rows, found = measured()
    share = float(np.mean(rows.labels == 0))
    assert found["always professor"].accuracy.value == pytest.approx(share)
    assert found["always zoomer"].accuracy.value == pytest.approx(1 - share)
    assert found["always professor"].cost == 2.0
    assert found["random, same call share"].accuracy.value == pytest.approx(share)  # it calls the professor only
    assert found["live version"].accuracy.value == pytest.approx(share)
    assert found["nearest neighbours"].accuracy.value > 0.9
    assert found["logistic regression"].accuracy.value > 0.9
    assert "oracle" not in found
    assert {one.quality for one in found.values()} == {None}


def test_the_oracle_is_told_by_answers_and_cost_and_never_by_labels():
    quality = np.tile([1.0, 1.0], (80, 1))
    quality[0] = [1.0, 0.0]
    quality[1] = [0.25, 0.5]
    quality[2:40, 0] = np.nan
    _, found = measured(quality)
    oracle = found["oracle"]
    assert (oracle.quality.mean.value, oracle.quality.n) == (pytest.approx((41 + 0.5) / 42), 42)
    assert oracle.cost == pytest.approx((2 + 41) / 42)  # of equally good answers the cheaper
    assert oracle.decided is None
    assert np.isnan(oracle.accuracy).all()
    assert str(oracle.accuracy) == "–"


def test_every_baseline_tells_how_good_its_answers_would_have_been():
    quality = np.array([[1.0, 0.5]] * 30 + [[0.0, 0.5]] * 30 + [[np.nan, 1.0]] * 20)
    _, found = measured(quality)
    assert {one.quality.n for one in found.values()} == {60}
    told = {name: one.quality.mean.value for name, one in found.items()}
    assert (told["always professor"], told["always zoomer"], told["oracle"]) == (0.5, 0.5, 0.75)
    assert (told["live version"], told["random, same call share"]) == (0.5, 0.5)  # both call the professor only
    decided = found["nearest neighbours"].decided.expert[:60]
    assert told["nearest neighbours"] == pytest.approx(np.mean(quality[np.arange(60), decided]))
    live = found["live version"].quality.mean
    assert live.low < 0.5 < live.high


def test_outcomes_of_one_expert_alone_compare_nothing():
    _, found = measured(np.array([[1.0, np.nan]] * 80))
    assert "oracle" not in found
    assert {one.quality for one in found.values()} == {None}


def test_a_baseline_that_leaves_prompts_to_nobody_says_that_they_count_0():
    rows = sample_of(CONFIG, [NONE, NONE, "professor", "zoomer"])
    router = Outcomes(np.array([2, 0, 0, 1]), np.array([FALLBACK, SEMANTIC, SEMANTIC, SEMANTIC]))
    vectors = np.eye(4, 8, dtype=np.float32)
    beside = baselines(rows, router, router, vectors=vectors, learn=None, learn_vectors=None, quality=np.ones((4, 2)))
    found = {one.name: one for one in beside}
    assert (found["always nobody"].quality.mean.value, found["always nobody"].quality.nobody) == (0.0, 4)
    assert found["live version"].quality.mean.value == 0.75
    assert found["live version"].about.endswith("; 1 of the 4 measured rows go to nobody, which counts 0")
    assert "nobody, which" not in found["always professor"].about


def test_the_best_single_expert_by_answers_stands_among_the_baselines_however_rare_its_label():
    config = small.three_experts()
    rows = sample_of(config, ["professor"] * 3 + ["zoomer"] * 2 + [NONE])
    router = Outcomes(np.zeros(6, dtype=np.int64), np.full(6, SEMANTIC))
    quality = np.tile([0.2, 0.4, 0.9], (6, 1))
    vectors = np.eye(6, 8, dtype=np.float32)
    settings = {"vectors": vectors, "learn": None, "learn_vectors": None}
    found = {one.name: one for one in baselines(rows, router, router, **settings, quality=quality)}
    assert found["always banker"].quality.mean.value == pytest.approx(0.9)
    assert found["always banker"].accuracy.value == 0


def test_the_random_baseline_is_right_on_none_as_often_as_the_router_leaves_prompts_alone():
    rows = sample_of(CONFIG, [NONE, NONE, "professor", "zoomer"])
    router = Outcomes(np.array([0, 0, 0, 1]), np.array([FALLBACK, SEMANTIC, SEMANTIC, SEMANTIC]))
    vectors = np.eye(4, 8, dtype=np.float32)
    found = {
        one.name: one
        for one in baselines(
            rows, router, router, vectors=vectors, learn=rows.take(np.arange(0)), learn_vectors=vectors
        )
    }
    # calls: professor .75, zoomer .25; labels: .25 each, none .5; left alone: .25
    assert found["random, same call share"].accuracy.value == pytest.approx(0.75 * 0.25 + 0.25 * 0.25 + 0.25 * 0.5)
    assert "nearest neighbours" not in found  # nothing to learn from


def test_neighbours_vote_and_the_nearer_one_settles_a_tie():
    known = np.array([[1, 0], [0, 1], [0.8, 0.6]], dtype=np.float32)
    labels = np.array([0, 1, 1])
    asked = np.array([[0.99, 0.141]], dtype=np.float32)
    assert nearest_labels(known, labels, asked, 1).tolist() == [0]
    assert nearest_labels(known, labels, asked, 2).tolist() == [0]  # one vote each, and row 0 is nearer
    assert nearest_labels(known, labels, asked, 3).tolist() == [1]
    apart = np.array([0, 1, 2])
    assert nearest_labels(known, labels, known, 1, apart).tolist() == [1, 1, 0]  # never itself


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2)), min_size=5, max_size=80), st.integers(0, 5))
def test_folds_keep_groups_whole_and_every_row_is_decided_once_by_others(rows, seed):
    groups = np.array([group for group, _ in rows])
    labels = ["professor", "zoomer", NONE]
    sample = sample_of(CONFIG, [labels[label] for _, label in rows], groups=groups)
    fold = folds(sample.groups, sample.labels, seed)
    if len(set(fold)) == 1:
        with pytest.raises(SearchError):
            out_of_fold(sample, lambda inside, outside: None, seed)
        return
    assert all(len(set(fold[groups == group])) == 1 for group in set(groups))
    seen = []

    def decide(inside, outside):
        assert not set(groups[inside]) & set(groups[outside])
        seen.extend(outside.tolist())
        return Outcomes(np.zeros(len(outside), dtype=np.int64), np.full(len(outside), SEMANTIC))

    out_of_fold(sample, decide, seed)
    assert sorted(seen) == list(range(len(rows)))
