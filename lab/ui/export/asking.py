"""Whom will you train, on which votes, and what is left out: every choice stands in the address."""

from __future__ import annotations

from datetime import date
from typing import get_args

import streamlit as st

from lab.dpo.checks.catalogue import BY_ID, OF_ROWS
from lab.dpo.spec import Filters, Policy, Spec, SystemPrompt, Trainer, VoteRule, checked
from lab.judging import DuelOrigin
from lab.store import annotators, duels, versions
from lab.ui import resources, text
from lab.ui.trust import words

LEFT_OUT, COVER = "x", "cover"
_TRAINERS: dict[Trainer, str] = {"dpo": "DPO", "reward": "Reward model", "kto": "KTO", "sft": "SFT"}
_RULES: dict[VoteRule, str] = {
    "majority": "Majority",
    "unanimous": "Unanimous",
    "annotator": "One annotator",
    "adjudicated": "Resolved on the desk",
}
_SYSTEMS: dict[SystemPrompt, str] = {"own": "the duel's own", "replaced": "another one", "none": "none"}
_LAYERS = ("keyword", "semantic", "fallback")
_OF_VOTES = "Of the votes that count, the least share for the chosen answer."
_OF_STRENGTH = "1 slightly, 2 clearly, 3 by far. Pairs of which nobody said one are left out."
_MAX_LENGTH, _MOST_TOKENS = 1_024, 1_000_000


def draw() -> Spec:
    """Draw the choices and return them. Raises ExportError for choices that cannot be, StoreError."""
    st.markdown("### Whom will you train?")
    policy = _policy()
    rule, min_votes, annotator = _votes()
    system, system_text = _system()
    with st.expander("Filters, masking and the split", on_change="rerun", key="filters", bind="query-params"):
        filters = _filters()
        exclude, mask = _left_out()
        shares, seed, family = _split()
    return checked(
        Spec(policy, rule, min_votes, annotator, filters, system, system_text, exclude, mask, shares, seed, family)
    )


def _policy() -> Policy:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        trainer = st.selectbox(
            "Trainer", list(_TRAINERS), format_func=_TRAINERS.__getitem__, key="trainer", bind="query-params",
            width=150, help="Whose length rules the doctor looks at. Every format can be written whatever you choose.",
        )  # fmt: skip
        model = st.text_input(
            "Model to be trained", key="model", bind="query-params", placeholder="such as qwen2.5:0.5b", width=230,
            help="As the answers name it. Then the page says which share of them is the model's own.",
        )  # fmt: skip
        tokenizer = st.text_input(
            "Folder of its tokenizer", key="tokenizer", bind="query-params", placeholder="else tokens are estimated",
            width=260, help="On the machine that the lab runs on, with tokenizer.json and a chat template.",
        )  # fmt: skip
        limit = st.number_input(
            "Length limit, tokens", 16, _MOST_TOKENS, _MAX_LENGTH, 64, key="limit", bind="query-params", width=170,
            help="max_length of the trainer, for prompt and answer together. 1,024 unless you set it there.",
        )  # fmt: skip
    return Policy(trainer, model.strip(), tokenizer.strip(), int(limit))


def _votes() -> tuple[VoteRule, int, str]:
    people = {one.id: one.name for one in annotators.listed(resources.lab().store)}
    annotator, least = "", 1
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rule = st.segmented_control(
            "What makes a pair", list(_RULES), format_func=_RULES.__getitem__, default="majority", required=True,
            key="rule", bind="query-params",
            help="Majority: more than half of the votes, so one against one makes no pair. A resolution on the desk "
            "of the Trust page decides before any vote.",
        )  # fmt: skip
        if rule in ("majority", "unanimous"):
            least = int(st.number_input("Votes, at least", 1, 50, 1, key="least", bind="query-params", width=130))
        elif rule == "annotator" and people:
            annotator = st.selectbox(
                "Whose votes", list(people), format_func=lambda one: text.one_line(people.get(one) or one), key="whose",
                bind="query-params", width=220,
            )  # fmt: skip
    return rule or "majority", least, annotator


def _system() -> tuple[SystemPrompt, str]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        system = st.selectbox(
            "System prompt of a pair", list(_SYSTEMS), format_func=_SYSTEMS.__getitem__, key="system",
            bind="query-params", width=220, help="Both sides of a pair have the same one.",
        )  # fmt: skip
        if system == "replaced":
            given = st.text_input("The system prompt", key="system_text", bind="query-params", width=520)
            return ("replaced", given) if given.strip() else ("own", "")
    return system, ""


# ---------------------------------------------------------------------------------------------------------- filters


def _filters() -> Filters:
    lab = resources.lab()
    people = {one.id: one.name for one in annotators.listed(lab.store)}
    known = {one.id: f"v{one.number} {one.name}" for one in versions.recent(lab.store) if one.number is not None}
    experts = [expert.name for expert in lab.routers.live().version.config.experts]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        days = st.date_input("Judged, from and to", [], key="days", bind="query-params", width=250, format="YYYY-MM-DD")
        chosen = Filters(
            since=_day(days, 0),
            until=_day(days, 1),
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
        sample = st.toggle("With the sample workspace", key="sample", bind="query-params")
        mock = st.toggle("With answers of the mock", key="mock", bind="query-params", help="They are placeholders.")
        blind = st.toggle(
            "Only blind votes", key="blind", bind="query-params",
            help="Without votes of those who knew who wrote what, or what others said.",
        )  # fmt: skip
    values = {name: getattr(chosen, name) for name in Filters.__dataclass_fields__}
    return Filters(**values | {"sample": sample, "mock": mock, "unblinded": not blind})


def _day(days: object, at: int) -> date | None:
    return days[at] if isinstance(days, tuple) and len(days) > at else None


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


def _left_out() -> tuple[tuple[str, ...], bool]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        exclude = st.multiselect(
            "Leave out pairs with", list(OF_ROWS), key=LEFT_OUT, bind="query-params", width=520, placeholder="nothing",
            format_func=lambda rule: BY_ID[rule].title,
        )  # fmt: skip
        mask = st.toggle(
            "Cover personal data", key=COVER, bind="query-params",
            help="E-mail addresses, telephone numbers, keys, cards and accounts become words in brackets.",
        )  # fmt: skip
    return tuple(exclude), mask


def _split() -> tuple[tuple[float, float, float], int, str]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        validation = st.number_input("Validation, %", 0, 50, 10, key="val", bind="query-params", width=130)
        test = st.number_input("Test, %", 0, 49, 10, key="test", bind="query-params", width=130)
        seed = st.number_input("Seed", 0, 2**31 - 1, 0, key="seed", bind="query-params", width=130)
        family = st.text_input(
            "Family of splits", "main", key="family", bind="query-params", width=200, max_chars=60,
            help="Within a family a prompt keeps its side in every later snapshot. Another name deals all out anew.",
        )  # fmt: skip
    return (1 - validation / 100 - test / 100, validation / 100, test / 100), int(seed), family.strip() or "main"
