"""Query types by configuration: where each strategy and each version is right, quick, and where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from lab.forensics.matrix import Contender, Matrix, matrix, speaks_alike, strategies, unknown_to
from lab.forensics.tuning import Tuning
from lab.store import versions
from lab.types import RouterConfig
from lab.ui import charts, tables, text, wording
from lab.ui.tune import misrouted
from lab.ui.tune.controls import Asked
from lab.ui.tune.matrix_figure import SHOWS, address, alt, figure, kind_of, known
from lab.ui.tune.provenance import caption, file
from lab.ui.workbench import Workbench

CELL = "type"
_VERSIONS = 3  # stored ones that are shown unless others are picked


def draw(bench: Workbench, asked: Asked, found: Tuning) -> None:
    """Draw the matrix; a cell that is clicked opens its misrouted prompts."""
    others, passed_over = _stored(bench, found)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shows = st.segmented_control(
            "Cells show", list(SHOWS), default="accuracy", format_func=SHOWS.__getitem__, key="matrix",
            bind="query-params", required=True,
        )  # fmt: skip
        picked: list[str] = []
        if others:
            picked = st.multiselect(
                "Stored versions", list(others), default=list(others)[:_VERSIONS], key="versions", bind="query-params",
                width=320,
            )  # fmt: skip
    contenders, without = _contenders(bench, found, [others[name] for name in picked])
    fair = unknown_to(found.dev, bench.rows.prompts, [one.config for one in contenders])
    if not fair.any():
        st.info("Every dev row is an utterance of one of these routers, so none can be measured. Leave out versions.")
        return
    sample = found.dev.take(fair)
    made = matrix(sample, [_on(one, fair) for one in contenders], bench.evidence, asked.costs.stakes)
    values = _values(made, shows or "accuracy")
    _missing(made, asked, shows or "accuracy")
    said = caption(bench, found, len(sample), "dev", "Wilson 95 % intervals in the table and under the pointer")
    if not np.isnan(values).all():
        charts.chart(
            figure(made, values, shows or "accuracy"),
            key=f"matrix-{shows}",
            name=file(bench, f"query-types-{shows}"),
            caption=said,
            alt=alt(made, values, shows or "accuracy"),
            on_pick=_click,
        )
    _remarks(fair, [*passed_over, *without, *made.left_out], nested=found.nested)
    folded = st.expander("The cells as a table", on_change="rerun", key="matrix_table")
    if folded.open:
        with folded:
            _table(bench, made, said)
    _prompts(bench, made)


def _stored(bench: Workbench, found: Tuning) -> tuple[dict[str, Contender], list[tuple[str, str]]]:
    """The stored versions that can stand beside the router in hand, by name, and those that cannot, with the reason."""
    shown = {bench.live.version.content_hash}
    others: dict[str, Contender] = {}
    passed_over = []
    for one in versions.recent(bench.lab.store):
        if one.number is None or one.content_hash in shown:
            continue
        name = wording.version(one)
        if not speaks_alike(found.dev, one.config):
            passed_over.append((name, "it has other experts"))
        elif one.config.encoder != bench.config.encoder:
            passed_over.append((name, f"it uses the encoder {one.config.encoder}"))
        else:
            others[name] = Contender(name, one.config, "a stored version")
    return others, passed_over


def _contenders(
    bench: Workbench, found: Tuning, stored: list[Contender]
) -> tuple[list[Contender], list[tuple[str, str]]]:
    made = strategies(bench.config)
    live = bench.live.version
    without = []
    if speaks_alike(found.dev, live.config):
        made.append(Contender("live", live.config, wording.version(live)))
    else:
        without.append(("live", "it has other experts than the draft"))
    if bench.draft is not None:
        made.append(Contender("draft", bench.draft.config, "the draft as it is"))
    about = "the recommended setting" + (", each row by a choice that did not see it" if found.nested else "")
    made.append(Contender("recommended", found.recommended, about, decided=found.dev_outcomes))
    return [*made, *stored], without


def _on(one: Contender, fair: Any) -> Contender:
    """The contender with what is known of its decisions cut to the rows that count."""
    if one.decided is None:
        return one
    return replace(one, decided=type(one.decided)(one.decided.expert[fair], one.decided.layer[fair]))


def _values(made: Matrix, shows: str) -> Any:
    return {"accuracy": made.accuracies(), "overhead": made.overhead_ms, "end_to_end": made.end_to_end_ms}[shows]


def _missing(made: Matrix, asked: Asked, shows: str) -> None:
    """Say what to do about times that nobody measured."""
    stakes = asked.costs.stakes
    if shows != "accuracy" and stakes.overhead_ms is None:
        st.info(
            "No decision was timed yet in which both layers ran, so there is no expected overhead. Route some prompts "
            "on the Route page; the Latency tab times this router on many at once."
        )
    unmeasured = made.unmeasured(stakes) if shows == "end_to_end" else ()
    if unmeasured:
        st.info(
            f"No answer of {', '.join(map(text.plain, unmeasured))} was ever timed, so there is no end-to-end time "
            "where one of these is asked. Route prompts there with a model that runs: the mock's pauses are no speed."
        )


def _remarks(fair: Any, passed_over: Sequence[tuple[str, str]], *, nested: bool) -> None:
    said = []
    if nested:
        said.append(
            "Under 300 labelled rows there are no dev rows: fixed routers are measured on all of them, and thresholds "
            "chosen on these very rows look a little better than they are."
        )
    if not fair.all():
        out = int((~fair).sum())
        said.append(f"{out:,} row{'s are' if out != 1 else ' is'} left out: a router here holds it as an utterance.")
    if passed_over:
        said.append("Not shown: " + "; ".join(f"{name}, since {why}" for name, why in passed_over[:4]) + ".")
    if said:
        st.caption(text.plain(" ".join(said)))


# -------------------------------------------------------------------------------------------- the table, and a cell


def _table(bench: Workbench, made: Matrix, said: str) -> None:
    cells = [(line, column) for line in range(len(made.types)) for column in range(len(made.contenders))]
    shares = [made.accuracy(*cell) for cell in cells]
    tables.table(
        {
            "query type": ["all rows" if made.types[line] is None else made.types[line] for line, _ in cells],
            "configuration": [made.contenders[column].name for _, column in cells],
            "accuracy": [one.value for one in shares],
            "from": [one.low for one in shares],
            "to": [one.high for one in shares],
            "right": [int(made.right[cell]) for cell in cells],
            "n": [len(made.places[line]) for line, _ in cells],
            "overhead, ms": [known(made.overhead_ms[cell]) for cell in cells],
            "end to end, ms": [known(made.end_to_end_ms[cell]) for cell in cells],
        },
        key="matrix-cells",
        name=file(bench, "query-types"),
        caption=text.plain(f"{said}. Click a row for its misrouted prompts."),
        config={
            name: st.column_config.NumberColumn(format=form)
            for name, form in (
                ("accuracy", "%.3f"), ("from", "%.3f"), ("to", "%.3f"), ("overhead, ms", "%.2f"),
                ("end to end, ms", "%.0f"),
            )
        },
        on_pick=lambda place: _show(address(made, *cells[place])),
    )  # fmt: skip


def _prompts(bench: Workbench, made: Matrix) -> None:
    """The misrouted prompts of the open cell."""
    wanted = st.query_params.get(CELL, "")
    cells = [(line, column) for line in range(len(made.types)) for column in range(len(made.contenders))]
    cell = next((one for one in cells if address(made, *one) == wanted), None)
    if cell is None:
        st.caption("Click a cell to read the prompts that it gets wrong.")
        return
    line, column = cell
    one, places = made.contenders[column], made.wrong(line, column)
    config: RouterConfig = one.config
    misrouted.table(
        bench, made.sample, made.decided[column], places, config=config, key=f"matrix-{one.name}",
        title=f"{one.name}, {kind_of(made, line)}: {len(places):,} misrouted, accuracy {made.accuracy(line, column)}",
    )  # fmt: skip
    st.button("Close", key="matrix-close", on_click=_show, args=("",), type="tertiary", icon=":material/close:")


def _click(picked: list[Any]) -> None:
    found = picked[0]
    _show(str(found[0] if isinstance(found, (list, tuple)) else found))


def _show(address: str) -> None:
    if address:
        st.query_params[CELL] = address
    else:
        st.query_params.pop(CELL, None)
