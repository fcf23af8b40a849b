"""A search's result by the answers it gets: their quality, the value of routing, and what the score is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lab.forensics.answers.quality import AnswerQuality, Floats, Rated, rated, unmeasured
from lab.forensics.answers.score_value import ScoreValue, score_value
from lab.forensics.answers.value import RoutingValue, routing_value
from lab.forensics.evidence import Bools, Ints
from lab.forensics.grid_search.grid import EvidenceOf
from lab.forensics.sample import Measured, Stakes
from lab.forensics.tuning import Tuning


@dataclass(frozen=True, slots=True)
class Answered:
    """What the recommended router's answers come to, on the rows it is judged on that have an outcome of each expert.

    `places` are these rows, by place in `Tuning.dev`. `best` is the expert with the best answer to each, and `missed`
    tells whose answer is better than the one that the router gets.
    """

    places: Ints
    best: Ints
    missed: Bools
    quality: AnswerQuality
    value: RoutingValue
    score: ScoreValue | None  # None where its threshold does not choose between two experts, or learnt from these rows


def answered(
    found: Tuning, quality: Floats, evidence_of: EvidenceOf, stakes: Stakes | None = None
) -> Answered | dict[str, int]:
    """Return what the answers of a search's result come to; `quality` (rows of the dataset, experts) as measured.

    Where no row has an outcome of every expert, how many have one of each. Raises EncoderUnavailable.
    """
    stakes, seed = stakes or Stakes(), found.spec.seed
    mine = quality[found.dev.rows]
    some = rated(found.dev, mine, seed)
    if some is None:
        return unmeasured(found.dev, mine)
    best, each = some.best(stakes, found.dev.experts), np.arange(len(some))
    return Answered(
        places=some.places,
        best=best,
        missed=some.known[each, best] > some.known[each, found.dev_outcomes.expert[some.places]],
        quality=some.of(found.dev_outcomes),
        value=routing_value(found.dev_outcomes.expert, mine, found.dev.groups, seed=seed),
        score=_score(found, some, evidence_of, stakes),
    )


def _score(found: Tuning, some: Rated, evidence_of: EvidenceOf, stakes: Stakes) -> ScoreValue | None:
    config = found.recommended
    if found.nested and config.scorer == "learned":
        return None  # it learnt from most of these rows
    measured = Measured.of(found.dev, config, evidence_of(config))
    return score_value(measured, some, found.dev_outcomes, stakes, seed=found.spec.seed)


def value_in_words(value: RoutingValue, experts: Sequence[str]) -> str:
    """Return what routing is worth, as a sentence without Markdown; never more than the rows tell."""
    single = f"always {experts[value.best_expert]}"
    if value.why_not:
        return f"The value of routing is undefined: {value.why_not.removeprefix('Undefined: ')}"
    worth = f"Routing is worth {value.value} of what an oracle would add over the best single expert ({single})"
    if value.value.low == value.value.high == 0:
        return (
            f"Routing adds nothing to the best single expert here: it is as good as {single} whichever rows are drawn."
        )
    if value.value.high < 0:
        return f"{worth}: negative, {single} would be better."
    if value.value.low > 0:
        return f"{worth}."
    sign = "negative, but " if value.value.value < 0 else ""
    return f"{worth}: {sign}not told apart from {single} by {value.n:,} rows."
