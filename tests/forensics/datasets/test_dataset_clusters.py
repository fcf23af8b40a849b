"""Near-duplicates stand together, others apart, whatever the order."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter, defaultdict

import pytest
from growth import LINEAR, growth
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.forensics.datasets import clusters
from lab.forensics.datasets.clusters import NEAR, Prompts, near_duplicates
from lab.forensics.datasets.normalise import bare
from lab.forensics.datasets.shingles import estimates, minhash


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


# -------------------------------------------------------------------------------------- prompts whose texts are fetched


def grouped(prompts: list[str], at_once: int = 1_000, near: float = NEAR) -> list[int]:
    kept = Prompts(near)
    for start in range(0, len(prompts), at_once):
        kept.add(prompts[start : start + at_once])
    assert len(kept) == len(prompts)
    return kept.groups(lambda places: [prompts[place] for place in places.tolist()]).tolist()


def test_a_group_is_named_by_its_earliest_row():
    potato = "please tell me how long it takes to bake a potato in the oven"
    prompts = ["tell me a joke", potato, "what is the capital of spain", potato.replace("the", "my"), "TELL me a joke!"]
    assert grouped(prompts) == [0, 1, 2, 1, 0]
    assert grouped(prompts, at_once=2) == [0, 1, 2, 1, 0]
    assert grouped([]) == []


@settings(max_examples=50)
@given(prompts=st.lists(prompt, min_size=1, max_size=25), at_once=st.integers(1, 9))
def test_groups_by_their_earliest_rows_are_the_groups_of_near_duplicates(prompts, at_once):
    number: dict[int, int] = {}
    numbered = [number.setdefault(earliest, len(number)) for earliest in grouped(prompts, at_once)]
    assert numbered == near_duplicates(prompts).tolist()


def test_only_the_texts_of_likely_pairs_are_fetched():
    draw = random.Random(5)
    prompts = [" ".join(str(draw.randrange(10**6)) for _ in range(9)) for _ in range(2_000)]
    prompts[1_500] = prompts[7][:-1]
    fetched: list[int] = []
    kept = Prompts()
    kept.add(prompts)

    def texts_of(places):
        fetched.extend(places.tolist())
        return [prompts[place] for place in places]

    assert kept.groups(texts_of)[1_500] == 7
    assert {7, 1_500} <= set(fetched)
    assert len(fetched) < 100


def test_a_byte_of_each_value_estimates_the_jaccard_index():
    draw = random.Random(7)
    words = [f"w{number}" for number in range(500)]
    pairs = []
    for _ in range(400):
        one = draw.choices(words, k=40)
        pairs.append((" ".join(one), " ".join(one[: draw.randrange(1, 40)] + draw.choices(words, k=10))))
    found = estimates(minhash([one for one, _ in pairs]), minhash([other for _, other in pairs]))
    errors = [estimate - jaccard(*pair) for estimate, pair in zip(found.tolist(), pairs, strict=True)]
    assert abs(sum(errors) / len(errors)) < 0.01  # without the correction for chance it would not be fair
    assert max(map(abs, errors)) < 0.25


@pytest.mark.parametrize("near", [0.6, 0.7, 0.9])
def test_what_is_near_is_a_parameter(near):
    base = "how do i change the address of my savings account before the end of may this year"
    draw = random.Random(3)
    found = wanted = 0
    for _ in range(150):
        words = base.split()
        for _ in range(draw.randrange(1, 5)):
            words[draw.randrange(len(words))] = draw.choice(["old", "new", "card", "june", "loan"])
        other = " ".join(words)
        together = grouped([base, other], near=near) == [0, 0]
        assert not together or jaccard(base, other) >= near
        found, wanted = found + together, wanted + (jaccard(base, other) >= near)
    assert found >= 0.9 * wanted > 0


def test_neighbours_in_a_crowd_are_those_that_are_most_alike():
    draw = random.Random(11)
    words = [f"word{number}" for number in range(2_000)]
    asked = "translate the following sentence into french for me and keep its tone as it is"
    prompts = [f"{asked} {' '.join(draw.choices(words, k=6))}" for _ in range(3_000)]
    prompts += [f"{one} {draw.choice(words)}" for one in prompts[:300]]
    likes = [at for at in range(300) if jaccard(prompts[at], prompts[3_000 + at]) >= 0.9]
    found = grouped(prompts, near=0.9)
    assert len(likes) > 100
    assert sum(found[at] == found[3_000 + at] for at in likes) >= 0.97 * len(likes)


def test_many_are_looked_at_in_parts_and_come_to_the_same(monkeypatch):
    draw = random.Random(5)
    words = [f"word{number}" for number in range(300)]
    prompts = [" ".join(draw.choices(words, k=12)) for _ in range(1_500)]
    prompts += [f"{one} {draw.choice(words)}" for one in prompts[:300]]
    whole = grouped(prompts)
    for rows in (1, 50, 700):
        monkeypatch.setattr(clusters, "_ROWS_IN_PART", rows)
        assert grouped(prompts) == whole
    assert sum(whole[at] == whole[1_500 + at] for at in range(300)) > 250


def test_in_a_crowd_of_one_template_every_pair_that_is_alike_is_found():
    draw = random.Random(0)
    words = [
        "river",
        "stone",
        "violin",
        "garden",
        "window",
        "letter",
        "market",
        "bridge",
        "candle",
        "forest",
        "pilot",
        "engine",
        "copper",
        "island",
    ]
    asked = "Translate the following English sentence into French and explain the grammar: " * 2
    prompts = sorted({asked + " ".join(draw.choices(words, k=2)) for _ in range(200)})
    found = grouped(prompts, near=0.9)
    alike = [
        (one, other) for one in range(len(prompts)) for other in range(one)
        if jaccard(prompts[one], prompts[other]) >= 0.9
    ]  # fmt: skip
    assert len(alike) > 50
    assert len(set(found)) > 5
    assert all(found[one] == found[other] for one, other in alike)


@pytest.mark.parametrize("prompts", [
    ["What is the answer to this?"] * 100_000,
    [f"What is {at} + {at * 7 % 1_000}?" for at in range(100_000)],
    [f"Please solve this sum and show me all of your steps in between: what is {at} + 7?" for at in range(100_000)],
], ids=["equal", "short template", "long template"])  # fmt: skip
def test_a_hundred_thousand_of_a_kind_take_no_time_that_grows_with_their_square(prompts):
    assert growth(lambda: grouped(prompts[:10_000]), lambda: grouped(prompts, at_once=10_000), 10) < LINEAR


_MILLION = """
import random, sys
from lab.forensics.datasets.clusters import Prompts
import rensa, scipy.sparse
draw = random.Random(1)
words = [f"word{number}" for number in range(3000)]
def peak():  # not ru_maxrss, which begins with the peak of whoever started this process
    return int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0])
