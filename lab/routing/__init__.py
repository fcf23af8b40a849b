"""From a prompt to a decision. Read `rule.py` first: it is the whole rule, on evidence that the layers bring."""

from __future__ import annotations

from typing import Protocol

from lab.encoders import Encoder
from lab.types import Decision, RouterConfig, Trace

MAX_PROMPT_CHARS = 32_000


class RoutingStrategy(Protocol):
    """Decides which expert gets a prompt, and says why."""

    config: RouterConfig

    def decide(self, prompt: str) -> Decision:
        """Return the decision, doing no more work than it needs.

        Raises PromptError for a prompt that cannot be routed, EncoderUnavailable when layer 2 cannot run.
        """

    def explain(self, decision: Decision) -> Trace:
        """Return the evidence of a decision that this router made, and what would change it."""


def build(config: RouterConfig, encoder: Encoder, *, max_prompt_chars: int = MAX_PROMPT_CHARS) -> RoutingStrategy:
    """Return the router that `config` describes, ready to decide.

    Raises ConfigError for a configuration that cannot work, PatternError for a pattern that cannot be compiled.
    """
    from lab.routing.check import check_config
    from lab.routing.hybrid import HybridStrategy
    from lab.routing.keyword import KeywordStrategy
    from lab.routing.semantic import SemanticStrategy

    check_config(config)
    if config.strategy == "keyword":
        return KeywordStrategy(config, max_prompt_chars=max_prompt_chars).fit()
    if config.strategy == "semantic":
        return SemanticStrategy(config, encoder, max_prompt_chars=max_prompt_chars).fit()
    return HybridStrategy(config, encoder, max_prompt_chars=max_prompt_chars).fit()
