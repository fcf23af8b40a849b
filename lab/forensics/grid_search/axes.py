"""What a search varies: the dimensions of a router's settings, and the router that a point on them describes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from lab.errors import SearchError
from lab.types import Aggregate, ConflictPolicy, RouterConfig, Scorer, StrategyName

Value = float | str

MOST_CELLS = 5_000_000
"""What takes a quarter of a minute and half a gigabyte on a few hundred rows; breakpoints between are exact anyway."""
THRESHOLD, MIN_MARGIN = "threshold", "min_margin"
_OWN = "threshold:"
_CHOICES: dict[str, tuple[str, ...]] = {
    "on_conflict": get_args(ConflictPolicy),
    "strategy": get_args(StrategyName),
    "scorer": get_args(Scorer),
}
_LAYER1 = {"on": "hybrid", "off": "semantic"}
_AGGREGATES = get_args(Aggregate)
_MOST_VALUES = 1_000_000
_K = re.compile(r"[1-9][0-9]{0,4}|100000")


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension of a search. Ordered ones hold ascending numbers, the others names."""

    name: str  # threshold | threshold:EXPERT | min_margin | aggregate | strategy | on_conflict | scorer | encoder
    values: tuple[Value, ...]

    @property
    def ordered(self) -> bool:
        """Tell whether its values are numbers that a prompt's score or margin is compared with."""
        return self.name in (THRESHOLD, MIN_MARGIN) or self.name.startswith(_OWN)

    @property
    def expert(self) -> str | None:
        """Return the expert whose own threshold it varies, or None."""
        return self.name.removeprefix(_OWN) if self.name.startswith(_OWN) else None

    @property
    def title(self) -> str:
        """Return what the axis is called on screen."""
        names = {MIN_MARGIN: "least margin", "on_conflict": "conflict policy"}
        return f"threshold of {self.expert}" if self.expert is not None else names.get(self.name, self.name)


def own(expert: str) -> str:
    """Return the name of the axis of an expert's own threshold."""
    return _OWN + expert


def moves_most(config: RouterConfig) -> str:
    """Return the threshold to search first: with two experts that of the one who is not the fallback, else all."""
    others = [expert.name for expert in config.experts if expert.name != config.fallback]
    return own(others[0]) if len(others) == 1 and len(config.experts) == 2 else THRESHOLD


def regular(name: str, low: float, high: float, count: int) -> Axis:
    """Return an ordered axis of `count` evenly spaced values. Raises SearchError."""
    where = f"The axis {name} from {low} to {high} in {count} values"
    if not math.isfinite(low) or not math.isfinite(high):
        raise SearchError(f"{where} is not a range of numbers. Write {name}=0:1:101.")
    if low > high:
        raise SearchError(f"{where} runs backwards. Put the smaller number first: {name}={high}:{low}:{count}.")
    least, most = (0.0, 2.0) if name == MIN_MARGIN else (-1.0, 1.0)
    if low < least or high > most:
        raise SearchError(
            f"{where} leaves what can matter, {least:g} to {most:g}. Write {name}=0:{min(most, 1):g}:101."
        )
    if not 1 <= count <= _MOST_VALUES:
        raise SearchError(f"{where} has {count:,} values; take 1 to {_MOST_VALUES:,}.")
    if count == 1 or low == high:
        return Axis(name, (float(low),))
    return Axis(name, tuple(round(low + (high - low) * step / (count - 1), 9) for step in range(count)))


def parse(text: str) -> Axis:
    """Read `threshold=0:1:101`, `threshold:zoomer=0:1:11`, `aggregate=max,mean_top_k:5`, `layer1=on,off` ….

    Raises SearchError that says how an axis is written.
    """
    name, sign, rest = text.replace("\u2060", "").partition("=")  # a page joins words with it
    name, rest = name.strip(), rest.strip()
    if not sign or not rest:
        raise SearchError(
            f"The axis {text!r} has no values. Write it like threshold=0:1:101 or aggregate=max,centroid."
        )
    if Axis(name, ()).ordered:
        return _numbers(name, rest)
    values = tuple(dict.fromkeys(part.strip() for part in rest.split(",") if part.strip()))
    if name == "layer1":
        unknown = [value for value in values if value not in _LAYER1]
        if unknown:
            raise SearchError(f"The axis layer1 has the value {unknown[0]!r}; it is on or off.")
        return Axis("strategy", tuple(_LAYER1[value] for value in values))
    return check(Axis(name, values))


def _numbers(name: str, rest: str) -> Axis:
    parts = rest.split(":")
    try:
        if len(parts) == 3:
            return regular(name, float(parts[0]), float(parts[1]), int(parts[2]))
        values = sorted({float(part) for part in rest.split(",")})
        if any(math.isnan(value) for value in values):  # NaN has no place in an order: it could stand anywhere
            return regular(name, math.nan, math.nan, len(values))
    except ValueError as err:
        raise SearchError(f"The axis {name}={rest} is no range. Write from:to:count, like {name}=0:1:101.") from err
    return replace(regular(name, values[0], values[-1], len(values)), values=tuple(values))


