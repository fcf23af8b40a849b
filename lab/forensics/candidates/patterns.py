"""Patterns mined from the tune rows that miss their expert."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from lab.forensics.candidates.phrases import Phrase, shortlist
from lab.forensics.candidates.split_evidence import SplitEvidence
from lab.forensics.effect import Effect
from lab.forensics.rules.hits import PatternHits, find_hits
from lab.routing.folding import fold
from lab.routing.patterns import EXPRESSION, PatternMatcher
from lab.types import Expert, RouterConfig

_SHORTLIST = 3_000


class MinedPattern(NamedTuple):
    """A pattern for an expert, the rows that it matches, and what adding it alone does to them."""

    expert: str
    pattern: str
    hits: tuple[int, ...]
    effect: Effect


def mine_patterns(
    config: RouterConfig, tune: SplitEvidence, most: int, check: Callable[[], None]
) -> list[MinedPattern]:
    """Return at most `most` patterns, each chosen for the tune rows that it puts right and those before it do not."""
    known = frozenset(
        fold(pattern.strip()).text
        for expert in config.experts
        for pattern in expert.patterns
        if not pattern.startswith(EXPRESSION)
    )
    names = shortlist(tune.prompts, tune.labels, tune.missed, known, _SHORTLIST, check)
    left = [one for one in measure_patterns(names, tune, check) if len(one.effect.fixed) > len(one.effect.broken)]
    chosen: list[MinedPattern] = []
    covered: set[int] = set()
    while left and len(chosen) < most:
        best = max(left, key=lambda one: _gain(one, covered))  # among equals the first: the most promising
        if _gain(best, covered) <= 0:
            break
        chosen.append(best)
        covered.update(best.effect.fixed)
        left.remove(best)
        check()
    return chosen


def _gain(one: MinedPattern, covered: set[int]) -> int:
    return sum(row not in covered for row in one.effect.fixed) - len(one.effect.broken)


def measure_patterns(wanted: Sequence[Phrase], rows: SplitEvidence, check: Callable[[], None]) -> list[MinedPattern]:
    """Return what each pattern, added alone to its expert, does to the rows; in their order."""
    by_expert: dict[str, list[str]] = {}
    for expert, pattern in wanted:
        by_expert.setdefault(expert, []).append(pattern)
    matcher = PatternMatcher([Expert(name, patterns=tuple(patterns)) for name, patterns in by_expert.items()])
    hits = find_hits(matcher.find, rows.prompts, check)
    return [_measured(phrase, hits, rows) for phrase in wanted]


def _measured(phrase: Phrase, hits: PatternHits, rows: SplitEvidence) -> MinedPattern:
    expert, pattern = phrase
    at = tuple(hits.spans.get(phrase, ()))
    matched = rows.replay.matched
    effect = rows.replay.effect((row, matched[row] | {expert}) for row in at if expert not in matched[row])
    return MinedPattern(expert, pattern, at, effect)
