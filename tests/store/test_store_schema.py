"""Making and upgrading the schema."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock
from sqlalchemy import create_engine

from lab.errors import DatabaseTooNew, DatabaseTooOld, StoreError
from lab.records import Event
from lab.store import Store, events, open_store, upgrade
from lab.store.schema import HISTORY, History, Upgrade, check_sqlite, prepare_sqlite
from lab.store.tables import LabModel

NEXT = '''
"""One more column."""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None


def upgrade():
    with op.batch_alter_table("routing_event", recreate="always") as table:
        table.add_column(sa.Column("mood", sa.String()))
    {more}
'''


@pytest.fixture
def longer(tmp_path: Path) -> Callable[..., History]:
    """Make the history of a later lab, with one more revision that adds a column and then does `more`."""

    def make(more: str = "") -> History:
        scripts = tmp_path / "migrations"
        shutil.copytree(HISTORY.scripts, scripts)
        (scripts / "versions" / "9999_more.py").write_text(NEXT.format(head=HISTORY.head, more=more))
        return History(scripts, (*HISTORY.revisions, "9999"))

    return make


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database goes, in a folder that is not there yet."""
    return tmp_path / "data" / "lab.db"


def rows(path: Path, sql: str) -> list[Any]:
    """Run one statement on the file itself."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def test_the_known_revisions_are_those_of_the_scripts() -> None:
    config = Config()
    config.set_main_option("script_location", str(HISTORY.scripts))
    scripts = ScriptDirectory.from_config(config)
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == HISTORY.revisions
    assert scripts.get_heads() == [HISTORY.head]


def test_the_scripts_make_what_the_tables_say(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, LabModel.metadata) == []


def test_the_scripts_make_the_same_indexes_as_the_tables_conditions_included(path: Path, tmp_path: Path) -> None:
    upgrade(data_dir=path.parent)
    engine = create_engine(f"sqlite:///{tmp_path / 'tables.db'}")
    LabModel.metadata.create_all(engine)
    engine.dispose()
    sql = "SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name"
    made = rows(path, sql)
    assert [row for row in made if "alembic" not in row[0]] == rows(tmp_path / "tables.db", sql)
    assert {"uq_router_version_live", "uq_job_running"} <= {name for name, _ in made}


def test_a_sequence_is_never_given_out_twice(path: Path) -> None:
    upgrade(data_dir=path.parent)
    tables = rows(path, "SELECT sql FROM sqlite_master WHERE type = 'table' AND sql LIKE '%seq INTEGER%'")
    assert len(tables) == len(LabModel.metadata.tables)
    assert all("AUTOINCREMENT" in sql for (sql,) in tables)


def test_opening_makes_the_database_whole(path: Path) -> None:
    store = open_store(data_dir=path.parent)
    assert events.recent(store) == []
    store.close()
    assert rows(path, "SELECT version_num FROM alembic_version") == [(HISTORY.head,)]
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]
    assert not path.with_name("lab.db.new").exists()
    assert not (path.parent / "backups").exists()


def test_what_a_killed_making_left_behind_does_not_matter(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    path.with_name("lab.db.new").write_bytes(b"half")
    open_store(data_dir=path.parent).close()
    assert rows(path, "SELECT count(*) FROM routing_event") == [(0,)]


def test_what_a_deleted_database_left_behind_is_not_replayed(path: Path, tmp_path: Path) -> None:
    upgrade(data_dir=path.parent)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE ghost (id)")
        log = path.with_name("lab.db-wal").read_bytes()
    path.unlink()
    path.with_name("lab.db-wal").write_bytes(log)
    open_store(data_dir=path.parent).close()
    assert rows(path, "SELECT name FROM sqlite_master WHERE name = 'ghost'") == []
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


def test_opening_a_database_of_this_lab_imports_no_alembic(path: Path) -> None:
    open_store(data_dir=path.parent).close()
    program = (
        "import sys; from pathlib import Path; from lab.store import open_store, events\n"
        f"assert events.recent(open_store(data_dir=Path({str(path.parent)!r}))) == []\n"
        "print([name for name in ('alembic', 'filelock', 'mako', 'streamlit', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.strip() == "[]"


def test_processes_that_open_a_fresh_database_at_once_all_succeed(
    path: Path, race: Callable[..., list[list[str]]]
) -> None:
    assert race(4, "open", f"sqlite:///{path}") == [["opened"]] * 4


def test_an_upgrade_keeps_every_row_and_a_backup(
    file: Path, record: Callable[..., Event], longer: Callable[..., History]
) -> None:
    event = record()  # still in the write-ahead log: a copy of the file alone would miss it
    done = prepare_sqlite(file, longer())
    assert (done.before, done.after) == (HISTORY.head, "9999")
    assert rows(file, "SELECT id, mood FROM routing_event") == [(event.id, None)]
    assert done.backup is not None
    assert done.backup.parent == file.parent / "backups"
    assert rows(done.backup, "SELECT id FROM routing_event") == [(event.id,)]
    assert rows(done.backup, "SELECT version_num FROM alembic_version") == [(HISTORY.head,)]
    assert prepare_sqlite(file, replace(HISTORY, revisions=(*HISTORY.revisions, "9999"))).backup is None


@pytest.mark.parametrize(
    ("more", "error"),
    [("1 / 0", ZeroDivisionError), ("op.execute(\"UPDATE routing_event SET router_version_id = 'none'\")", StoreError)],
)
def test_an_upgrade_that_fails_changes_nothing(
    file: Path,
    store: Store,
    record: Callable[..., Event],
    longer: Callable[..., History],
    more: str,
    error: type[Exception],
) -> None:
    event = record()
    with pytest.raises(error):
        prepare_sqlite(file, longer(more))
    assert rows(file, "SELECT version_num FROM alembic_version") == [(HISTORY.head,)]
    assert events.recent(store) == [event]


def test_an_older_database_is_not_upgraded_by_reading(path: Path, longer: Callable[..., History]) -> None:
    open_store(data_dir=path.parent).close()
    with pytest.raises(DatabaseTooOld, match=f"revision {HISTORY.head} and this lab needs 9999. Run `python -m lab db"):
        check_sqlite(path, path.as_uri(), longer())


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_database_is_refused_and_left_alone(path: Path, read_only: bool) -> None:
    open_store(data_dir=path.parent).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(DatabaseTooNew, match=r"lab\.db is of revision 9999, .*a newer lab wrote it\. .*backups"):
        open_store(data_dir=path.parent, read_only=read_only)
    assert path.read_bytes() == before


def test_a_restored_copy_gets_its_write_ahead_log_back(path: Path) -> None:
    open_store(data_dir=path.parent).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    open_store(data_dir=path.parent).close()
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]


def test_an_upgrade_that_another_process_holds_up_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.store.schema.LOCK_WAIT_S", 0.0)
    path.parent.mkdir()
    with (
        FileLock(path.with_name("lab.db.lock")),
        pytest.raises(StoreError, match=r"Another process has been upgrading .*lab\.db"),
    ):
        open_store(data_dir=path.parent)


def test_a_server_is_upgraded_only_when_asked(url: str) -> None:
    if url.startswith("sqlite"):
        pytest.skip("about servers")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseTooNew, match="is of revision 9999"):
        open_store(url)
    with engine.begin() as connection:
        LabModel.metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE alembic_version")
    engine.dispose()
    with pytest.raises(DatabaseTooOld, match=r"no tables yet.*Run `python -m lab db upgrade` first"):
        open_store(url)
    assert upgrade(url) == Upgrade(before=None, after=HISTORY.head, backup=None)
    open_store(url).close()


def test_upgrading_what_needs_none_does_nothing(url: str) -> None:
    assert upgrade(url) == Upgrade(before=HISTORY.head, after=HISTORY.head, backup=None)
