"""From the Route page to labelling: two answers go to be judged blind, and a thumbs-down asks the runner-up for one."""

from __future__ import annotations

import streamlit as st

from lab.errors import LabError
from lab.exchange import Routed
from lab.judging import Duel, DuelOrigin
from lab.preferences.duels import pairing
from lab.preferences.duels.pairing import Pairing
from lab.preferences.duels.sides import refusal
from lab.records import Job, Response
from lab.store import answers as stored
from lab.store import duels
from lab.types import Trace
from lab.ui import notices, people, resources, text, wording
from lab.ui.components import fault

_JOBS, _OTHER = "duel_jobs", "send_other"
_SENT = 20


def draw(routed: Routed) -> None:
    """Draw which answers of an event are in labelling, which are on their way, and which can be sent there."""
    if routed.event.source == "bulk":
        return
    try:
        _draw(routed)
    except LabError as err:
        fault(err)


def _draw(routed: Routed) -> None:
    store = resources.lab().store
    found = stored.responses(store, routed.event.id)
    sent = {duel.id: duel for duel in duels.recent(store, _SENT, event_id=routed.event.id)}
    for duel in sent.values():
        _in_labelling(routed, duel)
    seen: set[str] = set()
    for response in _disliked(routed, found):
        pair = _against_runner_up(routed, response)
        if pair is not None:
            seen.add(pair.key)
            _state(pair, "thumbs_down", sent)
    pair = _offered(routed, found)
    if pair is not None and pair.key not in seen:
        _state(pair, "route", sent)


def _disliked(routed: Routed, found: list[Response]) -> list[Response]:
    """Return the answers that the page shows and somebody put a thumb down for."""
    newest = {one.expert: one for one in found if pairing.is_own(routed.version.config, one)}
    thumbs = stored.feedback_of(resources.lab().store, [one.id for one in newest.values()])
    return [one for one in newest.values() if one.id in thumbs and thumbs[one.id].value == "down"]


def _against_runner_up(routed: Routed, response: Response) -> Pairing | None:
    """Return what a duel with the runner-up takes; where there can be none, say why."""
    reason = refusal(response)
    if reason is not None:
        st.caption(f"No duel of the answer you did not like: {text.sentence(reason[1])}")
        return None
    other = _runner_up(routed, response.expert)
    if other is None:
        st.caption("There is no other expert to ask, so the answer you did not like meets no other.")
        return None
    return pairing.pairing(resources.lab().exchange, routed, response, other)


def _runner_up(routed: Routed, expert: str) -> str | None:
    trace = resources.trace(routed)
    scores = trace.scores if isinstance(trace, Trace) else ()
    return pairing.runner_up(routed.version.config, scores, expert)


def _offered(routed: Routed, found: list[Response]) -> Pairing | None:
    """Return the pairing to offer where several experts have answered: the routed one against another."""
    whole = pairing.own_answers(routed, found)
    if len(whole) < 2:
        return None
    try:
        reference = pairing.reference_of(routed, found)
    except LabError as err:
        st.caption(f"Nothing to send to labelling: {text.sentence(str(err))}")
        return None
    others = [name for name in whole if name != reference.expert]
    other = others[0]
    if len(others) > 1:
        other = st.selectbox(
            f"{text.plain(reference.expert)} against", others, format_func=text.one_line, width=220,
            key=f"{_OTHER}-{routed.event.id}",
        )  # fmt: skip
    return pairing.pairing(resources.lab().exchange, routed, reference, other)


# ------------------------------------------------------------------------------------------------------------ one line


