"""Disagreements, the sentence, and the whole report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ballot_box import WHEN, ballot, said_by
from growth import LINEAR, growth

from lab.judging import Resolution
from lab.preferences import agreement, bias, consistency, ratings
from lab.preferences.counted import for_agreement
from lab.preferences.disagreements import disagreements
from lab.preferences.report import report


def resolution(duel, kind):
    return Resolution(f"r-{duel}-{kind}", 1, duel, kind, None, None, "", None, WHEN)


def test_disagreements_opposite_winners_first():
    votes = said_by("ann", "ffefk") + said_by("ben", "fefsf")
    found = disagreements(votes, {"d1": resolution("d1", "dropped"), "d3": resolution("d3", "reopened")})
    assert [(one.duel_id, one.opposite, one.state) for one in found] == [
        ("d3", True, "open"),
        ("d1", False, "dropped"),
        ("d2", False, "open"),
    ]
    assert [vote.annotator_id for vote in found[0].ballots] == ["ann", "ben"]


def test_imported_and_unblinded_votes_disagree_too_and_repeats_do_not():
    votes = [ballot("d", "import:f", "first", annotator_kind="import"), ballot("d", "ann", "second", unblinded=True)]
    assert len(disagreements(votes, {})) == 1
    assert disagreements([votes[0], ballot("d", "import:f", "second", round=2)], {}) == []


# ------------------------------------------------------------------------------------------------ the sentence


def sentence(votes):
    return report(votes).usability.sentence


def test_without_votes_it_asks_for_the_first_fifty():
    said = sentence([])
    assert said.startswith("Not usable for anything yet (0 duels with a winner, 50 wanted)")
    assert "50 more duels with a winner" in said


def test_one_person_alone_is_asked_for_repeats():
    votes = said_by("ann", "fs" * 40)
    assert "50 more repeats with sides swapped" in sentence(votes)
    repeats = said_by("ann", "fs" * 25, round=2, left="second")
    found = report(votes + repeats).usability
    assert found.usable == ("training pairs", "rating experts")
    assert found.refused[0].use == "a yardstick"
    assert found.collect[0].what == "duels judged by two people"


def two(agreeing, other, annotators=("ann", "ben")):
    first, second = annotators
    return said_by(first, "f" * (agreeing + other)) + said_by(second, "f" * agreeing + "s" * other)


def balanced(votes):
    """The same votes, every other duel with its sides swapped."""
    return [replace(one, left_id=one.second_id) if int(one.duel_id[1:]) % 2 else one for one in votes]


def test_two_who_agree_on_most_are_usable_for_training_and_not_as_a_yardstick():
    found = report(balanced(two(70, 20))).usability  # alpha about .56
    assert found.usable == ("training pairs", "rating experts")
    assert found.refused[0].because.startswith("alpha 0.5")
    assert "guidelines" in found.refused[0].because


def test_chance_agreement_is_not_to_be_mended_by_more_votes():
    found = report(balanced(two(60, 60))).usability
    assert found.usable == ()
    assert any("write guidelines" in one.because for one in found.refused)


def test_an_interval_that_reaches_chance_asks_for_so_many_more():
    found = report(balanced(two(21, 13))).usability  # 62 % of 34
    wanted = {one.what: one.n for one in found.collect}
    assert wanted["duels judged by two people"] > 20


def test_ties_that_all_see_do_not_make_winners_of_coins():
    # both see the same 60 ties; of 60 winners they share half: alpha is well above chance, the winners are not
    votes = balanced(said_by("ann", "e" * 60 + "f" * 60) + said_by("ben", "e" * 60 + "ffss" * 15))
    found = report(votes)
    assert found.agreement.alpha.low > 0.3
    assert found.usability.usable == ()
    training, rating, _ = found.usability.refused
    assert training.because == "30 duels with a winner, 50 wanted"
    assert rating.because.startswith("50% [37%, 63%] of 60 pairs of winners are the same, which may be chance")


def test_a_person_who_mostly_sees_ties_is_not_consistent_by_that():
    # 90 of 100 votes are ties; of the winners a repeat turns half round
    firsts = said_by("ann", "e" * 90 + "f" * 60)
    again = said_by("ann", "e" * 90 + "ffss" * 15, round=2, left="second")
    found = report(balanced(firsts) + [replace(one, left_id=one.first_id) if int(one.duel_id[1:]) % 2 else one
                                       for one in again])  # fmt: skip
    assert found.consistency.low > 0.7
    assert found.annotators[0].consistency.winner.value.value == 0.5
    assert found.usability.usable == ()
    assert "30 of" not in found.usability.sentence
    assert "60 repeats with a winner are the same, which may be chance" in found.usability.sentence


def test_repeats_that_lean_above_chance_ask_for_more_of_them():
    # 30 of 50 the same: Wilson 46 to 72 %; the lower end reaches one half with twice as many or so
    votes = balanced(said_by("ann", "f" * 60))
    again = said_by("ann", "f" * 30 + "s" * 20, round=2, left="second")
    again = [replace(one, left_id=one.first_id) if int(one.duel_id[1:]) % 2 else one for one in again]
    found = report(votes + again).usability
    wanted = {one.what: one.n for one in found.collect}
    assert 30 < wanted["repeats with sides swapped, some hours later"] < 60
    assert "will not help" not in found.sentence


def test_a_side_that_decides_closes_every_use():
    votes = said_by("ann", "f" * 90) + said_by("ben", "f" * 90)  # all left
    found = report(votes).usability
    assert found.usable == ()
    assert "chose the left answer" in found.refused[0].because


def test_people_who_pick_a_side_are_told_that_before_their_disagreement():
    draw, votes = np.random.default_rng(8), []
    for place in range(300):
        for who in ("ann", "ben"):
            left, right = ("first", "second") if draw.random() < 0.5 else ("second", "first")
            votes.append(ballot(f"d{place}", who, left if draw.random() < 0.7 else right, left=left))
    found = report(votes)
    assert found.agreement.alpha.low < 0 < found.agreement.alpha.value.high
    assert "of the 600 votes with a winner chose the left answer" in found.usability.sentence


def test_a_lean_to_length_is_a_caution_and_closes_nothing():
    votes = balanced(two(80, 0))
    found = report(votes).usability
    assert "training pairs" in found.usable
    [caution] = [one for one in found.cautions if "longer answer" in one]
    assert caution.startswith("100.0% [")
    assert "of the 160 votes on answers of different length" in caution


# -------------------------------------------------------------------------------------------------- the report


def test_the_report_has_a_line_for_each_annotator_the_most_votes_first():
    votes = two(5, 1) + said_by("ben", "......fk") + said_by("file", "ff", annotator_kind="import")
    found = report(votes)
    assert [(one.annotator_id, one.votes, one.skips) for one in found.annotators] == [("ben", 8, 1), ("ann", 6, 0)]
    assert found.annotators[1].rest.share.n == 6
    assert found.votes == 16
    assert report([]).annotators == ()


@pytest.fixture(scope="module")
def hundred_thousand():
    draw = np.random.default_rng(5)
    said = draw.choice(["first", "second", "equally_good", "both_bad"], 100_000, p=[0.45, 0.35, 0.15, 0.05])
    return [
        ballot(
            f"d{place // 2}", f"a{place % 2 + 2 * draw.integers(0, 3)}", str(one),
            query_type=f"t{place // 2 % 5}", conversation_id=f"c{place // 4}",
            first_name=f"m{place // 2 % 4}", second_name=f"m{4 + place // 2 % 3}",
            left=str(draw.choice(["first", "second"])), first_chars=100 + place % 50, second_chars=120,
        )
        for place, one in enumerate(said)
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "figure",
    [agreement.agreement, bias.bias, bias.by_annotator, consistency.self_consistency, ratings.ratings, for_agreement],
    ids=lambda one: f"{one.__module__.rpartition('.')[2]}.{one.__name__}",
)
def test_a_hundred_thousand_ballots_take_ten_times_as_long_as_ten_thousand(hundred_thousand, figure):
    few = hundred_thousand[:10_000]
    assert growth(lambda: figure(few), lambda: figure(hundred_thousand), 10) < LINEAR
