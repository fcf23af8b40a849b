"""Encoding a dataset as long work: in chunks that the vector cache keeps, so that a kill costs the last one alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lab.encoders import Encoder
from lab.forensics.datasets.rows import Rows
from lab.jobs import JobContext, Jobs, Work

CHUNK = 256
"""Prompts that are encoded between two looks at whether to stop."""


def encode_job(jobs: Jobs, encoder: Encoder, rows: Rows, *, then: Callable[[], object] | None = None) -> str:
    """Start encoding the prompts of a dataset and return the job's id; one that runs already is not started twice.

    `then` is done in the job when all are encoded, such as to gather the vectors. Raises JobError, StoreError.
    """
    title = f"Encode {len(rows):,} prompts of {rows.dataset.name} with {encoder.name}"
    return jobs.start("encode", title, encode_work(encoder, rows, then), key=f"{rows.dataset.id} {encoder.fingerprint}")


def encode_work(encoder: Encoder, rows: Rows, then: Callable[[], object] | None = None) -> Work:
    """Return the work itself: every prompt through the encoder, which remembers what it has seen."""

    def work(job: JobContext) -> None:
        job.progress(0, len(rows), "encoding")
        for chunk in _chunks(len(rows)):
            job.check()
            encoder.encode(rows.prompts[chunk])
            job.progress(chunk.stop, len(rows), "encoding")
        if then is not None:
            then()

    return work


def _chunks(rows: int) -> Iterator[slice]:
    """Yield the chunks; a last prompt alone joins the chunk before, as the cache writes only batches to disk."""
    start = 0
    while start < rows:
        stop = start + CHUNK if rows - start > CHUNK + 1 else rows
        yield slice(start, stop)
        start = stop
