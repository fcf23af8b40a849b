"""How fast votes come, whatever the pauses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lab.judging import Ballot
from lab.preferences.counted import Floats, codes, grouped, people

PAUSE_MS = 300_000
"""A vote that took longer held a pause: how long the reading took cannot be told from it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Milliseconds from the showing to the key press: median, and what one of ten stays below and above.

    `per_hour` is how many votes an hour of work brings; `pauses` of the n votes held one.
    """

    n: int
    median_ms: float
    p10_ms: float
    p90_ms: float
    per_hour: float
    pauses: int


def pace(ballots: Sequence[Ballot]) -> Pace | None:
    """Return the pace of people's votes of all rounds; None where no vote has a time.

    The clock of `created_at` is not asked: it may jump, and a gap between two votes is no work. A vote with a pause
    counts in an hour of work with the median of the votes without; quantiles hardly feel it.
    """
    return pace_of(people(ballots))[0]


def by_annotator(ballots: Sequence[Ballot]) -> dict[str, Pace | None]:
    """Return the pace of each annotator, by annotator id."""
    return pace_of(people(ballots))[1]


def pace_of(votes: Sequence[Ballot]) -> tuple[Pace | None, dict[str, Pace | None]]:
    """Return the pace of all these votes, and of each annotator."""
    times = np.array([np.nan if one.took_ms is None else one.took_ms for one in votes], dtype=np.float64)
    annotator, names = codes([one.annotator_id for one in votes])
    each = {names[place]: _pace(times[at]) for place, at in enumerate(grouped(annotator))}
    return _pace(times), dict(sorted(each.items()))


def _pace(times: Floats) -> Pace | None:
    times = times[times >= 0]
    if not len(times):
        return None
    p10, median, p90 = np.quantile(times, (0.1, 0.5, 0.9))
    paused = times > PAUSE_MS
    working = times[~paused]
    usual = float(np.median(working)) if len(working) else float(PAUSE_MS)
    hours = (working.sum() + usual * paused.sum()) / 3_600_000
    per_hour = len(times) / hours if hours > 0 else float("nan")
    return Pace(len(times), float(median), float(p10), float(p90), float(per_hour), int(paused.sum()))
