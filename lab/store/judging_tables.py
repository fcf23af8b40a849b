"""The tables of judging. What `lab/store/tables.py` says of ids and `seq` holds here as well."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Double, Index, UniqueConstraint, text
from sqlmodel import Field

from lab.store.tables import AUTOINCREMENT, LabModel, one, seq


def _where(name: str, *columns: str, where: str) -> Index:
    """Return an index over the rows for which `where` holds."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class AnnotatorRow(LabModel, table=True):
    """Who votes. PIN and link are kept as hashes; a removed one keeps its id, so that its votes stay together."""

    __tablename__ = "annotator"
    __table_args__ = (AUTOINCREMENT,)

    seq: int = seq()
    id: str = Field(unique=True)
    name: str
    name_key: str = Field(unique=True)
    kind: str
    pin_hash: str | None
    link_hash: str | None = Field(unique=True)
    failures: int
    locked_until: datetime | None
    created_at: datetime
    removed_at: datetime | None


class GuidelineRow(LabModel, table=True):
    """One version of what annotators are told. Rows are only added; the greatest version holds."""

    __tablename__ = "guideline"
    __table_args__ = (AUTOINCREMENT,)

    seq: int = seq()
    id: str = Field(unique=True)
    version: int = Field(unique=True)
    text: str
    annotator_id: str | None = Field(foreign_key="annotator.id")
    created_at: datetime


class ConversationRow(LabModel, table=True):
    """The turns that duels and imported responses answer, once. `id` is the hash of its turns."""

    __tablename__ = "conversation"
    __table_args__ = (AUTOINCREMENT,)

    seq: int = seq()
    id: str = Field(unique=True)
    messages: list[dict[str, Any]] = Field(sa_type=JSON)
    prompt: str
    created_at: datetime


class BatchRow(LabModel, table=True):
    """Duels that came together."""

    __tablename__ = "duel_batch"
    __table_args__ = (Index(None, "kind", "seq"), AUTOINCREMENT)

    seq: int = seq()
    id: str = Field(unique=True)
    kind: str
    name: str
    content_hash: str | None = Field(unique=True)
    spec: dict[str, Any] = Field(sa_type=JSON)
    report: dict[str, Any] = Field(sa_type=JSON)
    created_at: datetime


_OPEN = "deleted_at IS NULL AND votes < wished"


class DuelRow(LabModel, table=True):
    """Two responses to one conversation. `content_key` makes the same prompt and answers the same duel.

    `votes` counts the live first-round votes that are no skip, in the transaction that changes them. `shuffle` is a
    random place that never changes, `hardness` another order; the queue walks the indexes over both.
    """

    __tablename__ = "duel"
    __table_args__ = (
        # behind the order stands what the queue asks of a duel, so that one that is not for somebody is not read
        _where("ix_duel_shuffled", "votes", "shuffle", "origin", "query_type", "id", where=_OPEN),
        _where("ix_duel_hardest", "votes", "rank", "shuffle", "origin", "query_type", "id", where=_OPEN),
        _where("ix_duel_judged", "votes", "shuffle", "origin", "id", where="deleted_at IS NULL AND votes > 0"),
        # for counting: no index that leads with what the queue asks, or SQLite would sort by it instead of walking
        _where("ix_duel_there", "seq", "query_type", where="deleted_at IS NULL"),
        _where("ix_duel_sample", "votes", where="deleted_at IS NULL AND origin = 'sample'"),
        _where("ix_duel_edit", "votes", where="deleted_at IS NULL AND origin = 'edit'"),
        Index(None, "conversation_id"),
        Index(None, "batch_id", "seq"),
        Index(None, "event_id"),
        AUTOINCREMENT,
    )

    seq: int = seq()
    id: str = Field(unique=True)
    content_key: str = Field(unique=True)
    conversation_id: str = Field(foreign_key="conversation.id")
    system_prompt: str
    first_id: str = Field(foreign_key="response.id", index=True)
    second_id: str = Field(foreign_key="response.id", index=True)
    origin: str
    rule: str
    probability: float | None = Field(sa_type=Double)
    hardness: float | None = Field(sa_type=Double)
    rank: float = Field(sa_type=Double)  # minus the hardness; a great number where there is none: those come last
    shuffle: int = Field(sa_type=BigInteger)
    query_type: str | None
    event_id: str | None = Field(foreign_key="routing_event.id")
    batch_id: str | None = Field(foreign_key="duel_batch.id")
    wished: int
    votes: int
    created_at: datetime
    deleted_at: datetime | None


