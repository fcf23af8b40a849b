"""Writes that the database refused for the moment, kept in order and tried again before the next one."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from lab.errors import NotFound, StoreError, Unstorable

_log = logging.getLogger(__name__)
_KEPT = 1_000

T = TypeVar("T")


class Outbox:
    """Keeps what could not be stored (full disk, locked or read-only database) until it can be."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Callable[[], object]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def save(self, write: Callable[[], T]) -> T:
        """Do a write, after those that wait; a write that is refused is kept, and the StoreError says so."""
        with self._lock:
            try:
                self._send()
                return write()
            except (NotFound, Unstorable):
                raise  # waiting would not help
            except StoreError as err:
                if len(self._waiting) >= _KEPT:
                    raise StoreError(f"{err} {_KEPT:,} others wait already, so this one is not kept.") from err
                self._waiting.append(write)
                raise StoreError(f"{err} It is kept in memory and tried again.") from err

    def retry(self) -> None:
        """Do the writes that wait. Raises StoreError when the database still refuses; what is left keeps waiting."""
        with self._lock:
            self._send()

    def _send(self) -> None:
        while self._waiting:
            try:
                self._waiting[0]()
            except (NotFound, Unstorable) as err:
                _log.warning("A write that waited cannot be done: %s", err)
            self._waiting.popleft()
