"""What a batch will do, and what it came to, as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.preferences.duels.request import Contender, Request


def plan(request: Request, source: str, size: int) -> str:
    """Return what will happen, as sentences; `source` is what the `size` prompts are called.

    "100 of 239 prompts of benchmark: 30 at random, the 70 hardest of the rest; 200 answers by a and b."
    """
    first, second = (_who(side) for side in request.sides)
    answers = f"{2 * request.sampling.size(size):,} answers by {first} and {second}."
    return f"{_drawn(request, f'of {source}', size)}; {answers} {_mocked(request)}".strip()


def sample_of(request: Request, size: int) -> str:
    """Return what was drawn from a source of `size` prompts, as a sentence."""
    return f"{_drawn(request, '', size)}, seed {request.sampling.seed}."


def _drawn(request: Request, of_source: str, size: int) -> str:
    drawn, by_chance = request.sampling.size(size), request.sampling.by_chance(size)
    of_all = f"All {size:,}" if drawn == size else f"{drawn:,} of {size:,}"
    said = f"{of_all} prompt{'s' * (size != 1)} {of_source}".rstrip()
    if drawn == size:
        return said
    hard = f": {by_chance:,} at random, the {drawn - by_chance:,} hardest of the rest"
    return f"{said}{hard if drawn > by_chance else ', drawn at random'}"


def _who(side: Contender) -> str:
    return side.name if side.provider == "mock" or not side.model else f"{side.name} ({side.model})"


def _mocked(request: Request) -> str:
    mocked = [side.name for side in request.sides if side.provider == "mock"]
    if not mocked:
        return ""
    if len(mocked) == 2:
        return "The mock answers for both, which makes duels about the mock only."
    return f"The mock answers for {mocked[0]}, which makes duels about the mock, not about {mocked[0]}."


def outcome(report: Mapping[str, Any]) -> str:
    """Return what a batch's report says, as one sentence."""

    def count(name: str) -> int:
        value = report.get(name, 0)
        return value if isinstance(value, int) else 0

    equal, failed, mock = count("equal"), count("failed"), count("mock")
    duels = count("duels")
    said = f"{count('answered'):,} of {count('asked'):,} answers, {duels:,} duel{'s' * (duels != 1)}"
    said += f", {equal:,} pair{'s' * (equal != 1)} that say the same" if equal else ""
    said += f", {failed:,} failed" if failed else ""
    said += f", {mock:,} by the mock" if mock else ""
    return f"{said}."