class PresentationRow(LabModel, table=True):
    """One showing of a duel to one annotator. With `leased_until` set it is open: nobody else gets its place."""

    __tablename__ = "presentation"
    __table_args__ = (
        UniqueConstraint("duel_id", "annotator_id", "round"),
        _where("ix_presentation_leased", "leased_until", where="leased_until IS NOT NULL"),
        _where("ix_presentation_open", "annotator_id", where="leased_until IS NOT NULL"),
        Index(None, "annotator_id", "round", "seq"),
        AUTOINCREMENT,
    )

    seq: int = seq()
    id: str = Field(unique=True)
    duel_id: str = Field(foreign_key="duel.id")
    annotator_id: str = Field(foreign_key="annotator.id")
    round: int
    seed: int = Field(sa_type=BigInteger)
    left_id: str = Field(foreign_key="response.id")
    right_id: str = Field(foreign_key="response.id")
    purpose: str
    shown_at: datetime
    leased_until: datetime | None
    revealed_at: datetime | None


class VoteRow(LabModel, table=True):
    """The verdict on a presentation. One that was taken back stays with `live` false; only one can be live."""

    __tablename__ = "vote"
    __table_args__ = (
        one("uq_vote_live", "presentation_id", where="live"),
        _where("ix_vote_live", "duel_id", "annotator_id", "round", where="live"),
        Index(None, "annotator_id", "live", "seq"),
        Index(None, "duel_id", "seq"),
        AUTOINCREMENT,
    )

    seq: int = seq()
    id: str = Field(unique=True)
    presentation_id: str = Field(foreign_key="presentation.id")
    duel_id: str = Field(foreign_key="duel.id")
    annotator_id: str = Field(foreign_key="annotator.id")
    round: int
    verdict: str
    chosen_id: str | None = Field(foreign_key="response.id")
    strength: int | None
    tags: list[str] = Field(sa_type=JSON)
    note: str
    guideline_version: int | None
    live: bool
    unblinded: bool
    took_ms: int | None
    created_at: datetime


class VoteEventRow(LabModel, table=True):
    """What happened to a vote. Rows are only added."""

    __tablename__ = "vote_event"
    __table_args__ = (Index(None, "vote_id", "seq"), Index(None, "annotator_id", "seq"), AUTOINCREMENT)

    seq: int = seq()
    id: str = Field(unique=True)
    vote_id: str = Field(foreign_key="vote.id")
    annotator_id: str = Field(foreign_key="annotator.id")
    kind: str
    before: dict[str, Any] | None = Field(sa_type=JSON(none_as_null=True))
    after: dict[str, Any] | None = Field(sa_type=JSON(none_as_null=True))
    created_at: datetime


class ResolutionRow(LabModel, table=True):
    """What became of a disagreement. Rows are only added; the newest of a duel counts."""

    __tablename__ = "resolution"
    __table_args__ = (Index(None, "duel_id", "seq"), AUTOINCREMENT)

    seq: int = seq()
    id: str = Field(unique=True)
    duel_id: str = Field(foreign_key="duel.id")
    kind: str
    verdict: str | None
    chosen_id: str | None = Field(foreign_key="response.id")
    note: str
    annotator_id: str | None = Field(foreign_key="annotator.id")
    created_at: datetime


class DeletionRow(LabModel, table=True):
    """A record of what was deleted on request."""

    __tablename__ = "deletion"
    __table_args__ = (AUTOINCREMENT,)

    seq: int = seq()
    id: str = Field(unique=True)
    what: str
    annotator_id: str | None = Field(foreign_key="annotator.id")
    counts: dict[str, Any] = Field(sa_type=JSON)
    created_at: datetime
