"""The real files, unedited: CLINC150, BANKING77 and the calibration prompts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from lab.forensics.datasets import (
    Mapping,
    add,
    crossing,
    guess,
    in_split,
    labelled,
    load,
    make_experts,
    read_file,
    sift,
)
from lab.routing.check import check_config
from lab.store import open_store

pytestmark = pytest.mark.real_data


@pytest.fixture
def taken_in(shared_file, tmp_path: Path):
    """Take a shared file in and return its rows and report."""
    store = open_store(data_dir=tmp_path)

    def take(name: str, seed: int = 0):
        table = read_file(shared_file(name))
        sifted = sift(table, guess(table))
        return load(store, tmp_path, add(store, tmp_path, sifted, name=name, seed=seed).dataset.id), sifted.report

    yield take
    store.close()


def test_clinc150_keeps_its_own_splits_and_calls_out_of_scope_none(taken_in):
    rows, report = taken_in("clinc150/data_full.json")
    assert (report.rows, report.layout, report.by_reason) == (23_700, "CLINC150", {"contradictory": 8, "duplicate": 1})
    assert Counter(rows.splits) == {"tune": 15_095, "dev": 3_098, "sealed": 5_498}
    assert len(set(rows.labels)) == 151
    outside = [split for label, split in zip(rows.labels, rows.splits, strict=True) if label == "none"]
    assert Counter(outside) == {"tune": 100, "dev": 100, "sealed": 1_000}
    assert 0 < len(crossing(rows)) < 0.05 * len(rows)


def test_clinc150_makes_a_router_of_its_150_intents(taken_in):
    rows, _ = taken_in("clinc150/data_full.json")
    config = make_experts(rows, per_expert=20, seed=0)
    assert len(config.experts) == 150
    assert {len(expert.utterances) for expert in config.experts} == {20}
    in_tune = {rows.prompts[row] for row in in_split(rows, "tune")}
    assert all(utterance in in_tune for expert in config.experts for utterance in expert.utterances)
    check_config(config)


def test_banking77_is_split_by_the_lab_alike_in_labels_and_groups_on_one_side(taken_in):
    rows, report = taken_in("banking77/train.csv")
    assert (report.rows, report.layout, report.by_reason) == (10_003, "CSV", {"duplicate": 4})
    assert len(set(rows.labels)) == 77
    assert Counter(rows.splits) == {"tune": 4_999, "dev": 2_500, "sealed": 2_500}
    assert len(crossing(rows)) == 0
    for label in set(rows.labels):
        own = [split for one, split in zip(rows.labels, rows.splits, strict=True) if one == label]
        assert abs(own.count("tune") / len(own) - 0.5) < 0.06
    assert max(np.bincount(rows.groups)) < 10


def test_banking77s_test_file_is_read_too(shared_file):
    table = read_file(shared_file("banking77/test.csv"))
    assert guess(table) == Mapping("text", "category")
    report = sift(table, guess(table)).report
    assert (report.rows, report.by_reason) == (3_080, {"duplicate": 1})  # but for a line break before it


def test_the_calibration_prompts_keep_experts_and_sources(taken_in, shared_file):
    rows, report = taken_in("router_calibration.jsonl")
    assert guess(read_file(shared_file("router_calibration.jsonl"))) == Mapping("prompt", "expert", source="source")
    assert (report.good, report.bad) == (632, ())
    assert set(rows.labels) == {"professor", "zoomer", "none"}
    assert "humaneval" in " ".join(rows.dataset.sources).lower()
    assert len(labelled(rows)) == 632
    again, _ = taken_in("router_calibration.jsonl")
    assert again.hash == rows.hash


@pytest.mark.parametrize(
    ("name", "prompt", "label"),
    [
        ("routellm/gsm8k_responses.csv", "prompt", None),
        ("prompts/user_oriented_instructions.jsonl", "instruction", "motivation_app"),
        ("prompts/genz_slang.csv", "description", None),
    ],
)
def test_other_files_of_the_field_are_guessed(shared_file, name, prompt, label):
    table = read_file(shared_file(name))
    assert (guess(table).prompt, guess(table).label) == (prompt, label)
    assert sift(table, guess(table)).report.good > 0.97 * len(table)
