"""What a search takes from what is stored: prices of experts, times of answers, how good answers were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lab.forensics.datasets import Rows
from lab.routing.semantic import Floats
from lab.store import Store, answers, events, outcomes
from lab.types import Expert, RouterConfig, Source

TOKENS = (200, 300)
"""Of a prompt and its answer, where a price is turned into the cost of a call."""

UNASKED: tuple[Source, ...] = ("bulk",)
"""Sources of events that nobody typed: no traffic, and routed while other work goes on."""

_EVENTS = 500  # whose timings are averaged


def priced(experts: Sequence[Expert]) -> dict[str, float]:
    """Return what a call costs by expert, in thousandths of a dollar for `TOKENS`; nothing where none has a price."""
    costs = {
        expert.name: (expert.price.input * TOKENS[0] + expert.price.output * TOKENS[1]) / 1_000 for expert in experts
    }
    return costs if any(costs.values()) else {}


class MeasuredTimes(NamedTuple):
    """Mean milliseconds of what was stored last, an expert without measured answers being absent.

    `deciding`: layer 1 alone, and what layer 2 adds, which ran in `n` of the decisions; None without both.
    """

    answers: dict[str, float]
    deciding: tuple[float, float] | None
    n: int


def measured_times(store: Store) -> MeasuredTimes:
    """Return what answers and decisions took. Raises StoreError."""
    answered = {expert: sum(times) / len(times) for expert, times in answers.times_by_expert(store).items()}
    timings = [event.decision.timings for event in events.recent(store, _EVENTS, without=UNASKED)]
    first = [one.keyword_ms for one in timings if one.keyword_ms is not None]
    second = [
        one.encode_ms + (one.score_ms or 0.0) for one in timings if one.encode_ms is not None and not one.encode_cached
    ]
    deciding = (sum(first) / len(first), sum(second) / len(second)) if first and second else None
    return MeasuredTimes(answered, deciding, len(second))


def quality(store: Store, rows: Rows, config: RouterConfig) -> Floats | None:
    """Return measured outcomes of a dataset's rows by expert, (rows, experts), NaN where there is none; None for none.

    Of several sources the newest outcome counts.
    """
    names = {expert.name: place for place, expert in enumerate(config.experts)}
    found = [one for one in outcomes.of_dataset(store, rows.dataset.id) if one.expert in names]
    if not found:
        return None
    table = np.full((len(rows), len(names)), np.nan)
    for one in found:
        table[one.row, names[one.expert]] = one.quality
    return table
