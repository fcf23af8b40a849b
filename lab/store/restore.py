"""Restoring a backup: checked, copied, upgraded and checked again beside the database, then swapped in at once.

Other processes may have the database open: a running lab, a second one. A file that was put in its place would leave
them writing to the old one unseen. So the pages of the restored copy are written into the same file as one
transaction: whoever has it open sees the old database, or the new one, and a kill in the middle leaves the old one.
While it holds the write lock, the present database is copied into the backups folder: what was acknowledged before is
in that copy, and what is acknowledged after it is in the restored database.
"""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from lab.errors import KeepingError, StoreError
from lab.store.address import address_of
from lab.store.backup import discard, file_of, move_in, writing_to
from lab.store.checking import check_file, glance, still_uri, tells_damage
from lab.store.connect import read_only_uri
from lab.store.faults import BUSY_S, as_sentences
from lab.store.schema import (
    HISTORY,
    SIDE_FILES,
    History,
    alone,
    backup_name,
    backups_of,
    migrate,
    put_in_place,
    revision_in,
)
from lab.store.tables import LabModel
from lab.types import new_id

_STEPS = 50  # in which the pages are written; at least two, see `_write_over`
_SHARED_BYTES = (0x40000002, 510)  # SQLite's file format: where a connection holds its lock as long as it is open


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. `kept` is the database of before, as a backup; None where there was none."""

    place: Path
    source: Path
    kept: Path | None
    before: str  # the revision of the backup
    after: str
    rows: Mapping[str, int]  # by table


def restore(source: Path, url: str | None = None, data_dir: Path | None = None, history: History = HISTORY) -> Restored:
    """Put a backup in the place of the lab's database, which is kept as another backup.

    Raises KeepingError for a file that cannot be restored, or a database on a server; StoreError when the disk is full,
    or another program does not let go. The database is then as it was.
    """
    path = file_of(address_of(url, data_dir))
    before = check_file(source, history).revision
    if path.exists() and path.samefile(source):
        raise KeepingError(f"{source} is the database itself. Name the file of a backup.")
    with alone(path), as_sentences(path), writing_to(path.parent):
        prepared = unfinished_of(path)
        discard(prepared)  # of a restore that was killed
        try:
            _copy(still_uri(source), prepared)
            migrate(prepared, history)
            checked = check_file(prepared, history)
            kept = _swap_in(prepared, path)
        finally:
            discard(prepared)
    return Restored(path, source, kept, before, checked.revision, checked.rows)


def unfinished_of(path: Path) -> Path:
    """Return where the copy lies while it is made ready; whoever is `alone` with the database may delete it."""
    return path.with_name(f".{path.name}.restoring")


def missing_from(source: Path, url: str | None = None, data_dir: Path | None = None) -> Mapping[str, int] | None:
    """Return how many rows of the present database a backup lacks, by table: what restoring it would take away.

    Tables that lose nothing are left out. None where the present database cannot be read, so that nobody knows.
    Raises KeepingError for a file that cannot be restored, or a database on a server.
    """
    path = file_of(address_of(url, data_dir))
    glance(source)
    if not path.exists():
        return MappingProxyType({})
    try:
        with closing(sqlite3.connect(read_only_uri(path), uri=True, timeout=BUSY_S)) as connection:
            connection.execute("ATTACH ? AS kept", (still_uri(source),))
            return MappingProxyType(_missing(connection))
    except sqlite3.Error:
        return None


def _missing(connection: sqlite3.Connection) -> dict[str, int]:
    def tables(schema: str) -> set[str]:
        query = f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table'"  # noqa: S608  main or kept
        return {name for (name,) in connection.execute(query)}

    here, there, found = tables("main"), tables("kept"), {}
    for name in sorted(here & set(LabModel.metadata.tables)):
        unknown = f" WHERE id NOT IN (SELECT id FROM kept.{name})" if name in there else ""  # noqa: S608  our own names
        found[name] = connection.execute(f"SELECT count(*) FROM main.{name}{unknown}").fetchone()[0]  # noqa: S608
    return {name: count for name, count in found.items() if count}


# ------------------------------------------------------------------------------------------------------- swapping in


def _swap_in(prepared: Path, path: Path) -> Path | None:
    if not path.exists():
        put_in_place(prepared, path)
        return None
    try:
        return _write_over(prepared, path)
    except sqlite3.Error as err:
        if not tells_damage(err):
            raise
    kept = _move_aside(path)
    put_in_place(prepared, path)
    return kept


def _write_over(prepared: Path, path: Path) -> Path | None:
    """Write the prepared pages over the database in one transaction, and return the copy of what it was before."""
    revision = _revision_of(path)
    kept: list[Path] = []

    def held(status: int, *_: int) -> None:
        """Runs after each step; from the first one that went through, nobody else can write."""
        if status == sqlite3.SQLITE_BUSY:
            raise _busy(path)
        if not kept and revision is not None:
            kept.append(_keep(path, revision))

    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=BUSY_S)) as target:
            target.execute("PRAGMA journal_mode=WAL")  # under which the copy above can be read meanwhile
            _fit(prepared, target)
            _write(prepared, target, held)
            target.execute("PRAGMA busy_timeout=1000")  # a reader can hold the log up: it is folded in later then
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except BaseException:
        for copy in kept:
            copy.unlink(missing_ok=True)
        raise
    return kept[0] if kept else None


def _write(prepared: Path, target: sqlite3.Connection, held: Callable[..., None]) -> None:
    with closing(sqlite3.connect(still_uri(prepared), uri=True)) as source:
        pages = source.execute("PRAGMA page_count").fetchone()[0]
        # a last step commits, so the first must not be the last: a database of the lab has dozens of pages
        source.backup(target, pages=max(1, pages // _STEPS), progress=held)


def _fit(prepared: Path, target: sqlite3.Connection) -> None:
    """Give the prepared copy the page size of the database: under a write-ahead log it cannot change."""
    wanted = target.execute("PRAGMA page_size").fetchone()[0]
    with closing(sqlite3.connect(prepared, isolation_level=None)) as connection:
        if connection.execute("PRAGMA page_size").fetchone()[0] != wanted:
            connection.execute(f"PRAGMA page_size={int(wanted)}")
            connection.execute("VACUUM")


def _revision_of(path: Path) -> str | None:
    try:
        return revision_in(path, f"{path.as_uri()}?mode=rw")
    except sqlite3.Error as err:
        if not tells_damage(err):
            raise
        return "damaged"


def _keep(path: Path, revision: str) -> Path:
    """Copy the present database, its write-ahead log folded in, into the backups folder."""
    folder = backups_of(path)
    unfinished = folder / f".{new_id()}.part"
    with writing_to(folder):
        folder.mkdir(exist_ok=True)
        try:
            _copy(read_only_uri(path), unfinished)
            shutil.copymode(path, unfinished)
            kept = folder / backup_name(path, revision, "before-restore")
            move_in(unfinished, kept)
        finally:
            discard(unfinished)
    return kept


def _copy(uri: str, target: Path) -> None:
    """Copy a database page by page, so that also one that is not whole is copied as it is."""
    with (
        closing(sqlite3.connect(uri, uri=True, timeout=BUSY_S)) as source,
        closing(sqlite3.connect(target, isolation_level=None)) as copy,
    ):
        source.backup(copy)
        with suppress(sqlite3.DatabaseError):  # of one that is not whole
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it


def _move_aside(path: Path) -> Path:
    """Move a file that is no whole database into the backups folder, when nobody has it open."""
    folder = backups_of(path)
    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_BYTES[1], _SHARED_BYTES[0])
        except OSError as err:
            raise _busy(path) from err
        folder.mkdir(exist_ok=True)
        aside = folder / backup_name(path, "damaged", "before-restore")
        for end in ("", *SIDE_FILES):
            with suppress(FileNotFoundError):
                shutil.move(path.with_name(path.name + end), aside.with_name(aside.name + end))
    return aside


def _busy(path: Path) -> StoreError:
    return StoreError(
        f"{path} is in use by another program, so it was left as it is. Close what has it open (a lab, a database "
        "browser), then try again."
    )
