"""The doctor: what blocks, what warns, why it matters, and what to do, each with its duels."""

from __future__ import annotations

import streamlit as st

from lab.dpo.checks.catalogue import BY_ID, Severity
from lab.dpo.report import Finding
from lab.ui import text
from lab.ui.export import address, asking, funnel
from lab.ui.export.reading import Reading

_BADGES: dict[Severity, tuple[str, str, str]] = {
    "block": ("blocked", "red", ":material/block:"),
    "warn": ("warning", "orange", ":material/warning:"),
    "note": ("note", "gray", ":material/info:"),
}


def draw(reading: Reading) -> None:
    """Draw every finding, the blocking ones first, and why duels are not in."""
    if not reading.report.findings:
        st.success("The doctor finds nothing.")
    for one in reading.report.findings:
        _finding(one, reading)
    st.markdown("#### Why judged duels are not in")
    funnel.losses(reading)


def _finding(one: Finding, reading: Reading) -> None:
    rule = BY_ID[one.rule]
    label, colour, icon = _BADGES[one.severity]
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(label, color=colour, icon=icon)  # type: ignore[arg-type]  # colours that Streamlit knows
            st.markdown(f"**{text.begun(rule.title)}**: {text.plain(one.says)}", width="content")
        st.caption(text.sentence(f"{rule.why} {rule.then}"))
        with st.container(horizontal=True):
            if one.count:
                st.button(
                    f"Read {one.count:,}" if rule.of_rows else "Read the pairs behind it", key=f"read-{one.rule}",
                    type="tertiary", on_click=address.show, args=("rule", one.rule),
                )  # fmt: skip
            if one.severity == "warn" and rule.of_rows:
                out = one.rule in reading.spec.exclude
                st.button(
                    "Take them in again" if out else "Leave them out", key=f"out-{one.rule}", type="tertiary",
                    on_click=_leave_out, args=(one.rule, not out),
                )  # fmt: skip
            if one.rule == "personal" and not reading.spec.mask:
                st.button("Cover it", key="cover-it", type="tertiary", on_click=_cover)
            if one.rule == "opposite":
                st.page_link("pages/trust.py", label="Open the desk", query_params={"part": "Disagreements"})


def _leave_out(rule: str, out: bool) -> None:
    before = [one for one in st.session_state.get(asking.LEFT_OUT) or [] if one != rule]
    st.session_state[asking.LEFT_OUT] = [*before, rule] if out else before


def _cover() -> None:
    st.session_state[asking.COVER] = True
