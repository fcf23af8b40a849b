"""Deleting on request everywhere: tables, datasets, bytes, a record, and what is only told."""

from __future__ import annotations

import json

import empty_database
import pytest

from lab.errors import KeepingError
from lab.exported import NewFrozenRow
from lab.forensics.datasets import add, guess, load, read_bytes, sift
from lab.judging import HUMAN, NewDuel, Side, written_by
from lab.messages import Message
from lab.preferences import erasure
from lab.store import (
    annotators,
    backup,
    datasets,
    deletion,
    drafts,
    duels,
    events,
    exports_shelf,
    open_store,
    snapshot_rows,
    snapshots,
    versions,
)
from lab.types import Decision, Expert, Layer, RouterConfig, Timings

SECRET = "maria.huber@example.org"
CONFIG = RouterConfig("semantic", (Expert("a", utterances=(f"mail {SECRET}",)),), fallback="a")


@pytest.fixture
def store(tmp_path):
    empty_database.put_into(tmp_path)
    opened = open_store(data_dir=tmp_path)
    yield opened
    opened.close()


def record(store, event_id, prompt=f"Write to {SECRET}"):
    version = versions.seed(store, CONFIG, "minilm-1")
    events.record(
        store, event_id, source="cli", conversation=[Message("user", prompt)], router_version_id=version.id,
        decision=Decision(prompt, "a", Layer.FALLBACK, None, None, (), Timings()), encoder_fingerprint="minilm-1",
    )  # fmt: skip


def put(store, tmp_path, prompts, name="mine"):
    lines = "\n".join(json.dumps({"prompt": prompt, "label": "a"}) for prompt in prompts)
    table = read_bytes(lines.encode(), f"{name}.jsonl")
    return add(store, tmp_path, sift(table, guess(table)), name=name).dataset


def all_bytes(tmp_path):
    return b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()).lower()


def test_a_text_goes_from_tables_and_datasets_and_no_file_holds_a_byte_of_it(store, tmp_path):
    record(store, "e1", f"Write to {SECRET.upper()}")
    versions.seed(store, CONFIG, "minilm-1")
    with store.write() as session:  # the one place that is only reported is taken away for this test
        row = session.connection().exec_driver_sql("UPDATE router_version SET config = replace(config, 'huber', 'x')")
        assert row.rowcount == 1
    dataset = put(store, tmp_path, ["hello", f"ask {SECRET}", "bye"])
    seen = erasure.preview(store, tmp_path, SECRET)
    assert seen.counts == {"routing_event": 1, "dataset_row": 1}
    assert [one.dataset.id for one in seen.datasets] == [dataset.id]
    assert SECRET.encode() in all_bytes(tmp_path) or SECRET.upper().encode().lower() in all_bytes(tmp_path)
    done = erasure.erase(store, tmp_path, "d1", SECRET)
    assert done.left is None
    assert done.deletion.counts == {"routing_event": 1, "dataset_row": 1}
    assert SECRET.encode() not in all_bytes(tmp_path)
    [fresh] = datasets.listed(store)
    assert load(store, tmp_path, fresh.id).prompts == ("hello", "bye")
    assert not erasure.preview(store, tmp_path, SECRET).anything


def test_a_second_press_does_nothing_again(store, tmp_path):
    record(store, "e1")
    once = erasure.erase(store, tmp_path, "d1", SECRET)
    assert erasure.erase(store, tmp_path, "d1", SECRET).deletion == once.deletion
    assert deletion.records(store) == [once.deletion]


def test_what_stays_is_told_with_the_way_out(store, tmp_path):
    record(store, "e1")
    drafts.edit(
        store, "edit", lambda config: RouterConfig("semantic", config.experts, fallback="a", threshold=0.9), "t",
        base=versions.live(store),
    )  # fmt: skip
    annotators.add(store, "a1", SECRET, pin_hash=None, link_hash=None)
    seen = erasure.preview(store, tmp_path, SECRET)
    told = [erasure.way_out(store, left) for left in seen.found.reported]
    assert [one.table for one in seen.found.reported] == ["annotator", "router_version", "router_draft"]
    assert told[0] == "It is the name of a person. Remove the person."
    assert told[1].startswith('Router version v1 "shipped" holds it, as an utterance, a pattern or a prompt')
    assert told[2].startswith("The draft holds it")


def test_backups_of_before_are_listed_and_can_be_deleted(store, tmp_path):
    record(store, "e1")
    made = backup.backup(store)
    done = erasure.erase(store, tmp_path, "d1", SECRET)
    assert [one.path for one in done.backups] == [made.path]
    after = backup.backup(store)
    assert erasure.delete_backups(store, done.backups) == 1
    assert erasure.delete_backups(store, done.backups) == 0
    assert [one.path for one in backup.listed(store.address)] == [after.path]


def test_a_dataset_that_cannot_be_read_is_told_and_does_not_stop_the_rest(store, tmp_path):
    dataset = put(store, tmp_path, [f"ask {SECRET}", "x"])
    (tmp_path / "datasets" / f"{dataset.content_hash}.parquet").unlink()
    record(store, "e1")
    seen = erasure.preview(store, tmp_path, SECRET)
    assert "are not at" in seen.unread[0]
    assert erasure.erase(store, tmp_path, "d1", SECRET).deletion.counts == {"routing_event": 1}


