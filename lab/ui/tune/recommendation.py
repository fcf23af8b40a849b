"""The recommended setting against the live router, in words and a few numbers; each number opens its prompts."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from lab.differences import differences, sentence
from lab.errors import LabError
from lab.forensics.compare import Comparison, accuracy_of, in_words
from lab.forensics.evidence import Ints
from lab.forensics.grid_search.axes import config_at
from lab.forensics.grid_search.goals import in_words as goal_in_words
from lab.forensics.traffic import in_words as traffic_in_words
from lab.forensics.tuning import Tuning
from lab.types import RouterConfig, new_id
from lab.ui import resources, text
from lab.ui.components import fault
from lab.ui.tune import misrouted
from lab.ui.workbench import Workbench

OPEN = "show"
_ERROR = "tune_error"


def draw(bench: Workbench, found: Tuning) -> None:
    """Draw what is recommended, whether it is real, and the way to take it."""
    st.caption(f"Read as: {text.plain(goal_in_words(found.goal, found.dev.experts))}.")
    st.markdown(f"### {_headline(found)}")
    st.markdown(_verdict(found))
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


def _headline(found: Tuning) -> str:
    setting = ", ".join(
        f"{text.plain(axis.title)} **{_value(value)}**"
        for axis, value in zip(found.grid.axes, found.grid.values_at(found.choice.centre), strict=True)
    )
    if found.choice.kept:
        return f"Recommended: {setting}"
    return f"No setting keeps the limits; nearest to them: {setting}"


def _value(value: float | str) -> str:
    return text.plain(value) if isinstance(value, str) else f"{value:.3f}"


def _verdict(found: Tuning) -> str:
    told = text.plain(in_words(found.comparison, second="the recommended setting", first=found.reference))
    share = found.choice.plateau.mean()
    inside, cells = found.choice.plateau.sum(), found.choice.plateau.size
    plateau = f"{inside:,} of {cells:,} cells ({share:.0%}) cannot be told from the best"
    flatter = f"the best cell flatters by {found.choice.optimism:.3f}" if abs(found.choice.optimism) >= 0.0005 else ""
    limits = ""
    if found.choice.kept_share is not None and found.choice.kept:
        limits = f" The limits hold in {found.choice.kept_share:.0%} of {found.choice.samples} bootstrap samples."
    where = "each row judged by a choice that did not see it" if found.nested else f"{len(found.dev):,} dev rows"
    return f"{told} Judged on {where}; {text.plain(plateau)}{', and ' + flatter if flatter else ''}.{limits}"


def _numbers(found: Tuning) -> None:
    one = found.comparison
    with st.container(horizontal=True):
        st.metric(
            f"accuracy, n = {one.n:,}", f"{found.accuracy.value:.3f}", f"{one.accuracy.difference.value:+.3f}",
            delta_color="normal" if one.verdict in ("better", "worse") else "off",
            border=True, width="content",
            help=f"95 % interval {found.accuracy.low:.3f} to {found.accuracy.high:.3f}, bootstrap by near-duplicate "
            f"group. The difference is against {found.reference}.",
        )  # fmt: skip
        for label, rows, about in _counts(one):
            with st.container(border=True, width="content", gap=None):
                st.caption(label)
                st.button(
                    f"{len(rows):,}", key=f"open-{label}", on_click=_show, args=(label,), type="tertiary", help=about
                )
        for name, (before, after) in _most_called(one):
            st.metric(
                f"calls to {text.plain(name)}", f"{after:.1%}", f"{(after - before) * 100:+.1f} points",
                delta_color="off", border=True, width="content",
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


def _counts(one: Comparison) -> list[tuple[str, Ints, str]]:
    return [
        ("fixed", one.fixed, "Wrong before, right with this setting. Click to read them."),
        ("broken", one.broken, "Right before, wrong with this setting. Click to read them."),
        ("both wrong", one.both_wrong, "Wrong before and after. Click to read them."),
    ]


def _most_called(one: Comparison) -> list[tuple[str, tuple[float, float]]]:
    ranked = sorted(one.calls.items(), key=lambda item: -max(item[1]))
    return ranked[:3]


def _show(label: str) -> None:
    st.query_params[OPEN] = "" if st.query_params.get(OPEN) == label else label


def _open(bench: Workbench, found: Tuning) -> None:
    label = st.query_params.get(OPEN)
    rows = {name: places for name, places, _ in _counts(found.comparison)}.get(label or "")
    if rows is None:
        return
    misrouted.table(
        bench, found.dev, found.dev_outcomes, rows, config=found.recommended, key=f"rows-{label}",
        title=f"{label}: {len(rows):,} of {len(found.dev):,}", before=found.reference_outcomes,
    )  # fmt: skip


def _take(bench: Workbench, found: Tuning, edit_id: str) -> None:
    goal, wanted = found.spec.goal, found.recommended
    axes, values = found.grid.axes, found.grid.values_at(found.choice.centre)

    def change(config: RouterConfig) -> RouterConfig:
        return replace(config_at(config, axes, values), learned=wanted.learned)

    try:
        bench.lab.drafting.edit(f"searched for {goal!r}", change, edit_id=edit_id)
        st.toast("The draft has it now. Adopt it on the Router page.")
    except LabError as err:
        st.session_state[_ERROR] = err
