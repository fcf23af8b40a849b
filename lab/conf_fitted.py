"""What a router learnt, as settings: the weights of the learned scorer, and the calibrator, read strictly.

Whether weights and calibrator fit the router is asked when it is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, cast

from lab.errors import ConfigError
from lab.types import Calibration, Calibrator, LearnedWeights

_METHODS = ("share", "platt", "isotonic")
_LAYERS = ("keyword", "semantic", "fallback")


def learned_of(value: Any) -> LearnedWeights:
    """Return the weights that a mapping describes. Raises ConfigError, naming the setting."""
    at = "router.learned"
    reads = {
        "classes": _texts, "dim": _whole, "coefficients": _text, "intercepts": _text,
        "encoder_fingerprint": _text, "rows": _whole,
    }  # fmt: skip
    return LearnedWeights(**_read(value, at, reads))


def calibrator_of(value: Any) -> Calibrator:
    """Return the calibrator that a mapping describes; a layer left out has none. Raises ConfigError."""
    at = "router.calibrator"
    given = dict.fromkeys(_LAYERS) | dict(_mapping(value, at))
    return Calibrator(**_read(given, at, {"fitted_for": _text} | dict.fromkeys(_LAYERS, _calibration)))


def fitted_as_settings(fitted: LearnedWeights | Calibrator) -> dict[str, Any]:
    """Return what `learned_of` or `calibrator_of` reads back."""
    return cast("dict[str, Any]", _lists(asdict(fitted)))


def _calibration(value: Any, at: str) -> Calibration | None:
    if value is None:
        return None
    reads = {"method": _method, "scores": _numbers, "probabilities": _numbers, "rows": _whole}
    return Calibration(**_read(value, at, reads))


_Read = Callable[[Any, str], Any]


def _read(value: Any, at: str, reads: Mapping[str, _Read]) -> dict[str, Any]:
    given = _mapping(value, at)
    for name in given:
        if name not in reads:
            raise ConfigError(
                f"The setting {at}.{name} is not known; {at} has {', '.join(reads)}. Remove or rename it."
            )
    for name in reads:
        if name not in given:
            raise ConfigError(f"The setting {at}.{name} is missing. Export the router again, or remove {at} whole.")
    return {name: read(given[name], f"{at}.{name}") for name, read in reads.items()}


def _mapping(value: Any, at: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(at, value, "a group of settings")
    return value


def _text(value: Any, at: str) -> str:
    if not isinstance(value, str):
        raise _wrong(at, value, "text; put it in quotes")
    return value


def _whole(value: Any, at: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(at, value, "a whole number")
    return value


def _number(value: Any, at: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _wrong(at, value, "a number")
    return float(value)


def _method(value: Any, at: str) -> str:
    if value not in _METHODS:
        raise _wrong(at, value, f"one of {', '.join(_METHODS)}")
    return str(value)


def _texts(value: Any, at: str) -> tuple[str, ...]:
    return tuple(_text(item, f"{at}[{index}]") for index, item in enumerate(_list(value, at)))


def _numbers(value: Any, at: str) -> tuple[float, ...]:
    return tuple(_number(item, f"{at}[{index}]") for index, item in enumerate(_list(value, at)))


def _list(value: Any, at: str) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong(at, value, "a list")
    return value


def _wrong(at: str, value: Any, wanted: str) -> ConfigError:
    shown = repr(value)
    return ConfigError(f"The setting {at} cannot be used: {shown[:60]}{'…' * (len(shown) > 60)} is not {wanted}.")


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lists(item) for key, item in value.items()}
    return [_lists(item) for item in value] if isinstance(value, tuple) else value
