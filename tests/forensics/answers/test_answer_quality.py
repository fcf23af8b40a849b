"""How good the answers of a router are, and what its score is worth, by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import small
from doubles import two_experts
from hypothesis import given
from hypothesis import strategies as st

from lab.forensics.answers.quality import rated, unmeasured
from lab.forensics.answers.routed import value_in_words
from lab.forensics.answers.score_value import score_value, strong_expert, sweep_keys
from lab.forensics.answers.value import routing_value
from lab.forensics.evidence import FALLBACK, KEYWORD, NOBODY, SEMANTIC, Layer1, Layer2, Outcomes
from lab.forensics.sample import Measured, Sample, Stakes, sample_of
from lab.types import NONE

CONFIG = two_experts()
PROFESSOR, ZOOMER = 0, 1
CONFIG_NAMES = ("professor", "zoomer")
DEAR = Stakes(call={"professor": 3.0, "zoomer": 1.0})


def sample(n: int, groups=None) -> Sample:
    return sample_of(CONFIG, ["professor"] * n, groups=None if groups is None else np.asarray(groups))


def decided(*codes) -> Outcomes:
    expert = np.array(codes, dtype=np.int64)
    return Outcomes(expert, np.where(expert > 1, FALLBACK, SEMANTIC))


# -------------------------------------------------------------------------------------------------- answer quality


def test_only_rows_with_an_answer_of_every_expert_count():
    quality = np.array([[1.0, 0], [0.5, np.nan], [0, 1], [np.nan, np.nan]])
    some = rated(sample(4), quality)
    assert some.places.tolist() == [0, 2]
    found = some.of(decided(PROFESSOR, PROFESSOR, ZOOMER, ZOOMER))
    assert (found.mean.value, found.n, found.nobody) == (1.0, 2, 0)
    assert unmeasured(sample(4), quality) == {"professor": 3, "zoomer": 2}


def test_without_such_a_row_there_is_nothing_to_tell():
    assert rated(sample(2), np.array([[1, np.nan], [np.nan, 1]])) is None
    assert rated(sample(2), None) is None


def test_nobodys_answer_counts_0_and_is_counted():
    found = rated(sample(4), np.ones((4, 2))).of(decided(PROFESSOR, ZOOMER, 2, 2))
    assert (found.mean.value, found.nobody) == (0.5, 2)


def test_a_coin_has_the_call_shares_of_the_router_on_these_rows():
    quality = np.array([[1.0, 0], [0.5, 0.5], [0, 1], [0.5, 0.5], [np.nan, 1]])
    # calls: professor 2/4, zoomer 1/4, nobody 1/4; means .5 and .5
    found = rated(sample(5), quality).random(decided(PROFESSOR, PROFESSOR, ZOOMER, 2, ZOOMER))
    assert found.mean.value == pytest.approx(0.5 * 0.5 + 0.25 * 0.5)
    assert (found.n, found.nobody) == (4, 1)
    worth = routing_value(np.array([0, 0, 1, 2]), quality[:4], np.arange(4))
    assert found.mean.value == pytest.approx(worth.random)


def test_intervals_come_from_whole_groups():
    quality = np.array([[1.0, 0], [0.0, 1]] * 50)
    always = decided(*[PROFESSOR] * 100)
    alone = rated(sample(100), quality).of(always).mean
    # 100 prompts, half of them right: a standard error of .05
    assert (alone.low, alone.high) == (pytest.approx(0.4, abs=0.02), pytest.approx(0.6, abs=0.02))
    copies = rated(sample(100, groups=np.arange(100) % 2), quality).of(always).mean
    assert (copies.low, copies.high) == (0.0, 1.0)  # two prompts, however often they are asked
    one = rated(sample(100, groups=np.zeros(100)), quality).of(always).mean
    assert one.value == 0.5
    assert math.isnan(one.low)


def test_weights_of_the_traffic_weigh_answers():
    weighted = replace(sample(2), weights=np.array([1.5, 0.5]))
    assert rated(weighted, np.array([[1.0, 0], [0, 1.0]])).of(decided(0, 0)).mean.value == 0.75


def test_the_best_answer_is_the_cheaper_of_equals_then_the_first():
    quality = np.array([[1.0, 1.0], [1.0, 0.9999999999], [0.2, 0.2]])
    some = rated(sample(3), quality)
    assert some.best(DEAR, CONFIG_NAMES).tolist() == [ZOOMER, PROFESSOR, ZOOMER]
    assert some.best(Stakes(), CONFIG_NAMES).tolist() == [PROFESSOR] * 3
    assert some.best_single() == PROFESSOR


# ------------------------------------------------------------------------------------------------- value in words


def worth(chosen, times=50):
    quality = np.array([[1, 0], [1, 0], [0, 1], [0, 0]] * times, dtype=float)
    return routing_value(np.array(chosen * times), quality, np.arange(4 * times))


@pytest.mark.parametrize(
    ("chosen", "begins", "ends"),
    [
        ([0, 0, 1, 0], "Routing is worth 1.000 [1.000, 1.000] of what an oracle would add", "(always professor)."),
        ([1, 1, 1, 1], "Routing is worth -1.000", ": negative, always professor would be better."),
        (
            [0, 0, 0, 0],
            "Routing adds nothing to the best single expert here",
            "always professor whichever rows are drawn.",
        ),
    ],
)
def test_the_value_of_routing_is_a_sentence(chosen, begins, ends):
    told = value_in_words(worth(chosen), CONFIG_NAMES)
    assert told.startswith(begins)
    assert told.endswith(ends)


def test_a_value_that_may_be_0_is_not_called_better_or_worse():
    # always professor is right on 150 of 200; this router loses 26 of them and gains 25 of zoomer's 50
    quality = np.array([[1, 0]] * 100 + [[0, 1]] * 50 + [[1, 1]] * 50, dtype=float)
    chosen = np.array([1] * 26 + [0] * 74 + [1] * 25 + [0] * 75)
    told = value_in_words(routing_value(chosen, quality, np.arange(200)), CONFIG_NAMES)
    assert told.startswith("Routing is worth -0.020")  # (.745 - .75) / .25
    assert told.endswith(": negative, but not told apart from always professor by 200 rows.")


def test_an_undefined_value_says_why():
    told = value_in_words(worth([0, 0, 1, 0], times=1), CONFIG_NAMES)
    assert told.startswith("The value of routing is undefined: an oracle gains 0.250 [0.000, ")


# ----------------------------------------------------------------------------------------------- weak and strong


def evidence(times: int = 1) -> Measured:
    """Six rows: L1 professor, L1 zoomer, zoomer .9, zoomer .6, professor .8, zoomer .6 with too small a margin."""
    settled = np.array([PROFESSOR, ZOOMER, NOBODY, NOBODY, NOBODY, NOBODY] * times)
    scores = np.array([[0.1, 0.9], [0.9, 0.1], [0.2, 0.9], [0.3, 0.6], [0.8, 0.3], [0.55, 0.6]] * times)
    config = two_experts(threshold=0.7, min_margin=0.1)
    return Measured(sample(6 * times), config, Layer1(settled, settled), Layer2.of(scores))


WEAK = [0.0, 1, 1, 0, 0, 1]
STRONG = [1.0, 1, 0, 1, 1, 1]


def test_the_threshold_moves_what_layer_2_may_claim_and_nothing_else():
    assert sweep_keys(evidence(), "professor").tolist() == [np.inf, -np.inf, -0.9, -0.6, np.inf, np.inf]
    assert sweep_keys(evidence(), "zoomer").tolist() == [-np.inf, np.inf, 0.9, 0.6, -np.inf, -np.inf]


def test_the_figures_of_the_score_are_those_of_its_curve():
    measured = evidence(50)
    some = rated(measured.sample, np.array(list(zip(STRONG, WEAK, strict=True)) * 50))
    found = score_value(measured, some, measured.outcomes(), DEAR)
    # weak .5, strong 5/6. Shares 0, 3/6, 4/6, 5/6, 1 give 3/6, 5/6, 6/6, 5/6, 5/6: recovered 0, 1, 1.5, 1, 1
    assert (found.weak, found.strong, found.by_cost, found.n, found.why_not) == ("zoomer", "professor", True, 300, "")
    assert found.moved == 100
    assert found.weak_quality.value == pytest.approx(0.5)
    assert found.strong_quality.value == pytest.approx(5 / 6)
    assert found.apgr.value == pytest.approx(0.25 + 1.25 / 6 + 1.25 / 6 + 1 / 6)
    assert found.cpt.value == pytest.approx(0.5)
    # costs 1 + 2 · share; the hull goes straight from (1, .5) to (7/3, 1) and then flat to 3: (1 + 2/3) / 2
    assert found.aiq.value == pytest.approx(5 / 6)
    # the threshold .7 leaves one of the three to zoomer: shares 4/6
    assert (found.calls, found.pgr.value) == (pytest.approx(4 / 6), pytest.approx(1.5))
    for one in (found.pgr, found.apgr, found.cpt, found.aiq):
        assert one.low <= one.value <= one.high
        assert one.low < one.high


def test_where_both_cost_the_same_the_fallback_is_the_strong_one_and_there_is_no_aiq():
    measured = evidence(50)
    some = rated(measured.sample, np.array(list(zip(STRONG, WEAK, strict=True)) * 50))
    found = score_value(measured, some, measured.outcomes(), Stakes())
    assert (found.strong, found.by_cost) == ("professor", False)
    assert math.isnan(found.aiq.value)
    assert found.cpt.value == pytest.approx(0.5)


def test_a_dear_expert_that_may_be_no_better_leaves_no_gap_to_recover():
    measured = evidence(50)
    quality = np.array(list(zip(WEAK, STRONG, strict=True)) * 50)
    worse = score_value(measured, rated(measured.sample, quality), measured.outcomes(), DEAR)
    assert worse.why_not.startswith("Undefined: the answers of professor are -0.333 [")
    assert worse.why_not.endswith("better than those of zoomer (n = 300): it is worse.")
    assert math.isnan(worse.apgr.value)
    assert not math.isnan(worse.aiq.value)
    even = score_value(measured, rated(measured.sample, np.tile([0.5, 0.5], (300, 1))), measured.outcomes(), DEAR)
    assert even.why_not.endswith("it may be no better.")


def test_a_threshold_that_moves_nothing_has_no_figures():
    measured = evidence(50)
    settled = measured.sample.take(np.arange(300) % 6 < 2)  # layer 1 has decided both
    some = rated(settled, np.array([[1.0, 0], [1.0, 1]] * 50))
    found = score_value(measured.take(np.arange(300) % 6 < 2), some, decided(*[PROFESSOR, ZOOMER] * 50), DEAR)
    assert found.why_not == "Undefined: no threshold moves any of the 100 rows from one expert to the other."
    assert np.isnan([found.pgr.value, found.apgr.value, found.cpt.value, found.aiq.value]).all()


def test_copies_of_one_prompt_tell_no_interval():
    measured = evidence()
    one = replace(measured, sample=replace(measured.sample, groups=np.zeros(6, dtype=np.int64)))
    found = score_value(one, rated(one.sample, np.array([STRONG, WEAK]).T), one.outcomes(), DEAR)
    assert "near-duplicates" in found.why_not


@pytest.mark.parametrize(
    ("changes", "strong"),
    [
        ({}, "professor"),
        ({"strategy": "keyword"}, None),  # no score to sweep
        ({"fallback": NONE}, None),  # the threshold chooses between an expert and nobody
        ({"experts": small.three_experts().experts}, None),
    ],
)
def test_a_threshold_that_chooses_between_two_experts_is_needed(changes, strong):
    assert strong_expert(two_experts(**changes), DEAR) == strong
    assert strong_expert(CONFIG, Stakes(call={"zoomer": 2.0})) == "zoomer"
    if strong is None:
        measured = replace(evidence(), config=two_experts(**changes))
        assert score_value(measured, rated(sample(6), np.ones((6, 2))), decided(*[0] * 6), DEAR) is None


@given(
    st.floats(-1, 1),
    st.sampled_from(["professor", "zoomer"]),
    st.sampled_from(["hybrid", "semantic"]),
    st.sampled_from([0.0, 0.05, 0.3]),
)
def test_at_every_threshold_the_rows_above_a_key_and_no_others_go_to_the_strong_expert(
    threshold, fallback, strategy, margin
):
    base = two_experts(strategy=strategy, fallback=fallback, min_margin=margin)
    swept = "zoomer" if fallback == "professor" else "professor"
    experts = tuple(replace(one, threshold=threshold) if one.name == swept else one for one in base.experts)
    measured = Measured.of(small.sample(base), replace(base, experts=experts), small.evidence())
    for strong in CONFIG_NAMES:
        keys = sweep_keys(measured, strong)
        goes = keys >= threshold if swept == strong else keys > -threshold
        assert (measured.outcomes().expert == CONFIG_NAMES.index(strong)).tolist() == goes.tolist()
    assert KEYWORD in measured.outcomes().layer or strategy == "semantic"
