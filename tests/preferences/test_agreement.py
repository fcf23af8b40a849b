"""Agreement between annotators: which ballots count, known answers, and what it must not depend on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ballot_box import ballot, said_by
from hypothesis import given
from hypothesis import strategies as st

from lab.preferences.against_rest import against_rest
from lab.preferences.agreement import agreement
from lab.preferences.consistency import self_consistency, together


def test_two_annotators_worked_by_hand():
    # ten duels: 6 times the same answer, 2 times the other one, once both equally good, once a winner against a tie
    votes = said_by("ann", "ffffffffee") + said_by("ben", "ffffffssef")
    found = agreement(votes)
    assert (found.twice, found.pairs, found.annotators) == (10, 10, 2)
    assert found.raw.value.value == pytest.approx(0.7)
    assert found.same_winner.value.value == pytest.approx(6 / 8)
    # kappa: choices 8 and 9, ties 2 and 1; both chose in 8 duels, the same in 6.
    # P_e = [(8 * 9 - 8) / 2 + 6 + 2 * 1] / 100 = 0.40
    [two] = found.each_two
    assert (two.first, two.second, two.duels) == ("ann", "ben", 10)
    assert two.kappa.value.value == pytest.approx((0.7 - 0.4) / 0.6)
    # alpha: 20 values, 17 choices, 3 ties; sum of squares of choices a duel 8 * 4 + 1 = 33, equal pairs within 6 * 2.
    # E = 3 * 2 + (17² - 33) / 2 + 12 = 146; D_e = 1 - 146 / (20 * 19)
    assert found.alpha.value.value == pytest.approx(1 - 0.3 / (1 - 146 / 380))
    assert found.alpha.value.low < found.alpha.value.value < found.alpha.value.high


def test_what_does_not_count():
    both = said_by("ann", "fs") + said_by("ben", "fs")
    for other in (
        said_by("file", "sf", annotator_kind="import"),
        said_by("eve", "sf", unblinded=True),
        said_by("eve", "kk"),
        said_by("ann", "sf", round=2),
    ):
        found = agreement(both + other)
        assert (found.annotators, found.ballots, found.raw.value.value) == (2, 4, 1.0)
    assert agreement(both + said_by("eve", "sf", annotator_kind="sample")).annotators == 3


def test_undefined_says_why():
    assert str(agreement([]).alpha) == "undefined, because nobody judged a duel that somebody else judged as well"
    alone = agreement(said_by("ann", "fsf"))
    assert alone.raw.value is None
    assert "somebody else" in alone.alpha.because
    ties = agreement(said_by("ann", "eee") + said_by("ben", "eee"))
    assert ties.raw.value.value == 1.0
    assert "every verdict" in ties.alpha.because
    assert "every verdict" in ties.each_two[0].kappa.because
    assert "no two annotators chose" in ties.same_winner.because
    once = agreement(said_by("ann", "f") + said_by("ben", "f"))
    assert "a single duel" in once.alpha.because


def test_full_agreement_on_answers_is_1_with_an_interval_that_knows_how_few_there_were():
    found = agreement(said_by("ann", "f" * 12) + said_by("ben", "f" * 12))
    assert found.alpha.value.value == 1.0
    assert found.alpha.value.high == pytest.approx(1.0)
    assert 0.3 < found.alpha.value.low < 0.7  # a bootstrap alone would say 1
    assert 0.7 < found.raw.value.low < 0.8  # Wilson: 12 of 12


def test_annotators_who_just_pick_the_left_look_reliable_on_sides_and_not_on_answers():
    draw = np.random.default_rng(7)
    votes, sides = [], []
    for place in range(4_000):
        shown = {who: draw.choice(["first", "second"]) for who in ("ann", "ben")}
        picks_left = {who: draw.random() < 0.7 for who in shown}
        sides.append(picks_left["ann"] == picks_left["ben"])
        for who, left in shown.items():
            other = "second" if left == "first" else "first"
            votes.append(ballot(f"d{place}", who, left if picks_left[who] else other, left=left))
    assert np.mean(sides) == pytest.approx(0.58, abs=0.02)
    found = agreement(votes)
    assert found.raw.value.value == pytest.approx(0.5, abs=0.02)
    assert found.alpha.value.value == pytest.approx(0, abs=0.04)
    assert found.each_two[0].kappa.value.value == pytest.approx(0, abs=0.04)
    assert found.alpha.value.low < 0 < found.alpha.value.high


verdicts = st.text("fseb.k", min_size=1, max_size=12)


def figures(votes):
    """Everything that agreement says, without names; of kappa's ends, who is drawn first is chance."""
    found = agreement(votes)
    each = sorted(str((two.raw, two.kappa.value and round(two.kappa.value.value, 9))) for two in found.each_two)
    return found.twice, found.pairs, found.raw, found.same_winner, found.alpha, each


