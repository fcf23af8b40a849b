"""Long work: how it ends, what it says meanwhile, and what the row says when its process is gone."""

import logging
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab.errors import JobError, NotFound, ProviderError, StoreError
from lab.jobs import JobContext, Jobs
from lab.store import Store, open_store

WAIT_S = 30.0
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a database of its own."""
    return f"sqlite:///{tmp_path / 'lab.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An open store."""
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def make_jobs(store: Store) -> Iterator[Callable[..., Jobs]]:
    """Make `Jobs` that are closed in the end."""
    made: list[Jobs] = []

    def make(**settings: object) -> Jobs:
        made.append(Jobs(store, **{"beat_s": 0.02, **settings}))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for jobs in made:
        jobs.close(WAIT_S)


@pytest.fixture
def jobs(make_jobs: Callable[..., Jobs]) -> Jobs:
    """Jobs with a fast heartbeat."""
    return make_jobs()


def until_cancelled(job: JobContext) -> None:
    """Wait to be cancelled."""
    assert job.cancelled.wait(WAIT_S)
    job.check()


# ------------------------------------------------------------------------------------------------- how jobs end


def test_work_that_returns_is_done(jobs: Jobs) -> None:
    def work(job: JobContext) -> None:
        for step in range(11):
            job.progress(step, 10, f"step {step}")
            job.check()

    job = jobs.wait(jobs.start("encode", "Encode ten prompts", work), WAIT_S)
    assert (job.kind, job.title, job.state, job.error) == ("encode", "Encode ten prompts", "done", None)
    assert (job.done, job.total, job.note, job.eta_s) == (10, 10, "step 10", None)


def test_an_error_of_the_lab_is_kept_as_its_sentence(jobs: Jobs) -> None:
    def work(job: JobContext) -> None:
        job.progress(2, 5)
        raise ProviderError("Ollama does not answer. Start it.")

    job = jobs.wait(jobs.start("pull", "Pull", work), WAIT_S)
    assert (job.state, job.error, job.done) == ("failed", "Ollama does not answer. Start it.", 2)


def test_an_unexpected_error_is_kept_and_logged(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    def work(job: JobContext) -> None:
        raise KeyError("colour \x00")

    job = jobs.wait(jobs.start("pull", "Pull", work), WAIT_S)
    assert (job.state, job.error) == ("failed", "KeyError: 'colour \\x00'")
    assert [record.exc_info is not None for record in caplog.records] == [True]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it is what the test does
def test_work_that_leaves_its_thread_is_interrupted(jobs: Jobs) -> None:
    job = jobs.wait(jobs.start("pull", "Pull", lambda job: sys.exit(1)), WAIT_S)
    assert job.state == "interrupted"


def test_cancelling_unwinds_the_work(jobs: Jobs) -> None:
    cleaned = threading.Event()

    def work(job: JobContext) -> None:
        try:
            until_cancelled(job)
        finally:
            cleaned.set()

    job_id = jobs.start("pull", "Pull", work)
    assert jobs.get(job_id).state == "running"
    jobs.cancel(job_id)
    assert jobs.wait(job_id, WAIT_S).state == "cancelled"
    assert cleaned.is_set()
    jobs.cancel(job_id)
    assert jobs.get(job_id).state == "cancelled"


@pytest.mark.parametrize(("done", "state"), [(4, "cancelled"), (5, "done")])
def test_work_that_returns_when_cancelled_is_done_only_if_it_got_through(jobs: Jobs, done: int, state: str) -> None:
    def work(job: JobContext) -> None:
        job.progress(done, 5)
        assert job.cancelled.wait(WAIT_S)

    job_id = jobs.start("pull", "Pull", work)
    jobs.cancel(job_id)
    assert jobs.wait(job_id, WAIT_S).state == state


def test_closing_stops_what_runs_and_starts_nothing_more(make_jobs: Callable[..., Jobs]) -> None:
    jobs = make_jobs()
    job_id = jobs.start("pull", "Pull", until_cancelled)
    jobs.close(WAIT_S)
    assert jobs.get(job_id).state == "cancelled"
    with pytest.raises(JobError, match="'Pull' cannot be started"):
        jobs.start("pull", "Pull", until_cancelled)


def test_an_unknown_job_is_named(jobs: Jobs) -> None:
    for act in (jobs.get, jobs.cancel, jobs.wait):
        with pytest.raises(NotFound, match="No job has the id 'nobody'"):
            act("nobody")


# --------------------------------------------------------------------------------------------- one at a time


def test_a_double_click_starts_one_job(jobs: Jobs) -> None:
    runs: list[str] = []

    def work(job: JobContext) -> None:
        runs.append(job.job_id)
        until_cancelled(job)

    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(lambda _: jobs.start("pull", "Pull", work, key="tinyllama"), range(8)))
    assert len(ids) == 1
    assert jobs.start("pull", "Pull another", until_cancelled, key="llama3.2:3b") not in ids
    assert jobs.start("encode", "Encode", until_cancelled, key="tinyllama") not in ids
    assert jobs.start("pull", "No key", until_cancelled) == jobs.start("pull", "No key", until_cancelled)
    assert len(jobs.recent()) == 4
    jobs.close(WAIT_S)
    assert runs == list(ids)


