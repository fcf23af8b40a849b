"""What a search is for, as a sentence a person writes: limits that must hold, and what is then to be best.

best accuracy
at most 2 % of hard prompts to zoomer, then cheapest
90 % coverage
at least 95 % precision of zoomer, then best coverage
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lab.errors import SearchError
from lab.forensics.evidence import Bools
from lab.forensics.measures import (
    ACCURACY,
    CLAIM_ACCURACY,
    COST,
    COVERAGE,
    END_TO_END,
    MACRO_F1,
    MISROUTE,
    NONE_RECALL,
    OVERHEAD,
    Values,
    known,
)
from lab.types import NONE

EXAMPLES = (
    "best accuracy",
    "best macro-F1",
    "lowest misroute cost",
    "90 % coverage",
    "at least 95 % accuracy of claims, then best coverage",
    "at most 2 % of hard prompts to {cheap}, then cheapest",
    "at most 40 % of calls to {dear}, then best accuracy",
    "at least 80 % recall of none, then best accuracy",
)
SLACK = 1e-9
UNDEFINED, BROKEN = -1e290, -1e300
"""Scores of settings whose measure is undefined, and of those that break a limit: below whatever a cost may be."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A measure that must be at least, or at most, a bound in [0, 1]."""

    measure: str
    at_least: bool
    bound: float

    def holds(self, values: Values) -> Bools:
        """Tell where the limit holds; an undefined measure never breaks an upper limit, and never meets a lower one."""
        if self.at_least:
            return np.nan_to_num(values, nan=-np.inf) >= self.bound - SLACK
        return np.nan_to_num(values, nan=-np.inf) <= self.bound + SLACK

    def missing(self, values: Values) -> Values:
        """Return by how much the limit is broken, 0 where it holds."""
        gap = self.bound - values if self.at_least else values - self.bound
        return np.maximum(np.nan_to_num(gap, nan=1.0 if self.at_least else 0.0), 0.0)


@dataclass(frozen=True, slots=True)
class Goal:
    """Limits, and the measure that is to be best among the settings that keep them."""

    limits: tuple[Limit, ...]
    best: str
    higher_is_better: bool
    text: str

    @property
    def measures(self) -> tuple[str, ...]:
        """Every measure that the goal asks for, the best one first."""
        return tuple(dict.fromkeys([self.best, *(limit.measure for limit in self.limits)]))

    def score(self, measure: Callable[[str], Values]) -> Values:
        """Return how well each setting serves the goal: higher is better.

        Where limits are broken the score is below every other, the lower the more is missing from them in all; an
        undefined measure is worse than any value and better than a broken limit.
        """
        best = measure(self.best)
        score = np.nan_to_num(best if self.higher_is_better else -best, nan=UNDEFINED)
        if not self.limits:
            return score
        missing = sum(limit.missing(measure(limit.measure)) for limit in self.limits)
        return np.where(self.is_kept(measure), score, BROKEN * (1 + missing))

    def is_kept(self, measure: Callable[[str], Values]) -> Bools:
        """Tell which settings keep all limits."""
        kept = np.ones_like(measure(self.best), dtype=bool)
        for limit in self.limits:
            kept &= limit.holds(measure(limit.measure))
        return kept


_OBJECTIVES: dict[str, tuple[str, bool]] = {
    r"(best|highest|most) accuracy( of all)?": (ACCURACY, True),
    r"(best|highest) macro[- ]?f1": (MACRO_F1, True),
    r"(best|highest|most) accuracy of (claims|what a layer claims)": (CLAIM_ACCURACY, True),
    r"(best|highest|most) coverage": (COVERAGE, True),
    r"(best|highest|most) recall of none": (NONE_RECALL, True),
    r"(lowest|least|smallest) misroute cost": (MISROUTE, False),
    r"cheapest|(lowest|least|smallest) cost( of calls)?": (COST, False),
    r"fastest|(lowest|least) end-to-end( time| latency)?": (END_TO_END, False),
    r"(lowest|least) overhead": (OVERHEAD, False),
}
_LIMIT = re.compile(r"(at least|at most|no more than|no less than|under|over)?\s*(\d+(?:[.,]\d+)?)\s*%\s*(.+)")
_PARTS = re.compile(r"\s*(?:,\s*then|;|,(?!\d)|\bthen\b)\s*")
_TO = re.compile(r"(?:of )?(?:the )?(.+?) prompts? (?:go )?to (.+)|(?:of )?(?:all )?prompts to (.+)")


def parse_goal(text: str, experts: Sequence[str], query_types: Sequence[str] = (), dearest: str | None = None) -> Goal:
    """Read a goal. `dearest` is the expert whose prompts are the "hard" ones: the one that costs most.

    Raises SearchError with the goals that can be read.
    """
    reader = _Reader(tuple(experts), tuple(query_types), dearest)
    limits: list[Limit] = []
    objective: tuple[str, bool] | None = None
    for part in _PARTS.split(" ".join(text.strip().rstrip(".").split())):
        if not part:
            continue
        found = reader.objective(part)
        if found is not None and objective is None:
            objective = found
        elif found is None:
            limits.append(reader.limit(part))
        else:
            raise SearchError(f"The goal {text!r} names two things to be best. Name one; the others can be limits.")
    if objective is None and not limits:
        raise SearchError(f"The goal is empty. Write for example: {EXAMPLES[0]}.")
    if objective is None:
        covers = all(limit.measure == COVERAGE for limit in limits)
        objective = (CLAIM_ACCURACY, True) if covers else (ACCURACY, True)
    return Goal(tuple(limits), *objective, text=text.strip())


