"""The rows of a snapshot, read back as they were when it was frozen, without those of which text was deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from lab.dpo import spec as specs
from lab.dpo.pairs import liked_row_of_frozen, row_of_frozen
from lab.dpo.rows import LikedRow, Row
from lab.dpo.spec import Spec
from lab.errors import ExportError
from lab.exported import FrozenRow, Snapshot
from lab.store import Store, snapshot_rows

_AT_ONCE = 2_000


def pairs(store: Store, snapshot: Snapshot) -> Iterator[Row]:
    """Yield the pairs of a snapshot in their order, but for those of which text was deleted on request."""
    spec = specs.from_json(snapshot.spec)
    for one in _rows(store, snapshot):
        if one.duel_id is None:
            return
        yield _sound(row_of_frozen(one, spec), one, spec)


def likes(store: Store, snapshot: Snapshot) -> Iterator[LikedRow]:
    """Yield the answers with a thumb of a snapshot in their order, but for deleted ones."""
    spec = specs.from_json(snapshot.spec)
    for one in _rows(store, snapshot, snapshot.rows - snapshot.liked - 1):  # they come after all pairs
        if one.duel_id is None:
            yield _sound(liked_row_of_frozen(one, spec), one, spec)


_Hashed = TypeVar("_Hashed", Row, LikedRow)


def _sound(row: _Hashed, frozen: FrozenRow, spec: Spec) -> _Hashed:
    if row.hash != frozen.row_hash and spec.mask:
        raise ExportError(
            f"Row {frozen.place + 1:,} is covered otherwise than when it was frozen: this lab knows personal data by "
            "other signs than the one that froze it. Freeze the pairs again."
        )
    if row.hash != frozen.row_hash:
        raise ExportError(
            f"Row {frozen.place + 1:,} says something else than when it was frozen, so this snapshot cannot be written "
            "again. Check the database: python -m lab db check."
        )
    return row


def _rows(store: Store, snapshot: Snapshot, after: int = -1) -> Iterator[FrozenRow]:
    while some := snapshot_rows.rows(store, snapshot.id, after, _AT_ONCE):
        yield from (one for one in some if not one.gone)
        after = some[-1].place
