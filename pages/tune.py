"""Tune: say what you want, see which thresholds give it, and read the prompts that any setting gets wrong."""

from lab.ui.guard import one_app

one_app()

import streamlit as st  # noqa: E402  the guard comes first

from lab.errors import LabError  # noqa: E402
from lab.ui import resources, workbench  # noqa: E402
from lab.ui.components import fault  # noqa: E402
from lab.ui.tune import controls, costs, explore, recommendation, saved, strip, tabs  # noqa: E402

bench = workbench.opened()
try:
    asked = controls.draw(bench, costs.read(bench))
    search = resources.Search(bench.rows, bench.config, bench.live.version.config, asked.spec, asked.costs.stakes)
    found = resources.tuning(search)
except LabError as err:
    fault(err)
    saved.draw(bench, None)
    st.stop()

recommendation.draw(bench, found)
explore.draw(bench, asked, found)
strip.draw(bench, found, resources.baselines(search))
tabs.draw(bench, asked, found)
saved.draw(bench, search)
