"""What a call and a mistake cost, edited in place and kept in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lab.forensics.latency.job import key_of
from lab.forensics.sample import Stakes
from lab.forensics.stored_figures import TOKENS, priced
from lab.types import NONE, RouterConfig
from lab.ui import resources
from lab.ui.workbench import Workbench

_CALL, _WRONG = "call", "wrong"
_MOST_EXPERTS = 12  # a matrix of more cannot be read


@dataclass(frozen=True, slots=True)
class Costs:
    """The stakes, and where they come from: the costs as a sentence, the time to decide with its n."""

    stakes: Stakes
    about: str
    timed: str


def read(bench: Workbench) -> Costs:
    """Return the costs in use: what the address says, else the experts' prices; and the times that were measured."""
    config = bench.config
    said = _pairs(st.query_params.get(_CALL, ""), {expert.name for expert in config.experts})
    prices = _prices(config)
    if said:
        call, about = said, "as you set them"
    elif prices:
        call, about = (
            prices,
            f"the experts' prices for {TOKENS[0]} tokens in and {TOKENS[1]} out, in thousandths of a dollar",
        )
    else:
        call, about = {}, "1 for every expert: none has a price"
    overhead, timed = _overhead(bench)
    stakes = Stakes(
        call=call, misroute=_misroutes(config), answer_ms=resources.measured_times().answers, overhead_ms=overhead,
    )  # fmt: skip
    return Costs(stakes, about, timed)


def _prices(config: RouterConfig) -> dict[str, float]:
    routers = resources.lab().routers
    return priced([routers.with_settings(expert) for expert in config.experts])


def _overhead(bench: Workbench) -> tuple[tuple[float, float] | None, str]:
    """The time to decide by layer as the Latency tab timed this very router, else as stored decisions took."""
    key = key_of(bench.rows, bench.config, bench.evidence(bench.config).encoder.fingerprint)
    kept = resources.latencies().get(key)
    expected = kept.cold.expected if kept is not None and bench.config.strategy == "hybrid" else None
    if kept is not None and expected is not None and expected.layer2_ms is not None:
        return (expected.layer1_ms, expected.layer2_ms), f"timed cold, n = {kept.cold.n:,}"
    measured = resources.measured_times()
    if measured.deciding is None:
        return None, ""
    return (
        measured.deciding,
        f"mean of stored decisions, layer 2 ran in {measured.n:,} of them; the Latency tab times it",
    )


def draw(config: RouterConfig, costs: Costs) -> None:
    """Draw the editors of both; what is written there goes into the address."""
    folded = st.expander("What calls and mistakes cost", on_change="rerun", key="costs")
    if not folded.open:
        return
    with folded:
        if len(config.experts) > _MOST_EXPERTS:
            st.caption(f"With {len(config.experts)} experts every call costs 1 and every mistake 1.")
            return
        names = [expert.name for expert in config.experts]
        call = {name: float(costs.stakes.call.get(name, 1.0)) for name in names}
        st.caption(f"Cost of one call, in any unit: {costs.about}.")
        with st.container(horizontal=True):
            for name, value in call.items():
                key = f"call-{name}-{value:g}"  # of its value: one that comes with another search is shown
                st.number_input(name, 0.0, None, value, key=key, width=150, on_change=_set_call, args=(call, name, key))
        st.caption("Cost of sending a prompt labelled as the row says to the expert of the column. Right ones cost 0.")
        _matrix(names)


def _matrix(names: list[str]) -> None:
    import pandas

    rows = [*names, NONE]
    written = st.query_params.get(_WRONG, "")
    now = _pairs_of_two(written)
    table = pandas.DataFrame(
        [[0.0 if row == column else now.get((row, column), 1.0) for column in names] for row in rows],
        index=pandas.Index(rows, name="labelled"),
        columns=names,
    )
    key = f"misroute-{written}"
    st.data_editor(table, key=key, on_change=_set_wrong, args=(rows, key), width="content")


def _set_call(call: dict[str, float], name: str, key: str) -> None:
    _write(_CALL, call | {name: float(st.session_state[key])})


def _set_wrong(rows: list[str], key: str) -> None:
    now = _pairs_of_two(st.query_params.get(_WRONG, ""))
    for row, changes in st.session_state[key]["edited_rows"].items():
        for column, value in changes.items():
            if value is not None and rows[row] != column:
                now[rows[row], column] = max(float(value), 0.0)
    _write(_WRONG, {f"{label}>{to}": value for (label, to), value in now.items()})


def _write(param: str, costs: Mapping[str, float]) -> None:
    if costs:
        st.query_params[param] = ";".join(f"{name}={value:g}" for name, value in costs.items())
    else:
        st.query_params.pop(param, None)


def restore(stakes: Mapping[str, Any], config: RouterConfig) -> None:
    """Put the costs of a saved search back into the address; for a button's callback."""
    call = {expert.name: float(stakes["call"].get(expert.name, 1.0)) for expert in config.experts}
    prices = _prices(config)
    usual = all(call[name] == prices.get(name, 1.0) for name in call)
    _write(_CALL, {} if usual else call)
    _write(_WRONG, {f"{label}>{to}": cost for label, to, cost in stakes["misroute"]})


def in_words(stakes: Mapping[str, Any]) -> str:
    """Return the costs of a saved search: those of a call, and of the mistakes that do not cost 1."""
    call = ", ".join(f"{name} {value:g}" for name, value in stakes["call"].items()) or "1 a call"
    wrong = ", ".join(f"{label} to {to} {cost:g}" for label, to, cost in stakes["misroute"] if cost != 1)
    return f"{call}; {wrong}" if wrong else call


def _misroutes(config: RouterConfig) -> Mapping[tuple[str, str], float]:
    known = {NONE, *(expert.name for expert in config.experts)}
    found = _pairs_of_two(st.query_params.get(_WRONG, ""))
    return {pair: value for pair, value in found.items() if set(pair) <= known}


def _pairs(text: str, known: set[str]) -> dict[str, float]:
    """Read `professor=3;zoomer=1`; what is no number or no expert is left out."""
    found = {}
    for part in text.split(";"):
        name, _, value = part.rpartition("=")
        number = _number(value)
        if name in known and number is not None:
            found[name] = number
    return found


def _pairs_of_two(text: str) -> dict[tuple[str, str], float]:
    found = {}
    for part in text.split(";"):
        names, _, value = part.rpartition("=")
        label, sign, to = names.partition(">")
        number = _number(value)
        if sign and number is not None:
            found[label, to] = number
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < 1e6 else None
