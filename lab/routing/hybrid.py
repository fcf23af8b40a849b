"""Both layers: patterns first, and what they leave open goes to the scores."""

from __future__ import annotations

from time import perf_counter_ns

from lab.encoders import Encoder
from lab.routing import MAX_PROMPT_CHARS
from lab.routing.confidence import calibrator_for, confidence_of
from lab.routing.keyword import KeywordStrategy
from lab.routing.prompt import check_prompt
from lab.routing.rule import experts_of, judge
from lab.routing.semantic import SemanticStrategy
from lab.types import Decision, RouterConfig, Timings, Trace


class HybridStrategy:
    """Layer 1, then layer 2 for prompts that layer 1 does not settle, then the fallback."""

    def __init__(self, config: RouterConfig, encoder: Encoder, *, max_prompt_chars: int = MAX_PROMPT_CHARS) -> None:
        self.config, self.max_prompt_chars = config, max_prompt_chars
        self.keyword = KeywordStrategy(config, max_prompt_chars=max_prompt_chars)
        self.semantic = SemanticStrategy(config, encoder, max_prompt_chars=max_prompt_chars)

    def fit(self) -> HybridStrategy:
        """Compile the patterns and encode the utterances. Raises ConfigError, EncoderUnavailable."""
        self.keyword.fit()
        self.semantic.fit()
        self.calibrator_ = calibrator_for(self.config, self.semantic.encoder.fingerprint)
        return self

    def decide(self, prompt: str) -> Decision:
        """Return the decision; layer 2 runs only where layer 1 settles nothing.

        Raises PromptError, EncoderUnavailable.
        """
        check_prompt(prompt, self.max_prompt_chars)
        start = perf_counter_ns()
        matches = self.keyword.layer1(prompt)
        timings = Timings(keyword_ms=(perf_counter_ns() - start) / 1e6)

        def scores() -> list[float]:
            nonlocal timings
            values, spent = self.semantic.timed_scores(prompt)
            timings = spent._replace(keyword_ms=timings.keyword_ms)
            return values

        verdict = judge(self.keyword.rule, experts_of(matches), scores)
        expert, layer, score, margin = verdict
        confidence = confidence_of(self.calibrator_, layer, score) if self.calibrator_ else None
        return Decision(prompt, expert, layer, score, margin, matches, timings, confidence)

    def explain(self, decision: Decision) -> Trace:
        """Return the matches, every score, the nearest utterances and what would change the decision."""
        from lab.routing.explain import explain

        return explain(decision, self.keyword, self.semantic)
