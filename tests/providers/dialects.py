"""The two protocols that the scripted server speaks, so that one test can hold for both."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from scripted_server import Reply, ScriptedServer

from lab.errors import ProviderError
from lab.messages import AnswerRequest, Message
from lab.providers import OllamaProvider, OpenAICompatibleProvider

ASK = AnswerRequest("tiny", (Message("user", "Hi"),))

Provider = OllamaProvider | OpenAICompatibleProvider


@dataclass(frozen=True)
class Dialect:
    """How a protocol writes the records of a stream, and which provider reads them."""

    name: str
    chat: str
    models: str
    content_type: str
    record: Callable[[str], bytes]  # a line of JSON text -> the bytes on the wire
    token: Callable[[str], dict[str, Any]]
    thought: Callable[[str], dict[str, Any]]
    ends: Callable[[str], list[dict[str, Any]]]  # finish reason -> the closing records
    make: Callable[..., Provider]

    def text(self, text: str, *, ascii_only: bool = True) -> bytes:
        return self.record(json.dumps(self.token(text), ensure_ascii=ascii_only))

    def end(self, reason: str = "stop") -> bytes:
        return b"".join(self.record(json.dumps(record)) for record in self.ends(reason))

    def answer(self, *texts: str, reason: str = "stop") -> Reply:
        return self.reply(*(self.text(text) for text in texts), self.end(reason))

    def reply(self, *parts: Any, **fields: Any) -> Reply:
        return Reply(parts, headers={"Content-Type": self.content_type}, **fields)

    def provider(self, server: ScriptedServer | str, **settings: Any) -> Provider:
        url = server if isinstance(server, str) else server.url
        return self.make(url, **settings)


def _ollama_record(**fields: Any) -> dict[str, Any]:
    return {"model": "tiny", "created_at": "2026-11-22T10:00:00.000000Z", "done": False, **fields}


def _said(**message: str) -> dict[str, str]:
    return {"role": "assistant", "content": "", **message}


OLLAMA = Dialect(
    name="ollama",
    chat="/api/chat",
    models="/api/tags",
    content_type="application/x-ndjson",
    record=lambda line: line.encode() + b"\n",
    token=lambda text: _ollama_record(message=_said(content=text)),
    thought=lambda text: _ollama_record(message=_said(thinking=text)),
    ends=lambda reason: [
        _ollama_record(
            message=_said(),
            done=True,
            done_reason=reason,
            total_duration=9_000_000,
            load_duration=1_500_000,
            prompt_eval_count=7,
            eval_count=2,
        )
    ],
    make=OllamaProvider,
)


def _openai_record(delta: dict[str, Any] | None, finish: str | None = None, **fields: Any) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "tiny", "choices": choices, **fields}


OPENAI = Dialect(
    name="openai",
    chat="/v1/chat/completions",
    models="/v1/models",
    content_type="text/event-stream",
    record=lambda line: b"data: " + line.encode() + b"\n\n",
    token=lambda text: _openai_record({"content": text}),
    thought=lambda text: _openai_record({"reasoning_content": text}),
    ends=lambda reason: [
        _openai_record({}, reason),
        _openai_record(None, usage={"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}),
    ],
    make=lambda url, **settings: OpenAICompatibleProvider(f"{url}/v1", **settings),
)


def fault(
    dialect: Dialect, server: ScriptedServer | str, *, ask: AnswerRequest = ASK, **settings: object
) -> ProviderError:
    """Return the error that an answer ends with."""
    with pytest.raises(ProviderError) as caught:
        list(dialect.provider(server, **settings).stream(ask))
    return caught.value


def error_body(dialect: Dialect, message: str) -> bytes:
    return json.dumps({"error": message if dialect is OLLAMA else {"message": message, "code": 1}}).encode()
