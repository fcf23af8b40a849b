"""The mix of verdicts: how many votes choose an answer, call both good or bad, or skip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from lab.judging import Ballot, Verdict
from lab.preferences.counted import first_round, people
from lab.preferences.figure import Figure, share

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


def verdict_mix(ballots: Sequence[Ballot]) -> dict[Verdict, Figure]:
    """Return the share of each verdict among first-round votes, with Wilson's interval; n is of all verdicts."""
    return _mix(first_round(people(ballots)))


def by_annotator(ballots: Sequence[Ballot]) -> dict[str, dict[Verdict, Figure]]:
    """Return the mix of each annotator, by annotator id."""
    each: dict[str, list[Ballot]] = {}
    for one in first_round(people(ballots)):
        each.setdefault(one.annotator_id, []).append(one)
    return {annotator: _mix(mine) for annotator, mine in sorted(each.items())}


def _mix(votes: Sequence[Ballot]) -> dict[Verdict, Figure]:
    said = [one.verdict for one in votes]
    return {verdict: share(said.count(verdict), len(said), "there are no votes") for verdict in VERDICTS}
