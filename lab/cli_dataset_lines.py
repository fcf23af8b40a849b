"""What `python -m lab dataset` prints: a line, a JSON object, a dataset in few words."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

if TYPE_CHECKING:
    from lab.records import Dataset


def say(line: str) -> None:
    """Print a line; what would make a terminal do something is written out."""
    sys.stdout.write(f"{harmless(line)}\n")


def harmless(line: str) -> str:
    """Return a line without controls and marks of direction: an ESC in a name reads \\x1b."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), line)


def say_json(value: dict[str, Any]) -> None:
    """Print an object as a line of JSON, which writes controls its own way."""
    line = json.dumps(value, ensure_ascii=False)
    sys.stdout.write(_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", line) + "\n")


def summary(dataset: Dataset) -> str:
    """Return how many rows and labels a dataset has."""
    labels = len([label for label in dataset.labels if label])
    unlabelled = dataset.labels.get("", 0)
    missing = f", {unlabelled:,} unlabelled" if unlabelled else ""
    return f"{dataset.rows:,} row{'s' * (dataset.rows != 1)}, {labels:,} label{'s' * (labels != 1)}{missing}"


def plain(dataset: Dataset) -> dict[str, Any]:
    """Return a dataset as plain JSON."""
    fields = asdict(replace(dataset, labels={}, query_types={}, sources={}))
    counts = {"labels": dataset.labels, "query_types": dataset.query_types, "sources": dataset.sources}
    return fields | {name: dict(values) for name, values in counts.items()} | {
        "created_at": dataset.created_at.isoformat()
    }  # fmt: skip
