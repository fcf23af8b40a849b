"""Vectors kept: a bounded memory for repeats, and a file on disk that processes share.

The file is SQLite with one row a vector, keyed by fingerprint and text, each with a checksum. It is only a cache: a
row that does not check is encoded again, a file that is no database is replaced, and a disk that refuses is done
without.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from lab.encoders import Encoder, Vectors

log = logging.getLogger(__name__)

_IN_MEMORY = 20_000  # vectors: 30 MiB at 384 dimensions
_ON_DISK = 1_000_000  # vectors: 1.6 GB at 384 dimensions
_KEYS_A_QUERY = 500
_BUSY_S = 15.0
_SCHEMA = "CREATE TABLE IF NOT EXISTS vector (at INTEGER PRIMARY KEY, key BLOB UNIQUE, crc INTEGER, data BLOB)"


class CachedEncoder:
    """An encoder that remembers.

    One text (a prompt being routed) stays in memory; a batch (utterances, a dataset) also goes to disk, where the next
    process finds it.
    """

    def __init__(
        self, encoder: Encoder, cache_dir: Path, *, in_memory: int = _IN_MEMORY, on_disk: int = _ON_DISK
    ) -> None:
        self.encoder, self.name, self.fingerprint = encoder, encoder.name, encoder.fingerprint
        self._in_memory = in_memory
        self._vectors: OrderedDict[bytes, Vectors] = OrderedDict()
        self._lock = threading.Lock()
        self._disk = _VectorFile(cache_dir / "vectors.sqlite", encoder.fingerprint, on_disk)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (len(texts), dim), each row of length 1; only unknown texts are encoded."""
        if len(texts) == 1:
            known = self._recall(texts[0])
            if known is None:
                known = self.encoder.encode(texts)[0]
                self._remember(texts[0], known)
            return known[np.newaxis]
        return self._encode_batch(texts)

    def holds(self, text: str) -> bool:
        """Tell whether the vector of `text` is in memory."""
        return _digest(text) in self._vectors

    def _encode_batch(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return self.encoder.encode(texts)
        found: dict[str, Vectors] = {}
        for text in dict.fromkeys(texts):
            vector = self._recall(text)
            if vector is not None:
                found[text] = vector
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        found.update(self._disk.read(missing))
        missing = [text for text in missing if text not in found]
        if missing:
            made = dict(zip(missing, self.encoder.encode(missing), strict=True))
            self._disk.write(made)
            found.update(made)
        for text in found if len(found) <= self._in_memory else ():
            self._remember(text, found[text])
        return np.stack([found[text] for text in texts])

    def _recall(self, text: str) -> Vectors | None:
        key = _digest(text)
        with self._lock:
            vector = self._vectors.get(key)
            if vector is not None:
                self._vectors.move_to_end(key)
            return vector

    def _remember(self, text: str, vector: Vectors) -> None:
        key = _digest(text)
        with self._lock:
            self._vectors[key] = vector
            self._vectors.move_to_end(key)
            while len(self._vectors) > self._in_memory:
                self._vectors.popitem(last=False)


def _digest(text: str) -> bytes:
    """A key of fixed size: a memory of long texts would not be bounded by their number."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


class _VectorFile:
    def __init__(self, path: Path, fingerprint: str, bound: int) -> None:
        self.path, self.fingerprint, self.bound = path, fingerprint, bound

    def read(self, texts: Sequence[str]) -> dict[str, Vectors]:
        """Return the vectors that the file holds and that check; never raises."""
        if not texts or not self.path.exists():
            return {}
        keys = {self._key(text): text for text in texts}
        try:
            with closing(self._open()) as db:
                return {keys[key]: vector for key, vector in self._rows(db, list(keys))}
        except sqlite3.Error as err:
            self._give_up(err)
            return {}

    def write(self, vectors: dict[str, Vectors]) -> None:
        """Add vectors, and drop the oldest above the bound; never raises."""
        rows = []
        for text, vector in vectors.items():
            blob = vector.astype(np.float32).tobytes()
            rows.append((self._key(text), zlib.crc32(blob), blob))
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as db, db:
                db.execute(_SCHEMA)
                db.executemany("INSERT OR REPLACE INTO vector (key, crc, data) VALUES (?, ?, ?)", rows)
                db.execute("DELETE FROM vector WHERE at <= (SELECT max(at) FROM vector) - ?", (self.bound,))
        except (sqlite3.Error, OSError) as err:
            self._give_up(err)

    def _rows(self, db: sqlite3.Connection, keys: list[bytes]) -> Iterator[tuple[bytes, Vectors]]:
        broken = []
        for start in range(0, len(keys), _KEYS_A_QUERY):
            some = keys[start : start + _KEYS_A_QUERY]
            query = "SELECT key, crc, data FROM vector WHERE key IN (" + ",".join("?" * len(some)) + ")"  # noqa: S608  only question marks are put in
            for key, crc, blob in db.execute(query, some):
                if isinstance(blob, bytes) and zlib.crc32(blob) == crc:
                    yield key, np.frombuffer(blob, dtype=np.float32)
                else:
                    broken.append((key,))
        if broken:
            with db:
                db.executemany("DELETE FROM vector WHERE key = ?", broken)

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=_BUSY_S)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = OFF")  # a power cut may cost the cache, which is only time
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(f"{self.fingerprint}\0{text}".encode()).digest()

    def _give_up(self, err: Exception) -> None:
        log.warning("The vector cache %s is left out this time: %s", self.path, err)
        if isinstance(err, sqlite3.DatabaseError) and not isinstance(err, sqlite3.OperationalError):
            for path in (self.path, *self.path.parent.glob(self.path.name + "-*")):  # not a database, or a damaged one
                path.unlink(missing_ok=True)
