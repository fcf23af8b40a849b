"""Backups of an SQLite database: made while others use it, whole or not at all, and never over another file.

A backup holds the database. The rows of datasets are files of their own and are not in it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from lab.errors import KeepingError, NotFound, StoreError
from lab.store.address import Address
from lab.store.checking import Checked, check_file, glance
from lab.store.connect import read_only_uri
from lab.store.engine import Store
from lab.store.faults import BUSY_S, FULL, as_sentences, is_full
from lab.store.schema import SIDE_FILES, backup_name, backups_of
from lab.types import new_id

_KNOWN = 1_000  # backups whose contents are remembered, so that a list is quick
_OF_THE_PLACE = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM")
_TAKEN = "{target} is there already, and nothing is overwritten. Name another file."
_UNFINISHED = "This backup is being made, or the lab was ended while it was made. Delete it when nobody makes one."
_SERVER = (
    "{address} is on a server, which keeps its own backups. To make one: `pg_dump --format=custom --file=lab.dump "
    "{url}`. To restore it, with every lab closed: `pg_restore --clean --if-exists --dbname={url} lab.dump`."
)


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup. One that cannot be restored has a `fault`, which says why, and then neither revision nor rows."""

    path: Path
    made_at: datetime
    size_bytes: int
    revision: str | None
    rows: Mapping[str, int]  # by table
    fault: str | None = None


def backup(store: Store, to: Path | None = None, *, why: str = "") -> Backup:
    """Copy the database as it is at one moment into a file, check the copy, and return it; others go on meanwhile.

    `to` is a file that is not there yet, or a folder; without it the copy goes into the folder `backups` beside the
    database. `why` goes into a name that is made here. Raises KeepingError for a place that is taken or cannot be
    written, or where the database is on a server; StoreError for a full disk or a damaged database. Nothing is left
    behind then.
    """
    source = file_of(store.address)
    folder, name = _place(source, to)
    unfinished = folder / f".{new_id()}.part"
    with as_sentences(source), writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with closing(sqlite3.connect(read_only_uri(source), uri=True, timeout=BUSY_S)) as connection:
                connection.execute("VACUUM INTO ?", (str(unfinished),))
            shutil.copymode(source, unfinished)  # a private database has private backups
            checked = check_file(unfinished)
            target = folder / (name or backup_name(source, checked.revision, why))
            move_in(unfinished, target)
        finally:
            discard(unfinished)
    return _described(target, checked)


def listed(address: Address) -> list[Backup]:
    """Return the backups in the folder beside the database, the newest first; none where the database is on a server.

    What is in a file is read once. One that a kill left unfinished is listed too, to be deleted. Raises KeepingError
    when the folder cannot be read.
    """
    if address.path is None:
        return []
    folder = backups_of(address.path)
    try:
        names = [*folder.glob("*.db"), *folder.glob(".*.part")] if folder.is_dir() else []
        files = [(path, path.stat()) for path in names]
    except OSError as err:
        raise KeepingError(f"{folder} cannot be read: {err.strerror or err}. Check whether it may be read.") from err
    found = [_read(path, state.st_size, state.st_mtime_ns, state.st_ctime_ns) for path, state in files]
    return sorted(found, key=lambda one: (one.made_at, one.path.name), reverse=True)


def named(address: Address, name: str) -> Backup:
    """Return the backup of this file name in the folder beside the database. Raises NotFound."""
    for one in listed(address):
        if one.path.name == name:
            return one
    raise NotFound(f"There is no backup {name!r} any more. Look at the list again.")


def remove(address: Address, name: str) -> None:
    """Delete a backup of the folder beside the database; nothing happens where it is gone. Raises KeepingError."""
    for one in listed(address):
        if one.path.name == name:
            try:
                discard(one.path)
            except OSError as err:
                raise KeepingError(f"{one.path} cannot be deleted: {err.strerror or err}. Delete it by hand.") from err


