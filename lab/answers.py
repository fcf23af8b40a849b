"""Answers as they grow: each runs in a thread, so that a page switch or a reload neither stops nor repeats it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from lab.errors import ProviderError
from lab.messages import AnswerRequest, Chunk, Completion, Message
from lab.providers import Choice
from lab.records import Event, Response
from lab.types import Expert

State = Literal["waiting", "answering", "ended"]
CANCELLED = "cancelled"
INTERNAL = "internal"

_log = logging.getLogger(__name__)


class Answer:
    """One expert's answer to one event. `response` is None until it has ended, `fault` what the expert failed with.

    A `cancelled` that is handed in stops it as `cancel` does.
    """

    def __init__(
        self, response_id: str, event: Event, expert: Expert, choice: Choice, cancelled: threading.Event | None = None
    ) -> None:
        self.id, self.event, self.expert, self.choice = response_id, event, expert, choice
        self.state: State = "waiting"
        self.response: Response | None = None
        self.fault: ProviderError | None = None
        self.started = threading.Event()
        self._pieces: list[str] = []
        self._cancelled = cancelled or threading.Event()
        self._ended = threading.Event()

    @property
    def text(self) -> str:
        """What has arrived so far."""
        return "".join(self._pieces)

    def cancel(self) -> None:
        """Stop it; what has arrived is kept and marked as unfinished."""
        self._cancelled.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it has ended and was handed to `keep`; tell whether it has."""
        return self._ended.wait(timeout_s)

    def run(self, keep: Callable[[Response], Response]) -> None:
        """Get the answer and hand the response to `keep`, which stores it."""
        self.state = "answering"
        try:
            try:
                response = self._ask()
            except Exception as err:  # noqa: BLE001  the top of a thread: nobody above it could say what happened
                _log.exception("answer %s failed", self.id)
                response = self._response(None, INTERNAL, f"The lab itself failed ({type(err).__name__}): {err}")
            self.response = response
            self.response = keep(response)
        except Exception:  # noqa: BLE001  the answer is there, only storing it failed in a way nobody foresaw
            _log.exception("answer %s is not stored", self.id)
        finally:
            self.state = "ended"
            self._ended.set()

    def _ask(self) -> Response:
        completion: Completion | None = None
        if self._cancelled.is_set():
            return self._response(None, CANCELLED, "Stopped before it began.")
        request = request_for(self.event, self.expert)
        try:
            for item in self.choice.provider.stream(request, self._cancelled):
                if isinstance(item, Chunk):
                    self._pieces.append(item.text)
                else:
                    completion = item
        except ProviderError as err:
            self.fault = err
            if len(err.partial) > len(self.text):
                self._pieces = [err.partial]
            return self._response(None, err.kind, str(err))
        if completion is None:
            return self._response(None, CANCELLED, f"Stopped after {len(self.text):,} characters.")
        return self._response(completion, None, None)

    def _response(self, completion: Completion | None, kind: str | None, error: str | None) -> Response:
        return Response(
            id=self.id,
            event_id=self.event.id,
            expert=self.expert.name,
            provider=completion.provider if completion else self.choice.provider.name,
            model=completion.model if completion else self.expert.model,
            system_prompt=self.expert.system_prompt,
            options=self.expert.options,
            text=self.text,
            finish_reason=completion.finish_reason if completion else None,
            prompt_tokens=completion.prompt_tokens if completion else None,
            completion_tokens=completion.completion_tokens if completion else None,
            load_ms=completion.load_ms if completion else None,
            first_token_ms=completion.first_token_ms if completion else None,
            total_ms=completion.total_ms if completion else None,
            error_kind=kind,
            error=error,
            text_repaired=False,
            created_at=datetime.now(UTC),
        )


def request_for(event: Event, expert: Expert) -> AnswerRequest:
    """Return what the expert is asked: its system prompt, then the conversation without any other system prompt."""
    turns = tuple(message for message in event.conversation if message.role != "system")
    system = (Message("system", expert.system_prompt),) if expert.system_prompt else ()
    return AnswerRequest(expert.model, system + turns, expert.options)
