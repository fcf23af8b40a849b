"""Rule forensics: figures of patterns worked by hand, and removals that equal a router without the pattern."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from doubles import WordEncoder
from growth import LINEAR, growth
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import DatasetError, SearchError
from lab.forensics.effect import Effect, is_right
from lab.forensics.metrics import wilson
from lab.forensics.rules.report import PatternReport, report
from lab.routing import build
from lab.routing.semantic import SemanticStrategy
from lab.types import NONE, Expert, Layer, RouterConfig


def router(strategy: str = "keyword", **options: object) -> RouterConfig:
    experts = (Expert("a", patterns=("red", "crimson", "never seen")), Expert("b", patterns=("blue", "red sky")))
    return RouterConfig(**{"strategy": strategy, "experts": experts, "fallback": NONE, **options})


PROMPTS = ["red one", "red sky", "blue", "crimson red", "blue again", "plain"]
LABELS = ["a", "b", "b", "a", "a", NONE]


def one(config: RouterConfig, pattern: str, **options: object) -> PatternReport:
    found = report(config, PROMPTS, LABELS, **options)
    return next(pattern_ for pattern_ in (*found.patterns, *found.silent) if pattern_.pattern == pattern)


# ------------------------------------------------------------------------------------------------ figures by hand


def test_a_pattern_is_counted_row_by_row():
    red = one(router(), "red")
    assert (red.expert, red.n, red.hits, red.wrong) == ("a", 6, (0, 1, 3), (1,))
    assert red.other_experts == (1,)  # "red sky" is b's
    assert red.same_expert == (3,)  # "crimson" is a's too
    assert red.sole == (0,)
    assert red.coverage == wilson(3, 6)
    assert red.precision == wilson(2, 3)


def test_removing_a_pattern_is_settled_again_only_where_it_is_the_last_of_its_expert():
    # 0: a without red is nobody's: broken. 1: a conflict, which red's removal leaves to b: fixed. 3: crimson stays.
    red = one(router(), "red")
    assert red.removal == Effect(6, fixed=(1,), broken=(0,))
    assert red.marginal_accuracy.value == 0
    assert red.harm == 0
    blue = one(router(), "blue")  # 2 right by it, 4 wrong by it, and without it a fallback, which is as wrong
    assert blue.removal == Effect(6, fixed=(), broken=(2,))
    assert blue.marginal_accuracy.value == pytest.approx(1 / 6)
    assert blue.marginal_accuracy.low < 1 / 6 < blue.marginal_accuracy.high


def test_the_most_harmful_pattern_comes_first_and_one_without_hits_is_silent():
    found = report(router(), PROMPTS, LABELS)
    # red sky: without it row 1 goes to a, as wrong as the conflict was. blue is needed for row 2.
    assert [(pattern.pattern, pattern.harm) for pattern in found.patterns] == [
        ("red", 0), ("crimson", 0), ("red sky", 0), ("blue", -1),
    ]  # fmt: skip
    assert [pattern.pattern for pattern in found.silent] == ["never seen"]
    assert np.isnan(found.silent[0].precision.value)
    assert found.silent[0].coverage == wilson(0, 6)
    assert found.accuracy == wilson(4, 6)  # 0, 2, 3 and 5; 1 is a conflict, 4 is b's
    assert found.claimed == (0, 2, 3, 4)


def test_time_saved_counts_the_rows_that_layer_2_is_spared_less_those_that_a_conflict_hands_to_it():
    scores = np.full((6, 2), np.nan)
    red = one(router("hybrid"), "red", scores=scores, layer2_ms=4.0)
    assert (red.spared, red.caused, red.saved_ms) == ((0,), (1,), 0.0)
    crimson = one(router("hybrid"), "crimson", scores=scores, layer2_ms=4.0)
    assert (crimson.spared, crimson.saved_ms) == ((), 0.0)  # red claims its row as well
    blue = one(router("hybrid"), "blue", scores=scores, layer2_ms=4.0)
    assert (blue.spared, blue.saved_ms) == ((2, 4), 8.0)


def test_time_that_nobody_measured_or_that_cannot_be_saved_is_absent():
    scores = np.full((6, 2), np.nan)
    assert one(router("hybrid"), "blue", scores=scores).saved_ms is None
    assert one(router("keyword"), "blue", layer2_ms=4.0).saved_ms is None
    assert "saves no time" in str(report(router("keyword"), PROMPTS, LABELS).note)


def test_a_semantic_router_has_patterns_that_decide_nothing():
    config = router("semantic", experts=(Expert("a", patterns=("red",)), Expert("b", utterances=("blue",))))
    red = one(config, "red", scores=np.zeros((6, 2)))
    assert (red.hits, red.removal, red.spared) == ((0, 1, 3), Effect(6, (), ()), ())
    found = report(config, PROMPTS, LABELS, scores=np.zeros((6, 2)))
    assert found.claimed == ()
    assert "does not ask layer 1" in str(found.note)


def test_layer_2_decides_what_a_removed_pattern_leaves():
    # without blue, rows 2 and 4 go to the best score: b for 2, which stays right, a for 4, which becomes so
    scores = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.1], [0.9, 0.1], [0.1, 0.2]])
    blue = one(router("hybrid", threshold=0.5), "blue", scores=scores)
    assert blue.removal == Effect(6, fixed=(4,), broken=())
    assert blue.harm == 1


@pytest.mark.parametrize(
    ("labels", "scores", "error", "words"),
    [
        (["a"], None, SearchError, "6 prompts and 1 labels"),
        (["a", "", "b", "a", "a", NONE], None, DatasetError, "Row 1 has no label"),
        (LABELS, None, SearchError, "needs the scores of layer 2, of shape \\(6, 2\\)"),
        (LABELS, np.zeros((5, 2)), SearchError, "have the shape \\(5, 2\\); these rows and experts need \\(6, 2\\)"),
    ],
)
def test_columns_that_do_not_fit_are_told_with_their_sizes(labels, scores, error, words):
    with pytest.raises(error, match=words):
        report(router("hybrid"), PROMPTS, labels, scores=scores)


def test_a_report_can_be_stopped():
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        report(router(), PROMPTS, LABELS, check=stop)


def test_no_rows_give_no_figures():
    found = report(router(), [], [])
    assert (found.n, found.patterns, len(found.silent)) == (0, (), 5)
    assert np.isnan(found.accuracy.value)


# ------------------------------------------------------------------------------------------------------- properties

WORDS = ["red", "blue", "sky", "gray", "plain"]
PHRASES = [*WORDS, "red sky", "re: gr[ae]y", "blue gray"]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)


@st.composite
def labelled(draw: st.DrawFn) -> tuple[RouterConfig, list[str], list[str]]:
    names = ["a", "b", "c"][: draw(st.integers(1, 3))]
    experts = tuple(
        Expert(
            name,
            patterns=(*draw(st.lists(st.sampled_from(PHRASES), max_size=3)), f"only {name}"),  # never nothing left
            utterances=tuple(draw(st.lists(TEXTS, min_size=1, max_size=2))),
            threshold=draw(st.sampled_from([None, 0.2, 0.9])),
        )
        for name in names
    )
    config = RouterConfig(
        strategy=draw(st.sampled_from(["keyword", "hybrid", "hybrid", "semantic"])),
        experts=experts,
        fallback=draw(st.sampled_from([*names, NONE])),
        threshold=draw(st.sampled_from([-1.0, 0.3, 0.7])),
        min_margin=draw(st.sampled_from([0.0, 0.2])),
        on_conflict=draw(st.sampled_from(["defer", "priority"])),
    )
    prompts = draw(st.lists(TEXTS, min_size=1, max_size=8))
    labels = [draw(st.sampled_from([*names, NONE, "gone"])) for _ in prompts]
    return config, prompts, labels


def rights(config: RouterConfig, prompts: list[str], labels: list[str]) -> list[bool]:
    strategy = build(config, WordEncoder())
    decisions = [strategy.decide(prompt) for prompt in prompts]
    return [is_right(label, made.expert, made.layer) for label, made in zip(labels, decisions, strict=True)]


@settings(max_examples=100)
@given(labelled())
def test_every_removal_equals_routing_with_a_router_that_lacks_the_pattern(case):
    config, prompts, labels = case
    scores = None if config.strategy == "keyword" else SemanticStrategy(config, WordEncoder()).fit().score(prompts)
    found = report(config, prompts, labels, scores=scores)
    before = rights(config, prompts, labels)
    assert found.accuracy == wilson(sum(before), len(before))
    for pattern in (*found.patterns, *found.silent):
        experts = tuple(
            replace(expert, patterns=tuple(text for text in expert.patterns if text != pattern.pattern))
            if expert.name == pattern.expert
            else expert
            for expert in config.experts
        )
        after = rights(replace(config, experts=experts), prompts, labels)
        assert pattern.removal == changed(before, after)


def changed(before: list[bool], after: list[bool]) -> Effect:
    rows = range(len(before))
    fixed = tuple(row for row in rows if after[row] and not before[row])
    return Effect(len(before), fixed, tuple(row for row in rows if before[row] and not after[row]))


@settings(max_examples=50)
@given(labelled())
def test_spared_rows_are_those_that_layer_2_would_have_to_decide(case):
    config, prompts, labels = case
    config = replace(config, strategy="hybrid")
    found = report(config, prompts, labels, scores=SemanticStrategy(config, WordEncoder()).fit().score(prompts))
    layers = [build(config, WordEncoder()).decide(prompt).layer for prompt in prompts]
    assert found.claimed == tuple(row for row, layer in enumerate(layers) if layer == Layer.KEYWORD)
    for pattern in found.patterns:
        assert set(pattern.spared) <= set(found.claimed)
        assert not set(pattern.caused) & set(found.claimed)
        assert set(pattern.sole) <= set(pattern.spared)


# ---------------------------------------------------------------------------------------------------------- effects


def test_right_means_the_labels_expert_or_for_none_that_nobody_claimed():
    assert is_right("a", "a", Layer.FALLBACK)
    assert not is_right("a", "b", Layer.KEYWORD)
    assert is_right(NONE, "a", Layer.FALLBACK)
    assert not is_right(NONE, "a", Layer.SEMANTIC)


def test_a_net_effect_carries_its_paired_interval():
    # Bonett & Price 2012 by hand: 6 fixed, 0 broken of 98: p12 = 7/100, p21 = 1/100, se = sqrt((.08 - .06²)/100)
    net = Effect(98, tuple(range(6)), ()).net
    assert net.value == pytest.approx(6 / 98)
    assert net.low == pytest.approx(0.06 - 1.959964 * (0.0764 / 100) ** 0.5, abs=1e-6)
    assert net.high == pytest.approx(0.06 + 1.959964 * (0.0764 / 100) ** 0.5, abs=1e-6)
    assert Effect(98, tuple(range(6)), ()).p_value(np.arange(98)) == 2 / 64
    nothing = Effect(98, (), ())
    assert nothing.net.low < 0 == nothing.net.value < nothing.net.high
    assert nothing.p_value(np.arange(98)) == 1.0
    assert np.isnan(Effect(0, (), ()).net.value)


def test_copies_of_one_prompt_count_as_one_in_the_p_value():
    fixed = Effect(20, tuple(range(8)), ())
    assert fixed.p_value(np.arange(20)) == pytest.approx(2 * 0.5**8)
    assert fixed.p_value(np.array([0] * 8 + list(range(8, 20)))) == 1.0


@pytest.mark.slow
def test_three_thousand_patterns_on_ten_times_the_prompts_take_ten_times_as_long():
    draw = np.random.default_rng(0)
    words = [f"w{number}" for number in range(4_000)]
    experts = tuple(
        Expert(f"e{index}", patterns=tuple(words[index * 20 : index * 20 + 20]), utterances=("x",))
        for index in range(150)
    )
    config = RouterConfig("hybrid", experts, NONE)
    prompts = [" ".join(draw.choice(words, 12)) for _ in range(5_500)]
    labels = [f"e{index}" for index in draw.integers(0, 150, 5_500)]
    scores = draw.random((5_500, 150))
    found = []

    def work(rows: int) -> None:
        found.append(report(config, prompts[:rows], labels[:rows], scores=scores[:rows]))

    assert growth(lambda: work(550), lambda: work(5_500), 10) < LINEAR
    assert all(len(one.patterns) + len(one.silent) == 3_000 for one in found)
