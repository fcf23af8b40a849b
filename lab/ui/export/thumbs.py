"""The answers with a thumb behind a number: what was asked, the answer, why it is in or not. A row opens its own."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lab.dpo import wording
from lab.dpo.behind import thumbs_behind
from lab.dpo.built import KEPT, REASONS
from lab.dpo.checks.catalogue import BIT, BY_ID
from lab.exported import LikedAnswer
from lab.forensics.datasets.csv_out import to_csv
from lab.store import judged
from lab.ui import tables, text
from lab.ui.export import address
from lab.ui.export.reading import Reading
from lab.ui.trust import words
from lab.ui.trust.names import Names

NO_LIST = "This link names a list that is not there. Open one by a number on this page."
_MOST = 500  # rows that are read and shown at once; the CSV holds all of them
_ANSWER_CHARS = 160
_TITLES = {
    "thumbs": "Answers with a thumb",
    "thumbs_kept": "Answers with a thumb that are in",
    "thumbs_left_out": "Answers with a thumb that are left out",
}


def draw(reading: Reading, kind: str, about: Sequence[str]) -> None:
    """Draw the list of a kind, and the answer of it that is open."""
    try:
        seqs = thumbs_behind(reading.built, kind, *about).tolist()
        title = _title(kind, about)
    except (KeyError, IndexError):
        st.info(NO_LIST)
        return
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{text.plain(title)}**: {words.count(len(seqs), 'answer')}", width="content")
            st.button("Close", key="close-list", type="tertiary", icon=":material/close:", on_click=address.close)
        if not seqs:
            return
        shown = _read(reading, seqs[:_MOST])
        _table(reading, seqs, shown)
    found = next((one for one in shown if one.answer.id == address.answer()), None)
    if found is not None:
        _opened(reading, found)


def _title(kind: str, about: Sequence[str]) -> str:
    if kind == "thumbs_reason":
        return text.begun(wording.why(about[0]))
    return text.begun(BY_ID[about[0]].title) if kind == "thumbs_rule" else _TITLES[kind]


def _read(reading: Reading, seqs: Sequence[int]) -> list[LikedAnswer]:
    with judged.moment(reading.lab.store) as at:
        return at.likes_by_seq(seqs)


def _table(reading: Reading, seqs: Sequence[int], shown: Sequence[LikedAnswer]) -> None:
    def every() -> bytes:
        return to_csv(_columns(reading, _read(reading, seqs)))

    def all_of_them() -> None:
        if len(seqs) > _MOST:
            st.download_button(
                f"CSV of all {len(seqs):,}", every, "export-thumbs-all.csv", "text/csv", key="thumbs-all",
                on_click="ignore", type="tertiary", icon=":material/download:",
            )  # fmt: skip

    tables.table(
        _columns(reading, shown),
        key=tables.key_of("thumbs", [one.answer.id for one in shown]),
        name="export-thumbs",
        caption="Click one to read it." + (f" The first {_MOST:,} are shown." if len(seqs) > _MOST else ""),
        config={
            "prompt": st.column_config.TextColumn(width="large"),
            "given, UTC": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        },
        on_pick=lambda place: address.show_answer(shown[place].answer.id),
        height=300,
        beside=all_of_them,
    )


def _columns(reading: Reading, some: Sequence[LikedAnswer]) -> dict[str, list[object]]:
    names, became = Names(reading.lab.store), _became(reading)
    return {
        "prompt": [one.turns[-1].content for one in some],
        "in the export": [became[one.seq] for one in some],
        "thumb": [_thumb(one) for one in some],
        "answer": [f"{names.author(one.answer.by)}: {one.answer.text[:_ANSWER_CHARS]}" for one in some],
        "given, UTC": [one.given_at for one in some],
    }


def _thumb(one: LikedAnswer) -> str:
    return "up" if one.liked else "down"


def _became(reading: Reading) -> dict[int, str]:
    """Return what became of every answer with a thumb, by its seq; for one that is in, what the doctor warns of."""
    built = reading.built
    flags = dict(zip(built.likes["seq"].tolist(), built.likes["flags"].tolist(), strict=True))
    said = {}
    for seq, fate in zip(*(each.tolist() for each in built.like_fates), strict=True):
        reason = "yes" if REASONS[fate] == KEPT else wording.why(REASONS[fate])
        titles = ", ".join(BY_ID[rule].title for rule, bit in BIT.items() if flags.get(seq, 0) & bit)
        said[seq] = f"{reason}: {titles}" if titles else reason
    return said


def _opened(reading: Reading, one: LikedAnswer) -> None:
    with st.container(border=True, key="opened-thumb"):
        for turn in one.turns:
            st.caption(turn.role)
            st.markdown(text.answer_markdown(turn.content))
        author = Names(reading.lab.store).author(one.answer.by)
        st.markdown(f"**{text.plain(author)}**, thumb {_thumb(one)}")
        st.markdown(text.answer_markdown(one.answer.text))
        st.caption(
            text.sentence(f"Given {one.given_at:%Y-%m-%d %H:%M} UTC. In the export: {_became(reading)[one.seq]}")
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            if one.answer.event_id:
                st.page_link(
                    "pages/route.py", label="Open its event", icon=":material/alt_route:",
                    query_params={"event": one.answer.event_id},
                )  # fmt: skip
            st.button(
                "Close the answer", key="close-answer", type="tertiary", icon=":material/close:",
                on_click=address.show_answer, args=(None,),
            )  # fmt: skip
