"""Results that work in the background leaves for a page: a few, by what they belong to, the oldest go first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

_Value = TypeVar("_Value")


class Kept(Generic[_Value]):
    """At most `most` values by key. Safe to share between threads."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._values: OrderedDict[str, _Value] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, key: str, value: _Value) -> None:
        """Keep a value; the one that was put or asked for longest ago makes room."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self.most:
                self._values.popitem(last=False)

    def get(self, key: str) -> _Value | None:
        """Return the value of a key, or None."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)
