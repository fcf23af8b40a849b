import subprocess
import sys

import pytest

from lab.errors import ConfigError
from lab.messages import Health
from lab.providers import LLMProvider, MockProvider, OllamaProvider, OpenAICompatibleProvider, choose

PROVIDERS: dict[str, LLMProvider] = {
    "ollama": OllamaProvider("http://127.0.0.1:11434"),
    "openai": OpenAICompatibleProvider("http://127.0.0.1:8000/v1"),
    "mock": MockProvider(),
}
UP = Health(True, "Ollama answers at http://127.0.0.1:11434 with 2 models.", ("llama3.2:3b", "tinyllama:latest"))
EMPTY = Health(True, "Ollama answers but holds no model yet.")
DOWN = Health(False, "Ollama does not answer at http://127.0.0.1:11434. Start it with `ollama serve`.")


@pytest.mark.parametrize(
    ("setting", "model", "health", "name", "missing"),
    [
        ("auto", "llama3.2:3b", UP, "ollama", None),
        ("auto", "tinyllama", UP, "ollama", None),
        ("auto", "llama3.2", UP, "mock", "llama3.2"),
        ("auto", "llama3.2:3b", EMPTY, "mock", "llama3.2:3b"),
        ("auto", "llama3.2:3b", DOWN, "mock", None),
        ("auto", "", UP, "mock", None),
        ("ollama", "llama3.2:3b", UP, "ollama", None),
        ("ollama", "phi3", UP, "ollama", "phi3"),
        ("ollama", "llama3.2:3b", DOWN, "ollama", None),
        ("openai", "Qwen/Qwen3-4B", UP, "openai", None),
        ("openai", "Qwen/Qwen3-4B", DOWN, "openai", None),
        ("mock", "llama3.2:3b", UP, "mock", None),
    ],
)
def test_who_answers(setting: str, model: str, health: Health, name: str, missing: str | None) -> None:
    choice = choose(setting, model, PROVIDERS, {"ollama": health})
    assert (choice.provider.name, choice.missing_model) == (name, missing)


@pytest.mark.parametrize(
    ("setting", "model", "health", "said"),
    [
        ("auto", "tinyllama", UP, "Ollama answers and has tinyllama."),
        ("auto", "phi3", UP, "run `ollama pull phi3`"),
        ("auto", "phi3", DOWN, "Start it with `ollama serve`"),
        ("auto", "", UP, "names no model"),
        ("openai", "x", DOWN, "set to openai"),
    ],
)
def test_the_reason_says_why(setting: str, model: str, health: Health, said: str) -> None:
    assert said in choose(setting, model, PROVIDERS, {"ollama": health}).reason


def test_a_health_that_is_not_known_counts_as_down() -> None:
    assert choose("auto", "tinyllama", PROVIDERS, {}).provider.name == "mock"


def test_an_unknown_setting_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'vllm' is not one.*auto, ollama, openai, mock"):
        choose("vllm", "x", PROVIDERS, {})


def test_a_provider_that_is_not_set_up_is_named() -> None:
    with pytest.raises(ConfigError, match="'openai' is not set up"):
        choose("openai", "x", {"mock": MockProvider()}, {})


def test_importing_the_providers_loads_no_client() -> None:
    script = "import sys, lab.providers; print(sorted({'ollama', 'openai', 'httpx', 'asyncio'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.strip() == "[]"
