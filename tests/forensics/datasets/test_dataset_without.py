"""A dataset without rows that hold a text: new hash, same splits, same labels, the old file gone."""

from __future__ import annotations

import empty_database
import pytest
from dataset_case import read, sifted

from lab.errors import DatasetOutOfReach
from lab.forensics.datasets import Mapping, add, labelled, left_out, load, sift
from lab.forensics.datasets.without import drop, holding
from lab.records import Outcome
from lab.store import datasets, labels, looks, open_store, outcomes
from lab.store.text_places import Words

MARIA = Words.of("maria huber")
FEW = sifted([("hello", "zoomer"), ("mail Maria  Huber", "professor"), ("bye", "zoomer"), ("a", "Maria Huber")])


@pytest.fixture
def store(tmp_path):
    empty_database.put_into(tmp_path)
    opened = open_store(data_dir=tmp_path)
    yield opened
    opened.close()


def put(store, tmp_path, rows=FEW, name="few"):
    added = add(store, tmp_path, rows, name=name)
    left_out.keep(tmp_path, added.dataset, added.report)
    return added.dataset


def dropped(store, tmp_path, dataset):
    return drop(store, tmp_path, holding(tmp_path, dataset, MARIA.are_in), MARIA.are_in)


def bytes_of(tmp_path):
    return b"".join(path.read_bytes() for path in (tmp_path / "datasets").iterdir())


def test_rows_that_hold_it_are_found_in_every_column(store, tmp_path):
    dataset = put(store, tmp_path)
    assert holding(tmp_path, dataset, MARIA.are_in).rows == (1, 3)
    assert holding(tmp_path, dataset, Words.of("nobody").are_in).rows == ()


def test_the_dataset_is_written_anew_under_its_name_and_the_old_file_is_gone(store, tmp_path):
    dataset = put(store, tmp_path)
    fresh = dropped(store, tmp_path, dataset)
    assert fresh.name == "few"
    assert fresh.content_hash != dataset.content_hash
    assert load(store, tmp_path, fresh.id).prompts == ("hello", "bye")
    assert [one.id for one in datasets.listed(store)] == [fresh.id]
    assert not (tmp_path / "datasets" / f"{dataset.content_hash}.parquet").exists()
    assert dict(fresh.labels) == {"zoomer": 2}
    assert dropped(store, tmp_path, fresh) == fresh  # nothing more to do


def test_labels_outcomes_and_looks_go_along(store, tmp_path):
    dataset = put(store, tmp_path)
    labels.give(store, "l0", dataset_id=dataset.id, row=1, prompt="mail Maria  Huber", expert="zoomer")
    labels.give(store, "l1", dataset_id=dataset.id, row=2, prompt="bye", expert="professor")
    outcomes.add(store, "o", [Outcome(dataset.id, row, "zoomer", row / 4, "judge") for row in range(4)])
    looks.record(store, "look", dataset_id=dataset.id, dataset_hash="h", router_hash="r", why="adopting v2")
    fresh = dropped(store, tmp_path, dataset)
    assert load(store, tmp_path, fresh.id).labels == ("zoomer", "professor")
    assert [(one.row, one.quality) for one in outcomes.of_dataset(store, fresh.id)] == [(0, 0.0), (1, 0.5)]
    assert looks.count(store, fresh.id) == 1
    assert set(labels.of_dataset(store, dataset.id)) == {1}  # of a row that is gone


def test_no_sealed_row_becomes_another_one(store, tmp_path):
    rows = [(f"prompt number {at} about topic {at * 7919 % 401}", "ab"[at % 2]) for at in range(400)]
    many = [*rows[:200], ("ask Maria Huber about it", "a"), *rows[200:]]
    dataset = put(store, tmp_path, sifted(many), "many")
    before = load(store, tmp_path, dataset.id)
    after = load(store, tmp_path, dropped(store, tmp_path, dataset).id)
    assert not after.nested
    assert len(labelled(after)) == 400
    split = dict(zip(before.prompts, before.splits, strict=True))
    assert [split[prompt] for prompt in after.prompts] == list(after.splits)


def test_what_was_left_out_of_the_file_quotes_it_no_more(store, tmp_path):
    table = read("text,label", "hello,zoomer", "ask Maria Huber,a", "ask Maria Huber,b", ",x")
    dataset = put(store, tmp_path, sift(table, Mapping("text", label="label")))
    assert b"Maria Huber" in bytes_of(tmp_path)
    found = holding(tmp_path, dataset, MARIA.are_in)
    assert (found.rows, found.left_out) == ((), 2)
    assert dropped(store, tmp_path, dataset) == dataset
    assert b"Maria Huber" not in bytes_of(tmp_path)
    assert [bad.reason for bad in left_out.left_out_of(tmp_path, dataset).bad] == ["empty"]


def test_a_dataset_of_which_nothing_is_left_is_deleted(store, tmp_path):
    dataset = put(store, tmp_path, sifted([("Maria Huber", "a"), ("maria huber again", "b")]))
    assert dropped(store, tmp_path, dataset) is None
    assert datasets.listed(store) == []


def test_doing_it_again_mends_what_a_kill_left_half_done(store, tmp_path, monkeypatch):
    dataset = put(store, tmp_path)
    labels.give(store, "l1", dataset_id=dataset.id, row=2, prompt="bye", expert="professor")

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("lab.forensics.datasets.without.delete", killed)
        with pytest.raises(KeyboardInterrupt):
            dropped(store, tmp_path, dataset)
    assert len(datasets.listed(store)) == 2
    fresh = dropped(store, tmp_path, dataset)
    assert [(one.name, one.rows) for one in datasets.listed(store)] == [("few", 2)]
    assert load(store, tmp_path, fresh.id).labels == ("zoomer", "professor")


def test_a_dataset_whose_file_is_missing_says_so(store, tmp_path):
    dataset = put(store, tmp_path)
    (tmp_path / "datasets" / f"{dataset.content_hash}.parquet").unlink()
    with pytest.raises(DatasetOutOfReach, match="are not at"):
        holding(tmp_path, dataset, MARIA.are_in)
