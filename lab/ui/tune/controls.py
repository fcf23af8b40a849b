"""What the person asks for: a goal, two axes, a measure. All of it is in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np
import streamlit as st

from lab.errors import SearchError
from lab.forensics.grid_search.axes import MIN_MARGIN, THRESHOLD, Axis, check_all, moves_most, own, parse
from lab.forensics.grid_search.goals import EXAMPLES
from lab.forensics.measures import Measure, known
from lab.forensics.tuning import Spec
from lab.types import RouterConfig
from lab.ui.tune import costs, open_cell, traffic
from lab.ui.tune.costs import Costs
from lab.ui.workbench import Workbench

_NAMED_EXPERTS = 8
_STEPS = (51, 31)  # of the first and the second axis: what is drawn in a blink
_LEAST_RANGE = 0.05
_NONE = "nothing"
_CHOICES: dict[str, tuple[str, ...]] = {
    "aggregate": ("max", "centroid", "mean_top_k:3", "mean_top_k:5", "mean_top_k:10"),
    "strategy": ("hybrid", "semantic", "keyword"),
    "on_conflict": ("defer", "priority"),
    "scorer": ("cosine", "learned"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page shows: the search, and how its grid is drawn."""

    spec: Spec
    first: Axis
    second: Axis | None
    measure: Measure
    costs: Costs
    weighted: bool  # cells weigh query types as the traffic does


def draw(bench: Workbench, price: Costs) -> Asked:
    """Draw the controls and return what they ask for. Raises SearchError for what cannot be searched, at the end."""
    config, wrong = bench.config, list[SearchError]()
    goal = _goal(config)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = _axis_names(config)
        first = _axis(bench, "Across", "x", names, moves_most(config), _STEPS[0], wrong)
        assert first is not None
        others = [*(name for name in names if name != first.name), _NONE]
        second = _axis(bench, "Down", "y", others, MIN_MARGIN, _STEPS[1], wrong)
        measures = known(tuple(expert.name for expert in config.experts[:_NAMED_EXPERTS]))
        titles = {measure.title: measure for measure in measures}
        title = st.selectbox("Shows", list(titles), key="m", bind="query-params", width=250)
        free = [name for name in _CHOICES if name not in (first.name, second.name if second else "")]
        also = st.multiselect(
            "Also search", free, key="also", bind="query-params", width=220, format_func=_title,
            on_change=open_cell.close, help="The heatmap then shows the best over these settings too.",
        )  # fmt: skip
        weighted = traffic.toggle(bench)
    costs.draw(config, price)
    if wrong:
        raise wrong[0]
    axes = [first, *([second] if second else []), *(Axis(name, _CHOICES[name]) for name in also)]
    check_all(axes, config)
    return Asked(Spec(tuple(axes), goal), first, second, titles[title or next(iter(titles))], price, weighted)


def _goal(config: RouterConfig) -> str:
    names = [expert.name for expert in config.experts]
    dear = config.fallback if config.fallback in names else names[0]
    cheap = next((name for name in names if name != dear), dear)
    examples = [example.format(cheap=cheap, dear=dear) for example in EXAMPLES]
    if config.fallback not in names:  # which prompts are hard is then for costs to say, and they may all be equal
        examples = [example.replace("hard prompts", f"{dear} prompts") for example in examples]
    goal = st.selectbox(
        "What do you want?", examples, key="goal", bind="query-params", accept_new_options=True,
        help="Pick a goal, or write one of this kind: limits first, then what is to be best.",
    )  # fmt: skip
    return goal or examples[0]


def _axis_names(config: RouterConfig) -> list[str]:
    experts = [expert.name for expert in config.experts] if len(config.experts) <= _NAMED_EXPERTS else []
    return [*(own(name) for name in experts), THRESHOLD, MIN_MARGIN, *_CHOICES]


def _axis(
    bench: Workbench, label: str, key: str, names: Sequence[str], default: str, steps: int, wrong: list[SearchError]
) -> Axis | None:
    """Draw the choice of an axis and of its range; a range that cannot be read goes to `wrong`."""
    index = list(names).index(default) if default in names else 0
    name = st.selectbox(
        label, names, index=index, key=key, bind="query-params", format_func=_title, width=190,
        on_change=open_cell.close,
    )  # fmt: skip
    if name is None or name == _NONE:
        return None
    if name in _CHOICES:
        return Axis(name, _CHOICES[name])
    low, high = _observed(bench, name)
    usual = f"{low:g}:{high:g}:{steps}"
    written = st.text_input(
        "from:to:values", usual, key=f"{key}r-{name}", bind="query-params", width=130,
        help="A narrower range zooms in. Up to 101 values are drawn; more are searched and shown by their best.",
    )  # fmt: skip
    try:
        return _ranged(name, written or usual, usual)
    except SearchError as err:
        wrong.append(err)
        return Axis(name, ())


def _ranged(name: str, written: str, usual: str) -> Axis:
    """Read a range as the box asks for it, or the whole axis as the command line does. Raises SearchError."""
    whose, sign, rest = written.partition("=")
    try:
        if sign and whose.strip() not in (name, _title(name)):
            raise SearchError(f"{written!r} is another axis. Write from:to:values here, like {usual}.")
        axis = parse(f"{name}={rest if sign else written}")
    except SearchError as err:
        raise SearchError(_in_box(str(err), name)) from err
    if len(axis.values) < 2:
        raise SearchError(f"The axis {_title(name)} has one value only. Give a range, like {usual}.")
    return axis


def _in_box(message: str, name: str) -> str:
    """Return what is wrong with an axis in the words of its box, which holds the range alone."""
    ours = message.replace(f"{name}=", "").replace("from:to:count", "from:to:values")
    return ours.replace(f"The axis {name}", f"The {_title(name)}").replace("The axis ", "")


def _title(name: str) -> str:
    return "nothing" if name == _NONE else Axis(name, ()).title


def _observed(bench: Workbench, name: str) -> tuple[float, float]:
    """The range in which a prompt can change sides, a little wider."""
    config = bench.config
    evidence = bench.evidence(config).layer2(config)
    if evidence is None:
        return 0.0, 1.0
    reached = evidence.margin if name == MIN_MARGIN else evidence.score
    expert = Axis(name, ()).expert
    if expert is not None:
        place = [one.name for one in config.experts].index(expert)
        reached = reached[evidence.best == place]
    reached = reached[np.isfinite(reached)]
    if not len(reached):
        return 0.0, 1.0
    low = 0.0 if name == MIN_MARGIN else floor(float(np.quantile(reached, 0.001)) * 20) / 20
    high = min(max(ceil(float(np.quantile(reached, 0.999)) * 20) / 20, low + _LEAST_RANGE), 1.0)
    return max(min(low, round(high - _LEAST_RANGE, 2)), -1.0), high


def restore(spec: Mapping[str, Any], config: RouterConfig) -> None:
    """Put a saved search back into the controls, with its costs; for a button's callback."""
    axes = [Axis(axis["name"], tuple(axis["values"])) for axis in spec["axes"]]
    st.session_state["goal"] = spec["goal"]
    st.session_state["x"] = axes[0].name
    drawn = axes[1] if len(axes) > 1 else None
    st.session_state["y"] = drawn.name if drawn else _NONE
    st.session_state["also"] = [axis.name for axis in axes[2:]]
    for key, axis in (("x", axes[0]), ("y", drawn)):
        if axis is not None and axis.ordered:
            st.session_state[f"{key}r-{axis.name}"] = f"{axis.values[0]:g}:{axis.values[-1]:g}:{len(axis.values)}"
    costs.restore(spec["stakes"], config)
    open_cell.close()
