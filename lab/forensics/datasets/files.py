"""The Parquet files of datasets, under the hash of what they hold; written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lab.errors import DatasetOutOfReach
from lab.forensics.datasets.report import Sifted
from lab.forensics.datasets.rows import Ints
from lab.records import Dataset, Split
from lab.store.faults import FULL, is_full

_LOCK_WAIT_S = 120.0
_GROUPS = b"lab.groups"  # where the file holds a hash of its groups, which the content hash does not cover


@dataclass(frozen=True, slots=True)
class Content:
    """What a Parquet file holds; splits as the file said them."""

    prompts: tuple[str, ...]
    labels: tuple[str | None, ...]
    query_types: tuple[str | None, ...]
    sources: tuple[str | None, ...]
    splits: tuple[Split | None, ...]
    groups: Ints


def path_of(data_dir: Path, content_hash: str) -> Path:
    """Return where the rows of this content lie."""
    return data_dir / "datasets" / f"{content_hash}.parquet"


@contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Keep other processes from adding or deleting meanwhile, and say in a sentence what the disk refuses."""
    from filelock import FileLock, Timeout

    folder = data_dir / "datasets"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".lock").open("a").close()  # where this fails, FileLock would try until its time is up
        with FileLock(folder / ".lock", timeout=_LOCK_WAIT_S):
            for unfinished in folder.glob("*.part"):  # of a process that was killed: nobody else writes now
                unfinished.unlink(missing_ok=True)
            yield
    except Timeout as err:
        raise DatasetOutOfReach(
            f"Another process has been storing datasets in {folder} for {_LOCK_WAIT_S:.0f} s. Wait for it or end it."
        ) from err
    except OSError as err:
        raise DatasetOutOfReach(_refusal(folder, err)) from err


def _refusal(folder: Path, err: OSError) -> str:
    if err.errno in (errno.ENOSPC, errno.EDQUOT) or is_full(folder):
        return FULL.format(place=folder)
    if isinstance(err, FileExistsError | NotADirectoryError):
        return f"{folder} is no folder, or lies in none. Set LAB_DATA_DIR to a folder, or move the file in its place."
    return (
        f"The folder {folder} cannot be written ({err.strerror or err}). "
        "Allow writing there, or set LAB_DATA_DIR to another place."
    )


def write(path: Path, sifted: Sifted, groups: Ints) -> None:
    """Write rows and their groups beside `path`, and move them there whole; half leaves nothing. Raises OSError."""
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    schema = pa.schema(
        [
            pa.field("prompt", pa.large_string(), nullable=False),
            pa.field("label", pa.string()),
            pa.field("query_type", pa.string()),
            pa.field("source", pa.string()),
            pa.field("split", pa.string()),
            pa.field("group", pa.int64(), nullable=False),
        ]
    )
    schema = schema.with_metadata({_GROUPS: _hash_of_groups(groups)})
    columns = [sifted.prompts, sifted.labels, sifted.query_types, sifted.sources, sifted.splits, groups]
    arrays = [pa.array(values, type=field.type) for values, field in zip(columns, schema, strict=True)]
    unfinished = path.with_name(path.name + ".part")
    try:
        with open(unfinished, "wb") as file:
            pq.write_table(pa.table(arrays, schema=schema), file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)  # on a full disk it would be in its own way
        raise


def holds(path: Path, content_hash: str) -> bool:
    """Tell whether the file is there and holds this content."""
    try:
        return path.exists() and hash_of(_columns(path)[:-1]) == content_hash
    except _ChangedError:
        return False
    except _unreadable():
        return False


def read(path: Path, dataset: Dataset) -> Content:
    """Return what the file of a dataset holds. Raises DatasetOutOfReach for one that is missing, damaged or changed."""
    again = f"Add {dataset.file_name or 'its file'} again; labels given here are kept."
    changed = DatasetOutOfReach(
        f"{path} does not hold what was stored for {dataset.name!r}: somebody changed it. {again}"
    )
    try:
        *columns, groups = _columns(path)
    except FileNotFoundError as err:
        raise DatasetOutOfReach(f"The rows of {dataset.name!r} are not at {path}. {again}") from err
    except _unreadable() as err:
        reason = " ".join(str(err).split()).rstrip(".")
        raise DatasetOutOfReach(f"The rows of {dataset.name!r} cannot be read from {path} ({reason}). {again}") from err
    except _ChangedError as err:
        raise changed from err
    if hash_of(columns) != dataset.content_hash:
        raise changed
    prompts, labels, query_types, sources, splits = columns
    array = np.array(groups, dtype=np.int64)
    array.flags.writeable = False
    return Content(prompts, labels, query_types, sources, splits, array)


def _columns(path: Path) -> tuple[tuple[Any, ...], ...]:
    import pyarrow.parquet as pq

    table = pq.read_table(path, partitioning=None)
    names = ("prompt", "label", "query_type", "source", "split", "group")
    columns = tuple(tuple(table.column(name).to_pylist()) for name in names)
    said = (table.schema.metadata or {}).get(_GROUPS)
    if said is not None and said != _hash_of_groups(columns[-1]):
        raise _ChangedError
    return columns


def _unreadable() -> tuple[type[Exception], ...]:
    import pyarrow as pa

    return pa.ArrowException, OSError, KeyError, UnicodeDecodeError


class _ChangedError(Exception):
    """The groups are not those that were written."""


def _hash_of_groups(groups: Iterable[int]) -> bytes:
    return hashlib.sha256(np.fromiter(groups, dtype="<i8").tobytes()).hexdigest().encode("ascii")


def hash_of(columns: Sequence[Sequence[str | None]]) -> str:
    """Return the SHA-256, in hex, of columns of text."""
    digest = hashlib.sha256()
    for column in columns:
        digest.update(json.dumps(column, separators=(",", ":")).encode("ascii") + b"\n")
    return digest.hexdigest()
