"""Backups, what is found in them, and restoring one while others have the database open."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pathlib import Path

import pytest

from lab.errors import DatabaseTooNew, KeepingError, NotFound, StoreError
from lab.records import Event, RouterVersion
from lab.store import Store, backup, events, open_store, restore
from lab.store.address import address_of
from lab.store.backup import Backup
from lab.store.checking import check, check_file
from lab.store.restore import missing_from
from lab.store.schema import HISTORY

Recorder = Callable[..., Event]
Worker = Callable[..., "subprocess.Popen[str]"]


def back_up(store: Store, to: Path | None = None) -> Backup:
    return backup.backup(store, to)


def restored(source: Path, file: Path) -> restore.Restored:
    return restore.restore(source, data_dir=file.parent)


def ids(path: Path) -> list[str]:
    """The events of a file, oldest first."""
    with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as connection:
        return [found for (found,) in connection.execute("SELECT id FROM routing_event ORDER BY seq")]


def stored(store: Store) -> list[str]:
    return [event.id for event in reversed(events.recent(store, 10_000))]


def leavings(folder: Path) -> list[str]:
    """What a step left behind that it should not."""
    return [path.name for path in folder.rglob(".*")]


def rewrite(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


@pytest.fixture
def copy(file: Path, store: Store, record: Recorder) -> Path:
    """A backup of one event, made while the store stays open; another event came after it."""
    record(event_id="before")
    made = back_up(store).path
    record(event_id="since")
    return made


# ---------------------------------------------------------------------------------------------------- backing up


def test_a_backup_is_one_file_with_all_that_was_acknowledged(file: Path, store: Store, record: Recorder) -> None:
    record(event_id="kept")
    assert (file.parent / "lab.db-wal").stat().st_size > 0  # the event is still in the log
    made = back_up(store)
    assert made.path.parent == file.parent / "backups"
    assert made.path.name.startswith(f"lab-{HISTORY.head}-")
    assert (made.revision, made.rows["routing_event"], made.rows["vote"]) == (HISTORY.head, 1, 0)
    assert made.size_bytes == made.path.stat().st_size
    assert ids(made.path) == ["kept"]
    assert [path.name for path in made.path.parent.iterdir()] == [made.path.name]


def test_a_backup_goes_where_it_is_asked_to_go_and_never_over_a_file(
    store: Store, file: Path, record: Recorder, tmp_path: Path
) -> None:
    record(event_id="kept")
    target = tmp_path / "new" / "mine.db"
    assert back_up(store, target).path == target
    before = target.read_bytes()
    with pytest.raises(KeepingError, match=r"mine\.db is there already, and nothing is overwritten\. Name another"):
        back_up(store, target)
    assert target.read_bytes() == before
    inside = back_up(store, tmp_path / "new").path
    assert inside.parent == tmp_path / "new"
    assert inside != target
    assert leavings(tmp_path) == []


def test_a_backup_is_as_private_as_the_database(file: Path, store: Store) -> None:
    file.chmod(0o600)
    assert back_up(store).path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("bad", ["file/x.db", "a\0b", "x" * 300])
def test_a_place_that_cannot_be_written_is_told(file: Path, store: Store, tmp_path: Path, bad: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeepingError, match=r"cannot be written|names no place"):
        back_up(store, tmp_path / bad)
    assert leavings(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_told(
    open_folder: Path, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    with unprivileged():
        reader = open_store(data_dir=open_folder, read_only=True)
        made = back_up(reader)
        made.path.parent.chmod(0o555)
        with pytest.raises(KeepingError, match=r"backups cannot be written \(.+\)\. Allow writing there"):
            back_up(reader)
        made.path.parent.chmod(0o755)
        reader.close()
    assert [path.name for path in made.path.parent.iterdir()] == [made.path.name]


def test_a_full_disk_leaves_no_half_backup(store: Store, file: Path, record: Recorder, small_disk: Path) -> None:
    record("x" * 2_000_000)
    with pytest.raises(StoreError, match=r"The disk that holds .* is full, so nothing of this was stored\. Free some"):
        back_up(store, small_disk / "copy.db")
    assert list(small_disk.iterdir()) == []


def test_a_damaged_database_gives_no_backup(store: Store, file: Path, record: Recorder) -> None:
    record("x" * 100_000)
    store.close()
    content = bytearray(file.read_bytes())
    content[4096 * 2 :] = b"\xff" * (len(content) - 4096 * 2)
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"lab\.db is damaged \("):
        back_up(store)
    assert leavings(file.parent) == []
    assert backup.listed(store.address) == []


def test_a_server_keeps_its_own_backups(url: str, store: Store, tmp_path: Path) -> None:
    if store.address.path is not None:
        pytest.skip("about servers")
    says = r"is on a server.*pg_dump --format=custom --file=lab\.dump postgresql://.*pg_restore --clean"
    with pytest.raises(KeepingError, match=says):
        back_up(store)
    with pytest.raises(KeepingError, match=says):
        restore.restore(tmp_path / "x.db", url)
    assert backup.listed(store.address) == []


# --------------------------------------------------------------------------------------------------- the folder


def test_backups_are_listed_the_newest_first_and_one_that_is_of_no_use_says_so(copy: Path, store: Store) -> None:
    newer = back_up(store).path
    os.utime(newer, (2_000_000_000, 2_000_000_000))
    junk = copy.with_name("junk.db")
    junk.write_text("nothing")
    os.utime(junk, (1_000_000_000, 1_000_000_000))
    listed = backup.listed(store.address)
    assert [one.path for one in listed] == [newer, copy, junk]
    assert [one.rows.get("routing_event") for one in listed] == [2, 1, None]
    assert [one.revision for one in listed] == [HISTORY.head, HISTORY.head, None]
    assert "is no whole database" in str(listed[2].fault)
    shutil.copy(newer, junk)
    assert backup.listed(store.address)[-1].rows.get("routing_event") in (1, 2)  # what changed is read anew
    assert {one.fault for one in backup.listed(store.address)} == {None}


def test_a_backup_can_be_deleted_and_nothing_else_can(copy: Path, store: Store, file: Path) -> None:
    assert backup.named(store.address, copy.name).path == copy
    for name in ("../lab.db", str(file), "", "none.db"):
        backup.remove(store.address, name)
    assert copy.exists()
    assert file.exists()
    for _ in range(2):
        backup.remove(store.address, copy.name)
    assert not copy.exists()
    with pytest.raises(NotFound, match=r"There is no backup .* any more"):
        backup.named(store.address, copy.name)


def test_what_a_kill_left_of_a_backup_is_listed_and_can_be_deleted(copy: Path, store: Store) -> None:
    part = copy.with_name(".0.part")
    part.write_bytes(copy.read_bytes())
    unfinished = next(one for one in backup.listed(store.address) if one.path == part)
    assert "ended while it was made" in str(unfinished.fault)
    backup.remove(store.address, ".0.part")
    assert [one.path for one in backup.listed(store.address)] == [copy]


def test_a_backup_from_elsewhere_is_taken_in_when_it_can_be_restored(copy: Path, store: Store) -> None:
    taken = backup.take_in(store.address, copy.read_bytes())
    assert taken.path.name.endswith("-uploaded.db")
    assert taken.rows["routing_event"] == 1
    with pytest.raises(KeepingError, match=r"^The file is no whole database"):
        backup.take_in(store.address, b"no database")
    with pytest.raises(KeepingError, match=r"^The file is"):
        backup.take_in(store.address, copy.read_bytes()[: -copy.stat().st_size // 2])
    assert leavings(copy.parent) == []


# ------------------------------------------------------------------------------------------------------ checking


def test_the_database_is_checked_where_it_is(url: str, store: Store, record: Recorder) -> None:
    record()
    found = check(url)
    assert (found.revision, found.older, found.rows["routing_event"]) == (HISTORY.head, False, 1)
    assert found.place == str(store.address)
    assert (found.size_bytes is None) == (store.address.path is None)


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no database"):
        check(data_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_server_without_tables_is_told(postgres: str) -> None:
    from postgres_server import database

    with database(postgres, empty=True) as empty, pytest.raises(NotFound, match=r"has no tables yet\. Run `python -m"):
        check(empty)


def test_a_row_that_refers_to_nothing_is_found(file: Path, store: Store, copy: Path) -> None:
    for path in (file, copy):
        rewrite(path, "UPDATE routing_event SET router_version_id = 'none'")
    with pytest.raises(StoreError, match=r"damaged \(a row of routing_event refers to a row of router_version that"):
        check(data_dir=file.parent)
    with pytest.raises(KeepingError, match=r"damaged: a row of routing_event refers .*It cannot be restored"):
        check_file(copy)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("DROP TABLE outcome", "the table outcome is missing"),
        ("ALTER TABLE job DROP COLUMN note", "the table job lacks the column note"),
        ("CREATE TRIGGER t AFTER INSERT ON vote BEGIN DELETE FROM vote; END", "it holds the trigger 't'"),
        ("CREATE VIEW v AS SELECT 1", "it holds the view 'v'"),
        ("UPDATE alembic_version SET version_num = '9999'", "is of revision 9999, which this lab does not know"),
        ("DELETE FROM alembic_version", "is a database without tables"),
        ("DROP TABLE alembic_version", "is a database of another program"),
    ],
)
def test_what_cannot_be_restored_is_told_and_nothing_is_changed(
    copy: Path, file: Path, store: Store, statement: str, says: str
) -> None:
    rewrite(copy, statement)
    with pytest.raises(KeepingError, match=says):
        restored(copy, file)
    assert stored(store) == ["before", "since"]
    assert leavings(file.parent) == []
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


def test_a_file_that_is_no_backup_is_told(copy: Path, file: Path, store: Store, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database" * 1000)
    (tmp_path / "short.db").write_bytes(copy.read_bytes()[:50_000])
    (tmp_path / "empty.db").touch()
    for name, says in (
        ("text.db", "is no whole database"),
        ("short.db", "is no whole database|is damaged"),
        ("empty.db", "is a database without tables"),
        ("none.db", r"is not there\. Name the file of a backup"),
        (".", "is a folder"),
        ("a\0b", "is not there"),
        ("x" * 300, "cannot be read|is not there"),
    ):
        with pytest.raises(KeepingError, match=says):
            restored(tmp_path / name, file)
    with pytest.raises(KeepingError, match="is the database itself"):
        restored(file, file)
    assert stored(store) == ["before", "since"]


# ----------------------------------------------------------------------------------------------------- restoring


def test_restoring_gives_back_what_was_there_and_keeps_what_is(copy: Path, file: Path, store: Store) -> None:
    assert missing_from(copy, data_dir=file.parent) == {"routing_event": 1}
    done = restored(copy, file)
    assert stored(store) == ["before"]  # the store that was open all the while
    assert done.kept is not None
    assert ids(done.kept) == ["before", "since"]  # the last one was in the log alone
    assert done.rows["routing_event"] == 1
    assert done.kept.name.endswith("-before-restore.db")
    again = open_store(data_dir=file.parent)
    assert stored(again) == ["before"]
    again.close()
    assert check(data_dir=file.parent).rows["routing_event"] == 1
    assert leavings(file.parent) == []
    restored(done.kept, file)  # and back
    assert stored(store) == ["before", "since"]


def test_an_older_backup_is_upgraded_on_its_way(copy: Path, file: Path, store: Store, tmp_path: Path) -> None:
    scripts = tmp_path / "migrations"
    shutil.copytree(HISTORY.scripts, scripts)
    (scripts / "versions" / "9999_next.py").write_text(
        f'from alembic import op\nrevision = "9999"\ndown_revision = "{HISTORY.head}"\n'
        "branch_labels = None\ndepends_on = None\n"
        'def upgrade():\n    op.execute("ALTER TABLE job ADD COLUMN mood TEXT")\n'
    )
    longer = replace(HISTORY, scripts=scripts, revisions=(*HISTORY.revisions, "9999"))
    before = copy.read_bytes()
    done = restore.restore(copy, data_dir=file.parent, history=longer)
    assert (done.before, done.after) == (HISTORY.head, "9999")
    assert copy.read_bytes() == before
    with closing(sqlite3.connect(file)) as connection:
        assert "mood" in {row[1] for row in connection.execute("PRAGMA table_info(job)")}
    with pytest.raises(DatabaseTooNew):
        check(data_dir=file.parent)


def test_a_backup_is_restored_where_no_database_is(copy: Path, store: Store, tmp_path: Path) -> None:
    assert missing_from(copy, data_dir=tmp_path / "new") == {}
    done = restored(copy, tmp_path / "new" / "lab.db")
    assert done.kept is None
    opened = open_store(data_dir=tmp_path / "new")
    assert stored(opened) == ["before"]
    opened.close()


def test_a_newer_labs_database_gives_way_to_a_backup_and_is_kept(copy: Path, file: Path, store: Store) -> None:
    rewrite(file, "UPDATE alembic_version SET version_num = '9999'")
    done = restored(copy, file)
    assert done.kept is not None
    assert "-9999-" in done.kept.name
    assert stored(store) == ["before"]


def test_a_database_of_another_program_is_not_written_over(copy: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "lab.db"
    other.parent.mkdir()
    rewrite(other, "CREATE TABLE recipes (id)")
    before = other.read_bytes()
    with pytest.raises(StoreError, match=r"database of another program .*'recipes'"):
        restored(copy, other)
    assert other.read_bytes() == before


@pytest.mark.parametrize("start", [0, 4096 * 2], ids=["no database", "damaged"])
def test_a_database_that_is_not_whole_is_kept_as_it_is_and_replaced(
    copy: Path, file: Path, store: Store, start: int
) -> None:
    store.close()
    content = bytearray(file.read_bytes())
    content[start : start + 4096 * 20] = b"\xff" * (4096 * 20)
    file.write_bytes(content)
    done = restored(copy, file)
    assert done.kept is not None
    assert "-damaged-" in done.kept.name
    assert done.kept.read_bytes()[start : start + 4096] == b"\xff" * 4096
    assert stored(store) == ["before"]
    assert check(data_dir=file.parent).rows["routing_event"] == 1
    assert next(one for one in backup.listed(store.address) if one.path == done.kept).size_bytes > 0


def test_backups_of_another_page_size_can_be_restored(copy: Path, file: Path, store: Store) -> None:
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size=8192")
        connection.execute("VACUUM")
    restored(copy, file)
    assert stored(store) == ["before"]


def test_a_locked_database_is_told_and_left_alone(
    copy: Path, file: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "BUSY_S", 0.05)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"lab\.db is in use by another program, so it was left as it is\. Close"):
            restored(copy, file)
    assert stored(store) == ["before", "since"]
    assert len(backup.listed(store.address)) == 1
    assert leavings(file.parent) == []


def test_a_read_only_database_is_told(
    open_folder: Path, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    with unprivileged():
        reader = open_store(data_dir=open_folder, read_only=True)
        made = back_up(reader).path
        reader.close()
        with pytest.raises(StoreError, match=r"cannot be written"):
            restored(made, open_folder / "lab.db")
    assert len(ids(open_folder / "lab.db")) == 1
    assert leavings(open_folder) == []


def test_a_full_disk_changes_nothing(copy: Path, file: Path, store: Store, record: Recorder, small_disk: Path) -> None:
    store.close()
    shutil.copy(file, small_disk / "lab.db")
    big = back_up(store).path
    with closing(sqlite3.connect(big, isolation_level=None)) as connection:
        connection.execute("UPDATE routing_event SET prompt = ?", ("x" * 400_000,))
    with pytest.raises(StoreError, match=r"The disk that holds .* is full, so nothing of this was stored"):
        restored(big, small_disk / "lab.db")
    assert leavings(small_disk) == []
    assert ids(small_disk / "lab.db") == ["before", "since"]


# ------------------------------------------------------------------------------------------------ with two processes


def test_nothing_that_another_process_stored_meanwhile_is_lost(
    file: Path, store: Store, version: RouterVersion, worker: Worker
) -> None:
    made = back_up(store).path
    other = worker("record", f"sqlite:///{file}", version.id, "other", "300")
    assert other.stdin is not None
    assert other.stdout is not None
    assert other.stdout.readline() == "ready\n"
    other.stdin.write("go\n")
    other.stdin.flush()
    acknowledged = [other.stdout.readline().strip() for _ in range(100)]
    done = restored(made, file)
    acknowledged += other.communicate()[0].split()
    assert other.returncode == 0
    assert len(acknowledged) == 300
    assert done.kept is not None
    before, after = ids(done.kept), stored(store)
    assert [*before, *after] == acknowledged  # each is in the copy of before, or in the restored database, in order
    assert len(before) >= 100
    assert check(data_dir=file.parent).rows["routing_event"] == len(after)


def test_a_kill_while_restoring_leaves_the_one_or_the_other(
    file: Path, store: Store, record: Recorder, worker: Worker
) -> None:
    empty = back_up(store).path
    for number in range(5):
        record("x" * 100_000, event_id=f"e{number}")
    full = back_up(store).path
    for kill_after in range(1, 7):
        other = worker("restore", str(file.parent), str(empty), str(full))
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdin.write("go\n")
        other.stdin.flush()
        for _ in range(kill_after + 1):
            assert other.stdout.readline()
        other.kill()
        other.communicate()
        assert stored(store) in ([], [f"e{number}" for number in range(5)])
        check(data_dir=file.parent)


def test_a_file_that_is_no_database_but_is_in_use_is_left_alone(
    copy: Path, file: Path, store: Store, version: RouterVersion, worker: Worker
) -> None:
    other = worker("hold", f"sqlite:///{file}")
    assert other.stdin is not None
    assert other.stdout is not None
    assert other.stdout.readline() == "ready\n"
    other.stdin.write("go\n")
    other.stdin.flush()
    assert other.stdout.readline() == "opened\n"
    store.close()
    with file.open("r+b") as broken:
        broken.write(b"\xff" * 4096)
    with pytest.raises(StoreError, match=r"in use by another program"):
        restored(copy, file)
    assert file.read_bytes()[:4096] == b"\xff" * 4096
    other.stdin.write("\n")
    other.stdin.flush()
    other.communicate()
    restored(copy, file)
    assert stored(store) == ["before"]


def test_the_address_of_a_server_has_no_folder(tmp_path: Path) -> None:
    assert backup.listed(address_of("postgresql+psycopg://u@h/d", None)) == []
