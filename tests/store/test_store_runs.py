"""Saved runs: stored once, renamed, deleted; what JSON cannot hold is refused by its place."""

from datetime import UTC, datetime

import pytest

from lab.errors import NotFound, StoreError
from lab.records import Run
from lab.store import Store, runs
from lab.store.tables import DatasetRow


def dataset(store: Store, dataset_id: str, content: str) -> str:
    with store.write() as session:
        session.add(
            DatasetRow(
                id=dataset_id, name=dataset_id, content_hash=content, rows=10, labels={}, query_types={}, sources={},
                seed=1, origin="import", file_name="x.csv", created_at=datetime.now(UTC), deleted_at=None,
            )
        )  # fmt: skip
    return dataset_id


@pytest.fixture
def record(store: Store):
    dataset(store, "d1", "h1")
    dataset(store, "d2", "h2")

    def make(run_id: str, **changes) -> Run:
        arguments = {
            "name": "first", "dataset_id": "d1", "dataset_hash": "h1", "router_hash": "r1", "seed": 7,
            "spec": {"axes": ({"name": "threshold", "values": [0.1 + 0.2]},), "goal": None},
            "result": {"best": {"accuracy": 0.9, "n": 10}}, "packages": {"numpy": "2.4.6"}, "seconds": 0.25,
        }  # fmt: skip
        return runs.record(store, run_id, **(arguments | changes))

    return make


def test_a_run_comes_back_as_it_was(store: Store, record) -> None:
    run = record("r", name=" a\nname ")
    assert run == runs.get(store, "r")
    assert run.spec == {"axes": [{"name": "threshold", "values": [0.30000000000000004]}], "goal": None}
    assert (run.name, run.result, run.packages) == ("a name", {"best": {"accuracy": 0.9, "n": 10}}, {"numpy": "2.4.6"})
    assert (run.seed, run.seconds) == (7, 0.25)
    assert run.created_at.utcoffset() is not None


def test_a_run_sent_twice_is_stored_once(store: Store, record) -> None:
    first = record("r")
    assert record("r", name="second") == first
    assert runs.recent(store) == [first]


def test_runs_are_listed_newest_first_by_dataset_and_by_page(store: Store, record) -> None:
    one, two, three = record("r1"), record("r2", dataset_id="d2"), record("r3")
    assert runs.recent(store) == [three, two, one]
    assert runs.recent(store, "d1") == [three, one]
    assert runs.recent(store, limit=1, before_seq=three.seq) == [two]
    assert runs.recent(store, "\x00") == []


def test_a_run_is_renamed(store: Store, record) -> None:
    record("r")
    assert runs.rename(store, "r", "better").name == "better" == runs.get(store, "r").name


def test_a_deleted_run_is_off_the_list_and_says_so(store: Store, record) -> None:
    record("r")
    runs.delete(store, "r")
    runs.delete(store, "r")
    assert runs.recent(store) == []
    with pytest.raises(NotFound, match="The run 'first' was deleted"):
        runs.get(store, "r")
    with pytest.raises(NotFound, match="was deleted"):
        runs.rename(store, "r", "x")


def test_a_run_outlives_its_dataset(store: Store, record) -> None:
    run = record("r")
    with store.write() as session:
        from sqlmodel import select

        row = session.exec(select(DatasetRow).where(DatasetRow.id == "d1")).one()
        row.deleted_at = datetime.now(UTC)
    assert runs.get(store, "r") == run


@pytest.mark.parametrize("run_id", ["nobody", "\x00"])
def test_an_unknown_run_is_named(store: Store, run_id: str) -> None:
    for act in (runs.get, runs.delete):
        with pytest.raises(NotFound, match="No run has the id"):
            act(store, run_id)


def test_an_unknown_dataset_is_named(record) -> None:
    with pytest.raises(NotFound, match="the dataset 'd9', which is not stored"):
        record("r", dataset_id="d9")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"result": {"best": [{"f1": float("nan")}]}}, r"result\.best\[0\]\.f1 is nan, which JSON cannot hold"),
        ({"result": {"cells": object()}}, r"result\.cells is a object"),
        ({"spec": {"prompt": "a\x00"}}, r"spec\.prompt holds a NUL character at position 1"),
        ({"spec": {1: "x"}}, r"spec has the key 1, which is not text"),
        ({"seconds": float("inf")}, r"The run\.seconds is inf"),
    ],
)
def test_what_json_cannot_hold_is_named_by_its_place(store: Store, record, changes, words: str) -> None:
    with pytest.raises(StoreError, match=words):
        record("r", **changes)
    assert runs.recent(store) == []


def test_numbers_of_numpy_are_numbers(record) -> None:
    import numpy as np

    assert record("r", result={"accuracy": np.float64(0.1)}).result == {"accuracy": 0.1}
    with pytest.raises(StoreError, match=r"result\.rows is a ndarray"):
        record("r2", result={"rows": np.arange(3)})
