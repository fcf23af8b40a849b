"""What differs between two routers, as things and as sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest
from doubles import two_experts
from hypothesis import given
from hypothesis import strategies as st

from lab.differences import Difference, differences, renamed, sentence, summary
from lab.types import Calibration, Calibrator, Expert, LearnedWeights, Price, RouterConfig

ROUTER = two_experts()
UTTERANCES = ROUTER.expert("zoomer").utterances
ORDER = "order of the experts"
WEIGHTS = LearnedWeights(("professor", "zoomer"), 3, "AAAA", "AA==", "words-1", 450)


def changed(name: str, **changes: object) -> RouterConfig:
    experts = tuple(replace(expert, **changes) if expert.name == name else expert for expert in ROUTER.experts)
    return replace(ROUTER, experts=experts)


def sentences(b: RouterConfig, a: RouterConfig = ROUTER) -> list[str]:
    return [sentence(difference) for difference in differences(a, b)]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (replace(ROUTER, threshold=0.35), ["threshold: 0.5 → 0.35"]),
        (replace(ROUTER, min_margin=0.123456, top_k=5), ["least margin: 0 → 0.123456", "k of the top scores: 3 → 5"]),
        (replace(ROUTER, strategy="keyword"), ["strategy: hybrid → keyword"]),
        (replace(ROUTER, learned=WEIGHTS, scorer="learned"), ["scorer: cosine → learned"]),
        (changed("zoomer", threshold=0.29), ["threshold of zoomer: the router's → 0.29"]),
        (changed("zoomer", model=""), ["model of zoomer: tinyllama → no model"]),
        (changed("zoomer", patterns=("lol", "re: ha+")), ["pattern of zoomer added: re: ha+"]),
        (changed("zoomer", patterns=()), ["pattern of zoomer removed: lol"]),
        (
            changed("zoomer", utterances=("so bored", "sing\na song")),
            ["utterance of zoomer removed: tell me a joke", "utterance of zoomer added: sing a song"],
        ),
        (changed("zoomer", utterances=("so bored", "tell me a joke")), ["order of the utterances of zoomer changed"]),
        (changed("zoomer", utterances=(*UTTERANCES, "so bored")), ["utterance of zoomer added: so bored"]),
        (changed("professor", system_prompt="Explain well."), ["system prompt of professor: Explain. → Explain well."]),
        (changed("professor", system_prompt=""), ["system prompt of professor removed: Explain."]),
        (changed("zoomer", price=Price(0.1, 2), options={"seed": None}, provider="ollama"), []),
        (renamed(ROUTER, "zoomer", "genz"), ["expert renamed: zoomer → genz"]),
        (renamed(ROUTER, "professor", "sage"), ["expert renamed: professor → sage"]),
        (
            renamed(changed("zoomer", threshold=0.3), "zoomer", "genz"),
            ["expert added: genz (1 pattern, 2 utterances)", "expert removed: zoomer (1 pattern, 2 utterances)"],
        ),
        (replace(ROUTER, experts=ROUTER.experts[::-1]), [f"{ORDER}: professor, zoomer → zoomer, professor"]),
        (replace(ROUTER, experts=ROUTER.experts[:1]), ["expert removed: zoomer (1 pattern, 2 utterances)"]),
        (ROUTER, []),
    ],
)  # fmt: skip
def test_a_change_is_one_sentence(other, said):
    assert sentences(other)[: len(said)] == said
    assert len(sentences(other)) == len(said) or other.learned is not None


def test_what_was_fitted_is_told_by_its_size_and_a_mark():
    learned = differences(ROUTER, replace(ROUTER, learned=WEIGHTS))
    assert [one.what for one in learned] == ["learned weights"]
    assert learned[0].before == "none"
    assert learned[0].after.startswith("2 classes × 3, learnt from 450 rows (")
    refitted = differences(
        replace(ROUTER, learned=WEIGHTS), replace(ROUTER, learned=replace(WEIGHTS, intercepts="AQ=="))
    )
    assert refitted[0].before != refitted[0].after
    calibrator = Calibrator("h", keyword=Calibration("share", (), (0.9,), 1200))
    assert sentences(replace(ROUTER, calibrator=calibrator))[0].startswith(
        "calibrator: none → keyword share on 1,200 rows ("
    )


def test_a_long_prompt_shows_where_it_changes():
    long = "You are patient. " * 40
    [said] = sentences(changed("zoomer", system_prompt=long + "Be brief."), changed("zoomer", system_prompt=long))
    assert said.endswith("are patient. Be brief.")
    assert len(said) < 300


def test_a_summary_is_short():
    assert summary(ROUTER, ROUTER) == "nothing changed"
    assert summary(ROUTER, replace(ROUTER, threshold=0.35)) == "threshold: 0.5 → 0.35"
    many = changed("zoomer", patterns=tuple(f"p{n}" for n in range(8)))
    assert summary(ROUTER, many) == "pattern of zoomer removed: lol; and 8 more changes"


texts = st.lists(st.sampled_from("abc"), max_size=4).map(tuple)
named = st.builds(
    Expert,
    name=st.sampled_from(["x", "y", "z"]),
    model=st.sampled_from(["", "m"]),
    system_prompt=st.sampled_from(["", "p", "pq"]),
    patterns=texts,
    utterances=texts,
    threshold=st.none() | st.sampled_from([0.1, 0.5]),
    price=st.builds(Price, st.sampled_from([0.0, 1.0])),
    options=st.dictionaries(st.sampled_from("st"), st.none() | st.integers(0, 2), max_size=2),
)
configs = st.builds(
    RouterConfig,
    strategy=st.sampled_from(["keyword", "hybrid"]),
    experts=st.lists(named, max_size=3, unique_by=lambda expert: expert.name).map(tuple),
    fallback=st.sampled_from(["x", "none"]),
    learned=st.none() | st.just(WEIGHTS),
)


def bare(config):
    """The router without what is a setting of a machine."""
    experts = [replace(one, provider="auto", price=Price(), options={}) for one in config.experts]
    return replace(config, experts=tuple(experts))


@given(configs, configs)
def test_no_difference_means_equal_and_every_difference_turns_round(a, b):
    found = differences(a, b)
    assert (found == ()) == (bare(a) == bare(b))
    if any(one.what == "expert renamed" for one in found):
        return  # the others are told in the names of `b`
    turned = {(d.what, d.expert, repr(d.after), repr(d.before)) for d in differences(b, a)}
    assert {(d.what, d.expert, repr(d.before), repr(d.after)) for d in found} == turned
    assert all("\n" not in sentence(difference) for difference in found)


def test_a_difference_says_whose_it_is():
    assert differences(ROUTER, changed("zoomer", patterns=("lol", "x")))[0] == Difference(
        "pattern", "pattern of zoomer", "zoomer", None, "x"
    )