def check(axis: Axis) -> Axis:
    """Return the axis when its values are such. Raises SearchError."""
    if not axis.values:
        raise SearchError(f"The axis {axis.name} has no values. Give at least one.")
    if axis.ordered or axis.name == "encoder":
        return axis
    if axis.name == "aggregate":
        for value in axis.values:
            _aggregate(str(value))
        return axis
    if axis.name not in _CHOICES:
        known = ", ".join([THRESHOLD, f"{_OWN}EXPERT", MIN_MARGIN, "aggregate", *_CHOICES, "layer1", "encoder"])
        raise SearchError(f"No axis is called {axis.name!r}. There are {known}.")
    for value in axis.values:
        if value not in _CHOICES[axis.name]:
            raise SearchError(
                f"The axis {axis.name} has the value {value!r}; it takes {', '.join(_CHOICES[axis.name])}."
            )
    return axis


def check_all(axes: Sequence[Axis], config: RouterConfig) -> None:
    """Raise SearchError for axes that stand twice, name no expert, do not go together, or make too many cells."""
    names = [axis.name for axis in axes]
    for axis in axes:
        check(axis)
        if names.count(axis.name) > 1:
            also = " (layer1 is the axis strategy, too)" if axis.name == "strategy" else ""
            raise SearchError(f"The axis {axis.name} is given twice{also}. Give it once, with all its values.")
        if axis.expert is not None and axis.expert not in {expert.name for expert in config.experts}:
            known = ", ".join(expert.name for expert in config.experts[:8])
            raise SearchError(f"The axis {axis.name} names no expert of this router. There are {known}.")
    _check_learned(axes, config)
    cells = math.prod(len(axis.values) for axis in axes)
    if cells > MOST_CELLS:
        raise SearchError(
            f"{' × '.join(f'{len(axis.values):,}' for axis in axes)} are {cells:,} cells; at most {MOST_CELLS:,} are "
            "searched at once. Take fewer values, search a narrower range, or one axis less: breakpoints between the "
            "values are searched exactly anyway."
        )


def _check_learned(axes: Sequence[Axis], config: RouterConfig) -> None:
    """A learned score is a probability, of one encoder's vectors."""
    by_name = {axis.name: axis for axis in axes}
    scorers = by_name["scorer"].values if "scorer" in by_name else (config.scorer,)
    if "learned" not in scorers:
        return
    if "encoder" in by_name and len(by_name["encoder"].values) > 1:
        raise SearchError(
            "The learned scorer is taught on the vectors of one encoder, so it cannot be searched over several. Search "
            "each encoder on its own, or take scorer=cosine."
        )
    for axis in axes:
        if axis.ordered and axis.name != MIN_MARGIN and float(axis.values[0]) < 0:
            raise SearchError(
                f"The axis {axis.name} begins at {float(axis.values[0]):g}, and the learned scorer gives "
                "probabilities. Begin at 0."
            )


def config_at(config: RouterConfig, axes: Sequence[Axis], values: Sequence[Value]) -> RouterConfig:
    """Return the router at a point. The axis `threshold` speaks for every expert that has no axis of its own."""
    owners = {axis.expert for axis in axes}
    point = dict(zip((axis.name for axis in axes), values, strict=True))
    for axis, value in zip(axes, values, strict=True):
        if not axis.ordered:
            config = _chosen(config, axis.name, str(value))
    if THRESHOLD in point:
        experts = tuple(
            expert if expert.name in owners else replace(expert, threshold=None) for expert in config.experts
        )
        config = replace(config, threshold=float(point[THRESHOLD]), experts=experts)
    if MIN_MARGIN in point:
        config = replace(config, min_margin=float(point[MIN_MARGIN]))
    return with_thresholds(config, {name.removeprefix(_OWN): point[name] for name in point if name.startswith(_OWN)})


def with_thresholds(config: RouterConfig, thresholds: Mapping[str, Value]) -> RouterConfig:
    """Return the router with the experts' own thresholds set."""
    if not thresholds:
        return config
    experts = tuple(
        replace(expert, threshold=float(thresholds[expert.name])) if expert.name in thresholds else expert
        for expert in config.experts
    )
    return replace(config, experts=experts)


def value_in(config: RouterConfig, axis: Axis) -> Value | None:
    """Return where a router stands on an axis; None for `threshold` where experts with their own ones say otherwise."""
    if axis.name == THRESHOLD:
        return config.threshold if all(expert.threshold is None for expert in config.experts) else None
    if axis.name == MIN_MARGIN:
        return config.min_margin
    if axis.expert is not None:
        return config.threshold_of(config.expert(axis.expert))
    if axis.name == "aggregate":
        return f"mean_top_k:{config.top_k}" if config.aggregate == "mean_top_k" else config.aggregate
    return str(getattr(config, axis.name))


def _chosen(config: RouterConfig, name: str, value: str) -> RouterConfig:
    setters: dict[str, Callable[[], RouterConfig]] = {
        "aggregate": lambda: replace(config, **_aggregate(value)),  # type: ignore[arg-type]
        "strategy": lambda: replace(config, strategy=value),  # type: ignore[arg-type]
        "on_conflict": lambda: replace(config, on_conflict=value),  # type: ignore[arg-type]
        "scorer": lambda: replace(config, scorer=value),  # type: ignore[arg-type]
        "encoder": lambda: replace(config, encoder=value),
    }
    return setters[name]()


def _aggregate(value: str) -> dict[str, str | int]:
    kind, _, k = value.partition(":")
    if kind not in _AGGREGATES or (k and (kind != "mean_top_k" or not _K.fullmatch(k))):
        raise SearchError(f"The axis aggregate has the value {value!r}; it takes max, centroid, mean_top_k:5.")
    return {"aggregate": kind, "top_k": int(k)} if k else {"aggregate": kind}
