"""Parquet from elsewhere: every plain column as text, without trusting what it says of itself."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lab.errors import DatasetError
from lab.forensics.datasets.table import BadRow, Objects, Table, check_size, showable, unique_names
from lab.forensics.datasets.values import texts_of

_MAX_UNPACKED = 2 * 1024**3  # bytes: a small file can unpack to more than the memory holds
_AT_ONCE = 128  # rows that are held as objects


def read_parquet(data: bytes, file_name: str) -> Table:
    """Return the table of a Parquet file; lists, structs and maps are nested. Raises DatasetError."""
    with _in_sentences(file_name):
        return _read(data, file_name)


def parquet_objects(data: bytes, file_name: str, wanted: Callable[[str], bool]) -> Objects:
    """Return the rows of a Parquet file with their lists and structs, in the columns whose names are `wanted`.

    Raises DatasetError, for a file that is damaged further on in the pass that comes there.
    """
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    with _in_sentences(file_name):
        file = pq.ParquetFile(io.BytesIO(data))
        there = list(dict.fromkeys(file.schema_arrow.names))
        check_size(file.metadata.num_rows, len(there), file_name)
        _check_unpacked(_unpacked(file.metadata), file_name)
    names = [name for name in there if wanted(name)]
    if not names:
        has = ", ".join(repr(showable(name, 40)) for name in there[:12]) or "none"
        raise DatasetError(f"{file_name} has none of the columns that are looked for here; it has {has}.")
    return Objects(file_name, "Parquet", "row", (), lambda: _objects(data, file_name, names))


def _objects(data: bytes, file_name: str, names: list[str]) -> Iterator[tuple[int, Mapping[str, Any]] | BadRow]:
    import pyarrow.parquet as pq

    number = unpacked = 0
    with _in_sentences(file_name):
        for batch in pq.ParquetFile(io.BytesIO(data)).iter_batches(_AT_ONCE, columns=names):
            unpacked += batch.nbytes  # a text that repeats counts each time: it is made each time
            _check_unpacked(unpacked, file_name)
            for row in _dicts(batch):
                number += 1
                yield (number, row) if row is not None else BadRow(number, "encoding", "its bytes are not UTF-8", "")


def _dicts(batch: Any) -> list[dict[str, Any] | None]:
    """Return the rows of a batch; None for one with bytes that are not UTF-8."""
    try:
        rows: list[dict[str, Any] | None] = batch.to_pylist()
    except UnicodeDecodeError:
        if len(batch) == 1:
            return [None]
        return [row for place in range(len(batch)) for row in _dicts(batch.slice(place, 1))]
    return rows


@contextmanager
def _in_sentences(file_name: str) -> Iterator[None]:
    """Say what pyarrow raises as a DatasetError."""
    import pyarrow as pa

    # beside its own, pyarrow lets pass what Python says of names, dates and places that a file cannot mean
    raised = (pa.ArrowException, OSError, ValueError, LookupError, ArithmeticError, TypeError)
    try:
        yield
    except raised as err:
        reason = " ".join(str(err).split()).rstrip(".")
        raise DatasetError(f"{file_name} is a damaged or unusual Parquet file ({reason}). Write it again.") from err


def _read(data: bytes, file_name: str) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(io.BytesIO(data))
    check_size(file.metadata.num_rows, len(file.schema_arrow), file_name)
    _check_unpacked(_unpacked(file.metadata), file_name)
    # a text that repeats stays one text: a small file can hold the same megabyte a million times
    texts = [field.name for field in file.schema_arrow if _is_text(field.type)]
    table = pq.ParquetFile(io.BytesIO(data), read_dictionary=texts).read()
    if table.num_rows == 0:
        raise DatasetError(f"{file_name} is a Parquet file without rows. Add some.")
    names, notes = unique_names(table.column_names)
    columns: dict[str, list[str | None]] = {}
    odd: dict[str, dict[int, str]] = {}
    nested: set[str] = set()
    for name, column in zip(names, table.columns, strict=True):
        if pa.types.is_nested(column.type):
            nested.add(name)
            columns[name] = [None] * table.num_rows
        else:
            columns[name], odd[name] = _texts(column)
    lines = range(1, table.num_rows + 1)
    return Table(columns, lines, (), frozenset(nested), tuple(notes), "Parquet", "row", file_name, odd)


def _unpacked(metadata: Any) -> int:
    return sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))


def _check_unpacked(size: int, file_name: str) -> None:
    if size > _MAX_UNPACKED:
        raise DatasetError(
            f"{file_name} unpacks to {size / 1024**3:,.1f} GB; the lab takes {_MAX_UNPACKED / 1024**3:.0f}. "
            "Keep the columns with prompt and label."
        )


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(is_kind(kind) for is_kind in kinds)


def _texts(column: Any) -> tuple[list[str | None], dict[int, str]]:
    """Return a plain column as text, and what is no text by its place; a word of a dictionary is made once.

    Bytes that are not UTF-8 stay as lone surrogates for the row report.
    """
    import pyarrow as pa

    values: list[str | None] = []
    odd: dict[int, str] = {}
    for chunk in column.chunks:
        listed = isinstance(chunk, pa.DictionaryArray)
        words, strange = texts_of(_plain(chunk.dictionary if listed else chunk))
        places = chunk.indices.to_pylist() if listed else range(len(words))
        odd |= {len(values) + row: strange[at] for row, at in enumerate(places) if at in strange} if strange else {}
        values += [None if at is None else words[at] for at in places]
    return values, odd


def _plain(array: Any) -> list[Any]:
    import pyarrow as pa

    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        array = array.cast(pa.large_binary())  # to decode it here: what is no UTF-8 would raise
    elif pa.types.is_timestamp(array.type):
        array = array.cast(pa.timestamp(array.type.unit)).cast(pa.string())  # in UTC: the zone may be no place on earth
    elif pa.types.is_temporal(array.type):
        array = array.cast(pa.string())  # a date may lie outside of Python's calendar
    values: list[Any] = array.to_pylist()
    return values
