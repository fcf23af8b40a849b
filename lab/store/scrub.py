"""Rewriting the database so that what was deleted is gone from its files, byte by byte."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from lab.errors import StoreError
from lab.store.backup import discard
from lab.store.engine import Store
from lab.store.faults import BUSY_S, as_sentences
from lab.store.restore import unfinished_of
from lab.store.schema import alone
from lab.store.tables import LabModel

_LEFT = "What was deleted is not shown any more, but its bytes may still be in {place}: {why} Rewrite it again then."
_READ = "another program reads it, so the write-ahead log could not be emptied. Close that program."


def scrub(store: Store) -> None:
    """Rewrite the database without the bytes of what was deleted; others wait for it.

    SQLite deletes by marking space as free, and keeps the pages of before in its write-ahead log; PostgreSQL keeps the
    rows of before until it is vacuumed, and its own log and backups are beyond reach. Raises StoreError, which says
    that the bytes may still be there, where it cannot be done.
    """
    try:
        with as_sentences(store.address):
            if store.address.path is None:
                _server(store.engine)
            else:
                _file(store.address.path)
    except StoreError as err:
        raise StoreError(_LEFT.format(place=store.address, why=str(err))) from err


def _file(path: Path) -> None:
    with alone(path), closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=BUSY_S)) as connection:
        discard(unfinished_of(path))
        connection.isolation_level = None
        connection.execute("PRAGMA secure_delete=ON")  # also what is left over inside of pages
        connection.execute("VACUUM")
        held_up, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if held_up:
        raise StoreError(_READ)


def _server(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"SET lock_timeout = '{BUSY_S:.0f}s'")
        try:
            for name in LabModel.metadata.tables:
                connection.exec_driver_sql(f"VACUUM FULL {name}")
        finally:
            connection.exec_driver_sql("RESET lock_timeout")
