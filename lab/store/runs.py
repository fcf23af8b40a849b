"""Saved runs: what was searched, on what, with which packages, and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlmodel import Session, col, select

from lab.errors import NotFound
from lab.records import Run
from lab.store.engine import Store, insert_once
from lab.store.json_values import stored_json
from lab.store.tables import DatasetRow, RunRow
from lab.store.text import check_texts, is_storable


def record(
    store: Store,
    run_id: str,
    *,
    name: str,
    dataset_id: str,
    dataset_hash: str,
    router_hash: str,
    seed: int,
    spec: Mapping[str, Any],
    result: Mapping[str, Any],
    packages: Mapping[str, str],
    seconds: float,
    created_at: datetime | None = None,
) -> Run:
    """Store a run and return it as stored; an id that is there already returns the first, unchanged.

    `created_at` defaults to now. Raises NotFound for an unknown dataset, Unstorable, naming the place, for a value that
    JSON cannot hold (NaN: store null where there is no figure).
    """
    check_texts([run_id, name, dataset_id, dataset_hash, router_hash], "The run")
    row = RunRow(
        id=run_id,
        name=_name(name),
        dataset_id=dataset_id,
        dataset_hash=dataset_hash,
        router_hash=router_hash,
        seed=seed,
        spec=stored_json(spec, "spec"),
        result=stored_json(result, "result"),
        packages=stored_json(packages, "packages"),
        seconds=stored_json({"seconds": seconds}, "The run")["seconds"],
        created_at=created_at or datetime.now(UTC),
        deleted_at=None,
    )
    with store.write() as session:
        if session.exec(select(DatasetRow.seq).where(DatasetRow.id == dataset_id)).first() is None:
            raise NotFound(f"The run names the dataset {dataset_id!r}, which is not stored.")
        insert_once(session, row)
        return _run(session.exec(select(RunRow).where(RunRow.id == run_id)).one())


def get(store: Store, run_id: str) -> Run:
    """Return the run with this id. Raises NotFound, also for one that was deleted."""
    with store.read() as session:
        return _run(_row(session, run_id))


def recent(store: Store, dataset_id: str | None = None, limit: int = 50, *, before_seq: int | None = None) -> list[Run]:
    """Return at most `limit` runs, the newest first, of one dataset or of all, from before `before_seq` if given."""
    query = select(RunRow).where(col(RunRow.deleted_at).is_(None)).order_by(col(RunRow.seq).desc()).limit(limit)
    if dataset_id is not None:
        if not is_storable(dataset_id):
            return []
        query = query.where(RunRow.dataset_id == dataset_id)
    if before_seq is not None:
        query = query.where(RunRow.seq < before_seq)
    with store.read() as session:
        return [_run(row) for row in session.exec(query)]


def rename(store: Store, run_id: str, name: str) -> Run:
    """Give a run another name. Raises NotFound."""
    check_texts(name, "The name of the run")
    with store.write() as session:
        row = _row(session, run_id)
        row.name = _name(name)
        session.add(row)
        session.flush()
        return _run(row)


def delete(store: Store, run_id: str) -> None:
    """Take a run off the list; once it is gone a repeat changes nothing. Raises NotFound for an id no run ever had."""
    with store.write() as session:
        row = _row(session, run_id, deleted=True)
        row.deleted_at = row.deleted_at or datetime.now(UTC)
        session.add(row)


def _name(name: str) -> str:
    return " ".join(name.split())


def _row(session: Session, run_id: str, *, deleted: bool = False) -> RunRow:
    row = None
    if is_storable(run_id):
        row = session.exec(select(RunRow).where(RunRow.id == run_id)).one_or_none()
    if row is None:
        raise NotFound(f"No run has the id {run_id!r}. It may be in another database; open one from the list of runs.")
    if row.deleted_at is not None and not deleted:
        raise NotFound(f"The run {row.name!r} was deleted. Open another one from the list of runs.")
    return row


def _run(row: RunRow) -> Run:
    return Run(
        id=row.id,
        seq=row.seq,
        name=row.name,
        dataset_id=row.dataset_id,
        dataset_hash=row.dataset_hash,
        router_hash=row.router_hash,
        seed=row.seed,
        spec=MappingProxyType(row.spec),
        result=MappingProxyType(row.result),
        packages=MappingProxyType(row.packages),
        seconds=row.seconds,
        created_at=row.created_at,
    )
