"""What is made once per process: the only use of st.cache_resource."""

from __future__ import annotations

import contextlib
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from lab.config import REPOSITORY, Settings, compose, load_settings
from lab.errors import LabError
from lab.exchange import Exchange, Routed, providers_of
from lab.jobs import Jobs
from lab.live import LiveRouter, Routers
from lab.store import Store, open_store
from lab.types import Trace

_TRACES = 200


@dataclass(frozen=True, slots=True)
class Lab:
    """The open lab."""

    settings: Settings
    store: Store
    routers: Routers
    exchange: Exchange
    jobs: Jobs


@st.cache_resource(show_spinner="Opening the lab …")
def lab() -> Lab:
    """Open the lab: settings, store, live router, providers. Raises LabError; a failure is not kept."""
    settings = load_settings()
    overrides = _overrides(sys.argv)
    composed = compose(overrides, settings.conf_dir)
    store = open_store(settings.database_url, settings.data_dir)
    try:
        routers = Routers(store, settings, overrides)
        live = routers.live()
        exchange_providers = providers_of(composed.providers)
    except LabError:
        store.close()
        raise
    jobs = Jobs(store)
    threading.Thread(target=_warm_up, args=(live,), daemon=True).start()
    return Lab(settings, store, routers, Exchange(store, routers, exchange_providers, jobs), jobs)


def _warm_up(live: LiveRouter) -> None:
    """Load what the first decision needs while the person still types."""
    import pandas  # noqa: F401
    import plotly.graph_objects  # noqa: F401

    with contextlib.suppress(LabError):  # the first decision says it
        live.strategy.explain(live.strategy.decide("warm up"))
        live.encoder.encode(["warm up"])


@st.cache_resource(max_entries=_TRACES, show_spinner=False)
def _trace(event_id: str, _routed: Routed) -> Trace:  # noqa: ARG001  the id is the key
    return lab().exchange.explain(_routed)


def trace(routed: Routed) -> Trace | str:
    """Return the trace of an event, or the sentence that says why there is none."""
    try:
        return _trace(routed.event.id, routed)
    except LabError as err:
        return str(err)


def _overrides(argv: list[str]) -> tuple[str, ...]:
    """Return the Hydra overrides of `streamlit run app.py -- …`; another program's arguments are not ours."""
    ours = argv and Path(argv[0]).resolve() == REPOSITORY / "app.py"
    return tuple(argv[1:]) if ours else ()
