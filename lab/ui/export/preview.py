"""The split, and the first rows exactly as a file holds them."""

from __future__ import annotations

from itertools import islice

import streamlit as st

from lab.dpo import wording
from lab.dpo.build import kept_likes, kept_rows
from lab.dpo.formats.form import Container, Format
from lab.dpo.formats.preview import preview
from lab.dpo.formats.registry import FORMATS
from lab.dpo.rows import SPLITS, LikedRow, Row
from lab.store import judged
from lab.ui import tables, text
from lab.ui.export import address, listing
from lab.ui.export.funnel import COUNT
from lab.ui.export.reading import Reading

_ROWS, _SEARCHED, _MOST_CHARS = 3, 2_000, 12_000


def draw(reading: Reading) -> None:
    """Draw how the prompts were dealt out, and the first rows of a format."""
    found = reading.report
    if not found.ready:
        st.info("Nothing is kept, so there is nothing to split.")
        return
    splits = list(found.splits)
    tables.table(
        {
            "side": splits,
            "pairs": [found.splits[split] for split in splits],
            "groups of prompts": [found.clusters[split] for split in splits],
            "share of the pairs": [found.splits[split] / found.kept if found.kept else 0.0 for split in splits],
        },
        key=tables.key_of("splits", [f"{split}{found.splits[split]}" for split in splits]),
        name="export-splits",
        caption="Click a row to read its pairs.",
        config={
            "pairs": COUNT, "groups of prompts": COUNT,
            "share of the pairs": st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0),
        },
        on_pick=lambda place: address.show(address.SPLIT, "split", splits[place]),
    )  # fmt: skip
    st.caption(text.sentence(wording.split(reading.spec, found).rsplit(". ", 1)[0] + "."))
    listing.draw(reading, address.SPLIT)
    _rows(reading)


def _rows(reading: Reading) -> None:
    st.markdown("#### The first rows, as the file holds them")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Format", list(FORMATS), format_func=lambda one: FORMATS[one].title, key="form", bind="query-params",
            width=220,
        )  # fmt: skip
        form = FORMATS[name]
        container: Container = form.containers[0]
        if len(form.containers) > 1:
            container = st.segmented_control(
                "File", list(form.containers), default=container, required=True, key=f"holds-{name}",
                bind="query-params", wrap=True,
            )  # fmt: skip
        split = st.segmented_control(
            "Side", list(SPLITS), default="train", required=True, key="side", bind="query-params", wrap=True
        )
    st.caption(text.sentence(form.readers))
    shown = preview(name, container, _first(reading, form, split))
    if not shown:
        st.info(f"This format has no row in {split}.")
        return
    cut = len(shown) > _MOST_CHARS
    st.code(shown[:_MOST_CHARS], language="json", wrap_lines=True, height=360)
    if cut:
        st.caption(f"{_MOST_CHARS:,} of {len(shown):,} characters are shown.")


def _first(reading: Reading, form: Format, split: str) -> list[Row | LikedRow]:
    """Return the first kept rows of a side that a format takes, pairs before answers with a thumb."""
    with judged.moment(reading.lab.store) as at:
        pairs = (row for _, row, _ in islice(kept_rows(reading.built, at), _SEARCHED))
        found: list[Row | LikedRow] = list(islice((one for one in pairs if _fits(one, form, split)), _ROWS))
        likes = (row for _, row in islice(kept_likes(reading.built, at), _SEARCHED))
        return [*found, *islice((one for one in likes if _fits(one, form, split)), _ROWS - len(found))]


def _fits(row: Row | LikedRow, form: Format, split: str) -> bool:
    return row.split == split and bool(form.objects(row))
