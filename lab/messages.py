"""Frozen values between the lab and whoever answers: what is asked, and what comes back. Times are milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

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
