"""One expert, edited in place: who it is, what it is told, its threshold, its patterns and utterances."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import streamlit as st

from lab.differences import renamed
from lab.drafting import Change, with_expert
from lab.errors import LabError
from lab.forensics.datasets import Rows
from lab.forensics.rules.twins import twins
from lab.types import Expert, RouterConfig, new_id
from lab.ui import resources, tables, text, wording
from lab.ui.components import fault
from lab.ui.router import adding, desk, experts, fields, kinds
from lab.ui.router.desk import Desk
from lab.ui.router.lines import BREAK, edited, line_of, texts_of

Field = Literal["patterns", "utterances"]
_A_PAGE = 200  # lines that a box holds well
_LABELLED = "labelled"
_ALIKE = 3  # pairs that are named
_LINE_PX, _LEAST_PX, _MOST_PX = 24, 120, 420


def draw(on: Desk) -> None:
    """Draw the expert that the address names."""
    name = st.query_params.get(experts.EXPERT)
    if not name:
        return
    one = next((expert for expert in on.config.experts if expert.name == name), None)
    if one is None:
        st.info(f"There is no expert {text.plain(name)} in the draft. Click another one above.")
        return
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"#### {wording.expert(on.config, one.name)}", width="content")
            _actions(on, one)
        _identity(on, one)
        fields.area(
            "System prompt", one.system_prompt, _of(one.name, "system_prompt"), key=f"e-system-{one.name}", height=110
        )
        left, right = st.columns(2)
        with left:
            _lines(on, one, "patterns")
        with right:
            _lines(on, one, "utterances")
            _twins(on, one)


def _actions(on: Desk, one: Expert) -> None:
    names = [expert.name for expert in on.config.experts]
    place = names.index(one.name)
    where = f"{one.name}-{on.revision}"
    st.button(
        "Make it the fallback", key=f"fallback-{where}", disabled=on.config.fallback == one.name,
        on_click=_edit, args=(lambda config: replace(config, fallback=one.name), new_id()), type="tertiary",
    )  # fmt: skip
    for label, step, end in (("Move up", -1, 0), ("Move down", 1, len(names) - 1)):
        st.button(
            label, key=f"move{step}-{where}", disabled=place == end, type="tertiary",
            on_click=_edit, args=(_moved(one.name, step), new_id()),
            help="The expert listed first wins ties, and conflicts of patterns under priority.",
        )  # fmt: skip
    st.button(
        "Remove", key=f"remove-{where}", type="tertiary", icon=":material/delete:", on_click=_edit,
        args=(_removed(one.name), new_id()), help="Out of the draft; undo brings it back.",
    )  # fmt: skip
    st.button("Close", key=f"close-{where}", type="tertiary", icon=":material/close:", on_click=experts.close)


def _identity(on: Desk, one: Expert) -> None:
    with st.container(horizontal=True, vertical_alignment="top"):
        with st.container(width="content"):
            fields.word(
                "Name", one.name, _renamed(one.name), key=f"e-name-{one.name}",
                then=lambda value: experts.open_expert(experts.named(value)),
            )  # fmt: skip
        with st.container(width="content"):
            fields.word("Model", one.model, _of(one.name, "model"), key=f"e-model-{one.name}")
        with st.container(width="content"):
            fields.number(
                "Own threshold", one.threshold, _own_threshold(one.name), key=f"e-threshold-{one.name}",
                low=0.0 if on.config.scorer == "learned" else -1.0, high=1.0,
                empty=f"the router's {on.config.threshold:.4f}", tip="Empty: the router's threshold applies.",
            )  # fmt: skip
    if one.threshold is not None:
        st.button(
            f"Take the router's threshold, {on.config.threshold:.4f}", key=f"no-threshold-{one.name}-{on.revision}",
            on_click=_edit, args=(lambda config: with_expert(config, one.name, threshold=None), new_id()),
            type="tertiary",
        )  # fmt: skip
    if on.bench is not None:
        _labelled(on.bench.rows, one.name)


def _labelled(rows: Rows, name: str) -> None:
    labelled = [row for row, label in enumerate(rows.labels) if label == name]
    if not labelled:
        return
    st.caption(
        f"{len(labelled):,} rows of {text.plain(rows.dataset.name)} are labelled with this name; under another name it "
        "gets none of them right."
    )
    read = [row for row in labelled if rows.splits[row] != "sealed"]
    if kinds.picked({"labelled, not sealed": read}, _LABELLED):
        kinds.listed(rows, read, key=f"labelled-{name}", title=f"{len(read):,} rows labelled {name}")


# ------------------------------------------------------------------------------------------ patterns and utterances


def _lines(on: Desk, one: Expert, field: Field) -> None:
    texts: tuple[str, ...] = getattr(one, field)
    what = "pattern" if field == "patterns" else "utterance"
    st.markdown(f"**{len(texts):,} {what if len(texts) == 1 else field}**")
    shown = texts
    if len(texts) > _A_PAGE:
        shown = _page(one, field, texts)
    tip = (
        "One a line: a word or phrase, matched whole, or `re:` and an RE2 expression."
        if field == "patterns"
        else f"One a line: prompts that should go to this expert. {BREAK} stands for a line break."
    )
    height = max(_LEAST_PX, min(_MOST_PX, _LINE_PX * (len(shown) + 2)))
    fields.area(
        field.capitalize() if len(shown) == len(texts) else f"{field.capitalize()}, {len(shown):,} of {len(texts):,}",
        "\n".join(line_of(text_) for text_ in shown), _rewritten(one.name, field, shown),
        key=f"e-{field}-{one.name}-{_mark(shown, texts)}", height=height, tip=tip,
    )  # fmt: skip
    if field == "patterns":
        _alike(texts)
    adding.draw(on, one, field)


def _alike(patterns: tuple[str, ...]) -> None:
    """Say which patterns match the same."""
    first: dict[str, str] = {}
    same = [(one, first[folded]) for one in patterns if first.setdefault(folded := adding.matched(one), one) != one]
    said = [f"{text.code(one)} is the same as {text.code(other)}" for one, other in same[:_ALIKE]]
    if said:
        more = f", and {len(same) - _ALIKE:,} more are the same as others" if len(same) > _ALIKE else ""
        st.caption(f"{', '.join(said)}{more}: one of them is enough.")


def _page(one: Expert, field: Field, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Draw the way through a long list, and return the texts to be shown."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        find = st.text_input("Find", key=f"find-{field}-{one.name}", type="search", width=200)
        found = [one_ for one_ in texts if not find or find.casefold() in one_.casefold()]
        pages = max(1, -(-len(found) // _A_PAGE))
        page = st.number_input(f"Page, of {pages:,}", 1, pages, 1, key=f"page-{field}-{one.name}-{pages}", width=120)
    return tuple(found[(int(page) - 1) * _A_PAGE : int(page) * _A_PAGE])


def _mark(shown: tuple[str, ...], texts: tuple[str, ...]) -> str:
    """What tells the box of one page from that of another, and stays while its lines are edited."""
    return "whole" if shown == texts else str(texts.index(shown[0]) if shown else "none")


def _rewritten(name: str, field: Field, shown: tuple[str, ...]) -> fields.Make:
    def make(written: Any) -> Change:
        texts = tuple(dict.fromkeys(texts_of(str(written or ""), shown)))  # the same line twice is one

        def change(config: RouterConfig) -> RouterConfig:
            now = next((getattr(expert, field) for expert in config.experts if expert.name == name), ())
            return with_expert(config, name, **{field: edited(now, shown, texts)})

        return change

    return make


def _twins(on: Desk, one: Expert) -> None:
    if not one.utterances:
        return
    try:
        found = twins(on.config, one.name, on.lab.routers.encoder(on.config.encoder))
    except LabError as err:
        fault(err)
        return
    if not found.n:
        st.caption("No near-duplicates (cosine of .95 or more) among its utterances or with another expert's.")
        return
    listed = found.nearest
    first = f"The first {len(listed):,} of {found.n:,}, the nearest. " if len(listed) < found.n else ""
    with st.expander(f"{found.n:,} near-duplicates, {found.across:,} of them with another expert", key="twins"):
        tables.table(
            {
                "utterance": [twin.utterance for twin in listed],
                "nearly the same as": [twin.other for twin in listed],
                "of": [twin.expert for twin in listed],
                "cosine": [twin.cosine for twin in listed],
            },
            key=f"twins-{one.name}",
            name=f"near-duplicates-{one.name}",
            caption=f"{first}Within an expert one of the two is idle; between experts they pull both ways.",
            config={"cosine": st.column_config.NumberColumn(format="%.3f")},
        )


# ------------------------------------------------------------------------------------------------------- the edits


def _of(name: str, field: str) -> fields.Make:
    return lambda value: lambda config: with_expert(config, name, **{field: str(value or "")})


def _own_threshold(name: str) -> fields.Make:
    return lambda value: lambda config: with_expert(config, name, threshold=None if value is None else float(value))


def _renamed(name: str) -> fields.Make:
    """Return the edit that renames an expert wherever the router names it; it raises ConfigError for no name."""

    def make(value: Any) -> Change:
        wanted = experts.named(value)
        return lambda config: renamed(with_expert(config, name), name, wanted)  # says it where the expert is gone

    return make


def _moved(name: str, step: int) -> Change:
    def change(config: RouterConfig) -> RouterConfig:
        names = [expert.name for expert in config.experts]
        if name not in names:
            return with_expert(config, name)  # which says that it is gone
        order = list(config.experts)
        place = names.index(name)
        other = max(0, min(len(order) - 1, place + step))
        order[place], order[other] = order[other], order[place]
        return replace(config, experts=tuple(order))

    return change


def _removed(name: str) -> Change:
    return lambda config: replace(config, experts=tuple(one for one in config.experts if one.name != name))


def _edit(change: Change, edit_id: str) -> None:
    def action() -> None:
        resources.lab().drafting.edit("", change, edit_id=edit_id)

    desk.doing(action)
