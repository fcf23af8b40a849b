"""The one draft: the router version that is being edited, as a chain of revisions, so that an edit can be undone.

Every edit is read, changed and written in one transaction that excludes other edits: two tabs lose nothing. Rows are
never deleted; the configuration of a revision is kept while it can be undone or redone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from lab.errors import VersionConflict
from lab.records import Draft, RouterVersion
from lab.store.engine import Store, exclusive
from lab.store.json_values import stored_json
from lab.store.serialise import config_from_json, config_to_json
from lab.store.tables import DraftRow
from lab.store.text import check_texts
from lab.store.version_rows import row_of, version_of
from lab.types import RouterConfig, new_id

KEPT = 50
"""How many revisions of a draft keep their configuration; of older edits the sentence remains."""

_LOCK = "router_draft"
_WHAT_CHARS = 300  # an edit is told in a sentence, whatever text it brought
_ALIVE = ("open", "undone")


def current(store: Store) -> Draft | None:
    """Return the draft; None where nothing is being edited."""
    with store.read() as session:
        return _draft(session, _revisions(session))


def edit(
    store: Store,
    edit_id: str,
    change: Callable[[RouterConfig], RouterConfig],
    what: str | Callable[[RouterConfig, RouterConfig], str],
    *,
    base: RouterVersion,
) -> Draft:
    """Apply `change` to the draft, or to `base` where there is none yet, and return the draft.

    `change` gets the newest configuration, also when another tab has edited it meanwhile; it runs while other writers
    wait, so it must be quick, and what it raises leaves everything as it was. An id that is there already, or a change
    that changes nothing, adds nothing. `what` is the sentence of the edit, or makes it of the configuration before and
    after. What was undone before can then no longer be made again. Raises NotFound for a
    `base` that is not stored, Unstorable for a configuration that no database can hold.
    """
    check_texts([edit_id, what if isinstance(what, str) else ""], "The edit")
    with store.write() as session:
        exclusive(session, _LOCK)
        revisions = _revisions(session)
        before = _draft(session, revisions) or _untouched(base)
        if session.exec(select(DraftRow.seq).where(DraftRow.id == edit_id)).first() is not None:
            return before
        config = change(before.config)
        if config == before.config:
            return before
        content = stored_json(config_to_json(config), "The router configuration")
        _end(session, [row for row in revisions if row.state == "undone"], "dropped")
        session.add(
            DraftRow(
                id=edit_id,
                draft_id=revisions[0].draft_id if revisions else new_id(),
                base_version_id=row_of(session, before.base.id).id,
                config=content,
                edit=_sentence(what if isinstance(what, str) else what(before.config, config)),
                state="open",
                created_at=datetime.now(UTC),
            )
        )
        session.flush()
        _fold(session)
        return _draft(session, _revisions(session)) or before


def has_edit(store: Store, edit_id: str) -> bool:
    """Tell whether an edit with this id was ever made, whatever became of it."""
    with store.read() as session:
        return session.exec(select(DraftRow.seq).where(DraftRow.id == edit_id)).first() is not None


def undo(store: Store, *, at: int | None = None) -> Draft | None:
    """Take the last edit back and return the draft; None where there is none.

    Nothing happens when no edit can be undone. Raises VersionConflict when the draft is not at revision `at`: a double
    click undoes once, and a tab that shows an older draft is told.
    """
    return _step(store, at, forward=False)


def redo(store: Store, *, at: int | None = None) -> Draft | None:
    """Make the edit that was undone last again, and return the draft; `at` as in `undo`."""
    return _step(store, at, forward=True)


def discard(store: Store, *, at: int | None = None) -> Draft | None:
    """Throw the draft away. Returns None, or the draft where it is not at revision `at` and so was left alone."""
    with store.write() as session:
        exclusive(session, _LOCK)
        revisions = _revisions(session)
        draft = _draft(session, revisions)
        if draft is not None and at is not None and draft.revision != at:
            return draft
        _end(session, revisions, "discarded")
        return None


def close_adopted(session: Session, content: str, encoder_fingerprint: str) -> None:
    """End the draft where its configuration has this content hash; part of the transaction that adopts it."""
    exclusive(session, _LOCK)
    revisions = _revisions(session)
    draft = _draft(session, revisions)
    if draft is not None and draft.config.content_hash(encoder_fingerprint) == content:
        _end(session, revisions, "adopted")


@dataclass(frozen=True, slots=True)
class _Revision:
    """A row without its configuration, which may be large."""

    seq: int
    draft_id: str
    base_version_id: str
    edit: str
    state: str
    created_at: datetime
    kept: bool


def _revisions(session: Session) -> list[_Revision]:
    """Return the open and the undone revisions of the draft, oldest first. Only one draft has any: edits exclude."""
    row = DraftRow
    columns = (row.seq, row.draft_id, row.base_version_id, row.edit, row.state, row.created_at)
    query = select(*columns, col(row.config).is_not(None)).where(col(row.state).in_(_ALIVE)).order_by(col(row.seq))  # type: ignore[call-overload]
    return [_Revision(*values) for values in session.exec(query)]


def _draft(session: Session, revisions: Sequence[_Revision]) -> Draft | None:
    if not revisions:
        return None
    opened = [revision for revision in revisions if revision.state == "open"]
    base = version_of(row_of(session, revisions[0].base_version_id))
    config = base.config
    if opened:
        content = session.exec(select(DraftRow.config).where(DraftRow.seq == opened[-1].seq)).one()
        assert content is not None  # the newest revisions are kept
        config = config_from_json(content)
    kept = sum(revision.kept for revision in opened)
    return Draft(
        revision=opened[-1].seq if opened else 0,
        base=base,
        config=config,
        edits=tuple(revision.edit for revision in opened),
        updated_at=revisions[-1].created_at,
        undoable=kept if kept == len(opened) else kept - 1,  # before a folded one nothing is left to go back to
        redoable=len(revisions) - len(opened),
    )


def _untouched(base: RouterVersion) -> Draft:
    return Draft(0, base, base.config, (), base.created_at)


def _step(store: Store, at: int | None, *, forward: bool) -> Draft | None:
    with store.write() as session:
        exclusive(session, _LOCK)
        revisions = _revisions(session)
        draft = _draft(session, revisions)
        if at is not None and (draft is None or draft.revision != at):
            step = "redo" if forward else "undo"
            raise VersionConflict(f"The draft was edited meanwhile, so it was kept. Look at it, then {step} again.")
        possible = draft and (draft.redoable if forward else draft.undoable)
        if draft is None or not possible:
            return draft
        if forward:
            _set_state(session, next(one for one in revisions if one.state == "undone"), "open")
        else:
            _set_state(session, next(one for one in reversed(revisions) if one.state == "open"), "undone")
        return _draft(session, _revisions(session))


def _set_state(session: Session, revision: _Revision, state: str) -> None:
    session.connection().execute(update(DraftRow).where(col(DraftRow.seq) == revision.seq).values(state=state))


def _end(session: Session, revisions: Sequence[_Revision], state: str) -> None:
    """Give revisions their last state; what they held can go."""
    ended = col(DraftRow.seq).in_([revision.seq for revision in revisions])
    session.connection().execute(update(DraftRow).where(ended).values(state=state, config=None))


def _fold(session: Session) -> None:
    """Let go of the configurations of all but the newest open revisions."""
    folded = [revision.seq for revision in _revisions(session) if revision.kept][:-KEPT]
    if folded:
        session.connection().execute(update(DraftRow).where(col(DraftRow.seq).in_(folded)).values(config=None))


def _sentence(what: str) -> str:
    text = " ".join(what.split())
    return text if len(text) <= _WHAT_CHARS else f"{text[: _WHAT_CHARS - 1]}…"
