"""What the tests of datasets share: small tables, rows that never were in a file, an open store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from lab.forensics.datasets import Rows, Sifted, Table, guess, read_bytes, sift
from lab.records import Dataset, Split

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def csv_of(*lines: str) -> bytes:
    """Return lines as a file."""
    return "\n".join(lines).encode() + b"\n"


def read(*lines: str, name: str = "a.csv") -> Table:
    """Return the table of a text file."""
    return read_bytes(csv_of(*lines), name)


def sifted(rows: Sequence[tuple[str, str | None]], file_name: str = "a.jsonl") -> Sifted:
    """Return prompts and labels sifted."""
    lines = "\n".join(json.dumps({"prompt": prompt, "label": label}) for prompt, label in rows)
    table = read_bytes(lines.encode(), file_name)
    return sift(table, guess(table))


def dataset(**changes: object) -> Dataset:
    """Return a dataset that no store knows."""
    values: dict[str, object] = {
        "id": "d1", "seq": 1, "name": "few", "content_hash": "c", "rows": 0, "labels": {}, "query_types": {},
        "sources": {}, "seed": 0, "origin": "import", "file_name": "a.csv", "created_at": NOW, **changes,
    }  # fmt: skip
    return Dataset(**values)  # type: ignore[arg-type]


def rows_of(
    prompts: Sequence[str],
    labels: Sequence[str | None] | None = None,
    splits: Sequence[Split] | None = None,
    groups: Sequence[int] | None = None,
) -> Rows:
    """Return rows that never were in a file."""
    n = len(prompts)
    nothing = (None,) * n
    return Rows(
        dataset(rows=n),
        "h",
        tuple(prompts),
        tuple(labels or nothing),
        nothing,
        nothing,
        np.array(range(n) if groups is None else groups, dtype=np.int64),
        tuple(splits or ("tune",) * n),
        nested=splits is None,
    )
