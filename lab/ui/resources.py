"""What is made once per process: the only use of st.cache_resource."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import streamlit as st

from lab.config import REPOSITORY, Settings, compose, load_settings
from lab.drafting import Drafting
from lab.errors import LabError
from lab.exchange import Exchange, Routed, providers_of
from lab.forensics.answers.routed import Answered
from lab.forensics.answers.routed import answered as answers_of
from lab.forensics.baselines import Baseline
from lab.forensics.calibration.calibrated import Calibrated, calibrated
from lab.forensics.datasets import Rows, ensure_built_in
from lab.forensics.draft_effect import DraftEffect, draft_effect
from lab.forensics.evidence import Evidence
from lab.forensics.latency.job import ColdAndWarm
from lab.forensics.probes import Probe, ProbeReport, run
from lab.forensics.rules.of_dataset import RulesOfRows, Suggested, rules_of, suggest
from lab.forensics.runs import spec_to_json
from lab.forensics.sample import Stakes
from lab.forensics.sealed import searched_without_splits
from lab.forensics.stored_figures import UNASKED, MeasuredTimes
from lab.forensics.stored_figures import measured_times as stored_times
from lab.forensics.stored_figures import quality as stored_quality
from lab.forensics.traffic import Mix, mix
from lab.forensics.tuning import Spec, Tuning, dev_baselines, tune
from lab.jobs import Jobs
from lab.live import LiveRouter, Routers
from lab.preferences import sample
from lab.store import Store, events, open_store
from lab.types import RouterConfig, Trace
from lab.ui.kept import Kept

_TRACES = 200
_EVIDENCE = 3
_TUNINGS = 6
_EDITS = 32  # effects of the draft as it was, and of what was tried on it
_RULES = 4
_CALIBRATED = 6
_COUNTED = 12
_TIMED_ROUTERS = 20
_TIMED = 500  # events whose timings are averaged
_TIMES_S = 20  # how old such averages may be


@dataclass(frozen=True, slots=True)
class Lab:
    """The open lab."""

    settings: Settings
    store: Store
    routers: Routers
    exchange: Exchange
    jobs: Jobs
    drafting: Drafting
    counted: Kept[Any] = field(default_factory=lambda: Kept(_COUNTED))  # votes and their figures, by what they rest on


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
        ensure_built_in(store, settings.data_dir)
        sample.ensure_first_run(store)
    except LabError:
        store.close()
        raise
    jobs = Jobs(store)
    threading.Thread(target=_warm_up, args=(live,), daemon=True).start()
    exchange = Exchange(store, routers, exchange_providers, jobs)
    return Lab(settings, store, routers, exchange, jobs, Drafting(store, routers))


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


@st.cache_resource(max_entries=_TRACES, show_spinner=False)
def _traced(content_hash: str, prompt: str, _config: RouterConfig) -> Trace:  # noqa: ARG001  the hash is the key
    router = lab().routers.build(_config)
    return router.explain(router.decide(prompt))


def traced(config: RouterConfig, prompt: str) -> Trace:
    """Return what a router decides for a prompt, and why; nothing is stored. Raises LabError."""
    return _traced(config.content_hash(config.encoder), prompt, config)


@st.cache_resource(max_entries=_EVIDENCE, show_spinner=False)
def _evidence(content_hash: str, encoder: str, _rows: Rows) -> Evidence:  # noqa: ARG001  the hash is the key
    return Evidence(_rows.prompts, lab().routers.encoder(encoder))


def evidence(rows: Rows, encoder: str) -> Evidence:
    """Return the evidence of a dataset's prompts under an encoder, kept for the last datasets that were looked at."""
    return _evidence(rows.dataset.content_hash, encoder, rows)


