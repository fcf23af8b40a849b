"""What a router configuration is refused for, and the sentence that says it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from lab.errors import ConfigError, PatternError
from lab.routing.check import check_config
from lab.types import NONE, Expert, RouterConfig

A = Expert("a", patterns=("lol",), utterances=("hello",))
B = Expert("b", patterns=("sql",), utterances=("a query",))
GOOD = RouterConfig("hybrid", (A, B), fallback="a")


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"fallback": NONE},
        {"threshold": 1.0},
        {"threshold": -1},
        {"min_margin": 0},
        {"min_margin": 2.0},
        {"top_k": 1},
        {"strategy": "keyword", "experts": (replace(A, utterances=()),)},
        {"experts": (replace(A, threshold=-1.0), B)},
        {"experts": (Expert("a"), B)},  # the fallback needs no route
        {"strategy": "semantic", "experts": (Expert("a", patterns=("x",)), B)},
    ],
)
def test_a_configuration_that_can_work_passes(change):
    check_config(replace(GOOD, **change))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"strategy": "magic"}, "router.strategy is 'magic'; it must be one of keyword, semantic, hybrid."),
        ({"aggregate": "median"}, "router.aggregate is 'median'; it must be one of max, mean_top_k, centroid."),
        ({"on_conflict": "fight"}, "router.on_conflict is 'fight'; it must be one of defer, priority."),
        ({"threshold": 1.5}, "router.threshold is 1.5; it must lie between -1 and 1."),
        ({"threshold": -1.000001}, "router.threshold is -1.000001; it must lie between -1 and 1."),
        ({"threshold": math.nan}, "router.threshold is nan; it must lie between -1 and 1."),
        ({"threshold": math.inf}, "router.threshold is inf; it must lie between -1 and 1."),
        ({"min_margin": -0.1}, "router.min_margin is -0.1; it must lie between 0 and 2."),
        ({"min_margin": 2.1}, "router.min_margin is 2.1; it must lie between 0 and 2."),
        ({"min_margin": math.nan}, "router.min_margin is nan; it must lie between 0 and 2."),
        ({"top_k": 0}, "router.top_k is 0; it counts utterances and must be 1 or more."),
        ({"experts": ()}, "The router has no experts. Name at least one, e.g. experts=[professor,zoomer]."),
        ({"experts": (A, A)}, "Two experts are called 'a' and 'a'. Rename or remove one."),
        ({"experts": (A, replace(B, name="A"))}, "Two experts are called 'a' and 'A'. Rename or remove one."),
        ({"experts": (A, replace(B, name=" a "))}, "Two experts are called 'a' and ' a '. Rename or remove one."),
        (
            {"experts": (replace(A, name="straße"), replace(B, name="STRASSE")), "fallback": NONE},
            "Two experts are called 'straße' and 'STRASSE'. Rename or remove one.",
        ),
        (
            {"experts": (A, replace(B, name="None"))},
            "An expert is called 'None', which is reserved. Give it another name.",
        ),
        ({"experts": (A, replace(B, name=" "))}, "An expert is called ' ', which is reserved. Give it another name."),
        ({"fallback": "c"}, "router.fallback is 'c', which is no expert. Choose one of a, b, or none for nobody."),
        ({"fallback": "A"}, "router.fallback is 'A', which is no expert. Choose one of a, b, or none for nobody."),
        (
            {"experts": (A, Expert("b"))},
            "Expert 'b' has no patterns and no utterances, so no prompt can reach it. "
            "Give it some, make it the fallback, or remove it.",
        ),
        (
            {"experts": (A, replace(B, threshold=1.5))},
            "The threshold of expert 'b' is 1.5; it must lie between -1 and 1.",
        ),
        (
            {"experts": (A, replace(B, threshold=math.nan))},
            "The threshold of expert 'b' is nan; it must lie between -1 and 1.",
        ),
        (
            {"strategy": "semantic", "experts": (replace(A, utterances=()), replace(B, utterances=()))},
            "router=semantic compares prompts with utterances, and no expert has any. "
            "Give at least one expert utterances, or use router=keyword.",
        ),
        (
            {"experts": (A, replace(B, utterances=("fine", " ")))},
            "Expert 'b' has the utterance ' ', which is not text. Remove it.",
        ),
        (
            {"experts": (A, replace(B, utterances=("a\0b",)))},
            "Expert 'b' has the utterance 'a\\x00b', which is not text. Remove it.",
        ),
        (
            {"experts": (A, replace(B, utterances=("\ud800",)))},
            "Expert 'b' has the utterance '\\ud800', which is not text. Remove it.",
        ),
    ],
)
def test_a_configuration_that_cannot_work_is_refused_with_its_sentence(change, sentence):
    with pytest.raises(ConfigError) as caught:
        check_config(replace(GOOD, **change))
    assert str(caught.value) == sentence


def test_a_bad_pattern_is_refused_with_expert_and_pattern():
    with pytest.raises(PatternError, match=r"Expert 'b' has the pattern 're: \(', which cannot be used: RE2 says"):
        check_config(replace(GOOD, experts=(A, replace(B, patterns=("fine", "re: (")))))
