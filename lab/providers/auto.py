"""Which provider answers for an expert, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.config import PROVIDERS
from lab.errors import ConfigError
from lab.messages import Health
from lab.providers.ollama import same_model

if TYPE_CHECKING:
    from lab.providers import LLMProvider


@dataclass(frozen=True, slots=True)
class Choice:
    """The provider that answers. `missing_model` is one that a running Ollama lacks and could pull, or None."""

    provider: LLMProvider
    reason: str
    missing_model: str | None = None


def choose(setting: str, model: str, providers: Mapping[str, LLMProvider], healths: Mapping[str, Health]) -> Choice:
    """Return who answers for an expert with this `provider` setting and this model.

    `auto` takes Ollama when it answers and has the model, else the mock. Any other setting is taken at its word, also
    when that provider is down: it then fails with its own error, and nothing stands in for it. `providers` and
    `healths` are by provider name; a health that is not there counts as down. Raises ConfigError for a setting that is
    not one, or a provider that is not set up.
    """
    if setting not in PROVIDERS:
        raise ConfigError(f"The provider {setting!r} is not one. Set provider to one of: {', '.join(PROVIDERS)}.")
    health = healths.get("ollama", Health(ok=False, detail="Ollama is not set up."))
    has_model = any(same_model(name, model) for name in health.models)
    missing = model if health.ok and model and not has_model else None
    if setting != "auto":
        reason = f"The expert's provider is set to {setting}."
        return Choice(_taken(setting, providers), reason, missing if setting == "ollama" else None)
    if health.ok and has_model:
        return Choice(_taken("ollama", providers), f"Ollama answers and has {model}.")
    return Choice(_taken("mock", providers), _why_mock(model, health), missing)


def _why_mock(model: str, health: Health) -> str:
    if not health.ok:
        return f"The mock answers, because Ollama does not. {health.detail}"
    if not model:
        return "The mock answers, because the expert names no model."
    return f"The mock answers, because Ollama does not have {model}. Pull it on this page or run `ollama pull {model}`."


def _taken(name: str, providers: Mapping[str, LLMProvider]) -> LLMProvider:
    if name not in providers:
        there = ", ".join(providers) or "none"
        raise ConfigError(f"The provider {name!r} is not set up; these are: {there}. Set its address or take another.")
    return providers[name]
