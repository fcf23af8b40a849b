"""Which rows are too long, for each trainer, and the limit that fits most."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.dpo.lengths import Fit, Lengths, PairLengths, cut, dropped, dropped_example, fitting

TRAINERS = ("dpo", "reward", "kto", "sft")


def lengths(prompt: list[int], whole: list[int]) -> Lengths:
    return Lengths(np.array(prompt, np.int32), np.array(whole, np.int32))


# four pairs: short · the prompt fills the limit of 10 · an answer goes over it · one answer reaches it exactly
PAIRS = PairLengths(lengths([4, 10, 4, 4], [8, 14, 12, 10]), lengths([4, 10, 4, 4], [7, 13, 9, 9]))


@pytest.mark.parametrize(
    ("trainer", "lost", "shortened"),
    [
        ("dpo", [False, True, False, False], [False, False, True, False]),
        ("kto", [False, True, False, False], [False, False, True, False]),
        ("reward", [False, True, True, False], [False] * 4),
        ("sft", [False] * 4, [False, True, True, False]),
    ],
)
def test_each_trainer_drops_and_cuts_by_its_own_rule(trainer, lost, shortened):
    assert dropped(trainer, PAIRS, 10).tolist() == lost
    assert cut(trainer, PAIRS, 10).tolist() == shortened


def test_a_prompt_one_token_below_the_limit_stays():
    assert not dropped("dpo", PAIRS, 11).any()


def test_dpo_takes_the_shorter_of_two_prompts_and_kto_each_for_itself():
    # The chosen answer shares 10 tokens with the opened prompt, the rejected one 9.
    pairs = PairLengths(lengths([10], [14]), lengths([9], [13]))
    assert pairs.prompt.tolist() == [9]
    assert not dropped("dpo", pairs, 10).any()
    assert dropped_example(pairs.chosen, 10).tolist() == [True]
    assert dropped_example(pairs.rejected, 10).tolist() == [False]
    assert dropped("kto", pairs, 10).tolist() == [True]


def test_sft_does_not_see_the_rejected_answer():
    pairs = PairLengths(lengths([4], [8]), lengths([4], [900]))
    assert not cut("sft", pairs, 10).any()
    assert cut("dpo", pairs, 10).all()
    assert fitting("sft", pairs) == Fit(256, 0.0, 0.0)
    assert fitting("dpo", pairs) == Fit(960, 0.0, 0.0)  # 15 × 64


def test_what_is_proposed_fits_99_of_100():
    # 200 pairs of 300 tokens, but 2 of 2,000: the 99th percentile is 300, rounded up 320, and 1 % is cut
    wholes = [300] * 198 + [2_000] * 2
    pairs = PairLengths(lengths([20] * 200, wholes), lengths([20] * 200, [30] * 200))
    assert fitting("dpo", pairs) == Fit(320, 0.01, 0.0)
    assert fitting("reward", pairs) == Fit(320, 0.0, 0.01)


def test_without_pairs_the_least_limit_is_proposed():
    nothing = PairLengths.joined([])
    assert fitting("dpo", nothing) == Fit(256, 0.0, 0.0)
    assert nothing.prompt.shape == nothing.longest.shape == (0,)


@st.composite
def some_pairs(draw):
    rows = draw(st.lists(st.tuples(*[st.integers(1, 700)] * 4), min_size=1, max_size=30))
    prompts, others, first, second = (list(column) for column in zip(*rows, strict=True))
    return PairLengths(
        lengths(prompts, [one + two for one, two in zip(prompts, first, strict=True)]),
        lengths(others, [one + two for one, two in zip(others, second, strict=True)]),
    )


@given(some_pairs(), st.sampled_from(TRAINERS))
def test_what_is_proposed_costs_what_it_says_and_at_most_one_in_a_hundred(pairs, trainer):
    fit = fitting(trainer, pairs)
    lost, shortened = dropped(trainer, pairs, fit.max_length), cut(trainer, pairs, fit.max_length)
    assert fit.max_length % 64 == 0
    assert fit.max_length >= 256
    assert (fit.cut, fit.dropped) == (shortened.mean(), lost.mean())
    assert (shortened | lost).mean() <= 0.01
    assert not (shortened & lost).any()


@given(some_pairs(), some_pairs())
def test_parts_joined_are_the_whole(one, other):
    both = PairLengths.joined([one, other])
    assert both.longest.tolist() == one.longest.tolist() + other.longest.tolist()
    assert both.chosen.answer.tolist() == one.chosen.answer.tolist() + other.chosen.answer.tolist()
