"""What votes lean to whatever the answers say: one side of the screen, and length.

On ballots that chose an answer. Sides are shuffled at every showing, so whoever reads picks the left half of the time:
a share whose interval excludes one half is a habit. Length is no such lottery: the longer answer may be the better one.
A share that excludes one half says that votes go with length, not that they should not; a trainer learns length from
them all the same.

Each share has two intervals. `fixed` is Wilson's, right for one look at a number of votes that was fixed before.
`always` is a confidence sequence (`sequences.py`), right however often one looks: only that one accuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from lab.forensics.metrics import Interval
from lab.judging import Ballot
from lab.preferences.counted import Bools, Ints, codes, decisive, grouped
from lab.preferences.figure import among, worth
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
    """How many of `n` votes went one way. Without votes both intervals are NaN.

    `worth` says how many independent observations the votes are, where they are fewer than n. Each showing draws its
    sides anew, so all votes count for the left. Which answer is the longer is settled once: ten people who agree on a
    duel say once that the longer one is better, so the votes on the answers to one prompt are one observation there.
    """

    hits: int
    n: int
    worth: float | None = None

    @property
    def fixed(self) -> Interval:
        """The share with Wilson's interval, for one look."""
        return among(self.hits, self.n, self.worth)

    @property
    def always(self) -> Interval:
        """The share with its confidence sequence, for any number of looks."""
        return self._sequence(0.95)

    def _sequence(self, level: float) -> Interval:
        if self.worth is None or not self.n:
            return confidence_sequence(self.hits, self.n, level)
        found = confidence_sequence(self.hits / self.n * self.worth, self.worth, level)
        return found._replace(value=self.hits / self.n)

    @property
    def shown(self) -> bool:
        """Whether the votes lean: the interval that may be looked at any time excludes one half."""
        return self.shown_among(1)

    def shown_among(self, annotators: int) -> bool:
        """Whether they lean where that is asked of so many: of all together, 5 % at most are ever accused wrongly.

        Each is asked at 5 % / annotators (Bonferroni).
        """
        found = self._sequence(1 - 0.05 / max(annotators, 1))
        return found.low > 0.5 or found.high < 0.5


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
    return leanings_of(decisive(ballots))[0]


def by_annotator(ballots: Sequence[Ballot]) -> dict[str, Bias]:
    """Return what the votes of each annotator lean to, by annotator id."""
    return leanings_of(decisive(ballots))[1]


def leanings_of(votes: Sequence[Ballot]) -> tuple[Bias, dict[str, Bias]]:
    """Return what `decisive` votes lean to, all together and each annotator's."""
    whole = _columns(votes)
    annotator, names = codes([one.annotator_id for one in votes])
    each = {names[place]: _bias(whole.taken(at)) for place, at in enumerate(grouped(annotator))}
    return _bias(whole), dict(sorted(each.items()))


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


@dataclass(frozen=True, slots=True)
class _Columns:
    """Votes that chose an answer, each column of shape (n,); `kind` is the place in RATIOS, -1 for equal lengths."""

    left: Bools
    longer: Bools
    kind: Ints
    conversation: Ints

    def taken(self, at: Ints) -> _Columns:
        return _Columns(self.left[at], self.longer[at], self.kind[at], self.conversation[at])


def _columns(votes: Sequence[Ballot]) -> _Columns:
    left = np.array([one.chosen_id == one.left_id for one in votes], dtype=np.bool_)
    chose_first = np.array([one.chosen_id == one.first_id for one in votes], dtype=np.bool_)
    first = np.array([one.first_chars for one in votes], dtype=np.int64)
    second = np.array([one.second_chars for one in votes], dtype=np.int64)
    ratio = np.maximum(first, second) / np.maximum(np.minimum(first, second), 1)
    kind = np.searchsorted([upper for _, upper in RATIOS], ratio, side="left").astype(np.int64)
    conversation = codes([one.conversation_id for one in votes])[0]
    return _Columns(left, chose_first == (first > second), np.where(first == second, -1, kind), conversation)


def _bias(votes: _Columns) -> Bias:
    return Bias(
        left=Leaning(int(votes.left.sum()), len(votes.left)),
        longer=_longer(votes, votes.kind >= 0),
        by_ratio={name: _longer(votes, votes.kind == place) for place, (name, _) in enumerate(RATIOS)},
    )


def _longer(votes: _Columns, at: Bools) -> Leaning:
    return Leaning(int(votes.longer[at].sum()), int(at.sum()), worth(votes.conversation[at]))
