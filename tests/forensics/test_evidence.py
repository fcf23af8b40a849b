"""Evidence that is kept expert by expert: an edit of one scores that one alone, and every score stays to the bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from doubles import WordEncoder
from hypothesis import given, settings
from hypothesis import strategies as st
from small import WORDS, prompts, three_experts

from lab.forensics.evidence import NOBODY, Evidence
from lab.routing.keyword import KeywordStrategy
from lab.routing.rule import Rule
from lab.routing.semantic import SemanticStrategy
from lab.types import Expert

TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
PATTERNS = st.lists(st.sampled_from([*WORDS, "re: b.", "re: ^so"]), max_size=4).map(tuple)
UTTERANCES = st.lists(TEXTS, max_size=4).map(tuple)


class Counting(WordEncoder):
    """Notes what it is asked to encode."""

    def __init__(self):
        self.asked = []

    def encode(self, texts):
        self.asked.append(tuple(texts))
        return super().encode(texts)


def scores_of(config, asked=None):
    """The scores as routing gives them."""
    return SemanticStrategy(config, WordEncoder()).fit().score(asked or prompts(40))


def settled_by(config, asked):
    """What layer 1 of routing settles, by row and under both conflict policies, by name."""
    strategy = KeywordStrategy(config).fit()
    matched = [{match.expert for match in strategy.layer1(prompt)} for prompt in asked]
    return [
        [replace(Rule.of(config), on_conflict=policy).settle(some) for some in matched]
        for policy in ("defer", "priority")
    ]


def named(config, codes):
    return [None if code == NOBODY else config.experts[code].name for code in codes.tolist()]


def edited(config, name, **changes):
    return replace(config, experts=tuple(replace(e, **changes) if e.name == name else e for e in config.experts))


@pytest.mark.parametrize("aggregate", ["max", "mean_top_k", "centroid"])
@settings(max_examples=25)
@given(steps=st.lists(st.tuples(st.integers(0, 2), UTTERANCES, st.integers(1, 3)), min_size=1, max_size=6))
def test_scores_after_any_edits_are_those_of_routing_to_the_bit(aggregate, steps):
    evidence, config = Evidence(prompts(40), WordEncoder()), three_experts(aggregate=aggregate)
    for place, utterances, top_k in steps:
        name = config.experts[place].name
        config = replace(edited(config, name, utterances=utterances), top_k=top_k)
        np.testing.assert_array_equal(evidence.layer2(config).scores, scores_of(config))


@settings(max_examples=40)
@given(steps=st.lists(st.tuples(st.integers(0, 2), PATTERNS, st.booleans()), min_size=1, max_size=6))
def test_matches_after_any_edits_are_those_of_routing(steps):
    evidence, config = Evidence(prompts(40), WordEncoder()), three_experts(strategy="keyword")
    for place, patterns, turned in steps:
        config = edited(config, config.experts[place].name, patterns=patterns)
        config = replace(config, experts=config.experts[::-1]) if turned else config
        found = evidence.layer1(config)
        assert [named(config, found.defer), named(config, found.priority)] == settled_by(config, evidence.prompts)


def test_an_edit_of_one_expert_encodes_and_scores_that_one_alone():
    encoder = Counting()
    evidence, config = Evidence(prompts(10), encoder), three_experts()
    evidence.layer2(config)
    encoder.asked.clear()
    evidence.layer2(edited(config, "zoomer", utterances=("tell me a joke", "lol bank")))
    assert encoder.asked == [("tell me a joke", "lol bank")]
    encoder.asked.clear()
    evidence.layer2(config)
    evidence.layer2(replace(config, experts=config.experts[::-1], threshold=0.9))
    assert encoder.asked == []


def test_an_expert_without_utterances_has_no_score_and_two_with_the_same_have_the_same():
    config = three_experts()
    same = edited(edited(config, "banker", utterances=("so bored",)), "professor", utterances=("so bored",))
    none = edited(same, "zoomer", utterances=())
    scores = Evidence(prompts(10), WordEncoder()).layer2(none).scores
    assert np.isnan(scores[:, 1]).all()
    np.testing.assert_array_equal(scores[:, 0], scores[:, 2])


def test_what_is_kept_stays_bounded(monkeypatch):
    monkeypatch.setattr("lab.forensics.evidence._KEPT_BYTES", 10_000)
    evidence, config = Evidence(prompts(40), WordEncoder()), three_experts()
    for number in range(30):
        config = replace(config, experts=(*config.experts[:2], Expert("banker", utterances=(f"bank {number}",))))
        np.testing.assert_array_equal(evidence.layer2(config).scores, scores_of(config))
    assert sum(one.nbytes for one in evidence._kept.values()) <= 10_000
