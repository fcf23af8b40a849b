"""Answers that carry ratings: the best and the worst rated become a pair, and a chosen one must not be rated lower."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.preferences.imports.entries import Unfit
from lab.preferences.imports.turns import kind_of

_OF_SIDE = ("{}_rating", "score_{}", "{}_score", "{}_avg_rating", "rating_{}")
_TEXT = ("response", "text", "completion", "content", "output", "generation", "answer")
_RATING = ("overall_score", "rating", "score", "avg_rating", "average_rating", "fine-grained_score")
_MODEL = ("model", "model_name")
_RATINGS, _MODELS = ("ratings", "rating", "scores"), ("models", "model_names", "generation_models", "generation_model")


@dataclass(frozen=True, slots=True)
class Rated:
    """An answer with its rating; greater is better."""

    text: str
    rating: float
    by: str


def check_sides(row: Mapping[str, Any]) -> bool:
    """Tell whether a row rates both of its sides. Raises Unfit where the ratings do not say what the columns say.

    Equal ratings are no preference, whichever of the two stands in `chosen`.
    """
    chosen, rejected = (_first(row, [key.format(side) for key in _OF_SIDE]) for side in ("chosen", "rejected"))
    if chosen is None or rejected is None:
        return False
    if chosen == rejected:
        raise Unfit("undecided", f"both answers are rated {chosen:g}")
    if chosen < rejected:
        raise Unfit("contradictory", f"the chosen answer is rated {chosen:g}, the rejected one {rejected:g}")
    return True


def best_and_worst(row: Mapping[str, Any], column: str) -> tuple[Rated, Rated]:
    """Return the answers of a list that are rated highest and lowest; of equals the one that the file lists first.

    Answers without a rating are passed over. Raises Unfit where fewer than two are rated, or all of them equally.
    """
    rated = _rated(row, column)
    if len(rated) < 2:
        raise Unfit("undecided", f"{len(rated)} of the answers in {column!r} has a rating; a pair needs two")
    best, worst = max(rated, key=lambda one: one.rating), min(rated, key=lambda one: one.rating)
    if best.rating == worst.rating:
        raise Unfit("undecided", f"all {len(rated):,} answers are rated {best.rating:g}")
    return best, worst


def _rated(row: Mapping[str, Any], column: str) -> list[Rated]:
    answers = row[column]
    if not isinstance(answers, list):
        raise Unfit("unreadable", f"{column!r} is {kind_of(answers)} where a list of answers should be")
    ratings, models = _parallel(row, _RATINGS, len(answers)), _parallel(row, _MODELS, len(answers))
    found = []
    for place, answer in enumerate(answers):
        inside = answer if isinstance(answer, Mapping) else {}
        text = next((inside[key] for key in _TEXT if isinstance(inside.get(key), str)), answer)
        if not isinstance(text, str):
            raise Unfit("unreadable", f"answer {place + 1} of {column!r} is {kind_of(answer)} without a text")
        rating = _first(inside, _RATING)
        rating = _number(ratings[place]) if rating is None else rating
        by = next((inside[key] for key in _MODEL if isinstance(inside.get(key), str)), models[place])
        if rating is not None:
            found.append(Rated(text, rating, by if isinstance(by, str) else ""))
    return found


def _parallel(row: Mapping[str, Any], names: Sequence[str], length: int) -> Sequence[Any]:
    """Return the list of a row that says something of each answer; Nones where there is no such list."""
    found = next((row[name] for name in names if isinstance(row.get(name), list)), None)
    return found if found is not None and len(found) == length else [None] * length


def _first(values: Mapping[str, Any], names: Sequence[str]) -> float | None:
    return next((found for name in names if (found := _number(values.get(name))) is not None), None)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
