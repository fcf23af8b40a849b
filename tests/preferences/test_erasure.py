"""Deleting on request everywhere: tables, datasets, bytes, a record, and what is only told."""

from __future__ import annotations

import json

import empty_database
import pytest

from lab.errors import KeepingError
from lab.forensics.datasets import add, guess, load, read_bytes, sift
from lab.messages import Message
from lab.preferences import erasure
from lab.store import annotators, backup, datasets, deletion, drafts, events, open_store, versions
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
