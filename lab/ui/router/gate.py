"""The gate between draft and live: what speaks against it, what the sealed rows say when asked, a name, a note."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lab.differences import differences, sentence
from lab.errors import ConfigError, LabError, VersionConflict
from lab.records import RouterVersion
from lab.store.versions import NAME_CHARS
from lab.types import new_id
from lab.ui import resources, text, wording
from lab.ui.router import desk, probing, sealing
from lab.ui.router.desk import Desk

_NAME, _NOTE, _CONFLICT = "adopt-name", "adopt-note", "adopt_conflict"
_SHOWN = 12


def draw(on: Desk) -> None:
    """Draw what is known about the draft, and the button that makes it live."""
    st.markdown("### Adopt")
    _told()
    if on.draft is None:
        st.caption("There is no draft. What you change above is adopted here.")
        probing.make(on)
        return
    probes = probing.draw(on)
    probing.make(on)
    sealed = sealing.draw(on)
    for warning in _warnings(on):
        st.warning(warning)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name", key=_NAME, max_chars=NAME_CHARS, width=280, placeholder="what this version is for")
        st.text_input("Note", key=_NOTE, width=420, placeholder="why, for whoever reads the history")
        seen = Seen(on.adopted, on.draft.revision, _evidence(on, probes, sealed))
        st.button(
            "Adopt: make it live", key=f"adopt-{on.adopted.id}-{on.revision}", type="primary", disabled=not on.changes,
            on_click=_adopt, args=(seen, new_id()), icon=":material/publish:",
            help="Every process routes with it from its next prompt on. Rolling back is one click, below.",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """What the person looked at when the button was drawn."""

    live: RouterVersion
    revision: int
    evidence: Mapping[str, Any]


def _warnings(on: Desk) -> list[str]:
    found = []
    try:
        encoder = on.lab.drafting.encoder_changed()
    except LabError as err:
        encoder = str(err)
    if encoder:
        found.append(text.sentence(encoder))
    overridden = on.lab.drafting.overridden()
    if overridden:
        found.append(text.sentence(overridden))
    found += [
        f"{text.plain(expert.name)} has no model, so nothing real answers what goes to it. Name one above."
        for expert in on.config.experts
        if not expert.model and on.lab.routers.with_settings(expert).provider != "mock"
    ]
    if on.draft is not None and not on.changes:
        found.append("The draft is what is live: adopting it would change nothing.")
    if on.bench is not None:
        try:
            effect = resources.drafted(on.bench.rows, on.adopted.config, on.config)
        except LabError:
            return found  # said above, where the effect would stand
        if effect.verdict == "worse":
            found.append(text.plain(effect.in_words(second="the draft", first="live")))
    return found


def _evidence(on: Desk, probes: Mapping[str, Any] | None, sealed: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is known about the draft, as JSON values to be kept with its adoption."""
    known: dict[str, Any] = {}
    if on.bench is not None:
        try:
            found = resources.drafted(on.bench.rows, on.adopted.config, on.config)
        except LabError:
            found = None  # no row of this dataset can judge it: there is nothing to note
        if found is not None:
            before, after = found.accuracies
            known["dev"] = {
                "dataset": on.bench.rows.dataset.name,
                "dataset_hash": on.bench.rows.hash,
                "split": found.split,
                "n": len(found.sample),
                "fixed": len(found.comparison.fixed),
                "broken": len(found.comparison.broken),
                "accuracy": [before.value, after.value],
            }
            if found.verdict is not None:
                known["dev"]["verdict"] = found.verdict
    if probes is not None:
        known["probes"] = dict(probes)
    if sealed is not None:
        known["sealed"] = dict(sealed)
    return known


# --------------------------------------------------------------------------------------------------------- adopting


def _adopt(seen: Seen, adoption_id: str) -> None:
    drafting = resources.lab().drafting
    name, note = st.session_state[_NAME] or "", st.session_state[_NOTE] or ""
    try:
        text.refuse_steering(name, "The name of the version")
        now = drafting.adopt(seen.live.id, name, note, seen.evidence, at=seen.revision, adoption_id=adoption_id)
    except (VersionConflict, ConfigError) as err:
        st.session_state[_CONFLICT] = (seen, err)
        return
    except LabError as err:
        error = err
        desk.doing(lambda: _again(error))
        return
    st.session_state[_NAME] = st.session_state[_NOTE] = ""
    desk.doing(lambda: f"{wording.version(now)} is live now, in every process from its next prompt on.")


def _again(err: LabError) -> str:
    raise err


def _told() -> None:
    """Say that another version went live, or the draft was edited, since the person looked; and what changed."""
    conflict: tuple[Seen, LabError] | None = st.session_state.pop(_CONFLICT, None)
    if conflict is None:
        return
    seen, err = conflict
    lab = resources.lab()
    now, draft = lab.routers.adopted(), lab.drafting.current()
    if now.id == seen.live.id:
        st.error(text.sentence(str(err)))
        return
    went = f"{wording.version(now)} went live since this page was drawn, so nothing was adopted."
    then = (
        "The differences above are from it now: look at them, and adopt again."
        if draft is not None
        else "It holds what the draft held, or the draft was discarded: there is no draft any more."
    )
    st.error(text.sentence(f"{went} {then}"))
    changed = differences(seen.live.config, now.config)
    st.markdown(f"**What changed from {text.plain(wording.version(seen.live))} to {text.plain(wording.version(now))}**")
    lines = [f"- {text.plain(sentence(one))}" for one in changed[:_SHOWN]]
    more = [f"- and {len(changed) - _SHOWN:,} more"] if len(changed) > _SHOWN else []
    st.markdown("\n".join([*lines, *more]) or "Nothing that decides.")
