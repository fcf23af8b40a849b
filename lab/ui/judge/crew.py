"""People: who judges here, PINs and personal links, and the way out."""

from __future__ import annotations

import streamlit as st

from lab.errors import AccessRefused, LabError
from lab.judging import Annotator
from lab.preferences import people as rules
from lab.store import annotators, ballots
from lab.types import new_id
from lab.ui import access, notices, people, resources, tables, text
from lab.ui.components import fault

_ERROR, _LINK, _NEXT = "crew_error", "crew_link", "crew_next"
_KINDS = {"person": "person", "import": "imported file", "sample": "sample workspace"}


def draw(annotator: Annotator) -> None:
    """Draw the people, and what one may change about oneself."""
    error = st.session_state.pop(_ERROR, None)
    if error is not None:
        fault(error)
    st.markdown("#### People")
    _table()
    left, right = st.columns(2, gap="large")
    with left:
        _me(annotator)
    with right:
        _invite(annotator)


def _table() -> None:
    store = resources.lab().store
    listed = annotators.listed(store)
    tables.table(
        {
            "name": [one.name for one in listed],
            "kind": [_KINDS[one.kind] for one in listed],
            "votes": [ballots.mine(store, one.id) for one in listed],
            "signs in with": [_way_in(one) for one in listed],
            "since": [one.created_at for one in listed],
        },
        key="people",
        name="annotators",
        caption=f"{len(listed)} annotators. How much they agree stands on the Trust page.",
        config={"since": st.column_config.DatetimeColumn(format="YYYY-MM-DD")},
    )


def _way_in(one: Annotator) -> str:
    if one.removed_at is not None:
        return "removed"
    if one.kind != "person":
        return "never"
    ways = [way for way, there in (("PIN", one.has_pin), ("link", one.has_link)) if there]
    return " or ".join(ways) or "name alone, on this machine only"


def _me(annotator: Annotator) -> None:
    st.markdown(f"**You are {text.plain(annotator.name)}.**")
    with st.form("my-pin", border=False, clear_on_submit=True):
        st.text_input("New PIN", type="password", key="crew_pin", help="Four characters at least.")
        st.form_submit_button("Set the PIN", on_click=_set_pin, args=(annotator,))
    st.button("Sign out", key="sign-out", on_click=people.sign_out, icon=":material/logout:")


def _set_pin(annotator: Annotator) -> None:
    store = resources.lab().store
    try:
        annotators.set_pin(store, annotator.id, rules.hash_pin(st.session_state.get("crew_pin") or ""))
        given = rules.token(store, annotators.get(store, annotator.id))
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    st.session_state[people.ME] = st.query_params[people.ME] = given
    notices.tell("The PIN is set. Whoever was signed in as you elsewhere has to sign in again.")


def _linkable(annotator: Annotator) -> dict[str, str]:
    """Return for whom this visitor may make a link, by id: it signs in as them.

    From another machine that is oneself alone; new people apart.
    """
    there = [one for one in annotators.listed(resources.lab().store) if one.kind == "person" and not one.removed_at]
    return {one.id: one.name for one in there if one.id == annotator.id or access.on_this_machine()}


def _invite(annotator: Annotator) -> None:
    st.markdown("**Invite somebody**")
    st.caption(
        "A personal link signs its reader in. It is shown once, and ends when another is made for the same name."
    )
    known = _linkable(annotator)
    next_id = st.session_state.setdefault(_NEXT, new_id())
    with st.form("invite", border=False):
        st.selectbox("For", ["", *known], format_func=lambda one: known.get(one, "a new person"), key="crew_who")
        st.text_input("Name of the new person", key="crew_name", max_chars=rules.MOST_NAME_CHARS)
        st.form_submit_button("Make a link", on_click=_make_link, args=(next_id, annotator))
    link = st.session_state.get(_LINK)
    if link:
        st.caption(f"For {text.plain(link[0])}. Copy it now; it is not shown again.")
        st.code(link[1], language=None, wrap_lines=True)
        if people.alone():
            st.caption("The lab listens on this machine only, so the link opens nowhere else.")
        elif people.link_names_this_machine():
            st.caption("For another machine, write this one's name or address in the place of 127.0.0.1 or localhost.")
        st.button("Done", key="link-done", on_click=_forget_link)


def _make_link(annotator_id: str, by: Annotator) -> None:
    store = resources.lab().store
    try:
        chosen = st.session_state.get("crew_who")
        if chosen and chosen not in _linkable(by):
            raise AccessRefused("A link for somebody else is made at the machine that the lab runs on: open it there.")
        if chosen:
            found = annotators.get(store, chosen)
        elif (st.session_state.get("crew_name") or "").strip():
            found = rules.join(store, annotator_id, st.session_state["crew_name"], None)
        else:
            raise AccessRefused("Choose somebody, or write the name of a new person.")
        st.session_state[_LINK] = (found.name, people.link_of(rules.new_link(store, found.id)))
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    st.session_state.pop(_NEXT, None)
    st.session_state["crew_name"] = ""


def _forget_link() -> None:
    st.session_state.pop(_LINK, None)
