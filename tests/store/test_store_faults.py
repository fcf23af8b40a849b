"""The sentence for each way in which a database fails, and what is left alone then."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from lab.errors import StoreError
from lab.records import Event
from lab.store import Store, events, faults, open_store
from lab.store.address import address_of

Recorder = Callable[..., Event]


def pragma(store: Store, setting: str) -> None:
    """Set something on the one connection that an idle store has in its pool."""
    with store.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA {setting}")


def test_a_full_disk_is_told_and_loses_nothing_stored(file: Path, store: Store, record: Recorder) -> None:
    kept = record()
    pragma(store, "max_page_count=1")  # SQLite takes the present size, and is full from there on
    with pytest.raises(StoreError, match=r"disk that holds .*lab\.db is full, so nothing of this was stored. Free"):
        record("x" * 1_000_000)
    pragma(store, "max_page_count=1000000")
    assert events.recent(store) == [kept]
    assert str(file) == str(store.address)
    record("x" * 1_000_000)


@pytest.mark.parametrize(
    ("full", "says"), [(True, r"disk that holds .*lab\.db is full.*Free some space"), (False, "reports a fault at")]
)
def test_a_fault_of_a_disk_without_space_is_told_as_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: bool, says: str
) -> None:
    fault = sqlite3.OperationalError("disk I/O error")
    fault.sqlite_errorname = "SQLITE_IOERR_SHMSIZE"
    monkeypatch.setattr(faults, "is_full", lambda folder: full and folder == tmp_path)
    with pytest.raises(StoreError, match=says), faults.as_sentences(tmp_path / "lab.db"):
        raise fault


def test_a_locked_database_is_told(file: Path, store: Store, record: Recorder) -> None:
    record()
    pragma(store, "busy_timeout=0")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"lab\.db has been locked by another program"):
            record("in vain")
        assert len(events.recent(store)) == 1  # reading goes on
    assert len(events.recent(store)) == 1
    record("again")


def test_a_file_that_cannot_be_written_can_be_read(
    open_folder: Path, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    with unprivileged():
        opened = open_store(data_dir=open_folder)
        event = events.recent(opened)[0]
        with pytest.raises(StoreError, match=r"lab\.db cannot be written: the file or its folder is read-only"):
            events.record(
                opened, "e2", source="cli", conversation=event.conversation, decision=event.decision,
                router_version_id=event.router_version_id, encoder_fingerprint="minilm-1",
            )  # fmt: skip
        opened.close()


def test_a_database_in_a_folder_that_cannot_be_written_is_told(
    closed_folder: Path, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    with unprivileged(), pytest.raises(StoreError, match=r"lab\.db cannot be (opened|written).* LAB_DATABASE_URL"):
        open_store(data_dir=closed_folder)


def test_a_folder_in_which_nothing_can_be_made_is_told(
    closed_folder: Path, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    with unprivileged(), pytest.raises(StoreError, match=r"The folder .*new cannot be written \(Permission denied\)"):
        open_store(data_dir=closed_folder / "new")


def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(StoreError, match=r"The folder .*data cannot be written"):
        open_store(data_dir=tmp_path / "data")


def test_a_folder_where_the_database_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "lab.db").mkdir()
    with pytest.raises(StoreError, match=r"lab\.db cannot be opened"):
        open_store(data_dir=tmp_path)


@pytest.mark.parametrize("content", [b"not a database, " * 100, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_file_that_is_not_a_database_is_told_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lab.db"
    path.write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(StoreError, match=r"lab\.db is not an SQLite database.*Move that file away"):
            open_store(data_dir=tmp_path, read_only=read_only)
    assert path.read_bytes() == content


def test_a_damaged_database_is_told(file: Path, store: Store, record: Recorder) -> None:
    record("x" * 100_000)
    store.close()
    content = bytearray(file.read_bytes())
    content[4096 * 2 :] = b"\xff" * (len(content) - 4096 * 2)
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"lab\.db is damaged \(.*\)\. Keep a copy of it, then move it away"):
        open_store(data_dir=file.parent)
    (file.parent / "backups").mkdir()
    with pytest.raises(StoreError, match=r"Keep a copy of it, then restore the newest file of its backups folder"):
        open_store(data_dir=file.parent)


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (id)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"database of another program .*'recipes'"):
        open_store(data_dir=tmp_path)
    assert path.read_bytes() == before


def test_a_database_that_vanished_is_not_made_anew(file: Path, store: Store, record: Recorder) -> None:
    record()
    store.close()
    file.unlink()
    with pytest.raises(StoreError, match=r"lab\.db cannot be opened"):
        record()
    assert not file.exists()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("nonsense", "not a database address"),
        ("mysql://root@host/lab", "names a mysql database"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite:///file:x?mode=ro&uri=true", "must name a file"),
        ("sqlite:///a\x00b", "cannot be used"),
    ],
)
def test_an_address_that_cannot_work_is_told(address: str, says: str) -> None:
    with pytest.raises(StoreError, match=says):
        open_store(address)


def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    with pytest.raises(StoreError, match=r"postgresql://lab:\*\*\*@127.0.0.1:1/lab (needs a driver|does not answer)"):
        open_store("postgresql://lab:secret@127.0.0.1:1/lab")


def test_the_default_database_is_in_the_data_folder(tmp_path: Path) -> None:
    assert address_of(None, tmp_path).path == tmp_path.resolve() / "lab.db"
    assert address_of(None, None).path == Path("data/lab.db").resolve()


def test_names_of_folders_are_only_names(tmp_path: Path) -> None:
    for name in ("a b", "100%20", "q?mode=memory", "h#sh", "é", "%(here)s"):
        opened = open_store(data_dir=tmp_path / name)
        assert events.recent(opened) == []
        opened.close()
        assert (tmp_path / name / "lab.db").exists()
