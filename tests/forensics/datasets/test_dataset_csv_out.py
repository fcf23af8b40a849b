"""Tables as CSV: everything comes back, and a spreadsheet runs nothing of it."""

from __future__ import annotations

import csv
import io
from math import nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.forensics.datasets import guess, read_bytes, sift, to_csv
from lab.forensics.datasets.csv_out import DATASET_COLUMNS, unguarded


def back(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_columns_become_rows_under_a_header_with_a_byte_order_mark():
    data = to_csv({"prompt": ["É, “x”\nb", None], "n": [3, -0.5]})
    assert data.startswith(b"\xef\xbb\xbf")
    assert back(data) == [["prompt", "n"], ["É, “x”\nb", "3"], ["", "-0.5"]]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＠"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(start):
    assert back(to_csv({f"{start}name": [f"{start}cmd|' /C calc'!A0"]})) == [
        [f"'{start}name"], [f"'{start}cmd|' /C calc'!A0"],
    ]  # fmt: skip


def test_numbers_stay_numbers_and_nothing_is_empty():
    values = [-1, -0.25, np.float32(-0.5), np.int64(-3), nan, None, True]
    assert [row[0] for row in back(to_csv({"n": values}))[1:]] == ["-1", "-0.25", "-0.5", "-3", "", "", "True"]


def test_text_that_no_file_can_hold_is_repaired():
    assert back(to_csv({"t": ["a\x00b\ud800"]}))[1] == ["a\ufffdb\ufffd"]


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match=r"shorter|longer"):
        to_csv({"a": [1, 2], "b": [1]})


def test_a_table_without_rows_is_its_header():
    assert back(to_csv({"a": [], "b": []})) == [["a", "b"]]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), min_size=1))
def test_any_text_comes_back_but_for_the_apostrophe(values):
    found = [row[0] if row else "" for row in back(to_csv({"t": values}))[1:]]
    for value, cell in zip(values, found, strict=True):
        assert cell in (value, f"'{value}")
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


MARKED = ["=1+1", "'=1+1", "''-5", "-5 degrees", "'tis nothing", "＝full", "\ttab", "plain", "'"]


@given(st.lists(st.one_of(st.sampled_from(MARKED), st.text("'=-@a ")), min_size=1))
def test_every_text_comes_back_from_a_csv_of_the_lab(values):
    found = [row[0] if row else "" for row in back(to_csv({"t": values}))[1:]]
    again = unguarded({"t": found})
    assert (found if again is None else again["t"]) == values


def test_a_dataset_comes_back_from_its_csv_as_the_same_text():
    n = len(MARKED)
    columns = dict(zip(DATASET_COLUMNS, (MARKED, ["@home"] * n, [None] * n, ["+"] * n), strict=False))
    table = read_bytes(to_csv(columns), "mine.csv")
    found = sift(table, guess(table))
    assert (found.prompts, set(found.labels), set(found.sources)) == (tuple(MARKED), {"@home"}, {"+"})
    assert any("was taken off again" in note for note in table.notes)


@pytest.mark.parametrize(
    "lines",
    [
        "prompt,label\n'=1+1,a\n",  # another header
        "prompt,label,query_type,source\n'=1+1,a,b,c\n=2+2,a,b,c\n",  # the lab leaves no formula as it is
    ],
)
def test_an_apostrophe_of_somebody_else_stays(lines):
    table = read_bytes(lines.encode(), "theirs.csv")
    assert table.columns["prompt"][0] == "'=1+1"
    assert table.notes == ()
