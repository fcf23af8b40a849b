"""All figures on some ballots, computed once for a page or a command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lab.judging import Ballot, DuelOrigin, SampleRule, Verdict
from lab.preferences import bias, pace, ratings, verdict_mix
from lab.preferences.against_rest import AgainstRest, against_rest
from lab.preferences.agreement import Agreement, agreement
from lab.preferences.bias import Bias
from lab.preferences.consistency import Consistency, self_consistency, together
from lab.preferences.counted import FIRST, SECOND, blind, counted, first_round, people
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


@dataclass(frozen=True, slots=True)
class Trust:
    """What the votes are worth. `by_origin` is apart from `by_chance`; `by_query_type` is of the latter."""

    votes: int
    usability: Usability
    agreement: Agreement
    consistency: Figure
    bias: Bias
    mix: dict[Verdict, Figure]
    pace: Pace | None
    annotators: tuple[Annotated, ...]  # the most votes first
    by_chance: Ratings
    by_query_type: dict[str, Ratings]
    by_origin: dict[tuple[DuelOrigin, SampleRule], Ratings]


def report(ballots: Sequence[Ballot]) -> Trust:
    """Return every figure on these ballots."""
    agreed, leaning = agreement(ballots), bias.bias(ballots)
    repeats = self_consistency(ballots)
    overall = together(repeats.values())
    chance = ratings.by_chance(ballots)
    rated = ratings.ratings(chance)
    facts = Facts(
        votes=len(blind(first_round(ballots))),
        winners=_winners(ballots),
        rated=rated.duels,
        agreement=agreed,
        consistency=overall,
        left=leaning.left,
        longer=leaning.longer,
    )
    return Trust(
        votes=len(first_round(ballots)),
        usability=usability(facts),
        agreement=agreed,
        consistency=overall,
        bias=leaning,
        mix=verdict_mix.verdict_mix(ballots),
        pace=pace.pace(ballots),
        annotators=_annotators(ballots, repeats),
        by_chance=rated,
        by_query_type={name: ratings.ratings(some) for name, some in ratings.by_query_type(chance).items()},
        by_origin={pool: ratings.ratings(some) for pool, some in ratings.by_origin(ballots).items()},
    )


def _winners(ballots: Sequence[Ballot]) -> int:
    """Count the duels on which more votes chose one answer than the other, imported votes too: they are trained on."""
    counts = counted([one for one in first_round(ballots) if one.verdict != "skip"]).counts()
    return int(np.count_nonzero(counts[:, FIRST] != counts[:, SECOND]))


def _annotators(ballots: Sequence[Ballot], repeats: dict[str, Consistency]) -> tuple[Annotated, ...]:
    rest, leaning = against_rest(ballots), bias.by_annotator(ballots)
    mixes, paces = verdict_mix.by_annotator(ballots), pace.by_annotator(ballots)
    votes = dict.fromkeys(mixes, 0)
    skips = dict.fromkeys(mixes, 0)
    for one in first_round(people(ballots)):
        votes[one.annotator_id] += 1
        skips[one.annotator_id] += one.verdict == "skip"
    found = [
        Annotated(
            annotator_id=name,
            votes=votes[name],
            skips=skips[name],
            rest=rest.get(name),
            consistency=repeats.get(name),
            bias=leaning.get(name),
            mix=mix,
            pace=paces.get(name),
        )
        for name, mix in mixes.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.votes, one.annotator_id)))
