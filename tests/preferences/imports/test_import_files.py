"""Whole preference files: real ones without editing, and files that hold no preferences."""

from __future__ import annotations

import contextlib
import io
import json
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lab.errors import DatasetError
from lab.forensics.datasets.reading import read_objects
from lab.preferences.imports import sift_bytes, sift_file

ROW = b'{"prompt": "Q", "chosen": "good", "rejected": "bad"}'


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "schema", "rows", "pairs", "liked", "left_out"),
    [
        ("dpo_en_demo.json", "ShareGPT", 300, 295, 0, {"duplicate": 5}),
        ("dpo_zh_demo.json", "ShareGPT", 300, 289, 0, {"duplicate": 11}),
        ("kto_en_demo.json", "LLaMA-Factory KTO", 300, 0, 300, {}),
        ("v1_dpo_demo.jsonl", "LLaMA-Factory v1", 10, 10, 0, {}),
    ],
)
def test_real_files_are_read_as_they_are(shared_file, name, schema, rows, pairs, liked, left_out):
    found = sift_file(shared_file(f"preferences/{name}"))
    assert (found.report.rows, found.report.pairs, found.report.liked) == (rows, pairs, liked)
    assert list(found.report.schemas) == [schema]
    assert found.report.by_reason == left_out
    entries = list(found.entries())
    assert len(entries) == pairs + liked
    assert all(entry.conversation[-1].role == "user" for entry in entries)


@pytest.mark.real_data
def test_real_rows_say_what_the_file_says(shared_file):
    path = shared_file("preferences/dpo_en_demo.json")
    raw = json.loads(path.read_text(encoding="utf-8"))
    for entry in sift_file(path).entries():
        row = raw[entry.row - 1]
        turns = [one["value"] for one in row["conversations"] if one["from"] != "system"]
        system = [one["value"] for one in row["conversations"] if one["from"] == "system"]
        assert [turn.content for turn in entry.conversation] == turns
        assert entry.system_prompt == "\n\n".join(one for one in system if one.strip())
        assert (entry.chosen, entry.rejected) == (row["chosen"]["value"], row["rejected"]["value"])


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "empty.json", "is empty"),
        (b" \n ", "blank.json", "nothing but blanks"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "cat.json", "a picture"),
        (b'{"data": [1, 2], "version": 2}', "object.json", "it has 'data', 'version'"),
        (b"null", "null.json", "one JSON value"),
        (b"[]", "array.json", "it has no rows"),
        (b"[1, 2]", "numbers.json", "this is a number, not an object"),
        (b"text,intent\nhello there,greet\nbye now,leave\n", "intents.csv", "it has 'text', 'intent'"),
        (b"just some words\nand more of them here\n", "notes.txt", "holds no preferences"),
        (b"[" + ROW + b", " + ROW[:30], "cut.json", "begins like JSON but is not"),
        (b"[" + ROW + b" " + ROW + b"]", "comma.json", "begins like JSON but is not"),
        (b"[" + ROW + b"] x", "more.json", "begins like JSON but is not"),
        (b"[" + ROW + b",]", "trailing.json", "begins like JSON but is not"),
        (b"[" * 100_000, "deep.json", "nested too deeply"),
        (b"PAR1 and no more", "cut.parquet", "damaged or unusual Parquet file"),
        (b"<!doctype html><p>404", "pairs.json", "web page"),
        (b"\x80\x04\x95" + b"x" * 20, "pairs.json", "pickle, which the lab never opens"),
    ],
)
def test_a_file_without_preferences_is_refused_in_a_sentence(data, name, words):
    with pytest.raises(DatasetError, match=words) as raised:
        sift_bytes(data, name)
    assert name in str(raised.value)


def test_a_file_that_is_not_there_or_a_folder(tmp_path):
    with pytest.raises(DatasetError, match="is a folder"):
        sift_file(tmp_path)
    with pytest.raises(DatasetError, match="does not exist"):
        sift_file(tmp_path / "no.json")


@pytest.mark.parametrize("count", [1, 2, 30])
@pytest.mark.parametrize(("before", "after"), [(b"[\n", b"\n]\n"), (b"[", b"]")])
def test_an_array_with_a_row_on_each_line_is_an_array(count, before, after):
    rows = [ROW.replace(b"Q", b"Q%d" % number) for number in range(count)]
    found = sift_bytes(before + b",\n".join(rows) + after, "lines.json").report
    assert (found.layout, found.pairs, found.bad) == ("JSON", count, ())


def test_a_file_of_lines_that_is_cut_off_loses_its_last_line_alone():
    found = sift_bytes(ROW + b"\n" + ROW.replace(b"Q", b"R") + b"\n" + ROW[:30], "cut.jsonl").report
    assert found.good == 2
    assert [(one.line, one.reason) for one in found.bad] == [(3, "unreadable")]


def test_ragged_rows_of_a_csv_file_are_listed_where_they_stand():
    text = b"prompt,chosen,rejected\nQ,good\nR,good,bad\nS,good,bad,more\nT,good,\n"
    found = sift_bytes(text, "pairs.csv").report
    assert [(one.line, one.reason) for one in found.bad] == [(2, "unreadable"), (4, "unreadable"), (5, "empty")]
    assert (found.rows, found.pairs) == (4, 1)


def test_bytes_that_are_not_utf_8_cost_their_row():
    found = sift_bytes(ROW + b"\n" + ROW.replace(b"good", b"caf\xe9"), "latin.jsonl").report
    assert [(one.line, one.reason) for one in found.bad] == [(2, "encoding")]
    assert "0xE9 at character 4" in found.bad[0].detail


def test_rows_whose_parquet_text_is_not_utf_8_are_listed():
    side = pa.array([[{"role": "user", "content": "Q"}, {"role": "assistant", "content": text}] for text in "abcd"])
    buffer = io.BytesIO()
    pq.write_table(pa.table({"chosen": side, "rejected": side.take([1, 2, 3, 0])}), buffer, compression="none",
                   use_dictionary=False)  # fmt: skip
    data = buffer.getvalue()
    at = data.index(b"\x01\x00\x00\x00c")
    damaged = data[: at + 4] + b"\xff" + data[at + 5 :]
    found = sift_bytes(damaged, "pairs.parquet").report
    assert found.by_reason == {"encoding": 1}
    assert (found.good, [one.line for one in found.bad]) == (3, [3])


@pytest.mark.parametrize("depth", [950, 985, 990, 995, 1_000, 5_000])
def test_a_row_that_is_nested_deeply_is_no_more_than_a_bad_row_or_file(depth):
    deep = b'{"a": ' + b"[" * depth + b"]" * depth + b"}"
    assert sift_bytes(ROW + b"\n" + deep, "deep.jsonl").report.good == 1
    with contextlib.suppress(DatasetError):
        assert sift_bytes(b"[" + ROW + b"," + deep + b"]", "deep.json").report.good == 1


def test_a_lone_object_is_a_file_of_one_row():
    for name in ("one.json", "one.jsonl"):
        assert sift_bytes(ROW, name).report.pairs == 1


def test_the_name_of_a_file_is_no_path():
    assert sift_bytes(ROW, "../../etc/pairs.json").file_name == "pairs.json"


def test_a_pass_over_a_long_file_holds_a_few_rows_at_a_time():
    row = {"prompt": "Q", "chosen": [{"role": "assistant", "content": "a" * 1_000}] * 10}
    text = json.dumps([row] * 2_000).encode()  # 20 MB
    objects = read_objects(text, "long.json", lambda name: True)
    tracemalloc.start()
    try:
        assert sum(1 for _ in objects) == 2_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
