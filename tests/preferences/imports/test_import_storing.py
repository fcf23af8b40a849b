"""What a preference file becomes in the store: duels with votes, thumbs, each once whatever happens."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import func
from sqlmodel import select

from lab.errors import DatasetError, StoreError
from lab.jobs import Jobs
from lab.preferences.imports import check_name, import_job, name_of, sift_bytes, sift_file, take_in, taken_in
from lab.preferences.imports import store as storing
from lab.store import annotators, answers, ballots, batches, conversations, duels, open_store
from lab.store.judging_tables import VoteEventRow
from lab.store.tables import FeedbackRow, ResponseRow

NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
GOOD = {"prompt": "Q", "chosen": "good", "rejected": "bad", "chosen_model": "m1"}


@pytest.fixture
def store(tmp_path):
    opened = open_store(f"sqlite:///{tmp_path / 'lab.db'}")
    yield opened
    opened.close()


def sifted(*rows, name="mine.jsonl"):
    return sift_bytes("\n".join(map(json.dumps, rows)).encode(), name)


def many(n):
    return [{"prompt": f"Q{i}", "chosen": f"good {i}", "rejected": f"bad {i}"} for i in range(n)]


def put(store, found, name="mine", **more):
    return take_in(store, found, name=name, now=NOW, **more)


def only(rows):
    assert len(rows) == 1
    return rows[0]


def test_a_pair_becomes_a_duel_with_the_files_vote(store):
    row = {"conversations": [{"from": "human", "value": "Q"}], "system": "Be brief.",
           "chosen": {"from": "gpt", "value": "good"}, "rejected": {"from": "gpt", "value": "bad"}}  # fmt: skip
    done = put(store, sifted(row, {**row, "chosen": row["rejected"], "rejected": {"from": "gpt", "value": "BAD "}}))
    duel = only(duels.recent(store))
    assert (duel.origin, duel.rule, duel.probability, duel.batch_id) == ("import", "picked", None, done.batch.id)
    assert (duel.system_prompt, [turn.content for turn in duel.conversation]) == ("Be brief.", ["Q"])
    assert {duel.first.text, duel.second.text} == {"good", "bad"}
    ballot = only(ballots.listed(store))
    assert duel.side(ballot.chosen_id).text == "good"
    assert (ballot.annotator_kind, ballot.verdict, ballot.origin, ballot.created_at) == (
        "import",
        "better",
        "import",
        NOW,
    )
    assert only(annotators.listed(store)).name == "import:mine"
    assert only(batches.listed(store, "import")).report["left_out"] == {"equal answers": 1}
    assert done.sentence() == "'mine' is in: 1 duel is new, 1 vote was added."


def test_who_wrote_an_answer_is_the_model_of_its_side(store):
    put(store, sifted(GOOD))
    duel = only(duels.recent(store))
    named = {side.text: (side.expert, side.provider, side.model) for side in (duel.first, duel.second)}
    assert named == {"good": ("", "import", "m1"), "bad": ("", "import", "")}


def test_an_answer_with_a_thumb_becomes_a_response_with_feedback(store):
    up = {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "fine"}], "label": True}
    down = {**up, "messages": [up["messages"][0], {"role": "assistant", "content": "poor"}], "label": False}
    done = put(store, sifted(up, down))
    assert done.sentence() == "'mine' is in: 2 answers with a thumb are new."
    with store.read() as session:
        responses = {row.text: row for row in session.exec(select(ResponseRow))}
    thumbs = answers.feedback_of(store, [row.id for row in responses.values()])
    assert {text: thumbs[row.id].value for text, row in responses.items()} == {"fine": "up", "poor": "down"}
    asked = conversations.conversation_id([next(sifted(up).entries()).conversation[0]])
    assert {row.conversation_id for row in responses.values()} == {asked}
    assert duels.recent(store) == []


def test_which_side_stands_first_or_left_says_nothing_of_the_winner(store):
    put(store, sifted(*many(200)))
    votes = ballots.listed(store)
    assert len(votes) == 200
    for share in (
        sum(one.chosen_id == one.first_id for one in votes) / 200,
        sum(one.chosen_id == one.left_id for one in votes) / 200,
        sum(one.first_id == one.left_id for one in votes) / 200,
    ):
        assert 0.35 < share < 0.65  # of 200 throws of a coin, five standard deviations and more


def count(store, table):
    with store.read() as session:
        return session.exec(select(func.count()).select_from(table)).one()


def rows_of(store):
    counts = [count(store, table) for table in (ResponseRow, FeedbackRow, VoteEventRow)]
    return [*counts, len(ballots.listed(store)), len(duels.recent(store, 10_000)), len(batches.listed(store))]


def test_the_same_file_twice_changes_nothing_and_says_so_under_any_name(store):
    found = sifted(*many(5), {"prompt": "Q", "completion": "a", "label": True})
    assert taken_in(store, found) is None
    put(store, found)
    before = rows_of(store)
    again = put(store, found, name="other")
    assert (again.known, rows_of(store)) == (True, before)
    assert again.sentence().startswith("This file went in as 'mine' on ")
    assert again.sentence().endswith("so nothing was changed.")
    assert taken_in(store, found) == again


def test_a_pair_that_another_file_holds_too_is_one_duel_with_two_votes(store):
    put(store, sifted(GOOD, *many(2)))
    done = put(store, sifted({**GOOD, "chosen": "Bad", "rejected": "GOOD"}, *many(3)), name="other")
    assert (done.counts.duels, done.counts.known_duels, done.counts.votes) == (1, 3, 4)
    duel = next(one for one in duels.recent(store) if one.conversation[-1].content == "Q")
    said = {one.annotator_id: duel.side(one.chosen_id).text for one in ballots.listed(store) if one.duel_id == duel.id}
    assert sorted(said.values()) == ["bad", "good"]


def test_a_vote_that_the_name_gave_before_stands(store):
    put(store, sifted(GOOD))
    done = put(store, sifted({**GOOD, "chosen": "bad", "rejected": "good"}))
    assert (done.counts.votes, done.counts.known_votes) == (0, 1)
    assert "1 vote that this name gave before stands" in done.sentence()
    duel = only(duels.recent(store))
    assert duel.side(only(ballots.listed(store)).chosen_id).text == "good"


class Stop(Exception):
    pass


def raise_stop():
    raise Stop


def stop_after(calls):
    left = iter(range(calls))
    return lambda: None if next(left, None) is not None else raise_stop()


@pytest.mark.parametrize("chunks", [0, 1, 3])
def test_an_import_that_was_stopped_goes_on_where_it_was(store, monkeypatch, chunks):
    monkeypatch.setattr(storing, "CHUNK", 3)
    found, seen = sifted(*many(10), {"prompt": "Q", "completion": "a", "label": True}), []
    with pytest.raises(Stop):
        put(store, found, check=stop_after(chunks))
    assert len(ballots.listed(store)) == min(3 * chunks, 10)
    assert taken_in(store, found) is None
    done = put(store, found, name="other", progress=lambda so_far, total: seen.append((so_far, total)))
    assert seen[0] == (3 * chunks, 11)
    assert seen[-1] == (11, 11)
    assert (done.counts.duels, done.counts.votes, done.counts.thumbs) == (10, 10, 1)
    assert (len(ballots.listed(store)), len(duels.recent(store))) == (10, 10)
    assert len(annotators.listed(store)) == 1


def test_a_kill_between_duels_and_votes_costs_no_vote(store, monkeypatch):
    found = sifted(*many(4))
    with monkeypatch.context() as killed:
        killed.setattr(storing.given_votes, "record_many", lambda store, votes: raise_stop())
        with pytest.raises(Stop):
            put(store, found)
    assert (len(duels.recent(store)), len(ballots.listed(store))) == (4, 0)
    done = put(store, found)
    assert (done.counts.known_duels, done.counts.votes, len(ballots.listed(store))) == (4, 4, 4)


def test_a_file_without_a_usable_row_or_name_stores_nothing(store):
    with pytest.raises(DatasetError, match="can be used: 1 empty"):
        put(store, sifted({**GOOD, "chosen": " "}))
    for name in ("", "  ", "a\nb", "a\u202eb", "x" * 121):
        with pytest.raises(DatasetError, match="name"):
            put(store, sifted(GOOD), name=name)
    assert rows_of(store) == [0] * 6


def test_a_person_of_the_files_name_does_not_get_its_votes(store):
    annotators.add(store, "anna", "import:Mine", pin_hash=None, link_hash=None)
    with pytest.raises(DatasetError, match="Somebody here is called"):
        put(store, sifted(GOOD))
    assert put(store, sifted(GOOD), name="another").counts.votes == 1


@pytest.mark.parametrize("name", ["' OR 1=1 --", "<img src=x onerror=alert(1)>", "ü 好 🙂"])
def test_a_name_is_a_name_whatever_it_holds(store, name):
    assert check_name(name) == name
    put(store, sifted(GOOD), name=name)
    assert only(annotators.listed(store)).name == f"import:{name}"


def test_the_name_of_a_file_without_what_steers():
    assert name_of("pairs\u202e\x1b[31m.json") == "pairs[31m.json"
    assert name_of("\u202e") == "file"


def test_a_read_only_database_is_said(tmp_path):
    open_store(f"sqlite:///{tmp_path / 'lab.db'}").close()
    closed = open_store(f"sqlite:///{tmp_path / 'lab.db'}", read_only=True)
    with pytest.raises(StoreError, match="nothing of this was stored"):
        put(closed, sifted(GOOD))
    closed.close()


def test_a_job_takes_a_file_in_with_progress(store):
    jobs, found = Jobs(store), sifted(*many(7))
    job_id = import_job(jobs, found, "mine")
    job = jobs.wait(job_id, 30)
    assert (job.state, job.title, job.done, job.total) == ("done", "Import 7 pairs from mine", 7, 7)
    assert taken_in(store, found).counts.votes == 7
    jobs.close()


def test_a_job_that_is_cancelled_keeps_what_is_stored_and_goes_on(store, monkeypatch):
    monkeypatch.setattr(storing, "CHUNK", 2)
    jobs, found, add = Jobs(store), sifted(*many(6)), duels.add
    entered, go_on = threading.Event(), threading.Event()

    def wait_then_add(*given):
        entered.set()
        assert go_on.wait(30)
        return add(*given)

    with monkeypatch.context() as held:
        held.setattr(storing.duels, "add", wait_then_add)
        job_id = import_job(jobs, found, "mine")
        assert entered.wait(30)
        assert import_job(jobs, found, "mine") == job_id  # it is on its way in already
        jobs.cancel(job_id)
        go_on.set()
        assert jobs.wait(job_id, 30).state == "cancelled"
    assert (len(ballots.listed(store)), taken_in(store, found)) == (2, None)
    assert jobs.wait(import_job(jobs, found, "mine"), 30).state == "done"
    assert len(ballots.listed(store)) == 6
    jobs.close()


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["dpo_en_demo.json", "dpo_zh_demo.json", "kto_en_demo.json", "v1_dpo_demo.jsonl"])
def test_real_files_come_out_as_they_went_in(store, shared_file, name):
    found = sift_file(shared_file(f"preferences/{name}"))
    put(store, found)
    chosen = {(one.conversation_id, one.chosen_id, one.duel_id) for one in ballots.listed(store)}
    stored = duels.by_ids(store, [duel_id for _, _, duel_id in chosen])
    told = {(stored[duel].conversation, stored[duel].side(won).text) for _, won, duel in chosen}
    pairs = [entry for entry in found.entries() if hasattr(entry, "chosen")]
    assert told == {(entry.conversation, entry.chosen) for entry in pairs}
    assert len(chosen) == found.report.pairs
    assert count(store, FeedbackRow) == found.report.liked
