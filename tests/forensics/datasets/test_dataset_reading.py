"""Files as they come: what they are is told by what they hold, and what cannot be read is said in a sentence."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dataset_case import csv_of, read
from growth import LINEAR, growth
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import DatasetError
from lab.forensics.datasets import Table, guess, read_bytes, read_file, sift, table
from lab.forensics.datasets import reading as reading_module

ROWS = [("tell me a joke", "zoomer"), ('say "hi", please', "zoomer"), ("two\nlines", "professor"), ("É?", "none")]


def columns(found: Table) -> dict[str, list[str | None]]:
    return {name: list(values) for name, values in found.columns.items()}


def as_csv(delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows([("text", "label"), *ROWS])
    return buffer.getvalue().encode(encoding)


def as_parquet(plain: bool = False, **arrays: object) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(arrays), buffer, use_dictionary=not plain)
    return buffer.getvalue()


EXPECTED = {"text": [row[0] for row in ROWS], "label": [row[1] for row in ROWS]}
OBJECTS = [{"text": text, "label": label} for text, label in ROWS]


# ------------------------------------------------------------------------------------------------------ the formats


@pytest.mark.parametrize(
    ("data", "layout", "counted"),
    [
        (as_csv(), "CSV", "line"),
        (as_csv(";"), "CSV", "line"),
        (as_csv("|"), "CSV", "line"),
        (as_csv("\t"), "TSV", "line"),
        ("\n".join(json.dumps(row) for row in OBJECTS).encode(), "JSON Lines", "line"),
        (json.dumps(OBJECTS).encode(), "JSON", "row"),
        (json.dumps(OBJECTS, indent=2).encode(), "JSON", "row"),
        (as_parquet(text=EXPECTED["text"], label=EXPECTED["label"]), "Parquet", "row"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.parquet", "a"])
def test_every_format_is_read_by_what_it_holds_whatever_its_name(data, layout, counted, name):
    found = read_bytes(data, name)
    assert columns(found) == EXPECTED
    assert (found.layout, found.counted, found.malformed) == (layout, counted, ())


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("a.jsonl", ("a.jsonl is named like JSON Lines but holds CSV; it was read as CSV.",)),
        ("a.parquet", ("a.parquet is named like Parquet but holds CSV; it was read as CSV.",)),
        ("a.csv", ()),
        ("a.tsv", ()),
        ("a", ()),
    ],
)
def test_a_name_that_promises_something_else_is_noted(name, note):
    assert read_bytes(as_csv(), name).notes == note


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_encoding_of_unicode_is_read(encoding):
    data = as_csv(encoding=encoding)
    assert columns(read_bytes(data, "a.csv")) == EXPECTED


def test_lines_are_counted_in_the_file_also_after_a_prompt_of_several_lines():
    found = read_bytes(as_csv(), "a.csv")
    assert list(found.lines) == [2, 3, 4, 6]


def test_only_line_ends_end_a_line():
    text = 'text,label\r\n"a\u2028b",x\r\nc\x85d\x0b,y\r'
    found = read_bytes(text.encode(), "a.csv")
    assert columns(found) == {"text": ["a\u2028b", "c\x85d\x0b"], "label": ["x", "y"]}
    assert list(found.lines) == [2, 3]


def test_clinc150_is_read_with_its_splits_and_out_of_scope_is_none():
    data = {"oos_val": [["who", "oos"]], "val": [["a", "x"]], "train": [["b", "y"], ["c"]], "test": []}
    found = read_bytes(json.dumps(data).encode(), "data_full.json")
    assert found.layout == "CLINC150"
    assert columns(found) == {"text": ["who", "a", "b"], "intent": ["none", "x", "y"], "split": ["val", "val", "train"]}
    assert [(bad.line, bad.reason, bad.text) for bad in found.malformed] == [(4, "ragged", '["c"]')]
    assert found.notes == ("1 prompts labelled 'oos' (out of scope) carry the label 'none'.",)
    assert guess(found).split == "split"


def test_a_json_array_of_texts_is_a_column_of_prompts():
    assert columns(read_bytes(b'["a", "b"]', "a.json")) == {"prompt": ["a", "b"]}


def test_numbers_truth_values_and_nothing_in_json_become_text_and_nothing():
    found = read_bytes(b'{"text": "a", "n": 1.50, "t": true}\n{"text": null, "n": 12345678901234567890}', "a.jsonl")
    assert columns(found) == {"text": ["a", None], "n": ["1.5", "12345678901234567890"], "t": ["true", None]}


def test_parquet_columns_of_every_plain_kind_become_text():
    made = as_parquet(
        text=pa.array(["a", None, "c"]),
        number=pa.array([1, 2, None]),
        kind=pa.array(["x", "y", "x"]).dictionary_encode(),
        raw=pa.array([b"caf\xc3\xa9", b"\xff", None], type=pa.binary()),
    )
    assert columns(read_bytes(made, "a.parquet")) == {
        "text": ["a", None, "c"], "number": ["1", "2", None], "kind": ["x", "y", "x"], "raw": ["café", "\udcff", None],
    }  # fmt: skip


def test_parquet_columns_of_lists_cannot_be_mapped_and_the_rest_can():
    found = read_bytes(as_parquet(turns=[["a"], ["b", "c"]], text=["hello there", "what is this"]), "a.parquet")
    assert found.nested == {"turns"}
    assert guess(found).prompt == "text"
    with pytest.raises(DatasetError, match=r"no column with prompts \(turns hold lists or objects\)"):
        guess(read_bytes(as_parquet(turns=[["a"]]), "a.parquet"))


# ------------------------------------------------------------------------------------------------- CSV in the wild


def test_the_delimiter_is_the_one_that_makes_records_alike_and_not_the_most_frequent():
    found = read("text;label", "one, two, three;x", "four, five;y", "six;z")
    assert columns(found) == {"text": ["one, two, three", "four, five", "six"], "label": ["x", "y", "z"]}


def test_one_column_with_commas_in_the_texts_stays_one_column():
    found = read("prompt", "Hello, how are you", "fine", "well, well, well")
    assert columns(found) == {"prompt": ["Hello, how are you", "fine", "well, well, well"]}


def test_one_quoted_column_is_unquoted():
    assert columns(read("prompt", '"say ""hi"", please"', "fine")) == {"prompt": ['say "hi", please', "fine"]}


def test_lines_of_text_without_a_header_are_prompts_all_of_them():
    found = read("tell me a joke", "what is entropy", "thanks a lot", name="a.txt")
    assert columns(found) == {"prompt": ["tell me a joke", "what is entropy", "thanks a lot"]}
    assert found.layout == "plain text"
    assert "no header" in found.notes[0]


def test_a_table_without_a_header_is_told_by_a_label_that_comes_again():
    found = read("where is my card\tcard", "it is late\tcard", "top it up\ttop_up", name="a.tsv")
    assert columns(found) == {
        "column 1": ["where is my card", "it is late", "top it up"], "column 2": ["card", "card", "top_up"],
    }  # fmt: skip
    assert "columns are numbered" in found.notes[0]


@pytest.mark.parametrize(
    ("lines", "texts"),
    [
        (["text,label", '"say \\"hi\\", now",x', '"a, b",y', "c,z"], ['say "hi", now', "a, b", "c"]),
        (["text,label", "'a, b',x", "'c, d',y", "e,z"], ["a, b", "c, d", "e"]),
        (["text\tlabel", 'so "big\tx', '"tis\ty', "c\tz"], ['so "big', '"tis', "c"]),
    ],
    ids=["backslash", "single quotes", "no quotes at all"],
)
def test_unusual_quoting_is_found(lines, texts):
    assert columns(read(*lines))["text"] == texts


def test_ragged_rows_are_listed_with_their_line_and_the_others_go_on():
    found = read("text,label", "a,x", "b", "c,y,z", "d,w,,", "", "e,v")
    assert columns(found) == {"text": ["a", "d", "e"], "label": ["x", "w", "v"]}
    assert [(bad.line, bad.reason, bad.detail, bad.text) for bad in found.malformed] == [
        (3, "ragged", "1 field where the header has 2", "b"),
        (4, "ragged", "3 fields where the header has 2", "c,y,z"),
    ]
    assert list(found.lines) == [2, 5, 7]


@pytest.mark.parametrize("stray", [1, 2, 3])
def test_quotation_marks_that_are_never_closed_cost_their_own_lines_alone(stray):
    lines = ["text,label", *(f'"well, prompt {at}",x' if at % 3 else f"prompt {at},x" for at in range(50))]
    for number in range(stray):
        lines[5 + 10 * number] = f'"oops {number},x'
    found = read(*lines)
    assert len(found) == 50 - stray
    assert [bad.line for bad in found.malformed] == [6 + 10 * number for number in range(stray)]
    assert all("quotation mark opens here" in bad.detail for bad in found.malformed)


def test_a_stray_quotation_mark_on_every_line_is_read_in_one_pass():
    lines = ["text,label", *['"well, fine",x'] * 1_000, *['"oops,x'] * 50_000]
    found = read(*lines)  # in a second; it would take minutes if every mark read on to the end
    assert (len(found), len(found.malformed)) == (1_000, 50_000)


def test_columns_of_one_name_and_of_none_get_names_of_their_own():
    found = read("text,label,text,", "a,b,c,d")
    assert list(found.columns) == ["text", "label", "text (2)", "column 4"]
    assert found.notes == ("Two columns are called 'text'; number 3 is called 'text (2)' here.",)


def test_nul_and_half_characters_are_kept_for_the_row_report():
    assert columns(read("text,label", "a\x00b,x"))["text"] == ["a\x00b"]
    assert columns(read_bytes(b'{"text": "a\\ud800"}\n{"text": "\\ud83d\\ude00"}', "a.jsonl"))["text"] == [
        "a\ud800", "😀",
    ]  # fmt: skip


def test_bytes_of_another_encoding_are_reported_by_row_as_windows_reads_them():
    found = read_bytes("text,label\ncafé “x”,y\nplain,z\n".encode("cp1252"), "a.csv")
    report = sift(found, guess(found)).report
    assert (report.good, [(bad.line, bad.reason, bad.text) for bad in report.bad]) == (
        1, [(2, "encoding", "café “x”")],
    )  # fmt: skip
    assert "the byte 0xE9 at character 4, which is not UTF-8" in report.bad[0].detail
    assert "not UTF-8 from byte 14 on" in report.notes[0]


def test_broken_lines_of_json_lines_are_listed():
    found = read('{"text": "a"}', '{"text": ', "[1]", '{"text": "b"}', name="a.jsonl")
    assert columns(found) == {"text": ["a", "b"]}
    assert [(bad.line, bad.reason) for bad in found.malformed] == [(2, "ragged"), (3, "ragged")]
    assert found.malformed[0].detail.startswith("not JSON: Expecting value at character ")


# -------------------------------------------------------------------------------------------- what cannot be read


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", r"a\.csv is empty \(0 bytes\)"),
        (b" \n\t\n", "holds nothing but blanks"),
        (b"text,label\n", r"holds only a header \(text, label\)"),
        (b"\xef\xbb\xbf", "holds nothing but blanks"),
        (b"PK\x03\x04....", "a ZIP archive or an Excel workbook. Save the sheet as CSV"),
        (gzip.compress(b"text\na\n", mtime=0), "a gzip archive"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\x80\x04\x95abc", "a Python pickle, which the lab never opens"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (bytes(range(256)) * 4, "holds no text"),
        (b"PAR1 and then nothing", "damaged or unusual Parquet file"),
        (b'{"a": ', "begins like JSON but is not"),
        (b'{"data": [{"text": "a"}], "version": 1}', r"one nested JSON object \(with 'data', 'version'\)"),
        (b"{}", r"one nested JSON object \(with nothing\)"),
        (b"[]", "an empty JSON array"),
        (b"[1, 2]", "a JSON array whose first item is a number"),
        (b"[[1], [2]]", "a JSON array whose first item is an array"),
        (b"[" * 100_000, "nested too deeply"),
        (b'[{"messages": [{"role": "user"}]}]', r"no column with prompts \(messages hold lists or objects\)"),
        (("x," * 1_500 + "\n" + "1," * 1_500 + "\n").encode(), "has 1,501 columns; the lab takes 1,000"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_dataset_is_refused_in_a_sentence(data, sentence):
    with pytest.raises(DatasetError, match=sentence):
        guess(read_bytes(data, "a.csv"))


def test_a_truncated_parquet_file_is_refused():
    whole = as_parquet(text=[f"prompt {number}" for number in range(1000)])
    with pytest.raises(DatasetError, match="damaged or unusual Parquet file"):
        read_bytes(whole[: len(whole) // 2], "a.parquet")


def test_a_parquet_file_that_unpacks_beyond_all_bounds_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr("lab.forensics.datasets.parquet._MAX_UNPACKED", 10_000)
    with pytest.raises(DatasetError, match="unpacks to"):
        read_bytes(as_parquet(plain=True, text=["a" * 100] * 10_000), "a.parquet")


def test_a_text_that_a_parquet_file_repeats_is_held_once():
    found = read_bytes(as_parquet(text=["a" * 100_000] * 2_000), "a.parquet")  # 200 MB, if it were not
    texts = found.columns["text"]
    assert len(texts) == 2_000
    assert len({id(text) for text in texts}) == 1


def test_a_file_over_the_limit_is_refused_with_the_limit(monkeypatch, tmp_path):
    assert table.MAX_BYTES == 256 * 1024**2
    path = tmp_path / "big.csv"
    with open(path, "wb") as file:
        file.truncate(table.MAX_BYTES + 1)  # sparse: nothing is written, and nothing is read
    with pytest.raises(DatasetError, match=r"big\.csv has 256\.0 MB; the limit is 256 MB"):
        read_file(path)
    monkeypatch.setattr(reading_module, "MAX_BYTES", 10)
    with pytest.raises(DatasetError, match="the limit is"):
        read_bytes(b"text,label\na,b\n", "a.csv")


def test_more_rows_than_the_lab_takes_are_refused(monkeypatch):
    monkeypatch.setattr("lab.forensics.datasets.table.MAX_ROWS", 5)
    monkeypatch.setattr("lab.forensics.datasets.delimited.MAX_ROWS", 5)
    for data in (csv_of("text,label", *["a,b"] * 9), csv_of(*['{"text": "a"}'] * 9), as_parquet(text=["a"] * 9)):
        with pytest.raises(DatasetError, match="rows; the lab takes 5"):
            read_bytes(data, "a.csv")


def test_paths_that_are_no_readable_file_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="does not exist"):
        read_file(tmp_path / "nothing.csv")
    with pytest.raises(DatasetError, match="is a folder"):
        read_file(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DatasetError, match="is no file"):
        read_file(tmp_path / "pipe")


def test_a_path_and_an_upload_are_read_alike(tmp_path):
    (tmp_path / "a.csv").write_bytes(as_csv())
    assert columns(read_file(tmp_path / "a.csv")) == columns(read_bytes(as_csv(), "/somewhere/a.csv"))


# ------------------------------------------------------------------------------------------------------- properties

_CONTROLS = "".join(map(chr, set(range(32)) - {9, 10, 13}))  # a file that is full of them is no text
cell = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=_CONTROLS + "\ufeff"), max_size=12)


@given(rows=st.lists(st.tuples(cell, cell), min_size=1, max_size=8), delimiter=st.sampled_from(",\t;|"))
def test_what_a_csv_writer_writes_comes_back(rows, delimiter):
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([("prompt", "label"), *rows])
    found = read_bytes(buffer.getvalue().encode(), "a.csv")
    assert list(zip(*found.columns.values(), strict=True)) == rows
    assert found.malformed == ()


@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_table_or_a_sentence(data):
    try:
        found = read_bytes(data, "a.csv")
        mapping = guess(found)
    except DatasetError:
        return
    report = sift(found, mapping).report
    assert report.good + len(report.bad) == report.rows


# ------------------------------------------------------------------------------------------------------------- size


def test_two_hundred_thousand_rows_take_ten_times_as_long_as_twenty_thousand():
    draw = random.Random(1)
    words = [f"word{number}" for number in range(3_000)]
    lines = ["text,label", *(f"{' '.join(draw.choices(words, k=9))},intent {at % 150}" for at in range(200_000))]
    reports = []

    def work(data: bytes) -> None:
        found = read_bytes(data, "big.csv")
        reports.append(sift(found, guess(found)).report)

    few, many = csv_of(*lines[:20_001]), csv_of(*lines)
    assert growth(lambda: work(few), lambda: work(many), 10) < LINEAR
    assert max(report.rows for report in reports) == 200_000
    assert max(report.good for report in reports) >= 199_990
