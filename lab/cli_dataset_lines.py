"""What `python -m lab dataset` prints: a line, a JSON object, a dataset in few words."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.records import Dataset


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


def say_json(value: dict[str, Any]) -> None:
    """Print an object as a line of JSON."""
    say(json.dumps(value, ensure_ascii=False))


def summary(dataset: Dataset) -> str:
    """Return how many rows and labels a dataset has."""
    labels = len([label for label in dataset.labels if label])
    unlabelled = dataset.labels.get("", 0)
    missing = f", {unlabelled:,} unlabelled" if unlabelled else ""
    return f"{dataset.rows:,} rows, {labels:,} label{'s' * (labels != 1)}{missing}"


def plain(dataset: Dataset) -> dict[str, Any]:
    """Return a dataset as plain JSON."""
    fields = asdict(replace(dataset, labels={}, query_types={}, sources={}))
    counts = {"labels": dataset.labels, "query_types": dataset.query_types, "sources": dataset.sources}
    return fields | {name: dict(values) for name, values in counts.items()} | {
        "created_at": dataset.created_at.isoformat()
    }  # fmt: skip
