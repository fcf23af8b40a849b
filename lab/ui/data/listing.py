"""The datasets as a table: what each holds, how it is split, and how often its sealed rows were looked at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import streamlit as st

from lab.errors import LabError
from lab.forensics.datasets import load, split_counts
from lab.records import Dataset
from lab.store import datasets as stored
from lab.store import labels, looks
from lab.ui import resources, tables, workbench
from lab.ui.data import places

_SUMMARIES = 512
_NAMED = 4
_TALLEST = 300  # pixels


@dataclass(frozen=True, slots=True)
class Summary:
    """What a dataset holds with the labels of now; `splits` is None under 300 labelled rows."""

    labelled: int
    labels: str
    splits: tuple[int, int, int] | None  # tune, dev, sealed


def draw() -> list[Dataset]:
    """Draw the datasets, the one in use marked; a click takes another one. Returns them."""
    listed = stored.listed(resources.lab().store)
    if not listed:
        return listed
    chosen = workbench.dataset()
    with st.spinner("Counting rows …"):
        found = [_summary_of(one) for one in listed]
    splits = [one.splits if one is not None else None for one in found]
    tables.table(
        {
            "in use": ["in use" if chosen and one.id == chosen.id else "" for one in listed],
            "name": [one.name for one in listed],
            "rows": [one.rows for one in listed],
            "labelled": [
                None if it is None else it.labelled / max(one.rows, 1) for one, it in zip(listed, found, strict=True)
            ],
            "measured": ["" if one is None else "by splits" if one.splits else "nested" for one in found],
            "tune": [None if one is None else one[0] for one in splits],
            "dev": [None if one is None else one[1] for one in splits],
            "sealed": [None if one is None else one[2] for one in splits],
            "sealed looked at": [
                looks.count(resources.lab().store, one.id) if split else None
                for one, split in zip(listed, splits, strict=True)
            ],
            "labels": ["its rows cannot be read" if one is None else one.labels for one in found],
            "query types": [named(one.query_types) for one in listed],
            "sources": [named(one.sources) for one in listed],
            "origin": [f"{one.origin}, {one.file_name}" if one.file_name else one.origin for one in listed],
            "added": [one.created_at for one in listed],
            "content": [one.content_hash[:10] for one in listed],
        },
        key="datasets",
        name="datasets",
        caption=f"{len(listed):,} dataset{'s' * (len(listed) != 1)}. Click one to work on it. Under 300 labelled rows "
        "nothing is sealed: figures then come from nested cross-validation.",
        config={
            "labelled": st.column_config.NumberColumn(format="percent"),
            "rows": st.column_config.NumberColumn(format="localized"),
            "tune": st.column_config.NumberColumn(format="localized"),
            "dev": st.column_config.NumberColumn(format="localized"),
            "sealed": st.column_config.NumberColumn(format="localized"),
            "sealed looked at": st.column_config.NumberColumn(
                format="%d ×", help="How many different routers were measured on the sealed rows."
            ),
            "added": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        },
        on_pick=lambda place: places.use(listed[place]),
        height=_TALLEST,
    )
    return listed


def named(counts: object, most: int = _NAMED) -> str:
    """Return the commonest values with their counts: "professor 120, zoomer 90, 3 more"."""
    pairs = [(name, count) for name, count in dict(counts).items() if name]  # type: ignore[call-overload]
    pairs.sort(key=lambda pair: (-pair[1], pair[0]))
    said = [f"{name} {count:,}" for name, count in pairs[:most]]
    return ", ".join([*said, f"{len(pairs) - most:,} more"] if len(pairs) > most else said)


def _summary_of(dataset: Dataset) -> Summary | None:
    lab = resources.lab()
    try:
        newest = labels.recent(lab.store, 1, dataset_id=dataset.id)
        return _summary(str(lab.settings.data_dir), dataset.id, newest[0].seq if newest else 0)
    except LabError:
        return None  # the part below says what is wrong, for the dataset in use


@st.cache_data(max_entries=_SUMMARIES, show_spinner=False)
def _summary(data_dir: str, dataset_id: str, newest_label: int) -> Summary:  # noqa: ARG001  these are the key
    lab = resources.lab()
    rows = load(lab.store, lab.settings.data_dir, dataset_id)
    counts = Counter(label for label in rows.labels if label is not None)
    splits = split_counts(rows)
    return Summary(
        labelled=sum(counts.values()),
        labels=named(counts),
        splits=None if rows.nested else (splits["tune"], splits["dev"], splits["sealed"]),
    )
