"""The first lines of the page: one sentence on what the votes are good for, and the numbers it rests on."""

from __future__ import annotations

import streamlit as st

from lab.preferences.bias import Leaning
from lab.preferences.figure import Figure
from lab.ui import text
from lab.ui.trust import address, words
from lab.ui.trust.reading import Reading

_WIDTH = 178  # pixels of a number: two stand side by side on a telephone


def teach() -> None:
    """Say, where nobody has voted, what this page is for and what to do."""
    st.markdown("### Nobody has judged anything yet")
    st.markdown(
        "Votes say which of two answers is better. This page then says how far they can be trusted: whether two people "
        "agree, whether one agrees with themselves, whether a side of the screen or the longer answer wins, and which "
        "expert does. About 50 duels with a winner, 30 of them judged by two people, are a first answer."
    )
    st.page_link("pages/label.py", label="Judge the first duel", icon=":material/how_to_vote:")


def sentence(reading: Reading) -> None:
    """Draw the sentence, and what it says of each use."""
    found = reading.trust.usability
    if reading.with_sample:
        st.badge(
            "sample workspace", color="orange",
            help="Votes that came with the lab are among these. They show what the page can say; they say nothing of "
            "your experts.",
        )  # fmt: skip
    st.markdown(f"### {text.sentence(found.sentence)}")
    if reading.only_sample and reading.ballots:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("All of these votes came with the lab. Yours say something of your experts.", width="content")
            st.page_link("pages/label.py", label="Judge your first duel", icon=":material/how_to_vote:")
    for caution in found.cautions:
        st.caption(text.sentence(text.begun(f"{caution}.")))
    if len(found.refused) > 1 and not found.usable:
        lines = [f"- Not for {one.use}: {text.sentence(one.because)}." for one in found.refused]
        st.caption("\n".join(lines))


def numbers(reading: Reading) -> None:
    """Draw the numbers that the sentence rests on; each opens its votes."""
    with st.container(horizontal=True):
        _numbers(reading)


def _numbers(reading: Reading) -> None:
    trust, agreed = reading.trust, reading.trust.agreement
    duels = len({one.duel_id for one in reading.ballots})
    _card("votes", f"{trust.votes:,}", f"on {words.count(duels, 'duel')}", "votes")
    _card("judged by two or more", f"{agreed.twice:,}", words.count(agreed.pairs, "pair") + " of votes", "twice")
    _figure("raw agreement", agreed.raw, "pair", "twice")
    _figure("Krippendorff's alpha", agreed.alpha, "duel", "twice", percent=False)
    if len(agreed.each_two) == 1:
        two = agreed.each_two[0]
        _figure("Cohen's kappa", two.kappa, "duel", "two", two.first, two.second, percent=False)
    _figure("self-consistency", trust.consistency, "repeat", "repeats")
    _leaning("chose the left", trust.bias.left, "left")
    _leaning("chose the longer", trust.bias.longer, "longer")
    _open_disagreements(reading)


def _card(label: str, value: str, about: str, kind: str, *what: str, instead: str = "") -> None:
    """Draw a number that opens its votes; `instead` says why there is none."""
    with st.container(border=True, width=_WIDTH, gap="xsmall"):
        st.metric(label, value)
        if instead:
            st.caption(text.sentence(f"undefined, because {instead}"))
            return
        st.button(
            about, key=f"number-{label}", type="tertiary", on_click=address.show, args=("numbers", kind, *what),
            help="Opens the votes behind this number.",
        )  # fmt: skip


def _figure(label: str, one: Figure, unit: str, kind: str, *what: str, percent: bool = True) -> None:
    if one.value is None:
        _card(label, "–", "", kind, instead=one.because)
        return
    shown = words.share(one.value) if percent else f"{one.value.value:.2f}"
    _card(label, shown, f"{words.ends(one.value, percent=percent)}, n = {words.count(one.n, unit)}", kind, *what)


def _leaning(label: str, one: Leaning, kind: str) -> None:
    if not one.n:
        _card(label, "–", "", kind, instead="no vote chose one of two such answers")
        return
    about = f"{words.ends(one.always)}, n = {words.count(one.n, 'vote')}"
    _card(label, words.share(one.fixed), about, kind)


def _open_disagreements(reading: Reading) -> None:
    found = reading.disagreements
    waiting = sum(one.state == "open" for one in found)
    with st.container(border=True, width=_WIDTH, gap="xsmall"):
        st.metric("open disagreements", f"{waiting:,}")
        st.button(
            f"of {words.count(len(found), 'disagreement')}", key="number-disagreements", type="tertiary",
            on_click=address.to_part, args=(address.DISAGREEMENTS,), help="Opens the desk.",
        )  # fmt: skip
