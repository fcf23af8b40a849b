"""A batch of duels as long work: begun, resumed in any process, and failed answers asked for again."""

from __future__ import annotations

from lab.errors import NotFound
from lab.exchange import Exchange
from lab.jobs import JobContext, Jobs
from lab.judging import Batch
from lab.preferences.duels.asking import Patience
from lab.preferences.duels.request import Request, checked, from_json, to_json
from lab.preferences.duels.run import Run
from lab.preferences.duels.sources import drawn
from lab.store import batches

KIND = "generate"
"""The kind of the jobs; their key is the batch's id, so that no two work on one batch."""


def begin(jobs: Jobs, exchange: Exchange, batch_id: str, request: Request, *, patience: Patience | None = None) -> str:
    """Start a batch as a job and return the job's id; one that is under way, or was begun before, goes on.

    The job draws the prompts, stores what was drawn with the batch, and asks. Raises DuelError for what cannot be asked
    for, JobError, StoreError.
    """
    checked(request)

    def work(job: JobContext) -> None:
        Run(exchange, _begun(exchange, batch_id, request, job), patience=patience).go(job)

    return jobs.start(KIND, _title(request), work, key=batch_id)


def resume(
    jobs: Jobs, exchange: Exchange, batch_id: str, *, again: bool = False, patience: Patience | None = None
) -> str:
    """Go on with a batch and return the job's id: what is stored is not asked for again, failed answers only `again`.

    Works in any process: all it needs is stored. Raises NotFound for an unknown batch, DuelError for one that was not
    asked for in bulk, JobError, StoreError.
    """
    batch = batches.get(exchange.store, batch_id)
    request, _, _ = from_json(batch)

    def work(job: JobContext) -> None:
        Run(exchange, batch, again=again, patience=patience).go(job)

    return jobs.start(KIND, _title(request), work, key=batch_id)


def _begun(exchange: Exchange, batch_id: str, request: Request, job: JobContext) -> Batch:
    def said(done: int, total: int, note: str) -> None:
        job.check()
        job.progress(done, total, note)

    try:
        return batches.get(exchange.store, batch_id)
    except NotFound:
        size, items = drawn(exchange, request, said)
    spec = to_json(request, size, items)
    return batches.begin(exchange.store, batch_id, kind="bulk", name=request.name, spec=spec)


def _title(request: Request) -> str:
    return f"Duels {request.name}"
