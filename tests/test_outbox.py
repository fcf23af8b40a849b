"""Writes that the database refuses wait, in order, and are not lost."""

from __future__ import annotations

import pytest

from lab.errors import NotFound, StoreError, Unstorable
from lab.outbox import Outbox


class Table:
    """A list that can refuse."""

    def __init__(self):
        self.rows, self.full = [], False

    def add(self, row):
        if self.full:
            raise StoreError("The disk is full.")
        self.rows.append(row)
        return row


def test_a_write_that_works_returns_what_it_stored():
    table = Table()
    assert Outbox().save(lambda: table.add(1)) == 1


def test_refused_writes_are_done_in_order_before_the_next():
    table, outbox = Table(), Outbox()
    table.full = True
    for row in (1, 2):
        with pytest.raises(StoreError):
            outbox.save(lambda row=row: table.add(row))
    assert len(outbox) == 2
    table.full = False
    outbox.save(lambda: table.add(3))
    assert (table.rows, len(outbox)) == ([1, 2, 3], 0)


def test_a_retry_says_when_it_is_refused_again_and_loses_nothing():
    table, outbox = Table(), Outbox()
    table.full = True
    with pytest.raises(StoreError):
        outbox.save(lambda: table.add(1))
    with pytest.raises(StoreError):
        outbox.retry()
    table.full = False
    outbox.retry()
    assert table.rows == [1]


def test_a_write_with_nowhere_to_go_is_not_kept():
    def lost():
        raise NotFound("No such event.")

    outbox = Outbox()
    with pytest.raises(NotFound):
        outbox.save(lost)
    assert len(outbox) == 0


def test_a_write_that_can_never_be_done_does_not_block_those_behind_it():
    table, outbox = Table(), Outbox()
    table.full = True

    def poison():
        if table.full:
            raise StoreError("The disk is full.")
        raise Unstorable("It holds NUL.")

    for write in (poison, lambda: table.add(2)):
        with pytest.raises(StoreError, match="kept in memory"):
            outbox.save(write)
    table.full = False
    outbox.save(lambda: table.add(3))
    assert (table.rows, len(outbox)) == ([2, 3], 0)


def test_a_full_outbox_says_that_this_one_is_not_kept(monkeypatch):
    monkeypatch.setattr("lab.outbox._KEPT", 1)
    table, outbox = Table(), Outbox()
    table.full = True
    with pytest.raises(StoreError, match="kept in memory"):
        outbox.save(lambda: table.add(1))
    with pytest.raises(StoreError, match="this one is not kept"):
        outbox.save(lambda: table.add(2))
    assert len(outbox) == 1
