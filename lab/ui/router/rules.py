"""Rule forensics: what each pattern does on labelled rows, the most harmful first; every number opens its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from lab.drafting import Change, with_expert
from lab.errors import LabError
from lab.forensics.rules.of_dataset import RulesOfRows
from lab.forensics.rules.report import PatternReport
from lab.types import RouterConfig, new_id
from lab.ui import resources, tables, text, wording
from lab.ui.components import fault
from lab.ui.router import desk, kinds
from lab.ui.router.desk import Desk
from lab.ui.router.held import held
from lab.ui.tune import misrouted
from lab.ui.workbench import Workbench

RULE, SPLIT, _ROWS, _OPEN, _BUTTON = "rule", "split", "rule_rows", "rules", "rules-remove"
_WHOLE = "rules_rows"
_HEIGHT = 420
_SPLITS = ("tune", "dev", "all")
_KINDS: dict[str, Callable[[PatternReport], Sequence[int]]] = {
    "hits": lambda one: one.hits,
    "wrong expert": lambda one: one.wrong,
    "other experts match too": lambda one: one.other_experts,
    "other patterns of its own": lambda one: one.same_expert,
    "its alone": lambda one: one.sole,
    "right without it": lambda one: one.removal.fixed,
    "wrong without it": lambda one: one.removal.broken,
    "spares layer 2": lambda one: one.spared,
    "hands to layer 2": lambda one: one.caused,
    "negated": lambda one: one.negated,
    "quoted": lambda one: one.quoted,
}


def draw(on: Desk) -> None:
    """Draw the forensics, folded: they are worked out when they are opened."""
    folded = desk.unfolded(on, "Rule forensics: what each pattern does", _OPEN, bind="query-params")
    if folded is None or on.bench is None:
        return
    with folded:
        rows, split = on.bench.rows, _split(on.bench)
        try:
            found, config = held(
                f"rules-{split}-for", rows.hash, on.config, lambda one: resources.rules(rows, one, split)
            )
        except LabError as err:
            fault(err)
            return
        if not found.report.patterns and not found.report.silent:
            st.caption("This router has no patterns. Add some to an expert above, or take a suggestion below.")
            return
        _table(on.bench, found, split)
        _whole(on.bench, found, config, split)
        _opened(on, on.bench, found, config, split)
        _silent(found)


def _split(bench: Workbench) -> str:
    if bench.rows.nested:
        return "all"
    chosen = st.segmented_control(
        "Rows", _SPLITS, default="tune", required=True, key=SPLIT, bind="query-params",
        help="Read patterns on the tune rows. Dev rows judge changes; what was chosen on them flatters there.",
    )  # fmt: skip
    return chosen or "tune"


def _table(bench: Workbench, found: RulesOfRows, split: str) -> None:
    shown = found.report.patterns
    claimed, silent = len(found.report.claimed), len(found.report.silent)
    st.markdown(
        f"Layer 1 decides **{claimed:,}** of {found.report.n:,} {split} rows ({claimed / found.report.n:.1%}) with "
        f"{len(shown) + silent:,} patterns, of which {silent:,} match none of them. Accuracy of the whole "
        f"router {found.report.accuracy}."
    )
    if found.report.note:
        st.caption(text.sentence(found.report.note))
    times = found.report.layer2_ms
    columns: dict[str, list[object]] = {
        "expert": [one.expert for one in shown],
        "pattern": [one.pattern for one in shown],
        "harm": [one.harm for one in shown],
        "hits": [len(one.hits) for one in shown],
        "coverage": [one.coverage.value for one in shown],
        "precision": [one.precision.value for one in shown],
        "at least": [one.precision.low for one in shown],
        "wrong expert": [len(one.wrong) for one in shown],
        "overlap": [len(one.other_experts) for one in shown],
        "its alone": [len(one.sole) for one in shown],
        "accuracy with it": [one.marginal_accuracy.value for one in shown],
        "from": [one.marginal_accuracy.low for one in shown],
        "to": [one.marginal_accuracy.high for one in shown],
        "negated": [len(one.negated) for one in shown],
        "quoted": [len(one.quoted) for one in shown],
    }
    if any(one.saved_ms is not None for one in shown):
        columns["saved, ms"] = [one.saved_ms for one in shown]
    tables.table(
        columns | {"remove": ["remove"] * len(shown)},
        key="rules-table",
        name=f"{bench.rows.dataset.name}-patterns-{split}",
        caption=text.plain(
            f"n = {found.report.n:,} {split} rows · precision at least: Wilson 95 % · accuracy with it less without "
            f"it, adjusted Wald 95 % · dataset {bench.rows.hash[:10]} · click a row to read its prompts"
            + ("" if times is not None else " · ms saved: route a few prompts first, nothing was measured")
        ),
        config={
            "pattern": st.column_config.TextColumn(width="medium"),
            "harm": st.column_config.NumberColumn(help="Rows that would be right without it, less those wrong."),
            "coverage": st.column_config.NumberColumn(format="percent"),
            "precision": st.column_config.NumberColumn(format="%.3f"),
            "at least": st.column_config.NumberColumn(format="%.3f", help="Lower end of the precision (Wilson 95 %)."),
            "accuracy with it": st.column_config.NumberColumn(format="%+.4f"),
            "from": st.column_config.NumberColumn(format="%+.4f"),
            "to": st.column_config.NumberColumn(format="%+.4f"),
            "saved, ms": st.column_config.NumberColumn(format="%.1f"),
            "remove": st.column_config.ButtonColumn(
                key=_BUTTON, type="tertiary", on_click=_remove_clicked, args=(shown, new_id()),
                help="Takes the pattern out of the draft; undo brings it back.",
            ),
        },
        on_pick=lambda place: _pick(shown[place]),
        height=_HEIGHT,
    )  # fmt: skip


def _whole(bench: Workbench, found: RulesOfRows, config: RouterConfig, split: str) -> None:
    """Draw the rows behind the numbers of the whole router, once they are asked for."""
    rows_of = {
        "layer 1 decides": np.array(found.report.claimed, dtype=np.int64),
        "wrong": np.flatnonzero(~found.sample.right(found.decided)),
    }
    kind = kinds.picked(rows_of, _WHOLE)
    if kind:
        misrouted.table(
            bench, found.sample, found.decided, rows_of[kind], config=config, key=f"rules-{kind}",
            title=f"{kind}: {len(rows_of[kind]):,} of {len(found.sample):,} {split} rows",
        )  # fmt: skip


def _opened(on: Desk, bench: Workbench, found: RulesOfRows, config: RouterConfig, split: str) -> None:
    """Draw the pattern that the address names, with the rows behind one of its numbers."""
    wanted = st.query_params.get(RULE)
    one = next((one for one in (*found.report.patterns, *found.report.silent) if _id(one) == wanted), None)
    if one is None:
        return
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{text.code(one.pattern)} of {wording.expert(config, one.expert)}**", width="content")
            st.button(
                "Remove from the draft", key=f"remove-rule-{on.revision}", icon=":material/delete:",
                on_click=_remove, args=(one, new_id()),
            )  # fmt: skip
        rows_of = {name: of(one) for name, of in _KINDS.items()}
        kind = kinds.picked(rows_of, _ROWS, "hits")
        if kind:
            places = np.array(rows_of[kind], dtype=np.int64)
            misrouted.table(
                bench, found.sample, found.decided, places, config=config, key=f"rule-{kind}",
                title=f"{kind}: {len(places):,} of {len(found.sample):,} {split} rows",
            )  # fmt: skip


def _silent(found: RulesOfRows) -> None:
    silent = found.report.silent
    if not silent:
        return
    with st.expander(
        f"{len(silent):,} patterns that match none of these rows", key="silent", on_change="rerun"
    ) as fold:
        if fold.open:
            tables.table(
                {"expert": [one.expert for one in silent], "pattern": [one.pattern for one in silent]},
                key="silent-table",
                name="silent-patterns",
                caption=f"n = {found.report.n:,}: what none of them holds may still be needed. Click one to open it.",
                on_pick=lambda place: _pick(silent[place]),
                height=_HEIGHT,
            )


def _id(one: PatternReport) -> str:
    return f"{one.expert}>{one.pattern}"


def _pick(one: PatternReport) -> None:
    st.query_params[RULE] = _id(one)


def _remove_clicked(shown: Sequence[PatternReport], edit_id: str) -> None:
    clicked = st.session_state.get(_BUTTON)
    if clicked is not None and clicked["row"] < len(shown):
        _remove(shown[clicked["row"]], edit_id)


def _remove(one: PatternReport, edit_id: str) -> None:
    def action() -> None:
        resources.lab().drafting.edit("", _without(one.expert, one.pattern), edit_id=edit_id)

    desk.doing(action)


def _without(name: str, pattern: str) -> Change:
    def change(config: RouterConfig) -> RouterConfig:
        patterns = next((one.patterns for one in config.experts if one.name == name), ())
        return with_expert(config, name, patterns=tuple(one for one in patterns if one != pattern))

    return change
