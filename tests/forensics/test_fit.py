"""Fitting the learned scorer: what it learns, from which rows, and when there is too little to learn from."""

from __future__ import annotations

import numpy as np
import pytest
from doubles import WordEncoder, two_experts
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import SearchError
from lab.forensics import fit
from lab.forensics.fit import fit_learned
from lab.routing import build
from lab.routing.learned import HEAVIEST, LearnedScorer, unpack, weight_of
from lab.types import NONE, Layer

NAMES = ("a", "b", "c")


def clusters(n: int, classes: int, *, dim: int = 8, noise: float = 0.3, seed: int = 0) -> tuple[np.ndarray, list[int]]:
    """Unit vectors around `classes` fixed directions, and which one each lies around."""
    random = np.random.default_rng(seed)
    code = [number % classes for number in range(n)]
    rows = np.eye(dim)[code] + noise * random.normal(size=(n, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), code


def learnt(vectors, labels, experts=NAMES, **options):
    return fit_learned(vectors, labels, experts, "words-1", **options)


def test_it_tells_unseen_rows_apart():
    vectors, code = clusters(300, 3)
    weights = learnt(vectors, [NAMES[one] for one in code])
    unseen, truth = clusters(300, 3, seed=1)
    scores = LearnedScorer(weights, NAMES).score_vectors(unseen)
    assert (scores.argmax(axis=1) == truth).mean() > 0.95
    assert (weights.classes, weights.dim, weights.rows, weights.encoder_fingerprint) == (NAMES, 8, 300, "words-1")


@pytest.mark.parametrize("classes", [2, 3])
def test_its_probabilities_are_those_of_the_regression_that_was_fitted(classes):
    from sklearn.linear_model import LogisticRegression

    vectors, code = clusters(120, classes, noise=0.6)
    weights = learnt(vectors, [NAMES[one] for one in code], NAMES[:classes])
    model = LogisticRegression(C=10, tol=1e-8, max_iter=5_000).fit(vectors.astype(np.float64), code)
    expected = model.predict_proba(vectors.astype(np.float64))
    found = LearnedScorer(weights, NAMES[:classes]).score_vectors(vectors)
    assert np.abs(found - expected).max() < 1e-4


def test_none_rows_are_a_class_and_rows_of_other_labels_are_passed_over():
    vectors, code = clusters(400, 4)
    labels = [("a", "b", NONE, "somebody else")[one] for one in code]
    weights = learnt(vectors, labels, ("a", "b"))
    assert (weights.classes, weights.rows) == (("a", "b", NONE), 300)
    scores = LearnedScorer(weights, ("a", "b")).score_vectors(vectors)
    none_rows = np.array(code) == 2
    assert scores[none_rows].max(axis=1).mean() < 0.2 < 0.8 < scores[np.array(code) < 2].max(axis=1).mean()
    alone = learnt(vectors, ["a" if one == 0 else NONE for one in code], ("a",))
    assert alone.classes == ("a", NONE)


def test_the_order_of_the_experts_is_the_order_of_the_classes():
    vectors, code = clusters(90, 3)
    labels = [NAMES[one] for one in code]
    forth, back = learnt(vectors, labels), learnt(vectors, labels, NAMES[::-1])
    assert back.classes == NAMES[::-1]
    scores = [LearnedScorer(one, NAMES).score_vectors(vectors) for one in (forth, back)]
    assert np.abs(scores[0] - scores[1]).max() < 1e-4


def test_the_same_rows_give_the_same_weights():
    vectors, code = clusters(90, 3)
    labels = [NAMES[one] for one in code]
    assert learnt(vectors, labels) == learnt(vectors, labels)


def test_a_fitted_router_decides():
    prompts = ["explain the sky", "explain entropy", "why is the sky blue", "so bored", "a joke", "lol a joke"] * 3
    labels = ["professor"] * 3 + ["zoomer"] * 3
    encoder = WordEncoder()
    weights = fit_learned(encoder.encode(prompts), labels * 3, ("professor", "zoomer"), encoder.fingerprint)
    router = build(two_experts(strategy="semantic", scorer="learned", learned=weights, threshold=0.6), encoder)
    assert [router.decide(prompt).expert for prompt in ("the blue sky", "tell a joke")] == ["professor", "zoomer"]
    assert router.decide("tell a joke").layer == Layer.SEMANTIC


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.floats(0, 3))
def test_weights_never_pass_what_can_be_exact(seed, classes, noise):
    vectors, code = clusters(classes * 4, classes, noise=noise, seed=seed)
    weights = learnt(vectors, [f"e{one}" for one in code], [f"e{number}" for number in range(classes)])
    assert weight_of(*unpack(weights)) <= HEAVIEST


def test_weights_that_grow_too_heavy_are_scaled_and_keep_their_order(monkeypatch):
    vectors, code = clusters(60, 2, dim=3, noise=0.05)
    labels = [NAMES[one] for one in code]
    light = learnt(vectors, labels, NAMES[:2])
    monkeypatch.setattr(fit, "HEAVIEST", 2.0)
    scaled = learnt(vectors, labels, NAMES[:2])
    assert weight_of(*unpack(scaled)) == pytest.approx(0.99 * 2.0, abs=1e-5)
    ratio = weight_of(*unpack(light)) / weight_of(*unpack(scaled))
    assert np.abs(unpack(light)[0] - ratio * unpack(scaled)[0]).max() < 1e-4


def test_above_the_limit_a_sample_with_the_same_share_of_each_class_is_learnt_from(monkeypatch):
    vectors, _ = clusters(900, 3)
    labels = ["a"] * 600 + ["b"] * 298 + ["c"] * 2
    monkeypatch.setattr(fit, "_MOST_CELLS", 3 * 90)
    code = np.array([NAMES.index(label) for label in labels])
    kept = fit._sampled(code, 3, seed=4)
    assert len(kept) == len(set(kept.tolist())) == 90
    assert np.bincount(code[kept]).tolist() == [59, 30, 1]  # a tenth of each, and one at least
    assert (fit._sampled(code, 3, seed=4) == kept).all()
    assert (fit._sampled(code, 3, seed=5) != kept).any()
    assert learnt(vectors, labels, seed=4).rows == 90


def test_too_many_classes_are_refused_with_the_number():
    names = [f"e{number}" for number in range(10_000)]
    with pytest.raises(SearchError, match="10,000 classes are too many for the learned scorer; it learns up to 3,872"):
        learnt(np.zeros((20_000, 1), dtype=np.float32), names * 2, names)


@pytest.mark.parametrize(
    ("labels", "experts", "sentence"),
    [
        (["a", "b", "a", "b"], NAMES, "No row is labelled 'c'."),
        (["x"] * 4, NAMES, "No row is labelled 'a', nor are 2 other experts."),
        (["a"] * 4, ("a",), "All rows are labelled a."),
        ([NONE] * 4, (), "All rows are labelled none."),
    ],
)
def test_too_little_to_learn_from_is_a_sentence(labels, experts, sentence):
    with pytest.raises(SearchError) as caught:
        learnt(np.eye(4, dtype=np.float32), labels, experts)
    assert str(caught.value).startswith(sentence)
