"""Rows of long work: who does it, how far it is, and whether the one who does it is still there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from lab.errors import NotFound, StoreError
from lab.records import Job, JobState
from lab.store.engine import Store, exclusive
from lab.store.owner import Process, is_gone
from lab.store.tables import JobRow
from lab.store.text import check_texts, is_storable, repair_text

STALE_S = 15.0
"""A running job whose heartbeat is older than this, in seconds, counts as interrupted."""

_RUNNING = col(JobRow.state) == "running"
_INTERRUPTED = "The process that did this ended before it was done. Start it again."


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is; `total` and `eta_s` are None where they are not known."""

    done: int = 0
    total: int | None = None
    note: str = ""
    eta_s: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rows say to those who do the work: ids that shall stop, and ids that another one has taken over."""

    cancel: frozenset[str]
    taken_over: frozenset[str]


def begin(
    store: Store, job_id: str, *, kind: str, key: str, title: str, owner: str, process: Process, now: datetime
) -> str:
    """Insert a running job and return its id; where one of this kind and key runs already, return that one's id."""
    check_texts([job_id, kind, key], "The kind or key of the job")
    with store.write() as session:
        exclusive(session, "job")
        running = session.exec(select(JobRow).where(_RUNNING, JobRow.kind == kind, JobRow.key == key)).one_or_none()
        if running is not None:
            if not _is_lost(running, now):
                return running.id
            running.state, running.error, running.eta_s = "interrupted", _INTERRUPTED, None
            session.add(running)
            session.flush()  # before the insert, which the index over running jobs would refuse
        session.add(
            JobRow(
                id=job_id, kind=kind, key=key, title=repair_text(title)[0], state="running",
                done=0, total=None, note="", error=None, eta_s=None, cancel_requested=False,
                owner=owner, host=process.host, pid=process.pid, process_start=process.start,
                created_at=now, updated_at=now,
            )
        )  # fmt: skip
        return job_id


def beat(store: Store, owner: str, progress: Mapping[str, Progress], now: datetime) -> Asked:
    """Write the heartbeat and progress of `owner`'s jobs, and return what was asked meanwhile.

    A job that was called interrupted while its computer slept runs again, unless another one was started since.
    """
    cancel, taken_over = set(), set()
    with store.write() as session:
        exclusive(session, "job")
        mine = select(JobRow).where(JobRow.owner == owner, col(JobRow.id).in_(list(progress)))
        for row in session.exec(mine).all():
            if row.state == "interrupted" and _other_runs(session, row):
                taken_over.add(row.id)
                continue
            if row.state in ("running", "interrupted"):
                row.state, row.error, row.updated_at = "running", None, now
                _put(row, progress[row.id])
                session.add(row)
            if row.cancel_requested:
                cancel.add(row.id)
    return Asked(frozenset(cancel), frozenset(taken_over))


def finish(
    store: Store, owner: str, job_id: str, *, state: JobState, error: str | None, progress: Progress, now: datetime
) -> None:
    """Write how `owner`'s job ended; nothing when it is written already."""
    with store.write() as session:
        exclusive(session, "job")
        query = select(JobRow).where(JobRow.id == job_id, JobRow.owner == owner)
        row = session.exec(query).one_or_none()
        if row is None or row.state not in ("running", "interrupted"):
            return
        _put(row, progress)
        row.state, row.error, row.updated_at, row.eta_s = state, error and repair_text(error)[0], now, None
        session.add(row)


def request_cancel(store: Store, job_id: str) -> None:
    """Ask whoever does the job to stop; nothing when it has ended. Raises NotFound."""
    with store.write() as session:
        row = _row(session, job_id)
        if row.state == "running":
            row.cancel_requested = True
            session.add(row)


def get(store: Store, job_id: str, now: datetime) -> Job:
    """Return the job as it stands. Raises NotFound."""
    with store.read() as session:
        row = _row(session, job_id)
    return _settled(store, [row], now)[0]


def recent(store: Store, now: datetime, limit: int = 20, kind: str | None = None) -> list[Job]:
    """Return at most `limit` jobs, of one kind where that is given, the one started last first."""
    query = select(JobRow).order_by(col(JobRow.seq).desc()).limit(limit)
    if kind is not None:
        query = query.where(JobRow.kind == kind)
    with store.read() as session:
        rows = session.exec(query).all()
    return _settled(store, rows, now)


def _settled(store: Store, rows: Iterable[JobRow], now: datetime) -> list[Job]:
    """Return the jobs, those whose process is gone as interrupted, and write that down where it can be written."""
    jobs = []
    for row in rows:
        lost = row.state == "running" and _is_lost(row, now)
        if lost and not store.read_only:
            with suppress(StoreError):  # a full disk does not change what is true; the next reader writes it
                _write_interrupted(store, row)
        jobs.append(_job(row, interrupted=lost))
    return jobs


def _write_interrupted(store: Store, seen: JobRow) -> None:
    statement = (
        update(JobRow)
        .where(col(JobRow.id) == seen.id, _RUNNING, col(JobRow.updated_at) == seen.updated_at)
        .values(state="interrupted", error=_INTERRUPTED, eta_s=None)
    )  # a heartbeat that came in between wins
    with store.write() as session:
        session.connection().execute(statement)


def _is_lost(row: JobRow, now: datetime) -> bool:
    stale = (now - row.updated_at).total_seconds() > STALE_S
    return stale or is_gone(Process(row.host, row.pid, row.process_start))


def _other_runs(session: Session, row: JobRow) -> bool:
    others = select(JobRow).where(_RUNNING, JobRow.kind == row.kind, JobRow.key == row.key, JobRow.id != row.id)
    return session.exec(others).first() is not None


def _put(row: JobRow, progress: Progress) -> None:
    row.done, row.total, row.eta_s = progress.done, progress.total, progress.eta_s
    row.note = repair_text(progress.note)[0]


def _row(session: Session, job_id: str) -> JobRow:
    row = None
    if is_storable(job_id):
        row = session.exec(select(JobRow).where(JobRow.id == job_id)).one_or_none()
    if row is None:
        raise NotFound(f"No job has the id {job_id!r}. Open one from the list of jobs.")
    return row


def _job(row: JobRow, *, interrupted: bool) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        title=row.title,
        state="interrupted" if interrupted else row.state,  # type: ignore[arg-type]  # only this module writes it
        done=row.done,
        total=row.total,
        note=row.note,
        error=_INTERRUPTED if interrupted else row.error,
        created_at=row.created_at,
        updated_at=row.updated_at,
        eta_s=None if interrupted else row.eta_s,
    )
