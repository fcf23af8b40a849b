"""What votes, pools and figures are called on the page."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan

from lab.forensics.metrics import Interval
from lab.judging import Duel, Vote
from lab.preferences.behind import CHANCE
from lab.preferences.figure import Figure

ORIGINS: Mapping[str, str] = {
    "route": "from the Route page",
    "thumbs_down": "after a thumbs-down",
    "bulk": "asked in bulk",
    "import": "imported",
    "edit": "with an answer by hand",
    "sample": "sample workspace",
}
RULES: Mapping[str, str] = {
    "all": "all prompts",
    "random": "at random",
    "hardest": "hardest first",
    "picked": "picked by hand",
}
_VERDICTS = {"equally_good": "equally good", "both_bad": "both bad", "skip": "skip", "better": "one is better"}
_STRENGTHS = {1: "slightly", 2: "clearly", 3: "by far"}


def pool(name: str) -> str:
    """Return what a pool of ratings is called."""
    if name == CHANCE:
        return "sampled by chance"
    origin, _, rule = name.partition("/")
    return f"{ORIGINS.get(origin, origin)}, {RULES.get(rule, rule)}"


def verdict(name: str) -> str:
    """Return a verdict as a person says it."""
    return _VERDICTS.get(name, name)


def said_of(duel: Duel, vote: Vote) -> str:
    """Return what a vote says of a duel as the page shows it: the first answer stands left there."""
    if vote.chosen_id is None:
        return verdict(vote.verdict)
    side = "left" if vote.chosen_id == duel.first.response_id else "right"
    strength = _STRENGTHS.get(vote.strength or 0)
    return f"{side} is better" + (f", {strength}" if strength else "")


def share(one: Interval) -> str:
    """Return a share as a person reads it."""
    return "–" if isnan(one.value) else f"{one.value:.0%}"


def ends(one: Interval, *, percent: bool = True) -> str:
    """Return the ends of an interval."""
    if isnan(one.low) or isnan(one.high):
        return "no interval"
    return f"{one.low:.0%} to {one.high:.0%}" if percent else f"{one.low:.2f} to {one.high:.2f}"


def count(n: int, what: str) -> str:
    """Return `1 duel`, `1,234 duels`."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def value(one: Figure | None) -> float | None:
    """Return a figure's value for a table; None where there is none."""
    return None if one is None or one.value is None else _number(one.value.value)


def low(one: Figure | None) -> float | None:
    """Return a figure's lower end for a table."""
    return None if one is None or one.value is None else _number(one.value.low)


def high(one: Figure | None) -> float | None:
    """Return a figure's upper end for a table."""
    return None if one is None or one.value is None else _number(one.value.high)


def _number(one: float) -> float | None:
    return None if isnan(one) else float(one)
