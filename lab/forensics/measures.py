"""What can be measured of a setting, by name.

Every measure is a ratio of two sums over rows, so that it can be counted for all settings at once; macro-F1 alone is
more than that, and lives with the cells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab.errors import SearchError
from lab.forensics.evidence import FALLBACK, KEYWORD, SEMANTIC, Bools, Outcomes
from lab.forensics.sample import Sample, Stakes
from lab.types import NONE

Values = NDArray[np.float64]
ACCURACY, MACRO_F1, COVERAGE, CLAIM_ACCURACY, NONE_RECALL = (
    "accuracy", "macro_f1", "coverage", "claim_accuracy", "none_recall",
)  # fmt: skip
COST, MISROUTE, OVERHEAD, END_TO_END = "cost", "misroute_cost", "overhead_ms", "end_to_end_ms"
CARELESS = (COST, OVERHEAD, END_TO_END)
"""Measures that ask for nothing to be right: alone, they send everything to whoever is cheapest or quickest."""
_LAYERS = {"share:keyword": KEYWORD, "share:semantic": SEMANTIC, "share:fallback": FALLBACK}
_OF_EXPERTS = ("precision", "recall", "calls", "spend")

Of = Callable[[Outcomes], Values]
"""From what is decided for each row, of shape (n,), to what each row adds."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A measure: the sum of `over` divided by the sum of `under`; undefined (NaN) where the latter is 0."""

    over: Of
    under: Of

    def of(self, sample: Sample, decided: Outcomes) -> float:
        """Return the measure of one setting, NaN where it is undefined."""
        weights = 1.0 if sample.weights is None else sample.weights
        under = float((self.under(decided) * weights).sum())
        return float((self.over(decided) * weights).sum()) / under if under else float("nan")


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure's name, what it is called on screen, and which way is better."""

    name: str
    title: str
    higher_is_better: bool
    unit: str = ""  # "" for a share


def known(experts: tuple[str, ...]) -> list[Measure]:
    """Return every measure of a router with these experts, most asked first."""
    found = [
        Measure(ACCURACY, "accuracy", True),
        Measure(MACRO_F1, "macro-F1", True),
        Measure(CLAIM_ACCURACY, "accuracy of what a layer claims", True),
        Measure(COVERAGE, "coverage (not left to the fallback)", True),
        Measure(NONE_RECALL, "recall of none", True),
        Measure(MISROUTE, "misroute cost a prompt", False, "cost"),
        Measure(COST, "cost of calls a prompt", False, "cost"),
        *(Measure(name, f"share decided by {name.partition(':')[2]}", True) for name in _LAYERS),
        Measure(OVERHEAD, "expected overhead", False, "ms"),
        Measure(END_TO_END, "expected end-to-end time", False, "ms"),
    ]
    for expert in experts:
        found += [
            Measure(f"precision:{expert}", f"precision of {expert}", True),
            Measure(f"recall:{expert}", f"recall of {expert}", True),
            Measure(f"calls:{expert}", f"share of calls to {expert}", False),
            Measure(f"spend:{expert}", f"cost of calls to {expert} a prompt", False, "cost"),
        ]
    return found


def predicted(sample: Sample, decided: Outcomes) -> NDArray[np.int64]:
    """Return the class that each decision stands for: the expert, and `none` for a `none` row left to the fallback."""
    nobody = (sample.labels == sample.nobody) & (decided.layer == FALLBACK)
    return np.where(nobody, sample.nobody, decided.expert)


