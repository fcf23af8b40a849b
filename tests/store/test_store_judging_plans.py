"""What SQLite does for a key press: it looks things up in indexes, and reads no table of judging from end to end."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from lab.store import Store, ballots, presentations, queue, rounds, votes
from lab.types import new_id
from tests.store.judged import NOON, add_duels, lease, minutes, person, vote

TABLES = ("vote", "presentation", "duel", "response", "vote_event")


@contextmanager
def plans(store: Store) -> Iterator[list[str]]:
    """Gather what SQLite says of how it will do each statement."""
    said: list[str] = []

    def explain(connection: Any, cursor: sqlite3.Cursor, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE")):
            other = connection.connection.dbapi_connection.cursor()
            said.extend(
                f"{row[3]} | {statement}" for row in other.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            )

    event.listen(store.engine, "before_cursor_execute", explain)
    try:
        yield said
    finally:
        event.remove(store.engine, "before_cursor_execute", explain)


@pytest.mark.parametrize("order", ["random", "hardest"])
def test_no_press_reads_a_whole_table(file: Path, store: Store, order: str) -> None:
    add_duels(store, 12, wished=2, query_type="code")
    ann, ben = person(store, "Ann"), person(store, "Ben")
    for _ in range(6):
        showing = lease(store, ann, order=order)
        assert showing is not None
        vote(store, showing)
    wanted = queue.Wanted(order=order, query_type="code", origin="bulk")  # type: ignore[arg-type]
    presses: list[Callable[[], object]] = [
        lambda: queue.held(store, ann.id, NOON),
        lambda: vote(store, lease(store, ann, order=order)),  # type: ignore[arg-type]
        lambda: vote(store, lease(store, ben, order=order, query_type="code", origin="bulk")),  # type: ignore[arg-type]
        lambda: presentations.renew(store, "none", NOON),
        lambda: rounds.begun(store, ann.id, 6),
        lambda: rounds.repeats(store, ann.id, 25),
        lambda: rounds.repeatable(store, ann.id, NOON + minutes(600), seed=3),
        lambda: rounds.shared(store, ben.id, wanted),
        lambda: ballots.mine(store, ann.id),
        lambda: votes.undo(store, new_id(), annotator_id=ann.id, now=NOON),
    ]
    for press in presses:
        with plans(store) as said:
            assert press() is not False
        assert said
        whole = [one for one in said if one.split(" | ")[0] in {f"SCAN {table}" for table in TABLES}]
        sorted_all = [one for one in said if "USE TEMP B-TREE FOR ORDER BY" in one and "ORDER BY duel.votes" in one]
        assert not whole + sorted_all


def test_what_is_counted_is_read_off_indexes(file: Path, store: Store) -> None:
    add_duels(store, 5, query_type="code")
    with plans(store) as said:
        assert ballots.progress(store, sample=False) == ballots.Progress(0, 5)
        assert ballots.progress(store, sample=True) == ballots.Progress(0, 0)
        assert not queue.any_of_sample(store)
    read = [one for one in said if one.startswith(("SCAN", "SEARCH"))]
    assert read
    assert all("USING" in one and "INDEX" in one for one in read)
