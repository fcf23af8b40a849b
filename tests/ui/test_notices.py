"""Parts of a page that run alone."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def test_a_part_that_runs_alone_has_no_neighbour_in_its_container():
    """Where the server is busy Streamlit loses its place in a run of the whole page; nothing may move up into it."""

    def page():
        import streamlit as st

        from lab.ui import notices

        def draw(word):
            st.write(word)

        st.write("before")
        notices.apart(draw)("alone")
        st.write("after")

    app = AppTest.from_function(page).run()
    before, place, after = app.main.children.values()
    [part] = place.children.values()
    [alone] = part.children.values()
    assert (before.value, alone.value, after.value) == ("before", "alone", "after")
