"""What differs between two routers, one thing at a time, and as plain sentences.

Two configurations without a difference are one version. Provider, price and options of an expert are settings of a
machine: they change no version, and are no difference.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

from lab.types import Calibrator, Expert, LearnedWeights, Price, RouterConfig

Kind = Literal["setting", "expert", "pattern", "utterance", "text", "order", "fitted"]

_SETTINGS = {
    "strategy": "strategy",
    "fallback": "fallback",
    "threshold": "threshold",
    "min_margin": "least margin",
    "aggregate": "aggregate",
    "top_k": "k of the top scores",
    "on_conflict": "on a conflict of patterns",
    "encoder": "encoder",
    "scorer": "scorer",
}
_SHOWN_CHARS = 120


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs. `before` is None for what was added, `after` for what was removed.

    A renamed expert has its old and its new name. An expert's threshold of None (the router's applies) reads "the
    router's", so that None means absence alone. Orders are tuples of names or texts; everything else is text or a
    number.
    """

    kind: Kind
    what: str  # "threshold of zoomer"
    expert: str | None  # whose it is; None for a setting of the whole router, and for a new name
    before: Any
    after: Any


def differences(a: RouterConfig, b: RouterConfig) -> tuple[Difference, ...]:
    """Return what turns `a` into `b`: settings first, then experts in the order of `b`, the removed ones last."""
    new_names = (Difference("expert", "expert renamed", None, was, now) for was, now in _renamed(a, b).items())
    a = in_names_of(a, b)
    return (*_of_router(a, b), *new_names, *_of_experts(a, b))


def in_names_of(a: RouterConfig, b: RouterConfig) -> RouterConfig:
    """Return `a` with the names of `b` for the experts that were only renamed."""
    for was, now in _renamed(a, b).items():
        a = renamed(a, was, now)
    return a


def renamed(config: RouterConfig, name: str, wanted: str) -> RouterConfig:
    """Return the router with an expert under another name, wherever the router names it."""
    learned = config.learned
    if learned is not None:
        learned = replace(learned, classes=tuple(wanted if one == name else one for one in learned.classes))
    return replace(
        config,
        experts=tuple(replace(one, name=wanted) if one.name == name else one for one in config.experts),
        fallback=wanted if config.fallback == name else config.fallback,
        learned=learned,
    )


def sentence(difference: Difference) -> str:
    """Return a difference as one line of plain text: "threshold of zoomer: 0.29 → 0.35"."""
    what, before, after = difference.what, difference.before, difference.after
    if difference.kind == "order":
        if difference.expert is None:
            return f"{what}: {_shown(', '.join(before))} → {_shown(', '.join(after))}"
        return f"{what} changed"
    if difference.kind == "text" and before is not None and after is not None:
        return f"{what}: {_shown(_changed_part(before, after))} → {_shown(_changed_part(after, before))}"
    if before is None:
        return f"{what} added: {_shown(after)}"
    if after is None:
        return f"{what} removed: {_shown(before)}"
    return f"{what}: {_shown(before)} → {_shown(after)}"


def summary(a: RouterConfig, b: RouterConfig) -> str:
    """Return in one line what turns `a` into `b`: the sentences where there are few, or how many things differ."""
    found = differences(a, b)
    if not found:
        return "nothing changed"
    if len(found) <= 3:
        return "; ".join(sentence(difference) for difference in found)
    return f"{sentence(found[0])}; and {len(found) - 1} more changes"


def _renamed(a: RouterConfig, b: RouterConfig) -> dict[str, str]:
    """Return the experts of `a` that stand in `b` with the same content under another name: the old name to the new."""
    stayed = {expert.name for expert in a.experts} & {expert.name for expert in b.experts}
    came = [expert for expert in b.experts if expert.name not in stayed]
    found: dict[str, str] = {}
    for expert in a.experts:
        same = next((one for one in came if _content(one) == _content(expert)), None)
        if expert.name not in stayed and same is not None:
            found[expert.name] = same.name
            came.remove(same)
    return found


def _content(expert: Expert) -> Expert:
    """The expert without its name and its settings."""
    return replace(expert, name="", provider="", price=Price(), options=MappingProxyType({}))


def _of_router(a: RouterConfig, b: RouterConfig) -> Iterator[Difference]:
    for name, what in _SETTINGS.items():
        if getattr(a, name) != getattr(b, name):
            yield Difference("setting", what, None, getattr(a, name), getattr(b, name))
    if a.learned != b.learned:
        yield Difference("fitted", "learned weights", None, _weights(a.learned), _weights(b.learned))
    if a.calibrator != b.calibrator:
        yield Difference("fitted", "calibrator", None, _calibrator(a.calibrator), _calibrator(b.calibrator))


