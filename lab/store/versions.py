"""Router versions: which one is live, the one that the lab ships, and overrides that nobody adopted."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from lab.errors import NotFound
from lab.records import RouterVersion
from lab.store.engine import Store, exclusive
from lab.store.serialise import config_from_json, config_to_json
from lab.store.tables import RouterVersionRow
from lab.store.text import check_texts, is_storable
from lab.types import RouterConfig, new_id


def live(store: Store) -> RouterVersion | None:
    """Return the version that routes now; None in a store that was not seeded."""
    with store.read() as session:
        row = _live(session)
        return None if row is None else _version(row)


def get(store: Store, version_id: str) -> RouterVersion:
    """Return the version with this id. Raises NotFound."""
    with store.read() as session:
        row = None
        if is_storable(version_id):
            row = session.exec(select(RouterVersionRow).where(RouterVersionRow.id == version_id)).one_or_none()
        if row is None:
            raise NotFound(f"No router version has the id {version_id!r}. Open one from the list of versions.")
        return _version(row)


def by_hash(store: Store, content: str) -> RouterVersion | None:
    """Return the version with this content hash, or None."""
    with store.read() as session:
        row = _by_hash(session, content)
        return None if row is None else _version(row)


def recent(store: Store, limit: int = 100) -> list[RouterVersion]:
    """Return at most `limit` versions, the one stored last first."""
    with store.read() as session:
        rows = session.exec(select(RouterVersionRow).order_by(col(RouterVersionRow.seq).desc()).limit(limit))
        return [_version(row) for row in rows]


def seed(store: Store, config: RouterConfig, encoder_fingerprint: str, name: str = "shipped") -> RouterVersion:
    """Return the live version; in a store without one, `config` becomes it first, as number 1."""
    _check(config, encoder_fingerprint, name)
    content = config.content_hash(encoder_fingerprint)
    with store.write() as session:
        exclusive(session, "router_version")
        found = _live(session)
        if found is not None:
            return _version(found)
        row = _by_hash(session, content) or _row(config, encoder_fingerprint, content)
        last = session.exec(select(func.max(RouterVersionRow.number))).one()
        row.number, row.name, row.origin, row.live = (last or 0) + 1, name, "shipped", True
        session.add(row)
        session.flush()
        return _version(row)


def record_override(
    store: Store, config: RouterConfig, encoder_fingerprint: str, name: str = "override"
) -> RouterVersion:
    """Store `config` as a version without a number, never live; where its content is stored already, return that."""
    _check(config, encoder_fingerprint, name)
    content = config.content_hash(encoder_fingerprint)
    with store.write() as session:
        exclusive(session, "router_version")
        row = _by_hash(session, content)
        if row is None:
            row = _row(config, encoder_fingerprint, content)
            row.name, row.origin = name, "override"
            session.add(row)
            session.flush()
        return _version(row)


def _check(config: RouterConfig, encoder_fingerprint: str, name: str) -> None:
    check_texts(config_to_json(config), "The router configuration")
    check_texts([encoder_fingerprint, name], "The name of the router version or of its encoder")


def _live(session: Session) -> RouterVersionRow | None:
    return session.exec(select(RouterVersionRow).where(col(RouterVersionRow.live))).one_or_none()


def _by_hash(session: Session, content: str) -> RouterVersionRow | None:
    return session.exec(select(RouterVersionRow).where(RouterVersionRow.content_hash == content)).one_or_none()


def _row(config: RouterConfig, encoder_fingerprint: str, content: str) -> RouterVersionRow:
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


def _version(row: RouterVersionRow) -> RouterVersion:
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
