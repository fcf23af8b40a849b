"""A confidence sequence for a share: an interval that holds at every look, however often one looks."""

from __future__ import annotations

from collections.abc import Callable
from math import lgamma, log, nan

from lab.forensics.metrics import Interval

_CENTRE = 10.0  # both parameters of the beta mixture: sharpest where a share is compared with one half
_STEPS = 60


def confidence_sequence(hits: float, n: float, level: float = 0.95) -> Interval:
    """Return hits / n with ends that cover the true share at all n at once with probability `level`; NaN for n = 0.

    The beta-binomial mixture of Robbins ("Statistical methods related to the law of the iterated logarithm", 1970),
    also in Howard, Ramdas, McAuliffe and Sekhon ("Time-uniform, nonparametric, nonasymptotic confidence sequences",
    2021): for the true share p, M_n(p) = B(a + s, a + n - s) / (B(a, a) p^s (1 - p)^(n - s)) is a martingale that
    starts at 1, so that by Ville's inequality it ever reaches 1 / (1 - level) with probability 1 - level at most. The
    interval holds the p at which it has not. Votes need not be alike: it is enough that each has probability p given
    those before it, which for p = ½ is what shuffled sides guarantee to everyone who does not look at sides.
    """
    if n <= 0:
        return Interval(nan, nan, nan)
    share, limit = hits / n, -log(1 - level)
    mixed = _log_beta(_CENTRE + hits, _CENTRE + n - hits) - _log_beta(_CENTRE, _CENTRE)

    def inside(p: float) -> bool:
        return mixed - _times_log(hits, p) - _times_log(n - hits, 1 - p) < limit

    return Interval(share, _edge(inside, share, 0.0), _edge(inside, share, 1.0))


def _edge(inside: Callable[[float], bool], share: float, end: float) -> float:
    """Walk from the share, which is always inside, towards an end, and return where the inside stops."""
    if inside(end):
        return end
    near, far = share, end
    for _ in range(_STEPS):
        middle = (near + far) / 2
        near, far = (middle, far) if inside(middle) else (near, middle)
    return far


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _times_log(count: float, p: float) -> float:
    if count == 0:
        return 0.0
    return count * log(p) if p > 0 else float("-inf")
