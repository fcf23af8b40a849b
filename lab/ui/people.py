"""Who sits here: the annotator that the address names, or that this session signed in."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import streamlit as st

from lab.config import is_loopback
from lab.errors import AccessRefused, LabError
from lab.judging import Annotator
from lab.preferences import people
from lab.store import annotators, presentations
from lab.types import new_id
from lab.ui import resources, text
from lab.ui.components import fault

ME = "me"
_SEEN = "authors_seen"
_NEXT, _ERROR, _NAME, _PIN, _WHO = "join_id", "join_error", "join_name", "join_pin", "join_who"
_NEW = "I am new here"


def alone() -> bool:
    """Tell whether only this machine can reach the lab: then a name is enough."""
    return is_loopback(st.get_option("server.address") or "")


def current() -> Annotator | None:
    """Return who is signed in, and keep it in the address; None for nobody."""
    store = resources.lab().store
    given: str = st.query_params.get(ME) or st.session_state.get(ME) or ""
    found = people.by_token(store, given, alone=alone()) if given else None
    if found is None:
        st.session_state.pop(ME, None)
        return None
    st.session_state[ME] = given
    if st.query_params.get(ME) != given:
        st.query_params[ME] = given
    return found


def chip() -> None:
    """Draw who is signed in, for the frame; nothing where nobody is."""
    try:
        found = current()
    except LabError:
        return  # the page says that the database does not answer
    if found is not None:
        st.badge(
            f"annotator {text.plain(found.name)}", color="violet", help="Sign out on the Label page, under People."
        )


def sign_in() -> None:
    """Draw the way in: a name that is known, or a new one."""
    error = st.session_state.pop(_ERROR, None)
    if error is not None:
        fault(error)
    known = [one for one in annotators.listed(resources.lab().store) if one.kind == "person" and not one.removed_at]
    st.markdown("### Who judges?")
    st.markdown(
        "You see two answers to one prompt and say which is better, with one key, without knowing who wrote them. "
        "Votes are kept under your name, so that you can undo and change them and the lab can say how far people agree."
    )
    who = _NEW
    if known:
        names = {one.id: one.name for one in known}
        who = st.selectbox(
            "Name", [_NEW, *names], format_func=lambda one: names.get(one, one), key=_WHO, index=1, width=320
        )
    with st.form("sign-in", border=False, width=320):
        if who == _NEW:
            st.text_input("Your name", key=_NAME, max_chars=people.MOST_NAME_CHARS)
        wants_pin = who == _NEW or next(one.has_pin for one in known if one.id == who)
        if wants_pin:
            optional = ", optional on this machine" if who == _NEW and alone() else ""
            st.text_input(f"PIN{optional}", type="password", key=_PIN, help="Four characters at least.")
        join_id = st.session_state.setdefault(_NEXT, new_id())
        st.form_submit_button("Begin", type="primary", on_click=_enter, args=(who, join_id))


def _enter(who: str, join_id: str) -> None:
    store = resources.lab().store
    pin = st.session_state.get(_PIN) or None
    try:
        if who == _NEW:
            if pin is None and not alone():
                raise AccessRefused("This lab is open to others, so a name needs a PIN. Choose one.")
            found = people.join(store, join_id, st.session_state.get(_NAME) or "", pin)
        else:
            found = people.sign_in(store, who, pin, alone=alone())
        given = people.token(store, found)
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    st.session_state.pop(_NEXT, None)
    st.session_state[ME] = st.query_params[ME] = given


def saw_authors(duel_id: str) -> None:
    """Keep that whoever sits here has seen who wrote a duel's answers."""
    st.session_state.setdefault(_SEEN, set()).add(duel_id)


def has_seen_authors(duel_id: str) -> bool:
    """Tell whether whoever sits here has seen who wrote a duel's answers, in this session."""
    return duel_id in st.session_state.get(_SEEN, ())


def sign_out() -> None:
    """Leave, and give back the duel that is open; for callbacks."""
    try:
        found = current()
        if found is not None:
            presentations.let_go(resources.lab().store, found.id)
    except LabError as err:
        st.toast(text.sentence(str(err)))
    st.session_state.pop(ME, None)
    st.query_params.pop(ME, None)


def link_names_this_machine() -> bool:
    """Tell whether a link made now would lead another machine to itself, because the lab was opened here."""
    return is_loopback(urlsplit(st.context.url or "").hostname or "")


def link_of(secret: str) -> str:
    """Return the address that signs in whoever opens it."""
    base = (st.context.url or "http://127.0.0.1:8501").split("?", 1)[0]
    return f"{base}?{ME}={quote(secret)}"
