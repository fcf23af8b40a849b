"""The annotators, each with what their votes are worth, and each two of them."""

from __future__ import annotations

from math import isnan

import streamlit as st

from lab.preferences.bias import Leaning
from lab.preferences.consistency import ENOUGH_REPEATS
from lab.preferences.figure import Figure
from lab.preferences.pace import Pace
from lab.preferences.report import Annotated
from lab.ui import tables, text
from lab.ui.trust import address, listing, words
from lab.ui.trust.reading import Reading

_SHARE = st.column_config.NumberColumn(format="%.2f")
_PLAIN = st.column_config.NumberColumn(format="%.2f")


def draw(reading: Reading) -> None:
    """Draw the table of annotators, the list that is open behind it, and the table of each two."""
    found = reading.trust.annotators
    if not found:
        st.info("No person has voted yet: all of these votes were imported, and count in ratings and pairs alone.")
        return
    tables.table(
        _shown(reading, found),
        key="annotators",
        name="annotators",
        caption="Shares with their 95 % intervals: agreement by conversation, self-consistency by Wilson, left and "
        f"longer at any look. About {ENOUGH_REPEATS} repeats are needed. Click a row for the votes.",
        config={"s a vote": st.column_config.NumberColumn(format="%.1f", help="The median.")},
        on_pick=lambda place: address.show("annotators", "all", found[place].annotator_id),
        whole=columns_of(reading, found),
    )
    imported = sum(one.annotator_kind == "import" for one in reading.ballots)
    if imported:
        st.caption(f"{words.count(imported, 'imported vote')} are in no line here: nobody can be asked again.")
    leaning = [one for one in found if one.bias is not None and one.bias.left.shown_among(len(found))]
    for one in leaning:
        assert one.bias is not None
        st.warning(
            f"{text.plain(reading.name(one.annotator_id))} chose the left answer in {words.share(one.bias.left.fixed)} "
            f"of {one.bias.left.n:,} votes ({words.ends(one.bias.left.always)} at any look). Sides are shuffled, so "
            "that is a habit."
        )
    listing.draw(reading, "annotators")
    _each_two(reading)


def _shown(reading: Reading, found: tuple[Annotated, ...]) -> dict[str, list[object]]:
    """The annotators as a screen has room for them; the download holds every number in a column of its own."""
    paces = [one.pace for one in found]
    columns: dict[str, list[object]] = {
        "annotator": [reading.name(one.annotator_id) for one in found],
        "votes": [one.votes for one in found],
        "with the rest": [_figure(None if one.rest is None else one.rest.share) for one in found],
        "again the same": [_figure(None if one.consistency is None else one.consistency.share) for one in found],
        "left": [_leaning(None if one.bias is None else one.bias.left) for one in found],
        "longer": [_leaning(None if one.bias is None else one.bias.longer) for one in found],
        "s a vote": [None if one is None else one.median_ms / 1000 for one in paces],
        "one of ten under, over": [
            "" if one is None else f"{one.p10_ms / 1000:.1f}, {one.p90_ms / 1000:.1f} s" for one in paces
        ],
        "votes an hour": [_per_hour(one) for one in paces],
    }
    if any(_is_sample(reading, one.annotator_id) for one in found):
        columns["from"] = ["sample" if _is_sample(reading, one.annotator_id) else "" for one in found]
    return columns


def _figure(one: Figure | None) -> str:
    if one is None or one.value is None:
        return "–"
    return f"{words.share(one.value)} ({words.ends(one.value)}), n = {one.n:,}"


def _leaning(one: Leaning | None) -> str:
    if one is None or not one.n:
        return "–"
    return f"{words.share(one.always)} ({words.ends(one.always)}), n = {one.n:,}"


def _per_hour(one: Pace | None) -> int | None:
    return None if one is None or isnan(one.per_hour) else round(one.per_hour)


def columns_of(reading: Reading, found: tuple[Annotated, ...]) -> dict[str, list[object]]:
    """Return the annotators with every number in a column of its own."""
    rest = [None if one.rest is None else one.rest.share for one in found]
    same = [None if one.consistency is None else one.consistency.share for one in found]
    left = [None if one.bias is None or not one.bias.left.n else one.bias.left for one in found]
    longer = [None if one.bias is None or not one.bias.longer.n else one.bias.longer for one in found]
    columns: dict[str, list[object]] = {
        "annotator": [reading.name(one.annotator_id) for one in found],
        "votes": [one.votes for one in found],
        "skips": [one.skips for one in found],
    }
    for name, shares in (("with the rest", rest), ("again the same", same)):
        columns |= {
            f"{name}, share": [words.value(one) for one in shares],
            f"{name}, from": [words.low(one) for one in shares],
            f"{name}, to": [words.high(one) for one in shares],
            f"{name}, n": [0 if one is None else one.n for one in shares],
        }
    for name, leanings in (("left", left), ("longer", longer)):
        columns |= {
            f"{name}, share": [None if one is None else one.always.value for one in leanings],
            f"{name}, from": [None if one is None else one.always.low for one in leanings],
            f"{name}, to": [None if one is None else one.always.high for one in leanings],
            f"{name}, n": [0 if one is None else one.n for one in leanings],
        }
    paces = [one.pace for one in found]
    columns["median, s"] = [None if one is None else one.median_ms / 1000 for one in paces]
    columns["fastest tenth, s"] = [None if one is None else one.p10_ms / 1000 for one in paces]
    columns["slowest tenth, s"] = [None if one is None else one.p90_ms / 1000 for one in paces]
    columns["votes an hour"] = [_per_hour(one) for one in paces]
    if any(_is_sample(reading, one.annotator_id) for one in found):
        columns["sample"] = [_is_sample(reading, one.annotator_id) for one in found]
    return columns


def _is_sample(reading: Reading, annotator_id: str) -> bool:
    known = reading.annotators.get(annotator_id)
    return known is not None and known.kind == "sample"


def _each_two(reading: Reading) -> None:
    found = reading.trust.agreement.each_two
    if not found:
        st.caption(text.sentence(f"Agreement of each two: undefined, because {reading.trust.agreement.raw.because}."))
        return
    st.markdown("#### Each two annotators")
    tables.table(
        {
            "annotator": [reading.name(one.first) for one in found],
            "and": [reading.name(one.second) for one in found],
            "duels of both": [one.duels for one in found],
            "agree": [words.value(one.raw) for one in found],
            "agree, from": [words.low(one.raw) for one in found],
            "agree, to": [words.high(one.raw) for one in found],
            "Cohen's kappa": [words.value(one.kappa) for one in found],
            "kappa, from": [words.low(one.kappa) for one in found],
            "kappa, to": [words.high(one.kappa) for one in found],
            "undefined, because": [one.kappa.because for one in found],
        },
        key="each-two",
        name="each-two-annotators",
        caption="On what was chosen, never on sides. 95 % bootstrap by conversation, not narrower than Wilson's.",
        config=dict.fromkeys(["agree", "agree, from", "agree, to"], _SHARE)
        | dict.fromkeys(["Cohen's kappa", "kappa, from", "kappa, to"], _PLAIN),
        on_pick=lambda place: address.show("annotators", "two", found[place].first, found[place].second),
    )
