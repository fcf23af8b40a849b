"""The conversation and its two answers, as who judges may see them: no author, no time, nothing that is executed."""

from __future__ import annotations

import re
from hashlib import sha256

import streamlit as st

from lab.judging import Duel, Presentation, Side
from lab.messages import Message
from lab.preferences.masking import masked
from lab.ui import text

_SHOWN_CHARS = 20_000
_HEIGHT = 400  # pixels: the same on both sides
_WHOLE = "judge_whole"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")

_SYNC = """<script>
(() => {
  const boxes = ["left", "right"].map((side) => document.querySelector(".st-key-answer-" + side));
  if (boxes.some((box) => box === null)) return;
  let led = null;
  const share = (box) => box.scrollTop / Math.max(1, box.scrollHeight - box.clientHeight);
  boxes.forEach((box, place) => {
    const other = boxes[1 - place];
    if (box.dataset.shown !== "SHOWN") { box.scrollTop = 0; box.dataset.shown = "SHOWN"; }
    box.onscroll = () => {
      if (led === box) { led = null; return; }
      led = other;
      other.scrollTop = share(box) * Math.max(0, other.scrollHeight - other.clientHeight);
    };
  });
})();
</script>"""


def conversation(duel: Duel) -> None:
    """Draw what was asked: earlier turns folded, the last one open."""
    *before, last = duel.conversation
    if before or duel.system_prompt:
        with st.expander(_folded(before, duel.system_prompt)):
            if duel.system_prompt:
                _turn("System prompt of both answers", duel.system_prompt)
            for message in before:
                _turn("User" if message.role == "user" else "Assistant", message.content)
    with st.container(border=True, key="asked", height=220 if len(last.content) > 900 else "content"):
        st.markdown(shown(last.content))


def marks(duel: Duel) -> None:
    """Draw what kind of duel it is."""
    if duel.origin == "sample":
        st.badge("sample", color="orange", help="Of the sample workspace, written with the lab.")
    if duel.query_type:
        st.badge(text.plain(duel.query_type), color="gray")


def _folded(before: list[Message], system_prompt: str) -> str:
    parts = [f"{len(before)} earlier turn{'' if len(before) == 1 else 's'}"] if before else []
    return " and the ".join([*parts, "system prompt"] if system_prompt else parts).capitalize()


def _turn(who: str, words: str) -> None:
    st.caption(who)
    st.markdown(shown(words[:_SHOWN_CHARS]))


def both(duel: Duel, presentation: Presentation) -> None:
    """Draw the two answers side by side, of equal height, scrolling together."""
    sides = (duel.side(presentation.left_id), duel.side(presentation.right_id))
    for column, where, side in zip(st.columns(2), ("left", "right"), sides, strict=True):
        with column.container(gap="xxsmall"):
            st.caption(f"**{where.capitalize()}**")
            with st.container(border=True, height=_HEIGHT, key=f"answer-{where}"):
                _answer(side, duel)
    st.html(_SYNC.replace("SHOWN", sha256(presentation.id.encode()).hexdigest()), unsafe_allow_javascript=True)


def _answer(side: Side, duel: Duel) -> None:
    found = masked(side, duel)
    whole = st.session_state.get(_WHOLE) == duel.id
    words = found.text if whole else found.text[:_SHOWN_CHARS]
    st.markdown(shown(words))
    if len(words) < len(found.text):
        st.caption(f"{len(words):,} of {len(found.text):,} characters are shown.")
        st.button("Show all", key=f"whole-{side.response_id}", on_click=_show_all, args=(duel.id,), type="tertiary")
    if found.covered:
        st.caption("▇▇▇▇ covers the name that this answer gives itself.")
    if found.named:
        st.caption("This answer names a model. Judge what it says, not who said it.")


def _show_all(duel_id: str) -> None:
    st.session_state[_WHOLE] = duel_id


def shown(words: str) -> str:
    """Return foreign text as Markdown that loads nothing; what would steer a terminal or a line is made visible."""
    visible = _CONTROL.sub(lambda found: chr(0x2400 + ord(found[0])) if found[0] != "\x7f" else "\u2421", words)
    return text.answer_markdown(_BIDI.sub("\u00b7", visible))
