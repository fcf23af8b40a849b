"""What votes lean to, and intervals that may be looked at any time."""

from __future__ import annotations

from dataclasses import replace
from math import lgamma, log

import numpy as np
import pytest
from ballot_box import ballot, said_by
from hypothesis import given
from hypothesis import strategies as st

from lab.forensics.metrics import wilson
from lab.preferences import bias, pace, verdict_mix
from lab.preferences.counted import for_agreement
from lab.preferences.disagreements import disagreements
from lab.preferences.ratings import ratings
from lab.preferences.sequences import confidence_sequence

# ---------------------------------------------------------------------------------------- confidence sequences


def accused(heads, every=10):
    """Whether a fair coin was ever accused, looking after every ten tosses; (runs, tosses) → (runs,)."""
    hits, n = heads.cumsum(axis=1)[:, every - 1 :: every], np.arange(every, heads.shape[1] + 1, every)
    known = {(int(hit), int(of)): None for row in hits for hit, of in zip(row, n, strict=True)}
    outside = {key: not (one := confidence_sequence(*key)).low <= 0.5 <= one.high for key in known}
    return np.array([any(outside[int(hit), int(of)] for hit, of in zip(row, n, strict=True)) for row in hits])


def test_looking_after_every_ten_votes_accuses_few_of_the_innocent():
    heads = np.random.default_rng(3).random((600, 500)) < 0.5
    assert accused(heads).mean() < 0.04  # 2 % in the long run; at most 5 % for ever
    hits, n = heads.cumsum(axis=1)[:, 9::10], np.arange(10, 501, 10)
    ends = np.array([[wilson(int(hit), int(of))[1:] for hit, of in zip(row, n, strict=True)] for row in hits])
    fixed = ((ends[..., 0] > 0.5) | (ends[..., 1] < 0.5)).any(axis=1)
    assert fixed.mean() > 0.2  # what the interval for a single look does when it is looked at often


def test_a_lean_of_seventy_in_a_hundred_is_found():
    heads = np.random.default_rng(4).random((100, 300)) < 0.7
    assert accused(heads).mean() > 0.98


def test_its_ends_are_where_the_martingale_reaches_twenty():
    hits, n, a = 60, 100, 10
    one = confidence_sequence(hits, n)

    def beta(x, y):
        return lgamma(x) + lgamma(y) - lgamma(x + y)

    for end in (one.low, one.high):
        value = beta(a + hits, a + n - hits) - beta(a, a) - hits * log(end) - (n - hits) * log(1 - end)
        assert value == pytest.approx(log(20), abs=1e-6)
    assert one.low < one.value < one.high


@given(st.integers(0, 400), st.integers(1, 400))
def test_it_is_wider_than_for_one_look_and_mirrors(hits, n):
    hits = min(hits, n)
    one, mirrored, single = confidence_sequence(hits, n), confidence_sequence(n - hits, n), wilson(hits, n)
    assert one.low <= single.low + 1e-3
    assert one.high >= single.high - 1e-3
    assert one.low == pytest.approx(1 - mirrored.high, abs=1e-9)


def test_no_votes_say_nothing():
    assert np.isnan(confidence_sequence(0, 0).low)
    assert not bias.bias([]).left.shown
    assert bias.bias([]).longer.n == 0


# --------------------------------------------------------------------------------------------- left and longer


def test_left_and_longer_worked_by_hand():
    votes = [
        ballot("d1", "ann", "first"),  # left, 200 against 100: longer
        ballot("d2", "ann", "second"),  # right, shorter
        ballot("d3", "ann", "first", left="second"),  # right, longer
        ballot("d4", "ann", "first", first_chars=50, second_chars=50),  # left, as long
        ballot("d5", "ann", "first", first_chars=10, second_chars=90),  # left, shorter, 9 times
        ballot("d6", "ann", "equally_good"),
        ballot("d7", "ann", "first", unblinded=True),
        ballot("d8", "ann", "first", round=2),
        ballot("d9", "import:f", "first", annotator_kind="import"),
    ]
    found = bias.bias(votes)
    assert (found.left.hits, found.left.n) == (3, 5)
    assert (found.longer.hits, found.longer.n) == (2, 4)
    assert {name: (one.hits, one.n) for name, one in found.by_ratio.items() if one.n} == {
        "1.5 to 2 times": (2, 3),
        "over 4 times": (0, 1),
    }
    assert list(bias.by_annotator(votes)) == ["ann"]
    assert found.left.fixed == wilson(3, 5)


def test_a_vote_for_ones_own_text_is_no_judgement():
    own = ballot("own", "ann", "first", first_name="human:ann", origin="edit", rule="picked")
    judged = ballot("own", "ben", "first", first_name="human:ann", origin="edit", rule="picked")
    assert bias.bias([own]).left.n == 0
    assert for_agreement([own, judged]) == [judged]
    assert ratings([own, judged]).votes == 1
    assert len(disagreements([own, ballot("own", "ben", "second")], {})) == 1


