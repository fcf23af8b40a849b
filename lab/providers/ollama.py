"""Ollama, through its official client. The client itself is imported late, with `ollama_wire`."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.errors import ProviderError, ProviderTimeout
from lab.messages import AnswerRequest, Chunk, Completion, Health, Model
from lab.providers.addresses import checked_address

if TYPE_CHECKING:
    import httpx

    from lab.providers.model_server import ModelServer

MAX_ANSWER_CHARS = 2_000_000
KEY_ENV = "OLLAMA_API_KEY"  # the client reads it by itself


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far a pull is, over all layers that Ollama has named so far; None before it has named any."""

    done_bytes: int | None
    total_bytes: int | None
    status: str  # as Ollama says it: pulling manifest, verifying sha256 digest, success …


class OllamaProvider:
    """Asks the Ollama at `url`. Opens no connection before it is used, and a new one for each use.

    `keep_alive` is how long Ollama holds a model after an answer, in its own notation; `transport` replaces the
    network. A set OLLAMA_API_KEY is sent by the client, to this address only. Raises ConfigError for a bad address.
    """

    name = "ollama"

    def __init__(
        self,
        url: str,
        *,
        first_token_timeout_s: float = 120,
        stall_timeout_s: float = 30,
        connect_timeout_s: float = 3,
        health_timeout_s: float = 1,
        list_timeout_s: float = 10,
        pull_stall_timeout_s: float = 300,
        keep_alive: str | float = "5m",
        max_answer_chars: int = MAX_ANSWER_CHARS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = checked_address(url)
        self.first_token_timeout_s = first_token_timeout_s
        self.stall_timeout_s = stall_timeout_s
        self.connect_timeout_s = connect_timeout_s
        self.health_timeout_s = health_timeout_s
        self.list_timeout_s = list_timeout_s
        self.pull_stall_timeout_s = pull_stall_timeout_s
        self.keep_alive = keep_alive
        self.max_answer_chars = max_answer_chars
        self.transport = transport

    def stream(self, request: AnswerRequest, cancelled: threading.Event | None = None) -> Iterator[Chunk | Completion]:
        """Yield the answer's chunks, then one Completion; thoughts of the model are not answer text.

        `temperature`, `top_p` and `seed` go through as they are, `max_tokens` as `num_predict`, and any other option
        under the name it has. A set `cancelled` ends the stream without a Completion. Raises the ProviderErrors.
        """
        from lab.providers.answer_stream import Limits, answer
        from lab.providers.background import iterate
        from lab.providers.ollama_wire import chat_records

        server = self._server(request.model)
        limits = Limits(self.first_token_timeout_s, self.stall_timeout_s, self.max_answer_chars)
        yield from iterate(
            lambda: answer(chat_records(server, request, self.keep_alive), self.name, server.shown, limits), cancelled
        )

    def models(self) -> tuple[Model, ...]:
        """Return the models that are there, in Ollama's order. Raises the ProviderErrors."""
        return self._list(self.list_timeout_s)

    def health(self) -> Health:
        """Say whether Ollama answers, within about `health_timeout_s` seconds; a fault is told, not raised."""
        try:
            names = tuple(model.name for model in self._list(self.health_timeout_s))
        except ProviderError as err:
            return Health(ok=False, detail=str(err))
        if not names:
            return Health(ok=True, detail=f"Ollama answers at {self.url} but holds no model yet. Pull one.")
        count = "1 model" if len(names) == 1 else f"{len(names)} models"
        return Health(ok=True, detail=f"Ollama answers at {self.url} with {count}.", models=names)

    def pull(self, model: str, cancelled: threading.Event | None = None) -> Iterator[PullProgress]:
        """Download a model, yielding progress; the last item has the status "success".

        A set `cancelled` ends it early; what has come stays with Ollama, which goes on from there the next time. Raises
        ModelNotFound when the registry does not have it, ServerFault when Ollama gives another reason, ProviderTimeout
        after `pull_stall_timeout_s` seconds of silence, and the other ProviderErrors.
        """
        from lab.providers.background import iterate
        from lab.providers.ollama_wire import pull_records

        server = self._server(model)
        yield from iterate(lambda: pull_records(server, self.pull_stall_timeout_s), cancelled)

    def _list(self, timeout_s: float) -> tuple[Model, ...]:
        from lab.providers.background import complete
        from lab.providers.ollama_wire import listed_models

        server = self._server()
        try:
            return complete(lambda: listed_models(server), timeout_s)
        except TimeoutError as err:
            raise ProviderTimeout(f"{server.shown} does not answer within {timeout_s:g} s. {server.way_out}") from err

    def _server(self, model: str = "") -> ModelServer:
        from lab.providers.model_server import ModelServer

        return ModelServer(
            label="Ollama",
            url=self.url,
            model=model,
            connect_timeout_s=self.connect_timeout_s,
            key_env=KEY_ENV,
            secret=os.environ.get(KEY_ENV, ""),
            way_out="Start it with `ollama serve`, or set provider: mock.",
            model_way_out=f"Pull it on this page or run `ollama pull {model}`.",
            max_line_bytes=8 * self.max_answer_chars + 65_536,
            transport=self.transport,
        )


def same_model(name: str, other: str) -> bool:
    """Whether two names mean one model to Ollama: `x` is `x:latest`, and case does not count."""
    return _full_name(name) == _full_name(other)


def _full_name(name: str) -> str:
    name = name.lower()
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
