"""Removing the sample workspace: nothing of it stays, nothing else goes, and no row points to one that is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from lab.errors import NotFound
from lab.judging import Ballot, NewDuel, NewVote, Side
from lab.messages import Message
from lab.preferences import sample
from lab.records import Event
from lab.store import Store, annotators, ballots, batches, duels, given_votes, guidelines, queue, resolutions, votes
from lab.store.sample_rows import SampleRows
from lab.store.tables import LabModel

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
TABLES = LabModel.metadata.tables


def rows(store: Store) -> dict[str, int]:
    """How many rows every table has; empty ones are left out."""
    with store.read() as session:
        counted = {
            name: session.connection().execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in TABLES.items()
        }
    return {name: count for name, count in counted.items() if count}


def dangling(store: Store) -> list[str]:
    """The foreign keys that point to no row. With rows deleted behind the engine's back it would find them."""
    found = []
    with store.read() as session:
        for table in TABLES.values():
            for key in table.foreign_keys:
                there = select(key.column)
                lost = select(func.count()).where(key.parent.is_not(None), key.parent.not_in(there))
                if session.connection().execute(lost).scalar_one():
                    found.append(f"{table.name}.{key.parent.name}")
    return found


@pytest.fixture
def real(store: Store, record: Callable[..., Event]) -> NewDuel:
    """A duel from a routed prompt, with the vote of a person."""
    event = record("Is this proof right?")
    duel = NewDuel(
        (Message("user", "Is this proof right?"),), "", Side("r1", "Yes.", "professor", "mock", "m"),
        Side("r2", "No, step two is not.", "zoomer", "mock", "m"), origin="route", rule="picked", event_id=event.id,
        wished=3,
    )  # fmt: skip
    (added,) = duels.add(store, [duel])
    annotators.add(store, "carla", "Carla", pin_hash=None, link_hash=None)
    assert added.duel_id is not None
    given_votes.record_many(store, [vote_on(added.duel_id, "carla", "r2", "r1")])
    return duel


def vote_on(duel_id: str, annotator_id: str, chosen_id: str, left_id: str) -> NewVote:
    return NewVote(f"{duel_id}-{annotator_id}", duel_id, annotator_id, "better", chosen_id, left_id, NOW)


def test_removing_it_from_a_store_of_its_own_leaves_the_batch_that_remembers(store: Store) -> None:
    sample.add(store)
    assert rows(store) == {
        "annotator": 2, "conversation": 60, "duel": 60, "duel_batch": 1, "presentation": 89, "response": 120,
        "vote": 89, "vote_event": 89,
    }  # fmt: skip
    assert sample.would_remove(store) == SampleRows(60, 2, 89, 0, 0)
    assert sample.remove(store) == SampleRows(60, 2, 89, 0, 0)
    assert rows(store) == {"duel_batch": 1}
    assert batches.get(store, "sample").report == {"removed": True}
    assert not sample.present(store)
    assert sample.would_remove(store) == SampleRows(0, 0, 0, 0, 0)


def test_a_second_removal_finds_nothing(store: Store) -> None:
    sample.add(store)
    sample.remove(store)
    assert sample.remove(store) == SampleRows(0, 0, 0, 0, 0)


@pytest.mark.usefixtures("real")
def test_everything_else_stays_as_it_was(store: Store) -> None:
    before, votes_before = rows(store), ballots.listed(store)
    sample.add(store)
    assert dangling(store) == []
    sample.remove(store)
    assert rows(store) == before | {"duel_batch": 1}
    assert ballots.listed(store) == votes_before
    assert dangling(store) == []


@pytest.mark.usefixtures("real")
def test_what_people_did_on_its_duels_goes_as_well_and_is_counted_before(store: Store) -> None:
    before = rows(store)
    sample.add(store)
    judged, waiting = by_votes(store, 2), by_votes(store, 0)
    given_votes.record_many(store, [vote_on(judged, "carla", left(store, judged), left(store, judged))])
    votes.undo(store, "u1", annotator_id="carla", now=NOW)
    shown = queue.lease(store, "p1", duel_id=waiting, annotator_id="carla", seed=1, now=NOW)
    votes.cast(store, shown.vote_id, presentation_id="p1", verdict="both_bad", now=NOW)
    resolutions.give(store, "s1", duel_id=judged, kind="contested", annotator_id="carla")
    guidelines_by_ada(store)
    expected = SampleRows(duels=60, annotators=2, votes=89, votes_of_others=1, answers_of_others=0)
    assert sample.would_remove(store) == expected
    assert sample.remove(store) == expected
    assert rows(store) == before | {"duel_batch": 1, "guideline": 1}
    assert dangling(store) == []


def test_better_answers_that_people_wrote_go_with_the_duels_made_of_them(store: Store) -> None:
    sample.add(store)
    annotators.add(store, "carla", "Carla", pin_hash=None, link_hash=None)
    duel = duels.get(store, by_votes(store, 2))
    mine = Side("w1", "A better answer.", "", "human", "")
    still_better = Side("w2", "A better answer still.", "", "human", "")
    first, second = duels.add(
        store, [written(duel.conversation, mine, duel.first), written(duel.conversation, still_better, mine)]
    )
    assert first.duel_id is not None
    assert second.duel_id is not None
    given_votes.record_many(
        store, [vote_on(first.duel_id, "carla", "w1", "w1"), vote_on(second.duel_id, "carla", "w2", "w1")]
    )
    assert sample.would_remove(store) == SampleRows(62, 2, 89, 2, 2)
    sample.remove(store)
    assert rows(store) == {"annotator": 1, "duel_batch": 1}


