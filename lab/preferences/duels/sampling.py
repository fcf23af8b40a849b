"""Which prompts of a source become duels, and how likely that was: what a rating may be made on hangs on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from lab.errors import DuelError
from lab.judging import SampleRule

Rule = Literal["all", "random", "hardest"]
RULES: tuple[Rule, ...] = get_args(Rule)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One prompt that was drawn, by its place in the source.

    `probability` is that of `rule` taking this prompt. For "random" it is the size of the random part over the size of
    the source, the same for every prompt, so that figures on these alone need no weights.
    """

    place: int
    rule: SampleRule
    probability: float


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to sample: every prompt, `n` random ones, or the `n` hardest with at least 30 % random ones among them."""

    rule: Rule = "random"
    n: int | None = 100  # None: all of them
    seed: int = 0

    def size(self, source: int) -> int:
        """Return how many prompts are drawn from a source of that many."""
        return source if self.rule == "all" or self.n is None else min(self.n, source)

    def by_chance(self, source: int) -> int:
        """Return how many of those are drawn at random; for "hardest" 30 %, rounded up."""
        size = self.size(source)
        return size if self.rule != "hardest" else -(-3 * size // 10)


def parse(text: str, seed: int = 0) -> Sampling:
    """Read `all`, `random:100` or `hardest:100`. Raises DuelError."""
    rule, colon, count = text.strip().partition(":")
    whole = count.isascii() and count.isdecimal() and 0 < len(count) < 9 and int(count) > 0
    if rule not in RULES or (rule == "all") == bool(colon) or (colon and not whole):
        raise DuelError(f"The sample {text!r} is none. Write all, random:100 or hardest:100.")
    return Sampling(rule, int(count) if colon else None, seed)


def draw(sampling: Sampling, source: int, hardest: Sequence[int] = ()) -> list[Drawn]:
    """Return the prompts to ask for, of a source of `source` prompts, in a random order.

    `hardest` holds all places, the hardest first; only that rule reads it. The random part is drawn first, from the
    whole source, so that it is a true random sample of it; then come the hardest of what is left. The order is random
    as well: what was done when a batch is stopped early has both parts in their shares, and its random part is still a
    random sample. Raises DuelError where nothing can be drawn.
    """
    size, random_size = sampling.size(source), sampling.by_chance(source)
    if size < 1:
        raise DuelError("There is no prompt to draw. Take a source with prompts, and at least one of them.")
    rng = np.random.default_rng(sampling.seed)
    by_chance = rng.choice(source, random_size, replace=False).tolist()
    rule: SampleRule = "all" if sampling.rule == "all" else "random"
    drawn = [Drawn(place, rule, random_size / source) for place in by_chance]
    if size > random_size:
        taken, hard = set(by_chance), []
        chances = hardest_probabilities(source, random_size, size - random_size)
        for rank, place in enumerate(hardest):
            if place not in taken:
                hard.append(Drawn(place, "hardest", chances[rank]))
            if len(hard) == size - random_size:
                break
        drawn += hard
    return [drawn[at] for at in rng.permutation(len(drawn)).tolist()]


def hardest_probabilities(source: int, random_size: int, hard_size: int) -> list[float]:
    """Return, for the hardest prompt and on, the probability of being taken for its hardness.

    A prompt is taken so where the random part missed it, and took enough of the harder ones to leave fewer than
    `hard_size` of them. Of the r harder ones the random part takes a hypergeometric number K, so that this is
    (1 - random_size / source) P(K > r - hard_size). Beyond the places listed it is 0. They sum up to `hard_size`.
    """
    from scipy.stats import hypergeom

    harder = np.arange(min(source, random_size + hard_size))
    missed = 1 - random_size / source
    if source == 1:
        return [missed]
    enough = hypergeom.sf(harder - hard_size, source - 1, harder, random_size)
    return [missed * float(one) for one in enough]
