"""The sealed rows at the gate: looked at on request, once a draft, and every look is counted before it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from lab.errors import LabError, SearchError
from lab.forensics.compare import in_words
from lab.forensics.sealed import SealedResult, check_sealed, look, sealed_to_json
from lab.store import looks
from lab.types import new_id
from lab.ui import resources, text, wording
from lab.ui.router import desk
from lab.ui.router.desk import Desk

_RESULTS, _KEPT = "router_sealed", 4


def draw(on: Desk) -> Mapping[str, Any] | None:
    """Draw the way to the sealed result, or the result; return it for the adoption, None where nobody looked."""
    if on.bench is None:
        return None
    rows = on.bench.rows
    name = text.plain(rows.dataset.name)
    try:
        check_sealed(rows)
        times = looks.count(on.lab.store, rows.dataset.id)
    except SearchError as err:
        st.caption(text.sentence(str(err)))
        return None
    except LabError as err:
        st.caption(text.sentence(f"The looks at sealed rows cannot be counted, so none is possible. {err}"))
        return None
    found: SealedResult | None = _results().get(_key(on))
    if found is None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Look at the sealed rows once", key=f"look-{on.adopted.id}-{on.revision}", icon=":material/lock_open:",
                on_click=_look, args=(on, new_id()),
                help="Draft against live on rows that chose nothing. The look is counted: who looks often enough and "
                "keeps the best has chosen on them too.",
            )  # fmt: skip
            again = f"{times:,} time{'' if times == 1 else 's'}"
            st.caption(f"The sealed rows of {name} were looked at {again}.", width="content")
        return None
    st.markdown(
        f"**On {found.comparison.n:,} sealed rows of {name}:** "
        + text.plain(in_words(found.comparison, second="the draft", first="live"))
    )
    st.caption(
        text.plain(
            f"Accuracy {found.comparison.accuracy.first:.3f} → {found.accuracy} (95 % bootstrap by group). "
            f"{found.times} Their prompts are not shown: whoever reads them has chosen on them."
        )
    )
    return sealed_to_json(found)


def _key(on: Desk) -> tuple[str, str, str]:
    assert on.bench is not None
    return on.bench.rows.hash, on.adopted.content_hash, on.config.content_hash(on.config.encoder)


def _results() -> dict[tuple[str, str, str], SealedResult]:
    kept: dict[tuple[str, str, str], SealedResult] = st.session_state.setdefault(_RESULTS, {})
    return kept


def _look(on: Desk, look_id: str) -> None:
    bench = on.bench
    if bench is None:
        return

    def action() -> None:
        why = f"before adopting a draft of {wording.version(on.adopted)}"
        found = look(
            bench.rows, on.config, on.adopted.config, bench.evidence, resources.lab().store, why, look_id=look_id
        )
        kept = _results()
        kept[_key(on)] = found
        while len(kept) > _KEPT:
            del kept[next(iter(kept))]

    desk.doing(action)
