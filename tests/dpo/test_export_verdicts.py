"""What votes come to: every rule, with ties, skips and resolutions, by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged_duels import answer, ballots, judged, resolved

from lab.dpo.pairs import row_of
from lab.dpo.spec import Filters, Spec
from lab.dpo.verdicts import verdict

MAJORITY = Spec()
UNANIMOUS = Spec(rule="unanimous")
ADJUDICATED = Spec(rule="adjudicated")


@pytest.mark.parametrize(
    ("spec", "said", "comes_to"),
    [
        (MAJORITY, "f", "one"), (MAJORITY, "s", "two"), (MAJORITY, "ff", "one"), (MAJORITY, "ffs", "one"),
        (MAJORITY, "fs", "split"), (MAJORITY, "ffss", "split"), (MAJORITY, "ffe", "one"), (MAJORITY, "fe", "split"),
        (MAJORITY, "ffes", "split"), (MAJORITY, "fseb", "split"), (MAJORITY, "fk", "one"), (MAJORITY, "fsk", "split"),
        (MAJORITY, "e", "equally_good"), (MAJORITY, "b", "both_bad"), (MAJORITY, "eef", "equally_good"),
        (MAJORITY, "bbf", "both_bad"), (MAJORITY, "eb", "split"), (MAJORITY, "k", "no_vote"),
        (MAJORITY, "", "no_vote"),
        (UNANIMOUS, "ff", "one"), (UNANIMOUS, "ffk", "one"), (UNANIMOUS, "ffs", "split"), (UNANIMOUS, "ffe", "split"),
        (UNANIMOUS, "ee", "equally_good"), (UNANIMOUS, "bb", "both_bad"), (UNANIMOUS, "eb", "split"),
        (Spec(min_votes=2), "f", "too_few"), (Spec(min_votes=2), "fk", "too_few"), (Spec(min_votes=2), "ff", "one"),
        (Spec(min_votes=3), "ff", "too_few"), (Spec(min_votes=3), "ffs", "one"), (Spec(min_votes=2), "k", "no_vote"),
        (Spec(rule="annotator", annotator="b"), "fs", "two"), (Spec(rule="annotator", annotator="c"), "fs", "no_vote"),
        (Spec(rule="annotator", annotator="a", min_votes=5), "fs", "one"),
        (Spec(rule="annotator", annotator="a"), "es", "equally_good"),
        (Spec(rule="annotator", annotator="a"), "ks", "no_vote"),
        (ADJUDICATED, "fff", "not_adjudicated"), (ADJUDICATED, "", "not_adjudicated"),
        (Spec(filters=Filters(annotators=("a", "b"))), "ffsss", "one"),
        (Spec(filters=Filters(annotators=("z",))), "ff", "no_vote"),
        (Spec(filters=Filters(min_agreement=0.7)), "ffs", "low_agreement"),
        (Spec(filters=Filters(min_agreement=0.6)), "ffs", "one"),
        (Spec(filters=Filters(min_agreement=1)), "ffk", "one"),
        (Spec(filters=Filters(min_agreement=0.7)), "ees", "equally_good"),
    ],
)  # fmt: skip
def test_votes_come_to(spec, said, comes_to):
    found = verdict(judged(said), spec)
    assert (found.chosen_id or found.why_not) == comes_to
    assert (found.chosen_id is None) != (found.why_not is None)


@pytest.mark.parametrize(
    ("spec", "said", "resolution", "comes_to"),
    [
        (MAJORITY, "fs", resolved(said="s"), "two"), (MAJORITY, "ff", resolved(said="s"), "two"),
        (UNANIMOUS, "fs", resolved(said="f"), "one"), (Spec(min_votes=9), "fs", resolved(said="f"), "one"),
        (MAJORITY, "fs", resolved(said="e"), "equally_good"), (MAJORITY, "ff", resolved(said="b"), "both_bad"),
        (MAJORITY, "ff", resolved("dropped"), "dropped"), (MAJORITY, "ff", resolved("contested"), "contested"),
        (MAJORITY, "ff", resolved("reopened"), "one"), (MAJORITY, "fs", resolved("reopened"), "split"),
        (ADJUDICATED, "fs", resolved(said="f"), "one"), (ADJUDICATED, "ff", resolved("reopened"), "not_adjudicated"),
        (ADJUDICATED, "fs", resolved("dropped"), "dropped"),
        (Spec(rule="annotator", annotator="a"), "fs", resolved(said="s"), "one"),  # as the annotator said
        (Spec(rule="annotator", annotator="a"), "fs", resolved("contested"), "one"),
        (Spec(rule="annotator", annotator="a"), "fs", resolved("dropped"), "dropped"),
        (Spec(filters=Filters(min_agreement=1)), "fs", resolved(said="f"), "one"),
    ],
)  # fmt: skip
def test_a_resolution_decides_before_votes_but_those_of_one_annotator(spec, said, resolution, comes_to):
    found = verdict(judged(said, resolution=resolution), spec)
    assert (found.chosen_id or found.why_not) == comes_to
    assert found.adjudicated == (resolution.kind == "resolved" and spec.rule != "annotator")


def test_where_some_are_asked_for_a_duel_that_none_of_them_judged_has_no_vote():
    theirs = judged("fs", resolution=resolved(said="s"))
    for spec in (Spec(rule="annotator", annotator="z"), Spec(filters=Filters(annotators=("y", "z")))):
        assert verdict(theirs, spec).why_not == "no_vote"
    assert verdict(theirs, Spec(filters=Filters(annotators=("b", "z")))).chosen_id == "two"
    assert verdict(judged("kk", resolution=resolved(said="s")), MAJORITY).chosen_id == "two"


def test_votes_that_agree_with_a_resolution_are_counted():
    found = verdict(judged("ffsk", resolution=resolved(said="s")), MAJORITY)
    assert (len(found.votes), len(found.agreeing)) == (3, 1)


def test_the_strength_of_a_pair_is_that_of_the_votes_that_agree():
    votes = ballots("f", strength=3) + ballots("f", "b", strength=2) + ballots("f", "c") + ballots("s", "d", strength=1)
    found = verdict(judged(votes), MAJORITY)
    assert found.strength == 2.5
    assert found.agreement == 0.75
    assert verdict(judged(votes), Spec(filters=Filters(min_strength=2.5))).chosen_id == "one"
    assert verdict(judged(votes), Spec(filters=Filters(min_strength=2.6))).why_not == "low_strength"


def test_where_nobody_said_a_strength_none_is_enough():
    assert verdict(judged("ff"), MAJORITY).strength is None
    assert verdict(judged("ff"), Spec(filters=Filters(min_strength=1))).why_not == "low_strength"


def test_votes_after_the_reveal_count_unless_that_is_asked():
    votes = ballots("f") + ballots("ss", "bc", unblinded=True)
    assert verdict(judged(votes), MAJORITY).chosen_id == "two"
    assert verdict(judged(votes), Spec(filters=Filters(unblinded=False))).chosen_id == "one"


def test_the_sample_votes_only_where_it_is_asked_for_and_an_import_always():
    votes = ballots("f") + ballots("ss", "bc", annotator_kind="sample")
    assert verdict(judged(votes), MAJORITY).chosen_id == "one"
    assert verdict(judged(votes), Spec(filters=Filters(sample=True))).chosen_id == "two"
    assert verdict(judged(ballots("s", annotator_kind="import")), MAJORITY).chosen_id == "two"


def test_a_better_answer_that_somebody_wrote_needs_no_other_votes():
    written = answer("one", "Better.", provider="human", expert="human:a", model="")
    duel = judged("f", origin="edit", first=written)
    assert verdict(duel, Spec(min_votes=5)).chosen_id == "one"
    assert verdict(duel, Spec(rule="unanimous", min_votes=5)).chosen_id == "one"
    assert verdict(duel, Spec(rule="annotator", annotator="b")).why_not == "no_vote"
    assert row_of(duel, verdict(duel, MAJORITY), MAJORITY).chosen_by == "human"  # not who it was


SPECS = st.builds(
    Spec,
    rule=st.sampled_from(["majority", "unanimous"]),
    min_votes=st.integers(1, 3),
    filters=st.builds(Filters, min_agreement=st.sampled_from([0.0, 0.5, 0.7, 1.0]), unblinded=st.booleans()),
)
SAID = st.text("fsebk", max_size=8)


@given(SPECS, SAID, st.randoms())
def test_the_order_of_votes_does_not_matter(spec, said, dice):
    votes = list(ballots(said))
    found = verdict(judged(tuple(votes)), spec)
    dice.shuffle(votes)
    shuffled = verdict(judged(tuple(votes)), spec)
    assert (found.chosen_id, found.why_not, found.agreement) == (
        shuffled.chosen_id,
        shuffled.why_not,
        shuffled.agreement,
    )


@given(SPECS, SAID.filter(lambda said: len(said) < 8))
def test_a_skip_changes_nothing(spec, said):
    votes = ballots(said)
    more = votes + ballots("k", "z")
    assert verdict(judged(votes), spec) == verdict(judged(more), spec)


@given(SPECS, SAID)
def test_the_other_answer_wins_where_all_votes_are_turned(spec, said):
    turned = said.translate(str.maketrans("fs", "sf"))
    found, other = verdict(judged(said), spec), verdict(judged(turned), spec)
    assert found.why_not == other.why_not
    assert {found.chosen_id, other.chosen_id} in ({"one", "two"}, {None})


@given(SAID, st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30), st.text(max_size=9))
def test_no_text_is_made_up(said, chosen, rejected, system):
    duel = judged(said, chosen, rejected, system_prompt=system)
    found = verdict(duel, MAJORITY)
    if found.chosen_id is not None:
        row = row_of(duel, found, MAJORITY)
        assert {row.chosen, row.rejected} == {chosen, rejected}
        assert (row.turns, row.system_prompt) == (duel.turns, system)
        assert row.chosen == (chosen if found.chosen_id == "one" else rejected)
