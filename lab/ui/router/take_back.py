"""Taking back one of a draft's differences and leaving the others: the draft with that one thing as it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from lab.differences import Difference, differences, in_names_of, renamed
from lab.drafting import with_expert
from lab.types import Expert, RouterConfig

_SETTINGS = (
    "strategy", "fallback", "threshold", "min_margin", "aggregate", "top_k", "on_conflict", "encoder", "scorer",
)  # fmt: skip
_OF_EXPERT = ("threshold", "model", "system_prompt")


def without(live: RouterConfig, draft: RouterConfig, difference: Difference) -> RouterConfig:
    """Return `draft` with one difference from `live` taken back; the same where it is gone already.

    Of equal ones (a pattern that stood twice and was removed twice) one is taken back. Whether the result can work is
    not asked: an expert may be needed by another change.
    """
    times = differences(live, draft).count(difference)
    alike = in_names_of(live, draft)
    for tried in _attempts(alike, draft, difference) if times else ():
        if differences(live, tried).count(difference) < times:
            return tried
    return draft


def _attempts(live: RouterConfig, draft: RouterConfig, one: Difference) -> Iterator[RouterConfig]:
    """Yield drafts with a thing of that kind as it is in `live`; the right one no longer has the difference."""
    if one.kind == "expert" and one.expert is None:
        yield renamed(draft, one.after, one.before)
    elif one.kind == "expert":
        yield _experts_back(live, draft, one)
    elif one.kind == "fitted":
        yield replace(draft, learned=live.learned)
        yield replace(draft, calibrator=live.calibrator)
    elif one.expert is None:
        if one.kind == "order":
            yield _order_back(live, draft)
        for name in _SETTINGS:
            yield replace(draft, **{name: getattr(live, name)})
    else:
        yield from _of_expert(live.expert(one.expert), draft, one)


def _of_expert(was: Expert, draft: RouterConfig, one: Difference) -> Iterator[RouterConfig]:
    now = draft.expert(was.name)
    if one.kind in ("pattern", "utterance"):
        name = f"{one.kind}s"
        texts = _text_back(getattr(was, name), getattr(now, name), one)
        yield with_expert(draft, was.name, **{name: texts})
    elif one.kind == "order":
        for name in ("patterns", "utterances"):
            yield with_expert(draft, was.name, **{name: _texts_in_order(getattr(was, name), getattr(now, name))})
    else:
        for name in _OF_EXPERT:
            yield with_expert(draft, was.name, **{name: getattr(was, name)})


def _text_back(were: tuple[str, ...], are: tuple[str, ...], one: Difference) -> tuple[str, ...]:
    """Take out the text that was added, the last one of it; or put the removed one back where it stood."""
    if one.before is None:
        place = len(are) - 1 - are[::-1].index(one.after)
        return (*are[:place], *are[place + 1 :])
    place = min(were.index(one.before), len(are))
    return (*are[:place], one.before, *are[place:])


def _texts_in_order(were: tuple[str, ...], are: tuple[str, ...]) -> tuple[str, ...]:
    """Put the texts that stayed into their old order; those that came stay where they are."""
    came, went = Counter(are), Counter(were)
    came.subtract(were)
    went.subtract(are)
    old = iter([text for text, stayed in _stayed(were, went) if stayed])
    return tuple(next(old) if stayed else text for text, stayed in _stayed(are, came))


def _stayed(texts: tuple[str, ...], other: Counter[str]) -> Iterator[tuple[str, bool]]:
    """Yield each text with whether it is in both lists; of a text that stands too often the first ones are not."""
    left = Counter(other)
    for text in texts:
        yield text, left[text] <= 0
        left[text] -= left[text] > 0


def _experts_back(live: RouterConfig, draft: RouterConfig, one: Difference) -> RouterConfig:
    if one.before is None:
        return replace(draft, experts=tuple(expert for expert in draft.experts if expert.name != one.expert))
    place = [expert.name for expert in live.experts].index(str(one.expert))
    experts = list(draft.experts)
    experts.insert(min(place, len(experts)), live.experts[place])
    return replace(draft, experts=tuple(experts))


def _order_back(live: RouterConfig, draft: RouterConfig) -> RouterConfig:
    """Put the experts that both have into the order of `live`; those that came stay where they are."""
    now = {expert.name: expert for expert in draft.experts}
    old = iter([now[expert.name] for expert in live.experts if expert.name in now])
    stayed = {expert.name for expert in live.experts}
    return replace(draft, experts=tuple(next(old) if one.name in stayed else one for one in draft.experts))
