"""Values with their intervals, one a line: a dot, a thick line for one look, a thin one for any number of looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from lab.forensics.metrics import Interval
from lab.ui import colours

ACCENT = "#0F9488"
_ROW_HEIGHT, _EDGES = 40, 110  # pixels
_LABEL_CHARS = 32


@dataclass(frozen=True, slots=True)
class Mark:
    """One line of the figure. `always` is the thin line, where there is one; `opens` goes along with a click."""

    label: str
    value: Interval
    n: int
    opens: str
    always: Interval | None = None
    colour: str = ACCENT


def figure(marks: Sequence[Mark], *, axis: str, reference: float | None, percent: bool, unit: str) -> Any:
    """Return the figure; `reference` is drawn as a line across it, such as one half."""
    import pandas  # noqa: F401  wait for it: plotly peeks at a pandas that another thread is still importing
    import plotly.graph_objects as go

    form = ":.1%" if percent else ":.2f"
    drawn, places = go.Figure(), list(range(len(marks)))
    several = any(mark.always for mark in marks)
    for name, width, ends in (
        ("95 % at any look", 1.5, [mark.always for mark in marks]),
        ("95 % for one look" if several else "95 %", 5, [mark.value for mark in marks]),
    ):
        if any(ends):
            drawn.add_scatter(
                x=[x for one in ends for x in ((one.low, one.high, None) if one else (None, None, None))],
                y=[y for place in places for y in (place, place, None)],
                mode="lines", name=name, hoverinfo="skip",
                line={"width": width, "color": colours.LINE if width < 2 else ACCENT},
                opacity=1 if width < 2 else 0.45,
            )  # fmt: skip
    drawn.add_scatter(
        x=[mark.value.value for mark in marks],
        y=places,
        mode="markers",
        marker={"size": 11, "color": [mark.colour for mark in marks]},
        text=[escape(mark.label) for mark in marks],
        customdata=[[mark.opens] for mark in marks],
        hovertemplate=f"%{{text}}<br>{escape(axis)} %{{x{form}}}<br>a click opens the votes<extra></extra>",
        showlegend=False,
    )
    for place, mark in zip(places, marks, strict=True):  # above its line: beside it, a telephone has no room
        drawn.add_annotation(
            text=f"{escape(_short(mark.label))} (n = {mark.n:,})", xref="paper", x=0, y=place, yshift=13,
            xanchor="left", showarrow=False, font={"size": 12, "color": colours.LINE},
        )  # fmt: skip
    if reference is not None:
        drawn.add_vline(x=reference, line={"width": 1, "dash": "dot", "color": colours.LINE})
    drawn.update_layout(
        height=_EDGES + _ROW_HEIGHT * max(len(marks), 1),
        margin={"l": 8, "r": 8, "t": 30, "b": 48},
        clickmode="event+select",
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        xaxis={"title": escape(axis), "range": _range(marks, percent), "tickformat": ".0%" if percent else ".2~f"},
        yaxis={
            "title": {"text": unit, "standoff": 4}, "range": [len(marks) - 0.5, -0.8], "showticklabels": False,
            "showgrid": False, "zeroline": False,
        },
    )  # fmt: skip
    return drawn


def _range(marks: Sequence[Mark], percent: bool) -> list[float]:
    if percent:
        return [0.0, 1.0]
    ends = [end for mark in marks for end in (mark.value.low, mark.value.high)]
    room = 0.06 * (max(ends) - min(ends))
    return [min(0.0, *ends) - room, max(0.0, *ends) + room]


def clicked(picked: list[Any]) -> str | None:
    """Return what the mark that was clicked opens; None for a click elsewhere."""
    data = next((one for one in picked if one is not None), None)
    if data is None:
        return None
    return str(data[0] if isinstance(data, (list, tuple)) else data)


def _short(label: str) -> str:
    return label if len(label) <= _LABEL_CHARS else f"{label[: _LABEL_CHARS - 1]}…"
