"""Streams that break off or hold nothing: the typed error, its sentence, and the text that is kept."""

import json

import pytest
from dialects import ASK, OPENAI, Dialect, error_body, fault
from scripted_server import PATIENCE_S, Act, ScriptedServer

from lab.errors import (
    BrokenStream,
    EmptyAnswer,
    ServerFault,
)

pytestmark = pytest.mark.timeout(90)


# ------------------------------------------------------------------------------------------------- the stream breaks


def test_half_a_json_line_keeps_the_text_before_it(server: ScriptedServer, dialect: Dialect) -> None:
    half = dialect.text("lost")[:-12] + (b"\n\n" if dialect is OPENAI else b"")
    server.on(dialect.chat, dialect.reply(dialect.text("Hello"), half))
    error = fault(dialect, server)
    assert type(error) is BrokenStream
    assert "half a line" in str(error)
    assert error.partial == "Hello"


@pytest.mark.parametrize("how", [Act.CUT, Act.RESET])
def test_a_connection_cut_after_some_tokens_keeps_them(server: ScriptedServer, dialect: Dialect, how: Act) -> None:
    server.on(dialect.chat, dialect.reply(dialect.text("Hello"), how))
    stream = dialect.provider(server).stream(ASK)
    with pytest.raises(BrokenStream, match="broke off") as caught:
        list(stream)
    # A reset may overtake the text on its way; what the client did receive is kept.
    assert caught.value.partial == "Hello" or (how is Act.RESET and caught.value.partial == "")


def test_a_connection_cut_before_any_answer_is_a_broken_stream(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, dialect.reply(before=Act.CUT))
    assert type(fault(dialect, server)) is BrokenStream


def test_an_end_without_a_finish_is_not_an_answer(server: ScriptedServer, dialect: Dialect) -> None:
    done = b"data: [DONE]\n\n" if dialect is OPENAI else b""
    server.on(dialect.chat, dialect.reply(dialect.text("Hello"), done))
    error = fault(dialect, server)
    assert type(error) is BrokenStream
    assert "before the model said that it had finished" in str(error)
    assert error.partial == "Hello"


def test_an_error_object_inside_the_stream_is_quoted(server: ScriptedServer, dialect: Dialect) -> None:
    broken = dialect.record(error_body(dialect, "an error was encountered while running the model").decode())
    server.on(dialect.chat, dialect.reply(dialect.text("Hello"), broken))
    error = fault(dialect, server)
    assert type(error) is ServerFault
    assert "an error was encountered while running the model." in str(error)
    assert error.partial == "Hello"


@pytest.mark.parametrize(
    "line", ["nonsense", "[1, 2]", "17", '"text"', "{", '{"message": 5, "choices": 5}', "[" * 9_999]
)
def test_garbage_instead_of_records_is_a_broken_stream(server: ScriptedServer, dialect: Dialect, line: str) -> None:
    server.on(dialect.chat, dialect.reply(dialect.record(line)))
    error = fault(dialect, server)
    assert type(error) is BrokenStream
    assert server.url in str(error)


def test_a_line_without_an_end_is_not_read_for_ever(server: ScriptedServer, dialect: Dialect) -> None:
    server.on(dialect.chat, dialect.reply(*[b"x" * 65_536] * 3, Act.HOLD))
    assert type(fault(dialect, server, max_answer_chars=1_000)) is BrokenStream
    assert server.hung_up.wait(PATIENCE_S)


# --------------------------------------------------------------------------------------------------- nothing is said


@pytest.mark.parametrize("texts", [(), ("",), (" ", "\n\n")])
def test_an_answer_without_text_is_empty(server: ScriptedServer, dialect: Dialect, texts: tuple[str, ...]) -> None:
    server.on(dialect.chat, dialect.answer(*texts))
    error = fault(dialect, server)
    assert type(error) is EmptyAnswer
    assert "tiny finished (stop) without any text" in str(error)


def test_tokens_used_up_by_thinking_ask_for_more_of_them(server: ScriptedServer, dialect: Dialect) -> None:
    thought = dialect.record(json.dumps(dialect.thought("Hmm.")))
    server.on(dialect.chat, dialect.reply(thought, dialect.end("length")))
    error = fault(dialect, server)
    assert type(error) is EmptyAnswer
    assert "Raise max_tokens" in str(error)
