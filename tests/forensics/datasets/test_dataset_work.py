"""Encoding as a job: in chunks, with progress, and what was encoded before a stop is not encoded again."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from dataset_case import rows_of
from doubles import WordEncoder

from lab.encoders.cache import CachedEncoder
from lab.errors import EncoderUnavailable
from lab.forensics.datasets import encode_job
from lab.forensics.datasets.work import CHUNK
from lab.jobs import Jobs
from lab.store import Store, open_store

WAIT_S = 60.0


class Counting(WordEncoder):
    """Counts what it encodes, chunk by chunk."""

    def __init__(self) -> None:
        self.chunks: list[int] = []

    def encode(self, texts):
        self.chunks.append(len(texts))
        return super().encode(texts)


@pytest.fixture
def jobs(store: Store) -> Iterator[Jobs]:
    made = Jobs(store, beat_s=0.02)
    yield made
    made.close(WAIT_S)


def rows(n: int):
    return rows_of([f"prompt {at}" for at in range(n)])


@pytest.mark.parametrize(
    ("n", "chunks"),
    [(0, []), (1, [1]), (CHUNK, [CHUNK]), (CHUNK + 1, [CHUNK + 1]), (2 * CHUNK + 2, [CHUNK, CHUNK, 2]),
     (2 * CHUNK + 1, [CHUNK, CHUNK + 1])],
)  # fmt: skip
def test_prompts_are_encoded_in_chunks_of_more_than_one(jobs, n, chunks):
    encoder = Counting()
    job = jobs.wait(encode_job(jobs, encoder, rows(n)), WAIT_S)
    assert (job.state, job.done, job.total, job.error) == ("done", n, n, None)
    assert job.title == f"Encode {n:,} prompts of few with words"
    assert encoder.chunks == chunks


def test_what_comes_after_is_done_in_the_job(jobs):
    threads = []
    jobs.wait(encode_job(jobs, Counting(), rows(3), then=lambda: threads.append(threading.current_thread())), WAIT_S)
    assert [thread.name for thread in threads] == ["job encode"]


def test_a_cancelled_job_stops_between_chunks_and_the_next_goes_on_where_it_was(jobs, tmp_path):
    inner = Counting()
    encoder = CachedEncoder(inner, tmp_path / "cache")
    reached, go_on = threading.Event(), threading.Event()
    plain = inner.encode

    def slow(texts):
        if len(inner.chunks) == 2:
            reached.set()
            assert go_on.wait(WAIT_S)
        return plain(texts)

    inner.encode = slow  # type: ignore[method-assign]
    job_id = encode_job(jobs, encoder, rows(5 * CHUNK))
    assert reached.wait(WAIT_S)
    assert encode_job(jobs, encoder, rows(5 * CHUNK)) == job_id  # a second click starts no second job
    jobs.cancel(job_id)
    go_on.set()
    assert jobs.wait(job_id, WAIT_S).state == "cancelled"
    assert inner.chunks == [CHUNK] * 3

    again = Counting()
    fresh = CachedEncoder(again, tmp_path / "cache")  # as another process would
    job = jobs.wait(encode_job(jobs, fresh, rows(5 * CHUNK)), WAIT_S)
    assert (job.state, job.done) == ("done", 5 * CHUNK)
    assert again.chunks == [CHUNK] * 2


ENCODING = """
import os, signal, sys
sys.path[:0] = ["tests", "tests/forensics"]
from pathlib import Path
from dataset_case import rows_of
from doubles import WordEncoder
from lab.encoders.cache import CachedEncoder
from lab.forensics.datasets import encode_job
from lab.jobs import Jobs
from lab.store import open_store
folder = Path(sys.argv[1])
class Dying(WordEncoder):
    left = 3
    def encode(self, texts):
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1
        return super().encode(texts)
jobs = Jobs(open_store(data_dir=folder))
rows = rows_of([f"prompt {at}" for at in range(1280)])
jobs.wait(encode_job(jobs, CachedEncoder(Dying(), folder / "cache"), rows), 60)
"""


def test_a_kill_while_encoding_loses_one_chunk_at_most(
    tmp_path: Path, run_python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    killed = run_python(ENCODING, str(tmp_path))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    inner = Counting()
    encoder = CachedEncoder(inner, tmp_path / "cache")
    store = open_store(data_dir=tmp_path)
    jobs = Jobs(store, beat_s=0.02)
    try:
        assert jobs.recent()[0].state == "interrupted"
        assert jobs.wait(encode_job(jobs, encoder, rows(1280)), WAIT_S).state == "done"
    finally:
        jobs.close(WAIT_S)
        store.close()
    assert inner.chunks == [CHUNK] * 2
    prompts = rows(1280).prompts
    np.testing.assert_allclose(encoder.encode(prompts), WordEncoder().encode(prompts), atol=1e-6)
    assert inner.chunks == [CHUNK] * 2


def test_weights_that_cannot_be_loaded_end_the_job_with_their_sentence(jobs):
    class Broken(WordEncoder):
        def encode(self, texts):
            raise EncoderUnavailable("The weights are not there. Run make run.")

    job = jobs.wait(encode_job(jobs, Broken(), rows(3)), WAIT_S)
    assert (job.state, job.error) == ("failed", "The weights are not there. Run make run.")
