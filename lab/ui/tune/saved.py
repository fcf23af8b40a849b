"""Saved searches: keep this one under a name, open an old one, and set two of them side by side prompt by prompt."""

from __future__ import annotations

import streamlit as st

from lab.differences import differences, sentence
from lab.errors import LabError
from lab.forensics.compare import compare, in_words
from lab.forensics.grid_search.axes import Axis
from lab.forensics.runs import packages, recommended_of, result_to_json, spec_to_json
from lab.forensics.tuning import outcomes_in
from lab.forensics.usable import usable
from lab.records import Run
from lab.store import datasets, runs
from lab.types import new_id
from lab.ui import resources, tables, text
from lab.ui.components import fault
from lab.ui.resources import Search
from lab.ui.tune import controls, costs, misrouted
from lab.ui.tune.provenance import file
from lab.ui.workbench import Workbench

_FIRST, _SECOND, _NAME, _ERROR = "run", "run2", "run_name", "run_error"
_LIVE = "live"


def draw(bench: Workbench, search: Search | None) -> None:
    """Draw the runs of this dataset, the way to save one, and the comparison of two; also where no search succeeded."""
    st.markdown("#### Saved searches")
    if search is not None:
        _save_button(search)
    error = st.session_state.pop(_ERROR, None)
    if error:
        fault(error)
    try:
        kept = runs.recent(bench.lab.store, bench.rows.dataset.id)
        there = {one.id for one in datasets.listed(bench.lab.store)}
        gone = [run for run in runs.recent(bench.lab.store) if run.dataset_id not in there]
    except LabError as err:
        fault(err)
        return
    _elsewhere(bench, {run.id for run in kept}, there)
    if kept:
        _list(bench, kept, "runs", "Click a run to open it; the address then names it.")
    else:
        st.caption("None yet on this dataset. A saved search can be opened again and compared, prompt by prompt.")
    if gone:
        _list(bench, gone, "runs-gone", "Of datasets that were deleted: their figures are kept. Click one to read it.")
    _pair(bench, kept, search)


def _save_button(search: Search) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name", search.spec.goal, key=_NAME, width=320)
        st.button(
            "Save this search",
            key=f"save-{search.key[:12]}",
            on_click=_save,
            args=(search, new_id()),  # made when it is drawn: two presses save once
            icon=":material/save:",
        )


def _elsewhere(bench: Workbench, here: set[str], there: set[str]) -> None:
    """Say what became of a run that the address names and that is not on this dataset."""
    asked = st.query_params.get(_FIRST, "")
    if not asked or asked in here:
        return
    try:
        run = runs.get(bench.lab.store, asked)
        about = datasets.get(bench.lab.store, run.dataset_id, deleted=True)
    except LabError as err:
        fault(err)
        return
    dev = run.result.get("dev", {})
    st.info(
        text.sentence(
            f"The run {run.name!r} is on the dataset {about.name!r}, "
            + (
                "not on the one in use. Pick that dataset above to open its prompts."
                if about.id in there
                else "which was deleted: "
            )
            + ("" if about.id in there else f"its prompts are gone, its figures are kept. {dev.get('in_words', '')}")
        )
    )


def _list(bench: Workbench, kept: list[Run], key: str, about: str) -> None:
    dev = [run.result.get("dev", {}) for run in kept]
    tables.table(
        {
            "name": [run.name for run in kept],
            "when": [run.created_at for run in kept],
            "goal": [run.spec.get("goal", "") for run in kept],
            "recommended": [_setting(run) for run in kept],
            "costs": [costs.in_words(run.spec["stakes"]) for run in kept],
            "accuracy": [one.get("accuracy", [None])[0] for one in dev],
            "n": [one.get("n") for one in dev],
            "verdict": [one.get("verdict", "") for one in dev],
            "dataset": [run.dataset_hash[:10] for run in kept],
            "router": [run.router_hash[:10] for run in kept],
            "seed": [run.seed for run in kept],
            "seconds": [run.seconds for run in kept],
            "packages": [", ".join(f"{name} {one}" for name, one in run.packages.items()) for run in kept],
        },
        key=key,
        name=file(bench, key),
        caption=about,
        config={
            "accuracy": st.column_config.NumberColumn(format="%.3f"),
            "seconds": st.column_config.NumberColumn(format="%.2f"),
            "when": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        },
        on_pick=lambda place: _pick(kept[place].id),
    )


