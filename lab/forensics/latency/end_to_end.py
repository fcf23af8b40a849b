"""From prompt to whole answer: what routing costs together with the experts that it chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lab.errors import SearchError
from lab.forensics.latency.spread import SAMPLES, mean, resampled_means
from lab.forensics.metrics import Interval, percentile_interval
from lab.types import NONE


@dataclass(frozen=True, slots=True)
class ExpertLatency:
    """How long an expert takes, from the responses that were measured; milliseconds."""

    expert: str
    share: float  # of the prompts go to it
    n: int  # responses measured
    mean_ms: Interval | None  # with its bootstrap interval, without ends for n = 1; None without responses


@dataclass(frozen=True, slots=True)
class EndToEnd:
    """Expected time from prompt to whole answer, in milliseconds, for one way of sharing prompts among experts.

    Means add; percentiles do not: the p95 of a sum is not the sum of p95s, so there is none here.
    """

    overhead_ms: float
    experts: tuple[ExpertLatency, ...]
    expected_ms: Interval | None  # None where an expert that gets prompts has no measured response
    note: str | None  # the sentence that says why there is none


def end_to_end(
    shares: Mapping[str, float],
    responses: Mapping[str, Sequence[float]],
    overhead_ms: float,
    *,
    seed: int = 0,
) -> EndToEnd:
    """Return overhead + Σ share(expert) · mean latency(expert), with a bootstrap interval over the responses.

    `shares`: prompts (or shares of them) by expert, brought to the sum 1; prompts of NONE are answered by nobody, which
    takes no time. `responses`: `total_ms` of whole answers by expert. Raises SearchError when nobody gets a prompt.
    """
    prompts = sum(shares.values())
    if not prompts > 0:
        raise SearchError("No prompt goes to any expert, so there is no end-to-end time. Route some prompts first.")
    rows: list[ExpertLatency] = []
    expected, samples = overhead_ms, np.full(SAMPLES, overhead_ms)
    for number, (expert, count) in enumerate(shares.items()):
        share, times = count / prompts, list(responses.get(expert, ()))
        if expert == NONE or not times:
            rows.append(ExpertLatency(expert, share, 0, None))
            continue
        means = resampled_means(times, seed + number)
        rows.append(ExpertLatency(expert, share, len(times), percentile_interval(mean(times), means)))
        expected, samples = expected + share * mean(times), samples + share * means
    missing = [row.expert for row in rows if row.share and row.expert != NONE and not row.n]
    if missing:
        note = f"No measured answer of {', '.join(missing)}, so no expected time. Ask there once, then look again."
        return EndToEnd(overhead_ms, tuple(rows), None, note)
    return EndToEnd(overhead_ms, tuple(rows), percentile_interval(expected, samples), None)
