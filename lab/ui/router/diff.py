"""The one draft: what differs from live, each difference with the way to take it back, and undo, redo, discard."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from lab.differences import Difference, sentence
from lab.errors import VersionConflict
from lab.records import Draft
from lab.types import RouterConfig, new_id
from lab.ui import resources, text
from lab.ui.router import desk
from lab.ui.router.desk import Desk
from lab.ui.router.take_back import without

_SHOWN, _MOST = 8, 200


def draw(on: Desk) -> None:
    """Draw what the draft changes, or how one begins."""
    if on.draft is None:
        st.markdown("### No draft: what you see is live")
        st.markdown(
            f"{text.begun(on.live_name)} is what routes. Change anything below, or take a setting on the Tune page: "
            "the first change begins a draft. It routes nothing until you adopt it."
        )
        overridden = on.lab.drafting.overridden()
        if overridden:  # with a draft, the gate says so
            st.warning(text.sentence(overridden))
    else:
        found = on.changes
        many = f"{len(found):,} difference{'' if len(found) == 1 else 's'}" if found else "no difference"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"### The draft: {many} from {on.live_name}", width="content")
            _steps(on.draft)
        if on.draft.base.id != on.adopted.id:
            st.info(
                f"It began from {text.plain(f'v{on.draft.base.number}')}; another version went live since. The "
                "differences are from what is live now."
            )
        _differences(on, found)
    desk.tell()


def _steps(draft: Draft) -> None:
    at = draft.revision
    many = f"{len(draft.edits):,} edit{'' if len(draft.edits) == 1 else 's'}"
    last = text.plain(draft.edits[-1]) if draft.edits else ""
    st.button(
        "Undo", key=f"undo-{at}", on_click=_undo, args=(at,), disabled=not draft.undoable, icon=":material/undo:",
        help=f"{many}; the last one: {last}" if draft.edits else "Every edit is undone.",
    )  # fmt: skip
    st.button("Redo", key=f"redo-{at}", on_click=_redo, args=(at,), disabled=not draft.redoable, icon=":material/redo:")
    st.button(
        "Discard", key=f"discard-{at}", on_click=_discard, args=(at,), icon=":material/delete:",
        help="Throws the whole draft away. Live stays as it is.",
    )  # fmt: skip


def _differences(on: Desk, found: tuple[Difference, ...]) -> None:
    if not found:
        st.markdown("It is what is live: there is nothing to adopt.")
    for place, one in enumerate(found[:_SHOWN]):
        _difference(on, one, place)
    if len(found) > _SHOWN:
        with st.expander(f"{len(found) - _SHOWN:,} more differences", key="more-changes", on_change="rerun") as more:
            if more.open:
                for place, one in enumerate(found[_SHOWN:_MOST], _SHOWN):
                    _difference(on, one, place)
                if len(found) > _MOST:
                    st.caption(f"The first {_MOST} of {len(found):,} are listed. Export both to compare them whole.")


def _difference(on: Desk, one: Difference, place: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "take back", key=f"take-back-{place}-{on.revision}", type="tertiary", icon=":material/undo:",
            on_click=_take_back, args=(on.adopted.config, one, new_id()),
            help="Undoes this one thing only.",
        )  # fmt: skip
        st.markdown(text.plain(sentence(one)), width="stretch")


def _take_back(live: RouterConfig, one: Difference, edit_id: str) -> None:
    def action() -> None:
        drafting = resources.lab().drafting
        before = drafting.current()
        draft = drafting.edit(f"took back: {sentence(one)}", lambda config: without(live, config, one), edit_id=edit_id)
        if draft.revision == (before.revision if before else 0):
            raise VersionConflict("The draft was edited meanwhile, so it was kept. Look at it, then take back again.")

    _once(edit_id, action)


def _undo(at: int) -> None:
    def action() -> None:
        resources.lab().drafting.undo(at=at)

    _once(("undo", at), action)


def _redo(at: int) -> None:
    def action() -> None:
        resources.lab().drafting.redo(at=at)

    _once(("redo", at), action)


def _once(press: object, action: Callable[[], None]) -> None:
    if not desk.again(press):
        desk.doing(action)


def _discard(at: int) -> None:
    def action() -> None:
        resources.lab().drafting.discard(at=at)

    desk.doing(action)
