"""Parquet from elsewhere: every plain column as text, without trusting what it says of itself."""

from __future__ import annotations

import io
from typing import Any

from lab.errors import DatasetError
from lab.forensics.datasets.table import Table, check_size, unique_names
from lab.forensics.datasets.values import texts_of

_MAX_UNPACKED = 2 * 1024**3  # bytes: a small file can unpack to more than the memory holds


def read_parquet(data: bytes, file_name: str) -> Table:
    """Return the table of a Parquet file; lists, structs and maps are nested. Raises DatasetError."""
    import pyarrow as pa  # type: ignore[import-untyped]

    # beside its own, pyarrow lets pass what Python says of names, dates and places that a file cannot mean
    raised = (pa.ArrowException, OSError, ValueError, LookupError, ArithmeticError, TypeError)
    try:
        return _read(data, file_name)
    except raised as err:
        reason = " ".join(str(err).split()).rstrip(".")
        raise DatasetError(f"{file_name} is a damaged or unusual Parquet file ({reason}). Write it again.") from err


def _read(data: bytes, file_name: str) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    file = pq.ParquetFile(io.BytesIO(data))
    check_size(file.metadata.num_rows, len(file.schema_arrow), file_name)
    _check_unpacked(file.metadata, file_name)
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


def _check_unpacked(metadata: Any, file_name: str) -> None:
    size = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
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
