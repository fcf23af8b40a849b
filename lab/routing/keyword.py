"""Layer 1: patterns, matched whole, in microseconds."""

from __future__ import annotations

from functools import lru_cache
from time import perf_counter_ns

from lab.routing import MAX_PROMPT_CHARS
from lab.routing.confidence import calibrator_for, confidence_of
from lab.routing.patterns import PatternMatcher
from lab.routing.prompt import check_prompt
from lab.routing.rule import Rule, experts_of, judge
from lab.types import Decision, Expert, Match, RouterConfig, Timings, Trace

_WARM_PATTERNS = 2_000  # a few milliseconds


@lru_cache(maxsize=8)
def _matcher(routes: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]) -> PatternMatcher:
    """Routers that differ only in settings (a what-if, another threshold) share one matcher."""
    matcher = PatternMatcher([Expert(name, patterns=patterns) for name, patterns, _ in routes])
    for _, patterns, utterances in routes:
        matcher.warm(utterances)
        matcher.warm(patterns[:_WARM_PATTERNS])
    return matcher


class KeywordStrategy:
    """Patterns decide, or the fallback.

    After `fit`: `matcher_`, the compiled patterns of all experts; `calibrator_`, where there is one for this router.
    """

    def __init__(self, config: RouterConfig, *, max_prompt_chars: int = MAX_PROMPT_CHARS) -> None:
        self.config, self.max_prompt_chars = config, max_prompt_chars
        self.rule = Rule.of(config)

    def fit(self) -> KeywordStrategy:
        """Compile the patterns. Raises PatternError for one that cannot be used."""
        routes = tuple((expert.name, expert.patterns, expert.utterances) for expert in self.config.experts)
        self.matcher_ = _matcher(routes)
        self.calibrator_ = calibrator_for(self.config, "") if self.config.strategy == "keyword" else None
        return self

    def layer1(self, prompt: str) -> tuple[Match, ...]:
        """Return every match of every pattern, by position."""
        return self.matcher_.find(prompt)

    def decide(self, prompt: str) -> Decision:
        """Return the decision of layer 1, or the fallback. Raises PromptError."""
        check_prompt(prompt, self.max_prompt_chars)
        start = perf_counter_ns()
        matches = self.layer1(prompt)
        verdict = judge(self.rule, experts_of(matches), list)
        timings = Timings(keyword_ms=(perf_counter_ns() - start) / 1e6)
        confidence = confidence_of(self.calibrator_, verdict.layer, None) if self.calibrator_ else None
        return Decision(prompt, verdict.expert, verdict.layer, None, None, matches, timings, confidence)

    def explain(self, decision: Decision) -> Trace:
        """Return the matches and what would change the decision."""
        from lab.routing.explain import explain

        return explain(decision, self, None)
