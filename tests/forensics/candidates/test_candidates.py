"""Candidates: mined from tune errors, and their effect exactly that of the router really changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from doubles import WordEncoder
from growth import LINEAR, growth
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import ConfigError, DatasetError, SearchError
from lab.forensics.candidates import utterances as mined_utterances
from lab.forensics.candidates.patterns import measure_patterns
from lab.forensics.candidates.split_evidence import split_evidence
from lab.forensics.candidates.suggestions import Candidate, Candidates, mine
from lab.forensics.candidates.utterances import MinedUtterance, measure_utterances
from lab.forensics.effect import Effect, is_right
from lab.forensics.rules.hits import nothing
from lab.routing import build
from lab.routing.learned import pack
from lab.types import NONE, Expert, RouterConfig

Columns = tuple[list[str], list[str]]


def router(strategy: str = "hybrid", **options: object) -> RouterConfig:
    experts = (
        Expert("chef", patterns=("bake",), utterances=("how long to boil an egg",)),
        Expert("clerk", patterns=("form",), utterances=("which form do i need",)),
    )
    return RouterConfig(**{"strategy": strategy, "experts": experts, "fallback": NONE, "threshold": 0.6, **options})


TUNE: Columns = (
    ["knead the sourdough today", "my sourdough is flat", "a sourdough starter please", "bake it", "a passport photo"],
    ["chef", "chef", "chef", "chef", "clerk"],
)
DEV: Columns = (["cold sourdough", "sourdough passport", "which form do i need"], ["chef", "clerk", "clerk"])


def by_text(found: Candidates, text: str) -> Candidate:
    return next(one for one in (*found.patterns, *found.utterances) if one.text == text)


def shown_of(found: Candidates) -> list[Candidate]:
    return [*found.patterns, *found.utterances]


# ---------------------------------------------------------------------------------------------------------- by hand


def test_a_word_of_the_missed_rows_is_proposed_with_its_effects():
    found = mine(router(), WordEncoder(), TUNE, DEV)
    sourdough = found.patterns[0]
    assert (sourdough.kind, sourdough.expert, sourdough.text) == ("add_pattern", "chef", "sourdough")
    assert sourdough.tune == Effect(5, fixed=(0, 1, 2), broken=())
    assert sourdough.dev == Effect(3, fixed=(0,), broken=())  # row 1 goes from nobody to the chef: as wrong
    assert sourdough.tune_hits == (0, 1, 2)
    assert sourdough.precision is not None
    assert sourdough.precision.value == 1.0
    assert sourdough.tune_row is None
    assert (found.tune_n, found.dev_n, found.missed) == (5, 3, (0, 1, 2, 4))


def test_a_candidate_says_the_change():
    sourdough = mine(router(), WordEncoder(), TUNE, DEV).patterns[0]
    changed = sourdough.applied(router())
    assert changed.expert("chef").patterns == ("bake", "sourdough")
    assert changed.expert("clerk") == router().expert("clerk")
    assert sourdough.applied(changed) == changed
    with pytest.raises(ConfigError, match="no expert 'chef', so 'sourdough' cannot be added"):
        sourdough.applied(replace(router(), experts=router().experts[1:]))


def test_phrases_that_say_the_same_are_proposed_once():
    prompts = [f"the number {number} tram line" for number in range(6)]
    found = mine(router(), WordEncoder(), (prompts, ["clerk"] * 6), DEV)
    assert len(found.patterns) == 1  # tram, line, tram line: whichever, the others fix nothing more


def test_what_is_frequent_elsewhere_or_too_rare_or_known_is_not_proposed():
    prompts = ["crisp apple", "crisp pear", "crisp plum", "crisp banknote", "crisp letter", "crisp paper", "crisp page"]
    labels = ["chef"] * 3 + ["clerk"] * 4
    texts = [one.text for one in mine(router(threshold=1.0), WordEncoder(), (prompts, labels), DEV).patterns]
    assert "crisp" not in texts  # 3 of 7 for the chef, 4 of 7 for the clerk
    assert "apple" not in texts  # once
    known = replace(router(), experts=(Expert("chef", patterns=("SOURDOUGH",)), *router().experts[1:]))
    assert mine(known, WordEncoder(), TUNE, DEV).patterns == ()


def test_an_utterance_is_chosen_for_the_other_rows_that_it_brings_home():
    tune = (["stew the leek soup", "simmer the leek soup", "reheat leek soup", "odd one"], ["chef"] * 4)
    dev = (["warm the leek soup", "which form do i need"], ["chef", "clerk"])
    found = mine(router("semantic"), WordEncoder(), tune, dev)
    assert found.patterns == ()
    best = found.utterances[0]
    assert best.expert == "chef"
    assert best.tune_row in (0, 1)  # they share three words of four
    assert best.text == tune[0][best.tune_row]
    assert {0, 1} <= set(best.tune.fixed)
    assert best.dev == Effect(2, fixed=(0,), broken=())
    assert "odd one" not in [one.text for one in found.utterances]  # it would bring only itself home
    assert best.precision is None
    assert best.applied(router()).expert("chef").utterances[-1] == best.text


def test_the_lists_are_sorted_by_the_lower_end_of_the_tune_effect_and_adjusted_together():
    draw = np.random.default_rng(1)
    topics = {"chef": ["soup", "leek", "oven", "sauce"], "clerk": ["visa", "permit", "stamp", "queue"]}

    def rows(n: int) -> Columns:
        labels = [str(label) for label in draw.choice(list(topics), n)]
        fill = [f"filler{number}" for number in draw.integers(0, 40, n)]
        return [f"{draw.choice(topics[label])} {word}" for label, word in zip(labels, fill, strict=True)], labels

    found = mine(router(), WordEncoder(), rows(200), rows(100), most=3)
    shown = (*found.patterns, *found.utterances)
    assert 3 <= len(found.patterns) + len(found.utterances) <= 6
    for listed in (found.patterns, found.utterances):
        lows = [one.tune.net.low for one in listed]
        assert lows == sorted(lows, reverse=True)
    p_values = [one.dev.p_value(np.arange(100)) for one in shown]
    assert min(one.p_holm for one in shown) == pytest.approx(min(1.0, min(p_values) * len(shown)))
    assert "Chosen and sorted on tune, measured on dev" in found.notes[0]


def test_copies_of_one_prompt_prove_nothing():
    dev = (["warm sourdough"] * 8 + ["which form do i need"], ["chef"] * 8 + ["clerk"])
    apart = mine(router(), WordEncoder(), TUNE, dev)
    copies = mine(router(), WordEncoder(), TUNE, dev, groups=np.array([0] * 8 + [8]))
    assert len(by_text(apart, "sourdough").dev.fixed) == len(by_text(copies, "sourdough").dev.fixed) == 8
    assert by_text(apart, "sourdough").p_holm == pytest.approx(2 * 0.5**8 * len(shown_of(apart)))
    assert by_text(copies, "sourdough").p_holm == 1.0


def test_a_keyword_router_gets_no_utterances_and_needs_no_encoder():
    class Refusing(WordEncoder):
        def encode(self, texts: object) -> np.ndarray:
            raise AssertionError("nothing is to be encoded")

    found = mine(router("keyword"), Refusing(), TUNE, DEV)
    assert (found.utterances, found.patterns[0].text) == ((), "sourdough")
    assert "no layer 2" in found.notes[1]


def test_too_many_missed_rows_are_drawn_and_it_is_said(monkeypatch):
    monkeypatch.setattr(mined_utterances, "_TRIALS", 10)  # of 5 open rows: two
    tune = ([f"soup {number}" for number in range(5)], ["chef"] * 5)
    found = mine(router(), WordEncoder(), tune, DEV, seed=3)
    assert (found.utterances_tried, found.utterances_possible) == (2, 5)
    assert "2 of 5 missed tune prompts were tried as utterances, drawn with seed 3" in found.notes[-1]
    assert mine(router(), WordEncoder(), tune, DEV, seed=3) == found


def test_rows_that_no_expert_here_could_get_are_no_errors_to_mine():
    tune = (["sourdough one", "sourdough two", "sourdough three", "sourdough four"], ["baker", "baker", "baker", NONE])
    found = mine(router(), WordEncoder(), tune, DEV)
    assert (found.missed, found.patterns, found.utterances) == ((), (), ())


@pytest.mark.parametrize(
    ("tune", "dev", "error", "words"),
    [
        (([], []), DEV, SearchError, "There are no tune rows"),
        (TUNE, ([], []), SearchError, "There are no dev rows"),
        ((["x"], ["chef", "chef"]), DEV, SearchError, "1 prompts and 2 labels"),
        ((["x"], [""]), DEV, DatasetError, "Row 0 has no label"),
    ],
)
def test_splits_that_cannot_be_mined_are_told(tune, dev, error, words):
    with pytest.raises(error, match=words):
        mine(router(), WordEncoder(), tune, dev)


def test_mining_can_be_stopped():
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        mine(router(), WordEncoder(), TUNE, DEV, check=stop)


# ---------------------------------------------------------------------------------------- exactness, as a property

WORDS = ["red", "blue", "sky", "gray", "plain", "sea"]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)


@st.composite
def cases(draw: st.DrawFn) -> tuple[RouterConfig, Columns, Columns]:
    names = ["a", "b", "c", "d"][: draw(st.integers(1, 4))]
    experts = tuple(
        Expert(
            name,
            patterns=tuple(draw(st.lists(st.sampled_from(WORDS), max_size=2))),
            utterances=tuple(draw(st.lists(TEXTS, max_size=4))),
            threshold=draw(st.sampled_from([None, 0.2, 0.9])),
        )
        for name in names
    )
    experts = (*experts, Expert("e", patterns=("last",), utterances=("red sea",)))
    config = RouterConfig(
        strategy=draw(st.sampled_from(["keyword", "hybrid", "hybrid", "semantic"])),
        experts=tuple(expert for expert in experts if expert.patterns or expert.utterances),
        fallback=draw(st.sampled_from(["e", NONE])),
        threshold=draw(st.sampled_from([-1.0, 0.3, 0.7])),
        min_margin=draw(st.sampled_from([0.0, 0.0, 0.2])),
        aggregate=draw(st.sampled_from(["max", "mean_top_k", "centroid"])),
        top_k=draw(st.integers(1, 3)),
        on_conflict=draw(st.sampled_from(["defer", "priority"])),
    )

    def rows(least: int) -> Columns:
        prompts = draw(st.lists(TEXTS, min_size=least, max_size=8))
        return prompts, [draw(st.sampled_from([*names, "e", NONE])) for _ in prompts]

    return config, rows(3), rows(1)


def rights(config: RouterConfig, rows: Columns) -> list[bool]:
    strategy = build(config, WordEncoder())
    made = [strategy.decide(prompt) for prompt in rows[0]]
    return [is_right(label, one.expert, one.layer) for label, one in zip(rows[1], made, strict=True)]


def real_effect(config: RouterConfig, changed: RouterConfig, rows: Columns) -> Effect:
    before, after = rights(config, rows), rights(changed, rows)
    at = range(len(before))
    fixed = tuple(row for row in at if after[row] and not before[row])
    return Effect(len(before), fixed, tuple(row for row in at if before[row] and not after[row]))


@settings(max_examples=100)
@given(cases())
def test_every_candidates_effect_equals_routing_with_the_router_really_changed(case):
    config, tune, dev = case
    found = mine(config, WordEncoder(), tune, dev)
    for one in (*found.patterns, *found.utterances):
        changed = one.applied(config)
        assert one.tune == real_effect(config, changed, tune)
        assert one.dev == real_effect(config, changed, dev)


@settings(max_examples=150)
@given(cases(), st.data())
def test_any_utterance_and_any_pattern_of_any_expert_is_predicted_exactly(case, data):
    config, tune, dev = case
    tune_rows = split_evidence("tune", config, WordEncoder(), *tune, nothing)
    dev_rows = split_evidence("dev", config, WordEncoder(), *dev, nothing)
    expert = data.draw(st.sampled_from(config.experts))
    row = data.draw(st.integers(0, len(tune[0]) - 1))
    if dev_rows.layer2 is not None and tune_rows.vectors is not None:
        wanted = MinedUtterance(expert.name, row)
        told = measure_utterances([wanted, wanted], tune_rows.vectors, dev_rows, dev_rows.layer2)
        more = replace(expert, utterances=(*expert.utterances, tune[0][row]))
        assert told == [real_effect(config, with_expert(config, more), dev)] * 2
    if config.strategy != "semantic":
        pattern = data.draw(st.sampled_from([*WORDS, "red sea", "blue sky"]))
        more = replace(expert, patterns=(*expert.patterns, pattern))
        told_pattern = measure_patterns([(expert.name, pattern)], dev_rows, nothing)[0].effect
        assert told_pattern == real_effect(config, with_expert(config, more), dev)


def with_expert(config: RouterConfig, changed: Expert) -> RouterConfig:
    experts = tuple(changed if expert.name == changed.name else expert for expert in config.experts)
    return replace(config, experts=experts)


@pytest.mark.slow
def test_five_times_the_rows_take_no_time_that_grows_with_their_square():
    draw = np.random.default_rng(0)
    topics = {f"e{index}": [f"t{index}_{number}" for number in range(8)] for index in range(150)}

    class Random(WordEncoder):
        def encode(self, texts: list[str]) -> np.ndarray:
            vectors = np.random.default_rng(len(texts)).standard_normal((len(texts), 384)).astype(np.float32)
            return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def rows(n: int) -> Columns:
        labels = [str(label) for label in draw.choice(list(topics), n)]
        return [" ".join(draw.choice(topics[label], 4)) for label in labels], labels

    experts = tuple(Expert(name, utterances=tuple(words[:6])) for name, words in topics.items())
    config = RouterConfig("hybrid", experts, NONE, threshold=0.0)
    few, many = (rows(1_100), rows(600)), (rows(5_500), rows(3_000))
    found = []
    assert growth(lambda: mine(config, Random(), *few), lambda: found.append(mine(config, Random(), *many)), 5) < LINEAR
    assert len(found[0].patterns) == 20


def test_a_learned_scorer_gets_patterns_with_exact_effects_and_no_utterances():
    draw = np.random.default_rng(0)
    weights = pack(
        ("chef", "clerk", NONE), draw.normal(size=(3, 64)), np.zeros(3), encoder_fingerprint="words-1", rows=9
    )
    config = router(scorer="learned", learned=weights, threshold=0.7)
    found = mine(config, WordEncoder(), TUNE, DEV)
    assert found.utterances == ()
    assert any("learned scorer does not read utterances" in note for note in found.notes)
    assert [one.dev for one in found.patterns] == [
        real_effect(config, one.applied(config), DEV) for one in found.patterns
    ]
    assert found.patterns
