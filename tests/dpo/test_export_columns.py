"""Columns of numbers hold what was added, whatever was expected."""

from __future__ import annotations

import pytest

from lab.dpo.columns import Columns


@pytest.mark.parametrize("expected", [0, 5, 1_000])
def test_columns_hold_what_was_added_in_its_order(expected):
    kept = Columns({"digest": "Q", "side": "b"}, expected)
    assert (len(kept), kept["digest"].tolist(), kept.nbytes) == (0, [], 0)
    for place in range(100):
        kept.add(digest=2**64 - 1 - place, side=place - 50)
    assert len(kept) == 100
    assert kept["digest"].tolist() == [2**64 - 1 - place for place in range(100)]
    assert kept["side"].tolist() == list(range(-50, 50))
    assert kept.nbytes == 900
    kept["side"][:2] = 7
    assert kept["side"].tolist()[:3] == [7, 7, -48]
    with pytest.raises((ValueError, OverflowError)):
        kept.add(digest=-1, side=0)
    with pytest.raises(KeyError):
        kept.add(digest=1)
    assert len(kept) == 100
