"""Experts out of labels."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from dataset_case import rows_of
from doubles import WordEncoder

from lab.errors import DatasetError
from lab.forensics.datasets import make_experts
from lab.routing import build
from lab.types import NONE, Layer

ROWS = rows_of(
    ["book a table", "reserve a seat", "pay the bill", "pay my rent", "hum", "secret"],
    ["book", "book", "pay", "pay", "none", "pay"],
    ["tune", "tune", "tune", "tune", "tune", "sealed"],
)


def test_every_label_becomes_an_expert_with_the_prompts_that_carry_it():
    config = make_experts(ROWS)
    assert [(one.name, one.utterances) for one in config.experts] == [
        ("book", ("book a table", "reserve a seat")), ("pay", ("pay the bill", "pay my rent")),
    ]  # fmt: skip
    assert (config.strategy, config.fallback, config.aggregate, config.top_k) == ("semantic", NONE, "mean_top_k", 10)


def test_the_router_that_is_made_routes():
    router = build(replace(make_experts(ROWS, encoder="words"), threshold=0.3), WordEncoder())
    decision = router.decide("pay the rent")
    assert (decision.expert, decision.layer) == ("pay", Layer.SEMANTIC)
    assert router.decide("hum").expert == NONE


def test_utterances_are_drawn_by_the_seed_whatever_the_order():
    prompts = [f"prompt {at}" for at in range(40)]
    order = random.Random(1).sample(range(40), 40)
    first = make_experts(rows_of(prompts, ["a"] * 40), per_expert=5, seed=1).experts[0].utterances
    again = make_experts(rows_of([prompts[at] for at in order], ["a"] * 40), per_expert=5, seed=1)
    assert len(first) == 5
    assert sorted(again.experts[0].utterances) == sorted(first)
    assert make_experts(rows_of(prompts, ["a"] * 40), per_expert=5, seed=2).experts[0].utterances != first


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (["none", None], "No row of tune in 'few' is labelled with an expert"),
        ([" None ", "b"], "'None'|' None ' cannot name an expert: it is reserved"),
        (["Pay", "pay"], "'Pay' and 'pay' differ in case alone"),
        (["a\nb", "c"], "holds a line break"),
        (["x" * 81, "c"], "has 81 characters; an expert's name has at most 80"),
    ],
)
def test_labels_that_cannot_be_names_are_refused(labels, sentence):
    with pytest.raises(DatasetError, match=sentence):
        make_experts(rows_of(["p", "q"], labels))


def test_at_least_one_utterance_is_needed():
    with pytest.raises(DatasetError, match="0 utterances an expert are too few"):
        make_experts(ROWS, per_expert=0)
