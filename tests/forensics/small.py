"""A small router and prompts that all its layers disagree about."""

from __future__ import annotations

import random
from functools import cache

from doubles import WordEncoder, two_experts

from lab.forensics.evidence import Evidence
from lab.forensics.sample import Sample, sample_of
from lab.types import NONE, Expert, RouterConfig

WORDS = tuple("explain the sky tell me a joke so bored lol entropy why is it blue weather bank please what".split())  # noqa: SIM905


def three_experts(**changes: object) -> RouterConfig:
    """The two of `two_experts` and a banker, with nobody as the fallback."""
    banker = Expert("banker", patterns=("bank",), utterances=("my bank account", "pay the bill please"))
    base = two_experts()
    return two_experts(experts=(*base.experts, banker), fallback=NONE, **changes)


def prompts(n: int, seed: int = 1) -> tuple[str, ...]:
    """Return `n` prompts of one to six words."""
    draw = random.Random(seed)
    return tuple(" ".join(draw.choices(WORDS, k=draw.randint(1, 6))) for _ in range(n))


def labels(config: RouterConfig, n: int, seed: int = 2) -> tuple[str, ...]:
    """Return a label for each prompt, any expert or none."""
    draw = random.Random(seed)
    return tuple(draw.choices([*(expert.name for expert in config.experts), NONE], k=n))


@cache
def evidence(n: int = 120, seed: int = 1) -> Evidence:
    """Return the evidence of `n` prompts."""
    return Evidence(prompts(n, seed), WordEncoder())


def sample(config: RouterConfig, n: int = 120) -> Sample:
    """Return the labelled prompts of `evidence(n)`, with six query types."""
    types = [f"type {row % 6}" for row in range(n)]
    return sample_of(config, labels(config, n), query_types=types)
