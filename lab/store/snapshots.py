"""Snapshots: begun, filled row by row (`snapshot_rows`), frozen at once, listed. A frozen one keeps what it says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import func
from sqlmodel import Session, col, select

from lab.errors import ExportError, NotFound
from lab.exported import ExportSplit, Snapshot
from lab.store import prompt_sides
from lab.store.engine import Store, exclusive, insert_once
from lab.store.json_values import stored_json
from lab.store.judging_tables import DeletionRow
from lab.store.owner import Process, is_gone, this_process
from lab.store.snapshot_tables import SnapshotItemRow, SnapshotRow
from lab.store.text import check_text, check_texts, in_short, is_storable

WRITERS = "snapshots"
"""What whoever changes snapshots is `exclusive` with, and whoever only adds rows to one is `beside`."""

MAX_NAME = 80
"""The most characters of a snapshot's name, and of a family's."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LEAST_PREFIX = 4  # characters
_PROCESS = "process"  # that fills an unfinished snapshot, in its report
_LIVE = col(SnapshotRow.deleted_at).is_(None)


def begin(
    store: Store, snapshot_id: str, *, name: str, family: str, spec: Mapping[str, Any], spec_hash: str
) -> Snapshot:
    """Store a snapshot that is to be filled and return it; an id that is there returns the first.

    Begin before the texts are read: of what was deleted on request since then `freeze` knows. A name that is taken gets
    a number. Raises ExportError for a name or a family that cannot be, Unstorable.
    """
    check_texts([snapshot_id, spec_hash], "The snapshot")
    _check_name(name, "snapshot")
    _check_name(family, "family of splits")
    with store.write() as session:
        exclusive(session, WRITERS)
        known = session.exec(select(SnapshotRow).where(SnapshotRow.id == snapshot_id)).one_or_none()
        if known is not None:
            return of_row(known)
        free = _free_name(session, name)
        row = SnapshotRow(
            id=snapshot_id, name=free, name_key=_key(free), family=family.strip(), spec=stored_json(spec, "spec"),
            report={_PROCESS: asdict(this_process())}, spec_hash=spec_hash, content_hash=None, rows=0, liked=0,
            files={}, state="building", gone=0, deletions=_deletions(session), created_at=datetime.now(UTC),
            frozen_at=None, deleted_at=None,
        )  # fmt: skip
        insert_once(session, row)
        return of_row(row_of(session, snapshot_id))


def freeze(
    store: Store,
    snapshot_id: str,
    *,
    report: Mapping[str, Any],
    content_hash: str,
    sides: Mapping[str, ExportSplit],
    seen: int | None = None,
) -> Snapshot:
    """Make a snapshot final, with the sides of its prompts by conversation id, in one transaction, and return it.

    A prompt that has a side in the family keeps it; `seen` is as in `prompt_sides.keep`. One that is frozen already is
    returned as it is. Raises ExportError where another export gave sides to prompts of the family meanwhile, where
    something was deleted on request meanwhile, and for a snapshot without rows; NotFound for one that is not there.
    Nothing was stored then.
    """
    check_text(content_hash, "The hash of the snapshot")
    with store.write() as session:
        exclusive(session, WRITERS)
        row = row_of(session, snapshot_id)
        if row.state == "frozen":
            return of_row(row)
        if row.gone or row.deletions != _deletions(session):
            raise ExportError(
                "Something was deleted on request, or with the sample workspace, while this was built, and what was "
                "read may hold it. Nothing was frozen. Build it again."
            )
        row.rows, row.liked = _counted(session, snapshot_id)
        prompt_sides.keep(session, row.family, snapshot_id, sides, seen)
        row.report, row.content_hash = stored_json(report, "report"), content_hash
        row.state, row.frozen_at = "frozen", datetime.now(UTC)
        session.add(row)
        session.flush()
        return of_row(row)


