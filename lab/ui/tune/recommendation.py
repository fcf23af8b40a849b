"""The recommended setting against the live router, in words and a few numbers; each number opens its prompts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import streamlit as st

from lab.differences import differences, sentence
from lab.errors import LabError
from lab.forensics.compare import Comparison, accuracy_of, in_words
from lab.forensics.evidence import Ints
from lab.forensics.goal_report import limits_on_dev, told_title, warnings
from lab.forensics.grid_search.axes import config_at, with_thresholds
from lab.forensics.grid_search.goals import in_words as goal_in_words
from lab.forensics.traffic import in_words as traffic_in_words
from lab.forensics.tuning import Tuning
from lab.types import RouterConfig, new_id
from lab.ui import resources, text
from lab.ui.components import fault
from lab.ui.tune import misrouted
from lab.ui.workbench import Workbench

OPEN = "show"
_MOST_CALLED = 6
_ERROR = "tune_error"


def draw(bench: Workbench, found: Tuning) -> None:
    """Draw what is recommended, whether it is real, and the way to take it."""
    st.caption(f"Read as: {text.plain(goal_in_words(found.goal, found.dev.experts))}.")
    st.markdown(f"### {_headline(found)}")
    st.markdown(_verdict(found))
    _goal(found)
    _numbers(found)
    _in_traffic(bench, found)
    with st.container(horizontal=True, vertical_alignment="center"):
        changes = differences(bench.config, found.recommended)
        st.button(
            "Put it in the draft",
            key=f"take-{found.recommended.content_hash('')[:12]}",
            type="primary" if found.comparison.verdict == "better" else "secondary",
            on_click=_take,
            args=(bench, found, new_id()),  # made when it is drawn: two presses edit once
            disabled=not changes,
            help="; ".join(sentence(one) for one in changes[:6]) or f"The {bench.name} stands there already.",
        )
        st.page_link("pages/router.py", label="Look at the draft", icon=":material/difference:")
    error = st.session_state.pop(_ERROR, None)
    if error:
        fault(error)
    _open(bench, found)


def _goal(found: Tuning) -> None:
    """Say what the goal itself comes to on unseen rows, and what it leaves unsaid."""
    for line in warnings(found):
        st.warning(line)
    lines = [text.plain(line) for line in limits_on_dev(found)]
    limited = {limit.measure for limit in found.goal.limits}
    for one in found.comparison.told:
        if one.measure not in limited:
            title = text.plain(told_title(one.measure, found.dev.experts))
            low, high = one.difference.low, one.difference.high
            lines.append(
                f"The {title} is {one.second.value:.3g}, {found.reference} {one.first:.3g} "
                f"(difference {one.difference.value:+.3g} [{low:+.3g}, {high:+.3g}])"
            )
    if lines:
        st.markdown("\n".join(f"- {line}" for line in lines))


def _headline(found: Tuning) -> str:
    setting = ", ".join(
        f"{text.plain(axis.title)} **{_value(value)}**"
        for axis, value in zip(found.grid.axes, found.grid.values_at(found.choice.centre), strict=True)
    )
    if not found.choice.kept:
        return f"No setting of these axes keeps the limits; nearest to them: {setting}"
    if found.comparison.verdict == "worse":
        return f"By this goal, yet less often right: {setting}"
    return f"Recommended: {setting}"


def _value(value: float | str) -> str:
    return text.plain(value) if isinstance(value, str) else f"{value:.3f}"


def _verdict(found: Tuning) -> str:
    told = text.plain(in_words(found.comparison, second="the recommended setting", first=found.reference))
    share = found.choice.plateau.mean()
    inside, cells = found.choice.plateau.sum(), found.choice.plateau.size
    plateau = f"{inside:,} of {cells:,} cells ({share:.0%}) cannot be told from the best"
    flattery = found.choice.flattery
    flatter = f"the best cell looks {flattery:.3f} better than it is" if flattery >= 0.0005 else ""
    limits = ""
    if found.choice.kept_share is not None and found.choice.kept:
        limits = f" The limits hold in {found.choice.kept_share:.0%} of {found.choice.samples} bootstrap samples."
    where = (
        f"Each of the {len(found.dev):,} rows was judged by a choice that did not see it"
        if found.nested
        else f"Judged on {len(found.dev):,} dev rows"
    )
    searched = f"; {found.taught:,} of the {len(found.tune):,} tune rows taught the learned scorer" * bool(found.taught)
    return f"{told} {where}{searched}; {text.plain(plateau)}{', and ' + flatter if flatter else ''}.{limits}"


def _numbers(found: Tuning) -> None:
    one = found.comparison
    with st.container(horizontal=True):
        st.metric(
            f"accuracy, n = {one.n:,}", f"{found.accuracy.value:.3f}",
            f"{one.accuracy.difference.value:+.3f}" if abs(one.accuracy.difference.value) >= 0.0005 else None,
            delta_color="normal" if one.verdict in ("better", "worse") else "off",
            border=True, width="content",
            help=f"95 % interval {found.accuracy.low:.3f} to {found.accuracy.high:.3f} (Wilson, near-duplicates as "
            f"one). The difference is against {found.reference}."
            + (" The panel below shows the final setting on the rows that chose it." if found.nested else ""),
        )  # fmt: skip
        for label, rows, about in _counts(found):
            with st.container(border=True, width="content", gap=None):
                st.caption(text.plain(label))
                st.button(
                    _share_of(one, label) or f"{len(rows):,}", key=f"open-{label}", on_click=_show, args=(label,),
                    type="tertiary", help=about,
                )  # fmt: skip
        low, high = one.cost.difference.low, one.cost.difference.high
        if low == high == 0.0:
            return  # every expert costs the same
        st.metric(
            "cost a prompt", f"{one.cost.second:.3g}", f"{one.cost.difference.value:+.3g}", delta_color="inverse",
            border=True, width="content", help=f"95 % interval of the difference: {low:+.3g} to {high:+.3g}.",
        )  # fmt: skip


def _in_traffic(bench: Workbench, found: Tuning) -> None:
    """Say what both come to when query types weigh as in the traffic."""
    mixed = resources.traffic(bench.rows, bench.config.encoder)
    if mixed is None:
        return
    try:
        weighted = found.dev.weighted_by(mixed.shares)
    except LabError:
        return  # none of the traffic's types is among the dev rows
    before, after = (accuracy_of(weighted, one) for one in (found.reference_outcomes, found.dev_outcomes))
    st.caption(
        text.plain(
            f"Weighted by your traffic ({mixed.n} prompts routed last: {traffic_in_words(mixed)}): accuracy {after} "
            f"against {before} of {found.reference}; as labelled, {found.accuracy.value:.3f} against "
            f"{found.comparison.accuracy.first:.3f}."
        )
    )


def _counts(found: Tuning) -> list[tuple[str, Ints, str]]:
    """What has a number here: its name, its rows by place among those that are judged on, and what it is."""
    one, codes = found.comparison, {found.dev.name(code): code for code in range(len(found.dev.experts) + 1)}
    return [
        ("fixed", one.fixed, "Wrong before, right with this setting. Click to read them."),
        ("broken", one.broken, "Right before, wrong with this setting. Click to read them."),
        ("both wrong", one.both_wrong, "Wrong before and after. Click to read them."),
        *(
            (
                f"calls to {name}",
                np.flatnonzero(found.dev_outcomes.expert == codes[name]),
                "Click to read what it gets.",
            )
            for name in _most_called(one)
        ),
    ]


def _most_called(one: Comparison) -> list[str]:
    return sorted(one.calls, key=lambda name: -max(one.calls[name]))[:_MOST_CALLED]


def _share_of(one: Comparison, label: str) -> str:
    """A share of calls with its change; "" for what is a count."""
    called = one.calls.get(label.removeprefix("calls to "))
    if called is None:
        return ""
    before, after = called
    return f"{after:.1%} ({(after - before) * 100:+.1f} points)"


def _show(label: str) -> None:
    st.query_params[OPEN] = "" if st.query_params.get(OPEN) == label else label


def _open(bench: Workbench, found: Tuning) -> None:
    label = st.query_params.get(OPEN)
    rows = {name: places for name, places, _ in _counts(found)}.get(label or "")
    if rows is None:
        return
    misrouted.table(
        bench, found.dev, found.dev_outcomes, rows, config=found.recommended, key=f"rows-{label}",
        title=f"{label}: {len(rows):,} of {len(found.dev):,}", before=found.reference_outcomes,
    )  # fmt: skip


def take(bench: Workbench, config: RouterConfig, name: str) -> None:
    """Draw the way into the draft for a router whose thresholds are all that it changes."""
    st.button(
        "Put these thresholds in the draft", key=f"take-{config.content_hash('')[:12]}", on_click=_take_thresholds,
        args=(bench, config, name, new_id()), icon=":material/edit_note:",
    )  # fmt: skip


def _take_thresholds(bench: Workbench, wanted: RouterConfig, name: str, edit_id: str) -> None:
    thresholds = {expert.name: wanted.threshold_of(expert) for expert in wanted.experts}
    _edit(bench, name, lambda config: replace(with_thresholds(config, thresholds), learned=wanted.learned), edit_id)


def _take(bench: Workbench, found: Tuning, edit_id: str) -> None:
    goal, wanted = found.spec.goal, found.recommended
    axes, values = found.grid.axes, found.grid.values_at(found.choice.centre)

    def change(config: RouterConfig) -> RouterConfig:
        return replace(config_at(config, axes, values), learned=wanted.learned)

    _edit(bench, f"searched for {goal!r}", change, edit_id)


def _edit(bench: Workbench, summary: str, change: Callable[[RouterConfig], RouterConfig], edit_id: str) -> None:
    try:
        bench.lab.drafting.edit(summary, change, edit_id=edit_id)
        st.toast("The draft has it now. Adopt it on the Router page.")
    except LabError as err:
        st.session_state[_ERROR] = err