@pytest.mark.parametrize(
    ("chars", "named"),
    [((110, 100), "up to 1.1 times as long"), ((111, 100), "1.1 to 1.5 times"), ((0, 3), "2 to 4 times"),
     ((0, 9), "over 4 times"), ((400, 100), "2 to 4 times")],
)  # fmt: skip
def test_a_class_of_length_holds_its_upper_end(chars, named):
    assert bias.ratio_class(ballot("d", "ann", "first", first_chars=chars[0], second_chars=chars[1])) == named


@given(st.text("fsebk", min_size=1, max_size=20))
def test_swapping_all_sides_mirrors_the_left_share_and_leaves_length(said):
    votes = said_by("ann", said)
    here, there = bias.bias(votes), bias.bias([replace(one, left_id=one.second_id) for one in votes])
    assert here.left.hits == there.left.n - there.left.hits
    assert here.longer == there.longer


# ------------------------------------------------------------------------------------------- mix and pace


def test_the_mix_is_of_all_verdicts_with_skips():
    mix = verdict_mix.verdict_mix(said_by("ann", "ffsebk") + said_by("ann", "f", round=2))
    assert {name: one.value.value for name, one in mix.items()} == pytest.approx(
        {"better": 0.5, "equally_good": 1 / 6, "both_bad": 1 / 6, "skip": 1 / 6}
    )
    assert mix["better"].n == 6
    assert verdict_mix.verdict_mix([])["skip"].because == "there are no votes"
    assert list(verdict_mix.by_annotator(said_by("ben", "f") + said_by("ann", "f"))) == ["ann", "ben"]


def test_a_pause_does_not_slow_the_pace():
    times = [4_000] * 9 + [3_600_000]
    votes = [ballot(f"d{place}", "ann", "first", took_ms=one) for place, one in enumerate(times)]
    found = pace.pace(votes)
    assert (found.n, found.pauses, found.median_ms, found.p10_ms) == (10, 1, 4_000, 4_000)
    assert found.per_hour == pytest.approx(900)  # 4 s a vote, the pause counted as one of them
    assert pace.pace([replace(one, took_ms=None) for one in votes]) is None
    assert pace.pace([]) is None


def test_pace_of_nothing_but_pauses_and_of_no_time_at_all():
    assert pace.pace([ballot("d", "ann", "first", took_ms=900_000)]).per_hour == pytest.approx(12)
    assert np.isnan(pace.pace([ballot("d", "ann", "first", took_ms=0)]).per_hour)


def test_people_who_agree_on_a_duel_say_once_that_the_longer_is_better():
    # 12 duels that five people judge alike, the longer better on 10: 50 of 60 votes, and 12 observations
    votes = [
        ballot(f"d{place}", who, "first" if place < 10 else "second", left="first" if place % 2 else "second")
        for place in range(12)
        for who in "abcde"
    ]
    found = bias.bias(votes)
    assert (found.longer.hits, found.longer.n, found.longer.worth) == (50, 60, 12)
    assert found.longer.fixed[1:] == pytest.approx(wilson(10, 12)[1:])
    assert not found.longer.shown
    assert found.left.always == confidence_sequence(found.left.hits, 60)  # sides are drawn anew for each of them
    alone = bias.by_annotator(votes)["a"].longer
    assert alone.fixed == pytest.approx(wilson(10, 12))


def test_agreeing_people_are_not_accused_of_length_by_chance():
    draw, runs = np.random.default_rng(9), 200
    accusing = 0
    for _ in range(runs):
        longer = (draw.random(200) < 0.5).cumsum()[9::10]  # of duels that five people judge alike
        looks = zip(longer, range(10, 201, 10), strict=True)
        accusing += any(bias.Leaning(5 * int(hits), 5 * n, n).shown for hits, n in looks)
    assert accusing / runs <= 0.05


def test_the_mix_has_an_interval_by_conversation():
    votes = [ballot(f"d{place}", who, "skip" if place < 3 else "first") for place in range(10) for who in "abc"]
    skips = verdict_mix.verdict_mix(votes)["skip"]
    assert (skips.value.value, skips.n) == (pytest.approx(0.3), 30)
    assert skips.value[1:] == pytest.approx(wilson(3, 10)[1:])


def test_many_innocents_are_hardly_ever_warned_about_together():
    # 66 of 100: M = B(76, 44) / B(10, 10) * 2^100 = 31 > 20 accuses one who is asked alone; of forty it takes M > 800
    alone = bias.Leaning(66, 100)
    assert alone.shown
    assert not alone.shown_among(40)
    assert bias.Leaning(80, 100).shown_among(40)
