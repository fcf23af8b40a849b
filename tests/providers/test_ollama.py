"""What is Ollama's own: names, options, load time, the list, pulls."""

import json
import threading
from typing import Any

import pytest
from dialects import OLLAMA
from scripted_server import PATIENCE_S, Act, Reply, ScriptedServer

from lab.errors import BrokenStream, ModelNotFound, ProviderTimeout, ProviderUnavailable, ServerFault
from lab.messages import AnswerRequest, Completion, Health, Message, Model
from lab.providers import OllamaProvider, PullProgress, same_model

pytestmark = pytest.mark.timeout(90)


def ask(**options: Any) -> AnswerRequest:
    return AnswerRequest("tiny", (Message("user", "Hi"),), options)


def tags(*models: dict[str, Any]) -> Reply:
    return Reply((json.dumps({"models": models}).encode(),), headers={"Content-Type": "application/json"})


def pull(*records: dict[str, Any] | Act) -> Reply:
    parts = [record if isinstance(record, Act) else json.dumps(record).encode() + b"\n" for record in records]
    return Reply(parts, headers={"Content-Type": "application/x-ndjson"})


def test_neutral_options_get_ollamas_names_and_unknown_ones_pass(server: ScriptedServer) -> None:
    server.on("/api/chat", OLLAMA.answer("ok"))
    options = {"temperature": 0.4, "top_p": 0.9, "seed": 7, "max_tokens": 64, "num_ctx": 4096, "made_up": [1]}
    list(OllamaProvider(server.url, keep_alive="10m").stream(ask(**options)))
    assert server.received[0].body == {
        "model": "tiny",
        "messages": [{"role": "user", "content": "Hi"}],
        "tools": [],
        "stream": True,
        "options": {
            "temperature": 0.4,
            "top_p": 0.9,
            "seed": 7,
            "num_predict": 64,
            "num_ctx": 4096,
            "made_up": [1],
        },
        "keep_alive": "10m",
    }


def test_load_time_is_told_and_not_counted_as_waiting_for_the_first_token(server: ScriptedServer) -> None:
    loading = json.loads(OLLAMA.end())
    loading["load_duration"] = 3_600_000_000_000  # an hour: more than the whole test takes
    server.on("/api/chat", OLLAMA.reply(OLLAMA.text("ok"), OLLAMA.record(json.dumps(loading))))
    *_, last = OllamaProvider(server.url).stream(ask())
    assert isinstance(last, Completion)
    assert last.load_ms == 3_600_000.0
    assert last.first_token_ms == 0.0


def test_text_in_the_final_record_is_not_lost(server: ScriptedServer) -> None:
    final = json.loads(OLLAMA.end())
    final["message"]["content"] = "!"
    server.on("/api/chat", OLLAMA.reply(OLLAMA.text("ok"), OLLAMA.record(json.dumps(final))))
    first, second, last = OllamaProvider(server.url).stream(ask())
    assert (first, second) == (type(first)("ok"), type(first)("!"))
    assert isinstance(last, Completion)


def test_old_servers_that_give_no_done_reason_have_stopped(server: ScriptedServer) -> None:
    final = {"model": "tiny", "created_at": "", "message": {"role": "assistant", "content": ""}, "done": True}
    server.on("/api/chat", OLLAMA.reply(OLLAMA.text("ok"), OLLAMA.record(json.dumps(final))))
    *_, last = OllamaProvider(server.url).stream(ask())
    assert isinstance(last, Completion)
    assert (last.finish_reason, last.load_ms, last.completion_tokens) == ("stop", None, None)


def test_an_error_that_the_client_cannot_read_is_still_a_typed_error(server: ScriptedServer) -> None:
    server.on("/api/chat", OLLAMA.reply(b'{"error": {"message": "odd"}}\n'))
    with pytest.raises(BrokenStream):
        list(OllamaProvider(server.url).stream(ask()))


def test_models_are_listed_with_their_sizes(server: ScriptedServer) -> None:
    server.on("/api/tags", tags({"model": "llama3.2:3b", "size": 2_019_393_189}, {"model": "tinyllama:latest"}))
    assert OllamaProvider(server.url).models() == (Model("llama3.2:3b", 2_019_393_189), Model("tinyllama:latest"))


