"""A process that generates duels until it is done or killed: `bulk_worker.py folder url dataset_id`."""

import sys
from pathlib import Path

from bulk_case import BATCH, HURRIED, Bulk

from lab.preferences.duels import generating

if __name__ == "__main__":
    bulk = Bulk(Path(sys.argv[1]), sys.argv[2])
    job_id = generating.begin(bulk.jobs, bulk.exchange, BATCH, bulk.request(sys.argv[3]), patience=HURRIED)
    print(bulk.jobs.wait(job_id).state, flush=True)
