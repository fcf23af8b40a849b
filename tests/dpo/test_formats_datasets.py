"""The real reader of these files: Hugging Face's datasets opens each one, and the folder with its schema and splits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from export_rows import CARD, LIKED, LONG, PLAIN, ROWS, many

from lab.dpo.formats import FORMATS, Choice, choice, schema_of, write

ALL = [(form.name, container) for form in FORMATS.values() for container in form.containers]
SIDES = ("train", "validation", "test")


@pytest.fixture(scope="module")
def datasets():
    """The library, which takes seconds to import."""
    import datasets

    datasets.disable_progress_bars()
    return datasets


@pytest.fixture(scope="module")
def rows():
    sides = [replace(row, split=split) for split in SIDES for row in ROWS]
    return [*sides, *many(40)]


@pytest.mark.parametrize(("name", "container"), ALL)
def test_every_file_opens_with_the_declared_schema(datasets, tmp_path, rows, name, container):
    written = write(rows, [LIKED], [Choice(name, container)], tmp_path / "out", CARD)
    kind = "parquet" if container == "parquet" else "json"
    declared = datasets.Features.from_arrow_schema(schema_of(FORMATS[name].columns))
    for split in SIDES:
        ((path, made),) = [(path, made) for path, made in written.files.items() if split in path]
        opened = datasets.load_dataset(
            kind, data_files=str(written.folder / path), split="train", cache_dir=str(tmp_path / "cache")
        )
        assert opened.features == declared
        source = [*rows, LIKED] if name == "kto" else rows
        expected = [one for row in source if row.split == split for one in FORMATS[name].objects(row)]
        assert list(opened) == expected
        assert len(opened) == made.rows


@pytest.mark.parametrize("name", FORMATS)
def test_every_folder_opens_with_its_splits(datasets, tmp_path, rows, name):
    written = write(rows, [LIKED], [choice(name)], tmp_path / "out", CARD)
    opened = datasets.load_dataset(str(written.folder / name), cache_dir=str(tmp_path / "cache"))
    assert {split: len(side) for split, side in opened.items()} == {
        split: made.rows for split in SIDES for path, made in written.files.items() if split in path
    }
    declared = datasets.Features.from_arrow_schema(schema_of(FORMATS[name].columns))
    assert all(side.features == declared for side in opened.values())


def test_the_hubs_folder_opens_with_typed_columns_where_no_row_has_a_value(datasets, tmp_path):
    row = replace(LONG, strength=None, query_type=None)
    written = write([row, replace(row, split="test")], [], [choice("hf")], tmp_path / "out", CARD)
    opened = datasets.load_dataset(str(written.folder / "hf"), cache_dir=str(tmp_path / "cache"))
    assert set(opened) == {"train", "test"}
    assert opened["train"].features["strength"] == datasets.Value("float64")
    assert opened["train"].features["query_type"] == datasets.Value("string")
    assert opened["train"][0]["strength"] is None


@pytest.mark.parametrize("container", ["jsonl", "json"])
def test_a_system_prompt_that_comes_late_breaks_no_reading(datasets, tmp_path, container):
    """A reader tells the columns from the first 10 MB; a system prompt further on must not surprise it."""
    early = [replace(row, system_prompt="", rejected="x" * 4_000) for row in many(4_000)]
    rows = [replace(row, split="train") for row in [*early, PLAIN]]
    written = write(rows, [], [Choice("llamafactory", container)], tmp_path / "out", CARD)
    path = str(written.folder / f"llamafactory/train.{container}")
    opened = datasets.load_dataset("json", data_files=path, split="train", cache_dir=str(tmp_path / "cache"))
    assert (len(opened), opened[4_000]["system"]) == (4_001, "Answer in one word.")


def test_the_trace_opens(datasets, tmp_path):
    written = write(ROWS, [], [choice("trl")], tmp_path / "out", CARD)
    opened = datasets.load_dataset(
        "json", data_files=str(written.folder / "rows.jsonl"), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert opened["row_hash"][:] == [row.hash for row in ROWS]
