"""A dataset as it comes from the shelf, made of columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from lab.forensics.datasets import Rows
from lab.records import Dataset, Split


def rows_of(
    prompts: Sequence[str],
    labels: Sequence[str | None],
    *,
    splits: Sequence[Split] | None = None,
    query_types: Sequence[str | None] | None = None,
) -> Rows:
    """Return the rows; without `splits` they are nested, as under 300."""
    n = len(prompts)
    dataset = Dataset(
        "d1", 1, "hand-made", "c" * 64, n, {}, {}, {}, 0, "import", "h.csv", datetime(2026, 1, 1, tzinfo=UTC)
    )
    return Rows(
        dataset, "h" * 64, tuple(prompts), tuple(labels), tuple(query_types or (None,) * n), (None,) * n, np.arange(n),
        tuple(splits or ("tune",) * n), splits is None,
    )  # fmt: skip
