"""Two routers side by side: counts by hand, tests that do not see what is not there."""

from __future__ import annotations

import numpy as np
import pytest
from doubles import two_experts
from hypothesis import given
from hypothesis import strategies as st

from lab.forensics.compare import accuracy_of, compare, confusion, in_words
from lab.forensics.evidence import FALLBACK, KEYWORD, SEMANTIC, Outcomes
from lab.forensics.metrics import auroc, holm, macro_f1, mcnemar, resampled_groups, wilson
from lab.forensics.sample import Stakes, sample_of
from lab.types import NONE

CONFIG = two_experts()


def sample(labels, groups=None):
    return sample_of(CONFIG, labels, groups=None if groups is None else np.asarray(groups))


def decided(*pairs):
    return Outcomes(np.array([one for one, _ in pairs]), np.array([layer for _, layer in pairs]))


P, Z, FELL = (0, SEMANTIC), (1, SEMANTIC), (0, FALLBACK)


def test_fixed_and_broken_are_counted_by_hand():
    rows = sample(["professor", "zoomer", "zoomer", NONE])
    found = compare(
        rows, decided(P, P, Z, FELL), decided(Z, Z, Z, P), stakes=Stakes(call={"professor": 3.0, "zoomer": 1.0})
    )
    assert found.fixed.tolist() == [1]
    assert found.broken.tolist() == [0, 3]  # the `none` row is right at the fallback only
    assert found.moved.tolist() == [0, 1, 3]
    assert found.p_value == mcnemar(2, 1) == 1.0
    assert (found.accuracy.first, found.accuracy.second) == (0.75, 0.5)
    assert found.calls == {"professor": (0.75, 0.25), "zoomer": (0.25, 0.75)}
    assert (found.cost.first, found.cost.second) == (2.5, 1.5)
    assert found.verdict == "not told apart"


def test_a_real_difference_is_called_one():
    rows = sample(["zoomer"] * 40)
    found = compare(rows, decided(*[P] * 30, *[Z] * 10), decided(*[Z] * 40))
    assert found.verdict == "better"
    assert found.p_value == mcnemar(0, 30)
    assert found.accuracy.difference.low > 0.5
    assert "fixes 30 of 40 prompts and breaks 0: draft is better than live" in in_words(
        found, second="draft", first="live"
    )
    back = compare(rows, decided(*[Z] * 40), decided(*[P] * 30, *[Z] * 10))
    assert back.verdict == "worse"


def test_thirty_copies_of_one_prompt_prove_nothing():
    labels, before, after = ["zoomer"] * 30, [P] * 30, [Z] * 30
    alone = compare(sample(labels, range(30)), decided(*before), decided(*after))
    copied = compare(sample(labels, [7] * 30), decided(*before), decided(*after))
    assert alone.p_value < 0.001
    assert copied.by_group
    assert copied.p_value > 0.5
    assert copied.verdict == "not told apart"


def test_too_few_prompts_say_how_many_would_do():
    rows = sample(["zoomer"] * 20)
    found = compare(rows, decided(*[P] * 3, *[Z] * 17), decided(*[Z] * 2, P, *[P], *[Z] * 16))
    assert found.verdict == "not told apart"
    assert "would take about" in in_words(found, second="draft", first="live")
    assert found.rows_to_tell > 20


def test_the_same_router_is_the_same():
    rows = sample(["zoomer", "professor"])
    found = compare(rows, decided(P, P), decided(P, P))
    assert (found.verdict, found.p_value, found.rows_to_tell) == ("same", 1.0, None)
    assert "on the same 2 prompts" in in_words(found, second="draft", first="live")


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.lists(st.booleans(), min_size=60, max_size=60))
def test_fixed_less_broken_is_the_difference_in_accuracy(first, second):
    n = len(first)
    rows = sample(["zoomer"] * n)
    before = decided(*[Z if one else P for one in first])
    after = decided(*[Z if one else P for one in second[:n]])
    found = compare(rows, before, after)
    assert (len(found.fixed) - len(found.broken)) / n == pytest.approx(found.accuracy.difference.value)
    assert found.accuracy.difference.low <= found.accuracy.difference.value <= found.accuracy.difference.high


def test_confusion_keeps_the_fallback_apart():
    rows = sample(["professor", "professor", "zoomer", NONE])
    labels, decisions, counts = confusion(rows, decided(P, FELL, (1, KEYWORD), FELL))
    assert labels == ("professor", "zoomer", NONE)
    assert decisions == ("professor", "zoomer", "fallback (professor)")
    assert counts.tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 1]]


