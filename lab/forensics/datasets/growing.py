"""Rows of a few bytes each that grow at the end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


class Growing:
    """Rows of `width` bytes. Room for as many as are expected is asked for at once: what nobody writes to costs
    nothing, where buffers that grow move about and leave holes that others do not fit.
    """

    def __init__(self, width: int, expected: int = 0) -> None:
        self._rows: Bytes = np.zeros((expected, width), dtype=np.uint8)
        self._count = 0

    def __len__(self) -> int:
        """How many rows were added."""
        return self._count

    @property
    def rows(self) -> Bytes:
        """The rows, shape (n, width); no copy."""
        return self._rows[: self._count]

    def add(self, rows: Bytes) -> None:
        """Add rows, shape (m, width)."""
        count = self._count + len(rows)
        if count > len(self._rows):
            grown = np.zeros((count + count // 8, self._rows.shape[1]), dtype=np.uint8)
            grown[: self._count] = self.rows
            self._rows = grown
        self._rows[self._count : count] = rows
        self._count = count
