"""Looks at sealed rows: every one is kept, a different evaluation counts."""

from datetime import UTC, datetime

import pytest
from sqlmodel import select
from test_store_runs import dataset

from lab.errors import NotFound
from lab.store import Store, looks
from lab.store.tables import DatasetRow


@pytest.fixture
def look(store: Store):
    dataset(store, "d1", "rows 1")
    dataset(store, "d2", "rows 2")

    def make(look_id: str, dataset_id: str = "d1", rows: str = "h1", router: str = "r1"):
        return looks.record(
            store, look_id, dataset_id=dataset_id, dataset_hash=rows, router_hash=router, why="adopting"
        )

    return make


def test_a_dataset_nobody_looked_at_counts_none(store: Store, look) -> None:
    assert looks.count(store, "d1") == looks.count(store, "nobody's") == looks.count(store, "\x00") == 0
    assert looks.of_dataset(store, "d1") == looks.of_dataset(store, "\x00") == []


def test_another_router_or_other_labels_count_and_a_repeat_does_not(store: Store, look) -> None:
    first = look("l1")
    look("l2")
    assert looks.count(store, "d1") == 1
    look("l3", router="r2")
    look("l4", rows="h1 with a label corrected")
    assert looks.count(store, "d1") == 3
    assert looks.count(store, "d2") == 0
    assert [one.id for one in looks.of_dataset(store, "d1")] == ["l4", "l3", "l2", "l1"]
    assert looks.of_dataset(store, "d1")[-1] == first
    assert (first.why, first.router_hash) == ("adopting", "r1")


def test_a_look_sent_twice_is_stored_once(store: Store, look) -> None:
    assert look("l1") == look("l1", router="r2")
    assert len(looks.of_dataset(store, "d1")) == 1


def test_a_dataset_that_was_deleted_and_taken_in_again_keeps_its_count(store: Store, look) -> None:
    look("l1")
    with store.write() as session:
        row = session.exec(select(DatasetRow).where(DatasetRow.id == "d1")).one()
        row.deleted_at = datetime.now(UTC)
    dataset(store, "d3", "rows 1")
    assert looks.count(store, "d3") == 1
    look("l2", dataset_id="d3")
    assert looks.count(store, "d3") == 1
    assert looks.count(store, "d2") == 0


def test_an_unknown_dataset_is_named(look) -> None:
    with pytest.raises(NotFound, match="'d9'"):
        look("l1", dataset_id="d9")