@dataclass(frozen=True, slots=True)
class Search:
    """What a search depends on; equal hashes give equal results."""

    rows: Rows
    base: RouterConfig
    live: RouterConfig
    spec: Spec
    stakes: Stakes

    @property
    def key(self) -> str:
        """Everything that the result depends on, as a digest."""
        asked = json.dumps(spec_to_json(self.spec, self.stakes), sort_keys=True)
        base, live = (config.content_hash(config.encoder) for config in (self.base, self.live))
        return hashlib.sha256("\n".join((self.rows.hash, base, live, asked)).encode()).hexdigest()

    def evidence(self, config: RouterConfig) -> Evidence:
        """Return the evidence of the dataset under a router's encoder."""
        return evidence(self.rows, config.encoder)


def tuning(search: Search) -> Tuning:
    """Return a search's result, kept for the last ones that were asked for. Raises SearchError, EncoderUnavailable."""
    return _tuning(search.key, search)


def baselines(search: Search) -> list[Baseline]:
    """Return the baselines beside a search's result, kept like it. Raises like `tuning`."""
    return _baselines(f"{search.key}\n{_digest(quality(search.rows, search.base))}", search)


@st.cache_resource(max_entries=_TUNINGS, show_spinner="Searching …")
def _tuning(key: str, _search: Search) -> Tuning:  # noqa: ARG001  the digest is the key
    found = tune(_search.rows, _search.base, _search.live, _search.spec, _search.evidence, _search.stakes)
    if found.nested:
        with contextlib.suppress(LabError):  # a store that is only read is searched all the same
            searched_without_splits(_search.rows, lab().store)
    return found


@st.cache_resource(max_entries=_TUNINGS, show_spinner="Measuring the baselines …")
def _baselines(key: str, _search: Search) -> list[Baseline]:  # noqa: ARG001
    return dev_baselines(tuning(_search), _search.evidence, _search.stakes, quality(_search.rows, _search.base))


def drafted(rows: Rows, before: RouterConfig, after: RouterConfig) -> DraftEffect:
    """Return what a change of the router does to a dataset. Raises SearchError, EncoderUnavailable."""
    return _drafted(_key(rows, before, after), rows, before, after)


@st.cache_resource(max_entries=_EDITS, show_spinner=False)
def _drafted(key: str, _rows: Rows, _before: RouterConfig, _after: RouterConfig) -> DraftEffect:  # noqa: ARG001
    return draft_effect(_rows, _before, _after, lambda config: evidence(_rows, config.encoder))


def rules(rows: Rows, config: RouterConfig, split: str) -> RulesOfRows:
    """Return what each pattern of a router does on a split. Raises SearchError, PatternError, EncoderUnavailable."""
    times = measured_times().deciding
    layer2_ms = None if times is None else round(times[1], 2)
    return _rules(f"{_key(rows, config)}\n{split}\n{layer2_ms}", rows, config, split, layer2_ms)


@st.cache_resource(max_entries=_RULES, show_spinner="Trying every pattern …")
def _rules(key: str, _rows: Rows, _config: RouterConfig, _split: str, _layer2_ms: float | None) -> RulesOfRows:  # noqa: ARG001
    return rules_of(_rows, _config, _split, lambda one: evidence(_rows, one.encoder), layer2_ms=_layer2_ms)


def suggestions(rows: Rows, config: RouterConfig) -> Suggested:
    """Return what the tune errors of a router suggest. Raises SearchError, EncoderUnavailable."""
    return _suggestions(_key(rows, config), rows, config)


@st.cache_resource(max_entries=_RULES, show_spinner="Mining the tune errors …")
def _suggestions(key: str, _rows: Rows, _config: RouterConfig) -> Suggested:  # noqa: ARG001
    return suggest(_rows, _config, lambda one: evidence(_rows, one.encoder))


def calibration(rows: Rows, config: RouterConfig) -> Calibrated:
    """Return a router calibrated on a dataset. Raises SearchError, EncoderUnavailable."""
    bare = replace(config, calibrator=None)
    return _calibration(_key(rows, bare), rows, bare)


@st.cache_resource(max_entries=_CALIBRATED, show_spinner="Calibrating …")
def _calibration(key: str, _rows: Rows, _config: RouterConfig) -> Calibrated:  # noqa: ARG001
    return calibrated(_rows, _config, lambda one: evidence(_rows, one.encoder))


