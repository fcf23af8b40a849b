"""kill -9 in the middle of a batch, from a server that fails 20 % and stalls 5 %: nothing is lost or asked twice."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from bulk_case import BATCH, HURRIED, opened
from flaky_server import FlakyServer

from lab.preferences.duels import generating
from lab.preferences.duels.standing import failures, standing
from lab.store import batches, duels, events

DUELS, WAIT_S = 120, 120
ROOT = Path(__file__).parents[3]


@pytest.mark.slow
@pytest.mark.parametrize("killed_after", [60, 200])
def test_a_killed_batch_goes_on_in_another_process_without_asking_for_what_is_stored(tmp_path, killed_after):
    with FlakyServer(fails=0.2, stalls=0.05) as server:
        with opened(tmp_path, server.url) as bulk:
            dataset_id = bulk.dataset([f"what is number {place}" for place in range(DUELS)])
        server.reach = killed_after
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("bulk_worker.py")), str(tmp_path), server.url, dataset_id],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        )
        try:
            assert server.reached.wait(WAIT_S)
        finally:
            process.kill()
            process.wait()
        with opened(tmp_path, server.url) as bulk:
            before = standing(bulk.store, batches.get(bulk.store, BATCH))
            stored = {
                (f"what is number {before.items[place].key}", before.request.sides[side].model)
                for place, side in before.replies
            }
            assert 0 < len(stored) < 2 * DUELS
            server.asked[:] = []
            job_id = generating.resume(bulk.jobs, bulk.exchange, BATCH, patience=HURRIED)
            assert bulk.jobs.wait(job_id, WAIT_S).state == "done"
            batch = batches.get(bulk.store, BATCH)
            after = standing(bulk.store, batch)
            assert stored.isdisjoint(server.asked)
            assert after.answered + len(list(failures(after, batch.report))) == after.asked == 2 * DUELS
            assert after.replies.items() >= before.replies.items()
            made = Counter(duel.conversation[-1].content for duel in duels.recent(bulk.store, 1_000, batch_id=BATCH))
            assert sorted(made) == sorted(f"what is number {after.items[place].key}" for place in after.pairs())
            assert set(made.values()) == {1}
            assert len(events.recent(bulk.store, 1_000)) == DUELS
