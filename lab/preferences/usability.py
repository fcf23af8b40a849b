"""One sentence on what the votes are good for: the rules.

A use is open when all of its rules hold.

- *training pairs*: TRAINING_DUELS duels on which more votes chose one answer than the other; judgement repeats; sides
  do not decide.
- *rating experts*: RATED_DUELS duels sampled by chance, with a result between two names; judgement repeats; sides do
  not decide.
- *a yardstick* (to test a model or another judge against): YARDSTICK_DUELS duels judged by two or more, alpha's lower
  end at YARDSTICK_ALPHA or above (Krippendorff's least for tentative conclusions), ENOUGH_REPEATS repeats; sides do not
  decide.

*Judgement repeats* when it is shown to be better than chance: OVERLAP duels judged by two or more and alpha's lower end
above 0, or, for a person alone, ENOUGH_REPEATS repeats with the lower end of self-consistency above one half. *Sides do
not decide* unless the interval of the left share over all votes, the one that may be looked at any time, lies outside
½ ± SIDE_MARGIN: a hundred thousand votes show a lean that harms nothing.

What is missing is said as a number of votes. Where alpha's interval is too wide, it shrinks with the root of the number
of duels, so reaching a wanted lower end takes ((value - low) / (value - wanted))² times as many. Where the value itself
is not above what is wanted, more votes do not help: the sentence asks for guidelines instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil
from typing import Literal

from lab.preferences.agreement import Agreement
from lab.preferences.bias import Leaning
from lab.preferences.consistency import ENOUGH_REPEATS
from lab.preferences.figure import Figure

Use = Literal["training pairs", "rating experts", "a yardstick"]
TRAINING_DUELS, RATED_DUELS, YARDSTICK_DUELS, OVERLAP = 50, 50, 50, 30
YARDSTICK_ALPHA = 0.667
SIDE_MARGIN = 0.05


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at. `consistency` is over all annotators."""

    votes: int  # that say something
    winners: int  # duels on which more votes chose one answer than the other
    rated: int  # duels by chance with a result between two names
    agreement: Agreement
    consistency: Figure
    left: Leaning
    longer: Leaning


@dataclass(frozen=True, slots=True)
class Refused:
    """A use that is not open, and the first rule that it breaks, in words."""

    use: Use
    because: str


@dataclass(frozen=True, slots=True)
class More:
    """Votes that are wanted; `what` continues the number."""

    n: int
    what: str


@dataclass(frozen=True, slots=True)
class Usability:
    """What the votes are good for, what not, and what to collect; `cautions` are said whatever they are good for."""

    usable: tuple[Use, ...]
    refused: tuple[Refused, ...]
    collect: tuple[More, ...]
    cautions: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """All of it as one sentence."""
        parts = [f"usable for {_listed(self.usable)}" if self.usable else "not usable for anything yet"]
        if self.usable and self.refused:
            parts.append(", ".join(f"not for {one.use} ({one.because})" for one in self.refused))
        elif self.refused:
            parts[0] += f" ({self.refused[0].because})"
        if self.collect:
            parts.append("collect " + _listed([f"{one.n:,} more {one.what}" for one in self.collect]))
        said = "; ".join(parts)
        return f"{said[:1].upper()}{said[1:]}."


def usability(facts: Facts) -> Usability:
    """Return what the votes are good for, by the rules above."""
    usable: list[Use] = []
    refused: list[Refused] = []
    collect: dict[str, int] = {}
    for use, rules in _RULES.items():
        broken = [found for found in (rule(facts) for rule in rules) if found is not None]
        if not broken:
            usable.append(use)
            continue
        refused.append(Refused(use, broken[0].because))
        if use != "a yardstick" or not _refused_before(refused):  # the nearest use first, the last one after it
            for one in broken:
                for more in one.more:
                    collect[more.what] = max(collect.get(more.what, 0), more.n)
    wanted = tuple(More(n, what) for what, n in collect.items())
    return Usability(tuple(usable), tuple(refused), wanted, tuple(_cautions(facts)))


def _refused_before(refused: Iterable[Refused]) -> bool:
    return any(one.use != "a yardstick" for one in refused)


@dataclass(frozen=True, slots=True)
class _Broken:
    because: str
    more: tuple[More, ...] = ()


_JUDGED_TWICE = "duels judged by two people"
_REPEATS = "repeats with sides swapped, some hours later"


