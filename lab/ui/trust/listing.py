"""The list behind a number: duels with what was said of them. A row that is clicked opens its duel."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import streamlit as st

from lab.errors import LabError
from lab.forensics.datasets.csv_out import to_csv
from lab.judging import Ballot
from lab.preferences.behind import ballots_behind
from lab.store import ballots, duels
from lab.ui import tables, text
from lab.ui.components import fault
from lab.ui.trust import address, duel_view, words
from lab.ui.trust.address import Place
from lab.ui.trust.reading import Reading

_MOST = 500  # rows that are read and shown at once; the CSV holds all of them

_TITLES = {
    "votes": "Votes",
    "all": "Votes, repeats too",
    "verdict": "Votes that say",
    "twice": "Duels judged by two or more",
    "two": "Duels judged by both",
    "rest": "Duels that others judged as well",
    "repeats": "Repeats with sides swapped",
    "left": "Votes for the left answer",
    "right": "Votes for the right answer",
    "longer": "Votes for the longer answer",
    "shorter": "Votes for the shorter answer",
    "ratio": "Votes where the longer answer is",
    "rated": "Rated duels",
}


def draw(reading: Reading, place: Place) -> None:
    """Draw the list that is open at this place of the page, and the duel that is open in it."""
    wanted = address.opened(place)
    if wanted is None:
        if place == "numbers" and address.duel() and not address.any_open():
            opened_duel(reading)
        return
    kind, *about = wanted
    try:
        found = ballots_behind(reading.ballots, kind, *about)
    except KeyError:
        return
    title = text.plain(_title(reading, kind, about))
    by_duel: dict[str, list[Ballot]] = {}
    for one in found:
        by_duel.setdefault(one.duel_id, []).append(one)
    counts = f"{words.count(len(by_duel), 'duel')}, {words.count(len(found), 'vote')}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{title}**: {counts}", width="content")
        st.button("Close", key=f"close-{place}", type="tertiary", on_click=address.close)
    if by_duel:
        _table(reading, kind, by_duel)
    opened_duel(reading)


def _title(reading: Reading, kind: str, about: Sequence[str]) -> str:
    named = [reading.name(one) for one in about]
    if kind == "rated":
        named = [words.pool(about[0]), *map(reading.author, about[1:])] if about else []
    elif kind == "verdict" and about:
        named = [words.verdict(about[0]), *named[1:]]
    return ", ".join([_TITLES[kind], *filter(None, named)])


def _table(reading: Reading, kind: str, by_duel: dict[str, list[Ballot]]) -> None:
    ids = list(by_duel)
    shown = ids[:_MOST]
    digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:12]
    tables.table(
        columns_of(reading, by_duel, shown),
        key=f"behind-{kind}-{digest}",
        name=f"votes-{kind}",
        caption="Click one to read it." + (f" The first {_MOST:,} are shown." if len(ids) > _MOST else ""),
        config={"prompt": st.column_config.TextColumn(width="large")},
        on_pick=lambda place: address.show_duel(shown[place]),
        height=360,
    )
    if len(ids) > _MOST:
        st.download_button(
            f"CSV of all {len(ids):,}", lambda: to_csv(columns_of(reading, by_duel, ids)), f"votes-{kind}-all.csv",
            "text/csv", key=f"behind-all-{digest}", on_click="ignore", type="tertiary", icon=":material/download:",
        )  # fmt: skip


def columns_of(reading: Reading, by_duel: dict[str, list[Ballot]], ids: Sequence[str]) -> dict[str, list[object]]:
    """Return some duels as columns: prompt, who answered, and who said what."""
    stored = duels.by_ids(reading.lab.store, ids)
    votes = [by_duel[one] for one in ids]
    columns: dict[str, list[object]] = {
        "prompt": [stored[one].conversation[-1].content if one in stored else "" for one in ids],
        "answers": [" / ".join(map(reading.author, (some[0].first_name, some[0].second_name))) for some in votes],
        "verdicts": [" · ".join(_said(reading, one) for one in some) for some in votes],
    }
    if any(some[0].query_type for some in votes):
        columns["query type"] = [some[0].query_type or "" for some in votes]
    columns["origin"] = [words.ORIGINS.get(some[0].origin, some[0].origin) for some in votes]
    return columns


def _said(reading: Reading, ballot: Ballot) -> str:
    again = " again" if ballot.round > 1 else ""
    late = " (after the reveal)" if ballot.unblinded else ""
    return f"{reading.name(ballot.annotator_id)}{again}: {_chosen(reading, ballot)}{late}"


def _chosen(reading: Reading, ballot: Ballot) -> str:
    """What a ballot says, by the name of whom it chose."""
    if ballot.chosen_id is None:
        return words.verdict(ballot.verdict)
    first = ballot.chosen_id == ballot.first_id
    name = reading.author(ballot.first_name if first else ballot.second_name)
    if ballot.first_name == ballot.second_name:
        return f"{name} ({'first' if first else 'second'})"
    return name


def opened_duel(reading: Reading) -> None:
    """Draw the duel that the address names, with all its votes."""
    wanted = address.duel()
    if not wanted:
        return
    try:
        duel = duels.get(reading.lab.store, wanted)
        votes = ballots.of_duels(reading.lab.store, [wanted]).get(wanted, [])
    except LabError as err:
        fault(err)
        return
    with st.container(border=True):
        duel_view.about(duel)
        duel_view.conversation(duel, key="opened")
        duel_view.answers(reading.names, duel, named=True)
        duel_view.votes(reading.names, duel, votes)
        st.button("Close the duel", key="close-duel", type="tertiary", on_click=address.show_duel, args=(None,))
