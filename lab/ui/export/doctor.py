"""The doctor: what blocks, what warns, why it matters, and what to do, each with its duels."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from lab.dpo.behind import duels_behind, thumbs_behind
from lab.dpo.checks.catalogue import BIT, BY_ID, RULES, Severity
from lab.dpo.report import Finding
from lab.store import judged
from lab.ui import text
from lab.ui.export import address, asking, choosing, funnel, listing
from lab.ui.export.reading import Reading
from lab.ui.trust import words

_BADGES: dict[Severity, tuple[str, str, str]] = {
    "block": ("blocked", "red", ":material/block:"),
    "warn": ("warning", "orange", ":material/warning:"),
    "note": ("note", "gray", ":material/info:"),
}
_OF_TOKENS = ("dropped", "cut")
_STEP = 128  # tokens
_ESTIMATED = " Tokens are an estimate until the folder of the model's tokenizer is named."
_EXAMPLES, _EXAMPLE_CHARS = 2, 90


def draw(reading: Reading) -> None:
    """Draw every finding, the blocking ones first, and why duels are not in."""
    found = reading.report.findings
    if not found and reading.report.ready:
        st.success("The doctor finds nothing.")
    examples = _examples(reading)
    for one in found:
        _finding(one, reading, examples.get(one.rule, []))
        listing.draw(reading, _place(one.rule))
    clean = [rule.title for rule in RULES if reading.report.found(rule.id) is None]
    if clean and reading.report.pairs:
        with st.popover(f"{len(clean):,} rules found nothing", type="tertiary"):
            for title in clean:
                st.markdown(f"- {text.begun(title)}")
    st.markdown("#### Why judged duels are not in")
    funnel.losses(reading)


def _place(rule: str) -> str:
    return f"doctor-{rule}"


def _finding(one: Finding, reading: Reading, examples: list[str]) -> None:
    rule = BY_ID[one.rule]
    label, colour, icon = _BADGES[one.severity]
    with st.container(border=True, gap="xsmall", key=f"finding-{one.rule}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(label, color=colour, icon=icon)  # type: ignore[arg-type]  # colours that Streamlit knows
            st.markdown(f"**{text.begun(rule.title)}**: {text.plain(one.says)}", width="content")
            if one.count:
                st.button(
                    f"Read {one.count:,}" if rule.of_rows else "Read the pairs behind it", key=f"read-{one.rule}",
                    type="tertiary", icon=":material/list:", on_click=address.show,
                    args=(_place(one.rule), "rule", one.rule),
                )  # fmt: skip
            thumbs = len(thumbs_behind(reading.built, "thumbs_rule", one.rule)) if one.rule in BIT else 0
            if thumbs:
                st.button(
                    f"Read {words.count(thumbs, 'thumb')}", key=f"thumbs-{one.rule}", type="tertiary",
                    icon=":material/thumbs_up_down:", on_click=address.show,
                    args=(_place(one.rule), "thumbs_rule", one.rule),
                )  # fmt: skip
            _mend(one, reading)
        estimated = one.rule in _OF_TOKENS and not reading.report.exact_tokens
        st.caption(text.sentence(f"{rule.why} {rule.then}{_ESTIMATED if estimated else ''}"))
        if examples:
            st.caption("Such as " + " · ".join(f"*{text.plain(prompt)}*" for prompt in examples))


def _mend(one: Finding, reading: Reading) -> None:
    """Draw what can be done about a finding."""
    rule, spec, fit = one.rule, reading.spec, reading.report.fits[reading.spec.policy.trainer].max_length
    if one.severity == "warn" and BY_ID[rule].of_rows:
        out = rule in spec.exclude
        _button("Take them in again" if out else "Leave them out", f"out-{rule}", lambda: _leave_out(rule, out=not out))
    if rule in _OF_TOKENS:
        _raise(rule, spec.policy.max_length, fit, reading)
    if rule == "personal" and not spec.mask:
        _button("Cover it", "cover-it", lambda: _set(choosing.COVER, value=True))
    if rule == "unblinded":
        _button("Let such votes not count", "only-blind", lambda: _set(choosing.BLIND, value=True))
    if rule == "system_prompts":
        _button("Leave them all away", "no-system", lambda: _set(asking.SYSTEM, "none"))
    if rule == "longer":
        _button("Look at the plots", "to-plots", lambda: address.to_part(address.PLOTS))
    if rule == "opposite":
        st.page_link("pages/trust.py", label="Open the desk", query_params={"part": "Disagreements"})
    if rule == "left":
        st.page_link("pages/trust.py", label="Who leans to a side", query_params={"part": "Bias"})
    if rule in ("few_pairs", "no_training", "one_annotator"):
        st.page_link("pages/label.py", label="Judge duels", icon=":material/how_to_vote:")


def _raise(rule: str, limit: int, fit: int, reading: Reading) -> None:
    """Offer the length limit that nearly all fit into; under that one already, the one that holds the longest."""
    longest = -(-int(reading.built.lengths.longest.max(initial=0) + 1) // _STEP) * _STEP
    wanted, holds = (fit, "99 of 100") if fit > limit else (longest, "all")
    if limit < wanted <= asking.MOST_TOKENS:
        said = f"Raise the limit to {wanted:,}, which holds {holds}"
        _button(said, f"raise-{rule}", lambda: _set(asking.LIMIT, wanted))


def _button(label: str, key: str, does: Callable[[], None]) -> None:
    st.button(label, key=key, type="tertiary", on_click=does)


def _leave_out(rule: str, *, out: bool) -> None:
    before = [one for one in st.session_state.get(choosing.LEFT_OUT) or [] if one != rule]
    st.session_state[choosing.LEFT_OUT] = [*before, rule] if out else before


def _set(key: str, value: object) -> None:
    st.session_state[key] = value


def _examples(reading: Reading) -> Mapping[str, list[str]]:
    """Return the beginnings of the first prompts that each rule about single pairs found, by rule."""
    first = {
        one.rule: [int(seq) for seq in duels_behind(reading.built, "rule", one.rule)[:_EXAMPLES]]
        for one in reading.report.findings
        if one.count and BY_ID[one.rule].of_rows
    }
    wanted = sorted({seq for seqs in first.values() for seq in seqs})
    if not wanted:
        return {}
    with judged.moment(reading.lab.store) as at:
        said = {one.seq: _begins(one.turns[-1].content) for one in at.by_seq(wanted)}
    return {rule: [said[seq] for seq in seqs if seq in said] for rule, seqs in first.items()}


def _begins(prompt: str) -> str:
    words = text.one_line(prompt[: 2 * _EXAMPLE_CHARS]).strip()
    return words if len(words) <= _EXAMPLE_CHARS else f"{words[:_EXAMPLE_CHARS].rstrip()} …"
