"""Router versions: which one is live, the one that the lab ships, overrides, and adopting one instead of another.

Content is stored once: adopting what was adopted before makes that version live again, under its number. Provider,
price and options of an expert are settings and are no content. Names can be edited.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlmodel import Session, col, select

from lab.errors import ConfigError, VersionConflict
from lab.records import Adoption, RouterVersion
from lab.store import drafts
from lab.store.engine import Store, exclusive
from lab.store.json_values import stored_json
from lab.store.serialise import config_to_json
from lab.store.tables import AdoptionRow, RouterVersionRow
from lab.store.text import check_texts
from lab.store.version_rows import live_row, make_row, next_number, row_by_hash, row_of, version_of
from lab.types import RouterConfig, new_id

NAME_CHARS = 80
"""The longest name of a version, in characters: it stands in the frame of every page."""

_LOCK = "router_version"


def live(store: Store) -> RouterVersion | None:
    """Return the version that routes now; None in a store that was not seeded."""
    with store.read() as session:
        row = live_row(session)
        return None if row is None else version_of(row)


def get(store: Store, version_id: str) -> RouterVersion:
    """Return the version with this id. Raises NotFound."""
    with store.read() as session:
        return version_of(row_of(session, version_id))


def by_hash(store: Store, content: str) -> RouterVersion | None:
    """Return the version with this content hash, or None."""
    with store.read() as session:
        row = row_by_hash(session, content)
        return None if row is None else version_of(row)


def by_number(store: Store, number: int) -> RouterVersion | None:
    """Return the version with this number, or None."""
    with store.read() as session:
        row = session.exec(select(RouterVersionRow).where(RouterVersionRow.number == number)).one_or_none()
        return None if row is None else version_of(row)


def recent(store: Store, limit: int = 100) -> list[RouterVersion]:
    """Return at most `limit` versions, the one stored last first."""
    with store.read() as session:
        rows = session.exec(select(RouterVersionRow).order_by(col(RouterVersionRow.seq).desc()).limit(limit))
        return [version_of(row) for row in rows]


def seed(store: Store, config: RouterConfig, encoder_fingerprint: str, name: str = "shipped") -> RouterVersion:
    """Return the live version; in a store without one, `config` becomes it first, as number 1."""
    _check(config, encoder_fingerprint, name)
    content = config.content_hash(encoder_fingerprint)
    with store.write() as session:
        exclusive(session, _LOCK)
        found = live_row(session)
        if found is not None:
            return version_of(found)
        row = row_by_hash(session, content) or make_row(config, encoder_fingerprint, content)
        row.number, row.name, row.origin, row.live = next_number(session), name, "shipped", True
        session.add(row)
        session.flush()
        _note_adoption(session, new_id(), row, None, "", {}, datetime.now(UTC))
        return version_of(row)


def record_override(
    store: Store, config: RouterConfig, encoder_fingerprint: str, name: str = "override"
) -> RouterVersion:
    """Store `config` as a version without a number, never live; where its content is stored already, return that."""
    _check(config, encoder_fingerprint, name)
    content = config.content_hash(encoder_fingerprint)
    with store.write() as session:
        exclusive(session, _LOCK)
        row = row_by_hash(session, content)
        if row is None:
            row = make_row(config, encoder_fingerprint, content)
            row.name, row.origin = name, "override"
            session.add(row)
            session.flush()
        return version_of(row)


# ------------------------------------------------------------------------------------------------------- adopting


def adopt(
    store: Store,
    adoption_id: str,
    config: RouterConfig,
    encoder_fingerprint: str,
    *,
    expected_live_id: str | None,
    name: str = "",
    note: str = "",
    evidence: Mapping[str, Any] = MappingProxyType({}),
    now: datetime | None = None,
) -> RouterVersion:
    """Make `config` the live version and return it; the draft that holds it is thereby ended.

    Content that is stored already becomes live again and keeps its number, and its name unless one is given; provider,
    price and options become those of `config`. Where it is live already no adoption is noted, and where the id is there
    already nothing happens. Raises VersionConflict, with a sentence that names who
    is live, when that is not `expected_live_id`; Unstorable for evidence that JSON cannot hold; ConfigError for a name
    that is too long.
    """
    _check(config, encoder_fingerprint, name)
    check_texts([adoption_id, note], "The adoption")
    name = _name(name)
    shown = stored_json(evidence, "The evidence")
    content = config.content_hash(encoder_fingerprint)
    with store.write() as session:
        exclusive(session, _LOCK)
        done = session.exec(select(AdoptionRow).where(AdoptionRow.id == adoption_id)).one_or_none()
        if done is not None:
            return version_of(row_of(session, done.version_id))
        before = live_row(session)
        if before is None or before.content_hash != content:
            _refuse_another(before, expected_live_id)
            row = row_by_hash(session, content) or make_row(config, encoder_fingerprint, content)
            row.config = config_to_json(config)
            _make_live(session, row, before, name)
            _note_adoption(session, adoption_id, row, before, note, shown, now or datetime.now(UTC))
        else:
            row = before
            row.config = config_to_json(config)
            session.flush()
        drafts.close_adopted(session, content, encoder_fingerprint)
        return version_of(row)


def adopted_by(store: Store, adoption_id: str) -> RouterVersion | None:
    """Return the version that this adoption made live, or None where there was no such adoption."""
    query = select(RouterVersionRow).where(AdoptionRow.version_id == RouterVersionRow.id, AdoptionRow.id == adoption_id)
    with store.read() as session:
        row = session.exec(query).one_or_none()
        return None if row is None else version_of(row)


def rollback(
    store: Store, adoption_id: str, version_id: str, *, expected_live_id: str | None, note: str = ""
) -> RouterVersion:
    """Make a stored version live again, under its number and name. Raises NotFound, and like `adopt`."""
    version = get(store, version_id)
    return adopt(
        store, adoption_id, version.config, version.encoder_fingerprint, expected_live_id=expected_live_id, note=note
    )


def rename(store: Store, version_id: str, name: str) -> RouterVersion:
    """Give a version another name. Raises NotFound, ConfigError for a name that is empty or too long."""
    check_texts(name, "The name of the router version")
    name = _name(name)
    if not name:
        raise ConfigError("The name of a router version cannot be empty. Type a word that says what it is for.")
    with store.write() as session:
        exclusive(session, _LOCK)
        row = row_of(session, version_id)
        row.name = name
        session.add(row)
        session.flush()
        return version_of(row)


def history(store: Store, limit: int = 100) -> list[tuple[Adoption, RouterVersion]]:
    """Return at most `limit` adoptions with the version that went live, the newest first: the first one is live."""
    query = (
        select(AdoptionRow, RouterVersionRow)
        .where(AdoptionRow.version_id == RouterVersionRow.id)
        .order_by(col(AdoptionRow.seq).desc())
        .limit(limit)
    )
    with store.read() as session:
        return [(_adoption(row), version_of(version)) for row, version in session.exec(query)]


def adoptions(store: Store, limit: int = 1000) -> list[Adoption]:
    """Return at most `limit` adoptions, the newest first."""
    with store.read() as session:
        rows = session.exec(select(AdoptionRow).order_by(col(AdoptionRow.seq).desc()).limit(limit))
        return [_adoption(row) for row in rows]


def _refuse_another(live_now: RouterVersionRow | None, expected_id: str | None) -> None:
    """Raise VersionConflict when another version is live than the person looked at."""
    if (None if live_now is None else live_now.id) == expected_id:
        return
    if live_now is None:
        raise VersionConflict("No router version is live in this database yet. Open the Route page once, then adopt.")
    raise VersionConflict(
        f'v{live_now.number} "{live_now.name}" went live meanwhile; look at its diff and adopt again.'
    )


def _make_live(session: Session, row: RouterVersionRow, before: RouterVersionRow | None, name: str) -> None:
    if before is not None:
        before.live = False
        session.flush()  # before the other row: the index takes one live version at any moment
    if row.number is None:
        row.number, row.origin = next_number(session), "draft"
        row.name = name or (f"version {row.number}" if row.name in ("", "override") else row.name)
    row.name, row.live = name or row.name, True
    session.add(row)
    session.flush()


def _note_adoption(
    session: Session,
    adoption_id: str,
    row: RouterVersionRow,
    before: RouterVersionRow | None,
    note: str,
    evidence: dict[str, Any],
    now: datetime,
) -> None:
    session.add(
        AdoptionRow(
            id=adoption_id,
            version_id=row.id,
            before_id=None if before is None else before.id,
            note=note,
            evidence=evidence,
            created_at=now,
        )
    )
    session.flush()


def _check(config: RouterConfig, encoder_fingerprint: str, name: str) -> None:
    check_texts(config_to_json(config), "The router configuration")
    check_texts([encoder_fingerprint, name], "The name of the router version or of its encoder")


def _name(name: str) -> str:
    name = " ".join(name.split())
    if len(name) > NAME_CHARS:
        raise ConfigError(f"The name has {len(name)} characters; {NAME_CHARS} is the most. Put the rest in the note.")
    return name


def _adoption(row: AdoptionRow) -> Adoption:
    return Adoption(
        id=row.id,
        seq=row.seq,
        version_id=row.version_id,
        before_id=row.before_id,
        note=row.note,
        evidence=MappingProxyType(row.evidence),
        created_at=row.created_at,
    )
