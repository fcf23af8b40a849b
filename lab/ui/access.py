"""Who may look: everybody on this machine; from farther away only who knows the access key."""

from __future__ import annotations

import hmac

import streamlit as st

from lab.config import is_loopback

_GRANTED = "access_granted"


def gate(key: str | None) -> None:
    """Stop the page unless this visitor may see it: a server that listens wider asks for the access key first."""
    if is_loopback(st.get_option("server.address") or ""):
        return
    if not key:
        st.error(
            "This lab listens beyond this machine without an access key, so it shows nothing. "
            "Set LAB_ACCESS_KEY and start it again, or let it listen on 127.0.0.1."
        )
        st.stop()
    if st.session_state.get(_GRANTED):
        return
    with st.form("access", width=420):
        given = st.text_input("Access key", type="password")
        st.form_submit_button("Enter", type="primary")
    if given and hmac.compare_digest(given.encode(), key.encode()):
        st.session_state[_GRANTED] = True
        st.rerun()
    if given:
        st.error("That is not the access key. Ask whoever started this lab.")
    st.stop()


def on_this_machine() -> bool:
    """Tell whether this visitor sits at the machine that the lab runs on, as far as addresses tell.

    A team that labels over the network shares the access key; the whole database is not for everybody who has it.
    """
    return is_loopback(st.get_option("server.address") or "") or st.context.ip_address is None