def test_what_has_ended_can_be_started_again(jobs: Jobs) -> None:
    first = jobs.start("pull", "Pull", lambda job: None)
    assert jobs.wait(first, WAIT_S).state == "done"
    second = jobs.start("pull", "Pull", lambda job: None)
    assert second != first
    jobs.wait(second, WAIT_S)
    assert [job.id for job in jobs.recent(kind="pull")] == [second, first]
    assert jobs.recent(1)[0].id == second
    assert jobs.recent(kind="encode") == []


# ------------------------------------------------------------------------------------------- progress and ETA


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_the_eta_is_what_is_left_at_the_rate_so_far() -> None:
    clock = Clock()
    job = JobContext("j", lambda _: None, clock)
    job.progress(40, 100)  # resumed: these forty took no time
    assert job.latest.eta_s is None
    clock.seconds += 10
    job.progress(60, 100)
    assert job.latest.eta_s == 20.0  # 20 in 10 s, 40 left
    clock.seconds += 10
    job.progress(100, 100)
    assert job.latest.eta_s == 0.0
    job.progress(120)
    assert job.latest.eta_s is None


def test_progress_is_written_at_most_four_times_a_second() -> None:
    clock, written = Clock(), []
    job = JobContext("j", lambda job: written.append(job.latest.done), clock)
    for step in range(101):
        job.progress(step, 100)
        clock.seconds += 0.0625  # exact in binary: four steps are 0.25 s
    assert written == list(range(0, 101, 4))


def test_progress_between_writes_comes_with_the_heartbeat(make_jobs: Callable[..., Jobs]) -> None:
    jobs = make_jobs(monotonic=Clock())  # which stands still: only the first progress is written at once
    seen = threading.Event()

    def work(job: JobContext) -> None:
        job.progress(1, 3)
        job.progress(2, 3, "second")
        while not seen.is_set():
            if jobs.get(job.job_id).done == 2:
                seen.set()
            job.check()

    job_id = jobs.start("encode", "Encode", work)
    assert seen.wait(WAIT_S)
    assert jobs.wait(job_id, WAIT_S).note == "second"


def test_a_database_that_fails_does_not_end_the_work(
    jobs: Jobs, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    failing, worked = threading.Event(), threading.Event()

    def work(job: JobContext) -> None:
        assert failing.wait(WAIT_S)
        job.progress(1, 1)
        worked.set()

    job_id = jobs.start("pull", "Pull", work)
    with closing(sqlite3.connect(str(store.address))) as other, caplog.at_level(logging.WARNING):
        other.execute("ALTER TABLE job RENAME TO job_away")
        failing.set()
        with pytest.raises(StoreError, match="no such table: job"):
            jobs.wait(job_id, WAIT_S)
        other.execute("ALTER TABLE job_away RENAME TO job")
    assert worked.is_set()
    assert f"the end of job {job_id} is not stored yet" in caplog.text
    while jobs.get(job_id).state == "running":  # until the next heartbeat has written it
        pass
    assert jobs.get(job_id).state == "done"


def test_a_job_that_cannot_be_stored_is_not_started(url: str, store: Store) -> None:
    ran = threading.Event()
    reader = open_store(url, read_only=True)
    with pytest.raises(StoreError, match="opened for reading only"):
        Jobs(reader).start("pull", "Pull", lambda job: ran.set())
    reader.close()
    assert not ran.is_set()