def ratio(name: str, sample: Sample, stakes: Stakes) -> Ratio:
    """Return the measure called `name`, as in `known`, or `leak:WHOSE>EXPERT`. Raises SearchError for another name."""
    labels = sample.labels
    if name == ACCURACY:
        return Ratio(lambda out: _f(sample.right(out)), _each)
    if name == CLAIM_ACCURACY:
        return Ratio(lambda out: _f(sample.right(out) & (out.layer != FALLBACK)), lambda out: _f(out.layer != FALLBACK))
    if name == COVERAGE:
        return Ratio(lambda out: _f(out.layer != FALLBACK), _each)
    if name == NONE_RECALL:
        none = labels == sample.nobody
        return Ratio(lambda out: _f(none & (out.layer == FALLBACK)), lambda _: _f(none))
    if name in _LAYERS:
        return Ratio(lambda out: _f(out.layer == _LAYERS[name]), _each)
    if name == MISROUTE:
        return Ratio(lambda out: stakes.misroutes(sample, out), _each)
    if name == COST:
        calls = stakes.calls(sample.experts)
        return Ratio(lambda out: calls[out.expert], _each)
    if name in (OVERHEAD, END_TO_END):
        return _time(name, sample, stakes)
    kind, _, rest = name.partition(":")
    if kind == "leak":
        return _leak(name, rest, sample)
    if kind in _OF_EXPERTS:
        return _of_expert(name, kind, rest, sample, stakes)
    raise SearchError(f"No measure is called {name!r}. Take accuracy, coverage, cost, recall:{sample.experts[0]} ….")


def _f(mask: Bools) -> Values:
    return mask.astype(np.float64)


def _each(out: Outcomes) -> Values:
    return np.ones(len(out.expert))


def _time(name: str, sample: Sample, stakes: Stakes) -> Ratio:
    if name == OVERHEAD:
        return Ratio(lambda out: overhead_ms(out, stakes), _each)
    return Ratio(lambda out: end_to_end_ms(out, sample, stakes), _each)


def overhead_ms(decided: Outcomes, stakes: Stakes) -> Values:
    """Return the expected time to decide each row, (n,): of the layers that looked at it; NaN where it is not known."""
    if decided.asked is None or stakes.overhead_ms is None:
        return np.full(len(decided.expert), np.nan)
    first, second = stakes.overhead_ms
    return np.where(decided.asked & 1, first, 0.0) + np.where(decided.asked & 2, second, 0.0)


def end_to_end_ms(decided: Outcomes, sample: Sample, stakes: Stakes) -> Values:
    """Return the expected time from prompt to whole answer of each row, (n,), NaN where a part was not measured."""
    return overhead_ms(decided, stakes) + stakes.answers(sample.experts)[decided.expert]


def _of_expert(name: str, kind: str, expert: str, sample: Sample, stakes: Stakes) -> Ratio:
    code = _code(name, expert, sample)
    is_it = sample.labels == code
    if kind == "precision":
        return Ratio(
            lambda out: _f(is_it & (predicted(sample, out) == code)), lambda out: _f(predicted(sample, out) == code)
        )
    if kind == "recall":
        return Ratio(lambda out: _f(is_it & (out.expert == code)), lambda _: _f(is_it))
    if kind == "calls":
        return Ratio(lambda out: _f(out.expert == code), _each)
    price = stakes.calls(sample.experts)[code]
    return Ratio(lambda out: _f(out.expert == code) * price, _each)


def _leak(name: str, rest: str, sample: Sample) -> Ratio:
    """The share of some rows (a label's, or a query type's) that goes to an expert."""
    whose, _, to = rest.rpartition(">")
    code = _code(name, to, sample)
    if whose in ("", "*"):
        some = np.ones(len(sample), dtype=bool)
    elif whose == NONE or whose in sample.experts:
        some = sample.labels == (sample.nobody if whose == NONE else sample.experts.index(whose))
    else:
        some = np.array([one.casefold() == whose.casefold() for one in sample.query_types], dtype=bool)
    return Ratio(lambda out: _f(some & (out.expert == code)), lambda _: _f(some))


def _code(name: str, expert: str, sample: Sample) -> int:
    if expert == NONE:
        return sample.nobody
    if expert not in sample.experts:
        raise SearchError(f"The measure {name!r} names no expert. There are {', '.join(sample.experts[:8])}.")
    return sample.experts.index(expert)
