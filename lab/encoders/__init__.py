"""Text to unit vectors: the one protocol, and the way from a name to an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
_DEFAULT_NAMES = {DEFAULT_ENCODER, f"sentence-transformers/{DEFAULT_ENCODER}"}

Vectors = NDArray[np.float32]


class Encoder(Protocol):
    """Turns text into unit vectors."""

    name: str
    fingerprint: str  # changes whenever the vectors would

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (len(texts), dim), each row of length 1.

        Raises EncoderUnavailable when the weights cannot be loaded.
        """

    def holds(self, text: str) -> bool:
        """Tell whether the vector of `text` is already in memory, so that encode([text]) costs nothing."""


def load_encoder(name: str, cache_dir: Path) -> Encoder:
    """Return the encoder called `name`, with its vectors cached in memory and under `cache_dir`.

    The default runs on ONNX Runtime and loads when it is first used; any other sentence-transformers name or folder
    goes through SentenceTransformer, at once.
    Raises EncoderUnavailable when the weights cannot be found or loaded.
    """
    from lab.encoders.cache import CachedEncoder

    if name in _DEFAULT_NAMES:
        from lab.encoders.minilm import MiniLM

        return CachedEncoder(MiniLM(cache_dir), cache_dir)
    from lab.encoders.sentence_transformer import SentenceTransformerEncoder

    return CachedEncoder(SentenceTransformerEncoder.load(name), cache_dir)
