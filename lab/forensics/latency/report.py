"""What a decision costs: every stage timed prompt by prompt, cold (vector not known) and warm (vector in memory).

Never from bulk encoding, which is several times faster a prompt than a person's one prompt is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter_ns
from typing import NamedTuple

from lab.encoders import Encoder, Vectors
from lab.encoders.cache import CachedEncoder
from lab.errors import PromptError, SearchError
from lab.forensics.latency.spread import Spread, mean, spread
from lab.forensics.metrics import Interval, wilson
from lab.forensics.rules.hits import nothing
from lab.routing import MAX_PROMPT_CHARS, RoutingStrategy, build
from lab.routing.hybrid import HybridStrategy
from lab.routing.keyword import KeywordStrategy
from lab.routing.patterns import PatternMatcher
from lab.routing.prompt import check_prompt
from lab.types import Layer, RouterConfig

BUDGET_MS = 50.0
STAGES = ("keyword", "encode", "score", "total")

_FIRST_CALLS = (
    "The first calls of a router pay for loading and for memory; they are not measured.",
    "short one",
    "A longer one, because a tokenizer and a model make room for the lengths that they meet: " + "word " * 60,
)

Progress = Callable[[int, int], None]
"""Takes how many prompts are done, of how many (`JobContext.progress` fits)."""


def no_progress(done: int, total: int) -> None:
    """Tell nobody."""


class Timed(NamedTuple):
    """One prompt's decision in milliseconds; a stage that did not run is None."""

    row: int
    layer: Layer
    keyword_ms: float | None
    encode_ms: float | None
    score_ms: float | None
    total_ms: float  # around `decide`: the stages, the checks and the rule


class Expected(NamedTuple):
    """Expected time to decide, E = T1 + (1 - h)·T2, from means in milliseconds (a cascade of two stages).

    `layer2_ms` is None where layer 2 never ran; then nothing is known of a prompt that needs it, and `expected_ms` is
    T1 for a router whose every prompt layer 1 decided.
    """

    layer1_ms: float  # T1: a match of all patterns; 0 for a router without layer 1
    yield_share: float  # h: the share of prompts that needed no layer 2
    layer2_ms: float | None  # T2: encode + score, over the prompts on which they ran
    expected_ms: float


@dataclass(frozen=True, slots=True)
class LatencyReport:
    """The times of n prompts, each decided once. Rows are the numbers of the prompts that were handed in."""

    n: int
    warm: bool
    budget_ms: float
    repeats: int  # prompts left out, because the same text was timed before
    unmeasured_calls: int  # decisions made first, to warm the process up
    timed: tuple[Timed, ...]
    keyword: Spread  # ms, over the prompts on which the stage ran
    encode: Spread
    score: Spread
    total: Spread
    fast_path: Interval  # the share that layer 1 decided (Wilson)
    over_budget: Interval  # the share whose total is over the budget (Wilson)
    over_budget_rows: tuple[int, ...]  # slowest first
    expected: Expected

    @property
    def stages(self) -> tuple[tuple[str, Spread], ...]:
        """The stages by name, in the order in which they run, and the total."""
        return tuple(zip(STAGES, (self.keyword, self.encode, self.score, self.total), strict=True))


def measure(
    config: RouterConfig,
    encoder: Encoder,
    prompts: Sequence[str],
    *,
    warm: bool,
    budget_ms: float = BUDGET_MS,
    progress: Progress = no_progress,
    check: Callable[[], None] = nothing,
    clock: Callable[[], int] = perf_counter_ns,
) -> LatencyReport:
    """Decide every prompt once with a router of its own, built for this, and time the stages.

    Cold: a CachedEncoder is asked past its memory. Warm: the prompt's vector is
    put into its memory right before. In both the router's own memory of repeats is empty, and each text is timed once.
    `check` is called before each prompt and may raise to stop the work; `clock` gives nanoseconds.
    Raises PromptError with the row, SearchError for no prompts or for `warm` with an encoder that remembers nothing,
    ConfigError, EncoderUnavailable.
    """
    strategy = build(config, encoder if warm else _PastMemory(encoder))
    _forget_texts(strategy)
    needs_vector = config.strategy != "keyword"
    recall = _recalling(encoder) if warm and needs_vector else None
    return timed(
        strategy, prompts, warm=warm, budget_ms=budget_ms, before=recall, progress=progress, check=check, clock=clock
    )


