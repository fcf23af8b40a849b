"""Figures on a page: each says what it counts, and can be taken away as SVG (camera button) or as a page of its own."""

from __future__ import annotations

import copy
from collections.abc import Callable
from html import escape
from typing import Any

import streamlit as st

from lab.ui import colours

_HEIGHT = 360  # pixels, of a figure that does not say
_LINE_CHARS = 62  # what fits beside the edge of a telephone


def chart(
    figure: Any,
    *,
    key: str,
    name: str,
    caption: str,
    alt: str,
    on_pick: Callable[[list[Any]], None] | None = None,
) -> None:
    """Draw a figure with its caption; `on_pick` is called with the customdata of the marks that were clicked.

    The caption stands in the figure itself: a figure that travels still says its n and its rows.
    """

    def picked() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points and on_pick is not None:
            on_pick([point.get("customdata") for point in points])

    captioned(figure, caption)
    clicked: Any = picked if on_pick is not None else "ignore"
    config = {
        "displaylogo": False,
        "modeBarButtons": [["toImage", "zoom2d", "resetScale2d"]],
        "toImageButtonOptions": {"format": "svg", "filename": name},
    }
    st.plotly_chart(
        figure,
        key=key,
        config=config,
        alt=alt,
        on_select=clicked,
        selection_mode=["points"],
    )
    st.download_button(
        "HTML",
        lambda: _page(figure, name),
        f"{name}.html",
        "text/html",
        key=f"{key}-html",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        help="The figure as a page of its own. The camera above it saves an SVG.",
    )


def captioned(figure: Any, caption: str) -> Any:
    """Write the caption under a figure, into the figure itself, which grows by it; returns the figure."""
    lines = _lines(caption)
    bottom = figure.layout.margin.b or 60
    figure.add_annotation(
        text="<br>".join(escape(line, quote=False) for line in lines),
        xref="paper",
        yref="paper",
        x=0,
        y=0,
        yshift=-bottom - 8,
        xanchor="left",
        yanchor="top",
        align="left",
        showarrow=False,
        font={"size": 10, "color": colours.LINE},
    )
    more = 14 * len(lines) + 12
    figure.update_layout(margin={"b": bottom + more}, height=(figure.layout.height or _HEIGHT) + more)
    return figure


def _page(figure: Any, name: str) -> str:
    import plotly.io

    own = copy.deepcopy(figure)
    own.update_layout(template="plotly_white", title={"text": escape(name, quote=False)})
    return str(plotly.io.to_html(own, include_plotlyjs=True, full_html=True))


def _lines(text: str) -> list[str]:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > _LINE_CHARS:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line]
