"""Timing a router on a dataset as a job: the same prompts cold and warm, none of them sealed."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from doubles import WordEncoder, two_experts
from forensics.dataset_case import dataset, rows_of

from lab.encoders.cache import CachedEncoder
from lab.errors import SearchError
from lab.forensics.latency.job import ColdAndWarm, chosen, key_of, latency_job, latency_work
from lab.jobs import JobContext, Jobs
from lab.store import open_store
from lab.types import Layer

SPLITS = ("tune", "dev", "sealed", "tune")
PROMPTS = ("entropy is what", "tell me a story", "never timed", "lol")


def context():
    return JobContext("job", lambda _: None, time.monotonic)


def ran(encoder, rows, config=None):
    kept: list[ColdAndWarm] = []
    job = context()
    latency_work(config or two_experts(), encoder, rows, kept.append)(job)
    return kept[0], job


def test_the_same_prompts_are_timed_cold_and_warm_and_sealed_ones_never(tmp_path):
    rows = rows_of(PROMPTS, splits=SPLITS)
    found, job = ran(CachedEncoder(WordEncoder(), tmp_path), rows)
    assert found.rows.tolist() == [0, 1, 3]
    assert [one.row for one in found.cold.timed] == [0, 1, 2]
    assert found.warm is not None
    assert (found.cold.warm, found.warm.warm) == (False, True)
    assert [one.layer for one in found.cold.timed] == [one.layer for one in found.warm.timed]
    assert found.cold.timed[0].layer == Layer.KEYWORD
    assert found.cold.fast_path.value == pytest.approx(2 / 3)
    assert (job.latest.done, job.latest.total) == (6, 6)


def test_an_encoder_that_remembers_nothing_is_timed_cold_alone_and_says_so():
    found, job = ran(WordEncoder(), rows_of(PROMPTS, splits=SPLITS))
    assert found.warm is None
    assert "remembers no vectors" in found.warm_note
    assert found.cold.n == 3
    assert job.latest.done == job.latest.total


def test_a_keyword_router_needs_no_memory_to_be_warm():
    found, _ = ran(WordEncoder(), rows_of(PROMPTS, splits=SPLITS), two_experts(strategy="keyword"))
    assert found.warm is not None
    assert found.cold.encode.n == 0


def test_of_many_prompts_some_are_drawn_the_same_ones_each_time():
    rows = rows_of([f"prompt {row}" for row in range(50)], splits=["sealed"] * 10 + ["dev"] * 40)
    some = chosen(rows, seed=3, most=12)
    assert len(some) == len(set(some.tolist())) == 12
    assert some.min() >= 10
    assert some.tolist() == sorted(some.tolist()) == chosen(rows, seed=3, most=12).tolist()
    assert chosen(rows, seed=4, most=12).tolist() != some.tolist()


def test_a_dataset_that_is_sealed_throughout_cannot_be_timed():
    with pytest.raises(SearchError, match="no prompt to time"):
        chosen(rows_of(PROMPTS, splits=["sealed"] * 4))


def test_a_result_belongs_to_its_prompts_and_its_router():
    rows = rows_of(PROMPTS)
    config = two_experts()
    assert key_of(rows, config, "f") == key_of(rows, two_experts(), "f")
    others = {
        key_of(replace(rows, dataset=dataset(content_hash="other")), config, "f"),
        key_of(rows, replace(config, threshold=0.1), "f"),
        key_of(rows, config, "another encoder"),
    }
    assert len(others | {key_of(rows, config, "f")}) == 4


class Waiting(WordEncoder):
    """Encodes nothing before it is let."""

    def __init__(self) -> None:
        self.let = threading.Event()

    def encode(self, texts):
        assert self.let.wait(20)
        return super().encode(texts)


@pytest.fixture
def jobs(tmp_path):
    store = open_store(None, tmp_path)
    found = Jobs(store)
    yield found
    found.close()
    store.close()


def test_asked_to_stop_it_keeps_nothing(jobs):
    kept: list[ColdAndWarm] = []
    encoder = Waiting()
    job = latency_job(jobs, two_experts(), encoder, rows_of(PROMPTS), kept.append)
    jobs.cancel(job)
    encoder.let.set()
    assert jobs.wait(job, 20).state == "cancelled"
    assert kept == []


def test_the_job_runs_once_however_often_it_is_asked_for(jobs):
    kept: list[ColdAndWarm] = []
    encoder, rows = Waiting(), rows_of(PROMPTS)
    first = latency_job(jobs, two_experts(), encoder, rows, kept.append)
    assert latency_job(jobs, two_experts(), encoder, rows, kept.append) == first
    encoder.let.set()
    job = jobs.wait(first, 20)
    assert job.state == "done"
    assert job.title == "Time 4 prompts of few, cold and warm"
    assert len(kept) == 1
