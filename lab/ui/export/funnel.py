"""From votes to pairs: how many are left after each step, and why the others are not."""

from __future__ import annotations

import streamlit as st

from lab.dpo import wording
from lab.dpo.built import FILTERED, KEPT
from lab.dpo.report import Report
from lab.ui import tables, text
from lab.ui.export import address
from lab.ui.export.reading import Reading
from lab.ui.trust import words

_WIDTH = 178  # pixels of a number: two stand side by side on a telephone


def teach() -> None:
    """Say, where nobody has voted, what this page is for and what to do."""
    st.markdown("### Nobody has judged anything yet")
    st.markdown(
        "This page makes a dataset of votes that a trainer accepts and that deserves the training: a prompt, the "
        "answer that people chose, and the one that they rejected. Fifty pairs are a beginning; a few hundred train "
        "something."
    )
    with st.container(horizontal=True):
        st.page_link("pages/label.py", label="Judge the first duel", icon=":material/how_to_vote:")
        st.page_link(
            "pages/label.py", label="Bring preferences in from a file", icon=":material/upload:",
            query_params={"label_view": "Duels"},
        )  # fmt: skip


def sentence(reading: Reading) -> None:
    """Say in one sentence what there is, and what to do next."""
    found = reading.report
    if not found.ready:
        st.markdown(f"### {text.sentence(_nothing(found))}")
        _way_in(found)
        return
    blocked = sum(one.count for one in found.findings if one.severity == "block")
    warned = sum(one.severity == "warn" for one in found.findings)
    said = [f"{words.count(found.kept, 'pair')} can train"]
    if blocked:
        said.append(f"{blocked:,} {'is' if blocked == 1 else 'are'} blocked")
    said.append(f"{words.count(warned, 'warning')} to read" if warned else "nothing to warn of")
    st.markdown(f"### {text.begun(', '.join(said))}.")
    if reading.spec.filters.sample or reading.spec.filters.mock:
        st.badge("with samples or placeholders", color="orange", help="Fit to try the page, not to train on.")


def _nothing(found: Report) -> str:
    from lab.dpo.snapshots import nothing

    return nothing(found)


def _way_in(found: Report) -> None:
    sample, mock = (found.counts.get(one, 0) for one in ("sample", "mock"))
    with st.container(horizontal=True, vertical_alignment="center"):
        if sample:
            st.button(
                f"Look at the {sample:,} duels of the sample workspace",
                key="with-sample",
                on_click=_set,
                args=("sample",),
            )
        if mock:
            st.button(
                f"Take the {mock:,} duels with answers of the mock in", key="with-mock", on_click=_set, args=("mock",)
            )
        st.page_link("pages/label.py", label="Judge duels", icon=":material/how_to_vote:")


def _set(key: str) -> None:
    st.session_state[key] = True


def numbers(reading: Reading) -> None:
    """Draw the steps of the funnel; each opens its duels."""
    found = reading.report
    filtered = found.judged - found.wanted
    with st.container(horizontal=True):
        _card("votes", found.votes, "all that count once", None)
        _card("judged duels", found.judged, f"{filtered:,} filtered out" if filtered else "none filtered out", "judged")
        _card("with a winner", found.pairs, f"{found.wanted - found.pairs:,} without", "pairs")
        _card("kept pairs", found.kept, f"{found.pairs - found.kept:,} left out", "kept")
        for split, count in found.splits.items():
            _card(split, count, words.count(found.clusters[split], "group"), "split", split)
        if found.likes:
            _card("thumbs, for KTO", found.likes, "answers without a pair", None)


def _card(label: str, value: int, about: str, kind: str | None, *what: str) -> None:
    with st.container(border=True, width=_WIDTH, gap="xsmall"):
        st.metric(label, f"{value:,}")
        if kind is None or not value:
            st.caption(about)
            return
        st.button(
            about, key=f"funnel-{label}", type="tertiary", on_click=address.show, args=(kind, *what),
            help="Opens the duels behind this number.",
        )  # fmt: skip


def losses(reading: Reading) -> None:
    """Draw why judged duels are not in the export; a row opens its duels."""
    lost = [(reason, count) for reason, count in reading.report.counts.items() if reason != KEPT]
    if not lost:
        st.caption("Every judged duel is in.")
        return
    total = sum(count for _, count in lost)
    tables.table(
        {
            "duels": [count for _, count in lost],
            "why they are not in": [wording.why(reason) for reason, _ in lost],
            "step": [_step(reason) for reason, _ in lost],
        },
        key=tables.key_of("losses", [f"{reason}{count}" for reason, count in lost]),
        name="export-losses",
        caption=f"{total:,} of {reading.report.judged:,} judged duels. Click a row to read them.",
        config={"why they are not in": st.column_config.TextColumn(width="large")},
        on_pick=lambda place: address.show("reason", lost[place][0]),
    )
    out = reading.report.likes_left_out
    if out:
        said = ", ".join(f"{count:,} {wording.why(reason)}" for reason, count in sorted(out.items()))
        st.caption(f"Answers with a thumb that are not in: {text.plain(said)}.")


def _step(reason: str) -> str:
    if reason in FILTERED:
        return "filters"
    return "votes" if reason.startswith("verdict:") else "doctor"
