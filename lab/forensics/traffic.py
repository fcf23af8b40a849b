"""What kinds of prompts really come in: a hand-made set is stratified as its author thought, not as people ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lab.encoders import Vectors
from lab.forensics.baselines import nearest_labels
from lab.forensics.datasets import Rows

LEAST_PROMPTS = 30
"""Below, shares of query types say nothing."""

_NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class Mix:
    """The share of each query type among `n` routed prompts, each taken for the type of its nearest labelled rows."""

    n: int
    shares: Mapping[str, float]


def mix(rows: Rows, vectors: Vectors, prompt_vectors: Vectors) -> Mix | None:
    """Return the mix of routed prompts, (n, dim), by the query types of a dataset's rows, (rows, dim).

    None where the rows have no two query types, or where too few prompts were routed.
    """
    typed = np.array([row for row, kind in enumerate(rows.query_types) if kind], dtype=np.int64)
    types = sorted({str(rows.query_types[row]) for row in typed.tolist()})
    if len(types) < 2 or len(prompt_vectors) < LEAST_PROMPTS:
        return None
    codes = np.array([types.index(str(rows.query_types[row])) for row in typed.tolist()], dtype=np.int64)
    found = nearest_labels(vectors[typed], codes, prompt_vectors, _NEIGHBOURS)
    counts = np.bincount(found, minlength=len(types))
    shares = {kind: float(count) / len(found) for kind, count in zip(types, counts.tolist(), strict=True)}
    return Mix(len(found), shares)


def in_words(found: Mix, most: int = 4) -> str:
    """Return the commonest types of a mix."""
    ranked: Sequence[tuple[str, float]] = sorted(found.shares.items(), key=lambda item: -item[1])[:most]
    return ", ".join(f"{kind} {share:.0%}" for kind, share in ranked)
