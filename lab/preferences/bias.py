"""What votes lean to whatever the answers say: one side of the screen, and length.

On ballots that chose an answer. Sides are shuffled at every showing, so whoever reads picks the left half of the time:
a share whose interval excludes one half is a habit. Length is no such lottery: the longer answer may be the better one.
A share that excludes one half says that votes go with length, not that they should not; a trainer learns length from
them all the same.

Each share has two intervals. `fixed` is Wilson's, right for one look at a number of votes that was fixed before.
`always` is a confidence sequence (`sequences.py`), right however often one looks: only that one accuses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from lab.forensics.metrics import Interval, wilson
from lab.judging import Ballot
from lab.preferences.counted import decisive
from lab.preferences.sequences import confidence_sequence

RATIOS: tuple[tuple[str, float], ...] = (
    ("up to 1.1 times as long", 1.1),
    ("1.1 to 1.5 times", 1.5),
    ("1.5 to 2 times", 2.0),
    ("2 to 4 times", 4.0),
    ("over 4 times", inf),
)
"""Classes of how much longer the longer answer is, with their upper ends (inclusive)."""


@dataclass(frozen=True, slots=True)
class Leaning:
    """How many of `n` votes went one way. Without votes both intervals are NaN."""

    hits: int
    n: int

    @property
    def fixed(self) -> Interval:
        """The share with Wilson's interval, for one look."""
        return wilson(self.hits, self.n)

    @property
    def always(self) -> Interval:
        """The share with its confidence sequence, for any number of looks."""
        return confidence_sequence(self.hits, self.n)

    @property
    def shown(self) -> bool:
        """Whether the votes lean: the interval that may be looked at any time excludes one half."""
        always = self.always
        return always.low > 0.5 or always.high < 0.5


@dataclass(frozen=True, slots=True)
class Bias:
    """Left and longer, among the votes that chose an answer; `longer` leaves answers of equal length out.

    `by_ratio` says `longer` by how much longer, in the order of RATIOS; all classes are there.
    """

    left: Leaning
    longer: Leaning
    by_ratio: dict[str, Leaning]


def bias(ballots: Sequence[Ballot]) -> Bias:
    """Return what all votes together lean to."""
    return _bias(decisive(ballots))


def by_annotator(ballots: Sequence[Ballot]) -> dict[str, Bias]:
    """Return what the votes of each annotator lean to, by annotator id."""
    each: dict[str, list[Ballot]] = {}
    for one in decisive(ballots):
        each.setdefault(one.annotator_id, []).append(one)
    return {annotator: _bias(mine) for annotator, mine in sorted(each.items())}


def chose_left(ballot: Ballot) -> bool:
    """Tell whether a ballot chose the answer that stood left."""
    return ballot.chosen_id == ballot.left_id


def chose_longer(ballot: Ballot) -> bool | None:
    """Tell whether a ballot chose the longer answer, by characters; None where both are as long, or none was chosen."""
    if ballot.chosen_id is None or ballot.first_chars == ballot.second_chars:
        return None
    return (ballot.chosen_id == ballot.first_id) == (ballot.first_chars > ballot.second_chars)


def ratio_class(ballot: Ballot) -> str:
    """Return how much longer the longer answer is, as one of RATIOS. An empty answer counts as one character."""
    shorter, longer = sorted((ballot.first_chars, ballot.second_chars))
    ratio = longer / max(shorter, 1)
    return next(name for name, upper in RATIOS if ratio <= upper)


def _bias(votes: Sequence[Ballot]) -> Bias:
    unequal = [one for one in votes if one.first_chars != one.second_chars]
    classes: dict[str, list[Ballot]] = {name: [] for name, _ in RATIOS}
    for one in unequal:
        classes[ratio_class(one)].append(one)
    return Bias(
        left=_leaning(votes, chose_left),
        longer=_leaning(unequal, chose_longer),
        by_ratio={name: _leaning(some, chose_longer) for name, some in classes.items()},
    )


def _leaning(votes: Sequence[Ballot], lean: Callable[[Ballot], bool | None]) -> Leaning:
    return Leaning(sum(bool(lean(one)) for one in votes), len(votes))
