"""Rows of a file that is not taken in are those that taking it in would give."""

import numpy as np
import pytest
from dataset_case import csv_of, sifted

from lab.errors import DatasetError
from lab.forensics.datasets import add, guess, load, read_bytes, sift
from lab.forensics.unstored import rows_of
from lab.store import open_store


@pytest.mark.parametrize("n", [40, 400], ids=["nested", "split"])
def test_they_are_the_rows_that_storing_would_give(tmp_path, n):
    some = sifted([(f"prompt {row % 390} of kind {row % 3} {'again' * (row % 2)}", f"e{row % 3}") for row in range(n)])
    store = open_store(data_dir=tmp_path)
    try:
        stored = load(store, tmp_path, add(store, tmp_path, some, name="some", seed=3).dataset.id)
    finally:
        store.close()
    mine = rows_of(some, name="some", seed=3)
    assert mine.hash == stored.hash
    assert (mine.prompts, mine.labels, mine.splits) == (stored.prompts, stored.labels, stored.splits)
    assert np.array_equal(mine.groups, stored.groups)
    assert mine.nested == stored.nested == (n < 300)
    assert mine.dataset.content_hash == stored.dataset.content_hash
    assert dict(mine.dataset.labels) == dict(stored.dataset.labels)
    assert mine.dataset.id == ""


def test_a_file_without_a_good_row_is_refused():
    table = read_bytes(csv_of("prompt,label", "why is it so,zoomer", "why is it so,professor"), "blank.csv")
    with pytest.raises(DatasetError, match=r"No row of blank\.csv can be used: 2 contradictory"):
        rows_of(sift(table, guess(table)), name="blank")
