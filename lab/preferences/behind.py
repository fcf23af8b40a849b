"""Which ballots stand behind a number: what a page opens where it is clicked.

`ballots_behind(all, kind, *about)` takes the kind of a number and what it is about; an empty text leaves that open:

| kind      | about                          | ballots                                                          |
|-----------|--------------------------------|------------------------------------------------------------------|
| votes     | annotator                      | of the first round, skips too                                    |
| all       | annotator                      | of all rounds                                                    |
| verdict   | verdict, annotator             | of the first round with that verdict                             |
| twice     |                                | those that agreement is on, of duels judged by two or more       |
| two       | annotator, annotator           | the same, of these two on the duels of both                      |
| rest      | annotator                      | the same, of duels that this annotator and others judged         |
| repeats   | annotator                      | repeats with sides swapped, and the votes they repeat            |
| left …    | annotator                      | that chose left; likewise `right`, `longer` and `shorter`        |
| ratio     | class of length                | that chose one of two answers of so unlike length                |
| rated     | pool, query type, name, name   | that ratings of the pool are on; those of one or two names       |

A pool is `chance`, or an origin and a rule, as `pool_name` writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lab.judging import Ballot
from lab.preferences.bias import chose_left, chose_longer, ratio_class
from lab.preferences.counted import blind, decisive, first_round, for_agreement, others_work, people
from lab.preferences.ratings import by_chance

CHANCE = "chance"


def ballots_behind(ballots: Sequence[Ballot], kind: str, *about: str) -> list[Ballot]:
    """Return the ballots behind a number, in the order of their seq. Raises KeyError for a kind that is none."""
    found = _KINDS[kind](ballots, (*about, "", "", "", ""))
    return sorted(found, key=lambda one: one.seq)


def pool_name(origin: str, rule: str) -> str:
    """Return what a pool of ratings is called among the things that a number is about."""
    return f"{origin}/{rule}"


_About = tuple[str, ...]


def _of(annotator: str, ballots: Sequence[Ballot]) -> list[Ballot]:
    return [one for one in ballots if annotator in ("", one.annotator_id)]


def _votes(ballots: Sequence[Ballot], about: _About) -> list[Ballot]:
    return _of(about[0], first_round(people(ballots) if about[0] else ballots))


def _all(ballots: Sequence[Ballot], about: _About) -> list[Ballot]:
    return _of(about[0], ballots)


def _verdict(ballots: Sequence[Ballot], about: _About) -> list[Ballot]:
    return [one for one in _of(about[1], first_round(people(ballots))) if one.verdict == about[0]]


def _twice(ballots: Sequence[Ballot], _: _About) -> list[Ballot]:
    return _shared(for_agreement(ballots))


def _shared(ballots: Sequence[Ballot], needed: str = "") -> list[Ballot]:
    """Return the ballots on duels with two or more of them, one by `needed` where that is somebody."""
    who: dict[str, set[str]] = {}
    for one in ballots:
        who.setdefault(one.duel_id, set()).add(one.annotator_id)
    return [one for one in ballots if len(who[one.duel_id]) > 1 and (not needed or needed in who[one.duel_id])]


def _two(ballots: Sequence[Ballot], about: _About) -> list[Ballot]:
    return _shared([one for one in for_agreement(ballots) if one.annotator_id in about[:2]])


def _rest(ballots: Sequence[Ballot], about: _About) -> list[Ballot]:
    return _shared(for_agreement(ballots), about[0])


def _repeats(ballots: Sequence[Ballot], about: _About) -> list[Ballot]:
    counting = _of(about[0], blind(people(ballots)))
    firsts = {(one.annotator_id, one.duel_id): one for one in counting if one.round == 1}
    found: dict[str, Ballot] = {}
    for one in counting:
        first = firsts.get((one.annotator_id, one.duel_id))
        if one.round > 1 and first is not None and first.left_id != one.left_id:
            found |= {first.vote_id: first, one.vote_id: one}
    return list(found.values())


def _leaning(test: Callable[[Ballot], bool]) -> Callable[[Sequence[Ballot], _About], list[Ballot]]:
    return lambda ballots, about: [one for one in _of(about[0], decisive(ballots)) if test(one)]


def _ratio(ballots: Sequence[Ballot], about: _About) -> list[Ballot]:
    return [one for one in decisive(ballots) if chose_longer(one) is not None and ratio_class(one) == about[0]]


def _rated(ballots: Sequence[Ballot], about: _About) -> list[Ballot]:
    pool, query_type, *names = about
    voted = by_chance(ballots) if pool == CHANCE else [one for one in ballots if _outside(one) == pool]
    wanted = set(names) - {""}
    return [
        one
        for one in blind(first_round(others_work(voted)))
        if one.verdict != "both_bad"
        and one.first_name != one.second_name
        and query_type in ("", one.query_type)
        and wanted <= {one.first_name, one.second_name}
    ]


def _outside(ballot: Ballot) -> str | None:
    return None if ballot.by_chance else pool_name(ballot.origin, ballot.rule)


_KINDS: dict[str, Callable[[Sequence[Ballot], _About], list[Ballot]]] = {
    "votes": _votes,
    "all": _all,
    "verdict": _verdict,
    "twice": _twice,
    "two": _two,
    "rest": _rest,
    "repeats": _repeats,
    "left": _leaning(chose_left),
    "right": _leaning(lambda one: not chose_left(one)),
    "longer": _leaning(lambda one: chose_longer(one) is True),
    "shorter": _leaning(lambda one: chose_longer(one) is False),
    "ratio": _ratio,
    "rated": _rated,
}
