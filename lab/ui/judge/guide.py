"""The guidelines: beside the work while they are wanted, and version by version where they are written."""

from __future__ import annotations

import streamlit as st

from lab.errors import LabError
from lab.judging import Annotator
from lab.store import guidelines
from lab.types import new_id
from lab.ui import notices, resources, text
from lab.ui.components import fault

_SHOWN, _TEXT, _ERROR, _NEXT = "l_guide", "guide_text", "guide_error", "guide_next"
STARTER = (
    "Choose the answer that you would rather have got.\n\n"
    "- First what is right: a wrong fact, or code that does not run, loses.\n"
    "- Then what was asked: all of it, and no more than it needs.\n"
    "- Then how it is said: tone and length that fit who asked.\n\n"
    "Equally good: you would not mind which. Both bad: you would show neither. "
    "Skip what you cannot judge; say why in the note."
)


def toggle() -> bool:
    """Draw whether the guidelines stand beside the work, and return it. Not a switch: keys are silent while one is on
    it.
    """
    shown = st.pills("Guidelines", ["Guidelines"], key=_SHOWN, bind="query-params", label_visibility="collapsed")
    return shown is not None


def draw() -> None:
    """Draw the guidelines that hold."""
    held = guidelines.current(resources.lab().store)
    with st.container(border=True, key="guide"):
        if held is None:
            st.caption("Nobody wrote any yet: write them under People and guidelines. Until then, a suggestion:")
            st.markdown(STARTER)
        else:
            st.caption(f"Version {held.version}, {held.created_at:%Y-%m-%d}")
            st.markdown(text.answer_markdown(held.text))


def write(annotator: Annotator) -> None:
    """Draw the guidelines to be read and rewritten."""
    store = resources.lab().store
    error = st.session_state.pop(_ERROR, None)
    if error is not None:
        fault(error)
    held = guidelines.current(store)
    st.markdown("#### Guidelines")
    st.caption(
        "Nothing is written yet; the text below is a suggestion."
        if held is None
        else f"Version {held.version} holds since {held.created_at:%Y-%m-%d %H:%M}. "
        "Each vote keeps the version that it was given under."
    )
    if _TEXT not in st.session_state:
        st.session_state[_TEXT] = STARTER if held is None else held.text
    st.text_area("What a good answer is", key=_TEXT, height=240)
    version = 1 if held is None else held.version + 1
    next_id = st.session_state.setdefault(_NEXT, new_id())
    with st.container(horizontal=True):
        st.button(f"Save as version {version}", key=f"guide-{next_id}", on_click=_save, args=(annotator.id, next_id))
        if held is not None and held.version > 1:
            _older(held.version)


def _older(newest: int) -> None:
    with st.popover("Earlier versions"):
        number = st.selectbox("Version", range(newest - 1, 0, -1), key="guide_older")
        found = guidelines.version(resources.lab().store, number)
        if found is not None:
            st.markdown(text.answer_markdown(found.text))


def _save(annotator_id: str, guideline_id: str) -> None:
    try:
        held = guidelines.write(resources.lab().store, guideline_id, st.session_state.get(_TEXT) or "", by=annotator_id)
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    st.session_state.pop(_NEXT, None)
    notices.tell(f"Version {held.version} of the guidelines holds.")
