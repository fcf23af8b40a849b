"""Taking one difference back: that one is gone, and all of them taken back leave what is live."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest
from doubles import two_experts
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.differences import differences, renamed, sentence
from lab.drafting import with_expert
from lab.types import Calibration, Calibrator, Expert, LearnedWeights, Price
from lab.ui.router.take_back import without

LIVE = two_experts(
    experts=(
        *two_experts().experts,
        Expert("banker", "m", patterns=("bank", "money", "bank"), utterances=("pay it", "my account")),
    )
)
TEXTS = st.lists(st.sampled_from(["a", "b", "bank", "money", "lol"]), max_size=4).map(tuple)
NUMBERS = st.sampled_from([0.1, 0.5, 0.9])
EXPERTS = st.builds(
    Expert,
    st.just(""),
    st.sampled_from(["m", "n"]),
    provider=st.sampled_from(["auto", "mock"]),
    system_prompt=st.sampled_from(["", "Explain.", "Chat."]),
    patterns=TEXTS,
    utterances=TEXTS,
    threshold=st.none() | NUMBERS,
    price=st.sampled_from([Price(), Price(1.0, 2.0)]),
    options=st.sampled_from([MappingProxyType({}), MappingProxyType({"seed": 1}), MappingProxyType({"top_p": 0.5})]),
)
NAMES = st.permutations(["professor", "zoomer", "banker", "poet"]).flatmap(
    lambda names: st.integers(1, 4).map(lambda count: names[:count])
)
WEIGHTS = LearnedWeights(("zoomer",), 2, "AAAA", "AAAA", "words-1", 3)
CALIBRATOR = Calibrator("hash", keyword=Calibration("share", (), (0.9,), 5))


@st.composite
def drafts(draw):
    experts = tuple(replace(draw(EXPERTS), name=name) for name in draw(NAMES))
    return replace(
        LIVE,
        experts=experts,
        threshold=draw(NUMBERS),
        min_margin=draw(NUMBERS),
        strategy=draw(st.sampled_from(["hybrid", "semantic"])),
        fallback=draw(st.sampled_from(["professor", "none"])),
        learned=draw(st.sampled_from([None, WEIGHTS])),
        calibrator=draw(st.sampled_from([None, CALIBRATOR])),
    )


@settings(max_examples=40)
@given(drafts())
def test_every_difference_can_be_taken_back(draft):
    found = differences(LIVE, draft)
    for one in found:
        assert differences(LIVE, without(LIVE, draft, one)).count(one) == found.count(one) - 1


@settings(max_examples=40)
@given(drafts(), st.randoms(use_true_random=False))
def test_all_taken_back_in_any_order_leave_what_is_live(draft, chance):
    for _ in range(100):
        left = differences(LIVE, draft)
        if not left:
            break
        draft = without(LIVE, draft, chance.choice(left))
    assert draft.content_hash("words-1") == LIVE.content_hash("words-1")


def test_a_new_name_is_taken_back_wherever_the_router_names_the_expert():
    draft = replace(renamed(LIVE, "professor", "sage"), threshold=0.7, fallback="sage")
    one = next(one for one in differences(LIVE, draft) if one.what == "expert renamed")
    assert without(LIVE, draft, one) == replace(LIVE, threshold=0.7, fallback="professor")
    other = next(one for one in differences(LIVE, draft) if one.what == "threshold")
    assert without(LIVE, draft, other) == replace(draft, threshold=LIVE.threshold)


@pytest.mark.parametrize(
    ("draft", "taken", "left"),
    [
        (replace(LIVE, threshold=0.7, min_margin=0.1), "threshold: 0.5 → 0.7", ["least margin: 0 → 0.1"]),
        (
            with_expert(LIVE, "zoomer", threshold=0.3, model="big"),
            "model of zoomer: tinyllama → big",
            ["threshold of zoomer: the router's → 0.3"],
        ),
        (
            with_expert(LIVE, "banker", patterns=("money", "cash")),
            "pattern of banker added: cash",
            ["pattern of banker removed: bank", "pattern of banker removed: bank"],
        ),
    ],
)
def test_the_others_stay(draft, taken, left):
    one = next(one for one in differences(LIVE, draft) if sentence(one) == taken)
    assert [sentence(other) for other in differences(LIVE, without(LIVE, draft, one))] == left


def test_two_settings_that_changed_alike_are_told_apart():
    live = replace(LIVE, threshold=0.5, min_margin=0.5)
    draft = replace(live, threshold=0.9, min_margin=0.9)
    margin = next(one for one in differences(live, draft) if one.what == "least margin")
    assert without(live, draft, margin) == replace(live, threshold=0.9)


def test_what_is_gone_already_changes_nothing():
    draft = replace(LIVE, threshold=0.7)
    [one] = differences(LIVE, draft)
    other = replace(LIVE, threshold=0.8)
    assert without(LIVE, other, one) is other
    assert without(LIVE, LIVE, one) is LIVE


def test_a_removed_pattern_and_a_removed_expert_come_back_where_they_stood():
    draft = replace(with_expert(LIVE, "banker", patterns=("bank", "bank")), experts=LIVE.experts[1:])
    draft = replace(
        draft, experts=tuple(replace(e, patterns=("bank", "bank")) if e.name == "banker" else e for e in draft.experts)
    )
    while left := differences(LIVE, draft):
        draft = without(LIVE, draft, left[0])
    assert draft == LIVE
