"""A file on its way in: it stays, as it is being mapped, until it is added or dismissed."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from lab.errors import DatasetError, LabError
from lab.forensics.datasets import LABELLED_EVENTS, Added, Mapping, Sifted, Table, guess, names, read_bytes, sift
from lab.forensics.datasets.mapping import refuse_nested_prompt
from lab.types import new_id

_log = logging.getLogger(__name__)

_PENDING, _REFUSED, _UPLOADS = "import", "import_refused", "import_uploads"
KEEP = "keep"
"""Labels stay as they are; anything else is the name of the router whose experts they become."""


@dataclass(slots=True)
class Pending:
    """A table that is being mapped. Only the session that uploaded it changes it, and the job that adds it."""

    table: Table
    mapping: Mapping  # as guessed, then as the person has it
    origin: str  # import | labels
    name: str
    seed: int = 0
    meaning: str = KEEP
    experts: tuple[str, ...] = ()  # what labels may become, beside none, where they do not stay as they are
    meanings: dict[str, str] = field(default_factory=dict)  # what the person said of a label
    rest: str = ""  # what labels become that nobody said anything of; "" leaves their rows out
    id: str = field(default_factory=new_id)
    dataset_id: str = field(default_factory=new_id)  # so that adding twice adds once
    job_id: str | None = None
    added: Added | None = None
    error: LabError | None = None
    _sifted: tuple[Any, Sifted] | None = None

    def sifted(self) -> Sifted:
        """Return what would be stored now, kept until the mapping changes. Raises DatasetError."""
        key = (self.mapping, tuple(sorted(self.mapping.label_map.items())), self.experts, self.meaning)
        if self._sifted is None or self._sifted[0] != key:
            allowed = None if self.meaning == KEEP else self.experts
            self._sifted = (key, sift(self.table, self.mapping, experts=allowed))
        return self._sifted[1]

    def remap(self, **changes: Any) -> None:
        """Change the mapping; a column that is taken for another thing is no longer what it was."""
        taken = {value for key, value in changes.items() if value and key != "label_map"}
        for key in ("label", "query_type", "split", "source"):
            if key not in changes and getattr(self.mapping, key) in taken:
                changes[key] = None
        self.mapping = replace(self.mapping, **changes)


def current() -> Pending | None:
    """Return what this session has on its way in."""
    found: Pending | None = st.session_state.get(_PENDING)
    return found


def refused() -> tuple[str, LabError] | None:
    """Return the name of the file that was chosen last, and why it cannot be read."""
    found: tuple[str, LabError] | None = st.session_state.get(_REFUSED)
    return found


def uploader_key() -> str:
    """Return the key of the uploader; another one after each file, so that it is empty again."""
    return f"upload-{st.session_state.get(_UPLOADS, 0)}"


def take(data: bytes, file_name: str) -> None:
    """Read an uploaded file and keep it, or keep why it cannot be read."""
    st.session_state[_UPLOADS] = st.session_state.get(_UPLOADS, 0) + 1
    st.session_state[_REFUSED] = None
    try:
        table = read_bytes(data, file_name)
        st.session_state[_PENDING] = Pending(table, _guessed(table), "import", names.of_file(table.file_name))
    except LabError as err:
        refuse(err, file_name)
    except Exception as err:  # noqa: BLE001  whatever a file makes a reader raise: the next file must still get in
        _log.exception("%r cannot be read", file_name)
        why = f"{file_name} cannot be read ({type(err).__name__}: {err}). Write it as CSV or JSON Lines."
        refuse(DatasetError(why), file_name)


def take_labels(table: Table) -> None:
    """Keep the table of labelled events as if it were a file."""
    st.session_state[_PENDING] = Pending(table, LABELLED_EVENTS, "labels", "corrected prompts")


def drop() -> None:
    """Forget what is on its way in."""
    st.session_state.pop(_PENDING, None)
    st.session_state.pop(_REFUSED, None)


def refuse(err: LabError, what: str) -> None:
    """Keep why a file, or what was to be one, cannot be taken."""
    st.session_state[_REFUSED] = (what, err)


def _guessed(table: Table) -> Mapping:
    """Return the guess; where there is none the person says which column holds prompts, if any could."""
    try:
        return guess(table)
    except DatasetError:
        refuse_nested_prompt(table)
        could = [name for name in table.columns if name not in table.nested]
        if len(could) < 2:  # nothing to choose from
            raise
        return Mapping(could[0])