def take_in(address: Address, data: bytes) -> Backup:
    """Put a backup that comes from elsewhere into the folder beside the database, and return it.

    Raises KeepingError for one that cannot be restored, and as `backup`; nothing of it is kept then.
    """
    place = file_of(address)
    folder = backups_of(place)
    unfinished = folder / f".{new_id()}.part"
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.touch(mode=0o600)
            unfinished.write_bytes(data)
            try:
                checked = check_file(unfinished)
            except KeepingError as err:
                raise KeepingError(str(err).replace(str(unfinished), "The file")) from err
            target = folder / backup_name(place, checked.revision, "uploaded")
            move_in(unfinished, target)
        finally:
            discard(unfinished)
    return _described(target, checked)


def file_of(address: Address) -> Path:
    """Return the database file. Raises KeepingError, which says what to do instead, for a server."""
    if address.path is None:
        assert address.url is not None
        url = address.url.set(drivername="postgresql", password=None).render_as_string()
        raise KeepingError(_SERVER.format(address=address, url=url))
    return address.path


def move_in(whole: Path, target: Path) -> None:
    """Give a whole file its name, safely on the disk. Raises KeepingError where that name is taken, OSError."""
    _sync(whole)
    try:
        try:
            os.link(whole, target)  # unlike a renaming, this never replaces a file
        except FileExistsError:
            raise
        except OSError:  # a disk that knows no links
            if target.exists():
                raise FileExistsError from None
            os.rename(whole, target)
    except FileExistsError:
        raise KeepingError(_TAKEN.format(target=target)) from None
    whole.unlink(missing_ok=True)
    _sync(target.parent)


def discard(path: Path) -> None:
    """Delete a database file and what SQLite left beside it, as far as it is there. Raises OSError."""
    for end in ("", *SIDE_FILES):
        path.with_name(path.name + end).unlink(missing_ok=True)


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Say of a fault of the disk, or of a right that is missing, that it is `folder` which cannot be written."""
    try:
        yield
    except sqlite3.Error as err:
        name = getattr(err, "sqlite_errorname", "")
        if not name.startswith(_OF_THE_PLACE):
            raise
        if name.startswith("SQLITE_FULL") or is_full(folder):
            raise StoreError(FULL.format(place=folder)) from err
        raise KeepingError(_not_written(folder, str(err))) from err
    except OSError as err:
        if is_full(folder):
            raise StoreError(FULL.format(place=folder)) from err
        raise KeepingError(_not_written(folder, err.strerror or str(err))) from err


def _not_written(folder: Path, reason: str) -> str:
    return f"{folder} cannot be written ({reason}). Allow writing there, or name another place."


def _place(source: Path, to: Path | None) -> tuple[Path, str | None]:
    """Return the folder of a new backup, and its name where that was given."""
    if to is None:
        return backups_of(source), None
    try:
        to = to.expanduser().absolute()
        is_folder = stat.S_ISDIR(to.stat().st_mode)
    except FileNotFoundError:
        return to.parent, to.name
    except (OSError, ValueError, RuntimeError) as err:  # a name too long, a NUL, a user who is not there
        raise KeepingError(f"{str(to)!r} names no place for a file: {err}. Name another one.") from err
    if not is_folder:
        raise KeepingError(_TAKEN.format(target=to))
    return to, None


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@lru_cache(maxsize=_KNOWN)
def _read(path: Path, size: int, changed_ns: int, _state_ns: int) -> Backup:  # a file that changed is read anew
    made_at = datetime.fromtimestamp(changed_ns / 1e9, UTC)
    if path.suffix == ".part":
        return Backup(path, made_at, size, None, MappingProxyType({}), _UNFINISHED)
    try:
        checked = glance(path)
    except StoreError as err:
        return Backup(path, made_at, size, None, MappingProxyType({}), str(err))
    return Backup(path, made_at, size, checked.revision, checked.rows)


def _described(path: Path, checked: Checked) -> Backup:
    state = path.stat()
    made_at = datetime.fromtimestamp(state.st_mtime_ns / 1e9, UTC)
    return Backup(path, made_at, state.st_size, checked.revision, checked.rows)
