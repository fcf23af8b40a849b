"""Making and upgrading the schema. Alembic is imported only when there is something to do: it costs half a second."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine, event, inspect, text

from lab.errors import DatabaseTooNew, DatabaseTooOld, NotFound, StoreError
from lab.store.address import Address, address_of
from lab.store.connect import server_engine
from lab.store.faults import BUSY_S, as_sentences

LOCK_WAIT_S = 120.0
"""How long an opening waits for another process that upgrades the same file, in seconds."""

SIDE_FILES = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database file, by the end of its name."""

_ADVISORY_LOCK = 0x6C6162  # "lab": any number that all processes of the lab agree on
_alembic = threading.Lock()  # alembic's context is a global of the process


@dataclass(frozen=True, slots=True)
class History:
    """The migration scripts, and their revisions from the first to the newest."""

    scripts: Path
    revisions: tuple[str, ...]

    @property
    def head(self) -> str:
        """The newest revision."""
        return self.revisions[-1]


HISTORY = History(Path(__file__).parent / "migrations", ("0001", "0002", "0003", "0004"))
"""What this lab knows. A test holds the revisions to the scripts."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What an upgrade did; `before` is None for a database that had no tables, `backup` for one not backed up."""

    before: str | None
    after: str
    backup: Path | None


def upgrade(url: str | None = None, data_dir: Path | None = None) -> Upgrade:
    """Bring the database to this lab's revision: the only way for PostgreSQL, which opening never changes.

    Raises DatabaseTooNew, or StoreError when it cannot be done; the database is then as it was.
    """
    address = address_of(url, data_dir)
    with as_sentences(address):
        return _upgrade_server(address) if address.path is None else prepare_sqlite(address.path)


# ------------------------------------------------------------------------------------------------------- SQLite


def check_sqlite(path: Path, uri: str, history: History = HISTORY) -> None:
    """Raise NotFound when `path` holds no database yet, DatabaseTooOld or DatabaseTooNew when it is not of this lab."""
    state = _peek(path, uri) if os.path.exists(path) else None
    if state is None or state.revision is None:
        raise NotFound(f"There is no database at {path} yet. Start the lab once (`make run`), or record something.")
    _refuse_newer(state.revision, path, history)
    if state.revision != history.head:
        raise _too_old(path, state.revision, history)


def prepare_sqlite(path: Path, history: History = HISTORY) -> Upgrade:
    """Make or upgrade the database file so that it has this lab's tables; at once when it has them.

    Safe with several processes: one works, the others wait for it. Raises StoreError, sqlite3.Error.
    """
    state = _state_of(path)
    if state == _State(history.head, wal=True):
        return Upgrade(before=history.head, after=history.head, backup=None)
    _refuse_newer(state.revision, path, history)
    with alone(path):
        return _bring_up(path, _state_of(path), history)


@dataclass(frozen=True, slots=True)
class _State:
    """What is in a database file: its revision (None: no tables) and whether it uses a write-ahead log."""

    revision: str | None
    wal: bool


def _state_of(path: Path) -> _State:
    if not os.path.exists(path):  # unlike Path.exists, False for a folder that may not be searched: `alone` says why
        return _State(None, wal=False)
    return _peek(path, f"{path.as_uri()}?mode=rw")


def _peek(path: Path, uri: str) -> _State:
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_S)) as connection:
        wal = connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
        tables = {name for (name,) in connection.execute(names)}
        if "alembic_version" in tables:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return _State(found[0] if found else None, wal)
    if tables:
        raise StoreError(
            f"{path} is a database of another program (it holds the table {min(tables)!r} and none of the lab's). "
            "Set LAB_DATABASE_URL to another place; the lab does not touch it."
        )
    return _State(None, wal)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the file lock beside `path`; its folder is made when it is missing."""
    from filelock import FileLock, Timeout

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(path.name + ".lock")
        lock.open("a").close()  # where this fails, FileLock would try until its time is up
        with FileLock(lock, timeout=LOCK_WAIT_S):
            yield
    except Timeout as err:
        raise StoreError(
            f"Another process has been upgrading {path} for {LOCK_WAIT_S:.0f} s. Wait for it or end it, then try again."
        ) from err
    except OSError as err:
        raise StoreError(
            f"The folder {path.parent} cannot be written ({err.strerror or err}). "
            "Allow writing there, free some space, or set LAB_DATABASE_URL to another place."
        ) from err


def _bring_up(path: Path, state: _State, history: History) -> Upgrade:
    _refuse_newer(state.revision, path, history)
    backup = None
    if state.revision is None:
        _make(path, history)
    elif state.revision != history.head:
        backup = _back_up(path, state.revision)
        _migrate_sqlite(path, history)
    with closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:  # a restored copy may have lost the mode
        connection.execute("PRAGMA journal_mode=WAL")
    return Upgrade(before=state.revision, after=history.head, backup=backup)


def _make(path: Path, history: History) -> None:
    """Make the database beside its place and move it there whole: a kill leaves no half-made one."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    _migrate_sqlite(unfinished, history)
    put_in_place(unfinished, path)


