"""Answers on the page: as they stream, when they have ended, and when they failed."""

from __future__ import annotations

import streamlit as st

from lab.answers import CANCELLED, Answer
from lab.errors import LabError
from lab.exchange import Routed
from lab.preferences.duels.pairing import is_own
from lab.preferences.duels.standing import bulk_ids
from lab.records import Feedback, Response
from lab.store import answers as stored
from lab.types import NONE, RouterConfig, new_id
from lab.ui import notices, resources, text, to_labelling, wording
from lab.ui.components import fault
from lab.ui.resources import Lab

_POLL_S = 0.15
_SHOWN_CHARS = 20_000


def draw(routed: Routed) -> None:
    """Draw the answers to an event, side by side where there are several; running ones grow."""
    running = any(answer.state != "ended" for answer in resources.lab().exchange.asked(routed.event.id))
    notices.apart(_draw, _POLL_S if running else None)(routed, running)


def _draw(routed: Routed, was_running: bool) -> None:
    lab = resources.lab()
    running = {answer.id: answer for answer in lab.exchange.asked(routed.event.id)}
    try:
        ended = _shown(routed, stored.responses(lab.store, routed.event.id))
    except LabError as err:
        fault(err)
        ended = []
    kept = {response.id for response in ended}
    ended += [answer.response for answer in running.values() if answer.response and answer.id not in kept]
    growing = [answer for answer in running.values() if answer.state != "ended"]
    if was_running and not growing:
        st.rerun()
    if not ended and not growing:
        _nobody(routed)
        return
    newest = {response.expert: response for response in ended}
    shown: list[Response | Answer] = [
        *(one for one in newest.values() if one.expert not in {answer.expert.name for answer in growing}),
        *growing,
    ]
    names = [expert.name for expert in routed.version.config.experts]
    shown.sort(key=lambda one: names.index(one.expert if isinstance(one, Response) else one.expert.name))
    for column, one in zip(st.columns(len(shown)), shown, strict=True):
        with column:
            if isinstance(one, Answer):
                _growing(routed.version.config, one)
            else:
                _ended(lab, routed, one, attempts=sum(response.expert == one.expert for response in ended))


def _shown(routed: Routed, responses: list[Response]) -> list[Response]:
    """Leave out what was asked for a duel: it is for whoever judges blind, and mostly under another system prompt."""
    in_bulk = bulk_ids(routed.event.id, len(responses)) if routed.event.source == "bulk" else set()
    return [one for one in responses if one.id not in in_bulk and is_own(routed.version.config, one)]


def _nobody(routed: Routed) -> None:
    if routed.event.source == "bulk":
        st.caption("Its answers were asked for in bulk, to be judged blind on the Label page.")
    elif routed.event.decision.expert == NONE:
        st.info("Nobody answers: no expert claimed this prompt. Ask every expert to see what they would say.")
    else:
        st.caption("No expert was asked for this event.")


def _growing(config: RouterConfig, answer: Answer) -> None:
    _heading(config, answer.expert.name, answer.choice.provider.name)
    if answer.text:
        st.markdown(text.answer_markdown(answer.text[:_SHOWN_CHARS]))
    elif answer.state == "waiting":
        st.caption("Waits for its turn: the server holds one model at a time.")
    else:
        st.caption(f"{text.sentence(answer.choice.reason)} Waiting for the first token …")
    st.button("Stop", key=f"stop-{answer.id}", on_click=answer.cancel, icon=":material/stop:")


def _ended(lab: Lab, routed: Routed, response: Response, attempts: int) -> None:
    _heading(routed.version.config, response.expert, response.provider)
    if response.text:
        st.markdown(text.answer_markdown(response.text[:_SHOWN_CHARS]))
    if len(response.text) > _SHOWN_CHARS:
        st.caption(f"{_SHOWN_CHARS:,} of {len(response.text):,} characters are shown.")
        st.download_button(
            "Download the whole answer", response.text, f"answer-{response.id}.txt", "text/plain",
            on_click="ignore", key=f"whole-{response.id}",
        )  # fmt: skip
    if response.error:
        _fault(routed, response, attempts)
    if response.text_repaired:
        st.caption("The model sent bytes that are no text; � stands where they were.")
    if response.total_ms is not None:
        st.caption(wording.answer_line(response))
    if response.text:
        _thumbs(lab, response)
    if response.provider == "mock":
        _why_mock(lab, routed, response)


def _heading(config: RouterConfig, expert: str, provider: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"#### {wording.expert(config, expert)} answers", width="content")
        if provider == "mock":
            st.badge("mock", color="red", help="No model answered: these words were written with the lab.")


def _why_mock(lab: Lab, routed: Routed, response: Response) -> None:
    choice = lab.exchange.choice(routed.version.config.expert(response.expert))
    if choice.missing_model:
        st.caption(text.sentence(choice.reason))
        pull_button(choice.missing_model, response.id)


def _fault(routed: Routed, response: Response, attempts: int) -> None:
    unfinished = " What came before it is above, unfinished." if response.text else ""
    if response.error_kind == CANCELLED:
        st.warning(text.sentence(response.error or "") + unfinished)
    else:
        st.error(text.sentence(response.error or "") + unfinished)
    again = f"again-{response.id}"
    with st.container(horizontal=True):
        st.button("Ask again", key=again, on_click=_ask_again, args=(routed, response.expert, attempts))
        if response.error_kind == "model_not_found":
            pull_button(response.model, response.id)


def pull_button(model: str, place: str) -> None:
    """Offer to fetch a model to Ollama."""
    st.button(
        f"Pull {text.plain(model)}",
        key=f"pull-{model}-{place}",
        on_click=_pull,
        args=(model,),
        icon=":material/download:",
    )


def _ask_again(routed: Routed, expert: str, attempt: int) -> None:
    resources.lab().exchange.ask(routed, [expert], attempt=attempt)


def _pull(model: str) -> None:
    try:
        resources.lab().exchange.pull(model)
    except LabError as err:
        st.toast(text.sentence(str(err)))


def _thumbs(lab: Lab, response: Response) -> None:
    key = f"thumb-{response.id}"
    if key not in st.session_state:
        try:
            given = stored.feedback_of(lab.store, [response.id]).get(response.id)
        except LabError:
            given = None
        if given is not None:
            st.session_state[key] = 1 if given.value == "up" else 0
    st.feedback("thumbs", key=key, on_change=_store_thumb, args=(response, key))


def _store_thumb(response: Response, key: str) -> None:
    from datetime import UTC, datetime

    lab, value = resources.lab(), st.session_state[key]
    try:
        if value is None:
            stored.clear_feedback(lab.store, new_id(), response.id)
        else:
            thumb = Feedback(new_id(), response.id, "up" if value else "down", datetime.now(UTC))
            stored.record_feedback(lab.store, thumb)
    except LabError as err:
        del st.session_state[key]
        st.toast(f"The thumb was not stored. {text.sentence(str(err))}")
        return
    if value == 0:
        to_labelling.disliked(response)
    else:
        to_labelling.taken_back(response)
