"""What every streamed answer has in common, whatever protocol it came by.

A provider turns its server's records into Deltas and one Finish; `answer` keeps the deadlines, the size limit and the
clock, and refuses an answer that is empty or was cut off.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from time import perf_counter_ns

from lab.errors import AnswerTooLong, BrokenStream, EmptyAnswer, ProviderError, ProviderTimeout
from lab.messages import Chunk, Completion


@dataclass(frozen=True, slots=True)
class Delta:
    """One record of a stream. `text` is answer text; `alive`: the model produced something, if only thoughts."""

    text: str
    alive: bool


@dataclass(frozen=True, slots=True)
class Finish:
    """What the server says at the end; None where it does not say."""

    reason: str
    model: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    load_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to the first token and between two, and the characters kept of one answer."""

    first_token_s: float
    stall_s: float
    max_chars: int


async def answer(
    records: AsyncGenerator[Delta | Finish, None], provider: str, shown: str, limits: Limits
) -> AsyncGenerator[Chunk | Completion, None]:
    """Yield the chunks of an answer, then one Completion. `shown` is the server in words, for messages.

    Raises ProviderTimeout, BrokenStream, AnswerTooLong, EmptyAnswer, and what `records` raises; a ProviderError carries
    the text that came before it as `partial`.
    """
    tally = _Tally(provider, limits)
    try:
        async with contextlib.aclosing(records):
            while (record := await _next(records, tally, shown)) is not None:
                if isinstance(record, Finish):
                    yield tally.completion(record)
                    return
                if text := tally.add(record):
                    yield Chunk(text)
                tally.check_size()
        raise BrokenStream(f"{shown} ended the answer before the model said that it had finished. Ask again.")
    except ProviderError as err:
        err.partial = tally.text()
        raise


async def _next(records: AsyncGenerator[Delta | Finish, None], tally: "_Tally", shown: str) -> Delta | Finish | None:
    """Return the next record, or None after the last; ProviderTimeout when the deadline passes first."""
    try:
        async with asyncio.timeout_at(tally.deadline):
            return await anext(records, None)
    except TimeoutError as err:
        raise ProviderTimeout(tally.lateness(shown)) from err


class _Tally:
    """The text so far, with the clock: `deadline` is in the event loop's time."""

    def __init__(self, provider: str, limits: Limits) -> None:
        self.provider, self.limits = provider, limits
        self._parts: list[str] = []
        self._size = 0
        self._cut = False
        self._alive = False
        self._started_ns = perf_counter_ns()
        self._first_ns: int | None = None
        self.deadline = asyncio.get_running_loop().time() + limits.first_token_s

    def add(self, record: Delta) -> str:
        """Keep the record's text, up to the limit, and return what was kept."""
        if record.alive:
            self._alive = True
            self.deadline = asyncio.get_running_loop().time() + self.limits.stall_s
        room = self.limits.max_chars - self._size
        text = record.text[:room]
        self._cut = len(record.text) > room
        if text and self._first_ns is None:
            self._first_ns = perf_counter_ns()
        if text:
            self._parts.append(text)
            self._size += len(text)
        return text

    def text(self) -> str:
        return "".join(self._parts)

    def check_size(self) -> None:
        if self._cut:
            raise AnswerTooLong(
                f"The answer passed {self.limits.max_chars:,} characters and was cut there. Lower max_tokens."
            )

    def lateness(self, shown: str) -> str:
        if self._alive:
            return f"{shown} fell silent for {self.limits.stall_s:g} s in the middle of the answer. Ask again."
        return (
            f"{shown} sent no first token within {self.limits.first_token_s:g} s. A large model may still be loading: "
            "ask again, take a smaller model, or raise the limit."
        )

    def completion(self, finish: Finish) -> Completion:
        """Return the final record; EmptyAnswer when nothing but white space came."""
        now = perf_counter_ns()
        if self._first_ns is None or self.text().isspace():
            raise EmptyAnswer(_nothing_said(finish))
        first_token_ms = (self._first_ns - self._started_ns) / 1e6 - (finish.load_ms or 0.0)
        return Completion(
            provider=self.provider,
            model=finish.model,
            finish_reason=finish.reason,
            prompt_tokens=finish.prompt_tokens,
            completion_tokens=finish.completion_tokens,
            load_ms=finish.load_ms,
            first_token_ms=max(0.0, first_token_ms),
            total_ms=(now - self._started_ns) / 1e6,
        )


def _nothing_said(finish: Finish) -> str:
    if finish.reason == "length":
        return f"{finish.model} used up its tokens before it wrote any answer text. Raise max_tokens."
    return f"{finish.model} finished ({finish.reason}) without any text. Ask again, or change the prompt or the model."
