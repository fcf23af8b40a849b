"""What a router configuration must be before it may route."""

from __future__ import annotations

import math
from typing import get_args

from lab.errors import ConfigError
from lab.routing.patterns import check_patterns
from lab.types import NONE, Aggregate, ConflictPolicy, Expert, RouterConfig, StrategyName


def check_config(config: RouterConfig) -> None:
    """Raise ConfigError (PatternError for a pattern) with the first thing that cannot work, its value and a way out."""
    _one_of("router.strategy", config.strategy, get_args(StrategyName))
    _one_of("router.aggregate", config.aggregate, get_args(Aggregate))
    _one_of("router.on_conflict", config.on_conflict, get_args(ConflictPolicy))
    _between("router.threshold", config.threshold, -1, 1)
    _between("router.min_margin", config.min_margin, 0, 2)
    if config.top_k < 1:
        raise ConfigError(f"router.top_k is {config.top_k}; it counts utterances and must be 1 or more.")
    if not config.experts:
        raise ConfigError("The router has no experts. Name at least one, e.g. experts=[professor,zoomer].")
    _check_names(config)
    for expert in config.experts:
        _check_expert(expert, config)
    if config.strategy == "semantic" and not any(expert.utterances for expert in config.experts):
        raise ConfigError(
            "router=semantic compares prompts with utterances, and no expert has any. "
            "Give at least one expert utterances, or use router=keyword."
        )


def _check_names(config: RouterConfig) -> None:
    seen: dict[str, str] = {}
    for expert in config.experts:
        folded = expert.name.strip().casefold()
        if not folded or folded == NONE:
            raise ConfigError(f"An expert is called {expert.name!r}, which is reserved. Give it another name.")
        if folded in seen:
            raise ConfigError(f"Two experts are called {seen[folded]!r} and {expert.name!r}. Rename or remove one.")
        seen[folded] = expert.name
    if config.fallback != NONE and config.fallback not in seen.values():
        raise ConfigError(
            f"router.fallback is {config.fallback!r}, which is no expert. "
            f"Choose one of {', '.join(seen.values())}, or {NONE} for nobody."
        )


def _check_expert(expert: Expert, config: RouterConfig) -> None:
    if expert.threshold is not None:
        _between(f"The threshold of expert {expert.name!r}", expert.threshold, -1, 1)
    if not expert.patterns and not expert.utterances and config.fallback != expert.name:
        raise ConfigError(
            f"Expert {expert.name!r} has no patterns and no utterances, so no prompt can reach it. "
            "Give it some, make it the fallback, or remove it."
        )
    check_patterns(expert.name, expert.patterns)
    for utterance in expert.utterances:
        if not utterance.strip() or "\0" in utterance or any("\ud800" <= c <= "\udfff" for c in utterance):
            raise ConfigError(f"Expert {expert.name!r} has the utterance {utterance!r}, which is not text. Remove it.")


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")


def _between(name: str, value: float, low: float, high: float) -> None:
    if not math.isfinite(value) or not low <= value <= high:
        raise ConfigError(f"{name} is {value}; it must lie between {low} and {high}.")
