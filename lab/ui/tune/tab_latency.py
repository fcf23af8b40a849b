"""What deciding costs, prompt by prompt: cold and warm, by stage, against the budget; and with the answers."""

from __future__ import annotations

import numpy as np
import streamlit as st

from lab.errors import LabError
from lab.forensics.evidence import Ints
from lab.forensics.latency.end_to_end import end_to_end
from lab.forensics.latency.job import MOST_PROMPTS, ColdAndWarm, chosen, key_of, latency_job
from lab.forensics.latency.report import LatencyReport
from lab.forensics.latency.spread import Spread
from lab.forensics.matrix import speaks_alike
from lab.forensics.tuning import Tuning, outcomes_in
from lab.store import answers
from lab.types import NONE, RouterConfig
from lab.ui import charts, resources, tables, text, wording
from lab.ui.components import fault
from lab.ui.tune import latency_figure, timed_rows
from lab.ui.tune.controls import Asked
from lab.ui.tune.provenance import caption, file, rows
from lab.ui.workbench import Workbench

_ERROR = "latency_error"
_FIGURES = {
    "mean, ms": "mean", "p50, ms": "p50", "p95, ms": "p95", "p95 at most, ms": "p95_high", "p99, ms": "p99",
    "slowest, ms": "slowest",
}  # fmt: skip


def draw(bench: Workbench, asked: Asked, found: Tuning) -> None:  # noqa: ARG001  every tab is called alike
    """Draw the times of the router in hand, or the way to measure them."""
    evidence = bench.evidence(bench.config)
    kept = resources.latencies().get(key_of(bench.rows, bench.config, evidence.encoder.fingerprint))
    running = any(job.state in ("queued", "running") for job in bench.lab.jobs.recent(5, "latency"))
    if kept is None:
        _empty(bench, running=running)
    else:
        _headline(bench, kept)
        _start_button(bench, "Time it again", running=running)
        said = _said(bench, found, kept)
        _stages(bench, kept, said)
        _histogram(bench, kept, said)
        timed_rows.draw(bench, kept)
    _answers(bench, found, kept)


def _empty(bench: Workbench, *, running: bool) -> None:
    many = len(chosen(bench.rows))
    st.markdown(f"**The {bench.name} router was not timed yet on {text.plain(bench.rows.dataset.name)}**")
    st.markdown(
        f"Every one of {many:,} prompts is decided twice, one at a time: cold, when its vector is not known, and warm, "
        "when it is. Encoding in bulk would flatter: it is several times faster a prompt than one prompt is."
    )
    _start_button(bench, f"Time {many:,} prompts", running=running, primary=True)


def _start_button(bench: Workbench, label: str, *, running: bool, primary: bool = False) -> None:
    st.button(
        "Timing …" if running else label, key="time-router", on_click=_start, args=(bench,), disabled=running,
        type="primary" if primary else "secondary", icon=":material/timer:",
        help=f"At most {MOST_PROMPTS} prompts, none of them sealed. It goes on when you leave this page.",
    )  # fmt: skip
    error = st.session_state.pop(_ERROR, None)
    if error:
        fault(error)


def _start(bench: Workbench) -> None:
    encoder = bench.evidence(bench.config).encoder
    kept, key = resources.latencies(), key_of(bench.rows, bench.config, encoder.fingerprint)
    try:
        latency_job(bench.lab.jobs, bench.config, encoder, bench.rows, lambda result: kept.put(key, result))
    except LabError as err:
        st.session_state[_ERROR] = err


def _said(bench: Workbench, found: Tuning, kept: ColdAndWarm) -> str:
    line = caption(bench, found, kept.cold.n, "tune and dev", "order statistics, p95 bound distribution-free at 95 %")
    return (
        f"{line} · drawn with seed {kept.seed}, {kept.at:%Y-%m-%d %H:%M} UTC · {kept.cold.unmeasured_calls} calls to "
        f"warm up are not counted · timed in this process, beside the page{_busy(kept)}"
    )


def _busy(kept: ColdAndWarm) -> str:
    """A machine that does much else answers late: without its load a time says little."""
    return "" if kept.load is None else f", at a load of {kept.load[0]:.1f} on {kept.load[1]} processors"


def _headline(bench: Workbench, kept: ColdAndWarm) -> None:
    cold, warm = kept.cold, kept.warm
    inside = cold.total.p95 <= cold.budget_ms
    st.markdown(
        f"**{wording.ms(cold.total.p50)} to decide a new prompt, {wording.ms(cold.total.p95)} at p95: "
        f"{'within' if inside else 'over'} the budget of {cold.budget_ms:.0f} ms** (the {bench.name} router, "
        f"n = {cold.n:,})."
    )
    with st.container(horizontal=True):
        for name, one in (("cold", cold), ("warm", warm)):
            if one is not None:
                bound = wording.ms(one.total.p95_high) if one.total.p95_high is not None else one.total.p95_note
                times = " · ".join(map(wording.ms, (one.total.p50, one.total.p95, one.total.p99)))
                st.metric(
                    f"{name}: p50, p95, p99", times, border=True, width="content",
                    help=f"n = {one.n:,}. p95 is at most {bound} (95 %).",
                )  # fmt: skip
        share = cold.fast_path
        st.metric(
            "fast-path yield", f"{share.value:.1%}", border=True, width="content",
            help=f"Decided by layer 1 alone: {share}, Wilson, n = {cold.n:,}.",
        )  # fmt: skip
        over = cold.over_budget
        st.metric(
            f"over {cold.budget_ms:.0f} ms, cold", f"{over.value:.1%}", border=True, width="content",
            help=f"{over}, Wilson, n = {cold.n:,}.",
        )  # fmt: skip
    if kept.load is not None and kept.load[0] > 1.5 * kept.load[1]:
        st.caption(
            f"The machine was busy, with a load of {kept.load[0]:.1f} on {kept.load[1]} processors: a quiet one "
            "decides sooner. Time it again when it rests."
        )
    if kept.warm_note:
        st.caption(text.plain(kept.warm_note))
    st.markdown("  \n".join(_cascade(name, one) for name, one in (("cold", cold), ("warm", warm)) if one is not None))