@pytest.mark.usefixtures("real")
def test_a_better_answer_over_one_of_its_answers_is_none_of_ones_own(store: Store) -> None:
    before = ballots.progress(store, sample=False)
    sample.add(store)
    duel, own = duels.get(store, by_votes(store, 2)), duels.get(store, next(one.duel_id for one in real_votes(store)))
    better = Side("w1", "A better answer.", "", "human", ""), Side("w2", "Another.", "", "human", "")
    over_sample, over_own = duels.add(
        store, [written(duel.conversation, better[0], duel.first), written(own.conversation, better[1], own.first)]
    )
    assert over_sample.duel_id is not None
    assert over_own.duel_id is not None
    cast = [vote_on(over_sample.duel_id, "carla", "w1", "w1"), vote_on(over_own.duel_id, "carla", "w2", "w2")]
    given_votes.record_many(store, cast)
    origins = {one.duel_id: one.origin for one in ballots.listed(store) if one.annotator_id == "carla"}
    assert origins == {over_sample.duel_id: "sample", over_own.duel_id: "edit", own.id: "route"}
    after = ballots.progress(store, sample=False)
    assert (after.duels, after.judged) == (before.duels + 1, before.judged + 1)


def real_votes(store: Store) -> list[Ballot]:
    return [one for one in ballots.listed(store) if one.origin == "route"]


def test_a_real_duel_on_one_of_its_prompts_keeps_the_conversation_and_loses_its_vote(
    store: Store, real: NewDuel
) -> None:
    sample.add(store)
    line = sample.read()[0]
    same_prompt = NewDuel(
        line.conversation,
        "Be brief.",
        Side("b1", "Short.", "", "mock", "m"),
        Side("b2", "Long.", "", "mock", "m"),
        origin="bulk",
        rule="all",
    )
    other = duels.add(store, [same_prompt])[0].duel_id
    real_id = duels.add(store, [real])[0].duel_id
    assert other is not None
    assert real_id is not None
    ada = annotators.listed(store)[1]
    assert ada.kind == "sample"
    given_votes.record_many(store, [vote_on(real_id, ada.id, "r1", "r2")])
    assert duels.get(store, real_id).votes == 2
    sample.remove(store)
    assert duels.get(store, other).conversation == line.conversation
    assert duels.get(store, real_id).votes == 1
    assert dangling(store) == []
    assert rows(store)["conversation"] == 2


def test_who_has_one_of_its_duels_open_learns_that_it_is_gone(store: Store) -> None:
    sample.add(store)
    annotators.add(store, "carla", "Carla", pin_hash=None, link_hash=None)
    shown = queue.lease(store, "p1", duel_id=by_votes(store, 0), annotator_id="carla", seed=1, now=NOW)
    sample.remove(store)
    with pytest.raises(NotFound):
        votes.cast(store, shown.vote_id, presentation_id="p1", verdict="skip", now=NOW)
    assert queue.held(store, "carla", NOW) is None


def test_every_table_that_can_name_a_row_of_the_sample_is_looked_at() -> None:
    """A table that is added here, or a key, must be deleted from in `sample_rows.remove` before what it names."""
    gone = {"annotator", "conversation", "duel", "presentation", "response", "vote"}
    keys = {
        f"{table.name}.{key.parent.name}"
        for table in TABLES.values()
        for key in table.foreign_keys
        if key.column.table.name in gone
    }
    assert keys == {
        "deletion.annotator_id", "guideline.annotator_id", "resolution.annotator_id", "resolution.duel_id",
        "resolution.chosen_id", "duel.conversation_id", "duel.first_id", "duel.second_id", "feedback.response_id",
        "presentation.annotator_id", "presentation.duel_id", "presentation.left_id", "presentation.right_id",
        "response.conversation_id", "vote.annotator_id", "vote.chosen_id", "vote.duel_id", "vote.presentation_id",
        "vote_event.annotator_id", "vote_event.vote_id", "snapshot_row.duel_id", "snapshot_row.chosen_id",
        "snapshot_row.rejected_id", "prompt_side.conversation_id",
    }  # fmt: skip


def by_votes(store: Store, many: int) -> str:
    return next(duel.id for duel in duels.recent(store, 100, batch_id="sample") if duel.votes == many)


def left(store: Store, duel_id: str) -> str:
    return duels.get(store, duel_id).first.response_id


def written(conversation: tuple[Message, ...], better: Side, than: Side) -> NewDuel:
    return NewDuel(conversation, "", better, than, origin="edit", rule="picked")


def guidelines_by_ada(store: Store) -> None:
    ada = next(one for one in annotators.listed(store) if one.kind == "sample")
    guidelines.write(store, "g1", "Be kind.", by=ada.id)
