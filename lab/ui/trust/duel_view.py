"""A duel to be read: its conversation, both answers side by side, and who said what of them, with their notes."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from secrets import randbits

import streamlit as st

from lab.errors import LabError
from lab.judging import Duel, Side, Vote
from lab.preferences.masking import masked
from lab.store import presentations
from lab.types import new_id
from lab.ui import people, text
from lab.ui.judge.answers import shown
from lab.ui.trust import words
from lab.ui.trust.names import Names

_SHOWN_CHARS = 20_000
_LEARNT = "trust_learnt"
_ANSWER_HEIGHT = 420  # pixels: both are as high, and scroll


def about(duel: Duel) -> None:
    """Say where a duel came from."""
    parts = [words.ORIGINS.get(duel.origin, duel.origin), words.RULES.get(duel.rule, duel.rule)]
    if duel.query_type:
        parts.append(duel.query_type)
    if duel.probability is not None:
        parts.append(f"sampled with probability {duel.probability:.3g}")
    if duel.deleted_at is not None:
        parts.append("deleted: its votes count nowhere")
    st.caption(text.plain(" · ".join(parts)))


def conversation(duel: Duel, *, key: str) -> None:
    """Draw the conversation: earlier turns folded, the last one open. `key` tells apart places that show one duel."""
    *earlier, last = duel.conversation
    if earlier or duel.system_prompt:
        folded = st.expander(_before(len(earlier), duel), on_change="rerun", key=f"turns-{key}-{duel.id}")
        if folded.open:
            with folded:
                if duel.system_prompt:
                    st.caption("system prompt")
                    st.markdown(shown(duel.system_prompt[:_SHOWN_CHARS]))
                for message in earlier:
                    st.caption(message.role)
                    st.markdown(shown(message.content[:_SHOWN_CHARS]))
    with st.container(border=True):
        st.markdown(shown(last.content[:_SHOWN_CHARS]))


def _before(turns: int, duel: Duel) -> str:
    parts = [words.count(turns, "earlier turn")] if turns else []
    if duel.system_prompt:
        parts.append("system prompt")
    return text.begun(" and ".join(parts))


def answers(names: Names, duel: Duel, *, named: bool) -> None:
    """Draw both answers, the first one left; `named` says who wrote them, else names that they give are covered."""
    for column, side, where in zip(st.columns(2), (duel.first, duel.second), ("Left", "Right"), strict=True):
        with column:
            st.markdown(f"**{_heading(names, side, where) if named else where}**")
            said = side.text if named else masked(side, duel).text
            with st.container(border=True, height=_ANSWER_HEIGHT):
                st.markdown(shown(said[:_SHOWN_CHARS]))
            if len(side.text) > _SHOWN_CHARS:
                st.caption(f"{_SHOWN_CHARS:,} of {len(side.text):,} characters are shown.")


def _learnt(names: Names, duel: Duel) -> None:
    who = people.current()
    said: set[tuple[str, str]] = st.session_state.setdefault(_LEARNT, set())
    if who is None or (who.id, duel.id) in said:
        return
    with contextlib.suppress(LabError):  # a store that cannot be written takes no vote either
        presentations.learnt(
            names.store, new_id(), duel_id=duel.id, annotator_id=who.id, seed=randbits(32), now=datetime.now(UTC)
        )
        said.add((who.id, duel.id))


def _heading(names: Names, side: Side, where: str) -> str:
    by = names.author(side.expert or side.model or side.provider)
    model = f" ({side.model})" if side.expert and side.model else ""
    return f"{where}: {text.plain(f'{by}{model}')}"


def votes(names: Names, duel: Duel, given: Sequence[Vote]) -> None:
    """Draw who said what, with reasons and notes; left and right as the answers stand above.

    Whoever is signed in has now learnt what others said: a vote that they give or change later is not blind.
    """
    _learnt(names, duel)
    for vote in given:
        parts = [f"**{text.plain(names.name(vote.annotator_id))}**: {words.said_of(duel, vote)}"]
        if vote.round > 1:
            parts.append("a repeat")
        if vote.unblinded:
            parts.append("after the reveal")
        if vote.tags:
            parts.append(text.plain(", ".join(vote.tags)))
        if vote.took_ms is not None:
            parts.append(f"{vote.took_ms / 1000:.1f} s")
        st.markdown(" · ".join(parts))
        if vote.note:
            st.markdown(f"> {text.plain(vote.note)}")
    if not given:
        st.caption("Nobody has judged it.")