def timed(
    strategy: RoutingStrategy,
    prompts: Sequence[str],
    *,
    warm: bool,
    budget_ms: float = BUDGET_MS,
    before: Callable[[str], None] | None = None,
    progress: Progress = no_progress,
    check: Callable[[], None] = nothing,
    clock: Callable[[], int] = perf_counter_ns,
) -> LatencyReport:
    """Time the decisions of a router that is ready; `before` is called with each prompt, outside its time.

    Raises like `measure`.
    """
    first = {prompt: row for row, prompt in reversed(list(enumerate(prompts)))}
    rows = sorted(first.values())
    for row in rows:
        _check_row(prompts[row], row)
    if not rows:
        raise SearchError("There are no prompts to time. Choose a split that has rows.")
    warming = [text for text in _FIRST_CALLS if text not in first]
    for text in warming:
        check()
        strategy.decide(text)
    found: list[Timed] = []
    for row in rows:
        check()
        if before is not None:
            before(prompts[row])
        start = clock()
        decision = strategy.decide(prompts[row])
        total_ms = (clock() - start) / 1e6
        stages = decision.timings
        found.append(Timed(row, decision.layer, stages.keyword_ms, stages.encode_ms, stages.score_ms, total_ms))
        progress(len(found), len(rows))
    return summary(found, warm=warm, budget_ms=budget_ms, repeats=len(prompts) - len(rows), unmeasured=len(warming))


def summary(
    found: Sequence[Timed], *, warm: bool, budget_ms: float, repeats: int = 0, unmeasured: int = 0
) -> LatencyReport:
    """Return the figures of decisions that were timed. Raises SearchError without any."""
    if not found:
        raise SearchError("Nothing was timed. Choose a split that has rows.")
    over = sorted((one for one in found if one.total_ms > budget_ms), key=lambda one: -one.total_ms)
    fast = sum(one.layer == Layer.KEYWORD for one in found)
    return LatencyReport(
        n=len(found),
        warm=warm,
        budget_ms=budget_ms,
        repeats=repeats,
        unmeasured_calls=unmeasured,
        timed=tuple(found),
        keyword=spread([one.keyword_ms for one in found]),
        encode=spread([one.encode_ms for one in found]),
        score=spread([one.score_ms for one in found]),
        total=spread([one.total_ms for one in found]),
        fast_path=wilson(fast, len(found)),
        over_budget=wilson(len(over), len(found)),
        over_budget_rows=tuple(one.row for one in over),
        expected=_expected(found),
    )


def _expected(found: Sequence[Timed]) -> Expected:
    layer1 = mean([one.keyword_ms or 0.0 for one in found])
    second = [(one.encode_ms or 0.0) + one.score_ms for one in found if one.score_ms is not None]
    spared = 1 - len(second) / len(found)
    layer2 = mean(second) if second else None
    return Expected(layer1, spared, layer2, layer1 + (1 - spared) * (layer2 or 0.0))


def _check_row(prompt: str, row: int) -> None:
    try:
        check_prompt(prompt, MAX_PROMPT_CHARS)
    except PromptError as err:
        raise PromptError(f"Row {row} cannot be routed, and so not timed: {err}") from err


def _forget_texts(strategy: RoutingStrategy) -> None:
    """Give the router a matcher of its own: routers share theirs, and RE2 is quicker on text that it has read."""
    layer1 = strategy.keyword if isinstance(strategy, HybridStrategy) else strategy
    if isinstance(layer1, KeywordStrategy):
        layer1.matcher_ = PatternMatcher(layer1.config.experts)
        for expert in layer1.config.experts:
            layer1.matcher_.warm(expert.utterances)
            layer1.matcher_.warm(expert.patterns)


def _recalling(encoder: Encoder) -> Callable[[str], None]:
    def recall(prompt: str) -> None:
        encoder.encode([prompt])
        if not encoder.holds(prompt):
            raise SearchError(
                f"The encoder {encoder.name!r} remembers no vectors, so there is no warm time. Measure it cold."
            )

    return recall


class _PastMemory:
    """Encodes one text past the memory of an encoder that has one; a batch (the utterances) may come out of it."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._bare: Encoder = encoder
        while isinstance(self._bare, CachedEncoder):
            self._bare = self._bare.encoder
        self.name, self.fingerprint = encoder.name, encoder.fingerprint

    def encode(self, texts: Sequence[str]) -> Vectors:
        return (self._bare if len(texts) == 1 else self._encoder).encode(texts)

    def holds(self, text: str) -> bool:
        return False
