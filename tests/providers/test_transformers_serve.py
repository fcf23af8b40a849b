"""The OpenAI-compatible provider against a real server: `transformers serve` on a tiny Llama made here."""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.errors import ServerFault
from lab.messages import AnswerRequest, Chunk, Completion, Message
from lab.providers import OpenAICompatibleProvider

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PROMPT, TOKENS = "w1 w2 w3", 8
START_S = 180.0


@dataclass(frozen=True)
class Served:
    """A running server, and what its model says to PROMPT in TOKENS tokens."""

    provider: OpenAICompatibleProvider
    model: str
    greedy: str

    def ask(self, **options: object) -> AnswerRequest:
        return AnswerRequest(self.model, (Message("user", PROMPT),), options)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("serve")
    (folder / "home" / "hub").mkdir(parents=True)  # the server lists the models of this cache, and fails without it
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "home"), "PYTHONWARNINGS": "default"}
    model = str(folder / "model")
    maker = [sys.executable, str(Path(__file__).with_name("tiny_llama.py")), model, PROMPT, str(TOKENS)]
    made = subprocess.run(maker, env=environment, capture_output=True, text=True, timeout=START_S, check=False)
    assert made.returncode == 0, made.stderr
    port = free_port()
    log = folder / "serve.log"
    command = [str(Path(sys.executable).with_name("transformers")), "serve", model, "--device", "cpu"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as output, subprocess.Popen(command, env=environment, stdout=output, stderr=output) as process:
        try:
            wait_until_up(f"http://127.0.0.1:{port}/health", process, log)
            provider = OpenAICompatibleProvider(f"http://127.0.0.1:{port}/v1", health_timeout_s=30)
            yield Served(provider, model, made.stdout.strip())
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_up(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline, pause = time.monotonic() + START_S, threading.Event()
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with direct.open(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            pause.wait(0.1)
    pytest.fail(f"transformers serve did not start:\n{log.read_text(errors='replace')[-4000:]}")


def test_an_answer_streams_from_a_real_server(served: Served) -> None:
    *chunks, last = served.provider.stream(served.ask(max_tokens=TOKENS, temperature=0.0))
    assert len(served.greedy.split()) == TOKENS
    assert "".join(chunk.text for chunk in chunks if isinstance(chunk, Chunk)) == served.greedy
    assert len(chunks) > 1
    assert isinstance(last, Completion)
    assert (last.provider, last.finish_reason) == ("openai", "length")
    assert (last.prompt_tokens, last.completion_tokens) == (len(f"user {PROMPT}".split()), TOKENS)
    assert last.model.startswith(served.model)
    assert 0 < last.first_token_ms <= last.total_ms


def test_a_real_server_answers_again_after_a_cancel_in_mid_stream(served: Served) -> None:
    cancelled, chunks = threading.Event(), 0
    for item in served.provider.stream(served.ask(max_tokens=6000), cancelled):
        assert isinstance(item, Chunk)
        chunks += 1
        if chunks == 3:
            cancelled.set()
    assert chunks == 3
    assert isinstance(list(served.provider.stream(served.ask(max_tokens=2)))[-1], Completion)


def test_a_real_servers_refusal_is_quoted(served: Served) -> None:
    with pytest.raises(ServerFault, match="made_up_option"):
        list(served.provider.stream(served.ask(made_up_option=1)))


def test_a_real_server_is_healthy(served: Served) -> None:
    assert served.provider.health().ok
