"""Storing: once by content, whole or not at all, gone when deleted, back with its labels when added again."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dataset_case import NOW, read, sifted

from lab.errors import DatasetError, DatasetOutOfReach, NotFound, StoreError
from lab.forensics.datasets import (
    Mapping,
    add,
    delete,
    files,
    guess,
    labelled,
    load,
    read_bytes,
    shelf,
    sift,
    unlabelled,
)  # fmt: skip
from lab.store import Store, datasets, labels, open_store

FEW = sifted([("tell me a joke", "zoomer"), ("what is entropy", "professor"), ("open the door", "none"), ("hm", None)])
MANY = sifted([(f"prompt number {at} about topic {at * 7919 % 401}", "ab"[at % 2]) for at in range(400)])


def parquet_files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "datasets").iterdir() if path.name != ".lock")


# ---------------------------------------------------------------------------------------------------- in, and out


def test_rows_come_back_as_they_were_taken_in(store, tmp_path):
    added = add(store, tmp_path, FEW, name="few", seed=7, created_at=NOW)
    rows = load(store, tmp_path, added.dataset.id)
    assert (rows.prompts, rows.labels) == (FEW.prompts, ("zoomer", "professor", "none", None))
    assert (rows.nested, set(rows.splits), rows.groups.tolist()) == (True, {"tune"}, [0, 1, 2, 3])
    dataset = added.dataset
    assert (dataset.name, dataset.rows, dataset.seed, dataset.origin) == ("few", 4, 7, "import")
    assert dict(dataset.labels) == {"zoomer": 1, "professor": 1, "none": 1, "": 1}
    assert (dataset.file_name, dataset.created_at, added.new) == ("a.jsonl", NOW, True)
    assert datasets.get(store, dataset.id) == dataset


def test_query_types_sources_and_the_files_own_splits_are_kept(store, tmp_path):
    lines = ["text,label,kind,origin,split"]
    lines += [
        f"prompt {at} of {at * 7919},a,{'xy'[at % 2]},web,{['train', 'val', 'test'][at % 3]}" for at in range(300)
    ]
    mapping = Mapping("text", "label", query_type="kind", source="origin", split="split")
    rows = load(store, tmp_path, add(store, tmp_path, sift(read(*lines), mapping), name="own").dataset.id)
    assert rows.splits[:3] == ("tune", "dev", "sealed")
    assert (rows.query_types[:2], rows.sources[0]) == (("x", "y"), "web")
    assert dict(rows.dataset.query_types) == {"x": 150, "y": 150}
    assert not rows.nested


def test_three_hundred_labelled_rows_are_split_and_fewer_are_nested(store, tmp_path):
    rows = load(store, tmp_path, add(store, tmp_path, MANY, name="many", seed=1).dataset.id)
    assert not rows.nested
    assert Counter(rows.splits) == {"tune": 200, "dev": 100, "sealed": 100}
    fewer = replace(MANY, labels=(*MANY.labels[:299], *[None] * 101))
    assert load(store, tmp_path, add(store, tmp_path, fewer, name="fewer").dataset.id).nested


def test_the_file_has_an_explicit_schema_even_where_a_column_is_empty(store, tmp_path):
    dataset = add(store, tmp_path, FEW, name="few").dataset
    schema = pq.read_schema(files.path_of(tmp_path, dataset.content_hash))
    assert [(field.name, str(field.type)) for field in schema] == [
        ("prompt", "large_string"), ("label", "string"), ("query_type", "string"), ("source", "string"),
        ("split", "string"), ("group", "int64"),
    ]  # fmt: skip


def test_one_row_of_one_class_is_a_dataset(store, tmp_path):
    added = add(store, tmp_path, sifted([("a", "x")]), name="one")
    assert load(store, tmp_path, added.dataset.id).labels == ("x",)
    assert added.notes == (
        "1 labelled row is too few to seal some (under 300): figures come from nested cross-validation.",
    )


def test_nothing_to_store_is_refused(store, tmp_path):
    with pytest.raises(DatasetError, match=r"No row of .* can be used"):
        add(store, tmp_path, sift(read("text,label", ",x"), Mapping("text", "label")), name="none")
    assert datasets.listed(store) == []


# ------------------------------------------------------------------------------------------------------------ once


def test_the_same_content_is_stored_once_and_says_so(store, tmp_path):
    first = add(store, tmp_path, FEW, name="few", seed=1)
    again = add(store, tmp_path, FEW, name="other", seed=2)
    assert (again.dataset, again.new) == (first.dataset, False)
    assert again.notes[:2] == (
        "These rows are already here as 'few'; nothing was stored twice.",
        "'few' keeps its seed 1, so that no sealed row becomes another one.",
    )
    assert len(parquet_files(tmp_path)) == len(datasets.listed(store)) == 1


@pytest.mark.parametrize("change", [("hm!", None), ("hm", "none")])
def test_another_prompt_or_label_is_another_content(store, tmp_path, change):
    other = sifted([*zip(FEW.prompts[:3], FEW.labels[:3], strict=True), change])
    assert add(store, tmp_path, FEW, name="few").dataset.id != add(store, tmp_path, other, name="few").dataset.id
    assert [one.name for one in datasets.listed(store)] == ["few (2)", "few"]


def test_a_retry_under_the_same_id_finds_what_the_first_try_stored(store, tmp_path):
    first = add(store, tmp_path, FEW, name="few", dataset_id="d1")
    assert add(store, tmp_path, FEW, name="few", dataset_id="d1").dataset == first.dataset


def test_a_file_that_is_there_is_not_written_again_and_a_damaged_one_is(store, tmp_path):
    dataset = add(store, tmp_path, FEW, name="few").dataset
    path = files.path_of(tmp_path, dataset.content_hash)
    before = path.stat().st_ino
    add(store, tmp_path, FEW, name="few")
    assert path.stat().st_ino == before
    path.write_bytes(b"PAR1 damaged")
    add(store, tmp_path, FEW, name="few")
    assert files.read(path, dataset).prompts == FEW.prompts


# --------------------------------------------------------------------------------------------------------- labels


def test_corrected_labels_come_on_top_and_taking_them_back_brings_the_files_own(store, tmp_path):
    dataset_id = add(store, tmp_path, FEW, name="few").dataset.id
    before = load(store, tmp_path, dataset_id)
    labels.give(store, "l1", dataset_id=dataset_id, row=0, prompt="tell me a joke", expert="professor")
    labels.give(store, "l2", dataset_id=dataset_id, row=3, prompt="hm", expert="none")
    after = load(store, tmp_path, dataset_id)
    assert after.labels == ("professor", "professor", "none", "none")
    assert after.hash != before.hash
    assert (unlabelled(before).tolist(), unlabelled(after).tolist(), len(labelled(after))) == ([3], [], 4)
    labels.give(store, "l3", dataset_id=dataset_id, row=0, prompt="tell me a joke", expert=None)
    labels.give(store, "l4", dataset_id=dataset_id, row=3, prompt="hm", expert=None)
    back = load(store, tmp_path, dataset_id)
    assert (back.labels, back.hash) == (before.labels, before.hash)


def test_the_hash_stands_for_content_labels_and_seed(store, tmp_path):
    rows = load(store, tmp_path, add(store, tmp_path, FEW, name="few", seed=1).dataset.id)
    other_folder = tmp_path / "other"
    with opened(other_folder) as other:
        again = load(other, other_folder, add(other, other_folder, FEW, name="name is no content", seed=1).dataset.id)
        assert again.hash == rows.hash
    third = tmp_path / "third"
    with opened(third) as other:
        assert load(other, third, add(other, third, FEW, name="few", seed=2).dataset.id).hash != rows.hash


def test_a_correction_moves_no_row_to_another_split(store, tmp_path):
    dataset_id = add(store, tmp_path, MANY, name="many").dataset.id
    before = load(store, tmp_path, dataset_id)
    for row in range(30):
        labels.give(store, f"l{row}", dataset_id=dataset_id, row=row, prompt=MANY.prompts[row], expert="c")
    after = load(store, tmp_path, dataset_id)
    assert after.splits == before.splits
    assert after.labels[:30] == ("c",) * 30


def test_a_new_name_shows_in_rows_that_were_loaded_before(store, tmp_path):
    dataset_id = add(store, tmp_path, FEW, name="few").dataset.id
    load(store, tmp_path, dataset_id)
    datasets.rename(store, dataset_id, "renamed")
    assert load(store, tmp_path, dataset_id).dataset.name == "renamed"


# ------------------------------------------------------------------------------------------------------- deleting


def test_a_deleted_dataset_cannot_be_loaded_and_its_rows_are_gone(store, tmp_path):
    dataset_id = add(store, tmp_path, FEW, name="few").dataset.id
    load(store, tmp_path, dataset_id)  # and so it is in memory
    delete(store, tmp_path, dataset_id, deleted_at=NOW)
    assert parquet_files(tmp_path) == []
    with pytest.raises(NotFound, match=r"'few' was deleted on 2026-01-02.*Add a\.jsonl again"):
        load(store, tmp_path, dataset_id)
    assert datasets.get(store, dataset_id, deleted=True).name == "few"
    delete(store, tmp_path, dataset_id)


def test_adding_deleted_rows_again_brings_the_dataset_back_with_its_labels_and_seed(store, tmp_path):
    dataset_id = add(store, tmp_path, FEW, name="few", seed=1).dataset.id
    labels.give(store, "l1", dataset_id=dataset_id, row=0, prompt="tell me a joke", expert="none")
    delete(store, tmp_path, dataset_id)
    back = add(store, tmp_path, FEW, name="again", seed=2)
    assert (back.dataset.id, back.dataset.name, back.dataset.seed, back.new) == (dataset_id, "again", 1, True)
    assert "were deleted here once" in back.notes[0]
    assert load(store, tmp_path, dataset_id).labels[0] == "none"


def test_unknown_datasets_are_named(store, tmp_path):
    for act in (load, delete):
        with pytest.raises(NotFound, match="No dataset has the id 'nobody'"):
            act(store, tmp_path, "nobody")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (
            lambda path: path.unlink(),
            r"The rows of 'few' are not at .*\. Add a\.jsonl again; labels given here are kept",
        ),
        (lambda path: path.write_bytes(path.read_bytes()[:-30]), "The rows of 'few' cannot be read from"),
        (lambda path: files.write(path, replace(FEW, labels=("x",) * 4), files.np.arange(4)), "somebody changed it"),
    ],
    ids=["missing", "cut", "changed"],
)
def test_a_file_that_is_not_what_was_stored_is_named(store, tmp_path, spoil, sentence):
    dataset = add(store, tmp_path, FEW, name="few").dataset
    shelf._content_cache.__init__(1)  # type: ignore[misc]  # as in another process
    spoil(files.path_of(tmp_path, dataset.content_hash))
    with pytest.raises(DatasetOutOfReach, match=sentence):
        load(store, tmp_path, dataset.id)


def test_where_no_row_is_left_the_notes_tell_the_way_out(store, tmp_path):
    table = read_bytes("prompt,label\ncafé crème,a\nnaïve,b\n".encode("latin-1"), "latin1.csv")
    with pytest.raises(DatasetError, match=r"No row of latin1\.csv can be used: 2 encoding\. .*save the file as UTF-8"):
        add(store, tmp_path, sift(table, guess(table)), name="latin1")


def test_adding_a_file_again_says_that_it_mended_what_was_lost(store, tmp_path):
    dataset = add(store, tmp_path, FEW, name="few").dataset
    assert "nothing was stored twice" in add(store, tmp_path, FEW, name="few").notes[0]
    files.path_of(tmp_path, dataset.content_hash).write_bytes(b"PAR1 nonsense")
    assert add(store, tmp_path, FEW, name="few").notes[0] == (
        "The file of 'few' was missing or damaged; these are its rows, and it is whole again."
    )


def test_groups_that_changed_on_the_disk_are_told_and_adding_the_file_again_mends_them(store, tmp_path):
    dataset = add(store, tmp_path, FEW, name="few").dataset
    path = files.path_of(tmp_path, dataset.content_hash)
    table = pq.read_table(path)
    spoilt = table.set_column(5, table.schema.field("group"), pa.array([0] * len(FEW.prompts)))
    pq.write_table(spoilt, path)
    shelf._content_cache.__init__(1)  # type: ignore[misc]  # as in another process
    with pytest.raises(DatasetOutOfReach, match="somebody changed it"):
        load(store, tmp_path, dataset.id)
    add(store, tmp_path, FEW, name="few")
    assert load(store, tmp_path, dataset.id).groups.tolist() == list(range(len(FEW.prompts)))


def test_a_file_that_was_stored_without_a_hash_of_its_groups_still_opens(store, tmp_path):
    dataset = add(store, tmp_path, FEW, name="few").dataset
    path = files.path_of(tmp_path, dataset.content_hash)
    pq.write_table(pq.read_table(path).replace_schema_metadata(None), path)
    shelf._content_cache.__init__(1)  # type: ignore[misc]
    assert load(store, tmp_path, dataset.id).prompts == FEW.prompts


# --------------------------------------------------------------------------------------------------- kills and faults


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    folder.mkdir(exist_ok=True)
    store = open_store(data_dir=folder)
    yield store
    store.close()


ADDING = """
import os, signal, sys
from pathlib import Path
from lab.forensics.datasets import add, files, shelf
sys.path.insert(0, "tests/forensics")
from dataset_case import sifted
from lab.store import datasets, open_store
where, folder = sys.argv[1], Path(sys.argv[2])
store = open_store(data_dir=folder)
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
if where == "while writing":
    files.os.fsync = die
