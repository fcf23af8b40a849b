"""What a call and a mistake cost, edited in place and kept in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from lab.forensics.sample import Stakes
from lab.forensics.stored_figures import TOKENS, priced
from lab.types import NONE, RouterConfig
from lab.ui import resources

_CALL, _WRONG = "call", "wrong"
_MOST_EXPERTS = 12  # a matrix of more cannot be read


@dataclass(frozen=True, slots=True)
class Costs:
    """The stakes, and the sentence that says where they come from."""

    stakes: Stakes
    about: str


def read(config: RouterConfig) -> Costs:
    """Return the costs in use: what the address says, else the experts' prices on measured answers."""
    said = _pairs(st.query_params.get(_CALL, ""), {expert.name for expert in config.experts})
    routers = resources.lab().routers
    prices = priced([routers.with_settings(expert) for expert in config.experts])
    if said:
        call, about = said, "as you set them"
    elif prices:
        call, about = (
            prices,
            f"the experts' prices for {TOKENS[0]} tokens in and {TOKENS[1]} out, in thousandths of a dollar",
        )
    else:
        call, about = {}, "1 for every expert: none has a price"
    answers, overhead = resources.measured_times()
    stakes = Stakes(
        call=call, misroute=_misroutes(config), answer_ms=answers, overhead_ms=overhead,
    )  # fmt: skip
    return Costs(stakes, about)


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
        st.caption(f"Cost of one call, in any unit: {costs.about}.")
        with st.container(horizontal=True):
            for name in names:
                value = float(costs.stakes.call.get(name, 1.0))
                key = f"call-{name}"
                st.number_input(
                    name, 0.0, None, value, key=key, width=150, on_change=_set_call, args=(names, name, key),
                )  # fmt: skip
        st.caption("Cost of sending a prompt labelled as the row says to the expert of the column. Right ones cost 0.")
        _matrix(names)


def _matrix(names: list[str]) -> None:
    import pandas

    rows = [*names, NONE]
    now = _pairs_of_two(st.query_params.get(_WRONG, ""))
    table = pandas.DataFrame(
        [[0.0 if row == column else now.get((row, column), 1.0) for column in names] for row in rows],
        index=pandas.Index(rows, name="labelled"),
        columns=names,
    )
    st.data_editor(table, key="misroute", on_change=_set_wrong, args=(rows,), width="content")


def _set_call(names: list[str], name: str, key: str) -> None:
    said = _pairs(st.query_params.get(_CALL, ""), set(names)) or dict.fromkeys(names, 1.0)
    said[name] = float(st.session_state[key])
    st.query_params[_CALL] = ";".join(f"{one}={value:g}" for one, value in said.items())


def _set_wrong(rows: list[str]) -> None:
    now = _pairs_of_two(st.query_params.get(_WRONG, ""))
    for row, changes in st.session_state["misroute"]["edited_rows"].items():
        for column, value in changes.items():
            if value is not None and rows[row] != column:
                now[rows[row], column] = max(float(value), 0.0)
    st.query_params[_WRONG] = ";".join(f"{row}>{column}={value:g}" for (row, column), value in now.items())


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
