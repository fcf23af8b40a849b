"""What the page reads: the votes that its filters let through, and their figures, kept until a vote changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lab.judging import Annotator, Ballot
from lab.preferences.disagreements import Disagreement, resolved
from lab.preferences.report import Trust, report
from lab.store import annotators, ballots, resolutions
from lab.ui import resources
from lab.ui.resources import Lab
from lab.ui.trust import words
from lab.ui.trust.names import Names

SAMPLE, QUERY_TYPE, ORIGIN, WHO = "sample", "kind", "from", "who"


@dataclass(frozen=True, slots=True)
class Reading:
    """The votes in view, and what they come to."""

    lab: Lab
    ballots: Sequence[Ballot]
    trust: Trust
    annotators: Mapping[str, Annotator]
    disagreements: Sequence[Disagreement]
    mark: str  # changes whenever the votes in view do

    @property
    def with_sample(self) -> bool:
        """Whether votes of the sample workspace are among those in view."""
        return any(_of_sample(one) for one in self.ballots)

    @property
    def only_sample(self) -> bool:
        """Whether all of them came with the lab."""
        return all(_of_sample(one) for one in self.ballots)

    @property
    def names(self) -> Names:
        """What annotators and authors are called."""
        return Names(self.lab.store, self.annotators)

    def name(self, annotator_id: str) -> str:
        """Return what an annotator is called."""
        return self.names.name(annotator_id)

    def author(self, name: str) -> str:
        """Return what the author of an answer is called."""
        return self.names.author(name)


def opened() -> Reading | None:
    """Draw the filters and return what they let through; None where nobody has voted. Raises StoreError."""
    lab = resources.lab()
    state = ballots.state(lab.store)
    every = _every(lab, state)
    if not every:
        return None
    people = {one.id: one for one in annotators.listed(lab.store)}
    chosen, said = _filtered(every, people)
    mark = f"{state} {said}"
    trust: Trust = _kept(lab, f"figures {mark}", "Counting the votes …", lambda: _begun(chosen))
    return Reading(lab, chosen, trust, people, resolved(trust.splits, resolutions.newest(lab.store)), mark)


def _every(lab: Lab, state: ballots.State) -> list[Ballot]:
    """Return all votes: those read before where nothing changed, with what changed since where that is little."""
    read: tuple[ballots.State, list[Ballot]] | None = lab.counted.get("votes")
    if read is None or read[0] != state:
        with st.spinner("Reading the votes …"):
            found = None if read is None else ballots.refreshed(lab.store, read[1], read[0])
            read = state, ballots.listed(lab.store) if found is None else found
        lab.counted.put("votes", read)
    return read[1]


def _begun(chosen: Sequence[Ballot]) -> Trust:
    """Return the figures of these votes; those that the page always shows are made, the others wait for their tab."""
    trust = report(chosen)
    _ = trust.usability, trust.splits
    return trust


def _kept(lab: Lab, key: str, says: str, make: Callable[[], Any]) -> Any:
    found = lab.counted.get(key)
    if found is None:
        with st.spinner(says):
            found = make()
        lab.counted.put(key, found)
    return found


def _filtered(every: list[Ballot], people: Mapping[str, Annotator]) -> tuple[list[Ballot], tuple[Any, ...]]:
    """Draw a filter for all that differs among the votes; return those let through, and what was asked for."""
    names = {one.name: one.id for one in people.values()}
    voting = {one.annotator_id for one in every}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sample = _sample(every)
        query_type = _choice("Query type", QUERY_TYPE, sorted({one.query_type for one in every if one.query_type}))
        origin = _choice("Origin", ORIGIN, sorted({one.origin for one in every}), words.ORIGINS)
        who = _who([name for name, annotator_id in names.items() if annotator_id in voting])
    by = {names[name] for name in who}
    chosen = [
        one
        for one in every
        if (sample or not _of_sample(one))
        and query_type in (None, one.query_type)
        and origin in (None, one.origin)
        and (not by or one.annotator_id in by)
    ]
    return chosen, (sample, query_type, origin, sorted(by))


def _of_sample(ballot: Ballot) -> bool:
    return ballot.origin == "sample" or ballot.annotator_kind == "sample"


def _sample(every: list[Ballot]) -> bool:
    """Whether votes of the sample workspace count: always where there are no others, else where somebody asks."""
    of_sample = sum(map(_of_sample, every))
    if of_sample in (0, len(every)):
        return True
    return st.toggle(
        "With the sample workspace", key=SAMPLE, bind="query-params",
        help=f"{of_sample:,} of the {len(every):,} votes came with the lab, or are on duels that did.",
    )  # fmt: skip


def _choice(title: str, key: str, options: list[str], named: Mapping[str, str] | None = None) -> str | None:
    if len(options) < 2:
        return None
    if st.session_state.get(key) not in (None, *options):
        st.session_state[key] = None
    return st.selectbox(
        title, options, index=None, key=key, bind="query-params", placeholder="any", width=190,
        format_func=lambda one: (named or {}).get(one, one),
    )  # fmt: skip


def _who(names: list[str]) -> list[str]:
    if len(names) < 2:
        return []
    return st.multiselect("Annotators", names, key=WHO, bind="query-params", placeholder="all", width=260)
