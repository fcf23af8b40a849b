"""The tables. Every row has an `id` made by the caller, so that a retry finds it, and a `seq` made by the database.

`seq` settles order; clocks do not. The registry is the lab's own: Streamlit imports modules anew on a file change, and
tables on SQLModel's shared registry would then be "already defined".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Double, Index, Integer, MetaData, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
AUTOINCREMENT = {"sqlite_autoincrement": True}  # without it SQLite gives the seq of a deleted last row out again


class LabModel(SQLModel, registry=registry(metadata=MetaData(naming_convention=_NAMES))):
    """Base of all tables of the lab."""


def seq() -> Any:
    """Return the column that every table begins with: the database counts it up."""
    return Field(default=None, sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True))


def one(name: str, *columns: str, where: str) -> Index:
    """Return a unique index over the rows for which `where` holds."""
    return Index(name, *columns, unique=True, sqlite_where=text(where), postgresql_where=text(where))


class RouterVersionRow(LabModel, table=True):
    """A whole router configuration. Exactly one is live: the partial index refuses a second."""

    __tablename__ = "router_version"
    __table_args__ = (one("uq_router_version_live", "live", where="live"), AUTOINCREMENT)

    seq: int = seq()
    id: str = Field(unique=True)
    number: int | None = Field(default=None, unique=True)
    name: str
    content_hash: str = Field(unique=True)
    config: dict[str, Any] = Field(sa_type=JSON)
    encoder_fingerprint: str
    live: bool
    origin: str
    created_at: datetime


class EventRow(LabModel, table=True):
    """One routed conversation with its decision; scores are float64."""

    __tablename__ = "routing_event"
    __table_args__ = (Index(None, "router_version_id", "seq"), AUTOINCREMENT)

    seq: int = seq()
    id: str = Field(unique=True)
    created_at: datetime
    source: str
    conversation: list[dict[str, Any]] = Field(sa_type=JSON)
    prompt: str
    expert: str
    layer: str
    score: float | None = Field(sa_type=Double)
    margin: float | None = Field(sa_type=Double)
    confidence: float | None = Field(sa_type=Double)
    matches: list[dict[str, Any]] = Field(sa_type=JSON)
    timings: dict[str, Any] = Field(sa_type=JSON)
    router_version_id: str = Field(foreign_key="router_version.id")
    encoder_fingerprint: str


class ResponseRow(LabModel, table=True):
    """One answer to an event, or to a conversation where it was imported or written by hand; times are milliseconds."""

    __tablename__ = "response"
    __table_args__ = (Index(None, "event_id", "seq"), AUTOINCREMENT)

    seq: int = seq()
    id: str = Field(unique=True)
    event_id: str | None = Field(foreign_key="routing_event.id")
    conversation_id: str | None = Field(foreign_key="conversation.id", index=True)
    expert: str
    provider: str
    model: str
    system_prompt: str
    options: dict[str, Any] = Field(sa_type=JSON)
    text: str
    finish_reason: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    load_ms: float | None = Field(sa_type=Double)
    first_token_ms: float | None = Field(sa_type=Double)
    total_ms: float | None = Field(sa_type=Double)
    error_kind: str | None
    error: str | None
    text_repaired: bool
    created_at: datetime


class FeedbackRow(LabModel, table=True):
    """A thumb, or its withdrawal. Rows are only added; the newest `seq` of a response counts."""

    __tablename__ = "feedback"
    __table_args__ = (Index(None, "response_id", "seq"), AUTOINCREMENT)

    seq: int = seq()
    id: str = Field(unique=True)
    response_id: str = Field(foreign_key="response.id")
    value: str  # up | down | cleared
    created_at: datetime


class JobRow(LabModel, table=True):
    """Long work. `updated_at` is the heartbeat; host, pid and process_start say whose it is."""

    __tablename__ = "job"
    __table_args__ = (one("uq_job_running", "kind", "key", where="state = 'running'"), AUTOINCREMENT)

    seq: int = seq()
    id: str = Field(unique=True)
    kind: str
    key: str
    title: str
    state: str
    done: int = Field(sa_type=BigInteger)  # bytes of a model pass 2**31
    total: int | None = Field(sa_type=BigInteger)
    note: str
    error: str | None
    eta_s: float | None = Field(sa_type=Double)
    cancel_requested: bool
    owner: str
    host: str
    pid: int
    process_start: str
    created_at: datetime
    updated_at: datetime


class DatasetRow(LabModel, table=True):
    """A dataset without its rows, which are Parquet under its content hash. Deleted ones stay, for the runs on them."""

    __tablename__ = "dataset"
    __table_args__ = (one("uq_dataset_content", "content_hash", where="deleted_at IS NULL"), AUTOINCREMENT)

    seq: int = seq()
    id: str = Field(unique=True)
    name: str
    content_hash: str
    rows: int
    labels: dict[str, Any] = Field(sa_type=JSON)
    query_types: dict[str, Any] = Field(sa_type=JSON)
    sources: dict[str, Any] = Field(sa_type=JSON)
    seed: int
    origin: str
    file_name: str
    created_at: datetime
    deleted_at: datetime | None


class LabelRow(LabModel, table=True):
    """A label given by a person, to a row of a dataset or to an event. Rows are only added; the newest counts."""

    __tablename__ = "label"
    __table_args__ = (Index(None, "dataset_id", "row", "seq"), Index(None, "event_id", "seq"), AUTOINCREMENT)

    seq: int = seq()
    id: str = Field(unique=True)
    dataset_id: str | None = Field(foreign_key="dataset.id")
    row: int | None
    event_id: str | None = Field(foreign_key="routing_event.id")
    prompt: str
    expert: str | None
    created_at: datetime


class SealedLookRow(LabModel, table=True):
    """One look at the sealed split of a dataset, with the router whose result was shown."""

    __tablename__ = "sealed_look"
    __table_args__ = (Index(None, "dataset_id", "seq"), AUTOINCREMENT)

    seq: int = seq()
    id: str = Field(unique=True)
    dataset_id: str = Field(foreign_key="dataset.id")
    dataset_hash: str
    router_hash: str
    why: str
    created_at: datetime


class RunRow(LabModel, table=True):
    """One saved search."""

    __tablename__ = "run"
    __table_args__ = (Index(None, "dataset_id", "seq"), AUTOINCREMENT)

    seq: int = seq()
    id: str = Field(unique=True)
    name: str
    dataset_id: str = Field(foreign_key="dataset.id")
    dataset_hash: str
    router_hash: str
    seed: int
    spec: dict[str, Any] = Field(sa_type=JSON)
    result: dict[str, Any] = Field(sa_type=JSON)
    packages: dict[str, Any] = Field(sa_type=JSON)
    seconds: float = Field(sa_type=Double)
    created_at: datetime
    deleted_at: datetime | None


class DraftRow(LabModel, table=True):
    """One revision of a draft. The draft is the newest open revision of the draft that was not ended.

    Rows are never deleted, so that an edit sent again is known; only what can be undone or redone keeps its `config`.
    """

    __tablename__ = "router_draft"
    __table_args__ = (Index(None, "draft_id", "seq"), AUTOINCREMENT)

    seq: int = seq()
    id: str = Field(unique=True)
    draft_id: str
    base_version_id: str = Field(foreign_key="router_version.id")
    config: dict[str, Any] | None = Field(sa_type=JSON(none_as_null=True))
    edit: str  # what this revision changed, as a sentence
    state: str  # open | undone | dropped (undone, then edited otherwise) | adopted | discarded
    created_at: datetime


class AdoptionRow(LabModel, table=True):
    """When a version went live, instead of which one, and why."""

    __tablename__ = "adoption"
    __table_args__ = (AUTOINCREMENT,)

    seq: int = seq()
    id: str = Field(unique=True)
    version_id: str = Field(foreign_key="router_version.id")
    before_id: str | None = Field(foreign_key="router_version.id")
    note: str
    evidence: dict[str, Any] = Field(sa_type=JSON)
    created_at: datetime


class OutcomeRow(LabModel, table=True):
    """How good an expert's answer to a row of a dataset was, in [0, 1], and who says so."""

    __tablename__ = "outcome"
    __table_args__ = (Index(None, "dataset_id", "row"), AUTOINCREMENT)

    seq: int = seq()
    id: str = Field(unique=True)
    dataset_id: str = Field(foreign_key="dataset.id")
    row: int
    expert: str
    quality: float = Field(sa_type=Double)
    source: str
    created_at: datetime
