"""Who votes: names, and the hashes of their PINs and links. What proves a person is in `lab.preferences.people`."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from lab.errors import NotFound, StoreError
from lab.judging import Annotator, AnnotatorKind
from lab.store.engine import Store, exclusive, insert_once
from lab.store.judging_tables import AnnotatorRow
from lab.store.text import check_texts, is_storable


def add(store: Store, annotator_id: str, name: str, *, pin_hash: str | None, link_hash: str | None) -> Annotator:
    """Store a person and return it; an id that is there returns the first. Raises StoreError for a name that is taken.

    Names that look alike but for case, spacing and Unicode form are the same name.
    """
    check_texts([annotator_id, name], "The name")
    with store.write() as session:
        exclusive(session, "annotator")
        known = session.exec(select(AnnotatorRow).where(AnnotatorRow.id == annotator_id)).one_or_none()
        if known is not None:
            return _annotator(known)
        if _by_name(session, name) is not None:
            raise StoreError(f"Somebody here is called {name!r} already. Sign in as that, or take another name.")
        row = _new(annotator_id, name, "person", pin_hash, link_hash)
        session.add(row)
        session.flush()
        return _annotator(row)


def ensure(store: Store, annotator_id: str, name: str, kind: AnnotatorKind) -> Annotator:
    """Return the annotator of this name, stored now where it was not; for imports and the sample workspace."""
    check_texts([annotator_id, name], "The name")
    with store.write() as session:
        exclusive(session, "annotator")
        known = _by_name(session, name)
        if known is not None:
            return _annotator(known)
        row = _new(annotator_id, name, kind, None, None)
        insert_once(session, row)
        return _annotator(session.exec(select(AnnotatorRow).where(AnnotatorRow.id == annotator_id)).one())


def get(store: Store, annotator_id: str) -> Annotator:
    """Return the annotator with this id. Raises NotFound."""
    with store.read() as session:
        return _annotator(row_of(session, annotator_id))


def listed(store: Store) -> list[Annotator]:
    """Return all annotators, removed ones too, in the order they came."""
    with store.read() as session:
        return [_annotator(row) for row in session.exec(select(AnnotatorRow).order_by(col(AnnotatorRow.seq)))]


def secrets(store: Store, annotator_id: str) -> tuple[str | None, str | None]:
    """Return the hashes of an annotator's PIN and link. Raises NotFound."""
    with store.read() as session:
        row = row_of(session, annotator_id)
        return row.pin_hash, row.link_hash


def by_link(store: Store, link_hash: str) -> Annotator | None:
    """Return whose personal link has this hash; None for nobody's, and for a removed person's."""
    query = select(AnnotatorRow).where(AnnotatorRow.link_hash == link_hash, col(AnnotatorRow.removed_at).is_(None))
    with store.read() as session:
        row = session.exec(query).one_or_none()
        return None if row is None else _annotator(row)


def set_pin(store: Store, annotator_id: str, pin_hash: str | None) -> None:
    """Set the hash of a PIN; what was signed in with the old one is no longer. Raises NotFound."""
    with store.write() as session:
        row = row_of(session, annotator_id)
        row.pin_hash, row.failures, row.locked_until = pin_hash, 0, None
        session.add(row)


def set_link(store: Store, annotator_id: str, link_hash: str | None) -> None:
    """Set the hash of a personal link; the old link opens nothing any more. Raises NotFound."""
    with store.write() as session:
        row = row_of(session, annotator_id)
        row.link_hash = link_hash
        session.add(row)


def begin_try(store: Store, annotator_id: str, wait: Callable[[int, datetime | None], datetime | None]) -> None:
    """Count a PIN as wrong before it is looked at, so that many at once are not all looked at.

    `wait` gets how many wrong ones came in a row, this one with them, and until when no PIN is looked at; it returns
    until when none is from now on, or raises. Raises NotFound.
    """
    with store.write() as session:
        exclusive(session, "annotator")
        row = row_of(session, annotator_id)
        row.failures, row.locked_until = row.failures + 1, wait(row.failures + 1, row.locked_until)
        session.add(row)


def succeeded(store: Store, annotator_id: str) -> None:
    """Forget the wrong PINs. Raises NotFound."""
    with store.write() as session:
        row = row_of(session, annotator_id)
        row.failures, row.locked_until = 0, None
        session.add(row)


def row_of(session: Session, annotator_id: str) -> AnnotatorRow:
    """Return the row of an annotator. Raises NotFound."""
    row = None
    if is_storable(annotator_id):
        row = session.exec(select(AnnotatorRow).where(AnnotatorRow.id == annotator_id)).one_or_none()
    if row is None:
        raise NotFound(f"Nobody has the id {annotator_id!r}. Sign in again on the Label page.")
    return row


def name_key(name: str) -> str:
    """Return what two names share that a person would take for the same."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _by_name(session: Session, name: str) -> AnnotatorRow | None:
    return session.exec(select(AnnotatorRow).where(AnnotatorRow.name_key == name_key(name))).one_or_none()


def _new(
    annotator_id: str, name: str, kind: AnnotatorKind, pin_hash: str | None, link_hash: str | None
) -> AnnotatorRow:
    return AnnotatorRow(
        id=annotator_id, name=name, name_key=name_key(name), kind=kind, pin_hash=pin_hash, link_hash=link_hash,
        failures=0, locked_until=None, created_at=datetime.now(UTC), removed_at=None,
    )  # fmt: skip


def _annotator(row: AnnotatorRow) -> Annotator:
    return Annotator(
        id=row.id,
        seq=row.seq,
        name=row.name,
        kind=row.kind,  # type: ignore[arg-type]  # only this module writes it
        has_pin=row.pin_hash is not None,
        has_link=row.link_hash is not None,
        created_at=row.created_at,
        removed_at=row.removed_at,
    )
