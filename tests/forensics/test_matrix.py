"""Configurations by query type: every cell is what routing its prompts gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from doubles import WordEncoder, two_experts
from forensics.small import evidence, labels, sample, three_experts

from lab.errors import ConfigError
from lab.forensics.evidence import Evidence, Outcomes, layers_asked
from lab.forensics.matrix import Contender, matrix, speaks_alike, strategies, unknown_to
from lab.forensics.measures import overhead_ms
from lab.forensics.metrics import wilson
from lab.forensics.sample import Stakes, sample_of
from lab.routing import build
from lab.types import NONE, Layer

STAKES = Stakes(answer_ms={"professor": 900.0, "zoomer": 100.0}, overhead_ms=(0.5, 7.0))


def no_stakes():
    return Stakes()


@pytest.mark.parametrize("make", [two_experts, three_experts])
def test_every_cell_is_what_routing_its_prompts_gives(make):
    config, n = make(threshold=0.3), 60
    labelled = sample(config, n)
    found = matrix(labelled, strategies(config), lambda _: evidence(n), no_stakes())
    assert [one.name for one in found.contenders] == ["keyword", "semantic", "hybrid"]
    assert found.types[0] is None
    assert set(found.types[1:]) == {f"type {kind}" for kind in range(6)}
    wanted = labels(config, n)
    for column, one in enumerate(found.contenders):
        router = build(one.config, WordEncoder())
        for line, kind in enumerate(found.types):
            rows = [row for row in range(n) if kind in (None, labelled.query_types[row])]
            wrong = []
            for row in rows:
                decision = router.decide(evidence(n).prompts[row])
                hit = decision.layer == Layer.FALLBACK if wanted[row] == NONE else decision.expert == wanted[row]
                if not hit:
                    wrong.append(row)
            assert found.wrong(line, column).tolist() == wrong
            assert found.accuracy(line, column) == wilson(len(rows) - len(wrong), len(rows))
            assert found.accuracies()[line, column] == pytest.approx(1 - len(wrong) / len(rows))


def test_the_types_of_a_matrix_add_up_to_its_first_row():
    config = two_experts()
    found = matrix(sample(config), strategies(config), lambda _: evidence(), no_stakes())
    assert (found.right[0] == found.right[1:].sum(axis=0)).all()
    assert sum(len(places) for places in found.places[1:]) == len(found.places[0])


def test_times_worked_by_hand():
    # layer 1 decides "entropy" and "lol"; the third goes on to layer 2 and there to the professor, the fallback
    config = two_experts(threshold=1.0)
    asked = Evidence(("entropy why", "lol", "please what is it"), WordEncoder())
    labelled = sample_of(config, ["professor", "zoomer", "professor"], query_types=["a", "b", "b"])
    found = matrix(labelled, strategies(config), lambda _: asked, STAKES)
    keyword, semantic, hybrid = range(3)
    assert found.types == (None, "b", "a")
    assert found.overhead_ms[:, keyword] == pytest.approx([0.5, 0.5, 0.5])  # layer 2 never runs
    assert found.overhead_ms[:, semantic] == pytest.approx([7.0, 7.0, 7.0])  # there is no layer 1
    assert found.overhead_ms[:, hybrid] == pytest.approx([0.5 + 7 / 3, 0.5 + 7 / 2, 0.5])
    assert found.end_to_end_ms[:, hybrid] == pytest.approx([0.5 + (7 + 900 + 100 + 900) / 3, 4.0 + 500.0, 900.5])
    assert found.end_to_end_ms[0, semantic] == pytest.approx(907.0)  # threshold 1: all to the professor


def test_what_was_never_measured_is_no_number():
    config = two_experts()
    half = Stakes(answer_ms={"zoomer": 100.0})
    found = matrix(sample(config), strategies(config), lambda _: evidence(), half)
    assert np.isnan(found.overhead_ms).all()
    assert np.isnan(found.end_to_end_ms).all()
    assert found.unmeasured(half) == ("professor",)
    assert found.unmeasured(STAKES) == ()


def test_nobody_takes_no_time_to_answer():
    config = three_experts(strategy="keyword")
    labelled = sample_of(config, [NONE])
    asked = Evidence(("what is it",), WordEncoder())
    found = matrix(labelled, [Contender("live", config)], lambda _: asked, STAKES)
    assert found.end_to_end_ms.tolist() == [[0.5]]
    assert found.unmeasured(STAKES) == ()


def test_outcomes_that_are_known_are_taken_as_they_are():
    config = two_experts()
    labelled = sample(config, 20)
    known = Outcomes(labelled.labels % 2, np.full(20, 2))
    found = matrix(labelled, [Contender("out of fold", config, decided=known)], lambda _: evidence(20), no_stakes())
    assert found.decided == (known,)


def test_a_router_in_another_order_is_measured_in_the_sample_s_codes():
    config = two_experts(threshold=0.3)
    turned = replace(config, experts=config.experts[::-1])
    assert speaks_alike(sample(config), turned)
    assert not speaks_alike(sample(config), three_experts())
    found = matrix(
        sample(config), [Contender("a", config), Contender("b", turned)], lambda _: evidence(), no_stakes()
    )  # fmt: skip
    names = [expert.name for expert in config.experts]
    decided = [build(turned, WordEncoder()).decide(prompt).expert for prompt in evidence().prompts]
    assert [names[code] for code in found.decided[1].expert] == decided


def test_a_router_that_cannot_be_built_is_left_out_with_the_reason():
    config = two_experts()

    def source(asked):
        if asked.strategy == "semantic":
            raise ConfigError("No such encoder here.")
        return evidence()

    found = matrix(sample(config), strategies(config), source, no_stakes())
    assert [one.name for one in found.contenders] == ["keyword", "hybrid"]
    assert found.left_out == (("semantic", "No such encoder here."),)
    assert found.right.shape == (7, 2)


def test_one_query_type_is_all_rows():
    config = two_experts()
    labelled = sample_of(config, ["professor", "zoomer"])
    asked = Evidence(("entropy", "lol"), WordEncoder())
    assert matrix(labelled, strategies(config), lambda _: asked, no_stakes()).types == (None,)


def test_rows_that_a_router_holds_as_an_utterance_are_told():
    config = two_experts()
    labelled = sample_of(config, ["professor", "zoomer", "zoomer"])
    prompts = ("Explain the  sky", "tell me a joke", "something else")
    bare = replace(config, experts=tuple(replace(expert, utterances=()) for expert in config.experts))
    assert unknown_to(labelled, prompts, [config, bare]).tolist() == [False, False, True]
    assert unknown_to(labelled, prompts, [bare]).tolist() == [True, True, True]


@pytest.mark.parametrize("strategy", ["keyword", "semantic", "hybrid"])
def test_overhead_without_measurements_is_nan_whatever_the_strategy(strategy):
    out = Outcomes(np.array([0, 1]), np.array([0, 2]), layers_asked(strategy, np.array([True, False])))
    assert np.isnan(overhead_ms(out, Stakes())).all()
    assert np.isnan(overhead_ms(Outcomes(out.expert, out.layer), Stakes(overhead_ms=(0.5, 7.0)))).all()
