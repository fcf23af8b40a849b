"""What became of disagreements: rows are only added, the newest of a duel counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from lab.errors import StoreError
from lab.judging import Resolution, ResolutionKind, Verdict
from lab.store import duels
from lab.store.engine import Store, insert_once
from lab.store.judging_tables import ResolutionRow
from lab.store.text import check_texts


def give(
    store: Store,
    resolution_id: str,
    *,
    duel_id: str,
    kind: ResolutionKind,
    verdict: Verdict | None = None,
    chosen_id: str | None = None,
    note: str = "",
    annotator_id: str | None = None,
) -> Resolution:
    """Say what becomes of a disagreement, and return that as stored; an id that is there returns the first.

    `resolved` needs a verdict, and the better response with `better`. Raises NotFound, StoreError, Unstorable.
    """
    check_texts([resolution_id, note, annotator_id or ""], "The resolution")
    with store.write() as session:
        duel = duels.row_of(session, duel_id)
        if kind == "resolved" and verdict not in ("better", "equally_good", "both_bad"):
            raise StoreError("Say how the disagreement is resolved: which answer is better, both good or both bad.")
        if (verdict == "better") != (chosen_id in (duel.first_id, duel.second_id)):
            raise StoreError("The better answer must be one of the two of this duel. Choose it again.")
        row = ResolutionRow(
            id=resolution_id,
            duel_id=duel_id,
            kind=kind,
            verdict=verdict,
            chosen_id=chosen_id,
            note=note,
            annotator_id=annotator_id,
            created_at=datetime.now(UTC),
        )
        insert_once(session, row)
        stored = session.exec(select(ResolutionRow).where(ResolutionRow.id == resolution_id)).one()
        return _resolution(stored)


def newest(store: Store) -> dict[str, Resolution]:
    """Return the resolution that counts, by duel id; one that was reopened is among them and says so."""
    last = select(func.max(ResolutionRow.seq)).group_by(col(ResolutionRow.duel_id))
    with store.read() as session:
        found = session.exec(select(ResolutionRow).where(col(ResolutionRow.seq).in_(last)))
        return {row.duel_id: _resolution(row) for row in found}


def _resolution(row: ResolutionRow) -> Resolution:
    values: dict[str, Any] = {name: getattr(row, name) for name in Resolution.__dataclass_fields__}
    return Resolution(**values)
