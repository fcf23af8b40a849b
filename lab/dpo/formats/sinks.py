"""Files that are written from beginning to end, hashed on the way, with no more than some rows in memory."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Protocol

from lab.dpo.formats.form import Container, Kind, Object
from lab.dpo.formats.lines import FRAMES, line_of

_BLOCK = 256 * 1024  # bytes that are gathered before they are written
_GROUP_ROWS = 4_096  # of a row group, at most
_GROUP_CHARS = 16 * 1024 * 1024  # of a row group, about: long answers make smaller groups
_REPEATING = ("query_type", "origin", "chosen_by", "rejected_by", "chosen_model", "rejected_model")


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was written."""

    sha256: str
    bytes: int
    rows: int  # 0 for one that holds no rows


class HashedFile:
    """A new file that knows the hash and the number of what was written. Raises OSError as files do."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(path, "xb", buffering=0)  # noqa: SIM115 (closed by whoever made this)
        self._digest = hashlib.sha256()
        self._dropping = False
        self.bytes = 0

    @property
    def closed(self) -> bool:
        """Tell whether nothing more can be written."""
        return self._file.closed

    def write(self, data: Any) -> int:
        """Write bytes, all of them."""
        whole = rest = memoryview(data).cast("B")
        while rest and not self._dropping:
            rest = rest[self._file.write(rest) or 0 :]
        self._digest.update(whole)
        self.bytes += len(whole)
        return len(whole)

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def close(self) -> None:
        """Close the file, safely on the disk."""
        if not self._file.closed:
            if not self._dropping:
                os.fsync(self._file.fileno())
            self._file.close()

    def drop(self) -> None:
        """Close the file as it is; what is written from now on goes nowhere."""
        self._dropping = True
        with contextlib.suppress(OSError):
            self._file.close()

    def made(self, rows: int = 0) -> Made:
        """Return what was written."""
        return Made(self._digest.hexdigest(), self.bytes, rows)


class Sink(Protocol):
    """A file of rows."""

    rows: int  # so far

    def take(self, value: Object, chars: int) -> None:
        """Write a row, sooner or later; `chars` is about how long its texts are. Raises OSError."""

    def close(self) -> Made:
        """Write what is left and close the file. Raises OSError."""

    def drop(self) -> None:
        """Close the file, whatever is in it."""


class JsonSink:
    """Rows as JSON lines, or as an array."""

    def __init__(self, path: Path, container: Container) -> None:
        self._file, self._frame = HashedFile(path), FRAMES[container]
        self._held = bytearray(self._frame.before)  # one copy: lines by themselves take up much more than they say
        self.rows = 0

    def take(self, value: Object, chars: int) -> None:
        """Write a row."""
        if self.rows:
            self._held += self._frame.between
        self._held += line_of(value)
        self.rows += 1
        if len(self._held) >= _BLOCK:
            self._flush()

    def _flush(self) -> None:
        self._file.write(self._held)
        self._held.clear()

    def close(self) -> Made:
        """Write what is left and close the file."""
        self._held += self._frame.after
        self._flush()
        self._file.close()
        return self._file.made(self.rows)

    def drop(self) -> None:
        """Close the file, whatever is in it."""
        self._file.drop()


class ParquetSink:
    """Rows as Parquet with a schema of its own making, in row groups of some thousands."""

    def __init__(self, path: Path, columns: Mapping[str, Kind]) -> None:
        import pyarrow.parquet as pq  # type: ignore[import-untyped]

        self._schema = schema_of(columns)
        self._file = HashedFile(path)
        # every setting that tells in the bytes is said here, so that a library's new default changes none
        settings: dict[str, Any] = {
            "version": "2.6", "data_page_version": "1.0", "compression": "zstd", "compression_level": 3,
            "use_dictionary": _dictionaries(columns), "write_statistics": False, "store_schema": True,
        }  # fmt: skip
        try:
            self._writer = pq.ParquetWriter(self._file, self._schema, **settings)
        except BaseException:
            self._file.drop()
            raise
        self._held: list[Object] = []
        self._chars = 0
        self.rows = 0

    def take(self, value: Object, chars: int) -> None:
        """Write a row, with the others of its group."""
        self._held.append(value)
        self.rows += 1
        self._chars += chars
        if len(self._held) >= _GROUP_ROWS or self._chars >= _GROUP_CHARS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        arrays = [_array([row[field.name] for row in self._held], field.type) for field in self._schema]
        self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._held.clear()
        self._chars = 0

    def close(self) -> Made:
        """Write what is left and close the file."""
        if self._held:
            self._flush()
        self._writer.close()
        self._file.close()
        return self._file.made(self.rows)

    def drop(self) -> None:
        """Close the file, whatever is in it."""
        self._file.drop()
        self._held.clear()
        with contextlib.suppress(OSError, ValueError):  # its end goes nowhere, but it would be written on collection
            self._writer.close()
        self._writer.is_open = False


def sink(path: Path, container: Container, columns: Mapping[str, Kind]) -> Sink:
    """Return a new file for rows with these columns. Raises OSError."""
    return ParquetSink(path, columns) if container == "parquet" else JsonSink(path, container)


def write_text(path: Path, text: str) -> Made:
    """Write a small file. Raises OSError."""
    file = HashedFile(path)
    try:
        file.write(text.encode())
        file.close()
    except BaseException:
        file.drop()
        raise
    return file.made()


def schema_of(columns: Mapping[str, Kind]) -> Any:
    """Return the Arrow schema of columns, as pyarrow.Schema: it holds also where no row has a value."""
    import pyarrow as pa

    message = pa.struct([pa.field("role", pa.string()), pa.field("content", pa.string())])
    turn = pa.struct([pa.field("from", pa.string()), pa.field("value", pa.string())])
    messages = pa.list_(message)
    kinds = {
        "messages": messages, "message": message, "asked": pa.struct([pa.field("messages", messages)]),
        "turns": pa.list_(turn), "turn": turn,
        "text": pa.string(), "flag": pa.bool_(), "count": pa.int64(), "number": pa.float64(),
    }  # fmt: skip
    return pa.schema([pa.field(name, kinds[kind]) for name, kind in columns.items()])


def _array(values: list[Any], kind: Any) -> Any:
    """Return values as an Arrow array; lists and structs are put together from flat ones, which is much quicker."""
    import pyarrow as pa

    if pa.types.is_list(kind):
        offsets = pa.array([0, *accumulate(map(len, values))], pa.int32())
        return pa.ListArray.from_arrays(
            offsets, _array([one for value in values for one in value], kind.value_type), kind
        )
    if pa.types.is_struct(kind):
        inside = [_array([value[field.name] for value in values], field.type) for field in kind]
        return pa.StructArray.from_arrays(inside, fields=list(kind))
    return pa.array(values, kind)


def _dictionaries(columns: Mapping[str, Kind]) -> list[str]:
    """Return the columns of a Parquet file whose words repeat."""
    paths = {"messages": "{}.list.element.role", "message": "{}.role"}
    return [
        paths[kind].format(name) if kind in paths else name
        for name, kind in columns.items()
        if kind in paths or name in _REPEATING
    ]
