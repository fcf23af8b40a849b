"""Opening the database, and the two kinds of session: `read`, a snapshot, and `write`, which excludes other writers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table, func, select
from sqlmodel import Session

from lab.errors import StoreError
from lab.store import judging_tables, snapshot_tables  # noqa: F401  their tables join LabModel's
from lab.store.address import Address, address_of
from lab.store.connect import WRITES, read_only_uri, server_engine, sqlite_engine
from lab.store.faults import as_sentences
from lab.store.schema import check_server, check_sqlite, prepare_sqlite
from lab.store.tables import LabModel


class Store:
    """An open database. Safe to share between threads: every session has its own connection from the pool."""

    def __init__(self, engine: Engine, address: Address, *, read_only: bool) -> None:
        self.engine = engine
        self.address = address
        self.read_only = read_only
        self._readers = engine.execution_options(postgresql_readonly=True) if address.path is None else engine
        self._writers = engine.execution_options(**{WRITES: True})

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that sees one moment of the database and cannot write. Raises StoreError."""
        with as_sentences(self.address), Session(self._readers) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session that commits when the block ends and rolls back when it raises. Raises StoreError.

        On SQLite it holds the write lock from its first statement, so that what it reads stays true until it commits;
        keep the block short. On PostgreSQL see `exclusive`.
        """
        if self.read_only:
            raise StoreError(f"{self.address} was opened for reading only, so nothing of this was stored.")
        with as_sentences(self.address), Session(self._writers, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give the connections back; the last one out folds the write-ahead log into the database file."""
        self.engine.dispose()


def open_store(url: str | None = None, data_dir: Path | None = None, *, read_only: bool = False) -> Store:
    """Open the database at `url`, or lab.db in `data_dir`; an SQLite one is made or upgraded first.

    With `read_only` nothing is made, upgraded or written, and NotFound is raised where there is no database yet.
    Raises DatabaseTooNew, DatabaseTooOld (PostgreSQL, or read-only: `upgrade` first), or StoreError for one that cannot
    be opened.
    """
    address = address_of(url, data_dir)
    with as_sentences(address):
        if address.path is None:
            return _open_server(address, read_only=read_only)
        if read_only:
            check_sqlite(address.path, read_only_uri(address.path))
        else:
            prepare_sqlite(address.path)
        return Store(sqlite_engine(address.path, read_only=read_only), address, read_only=read_only)


def insert_once(session: Session, row: LabModel) -> bool:
    """Insert `row` unless its id is there, and tell whether it was inserted; what is there is not touched."""
    table = LabModel.metadata.tables[str(row.__tablename__)]
    statement = _insert_into(session, table).values(_values(row)).returning(table.c.seq)
    return session.connection().execute(statement).first() is not None


def insert_all_once(session: Session, model: type[LabModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of a table, but for those whose id is there; what is there is not touched.

    They are plain values by column, since making a model of each would take longer than to store them.
    """
    if rows:
        table = LabModel.metadata.tables[str(model.__tablename__)]
        session.connection().execute(_insert_into(session, table), rows)


def _insert_into(session: Session, table: Table) -> Any:
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    return insert(table).on_conflict_do_nothing(index_elements=["id"])


def _values(row: LabModel) -> dict[str, Any]:
    columns = LabModel.metadata.tables[str(row.__tablename__)].columns
    return {column.name: getattr(row, column.name) for column in columns if column.name != "seq"}


def exclusive(session: Session, *names: str) -> None:
    """Keep other writers that name the same thing out until this session ends: look, then act, is safe after this.

    SQLite's write sessions exclude each other anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        for name in names:
            session.connection().execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))


def beside(session: Session, name: str) -> None:
    """Keep out those who are `exclusive` with this name until this session ends, but nobody who is beside them too."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(select(func.pg_advisory_xact_lock_shared(func.hashtext(name))))


def _open_server(address: Address, *, read_only: bool) -> Store:
    engine = server_engine(address)
    try:
        with engine.connect() as connection:
            check_server(connection, address)
    except BaseException:
        engine.dispose()  # nobody else has it to close it
        raise
    return Store(engine, address, read_only=read_only)