def put_in_place(whole: Path, path: Path) -> None:
    """Move a whole database to where none is; for whoever is `alone` with `path`."""
    with closing(sqlite3.connect(whole)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    for rest in SIDE_FILES:  # of a database that somebody deleted: SQLite would replay it into ours
        path.with_name(path.name + rest).unlink(missing_ok=True)
    os.replace(whole, path)


def migrate(path: Path, history: History = HISTORY) -> None:
    """Bring a database file that nobody else has open to this lab's revision; all of it, or nothing is changed."""
    if revision_in(path, f"{path.as_uri()}?mode=rw") != history.head:
        _migrate_sqlite(path, history)


def revision_in(path: Path, uri: str) -> str | None:
    """Return the revision of a database file, None where it has no tables.

    Raises StoreError for one of another program, sqlite3.Error for a file that is none.
    """
    return _peek(path, uri).revision


def backups_of(path: Path) -> Path:
    """Return the folder of a database's backups, beside it."""
    return path.parent / "backups"


def backup_name(path: Path, revision: str, why: str = "") -> str:
    """Return the name of a backup that is made now: the database's, its revision, the time (UTC), and why."""
    return f"{path.stem}-{revision}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}Z{why and '-'}{why}.db"


def _back_up(path: Path, revision: str) -> Path:
    """Copy the database, write-ahead log included, into the backups folder beside it."""
    folder = backups_of(path)
    folder.mkdir(exist_ok=True)
    copy = folder / backup_name(path, revision, "before-upgrade")
    unfinished = copy.with_name(copy.name + ".part")
    with closing(sqlite3.connect(path, timeout=BUSY_S)) as source, closing(sqlite3.connect(unfinished)) as target:
        source.backup(target)
    os.replace(unfinished, copy)
    return copy


def _migrate_sqlite(path: Path, history: History) -> None:
    # Foreign keys stay off, as alembic's batch mode drops and makes tables; they are checked before the commit.
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(path, timeout=BUSY_S, isolation_level=None),
        poolclass=NullPool,
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.begin() as connection:
        _run_alembic(connection, history)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise StoreError(
                f"Upgrading {path} would leave a row of {broken[0]} without what it refers to. Nothing was changed."
            )


# ------------------------------------------------------------------------------------------------------- servers


def check_server(connection: Connection, address: Address, history: History = HISTORY) -> None:
    """Raise DatabaseTooOld or DatabaseTooNew when the server's database is not of this lab's revision."""
    revision = server_revision(connection)
    _refuse_newer(revision, address, history)
    if revision != history.head:
        raise _too_old(address, revision, history)


def _upgrade_server(address: Address, history: History = HISTORY) -> Upgrade:
    engine = server_engine(address)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            before = server_revision(connection)
            _refuse_newer(before, address, history)
            if before != history.head:
                _run_alembic(connection, history)
    finally:
        engine.dispose()
    return Upgrade(before=before, after=history.head, backup=None)


def server_revision(connection: Connection) -> str | None:
    """Return the revision of a server's database, None where it has no tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    return None if found is None else str(found[0])


# -------------------------------------------------------------------------------------------------------- shared


def _run_alembic(connection: Connection, history: History) -> None:
    """Run the missing scripts inside the transaction of `connection`: all of them count, or none."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(history.scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    with _alembic:
        command.upgrade(config, history.head)


def _refuse_newer(revision: str | None, place: object, history: History) -> None:
    if revision is not None and revision not in history.revisions:
        raise DatabaseTooNew(
            f"{place} is of revision {revision}, which this lab does not know (it knows up to {history.head}): a newer "
            "lab wrote it. Start that lab, restore an older one of its backups with `python -m lab db restore`, or "
            "set LAB_DATABASE_URL to another place."
        )


def _too_old(place: object, revision: str | None, history: History) -> DatabaseTooOld:
    return DatabaseTooOld(
        f"{place} is of revision {revision or 'none (no tables yet)'} and this lab needs {history.head}. "
        "Run `python -m lab db upgrade` first."
    )