def _training(facts: Facts) -> _Broken | None:
    missing = TRAINING_DUELS - facts.winners
    if missing <= 0:
        return None
    return _Broken(
        f"{facts.winners} duels with a winner, {TRAINING_DUELS} wanted", (More(missing, "duels with a winner"),)
    )


def _rated(facts: Facts) -> _Broken | None:
    missing = RATED_DUELS - facts.rated
    if missing <= 0:
        return None
    because = f"{facts.rated} judged duels sampled by chance, {RATED_DUELS} wanted"
    return _Broken(because, (More(missing, "judged duels sampled by chance"),))


def _repeats(facts: Facts) -> _Broken | None:
    """Judgement is shown to be better than chance, by others or by oneself."""
    alone = facts.consistency
    if facts.agreement.twice >= OVERLAP and facts.agreement.alpha.low > 0:
        return None
    if alone.n >= ENOUGH_REPEATS and alone.low > 0.5:
        return None
    if facts.agreement.annotators > 1:
        return _overlap(facts.agreement, OVERLAP, 0.0)
    if not facts.agreement.annotators:
        return _Broken("no vote of a person shows that judgement repeats", (More(OVERLAP, _JUDGED_TWICE),))
    missing = ENOUGH_REPEATS - alone.n
    if missing > 0:
        because = f"one annotator with {alone.n} repeats: nothing shows yet that judgement repeats"
        return _Broken(because, (More(missing, _REPEATS),))
    because = f"the annotator repeats {_percent(alone)} of the votes, which may be chance"
    return _Broken(f"{because}: more votes will not help, write guidelines")


def _overlap(found: Agreement, duels: int, wanted: float) -> _Broken | None:
    """Enough duels are judged twice, and alpha's lower end is above what is wanted."""
    if found.twice < duels:
        because = f"{found.twice} duels judged by two or more, {duels} wanted"
        return _Broken(because, (More(duels - found.twice, _JUDGED_TWICE),))
    one = found.alpha.value
    if one is None:
        return _Broken(f"alpha is {found.alpha}", (More(duels, _JUDGED_TWICE),))
    if one.low > wanted:
        return None
    least = f"at least {wanted:.2f}" if wanted else "above 0"
    because = f"alpha {one.value:.2f} [{one.low:.2f}, {one.high:.2f}], wanted is a lower end {least}"
    if one.value <= wanted:
        return _Broken(f"{because}: more votes will not help, write guidelines and talk over the disagreements")
    times = ((one.value - one.low) / (one.value - wanted)) ** 2
    return _Broken(because, (More(ceil(found.twice * (times - 1)), _JUDGED_TWICE),))


def _sides(facts: Facts) -> _Broken | None:
    always = facts.left.always
    if facts.left.n and (always.low > 0.5 + SIDE_MARGIN or always.high < 0.5 - SIDE_MARGIN):
        return _Broken(
            f"{facts.left.fixed.value:.0%} of the votes with a winner chose the left answer, whatever it said"
        )
    return None


def _yardstick(facts: Facts) -> _Broken | None:
    return _overlap(facts.agreement, YARDSTICK_DUELS, YARDSTICK_ALPHA)


def _all_repeats(facts: Facts) -> _Broken | None:
    missing = ENOUGH_REPEATS - facts.consistency.n
    because = f"{facts.consistency.n} repeats, about {ENOUGH_REPEATS} wanted"
    return _Broken(because, (More(missing, _REPEATS),)) if missing > 0 else None


_Rule = Callable[[Facts], _Broken | None]
_RULES: dict[Use, tuple[_Rule, ...]] = {
    "training pairs": (_training, _repeats, _sides),
    "rating experts": (_rated, _repeats, _sides),
    "a yardstick": (_yardstick, _all_repeats, _sides),
}


def _cautions(facts: Facts) -> Iterable[str]:
    longer = facts.longer
    if longer.shown:
        which = "longer" if longer.fixed.value > 0.5 else "shorter"
        share = max(longer.fixed.value, 1 - longer.fixed.value)
        yield f"{share:.0%} of the votes chose the {which} answer: whoever trains on them learns length as well"
    if facts.left.shown and _sides(facts) is None:
        yield f"votes lean to a side a little: {facts.left.fixed.value:.1%} left"


def _percent(one: Figure) -> str:
    return "–" if one.value is None else f"{one.value.value:.0%}"


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
