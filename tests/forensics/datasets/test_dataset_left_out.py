"""What is kept of the rows that were left out, and bringing a deleted dataset back."""

from __future__ import annotations

import pytest

from lab.forensics.datasets import Mapping, add, delete, left_out, load, read_bytes, sift
from lab.store import labels
from lab.types import new_id

FILE = b"prompt,label\nwhy is the sky blue,a\nwhy is the sky blue,a\n,b\nhello there,b\n\xffoops,a\n"


@pytest.fixture
def added(store, tmp_path):
    return add(store, tmp_path, sift(read_bytes(FILE, "f.csv"), Mapping("prompt", label="label")), name="f")


def test_the_report_comes_back_as_it_was(added, tmp_path):
    assert left_out.left_out_of(tmp_path, added.dataset) is None
    left_out.keep(tmp_path, added.dataset, added.report)
    assert left_out.left_out_of(tmp_path, added.dataset) == added.report
    left_out.forget(tmp_path, added.dataset)
    assert left_out.left_out_of(tmp_path, added.dataset) is None
    left_out.forget(tmp_path, added.dataset)  # a second time is no fault


def test_a_deleted_dataset_takes_its_report_along(store, added, tmp_path):
    left_out.keep(tmp_path, added.dataset, added.report)
    delete(store, tmp_path, added.dataset.id)
    assert left_out.left_out_of(tmp_path, added.dataset) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"rows": "many"}', '{"file_name": "x", "bad": [{"no": 1}]}'])
def test_a_damaged_report_is_no_report(added, tmp_path, text):
    left_out.keep(tmp_path, added.dataset, added.report)
    [kept] = (tmp_path / "datasets").glob("*.left-out.json")
    kept.write_text(text)
    assert left_out.left_out_of(tmp_path, added.dataset) is None


def test_a_deleted_dataset_comes_back_with_its_id_and_the_labels_given_to_it(store, added, tmp_path):
    row = added.dataset
    labels.give(store, new_id(), dataset_id=row.id, row=1, prompt="hello there", expert="a")
    before = load(store, tmp_path, row.id)
    stored = left_out.as_stored(tmp_path, row)
    assert stored.labels == ("a", "b")  # as the file said it, not as it was corrected
    delete(store, tmp_path, row.id)
    back = add(store, tmp_path, stored, name=row.name, seed=row.seed, origin=row.origin, dataset_id=row.id)
    assert back.dataset.id == row.id
    after = load(store, tmp_path, row.id)
    assert (after.prompts, after.labels, after.splits, after.hash) == (
        before.prompts, before.labels, before.splits, before.hash,
    )  # fmt: skip
    assert after.labels == ("a", "a")