@given(verdicts, verdicts, verdicts)
def test_it_does_not_depend_on_who_is_who_on_order_or_on_sides(one, two, three):
    votes = said_by("ann", one) + said_by("ben", two) + said_by("cleo", three)
    as_they_are = figures(votes)
    names = {"ann": "zoe", "ben": "ann", "cleo": "ben"}
    assert figures([replace(vote, annotator_id=names[vote.annotator_id]) for vote in votes]) == as_they_are
    assert figures(votes[::-1]) == as_they_are
    assert figures([replace(vote, left_id=vote.second_id) for vote in votes]) == as_they_are


@given(verdicts, verdicts, st.lists(st.booleans(), min_size=12, max_size=12))
def test_it_does_not_depend_on_what_responses_are_called_or_which_is_first(one, two, flips):
    votes = said_by("ann", one) + said_by("ben", two)
    turned = [
        replace(vote, first_id=vote.second_id, second_id=vote.first_id) if flips[int(vote.duel_id[1:])] else vote
        for vote in votes
    ]
    assert figures(turned) == figures(votes)


@given(verdicts, verdicts)
def test_coefficients_lie_between_their_ends_and_never_above_1(one, two):
    found = agreement(said_by("ann", one) + said_by("ben", two))
    for figure in (found.raw, found.alpha, *(two.kappa for two in found.each_two)):
        if figure.value is not None:
            assert figure.value.low <= figure.value.value + 1e-9
            assert figure.value.value <= figure.value.high + 1e-9
            assert figure.value.high <= 1 + 1e-9


def test_duels_of_one_conversation_count_as_one_observation():
    apart = said_by("ann", "fsfsfsfsfs") + said_by("ben", "fsfsfsfsfe")
    together_ = [replace(vote, conversation_id="one prompt") for vote in apart]
    wide, narrow = agreement(together_).raw.value, agreement(apart).raw.value
    assert wide.value == narrow.value
    assert wide.high - wide.low > narrow.high - narrow.low


# ------------------------------------------------------------------------------------------- against the rest


def test_each_is_set_against_the_majority_of_the_others():
    votes = said_by("ann", "ffff") + said_by("ben", "ffsf") + said_by("cleo", "fsse")
    found = against_rest(votes)
    # d0: f f f. d1: ann's others f, s: split. d2: others of ann s, s: against. d3: others of ann f, e: split
    assert (found["ann"].share.n, found["ann"].split, found["ann"].alone) == (2, 2, 0)
    assert found["ann"].share.value.value == 0.5
    # ben: d0 right; d1 others f, s: split; d2 others f, s: split; d3 others f, e: split
    assert (found["ben"].share.n, found["ben"].split) == (1, 3)
    # cleo: others f f, f f, f s, f f: right, wrong, split, wrong
    assert found["cleo"].share.value.value == pytest.approx(1 / 3)


def test_without_others_there_is_nothing_to_compare():
    alone = against_rest(said_by("ann", "fsf"))["ann"]
    assert alone.share.value is None
    assert alone.alone == 3
    assert "nobody else" in alone.share.because
    assert against_rest([]) == {}


# ----------------------------------------------------------------------------------------- self-consistency


def test_repeats_count_with_sides_swapped_alone():
    firsts = said_by("ann", "ffffk")
    again = said_by("ann", "fsef", round=2, left="second")
    again[3] = replace(again[3], left_id=again[3].first_id)  # shown as before
    found = self_consistency(firsts + again)["ann"]
    assert (found.share.n, found.unswapped, found.kept_side) == (3, 1, 1)  # f, then s with sides swapped: left twice
    assert found.share.value.value == pytest.approx(1 / 3)
    assert found.missing == 47
    assert self_consistency(firsts)["ann"].share.because.startswith("no duel was shown")


def test_self_consistency_over_all_annotators_counts_repeats():
    votes = said_by("ann", "ff") + said_by("ann", "fs", round=2, left="second")
    votes += said_by("ben", "ffff") + said_by("ben", "ffff", round=2, left="second")
    overall = together(self_consistency(votes).values())
    assert (overall.value.value, overall.n) == (pytest.approx(5 / 6), 6)
    assert together([]).value is None