def text(row):
    return " ".join(random.Random(row).choices(words, k=6))
kept = Prompts()
kept.add([text(row) for row in range(2_000)])
kept.groups(lambda places: [text(row) for row in places.tolist()])
base = peak()
rows = int(sys.argv[1])
kept = Prompts(expected=rows)
for start in range(0, rows, 2_000):
    kept.add([text(row) for row in range(start, start + 2_000)])
found = kept.groups(lambda places: [text(row) for row in places.tolist()])
print((peak() - base) * 1024 / rows, len(found))
"""


@pytest.mark.slow
def test_a_prompt_takes_three_hundred_bytes_of_memory_at_most():
    done = subprocess.run([sys.executable, "-c", _MILLION, "300000"], capture_output=True, text=True, check=True)
    bytes_a_row, rows = done.stdout.split()
    assert int(rows) == 300_000
    assert float(bytes_a_row) < 300, done.stdout


@pytest.mark.slow
def test_two_hundred_thousand_prompts_take_no_time_that_grows_with_their_square():
    draw = random.Random(1)
    words = [f"word{number}" for number in range(3_000)]
    prompts = [" ".join(draw.choices(words, k=9)) for _ in range(199_000)]
    prompts += [f"{prompt} {draw.choice(words)}" for prompt in prompts[:1_000]]
    found = []
    assert (
        growth(lambda: near_duplicates(prompts[:20_000]), lambda: found.append(near_duplicates(prompts)), 10) < LINEAR
    )
    [groups] = found
    together = sum(groups[at] == groups[199_000 + at] for at in range(1_000))
    assert together >= 0.99 * sum(jaccard(prompts[at], prompts[199_000 + at]) >= NEAR for at in range(1_000)) > 800
