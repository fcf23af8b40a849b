"""Route: try a prompt, read why it went where it went, and the answer."""

from lab.ui.guard import one_app

one_app()

import streamlit as st  # noqa: E402  the guard comes first

from lab.ui import answers, corrections, route, to_labelling, trace  # noqa: E402

routed = route.current()
left, right = st.columns([5, 7], gap="large")

with left:
    route.prompt_box()
    if routed:
        answers.draw(routed)
        to_labelling.draw(routed)

with right:
    if routed:
        shown = trace.of_event(routed)
        trace.decision(shown)
        corrections.of_event(routed)
        trace.evidence(shown)
        route.what_if(routed)
    else:
        route.welcome()

st.divider()
route.history()
