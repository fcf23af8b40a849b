"""Taking a file in as long work: in chunks, so that it can be stopped, and goes on where it was stopped or killed."""

from __future__ import annotations

from lab.jobs import JobContext, Jobs, Work
from lab.preferences.imports.sifting import Sifted
from lab.preferences.imports.store import take_in


def import_job(jobs: Jobs, sifted: Sifted, name: str) -> str:
    """Start taking a file in and return the job's id; a file that is on its way in already is not started twice.

    What came of it is the report of its batch. Raises JobError, StoreError.
    """
    title = f"Import {sifted.report.what()} from {name}"
    return jobs.start("import", title, import_work(jobs, sifted, name), key=sifted.content_hash)


def import_work(jobs: Jobs, sifted: Sifted, name: str) -> Work:
    """Return the work itself."""

    def work(job: JobContext) -> None:
        take_in(
            jobs.store,
            sifted,
            name=name,
            now=jobs.clock(),
            progress=lambda done, total: job.progress(done, total, "storing"),
            check=job.check,
        )

    return work
