"""Vectors kept in memory and on disk: never wrong, never in the way."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.encoders import Vectors
from lab.encoders.cache import CachedEncoder


class Counting:
    """An encoder whose vectors say which text they are of; it lists what it was asked for."""

    name = "counting"

    def __init__(self, fingerprint: str = "one") -> None:
        self.fingerprint, self.asked = fingerprint, []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked.extend(texts)
        rows = [[np.cos(angle), np.sin(angle)] for angle in (hash_of(text) for text in texts)]
        return np.array(rows, dtype=np.float32).reshape(len(texts), 2)

    def holds(self, text: str) -> bool:
        return False


def hash_of(text: str) -> float:
    return float(sum((place + 1) * ord(letter) for place, letter in enumerate(text)))


def expected(*texts: str) -> bytes:
    return Counting().encode(texts).tobytes()


def rows_in(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "vectors.sqlite")) as db:
        return int(db.execute("SELECT count(*) FROM vector").fetchone()[0])


WRITE = """
import sys
from pathlib import Path
import numpy as np
from lab.encoders.cache import CachedEncoder
class Slow:
    name, fingerprint = "slow", "one"
    def encode(self, texts):
        return np.array([[float(text), 0.0] for text in texts], dtype=np.float32)
folder, start = Path(sys.argv[1]), int(sys.argv[2])
for first in range(start, start + 400, 20):
    texts = [str(number) for number in range(first, first + 20)]
    found = CachedEncoder(Slow(), folder).encode(texts)
    assert found[:, 0].tolist() == [float(text) for text in texts]
