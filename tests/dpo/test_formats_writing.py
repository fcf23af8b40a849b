"""All formats in one pass: where files lie, what their hashes are, and that the same rows give the same bytes."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
import zipfile
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from export_rows import CARD, FOREIGN, LIKED, LONG, PLAIN, ROWS, many

from lab.dpo.formats import FORMATS, Choice, choice, write, zipped
from lab.errors import ExportError
from lab.messages import Message

EVERYTHING = [choice(name) for name in FORMATS]
MAIN = [choice(name) for name, form in FORMATS.items() if form.main]


def bytes_in(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_layout_of_an_export(tmp_path):
    rows = [PLAIN, replace(LONG, split="test")]
    written = write(rows, [LIKED], EVERYTHING, tmp_path / "out", CARD)
    sides = ("train", "test")  # validation has no row and no file
    assert set(written.files) == {
        *(f"{name}/{split}.jsonl" for name in ("trl", "reward", "kto", "axolotl", "openai", "sft") for split in sides),
        *(f"llamafactory/{split}.json" for split in sides), "llamafactory/dataset_info.json",
        *(f"hf/data/{split}-00000-of-00001.parquet" for split in sides), "hf/README.md",
        "rows.jsonl", "manifest.json",
    }  # fmt: skip
    assert set(bytes_in(tmp_path / "out")) == set(written.files)
    assert (written.folder, written.liked, written.left_out) == (tmp_path / "out", 1, {})
    assert written.counts == {"train": 1, "validation": 0, "test": 1}
    assert {path: made.rows for path, made in written.files.items() if "/train" in path and "kto" in path} == {
        "kto/train.jsonl": 3
    }


def test_files_have_the_hashes_that_are_said(tmp_path):
    written = write(many(50), [LIKED], EVERYTHING, tmp_path / "out", CARD)
    there = bytes_in(tmp_path / "out")
    for path, made in written.files.items():
        assert (made.sha256, made.bytes) == (hashlib.sha256(there[path]).hexdigest(), len(there[path]))
    manifest = json.loads(there["manifest.json"])
    assert manifest["files"] == {
        path: {"sha256": made.sha256, "bytes": made.bytes, "rows": made.rows}
        for path, made in sorted(written.files.items())
        if path != "manifest.json"
    }
    assert (manifest["name"], manifest["snapshot"], manifest["hash"]) == ("First pairs", "snapshot-1", CARD.hash)
    assert (manifest["spec"], manifest["liked"]) == (CARD.spec, 1)
    assert manifest["counts"] == {"train": 40, "validation": 5, "test": 5}
    assert manifest["formats"]["llamafactory"] == "json"


@pytest.mark.parametrize("container", ["jsonl", "json", "parquet"])
def test_the_same_rows_give_the_same_bytes(tmp_path, container):
    choices = [Choice(name, container) for name, form in FORMATS.items() if container in form.containers]
    rows = [*many(5_000), FOREIGN]  # more than a row group
    first = write(rows, [LIKED], choices, tmp_path / "a", CARD)
    second = write(iter(rows), iter([LIKED]), choices, tmp_path / "b", CARD)
    assert first.files == second.files
    assert bytes_in(tmp_path / "a") == bytes_in(tmp_path / "b")
    assert bytes_in(tmp_path / "a") != bytes_in(write(rows[1:], [], choices, tmp_path / "c", CARD).folder)


def test_the_trace_says_where_every_row_stands(tmp_path):
    rows = [PLAIN, replace(FOREIGN, split="test"), replace(LONG, turns=(*LONG.turns, Message("assistant", "?"))), LONG]
    out = write(rows, [LIKED], EVERYTHING, tmp_path / "out", CARD)
    trace = [json.loads(line) for line in (out.folder / "rows.jsonl").read_text("utf-8").split("\n") if line]
    assert [row.get("duel_id", row.get("response_id")) for row in trace] == [
        "duel-1", "duel-3", "duel-2", "duel-2", "answer-1"
    ]  # fmt: skip
    assert [row["row_hash"] for row in trace] == [row.hash for row in (*rows, LIKED)]
    assert [row["split"] for row in trace] == ["train", "test", "train", "train", "train"]
    assert [row["at"].get("trl") for row in trace] == [[1], [1], [2], [3], None]
    assert [row["at"].get("kto") for row in trace] == [[1, 2], [1], [3, 4], [5, 6], [7]]
    assert [row["at"].get("llamafactory") for row in trace] == [[1], [1], None, [2], None]
    assert out.left_out == {"llamafactory": 1}
    assert (trace[0]["votes"], trace[0]["agreeing"], trace[0]["strength"]) == (3, 2, 1.5)
    for row, source in zip(trace, (*rows, LIKED), strict=True):
        for place, expected in zip(row["at"].get("kto", ()), FORMATS["kto"].objects(source), strict=True):
            lines = (out.folder / f"kto/{row['split']}.jsonl").read_bytes().splitlines()
            assert json.loads(lines[place - 1]) == expected


def test_the_card_counts_what_is_there(tmp_path):
    write(many(10), [], [choice("hf")], tmp_path / "out", replace(CARD, counts={"train": 999}))
    card = (tmp_path / "out/hf/README.md").read_text("utf-8")
    assert "| train | 8 |" in card
    assert "999" not in card


def test_parquet_holds_its_schema_also_where_no_row_has_a_value(tmp_path):
    write([LONG], [], [choice("hf")], tmp_path / "out", CARD)
    table = pq.read_table(tmp_path / "out/hf/data/train-00000-of-00001.parquet")
    kinds = {name: str(table.schema.field(name).type) for name in ("query_type", "strength", "votes", "adjudicated")}
    assert kinds == {"query_type": "string", "strength": "double", "votes": "int64", "adjudicated": "bool"}
    assert table.column("strength").to_pylist() == [None]


def test_parquet_comes_in_row_groups_of_rows_and_of_text(tmp_path):
    write(many(9_000), [], [choice("trl:parquet")], tmp_path / "rows", CARD)
    groups = pq.ParquetFile(tmp_path / "rows/trl/train.parquet").metadata
    assert [groups.row_group(at).num_rows for at in range(groups.num_row_groups)] == [4096, 3104]
    write(many(40, rejected="x" * 1_000_000), [], [choice("trl:parquet")], tmp_path / "text", CARD)
    groups = pq.ParquetFile(tmp_path / "text/trl/train.parquet").metadata
    assert [groups.row_group(at).num_rows for at in range(groups.num_row_groups)] == [17, 15]


def test_memory_does_not_grow_with_the_rows(tmp_path):
    def peak(count):
        tracemalloc.start()
        rows = (row for start in range(0, count, 100) for row in many(100, rejected="x" * 2_000))
        write(rows, [], [choice("trl"), choice("llamafactory"), choice("axolotl")], tmp_path / str(count), CARD)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(100)
    assert peak(4_000) < peak(1_000) + 500_000


def test_progress_is_told_and_a_stop_leaves_nothing(tmp_path):
    said = []
    write(many(600), [LIKED], [choice("trl")], tmp_path / "out", CARD, progress=said.append)
    assert said == [0, 256, 512, 601]

    class StoppedError(Exception):
        pass

    def stop():
        if len(said) > 5:
            raise StoppedError
        said.append(0)

    with pytest.raises(StoppedError):
        write(many(600), [], MAIN, tmp_path / "stopped", CARD, check=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_rows_that_break_off_leave_nothing(tmp_path):
    def broken():
        yield from many(5_000)
        raise ExportError("The votes cannot be read.")

    with pytest.raises(ExportError, match="cannot be read"):
        write(broken(), [], [*MAIN, choice("axolotl:parquet")], tmp_path / "out", CARD)
    assert list(tmp_path.iterdir()) == []


def test_one_row_is_enough_and_none_is_said(tmp_path):
    assert write([PLAIN], [], MAIN, tmp_path / "one", CARD).files["hf/data/train-00000-of-00001.parquet"].rows == 1
    assert set(write([], [LIKED], MAIN, tmp_path / "liked", CARD).files) == {
        "kto/train.jsonl",
        "rows.jsonl",
        "manifest.json",
    }
    with pytest.raises(ExportError, match=r"no pair and no liked answer to write\. Judge some duels first"):
        write([], [], MAIN, tmp_path / "none", CARD)
    with pytest.raises(ExportError, match=r"Of 1 row none fits TRL DPO\. Choose another format too"):
        write([], [LIKED], [choice("trl")], tmp_path / "unfit", CARD)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["liked", "one"]


# -------------------------------------------------------------------------------------------------------------- ZIP


def test_a_zip_holds_the_files_and_is_the_same_twice(tmp_path):
    for name in ("a", "b"):
        write([*many(20), *ROWS], [LIKED], EVERYTHING, tmp_path / name / "pairs", CARD)
        assert zipped(tmp_path / name / "pairs", tmp_path / f"{name}.zip") == tmp_path / f"{name}.zip"
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        held = {name: archive.read(name) for name in archive.namelist()}
    assert held == {f"pairs/{path}": data for path, data in bytes_in(tmp_path / "a/pairs").items()}
    assert list(held) == sorted(held)


def test_a_zip_overwrites_nothing_and_leaves_nothing_half(tmp_path):
    folder = write(ROWS, [], MAIN, tmp_path / "out", CARD).folder
    (tmp_path / "there.zip").write_text("mine")
    for to, words in (
        (tmp_path / "there.zip", "there.zip; nothing is overwritten"),
        (folder / "inside.zip", "lies in the folder that it would hold"),
        (tmp_path / "there.zip" / "x.zip", "is no folder, or lies in none"),
    ):
        with pytest.raises(ExportError, match=words):
            zipped(folder, to)

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        zipped(folder, tmp_path / "stopped.zip", check=stop)
    for none in (tmp_path / "none", tmp_path / "there.zip"):
        with pytest.raises(ExportError, match=r"is no folder\. Export first"):
            zipped(none, tmp_path / "x.zip")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "there.zip"]
    assert (tmp_path / "there.zip").read_text() == "mine"
