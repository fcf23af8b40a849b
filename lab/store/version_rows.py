"""Rows of router versions: finding them, making them, and the dataclass that is handed out for one."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from lab.errors import NotFound
from lab.records import RouterVersion
from lab.store.serialise import config_from_json, config_to_json
from lab.store.tables import RouterVersionRow
from lab.store.text import is_storable
from lab.types import RouterConfig, new_id


def live_row(session: Session) -> RouterVersionRow | None:
    """Return the row of the version that routes now; None in a store that was not seeded."""
    return session.exec(select(RouterVersionRow).where(col(RouterVersionRow.live))).one_or_none()


def row_of(session: Session, version_id: str) -> RouterVersionRow:
    """Return the row with this id. Raises NotFound."""
    row = None
    if is_storable(version_id):
        row = session.exec(select(RouterVersionRow).where(RouterVersionRow.id == version_id)).one_or_none()
    if row is None:
        raise NotFound(f"No router version has the id {version_id!r}. Open one from the list of versions.")
    return row


def row_by_hash(session: Session, content: str) -> RouterVersionRow | None:
    """Return the row with this content hash, or None."""
    return session.exec(select(RouterVersionRow).where(RouterVersionRow.content_hash == content)).one_or_none()


def next_number(session: Session) -> int:
    """Return the number of the next version that goes live for the first time."""
    return (session.exec(select(func.max(RouterVersionRow.number))).one() or 0) + 1


def make_row(config: RouterConfig, encoder_fingerprint: str, content: str) -> RouterVersionRow:
    """Return a row for a configuration, without a number, a name or an origin; it is not in the store yet."""
    return RouterVersionRow(
        id=new_id(),
        number=None,
        name="",
        content_hash=content,
        config=config_to_json(config),
        encoder_fingerprint=encoder_fingerprint,
        live=False,
        origin="",
        created_at=datetime.now(UTC),
    )


def version_of(row: RouterVersionRow) -> RouterVersion:
    """Return the version that a row holds."""
    return RouterVersion(
        id=row.id,
        number=row.number,
        name=row.name,
        content_hash=row.content_hash,
        config=config_from_json(row.config),
        encoder_fingerprint=row.encoder_fingerprint,
        live=row.live,
        origin=row.origin,
        created_at=row.created_at,
    )
