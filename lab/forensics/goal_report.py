"""What a goal came to on rows that chose nothing: whether its limits hold there, and what it leaves unsaid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lab.forensics.grid_search.goals import Goal, Limit, title_of
from lab.forensics.measures import CARELESS, COST, known
from lab.forensics.metrics import Interval
from lab.forensics.tuning import Tuning

CARELESS_SENTENCE = (
    "This goal asks for nothing to be right: it is met best by sending everything to whoever is cheapest or quickest. "
    "Add a limit, like: at least 90 % accuracy, then cheapest."
)


def careless(goal: Goal) -> bool:
    """Tell whether a goal is met best by routing nothing well: least cost or time, without a limit."""
    return not goal.limits and (goal.best in CARELESS or (goal.best.startswith("calls:") and not goal.higher_is_better))


def warnings(found: Tuning) -> Iterator[str]:
    """Yield what a goal does not say, or cannot say here."""
    if careless(found.goal):
        yield CARELESS_SENTENCE
    calls = found.grid.stakes.calls(found.dev.experts)[:-1]
    if found.goal.best == COST and len(set(calls.tolist())) == 1:
        yield "Every call costs the same here, so cost decides nothing but who is asked. Say what calls cost."


def told_title(measure: str, experts: Sequence[str]) -> str:
    """Return what a measure is called on screen."""
    return title_of(measure, {one.name: one.title for one in known(tuple(experts))})


def limits_on_dev(found: Tuning) -> Iterator[str]:
    """Yield a sentence a limit: what the recommended setting comes to on the rows it is judged on, and if it holds."""
    values = {one.measure: one.second for one in found.comparison.told}
    where = "out of fold" if found.nested else "on dev"
    for limit in found.goal.limits:
        value = values[limit.measure]
        bound = f"{'at least' if limit.at_least else 'at most'} {limit.bound:.1%}"
        title = told_title(limit.measure, found.dev.experts)
        if value.value != value.value:
            yield f"{where.capitalize()}, no row says anything of the {title}."
            continue
        shown = f"{value.value:.1%} [{value.low:.1%}, {value.high:.1%}]"
        yield f"{where.capitalize()}, the {title} is {shown}, wanted {bound}: {_held(limit, value)}."


def _held(limit: Limit, value: Interval) -> str:
    sure, least = (value.low, value.high) if limit.at_least else (value.high, value.low)
    if _holds(limit, sure):
        return "kept"
    if not _holds(limit, value.value):
        return "broken, by no more than chance may do" if _holds(limit, least) else "broken"
    return "kept, but these rows are too few to be sure"


def _holds(limit: Limit, value: float) -> bool:
    return bool(limit.holds(np.array(value)))
