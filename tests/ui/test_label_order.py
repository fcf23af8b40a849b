"""Prompts that come to be labelled by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.ui.data.label_order import at_random


@dataclass
class Content:
    content_hash: str


@dataclass
class Rows:
    """As much of a dataset as the order asks for."""

    dataset: Content
    n: int

    def __len__(self):
        return self.n


@given(st.integers(1, 200), st.integers(0, 2**48), st.data())
def test_the_order_is_the_same_whatever_was_labelled_meanwhile(n, seed, data):
    rows = Rows(Content(f"{seed:064x}"[::-1]), n)
    every = at_random(rows, np.arange(n))
    assert sorted(every.tolist()) == list(range(n))
    todo = np.array(sorted(data.draw(st.sets(st.integers(0, n - 1)))), dtype=np.int64)
    assert at_random(rows, todo).tolist() == [row for row in every.tolist() if row in set(todo.tolist())]


@pytest.mark.parametrize("n", [50])
def test_another_dataset_has_another_order(n):
    orders = {tuple(at_random(Rows(Content(f"{one:012x}{'0' * 52}"), n), np.arange(n)).tolist()) for one in range(5)}
    assert len(orders) == 5