@st.cache_resource(show_spinner=False)
def latencies() -> Kept[ColdAndWarm]:
    """Return where timed routers are kept, by dataset and router; a job puts them there."""
    return Kept(_TIMED_ROUTERS)


@st.cache_resource(max_entries=_RULES, show_spinner="Routing the probes …")
def _probed(key: str, _config: RouterConfig, _probes: list[Probe]) -> ProbeReport:  # noqa: ARG001
    strategy = lab().routers.build(_config)
    if _config.strategy != "keyword":
        lab().routers.encoder(_config.encoder).encode([probe.prompt for probe in _probes])  # in one batch, remembered
    return run(strategy, _probes)


def probed(config: RouterConfig, probes: list[Probe]) -> ProbeReport:
    """Return which probes a router passes. Raises PromptError, ConfigError, EncoderUnavailable."""
    asked = hashlib.sha256(repr(probes).encode()).hexdigest()
    return _probed(f"{asked}\n{config.content_hash(config.encoder)}", config, probes)


def _key(rows: Rows, *configs: RouterConfig) -> str:
    return "\n".join((rows.hash, *(config.content_hash(config.encoder) for config in configs)))


def quality(rows: Rows, config: RouterConfig) -> Any | None:
    """Return measured outcomes of a dataset's rows by expert, (rows, experts), NaN where there is none; or None."""
    return _quality(f"{rows.dataset.id}\n{[expert.name for expert in config.experts]}", rows, config)


@st.cache_resource(ttl=_TIMES_S, max_entries=_TUNINGS, show_spinner=False)
def _quality(key: str, _rows: Rows, _config: RouterConfig) -> Any | None:  # noqa: ARG001
    return stored_quality(lab().store, _rows, _config)


def answered(rows: Rows, found: Tuning) -> Answered | dict[str, int] | None:
    """Return what the answers of a search's result come to; None without any outcome. Raises EncoderUnavailable."""
    known = quality(rows, found.grid.config)
    key = f"{_key(rows, found.recommended)}\n{found.grid.stakes}\n{found.spec.seed}\n{_digest(known)}"
    return None if known is None else _answered(f"{key}\n{_digest(found.dev_outcomes.expert)}", found, known, rows)


@st.cache_resource(max_entries=_TUNINGS, show_spinner="Comparing the answers …")
def _answered(key: str, _found: Tuning, _known: Any, _rows: Rows) -> Answered | dict[str, int]:  # noqa: ARG001
    return answers_of(_found, _known, lambda one: evidence(_rows, one.encoder), _found.grid.stakes)


def _digest(values: Any | None) -> str:
    return "" if values is None else hashlib.sha256(values.tobytes()).hexdigest()


@st.cache_resource(ttl=_TIMES_S, max_entries=_EVIDENCE, show_spinner=False)
def _traffic(rows_hash: str, encoder: str, _rows: Rows) -> Mix | None:  # noqa: ARG001  the first two are the key
    prompts = [event.decision.prompt for event in events.recent(lab().store, _TIMED, without=UNASKED)]
    found = evidence(_rows, encoder)
    return mix(_rows, found.vectors(), found.encoder.encode(prompts)) if prompts else None


def traffic(rows: Rows, encoder: str) -> Mix | None:
    """Return the query types of the prompts routed last, or None where they say nothing."""
    return _traffic(rows.hash, encoder, rows)


@st.cache_resource(ttl=_TIMES_S, max_entries=1, show_spinner=False)
def measured_times() -> MeasuredTimes:
    """Return what answers and decisions took, as it was stored last. Raises StoreError."""
    return stored_times(lab().store)


def _overrides(argv: list[str]) -> tuple[str, ...]:
    """Return the Hydra overrides of `streamlit run app.py -- …`; another program's arguments are not ours."""
    ours = argv and Path(argv[0]).resolve() == REPOSITORY / "app.py"
    return tuple(argv[1:]) if ours else ()
