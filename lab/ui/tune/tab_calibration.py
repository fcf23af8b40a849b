"""Confidence: how often decisions like this one are right, before and after calibration, on rows that chose nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import streamlit as st

from lab.errors import ConfigError, LabError
from lab.forensics.calibration.calibrated import Calibrated
from lab.forensics.calibration.reliability import Reliability
from lab.forensics.evidence import LAYERS
from lab.forensics.tuning import Tuning
from lab.types import Layer, RouterConfig, new_id
from lab.ui import charts, resources, tables, text
from lab.ui.components import fault
from lab.ui.tune import calibration_figures as figures
from lab.ui.tune import calibration_layers, misrouted
from lab.ui.tune.controls import Asked
from lab.ui.tune.provenance import caption, file, rows
from lab.ui.workbench import Workbench

_BIN, _ERROR = "bin", "calibration_error"
_METHODS = {"share": "its share", "platt": "Platt", "isotonic": "isotonic regression"}
_BINS = {"width": "of equal width", "mass": "of equal count"}
_INTERVAL = "95 % bootstrap by group, shares Wilson, 5 folds held out"


def draw(bench: Workbench, asked: Asked, found: Tuning) -> None:  # noqa: ARG001  every tab is called alike
    """Draw reliability before and after, the figures by layer, risk against coverage, and the way to keep it."""
    one = resources.calibration(bench.rows, bench.config)

    def said(n: int) -> str:
        return caption(bench, found, n, "dev", _INTERVAL)

    st.markdown(_headline(bench, one))
    st.caption(f"{_rows_said(found, one)} {_adds_up(one)}")
    _take_button(bench, one)
    notes = [note for layer in one.report.layers if layer.n for note in layer.notes]
    if notes:
        st.caption(text.plain(" ".join(dict.fromkeys(notes))))
    if one.report.after is None:
        st.info(
            "Too few scored decisions to say how sure the router should be. Label more prompts on the Data page: a "
            "layer needs 20, and a few hundred say it well."
        )
    else:
        _reliability(bench, one, said)
    calibration_layers.draw(bench, one, said(one.report.n))
    _coverage(bench, one, said)


def _headline(bench: Workbench, one: Calibrated) -> str:
    before, after = one.report.before, one.report.after
    if before is None or after is None:
        return f"**The {bench.name} router cannot be calibrated on these rows.**"
    change = after.brier.value - before.brier.value
    told = "Calibrated, its confidence is closer to the truth" if change < 0 else "Calibration brings nothing here"
    return (
        f"**{told}**: Brier {before.brier.value:.3f} before and "
        f"{after.brier.value:.3f} after, ECE {before.ece_width.value:.3f} and {after.ece_width.value:.3f}, "
        f"n = {after.n:,} scored decisions of the {bench.name} router."
    )


def _rows_said(found: Tuning, one: Calibrated) -> str:
    if one.nested:
        return (
            f"Under 300 labelled rows there are no dev rows, so all {one.report.n:,} are used. A search judges its "
            "settings out of fold, but the thresholds in use may have been chosen on these very rows, and look a "
            "little surer than they are. What stands under “after” is held out, each row by a fit on the other folds."
        )
    return (
        f"{rows(found, one.report.n, 'dev')}, which chose no threshold. “Before” reads the raw score as a probability; "
        "“after” is held out, each row by a fit on the other folds. What is stored is fitted on all of them."
    )


def _adds_up(one: Calibrated) -> str:
    """Say by layer what the rows are, and which of them the figures below can speak of."""
    parts = []
    for code, layer in enumerate(LAYERS):
        inside = one.outcomes.layer == code
        bare = int(np.count_nonzero(inside & np.isnan(one.decided.scores))) if layer != Layer.KEYWORD else 0
        parts.append(f"{int(np.count_nonzero(inside)):,} {layer.value}" + f" ({bare:,} without a score)" * bool(bare))
    scored = 0 if one.report.after is None else one.report.after.n
    return (
        f"{one.report.n:,} = {' + '.join(parts)}. Reliability and risk are of the {scored:,} that have a score and a "
        "layer with rows enough; what layer 1 decides has a share alone."
    )


def _take_button(bench: Workbench, one: Calibrated) -> None:
    calibrator = one.calibrator
    empty = calibrator.keyword is None and calibrator.semantic is None and calibrator.fallback is None
    there = bench.config.calibrator == calibrator
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Put this calibrator in the draft",
            key=f"calibrate-{one.calibrator.fitted_for[:12]}-{one.report.n}",
            on_click=_take,
            args=(bench, one, new_id()),  # made when it is drawn: two presses store once
            disabled=empty or there,
            icon=":material/edit_note:",
            help="The draft has it already."
            if there
            else "Decisions of the draft then show a confidence, once adopted.",
        )
        kept = [
            f"{layer.layer.value} by {_METHODS[layer.calibration.method]}, n = {layer.calibration.rows:,}"
            for layer in one.report.layers
            if layer.calibration is not None
        ]
        st.caption(text.plain("; ".join(kept) or "no layer has enough rows"))
    error = st.session_state.pop(_ERROR, None)
    if error:
        fault(error)


def _take(bench: Workbench, one: Calibrated, edit_id: str) -> None:
    fingerprint = bench.evidence(one.config).encoder.fingerprint

    def change(config: RouterConfig) -> RouterConfig:
        if not one.fits(config, fingerprint):
            raise ConfigError(
                "The draft was edited meanwhile: its layers match or score otherwise than the router that was "
                "calibrated. Look at this tab again, then put the calibrator in."
            )
        return replace(config, calibrator=one.calibrator)

    try:
        bench.lab.drafting.edit(f"calibrated on {one.report.n:,} rows", change, edit_id=edit_id)
        st.toast("The draft has it now. Adopt it on the Router page; then decisions show a confidence.")
    except LabError as err:
        st.session_state[_ERROR] = err


def _reliability(bench: Workbench, one: Calibrated, said: Callable[[int], str]) -> None:
    layers = {"all": "all scored rows"} | {
        layer.layer.value: f"{layer.layer.value} layer" for layer in one.report.layers if layer.before is not None
    }
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown = st.segmented_control(
            "Decisions", list(layers), default="all", format_func=lambda name: layers.get(name, name),
            key="reliability", bind="query-params", required=True,
        )  # fmt: skip
        bins = st.segmented_control(
            "Ten bins", list(_BINS), default="width", format_func=_BINS.__getitem__, key="bins", bind="query-params",
            required=True,
        )  # fmt: skip
    sets = _sets(one, shown or "all")
    n = max((each.n for each in sets.values()), default=0)
    charts.chart(
        figures.diagram(sets, bins or "width"),
        key=f"reliability-{shown}-{bins}",
        name=file(bench, f"reliability-{shown}"),
        caption=f"{said(n)} · bins {_BINS[bins or 'width']}, bars are Wilson 95 % · click a point for its rows",
        alt="; ".join(f"{name}: ECE {each.ece_width}, Brier {each.brier}" for name, each in sets.items()),
        on_pick=lambda picked: _open_bin(picked, bins or "width"),
    )
    _bin(bench, one, sets, bins or "width")


def _open_bin(picked: list[object], bins: str) -> None:
    st.query_params[_BIN] = f"{bins}.{picked[0]}"


def _bin(bench: Workbench, one: Calibrated, sets: Mapping[str, Reliability], bins: str) -> None:
    """The rows of the bin that was clicked, the wrong ones first."""
    kind, _, place = st.query_params.get(_BIN, "").partition(".")
    name, _, number = place.partition(".")
    of = figures.bins_of(sets[name], bins) if name in sets and kind == bins else ()
    opened = next((each for at, each in enumerate(of) if str(at) == number and each.n), None)
    if opened is None:
        return
    places = np.array(opened.places)
    right = one.sample.right(one.outcomes)[places]
    misrouted.table(
        bench, one.sample, one.outcomes, places[np.argsort(right, kind="stable")], config=one.config, key="bin",
        title=f"probability {opened.low:.3f} to {opened.high:.3f} ({name}): {opened.n:,} decisions, "
        f"{int((~right).sum()):,} of them wrong, those first",
    )  # fmt: skip


def _sets(one: Calibrated, shown: str) -> dict[str, Reliability]:
    if shown == "all":
        found = {"before": one.report.before, "after": one.report.after}
    else:
        layer = next(each for each in one.report.layers if each.layer.value == shown)
        found = {"before": layer.before, "Platt": layer.platt, "isotonic": layer.isotonic}
    return {name: each for name, each in found.items() if each is not None}


def _coverage(bench: Workbench, one: Calibrated, said: Callable[[int], str]) -> None:
    report = one.report
    if report.by_score is not None and report.by_confidence is not None:
        st.markdown("**Risk against coverage**: what goes wrong when only the surest decisions are taken")
        charts.chart(
            figures.risk(report.by_score, report.by_confidence),
            key="risk",
            name=file(bench, "risk-coverage"),
            caption=said(report.by_score.n),
            alt=f"Area under it {report.by_score.aurc} by score, {report.by_confidence.aurc} by confidence",
        )
        columns = figures.risk_columns(report.by_score, report.by_confidence)
        tables.csv(columns, key="risk-csv", name=file(bench, "risk-coverage"), label="CSV of both curves")
    known = not np.isnan(report.auroc_none.value)
    st.markdown(
        f"**AUROC for `none`: {report.auroc_none if known else '–'}**, "
        + (
            f"how well the best score sets the {report.claimable:,} prompts that an expert should claim above the "
            f"{report.unclaimable:,} labelled none. One half is a coin."
            if known
            else f"which needs scored prompts of both kinds: there are {report.claimable:,} that an expert should "
            f"claim and {report.unclaimable:,} labelled none."
        )
    )
    if bench.config.strategy == "hybrid":
        st.caption("Prompts that layer 1 decided have a score too, and count here.")
