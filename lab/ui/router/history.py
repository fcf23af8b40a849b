"""What was adopted, when and why; what differs between any two versions; and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from lab.differences import differences, sentence
from lab.errors import LabError
from lab.records import Adoption, RouterVersion
from lab.store import versions
from lab.store.versions import NAME_CHARS
from lab.types import RouterConfig, new_id
from lab.ui import resources, tables, text, wording
from lab.ui.components import fault
from lab.ui.router import desk, yaml_files
from lab.ui.router.desk import Desk

VERSION, AGAINST, DRAFT, LIVE = "version", "against", "draft", "live"
_MOST, _SHOWN = 100, 40


def draw(on: Desk) -> None:
    """Draw the adoptions, and the version that the address names."""
    st.markdown("### History")
    try:
        adopted = versions.history(on.lab.store, _MOST)
    except LabError as err:
        fault(err)
        return
    _table(adopted)
    known = {f"v{version.number}": version for _, version in adopted if version.number is not None}
    configs = {LIVE: on.adopted.config} | {number: version.config for number, version in known.items()}
    if on.draft is not None:
        configs = {DRAFT: on.draft.config} | configs
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = {number: wording.version(version) for number, version in known.items()}
        first = _pick_one("Version", VERSION, list(configs))
        second = _pick_one("Against", AGAINST, [LIVE, *(name for name in configs if name != LIVE)])
        yaml_files.download(configs[first], _called(first, names))
        _restore(on, known.get(first))
    _rename(on.adopted if first == LIVE else known.get(first))
    _differences(configs, names, first, second)
    yaml_files.upload()


def _called(key: str, names: Mapping[str, str]) -> str:
    return names.get(key, {DRAFT: "the draft", LIVE: "live"}.get(key, key))


def _table(adopted: list[tuple[Adoption, RouterVersion]]) -> None:
    tables.table(
        {
            "version": [version.number for _, version in adopted],
            "name": [version.name for _, version in adopted],
            "adopted": [adoption.created_at for adoption, _ in adopted],
            "note": [adoption.note for adoption, _ in adopted],
            "known then": [in_words(adoption.evidence) for adoption, _ in adopted],
            "content": [version.content_hash[:12] for _, version in adopted],
        },
        key="history",
        name="router-versions",
        caption="Newest first: the first one is live. Click one to look at it."
        + (f" The last {_MOST} are shown." if len(adopted) == _MOST else ""),
        config={
            "version": st.column_config.NumberColumn(format="v%d"),
            "adopted": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        },
        on_pick=lambda place: _open(adopted[place][1]),
        height=320,
    )


def in_words(evidence: Mapping[str, Any]) -> str:
    """Return what was known at an adoption, in a line."""
    parts = []
    dev, sealed, probes = (evidence.get(name) for name in ("dev", "sealed", "probes"))
    if dev:
        before, after = dev.get("accuracy", (None, None))
        shown = f", accuracy {before:.3f} → {after:.3f}" if before is not None and after is not None else ""
        parts.append(f"{dev.get('split', 'dev')} n = {dev['n']:,}: {dev['fixed']} fixed, {dev['broken']} broken{shown}")
    if sealed:
        parts.append(f"sealed n = {sealed['n']:,}: {sealed['verdict']}, look {sealed['looks']}")
    if probes:
        parts.append(f"{probes['passed']} of {probes['n']} probes")
    return "; ".join(parts)


def _open(version: RouterVersion) -> None:
    st.session_state[VERSION] = f"v{version.number}"


def _pick_one(label: str, key: str, keys: list[str]) -> str:
    """Draw a choice of versions, the first one unless somebody chose: it follows the draft that begins or ends."""
    first = f"{key}-first"
    chosen = st.session_state.get(key)
    if chosen is not None and (chosen not in keys or chosen == st.session_state.get(first) != keys[0]):
        st.session_state[key] = keys[0]
    st.session_state[first] = keys[0]
    return st.selectbox(label, keys, key=key, bind="query-params", width=140) or keys[0]


def _differences(configs: Mapping[str, RouterConfig], names: Mapping[str, str], first: str, second: str) -> None:
    found = () if first == second else differences(configs[second], configs[first])
    what = f"From {_called(second, names)} to {_called(first, names)}"
    if not found:
        st.caption(text.plain(f"{what}: nothing differs."))
        return
    st.markdown(f"**{text.plain(what)}: {len(found):,} difference{'' if len(found) == 1 else 's'}**")
    lines = [f"- {text.plain(sentence(one))}" for one in found[:_SHOWN]]
    more = [f"- and {len(found) - _SHOWN:,} more; export both to compare them whole"] if len(found) > _SHOWN else []
    st.markdown("\n".join([*lines, *more]))


# ------------------------------------------------------------------------------------------------- rename, roll back


def _rename(version: RouterVersion | None) -> None:
    if version is None:
        return
    key = f"rename-{version.id}"
    if key not in st.session_state:
        st.session_state[key] = version.name
    st.text_input(
        f"Name of v{version.number}", key=key, max_chars=NAME_CHARS, width=280, on_change=_renamed,
        args=(version, key),
    )  # fmt: skip


def _renamed(version: RouterVersion, key: str) -> None:
    def action() -> str:
        name = st.session_state[key] or ""
        text.refuse_steering(name, "The name of the version")
        now = versions.rename(resources.lab().store, version.id, name)
        return f"{wording.version(now)} is its name now."

    if not desk.doing(action):
        st.session_state[key] = version.name


def _restore(on: Desk, version: RouterVersion | None) -> None:
    if version is None or version.id == on.adopted.id:
        return
    with st.popover(f"Roll back to v{version.number}", icon=":material/history:"):
        st.markdown(
            f"{text.plain(wording.version(version))} will route again, under its number, in every process. The draft "
            "stays as it is."
        )
        note = f"rollback-note-{version.id}"
        st.text_input("Note", key=note, placeholder="why")
        st.button(
            f"Make v{version.number} live", key=f"rollback-{version.id}-{on.adopted.id}", type="primary",
            on_click=_rollback, args=(version, on.adopted.id, note, new_id()),
        )  # fmt: skip


def _rollback(version: RouterVersion, live_id: str, note: str, adoption_id: str) -> None:
    def action() -> str:
        now = resources.lab().drafting.rollback(
            version.id, live_id, st.session_state[note] or "", adoption_id=adoption_id
        )
        return f"{wording.version(now)} is live again since {datetime.now():%H:%M}."  # noqa: DTZ005  the person's clock

    desk.doing(action)
