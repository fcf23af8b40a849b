"""What the votes on a duel come to: a chosen answer, or the reason why there is none.

A resolution of a disagreement decides first, unless votes of some people alone are asked for and none of them voted;
of one annotator's pairs it only drops some. Then the votes that count:

| rule         | a pair is made where                                                                  |
|--------------|---------------------------------------------------------------------------------------|
| majority     | more than half of the votes choose one answer: one against one is contested           |
| unanimous    | all votes choose one answer                                                           |
| annotator    | the one annotator chose one answer                                                    |
| adjudicated  | a disagreement was resolved in favour of one answer: votes alone make none            |

A tie is a vote: two for an answer and one "equally good" are two of three. A skip is none. Who wrote a better answer
chose it over the one it betters; nobody else is asked, so that no number of votes is asked of such a duel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

from lab.dpo.spec import Spec
from lab.exported import JudgedDuel, Resolved, Ruling

NoPair = Literal[
    "no_vote", "too_few", "dropped", "contested", "split", "equally_good", "both_bad", "not_adjudicated",
    "low_agreement", "low_strength",
]  # fmt: skip


class Verdict(NamedTuple):
    """What the votes on a duel come to: `chosen_id` is None where `why_not` says why."""

    chosen_id: str | None
    why_not: NoPair | None
    votes: tuple[Ruling, ...]  # that count, skips left out
    agreeing: tuple[Ruling, ...]  # of these, for what was chosen
    adjudicated: bool = False

    @property
    def agreement(self) -> float:
        """The share of the votes that chose the same; 1 where nobody's vote counts."""
        return len(self.agreeing) / len(self.votes) if self.votes else 1.0

    @property
    def strength(self) -> float | None:
        """The mean strength of the votes that chose the same; None where none of them says one."""
        said = [one.strength for one in self.agreeing if one.strength is not None]
        return sum(said) / len(said) if said else None


def verdict(duel: JudgedDuel, spec: Spec) -> Verdict:
    """Return what the votes on a duel come to under the rule and the filters of a spec."""
    votes = counted(duel.votes, spec)
    resolution = duel.resolution
    if not votes and (spec.rule == "annotator" or spec.filters.annotators):
        return Verdict(None, "no_vote", votes, ())
    if resolution is not None and decides(resolution, spec):
        return _filtered(_resolved(resolution, votes), spec)
    if spec.rule == "adjudicated":
        return Verdict(None, "not_adjudicated", votes, ())
    needed = 1 if spec.rule == "annotator" or duel.origin == "edit" else spec.min_votes
    if len(votes) < max(needed, 1):
        return Verdict(None, "too_few" if votes else "no_vote", votes, ())
    return _filtered(_voted(votes, unanimous=spec.rule == "unanimous"), spec)


def decides(resolution: Resolved, spec: Spec) -> bool:
    """Tell whether a resolution decides before any vote: of one annotator's pairs, only one that drops the duel."""
    return resolution.kind == "dropped" or (resolution.kind != "reopened" and spec.rule != "annotator")


def counted(votes: Sequence[Ruling], spec: Spec) -> tuple[Ruling, ...]:
    """Return the votes that count: of those who are asked for, no skips, and blind ones only where that is asked."""
    only = (spec.annotator,) if spec.rule == "annotator" else spec.filters.annotators
    return tuple(
        one
        for one in votes
        if one.verdict != "skip"
        and (not only or one.annotator_id in only)
        and (spec.filters.unblinded or not one.unblinded)
        and (spec.filters.sample or one.annotator_kind != "sample")
    )


def _voted(votes: tuple[Ruling, ...], *, unanimous: bool) -> Verdict:
    said = [one.chosen_id or one.verdict for one in votes]
    most, count = (said[0], len(said)) if len(set(said)) == 1 else Counter(said).most_common(1)[0]
    if count < len(votes) if unanimous else count * 2 <= len(votes):
        return Verdict(None, "split", votes, ())
    return _decided(most, votes, adjudicated=False)


def _resolved(resolution: Resolved, votes: tuple[Ruling, ...]) -> Verdict:
    if resolution.kind != "resolved":
        return Verdict(None, "dropped" if resolution.kind == "dropped" else "contested", votes, ())
    return _decided(resolution.chosen_id or resolution.verdict or "", votes, adjudicated=True)


def _decided(what: str, votes: tuple[Ruling, ...], *, adjudicated: bool) -> Verdict:
    if what in ("equally_good", "both_bad"):
        return Verdict(None, "equally_good" if what == "equally_good" else "both_bad", votes, (), adjudicated)
    return Verdict(what, None, votes, tuple(one for one in votes if one.chosen_id == what), adjudicated)


def _filtered(found: Verdict, spec: Spec) -> Verdict:
    """Return a verdict, or why it is not wanted."""
    if found.chosen_id is None:
        return found
    filters = spec.filters
    if not found.adjudicated and found.agreement < filters.min_agreement:
        return Verdict(None, "low_agreement", found.votes, ())
    if filters.min_strength > 0 and (found.strength is None or found.strength < filters.min_strength):
        return Verdict(None, "low_strength", found.votes, ())
    return found
