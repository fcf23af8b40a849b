"""Any other sentence-transformers model: a tiny random one, made here."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lab.encoders import load_encoder
from lab.encoders.sentence_transformer import SentenceTransformerEncoder
from lab.errors import EncoderUnavailable

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "hello", "world", "a", "cat", "##s", "sql"]

# In a process of its own, so that it cannot leave random state or loggers behind.
MAKE = """
import sys
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Pooling, Transformer
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertModel, BertTokenizerFast
folder, words = sys.argv[1], sys.argv[2].split()
torch.manual_seed(0)
shape = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2)
bert = BertModel(BertConfig(vocab_size=len(words), max_position_embeddings=32, **shape))
bert.eval().save_pretrained(folder + "/bert")
core = BertWordPieceTokenizer(vocab={word: index for index, word in enumerate(words)})
BertTokenizerFast(tokenizer_object=core, model_max_length=32).save_pretrained(folder + "/bert")
layers = [Transformer(folder + "/bert"), Pooling(16)]
SentenceTransformer(modules=layers, device="cpu").save(folder + "/model")
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny sentence-transformers model without a norm of its own."""
    folder = tmp_path_factory.mktemp("tiny")
    command = [sys.executable, "-c", MAKE, folder, " ".join(WORDS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return folder / "model"


@pytest.mark.slow
def test_a_folder_gives_unit_vectors(tiny, tmp_path):
    encoder = load_encoder(str(tiny), tmp_path)
    vectors = encoder.encode(["hello world", "a cat", "cats " * 100, "?"])
    assert vectors.shape == (4, 16)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert encoder.encode(["a cat"])[0] == pytest.approx(vectors[1], abs=1e-6)
    assert encoder.name == str(tiny)


@pytest.mark.slow
def test_no_text_has_no_vectors_of_the_same_width(tiny):
    assert SentenceTransformerEncoder.load(str(tiny)).encode([]).shape == (0, 16)


@pytest.mark.slow
def test_the_fingerprint_follows_the_weights_and_not_the_name(tiny, tmp_path):
    from safetensors.numpy import load_file, save_file

    shutil.copytree(tiny, tmp_path / "copy")
    shutil.copytree(tiny, tmp_path / "changed")
    (weights,) = (tmp_path / "changed").rglob("model.safetensors")
    tensors = load_file(weights)
    name = sorted(tensors)[0]
    tensors[name] = tensors[name].copy()
    tensors[name].flat[0] += 0.5
    save_file(tensors, weights, metadata={"format": "pt"})
    original, copy, changed = (
        SentenceTransformerEncoder.load(str(folder)).fingerprint
        for folder in (tiny, tmp_path / "copy", tmp_path / "changed")
    )
    assert original == copy
    assert original != changed


@pytest.mark.slow
def test_the_fingerprint_follows_pooling_length_and_tokenizer(tiny, tmp_path):
    made = {SentenceTransformerEncoder.load(str(tiny)).fingerprint}
    for number, (pattern, old, new) in enumerate(
        [
            ("*_Pooling/config.json", '"mean"', '"cls"'),
            ("*_Pooling/config.json", '"pooling_mode_mean_tokens": true', '"pooling_mode_mean_tokens": false'),
            ("tokenizer.json", '"cat"', '"dog"'),
        ]
    ):
        copy = tmp_path / str(number)
        shutil.copytree(tiny, copy)
        (file,) = copy.glob(pattern)
        text = file.read_text()
        if old in text:  # how pooling is written depends on the release of sentence-transformers
            file.write_text(text.replace(old, new))
            made.add(SentenceTransformerEncoder.load(str(copy)).fingerprint)
    assert len(made) >= 3


@pytest.mark.slow
def test_a_missing_model_offline_is_named_without_trying_again_and_again(tmp_path, monkeypatch):
    looked_up = []

    def offline(host, *_, **__):
        looked_up.append(host)
        raise socket.gaierror("offline")

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr(socket, "getaddrinfo", offline)
    with pytest.raises(EncoderUnavailable) as caught:
        load_encoder("nobody/no-such-model", tmp_path)
    assert 1 <= len(looked_up) <= 2  # its client, left to itself, tries for more than a minute
    assert "'nobody/no-such-model' cannot be loaded" in str(caught.value)
    assert "encoder=all-MiniLM-L6-v2" in str(caught.value)


@pytest.mark.slow
def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(EncoderUnavailable, match="cannot be loaded"):
        load_encoder(str(tmp_path), tmp_path / "cache")


@pytest.mark.slow
def test_damaged_weights_are_named_and_not_a_traceback(tiny, tmp_path):
    shutil.copytree(tiny, tmp_path / "damaged")
    (weights,) = (tmp_path / "damaged").rglob("model.safetensors")
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(EncoderUnavailable, match="damaged"):
        load_encoder(str(tmp_path / "damaged"), tmp_path / "cache")
