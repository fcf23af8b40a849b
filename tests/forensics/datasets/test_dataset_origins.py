"""The built-in dataset, and labels that people gave to events."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from lab.errors import DatasetError
from lab.forensics.datasets import LABELLED_EVENTS, add, delete, ensure_built_in, labelled_events, load, origins, sift
from lab.messages import Message
from lab.store import Store, datasets, events, labels, open_store, versions
from lab.types import Decision, Expert, Layer, RouterConfig, Timings


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "benchmark.jsonl"
    file.write_text('{"prompt": "hi", "expert": "zoomer", "query_type": "chat", "note": ""}\n', encoding="utf-8")
    return file


def test_the_shipped_prompts_are_a_dataset(store, tmp_path):
    dataset = ensure_built_in(store, tmp_path)
    assert (dataset.name, dataset.origin, dataset.file_name) == ("benchmark", "built-in", "benchmark.jsonl")
    assert set(dataset.labels) == {"professor", "zoomer", "none"}
    rows = load(store, tmp_path, dataset.id)
    assert len(rows) == dataset.rows == origins.BUILT_IN.read_bytes().count(b"\n")
    assert None not in rows.query_types


def test_it_is_added_once_and_its_rows_again_when_they_are_lost(store, tmp_path, small, monkeypatch):
    first = ensure_built_in(store, tmp_path, small)
    for path in (tmp_path / "datasets").glob("*.parquet"):
        path.unlink()
    assert ensure_built_in(store, tmp_path, small) == first
    assert load(store, tmp_path, first.id).prompts == ("hi",)
    monkeypatch.setattr(origins, "add", None)  # it would fail if it were asked
    assert ensure_built_in(store, tmp_path, small) == first


def test_who_deleted_it_does_not_get_it_back(store, tmp_path, small):
    delete(store, tmp_path, ensure_built_in(store, tmp_path, small).id)
    assert ensure_built_in(store, tmp_path, small) is None
    assert datasets.listed(store) == []


def test_a_store_for_reading_is_no_reason_to_fail(store, tmp_path, small):
    reader = open_store(data_dir=tmp_path, read_only=True)
    assert ensure_built_in(reader, tmp_path, small) is None
    first = ensure_built_in(store, tmp_path, small)
    assert ensure_built_in(reader, tmp_path, small) == first
    reader.close()


def test_a_folder_that_cannot_be_written_is_logged(store, tmp_path, small, caplog):
    with caplog.at_level(logging.WARNING):
        assert ensure_built_in(store, small, small) is None  # a file, where a folder should be
    assert "The built-in dataset is left out: " in caplog.text
    assert "is no folder" in caplog.text


def record(store: Store, event_id: str, prompt: str) -> None:
    version = versions.seed(store, RouterConfig("keyword", (Expert("a"),), fallback="a"), "e")
    decision = Decision(prompt, "a", Layer.FALLBACK, None, None, (), Timings())
    events.record(
        store, event_id, source="page", conversation=[Message("user", prompt)], decision=decision,
        router_version_id=version.id, encoder_fingerprint="e",
    )  # fmt: skip


def test_labels_of_events_become_a_dataset(store, tmp_path):
    for event_id, prompt in (("e1", "joke?"), ("e2", "proof?"), ("e3", "never mind")):
        record(store, event_id, prompt)
    labels.give(store, "l1", event_id="e1", prompt="joke?", expert="professor")
    labels.give(store, "l2", event_id="e2", prompt="proof?", expert="professor")
    labels.give(store, "l3", event_id="e1", prompt="joke?", expert="zoomer")
    labels.give(store, "l4", event_id="e3", prompt="never mind", expert="none")
    labels.give(store, "l5", event_id="e3", prompt="never mind", expert=None)
    table = labelled_events(store)
    added = add(store, tmp_path, sift(table, LABELLED_EVENTS), name="my labels", origin="labels")
    rows = load(store, tmp_path, added.dataset.id)
    assert sorted(zip(rows.prompts, rows.labels, rows.sources, strict=True)) == [
        ("joke?", "zoomer", "events"), ("proof?", "professor", "events"),
    ]  # fmt: skip
    assert added.dataset.origin == "labels"


def test_without_labels_there_is_nothing_to_make(store):
    with pytest.raises(DatasetError, match="No event has a label yet"):
        labelled_events(store)
