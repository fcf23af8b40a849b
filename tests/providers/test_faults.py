"""A model server that is not there, is silent or refuses: the typed error and the sentence with the way out."""

import json
import logging
import socket
from collections.abc import Iterator

import httpx
import pytest
from dialects import OLLAMA, Dialect, error_body, fault
from scripted_server import PATIENCE_S, Act, Reply, ScriptedServer

from lab.errors import (
    AccessDenied,
    BrokenStream,
    ModelNotFound,
    PromptError,
    ProviderTimeout,
    ProviderUnavailable,
    RateLimited,
    ServerFault,
)
from lab.messages import AnswerRequest, Message

pytestmark = pytest.mark.timeout(90)

JSON = {"Content-Type": "application/json"}


# ------------------------------------------------------------------------------------------------ nobody is there


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that is taken and on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_refused_connection_says_how_to_start_the_server(dialect: Dialect, deaf_port: int) -> None:
    error = fault(dialect, f"http://127.0.0.1:{deaf_port}")
    assert type(error) is ProviderUnavailable
    assert f"http://127.0.0.1:{deaf_port}" in str(error)
    assert "Start it" in str(error)
    assert "provider: mock" in str(error)


def test_an_unknown_host_is_named(dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = fault(dialect, "http://models.example:1234")
    assert type(error) is ProviderUnavailable
    assert "'models.example'" in str(error)
    assert "unknown" in str(error)


def test_a_host_that_never_accepts_is_unavailable(dialect: Dialect) -> None:
    async def never(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("", request=request)

    error = fault(dialect, "http://10.0.0.1", transport=httpx.MockTransport(never), connect_timeout_s=3)
    assert type(error) is ProviderUnavailable
    assert "within 3 s" in str(error)


# ---------------------------------------------------------------------------------------------------- it is silent


def test_no_first_token_in_time_is_a_timeout_that_says_the_limit(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, dialect.reply(before=Act.HOLD))
    error = fault(dialect, server, first_token_timeout_s=0.3)
    assert type(error) is ProviderTimeout
    assert "no first token within 0.3 s" in str(error)
    assert error.partial == ""
    assert server.hung_up.wait(PATIENCE_S)


def test_records_without_anything_in_them_are_no_first_token(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, dialect.reply(dialect.text(""), Act.HOLD))
    assert "no first token" in str(fault(dialect, server, first_token_timeout_s=0.3))


def test_a_stall_in_mid_stream_keeps_the_text_so_far(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, dialect.reply(dialect.text("Hel"), dialect.text("lo"), Act.HOLD))
    error = fault(dialect, server, stall_timeout_s=0.3)
    assert type(error) is ProviderTimeout
    assert "silent for 0.3 s" in str(error)
    assert error.partial == "Hello"
    assert server.hung_up.wait(PATIENCE_S)


def test_a_model_that_stalls_while_thinking_has_given_its_first_token(server: ScriptedServer, dialect: Dialect) -> None:
    thought = dialect.record(json.dumps(dialect.thought("Hmm.")))
    server.on(dialect.chat, dialect.reply(thought, Act.HOLD))
    error = fault(dialect, server, stall_timeout_s=0.3)
    assert "silent for 0.3 s" in str(error)
    assert error.partial == ""


# ------------------------------------------------------------------------------------------------------- it refuses


def test_a_missing_model_offers_a_pull(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, Reply((error_body(dialect, 'model "tiny" not found, try pulling it first'),), 404, JSON))
    error = fault(dialect, server)
    assert type(error) is ModelNotFound
    assert "'tiny'" in str(error)
    if dialect is OLLAMA:
        assert "Pull it on this page or run `ollama pull tiny`." in str(error)
    else:
        assert "one that the server lists" in str(error)


def test_a_404_that_is_not_about_a_model_means_a_wrong_address(server: ScriptedServer, dialect: Dialect) -> None:
    error = fault(dialect, server)  # nothing is scripted
    assert type(error) is ProviderUnavailable
    assert dialect.chat in str(error)
    assert "Check the address" in str(error)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_names_the_variable_that_holds_it(server: ScriptedServer, dialect: Dialect, status: int) -> None:
    server.on(dialect.chat, Reply((error_body(dialect, "bad key sk-1"),), status, JSON))
    error = fault(dialect, server)
    assert type(error) is AccessDenied
    assert ("OLLAMA_API_KEY" if dialect is OLLAMA else "LAB_OPENAI_API_KEY") in str(error)
    assert f"({status})" in str(error)


@pytest.mark.parametrize(
    ("retry_after", "wait_s"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("Sun, 22 Nov 2026 10:01:30 GMT", 90.0),
        ("Sun, 22 Nov 2026 09:00:00 GMT", 0.0),
        ("-3", 0.0),
        ("soon", None),
        ("nan", None),
        ("", None),
    ],
)
def test_429_carries_the_wait_that_the_server_asked_for(
    dialect: Dialect, retry_after: str, wait_s: float | None
) -> None:
    headers = {"Retry-After": retry_after, "Date": "Sun, 22 Nov 2026 10:00:00 GMT"}

    async def busy(request: httpx.Request) -> httpx.Response:
        return httpx.Response(429, headers=headers, json={"error": "slow down"}, request=request)

    error = fault(dialect, "http://127.0.0.1:9", transport=httpx.MockTransport(busy))
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == wait_s
    assert "slow down" in str(error)
    assert ("in a while" if wait_s is None else f"in {wait_s:.0f} s") in str(error)


def test_a_connection_that_fails_is_tried_once(dialect: Dialect) -> None:
    tries = []

    async def refuse(request: httpx.Request) -> httpx.Response:
        tries.append(request)
        raise httpx.ConnectError("", request=request)

    fault(dialect, "http://127.0.0.1:9", transport=httpx.MockTransport(refuse))
    assert len(tries) == 1


def test_a_busy_server_is_asked_once(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, Reply((b"{}",), 429, {**JSON, "Retry-After": "0"}))
    fault(dialect, server)
    assert len(server.received) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failing_server_is_quoted(server: ScriptedServer, dialect: Dialect, status: int) -> None:
    server.on(dialect.chat, Reply((error_body(dialect, "model requires more system memory (5.6 GiB)"),), status, JSON))
    error = fault(dialect, server)
    assert type(error) is ServerFault
    assert f"failed ({status}): model requires more system memory (5.6 GiB)." in str(error)


@pytest.mark.parametrize("body", [b"", b"<html>" + b"x" * 100_000, b"[1, 2]", b'"why"', b"\xff\x00", b"[" * 50_000])
def test_any_error_body_can_be_told_in_a_sentence(server: ScriptedServer, dialect: Dialect, body: bytes) -> None:
    server.on(dialect.chat, Reply((body,), 500))
    error = fault(dialect, server)
    assert type(error) is ServerFault
    assert len(str(error)) < 600
    str(error).encode()


def test_a_refused_request_gives_the_servers_reason(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, Reply((error_body(dialect, "temperature must be at most 2"),), 400, JSON))
    error = fault(dialect, server)
    assert isinstance(error, ServerFault)
    assert "temperature must be at most 2" in str(error)
    assert error.kind == "server_fault"


def test_a_redirect_is_not_followed(server: ScriptedServer, dialect: Dialect) -> None:
    with ScriptedServer() as elsewhere:
        server.on(dialect.chat, Reply((), 307, {"Location": f"{elsewhere.url}{dialect.chat}"}))
        error = fault(dialect, server)
        assert type(error) is ProviderUnavailable
        assert elsewhere.url in str(error)
        assert elsewhere.received == []


def test_a_web_page_means_a_wrong_address(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, Reply((b"<!doctype html><h1>It works!</h1>",), 200, {"Content-Type": "text/html"}))
    error = fault(dialect, server)
    assert type(error) is ProviderUnavailable
    assert "web page" in str(error)
    assert "Check the address" in str(error)


# ------------------------------------------------------------------------------------------------------ what is sent


def test_a_conversation_that_is_not_text_is_a_prompt_error(server: ScriptedServer, dialect: Dialect) -> None:
    with pytest.raises(PromptError, match="surrogate"):
        list(dialect.provider(server).stream(AnswerRequest("tiny", (Message("user", "a\ud800"),))))
    assert server.received == []


def test_a_key_is_never_shown_or_logged(
    server: ScriptedServer, dialect: Dialect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("OLLAMA_API_KEY", "LAB_OPENAI_API_KEY"):
        monkeypatch.setenv(name, "sk-secret")
    inside = dialect.record(error_body(dialect, "your key sk-secret is odd").decode())
    server.on(
        dialect.chat,
        Reply((error_body(dialect, "your key sk-secret is odd"),), 500, JSON),
        dialect.reply(inside),
    )
    errors = [fault(dialect, server), fault(dialect, server)]
    assert server.received[0].headers["authorization"] == "Bearer sk-secret"
    for error in errors:
        assert "your key … is odd" in str(error)
    assert "sk-secret" not in caplog.text + "".join(map(str, errors)) + repr(vars(dialect.provider(server)))


# -------------------------------------------------------------------------------------------------- health and models


def test_an_absent_server_is_unhealthy_and_raises_nothing(dialect: Dialect, deaf_port: int) -> None:
    health = dialect.provider(f"http://127.0.0.1:{deaf_port}").health()
    assert not health.ok
    assert "does not answer" in health.detail
    assert health.models == ()


def test_a_silent_server_is_unhealthy_within_the_limit(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.models, Reply(before=Act.HOLD))
    health = dialect.provider(server, health_timeout_s=0.2).health()
    assert not health.ok
    assert "within 0.2 s" in health.detail


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"17", b'{"models": 3, "data": 3}', b'{"models": [4], "data": [4]}']
)
def test_another_kind_of_server_is_unhealthy(server: ScriptedServer, dialect: Dialect, body: bytes) -> None:
    server.on(dialect.models, Reply((body,), 200, JSON))
    assert not dialect.provider(server).health().ok
    with pytest.raises(BrokenStream):
        dialect.provider(server).models()
