"""Whom will you train, and on which votes: every choice stands in the address."""

from __future__ import annotations

import streamlit as st

from lab.dpo.spec import Policy, Spec, SystemPrompt, Trainer, VoteRule, checked, tokenizer_folder
from lab.dpo.tokens import counter
from lab.errors import ExportError
from lab.store import annotators
from lab.ui import access, resources, text
from lab.ui.components import fault
from lab.ui.export import choosing

SYSTEM, LIMIT = "system", "limit"
_TRAINERS: dict[Trainer, str] = {"dpo": "DPO", "reward": "Reward model", "kto": "KTO", "sft": "SFT"}
_RULES: dict[VoteRule, str] = {
    "majority": "majority",
    "unanimous": "unanimous",
    "annotator": "one annotator",
    "adjudicated": "resolved on the desk",
}
_SYSTEMS: dict[SystemPrompt, str] = {"own": "the duel's own", "replaced": "another one", "none": "none"}
MOST_TOKENS = 1_000_000
_LIMITS = (16, MOST_TOKENS, 1_024, 64)  # tokens: least, most, usual, step


def draw() -> Spec:
    """Draw the choices and return them. Raises ExportError for choices that cannot be, StoreError."""
    st.markdown("### Whom will you train?")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        policy = _policy()
        rule, min_votes, annotator = _votes()
        system = _system()
    system_text = _system_text() if system == "replaced" else ""
    policy = _readable(policy)
    folded = st.expander("Filters, near-duplicates, masking and the split", key="filters")
    with folded:
        filters = choosing.filters()
        exclude, mask = choosing.left_out()
        shares, seed, family = choosing.split()
        nearness, near = choosing.nearness()
    asked = Spec(
        policy, rule, min_votes, annotator, filters, system if system_text or system != "replaced" else "own",
        system_text, exclude, mask, shares, seed, family, nearness, near,
    )  # fmt: skip
    return checked(asked)


def _policy() -> Policy:
    trainer = st.selectbox(
        "Trainer", list(_TRAINERS), format_func=_TRAINERS.__getitem__, key="trainer", bind="query-params", width=130,
        help="Whose length rules the doctor looks at. Every format can be written whatever you choose.",
    )  # fmt: skip
    model = st.text_input(
        "Model to be trained", key="model", bind="query-params", placeholder="such as qwen2.5:0.5b", width=190,
        help="As the answers name it. Then the page says which share of them is the model's own.",
    )  # fmt: skip
    tokenizer = ""
    if access.on_this_machine():  # whoever looks in from elsewhere learns nothing of its folders
        tokenizer = st.text_input(
            "Folder of its tokenizer", key="tokenizer", bind="query-params", placeholder="else estimated", width=190,
            help="On the machine that the lab runs on, with tokenizer.json and a chat template. Without it, tokens are "
            "an estimate.",
        )  # fmt: skip
    least, most, usual, step = _LIMITS
    limit = st.number_input(
        "Length limit, tokens", least, most, usual, step, key=LIMIT, bind="query-params", width=160,
        help="max_length of the trainer, for prompt and answer together. 1,024 unless you set it there.",
    )  # fmt: skip
    return Policy(trainer, model.strip(), tokenizer.strip(), int(limit))


def _votes() -> tuple[VoteRule, int, str]:
    rule = st.selectbox(
        "What makes a pair", list(_RULES), format_func=_RULES.__getitem__, key="rule", bind="query-params", width=180,
        help="Majority: more than half of the votes, so one against one makes no pair. A resolution on the desk of the "
        "Trust page decides before any vote; of one annotator's pairs it only drops some.",
    )  # fmt: skip
    if rule in ("majority", "unanimous"):
        least = st.number_input("Votes, at least", 1, 50, 1, key="least", bind="query-params", width=130)
        return rule, int(least), ""
    people = {one.id: one.name for one in annotators.listed(resources.lab().store)} if rule == "annotator" else {}
    if not people:
        return rule, 1, ""
    whose = st.selectbox(
        "Whose votes", list(people), format_func=lambda one: text.one_line(people.get(one) or one), key="whose",
        bind="query-params", width=180,
    )  # fmt: skip
    return rule, 1, whose


def _system() -> SystemPrompt:
    return st.selectbox(
        "System prompt", list(_SYSTEMS), format_func=_SYSTEMS.__getitem__, key=SYSTEM, bind="query-params", width=160,
        help="Both sides of a pair have the same one.",
    )  # fmt: skip


def _system_text() -> str:
    given = st.text_input("The system prompt of every pair", key="system_text", bind="query-params", width=720)
    if not given.strip():
        st.caption("Write the system prompt; until then each pair keeps the duel's own.")
        return ""
    return given


def _readable(policy: Policy) -> Policy:
    """Return the policy; where its tokenizer cannot be used, say why and return one whose tokens are estimated."""
    folder = tokenizer_folder(policy)
    if folder is None:
        return policy
    lab = resources.lab()
    try:
        stamp = folder.joinpath("tokenizer.json").stat().st_mtime_ns
    except (OSError, ValueError):
        stamp = 0
    key = f"tokenizer\n{folder}\n{stamp}"
    said: str | None = lab.counted.get(key)
    if said is None:
        said = _what_is_wrong(policy)
        lab.counted.put(key, said)
    if not said:
        return policy
    fault(ExportError(f"{said} Until then the tokens below are an estimate."))
    return Policy(policy.trainer, policy.model, "", policy.max_length)


def _what_is_wrong(policy: Policy) -> str:
    with st.spinner("Opening the tokenizer …"):
        try:
            counter(policy)
        except (ExportError, ValueError) as err:  # ValueError: a path that no system takes
            return str(err)
    return ""
