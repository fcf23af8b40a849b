"""The batches that were asked for in bulk: how they stand, what failed and why, and going on with them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lab.errors import DuelError, LabError, NotFound
from lab.judging import Batch
from lab.preferences.duels import generating, telling
from lab.preferences.duels.sources import turns_of
from lab.preferences.duels.standing import Failure, Standing, failures, standing
from lab.store import batches as stored
from lab.ui import notices, resources, tables, text
from lab.ui.components import fault

_PICKED, _BEGUN, _KEPT = "batch", "batch_job", "batch_standing"
_ACTIVE = ("queued", "running")
_POLL_S = 2.0
_SHOWN = 1_000
_GONE = "(no longer here)"


def open_batch(batch_id: str, job_id: str) -> None:
    """Open a batch below the list, also one whose prompts its job still draws; for callbacks."""
    st.session_state[_PICKED], st.session_state[_BEGUN] = batch_id, job_id


def draw() -> None:
    """Draw the batches, the newest first, and the one that is open; anew every few seconds while one runs."""
    running = _any_running(stored.listed(resources.lab().store, "bulk"))
    notices.apart(_draw, _POLL_S if running else None)(running)


def _draw(was_running: bool) -> None:
    try:
        known = stored.listed(resources.lab().store, "bulk")
        if was_running and not _any_running(known):
            st.rerun()
        if known:
            _list(known)
        picked = next((batch for batch in known if batch.id == st.session_state.get(_PICKED)), None)
        if picked is not None:
            _opened(picked)
    except LabError as err:
        fault(err)


def _any_running(known: list[Batch]) -> bool:
    begun = st.session_state.get(_BEGUN)
    return (begun is not None and _job_state(begun) in _ACTIVE) or any(_state(batch) in _ACTIVE for batch in known)


def _list(known: list[Batch]) -> None:
    def pick(place: int) -> None:
        st.session_state[_PICKED] = known[place].id

    st.markdown("#### Generated batches")
    count = {name: [int(batch.report.get(name) or 0) for batch in known] for name in _COUNTS}
    tables.table(
        {
            "batch": [text.one_line(batch.name, 120) for batch in known],
            "state": [_state(batch) for batch in known],
            **count,
            "when": [batch.created_at for batch in known],
        },
        key="batches",
        name="batches",
        caption="Click one to see what failed, and to go on with it. Equal: both answers say the same, so no duel.",
        config={"when": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")},
        on_pick=pick,
        height=260,
    )


_COUNTS = ("asked", "answered", "failed", "equal", "duels")


def _state(batch: Batch) -> str:
    """Return how the work on a batch stands, as its job says it: a report outlives the process that wrote it."""
    said = str(batch.report.get("state") or "")
    return _job_state(str(batch.report.get("job_id"))) if said == "running" else said


def _job_state(job_id: str) -> str:
    try:
        return resources.lab().jobs.get(job_id).state
    except NotFound:
        return "interrupted"


# ---------------------------------------------------------------------------------------------------------- one batch


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was read of a batch last; `mark` changes when there may be more to read."""

    mark: str
    found: Standing
    missing: list[Failure]


def _read(batch: Batch) -> _Kept:
    running = _state(batch) in _ACTIVE
    mark = json.dumps([batch.id, running, dict(batch.report)], default=str)
    kept: _Kept | None = st.session_state.get(_KEPT)
    if kept is None or kept.mark != mark:
        found = standing(resources.lab().store, batch)
        kept = _Kept(mark, found, list(failures(found, batch.report, running=running)))
        st.session_state[_KEPT] = kept
    return kept


def _opened(batch: Batch) -> None:
    kept, running = _read(batch), _state(batch) in _ACTIVE
    found, missing = kept.found, kept.missing
    with st.container(border=True, key="batch-open"):
        st.markdown(f"**{text.plain(batch.name)}**")
        now = {"asked": found.asked, "answered": found.answered, "equal": len(found.equal), "duels": found.duels}
        told = telling.outcome(now | {"failed": len(missing), "mock": found.mock})
        st.markdown(f"{told} {text.plain(telling.sample_of(found.request, found.size))}")
        if running:
            st.caption(
                "It is running: the bar above says how far it is. Duels can be judged as soon as they are there."
            )
        else:
            _go_on(batch, missing)
        if missing:
            _failures(found, missing)


def _go_on(batch: Batch, missing: list[Failure]) -> None:
    """Offer to ask for what is missing: what was never asked, or what failed as well."""
    waiting = sum(one.kind == "not_asked" for one in missing)
    failed = len(missing) - waiting
    with st.container(horizontal=True):
        if waiting:
            st.button(
                f"Resume: {waiting:,} not asked yet", key=f"resume-{batch.id}", on_click=_resume,
                args=(batch.id, False), type="primary", icon=":material/resume:",
            )  # fmt: skip
        if failed:
            st.button(
                f"Retry {failed:,} failed", key=f"retry-{batch.id}", on_click=_resume, args=(batch.id, True),
                type="secondary" if waiting else "primary", icon=":material/replay:",
            )  # fmt: skip


def _resume(batch_id: str, again: bool) -> None:
    lab = resources.lab()
    try:
        st.session_state[_BEGUN] = generating.resume(lab.jobs, lab.exchange, batch_id, again=again)
    except LabError as err:
        notices.tell(f"Nothing was started. {text.sentence(str(err))}")
        return
    notices.tell("It goes on: what is stored is not asked for again.")


def _failures(found: Standing, missing: list[Failure]) -> None:
    try:
        turns = turns_of(resources.lab().exchange, found.request.source, found.items)
        prompts = [turns[one.place][-1].content for one in missing]
    except DuelError:
        prompts = [_GONE] * len(missing)
    whole: dict[str, Sequence[Any]] = {
        "prompt": prompts,
        "expert": [one.expert for one in missing],
        "fault": [one.kind.replace("_", " ") for one in missing],
        "what happened": [one.sentence for one in missing],
        "tries": [one.attempts for one in missing],
    }
    shown = {name: values[:_SHOWN] for name, values in whole.items()}
    shown["prompt"] = [text.one_line(prompt, 160) for prompt in prompts[:_SHOWN]]
    more = f" The first {_SHOWN:,} are shown." if len(missing) > _SHOWN else ""
    tables.table(
        shown,
        whole=whole,
        key="batch-failures",
        name="failures",
        caption=f"{len(missing):,} answers are missing.{more}",
        config={"what happened": st.column_config.TextColumn(width="large")},
        height=320,
    )
