"""What is the OpenAI protocol's own: the key, options, token counts, and servers that speak it in part."""

import json
from typing import Any

import pytest
from dialects import OPENAI
from scripted_server import Reply, ScriptedServer

from lab.errors import AccessDenied, ProviderError, ServerFault
from lab.messages import AnswerRequest, Chunk, Completion, Message, Model
from lab.providers import OpenAICompatibleProvider

pytestmark = pytest.mark.timeout(90)

CHAT = "/v1/chat/completions"
JSON = {"Content-Type": "application/json"}


def ask(**options: Any) -> AnswerRequest:
    return AnswerRequest("tiny", (Message("user", "Hi"),), options)


def provider(server: ScriptedServer, **settings: Any) -> OpenAICompatibleProvider:
    return OpenAICompatibleProvider(f"{server.url}/v1", **settings)


def test_options_become_fields_of_the_request(server: ScriptedServer) -> None:
    server.on(CHAT, OPENAI.answer("ok"))
    list(provider(server).stream(ask(temperature=0.4, top_p=0.9, seed=7, max_tokens=64, top_k=20)))
    assert server.received[0].body == {
        "model": "tiny",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.4,
        "top_p": 0.9,
        "seed": 7,
        "max_tokens": 64,
        "top_k": 20,
    }


@pytest.mark.parametrize("name", ["stream", "messages", "model", "n"])
def test_an_option_cannot_replace_what_the_lab_sends(server: ScriptedServer, name: str) -> None:
    with pytest.raises(ProviderError, match=f"'{name}' is set by the lab"):
        list(provider(server).stream(ask(**{name: False})))
    assert server.received == []


def test_the_key_comes_from_the_named_variable_at_each_use(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.on(CHAT, OPENAI.answer("ok"))
    asking = provider(server, api_key_env="MY_KEY")
    for key in ("first", " second\n"):
        monkeypatch.setenv("MY_KEY", key)
        list(asking.stream(ask()))
    sent = [received.headers["authorization"] for received in server.received]
    assert sent == ["Bearer first", "Bearer second"]


def test_without_a_key_a_placeholder_goes_out_and_no_key_meant_for_others(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, f"theirs-{name}")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    server.on(CHAT, OPENAI.answer("ok"))
    list(provider(server).stream(ask()))
    assert server.received[0].headers["authorization"] == "Bearer no-key"
    assert "theirs" not in str(server.received[0].headers)


def test_a_key_that_cannot_be_sent_is_named_by_its_variable(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_OPENAI_API_KEY", "abc\ndef")
    with pytest.raises(AccessDenied, match="LAB_OPENAI_API_KEY") as caught:
        list(provider(server).stream(ask()))
    assert "abc" not in str(caught.value)
    assert not provider(server).health().ok


@pytest.mark.parametrize(
    "refusal",
    [
        {"error": {"message": "Unrecognized request argument supplied: stream_options"}},
        {"detail": [{"loc": ["body", "stream_options"], "msg": "extra fields not permitted"}]},
    ],
)
def test_a_server_that_knows_no_stream_options_is_asked_without_them(
    server: ScriptedServer, refusal: dict[str, Any]
) -> None:
    end = OPENAI.record(json.dumps(OPENAI.ends("stop")[0]))
    server.on(CHAT, Reply((json.dumps(refusal).encode(),), 400, JSON), OPENAI.reply(OPENAI.text("ok"), end))
    first, last = provider(server).stream(ask(seed=1))
    assert first == Chunk("ok")
    assert isinstance(last, Completion)
    assert (last.prompt_tokens, last.completion_tokens) == (None, None)
    with_it, without = (received.body for received in server.received)
    assert with_it.pop("stream_options") == {"include_usage": True}
    assert without == with_it


def test_another_refusal_is_not_asked_twice(server: ScriptedServer) -> None:
    server.on(CHAT, Reply((b'{"detail": "no such option"}',), 422, JSON))
    with pytest.raises(ServerFault, match="no such option"):
        list(provider(server).stream(ask()))
    assert len(server.received) == 1


def test_usage_is_read_where_it_comes_with_the_finish(server: ScriptedServer) -> None:
    end = OPENAI.ends("stop")[0] | {"usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}}
    server.on(CHAT, OPENAI.reply(OPENAI.text("ok"), OPENAI.record(json.dumps(end))))
    *_, last = provider(server).stream(ask())
    assert isinstance(last, Completion)
    assert (last.prompt_tokens, last.completion_tokens, last.load_ms) == (3, 1, None)


def test_comments_and_a_done_marker_are_no_text(server: ScriptedServer) -> None:
    parts = (b": ping\n\n", OPENAI.text("ok"), b": ping\n\n", OPENAI.end(), b"data: [DONE]\n\n")
    server.on(CHAT, OPENAI.reply(*parts))
    first, last = provider(server).stream(ask())
    assert first == Chunk("ok")
    assert isinstance(last, Completion)


def test_a_whole_answer_instead_of_a_stream_is_not_taken_for_one(server: ScriptedServer) -> None:
    server.on(CHAT, Reply((b'{"choices": [{"message": {"content": "Hi"}}]}',), 200, JSON))
    with pytest.raises(ProviderError, match="before the model said that it had finished"):
        list(provider(server).stream(ask()))


def test_models_are_listed_without_sizes(server: ScriptedServer) -> None:
    body = {"object": "list", "data": [{"id": "a", "object": "model", "created": 1, "owned_by": "me"}]}
    server.on("/v1/models", Reply((json.dumps(body).encode(),), headers=JSON))
    assert provider(server).models() == (Model("a"),)
    health = provider(server).health()
    assert (health.ok, health.models) == (True, ("a",))
    assert f"{server.url}/v1" in health.detail
