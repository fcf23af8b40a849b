"""Rule forensics: what each pattern of a router does on labelled prompts, and to which rows.

Every figure is the length of a tuple of row numbers, so that a table can open the prompts behind any of its numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lab.forensics.effect import Effect
from lab.forensics.metrics import Interval, wilson
from lab.forensics.rules.hits import Key, PatternHits, Span, find_hits, nothing
from lab.forensics.rules.mentions import Quotations, is_negated
from lab.forensics.rules.replay import Floats, Replay, check_labels, check_scores
from lab.routing.keyword import KeywordStrategy
from lab.types import RouterConfig

Rows = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PatternReport:
    """One pattern of one expert on n labelled rows. All tuples hold row numbers, ascending."""

    expert: str
    pattern: str
    n: int
    hits: Rows  # it matches
    wrong: Rows  # hits that are labelled otherwise
    other_experts: Rows  # hits where patterns of other experts match too
    same_expert: Rows  # hits where other patterns of its own expert match too
    sole: Rows  # hits where it is the only pattern that matches
    negated: Rows  # hits where every match stands behind a negation
    quoted: Rows  # hits where every match stands inside quotation marks or code
    removal: Effect  # what the whole router would do without it
    spared: Rows  # layer 1 decides them, and without it layer 2 would have to
    caused: Rows  # layer 2 has to decide them, and without it layer 1 would
    saved_ms: float | None  # layer 2's time on `spared` less that on `caused`; None: not measured, or no layer 2

    @property
    def coverage(self) -> Interval:
        """The share of rows that it matches (Wilson)."""
        return wilson(len(self.hits), self.n)

    @property
    def precision(self) -> Interval:
        """The share of its hits that are labelled with its expert (Wilson); NaN without hits."""
        return wilson(len(self.hits) - len(self.wrong), len(self.hits))

    @property
    def marginal_accuracy(self) -> Interval:
        """The accuracy of the whole router with it less that without it, with its interval (see `Effect.net`)."""
        value, low, high = self.removal.net
        return Interval(0.0 - value, 0.0 - high, 0.0 - low)  # no -0.0 on a screen

    @property
    def harm(self) -> int:
        """How many more rows would be right without it; negative where it helps."""
        return len(self.removal.fixed) - len(self.removal.broken)


@dataclass(frozen=True, slots=True)
class RuleReport:
    """All patterns of a router on n labelled rows, the most harmful first; `silent` ones match none of the rows."""

    n: int
    accuracy: Interval  # of the whole router, Wilson
    claimed: Rows  # rows that layer 1 decides
    layer2_ms: float | None  # the mean time of layer 2 that was handed in
    patterns: tuple[PatternReport, ...]
    silent: tuple[PatternReport, ...]
    note: str | None  # what must be said beside the table


def report(
    config: RouterConfig,
    prompts: Sequence[str],
    labels: Sequence[str],
    *,
    scores: Floats | None = None,
    layer2_ms: float | None = None,
    check: Callable[[], None] = nothing,
) -> RuleReport:
    """Return what each pattern of `config` does on labelled prompts.

    `labels`: an expert's name or NONE; `scores`: layer 2's scores of these prompts, shape (n, experts), as
    `SemanticStrategy.score` gives them, not needed by the keyword strategy; `layer2_ms`: the mean time of layer 2
    (`latency.LatencyReport.expected`); `check` may raise to stop the work.
    Raises DatasetError for a row without a label, SearchError for columns that do not fit, PatternError.
    """
    check_labels(labels, prompts)
    check_scores(config, len(labels), scores)
    hits = find_hits(KeywordStrategy(config).fit().layer1, prompts, check)
    replay = Replay(config, labels, hits.matched, scores)
    quotations: dict[int, Quotations] = {}
    layer2 = layer2_ms if config.strategy == "hybrid" else None
    found: list[PatternReport] = []
    for number, key in enumerate(_keys(config)):
        if number % 100 == 0:
            check()
        spans = hits.spans.get(key, {})
        for row in spans:
            if row not in quotations:
                quotations[row] = Quotations(prompts[row])
        found.append(_pattern(key, spans, hits, replay, prompts, quotations, layer2))
    heard = [one for one in found if one.hits]
    heard.sort(key=lambda one: (-one.harm, -len(one.wrong), one.precision.low))
    return RuleReport(
        n=len(labels),
        accuracy=wilson(sum(replay.right), len(labels)),
        claimed=tuple(row for row, matched in enumerate(replay.matched) if replay.settles(matched)),
        layer2_ms=layer2_ms,
        patterns=tuple(heard),
        silent=tuple(one for one in found if not one.hits),
        note=_note(config),
    )


def _keys(config: RouterConfig) -> list[Key]:
    return list(dict.fromkeys((expert.name, pattern) for expert in config.experts for pattern in expert.patterns))


def _pattern(
    key: Key,
    spans: dict[int, list[Span]],
    hits: PatternHits,
    replay: Replay,
    prompts: Sequence[str],
    quotations: dict[int, Quotations],
    layer2_ms: float | None,
) -> PatternReport:
    expert, pattern = key
    rows = tuple(spans)
    crowded = tuple(row for row in rows if len(hits.by_row[row][expert]) > 1)
    contested = tuple(row for row in rows if len(hits.by_row[row]) > 1)
    shared = {*crowded, *contested}
    # only where no other pattern of its expert matches can a row change without it
    without = [(row, replay.matched[row] - {expert}) for row in rows if len(hits.by_row[row][expert]) == 1]
    spared, caused = _layer2_rows(without, replay)
    return PatternReport(
        expert=expert,
        pattern=pattern,
        n=len(prompts),
        hits=rows,
        wrong=tuple(row for row in rows if replay.labels[row] != expert),
        other_experts=contested,
        same_expert=crowded,
        sole=tuple(row for row in rows if row not in shared),
        negated=tuple(row for row in rows if all(is_negated(prompts[row], start) for start, _ in spans[row])),
        quoted=tuple(row for row in rows if all(quotations[row].hold(*span) for span in spans[row])),
        removal=replay.effect(without),
        spared=spared,
        caused=caused,
        saved_ms=None if layer2_ms is None else (len(spared) - len(caused)) * layer2_ms,
    )


def _layer2_rows(without: list[tuple[int, frozenset[str]]], replay: Replay) -> tuple[Rows, Rows]:
    """The rows that the pattern spares layer 2, and those that it hands to it by a conflict."""
    spared: list[int] = []
    caused: list[int] = []
    for row, matched in without if replay.rule.strategy == "hybrid" else ():
        before, after = replay.settles(replay.matched[row]), replay.settles(matched)
        if before != after:
            (spared if before else caused).append(row)
    return tuple(spared), tuple(caused)


def _note(config: RouterConfig) -> str | None:
    if config.strategy == "semantic":
        return "This router does not ask layer 1: its patterns match, and decide nothing."
    if config.strategy == "keyword":
        return "This router has no layer 2, so a pattern saves no time."
    return None
