"""How work grows with what it is given: a ratio within one run, since times depend on the machine."""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import process_time

LINEAR = 3.0
"""Ten times as much may take thirty times as long: what grows with the square takes a hundred times as long."""

_LEAST_S = 0.002  # what takes less is counted as this: no clock tells it from nothing


def growth(few: Callable[[], object], many: Callable[[], object], times: float) -> float:
    """Return how many times as long `many`, which is `times` as much as `few`, takes as it would if it grew linearly.

    Counted in the processor's time of this process; the smaller one is the least of three, after one that warms up.
    """
    few()
    once = min(_spent(few) for _ in range(3))
    return _spent(many) / max(once, _LEAST_S) / times


def _spent(work: Callable[[], object]) -> float:
    gc.disable()  # what other tests left behind is not this work's
    try:
        start = process_time()
        work()
        return process_time() - start
    finally:
        gc.enable()
