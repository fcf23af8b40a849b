"""Which duels and thumbs an export takes: every filter alone, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from judged_duels import NOON, answer, ballots, judged, liked, resolved

from lab.dpo.sources import unwanted, unwanted_like
from lab.dpo.spec import Filters, Spec, checked, filtered, from_json, to_json
from lab.errors import ExportError

DAY = date(2026, 11, 23)
BEFORE, AFTER = DAY - timedelta(1), DAY + timedelta(1)


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        (Filters(), None),
        (Filters(since=DAY), None), (Filters(until=DAY), None), (Filters(since=DAY, until=DAY), None),
        (Filters(since=AFTER), "date"), (Filters(until=BEFORE), "date"),
        (Filters(experts=("zoomer",)), None), (Filters(experts=("professor", "x")), None),
        (Filters(experts=("x",)), "expert"),
        (Filters(query_types=("why", "how")), None), (Filters(query_types=("how",)), "query_type"),
        (Filters(origins=("bulk",)), None), (Filters(origins=("import",)), "origin"),
        (Filters(router_versions=("r7",)), None), (Filters(router_versions=("r8",)), "router_version"),
        (Filters(layers=("semantic",)), None), (Filters(layers=("keyword",)), "layer"),
        (Filters(annotators=("a",), min_agreement=1, min_strength=3), None),  # that is for the votes
    ],
)  # fmt: skip
def test_each_filter_of_duels(filters, reason):
    assert unwanted(judged(), Spec(filters=filters)) == reason


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        (Filters(), None), (Filters(since=DAY, until=DAY), None), (Filters(since=AFTER), "date"),
        (Filters(until=BEFORE), "date"), (Filters(experts=("professor",)), None),
        (Filters(experts=("zoomer",)), "expert"),
        (Filters(query_types=("why",)), "query_type"), (Filters(origins=("bulk",)), "origin"),
        (Filters(min_strength=1), "verdict:low_strength"), (Filters(min_agreement=1), None),
        (Filters(annotators=("a",)), "origin"), (Filters(router_versions=("r7",)), None),
        (Filters(router_versions=("r8",)), "router_version"), (Filters(layers=("keyword",)), "layer"),
    ],
)  # fmt: skip
def test_each_filter_of_thumbs(filters, reason):
    assert unwanted_like(liked(), Spec(filters=filters)) == reason


def test_the_newest_vote_gives_the_day_and_the_day_is_that_of_utc():
    late = datetime(2026, 11, 24, 1, 30, tzinfo=timezone(timedelta(hours=5)))  # the evening of the 23rd in UTC
    assert unwanted(judged(ballots("f", created_at=late)), Spec(filters=Filters(until=DAY))) is None
    early = datetime(2026, 11, 22, 23, 30, tzinfo=timezone(timedelta(hours=-5)))  # already the 23rd in UTC
    assert unwanted(judged(ballots("f", created_at=early)), Spec(filters=Filters(since=DAY))) is None
    without = NOON.replace(tzinfo=None)  # as SQLite hands it out
    assert unwanted(judged(ballots("f", created_at=without)), Spec(filters=Filters(since=DAY, until=DAY))) is None
    old = ballots("f", created_at=NOON - timedelta(9))
    assert unwanted(judged(old + ballots("f", "b")), Spec(filters=Filters(since=DAY))) is None
    assert unwanted(judged(old + ballots("f", "b")), Spec(filters=Filters(until=BEFORE))) == "date"
    assert unwanted_like(liked(given_at=late), Spec(filters=Filters(until=DAY))) is None


def test_a_resolution_gives_the_day_where_it_came_last_or_alone():
    late = {"resolution": resolved(at=NOON + timedelta(30))}
    since, until = Spec(filters=Filters(since=AFTER)), Spec(filters=Filters(until=DAY))
    for votes in (ballots("fs"), ballots("kk"), ()):
        assert unwanted(judged(votes, **late), since) is None
        assert unwanted(judged(votes, **late), until) == "date"
    assert unwanted(judged(ballots("f", created_at=NOON + timedelta(40)), resolution=resolved()), since) is None
    reopened = judged(ballots("f"), resolution=resolved("reopened", at=NOON + timedelta(30)))
    assert unwanted(reopened, until) is None


def test_votes_that_do_not_count_give_no_day():
    later = {"created_at": NOON + timedelta(30)}
    since, until = Filters(since=AFTER), Filters(until=DAY)
    skipped = judged(ballots("f") + ballots("k", "b", **later))
    assert unwanted(skipped, Spec(filters=since)) == "date"
    assert unwanted(skipped, Spec(filters=until)) is None
    others = judged(ballots("f") + ballots("f", "b", **later))  # a on this day, b a month later
    assert unwanted(others, Spec(filters=since)) is None
    assert unwanted(others, Spec(filters=replace(since, annotators=("a",)))) == "date"
    assert unwanted(others, Spec(filters=replace(until, annotators=("a",)))) is None
    assert unwanted(others, Spec(rule="annotator", annotator="a", filters=since)) == "date"
    unblinded = judged(ballots("f") + ballots("f", "b", unblinded=True, **later))
    assert unwanted(unblinded, Spec(filters=since)) is None
    assert unwanted(unblinded, Spec(filters=replace(since, unblinded=False))) == "date"
    sample = judged(ballots("f") + ballots("f", "b", annotator_kind="sample", **later))
    assert unwanted(sample, Spec(filters=since)) == "date"
    assert unwanted(judged(ballots("k", **later)), Spec(filters=since)) == "date"  # nobody's day


def test_what_is_not_known_answers_no_filter():
    unrouted = judged(router_version_id=None, layer=None, query_type=None)
    assert unwanted(unrouted, Spec(filters=Filters())) is None
    assert unwanted(unrouted, Spec(filters=Filters(layers=("semantic",)))) == "layer"
    assert unwanted(unrouted, Spec(filters=Filters(router_versions=("r7",)))) == "router_version"
    assert unwanted(unrouted, Spec(filters=Filters(query_types=("why",)))) == "query_type"


def test_an_expert_without_a_name_is_called_by_its_model():
    nameless = judged(first=answer("one", "x", expert="", model="big"))
    assert unwanted(nameless, Spec(filters=Filters(experts=("big",)))) is None


def test_mock_and_sample_are_out_unless_they_are_asked_for():
    mocked = judged(second=answer("two", "x", provider="mock"))
    assert unwanted(mocked, Spec(filters=Filters())) == "mock"
    assert unwanted(mocked, Spec(filters=Filters(mock=True))) is None
    assert unwanted_like(liked(answer=answer("one", "x", provider="mock")), Spec()) == "mock"
    assert unwanted(judged(origin="sample"), Spec(filters=Filters())) == "sample"
    assert unwanted(judged(origin="sample"), Spec(filters=Filters(sample=True))) is None
    assert unwanted_like(liked(answer=answer("one", "x", provider="sample")), Spec()) == "sample"


def test_what_somebody_wrote_to_a_duel_of_the_sample_belongs_to_the_sample():
    written = answer("one", "Better.", provider="human", expert="human:a", model="")
    duel = judged(origin="edit", first=written, second=answer("two", "Good.", provider="sample"))
    assert unwanted(duel, Spec(filters=Filters())) == "sample"
    assert unwanted(duel, Spec(filters=Filters(sample=True))) is None


# ------------------------------------------------------------------------------------------------- what is asked for


def test_a_spec_is_the_same_after_json():
    spec = filtered(
        Spec(rule="unanimous", exclude=("refusal",), mask=True, shares=(0.7, 0.2, 0.1)),
        ("since=2026-01-31", "until=2026-02-01", "query_type=code", "query_type=maths", "mock=yes", "min_strength=1.5",
         "annotator=a", "unblinded=no", "expert=x", "router_version=r7", "layer=keyword", "origin=bulk"),
    )  # fmt: skip
    assert from_json(to_json(spec)) == spec
    assert from_json(to_json(spec)).hash == spec.hash
    assert spec.filters.query_types == ("code", "maths")
    assert (spec.filters.since, spec.filters.mock, spec.filters.unblinded) == (date(2026, 1, 31), True, False)


@pytest.mark.parametrize(
    "given",
    ["query_type", "colour=red", "since=31.1.2026", "mock=perhaps", "min_agreement=high", "min_agreement=2", "=x",
     "min_strength=-1", "min_agreement=nan"],
)  # fmt: skip
def test_a_filter_that_is_none_is_refused_with_what_there_is(given):
    with pytest.raises(ExportError, match=r"[a-z]"):
        filtered(Spec(), (given,))


@pytest.mark.parametrize(
    "spec",
    [
        Spec(min_votes=0), Spec(min_votes=1_001), Spec(rule="annotator"), Spec(rule="loudest"), Spec(system="replaced"),
        Spec(system="replaced", system_text=" "), Spec(shares=(0.5, 0.1, 0.1)), Spec(shares=(0.0, 0.5, 0.5)),
        Spec(shares=(1.2, -0.1, -0.1)), Spec(shares=(0.5, 0.5)), Spec(near=0.4), Spec(near=1.1), Spec(family=" "),
        Spec(nearness="magic"), Spec(near=float("nan")), Spec(exclude=("nonsense",)), Spec(exclude=("empty",)),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_refused(spec):
    with pytest.raises(ExportError):
        checked(spec)


@pytest.mark.parametrize("value", [{"rule": 7}, {"colour": 1}, {"filters": {"colour": 1}}, {"filters": {"since": "x"}},
                                   {"policy": {"max_length": 1}}])  # fmt: skip
def test_a_stored_spec_that_says_nothing_is_refused(value):
    with pytest.raises(ExportError):
        from_json(value)


def test_the_day_is_utc_whatever_the_zone_of_the_machine():
    assert (
        unwanted(judged(ballots("f", created_at=NOON.astimezone(UTC))), Spec(filters=Filters(since=DAY, until=DAY)))
        is None
    )