def _setting(run: Run) -> str:
    found = run.result.get("recommended", {})
    return ", ".join(
        f"{Axis(name, ()).title} {f'{value:.4g}' if isinstance(value, float) else value}"
        for name, value in found.items()
    )


def _pair(bench: Workbench, kept: list[Run], search: Search | None) -> None:
    """Draw the run that is open, against another one or the live version."""
    ids = {run.id: run for run in kept}
    opened = ids.get(st.query_params.get(_FIRST, ""))
    if opened is None:
        return
    others = [run for run in kept if run.id != opened.id]
    names = {run.id: f"{run.name} ({run.created_at:%Y-%m-%d %H:%M})" for run in others}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = _other(opened, names)
        st.button(
            "Search this again", key=f"again-{opened.id}", on_click=controls.restore, args=(opened.spec, bench.config)
        )
        st.button("Delete this run", key=f"delete-{opened.id}", on_click=_delete, args=(opened.id,), type="tertiary")
    other = ids.get(chosen)
    _costs_differ(opened, other, search)
    first = bench.live.version.config if other is None else recommended_of(other.result)
    second = recommended_of(opened.result)
    st.markdown(f"**{text.plain(opened.name)}**, {text.plain(_setting(opened))}")
    if opened.dataset_hash != bench.rows.hash:
        st.caption("The labels of this dataset have changed since this run; both are measured on the labels of now.")
    changes = differences(first, second)
    st.markdown("\n".join(f"- {text.plain(sentence(one))}" for one in changes[:12]) or "The same configuration.")
    try:
        sample, _ = usable(bench.rows, second, None if bench.rows.nested else "dev")
        before, after = (outcomes_in(sample, config, bench.evidence) for config in (first, second))
    except (LabError, ValueError) as err:
        fault(err if isinstance(err, LabError) else LabError("The two have other experts: they cannot be compared."))
        return
    found = compare(sample, before, after)
    st.markdown(text.plain(in_words(found, second=opened.name, first="live" if other is None else names[other.id])))
    for title, places in (("fixed", found.fixed), ("broken", found.broken), ("both wrong", found.both_wrong)):
        misrouted.table(
            bench, sample, after, places, config=second, key=f"run-{title}",
            title=f"{title}: {len(places):,} of {found.n:,}", before=before,
        )  # fmt: skip


def _other(opened: Run, names: dict[str, str]) -> str:
    """Draw the choice of what a run is compared with, which is in the address; returns its id, or `live`."""
    options, key = [_LIVE, *names], f"{_SECOND}-{opened.id}"
    named = st.query_params.get(_SECOND, _LIVE)
    chosen = st.selectbox(
        "Compare with", options, index=options.index(named) if named in options else 0, key=key, width=360,
        format_func=lambda one: names.get(one, "the live version"), on_change=_against, args=(key,),
    )  # fmt: skip
    return chosen or _LIVE


def _against(key: str) -> None:
    st.query_params[_SECOND] = st.session_state[key]


def _costs_differ(opened: Run, other: Run | None, search: Search | None) -> None:
    """Say where a run weighed calls and mistakes otherwise than what it is compared with."""
    mine = costs.in_words(opened.spec["stakes"])
    if other is not None:
        theirs, whose = costs.in_words(other.spec["stakes"]), "those of the other run"
    elif search is not None:
        theirs, whose = costs.in_words(spec_to_json(search.spec, search.stakes)["stakes"]), "those of now"
    else:
        return
    if mine != theirs:
        st.caption(text.plain(f"Its costs differ: {mine}; {whose}: {theirs}."))


def _save(search: Search, run_id: str) -> None:
    try:
        found = resources.tuning(search)
        run = runs.record(
            resources.lab().store, run_id,
            name=st.session_state[_NAME] or search.spec.goal,
            dataset_id=search.rows.dataset.id,
            dataset_hash=search.rows.hash,
            router_hash=search.base.content_hash(search.evidence(search.base).encoder.fingerprint),
            seed=search.spec.seed,
            spec=spec_to_json(search.spec, search.stakes),
            result=result_to_json(found),
            packages=packages(),
            seconds=found.seconds,
        )  # fmt: skip
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    st.query_params[_FIRST] = run.id


def _pick(run_id: str) -> None:
    st.query_params[_FIRST] = run_id
    st.query_params.pop(_SECOND, None)


def _delete(run_id: str) -> None:
    try:
        runs.delete(resources.lab().store, run_id)
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    st.query_params.pop(_FIRST, None)
    st.query_params.pop(_SECOND, None)
