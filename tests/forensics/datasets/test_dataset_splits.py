"""Splits: every row in one, groups on one side, labels alike, by the seed and not by the order."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.forensics.datasets.splits import SHARES, SPLITS, split_rows

rows = st.lists(st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(0, 12)), min_size=1, max_size=60)


def split(pairs, seed=0, given_splits=None):
    prompts = [f"prompt {at}" for at in range(len(pairs))]
    labels = [label for label, _ in pairs]
    groups = np.array([group for _, group in pairs], dtype=np.int64)
    return split_rows(prompts, labels, groups, seed, given_splits)


@given(pairs=rows, seed=st.integers(0, 5))
def test_every_row_is_in_one_split_and_no_group_is_parted(pairs, seed):
    found = split(pairs, seed)
    assert len(found) == len(pairs)
    assert set(found) <= set(SPLITS)
    sides = {}
    for (_, group), one in zip(pairs, found, strict=True):
        assert sides.setdefault(group, one) == one


@given(pairs=rows, seed=st.integers(0, 5), shuffle=st.integers(0, 99))
def test_the_order_of_the_rows_does_not_matter(pairs, seed, shuffle):
    prompts = [f"prompt {at}" for at in range(len(pairs))]
    order = random.Random(shuffle).sample(range(len(pairs)), len(pairs))
    labels = [label for label, _ in pairs]
    groups = np.array([group for _, group in pairs], dtype=np.int64)
    plain = split_rows(prompts, labels, groups, seed)
    shuffled = split_rows([prompts[at] for at in order], [labels[at] for at in order], groups[order], seed)
    assert [plain[at] for at in order] == list(shuffled)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_label_is_shared_out_alike_within_a_point(seed):
    draw = random.Random(seed)
    pairs = [(draw.choices("abcd", [70, 20, 9, 1])[0], at) for at in range(4_000)]
    found = split(pairs, seed)
    for label in "abcd":
        own = [one for (name, _), one in zip(pairs, found, strict=True) if name == label]
        for name, share in SHARES.items():
            assert abs(own.count(name) - share * len(own)) <= 2
    assert Counter(found) == {"tune": 2_000, "dev": 1_000, "sealed": 1_000}


def test_labels_of_one_row_each_fill_all_splits_too():
    assert Counter(split([(f"label {at}", at) for at in range(400)])) == {"tune": 200, "dev": 100, "sealed": 100}


def test_small_groups_keep_the_shares_within_a_few_points():
    draw = random.Random(5)
    pairs = [(f"label {group % 5}", group) for group in range(700) for _ in range(draw.randint(1, 4))]
    found = split(pairs)
    for label in {label for label, _ in pairs}:
        own = [one for (name, _), one in zip(pairs, found, strict=True) if name == label]
        for name, share in SHARES.items():
            assert abs(own.count(name) / len(own) - share) < 0.03


def test_a_seed_gives_the_same_split_again_and_another_one_another():
    pairs = [("a", at) for at in range(200)]
    assert split(pairs, 1) == split(pairs, 1)
    assert split(pairs, 1) != split(pairs, 2)


def test_a_giant_group_goes_to_tune():
    pairs = [("a", 0)] * 300 + [("a", at) for at in range(1, 301)]
    assert set(split(pairs)[:300]) == {"tune"}


def test_what_a_file_says_stands_also_where_near_duplicates_lie_on_two_sides():
    said = ["tune", "dev", "sealed", "tune"]
    assert split([("a", 0), ("a", 0), ("a", 0), ("a", 1)], 0, said) == ("tune", "dev", "sealed", "tune")


def test_a_split_that_the_file_does_not_name_is_dealt_out_of_its_tune_rows():
    pairs = [("a", at) for at in range(400)]
    found = split(pairs, 0, ["tune"] * 300 + ["sealed"] * 100)
    assert Counter(found[:300]) == {"tune": 200, "dev": 100}  # 50 : 25
    assert set(found[300:]) == {"sealed"}
    assert Counter(split(pairs, 0, ["sealed"] * 400)) == {"tune": 200, "dev": 100, "sealed": 100}
    assert Counter(split(pairs, 0, ["dev"] * 300 + ["sealed"] * 100)) == {"tune": 200, "dev": 100, "sealed": 100}


def test_a_row_without_a_word_follows_its_group_or_is_dealt_out():
    pairs = [("a", 0), ("a", 0), ("a", 1), ("a", 2)] + [("a", 3 + at) for at in range(40)]
    found = split(pairs, 0, ["sealed", None, "tune", "dev", *[None] * 40])
    assert found[:4] == ("sealed", "sealed", "tune", "dev")
    assert Counter(found[4:]) == {"tune": 20, "dev": 10, "sealed": 10}
