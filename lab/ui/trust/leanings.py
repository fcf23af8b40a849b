"""What votes lean to: a side of the screen, length; and the mix of verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from lab.preferences.bias import Leaning
from lab.ui import charts, tables, text
from lab.ui.trust import address, intervals, listing, words
from lab.ui.trust.intervals import Mark
from lab.ui.trust.reading import Reading

_MOST = 30  # annotators drawn; the table holds all
_SHARE = st.column_config.NumberColumn(format="%.2f")
_LOOKS = "thick: 95 % Wilson, for one look; thin: 95 % confidence sequence, at any look. Only the thin one accuses"


def draw(reading: Reading) -> None:
    """Draw left and longer by annotator, longer by how much longer, and the verdict mix; then the open list."""
    whole = reading.trust.bias
    if not whole.left.n:
        st.info("No vote chose one of two answers yet, so there is nothing to lean to.")
        return
    for what, kind, overall in (("left", "left", whole.left), ("longer", "longer", whole.longer)):
        _leanings(what, kind, [("all annotators", "", overall), *_each(reading, what)])
    classes = [(name, name, one) for name, one in whole.by_ratio.items()]
    _leanings("longer, by length", "ratio", classes)
    _mix(reading)
    listing.draw(reading, "bias")


def _each(reading: Reading, what: str) -> list[tuple[str, str, Leaning]]:
    leaning = [(one.annotator_id, one.bias) for one in reading.trust.annotators if one.bias is not None]
    return [(reading.name(one), one, bias.left if what == "left" else bias.longer) for one, bias in leaning]


_SAID = {
    "left": (
        "Left or right",
        "share that chose the left answer",
        "Sides are shuffled, so one half is what reading gives.",
    ),
    "longer": (
        "Longer or shorter",
        "share that chose the longer answer",
        "Longer may be better; whoever trains on these votes learns length all the same. Answers of equal length are "
        "left out; in the intervals a conversation is one observation.",
    ),
    "longer, by length": (
        "How much longer",
        "share that chose the longer answer",
        "By characters; answers of equal length are left out, and a conversation is one observation.",
    ),
}


_UNITS = {"ratio": "the longer answer is"}


def _leanings(what: str, kind: str, lines: Sequence[tuple[str, str, Leaning]]) -> None:
    """Draw one leaning of several annotators, or classes, as a figure and as a table."""
    title, axis, about = _SAID[what]
    known = [(label, opens, one) for label, opens, one in lines if one.n]
    st.markdown(f"#### {title}")
    st.caption(about)
    if not known:
        st.caption("No vote is on answers of different length.")
        return
    marks = [Mark(label, one.fixed, one.n, opens, one.always) for label, opens, one in known[: _MOST + 1]]
    key = f"bias-{what.replace(', ', '-').replace(' ', '-')}"
    more = f" · the first {_MOST} annotators of {len(known) - 1}" if len(known) > _MOST + 1 else ""
    charts.chart(
        intervals.figure(marks, axis=axis, reference=0.5, percent=True, unit=_UNITS.get(kind, "annotator")),
        key=key,
        name=key,
        caption=f"n = votes that chose one of two answers · {_LOOKS}{more}",
        alt=f"{axis}, with intervals, for {len(marks)} lines",
        on_pick=lambda picked: _open(kind, picked),
    )
    folded = st.expander("As a table", on_change="rerun", key=f"{key}-folded")
    if folded.open:
        with folded:
            tables.table(
                {
                    "whose" if kind != "ratio" else "the longer one": [label for label, _, _ in known],
                    "votes": [one.n for _, _, one in known],
                    "of them": [one.hits for _, _, one in known],
                    "share": [one.fixed.value for _, _, one in known],
                    "one look, from": [one.fixed.low for _, _, one in known],
                    "one look, to": [one.fixed.high for _, _, one in known],
                    "any look, from": [one.always.low for _, _, one in known],
                    "any look, to": [one.always.high for _, _, one in known],
                },
                key=f"{key}-table",
                name=key,
                caption="Click a row for its votes.",
                config=dict.fromkeys(
                    ["share", "one look, from", "one look, to", "any look, from", "any look, to"], _SHARE
                ),
                on_pick=lambda place: address.show("bias", kind, known[place][1]),
            )


def _open(kind: str, picked: list[Any]) -> None:
    wanted = intervals.clicked(picked)
    if wanted is not None:
        address.show("bias", kind, wanted)


def _mix(reading: Reading) -> None:
    st.markdown("#### Verdicts")
    mixes = [("all annotators", "", reading.trust.mix)]
    mixes += [(reading.name(one.annotator_id), one.annotator_id, one.mix) for one in reading.trust.annotators]
    marks = [
        Mark(text.begun(words.verdict(verdict)), one.value, one.n, verdict)
        for verdict, one in reading.trust.mix.items()
        if one.value is not None
    ]
    charts.chart(
        intervals.figure(marks, axis="share of first-round votes", reference=None, percent=True, unit="verdict"),
        key="verdict-mix",
        name="verdict-mix",
        caption=f"n = {reading.trust.mix['skip'].n:,} first-round votes of people, skips too · "
        "95 % Wilson, a conversation as one observation",
        alt="share of each verdict among all votes, with intervals",
        on_pick=_open_verdict,
    )
    lines = [(who, annotator, verdict, one) for who, annotator, mix in mixes for verdict, one in mix.items()]
    tables.table(
        {
            "whose": [who for who, _, _, _ in lines],
            "verdict": [words.verdict(verdict) for _, _, verdict, _ in lines],
            "share": [words.value(one) for _, _, _, one in lines],
            "from": [words.low(one) for _, _, _, one in lines],
            "to": [words.high(one) for _, _, _, one in lines],
            "of votes": [one.n for _, _, _, one in lines],
        },
        key="verdict-mix-table",
        name="verdict-mix",
        caption="95 % Wilson, a conversation as one observation. Click a row for its votes.",
        config=dict.fromkeys(["share", "from", "to"], _SHARE),
        on_pick=lambda place: address.show("bias", "verdict", lines[place][2], lines[place][1]),
        height=240,
    )


def _open_verdict(picked: list[Any]) -> None:
    wanted = intervals.clicked(picked)
    if wanted is not None:
        address.show("bias", "verdict", wanted)