def test_health_names_the_address_and_the_models(server: ScriptedServer) -> None:
    server.on("/api/tags", tags({"model": "tinyllama:latest", "size": 1}))
    detail = f"Ollama answers at {server.url} with 1 model."
    assert OllamaProvider(server.url + "/").health() == Health(True, detail, ("tinyllama:latest",))


def test_an_ollama_without_models_is_healthy_and_says_to_pull_one(server: ScriptedServer) -> None:
    server.on("/api/tags", tags())
    health = OllamaProvider(server.url).health()
    assert health.ok
    assert "no model yet" in health.detail


@pytest.mark.parametrize(
    ("name", "other", "same"),
    [
        ("tinyllama", "tinyllama:latest", True),
        ("TinyLlama", "tinyllama", True),
        ("llama3.2:3b", "llama3.2", False),
        ("host:5000/team/x", "host:5000/team/x:latest", True),
        ("a", "b", False),
    ],
)
def test_a_name_without_a_tag_means_latest(name: str, other: str, same: bool) -> None:
    assert same_model(name, other) is same
    assert same_model(other, name) is same


# ---------------------------------------------------------------------------------------------------------- pulling


def test_a_pull_adds_up_its_layers(server: ScriptedServer) -> None:
    server.on(
        "/api/pull",
        pull(
            {"status": "pulling manifest"},
            {"status": "pulling aa", "digest": "sha256:aa", "total": 100},
            {"status": "pulling aa", "digest": "sha256:aa", "total": 100, "completed": 60},
            {"status": "pulling bb", "digest": "sha256:bb", "total": 10, "completed": 5},
            {"status": "pulling aa", "digest": "sha256:aa", "total": 100, "completed": 100},
            {"status": "verifying sha256 digest"},
            {"status": "success"},
        ),
    )
    assert list(OllamaProvider(server.url).pull("tinyllama")) == [
        PullProgress(None, None, "pulling manifest"),
        PullProgress(0, 100, "pulling aa"),
        PullProgress(60, 100, "pulling aa"),
        PullProgress(65, 110, "pulling bb"),
        PullProgress(105, 110, "pulling aa"),
        PullProgress(105, 110, "verifying sha256 digest"),
        PullProgress(105, 110, "success"),
    ]
    assert server.received[0].body == {"model": "tinyllama", "stream": True, "insecure": False}


def test_a_cancelled_pull_closes_the_connection(server: ScriptedServer) -> None:
    server.on("/api/pull", pull({"status": "pulling manifest"}, Act.HOLD))
    cancelled = threading.Event()
    for _ in OllamaProvider(server.url).pull("tinyllama", cancelled):
        cancelled.set()
    assert server.hung_up.wait(PATIENCE_S)


def test_a_name_that_the_registry_does_not_have_is_not_found(server: ScriptedServer) -> None:
    server.on("/api/pull", pull({"status": "pulling manifest"}, {"error": "pull model manifest: file does not exist"}))
    with pytest.raises(ModelNotFound, match="'tinylama'"):
        list(OllamaProvider(server.url).pull("tinylama"))


def test_a_pull_that_fails_gives_ollamas_reason(server: ScriptedServer) -> None:
    server.on("/api/pull", pull({"error": "write /models: no space left on device"}))
    with pytest.raises(ServerFault, match="no space left on device"):
        list(OllamaProvider(server.url).pull("tinyllama"))


def test_a_silent_pull_is_given_up(server: ScriptedServer) -> None:
    server.on("/api/pull", pull({"status": "pulling manifest"}, Act.HOLD))
    with pytest.raises(ProviderTimeout, match=r"silent for 0.2 s while pulling 'tinyllama'"):
        list(OllamaProvider(server.url, pull_stall_timeout_s=0.2).pull("tinyllama"))


@pytest.mark.parametrize("end", [(), (Act.CUT,)])
def test_a_pull_that_ends_without_success_is_broken(server: ScriptedServer, end: tuple[Act, ...]) -> None:
    server.on("/api/pull", pull({"status": "pulling manifest"}, *end))
    with pytest.raises(BrokenStream):
        list(OllamaProvider(server.url).pull("tinyllama"))


def test_a_pull_without_a_server_says_how_to_start_it() -> None:
    with pytest.raises(ProviderUnavailable, match="ollama serve"):
        list(OllamaProvider("http://127.0.0.1:9").pull("tinyllama"))