def files(store: Store, snapshot_id: str, written: Mapping[str, Any]) -> Snapshot:
    """Note the files that were written of a snapshot, by path, and return it.

    What was noted of the same folders before is forgotten: it was written anew. Files of other folders stay noted.
    """
    anew = {_folder(path) for path in written}
    with store.write() as session:
        exclusive(session, WRITERS)
        row = row_of(session, snapshot_id)
        others = {path: made for path, made in row.files.items() if _folder(path) not in anew}
        row.files = others | stored_json(written, "files")
        session.add(row)
        return of_row(row)


def _folder(path: str) -> str:
    """Return the first folder of a path, which is that of a format; empty for a file that lies in none."""
    return path.split("/", 1)[0] if "/" in path else ""


def listed(store: Store, *, deleted: bool = False) -> list[Snapshot]:
    """Return the frozen snapshots that are not deleted, or those that are, the newest first."""
    query = select(SnapshotRow).where(SnapshotRow.state == "frozen", ~_LIVE if deleted else _LIVE)
    with store.read() as session:
        return [of_row(row) for row in session.exec(query.order_by(col(SnapshotRow.seq).desc()))]


def every(store: Store) -> list[Snapshot]:
    """Return all snapshots, unfinished and deleted ones too, in the order in which they were begun."""
    with store.read() as session:
        return [of_row(row) for row in session.exec(select(SnapshotRow).order_by(col(SnapshotRow.seq)))]


def get(store: Store, which: str) -> Snapshot:
    """Return the snapshot of this id, deleted and unfinished ones too, or else the one that is meant.

    That is the one of this name, whatever its case, or whose id or content hash alone begins so, with four characters
    or more; deleted and unfinished ones are not meant. Raises NotFound, which names others.
    """
    with store.read() as session:
        if is_storable(which):
            row = session.exec(select(SnapshotRow).where(SnapshotRow.id == which)).one_or_none()
            if row is not None:
                return of_row(row)
    there, key = listed(store), _key(which)
    named = [one for one in there if _key(one.name) == key]
    if not named and len(key) >= _LEAST_PREFIX:
        named = [one for one in there if one.id.startswith(key) or (one.content_hash or "").startswith(key)]
    if len(named) == 1:
        return named[0]
    if named:
        raise NotFound(f"{len(named)} snapshots begin with {which!r}: {_names(named)}. Write more of it.")
    raise NotFound(f"No snapshot has the name or id {in_short(which)}. There is: {_names(there) or 'none yet'}.")


def rename(store: Store, snapshot_id: str, name: str) -> Snapshot:
    """Give a snapshot another name and return it; a name that is taken gets a number. Raises NotFound, as `begin`."""
    _check_name(name, "snapshot")
    with store.write() as session:
        exclusive(session, WRITERS)
        row = row_of(session, snapshot_id)
        if name.strip() and name.strip() != row.name:
            row.name = _free_name(session, name, but=row.id)
            row.name_key = _key(row.name)
            session.add(row)
        return of_row(row)


def delete(store: Store, snapshot_id: str) -> Snapshot:
    """Mark a snapshot as deleted and return it: its rows stay, and the sides of its prompts. Raises NotFound."""
    with store.write() as session:
        exclusive(session, WRITERS)
        row = row_of(session, snapshot_id)
        row.deleted_at = row.deleted_at or datetime.now(UTC)
        session.add(row)
        return of_row(row)


def bring_back(store: Store, snapshot_id: str) -> Snapshot:
    """Take a deletion back and return the snapshot; it gets a number where its name is taken. Raises NotFound."""
    with store.write() as session:
        exclusive(session, WRITERS)
        row = row_of(session, snapshot_id)
        if row.deleted_at is not None:
            row.name = _free_name(session, row.name, but=row.id)
            row.name_key, row.deleted_at = _key(row.name), None
            session.add(row)
        return of_row(row)


def drop(store: Store, snapshot_id: str) -> None:
    """Delete a snapshot that is not frozen, with its rows; one that is frozen stays. Raises StoreError."""
    with store.write() as session:
        exclusive(session, WRITERS)
        _drop(session, [row.id for row in [row_of(session, snapshot_id)] if row.state == "building"])


