"""Goals: sentences that are read as they are meant, and that say so when they are not."""

from __future__ import annotations

import numpy as np
import pytest

from lab.errors import SearchError
from lab.forensics.grid_search.goals import EXAMPLES, Limit, in_words, parse_goal

EXPERTS = ("professor", "zoomer")
TYPES = ("code", "small talk")


def read(text):
    return parse_goal(text, EXPERTS, TYPES, dearest="professor")


@pytest.mark.parametrize(
    ("text", "limits", "best"),
    [
        ("best accuracy", (), "accuracy"),
        ("Best macro F1.", (), "macro_f1"),
        ("cheapest", (), "cost"),
        ("lowest misroute cost", (), "misroute_cost"),
        ("90 % coverage", (Limit("coverage", True, 0.9),), "claim_accuracy"),
        ("at most 2 % of hard prompts to zoomer, then cheapest",
         (Limit("leak:professor>zoomer", False, 0.02),), "cost"),
        ("at most 2% of code prompts to zoomer", (Limit("leak:code>zoomer", False, 0.02),), "accuracy"),
        ("at most 5 % of Small Talk prompts to professor",
         (Limit("leak:small talk>professor", False, 0.05),), "accuracy"),
        ("at most 5 % of all prompts to zoomer", (Limit("leak:*>zoomer", False, 0.05),), "accuracy"),
        ("at least 95 % precision of Zoomer, then best coverage", (Limit("precision:zoomer", True, 0.95),), "coverage"),
        ("at most 40 % of calls to professor; best accuracy", (Limit("calls:professor", False, 0.4),), "accuracy"),
        ("95 % accuracy, 80 % recall of none, then fewest calls to professor",
         (Limit("accuracy", True, 0.95), Limit("none_recall", True, 0.8)), "calls:professor"),
    ],
)  # fmt: skip
def test_a_goal_is_read(text, limits, best):
    goal = read(text)
    assert (goal.limits, goal.best) == (limits, best)
    assert in_words(goal, EXPERTS)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "The goal is empty"),
        ("make it good", "not understood as a goal"),
        ("best accuracy, then cheapest", "two things to be best"),
        ("at most 2 % of code prompts to nobody special", "is no expert of this router"),
        ("at most 2 % of rude prompts to zoomer", "no expert and no query type"),
        ("at most 200 % of code prompts to zoomer", "more than 100 %"),
    ],
)
def test_a_goal_that_is_not_understood_says_which_are(text, says):
    with pytest.raises(SearchError, match=says):
        read(text)


def test_hard_prompts_need_an_expert_that_costs_most():
    with pytest.raises(SearchError, match="all experts cost the same"):
        parse_goal("at most 2 % of hard prompts to zoomer", EXPERTS)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_can_be_read(example):
    assert read(example.format(cheap="zoomer", dear="professor")).measures


def test_settings_within_the_limits_come_before_all_others():
    goal = read("90 % coverage, then cheapest")
    values = {"coverage": np.array([0.95, 0.91, 0.89, 0.5]), "cost": np.array([3.0, 2.0, 1.0, 0.1])}
    score = goal.score(values.__getitem__)
    assert score.argsort()[::-1].tolist() == [1, 0, 2, 3]  # cheapest of those kept, then the nearest to the limit
    assert goal.is_kept(values.__getitem__).tolist() == [True, True, False, False]


def test_an_undefined_measure_meets_no_lower_limit_and_breaks_no_upper_one():
    nothing = np.array([np.nan])
    assert not Limit("precision:zoomer", True, 0.5).holds(nothing)[0]
    assert Limit("leak:code>zoomer", False, 0.5).holds(nothing)[0]


def test_a_setting_is_the_worse_the_more_is_missing_from_all_limits_in_any_order():
    values = {
        "claim_accuracy": np.array([0.97, 0.80, 0.90, np.nan]),
        "coverage": np.array([0.10, 0.85, 0.60, 0.0]),
        "accuracy": np.array([0.9, 0.5, 0.7, 0.2]),
    }
    one = read("at least 97 % accuracy of claims, 90 % coverage, then best accuracy")
    other = read("90 % coverage, at least 97 % accuracy of claims, then best accuracy")
    assert one.score(values.__getitem__).tolist() == pytest.approx(other.score(values.__getitem__).tolist())
    assert one.score(values.__getitem__).argsort()[::-1].tolist() == [1, 2, 0, 3]  # .22, .37, .80 and 1.90 are missing


def test_an_undefined_measure_is_worse_than_any_cost_and_better_than_a_broken_limit():
    goal = read("at least 50 % coverage, then cheapest")
    cost, coverage = np.array([1e12, np.nan, 0.0]), np.array([0.5, 0.5, 0.4])
    score = goal.score({"cost": cost, "coverage": coverage}.__getitem__)
    assert score.argsort()[::-1].tolist() == [0, 1, 2]


@pytest.mark.parametrize("text", ["at most 1.2.3 % of professor prompts to zoomer", ". % coverage", "1. % coverage"])
def test_a_number_that_is_none_is_a_sentence(text):
    with pytest.raises(SearchError, match="is not understood as a goal"):
        read(text)


def test_a_comma_may_stand_for_the_point():
    assert read("at most 2,5 % of hard prompts to zoomer, then cheapest").limits == (
        Limit("leak:professor>zoomer", False, 0.025),
    )


def test_there_is_no_precision_of_none_and_its_recall_is_one_measure():
    assert read("best recall of none").best == read("at least 5 % coverage, then best recall of none").best
    with pytest.raises(SearchError, match="no precision of none"):
        read("best precision of none")
