"""What the labels of a file mean: they stay as they are, or each becomes an expert of a router, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from lab.forensics.datasets import labels_of, names
from lab.types import NONE, RouterConfig
from lab.ui import text
from lab.ui.data.pending import KEEP, Pending

LEAVE_OUT, NO_LABEL = "(leave out)", "(no label)"
_NOBODY = frozenset(("none", "oos", "out_of_scope", "no_intent", "nobody", "null", "other"))
_MOST = 200  # labels in the table at once
_SHOWN = {KEEP: "Stay as they are", "live": "Become experts of the live router", "draft": "Become experts of the draft"}


def draw(pending: Pending, routers: Mapping[str, RouterConfig]) -> None:
    """Draw what labels mean; `routers` are those whose experts they may become, by "live" and "draft"."""
    if pending.mapping.label is None:
        _settle(pending, KEEP, routers)
        return
    counts = labels_of(pending.table, pending.mapping.label)
    key = f"meaning-{pending.id}-{pending.meaning}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            f"{len(counts):,} labels", [KEEP, *routers], default=pending.meaning, required=True, key=key,
            format_func=_SHOWN.__getitem__, on_change=_choose, args=(pending, key, routers),
            help="Any intent set can be studied with its own labels: make experts from them below. To measure the "
            "router of now, say which expert each label stands for.",
        )  # fmt: skip
        if pending.meaning != KEEP:
            _rest(pending)
    if pending.meaning == KEEP:
        st.caption(text.plain(_first(counts)))
        return
    _settle(pending, pending.meaning, routers, counts)
    _table(pending, counts)


def becomes(pending: Pending, label: str, experts: Mapping[str, str]) -> str:
    """Return what a label becomes: what the person said, else the expert of that name, else what the others become."""
    said = pending.meanings.get(label)
    if said is not None and said in (*experts.values(), NONE, LEAVE_OUT, NO_LABEL):
        return said
    folded = names.folded(label)
    if folded in experts:
        return experts[folded]
    return NONE if folded in _NOBODY else pending.rest or LEAVE_OUT


def label_map(pending: Pending, counts: Mapping[str, int], experts: Sequence[str]) -> dict[str, str]:
    """Return the labels that become something, as the mapping takes them; those left out are no expert's name."""
    by_name = _by_name(experts)
    meant = {label: becomes(pending, label, by_name) for label in counts}
    return {
        label: "" if one == NO_LABEL else _no_expert(label, experts) if one == LEAVE_OUT else one
        for label, one in meant.items()
    }


def _no_expert(label: str, experts: Sequence[str]) -> str:
    """Return the label itself; one that names an expert and is left out all the same gets a mark, so that it goes."""
    return f"{label} (left out)" if label in experts or label.casefold() == NONE else label


def _by_name(experts: Sequence[str]) -> dict[str, str]:
    return {names.folded(name): name for name in experts}


def _settle(
    pending: Pending, meaning: str, routers: Mapping[str, RouterConfig], counts: Mapping[str, int] | None = None
) -> None:
    """Put what the labels mean into the mapping."""
    pending.meaning = meaning if meaning in routers else KEEP
    config = routers.get(pending.meaning)
    pending.experts = () if config is None else tuple(expert.name for expert in config.experts)
    meant = {} if config is None or counts is None else label_map(pending, counts, pending.experts)
    if dict(pending.mapping.label_map) != meant:
        pending.remap(label_map=meant)


def choose(pending: Pending, meaning: str, routers: Mapping[str, RouterConfig]) -> None:
    """Let labels stay as they are, or become experts of the router called `meaning`."""
    _settle(pending, meaning, routers)


def _choose(pending: Pending, key: str, routers: Mapping[str, RouterConfig]) -> None:
    choose(pending, st.session_state[key] or KEEP, routers)


def _first(counts: Mapping[str, int]) -> str:
    first = ", ".join(f"{text.one_line(label, 40)} {count:,}" for label, count in list(counts.items())[:12])
    return first + (f" and {len(counts) - 12:,} more" if len(counts) > 12 else "")


def _rest(pending: Pending) -> None:
    options = [LEAVE_OUT, NO_LABEL, NONE, *pending.experts]
    now = pending.rest or LEAVE_OUT
    key = f"rest-{pending.id}-{now}"
    st.selectbox(
        "Labels that name no expert", options, index=options.index(now) if now in options else 0, key=key, width=220,
        on_change=_choose_rest, args=(pending, key),
    )  # fmt: skip


def _choose_rest(pending: Pending, key: str) -> None:
    chosen = st.session_state[key]
    pending.rest = "" if chosen == LEAVE_OUT else chosen


def _table(pending: Pending, counts: Mapping[str, int]) -> None:
    by_name = _by_name(pending.experts)
    find = ""
    if len(counts) > _MOST:
        find = st.text_input(
            "Search labels", key=f"find-label-{pending.id}", persist_state="session", width=280,
            placeholder=f"the commonest {_MOST} of {len(counts):,} are shown",
        )  # fmt: skip
    shown = tuple(label for label in counts if names.folded(find) in names.folded(label))[:_MOST]
    key = f"labels-{pending.id}-{pending.meaning}-{pending.rest}-{find}"
    if key not in st.session_state:  # else the table keeps its own edits over what it was drawn with
        st.session_state[f"{key}-drawn"] = [becomes(pending, label, by_name) for label in shown]
    st.data_editor(
        {
            "label": list(shown),
            "rows": [counts[label] for label in shown],
            "becomes": st.session_state.get(f"{key}-drawn", [becomes(pending, label, by_name) for label in shown]),
        },
        hide_index=True,
        key=key,
        disabled=["label", "rows"],
        column_config={
            "becomes": st.column_config.SelectboxColumn(
                options=[*pending.experts, NONE, NO_LABEL, LEAVE_OUT], required=True
            ),
            "rows": st.column_config.NumberColumn(format="localized"),
        },
        on_change=edited,
        args=(pending, key, shown),
        height=min(38 + 35 * len(shown), 340),
    )
    totals = Counter[str]()
    for label, count in counts.items():
        totals[becomes(pending, label, by_name)] += count
    said = ", ".join(f"{count:,} rows become {name}" for name, count in totals.most_common(8) if name != LEAVE_OUT)
    left = f"{totals[LEAVE_OUT]:,} are left out" if totals[LEAVE_OUT] else ""
    st.caption(text.plain("; ".join(part for part in (said, left) if part)) + ". Click a cell to change it.")


def edited(pending: Pending, key: str, shown: Sequence[str]) -> None:
    """Keep what the person said of labels; the table forgets it when the page is left."""
    for place, change in st.session_state[key]["edited_rows"].items():
        if "becomes" in change:
            pending.meanings[shown[int(place)]] = change["becomes"]
