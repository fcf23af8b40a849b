"""OpenAI's chat protocol by its client: what is sent, what each event means. Imports openai: import it late."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias, cast

import httpx
import openai

from lab.errors import ModelNotFound, ProviderError, ServerFault
from lab.messages import AnswerRequest, Model
from lab.providers.answer_stream import Delta, Finish
from lab.providers.model_server import ModelServer, RequestRefused

Events: TypeAlias = openai.AsyncStream[Any]

# What the client raises for an event that is not JSON or nested too deeply, and what one of another shape leads to.
UNREADABLE = (ValueError, RecursionError, AttributeError, TypeError)

NO_KEY = "no-key"  # the client insists on one
OWN_FIELDS = {"model", "messages", "stream", "stream_options", "n"}  # of the request; options may not replace them


async def chat_records(server: ModelServer, request: AnswerRequest) -> AsyncGenerator[Delta | Finish, None]:
    """Yield a Delta for each event of /chat/completions, and a Finish after the last when the server gave a reason."""
    _require_sendable(request)
    finish: dict[str, Any] = {"model": request.model}
    with _faults(server):
        async with _client(server) as client, await _open(client, request) as events:
            while (event := await _next(events, server)) is not None:
                try:
                    delta = _read(event, finish)
                except UNREADABLE as err:  # the client checks no shapes
                    raise server.nonsense() from err
                yield delta
    if "reason" in finish:
        yield Finish(**finish)


async def listed_models(server: ModelServer) -> tuple[Model, ...]:
    """Return what /models lists."""
    with _faults(server):
        async with _client(server) as client:
            try:
                return tuple(Model(str(item.id)) for item in (await client.models.list()).data)
            except UNREADABLE as err:
                raise server.nonsense() from err


@asynccontextmanager
async def _client(server: ModelServer) -> AsyncGenerator[openai.AsyncOpenAI, None]:
    async with (
        httpx.AsyncClient(**server.client_settings()) as http_client,
        openai.AsyncOpenAI(
            base_url=server.url,
            api_key=server.secret or NO_KEY,
            max_retries=0,
            timeout=None,
            http_client=cast(Any, http_client),  # it takes httpx as well as httpx2, for which it is typed
        ) as client,
    ):
        client.organization = client.project = None  # the client takes these from OPENAI_* meant for another server
        yield client


async def _open(client: openai.AsyncOpenAI, request: AnswerRequest) -> Events:
    """Send the request; once more without asking for token counts when the server knows no `stream_options`."""
    create: Any = client.chat.completions.create
    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    fields: dict[str, Any] = {"model": request.model, "messages": messages, "extra_body": dict(request.options)}
    try:
        return cast(Events, await create(stream=True, stream_options={"include_usage": True}, **fields))
    except RequestRefused as err:
        if "stream_options" not in err.said and "include_usage" not in err.said:
            raise
    return cast(Events, await create(stream=True, **fields))


def _require_sendable(request: AnswerRequest) -> None:
    if not request.model:
        raise ModelNotFound("The expert names no model. Write one into its `model`, as the server lists it.")
    if taken := sorted(OWN_FIELDS & request.options.keys()):
        raise ProviderError(f"The option {taken[0]!r} is set by the lab itself. Take it out of the expert's options.")


async def _next(events: Events, server: ModelServer) -> Any:
    """Return the next event, or None after the last; BrokenStream when the client cannot read it."""
    try:
        return await anext(events, None)
    except UNREADABLE as err:
        raise server.nonsense() from err


def _read(event: Any, finish: dict[str, Any]) -> Delta:
    """Return what an event adds to the answer; note in `finish` what it says of the whole."""
    if event.model:
        finish["model"] = str(event.model)
    if usage := getattr(event, "usage", None):  # some servers send it alone at the end, some with the last text
        finish["prompt_tokens"], finish["completion_tokens"] = usage.prompt_tokens, usage.completion_tokens
    if not event.choices:
        return Delta("", alive=False)
    choice = event.choices[0]
    if choice.finish_reason:
        finish["reason"] = str(choice.finish_reason)
    delta = choice.delta
    text = delta.content or ""
    if not isinstance(text, str):
        raise TypeError(f"content is a {type(text).__name__}")
    thoughts = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None)
    return Delta(text, alive=bool(text or thoughts or getattr(delta, "tool_calls", None)))


@contextmanager
def _faults(server: ModelServer) -> Iterator[None]:
    """Turn what the client raises into the ProviderError that it means."""
    try:
        with server.faults():
            yield
    except openai.APIConnectionError as err:
        raise server.fault(err.__cause__ or err) from err
    except openai.APIError as err:  # an error object in the stream; a status is told by ModelServer
        said = server.said(err.message)
        raise ServerFault(f"{server.shown} reported a fault: {said} Ask again; its log tells more.") from err