def test_accuracy_with_weights_is_the_weighted_share():
    rows = sample_of(CONFIG, ["zoomer"] * 4, query_types=["a", "a", "a", "b"]).weighted_by({"a": 0.5, "b": 0.5})
    found = accuracy_of(rows, decided(Z, Z, Z, P))
    assert found.value == pytest.approx(0.5)


def test_the_interval_of_a_difference_agrees_with_the_test():
    rows = sample(["zoomer"] * 100)
    found = compare(rows, decided(*[P] * 5, *[Z] * 95), decided(*[Z] * 100))
    assert found.p_value == pytest.approx(0.0625)
    # by hand: 6/102 and 1/102 discordant, their difference .0490 ± 1.96 · √((.0686 − .0024) / 102)
    assert found.accuracy.difference == pytest.approx((0.05, -0.0009, 0.0990), abs=1e-4)
    assert found.verdict == "not told apart"


def test_all_right_is_not_known_for_certain():
    every = accuracy_of(sample(["zoomer"] * 40), decided(*[Z] * 40))
    assert every == pytest.approx(wilson(40, 40))
    copies = accuracy_of(sample(["zoomer"] * 40, groups=[0] * 20 + [1] * 20), decided(*[Z] * 40))
    assert copies == pytest.approx(wilson(2, 2))  # two prompts, however often they were copied


def test_copies_widen_an_interval_and_are_worth_one_row():
    labels, right = ["zoomer"] * 60, [Z, P, Z, Z, P, Z] * 10
    alone = accuracy_of(sample(labels), decided(*right))
    pairs = sample(labels * 2, groups=[*range(60), *range(60)])
    together = accuracy_of(pairs, decided(*right, *right))
    assert together == pytest.approx(alone, abs=0.002)


def test_what_a_goal_asks_for_is_told_with_intervals():
    rows = sample(["professor"] * 40 + ["zoomer"] * 40 + [NONE] * 20)
    first = decided(*[P] * 80, *[FELL] * 20)
    second = decided(*[P] * 36, *[Z] * 44, *[FELL] * 20)
    stakes = Stakes(call={"professor": 5.0, "zoomer": 1.0})
    measures = ("leak:professor>zoomer", "cost", "macro_f1")
    told = {one.measure: one for one in compare(rows, first, second, stakes=stakes, measures=measures).told}
    assert told["leak:professor>zoomer"].second == pytest.approx(wilson(4, 40))
    assert told["leak:professor>zoomer"].first == 0.0
    assert (told["cost"].first, told["cost"].second.value) == (5.0, pytest.approx(3.24))
    assert told["cost"].difference.high < 0
    labels = ["professor"] * 40 + ["zoomer"] * 40 + [NONE] * 20
    guess = ["professor"] * 36 + ["zoomer"] * 44 + [NONE] * 20
    assert told["macro_f1"].second.value == pytest.approx(macro_f1(labels, guess))
    assert told["macro_f1"].second.low < told["macro_f1"].second.value < told["macro_f1"].second.high


# ------------------------------------------------------------------------------------------------------- metrics


def test_wilson_is_as_published():
    # Newcombe (1998), table I: 81 of 263 gives 0.2553 to 0.3662
    assert wilson(81, 263) == pytest.approx((0.3080, 0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20).low == 0.0
    assert np.isnan(wilson(0, 0).value)


@pytest.mark.parametrize(("first", "second"), [(3, 10), (0, 7), (60, 41), (500, 430)])
def test_mcnemar_is_the_exact_binomial_test(first, second):
    from scipy.stats import binomtest

    assert mcnemar(first, second) == pytest.approx(binomtest(first, first + second).pvalue)


def test_macro_f1_weighs_rare_experts_equally():
    # F1(a) = 2/3, F1(b) = 0.8
    assert macro_f1(["a", "a", "b", "b"], ["a", "b", "b", "b"]) == pytest.approx((2 / 3 + 0.8) / 2)


def test_auroc_counts_ties_as_half():
    assert auroc([0.9, 0.5], [0.5, 0.1]) == pytest.approx((1 + 1 + 0.5 + 1) / 4)
    assert np.isnan(auroc([], [0.1]))


def test_holm_multiplies_the_smallest_most():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_a_bootstrap_draws_groups_whole():
    drawn = resampled_groups(np.array([5, 5, 8, 9]), seed=1, samples=50)
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert (drawn[:, [0, 2, 3]].sum(axis=1) == 3).all()
