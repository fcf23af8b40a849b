"""The tables of exporting. What `lab/store/tables.py` says of ids and `seq` holds here as well."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Double, Index, UniqueConstraint
from sqlmodel import Field

from lab.store.tables import AUTOINCREMENT, LabModel, one, seq


class SnapshotRow(LabModel, table=True):
    """An export of pairs. `content_hash` is missing while it is built; a frozen one changes no more but in its name.

    `deletions` is the greatest seq of the deletions on request when it was begun: with another one since then, what was
    read may be of before, and it cannot be frozen.
    """

    __tablename__ = "snapshot"
    __table_args__ = (one("uq_snapshot_name", "name_key", where="deleted_at IS NULL"), AUTOINCREMENT)

    seq: int = seq()
    id: str = Field(unique=True)
    name: str
    name_key: str
    family: str
    spec: dict[str, Any] = Field(sa_type=JSON)
    report: dict[str, Any] = Field(sa_type=JSON)
    spec_hash: str
    content_hash: str | None
    rows: int
    liked: int
    files: dict[str, Any] = Field(sa_type=JSON)
    state: str  # building | frozen
    gone: int
    deletions: int = Field(sa_type=BigInteger)
    created_at: datetime
    frozen_at: datetime | None
    deleted_at: datetime | None


class SnapshotItemRow(LabModel, table=True):
    """A row of a snapshot: the duel with its better answer, or one answer that a thumb was given to.

    The texts stay where they are, so that they are stored once and deleted once: `gone` says that some were.
    """

    __tablename__ = "snapshot_row"
    __table_args__ = (
        UniqueConstraint("snapshot_id", "place"),
        Index(None, "duel_id"),
        Index(None, "chosen_id"),
        Index(None, "rejected_id"),
        AUTOINCREMENT,
    )

    seq: int = seq()
    id: str = Field(unique=True)
    snapshot_id: str = Field(foreign_key="snapshot.id")
    place: int
    duel_id: str | None = Field(foreign_key="duel.id")
    chosen_id: str | None = Field(foreign_key="response.id")
    rejected_id: str | None = Field(foreign_key="response.id")
    split: str
    emits: int
    votes: int
    agreeing: int
    strength: float | None = Field(sa_type=Double)
    adjudicated: bool
    vote_ids: list[str] = Field(sa_type=JSON)
    row_hash: str
    gone: bool


class PromptSideRow(LabModel, table=True):
    """The side on which a prompt was put in a family of splits, for good. Rows are only added."""

    __tablename__ = "prompt_side"
    __table_args__ = (
        UniqueConstraint("family", "conversation_id"),
        Index(None, "family", "seq"),
        Index(None, "conversation_id"),
        Index(None, "snapshot_id"),
        AUTOINCREMENT,
    )

    seq: int = seq()
    id: str = Field(unique=True)
    family: str
    conversation_id: str = Field(foreign_key="conversation.id")
    side: str
    snapshot_id: str = Field(foreign_key="snapshot.id")
    created_at: datetime
