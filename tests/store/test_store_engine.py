"""Sessions, their promises, and reading only."""

import importlib
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import close_all_sessions
from sqlmodel import col, select

import lab.store
from lab.errors import NotFound, StoreError
from lab.records import Event
from lab.store import Store, events, open_store
from lab.store.tables import EventRow

Recorder = Callable[..., Event]


# ----------------------------------------------------------------------------------------------------- sessions


def test_increments_of_eight_threads_all_count(store: Store, record: Recorder) -> None:
    record(score=0.0)

    def increment(_: int) -> None:
        with store.write() as session:
            row = session.exec(select(EventRow)).one()
            row.score = (row.score or 0.0) + 1
            session.add(row)

    def increment_on_a_server(_: int) -> None:
        with store.write() as session:
            session.connection().execute(update(EventRow).values(score=col(EventRow.score) + 1))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(increment if store.address.path else increment_on_a_server, range(400)))
    assert events.recent(store)[0].decision.score == 400


def test_a_block_that_raises_stores_nothing(store: Store, record: Recorder) -> None:
    record("kept")

    def rename_and_fail() -> None:
        with store.write() as session:
            session.connection().execute(update(EventRow).values(prompt="lost"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        rename_and_fail()
    assert events.recent(store)[0].decision.prompt == "kept"


def test_a_read_session_cannot_write(store: Store, record: Recorder) -> None:
    record("kept")

    def write_in_read() -> None:
        with store.read() as session:
            session.connection().execute(update(EventRow).values(prompt="lost"))

    with pytest.raises(StoreError, match="cannot be written"):
        write_in_read()
    assert events.recent(store)[0].decision.prompt == "kept"
    record("a write after it passes")


def test_a_read_session_of_sqlite_sees_one_moment(file: Path, store: Store, record: Recorder) -> None:
    record()
    with store.read() as session:
        assert len(session.exec(select(EventRow)).all()) == 1
        record()
        assert len(session.exec(select(EventRow.seq)).all()) == 1
    assert len(events.recent(store)) == 2


def test_importing_the_tables_again_works() -> None:
    names = ["tables", "judging_tables", "snapshot_tables"]
    before = {name: sys.modules.pop(f"lab.store.{name}") for name in names}
    try:
        again = [importlib.import_module(f"lab.store.{name}") for name in names]
        assert again[0] is not before["tables"]
        assert set(again[0].LabModel.metadata.tables) == set(before["tables"].LabModel.metadata.tables)
    finally:
        for name, module in before.items():
            sys.modules[f"lab.store.{name}"] = module
            setattr(lab.store, name, module)
        close_all_sessions()


# ----------------------------------------------------------------------------------------------------- read only


def test_reading_only_finds_what_is_there_and_writes_nothing(url: str, store: Store, record: Recorder) -> None:
    event = record()
    reader = open_store(url, read_only=True)
    assert events.recent(reader) == [event]
    with pytest.raises(StoreError, match="opened for reading only"):
        events.record(
            reader, "e2", source="cli", conversation=event.conversation, decision=event.decision,
            router_version_id=event.router_version_id, encoder_fingerprint="minilm-1",
        )  # fmt: skip
    assert events.recent(reader) == [event]
    reader.close()


def test_reading_only_makes_no_database(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"There is no database at .*lab\.db yet"):
        open_store(data_dir=tmp_path / "data", read_only=True)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "lab.db").touch()
    with pytest.raises(NotFound, match="There is no database"):
        open_store(data_dir=tmp_path, read_only=True)


def test_reading_only_works_in_a_folder_that_cannot_be_written(
    closed_folder: Path, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    with unprivileged():
        reader = open_store(data_dir=closed_folder, read_only=True)
        assert len(events.recent(reader)) == 1
        reader.close()
    assert [path.name for path in closed_folder.iterdir()] == ["lab.db"]