def _of_experts(a: RouterConfig, b: RouterConfig) -> Iterator[Difference]:
    were = {expert.name: expert for expert in a.experts}
    are = {expert.name: expert for expert in b.experts}
    stayed_a, stayed_b = tuple(name for name in were if name in are), tuple(name for name in are if name in were)
    if stayed_a != stayed_b:
        yield Difference("order", "order of the experts", None, stayed_a, stayed_b)
    for name, expert in are.items():
        if name in were:
            yield from () if were[name] == expert else _of_expert(were[name], expert)
        else:
            yield Difference("expert", "expert", name, None, _contents(expert))
    for name, expert in were.items():
        if name not in are:
            yield Difference("expert", "expert", name, _contents(expert), None)


def _of_expert(a: Expert, b: Expert) -> Iterator[Difference]:
    name = a.name
    if a.threshold != b.threshold:
        thresholds = [expert.threshold if expert.threshold is not None else "the router's" for expert in (a, b)]
        yield Difference("setting", f"threshold of {name}", name, *thresholds)
    if a.model != b.model:
        yield Difference("setting", f"model of {name}", name, a.model or "no model", b.model or "no model")
    if a.system_prompt != b.system_prompt:
        yield Difference("text", f"system prompt of {name}", name, a.system_prompt or None, b.system_prompt or None)
    yield from _texts("pattern", name, a.patterns, b.patterns)
    yield from _texts("utterance", name, a.utterances, b.utterances)


def _texts(
    kind: Literal["pattern", "utterance"], name: str, a: Sequence[str], b: Sequence[str]
) -> Iterator[Difference]:
    """A text that stands twice and then once is one removal."""
    removed, added = Counter(a), Counter(b)
    removed.subtract(b)
    added.subtract(a)
    yield from (Difference(kind, f"{kind} of {name}", name, text, None) for text in (+removed).elements())
    yield from (Difference(kind, f"{kind} of {name}", name, None, text) for text in (+added).elements())
    stayed_a, stayed_b = _without(a, +removed), _without(b, +added)
    if stayed_a != stayed_b:
        yield Difference("order", f"order of the {kind}s of {name}", name, stayed_a, stayed_b)


def _without(texts: Sequence[str], gone: Counter[str]) -> tuple[str, ...]:
    left = Counter(gone)
    kept = []
    for text in texts:
        if left[text] > 0:
            left[text] -= 1
        else:
            kept.append(text)
    return tuple(kept)


def _weights(learned: LearnedWeights | None) -> str:
    if learned is None:
        return "none"
    shape = f"{len(learned.classes)} classes × {learned.dim}"
    return f"{shape}, learnt from {learned.rows:,} rows ({_mark(learned)})"


def _calibrator(calibrator: Calibrator | None) -> str:
    if calibrator is None:
        return "none"
    layers = {"keyword": calibrator.keyword, "semantic": calibrator.semantic, "fallback": calibrator.fallback}
    fitted = [f"{name} {one.method} on {one.rows:,} rows" for name, one in layers.items() if one is not None]
    return f"{', '.join(fitted) or 'no layer with enough rows'} ({_mark(calibrator)})"


def _mark(fitted: object) -> str:
    """Return what tells two fits of the same shape apart: eight digits of a hash."""
    return hashlib.sha256(repr(fitted).encode()).hexdigest()[:8]


def _contents(expert: Expert) -> str:
    counts = {"pattern": len(expert.patterns), "utterance": len(expert.utterances)}
    held = [f"{count:,} {what}{'' if count == 1 else 's'}" for what, count in counts.items()]
    return f"{expert.name} ({', '.join(held)})"


def _changed_part(text: str, other: str) -> str:
    """Return `text` from a little before the first place where it differs from `other`."""
    same = next((at for at, pair in enumerate(zip(text, other, strict=False)) if pair[0] != pair[1]), None)
    first = min(len(text), len(other)) if same is None else same
    start = max(0, first - 20)
    return f"…{text[start:]}" if start else text


def _shown(value: Any) -> str:
    text = f"{value:.9g}" if isinstance(value, float) else " ".join(str(value).split())
    return text if len(text) <= _SHOWN_CHARS else f"{text[: _SHOWN_CHARS - 1]}…"
