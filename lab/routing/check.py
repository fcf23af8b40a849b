"""What a router configuration must be before it may route."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import get_args

from lab.errors import ConfigError
from lab.routing.patterns import check_patterns
from lab.types import NONE, Aggregate, Calibration, ConflictPolicy, Expert, Layer, RouterConfig, Scorer, StrategyName


def check_config(config: RouterConfig) -> None:
    """Raise ConfigError (PatternError for a pattern) with the first thing that cannot work, its value and a way out."""
    _one_of("router.strategy", config.strategy, get_args(StrategyName))
    _one_of("router.aggregate", config.aggregate, get_args(Aggregate))
    _one_of("router.on_conflict", config.on_conflict, get_args(ConflictPolicy))
    _one_of("router.scorer", config.scorer, get_args(Scorer))
    _between("router.threshold", config.threshold, *_score_range(config))
    _between("router.min_margin", config.min_margin, 0, 2)
    if config.top_k < 1:
        raise ConfigError(f"router.top_k is {config.top_k}; it counts utterances and must be 1 or more.")
    if not config.experts:
        raise ConfigError("The router has no experts. Name at least one, e.g. experts=[professor,zoomer].")
    _check_names(config)
    if config.scorer == "learned":
        _check_learned(config)
    if config.calibrator is not None:
        for layer in Layer:
            _check_calibration(layer, getattr(config.calibrator, layer))
    for expert in config.experts:
        _check_expert(expert, config)
    if config.strategy == "semantic" and not any(scorable(config, expert) for expert in config.experts):
        raise ConfigError(
            "router=semantic compares prompts with utterances, and no expert has any. "
            "Give at least one expert utterances, or use router=keyword."
        )


def scorable(config: RouterConfig, expert: Expert) -> bool:
    """Tell whether layer 2 can give the expert a score: by its utterances, or as a class of the learned scorer."""
    if config.scorer == "learned":
        return config.learned is not None and expert.name in config.learned.classes
    return bool(expert.utterances)


def _score_range(config: RouterConfig) -> tuple[float, float]:
    """The learned scorer's scores are probabilities; the others are cosines."""
    return (0, 1) if config.scorer == "learned" else (-1, 1)


def _check_learned(config: RouterConfig) -> None:
    if config.learned is None:
        raise ConfigError(
            "router.scorer is learned, and the router has no learned weights. "
            "Fit them on labelled prompts (Tune page), or set router.scorer=cosine."
        )
    names = {expert.name for expert in config.experts}
    classes = [name for name in config.learned.classes if name != NONE]
    strangers = [name for name in classes if name not in names]
    if strangers:
        raise ConfigError(
            f"The learned scorer has the class {strangers[0]!r}, which is no expert. "
            "Fit it again for these experts, or set router.scorer=cosine."
        )
    if not classes:
        raise ConfigError("The learned scorer knows no expert. Fit it again, or set router.scorer=cosine.")


def _check_calibration(layer: Layer, calibration: Calibration | None) -> None:
    if calibration is None:
        return
    knots, values = calibration.scores, calibration.probabilities
    if len(values) != max(len(knots), 1):
        trouble = f"has {len(values)} probabilities for {len(knots)} scores"
    elif not all(low < high for low, high in pairwise(knots)) or not all(map(math.isfinite, knots)):
        trouble = "has scores that do not ascend"
    elif not all(0 <= value <= 1 for value in values):
        trouble = "has a probability outside of 0 to 1"
    else:
        return
    raise ConfigError(f"The calibrator of the layer {layer} {trouble}. Fit it again, or remove router.calibrator.")


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
        _between(f"The threshold of expert {expert.name!r}", expert.threshold, *_score_range(config))
    reachable = expert.patterns or expert.utterances or scorable(config, expert)
    if not reachable and config.fallback != expert.name:
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
