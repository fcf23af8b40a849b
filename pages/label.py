"""Label: two answers side by side, a key press each; the votes, the duels and the people behind them."""

from lab.ui.guard import one_app

one_app()

import streamlit as st  # noqa: E402  the guard comes first

from lab.errors import LabError  # noqa: E402
from lab.ui import people  # noqa: E402
from lab.ui.components import fault  # noqa: E402
from lab.ui.judge import (  # noqa: E402
    crew,
    duel_list,
    erasing,
    generating,
    guide,
    importing,
    judging,
    keeping,
    mine,
    places,
)

try:
    annotator = people.current()
except LabError as err:
    fault(err)
    st.stop()
if annotator is None:
    people.sign_in()
    st.stop()

tabs = st.tabs(places.VIEWS, key=places.VIEW, on_change="rerun", bind="query-params")
parts = dict(zip(places.VIEWS, tabs, strict=True))
view = next((view for view, part in parts.items() if part.open), places.JUDGE)
with parts[view]:
    try:
        if view == places.JUDGE:
            judging.draw(annotator)
        elif view == places.MINE:
            mine.draw(annotator)
        elif view == places.DUELS:
            with st.container(horizontal=True, vertical_alignment="center"):
                duel_list.overlap()
                duel_list.of_sample()
                duel_list.bring_back()
            generating.draw()
            importing.folded()
            duel_list.draw()
        elif view == places.PEOPLE:
            guide.write(annotator)
            crew.draw(annotator)
        elif view == places.KEEP:
            keeping.draw()
            erasing.draw()
    except LabError as err:
        fault(err)
