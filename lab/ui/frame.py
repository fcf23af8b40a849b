"""What stands around every page: who may look, the open lab, and one line that says what is in use."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from lab.config import load_settings
from lab.differences import differences, sentence
from lab.errors import LabError
from lab.live import LiveRouter
from lab.providers import Choice
from lab.types import Expert
from lab.ui import access, colours, guard, jobs, notices, people, resources, text, wording, workbench
from lab.ui.components import fault
from lab.ui.resources import Lab

_EXPERTS_SHOWN = 6
_REFUSED = "outbox_refused"
ICON = str(Path(__file__).with_name("icon.svg"))
_LOGO = str(Path(__file__).with_name("logo.svg"))


def draw() -> None:
    """Draw the frame; where the lab cannot be opened, say why and stop."""
    st.logo(_LOGO, size="large")
    try:
        access.gate(load_settings().access_key)
        lab = resources.lab()
        live = lab.routers.live()
    except LabError as err:
        fault(err, title="The lab cannot start")
        st.button("Try again", type="primary")
        st.stop()
    notices.say()  # before any part that would run the page again for it
    with st.container(gap=None):  # work that is not running takes no space
        _line(lab, live)
        jobs.draw()
    _unsaved(lab)
    guard.let_in()


def _line(lab: Lab, live: LiveRouter) -> None:
    with st.container(horizontal=True, gap="small", key="frame"):
        workbench.pick()
        _router(live)
        _draft(lab)
        _configuration(lab, live)
        _encoder(live)
        try:
            _experts(lab, live)
        except LabError as err:
            fault(err)
        people.chip()


def _router(live: LiveRouter) -> None:
    version = live.version
    about = (
        f"{version.config.strategy}, content {version.content_hash[:12]}, encoder {version.encoder_fingerprint[:12]}"
    )
    if version.origin == "override":
        st.badge("override, not adopted", color="orange", help=f"From the command line. {about}")
    else:
        st.badge(f"live {text.plain(wording.version(version))}", color="green", help=about)
    st.badge(version.config.strategy, color="gray")


def _draft(lab: Lab) -> None:
    draft = lab.drafting.current()
    if draft is None:
        return
    changes = differences(lab.routers.adopted().config, draft.config)
    many = f"{len(changes)} change{'' if len(changes) == 1 else 's'}"
    st.page_link(
        "pages/router.py", label=f"draft: {many}", icon=":material/edit_note:",
        help="; ".join(sentence(one) for one in changes[:5]) or "The draft is what is live.",
    )  # fmt: skip


def _configuration(lab: Lab, live: LiveRouter) -> None:
    if lab.routers.conf_differs(live):
        st.badge(
            "lab/conf differs",
            color="gray",
            help="The files describe another router, but the version in the database is live: files only seed an empty "
            "database. To try them: `make run ARGS=router=hybrid`.",
        )


def _encoder(live: LiveRouter) -> None:
    name = text.plain(live.encoder.name)
    if live.encoder_changed:
        st.badge(
            f"{name}, changed",
            color="red",
            help="This version was tuned with other vectors, so its thresholds may be off. Set it back or tune.",
        )
    else:
        st.badge(name, color="gray", help=f"fingerprint {live.encoder.fingerprint[:16]}")


def _experts(lab: Lab, live: LiveRouter) -> None:
    experts = live.version.config.experts
    for expert in experts[:_EXPERTS_SHOWN]:
        choice = lab.exchange.choice(expert)
        st.badge(
            _who(expert, choice),
            color=colours.name_of(live.version.config, expert.name),
            help=text.sentence(choice.reason),
        )
    if len(experts) > _EXPERTS_SHOWN:
        st.badge(f"and {len(experts) - _EXPERTS_SHOWN} more experts", color="gray")


def _who(expert: Expert, choice: Choice) -> str:
    answers = "mock" if choice.provider.name == "mock" else f"{choice.provider.name}, {expert.model}"
    return text.plain(f"{expert.name}: {answers}")


def _unsaved(lab: Lab) -> None:
    waiting = len(lab.exchange.outbox)
    if not waiting:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(f"Kept in memory, because the database refuses it: {waiting} to be stored. Do not close the lab.")
        st.button("Store them now", key="outbox", on_click=_retry, args=(lab,))
    refused = st.session_state.pop(_REFUSED, None)
    if refused:
        fault(refused)


def _retry(lab: Lab) -> None:
    try:
        lab.exchange.outbox.retry()
    except LabError as err:
        st.session_state[_REFUSED] = err
