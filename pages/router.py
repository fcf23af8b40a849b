"""Router: the one draft, what it changes and what that does; edit it, question its rules, adopt it, go back."""

from lab.ui.guard import one_app

one_app()

import streamlit as st  # noqa: E402  the guard comes first

from lab.ui.router import desk, diff, effect, expert, experts, gate, history, rules, settings, suggestions  # noqa: E402

on = desk.opened()
diff.draw(on)
effect.draw(on)

st.markdown("### Settings and experts")
settings.draw(on)
experts.draw(on)
expert.draw(on)

rules.draw(on)
suggestions.draw(on)

gate.draw(on)
history.draw(on)
