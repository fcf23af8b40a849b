"""Which pattern matches which row, where: one pass of layer 1's own matcher over the prompts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lab.types import Match

Key = tuple[str, str]
"""An expert's name and one of its patterns."""

Span = tuple[int, int]

_CHECK_EVERY = 1_000  # rows


def nothing() -> None:
    """Do nothing: the check of work that nobody cancels."""


@dataclass(frozen=True, slots=True)
class PatternHits:
    """All matches on n prompts. `spans`: by pattern, then row, where it matches. `by_row`: by row, then expert, its
    patterns that match."""

    spans: dict[Key, dict[int, list[Span]]]
    by_row: list[dict[str, set[str]]]

    @property
    def matched(self) -> list[frozenset[str]]:
        """The experts that layer 1 matched, by row."""
        return [frozenset(experts) for experts in self.by_row]


def find_hits(
    find: Callable[[str], tuple[Match, ...]], prompts: Sequence[str], check: Callable[[], None] = nothing
) -> PatternHits:
    """Match every prompt once with `find` (`KeywordStrategy.layer1`, or `PatternMatcher.find`).

    `check` is called now and then and may raise to stop the work.
    """
    spans: dict[Key, dict[int, list[Span]]] = {}
    by_row: list[dict[str, set[str]]] = []
    for row, prompt in enumerate(prompts):
        if row % _CHECK_EVERY == 0:
            check()
        experts: dict[str, set[str]] = {}
        for match in find(prompt):
            experts.setdefault(match.expert, set()).add(match.pattern)
            key = (match.expert, match.pattern)
            spans.setdefault(key, {}).setdefault(row, []).append((match.start, match.end))
        by_row.append(experts)
    return PatternHits(spans, by_row)
