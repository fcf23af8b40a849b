"""Dataclasses as JSON values and back. Floats survive to the bit: Python's JSON writes the shortest exact form."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from lab.messages import Message
from lab.types import Calibration, Calibrator, Expert, LearnedWeights, Match, Price, RouterConfig, Timings


def dumps(value: Any) -> str:
    """Return `value` as JSON text with readable Unicode. ValueError for NaN and infinity, which JSON does not have."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """Return `value` with every mapping a dict and every tuple a list, as JSON will hand it back."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def config_to_json(config: RouterConfig) -> dict[str, Any]:
    """Return `config` as a JSON object, whole: provider, price and options included."""
    return {
        "strategy": config.strategy,
        "experts": [_expert_to_json(expert) for expert in config.experts],
        "fallback": config.fallback,
        "threshold": config.threshold,
        "min_margin": config.min_margin,
        "aggregate": config.aggregate,
        "top_k": config.top_k,
        "on_conflict": config.on_conflict,
        "encoder": config.encoder,
        "scorer": config.scorer,
        "learned": None if config.learned is None else plain(asdict(config.learned)),
        "calibrator": None if config.calibrator is None else plain(asdict(config.calibrator)),
    }


def config_from_json(value: Mapping[str, Any]) -> RouterConfig:
    """Return the configuration that `config_to_json` wrote, this lab's or an older one's."""
    learned, calibrator = value.get("learned"), value.get("calibrator")
    return RouterConfig(
        **{
            **value,
            "experts": tuple(_expert_from_json(expert) for expert in value["experts"]),
            "learned": learned and LearnedWeights(**{**learned, "classes": tuple(learned["classes"])}),
            "calibrator": calibrator and _calibrator_from_json(calibrator),
        }
    )


def _calibrator_from_json(value: Mapping[str, Any]) -> Calibrator:
    layers = {layer: _calibration_from_json(value[layer]) for layer in ("keyword", "semantic", "fallback")}
    return Calibrator(fitted_for=value["fitted_for"], **layers)


def _calibration_from_json(value: Mapping[str, Any] | None) -> Calibration | None:
    if value is None:
        return None
    knots = {name: tuple(value[name]) for name in ("scores", "probabilities")}
    return Calibration(**{**value, **knots})


def _expert_to_json(expert: Expert) -> dict[str, Any]:
    return {
        "name": expert.name,
        "model": expert.model,
        "provider": expert.provider,
        "system_prompt": expert.system_prompt,
        "patterns": list(expert.patterns),
        "utterances": list(expert.utterances),
        "threshold": expert.threshold,
        "price": {"input": expert.price.input, "output": expert.price.output},
        "options": plain(expert.options),
    }


def _expert_from_json(value: Mapping[str, Any]) -> Expert:
    return Expert(
        **{
            **value,
            "patterns": tuple(value["patterns"]),
            "utterances": tuple(value["utterances"]),
            "price": Price(**value["price"]),
            "options": MappingProxyType(value["options"]),
        }
    )


def messages_to_json(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return the turns of a conversation as JSON objects."""
    return [{"role": message.role, "content": message.content} for message in messages]


def messages_from_json(value: Sequence[Mapping[str, Any]]) -> tuple[Message, ...]:
    """Return the turns that `messages_to_json` wrote."""
    return tuple(Message(**message) for message in value)


def matches_to_json(matches: Sequence[Match]) -> list[dict[str, Any]]:
    """Return the matches of layer 1 as JSON objects."""
    return [asdict(match) for match in matches]


def matches_from_json(value: Sequence[Mapping[str, Any]]) -> tuple[Match, ...]:
    """Return the matches that `matches_to_json` wrote."""
    return tuple(Match(**match) for match in value)


def timings_to_json(timings: Timings) -> dict[str, Any]:
    """Return the stages of a decision, in milliseconds, as a JSON object."""
    return timings._asdict()


def timings_from_json(value: Mapping[str, Any]) -> Timings:
    """Return the timings that `timings_to_json` wrote."""
    return Timings(**value)
