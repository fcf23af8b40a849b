"""One sentence on what the votes are good for: the rules.

A use is open when all of its rules hold. Sides are asked first: who picks a side agrees with nobody, and guidelines for
the answers would not mend that.

- *training pairs*: TRAINING_DUELS duels on which more votes chose one answer than the other; judgement repeats; sides
  do not decide.
- *rating experts*: RATED_DUELS duels sampled by chance, with a result between two names; judgement repeats; sides do
  not decide.
- *a yardstick* (to test a model or another judge against): YARDSTICK_DUELS duels judged by two or more, alpha's lower
  end at YARDSTICK_ALPHA or above (Krippendorff's least for tentative conclusions), ENOUGH_REPEATS repeats; sides do not
  decide.

*Judgement repeats* when it is shown to be better than chance: OVERLAP duels judged by two or more, alpha's lower end
above 0, and where both chose an answer, the lower end of choosing the same one above one half; or, for a person alone,
ENOUGH_REPEATS repeats, and where they chose an answer both times, the same lower end. Winners are asked for on their
own because pairs and ratings are made of them: whoever agrees on what is a tie may toss a coin for the rest. *Sides do
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

from lab.forensics.metrics import Interval
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
    """What the rules look at. `consistency` and `same_winner` are over all annotators."""

    votes: int  # that say something
    winners: int  # duels on which more votes chose one answer than the other
    rated: int  # duels by chance with a result between two names
    agreement: Agreement
    consistency: Figure
    same_winner: Figure  # of the repeats that chose an answer both times
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
    found, alone = facts.agreement, facts.same_winner
    if found.twice >= OVERLAP and found.alpha.low > 0 and found.same_winner.low > 0.5:
        return None
    if facts.consistency.n >= ENOUGH_REPEATS and alone.low > 0.5:
        return None
    if found.annotators > 1:
        return _overlap(found, OVERLAP, 0.0) or _half(found.same_winner, "pairs of winners", found.twice, _JUDGED_TWICE)
    if not found.annotators:
        return _Broken("no vote of a person shows that judgement repeats", (More(OVERLAP, _JUDGED_TWICE),))
    missing = ENOUGH_REPEATS - facts.consistency.n
    if missing > 0:
        because = f"one annotator with {facts.consistency.n} repeats: nothing shows yet that judgement repeats"
        return _Broken(because, (More(missing, _REPEATS),))
    return _half(alone, "repeats with a winner", facts.consistency.n, _REPEATS)


def _half(one: Figure, unit: str, asked: int, what: str) -> _Broken | None:
    """The same winner is chosen more often than by chance; `asked` is how many `what` the figure comes from."""
    if one.value is None:
        return _Broken(one.because, (More(OVERLAP, what),))
    if one.low > 0.5:
        return None
    because = f"{one.value.value:.0%} [{one.low:.0%}, {one.value.high:.0%}] of {one.n:,} {unit} are the same"
    return _more(f"{because}, which may be chance", one.value, 0.5, asked, what)


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
    return _more(because, one, wanted, found.twice, _JUDGED_TWICE)


def _more(because: str, one: Interval, wanted: float, n: int, what: str) -> _Broken:
    """A lower end is too low: say how many more bring it up, or that more do not, as far as this can be told."""
    if one.value <= wanted:
        helps = "will not help" if one.high <= wanted else "alone will hardly help"
        return _Broken(f"{because}: more votes {helps}, write guidelines and talk over the disagreements")
    times = ((one.value - one.low) / (one.value - wanted)) ** 2
    return _Broken(because, (More(max(ceil(n * (times - 1)), 1), what),))


def _sides(facts: Facts) -> _Broken | None:
    always = facts.left.always
    if facts.left.n and (always.low > 0.5 + SIDE_MARGIN or always.high < 0.5 - SIDE_MARGIN):
        return _Broken(f"{_shown(facts.left)} with a winner chose the left answer, whatever it said")
    return None


def _shown(one: Leaning, *, other: bool = False) -> str:
    """Say a share with its n and the interval that accuses; `other` says what the rest did."""
    always = one.always
    value, low, high = (1 - always.value, 1 - always.high, 1 - always.low) if other else always
    return f"{value:.1%} [{low:.1%}, {high:.1%}] of the {one.n:,} votes"


def _yardstick(facts: Facts) -> _Broken | None:
    return _overlap(facts.agreement, YARDSTICK_DUELS, YARDSTICK_ALPHA)


def _all_repeats(facts: Facts) -> _Broken | None:
    missing = ENOUGH_REPEATS - facts.consistency.n
    because = f"{facts.consistency.n} repeats, about {ENOUGH_REPEATS} wanted"
    return _Broken(because, (More(missing, _REPEATS),)) if missing > 0 else None


_Rule = Callable[[Facts], _Broken | None]
_RULES: dict[Use, tuple[_Rule, ...]] = {
    "training pairs": (_sides, _training, _repeats),
    "rating experts": (_sides, _rated, _repeats),
    "a yardstick": (_sides, _yardstick, _all_repeats),
}


def _cautions(facts: Facts) -> Iterable[str]:
    longer = facts.longer
    if longer.shown:
        shorter = longer.fixed.value < 0.5
        yield (
            f"{_shown(longer, other=shorter)} on answers of different length chose the "
            f"{'shorter' if shorter else 'longer'} answer: whoever trains on them learns length as well"
        )
    if facts.left.shown and _sides(facts) is None:
        yield f"votes lean to a side a little: {_shown(facts.left)} with a winner chose the left answer"


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
