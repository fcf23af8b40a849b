"""What both HTTP providers do with a good answer, and how an answer is stopped."""

import threading
import time
from collections.abc import Callable

import pytest
from dialects import Dialect
from scripted_server import PATIENCE_S, Act, ScriptedServer

from lab.errors import AnswerTooLong, ConfigError, ProviderError
from lab.messages import AnswerRequest, Chunk, Completion, Message

pytestmark = pytest.mark.timeout(90)

NEVER_S = 10 * PATIENCE_S  # a deadline that cannot be what ended a stream
ASK = AnswerRequest("tiny", (Message("system", "Be brief."), Message("user", "Hi")))


def text_of(items: list[Chunk | Completion]) -> str:
    return "".join(item.text for item in items if isinstance(item, Chunk))


def test_chunks_come_first_and_one_completion_last(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, dialect.answer("Hel", "lo"))
    *chunks, last = dialect.provider(server).stream(ASK)
    assert chunks == [Chunk("Hel"), Chunk("lo")]
    assert isinstance(last, Completion)
    assert (last.provider, last.model, last.finish_reason) == (dialect.name, "tiny", "stop")
    assert (last.prompt_tokens, last.completion_tokens) == (7, 2)
    assert 0 <= last.first_token_ms <= last.total_ms < PATIENCE_S * 1000


def test_a_chunk_is_there_before_the_next_one_is_written(server: ScriptedServer, dialect: Dialect) -> None:
    go_on = threading.Event()
    server.on(dialect.chat, dialect.reply(dialect.text("Hel"), go_on, dialect.text("lo"), dialect.end()))
    stream = dialect.provider(server).stream(ASK)
    assert next(stream) == Chunk("Hel")
    go_on.set()
    assert text_of(list(stream)) == "lo"


def test_the_conversation_is_sent_in_order_with_the_system_prompt_first(
    server: ScriptedServer, dialect: Dialect
) -> None:
    server.on(dialect.chat, dialect.answer("ok"))
    turns = (*ASK.messages, Message("assistant", "Hello."), Message("user", "Why?"))
    list(dialect.provider(server).stream(AnswerRequest("tiny", turns)))
    assert server.received[0].body["model"] == "tiny"
    assert server.received[0].body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "Why?"},
    ]


def test_an_answer_cut_by_max_tokens_says_length(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, dialect.answer("Once upon", reason="length"))
    *_, last = dialect.provider(server).stream(ASK)
    assert isinstance(last, Completion)
    assert last.finish_reason == "length"


def test_thoughts_are_not_answer_text(server: ScriptedServer, dialect: Dialect) -> None:
    import json

    thought = dialect.record(json.dumps(dialect.thought("Let me think.")))
    server.on(dialect.chat, dialect.reply(thought, dialect.text("42"), dialect.end()))
    assert text_of(list(dialect.provider(server).stream(ASK))) == "42"


@pytest.mark.parametrize("texts", [["0123456789abcdef" * 4] * 16_384, ["x" * 1_048_576]], ids=["in pieces", "in one"])
def test_an_answer_of_one_mebibyte_comes_through_whole(
    server: ScriptedServer, dialect: Dialect, texts: list[str]
) -> None:
    body = b"".join(dialect.text(text) for text in texts)
    slices = [body[start : start + 65_536] for start in range(0, len(body), 65_536)]
    server.on(dialect.chat, dialect.reply(*slices, dialect.end()))
    assert text_of(list(dialect.provider(server).stream(ASK))) == "".join(texts)


def test_an_answer_past_the_limit_is_cut_there_and_kept(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, dialect.reply(dialect.text("abcdef"), dialect.text("ghijkl"), Act.HOLD))
    stream = dialect.provider(server, max_answer_chars=10).stream(ASK)
    assert [next(stream), next(stream)] == [Chunk("abcdef"), Chunk("ghij")]
    with pytest.raises(AnswerTooLong, match="10 characters") as caught:
        next(stream)
    assert caught.value.partial == "abcdefghij"
    assert server.hung_up.wait(PATIENCE_S)


def test_an_answer_exactly_at_the_limit_is_whole(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, dialect.answer("abcde", "fghij"))
    assert text_of(list(dialect.provider(server, max_answer_chars=10).stream(ASK))) == "abcdefghij"


def test_nul_and_lone_surrogates_pass_as_the_server_sent_them(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, dialect.answer("a\x00b\ud800c"))
    assert text_of(list(dialect.provider(server).stream(ASK))) == "a\x00b\ud800c"


@pytest.mark.parametrize("text", ["a\x85b", "a\u2028b\u2029c", "naïve 数 🙂", "</script><b>"])
def test_raw_unicode_in_a_record_is_text_and_not_a_line_break(
    server: ScriptedServer, dialect: Dialect, text: str
) -> None:
    record = dialect.text(text, ascii_only=False)
    halves = (record[:-9], record[-9:])  # also where a chunk ends inside a character
    server.on(dialect.chat, dialect.reply(*halves, dialect.end()))
    assert text_of(list(dialect.provider(server).stream(ASK))) == text


