"""Probes at the gate: a file of prompts that must go right is run against the draft; and a file is made from live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from lab.errors import LabError
from lab.forensics.probe_draw import draw_probes
from lab.forensics.probes import Probe, ProbeReport, read, write
from lab.types import RouterConfig
from lab.ui import resources, tables, text
from lab.ui.components import fault
from lab.ui.router import desk
from lab.ui.router.desk import Desk
from lab.ui.workbench import Workbench

_UPLOAD, _KEPT, _TIMES = "probes-file", "router_probes", "router_probes_forgotten"
_MAKE, _N = "make_probes", "n_probes"
_USUAL, _MOST = 50, 2_000


def draw(on: Desk) -> Mapping[str, Any] | None:
    """Draw the upload and how the draft does on it; return what to note with an adoption, None without probes."""
    key = f"{_UPLOAD}-{st.session_state.get(_TIMES, 0)}"  # an emptied box, once the probes were forgotten
    st.file_uploader(
        "Probes: prompts that must go right (JSON Lines)", type=["jsonl", "json", "txt"], key=key, max_upload_size=64,
        on_change=_take_file, args=(key,), help="Write them on the Tune page, by hand, or below.",
    )  # fmt: skip
    kept: tuple[str, list[Probe]] | None = st.session_state.get(_KEPT)
    if kept is None:
        return None
    name, probes = kept
    try:
        found = resources.probed(on.config, probes)
    except LabError as err:
        fault(err)
        return None
    _result(name, found)
    passed, n = found.tally
    return {
        "file": name,
        "passed": passed,
        "n": n,
        "failed": [text.one_line(one.probe.prompt, 200) for one in found.failed[:20]],
    }


def _result(name: str, found: ProbeReport) -> None:
    passed, n = found.tally
    with st.container(horizontal=True, vertical_alignment="center"):
        said = f"{passed:,} of {n:,} probes of {text.plain(name)} pass"
        if found.failed:
            st.warning(f"{said}; {n - passed:,} fail. Adopting breaks what they keep.", width="stretch")
        else:
            st.markdown(f"{said}.", width="content")
        st.button("Forget them", key="forget-probes", on_click=_forget, type="tertiary")
    shown = found.failed or found.results
    with st.expander("Failing probes" if found.failed else "Probes", expanded=bool(found.failed), key="probe-rows"):
        tables.table(
            {
                "prompt": [one.probe.prompt for one in shown],
                "wants": [one.probe.expert for one in shown],
                "went to": [one.expert for one in shown],
                "layer": [one.layer.value for one in shown],
                "what is wrong": [one.wrong or "" for one in shown],
                "tags": [", ".join(one.probe.tags) for one in shown],
            },
            key="probe-table",
            name="probes",
            caption=text.plain(
                "Passed, by tag: "
                + ", ".join(f"{tag or '(none)'} {tally.passed} of {tally.n}" for tag, tally in found.by_tag.items())
            ),
            config={"prompt": st.column_config.TextColumn(width="large")},
            height=320,
        )


def _take_file(key: str) -> None:
    given = st.session_state[key]
    if given is None:
        return  # the cross: what was read stays until it is forgotten

    def action() -> str:
        probes = read(given.getvalue())
        st.session_state[_KEPT] = (given.name, probes)
        return f"{len(probes):,} probes are read from {given.name}."

    desk.doing(action)


def _forget() -> None:
    st.session_state.pop(_KEPT, None)
    st.session_state[_TIMES] = st.session_state.get(_TIMES, 0) + 1


def make(on: Desk) -> None:
    """Draw the way to a probe file out of rows that live gets right today."""
    folded = desk.unfolded(on, "Make a probe file from what live gets right", _MAKE)
    if folded is None or on.bench is None:
        return
    with folded:
        n = st.number_input("Probes", 1, _MOST, _USUAL, key=_N, width=140)
        try:
            probes = _drawn(on.bench, on.adopted.config, int(n))
            content = write(probes)
        except LabError as err:
            fault(err)
            return
        tags = {tag for probe in probes for tag in probe.tags}
        st.caption(
            f"{len(probes):,} prompts of {text.plain(on.bench.rows.dataset.name)} that {on.live_name} gets right "
            f"today, {len(tags):,} query types in turn, none sealed. `python -m lab check FILE` runs them in a CI."
        )
        st.download_button(
            "Download the probes", content, f"{on.bench.rows.dataset.name}-probes.jsonl", "application/jsonl",
            key="probes-download", on_click="ignore", icon=":material/download:",
        )  # fmt: skip


def _drawn(bench: Workbench, config: RouterConfig, n: int) -> list[Probe]:
    found = resources.drafted(bench.rows, config, config)
    return draw_probes(bench.rows, found.sample, found.before, n)
