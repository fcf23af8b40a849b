"""Snapshots for the tests of exporting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lab.exported import NewFrozenRow, Snapshot
from lab.judging import Duel
from lab.store import Store, snapshot_rows, snapshots


def begin(store: Store, snapshot_id: str = "s1", name: str = "first", **more: object) -> Snapshot:
    """Begin a snapshot of the family `main`."""
    values: dict[str, object] = {"family": "main", "spec": {"rule": "majority"}, "spec_hash": "h", **more}
    return snapshots.begin(store, snapshot_id, name=name, **values)  # type: ignore[arg-type]


def pair(place: int, duel: Duel, split: str = "train", **more: object) -> NewFrozenRow:
    """A pair of a duel, of which the first answer is the better one."""
    return NewFrozenRow(
        place, duel.id, duel.first.response_id, duel.second.response_id, split, f"hash {place}", **more  # type: ignore[arg-type]
    )  # fmt: skip


def frozen(
    store: Store, duels: Sequence[Duel], snapshot_id: str = "s1", sides: Mapping[str, str] | None = None, **more: str
) -> Snapshot:
    """Freeze a snapshot of duels, all of them on the side of training unless it is said."""
    begin(store, snapshot_id, **more)
    snapshot_rows.add(store, snapshot_id, [pair(place, duel) for place, duel in enumerate(duels)])
    given = {duel.conversation_id: "train" for duel in duels} if sides is None else sides
    return snapshots.freeze(store, snapshot_id, report={"kept": len(duels)}, content_hash="c" * 64, sides=given)  # type: ignore[arg-type]