def drop_building(store: Store, begun_before: datetime) -> int:
    """Delete the unfinished snapshots that a kill left behind, and return how many.

    Those whose process is gone, as far as that can be told from here, and those that were begun before a moment.
    """
    with store.write() as session:
        exclusive(session, WRITERS)
        rows = session.exec(select(SnapshotRow).where(SnapshotRow.state == "building")).all()
        ids = [row.id for row in rows if _is_old(row, begun_before) or _is_left(row)]
        _drop(session, ids)
        return len(ids)


def _is_old(row: SnapshotRow, before: datetime) -> bool:
    begun = row.created_at if row.created_at.tzinfo else row.created_at.replace(tzinfo=UTC)
    return begun < before


def _is_left(row: SnapshotRow) -> bool:
    return _PROCESS in row.report and is_gone(Process(**row.report[_PROCESS]))


def _drop(session: Session, ids: Sequence[str]) -> None:
    for snapshot_id in ids:
        session.connection().execute(
            delete_rows(SnapshotItemRow).where(col(SnapshotItemRow.snapshot_id) == snapshot_id)
        )
        session.connection().execute(delete_rows(SnapshotRow).where(col(SnapshotRow.id) == snapshot_id))


# ---------------------------------------------------------------------------------------------------------- as rows


def row_of(session: Session, snapshot_id: str) -> SnapshotRow:
    """Return the row of a snapshot. Raises NotFound."""
    row = None
    if is_storable(snapshot_id):
        row = session.exec(select(SnapshotRow).where(SnapshotRow.id == snapshot_id)).one_or_none()
    if row is None:
        raise NotFound(f"No snapshot has the id {in_short(snapshot_id)}. Choose one from the list, or build it again.")
    return row


def of_row(row: SnapshotRow) -> Snapshot:
    """Return a row as the value that is handed out."""
    values: dict[str, Any] = {name: getattr(row, name) for name in Snapshot.__dataclass_fields__}
    for name in ("spec", "report", "files"):
        values[name] = MappingProxyType(values[name])
    return Snapshot(**values)


def _counted(session: Session, snapshot_id: str) -> tuple[int, int]:
    """Return how many rows there are, and how many of them are liked ones. Raises ExportError for none, or a gap."""
    mine = col(SnapshotItemRow.snapshot_id) == snapshot_id
    pairs, rows, last = session.exec(
        select(func.count(col(SnapshotItemRow.duel_id)), func.count(), func.max(SnapshotItemRow.place)).where(mine)
    ).one()
    if not rows:
        raise ExportError("There is not one row to freeze. Let more votes through, or collect some first.")
    if last != rows - 1:
        raise ExportError(f"Of {last + 1:,} rows only {rows:,} were stored, so nothing was frozen. Build it again.")
    return int(rows), int(rows - pairs)


def _deletions(session: Session) -> int:
    return session.exec(select(func.max(DeletionRow.seq))).one() or 0


def _check_name(name: str, what: str) -> None:
    check_text(name, f"The name of the {what}")
    if len(name.strip()) > MAX_NAME:
        raise ExportError(
            f"The name {name.strip()[:40]!r}… has {len(name.strip())} characters; that of a {what} has at most "
            f"{MAX_NAME}. Take a shorter one."
        )
    if _CONTROL.search(name.strip()):
        raise ExportError(f"The name {name!r} holds a line break or another control. Leave it out.")


def _free_name(session: Session, name: str, but: str = "") -> str:
    wanted = name.strip() or "snapshot"
    taken = set(session.exec(select(SnapshotRow.name_key).where(_LIVE, SnapshotRow.id != but)))
    free, again = wanted, 2
    while _key(free) in taken:
        free, again = f"{wanted} ({again})", again + 1
    return free


def _key(name: str) -> str:
    """Return what two names share that are the same; a text that is found in the name is found here too."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _names(snapshots: list[Snapshot]) -> str:
    return ", ".join(f"{one.name!r} ({one.id})" for one in snapshots[:8])
