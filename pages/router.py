"""Router: the one draft, what it changes and what that does; edit it, question its rules, adopt it, go back."""

from lab.ui.guard import one_app

one_app()

import streamlit as st  # noqa: E402  the guard comes first

from lab.ui.router import desk, diff, effect, expert, experts, gate, history, rules, settings, suggestions  # noqa: E402

with st.container():
    on = desk.opened()
# each part in a place of its own: what comes and goes in one does not draw those below it anew
for part in (diff, effect, settings, experts, expert, rules, suggestions, gate, history):
    with st.container():
        part.draw(on)