print("written")
"""


# -------------------------------------------------------------------------------------------------- in memory


def test_a_repeated_prompt_is_encoded_once(tmp_path):
    encoder = CachedEncoder(Counting(), tmp_path)
    assert not encoder.holds("hello")
    assert encoder.encode(["hello"]).tobytes() == encoder.encode(["hello"]).tobytes() == expected("hello")
    assert encoder.holds("hello")
    assert encoder.encoder.asked == ["hello"]


def test_one_prompt_stays_off_the_disk(tmp_path):
    CachedEncoder(Counting(), tmp_path).encode(["a prompt"])
    assert list(tmp_path.iterdir()) == []


def test_a_batch_encodes_only_what_is_unknown_and_each_text_once(tmp_path):
    encoder = CachedEncoder(Counting(), tmp_path)
    encoder.encode(["b"])
    assert encoder.encode(["a", "b", "c", "a"]).tobytes() == expected("a", "b", "c", "a")
    assert encoder.encoder.asked == ["b", "a", "c"]


def test_memory_forgets_what_was_not_used_for_longest(tmp_path):
    encoder = CachedEncoder(Counting(), tmp_path, in_memory=2)
    for text in ("a", "b", "a", "c"):  # b is the oldest by use
        encoder.encode([text])
    assert [encoder.holds(text) for text in "abc"] == [True, False, True]


def test_a_batch_above_the_bound_does_not_flush_the_memory(tmp_path):
    encoder = CachedEncoder(Counting(), tmp_path, in_memory=3)
    encoder.encode(["a"])
    encoder.encode([f"t{number}" for number in range(10)])
    assert encoder.holds("a")
    assert len(encoder._vectors) <= 3


def test_an_empty_batch_has_the_encoders_shape(tmp_path):
    assert CachedEncoder(Counting(), tmp_path).encode([]).shape == (0, 2)


def test_threads_share_one_cache(tmp_path):
    encoder = CachedEncoder(Counting(), tmp_path, in_memory=5)
    wrong = []

    def work(offset: int) -> None:
        for number in range(300):
            text = str((number * 7 + offset) % 12)
            if encoder.encode([text]).tobytes() != expected(text):
                wrong.append(text)

    threads = [threading.Thread(target=work, args=(offset,)) for offset in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(encoder._vectors) == 5


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=5), max_size=8), st.integers(1, 4))
def test_a_cache_answers_as_the_encoder_does(tmp_path_factory, batches, in_memory):
    encoder = CachedEncoder(Counting(), tmp_path_factory.mktemp("cache"), in_memory=in_memory)
    for batch in batches:
        assert encoder.encode(batch).tobytes() == expected(*batch)
        assert len(encoder._vectors) <= in_memory


# ----------------------------------------------------------------------------------------------------- on disk


def test_the_next_process_reads_a_batch_without_encoding(tmp_path):
    CachedEncoder(Counting(), tmp_path).encode(["a", "b", "é\n😀"])
    second = CachedEncoder(Counting(), tmp_path)
    assert second.encode(["é\n😀", "b", "a"]).tobytes() == expected("é\n😀", "b", "a")
    assert second.encoder.asked == []


def test_another_encoder_does_not_read_these_vectors(tmp_path):
    CachedEncoder(Counting("one"), tmp_path).encode(["a", "b"])
    other = CachedEncoder(Counting("two"), tmp_path)
    other.encode(["a", "b"])
    assert other.encoder.asked == ["a", "b"]


@pytest.mark.parametrize(
    "change", ["data = zeroblob(8)", "crc = crc + 1", "data = NULL", "data = 'text'", "data = x'00'", "crc = NULL"]
)
def test_a_corrupt_row_is_dropped_and_encoded_again(change, tmp_path):
    CachedEncoder(Counting(), tmp_path).encode(["a", "b"])
    with closing(sqlite3.connect(tmp_path / "vectors.sqlite")) as db, db:
        db.execute(f"UPDATE vector SET {change} WHERE at = 1")
    second = CachedEncoder(Counting(), tmp_path)
    assert second.encode(["a", "b"]).tobytes() == expected("a", "b")
    assert second.encoder.asked == ["a"]
    third = CachedEncoder(Counting(), tmp_path)
    assert third.encode(["a", "b"]).tobytes() == expected("a", "b")
    assert third.encoder.asked == []


@pytest.mark.parametrize("content", [b"", b"this is no database " * 400, b"SQLite format 3\0" + b"\xff" * 8_000])
def test_a_file_that_is_no_database_is_replaced(content, tmp_path):
    (tmp_path / "vectors.sqlite").write_bytes(content)
    first = CachedEncoder(Counting(), tmp_path)
    assert first.encode(["a", "b"]).tobytes() == expected("a", "b")
    second = CachedEncoder(Counting(), tmp_path)
    assert second.encode(["a", "b"]).tobytes() == expected("a", "b")
    assert second.encoder.asked == []


def test_a_damaged_page_costs_only_time(tmp_path):
    texts = [f"text {number}" for number in range(300)]
    CachedEncoder(Counting(), tmp_path).encode(texts)
    with closing(sqlite3.connect(tmp_path / "vectors.sqlite")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = tmp_path / "vectors.sqlite"
    content = bytearray(path.read_bytes())
    content[4096 : 3 * 4096] = b"\x5a" * (2 * 4096)
    path.write_bytes(content)
    for _ in range(2):
        assert CachedEncoder(Counting(), tmp_path).encode(texts).tobytes() == expected(*texts)


def test_a_disk_that_refuses_is_done_without(tmp_path):
    (tmp_path / "file").write_text("no folder can be made here")
    encoder = CachedEncoder(Counting(), tmp_path / "file" / "cache")
    assert encoder.encode(["a", "b"]).tobytes() == expected("a", "b")
    assert encoder.encode(["a", "b"]).tobytes() == expected("a", "b")
    assert encoder.encoder.asked == ["a", "b"]


def test_a_file_that_is_a_folder_is_done_without(tmp_path):
    (tmp_path / "vectors.sqlite").mkdir()
    assert CachedEncoder(Counting(), tmp_path).encode(["a", "b"]).tobytes() == expected("a", "b")


def test_the_disk_keeps_the_last_ones_up_to_its_bound(tmp_path):
    encoder = CachedEncoder(Counting(), tmp_path, on_disk=5)
    for first in range(0, 12, 3):
        encoder.encode([str(number) for number in range(first, first + 3)])
    assert rows_in(tmp_path) == 5
    second = CachedEncoder(Counting(), tmp_path)
    second.encode([str(number) for number in range(12)])
    assert second.encoder.asked == [str(number) for number in range(7)]


def test_two_processes_write_at_once(start_python, tmp_path):
    both = [start_python(WRITE, str(tmp_path), start) for start in ("0", "200")]  # they overlap by half
    said = [process.communicate(timeout=60) for process in both]
    assert [out.strip() for out, _ in said] == ["written", "written"], said
    assert rows_in(tmp_path) == 600
