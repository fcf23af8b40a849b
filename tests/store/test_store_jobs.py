"""Rows of long work: who owns them, and when they read as interrupted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lab.store import Store, jobs_table
from lab.store.jobs_table import Progress
from lab.store.owner import Process, this_process

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def begin(store: Store, job_id: str, *, owner: str = "me", process: Process | None = None, now: datetime = NOW) -> str:
    """Insert a running job of kind "pull"."""
    return jobs_table.begin(
        store, job_id, kind="pull", key="", title="Pull", owner=owner, process=process or this_process(), now=now
    )


@pytest.mark.parametrize(("age_s", "state"), [(15, "running"), (16, "interrupted")])
def test_a_heartbeat_that_stopped_reads_as_interrupted(store: Store, age_s: int, state: str) -> None:
    begin(store, "j", process=Process("another-host", 1, ""))
    assert jobs_table.get(store, "j", NOW + timedelta(seconds=age_s)).state == state


def test_a_later_process_with_the_same_pid_is_not_the_one(store: Store) -> None:
    begin(store, "j", process=replace(this_process(), start="an earlier boot:1"))
    assert jobs_table.get(store, "j", NOW).state == "interrupted"


def test_a_job_that_slept_runs_again_when_it_wakes(store: Store) -> None:
    begin(store, "j")
    later = NOW + timedelta(hours=8)
    assert jobs_table.get(store, "j", later).state == "interrupted"
    asked = jobs_table.beat(store, "me", {"j": Progress(5, 9)}, later)
    assert (asked.cancel, asked.taken_over) == (frozenset(), frozenset())
    job = jobs_table.get(store, "j", later)
    assert (job.state, job.done, job.error) == ("running", 5, None)


def test_a_job_that_slept_while_another_took_over_is_told_to_stop(store: Store) -> None:
    begin(store, "j")
    later = NOW + timedelta(hours=8)
    assert begin(store, "k", owner="other", now=later) == "k"
    assert jobs_table.beat(store, "me", {"j": Progress(5, 9)}, later).taken_over == {"j"}
    jobs_table.finish(store, "me", "j", state="cancelled", error=None, progress=Progress(5, 9), now=later)
    assert [jobs_table.get(store, name, later).state for name in "jk"] == ["cancelled", "running"]


def test_an_outcome_is_written_once_and_by_its_owner(store: Store) -> None:
    begin(store, "j")
    done = Progress(9, 9)
    jobs_table.finish(store, "other", "j", state="failed", error="Not mine.", progress=done, now=NOW)
    assert jobs_table.get(store, "j", NOW).state == "running"
    jobs_table.finish(store, "me", "j", state="done", error=None, progress=done, now=NOW)
    jobs_table.finish(store, "me", "j", state="failed", error="Too late.", progress=done, now=NOW)
    jobs_table.beat(store, "me", {"j": Progress(1, 9)}, NOW)
    job = jobs_table.get(store, "j", NOW)
    assert (job.state, job.error, job.done) == ("done", None, 9)


def test_a_clock_that_jumps_back_interrupts_nothing(store: Store) -> None:
    begin(store, "j")
    assert jobs_table.get(store, "j", NOW - timedelta(days=1)).state == "running"
