"""Export: votes become a dataset that trains: for whom, what is kept and why not, the doctor, frozen snapshots."""

from lab.ui.guard import one_app

one_app()

import streamlit as st  # noqa: E402  the guard comes first

from lab.errors import LabError  # noqa: E402
from lab.ui.components import fault  # noqa: E402
from lab.ui.export import address, asking, doctor, freezing, funnel, listing, plots, preview, reading, shelf  # noqa: E402

spec = read = None
try:
    if reading.nothing_judged():
        funnel.teach()
        shelf.draw()
        st.stop()
    spec = asking.draw()
    read = reading.opened(spec)
except LabError as err:
    fault(err)
if read is not None:
    funnel.sentence(read)
    funnel.numbers(read)
    listing.draw(read)
tabs = st.tabs(address.PARTS, key=address.PART, on_change="rerun", bind="query-params")
draws = (doctor.draw, plots.draw, preview.draw, freezing.draw)
try:
    for tab, draw in zip(tabs, draws, strict=False):
        if tab.open and read is not None:
            with tab:
                draw(read)
    if tabs[-1].open:
        with tabs[-1]:
            shelf.draw()
except LabError as err:
    fault(err)
