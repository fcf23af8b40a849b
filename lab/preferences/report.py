"""All figures on some ballots, each computed once for a page or a command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lab.judging import Ballot, DuelOrigin, SampleRule, Verdict
from lab.preferences import bias, pace, ratings, verdict_mix
from lab.preferences.against_rest import AgainstRest, against_rest_of
from lab.preferences.agreement import Agreement, agreement_of
from lab.preferences.bias import Bias
from lab.preferences.consistency import Consistency, self_consistency, together, winners_together
from lab.preferences.counted import FIRST, SECOND, Sifted, blind, counted
from lab.preferences.disagreements import Disagreement, splits_of
from lab.preferences.figure import Figure
from lab.preferences.pace import Pace
from lab.preferences.ratings import Ratings
from lab.preferences.usability import Facts, Usability, usability


@dataclass(frozen=True, slots=True)
class Annotated:
    """One annotator's figures. `votes` are live first-round ones, `skips` among them."""

    annotator_id: str
    votes: int
    skips: int
    rest: AgainstRest | None  # None: no vote counts for agreement
    consistency: Consistency | None
    bias: Bias | None  # None: no vote chose an answer
    mix: dict[Verdict, Figure]
    pace: Pace | None


class Trust:
    """What the votes are worth. `by_origin` is apart from `by_chance`; `by_query_type` is of the latter.

    A figure is made when it is first asked for, and kept: who looks at agreement does not wait for ratings.
    """

    def __init__(self, ballots: Sequence[Ballot]) -> None:
        self._sifted = Sifted(ballots)

    @property
    def votes(self) -> int:
        """How many first-round votes there are, skips and imported ones too."""
        return len(self._sifted.first)

    @cached_property
    def usability(self) -> Usability:
        """What the votes are good for."""
        facts = Facts(
            votes=len(blind(self._sifted.first)),
            winners=self._winners(),
            rated=ratings.rated_duels(self._judged),
            agreement=self.agreement,
            consistency=self.consistency,
            same_winner=winners_together(self._repeats.values()),
            left=self.bias.left,
            longer=self.bias.longer,
        )
        return usability(facts)

    @cached_property
    def agreement(self) -> Agreement:
        """How far annotators say the same."""
        return agreement_of(self._sifted.votes)

    @cached_property
    def consistency(self) -> Figure:
        """How often repeats say what the first vote said, over all annotators."""
        return together(self._repeats.values())

    @property
    def bias(self) -> Bias:
        """What all votes lean to."""
        return self._leanings[0]

    @property
    def mix(self) -> dict[Verdict, Figure]:
        """The share of each verdict."""
        return self._mixes[0]

    @property
    def pace(self) -> Pace | None:
        """How fast votes come; None where no vote has a time."""
        return self._paces[0]

    @cached_property
    def annotators(self) -> tuple[Annotated, ...]:
        """Each annotator's figures, the most votes first."""
        rest = against_rest_of(self._sifted.votes)
        skips = Counter(one.annotator_id for one in self._sifted.mix if one.verdict == "skip")
        found = [
            Annotated(
                annotator_id=name,
                votes=mix["skip"].n,
                skips=skips[name],
                rest=rest.get(name),
                consistency=self._repeats.get(name),
                bias=self._leanings[1].get(name),
                mix=mix,
                pace=self._paces[1][name],
            )
            for name, mix in self._mixes[1].items()
        ]
        return tuple(sorted(found, key=lambda one: (-one.votes, one.annotator_id)))

    @cached_property
    def by_chance(self) -> Ratings:
        """Ratings on duels sampled by chance."""
        return ratings.ratings_of(self._judged)

    @cached_property
    def by_query_type(self) -> dict[str, Ratings]:
        """The same, by query type."""
        return {
            name: ratings.ratings_of(ratings.judged(some))
            for name, some in ratings.by_query_type(ratings.by_chance(self._sifted.first)).items()
        }

    @cached_property
    def by_origin(self) -> dict[tuple[DuelOrigin, SampleRule], Ratings]:
        """Ratings on the other duels, by origin and sample rule."""
        return {
            pool: ratings.ratings_of(ratings.judged(some))
            for pool, some in ratings.by_origin(self._sifted.first).items()
        }

    @cached_property
    def splits(self) -> list[Disagreement]:
        """The duels on which votes say different things, without what became of them."""
        return splits_of(self._sifted.first)

    @cached_property
    def _judged(self) -> list[Ballot]:
        return ratings.judged(ratings.by_chance(self._sifted.first))

    @cached_property
    def _repeats(self) -> dict[str, Consistency]:
        return self_consistency(self._sifted.ballots)

    @cached_property
    def _leanings(self) -> tuple[Bias, dict[str, Bias]]:
        return bias.leanings_of(self._sifted.decisive)

    @cached_property
    def _mixes(self) -> tuple[dict[Verdict, Figure], dict[str, dict[Verdict, Figure]]]:
        return verdict_mix.mix_of(self._sifted.mix)

    @cached_property
    def _paces(self) -> tuple[Pace | None, dict[str, Pace | None]]:
        return pace.pace_of(self._sifted.people)

    def _winners(self) -> int:
        """Count the duels where more votes chose one answer than the other, imported votes too: they are trained on."""
        said = [one for one in self._sifted.first if one.verdict != "skip"]
        votes = self._sifted.votes if len(said) == len(self._sifted.agreed) else counted(said)
        counts = votes.counts()
        return int(np.count_nonzero(counts[:, FIRST] != counts[:, SECOND]))


def report(ballots: Sequence[Ballot]) -> Trust:
    """Return every figure on these ballots."""
    return Trust(ballots)
