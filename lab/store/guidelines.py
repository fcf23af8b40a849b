"""What annotators are told to look for, version by version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from lab.errors import StoreError
from lab.judging import Guideline
from lab.store.engine import Store, exclusive
from lab.store.judging_tables import GuidelineRow
from lab.store.text import check_texts


def write(store: Store, guideline_id: str, text: str, *, by: str | None = None) -> Guideline:
    """Store a next version and return it; an id that is there, and the text that holds already, return what is stored.

    Raises StoreError for an empty text, Unstorable.
    """
    check_texts([guideline_id, text], "The guidelines")
    if not text.strip():
        raise StoreError("The guidelines are empty. Write what a good answer is, in a sentence at least.")
    with store.write() as session:
        exclusive(session, "guideline")
        known = session.exec(select(GuidelineRow).where(GuidelineRow.id == guideline_id)).one_or_none()
        held = session.exec(select(GuidelineRow).order_by(col(GuidelineRow.version).desc()).limit(1)).first()
        if known is not None:
            return _guideline(known)
        if held is not None and held.text == text:
            return _guideline(held)
        row = GuidelineRow(
            id=guideline_id,
            version=1 if held is None else held.version + 1,
            text=text,
            annotator_id=by,
            created_at=datetime.now(UTC),
        )
        session.add(row)
        session.flush()
        return _guideline(row)


def current(store: Store) -> Guideline | None:
    """Return the version that holds, or None where nothing was written yet."""
    query = select(GuidelineRow).order_by(col(GuidelineRow.version).desc()).limit(1)
    with store.read() as session:
        row = session.exec(query).first()
        return None if row is None else _guideline(row)


def version(store: Store, number: int) -> Guideline | None:
    """Return one version, or None."""
    with store.read() as session:
        row = session.exec(select(GuidelineRow).where(GuidelineRow.version == number)).first()
        return None if row is None else _guideline(row)


def versions(store: Store) -> int:
    """Return how many versions there are."""
    with store.read() as session:
        return int(session.exec(select(func.count()).select_from(GuidelineRow)).one())


def _guideline(row: GuidelineRow) -> Guideline:
    values: dict[str, Any] = {name: getattr(row, name) for name in Guideline.__dataclass_fields__ if name != "by"}
    return Guideline(**values, by=row.annotator_id)
