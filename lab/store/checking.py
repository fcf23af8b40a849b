"""Whether a database is whole: its pages, its references, its revision, its tables, and how many rows it has."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import Connection, inspect, text

from lab.errors import DatabaseTooNew, KeepingError, NotFound, StoreError
from lab.store import judging_tables, snapshot_tables  # noqa: F401  their tables join LabModel's
from lab.store.address import Address, address_of
from lab.store.connect import read_only_uri, server_engine
from lab.store.faults import BUSY_S, as_sentences, damaged
from lab.store.schema import HISTORY, History, revision_in, server_revision
from lab.store.tables import LabModel

_OURS = sorted(LabModel.metadata.tables)
_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


@dataclass(frozen=True, slots=True)
class Checked:
    """A database that is whole. `rows` counts them by table; `size_bytes` is None for a server."""

    place: str
    revision: str
    older: bool  # than this lab's revision: opening, restoring or `db upgrade` brings it up
    rows: Mapping[str, int]
    size_bytes: int | None


def check(url: str | None = None, data_dir: Path | None = None, history: History = HISTORY) -> Checked:
    """Check the lab's database at `url`, or lab.db in `data_dir`, and return what is in it; nothing is written.

    Others may use it meanwhile. A server keeps pages and references by itself, so there its revision and tables are
    looked at. Raises NotFound where there is none yet, DatabaseTooNew, StoreError for one that is damaged.
    """
    address = address_of(url, data_dir)
    if address.path is None:
        with as_sentences(address):
            return _check_server(address, history)
    if not address.path.exists():
        raise NotFound(f"There is no database at {address} yet. Start the lab once (`make run`), or record something.")
    with as_sentences(address), closing(_open(read_only_uri(address.path))) as connection:
        revision = revision_in(address.path, read_only_uri(address.path))
        if revision is None:
            raise NotFound(f"The database at {address} has no tables yet. Start the lab once (`make run`).")
        if revision not in history.revisions:
            raise DatabaseTooNew(f"{address} is of revision {revision}, which this lab does not know. {_NEWER}")
        fault = _fault(connection, revision, history)
        if fault is not None:
            raise StoreError(damaged(address, fault))
        return _checked(address.path, connection, revision, history)


def check_file(path: Path, history: History = HISTORY) -> Checked:
    """Check a file that is to be restored, and return what is in it; it is left as it is.

    Raises KeepingError, with the reason, for one that cannot be restored: it is not there, no database, cut off or
    damaged, of another program, or of a newer lab.
    """
    with _as_backup(path), closing(_open(still_uri(path))) as connection:
        revision = known_revision(path, history)
        fault = _fault(connection, revision, history)
        if fault is not None:
            raise KeepingError(_USELESS.format(path=path, fault=f"is damaged: {fault}"))
        return _checked(path, connection, revision, history)


def glance(path: Path, history: History = HISTORY) -> Checked:
    """Return what a backup says of itself, without the long look at every page. Raises as `check_file`."""
    with _as_backup(path), closing(_open(still_uri(path))) as connection:
        return _checked(path, connection, known_revision(path, history), history)


_NEWER = "A newer lab wrote it. Start that lab."
_USELESS = "{path} {fault}. It cannot be restored; nothing was changed. Take another backup."


def still_uri(path: Path) -> str:
    """Return the address under which a backup is read: as it lies there, and no file is made beside it."""
    beside = path.with_name(path.name + "-wal").exists()
    return f"{path.absolute().as_uri()}?mode=ro{'' if beside else '&immutable=1'}"


def known_revision(path: Path, history: History = HISTORY) -> str:
    """Return the revision of a backup. Raises KeepingError for one that this lab cannot use, sqlite3.Error."""
    try:
        revision = revision_in(path, still_uri(path))
    except StoreError as err:  # tables, but none that say a revision
        raise KeepingError(_USELESS.format(path=path, fault="is a database of another program")) from err
    if revision is None:
        raise KeepingError(_USELESS.format(path=path, fault="is a database without tables"))
    if revision not in history.revisions:
        told = f"is of revision {revision}, which this lab does not know (it knows up to {history.head})"
        raise KeepingError(f"{path} {told}. {_NEWER} Nothing was changed.")
    return revision


def tells_damage(error: sqlite3.Error) -> bool:
    """Tell whether SQLite found something else than a whole database."""
    return getattr(error, "sqlite_errorname", "").startswith(_DAMAGE)


@contextmanager
def _as_backup(path: Path) -> Iterator[None]:
    try:
        is_file = path.is_file()
        if is_file:
            path.open("rb").close()
    except (OSError, ValueError) as err:
        raise KeepingError(f"{path} cannot be read ({err}). Check its name and whether it may be read.") from err
    if not is_file:
        what = "is a folder" if path.is_dir() else "is not there"
        raise KeepingError(f"{path} {what}. Name the file of a backup; `python -m lab db backups` lists them.")
    try:
        yield
    except sqlite3.Error as err:
        if tells_damage(err):
            reason = f"is no whole database ({' '.join(str(err).split())})"
            raise KeepingError(_USELESS.format(path=path, fault=reason)) from err
        raise KeepingError(f"{path} cannot be read ({err}). Check whether it and its folder may be read.") from err


def _open(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None)
    connection.execute("PRAGMA trusted_schema=OFF")  # a file from elsewhere calls no function of ours
    connection.execute("PRAGMA cell_size_check=ON")
    return connection


def _checked(path: Path, connection: sqlite3.Connection, revision: str, history: History) -> Checked:
    found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    rows = {name: connection.execute(_count_of(name)).fetchone()[0] for name in _OURS if name in found}
    return Checked(str(path), revision, revision != history.head, MappingProxyType(rows), path.stat().st_size)


def _count_of(name: str) -> str:
    return f"SELECT count(*) FROM {name}"  # noqa: S608  the lab's own names, never a file's


def _fault(connection: sqlite3.Connection, revision: str, history: History) -> str | None:
    """Return what is wrong with a database, in a few words; None where nothing is."""
    found: str = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        return " ".join(found.removeprefix("*** in database main ***").split())
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        return f"a row of {broken[0]} refers to a row of {broken[2]} that is not there"
    odd = connection.execute("SELECT type, name FROM sqlite_master WHERE type NOT IN ('table', 'index')").fetchone()
    if odd is not None:
        return f"it holds the {odd[0]} {odd[1]!r}, which no lab makes"
    return _lacking(connection) if revision == history.head == HISTORY.head else None


def _lacking(connection: sqlite3.Connection) -> str | None:
    """Return what a database of this lab's revision lacks."""
    for name, wanted in LabModel.metadata.tables.items():
        has = {row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')}
        lacks = [column.name for column in wanted.columns if column.name not in has]
        if lacks:
            return f"the table {name} is missing" if not has else f"the table {name} lacks the column {lacks[0]}"
    return None


def _check_server(address: Address, history: History) -> Checked:
    engine = server_engine(address)
    try:
        with engine.connect() as connection:
            return _of_server(connection, address, history)
    finally:
        engine.dispose()


def _of_server(connection: Connection, address: Address, history: History) -> Checked:
    there = set(inspect(connection).get_table_names())
    revision = server_revision(connection)
    if revision is None:
        raise NotFound(f"{address} has no tables yet. Run `python -m lab db upgrade` first.")
    if revision not in history.revisions:
        raise DatabaseTooNew(f"{address} is of revision {revision}, which this lab does not know. {_NEWER}")
    lacking = [name for name in _OURS if name not in there]
    if revision == history.head and lacking:
        raise StoreError(f"{address} lacks the table {lacking[0]}. Restore it from a backup of the server.")
    rows = {name: connection.execute(text(_count_of(name))).scalar_one() for name in _OURS if name in there}
    return Checked(str(address), revision, revision != history.head, MappingProxyType(rows), None)
