"""The rows of a snapshot, read back as they were when it was frozen, without those of which text was deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from lab.dpo import spec as specs
from lab.dpo.checks.of_pair import fold
from lab.dpo.pairs import Digests, digests, liked_row_of_frozen, row_of_frozen
from lab.dpo.rows import LikedRow, Row
from lab.dpo.spec import Spec
from lab.errors import ExportError
from lab.exported import FrozenRow, Snapshot
from lab.store import Store, snapshot_rows

_AT_ONCE = 2_000


def pairs(store: Store, snapshot: Snapshot) -> Iterator[Row]:
    """Yield the pairs of a snapshot in their order, but for those of which text was deleted on request."""
    spec = specs.from_json(snapshot.spec)
    orphans = _Orphans()
    for one in _rows(store, snapshot):
        if one.duel_id is None:
            return
        row = row_of_frozen(one, spec)
        if one.gone:
            orphans.add(row)
        else:
            yield orphans.taken_over(_sound(row, one, spec))


def likes(store: Store, snapshot: Snapshot) -> Iterator[LikedRow]:
    """Yield the answers with a thumb of a snapshot in their order, but for deleted ones."""
    spec = specs.from_json(snapshot.spec)
    for one in _rows(store, snapshot, snapshot.rows - snapshot.liked - 1):  # they come after all pairs
        if one.duel_id is None and not one.gone:
            yield _sound(liked_row_of_frozen(one, spec), one, spec)


class _Orphans:
    """Answers whose liked or disliked row stood with a pair that is gone.

    Of pairs that say the same of an answer the first alone makes such a row. Where text of its other answer was deleted
    on request, the next pair that says it takes the row over: nobody asked to delete that.
    """

    def __init__(self) -> None:
        self._liked: set[int] = set()
        self._disliked: set[int] = set()

    def add(self, gone: Row) -> None:
        """Take what a pair that is gone spoke for. A text that was deleted itself is found in no other pair."""
        same = _digests(gone)
        if gone.likes_chosen:
            self._liked.add(same.chosen)
        if gone.dislikes_rejected:
            self._disliked.add(same.rejected)

    def taken_over(self, row: Row) -> Row:
        """Return a later pair, which speaks for its answers where nobody does any more."""
        if not self._liked and not self._disliked:
            return row
        same = _digests(row)
        liked, disliked = same.chosen in self._liked, same.rejected in self._disliked
        self._liked.discard(same.chosen)
        self._disliked.discard(same.rejected)
        return replace(
            row, likes_chosen=row.likes_chosen or liked, dislikes_rejected=row.dislikes_rejected or disliked
        )  # fmt: skip


def _digests(row: Row) -> Digests:
    return digests(row, fold(row))


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
        yield from some
        after = some[-1].place