def _cascade(name: str, one: LatencyReport) -> str:
    """E = T1 + (1 - h) T2 with its numbers."""
    e = one.expected
    if e.layer2_ms is None:
        return f"Expected, {name}: E = T₁ = {wording.ms(e.expected_ms)}; layer 2 never ran."
    return (
        f"Expected, {name}: E = T₁ + (1 − h)·T₂ = {wording.ms(e.layer1_ms)} + (1 − {e.yield_share:.3f}) × "
        f"{wording.ms(e.layer2_ms)} = **{wording.ms(e.expected_ms)}**"
    )


def _stages(bench: Workbench, kept: ColdAndWarm, said: str) -> None:
    runs = latency_figure.runs(kept).items()
    lines: list[tuple[str, str, Spread]] = []
    for place, stage in enumerate(kept.cold.stages):
        lines += [(stage[0], name, one.stages[place][1]) for name, one in runs]
    columns: dict[str, list[object]] = {
        "stage": [stage for stage, _, _ in lines],
        "vector": [name for _, name, _ in lines],
        "ran on n": [one.n for _, _, one in lines],
    }
    for title, name in _FIGURES.items():
        columns[title] = [_known(getattr(one, name)) for _, _, one in lines]
    notes = [f"{stage} {name}: {one.p95_note}" for stage, name, one in lines if one.p95_note and one.n]
    tables.table(
        columns,
        key="latency-stages",
        name=file(bench, "latency"),
        caption=text.plain(f"{said}. {' '.join(notes[:2])}".strip()),
        config=dict.fromkeys(_FIGURES, st.column_config.NumberColumn(format="%.3f")),
    )  # fmt: skip


def _histogram(bench: Workbench, kept: ColdAndWarm, said: str) -> None:
    charts.chart(
        latency_figure.histogram(kept),
        key="latency-histogram",
        name=file(bench, "latency"),
        caption=f"{said} · click a bar for its prompts",
        on_pick=timed_rows.open_bar,
        alt=f"Times to decide, cold p50 {kept.cold.total.p50:.2f} ms, p95 {kept.cold.total.p95:.2f} ms",
    )


def _answers(bench: Workbench, found: Tuning, kept: ColdAndWarm | None) -> None:
    """How long the experts take, and what that makes of a prompt's whole way under live and recommended."""
    st.markdown("**From prompt to whole answer**")
    times = answers.times_by_expert(bench.lab.store)
    if kept is None:
        st.caption(
            "Time the router first: an expected end-to-end time is its overhead and the experts' measured answers."
        )
    overhead = None if kept is None else kept.cold.expected.expected_ms
    shares = _shares(found, bench.config, bench)
    if overhead is not None:
        whole = end_to_end(shares, times, overhead, seed=found.spec.seed)
        if whole.expected_ms is None:
            st.info(_missing([one.expert for one in whole.experts if one.share and not one.n and one.expert != NONE]))
        else:
            e = whole.expected_ms
            st.markdown(
                f"Expected end to end: **{wording.seconds(e.value)}** [{wording.seconds(e.low)}, "
                f"{wording.seconds(e.high)}], of which {wording.ms(overhead)} are for deciding (cold). Means add; "
                "percentiles do not, so there is no p95."
            )
    known = [one for one in end_to_end(shares, times, 0.0, seed=found.spec.seed).experts if one.share or one.n]
    tables.table(
        {
            "expert": [one.expert for one in known],
            "share of prompts": [one.share for one in known],
            "answers measured": [one.n for one in known],
            "mean, ms": [None if one.mean_ms is None else one.mean_ms.value for one in known],
            "from": [None if one.mean_ms is None else _known(one.mean_ms.low) for one in known],
            "to": [None if one.mean_ms is None else _known(one.mean_ms.high) for one in known],
        },
        key="answers-by-expert",
        name=file(bench, "answers-by-expert"),
        caption=text.plain(
            f"Shares of the {bench.name} router over {rows(found, len(found.dev), 'dev')}; "
            "whole answers of real models only, the last 2,000; 95 % bootstrap of the mean."
        ),
        config={
            "share of prompts": st.column_config.NumberColumn(format="percent"),
            **dict.fromkeys(["mean, ms", "from", "to"], st.column_config.NumberColumn(format="%.0f")),
        },
    )


def _missing(experts: list[str]) -> str:
    named = ", ".join(map(text.plain, experts[:6])) + (f" and {len(experts) - 6} more" if len(experts) > 6 else "")
    return (
        f"No answer of {named} was ever timed, so there is no expected end-to-end time. Route prompts there with a "
        "model that runs: the mock's pauses are no speed."
    )


def _shares(found: Tuning, config: RouterConfig, bench: Workbench) -> dict[str, float]:
    """Prompts by expert on the rows that the page judges on."""
    assert speaks_alike(found.dev, config), "the search is around this router"
    decided = outcomes_in(found.dev, config, bench.evidence)
    counts: Ints = np.bincount(decided.expert, minlength=len(found.dev.experts) + 1)
    order = np.argsort(-counts, kind="stable")
    return {found.dev.name(code): float(counts[code]) for code in order.tolist()}


def _known(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)