if where == "before the rename":
    files.os.replace = die
if where == "before the row":
    datasets.add = die
if where == "after the row":
    real = datasets.add
    datasets.add = lambda *a, **k: (real(*a, **k), die())
add(store, folder, sifted([("tell me a joke", "zoomer")]), name="few")
"""


@pytest.mark.parametrize("where", ["while writing", "before the rename", "before the row", "after the row"])
def test_a_kill_leaves_no_half_file_and_no_row_without_its_file(
    tmp_path: Path, run_python: Callable[..., subprocess.CompletedProcess[str]], where: str
) -> None:
    killed = run_python(ADDING, where, str(tmp_path))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with opened(tmp_path) as store:
        for dataset in datasets.listed(store):
            assert load(store, tmp_path, dataset.id).prompts == ("tell me a joke",)
        assert len(datasets.listed(store)) == (where == "after the row")
        whole = [name for name in parquet_files(tmp_path) if name.endswith(".parquet")]
        assert all(pq.read_table(tmp_path / "datasets" / name).num_rows == 1 for name in whole)
        added = add(store, tmp_path, sifted([("tell me a joke", "zoomer")]), name="few")
        assert load(store, tmp_path, added.dataset.id).prompts == ("tell me a joke",)
        assert parquet_files(tmp_path) == [f"{added.dataset.content_hash}.parquet"]


def test_a_fault_between_marking_and_removing_leaves_a_dataset_that_is_deleted(store, tmp_path, monkeypatch):
    dataset_id = add(store, tmp_path, FEW, name="few").dataset.id

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(datasets, "of_content", fail)
    with pytest.raises(KeyboardInterrupt):
        delete(store, tmp_path, dataset_id)
    monkeypatch.undo()
    assert datasets.listed(store) == []
    assert add(store, tmp_path, FEW, name="few").dataset.id == dataset_id
    assert load(store, tmp_path, dataset_id).prompts == FEW.prompts


def test_a_store_that_refuses_leaves_no_row_and_the_next_try_works(store, tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(datasets, "add", refuse)
    with pytest.raises(StoreError):
        add(store, tmp_path, FEW, name="few")
    monkeypatch.undo()
    assert datasets.listed(store) == []
    assert add(store, tmp_path, FEW, name="few").new


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(store, tmp_path):
    place = tmp_path / "place"
    place.write_text("a file stands where the folder should be")
    with pytest.raises(DatasetOutOfReach, match=r"place/datasets is no folder, or lies in none\. Set LAB_DATA_DIR to"):
        add(store, place, FEW, name="few")


def test_a_full_disk_is_told_and_what_was_half_written_is_not_in_its_way(store, tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(DatasetOutOfReach, match=r"The disk that holds .*datasets is full, so nothing of this was"):
        add(store, tmp_path, FEW, name="few")
    assert [path.name for path in (tmp_path / "datasets").iterdir()] == [".lock"]
    assert datasets.listed(store) == []


ADD_OFTEN = """
import sys
from pathlib import Path
sys.path.insert(0, "tests/forensics")
from dataset_case import sifted
from lab.forensics.datasets import add, delete, load
from lab.store import open_store
folder = Path(sys.argv[1])
store = open_store(data_dir=folder)
for _ in range(3):
    dataset = add(store, folder, sifted([("tell me a joke", "zoomer")]), name="few").dataset
    if sys.argv[2] == "delete":
        delete(store, folder, dataset.id)
