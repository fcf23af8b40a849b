"""Database errors as sentences: what happened, to which database, and the way out."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from lab.errors import StoreError

FULL = "The disk that holds {place} is full, so nothing of this was stored. Free some space, then try again."

BUSY_S = 15.0
"""How long a write waits for another one, in seconds."""

_LOCKED = (
    "{place} has been locked by another program for {busy:.0f} s, so nothing of this was stored. "
    "Close what else has it open (a database browser, a stuck lab), then try again."
)
_READ_ONLY = (
    "{place} cannot be written: the file or its folder is read-only, so nothing of this was stored. "
    "Allow writing there, or set LAB_DATABASE_URL to another place."
)
_CANNOT_OPEN = (
    "{place} cannot be opened. Check that it exists and that its folder can be read and written, "
    "or set LAB_DATABASE_URL to another place."
)
_NOT_A_DATABASE = (
    "{place} is not an SQLite database. Move that file away, or set LAB_DATABASE_URL to another place; "
    "the lab does not touch it."
)
_DAMAGED = "{place} is damaged ({reason}). Keep a copy of it, then {way_out}."
_FROM_BACKUPS = "restore the newest file of its backups folder: `python -m lab db restore FILE`"
_FROM_NOTHING = "move it away: the lab begins a database there, and files that are added again find their rows"
_DISK = "The disk reports a fault at {place} ({reason}). Check the disk, then try again."
_NO_ANSWER = "The database {place} does not answer ({reason}). Start it, or check LAB_DATABASE_URL."
_REFUSED = "The database {place} refused this: {reason}. Nothing of it was stored."

_BY_SQLITE_NAME = {
    "SQLITE_FULL": FULL,
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_LOCKED": _LOCKED,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_PERM": _READ_ONLY,
    "SQLITE_CANTOPEN": _CANNOT_OPEN,
    "SQLITE_NOTADB": _NOT_A_DATABASE,
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_IOERR": _DISK,
}
_BY_SQLSTATE = {"53100": FULL, "55P03": _LOCKED, "25006": _READ_ONLY}  # PostgreSQL, appendix A
_LEAST_FREE = 256 * 1024  # bytes: with less, SQLite cannot even make the files that it reads with


@contextmanager
def as_sentences(place: object) -> Iterator[None]:
    """Raise StoreError with a sentence that names `place` where the database raises an error of its own."""
    try:
        yield
    except DBAPIError as err:
        raise StoreError(_sentence(err.orig or err, str(place), lost=err.connection_invalidated)) from err
    except sqlite3.Error as err:
        raise StoreError(_sentence(err, str(place))) from err
    except PoolTimeout as err:
        raise StoreError(
            f"Too many things use {place} at once, so nothing of this was stored. Try again in a moment."
        ) from err


def _sentence(error: BaseException, place: str, *, lost: bool = False) -> str:
    reason = " ".join(str(error).split()).rstrip(".")
    name: str = getattr(error, "sqlite_errorname", "")
    sqlstate: str | None = getattr(error, "sqlstate", None)
    if name:  # extended names, such as SQLITE_READONLY_DIRECTORY, begin with the plain one
        form = _BY_SQLITE_NAME.get("_".join(name.split("_")[:2]), _REFUSED)
    elif sqlstate is not None:
        form = _BY_SQLSTATE.get(sqlstate, _NO_ANSWER if sqlstate.startswith(("08", "57P")) else _REFUSED)
    else:
        form = _NO_ANSWER if lost or type(error).__name__ == "OperationalError" else _REFUSED
    if form is _DISK and is_full(Path(place).parent):
        form = FULL
    if form is _DAMAGED:
        return damaged(place, reason)
    return form.format(place=place, reason=reason, busy=BUSY_S)


def damaged(place: object, reason: str) -> str:
    """Return the sentence for a database file that is not whole, with the way out that there is."""
    way_out = _FROM_BACKUPS if (Path(str(place)).parent / "backups").is_dir() else _FROM_NOTHING
    return _DAMAGED.format(place=place, reason=reason.rstrip("."), way_out=way_out)


def is_full(folder: Path) -> bool:
    """Tell whether the disk that holds a folder has no space left to speak of."""
    try:
        return shutil.disk_usage(folder).free < _LEAST_FREE
    except OSError:
        return False