def test_a_byte_that_is_not_utf_8_becomes_a_lone_surrogate(server: ScriptedServer, dialect: Dialect) -> None:
    record = dialect.text("caf?!").replace(b"?", b"\xe9")  # é in Latin-1
    server.on(dialect.chat, dialect.reply(record, dialect.end()))
    assert text_of(list(dialect.provider(server).stream(ASK))) == "caf\udce9!"


# ------------------------------------------------------------------------------------------------------- stopping


def cancel_when(ready: threading.Event, cancelled: threading.Event) -> threading.Thread:
    def watch() -> None:
        ready.wait(PATIENCE_S)
        cancelled.set()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def test_cancel_ends_the_wait_for_a_first_token_and_closes_the_connection(
    server: ScriptedServer, dialect: Dialect
) -> None:
    server.on(dialect.chat, dialect.reply(before=Act.HOLD))
    cancelled = threading.Event()
    thread = cancel_when(server.asked, cancelled)
    assert list(dialect.provider(server).stream(ASK, cancelled)) == []
    thread.join()
    assert server.hung_up.wait(PATIENCE_S)


def test_cancel_ends_a_stall_without_a_completion_and_closes_the_connection(
    server: ScriptedServer, dialect: Dialect
) -> None:
    server.on(dialect.chat, dialect.reply(dialect.text("Hel"), Act.HOLD))
    cancelled, seen = threading.Event(), threading.Event()
    thread = cancel_when(seen, cancelled)
    items = []
    for item in dialect.provider(server, stall_timeout_s=NEVER_S).stream(ASK, cancelled):
        items.append(item)
        seen.set()
    thread.join()
    assert items == [Chunk("Hel")]
    assert server.hung_up.wait(PATIENCE_S)


def test_cancel_is_honoured_although_more_text_is_waiting(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, dialect.answer(*"abcdef"))
    cancelled = threading.Event()
    stream = dialect.provider(server).stream(ASK, cancelled)
    assert next(stream) == Chunk("a")
    cancelled.set()
    assert list(stream) == []


def test_a_stream_cancelled_before_it_starts_yields_nothing(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, dialect.answer("late"))
    cancelled = threading.Event()
    cancelled.set()
    assert list(dialect.provider(server).stream(ASK, cancelled)) == []


def test_closing_the_iterator_closes_the_connection(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, dialect.reply(dialect.text("Hel"), Act.HOLD))
    stream = dialect.provider(server, stall_timeout_s=NEVER_S).stream(ASK)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert server.hung_up.wait(PATIENCE_S)


def test_no_thread_is_left_when_a_stream_has_ended(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, dialect.answer("Hello"))
    list(dialect.provider(server).stream(ASK))
    assert [thread for thread in threading.enumerate() if thread.name == "lab-provider"] == []


def test_cancel_does_not_wait_for_a_slow_name_server(dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    asked, released, cancelled = threading.Event(), threading.Event(), threading.Event()

    def slow(*_: object, **__: object) -> list[object]:
        asked.set()
        released.wait(PATIENCE_S)
        raise socket.gaierror("too late")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    thread = cancel_when(asked, cancelled)
    started = time.monotonic()
    assert list(dialect.provider("http://models.example", connect_timeout_s=PATIENCE_S).stream(ASK, cancelled)) == []
    took = time.monotonic() - started
    released.set()
    thread.join()
    assert took < PATIENCE_S / 2


def test_streams_run_side_by_side(server: ScriptedServer, dialect: Dialect) -> None:
    go_on = threading.Event()
    server.on(dialect.chat, dialect.reply(dialect.text("slow"), go_on, dialect.end()), dialect.answer("quick"))
    provider = dialect.provider(server)
    slow = provider.stream(ASK)
    assert next(slow) == Chunk("slow")
    assert text_of(list(provider.stream(ASK))) == "quick"
    go_on.set()
    assert isinstance(list(slow)[-1], Completion)


# ----------------------------------------------------------------------------------------------------- the address


def test_a_proxy_in_the_environment_does_not_take_over_loopback(
    server: ScriptedServer, dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    server.on(dialect.chat, dialect.answer("direct"))
    assert text_of(list(dialect.provider(server).stream(ASK))) == "direct"


@pytest.mark.parametrize("url", ["127.0.0.1:11434", "ftp://host", "http://", "http://host:port", "http://[::1", ""])
def test_an_address_that_cannot_be_one_is_refused_and_named(dialect: Dialect, url: str) -> None:
    make: Callable[[str], object] = type(dialect.provider("http://host"))
    with pytest.raises(ConfigError, match="cannot be used") as caught:
        make(url)
    assert repr(url) in str(caught.value)


def test_an_address_with_a_password_is_refused_without_repeating_it(dialect: Dialect) -> None:
    with pytest.raises(ConfigError, match="user name or password") as caught:
        dialect.provider("http://me:hunter2@host")
    assert "hunter2" not in str(caught.value)


def test_an_expert_without_a_model_is_told_to_name_one(dialect: Dialect) -> None:
    with pytest.raises(ProviderError, match="names no model"):
        list(dialect.provider("http://127.0.0.1:9").stream(AnswerRequest("", ASK.messages)))
