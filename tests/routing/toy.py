"""A small deterministic encoder: the tests say which text has which vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lab.encoders import Vectors


class ToyEncoder:
    """Looks vectors up, brings them to length 1, and counts how many texts it was asked for."""

    name = "toy"
    fingerprint = "toy"

    def __init__(self, vectors: Mapping[str, Sequence[float]]) -> None:
        self.vectors, self.encoded = vectors, 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.encoded += len(texts)
        dim = len(next(iter(self.vectors.values()), (1.0,)))
        rows = np.array([self.vectors[text] for text in texts], dtype=np.float64).reshape(len(texts), dim)
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def holds(self, text: str) -> bool:
        return False
