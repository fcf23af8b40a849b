"""A process with one job that never ends: `job_worker.py url kind key`. Says the job's id when it is at 3 of 10."""

import sys
import threading

from lab.jobs import JobContext, Jobs
from lab.store import open_store


def endless(job: JobContext) -> None:
    """Get to 3 of 10, then wait to be cancelled."""
    job.progress(3, 10, "downloading")
    print(job.job_id, flush=True)
    job.cancelled.wait()
    job.check()


if __name__ == "__main__":
    jobs = Jobs(open_store(sys.argv[1]), beat_s=0.02)
    job_id = jobs.start(sys.argv[2], "A job of another process", endless, key=sys.argv[3])
    print(jobs.wait(job_id).state, flush=True)
    threading.Event().wait()  # until the test ends the process
