"""A router as YAML files in the Hydra layout, zipped: out of any version, and into the draft."""

from __future__ import annotations

import streamlit as st

from lab.conf_out import from_zip, to_zip
from lab.differences import differences
from lab.errors import ConfigError
from lab.types import RouterConfig, new_id
from lab.ui import resources, text
from lab.ui.router import desk

_UPLOAD, _TIMES = "router-zip", "router_zips"


def download(config: RouterConfig, name: str) -> None:
    """Draw the button that downloads a router; the zip is made when it is pressed."""
    st.download_button(
        f"YAML of {text.plain(name)}", lambda: to_zip(config, name), f"{_file_name(name)}.zip", "application/zip",
        key="yaml-out", on_click="ignore", icon=":material/download:",
        help="A folder laid out like lab/conf: import it here, or set LAB_CONF_DIR to it.",
    )  # fmt: skip


def upload() -> None:
    """Draw the upload of such a zip; what it holds becomes the draft, whole."""
    key = f"{_UPLOAD}-{st.session_state.get(_TIMES, 0)}"  # an emptied box, once a file was taken
    st.file_uploader(
        "YAML in: a zip laid out like lab/conf becomes the draft", type="zip", key=key, max_upload_size=32,
        on_change=_take, args=(key, new_id()), help="Undo brings the draft back as it was.",
    )  # fmt: skip


def _take(key: str, edit_id: str) -> None:
    given = st.session_state[key]
    if given is None:
        return

    def action() -> str:
        with st.spinner(f"Reading {len(given.getvalue()):,} bytes …"):
            read = from_zip(given.getvalue())
        drafting = resources.lab().drafting
        taken = drafting.take_in(read, f"read from {given.name}", edit_id=edit_id)
        if differences(taken.config, taken.draft.config):
            raise ConfigError(f"{given.name} was read, but the draft was edited meanwhile. Upload it again.")
        if drafting.current() is None:
            return f"{given.name} holds what is live: there is nothing to adopt. {taken.in_words}"
        experts = len(read.experts)
        return f"{given.name} is the draft now: {experts:,} expert{'' if experts == 1 else 's'}. {taken.in_words}"

    if desk.doing(action):
        st.session_state[_TIMES] = st.session_state.get(_TIMES, 0) + 1


def _file_name(name: str) -> str:
    return "".join(one if one.isalnum() else "-" for one in name).strip("-") or "router"
