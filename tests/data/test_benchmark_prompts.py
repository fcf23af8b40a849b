"""The hand-written benchmark keeps its shape, its balance, and its distance from the data that was not written here."""

from __future__ import annotations

import csv
import json
import os
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARK = ROOT / "data" / "prompts" / "benchmark.jsonl"
SHARED = (ROOT / os.environ.get("LAB_SHARED", "../shared/data")).resolve()

FIELDS = {"prompt", "expert", "query_type", "note"}
EXPERTS = {"professor", "zoomer", "none"}
QUERY_TYPES = {
    "code",
    "maths",
    "science",
    "how-to",
    "factual",
    "chat",
    "joke",
    "slang",
    "feelings",
    "mixed-register",
    "keyword-trap",
    "negation",
    "typo",
    "other-language",
    "out-of-scope",
}


def fold(text: str) -> str:
    """Return `text` without differences of case, of white space and of Unicode composition."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def calibration_prompts() -> Iterator[str]:
    with open(SHARED / "router_calibration.jsonl", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["prompt"]


def clinc150_prompts() -> Iterator[str]:
    with open(SHARED / "clinc150" / "data_full.json", encoding="utf-8") as file:
        for rows in json.load(file).values():
            for text, _intent in rows:
                yield text


def gsm8k_prompts() -> Iterator[str]:
    with open(SHARED / "routellm" / "gsm8k_responses.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["prompt"]


SHARED_SETS = {
    "router_calibration.jsonl": calibration_prompts,
    "clinc150/data_full.json": clinc150_prompts,
    "routellm/gsm8k_responses.csv": gsm8k_prompts,
}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    return [json.loads(line) for line in BENCHMARK.read_text(encoding="utf-8").splitlines()]


def test_every_row_has_the_four_fields_as_clean_text(rows):
    for number, row in enumerate(rows, start=1):
        assert set(row) == FIELDS, f"line {number}"
        for field in FIELDS:
            assert isinstance(row[field], str), f"line {number}: {field}"
            assert row[field].strip(), f"line {number}: {field}"
        assert "\0" not in row["prompt"], f"line {number}"
        row["prompt"].encode("utf-8")  # a lone surrogate raises


def test_labels_come_from_the_fixed_sets(rows):
    assert {row["expert"] for row in rows} == EXPERTS
    assert {row["query_type"] for row in rows} == QUERY_TYPES


def test_there_are_enough_rows_of_every_type(rows):
    counts = Counter(row["query_type"] for row in rows)
    assert len(rows) >= 300
    assert min(counts.values()) >= 20, counts


def test_traps_and_registers_hold_both_experts(rows):
    for query_type in ("mixed-register", "keyword-trap", "negation", "typo", "other-language"):
        experts = {row["expert"] for row in rows if row["query_type"] == query_type}
        assert {"professor", "zoomer"} <= experts, query_type


def test_no_prompt_stands_twice(rows):
    repeated = [prompt for prompt, times in Counter(fold(row["prompt"]) for row in rows).items() if times > 1]
    assert repeated == []


@pytest.mark.real_data
@pytest.mark.parametrize("name", SHARED_SETS)
def test_no_prompt_is_taken_from_the_shared_data(rows, name, shared_file):
    shared_file(name)
    theirs = {fold(prompt) for prompt in SHARED_SETS[name]()}
    assert theirs
    assert [row["prompt"] for row in rows if fold(row["prompt"]) in theirs] == []


def test_the_held_out_prompts_are_labelled_and_are_not_those_of_the_benchmark(rows):
    lines = BENCHMARK.with_name("heldout.jsonl").read_text(encoding="utf-8").splitlines()
    heldout = [json.loads(line) for line in lines]
    assert len(heldout) >= 500
    assert all(set(row) == FIELDS and row["expert"] in EXPERTS for row in heldout)
    folded = [fold(row["prompt"]) for row in heldout]
    assert len(set(folded)) == len(folded)
    assert not set(folded) & {fold(row["prompt"]) for row in rows}
