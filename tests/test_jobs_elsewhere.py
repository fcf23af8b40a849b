"""Jobs of other processes: seen, stopped, and honest after a kill."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab.jobs import JobContext, Jobs
from lab.store import Store, jobs_table, open_store

WAIT_S = 30.0
Starter = Callable[..., tuple["subprocess.Popen[str]", str]]


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
def jobs(store: Store) -> Iterator[Jobs]:
    """The jobs of this process."""
    made = Jobs(store, beat_s=0.02)
    yield made
    made.close(WAIT_S)


@pytest.fixture
def elsewhere(url: str, store: Store) -> Iterator[Starter]:
    """Start a job in a process of its own; return the process and the job's id."""
    started: list[subprocess.Popen[str]] = []
    root = Path(__file__).parents[1]

    def start(kind: str = "pull", key: str = "tinyllama") -> tuple["subprocess.Popen[str]", str]:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("job_worker.py")), url, kind, key],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])},
        )
        started.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        if process.returncode is None:
            kill(process)


def kill(process: "subprocess.Popen[str]") -> None:
    """End a process at once, and collect it."""
    process.kill()
    process.communicate()


def nothing(job: JobContext) -> None:
    """Be done at once."""


def test_a_job_of_a_killed_process_is_interrupted(jobs: Jobs, elsewhere: Starter) -> None:
    process, job_id = elsewhere()
    job = jobs.get(job_id)
    assert (job.state, job.done, job.total, job.note) == ("running", 3, 10, "downloading")
    kill(process)
    job = jobs.get(job_id)
    assert (job.state, job.done, job.total, job.eta_s) == ("interrupted", 3, 10, None)
    assert job.error == "The process that did this ended before it was done. Start it again."
    assert [job.state for job in jobs.recent()] == ["interrupted"]


def test_a_killed_process_reads_as_interrupted_even_where_nothing_can_be_written(
    url: str, jobs: Jobs, elsewhere: Starter
) -> None:
    process, job_id = elsewhere()
    kill(process)
    reader = open_store(url, read_only=True)
    assert jobs_table.get(reader, job_id, datetime.now(UTC)).state == "interrupted"
    reader.close()


def test_what_a_kill_interrupted_can_be_started_again_at_once(jobs: Jobs, elsewhere: Starter) -> None:
    process, job_id = elsewhere("pull", "tinyllama")
    assert jobs.start("pull", "Pull", nothing, key="tinyllama") == job_id
    kill(process)
    again = jobs.start("pull", "Pull", nothing, key="tinyllama")
    assert again != job_id
    assert jobs.wait(again, WAIT_S).state == "done"
    assert jobs.get(job_id).state == "interrupted"


def test_cancelling_reaches_another_process(jobs: Jobs, elsewhere: Starter) -> None:
    process, job_id = elsewhere()
    jobs.cancel(job_id)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "cancelled"
    assert jobs.get(job_id).state == "cancelled"