def in_words(goal: Goal, experts: Sequence[str]) -> str:
    """Return how the goal was read, for the person to check."""
    titles = {measure.name: measure.title for measure in known(tuple(experts))}
    parts = [
        f"{title_of(limit.measure, titles)} {'at least' if limit.at_least else 'at most'} {limit.bound:.1%}"
        for limit in goal.limits
    ]
    way = "highest" if goal.higher_is_better else "lowest"
    return "; ".join(
        [
            *parts,
            f"then the {way} {title_of(goal.best, titles)}" if parts else f"the {way} {title_of(goal.best, titles)}",
        ]
    )


def title_of(measure: str, titles: Mapping[str, str]) -> str:
    """Return what a measure is called; `titles`: of the named ones, as in `known`."""
    if measure == f"calls:{NONE}":
        return "share of prompts that nobody gets"
    if not measure.startswith("leak:"):
        return titles.get(measure, measure)
    whose, _, to = measure.removeprefix("leak:").rpartition(">")
    return f"share of all prompts that go to {to}" if whose == "*" else f"share of {whose} prompts that go to {to}"


@dataclass(frozen=True, slots=True)
class _Reader:
    experts: tuple[str, ...]
    query_types: tuple[str, ...]
    dearest: str | None

    def objective(self, part: str) -> tuple[str, bool] | None:
        for pattern, found in _OBJECTIVES.items():
            if re.fullmatch(pattern, part, re.IGNORECASE):
                return found
        match = re.fullmatch(r"(?:best|highest) (precision|recall) of (.+)", part, re.IGNORECASE)
        if match:
            return self._of_expert(match[1], match[2]), True
        match = re.fullmatch(r"(?:fewest|least) calls to (.+)", part, re.IGNORECASE)
        return (f"calls:{self._expert(match[1])}", False) if match else None

    def limit(self, part: str) -> Limit:
        match = _LIMIT.fullmatch(part)
        if not match:
            raise self._unread(part)
        word, bound = (match[1] or "").lower(), float(match[2].replace(",", ".")) / 100
        if bound > 1:
            raise SearchError(f"{part!r} asks for more than 100 %. Take a share between 0 and 100 %.")
        measure, usually_least = self._measure(match[3].strip())
        at_least = usually_least if not word else word in ("at least", "no less than", "over")
        return Limit(measure, at_least, bound)

    def _measure(self, words: str) -> tuple[str, bool]:
        plain = words.lower()
        simple = {
            "coverage": COVERAGE, "accuracy": ACCURACY, "accuracy of claims": CLAIM_ACCURACY,
            "claim accuracy": CLAIM_ACCURACY, "recall of none": NONE_RECALL, "none recall": NONE_RECALL,
        }  # fmt: skip
        if plain in simple:
            return simple[plain], True
        if match := re.fullmatch(r"(precision|recall) of (.+)", words, re.IGNORECASE):
            return self._of_expert(match[1], match[2]), True
        if match := re.fullmatch(r"(?:of )?(?:all )?calls to (.+)", words, re.IGNORECASE):
            return f"calls:{self._expert(match[1])}", False
        if match := _TO.fullmatch(words):
            return (f"leak:*>{self._expert(match[3])}" if match[3] else self._leak(match[1], match[2])), False
        raise self._unread(words)

    def _leak(self, whose: str, to: str) -> str:
        expert = self._expert(to)
        if whose.lower() == "hard":
            if self.dearest is None:
                raise SearchError(
                    "Hard prompts are those of the expert that costs most, and all experts cost the same here. Set the "
                    f"cost of a call, or name the expert: at most 2 % of {self.experts[0]} prompts to {expert}."
                )
            return f"leak:{self.dearest}>{expert}"
        if whose.lower() in ("all", "the"):
            return f"leak:*>{expert}"
        for name in (*self.experts, NONE, *self.query_types):
            if name.casefold() == whose.casefold():
                return f"leak:{name}>{expert}"
        raise SearchError(
            f"{whose!r} is no expert and no query type here. There are {', '.join((*self.experts[:6], NONE))}"
            + (f" and {', '.join(self.query_types[:6])}." if self.query_types else ".")
        )

    def _of_expert(self, kind: str, name: str) -> str:
        expert = self._expert(name)
        if expert != NONE:
            return f"{kind.lower()}:{expert}"
        if kind.lower() == "recall":
            return NONE_RECALL
        raise SearchError(
            "Leaving a prompt to the fallback names no expert, so there is no precision of none. Ask for the recall of "
            "none, or for the accuracy of claims."
        )

    def _expert(self, name: str) -> str:
        for expert in (*self.experts, NONE):
            if expert.casefold() == name.strip().casefold():
                return expert
        raise SearchError(f"{name!r} is no expert of this router. There are {', '.join(self.experts[:8])}.")

    def _unread(self, part: str) -> SearchError:
        some = "; ".join(example.format(cheap=self.experts[-1], dear=self.experts[0]) for example in EXAMPLES)
        return SearchError(
            f"{part!r} is not understood as a goal. Write limits with a number and %, then what is to be best. These "
            f"are goals: {some}."
        )
