"""What can be asked of rows, and which of them the router knows already."""

from __future__ import annotations

import numpy as np
import pytest
from dataset_case import rows_of
from doubles import WordEncoder

from lab.forensics.datasets import crossing, in_split, labelled, leaks, split_counts, unlabelled
from lab.forensics.datasets import rows as rows_module


def test_rows_are_found_by_split_and_label():
    rows = rows_of(["p", "q", "r", "s"], ["a", None, "none", "b"], ["tune", "tune", "dev", "sealed"])
    assert in_split(rows, "tune").tolist() == [0, 1]
    assert labelled(rows).tolist() == [0, 2, 3]
    assert labelled(rows, "tune").tolist() == [0]
    assert unlabelled(rows).tolist() == [1]
    assert split_counts(rows) == {"tune": 2, "dev": 1, "sealed": 1}
    assert in_split(rows_of([]), "dev").dtype == np.int64


def test_near_duplicates_across_a_files_own_splits_are_counted():
    rows = rows_of(["p", "q", "r", "s"], None, ["tune", "dev", "sealed", "sealed"], groups=[0, 0, 0, 1])
    assert crossing(rows).tolist() == [1, 2]
    assert crossing(rows_of(["p", "q"], None, ["tune", "dev"])).tolist() == []


@pytest.mark.parametrize("cells", [1, 3, 8_000_000])
def test_a_prompt_near_an_utterance_leaks_and_says_which(monkeypatch, cells):
    monkeypatch.setattr(rows_module, "_CELLS_AT_ONCE", cells)  # blocks of one row, of one row, of all
    prompts = ["tell me a joke now", "explain the sky", "Tell me  a JOKE", "what is entropy"]
    utterances = ["tell me a joke", "explain the big sky", "so bored"]
    encoder = WordEncoder()
    rows = rows_of(prompts)
    found = leaks(rows, encoder.encode(prompts), encoder.encode(utterances), utterances, above=0.8)
    cosines = encoder.encode(prompts) @ encoder.encode(utterances).T
    assert [(leak.row, leak.utterance, leak.same_text) for leak in found] == [(2, 0, True), *sorted(
        ((row, utterance, False) for row, utterance in ((0, 0), (1, 1))), key=lambda it: -cosines[it[0], it[1]]
    )]  # fmt: skip
    for leak in found:
        assert leak.cosine == pytest.approx(float(cosines[leak.row, leak.utterance]), abs=1e-6)


def test_the_same_words_leak_whatever_the_encoder_says():
    vectors = np.eye(2, dtype=np.float32)
    found = leaks(rows_of(["a b", "c"]), vectors, vectors[::-1], ["A  B", "d"])
    assert [(leak.row, leak.utterance, leak.cosine, leak.same_text) for leak in found] == [
        (0, 0, 0.0, True), (1, 0, 1.0, False),
    ]  # fmt: skip


def test_exactly_at_the_bound_is_no_leak_and_nothing_leaks_into_nothing():
    vectors = np.array([[0.6, 0.8]], dtype=np.float32)
    other = np.array([[1.0, 0.0]], dtype=np.float32)
    assert leaks(rows_of(["a"]), vectors, other, ["b"], above=float(np.float32(0.6))) == []
    assert len(leaks(rows_of(["a"]), vectors, other, ["b"], above=0.59)) == 1
    assert leaks(rows_of(["a"]), vectors, np.zeros((0, 2), dtype=np.float32), []) == []
    assert leaks(rows_of([]), np.zeros((0, 2), dtype=np.float32), other, ["b"]) == []
