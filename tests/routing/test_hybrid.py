"""The three strategies: what runs, what it cost, and what `build` hands out."""

from __future__ import annotations

import pytest
from toy import ToyEncoder

from lab.errors import ConfigError, PromptError
from lab.routing import build
from lab.routing.hybrid import HybridStrategy
from lab.routing.keyword import KeywordStrategy
from lab.routing.semantic import SemanticStrategy
from lab.types import Expert, Layer, Match, RouterConfig

VECTORS = {
    "solve it": (1, 0),
    "tell me a joke": (0, 1),
    "joke": (3, 4),
    "prove a joke": (4, 3),
    "hm": (-1, -1),
    "solve": (1, 0),
    "prove": (1, 0),
}
PROFESSOR = Expert("professor", patterns=("prove",), utterances=("solve it",))
ZOOMER = Expert("zoomer", patterns=("joke",), utterances=("tell me a joke",))


class Refusing(ToyEncoder):
    """An encoder that must not be asked for a prompt."""

    def encode(self, texts):
        assert all(text in ("solve it", "tell me a joke") for text in texts), f"encoded {texts}"
        return super().encode(texts)


def router(strategy: str = "hybrid", encoder: type[ToyEncoder] = ToyEncoder, **options: object):
    config = RouterConfig(strategy, (PROFESSOR, ZOOMER), **{"fallback": "professor", **options})
    return build(config, encoder(VECTORS))


@pytest.mark.parametrize(
    ("strategy", "kind"), [("keyword", KeywordStrategy), ("semantic", SemanticStrategy), ("hybrid", HybridStrategy)]
)
def test_build_returns_the_strategy_that_the_configuration_names(strategy, kind):
    made = router(strategy)
    assert type(made) is kind
    assert made.config.strategy == strategy


def test_build_refuses_a_configuration_that_cannot_work():
    with pytest.raises(ConfigError, match="fallback"):
        router(fallback="nobody")


def test_build_hands_the_limit_on():
    config = RouterConfig("keyword", (PROFESSOR,), "professor")
    with pytest.raises(PromptError, match="limit is 5"):
        build(config, ToyEncoder(VECTORS), max_prompt_chars=5).decide("prove it")


def test_layer_2_does_not_run_when_layer_1_settles():
    decision = router(encoder=Refusing).decide("prove it")
    assert (decision.expert, decision.layer, decision.score, decision.margin) == (
        "professor",
        Layer.KEYWORD,
        None,
        None,
    )
    assert decision.matches == (Match("professor", "prove", 0, 5),)
    assert decision.timings.keyword_ms > 0
    assert (decision.timings.encode_ms, decision.timings.score_ms) == (None, None)
    assert decision.timings.overhead_ms == decision.timings.keyword_ms


def test_priority_settles_a_conflict_without_layer_2():
    decision = router(encoder=Refusing, on_conflict="priority").decide("a joke? prove it")
    assert (decision.expert, decision.layer) == ("professor", Layer.KEYWORD)
    assert [match.expert for match in decision.matches] == ["zoomer", "professor"]  # by position


def test_a_deferred_conflict_is_decided_by_the_scores_and_keeps_its_matches():
    decision = router().decide("prove a joke")
    assert (decision.expert, decision.layer, decision.score, decision.margin) == ("professor", Layer.SEMANTIC, 0.8, 0.2)
    assert [match.pattern for match in decision.matches] == ["prove", "joke"]


def test_without_a_match_layer_2_decides_and_every_stage_is_timed():
    decision = router().decide("solve")
    assert (decision.expert, decision.layer, decision.score) == ("professor", Layer.SEMANTIC, 1.0)
    timings = decision.timings
    assert min(timings.keyword_ms, timings.encode_ms, timings.score_ms) > 0
    assert timings.overhead_ms == pytest.approx(timings.keyword_ms + timings.encode_ms + timings.score_ms)


def test_below_every_threshold_the_fallback_answers():
    decision = router(fallback="zoomer").decide("hm")
    # (-1, -1)/√2 has the same cosine to both; margin 0
    assert (decision.expert, decision.layer, decision.score, decision.margin) == (
        "zoomer",
        Layer.FALLBACK,
        -0.707107,
        0.0,
    )


def test_keyword_never_encodes():
    keyword = router("keyword", encoder=Refusing)
    assert keyword.decide("a joke").expert == "zoomer"
    assert keyword.decide("hm").layer == Layer.FALLBACK
    assert keyword.explain(keyword.decide("hm")).scores == ()


def test_semantic_asks_no_pattern():
    decision = router("semantic").decide("prove a joke")
    assert (decision.layer, decision.matches, decision.timings.keyword_ms) == (Layer.SEMANTIC, (), None)


def test_a_router_without_any_utterance_still_falls_back():
    experts = (Expert("a", patterns=("prove",)), Expert("b"))
    for aggregate in ("max", "mean_top_k", "centroid"):
        bare = build(RouterConfig("hybrid", experts, fallback="b", aggregate=aggregate), ToyEncoder(VECTORS))
        decision = bare.decide("solve")
        assert (decision.expert, decision.layer, decision.score, decision.margin) == ("b", Layer.FALLBACK, None, None)
        assert [score.score for score in bare.explain(decision).scores] == [None, None]


@pytest.mark.parametrize("strategy", ["keyword", "semantic", "hybrid"])
@pytest.mark.parametrize("prompt", ["", " \n\t\u3000", "prove \0", "prove \ud83d", "prove " * 6_000])
def test_every_strategy_refuses_what_is_no_prompt(strategy, prompt):
    with pytest.raises(PromptError):
        router(strategy).decide(prompt)
