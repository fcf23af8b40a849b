"""Timing a router on the prompts of a dataset as long work: cold and warm, prompt by prompt."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from lab.encoders import Encoder
from lab.errors import SearchError
from lab.forensics.datasets import Rows
from lab.forensics.evidence import Ints
from lab.forensics.latency.report import LatencyReport, measure
from lab.jobs import JobContext, Jobs, Work
from lab.types import RouterConfig

MOST_PROMPTS = 300
"""Enough for a bound of p95 and a look at p99; more would keep a person waiting and say little else."""


@dataclass(frozen=True, slots=True)
class ColdAndWarm:
    """One router on the same prompts, twice. The reports' rows number `rows`, which index the dataset.

    `warm` is None for an encoder that remembers no vectors; `warm_note` then says so.
    """

    rows: Ints
    cold: LatencyReport
    warm: LatencyReport | None
    warm_note: str
    seed: int
    at: datetime
    load: tuple[float, int] | None  # of the machine in the minute before the end, and its processors; None if unknown


def chosen(rows: Rows, seed: int = 0, most: int = MOST_PROMPTS) -> Ints:
    """Return the rows to time, ascending: at most `most` drawn from those that are not sealed.

    Raises SearchError without any.
    """
    known = np.array([row for row, split in enumerate(rows.splits) if split != "sealed"], dtype=np.int64)
    if not len(known):
        raise SearchError(f"{rows.dataset.name!r} has no prompt to time that is not sealed. Take another dataset.")
    if len(known) <= most:
        return known
    return np.sort(np.random.default_rng(seed).choice(known, most, replace=False))


def key_of(rows: Rows, config: RouterConfig, fingerprint: str) -> str:
    """Return what a result belongs to: these prompts under this router."""
    return f"{rows.dataset.content_hash} {config.content_hash(fingerprint)}"


def latency_work(
    config: RouterConfig, encoder: Encoder, rows: Rows, keep: Callable[[ColdAndWarm], None], seed: int = 0
) -> Work:
    """Return the work: time the prompts cold, then warm, and hand the result to `keep`."""

    def work(job: JobContext) -> None:
        places = chosen(rows, seed)
        prompts = [rows.prompts[row] for row in places.tolist()]
        total = 2 * len(prompts)

        def run(warm: bool) -> LatencyReport:
            before, note = (len(prompts), "warm") if warm else (0, "cold")
            return measure(
                config, encoder, prompts, warm=warm, check=job.check,
                progress=lambda done, _: job.progress(before + done, total, note),
            )  # fmt: skip

        cold, warm, note = run(warm=False), None, ""
        try:
            warm = run(warm=True)
        except SearchError as err:  # an encoder that remembers nothing has no warm time
            note = str(err)
        keep(ColdAndWarm(places, cold, warm, note, seed, datetime.now(UTC), _load()))
        job.progress(total, total)

    return work


def _load() -> tuple[float, int] | None:
    """The mean number of processes that ran or waited, and how many can run at once; not every system tells."""
    return (os.getloadavg()[0], os.cpu_count() or 1) if hasattr(os, "getloadavg") else None


def latency_job(
    jobs: Jobs, config: RouterConfig, encoder: Encoder, rows: Rows, keep: Callable[[ColdAndWarm], None]
) -> str:
    """Start timing a router on a dataset and return the job's id; one that runs already is not started twice.

    Raises JobError, StoreError.
    """
    title = f"Time {min(len(rows), MOST_PROMPTS):,} prompts of {rows.dataset.name}, cold and warm"
    work = latency_work(config, encoder, rows, keep)
    return jobs.start("latency", title, work, key=key_of(rows, config, encoder.fingerprint))
