"""The trace of a decision: the same scores, the nearest utterances, the conflict, and what would change it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from toy import ToyEncoder

from lab.errors import ConfigError
from lab.routing import build
from lab.routing.check import check_config
from lab.routing.flips import apply_flip
from lab.types import NONE, Decision, Expert, Flip, Layer, RouterConfig, Trace

STEP = 1e-6

PLANE = {"east": (1, 0), "north": (0, 1), "west": (-1, 0), "3-4": (3, 4), "4-3": (4, 3), "south": (0, -1)}


def explained(config: RouterConfig, prompt: str, vectors=PLANE) -> Trace:
    router = build(config, ToyEncoder(vectors))
    return router.explain(router.decide(prompt))


def pair(**options: object) -> RouterConfig:
    """Two experts: a points east, b north; `options` change the router."""
    experts = (Expert("a", patterns=("3-4",), utterances=("east",)), Expert("b", utterances=("north",)))
    return RouterConfig(**{"strategy": "semantic", "experts": experts, "fallback": NONE, "threshold": 0.5, **options})


# ------------------------------------------------------------------------------------------------- the evidence


def test_a_trace_holds_every_score_with_its_threshold_in_the_order_of_the_experts():
    experts = (Expert("b", utterances=("north",), threshold=0.9), Expert("x"), Expert("a", utterances=("east",)))
    trace = explained(pair(experts=experts, fallback="x"), "4-3")
    assert [(one.expert, one.score, one.threshold) for one in trace.scores] == [
        ("b", 0.6, 0.9),
        ("x", None, 0.5),
        ("a", 0.8, 0.5),
    ]
    assert trace.explain_ms > 0


def test_neighbours_come_nearest_first_and_include_the_runner_ups_nearest():
    vectors = PLANE | {f"a{steep}": (10, steep) for steep in range(8)}  # the steeper, the farther from east
    experts = (
        Expert("a", utterances=tuple(f"a{steep}" for steep in range(8))),
        Expert("b", utterances=("west", "3-4")),
    )
    trace = explained(pair(experts=experts), "east", vectors)
    assert [(one.expert, one.utterance) for one in trace.neighbours] == [
        *[("a", f"a{steep}") for steep in range(6)],
        ("b", "3-4"),
    ]
    assert trace.neighbours[0].cosine == 1.0
    assert trace.neighbours[5].cosine == 0.894427  # 10 / √125
    assert trace.neighbours[6].cosine == 0.6


def test_the_experts_of_a_conflict_are_named_and_one_match_is_none():
    experts = (Expert("a", patterns=("3-4",), utterances=("east",)), Expert("b", patterns=("4-3", "re: 4-3")))
    vectors = PLANE | {"4-3 and 3-4": (1, 1)}
    config = pair(strategy="hybrid", experts=experts)
    assert explained(config, "4-3 and 3-4", vectors).conflict == ("b", "a")  # as they stand in the text
    assert explained(config, "4-3", vectors).conflict == ()


def test_layer_2_is_explained_also_where_layer_1_decided():
    trace = explained(pair(strategy="hybrid"), "3-4")
    assert (trace.decision.layer, trace.decision.score) == (Layer.KEYWORD, None)
    assert [one.score for one in trace.scores] == [0.6, 0.8]


# ------------------------------------------------------------------------------------------- flips by hand


def test_flips_of_a_claim_are_one_step_above_what_passes():
    # 4-3: a 0.8, b 0.6, threshold 0.5; without east only b is left, with 0.6
    assert explained(pair(fallback="b"), "4-3").flips == (
        Flip("threshold", None, 0.800001, "b", Layer.FALLBACK),
        Flip("min_margin", None, 0.200001, "b", Layer.FALLBACK),
        Flip("remove_utterance", "a", "east", "b", Layer.SEMANTIC),
        Flip("add_utterance", "b", "4-3", "b", Layer.SEMANTIC),
    )


def test_flips_of_a_fallback_go_just_down_to_what_failed():
    # 4-3: a 0.8 fails 0.9; its own threshold is what counts
    experts = (Expert("a", utterances=("east",), threshold=0.9), Expert("b", utterances=("north",), threshold=0.9))
    assert explained(pair(experts=experts), "4-3").flips == (
        Flip("threshold", "a", 0.8, "a", Layer.SEMANTIC),
        Flip("add_utterance", "a", "4-3", "a", Layer.SEMANTIC),
        Flip("add_utterance", "b", "4-3", "b", Layer.SEMANTIC),
    )


def test_a_failed_margin_flips_to_the_margin_that_there_is():
    trace = explained(pair(min_margin=0.3), "4-3")
    assert trace.decision.layer == Layer.FALLBACK
    assert Flip("min_margin", None, 0.2, "a", Layer.SEMANTIC) in trace.flips


def test_changes_of_the_expert_come_before_changes_of_the_layer_only():
    trace = explained(pair(fallback="a"), "4-3")
    to_same = [flip.to_expert == "a" for flip in trace.flips]
    assert to_same == sorted(to_same)
    assert set(to_same) == {True, False}


def test_a_conflict_flips_by_its_policy_and_by_either_pattern():
    experts = (Expert("a", patterns=("red", "x")), Expert("b", patterns=("blue", "x")))
    assert explained(RouterConfig("keyword", experts, NONE), "red, blue").flips == (
        Flip("on_conflict", None, "priority", "a", Layer.KEYWORD),
        Flip("remove_pattern", "a", "red", "b", Layer.KEYWORD),
        Flip("remove_pattern", "b", "blue", "a", Layer.KEYWORD),
    )


def test_a_score_of_one_cannot_be_outbid_by_a_threshold():
    kinds = {flip.kind for flip in explained(pair(), "east").flips}
    assert "threshold" not in kinds  # 1.000001 is no threshold
    assert "min_margin" in kinds


def test_a_margin_of_two_cannot_be_outbid():
    experts = (Expert("a", utterances=("east",)), Expert("b", utterances=("west",)))
    trace = explained(pair(experts=experts), "east")
    assert trace.decision.margin == 2.0
    assert [flip for flip in trace.flips if flip.kind == "min_margin"] == []  # 2.000001 is no margin


def test_the_last_route_of_an_expert_is_no_flip():
    # without east, a would be left with nothing, which no router may hold
    experts = (Expert("a", utterances=("east",)), Expert("b", utterances=("north",)))
    assert [flip for flip in explained(pair(experts=experts), "4-3").flips if flip.kind == "remove_utterance"] == []


def test_the_same_change_is_told_once():
    experts = (Expert("a", utterances=("east", "east", "3-4", "west")), Expert("b", utterances=("4-3",)))
    config = pair(experts=experts, aggregate="mean_top_k", top_k=2, threshold=0.9, fallback="b")
    # a scores 1.0 (east twice), then 0.8 (east, 3-4), as b does; the threshold is above that
    flips = explained(config, "east").flips
    assert Flip("remove_utterance", "a", "east", "b", Layer.FALLBACK) in flips
    assert len(set(flips)) == len(flips)


# --------------------------------------------------------------------------------------- flips as a property

UTTERANCES = [f"u{number}" for number in range(6)]
PROMPTS = ["red", "blue sky", "a gray day", "red blue", "u0", "plain", "blue gray red", "RED u1"]
PATTERNS = ["red", "RED", "blue", "blue sky", "re: gr[ae]y", "re: (?i)r.d", "sky", "absent"]
DIRECTIONS = st.tuples(*[st.integers(-2, 2)] * 3).filter(any)
LEVELS = [-1.0, -0.5, 0.0, 0.333333, 0.5, 0.707107, 0.9, 1.0]


@st.composite
def routed(draw: st.DrawFn) -> tuple[RouterConfig, ToyEncoder, str]:
    """A small router that may be built, the vectors of its texts, and a prompt."""
    names = ["a", "b", "c", "d"][: draw(st.integers(2, 4))]
    experts = tuple(
        Expert(
            name,
            patterns=tuple(draw(st.lists(st.sampled_from(PATTERNS), max_size=3))),
            utterances=tuple(draw(st.lists(st.sampled_from(UTTERANCES), max_size=4))),
            threshold=draw(st.none() | st.sampled_from(LEVELS)),
        )
        for name in names
    )
    config = RouterConfig(
        strategy=draw(st.sampled_from(["semantic", "hybrid", "hybrid", "keyword"])),
        experts=experts,
        fallback=draw(st.sampled_from([*names, NONE])),
        threshold=draw(st.sampled_from(LEVELS)),
        min_margin=draw(st.sampled_from([0.0, 0.0, 0.1, 0.5, 2.0])),
        aggregate=draw(st.sampled_from(["max", "mean_top_k", "centroid"])),
        top_k=draw(st.integers(1, 3)),
        on_conflict=draw(st.sampled_from(["defer", "priority"])),
    )
    assume(can_be_built(config))
    vectors = {text: draw(DIRECTIONS) for text in [*UTTERANCES, *PROMPTS]}
    return config, ToyEncoder(vectors), draw(st.sampled_from(PROMPTS))


def can_be_built(config: RouterConfig) -> bool:
    try:
        check_config(config)
    except ConfigError:
        return False
    return True


def outcome(config: RouterConfig, encoder: ToyEncoder, prompt: str) -> tuple[str, Layer]:
    """Decide with a router that is built for it."""
    return where(build(config, encoder).decide(prompt))


def where(decision: Decision) -> tuple[str, Layer]:
    return decision.expert, decision.layer


def single_changes(config: RouterConfig, prompt: str) -> list[tuple[str, str | None, str, RouterConfig]]:
    """Every pattern and utterance that can go, the prompt as an utterance of each, and the other conflict policy."""
    other = "priority" if config.on_conflict == "defer" else "defer"
    changes = []
    if config.strategy != "semantic":
        changes.append(("on_conflict", None, other, replace(config, on_conflict=other)))
    for index, expert in enumerate(config.experts):
        shorter = [
            ("remove_pattern", gone, {"patterns": tuple(one for one in expert.patterns if one != gone)})
            for gone in set(expert.patterns)
        ]
        for gone in set(expert.utterances):
            rest = list(expert.utterances)
            rest.remove(gone)
            shorter.append(("remove_utterance", gone, {"utterances": tuple(rest)}))
        shorter.append(("add_utterance", prompt, {"utterances": (*expert.utterances, prompt)}))
        for kind, text, change in shorter:
            experts = (*config.experts[:index], replace(expert, **change), *config.experts[index + 1 :])
            changes.append((kind, expert.name, text, replace(config, experts=experts)))
    return [change for change in changes if can_be_built(change[3])]


ONE_EACH = (Expert("a", utterances=("u0",)), Expert("b", utterances=("u1",)))
OPPOSITE = ToyEncoder({"plain": (1, 0), "u0": (1, 0), "u1": (-1, 0)})


@settings(max_examples=300)
@given(routed())
@example((RouterConfig("semantic", ONE_EACH, NONE), OPPOSITE, "plain"))
def test_every_flip_sends_the_prompt_where_it_says(case):
    config, encoder, prompt = case
    router = build(config, encoder)
    decision = router.decide(prompt)
    for flip in router.explain(decision).flips:
        assert (flip.to_expert, flip.to_layer) != where(decision)
        assert outcome(apply_flip(config, flip), encoder, prompt) == (flip.to_expert, flip.to_layer), flip


@settings(max_examples=300)
@given(routed())
def test_no_single_change_of_a_route_is_missing_from_the_flips(case):
    config, encoder, prompt = case
    router = build(config, encoder)
    decision = router.decide(prompt)
    told = {(flip.kind, flip.expert, flip.value) for flip in router.explain(decision).flips}
    for kind, expert, text, changed in single_changes(config, prompt):
        changes = outcome(changed, encoder, prompt) != where(decision)
        assert ((kind, expert, text) in told) == changes, (kind, expert, text)


@settings(max_examples=300)
@given(routed())
def test_a_threshold_or_margin_flip_is_exact_to_the_last_decimal(case):
    config, encoder, prompt = case
    router = build(config, encoder)
    decision = router.decide(prompt)
    exact = [flip for flip in router.explain(decision).flips if flip.kind in ("threshold", "min_margin")]
    back = -STEP if decision.layer == Layer.SEMANTIC else STEP  # one step less of a change
    for flip in exact:
        nearly = apply_flip(config, replace(flip, value=round(flip.value + back, 6)))
        if can_be_built(nearly):
            assert outcome(nearly, encoder, prompt) == where(decision), flip


@settings(max_examples=300)
@given(routed())
def test_no_threshold_or_margin_that_would_change_the_decision_is_missing(case):
    config, encoder, prompt = case
    router = build(config, encoder)
    decision = router.decide(prompt)
    kinds = {flip.kind for flip in router.explain(decision).flips}
    plain = tuple(replace(expert, threshold=None) for expert in config.experts)
    # the winner is fixed before its threshold is asked, so moving all thresholds moves only the winner's
    by_threshold = {outcome(replace(config, experts=plain, threshold=end), encoder, prompt) for end in (-1.0, 1.0)}
    by_margin = {outcome(replace(config, min_margin=end), encoder, prompt) for end in (0.0, 2.0)}
    assert ("threshold" in kinds) == (by_threshold != {where(decision)})
    assert ("min_margin" in kinds) == (by_margin != {where(decision)})


@settings(max_examples=200)
@given(routed())
def test_a_trace_agrees_with_its_decision(case):
    config, encoder, prompt = case
    router = build(config, encoder)
    decision = router.decide(prompt)
    trace = router.explain(decision)
    assert trace.decision is decision
    scores = [one.score for one in trace.scores if one.score is not None]
    if decision.layer == Layer.SEMANTIC or decision.score is not None:
        assert decision.score == max(scores)
    if decision.layer == Layer.SEMANTIC:
        best = next(one for one in trace.scores if one.expert == decision.expert)
        assert best.score == decision.score >= best.threshold
    cosines = [neighbour.cosine for neighbour in trace.neighbours]
    assert cosines == sorted(cosines, reverse=True)
    assert all(-1 <= cosine <= 1 for cosine in cosines)
    assert len(set(trace.flips)) == len(trace.flips)
    matched = {match.expert for match in decision.matches}
    assert set(trace.conflict) == (matched if len(matched) > 1 else set())


def test_applying_a_removal_takes_every_copy_of_a_pattern_and_one_copy_of_an_utterance():
    expert = Expert("a", patterns=("x", "y", "x"), utterances=("u", "v", "u"))
    config = RouterConfig("hybrid", (expert,), "a")
    without = apply_flip(config, Flip("remove_pattern", "a", "x", "a", Layer.FALLBACK))
    assert without.experts[0].patterns == ("y",)
    without = apply_flip(config, Flip("remove_utterance", "a", "u", "a", Layer.FALLBACK))
    assert without.experts[0].utterances == ("v", "u")


def test_applying_a_threshold_flip_changes_the_routers_or_the_experts_own():
    config = RouterConfig("hybrid", (Expert("a", threshold=0.1), Expert("b", utterances=("u",))), "a", threshold=0.2)
    of_router = apply_flip(config, Flip("threshold", None, 0.3, "a", Layer.FALLBACK))
    assert (of_router.threshold, of_router.experts) == (0.3, config.experts)
    of_expert = apply_flip(config, Flip("threshold", "a", 0.3, "a", Layer.FALLBACK))
    assert (of_expert.threshold, of_expert.experts[0].threshold) == (0.2, 0.3)
    assert config == pytest.approx(config)  # unchanged: it is frozen
