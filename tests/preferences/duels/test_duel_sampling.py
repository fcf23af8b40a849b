"""Which prompts are drawn: shares, probabilities and seeds with known answers; the random part is truly random."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import DuelError
from lab.preferences.duels.sampling import Drawn, Sampling, draw, hardest_probabilities, parse


def rules(drawn: list[Drawn]) -> Counter[str]:
    return Counter(one.rule for one in drawn)


def test_all_takes_every_prompt_once_and_surely():
    drawn = draw(Sampling("all", None), 5)
    assert sorted(one.place for one in drawn) == [0, 1, 2, 3, 4]
    assert {(one.rule, one.probability) for one in drawn} == {("all", 1.0)}


def test_a_random_sample_has_its_size_over_the_source_as_probability():
    drawn = draw(Sampling("random", 3), 12)
    assert len({one.place for one in drawn}) == 3
    assert {(one.rule, one.probability) for one in drawn} == {("random", 0.25)}


def test_a_random_sample_larger_than_its_source_is_all_of_it():
    drawn = draw(Sampling("random", 50), 4)
    assert sorted(one.place for one in drawn) == [0, 1, 2, 3]
    assert {one.probability for one in drawn} == {1.0}


@pytest.mark.parametrize(
    ("n", "by_chance"), [(1, 1), (2, 1), (3, 1), (4, 2), (10, 3), (11, 4), (100, 30), (101, 31), (1000, 300)]
)
def test_at_least_30_percent_of_a_hardest_sample_are_random(n, by_chance):
    drawn = draw(Sampling("hardest", n), 5_000, range(5_000))
    assert rules(drawn) == Counter({"random": by_chance, "hardest": n - by_chance} if n > by_chance else {"random": n})
    assert by_chance >= 0.3 * n


def test_the_hardest_part_holds_the_hardest_that_the_random_part_left():
    hardest = [7, 3, 9, 1, 0, 2, 4, 5, 6, 8]
    drawn = draw(Sampling("hardest", 5, seed=4), 10, hardest)
    by_chance = {one.place for one in drawn if one.rule == "random"}
    hard = {one.place for one in drawn if one.rule == "hardest"}
    assert (len(by_chance), len(hard)) == (2, 3)
    assert hard == set([place for place in hardest if place not in by_chance][:3])


def test_the_random_part_of_a_hardest_sample_is_drawn_from_the_whole_source():
    # 2 of 4 at random: each prompt in half of the samples, the hardest one too; 400 seeds, standard error .025
    counted = Counter(
        one.place
        for seed in range(400)
        for one in draw(Sampling("hardest", 4, seed), 8, range(8))
        if one.rule == "random"
    )
    assert [counted[place] / 400 for place in range(8)] == pytest.approx([0.25] * 8, abs=0.08)
    assert {one.probability for one in draw(Sampling("hardest", 4), 8, range(8)) if one.rule == "random"} == {0.25}


def test_probabilities_of_the_hardest_part_worked_by_hand():
    # 4 prompts, 1 at random, then the 2 hardest of the other 3. The hardest and the next are taken unless the random
    # one is they: 3/4. The third only where the random one is one of the two before it: 2/4. The last never.
    assert hardest_probabilities(4, 1, 2) == pytest.approx([0.75, 0.75, 0.5])


def test_probabilities_of_the_hardest_part_are_the_shares_of_many_samples():
    counted: Counter[int] = Counter()
    for seed in range(600):
        counted.update(one.place for one in draw(Sampling("hardest", 10, seed), 20, range(20)) if one.rule == "hardest")
    shares = [counted[place] / 600 for place in range(10)]
    assert shares == pytest.approx(hardest_probabilities(20, 3, 7), abs=0.08)
    drawn = {
        one.place: one.probability for one in draw(Sampling("hardest", 10, 1), 20, range(20)) if one.rule == "hardest"
    }
    assert all(drawn[place] == pytest.approx(hardest_probabilities(20, 3, 7)[place]) for place in drawn)


@given(st.integers(1, 60), st.integers(1, 80))
def test_probabilities_of_the_hardest_part_sum_up_to_its_size(source, n):
    sampling = Sampling("hardest", n)
    by_chance = sampling.by_chance(source)
    hard = sampling.size(source) - by_chance
    assert sum(hardest_probabilities(source, by_chance, hard)) == pytest.approx(hard)


@given(st.sampled_from(["all", "random", "hardest"]), st.integers(1, 60), st.integers(1, 80), st.integers(0, 2**31))
def test_a_sample_has_its_size_no_prompt_twice_and_depends_on_the_seed_alone(rule, source, n, seed):
    sampling = Sampling(rule, None if rule == "all" else n, seed)
    drawn = draw(sampling, source, range(source))
    assert len(drawn) == len({one.place for one in drawn}) == (source if rule == "all" else min(n, source))
    assert all(0 < one.probability <= 1 and 0 <= one.place < source for one in drawn)
    assert drawn == draw(sampling, source, range(source))


def test_another_seed_draws_others():
    assert draw(Sampling("random", 10, 1), 1_000) != draw(Sampling("random", 10, 2), 1_000)


def test_what_was_done_when_work_stops_half_way_holds_both_parts():
    # 30 random of 100 in a random order: among the first 50 there are 15 on average, standard error 2.3
    drawn = draw(Sampling("hardest", 100, 3), 1_000, range(1_000))
    assert 8 <= rules(drawn[:50])["random"] <= 22


@pytest.mark.parametrize("rule", ["all", "random", "hardest"])
def test_an_empty_source_is_said(rule):
    with pytest.raises(DuelError, match="no prompt to draw"):
        draw(Sampling(rule, None if rule == "all" else 5), 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", Sampling("all", None, 7)),
        ("random:100", Sampling("random", 100, 7)),
        (" hardest:1 ", Sampling("hardest", 1, 7)),
    ],
)
def test_a_sample_is_read(text, expected):
    assert parse(text, seed=7) == expected


@pytest.mark.parametrize(
    "text", ["", "random", "all:5", "random:0", "random:-1", "random:1.5", "random:²", "worst:5", "random:"]
)
def test_a_sample_that_is_none_is_said(text):
    with pytest.raises(DuelError, match="Write all, random:100 or hardest:100"):
        parse(text)
