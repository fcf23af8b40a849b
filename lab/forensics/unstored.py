"""Rows of a file that is measured on and not taken in: the same rows and splits as storing it would give."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime

from lab.forensics.datasets import NESTED_BELOW, Rows, Sifted
from lab.forensics.datasets.clusters import near_duplicates
from lab.forensics.datasets.report import refuse_nothing
from lab.forensics.datasets.shelf import content_hash_of
from lab.forensics.datasets.splits import split_rows
from lab.records import Dataset, Split


def rows_of(sifted: Sifted, *, name: str, seed: int = 0) -> Rows:
    """Return the good rows as `add` and then `load` would; nothing is written, and the dataset has no id.

    `seed` is that of the splits. Raises DatasetError where no row is good.
    """
    refuse_nothing(sifted)
    content_hash = content_hash_of(sifted)
    groups = near_duplicates(sifted.prompts)
    nested = sum(label is not None for label in sifted.labels) < NESTED_BELOW
    splits: tuple[Split, ...] = tuple("tune" for _ in sifted.prompts)
    if not nested:
        splits = split_rows(sifted.prompts, sifted.labels, groups, seed, sifted.splits)
    dataset = Dataset(
        id="",
        seq=0,
        name=name,
        content_hash=content_hash,
        rows=len(sifted.prompts),
        labels=dict(Counter(label or "" for label in sifted.labels).most_common()),
        query_types=dict(Counter(one or "" for one in sifted.query_types).most_common()),
        sources=dict(Counter(one or "" for one in sifted.sources).most_common()),
        seed=seed,
        origin="import",
        file_name=sifted.report.file_name,
        created_at=datetime.now(UTC),
    )
    digest = hashlib.sha256(json.dumps([content_hash, [], seed], separators=(",", ":")).encode()).hexdigest()
    return Rows(
        dataset, digest, sifted.prompts, sifted.labels, sifted.query_types, sifted.sources, groups, splits, nested
    )
