"""Trust: how far the votes can be trusted, where they disagree, what they lean to, and who wins."""

from lab.ui.guard import one_app

one_app()

import streamlit as st  # noqa: E402  the guard comes first

from lab.errors import LabError  # noqa: E402
from lab.ui.components import fault  # noqa: E402
from lab.ui.trust import address, desk, headline, leanings, listing, methods, people, rated, reading  # noqa: E402

above = st.container()  # the sentence comes first; what it is about is chosen below it
try:
    read = reading.opened()
    if read is None:
        headline.teach()
        methods.draw()
        st.stop()
    with above:
        headline.sentence(read)
    headline.numbers(read)
    listing.draw(read, "numbers")
    tabs = st.tabs(address.PARTS, key=address.PART, on_change="rerun", bind="query-params")
    draws = (people.draw, desk.draw, leanings.draw, rated.draw)
    for tab, draw in zip(tabs, draws, strict=True):
        if tab.open:
            with tab:
                draw(read)
    methods.draw()
except LabError as err:
    fault(err)
