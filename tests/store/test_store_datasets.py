"""Datasets: once by content, named apart, deleted without being forgotten."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from lab.errors import NotFound, StoreError, Unstorable
from lab.records import Dataset
from lab.store import Store, datasets, open_store

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
Adder = Callable[..., tuple[Dataset, bool]]


@pytest.fixture
def add(store: Store) -> Adder:
    """Add a dataset; the arguments are what differs from the next."""

    def add_one(dataset_id: str = "d1", **changes: object) -> tuple[Dataset, bool]:
        values: dict[str, object] = {
            "name": "few", "content_hash": "c1", "rows": 3, "labels": {"a": 2, "": 1}, "query_types": {"chat": 3},
            "sources": {"": 3}, "seed": 1, "origin": "import", "file_name": "few.csv", "created_at": NOW, **changes,
        }  # fmt: skip
        return datasets.add(store, dataset_id, **values)  # type: ignore[arg-type]

    return add_one


def test_a_dataset_comes_back_as_it_was_stored(store: Store, add: Adder) -> None:
    dataset, new = add(labels={"é": 2, "": 1})
    assert new
    assert dataset == datasets.get(store, "d1") == datasets.listed(store)[0]
    assert (dataset.seq, dataset.created_at, dict(dataset.labels)) == (1, NOW, {"é": 2, "": 1})


def test_the_same_id_or_content_returns_the_first_unchanged(store: Store, add: Adder) -> None:
    first, _ = add()
    assert add("d1", content_hash="c2", name="x") == (first, False)
    assert add("d2", name="x", seed=9) == (first, False)
    assert datasets.listed(store) == [first]


def test_a_name_that_is_taken_gets_a_number(add: Adder) -> None:
    names = [add(f"d{at}", content_hash=f"c{at}", name=name)[0].name for at, name in enumerate(["a", "A", " a ", ""])]
    assert names == ["a", "A (2)", "a (3)", "dataset"]


def test_a_deleted_one_is_kept_for_its_runs_and_out_of_the_way(store: Store, add: Adder) -> None:
    dataset, _ = add()
    assert datasets.delete(store, "d1", deleted_at=NOW) == dataset
    assert datasets.listed(store) == []
    assert datasets.get(store, "d1", deleted=True) == dataset
    with pytest.raises(NotFound, match=r"'few' was deleted on 2026-01-02.* Add few\.csv again"):
        datasets.get(store, "d1")
    assert datasets.of_content(store, "c1") == (dataset, True)
    datasets.delete(store, "d1")


def test_the_same_content_brings_a_deleted_one_back(store: Store, add: Adder) -> None:
    first, _ = add()
    datasets.delete(store, "d1")
    add("other", content_hash="c2")
    back, new = add("d9", seed=5)
    assert new
    assert (back.id, back.seed, back.name) == (first.id, first.seed, "few (2)")  # another one took the name meanwhile
    assert datasets.of_content(store, "c1") == (back, False)


def test_a_dataset_is_found_by_id_or_name(store: Store, add: Adder) -> None:
    first, _ = add(name="First set")
    second, _ = add("d2", content_hash="c2", name="d1")
    assert datasets.find(store, "d1") == first
    assert datasets.find(store, " first SET ") == first
    assert datasets.find(store, "d2") == second
    with pytest.raises(NotFound, match=r"'nope'\. Take one of: 'd1', 'First set'\."):
        datasets.find(store, "nope")


def test_a_dataset_is_renamed(store: Store, add: Adder) -> None:
    add()
    add("d2", content_hash="c2", name="other")
    assert datasets.rename(store, "d1", "OTHER").name == "OTHER (2)"
    assert datasets.rename(store, "d1", "  ").name == "OTHER (2)"
    assert datasets.rename(store, "d1", "other (2)").name == "other (2)"
    datasets.delete(store, "d1")
    with pytest.raises(NotFound, match="was deleted"):
        datasets.rename(store, "d1", "x")


@pytest.mark.parametrize("dataset_id", ["nobody", "", "\x00", "\ud800"])
def test_an_unknown_dataset_is_named(store: Store, dataset_id: str) -> None:
    for act in (datasets.get, datasets.delete):
        with pytest.raises(NotFound, match="No dataset has the id"):
            act(store, dataset_id)


@pytest.mark.parametrize("changes", [{"name": "a\x00"}, {"labels": {"\ud800": 1}}, {"file_name": "\x00"}])
def test_text_that_no_database_holds_is_refused(store: Store, add: Adder, changes: dict[str, object]) -> None:
    with pytest.raises(Unstorable):
        add(**changes)
    assert datasets.listed(store) == []


def test_threads_that_add_the_same_content_at_once_store_it_once(store: Store, add: Adder) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda at: add(f"d{at}"), range(16)))
    assert len({dataset.id for dataset, _ in found}) == 1
    assert sum(new for _, new in found) == 1
    assert len(datasets.listed(store)) == 1


def test_a_store_for_reading_refuses_and_lists(url: str, add: Adder) -> None:
    dataset, _ = add()
    reader = open_store(url, read_only=True)
    assert datasets.listed(reader) == [dataset]
    with pytest.raises(StoreError, match="opened for reading only"):
        datasets.delete(reader, "d1")
    reader.close()
