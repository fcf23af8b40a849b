"""Which duels and answers an export is made of: the filters, and what is left out unless it is asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal

from lab.dpo.spec import Filters, Spec
from lab.dpo.verdicts import counted, decides
from lab.exported import Answered, JudgedDuel, LikedAnswer
from lab.judging import HUMAN

Unwanted = Literal["sample", "mock", "date", "expert", "query_type", "origin", "router_version", "layer"]

MOCK, SAMPLE = "mock", "sample"
"""Providers of answers that no model wrote for the prompt."""


def unwanted(duel: JudgedDuel, spec: Spec) -> Unwanted | None:
    """Return why a duel is not for this export, or None. Its day is that of the newest vote or resolution that
    counts.
    """
    filters = spec.filters
    answers = (duel.first, duel.second)
    if not filters.sample and (duel.origin == SAMPLE or any(one.provider == SAMPLE for one in answers)):
        return "sample"
    if not filters.mock and any(one.provider == MOCK for one in answers):
        return "mock"
    if filters.query_types and duel.query_type not in filters.query_types:
        return "query_type"
    if filters.origins and duel.origin not in filters.origins:
        return "origin"
    if (filters.since or filters.until) and not _in_time(_newest(duel, spec), filters):
        return "date"
    return _of_routing(filters, answers, duel.router_version_id, duel.layer)


def unwanted_like(like: LikedAnswer, spec: Spec) -> Unwanted | Literal["verdict:low_strength"] | None:
    """Return why an answer with a thumb is not for this export, or None.

    A thumb has no annotator, query type, strength or origin: where one of these is asked for, it cannot answer.
    """
    filters = spec.filters
    if not filters.sample and like.answer.provider == SAMPLE:
        return "sample"
    if not filters.mock and like.answer.provider == MOCK:
        return "mock"
    if filters.query_types:
        return "query_type"
    if filters.origins or filters.annotators or spec.rule == "annotator":
        return "origin"
    if filters.min_strength > 0:
        return "verdict:low_strength"
    if not _in_time(like.given_at, filters):
        return "date"
    return _of_routing(filters, (like.answer,), like.router_version_id, like.layer)


def _of_routing(
    filters: Filters, answers: tuple[Answered, ...], version: str | None, layer: str | None
) -> Unwanted | None:
    if filters.experts and not any(one.by in filters.experts or _written(one, filters) for one in answers):
        return "expert"
    if filters.router_versions and version not in filters.router_versions:
        return "router_version"
    if filters.layers and layer not in filters.layers:
        return "layer"
    return None


def _written(answer: Answered, filters: Filters) -> bool:
    """Tell whether a person wrote an answer, where those of all people are asked for, by the name that files hold."""
    return answer.provider == HUMAN and HUMAN in filters.experts


def _newest(duel: JudgedDuel, spec: Spec) -> datetime | None:
    """Return when the newest of the votes was given that count, or the duel resolved; None where neither is."""
    said = [vote.created_at for vote in counted(duel.votes, spec)]
    if duel.resolution is not None and decides(duel.resolution, spec):
        said.append(duel.resolution.created_at)
    return max(said, default=None)


def _in_time(at: datetime | None, filters: Filters) -> bool:
    if filters.since is None and filters.until is None:
        return True
    day = None if at is None else _day(at)
    return (
        day is not None
        and (filters.since is None or day >= filters.since)
        and (filters.until is None or day <= filters.until)
    )


def _day(at: datetime) -> date:
    """Return the day of a moment in UTC; SQLite hands moments out without their zone, which is UTC."""
    return (at if at.tzinfo is None else at.astimezone(UTC)).date()
