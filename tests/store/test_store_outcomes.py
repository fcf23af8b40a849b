"""Outcomes: stored by the batch, the newest of a row, an expert and a source counts."""

from dataclasses import replace

import pytest
from test_store_runs import dataset

from lab.errors import DatasetError, NotFound, StoreError
from lab.records import Outcome
from lab.store import Store, outcomes


@pytest.fixture
def one(store: Store) -> Outcome:
    dataset(store, "d1", "h1")
    return Outcome("d1", 0, "zoomer", 0.5, "graded")


def test_outcomes_come_back_by_row(store: Store, one: Outcome) -> None:
    later = replace(one, row=2, quality=1)
    assert outcomes.add(store, "b1", [later, one]) == 2
    assert outcomes.of_dataset(store, "d1") == [one, later]
    assert outcomes.of_dataset(store, "d2") == outcomes.of_dataset(store, "\x00") == []


def test_a_batch_sent_twice_is_stored_once(store: Store, one: Outcome) -> None:
    outcomes.add(store, "b1", [one])
    assert outcomes.add(store, "b1", [replace(one, quality=0.9)]) == 0
    assert outcomes.of_dataset(store, "d1") == [one]


def test_what_comes_later_counts_by_row_expert_and_source(store: Store, one: Outcome) -> None:
    outcomes.add(store, "b1", [one, replace(one, expert="professor", quality=0.25)])
    better, other = replace(one, quality=0.75), replace(one, source="votes", quality=0.0)
    outcomes.add(store, "b2", [better, other])
    assert set(outcomes.of_dataset(store, "d1")) == {better, other, replace(one, expert="professor", quality=0.25)}
    assert outcomes.of_dataset(store, "d1", source="votes") == [other]
    assert outcomes.of_dataset(store, "d1", source="\x00") == []


def test_many_outcomes_are_stored_whole(store: Store, one: Outcome) -> None:
    many = [replace(one, row=row, quality=row / 5000) for row in range(5000)]
    assert outcomes.add(store, "b1", many) == 5000
    assert outcomes.of_dataset(store, "d1") == many
    assert outcomes.add(store, "b2", []) == 0


@pytest.mark.parametrize("quality", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_quality_that_is_no_share_stores_nothing(store: Store, one: Outcome, quality: float) -> None:
    with pytest.raises(DatasetError, match=r"row 0 for zoomer has the quality .*between 0 and 1"):
        outcomes.add(store, "b1", [one, replace(one, quality=quality)])
    assert outcomes.of_dataset(store, "d1") == []


def test_what_names_nothing_stores_nothing(store: Store, one: Outcome) -> None:
    with pytest.raises(NotFound, match="'d9'"):
        outcomes.add(store, "b1", [one, replace(one, dataset_id="d9")])
    with pytest.raises(DatasetError, match="names no row"):
        outcomes.add(store, "b1", [replace(one, row=-1)])
    with pytest.raises(StoreError, match="NUL"):
        outcomes.add(store, "b1", [replace(one, expert="a\x00")])
    assert outcomes.of_dataset(store, "d1") == []
