"""A file as a table: what it is is told by what it holds; its name only words the surprise."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePath

from lab.errors import DatasetError
from lab.forensics.datasets.csv_out import DATASET_COLUMNS, unguarded
from lab.forensics.datasets.decode import decode, refuse_foreign
from lab.forensics.datasets.delimited import read_delimited
from lab.forensics.datasets.json_rows import json_objects, read_json
from lab.forensics.datasets.parquet import parquet_objects, read_parquet
from lab.forensics.datasets.table import MAX_BYTES, Objects, Table, as_objects, showable

_BY_SUFFIX = {
    ".csv": "CSV", ".tsv": "TSV", ".tab": "TSV", ".json": "JSON", ".jsonl": "JSON Lines", ".ndjson": "JSON Lines",
    ".parquet": "Parquet", ".pq": "Parquet",
}  # fmt: skip
_ONE_VALUE = 1_000  # characters of a single JSON value, at most
_ALIKE = ({"CSV", "TSV"}, {"CSV", "plain text"}, {"JSON", "CLINC150"})  # a name that promises one may hold the other


def read_file(path: Path) -> Table:
    """Return what the file at `path` holds. Raises DatasetError, with what is wrong and the way out."""
    return read_bytes(bytes_of(path), path.name)


def bytes_of(path: Path) -> bytes:
    """Return the bytes of a file that may be read. Raises DatasetError, with what is wrong and the way out."""
    try:
        if path.is_dir():
            raise DatasetError(f"{path} is a folder. Name a file in it.")
        if not path.is_file():
            raise DatasetError(f"{path} does not exist or is no file. Check the name.")
        _check_bytes(path.stat().st_size, path.name)
        return path.read_bytes()
    except OSError as err:
        raise DatasetError(f"{path} cannot be read: {err.strerror}. Allow reading it, or copy it elsewhere.") from err


def read_bytes(data: bytes, file_name: str) -> Table:
    """Return what an uploaded file holds; `file_name` is what its owner calls it. Raises DatasetError."""
    name = _checked(data, file_name)
    if data.startswith(b"PAR1"):
        table = read_parquet(data, name)
    else:
        decoded = decode(data, name)
        table = _text(decoded.text, name)
        if decoded.note:
            table = replace(table, notes=(decoded.note, *table.notes))
    return _with_surprise(_own_text(table), name)


def read_objects(data: bytes, file_name: str, wanted: Callable[[str], bool]) -> Objects:
    """Return what an uploaded file holds as objects, one a row, with the lists and objects in them.

    `wanted` tells by its name whether a column of a Parquet file is needed. Raises DatasetError.
    """
    name = _checked(data, file_name)
    if data.startswith(b"PAR1"):
        return parquet_objects(data, name, wanted)
    decoded = decode(data, name)
    _refuse_no_rows(decoded.text, name)
    if _begins_like_json(decoded.text, name):
        objects = json_objects(decoded.text, name)
    else:
        objects = as_objects(_own_text(read_delimited(decoded.text, name)))
    return replace(objects, notes=(decoded.note, *objects.notes)) if decoded.note else objects


def _checked(data: bytes, file_name: str) -> str:
    """Return what to call a file. Raises DatasetError for one that is empty, too large, or no table for sure."""
    name = showable(PurePath(file_name).name, 200) or "The file"
    _check_bytes(len(data), name)
    if not data:
        raise DatasetError(f"{name} is empty (0 bytes). Choose a file with a prompt a row.")
    refuse_foreign(data, name)
    return name


def _own_text(table: Table) -> Table:
    """Return a CSV file that the lab wrote as what it was written from."""
    if tuple(table.columns) not in (DATASET_COLUMNS, DATASET_COLUMNS[:-1]) or table.layout != "CSV":
        return table
    columns = unguarded(table.columns)
    if columns is None:
        return table
    note = (
        "This CSV has the lab's own header, so the apostrophe that the lab puts before text that looks like a formula "
        "was taken off again."
    )
    return replace(table, columns=columns, notes=(*table.notes, note))


def _check_bytes(size: int, name: str) -> None:
    if size > MAX_BYTES:
        raise DatasetError(
            f"{name} has {size / 1024**2:,.1f} MB; the limit is {MAX_BYTES // 1024**2} MB. "
            "Keep the columns with prompt and label, take a sample, or write it as Parquet."
        )


def _text(text: str, name: str) -> Table:
    _refuse_no_rows(text, name)
    return read_json(text, name) if _begins_like_json(text, name) else read_delimited(text, name)


def _refuse_no_rows(text: str, name: str) -> None:
    start = text.lstrip()[:100]
    if not start:
        raise DatasetError(f"{name} holds nothing but blanks. Choose a file with a prompt a row.")
    if start.casefold().startswith(("<!doctype html", "<html", "<?xml")):
        raise DatasetError(f"{name} is a web page or XML. Download the data itself, as CSV or JSON Lines.")


def _begins_like_json(text: str, name: str) -> bool:
    """Tell whether a text is JSON by its beginning, or, in a file that is named so, a single value such as null."""
    if re.match(r"\s*[{\[]", text):
        return True
    if _BY_SUFFIX.get(PurePath(name).suffix.casefold()) not in ("JSON", "JSON Lines") or len(text) > _ONE_VALUE:
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _with_surprise(table: Table, name: str) -> Table:
    promised = _BY_SUFFIX.get(PurePath(name).suffix.casefold())
    if promised is None or promised == table.layout or any({promised, table.layout} <= alike for alike in _ALIKE):
        return table
    if {promised, table.layout} == {"JSON Lines", "JSON"} and len(table) + len(table.malformed) == 1:
        return table  # an object on a line is both
    surprise = f"{name} is named like {promised} but holds {table.layout}; it was read as {table.layout}."
    return replace(table, notes=(surprise, *table.notes))
