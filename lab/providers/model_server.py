"""An address where a model server should be, and what its faults mean in words. Imports httpx: import it late."""

import codecs
import ipaddress
import json
import math
import re
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from lab.errors import (
    AccessDenied,
    BrokenStream,
    ModelNotFound,
    PromptError,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    ServerFault,
)

SAID_CHARS = 300  # of a server's own words, as much as a person reads
ERROR_BODY_BYTES = 65_536


class RequestRefused(ServerFault):
    """A 4xx that has no kind of its own; `said` is what the server gave as its reason."""

    def __init__(self, message: str, said: str) -> None:
        super().__init__(message)
        self.said = said


@dataclass(frozen=True, slots=True)
class ModelServer:
    """Who should listen where. `way_out` says how to start it, `model_way_out` how to get the model."""

    label: str
    url: str
    connect_timeout_s: float
    key_env: str
    way_out: str
    model_way_out: str
    max_line_bytes: int
    model: str = ""
    secret: str = field(default="", repr=False)  # never to be shown, even when the server repeats it
    transport: httpx.AsyncBaseTransport | None = None

    @property
    def shown(self) -> str:
        """The server as messages name it."""
        return f"{self.label} at {self.url}"

    def client_settings(self) -> dict[str, Any]:
        """Return the arguments of an httpx.AsyncClient that talks to this address and to no other."""
        loopback = is_loopback(self.url)
        # Loading the certificate authorities takes 20 ms, and plain HTTP on this machine has no use for them; the
        # empty context trusts nobody, so it is safe where it is not needed.
        verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if loopback and self.url.startswith("http:") else True
        return {
            "timeout": httpx.Timeout(None, connect=self.connect_timeout_s),  # reading has deadlines in answer_stream
            "limits": httpx.Limits(max_keepalive_connections=0),  # a server may close an idle one just as it is used
            "follow_redirects": False,
            "trust_env": not loopback,  # a proxy in the environment cannot reach this machine's loopback
            "verify": verify,
            "transport": self.transport,
            "headers": {"Accept-Encoding": "identity"},
            "event_hooks": {"response": [self._check]},
        }

    async def _check(self, response: httpx.Response) -> None:
        """Raise the ProviderError that the status means; let the body of a good response through as whole lines."""
        if response.is_redirect:
            target = self.hide(response.headers.get("location", "elsewhere"))
            raise ProviderUnavailable(
                f"{self.shown} redirects to {target}, where the lab does not follow. Set the address to the right one."
            )
        if not response.is_success:
            raise self._refusal(response, self.said(await _beginning(response)))
        if response.headers.get("content-type", "").startswith("text/html"):
            raise ProviderUnavailable(f"{self.url} answers with a web page, not as {self.label} does. {ADDRESS}")
        if "content-encoding" not in response.headers:
            response.stream = JsonLines(response.stream, self)

    def _refusal(self, response: httpx.Response, said: str) -> ProviderError:
        status = response.status_code
        because = f" ({status}): {said}" if said else f" ({status})."
        if status in (401, 403):
            return AccessDenied(
                f"{self.shown} refuses access ({status}). Put a key that it accepts into the environment variable "
                f"{self.key_env} and start the lab again."
            )
        if status == 404 and "model" in said.lower():
            return ModelNotFound(f"{self.shown} does not have the model {self.model!r}. {self.model_way_out}")
        if status == 404:
            path = response.request.url.path
            return ProviderUnavailable(f"{self.shown} knows no {path} (404), so it is something else. {ADDRESS}")
        if status == 429:
            wait = retry_after_s(response.headers)
            when = "in a while" if wait is None else f"in {wait:.0f} s"
            return RateLimited(f"{self.shown} has too many requests{because} Ask again {when}.", retry_after_s=wait)
        if status >= 500:
            return ServerFault(f"{self.shown} failed{because} Ask again; if it stays so, its log tells more.")
        return RequestRefused(f"{self.shown} refuses the request{because} Check the options of the expert.", said)

    def said(self, body: str) -> str:
        """Return the reason in an error body as one short sentence without secrets; empty when there is none."""
        try:
            words = _reason(json.loads(body))
        except (ValueError, RecursionError):
            words = body
        words = " ".join(self.hide(words).split())
        if len(words) > SAID_CHARS:
            return words[:SAID_CHARS] + "…"
        return words if not words or words[-1] in ".!?" else words + "."

    def hide(self, words: str) -> str:
        """Return words that a server sent, without the key and in valid Unicode."""
        words = words.encode("utf-8", "replace").decode()
        return words.replace(self.secret, "…") if self.secret else words

    def nonsense(self) -> BrokenStream:
        """Return the error for a record that is not what the protocol says."""
        return BrokenStream(
            f"{self.shown} sent something that is not its protocol, or half a line of it. Ask again; if it stays so, "
            "check that the address is the right one."
        )

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Turn what httpx raises into the ProviderError that it means."""
        try:
            yield
        except (httpx.HTTPError, ConnectionError) as err:
            raise self.fault(err) from err
        except UnicodeEncodeError as err:
            raise PromptError("The conversation holds a lone surrogate, which is not text and cannot be sent.") from err

    def fault(self, err: BaseException) -> ProviderError:
        """Return the ProviderError for a connection that could not be made or did not last."""
        causes = tuple(_causes(err))
        if any(isinstance(cause, socket.gaierror) for cause in causes):
            host = urlsplit(self.url).hostname
            return ProviderUnavailable(f"The host {host!r} in {self.url} is unknown. {ADDRESS}")
        if any(isinstance(cause, ssl.SSLError) for cause in causes):
            return ProviderUnavailable(f"{self.shown} cannot be reached securely: {causes[-1]}. {ADDRESS}")
        if isinstance(err, httpx.ConnectTimeout):
            waited = f"within {self.connect_timeout_s:g} s"
            return ProviderUnavailable(f"{self.label} does not answer at {self.url} {waited}. {self.way_out}")
        if isinstance(err, httpx.ConnectError | httpx.ProxyError | ConnectionError):
            return ProviderUnavailable(f"{self.label} does not answer at {self.url}. {self.way_out}")
        return BrokenStream(f"{self.shown} broke off the connection before the answer was whole. Ask again.")


ADDRESS = "Check the address in the settings."


class JsonLines(httpx.AsyncByteStream):
    """A response body whose JSON the clients cannot misread.

    The ollama client splits lines where `str.splitlines` does, so at U+0085, U+2028 and U+2029 too, and the openai
    client breaks on a byte that is not UTF-8. Both are escaped here, which inside JSON strings changes nothing; a
    stray byte 0xNN becomes the lone surrogate U+DCNN, so that whoever stores the text can see that it was not text.
    """

    def __init__(self, stream: Any, server: ModelServer) -> None:
        self._stream, self._server = stream, server

    async def __aiter__(self) -> AsyncIterator[bytes]:
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        line = 0
        async for data in self._stream:
            end = data.rfind(b"\n")
            line = line + len(data) if end < 0 else len(data) - end - 1
            if line > self._server.max_line_bytes:
                raise self._server.nonsense()
            yield _escaped(decoder.decode(data))
        yield _escaped(decoder.decode(b"", final=True))

    async def aclose(self) -> None:
        """Close the stream beneath."""
        await self._stream.aclose()


_MISREAD = re.compile("[\x85\u2028\u2029\ud800-\udfff]")


def _escaped(text: str) -> bytes:
    return _MISREAD.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode()


async def _beginning(response: httpx.Response) -> str:
    """Return the first bytes of an error body; a server that sends no end of it is not waited for."""
    body = b""
    async for data in response.aiter_bytes():
        body += data
        if len(body) >= ERROR_BODY_BYTES:
            break
    return body[:ERROR_BODY_BYTES].decode("utf-8", "replace")


def _reason(body: object) -> str:
    """Return the sentence in an error body, in the shapes of Ollama, OpenAI, vLLM and FastAPI."""
    while isinstance(body, dict):
        body = next((body[key] for key in ("error", "message", "detail") if body.get(key)), "")
    return body if isinstance(body, str) else json.dumps(body)


def _causes(err: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = err
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def is_loopback(url: str) -> bool:
    """Whether the address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def retry_after_s(headers: httpx.Headers) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110, 10.2.3); None when it cannot be read.

    A date is compared with the server's own Date header where there is one, since two clocks seldom agree.
    """
    value = headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        until = _date(value)
        if until is None:
            return None
        seconds = (until - (_date(headers.get("date", "")) or datetime.now(UTC))).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
