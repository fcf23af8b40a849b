"""Labels: only added, the newest counts, one that says nothing takes back, and replaying changes nothing."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.errors import NotFound, StoreError, Unstorable
from lab.records import Event, Label
from lab.store import Store, datasets, labels
from lab.types import new_id

Giver = Callable[..., Label]


@pytest.fixture
def dataset_id(store: Store) -> str:
    """A stored dataset of five rows."""
    dataset, _ = datasets.add(
        store, "d1", name="few", content_hash="c1", rows=5, labels={}, query_types={}, sources={}, seed=0,
        origin="import", file_name="few.csv",
    )  # fmt: skip
    return dataset.id


@pytest.fixture
def give(store: Store, dataset_id: str) -> Giver:
    """Label a row."""

    def give_one(label_id: str, row: int, expert: str | None) -> Label:
        return labels.give(store, label_id, dataset_id=dataset_id, row=row, prompt=f"prompt {row}", expert=expert)

    return give_one


def counting(store: Store, dataset_id: str) -> dict[int, str | None]:
    return {row: label.expert for row, label in labels.of_dataset(store, dataset_id).items()}


def test_the_newest_label_of_a_row_counts(store: Store, dataset_id: str, give: Giver) -> None:
    first = give("l1", 2, "a")
    give("l2", 0, "b")
    newest = give("l3", 2, "none")
    assert labels.of_dataset(store, dataset_id)[2] == newest
    assert counting(store, dataset_id) == {0: "b", 2: "none"}
    assert [label.id for label in labels.recent(store)] == ["l3", "l2", "l1"]
    assert labels.recent(store, 1, dataset_id=dataset_id) == [newest]
    assert labels.recent(store, dataset_id="other") == []
    assert (first.dataset_id, first.row, first.event_id, first.prompt) == (dataset_id, 2, None, "prompt 2")


def test_a_label_taken_back_says_so(store: Store, dataset_id: str, give: Giver) -> None:
    give("l1", 2, "a")
    give("l2", 2, None)
    assert counting(store, dataset_id) == {2: None}


def test_a_retry_neither_doubles_nor_overwrites(store: Store, give: Giver) -> None:
    first = give("l1", 2, "a")
    assert give("l1", 2, "b") == first
    assert labels.recent(store) == [first]


def test_undo_gives_back_what_was_there_before_step_by_step(store: Store, dataset_id: str, give: Giver) -> None:
    give("l1", 2, "a")
    give("l2", 2, "b")
    assert labels.undo(store, "u1", "l2").expert == "a"
    assert labels.undo(store, "u1", "l2").expert == "a"  # sent twice
    assert labels.undo(store, "u2", "l1").expert is None
    assert counting(store, dataset_id) == {2: None}
    assert len(labels.recent(store)) == 4


def test_undo_does_not_undo_unseen_what_another_tab_said(store: Store, dataset_id: str, give: Giver) -> None:
    give("l1", 2, "a")
    give("l2", 2, "b")
    with pytest.raises(StoreError, match="has been labelled 'b' since"):
        labels.undo(store, "u1", "l1")
    give("l3", 2, None)
    with pytest.raises(StoreError, match="nothing was undone"):
        labels.undo(store, "u1", "l2")
    assert counting(store, dataset_id) == {2: None}
    with pytest.raises(NotFound, match="No label has the id 'nobody'"):
        labels.undo(store, "u1", "nobody")


def test_events_are_labelled_and_found(store: Store, dataset_id: str, record: Callable[..., Event]) -> None:
    one, two, three = record("one"), record("two"), record("three")
    assert labels.of_event(store, one.id) is None
    labels.give(store, "l1", event_id=one.id, prompt="one", expert="professor")
    newest = labels.give(store, "l2", event_id=one.id, prompt="one", expert="zoomer")
    other = labels.give(store, "l3", event_id=two.id, prompt="two", expert="none")
    labels.give(store, "l4", event_id=three.id, prompt="three", expert="zoomer")
    taken_back = labels.give(store, "l5", event_id=three.id, prompt="three", expert=None)
    assert (labels.of_event(store, one.id), labels.of_event(store, three.id)) == (newest, taken_back)
    assert labels.of_events(store) == [newest, other]
    assert labels.of_dataset(store, dataset_id) == {}
    assert labels.undo(store, "u1", "l2").expert == "professor"
    assert labels.of_event(store, "\x00") is None


@pytest.mark.parametrize(
    ("target", "fault", "sentence"),
    [
        ({}, StoreError, "belongs to a row of a dataset or to an event"),
        ({"dataset_id": "d1"}, StoreError, "belongs to a row"),
        ({"dataset_id": "d1", "row": 1, "event_id": "e"}, StoreError, "belongs to a row"),
        ({"event_id": "e", "row": 1}, StoreError, "belongs to a row"),
        ({"dataset_id": "nobody", "row": 1}, NotFound, "the dataset 'nobody', which is not there any more"),
        ({"event_id": "nobody"}, NotFound, "the event 'nobody', which is not stored"),
        ({"dataset_id": "d1", "row": 5}, StoreError, "for row 5; 'few' has the rows 0 to 4"),
        ({"dataset_id": "d1", "row": -1}, StoreError, "for row -1"),
        ({"dataset_id": "d1", "row": 1, "expert": " "}, StoreError, "The label is empty"),
        ({"dataset_id": "d1", "row": 1, "prompt": "a\x00"}, Unstorable, "The prompt holds a NUL"),
        ({"dataset_id": "d1", "row": 1, "expert": "a\ud800"}, Unstorable, "The label holds half"),
    ],
)
def test_a_label_that_belongs_nowhere_is_refused(
    store: Store, dataset_id: str, target: dict[str, object], fault: type[StoreError], sentence: str
) -> None:
    with pytest.raises(fault, match=sentence):
        labels.give(store, "l1", **{"prompt": "p", "expert": "a", **target})  # type: ignore[arg-type]
    assert labels.recent(store) == []


def test_a_deleted_dataset_takes_no_labels_and_keeps_those_it_has(store: Store, give: Giver) -> None:
    kept = give("l1", 2, "a")
    datasets.delete(store, "d1")
    with pytest.raises(NotFound, match="which is not there any more"):
        give("l2", 2, "b")
    assert labels.of_dataset(store, "d1") == {2: kept}


acts = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["a", "b", "none", None])), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(acts=acts, replays=st.lists(st.integers(0, 11), max_size=6))
def test_replaying_ids_changes_nothing_and_the_last_of_each_row_counts(
    store: Store, acts: list[tuple[int, str | None]], replays: list[int]
) -> None:
    dataset, _ = datasets.add(
        store, new_id(), name="p", content_hash=new_id(), rows=5, labels={}, query_types={}, sources={}, seed=0,
        origin="import", file_name="p.csv",
    )  # fmt: skip
    ids = [new_id() for _ in acts]

    def give(at: int) -> Label:
        row, expert = acts[at]
        return labels.give(store, ids[at], dataset_id=dataset.id, row=row, prompt="p", expert=expert)

    given_once = [give(at) for at in range(len(acts))]
    for at in replays:
        if at < len(acts):
            assert give(at) == given_once[at]
    assert counting(store, dataset.id) == dict(acts)
