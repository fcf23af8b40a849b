"""Experts' answers: the protocol that every provider keeps, and the providers.

Reading order: this file, `mock.py`, `ollama.py`, then `answer_stream.py` (deadlines, limits, clock) and
`background.py` (how a stream can be cancelled at any moment). Importing this package loads no client.
"""

import threading
from collections.abc import Iterator
from typing import Protocol

from lab.messages import AnswerRequest, Chunk, Completion, Health, Model
from lab.providers.auto import Choice, choose
from lab.providers.mock import MockProvider
from lab.providers.ollama import OllamaProvider, PullProgress, same_model
from lab.providers.openai_compatible import OpenAICompatibleProvider

__all__ = [
    "Choice",
    "LLMProvider",
    "MockProvider",
    "OllamaProvider",
    "OpenAICompatibleProvider",
    "PullProgress",
    "choose",
    "same_model",
]


class LLMProvider(Protocol):
    """Talks to one model server."""

    @property
    def name(self) -> str:
        """ollama | openai | mock"""

    def stream(self, request: AnswerRequest, cancelled: threading.Event | None = None) -> Iterator[Chunk | Completion]:
        """Yield the chunks of an answer as they arrive, then exactly one Completion.

        Setting `cancelled` ends the stream within a tenth of a second, at whatever it is waiting for, without a
        Completion and without an error; closing the iterator does the same. Either closes the connection, which makes
        the server stop. Nothing is sent before the first item is asked for.

        Raises a ProviderError for every fault, with the text that came before it in `partial`: ProviderUnavailable,
        ProviderTimeout, ModelNotFound, AccessDenied, RateLimited, ServerFault, BrokenStream, EmptyAnswer (no text but
        white space), AnswerTooLong. Text is passed on as the server sent it: it may hold NUL or lone surrogates.
        """

    def health(self) -> Health:
        """Say whether the server can answer now. Takes a second at most and raises nothing for an absent server."""

    def models(self) -> tuple[Model, ...]:
        """Return the models that the server offers. Raises the ProviderErrors."""
