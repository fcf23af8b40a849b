"""Engines: how a connection to SQLite is set up and begins, and how a server is reached."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import NoSuchModuleError

from lab.errors import StoreError
from lab.store.address import Address
from lab.store.faults import BUSY_S
from lab.store.serialise import dumps

WRITES = "lab_writes"
"""The execution option of a connection that may write."""


def sqlite_engine(path: Path, *, read_only: bool) -> Engine:
    """Return an engine for the database file at `path`, which must be there."""
    uri = read_only_uri(path) if read_only else f"{path.as_uri()}?mode=rw"  # rw: never makes an empty database

    def connect() -> sqlite3.Connection:
        # isolation_level=None: sqlite3 begins no transaction by itself, `_begin` does; also right from Python 3.12 on.
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA foreign_keys=ON")
        # Under WAL, NORMAL keeps every commit through a kill of the process, which is the promise: the pages are with
        # the operating system. A power cut can lose the last commits, never damage the file; FULL would cost a sync
        # of the disk for each vote.
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.create_function("lower", 1, _lower, deterministic=True)  # SQLite's own knows ASCII only
        return connection

    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        creator=connect,
        poolclass=QueuePool,
        max_overflow=20,
        json_serializer=dumps,
    )
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    # BEGIN IMMEDIATE: a transaction that reads before it writes would otherwise fail at once when another one wrote in
    # between, or lose an update. query_only: a write in a read session would never be committed, so it must not pass.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def read_only_uri(path: Path) -> str:
    """Return the address under which SQLite reads `path` and never writes it."""
    # Reading under WAL needs the -shm file, which cannot be made in a folder that is not writable; but then, without
    # a -wal file, nobody writes there either, and `immutable` reads the file as it stands.
    writable = os.access(path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids)
    still = not writable and not path.with_name(path.name + "-wal").exists()
    return f"{path.as_uri()}?mode=ro{'&immutable=1' if still else ''}"


def server_engine(address: Address) -> Engine:
    """Return an engine for a PostgreSQL server. StoreError when the driver is not installed."""
    assert address.url is not None
    try:
        return create_engine(address.url, pool_pre_ping=True, max_overflow=20, json_serializer=dumps)
    except (ModuleNotFoundError, NoSuchModuleError) as err:
        raise StoreError(f"{address} needs a driver: {err}. Install it: pip install 'psycopg[binary]'.") from err
