"""Export: votes become a dataset that trains: for whom, what is kept and why not, the doctor, frozen snapshots."""

from lab.ui.guard import one_app

one_app()

import streamlit as st  # noqa: E402  the guard comes first

from lab.errors import LabError  # noqa: E402
from lab.ui.components import fault  # noqa: E402
from lab.ui.export import address, asking, doctor, freezing, funnel, plots, preview, reading, shelf  # noqa: E402

read = None
try:
    now = reading.state()
    if not now.judged and not now.thumbs:
        funnel.teach()
        shelf.draw()
        st.stop()
    read = reading.opened(asking.draw(), now)
except LabError as err:
    fault(err)
if read is not None:
    funnel.sentence(read)
    funnel.numbers(read)
tabs = st.tabs(address.PARTS, key=address.PART, on_change="rerun", bind="query-params")
draws = (doctor.draw, plots.draw, preview.draw, freezing.draw)
try:
    for tab, draw in zip(tabs, draws, strict=False):
        if tab.open:
            with tab:
                if read is None:
                    st.caption("This part waits for what stands above.")
                else:
                    draw(read)
    if tabs[-1].open:
        with tabs[-1]:
            shelf.draw()
except LabError as err:
    fault(err)
