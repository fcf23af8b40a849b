"""What makes figures look better than they are: near-duplicates across splits, and utterances that give rows away."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

import numpy as np
import streamlit as st

from lab.errors import LabError
from lab.forensics.datasets import LEAK_COSINE, Leak, Rows, crossing, encode_job, leaks
from lab.forensics.datasets.normalise import normal
from lab.types import RouterConfig
from lab.ui import resources, tables, text
from lab.ui.components import fault
from lab.ui.data import places
from lab.ui.workbench import AT_ONCE, Workbench

_MOST = 1_000
_KEPT = 32


def draw(bench: Workbench, routers: Mapping[str, RouterConfig]) -> None:
    """Draw near-duplicates, and the leaks into each router: "live" and, where there is one, "draft"."""
    _duplicates(bench.rows)
    name = "live"
    if len(routers) > 1:
        name = st.segmented_control(
            "Utterances of", list(routers), default="draft", required=True, key="leak_router", bind="query-params"
        )
    _leaks(bench, routers[name or "live"], name or "live")


# --------------------------------------------------------------------------------------------------- near-duplicates


def _duplicates(rows: Rows) -> None:
    counts = np.bincount(rows.groups)
    several = np.flatnonzero(counts > 1)
    members = int(counts[several].sum())
    apart = crossing(rows)
    st.markdown("**Near-duplicates**")
    if not len(several):
        st.caption(f"None among {len(rows):,} rows: no two share four fifths of their wording.")
        return
    st.markdown(
        f"{members:,} of {len(rows):,} rows have a near-duplicate, in {len(several):,} groups. The lab keeps a group "
        "on one side when it draws splits, and figures take a group for one prompt where they resample."
    )
    if len(apart):
        st.button(
            f"{len(apart):,} rows of dev and sealed have a near-duplicate in tune", key="crossing-rows",
            on_click=_show_crossing, type="tertiary", icon=":material/arrow_forward:",
            help="The file draws its splits so. They are measured on all the same, and flatter a little.",
        )  # fmt: skip
    else:
        st.caption("None lies in tune and in another split at once.")
    groups = _groups(rows, set(several.tolist()))
    shown = groups[:_MOST]
    tables.table(
        {
            "rows": [len(one) for one in shown],
            "labels": [_several(rows.labels, one) for one in shown],
            "splits": ["" if rows.nested else _several(rows.splits, one) for one in shown],
            "prompt": [rows.prompts[one[0]] for one in shown],
        },
        key=f"groups-{rows.hash[:8]}",
        name=f"{rows.dataset.name}-near-duplicates",
        caption=f"{len(groups):,} groups: across splits first, then with several labels, then the largest. Click one "
        "to read its rows." + (f" The first {_MOST:,} are shown." if len(groups) > _MOST else ""),
        config={"prompt": st.column_config.TextColumn(width="large")},
        on_pick=lambda place: places.show_group(rows, int(rows.groups[shown[place][0]])),
        height=320,
    )


def _groups(rows: Rows, wanted: set[int]) -> list[list[int]]:
    """Return the rows of each group, those first that deserve a look."""
    members: defaultdict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(rows.groups.tolist()):
        if group in wanted:
            members[group].append(row)

    def urgency(one: list[int]) -> tuple[bool, bool, int, int]:
        several_labels = len({rows.labels[row] for row in one} - {None}) > 1
        return len({rows.splits[row] for row in one}) == 1, not several_labels, -len(one), one[0]

    return sorted(members.values(), key=urgency)


def _several(values: tuple[str | None, ...] | tuple[str, ...], rows: list[int]) -> str:
    counts = Counter(values[row] or "unlabelled" for row in rows)
    return ", ".join(f"{value} {count:,}" for value, count in counts.most_common(4))


def _show_crossing() -> None:
    places.show_rows(by=places.CROSSING)


# --------------------------------------------------------------------------------------------------------------- leaks


def _leaks(bench: Workbench, config: RouterConfig, name: str) -> None:
    rows = bench.rows
    pairs = [(expert.name, utterance) for expert in config.experts for utterance in expert.utterances]
    st.markdown(f"**Rows that the {text.plain(name)} router knows already**")
    if not pairs:
        st.caption("It has no utterances, so none can give a row away.")
        return
    evidence = bench.evidence(config)
    encoded = evidence.ready or len(rows) <= AT_ONCE
    try:
        with st.spinner("Holding every prompt against every utterance …"):
            key = (rows.dataset.content_hash, config.content_hash(evidence.encoder.fingerprint), encoded)
            found = _kept_leaks(key, bench, config, [utterance for _, utterance in pairs])
    except LabError as err:
        fault(err)
        return
    st.markdown(_in_words(found, len(rows), len(pairs), encoded))
    if not encoded:
        st.button(
            f"Encode {len(rows):,} prompts to find those that nearly are one", key=f"encode-for-leaks-{name}",
            on_click=_encode, args=(bench, config),
        )  # fmt: skip
    if found:
        _leaking(rows, found, pairs, name)


def _in_words(found: list[Leak], n: int, utterances: int, encoded: bool) -> str:
    exact = sum(one.same_text for one in found)
    near = len(found) - exact
    if not found:
        how = f"word for word or within cosine {LEAK_COSINE}" if encoded else "word for word"
        return f"None of the {n:,} rows is one of its {utterances:,} utterances, {how}."
    said = (
        f"{exact:,} of {n:,} rows are one of its {utterances:,} utterances word for word; the search leaves them out."
    )
    if not encoded or not near:
        return said
    return (
        f"{said} {near:,} more lie within cosine {LEAK_COSINE} of one; these stay in and flatter the figures: take the "
        "utterance out of the router, or read accuracy with that in mind."
    )


def _leaking(rows: Rows, found: list[Leak], pairs: list[tuple[str, str]], name: str) -> None:
    shown = found[:_MOST]
    tables.table(
        {
            "prompt": [rows.prompts[one.row] for one in shown],
            "label": [rows.labels[one.row] for one in shown],
            "utterance": [pairs[one.utterance][1] for one in shown],
            "of": [pairs[one.utterance][0] for one in shown],
            "cosine": [None if one.cosine != one.cosine else one.cosine for one in shown],
            "the search": ["leaves it out" if one.same_text else "measures on it" for one in shown],
            **({} if rows.nested else {"split": [rows.splits[one.row] for one in shown]}),
        },
        key=f"leaks-{name}-{rows.hash[:8]}",
        name=f"{rows.dataset.name}-leaks-{name}",
        caption=f"{len(found):,} rows. Click one to open it."
        + (f" The first {_MOST:,} are shown." if len(found) > _MOST else ""),
        config={
            "prompt": st.column_config.TextColumn(width="medium"),
            "utterance": st.column_config.TextColumn(width="medium"),
            "cosine": st.column_config.NumberColumn(format="%.3f"),
        },
        on_pick=lambda place: _open(rows, shown[place].row),
        height=380,
    )


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _kept_leaks(
    key: tuple[str, str, bool],  # the rows, the router, and whether the prompts may be encoded for this
    _bench: Workbench,
    _config: RouterConfig,
    _utterances: list[str],
) -> list[Leak]:
    rows, evidence = _bench.rows, _bench.evidence(_config)
    if key[2]:
        return leaks(rows, evidence.vectors(), evidence.encoder.encode(_utterances), _utterances)
    place = {normal(utterance): at for at, utterance in reversed(list(enumerate(_utterances)))}
    same = ((row, place.get(normal(prompt))) for row, prompt in enumerate(rows.prompts))
    return [Leak(row, at, float("nan"), same_text=True) for row, at in same if at is not None]


def _encode(bench: Workbench, config: RouterConfig) -> None:
    evidence = bench.evidence(config)
    try:
        encode_job(resources.lab().jobs, evidence.encoder, bench.rows, then=evidence.vectors)
    except LabError as err:
        st.toast(text.sentence(str(err)))


def _open(rows: Rows, row: int) -> None:
    places.show_rows()
    places.open_row(rows, row)
