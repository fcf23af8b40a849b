"""Values that are no text: told by their row, and never a reason to lose a column or to take another one."""

from __future__ import annotations

import io
import json
from math import inf, nan

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lab.errors import DatasetError
from lab.forensics.datasets import Table, guess, read_bytes, sift


def jsonl(*rows: object) -> Table:
    return read_bytes("\n".join(json.dumps(row) for row in rows).encode(), "a.jsonl")


def parquet(table: object, **columns: object) -> Table:
    buffer = io.BytesIO()
    pq.write_table(table or pa.table(columns), buffer)
    return read_bytes(buffer.getvalue(), "a.parquet")


def test_one_list_among_labels_costs_its_row_and_no_other():
    rows = [{"prompt": f"prompt {at}", "label": "zoomer"} for at in range(500)]
    rows[376]["label"] = ["zoomer", "x"]  # type: ignore[assignment]
    found = sift(table := jsonl(*rows), guess(table))
    assert found.labels == ("zoomer",) * 499
    (bad,) = found.report.bad
    assert (bad.line, bad.reason, bad.detail, bad.text) == (
        377, "ragged", 'the label holds a list: ["zoomer", "x"]', "prompt 376",
    )  # fmt: skip


def test_one_object_among_prompts_does_not_make_prompts_of_the_labels():
    table = jsonl({"prompt": {"a": 1}, "label": "a long label"}, *({"prompt": str(at), "label": "b"} for at in "xyz"))
    found = sift(table, guess(table))
    assert found.prompts == ("x", "y", "z")
    assert [bad.detail for bad in found.report.bad] == ['the prompt holds an object: {"a": 1}']


def test_a_value_of_a_column_that_nobody_takes_costs_nothing():
    table = jsonl({"prompt": "a", "note": "n"}, {"prompt": "b", "note": ["n"]}, {"prompt": "c", "note": "m"})
    assert sift(table, guess(table)).prompts == ("a", "b", "c")


@pytest.mark.parametrize("other", ["text", "content", "label"])
def test_nested_prompts_are_refused_and_no_other_column_is_taken_for_them(other):
    columns = {"prompt": [[["x"]], [["y"]]], other: ["a text that is long enough", "another long text"]}
    for table in (
        jsonl({"prompt": [1], other: "a text that is long enough"}, {"prompt": [2], other: "another long text"}),
        parquet(None, **{name: [values] * 2 if name == "prompt" else values for name, values in columns.items()}),
    ):
        with pytest.raises(DatasetError, match=r"The column 'prompt' of a\.\w+ holds lists or objects, so it is not"):
            guess(table)
        assert guess(table, other).prompt == other  # whoever names a column gets it


def test_one_object_on_a_line_is_json_lines_and_no_surprise():
    assert jsonl({"prompt": "what is it"}).notes == ()
    assert read_bytes(b'[{"prompt": "a"}, {"prompt": "b"}]', "a.jsonl").notes != ()


@pytest.mark.parametrize("value", ["null", "42", '"hi"'])
def test_a_single_json_value_is_told_as_one(value):
    with pytest.raises(DatasetError, match=r"a\.json holds one JSON value and no rows"):
        read_bytes(value.encode(), "a.json")


def test_a_short_file_without_a_header_is_told_what_its_first_line_was_taken_for():
    table = read_bytes(b"explain quantum tunnelling,professor\nlol bro,zoomer\n", "a.csv")
    with pytest.raises(DatasetError, match=r"If its first line \(explain quantum tunnelling, professor\) is a row"):
        guess(table)


def test_a_surer_name_than_a_nested_one_is_taken():
    table = jsonl({"text": "why is it", "content": [1]}, {"text": "what is it", "content": [2]})
    assert guess(table).prompt == "text"


def test_numbers_are_labels_as_a_person_writes_them():
    labels = [1, 1.0, "1", True, None, nan, 0.5, 1e300, -0.0]
    table = jsonl(*({"prompt": f"p{at}", "label": label} for at, label in enumerate(labels)))
    assert list(table.columns["label"]) == ["1", "1", "1", "true", None, None, "0.5", "1e+300", "0"]
    found = parquet(None, prompt=["a", "b", "c"], label=[1.0, nan, 2.5], flag=[True, False, None])
    assert list(found.columns["label"]) == ["1", None, "2.5"]
    assert list(found.columns["flag"]) == ["true", "false", None]


def test_an_infinite_number_is_left_out_with_its_reason():
    for table in (
        jsonl({"prompt": inf, "label": "a"}, {"prompt": "b", "label": "a"}),
        parquet(None, prompt=[inf, 3.0], label=["a", "a"]),
    ):
        found = sift(table, guess(table, "prompt"))
        assert len(found.prompts) == 1
        assert found.report.bad[0].detail == "the prompt holds an infinite number"


def test_a_word_of_a_parquet_dictionary_is_made_once():
    column = list(parquet(None, prompt=["a long text that repeats"] * 3).columns["prompt"])
    assert column[0] is column[1] is column[2]


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (pa.array([10**7], pa.int32()).cast(pa.date32()), "29349-01-26"),
        (pa.array([0], pa.timestamp("us", tz="Foo/Bar")), "1970-01-01 00:00:00.000000"),
        (pa.array([10**18], pa.timestamp("us")), "<value out of range: 1000000000000000000>"),
    ],
)
def test_dates_that_python_does_not_know_stop_nothing(values, first):
    assert list(parquet(pa.table({"prompt": ["what is it"], "day": values})).columns["day"]) == [first]


def test_whatever_a_damaged_parquet_file_makes_its_reader_raise_is_a_sentence():
    buffer = io.BytesIO()
    pq.write_table(pa.table({"prompt": ["what is it"], "naïve": ["x"]}), buffer, store_schema=False)
    with pytest.raises(DatasetError, match=r"b\.parquet is a damaged or unusual Parquet file \(.*\)\. Write it again"):
        read_bytes(buffer.getvalue().replace("ï".encode(), b"\xff\xfe"), "b.parquet")
