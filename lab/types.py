"""Frozen values that the rooms of the lab hand to each other. Times are milliseconds unless a name says otherwise."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, NamedTuple
from uuid import UUID

NONE = "none"
"""The virtual fallback (nobody answers), and the label of a prompt that no expert should claim."""

StrategyName = Literal["keyword", "semantic", "hybrid"]
Aggregate = Literal["max", "mean_top_k", "centroid"]
ConflictPolicy = Literal["defer", "priority"]
Source = Literal["page", "cli", "gateway", "import", "bulk"]


def new_id() -> str:
    """Return a UUID version 7 (RFC 9562): made by the caller, unique, sortable by the millisecond it was made in."""
    stamp = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    value = (stamp & ((1 << 48) - 1)) << 80 | 7 << 76 | (noise >> 68) << 64 | 2 << 62 | noise & ((1 << 62) - 1)
    return str(UUID(int=value))


# ------------------------------------------------------------------------------------------------ configuration


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input: float = 0.0
    output: float = 0.0


@dataclass(frozen=True, slots=True)
class Expert:
    """A named target: model + provider + system prompt + price, and the route (patterns, utterances) to it."""

    name: str
    model: str = ""
    provider: str = "auto"  # auto | ollama | openai | mock
    system_prompt: str = ""
    patterns: tuple[str, ...] = ()
    utterances: tuple[str, ...] = ()
    threshold: float | None = None  # None: the router's threshold
    price: Price = Price()
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))  # temperature, max_tokens, seed …


@dataclass(frozen=True, slots=True)
class RouterConfig:
    """A whole router configuration; the order of `experts` settles ties and the `priority` conflict policy."""

    strategy: StrategyName
    experts: tuple[Expert, ...]
    fallback: str  # the name of an expert, or NONE
    threshold: float = 0.45
    min_margin: float = 0.0
    aggregate: Aggregate = "max"
    top_k: int = 3
    on_conflict: ConflictPolicy = "defer"
    encoder: str = "all-MiniLM-L6-v2"

    def expert(self, name: str) -> Expert:
        """Return the expert called `name`; KeyError when there is none."""
        for expert in self.experts:
            if expert.name == name:
                return expert
        raise KeyError(name)

    def threshold_of(self, expert: Expert) -> float:
        """Return the threshold that applies to `expert`: its own, or the router's."""
        return self.threshold if expert.threshold is None else expert.threshold

    def content_hash(self, encoder_fingerprint: str) -> str:
        """Return the SHA-256, in hex, of all that decides where a prompt goes and what the expert is told.

        Not in it: providers, prices, options and the encoder's name, which are settings; the fingerprint stands for
        the encoder. Experts count in their order, which settles ties.
        """
        content = {
            "strategy": self.strategy,
            "threshold": _canonical(self.threshold),
            "min_margin": _canonical(self.min_margin),
            "aggregate": self.aggregate,
            "top_k": self.top_k,
            "on_conflict": self.on_conflict,
            "fallback": self.fallback,
            "encoder_fingerprint": encoder_fingerprint,
            "experts": [
                {
                    "name": expert.name,
                    "model": expert.model,
                    "system_prompt": expert.system_prompt,
                    "patterns": expert.patterns,
                    "utterances": expert.utterances,
                    "threshold": None if expert.threshold is None else _canonical(expert.threshold),
                }
                for expert in self.experts
            ],
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def _canonical(number: float) -> float:
    return float(number) + 0.0  # 1 and 1.0, 0.0 and -0.0 decide alike


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


# ------------------------------------------------------------------------------------------------------ routing


class Layer(StrEnum):
    """Who decided."""

    KEYWORD = "keyword"
    SEMANTIC = "semantic"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Match:
    """One place where a pattern of layer 1 matched; `start` and `end` index the original prompt by code point."""

    expert: str
    pattern: str
    start: int
    end: int


class Timings(NamedTuple):  # a tuple, because every decision makes one and layer 1 counts microseconds
    """What a decision cost, by stage, in milliseconds; a stage that did not run is None."""

    keyword_ms: float | None = None
    encode_ms: float | None = None
    score_ms: float | None = None
    encode_cached: bool = False  # the vector was already there

    @property
    def overhead_ms(self) -> float:
        """The time to decide: keyword + encode + score."""
        return (self.keyword_ms or 0.0) + (self.encode_ms or 0.0) + (self.score_ms or 0.0)


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome for one prompt."""

    prompt: str
    expert: str  # an expert's name, or NONE
    layer: Layer
    score: float | None  # the best score of layer 2, in [-1, 1]; None when layer 2 did not run or nobody has a score
    margin: float | None  # best minus runner-up; None with fewer than two scored experts
    matches: tuple[Match, ...]
    timings: Timings
    confidence: float | None = None  # a calibrated probability that the decision is right; None without a calibrator


@dataclass(frozen=True, slots=True)
class ExpertScore:
    """What layer 2 says of one expert; `score` is None for an expert without utterances."""

    expert: str
    score: float | None
    threshold: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An utterance near the prompt, with its cosine in [-1, 1]."""

    expert: str
    utterance: str
    cosine: float


FlipKind = Literal["threshold", "min_margin", "on_conflict", "remove_pattern", "remove_utterance", "add_utterance"]


@dataclass(frozen=True, slots=True)
class Flip:
    """One change of the router that would decide this prompt otherwise, and how.

    `expert` is whose threshold, pattern or utterance changes; None for a setting of the whole router. `value` is the
    new setting, or the pattern or utterance that goes or comes.
    """

    kind: FlipKind
    expert: str | None
    value: float | str
    to_expert: str
    to_layer: Layer


@dataclass(frozen=True, slots=True)
class Trace:
    """Why a decision came out as it did. `explain_ms` is what the explanation cost; it is not overhead."""

    decision: Decision
    conflict: tuple[str, ...]  # the experts that layer 1 matched, when there was more than one
    scores: tuple[ExpertScore, ...]  # in the order of the experts; empty for the keyword strategy
    neighbours: tuple[Neighbour, ...]  # nearest first
    flips: tuple[Flip, ...]
    explain_ms: float


# ------------------------------------------------------------------------------------------------------ answers

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """What an expert is asked. `messages` holds the system prompt first, when there is one."""

    model: str
    messages: tuple[Message, ...]
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an answer, as it arrives."""

    text: str


@dataclass(frozen=True, slots=True)
class Completion:
    """The last item of a stream. Token counts and load time are None where the server does not tell them."""

    provider: str  # ollama | openai | mock
    model: str
    finish_reason: str  # stop | length | … as the server says it
    prompt_tokens: int | None
    completion_tokens: int | None
    load_ms: float | None  # loading the model
    first_token_ms: float  # from the request, or from the end of loading where that is known, to the first text
    total_ms: float


@dataclass(frozen=True, slots=True)
class Model:
    """A model that a server offers; `size_bytes` is None where the server does not tell it."""

    name: str
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a provider can answer now, and the sentence that says so."""

    ok: bool
    detail: str
    models: tuple[str, ...] = ()


# ------------------------------------------------------------------------------------------------- stored things


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
    event_id: str
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
