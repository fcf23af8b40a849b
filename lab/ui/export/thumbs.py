"""The answers with a thumb behind a number: what was asked, the answer, why it is in or not. A row opens its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from lab.dpo import wording
from lab.dpo.behind import thumbs_behind
from lab.dpo.built import KEPT, REASONS
from lab.dpo.checks.catalogue import BIT, BY_ID
from lab.exported import LikedAnswer
from lab.store import judged
from lab.ui import text
from lab.ui.export import address, opened_list
from lab.ui.export.reading import Reading
from lab.ui.trust.names import Names

NO_LIST = "This link names a list that is not there. Open one by a number on this page."
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
        opened_list.heading(title, len(seqs), "answer")
        if not seqs:
            return
        shown = _read(reading, seqs[: opened_list.MOST])
        opened_list.table(
            _columns(reading, shown),
            [one.answer.id for one in shown],
            many=len(seqs),
            name="export-thumbs",
            all_of_them=lambda: _columns(reading, _read(reading, seqs)),
            on_pick=lambda place: address.show_answer(shown[place].answer.id),
            config={"given, UTC": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")},
        )
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


def _columns(reading: Reading, some: Sequence[LikedAnswer]) -> dict[str, list[object]]:
    names = Names(reading.lab.store)
    return {
        "prompt": [one.turns[-1].content for one in some],
        "in the export": _became(reading, [one.seq for one in some]),
        "thumb": [_thumb(one) for one in some],
        "answer": [f"{names.author(one.answer.by)}: {one.answer.text[:_ANSWER_CHARS]}" for one in some],
        "given, UTC": [one.given_at for one in some],
    }


def _thumb(one: LikedAnswer) -> str:
    return "up" if one.liked else "down"


def _became(reading: Reading, seqs: Sequence[int]) -> list[object]:
    """Return what became of some answers with a thumb, by their seqs; for one that is in, what the doctor warns of."""
    built = reading.built
    all_seqs, fates = built.like_fates
    read, flags = built.likes["seq"], built.likes["flags"]
    said: list[object] = []
    for seq, fate in zip(seqs, fates[np.searchsorted(all_seqs, seqs)].tolist(), strict=True):
        at = int(np.searchsorted(read, seq))
        bits = int(flags[at]) if at < len(read) and read[at] == seq else 0
        reason = "yes" if REASONS[fate] == KEPT else wording.why(REASONS[fate])
        titles = ", ".join(BY_ID[rule].title for rule, bit in BIT.items() if bits & bit)
        said.append(f"{reason}: {titles}" if titles else reason)
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
            text.sentence(f"Given {one.given_at:%Y-%m-%d %H:%M} UTC. In the export: {_became(reading, [one.seq])[0]}")
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