dataset = add(store, folder, sifted([("tell me a joke", "zoomer")]), name="few").dataset
print(dataset.id)
"""


def test_processes_that_add_and_delete_at_once_never_part_row_and_file(tmp_path, start_python):
    with opened(tmp_path):
        pass
    running = [start_python(ADD_OFTEN, str(tmp_path), what) for what in ("delete", "add", "delete")]
    said = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], said
    assert len({out for out, _ in said}) == 1
    with opened(tmp_path) as store:
        live = datasets.listed(store)
        assert len(parquet_files(tmp_path)) == len(live) <= 1
        for dataset in live:
            assert load(store, tmp_path, dataset.id).prompts == ("tell me a joke",)


def test_memory_holds_the_last_datasets_alone(store, tmp_path):
    for at in range(shelf._KEPT + 3):
        load(store, tmp_path, add(store, tmp_path, sifted([(f"prompt {at}", "a")]), name="d").dataset.id)
    assert len(shelf._rows_cache._held) <= shelf._KEPT
    assert len(shelf._content_cache._held) <= shelf._KEPT


def test_the_lock_is_let_go_of(store, tmp_path):
    add(store, tmp_path, FEW, name="few")
    assert os.path.exists(tmp_path / "datasets" / ".lock")
    shutil.rmtree(tmp_path / "datasets")
    assert add(store, tmp_path, FEW, name="few").new is False
    assert len(parquet_files(tmp_path)) == 1
