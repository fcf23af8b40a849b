"""Ollama's protocol by its client: what is sent, and what each record means. Imports ollama: import it late."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from typing import Any, TypeVar, cast

import ollama

from lab.errors import BrokenStream, ModelNotFound, ProviderTimeout, ServerFault
from lab.messages import AnswerRequest, Model
from lab.providers.answer_stream import Delta, Finish
from lab.providers.model_server import ModelServer
from lab.providers.ollama import PullProgress

T = TypeVar("T")

# What the client raises for a record that is not JSON, is nested too deeply, is no object or not the right one.
UNREADABLE = (ValueError, RecursionError, AttributeError, TypeError)

OPTION_NAMES = {"max_tokens": "num_predict"}  # the lab's neutral name: Ollama's; all others are the same


async def chat_records(
    server: ModelServer, request: AnswerRequest, keep_alive: str | float
) -> AsyncGenerator[Delta | Finish, None]:
    """Yield a Delta for each record of /api/chat, and a Finish at the one that is done."""
    _require_name(request.model)
    with _faults(server):
        async with _client(server) as client:
            records = await client.chat(
                model=request.model,
                messages=[{"role": message.role, "content": message.content} for message in request.messages],
                stream=True,
                options={OPTION_NAMES.get(name, name): value for name, value in request.options.items()},
                keep_alive=keep_alive,
            )
            async with aclosing(cast(AsyncGenerator[ollama.ChatResponse, None], records)) as records:
                while (record := await _next(records, server)) is not None:
                    text = record.message.content or ""
                    yield Delta(text, alive=bool(text or record.message.thinking or record.message.tool_calls))
                    if record.done:
                        yield _finish(record, request.model)
                        return


async def pull_records(server: ModelServer, stall_s: float) -> AsyncGenerator[PullProgress, None]:
    """Yield the progress in each record of /api/pull; BrokenStream when the last one is not a success."""
    _require_name(server.model)
    layers: dict[str, tuple[int, int]] = {}
    status = ""
    with _faults(server):
        async with _client(server) as client:
            records = await client.pull(server.model, stream=True)
            async with aclosing(cast(AsyncGenerator[ollama.ProgressResponse, None], records)) as records:
                while (record := await _next_in_time(records, server, stall_s)) is not None:
                    status = record.status or ""
                    if record.digest and record.total:
                        layers[record.digest] = (record.completed or 0, record.total)
                    yield _progress(layers, status)
    if status != "success":
        raise BrokenStream(f"{server.shown} ended the pull of {server.model!r} before it was whole. Pull again.")


async def listed_models(server: ModelServer) -> tuple[Model, ...]:
    """Return what /api/tags lists."""
    with _faults(server):
        async with _client(server) as client:
            try:
                listing = await client.list()
            except UNREADABLE as err:
                raise server.nonsense() from err
    return tuple(Model(item.model, item.size) for item in listing.models if item.model)


def _client(server: ModelServer) -> ollama.AsyncClient:
    return ollama.AsyncClient(host=server.url, **server.client_settings())


def _require_name(model: str) -> None:
    if not model:
        raise ModelNotFound("The expert names no model. Write one into its `model`, such as llama3.2:3b.")


async def _next(records: AsyncGenerator[T, None], server: ModelServer) -> T | None:
    """Return the next record, or None after the last; BrokenStream when the client cannot read it."""
    try:
        return await anext(records, None)
    except UnicodeEncodeError:  # the request, not the record
        raise
    except UNREADABLE as err:
        raise server.nonsense() from err


async def _next_in_time(records: AsyncGenerator[T, None], server: ModelServer, stall_s: float) -> T | None:
    try:
        async with asyncio.timeout(stall_s):
            return await _next(records, server)
    except TimeoutError as err:
        raise ProviderTimeout(
            f"{server.shown} fell silent for {stall_s:g} s while pulling {server.model!r}. Pull again: it goes on from "
            "what has come."
        ) from err


@contextmanager
def _faults(server: ModelServer) -> Iterator[None]:
    """Turn what the client raises into the ProviderError that it means."""
    try:
        with server.faults():
            yield
    except ollama.ResponseError as err:  # an error object in the stream; a status is told by ModelServer
        said = server.said(str(err.error))
        if "file does not exist" in said:  # how a pull says that the registry has no such name
            raise ModelNotFound(f"Ollama's registry does not have {server.model!r}. Check its name.") from err
        raise ServerFault(f"{server.shown} reported a fault: {said} Ask again; its log tells more.") from err


def _finish(record: ollama.ChatResponse, asked: str) -> Finish:
    load_ns: Any = record.load_duration
    return Finish(
        reason=record.done_reason or "stop",  # servers from before 2024-05 say only that they are done
        model=record.model or asked,
        prompt_tokens=record.prompt_eval_count,
        completion_tokens=record.eval_count,
        load_ms=None if load_ns is None else load_ns / 1e6,
    )


def _progress(layers: dict[str, tuple[int, int]], status: str) -> PullProgress:
    if not layers:
        return PullProgress(None, None, status)
    done, total = (sum(column) for column in zip(*layers.values(), strict=True))
    return PullProgress(done, total, status)
