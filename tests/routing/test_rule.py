"""The decision rule of DESIGN, on evidence made by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.routing.rule import Rule, Verdict, judge, rounded, rounded_array
from lab.types import NONE, Expert, Layer, RouterConfig

KEYWORD, SEMANTIC, FALLBACK = Layer.KEYWORD, Layer.SEMANTIC, Layer.FALLBACK
NAN = math.nan


def rule(
    strategy: str = "hybrid",
    *,
    thresholds: Sequence[float] = (0.5, 0.5, 0.5),
    min_margin: float = 0.0,
    on_conflict: str = "defer",
    fallback: str = "c",
) -> Rule:
    return Rule(strategy, ("a", "b", "c")[: len(thresholds)], fallback, on_conflict, tuple(thresholds), min_margin)


def verdict(asked: Rule, matched: Sequence[str] = (), scores: Sequence[float] = (0.0, 0.0, 0.0)) -> tuple[str, Layer]:
    result = judge(asked, matched, lambda: scores)
    return result.expert, result.layer


def no_scores() -> Sequence[float]:
    raise AssertionError("layer 2 ran, and had no reason to")


# ----------------------------------------------------------------------------------------------------- layer 1


@pytest.mark.parametrize("strategy", ["keyword", "hybrid"])
def test_one_matched_expert_gets_the_prompt_and_layer_2_does_not_run(strategy):
    assert judge(rule(strategy), {"b"}, no_scores) == Verdict("b", KEYWORD, None, None)


@pytest.mark.parametrize("strategy", ["keyword", "hybrid"])
def test_priority_settles_a_conflict_by_the_order_of_the_experts(strategy):
    assert judge(rule(strategy, on_conflict="priority"), ["c", "b"], no_scores) == Verdict("b", KEYWORD, None, None)


def test_defer_leaves_a_conflict_to_layer_2_in_hybrid():
    # the scores decide among all experts, not only among those that matched
    assert verdict(rule(), ["a", "b"], (0.1, 0.2, 0.9)) == ("c", SEMANTIC)


def test_defer_leaves_a_conflict_to_the_fallback_in_keyword():
    assert judge(rule("keyword"), ["a", "b"], no_scores) == Verdict("c", FALLBACK, None, None)


def test_keyword_without_a_match_is_the_fallback_without_layer_2():
    assert judge(rule("keyword", fallback=NONE), [], no_scores) == Verdict(NONE, FALLBACK, None, None)


def test_semantic_ignores_matches():
    assert verdict(rule("semantic"), ["a"], (0.1, 0.9, 0.2)) == ("b", SEMANTIC)
    assert verdict(rule("semantic", on_conflict="priority"), ["a"], (0.1, 0.2, 0.3)) == ("c", FALLBACK)


# ----------------------------------------------------------------------------------------------------- layer 2


@pytest.mark.parametrize("strategy", ["semantic", "hybrid"])
@pytest.mark.parametrize(
    ("scores", "options", "expected"),
    [
        ((0.9, 0.1, 0.2), {}, ("a", SEMANTIC)),
        ((0.5, 0.1, 0.2), {}, ("a", SEMANTIC)),  # equal to the threshold claims
        ((0.499999, 0.1, 0.2), {}, ("c", FALLBACK)),
        ((0.9, 0.8, 0.2), {"min_margin": 0.1}, ("a", SEMANTIC)),  # equal to the margin passes
        ((0.9, 0.8, 0.2), {"min_margin": 0.100001}, ("c", FALLBACK)),
        ((0.9, 0.8, 0.2), {"thresholds": (0.95, 0.5, 0.5)}, ("c", FALLBACK)),  # a runner-up never inherits
        ((0.7, 0.8, 0.2), {"thresholds": (0.9, 0.75, 0.5)}, ("b", SEMANTIC)),  # each its own threshold
        ((0.8, 0.8, 0.8), {}, ("a", SEMANTIC)),  # equal scores: the one listed first
        ((0.7, 0.8, 0.8), {}, ("b", SEMANTIC)),
        ((0.8, 0.8, 0.2), {"min_margin": 0.000001}, ("c", FALLBACK)),  # equal scores have margin 0
        ((NAN, 0.6, 0.5), {}, ("b", SEMANTIC)),  # no score never wins
        ((0.6, NAN, NAN), {"min_margin": 1.5}, ("a", SEMANTIC)),  # one scored expert: no margin, which passes
        ((NAN, NAN, 0.4), {"min_margin": 1.5}, ("c", FALLBACK)),
        ((NAN, NAN, NAN), {"thresholds": (-1.0, -1.0, -1.0)}, ("c", FALLBACK)),
        ((-1.0, -1.0, -1.0), {"thresholds": (-1.0, -1.0, -1.0)}, ("a", SEMANTIC)),
        ((0.4, 0.1, 0.2), {"fallback": NONE}, (NONE, FALLBACK)),
        ((0.4, 0.1, 0.2), {"fallback": "a"}, ("a", FALLBACK)),  # the same expert, another layer
    ],
)
def test_layer_2_decides_as_design_says(strategy, scores, options, expected):
    assert verdict(rule(strategy, **options), (), scores) == expected


def test_a_verdict_of_layer_2_carries_score_and_margin_also_when_it_falls_back():
    assert judge(rule(), (), lambda: (0.9, 0.25, 0.5)) == Verdict("a", SEMANTIC, 0.9, 0.4)
    assert judge(rule(), (), lambda: (0.3, 0.25, 0.1)) == Verdict("c", FALLBACK, 0.3, 0.05)
    assert judge(rule(), (), lambda: (NAN, 0.3, NAN)) == Verdict("c", FALLBACK, 0.3, None)
    assert judge(rule(), (), lambda: (NAN, NAN, NAN)) == Verdict("c", FALLBACK, None, None)


def test_a_margin_is_rounded_like_the_scores_it_comes_from():
    # 0.3 - 0.1 is 0.19999999999999998 in binary: unrounded, a margin of 0.2 would fail
    assert verdict(rule(min_margin=0.2, thresholds=(0.0, 0.0)), (), (0.3, 0.1)) == ("a", SEMANTIC)
    assert verdict(rule(min_margin=0.700001, thresholds=(0.0, 0.0)), (), (0.900003, 0.200002)) == ("a", SEMANTIC)


def test_a_rule_takes_each_experts_own_threshold_or_the_routers():
    experts = (Expert("a", threshold=0.9), Expert("b"), Expert("c", threshold=0.0))
    made = Rule.of(RouterConfig("hybrid", experts, fallback="c", threshold=0.3, min_margin=0.05))
    assert made == rule(thresholds=(0.9, 0.3, 0.0), min_margin=0.05)


# ---------------------------------------------------------------------------------------------------- properties


@given(st.lists(st.floats(-2, 2), max_size=20))
def test_rounding_one_value_and_an_array_give_the_same_bits(values):
    array = rounded_array(np.array(values, dtype=np.float64))
    assert [rounded(value) for value in values] == array.tolist()


@given(st.integers(-2_000_000, 2_000_000))
def test_rounding_keeps_a_value_of_six_decimals(millionths):
    assert rounded(millionths / 1_000_000) == millionths / 1_000_000


@given(st.integers(-1_000_000, 999_999))
def test_halves_round_to_even_in_both(millionths):
    half = (2 * millionths + 1) / 2_000_000
    assert rounded(half) == rounded_array(np.array([half]))[0]


SCORES = st.one_of(st.just(NAN), st.integers(-10, 10).map(lambda tenths: tenths / 10))


@given(
    st.lists(SCORES, min_size=3, max_size=3),
    st.lists(st.integers(-10, 10).map(lambda tenths: tenths / 10), min_size=3, max_size=3),
    st.sampled_from([0.0, 0.1, 0.5]),
)
def test_layer_2_agrees_with_a_sorted_list(scores, thresholds, min_margin):
    ranked = sorted((-score, index) for index, score in enumerate(scores) if not math.isnan(score))
    expected = ("c", FALLBACK)
    if ranked:
        score, best = -ranked[0][0], ranked[0][1]
        margin = round(score + ranked[1][0], 6) if len(ranked) > 1 else math.inf
        if score >= thresholds[best] and margin >= min_margin:
            expected = ("abc"[best], SEMANTIC)
    assert verdict(rule(thresholds=thresholds, min_margin=min_margin), (), scores) == expected
