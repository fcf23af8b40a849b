"""Stand-ins that tests of several rooms share."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from lab.types import Expert, RouterConfig


class WordEncoder:
    """Encodes a text as the normalised sum of fixed random vectors of its words: quick, and alike for like texts."""

    name = "words"
    fingerprint = "words-1"
    dim = 64

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split() or [""]:
                seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
                vectors[row] += np.random.default_rng(seed).standard_normal(self.dim).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def holds(self, text: str) -> bool:
        return False


def two_experts(**changes: object) -> RouterConfig:
    """A small hybrid router: a professor, who is the fallback, and a zoomer."""
    professor = Expert(
        "professor", "llama3.2:3b", system_prompt="Explain.", patterns=("entropy",), utterances=("explain the sky",)
    )
    zoomer = Expert(
        "zoomer", "tinyllama", system_prompt="Chat.", patterns=("lol",), utterances=("tell me a joke", "so bored")
    )
    settings: dict[str, object] = {
        "strategy": "hybrid",
        "experts": (professor, zoomer),
        "fallback": "professor",
        "threshold": 0.5,
        "encoder": "words",
        **changes,
    }
    return RouterConfig(**settings)  # type: ignore[arg-type]
