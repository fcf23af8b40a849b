"""One duel, traced back: its answers, its votes and how each was shown, its event, and the router that routed it."""

from __future__ import annotations

import streamlit as st

from lab.errors import LabError, NotFound
from lab.judging import Duel, Vote
from lab.store import ballots, duels, events, presentations, versions
from lab.ui import tables, text, wording
from lab.ui.components import fault
from lab.ui.export import address
from lab.ui.resources import Lab
from lab.ui.trust import duel_view
from lab.ui.trust.names import Names


def draw(lab: Lab) -> None:
    """Draw the duel that the address names; nothing where it names none."""
    wanted = address.duel()
    if not wanted:
        return
    names = Names(lab.store)
    try:
        duel = duels.get(lab.store, wanted)
        votes = ballots.of_duels(lab.store, [wanted]).get(wanted, [])
        routed = _routed(lab, duel)
    except LabError as err:
        fault(err)
        st.button("Close the duel", key="close-duel", type="tertiary", on_click=address.show_duel, args=(None,))
        return
    with st.container(border=True, key="opened-duel"):
        duel_view.about(duel)
        duel_view.conversation(duel, key="opened")
        duel_view.answers(names, duel, named=True)
        duel_view.votes(names, duel, votes)
        if votes:
            _shown(lab, names, duel, votes)
        st.caption(text.sentence(routed))
        _onwards(duel)


def _routed(lab: Lab, duel: Duel) -> str:
    """Return in a sentence which router version routed a duel's event."""
    if not duel.event_id:
        return "It came of no event: nobody routed its prompt here."
    event = events.get(lab.store, duel.event_id)
    try:
        version = wording.version(versions.get(lab.store, event.router_version_id))
    except NotFound:
        version = "a version that is not stored"
    one = event.decision
    return f"Routed by {version} to {one.expert} (layer {one.layer}), {event.created_at:%Y-%m-%d %H:%M} UTC."


def _shown(lab: Lab, names: Names, duel: Duel, votes: list[Vote]) -> None:
    """Draw how each vote's duel was shown: which answer stood left, in which round, when, and with what seed."""
    showings = [presentations.get(lab.store, vote.presentation_id) for vote in votes]
    tables.table(
        {
            "annotator": [names.name(one.annotator_id) for one in showings],
            "stood left": [_left(names, duel, one.left_id) for one in showings],
            "chose the left": [
                None if vote.chosen_id is None else vote.chosen_id == one.left_id
                for vote, one in zip(votes, showings, strict=True)
            ],
            "round": [one.round for one in showings],
            "shown, UTC": [one.shown_at for one in showings],
            "seed": [str(one.seed) for one in showings],
        },
        key=f"shown-{duel.id}",
        name="export-showings",
        caption="How it was shown to each.",
        config={"shown, UTC": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss")},
    )


def _left(names: Names, duel: Duel, left_id: str) -> str:
    side = duel.first if duel.first.response_id == left_id else duel.second
    which = "left above" if side is duel.first else "right above"
    return f"{names.author(side.expert or side.model or side.provider)}, {which}"


def _onwards(duel: Duel) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "pages/trust.py", label="Resolve it on the desk", icon=":material/gavel:",
            query_params={"part": "Disagreements", "desk": duel.id, "state": "all"},
        )  # fmt: skip
        if duel.event_id:
            st.page_link(
                "pages/route.py", label="Open its event", icon=":material/alt_route:",
                query_params={"event": duel.event_id},
            )  # fmt: skip
        st.button(
            "Close the duel", key="close-duel", type="tertiary", icon=":material/close:", on_click=address.show_duel,
            args=(None,),
        )  # fmt: skip
