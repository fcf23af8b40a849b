"""Any server with OpenAI's chat protocol (vLLM, llama.cpp, `transformers serve` …), through the official client.

The client itself is imported late, with `openai_wire`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lab.errors import AccessDenied, ProviderError, ProviderTimeout
from lab.messages import AnswerRequest, Chunk, Completion, Health, Model
from lab.providers.addresses import checked_address

if TYPE_CHECKING:
    import httpx

    from lab.providers.model_server import ModelServer

MAX_ANSWER_CHARS = 2_000_000


class OpenAICompatibleProvider:
    """Asks the server at `base_url`, which usually ends in /v1. Opens no connection before it is used.

    The key is read from the environment variable `api_key_env` at each use and kept nowhere; when it is unset a
    placeholder is sent, which most local servers take. Nothing is asked twice: a retry is the caller's decision.
    `transport` replaces the network. Raises ConfigError for an unusable address.
    """

    name = "openai"

    def __init__(
        self,
        base_url: str,
        *,
        api_key_env: str = "LAB_OPENAI_API_KEY",
        first_token_timeout_s: float = 120,
        stall_timeout_s: float = 30,
        connect_timeout_s: float = 3,
        health_timeout_s: float = 1,
        list_timeout_s: float = 10,
        max_answer_chars: int = MAX_ANSWER_CHARS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.base_url = checked_address(base_url)
        self.api_key_env = api_key_env
        self.first_token_timeout_s = first_token_timeout_s
        self.stall_timeout_s = stall_timeout_s
        self.connect_timeout_s = connect_timeout_s
        self.health_timeout_s = health_timeout_s
        self.list_timeout_s = list_timeout_s
        self.max_answer_chars = max_answer_chars
        self.transport = transport

    def stream(self, request: AnswerRequest, cancelled: threading.Event | None = None) -> Iterator[Chunk | Completion]:
        """Yield the answer's chunks, then one Completion; reasoning is not answer text. `load_ms` is never known.

        Options become fields of the request under the names they have: `temperature`, `top_p`, `seed` and `max_tokens`
        are OpenAI's own, and `top_k`, `repetition_penalty` and the like are for the servers that know them. A set
        `cancelled` ends the stream without a Completion. Raises the ProviderErrors.
        """
        from lab.providers.answer_stream import Limits, answer
        from lab.providers.background import iterate
        from lab.providers.openai_wire import chat_records

        server = self._server(request.model)
        limits = Limits(self.first_token_timeout_s, self.stall_timeout_s, self.max_answer_chars)
        yield from iterate(lambda: answer(chat_records(server, request), self.name, server.shown, limits), cancelled)

    def models(self) -> tuple[Model, ...]:
        """Return the models that the server lists; their sizes are not known. Raises the ProviderErrors."""
        return self._list(self.list_timeout_s)

    def health(self) -> Health:
        """Say whether the server answers, within about `health_timeout_s` seconds; a fault is told, not raised."""
        try:
            names = tuple(model.name for model in self._list(self.health_timeout_s))
        except ProviderError as err:
            return Health(ok=False, detail=str(err))
        count = "1 model" if len(names) == 1 else f"{len(names)} models"
        return Health(ok=True, detail=f"The server at {self.base_url} answers with {count}.", models=names)

    def _list(self, timeout_s: float) -> tuple[Model, ...]:
        from lab.providers.background import complete
        from lab.providers.openai_wire import listed_models

        server = self._server()
        try:
            return complete(lambda: listed_models(server), timeout_s)
        except TimeoutError as err:
            raise ProviderTimeout(f"{server.shown} does not answer within {timeout_s:g} s. {server.way_out}") from err

    def _server(self, model: str = "") -> ModelServer:
        from lab.providers.model_server import ModelServer

        return ModelServer(
            label="The OpenAI-compatible server",
            url=self.base_url,
            model=model,
            secret=self._key(),
            connect_timeout_s=self.connect_timeout_s,
            key_env=self.api_key_env,
            way_out="Start it, correct its address (it usually ends in /v1), or set provider: mock.",
            model_way_out="Start the server with this model, or give the expert one that the server lists.",
            max_line_bytes=8 * self.max_answer_chars + 65_536,
            transport=self.transport,
        )

    def _key(self) -> str:
        key = os.environ.get(self.api_key_env, "").strip()
        if key and not (key.isascii() and key.isprintable()):
            raise AccessDenied(
                f"The key in the environment variable {self.api_key_env} holds characters that no key has, such as a "
                "line break. Set it again and start the lab again."
            )
        return key