def _state(pair: Pairing, origin: DuelOrigin, sent: dict[str, Duel]) -> None:
    """Draw how far a pairing is: in labelling, being asked, failed, or to be sent."""
    config, other = pair.routed.version.config, pair.other.name
    who, whose = wording.expert(config, other), wording.expert(config, pair.reference.expert)
    duel = pairing.in_labelling(resources.lab().store, pair)
    if duel is not None:
        if duel.id not in sent:
            _in_labelling(pair.routed, duel)
        return
    if _running(pair) is not None:
        st.caption(f"{who} is being asked under the system prompt of {whose}; then the two can be judged blind.")
        return
    if pair.equal:
        st.caption(f"{who} and {whose} say the same, so there is nothing to judge.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        reason = refusal(pair.failed) if pair.failed is not None else None
        if reason is not None:
            st.warning(f"No duel was made. {text.sentence(reason[1])}")
        label = "Ask again" if reason is not None else "Send to labelling"
        if reason is None and origin == "thumbs_down":
            label = f"Ask {text.plain(other)} too, and judge blind"
        st.button(
            label, key=f"send-{pair.response_id}", on_click=_send, icon=":material/balance:",
            args=(pair.routed.event.id, pair.reference.id, other, origin),
        )  # fmt: skip
        st.caption(f"{whose} against {who}. {_what_it_takes(pair)}")


def _what_it_takes(pair: Pairing) -> str:
    mocked = pair.reference.provider == "mock"
    if pair.ready is None:
        said = f"{text.plain(pair.other.name)} is asked once more, under the same system prompt."
        mocked = mocked or resources.lab().exchange.choice(pair.other).provider.name == "mock"
    else:
        said = "Both answered under one system prompt."
        mocked = mocked or pair.ready.provider == "mock"
    return f"{said} Words of the mock make a duel about the mock only." if mocked else said


def _in_labelling(routed: Routed, duel: Duel) -> None:
    people.saw_authors(duel.id)
    sides = sorted((duel.first.expert, duel.second.expert))  # an order that says nothing
    one, other = (text.plain(name) for name in sides)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge("in labelling", color="violet", icon=":material/balance:")
        votes = f", {duel.votes} vote{'s' * (duel.votes != 1)}" if duel.votes else ""
        st.caption(f"{one} and {other}{votes}", width="content")
        st.page_link("pages/label.py", label="Judge it", query_params={"duel": duel.id})
    if duel.event_id != routed.event.id:
        st.caption("The same prompt and answers were sent before, so it is the same duel.")


# ------------------------------------------------------------------------------------------------------------- presses


def _send(event_id: str, reference_id: str, other: str, origin: DuelOrigin) -> None:
    """Make the duel where both answers are there, else ask for the other one first; a repeat changes nothing."""
    lab = resources.lab()
    try:
        reference = stored.by_ids(lab.store, [reference_id])[reference_id]
        pair = pairing.pairing(lab.exchange, lab.exchange.reopen(event_id), reference, other)
        if pair.ready is None:
            jobs: dict[str, tuple[str, DuelOrigin]] = st.session_state.setdefault(_JOBS, {})
            jobs[pair.key] = (pairing.ask(lab.jobs, lab.exchange, pair, origin), origin)
            notices.tell(f"{text.plain(other)} is asked for a duel.")
        elif pairing.make(lab.exchange, pair, origin).duel_id is None:
            notices.tell("Both answers say the same, so there is nothing to judge.")
        else:
            notices.tell("Both answers are in labelling.")
    except LabError as err:
        notices.tell(f"No duel was made. {text.sentence(str(err))}")


def _running(pair: Pairing, origin: DuelOrigin | None = None) -> Job | None:
    """Return the job that asks for this pairing's answer, where this session started one (for that reason)."""
    job_id, why = st.session_state.get(_JOBS, {}).get(pair.key, (None, None))
    if job_id is None or origin not in (None, why):
        return None
    job = resources.lab().jobs.get(job_id)
    return job if job.state in ("queued", "running") else None


def disliked(response: Response) -> None:
    """Ask the runner-up of an answer that got a thumb down, and make the duel of both; for callbacks."""
    try:
        routed = resources.lab().exchange.reopen(response.event_id or "")
        other = _runner_up(routed, response.expert)
        if other is None or refusal(response) is not None:
            notices.tell("The thumb is stored.")  # the page says why it makes no duel
            return
    except LabError as err:
        notices.tell(f"The thumb is stored, but no duel was made. {text.sentence(str(err))}")
        return
    _send(routed.event.id, response.id, other, "thumbs_down")


def taken_back(response: Response) -> None:
    """Stop what a thumb down began, where it still runs; a duel that it made stays, which is said; for callbacks."""
    lab = resources.lab()
    try:
        routed = lab.exchange.reopen(response.event_id or "")
        other = _runner_up(routed, response.expert)
        if other is None or refusal(response) is not None:
            return
        pair = pairing.pairing(lab.exchange, routed, response, other)
        job, duel = _running(pair, "thumbs_down"), pairing.in_labelling(lab.store, pair)
        if job is not None:
            lab.jobs.cancel(job.id)
            notices.tell(f"The thumb is changed, and {text.plain(other)} is not asked any more.")
        elif duel is not None and duel.origin == "thumbs_down":
            notices.tell("The thumb is changed. The duel that it made stays in labelling.")
    except LabError as err:
        notices.tell(f"The thumb is changed. {text.sentence(str(err))}")
