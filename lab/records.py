"""Frozen values that the store hands out: rows as the rest of the lab sees them. Times are milliseconds unless said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from lab.messages import Message
from lab.types import Decision, RouterConfig, Source


@dataclass(frozen=True, slots=True)
class RouterVersion:
    """A stored router configuration. `number` is None for one that was never adopted (an override)."""

    id: str
    number: int | None
    name: str
    content_hash: str
    config: RouterConfig
    encoder_fingerprint: str
    live: bool
    origin: str  # shipped | override | draft
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One routed conversation with its decision. `seq` orders events; clocks do not."""

    id: str
    seq: int
    created_at: datetime
    source: Source
    conversation: tuple[Message, ...]
    decision: Decision
    router_version_id: str
    encoder_fingerprint: str


@dataclass(frozen=True, slots=True)
class Response:
    """One expert's answer. `error_kind` is None for a whole answer; text that came before a fault is kept."""

    id: str
    event_id: str | None  # None: imported, or written by a person; then it answers `conversation_id`
    expert: str
    provider: str
    model: str
    system_prompt: str
    options: Mapping[str, Any]
    text: str
    finish_reason: str | None  # None: unfinished
    prompt_tokens: int | None
    completion_tokens: int | None
    load_ms: float | None
    first_token_ms: float | None
    total_ms: float | None
    error_kind: str | None
    error: str | None
    text_repaired: bool  # the model sent text that is not valid Unicode; U+FFFD stands where it was
    created_at: datetime
    conversation_id: str | None = None

    @property
    def tokens_per_s(self) -> float | None:
        """Tokens a second after the first one came; None where it cannot be told."""
        if self.total_ms is None or self.first_token_ms is None or (self.completion_tokens or 0) < 2:
            return None
        generating_ms = self.total_ms - (self.load_ms or 0.0) - self.first_token_ms
        return ((self.completion_tokens or 0) - 1) / generating_ms * 1000 if generating_ms > 0 else None


@dataclass(frozen=True, slots=True)
class Feedback:
    """A thumb under a response."""

    id: str
    response_id: str
    value: Literal["up", "down"]
    created_at: datetime


JobState = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]


@dataclass(frozen=True, slots=True)
class Job:
    """Long work as it stands. `interrupted` means that the process doing it is gone."""

    id: str
    kind: str
    title: str
    state: JobState
    done: int
    total: int | None
    note: str
    error: str | None
    created_at: datetime
    updated_at: datetime
    eta_s: float | None


# ------------------------------------------------------------------------------------------------------- measuring

Split = Literal["tune", "dev", "sealed"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled prompts that were taken in, without their rows: those are Parquet in data/datasets."""

    id: str
    seq: int
    name: str
    content_hash: str  # of the rows as they were taken in; corrected labels come on top
    rows: int
    labels: Mapping[str, int]  # rows by label as taken in; "" counts the unlabelled ones
    query_types: Mapping[str, int]
    sources: Mapping[str, int]
    seed: int  # of the splits
    origin: str  # built-in | import | labels | events
    file_name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Label:
    """A label that a person gave a prompt: a row of a dataset, or an event. The newest `seq` of a target counts."""

    id: str
    seq: int
    dataset_id: str | None
    row: int | None
    event_id: str | None
    prompt: str
    expert: str | None  # None: taken back
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """The one router version that is being edited; each edit is a revision, so that it can be undone.

    `revision` names a state: a draft that has it again, after an undo, holds the same again. It does not count:
    `len(edits)` does. It is 0 where every edit was undone.
    """

    revision: int
    base: RouterVersion  # the version that was live when the draft began
    config: RouterConfig
    edits: tuple[str, ...]  # what was changed, oldest first, as sentences
    updated_at: datetime
    undoable: int = 0  # how many edits can be undone; old ones are kept as sentences only
    redoable: int = 0  # how many undone edits can be made again


@dataclass(frozen=True, slots=True)
class Run:
    """One saved search: what was asked (`spec`), on what, and what came out (`result`); JSON values."""

    id: str
    seq: int
    name: str
    dataset_id: str
    dataset_hash: str
    router_hash: str
    seed: int
    spec: Mapping[str, Any]
    result: Mapping[str, Any]
    packages: Mapping[str, str]
    seconds: float
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Adoption:
    """When a version went live, instead of which one, and why; the newest `seq` is the live one."""

    id: str
    seq: int
    version_id: str
    before_id: str | None
    note: str
    evidence: Mapping[str, Any]  # what was known then: sealed result, probes; JSON values
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SealedLook:
    """One look at the sealed rows of a dataset, and the router whose result was shown."""

    id: str
    seq: int
    dataset_id: str
    dataset_hash: str
    router_hash: str
    why: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """How good an expert's answer to a prompt was, in [0, 1], and who says so."""

    dataset_id: str
    row: int
    expert: str
    quality: float
    source: str
