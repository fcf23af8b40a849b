"""Any other sentence-transformers model, by its name on the hub or by a folder on this disk."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lab.encoders import Vectors
from lab.errors import EncoderUnavailable


class SentenceTransformerEncoder:
    """A model that runs in SentenceTransformer; its vectors are brought to length 1 where the model does not do it."""

    def __init__(self, name: str, model: Any, fingerprint: str) -> None:
        self.name, self.model, self.fingerprint = name, model, fingerprint

    @classmethod
    def load(cls, name: str) -> SentenceTransformerEncoder:
        """Load the model, from the hub when it is not on this disk.

        Raises EncoderUnavailable when it is neither here nor reachable, or is not a model.
        """
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer  # brings torch: only who asks for it waits for it

        try:
            model = SentenceTransformer(name, device="cpu", local_files_only=not _may_download(name))
        except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as err:
            raise EncoderUnavailable(
                f"The encoder {name!r} cannot be loaded: it is no folder with a sentence-transformers model, and no "
                f"model that can be downloaded now ({type(err).__name__}). Check the spelling, go online once, or set "
                "encoder=all-MiniLM-L6-v2, which needs none."
            ) from err
        return cls(name, model, _fingerprint(model))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (len(texts), dim), each row of length 1."""
        if not texts:
            return self.encode([""])[:0]  # the model would leave the width out
        vectors: Vectors = self.model.encode(
            list(texts), batch_size=64, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        ).astype(np.float32)
        return vectors

    def holds(self, text: str) -> bool:
        """Nothing is kept here; CachedEncoder keeps."""
        return False


def _may_download(name: str) -> bool:
    """Tell whether the hub may be asked: offline, its client would try for more than a minute before it gives up."""
    import socket
    from urllib.parse import urlsplit

    from huggingface_hub import constants, try_to_load_from_cache

    here = Path(name).exists() or ("/" in name and isinstance(try_to_load_from_cache(name, "modules.json"), str))
    if here or constants.HF_HUB_OFFLINE:
        return False
    try:
        socket.getaddrinfo(urlsplit(constants.ENDPOINT).hostname, 443)
    except OSError:
        return False
    return True


def _fingerprint(model: Any) -> str:
    """Hash the weights, the modules and what they do to a text: the same model under two names is the same encoder."""
    digest = hashlib.sha256(b"sentence-transformers|")
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(f"{key}|{tuple(tensor.shape)}|{tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(_byte_type()).numpy().tobytes())
    for module in model:
        config = module.get_config_dict() if hasattr(module, "get_config_dict") else {}
        digest.update(f"{type(module).__name__}|{sorted(config.items(), key=str)}".encode())
    digest.update(f"max={model.max_seq_length}".encode())
    tokenizer = getattr(model.tokenizer, "backend_tokenizer", None)
    if tokenizer is not None:
        digest.update(hashlib.sha256(tokenizer.to_str().encode()).digest())
    return digest.hexdigest()


def _byte_type() -> Any:
    import torch

    return torch.uint8
