"""Near-duplicates stand together, others apart, whatever the order."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.forensics.datasets.clusters import NEAR, near_duplicates
from lab.forensics.datasets.normalise import bare


def shingles(prompt: str) -> set[str]:
    """The definition, plainly: runs of four characters with a blank before, of the text without signs."""
    padded = f" {bare(prompt)}".ljust(4)
    return {padded[at : at + 4] for at in range(len(padded) - 3)}


def jaccard(one: str, other: str) -> float:
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b)


def partition(prompts: list[str]) -> set[frozenset[str]]:
    together = defaultdict(set)
    for prompt, group in zip(prompts, near_duplicates(prompts).tolist(), strict=True):
        together[group].add(prompt)
    return {frozenset(members) for members in together.values()}


def test_case_signs_and_white_space_make_no_difference():
    assert near_duplicates(
        ["what is the capital of france", "What is the capital of France?", "What is  the capital… of FRANCE!"]
    ).tolist() == [0, 0, 0]


def test_one_word_more_in_a_long_prompt_is_a_near_duplicate_and_another_country_is_another_question():
    prompts = [
        "please tell me how long it takes to bake a potato in the oven",
        "what is the capital of france",
        "please tell me how long it takes to bake a potato in my oven",
        "what is the capital of spain",
        "tell me a joke",
    ]
    assert near_duplicates(prompts).tolist() == [0, 1, 0, 2, 3]


@pytest.mark.parametrize(
    ("prompts", "groups"),
    [
        ([], []),
        (["a"], [0]),
        (["", "?", "", "!"], [0, 1, 0, 2]),
        (["👍", "👍", "👎"], [0, 0, 1]),
        (["hi", "Hi!", "ho"], [0, 0, 1]),
        (["今天天气怎么样", "今天天气怎么样？", "你好"], [0, 0, 1]),
    ],
)
def test_short_and_odd_prompts_have_groups_too(prompts, groups):
    assert near_duplicates(prompts).tolist() == groups


def test_alikeness_is_the_exact_jaccard_index_and_not_an_estimate():
    base = "how do i change the address of my savings account before the end of may this year"
    draw = random.Random(3)
    for _ in range(300):
        words = base.split()
        for _ in range(draw.randrange(1, 4)):
            words[draw.randrange(len(words))] = draw.choice(["old", "new", "card", "june", "loan"])
        other = " ".join(words)
        found = near_duplicates([base, other]).tolist()
        if abs(jaccard(base, other) - NEAR) > 0.02:  # close to it, one of a thousand pairs shares no band
            assert (found == [0, 0]) == (jaccard(base, other) >= NEAR), other


def test_chains_join():
    words = [f"w{number:02}" for number in range(30)]
    prompts = [" ".join(words[start : start + 24]) for start in range(4)]
    assert jaccard(prompts[0], prompts[1]) >= NEAR > jaccard(prompts[0], prompts[3])
    assert near_duplicates(prompts).tolist() == [0, 0, 0, 0]


word = st.sampled_from(["tell", "me", "about", "the", "money", "card", "a", "joke", "please", "now"])
prompt = st.lists(word, min_size=1, max_size=8).map(" ".join)


@settings(max_examples=50)
@given(prompts=st.lists(prompt, min_size=1, max_size=25), seed=st.integers(0, 99))
def test_the_order_of_the_prompts_does_not_matter(prompts, seed):
    shuffled = random.Random(seed).sample(prompts, len(prompts))
    assert partition(shuffled) == partition(prompts)


@settings(max_examples=50)
@given(prompts=st.lists(prompt, min_size=1, max_size=25))
def test_who_shares_a_group_is_linked_by_pairs_that_are_alike(prompts):
    for members in partition(prompts):
        reached, left = [next(iter(members))], set(members)
        left.discard(reached[0])
        for one in reached:
            near = {other for other in left if jaccard(one, other) >= NEAR}
            reached.extend(near)
            left -= near
        assert not left


def test_a_crowd_of_like_prompts_becomes_one_group():
    prompts = [f"what is the balance of my savings account with the number {at} today please" for at in range(3_000)]
    groups = Counter(near_duplicates(prompts).tolist())
    assert groups.most_common(1)[0][1] == 3_000


@pytest.mark.slow
def test_two_hundred_thousand_prompts_take_seconds():
    draw = random.Random(1)
    words = [f"word{number}" for number in range(3_000)]
    prompts = [" ".join(draw.choices(words, k=9)) for _ in range(199_000)]
    prompts += [f"{prompt} {draw.choice(words)}" for prompt in prompts[:1_000]]
    began = time.perf_counter()
    groups = near_duplicates(prompts)
    took = time.perf_counter() - began
    together = sum(groups[at] == groups[199_000 + at] for at in range(1_000))
    assert together >= 0.99 * sum(jaccard(prompts[at], prompts[199_000 + at]) >= NEAR for at in range(1_000)) > 800
    assert took < 60, f"{took:.1f} s: it takes about 5 on a quiet machine"
