"""Votes under pressure: many processes at once, and a process that is killed at any moment."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lab.store import Store, ballots, duels, votes
from tests.store.conftest import Worker
from tests.store.judged import add_duels, new_duel, person

PROCESSES, EACH = 8, 500


@pytest.mark.slow
def test_eight_processes_store_four_thousand_votes_once_each(url: str, store: Store, worker: Worker) -> None:
    """Nobody gets a duel that somebody else has: with one vote wished for, 4,000 votes are on 4,000 duels."""
    for start in range(0, PROCESSES * EACH, 500):
        duels.add(store, [new_duel(place) for place in range(start, start + 500)])
    people = [person(store, f"Annotator {number}") for number in range(PROCESSES)]
    started = [worker("vote", url, one.id, str(EACH)) for one in people]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate()[0].split() for process in started]
    assert [process.returncode for process in started] == [0] * PROCESSES
    acknowledged = [vote_id for lines in said for vote_id in lines]
    stored = ballots.listed(store)
    assert len(acknowledged) == len(set(acknowledged)) == len(stored) == PROCESSES * EACH
    assert set(acknowledged) == {ballot.vote_id for ballot in stored}
    assert len({ballot.duel_id for ballot in stored}) == PROCESSES * EACH
    assert ballots.progress(store, sample=False) == ballots.Progress(PROCESSES * EACH, PROCESSES * EACH)


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_no_acknowledged_vote(file: Path, store: Store, worker: Worker) -> None:
    """50 processes that vote, undo and edit are killed with SIGKILL; what they said was stored is stored, whole."""
    add_duels(store, 3_000)
    ann = person(store)
    process = worker("vote-until-killed", f"sqlite:///{file}", ann.id, "50", "1")
    lines = process.communicate("go\n")[0].splitlines()[1:]
    assert process.returncode == 0
    assert lines.count("killed") == 50
    said = [line.split() for line in lines if line != "killed"]
    assert len(said) > 100, "too few votes between the kills to show anything"
    for kind, vote_id in said:
        kinds = [event.kind for event in votes.history(store, vote_id) if event.vote_id == vote_id]
        assert kinds[0] == "cast"
        assert kind in kinds
        assert ("undone" in kinds) == (not votes.get(store, vote_id).live)
    live = {vote.id for vote, _ in ballots.of_annotator(store, ann.id, 10_000)}
    undone = {vote_id for kind, vote_id in said if kind == "undone"}
    assert {vote_id for kind, vote_id in said if kind == "cast"} - undone <= live | unacknowledged(store, said)
    assert not live & undone
    store.close()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        counted = connection.execute(
            "SELECT count(*) FROM duel d WHERE d.votes != (SELECT count(*) FROM vote v WHERE v.duel_id = d.id "
            "AND v.live AND v.round = 1 AND v.verdict != 'skip')"
        ).fetchone()
        assert counted == (0,)


def unacknowledged(store: Store, said: list[list[str]]) -> set[str]:
    """Votes that were taken back by an undo which was stored and whose process was killed before it could say so."""
    cast = [vote_id for kind, vote_id in said if kind == "cast"]
    return {vote_id for vote_id in cast if any(one.kind == "undone" for one in votes.history(store, vote_id))}
