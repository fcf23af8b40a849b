"""The choices that stand folded: which duels and votes count, what is left out or covered, and how it is split."""

from __future__ import annotations

from datetime import date
from typing import get_args

import streamlit as st

from lab.dpo.checks.catalogue import BY_ID, OF_ROWS
from lab.dpo.clusters import MOST_BY_COSINE
from lab.dpo.spec import Filters, Nearness
from lab.judging import DuelOrigin
from lab.records import RouterVersion
from lab.store import annotators, duels, versions
from lab.ui import resources, text, wording
from lab.ui.trust import words

LEFT_OUT, COVER, SAMPLE, MOCK, BLIND, FAMILY = "x", "cover", "sample", "mock", "blind", "family"
_LAYERS = ("keyword", "semantic", "fallback")
_NEARNESS: dict[Nearness, str] = {"minhash": "wording", "cosine": "meaning"}
_OF_VOTES = "Of the votes that count, the least share for the chosen answer."
_OF_STRENGTH = "1 slightly, 2 clearly, 3 by far. Pairs of which nobody said one are left out."


def filters() -> Filters:
    """Draw which duels and votes count. Raises StoreError."""
    lab = resources.lab()
    people = {one.id: one.name for one in annotators.listed(lab.store)}
    known = {one.id: _named(one) for one in versions.recent(lab.store)}
    experts = [expert.name for expert in lab.routers.live().version.config.experts]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = Filters(
            since=_day("Judged from", "since"),
            until=_day("Judged until", "until"),
            experts=_several("Experts or models", "experts", experts, new=True),
            query_types=_several("Query types", "kinds", duels.query_types(lab.store)),
            annotators=_several("Votes of", "who", list(people), people),
            origins=_several("Origins", "origins", list(get_args(DuelOrigin)), dict(words.ORIGINS)),
            router_versions=_several("Router versions", "versions", list(known), known),
            layers=_several("Layers", "layers", list(_LAYERS)),
            min_agreement=_number("Agreement, at least", "agree", 1.0, 0.05, _OF_VOTES),
            min_strength=_number("Strength, at least", "strength", 3.0, 0.5, _OF_STRENGTH),
        )  # fmt: skip
    with st.container(horizontal=True):
        sample = st.toggle("With the sample workspace", key=SAMPLE, bind="query-params")
        mock = st.toggle("With answers of the mock", key=MOCK, bind="query-params", help="They are placeholders.")
        blind = st.toggle(
            "Only blind votes", key=BLIND, bind="query-params",
            help="Without votes of those who knew who wrote what, or what others said.",
        )  # fmt: skip
    values = {name: getattr(chosen, name) for name in Filters.__dataclass_fields__}
    return Filters(**values | {"sample": sample, "mock": mock, "unblinded": not blind})


def _named(version: RouterVersion) -> str:
    """Return what a router version is called, so that no two are called alike."""
    known = wording.version(version)
    return known if version.number is not None else f"{known} {version.content_hash[:8]}"


def _day(label: str, key: str) -> date | None:
    """Draw a day; two fields, as of a range of one day Streamlit's (1.67) address keeps the beginning alone."""
    return st.date_input(label, None, key=key, bind="query-params", width=150, format="YYYY-MM-DD")


def _several(
    label: str, key: str, options: list[str], named: dict[str, str] | None = None, *, new: bool = False
) -> tuple[str, ...]:
    if not options and not new:
        return ()
    return tuple(
        st.multiselect(
            label, options, key=key, bind="query-params", width=240, placeholder="all", accept_new_options=new,
            format_func=lambda one: text.one_line((named or {}).get(one) or one),
        )
    )  # fmt: skip


def _number(label: str, key: str, most: float, step: float, about: str) -> float:
    return float(st.number_input(label, 0.0, most, 0.0, step, key=key, bind="query-params", width=170, help=about))


def left_out() -> tuple[tuple[str, ...], bool]:
    """Draw which pairs are left out by name, and whether personal data is covered."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        exclude = st.multiselect(
            "Leave out pairs with", list(OF_ROWS), key=LEFT_OUT, bind="query-params", width=520, placeholder="nothing",
            format_func=lambda rule: BY_ID[rule].title,
        )  # fmt: skip
        mask = st.toggle(
            "Cover personal data", key=COVER, bind="query-params",
            help="E-mail addresses, telephone numbers, keys, cards and accounts become words in brackets.",
        )  # fmt: skip
    return tuple(rule for rule in OF_ROWS if rule in exclude), mask


def split() -> tuple[tuple[float, float, float], int, str]:
    """Draw the shares of the split, its seed and its family."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        validation = int(st.number_input("Validation, %", 0, 50, 10, key="val", bind="query-params", width=130))
        test = int(st.number_input("Test, %", 0, 49, 10, key="test", bind="query-params", width=130))
        seed = st.number_input("Seed", 0, 2**31 - 1, 0, key="seed", bind="query-params", width=130)
        family = st.text_input(
            "Family of splits", "main", key=FAMILY, bind="query-params", width=200, max_chars=60,
            help="Within a family a prompt keeps its side in every later snapshot. Another name deals all out anew.",
        )  # fmt: skip
        st.caption(f"{100 - validation - test} % train.", width="content")
    shares = ((100 - validation - test) / 100, validation / 100, test / 100)
    return shares, int(seed), family.strip() or "main"


def nearness() -> tuple[Nearness, float]:
    """Draw by what prompts count as near-duplicates, and from where on."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = st.selectbox(
            "Near-duplicate prompts by", list(_NEARNESS), format_func=_NEARNESS.__getitem__, key="nearness",
            bind="query-params", width=220,
            help="Wording compares words, by MinHash, and takes any number of prompts. Meaning takes the cosine of "
            f"what the encoder makes of them, each with each: at most {MOST_BY_COSINE:,} prompts.",
        )  # fmt: skip
        near = st.number_input(
            "Alike from", 0.5, 1.0, 0.8, 0.05, key="near", bind="query-params", width=130,
            help="Jaccard index of the words, or cosine. Prompts that are alike stand on one side of the split.",
        )  # fmt: skip
    return by, round(float(near), 4)
