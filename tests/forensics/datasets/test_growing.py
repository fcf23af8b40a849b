"""Rows that grow at the end hold what was added, expected or not."""

from __future__ import annotations

import numpy as np
import pytest

from lab.forensics.datasets.growing import Growing


@pytest.mark.parametrize("expected", [0, 3, 100])
def test_rows_stay_in_the_order_in_which_they_came(expected):
    kept, all_rows = Growing(4, expected), np.arange(40, dtype=np.uint8).reshape(10, 4)
    for start, end in ((0, 1), (1, 1), (1, 6), (6, 10)):
        kept.add(all_rows[start:end])
        assert len(kept) == end
        assert np.array_equal(kept.rows, all_rows[:end])