def test_a_person_is_removed_with_the_bytes(store, tmp_path):
    annotators.add(store, "a1", "Maximiliane Quetzal", pin_hash="p", link_hash=None)
    done = erasure.remove_person(store, tmp_path, "d1", "a1")
    assert (done.deletion.what, done.left) == ("annotator", None)
    assert b"quetzal" not in all_bytes(tmp_path)


@pytest.mark.parametrize("given", ["", " a", "[deleted on request]"])
def test_too_little_is_refused_before_anything_is_touched(store, tmp_path, given):
    put(store, tmp_path, ["a b", "c"])
    with pytest.raises(KeepingError):
        erasure.erase(store, tmp_path, "d1", given)
    assert deletion.records(store) == []


# ------------------------------------------------------------------------------------------------------------ exports


def frozen(store, data_dir, snapshot_id, said, name):
    """Freeze a snapshot of one duel with an answer that says this, and write something of it on the shelf."""
    turns = (Message("user", f"Question of {snapshot_id}?"),)
    one = Side(f"{snapshot_id}-a", said, "a", "mock", "m")
    other = Side(f"{snapshot_id}-b", "Another answer.", "b", "mock", "m")
    [added] = duels.add(store, [NewDuel(turns, "", one, other, origin="bulk", rule="random")])
    snapshots.begin(store, snapshot_id, name=name, family="main", spec={}, spec_hash="h")
    row = NewFrozenRow(0, added.duel_id, added.first_id, added.second_id, "train", "h")
    snapshot_rows.add(store, snapshot_id, [row])
    snapshots.freeze(store, snapshot_id, report={}, content_hash="c", sides={})
    return written(data_dir, snapshot_id, name, said)


def written(data_dir, snapshot_id, name, said):
    folder = exports_shelf.folder_for(data_dir, snapshot_id, name)
    folder.mkdir(parents=True)
    (folder / "train.jsonl").write_text(said)
    (folder / "manifest.json").write_text(json.dumps({"snapshot": snapshot_id}))
    return folder


def test_written_exports_go_with_the_text_and_others_stay(store, tmp_path):
    record(store, "e1", "hello")
    with store.write() as session:
        session.connection().exec_driver_sql("UPDATE router_version SET config = replace(config, 'huber', 'x')")
    mine = frozen(store, tmp_path, "s1", f"Ask {SECRET}.", "mine")
    other = frozen(store, tmp_path, "s2", "Ask a cook.", "other")
    (tmp_path / "exports" / "notes").mkdir()
    seen = erasure.preview(store, tmp_path, SECRET)
    assert seen.counts == {"response": 1, "snapshot_row": 1, "export_folder": 1}
    assert [one.path for one in seen.exports] == [mine]
    assert [sentence.partition(" does not")[0] for sentence in seen.unread] == [str(tmp_path / "exports" / "notes")]
    assert mine.exists()
    done = erasure.erase(store, tmp_path, "d1", SECRET)
    assert done.deletion.counts == {"response": 1, "duel_taken": 1, "snapshot_row": 1, "export_folder": 1}
    assert (mine.exists(), other.exists()) == (False, True)
    assert SECRET.encode() not in all_bytes(tmp_path)
    assert [one.gone for one in snapshots.every(store)] == [1, 0]


def test_a_kill_after_the_exports_leaves_tables_that_still_tell(store, tmp_path, monkeypatch):
    mine = frozen(store, tmp_path, "s1", f"Ask {SECRET}.", "mine")

    def killed(*arguments, **more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(deletion, "delete_text", killed)
        with pytest.raises(KeyboardInterrupt):
            erasure.erase(store, tmp_path, "d1", SECRET)
    assert not mine.exists()
    assert [loss.snapshot.id for loss in erasure.preview(store, tmp_path, SECRET).found.losses] == ["s1"]
    written(tmp_path, "s1", "mine", SECRET)
    assert erasure.erase(store, tmp_path, "d2", SECRET).deletion.counts["snapshot_row"] == 1
    assert not mine.exists()


def test_what_is_written_while_the_tables_are_cleared_is_deleted_after_it(store, tmp_path, monkeypatch):
    delete_text = deletion.delete_text
    frozen(store, tmp_path, "s1", f"Ask {SECRET}.", "mine")

    def meanwhile(*arguments, **more):
        frozen(store, tmp_path, "s2", f"Tell {SECRET}.", "late")
        return delete_text(*arguments, **more)

    monkeypatch.setattr(deletion, "delete_text", meanwhile)
    assert erasure.erase(store, tmp_path, "d1", SECRET).deletion.counts["snapshot_row"] == 2
    assert exports_shelf.listed(tmp_path) == []


def test_a_person_takes_along_the_exports_with_their_answers(store, tmp_path):
    annotators.add(store, "a1", "Maria", pin_hash=None, link_hash=None)
    mine = frozen(store, tmp_path, "s1", "Ask nobody.", "mine")
    other = frozen(store, tmp_path, "s2", "Ask a cook.", "other")
    with store.write() as session:
        session.connection().exec_driver_sql(
            f"UPDATE response SET provider = '{HUMAN}', expert = '{written_by('a1')}' WHERE id = 's1-a'"
        )
    assert erasure.remove_person(store, tmp_path, "d1", "a1").deletion.counts["snapshot_row"] == 1
    assert (mine.exists(), other.exists()) == (False, True)


def test_a_family_of_splits_that_is_called_so_is_told(store, tmp_path):
    snapshots.begin(store, "s1", name="mine", family=SECRET, spec={}, spec_hash="h")
    [left] = erasure.preview(store, tmp_path, SECRET).found.reported
    assert erasure.way_out(store, left).startswith("A family of splits is called so.")
