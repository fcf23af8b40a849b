"""The desk for disagreements: one duel at a time with all that was said of it, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from lab.errors import LabError
from lab.judging import Duel, ResolutionKind, Verdict
from lab.preferences.disagreements import Disagreement
from lab.store import ballots, duels, resolutions
from lab.types import new_id
from lab.ui import notices, people, resources, tables, text
from lab.ui.trust import address, duel_view, listing, words
from lab.ui.trust.reading import Reading

_STATE, _NAMES = "state", "names"
_EVERY = "all"
_STATES = ("open", "resolved", "dropped", "contested", _EVERY)
_MOST = 500


@dataclass(frozen=True, slots=True)
class _Step:
    """What a button of the desk stores: made when it was drawn, so that a second press stores nothing more."""

    resolution_id: str
    duel_id: str
    kind: ResolutionKind
    verdict: Verdict | None
    chosen_id: str | None
    note_key: str
    by: str | None  # who is signed in
    then: str | None  # the duel that comes next
    says: str


def draw(reading: Reading) -> None:
    """Draw the disagreement that is open, its buttons, and the list of all."""
    every = reading.disagreements
    if not every:
        st.info("No two votes on one duel say different things." if _twice(reading) else _NOBODY_TWICE)
        return
    chosen = _chosen(every)
    if not chosen:
        st.success(f"No disagreement is {st.session_state[_STATE]}. {words.count(len(every), 'duel')} in all.")
        return
    ids = [one.duel_id for one in chosen]
    wanted = address.on_desk()
    one = next((other for other in every if other.duel_id == wanted), chosen[0])
    _steps(ids, one)
    _one(reading, one, ids)
    _listed(reading, chosen)


_NOBODY_TWICE = (
    "Nobody judged a duel that somebody else judged as well, so nobody can disagree. Let duels wish for two votes, "
    "and let a second person judge."
)


def _twice(reading: Reading) -> bool:
    return reading.trust.agreement.twice > 0


def _chosen(every: Sequence[Disagreement]) -> list[Disagreement]:
    counts = {state: sum(one.state == state for one in every) for state in _STATES} | {_EVERY: len(every)}
    if st.session_state.get(_STATE) not in _STATES:
        st.session_state[_STATE] = _STATES[0]
    state = st.segmented_control(
        "Disagreements", _STATES, key=_STATE, bind="query-params", required=True,
        format_func=lambda one: f"{one} {counts[one]:,}", on_change=address.put_on_desk, args=(None,),
    )  # fmt: skip
    return [one for one in every if state in (_EVERY, one.state)]


def _steps(ids: list[str], one: Disagreement) -> None:
    """Draw where one is, and the ways to the one before and the next."""
    at = ids.index(one.duel_id) if one.duel_id in ids else None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Previous", key="desk-previous", icon=":material/chevron_left:", disabled=at in (None, 0),
            on_click=address.put_on_desk, args=(ids[(at or 1) - 1],),
        )  # fmt: skip
        st.button(
            "Next", key="desk-next", icon=":material/chevron_right:", disabled=at is None or at + 1 == len(ids),
            on_click=address.put_on_desk, args=(ids[min((at or 0) + 1, len(ids) - 1)],),
        )  # fmt: skip
        place = f"{at + 1:,} of {len(ids):,}" if at is not None else "not in this list"
        st.caption(f"{place} · {_kind(one)} · {_became(one)}", width="content")


def _kind(one: Disagreement) -> str:
    return "opposite winners" if one.opposite else "a winner or a tie"


def _became(one: Disagreement) -> str:
    said = one.resolution
    if said is None or one.state != "resolved":
        return one.state
    return "resolved: " + (words.verdict(said.verdict or "") if said.chosen_id is None else "one is better")


def _one(reading: Reading, one: Disagreement, ids: list[str]) -> None:
    duel = duels.get(reading.lab.store, one.duel_id)
    given = ballots.of_duels(reading.lab.store, [one.duel_id]).get(one.duel_id, [])
    named = st.toggle("Show who wrote the answers", key=_NAMES, help="Without it you judge as blindly as they did.")
    with st.container(border=True):
        duel_view.conversation(duel, key="desk")
        duel_view.answers(reading.names, duel, named=named)
        duel_view.votes(reading.names, duel, given)
        _standing(reading, duel, one)
        _buttons(duel, one, _following(ids, one.duel_id))


def _standing(reading: Reading, duel: Duel, one: Disagreement) -> None:
    """Say what was resolved, by whom and why."""
    said = one.resolution
    if said is None:
        return
    what: str = said.kind
    if said.kind == "resolved":
        what = words.verdict(said.verdict or "")
        if said.chosen_id is not None:
            what = "left is better" if said.chosen_id == duel.first.response_id else "right is better"
        what = f"resolved: {what}"
    by = f" by {text.plain(reading.name(said.annotator_id))}" if said.annotator_id else ""
    note = f" {text.plain(said.note)}" if said.note else ""
    st.markdown(f"**{text.begun(what)}**{by}.{note}")


def _following(ids: list[str], now: str) -> str | None:
    """Return the duel that comes after this one was dealt with: the next, else the one before."""
    if now not in ids:
        return None
    at = ids.index(now)
    return next(iter([*ids[at + 1 :], *ids[:at][::-1]]), None)


def _buttons(duel: Duel, one: Disagreement, then: str | None) -> None:
    who = people.current()
    if who is None and not people.alone():
        st.caption("Sign in on the Label page to say what becomes of it: others can reach this lab.")
        return
    mark = f"{duel.id}-{one.resolution.seq if one.resolution else 0}"
    note_key = f"desk-note-{mark}"
    st.text_area("Note", key=note_key, height=68, max_chars=2_000, placeholder="why, for those who come after")
    first, second = duel.first.response_id, duel.second.response_id
    offered: list[tuple[str, ResolutionKind, Verdict | None, str | None]] = [
        ("Left is better", "resolved", "better", first),
        ("Right is better", "resolved", "better", second),
        ("Equally good", "resolved", "equally_good", None),
        ("Both bad", "resolved", "both_bad", None),
        ("Drop the duel", "dropped", None, None),
        ("Keep as contested", "contested", None, None),
    ]
    if one.state != "open":
        offered.append(("Reopen", "reopened", None, None))
    by = None if who is None else who.id
    with st.container(horizontal=True):
        for label, kind, verdict, chosen in offered:
            step = _Step(new_id(), duel.id, kind, verdict, chosen, note_key, by, then, _says(label, kind))
            st.button(label, key=f"desk-{label}-{mark}", on_click=_give, args=(step,), help=_HELP.get(kind))


_HELP = {
    "dropped": "No pair is made of it. Its votes still count on this page.",
    "contested": "Both verdicts stand: people differ here for good reasons.",
    "reopened": "Takes the decision back; its history is kept.",
}


def _says(label: str, kind: ResolutionKind) -> str:
    if kind == "resolved":
        return f"Resolved: {label[:1].lower()}{label[1:]}."
    return {"dropped": "Dropped.", "contested": "Kept as contested.", "reopened": "Open again."}[kind]


def _give(step: _Step) -> None:
    """Store what becomes of the disagreement, and turn to the next one."""
    try:
        resolutions.give(
            resources.lab().store, step.resolution_id, duel_id=step.duel_id, kind=step.kind, verdict=step.verdict,
            chosen_id=step.chosen_id, note=st.session_state.get(step.note_key) or "", annotator_id=step.by,
        )  # fmt: skip
    except LabError as err:
        notices.tell(f"Nothing was stored. {text.sentence(str(err))}")
        return
    notices.tell(step.says)
    address.put_on_desk(step.then)


def _listed(reading: Reading, chosen: list[Disagreement]) -> None:
    folded = st.expander(f"As a list: {words.count(len(chosen), 'disagreement')}", on_change="rerun", key="desk-list")
    if not folded.open:
        return
    with folded:
        shown = [one.duel_id for one in chosen[:_MOST]]
        columns = listing.columns_of(reading, {one.duel_id: list(one.ballots) for one in chosen}, shown)
        columns["votes"] = [_kind(one) for one in chosen[:_MOST]]
        columns["state"] = [_became(one) for one in chosen[:_MOST]]
        columns["note"] = [one.resolution.note if one.resolution else "" for one in chosen[:_MOST]]
        tables.table(
            columns,
            key=f"disagreements-{len(chosen)}-{reading.mark}",
            name="disagreements",
            caption="Click one to put it on the desk." + (f" The first {_MOST:,}." if len(chosen) > _MOST else ""),
            config={"prompt": st.column_config.TextColumn(width="large")},
            on_pick=lambda place: address.put_on_desk(shown[place]),
            height=360,
        )
