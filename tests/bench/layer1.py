"""Layer 1: the whole decision with few and with many rules, and its matching against Python's `re`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from lab.routing.keyword import KeywordStrategy
from lab.routing.patterns import PatternMatcher
from lab.types import Expert, RouterConfig
from tests.bench.clock import duration, in_turn, once_each
from tests.bench.data import clinc, made_words, shipped
from tests.bench.report import Row, times

PROMPTS, WARM_UP, TURN = 600, 300, 60
TITLE = f"Layer 1, {PROMPTS} CLINC150 prompts, each timed once (after {WARM_UP} others, unless said)"
MORE_WORDS = 10_000


def rows() -> Iterator[Row]:
    """Yield the figures of layer 1."""
    prompts, warm_up = clinc("test")[:PROMPTS], clinc("val")[:WARM_UP]
    config = shipped("keyword")
    few, many = KeywordStrategy(config).fit(), KeywordStrategy(_with_words(config, MORE_WORDS)).fit()
    for router in (few, many):
        once_each(router.decide, warm_up)
    shipped_rules, more_rules = in_turn([few.decide, many.decide], prompts, turn=TURN)
    rules = sum(len(expert.patterns) for expert in config.experts)
    yield Row(
        f"whole decision, the {rules} shipped patterns",
        shipped_rules.text(p99=True),
        target="P50 ≤ 15 µs",
        reached=shipped_rules.p50 <= 15_000,
    )
    slower = more_rules.p50 / shipped_rules.p50
    yield Row(
        f"whole decision, {MORE_WORDS:,} words more",
        more_rules.text(p99=True),
        f"shipped {duration(shipped_rules.p50)}",
        times(slower),
        "≤ 2×",
        slower <= 2,
    )
    unseen = KeywordStrategy(_with_words(config, 1)).fit()  # a word of its own, or it would share the matcher above
    cold = once_each(unseen.decide, prompts[:100])
    yield Row("whole decision, the first 100 prompts of a router", cold.text(p99=True))
    yield from _matching(prompts, warm_up)


def _with_words(config: RouterConfig, more: int) -> RouterConfig:
    """The words shared out among the experts."""
    words, n = made_words(more), len(config.experts)
    experts = [
        replace(expert, patterns=(*expert.patterns, *words[index::n])) for index, expert in enumerate(config.experts)
    ]
    return replace(config, experts=tuple(experts))


def _matching(prompts: tuple[str, ...], warm_up: tuple[str, ...]) -> Iterator[Row]:
    for n, least in ((1_000, 30), (10_000, 300)):
        words = made_words(n)
        finders = [PatternMatcher([Expert("one", patterns=tuple(words))]).find, _alternation(words)]
        for find in finders:
            once_each(find, warm_up[:50])
        lab, python = in_turn(finders, prompts, turn=TURN)
        ratio = python.p50 / lab.p50
        baseline = f"Python re {python.text()}"
        yield Row(f"matching alone, {n:,} words", lab.text(), baseline, times(ratio), f"≥ {least}×", ratio >= least)


def _alternation(words: list[str]) -> Callable[[str], object]:
    expression = re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)
    return lambda text: [match.span() for match in expression.finditer(text)]
