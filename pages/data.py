"""Data: labelled prompts taken in, looked through, labelled on, and made into experts."""

from lab.ui.guard import one_app

one_app()

import streamlit as st  # noqa: E402  the guard comes first

from lab.errors import LabError  # noqa: E402
from lab.ui.components import fault  # noqa: E402
from lab.ui.data import (  # noqa: E402
    experts,
    importing,
    labelling,
    leakage,
    listing,
    manage,
    overview,
    places,
    report,
    row_list,
    strangers,
    using,
)

manage.notices()
try:
    listed = listing.draw()
    routers = using.routers()
except LabError as err:
    fault(err)
    st.stop()

if not listed:
    using.teach()
    importing.draw(routers)
    st.stop()
tabs = st.tabs(places.VIEWS, key=places.VIEW, on_change="rerun", bind="query-params")
parts = dict(zip(places.VIEWS, tabs, strict=True))
if parts[places.ADD].open:
    with parts[places.ADD]:
        importing.draw(routers)
    st.stop()

view = next((view for view, part in parts.items() if part.open), places.ROWS)
with parts[view]:
    bench = using.opened()
    try:
        if view == places.ROWS:
            if all(dataset.origin == "built-in" for dataset in listed):
                using.welcome()
            manage.draw(bench.rows.dataset, bench.rows)
            overview.title(bench.rows)
            strangers.of_rows(bench.rows, bench.config, bench.name)
            left, right = st.columns([7, 5], gap="large")
            with left:
                row_list.draw(bench.rows, bench.config, f"the {bench.name} router")
            with right:
                overview.draw(bench.rows, bench.config)
        elif view == places.LEFT_OUT:
            report.of_dataset(bench.rows)
        elif view == places.LEAKS:
            leakage.draw(bench, routers)
        elif view == places.LABEL:
            labelling.draw(bench)
        else:
            experts.draw(bench)
    except LabError as err:
        fault(err)
