"""The heatmap of the query types tab: configurations across, query types down, a number in every cell."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from lab.forensics.matrix import Matrix
from lab.ui import text, wording

SHOWS = {
    "accuracy": "accuracy",
    "overhead": "expected overhead",
    "end_to_end": "expected end-to-end time",
}
_MOST_TYPES = 40
_LEAST_HEIGHT = 220  # of a figure with one row: its title and its names need as much
_NAME_CHARS = 16
_ASIDE = (-0.4, -0.27, -0.13, 0.0, 0.13, 0.27, 0.4)  # clicks are caught by marks: enough of them for a wide cell


def figure(made: Matrix, values: Any, shows: str) -> Any:
    """Return `values`, of shape (types, contenders), as a heatmap whose cells can be clicked; all rows stand first."""
    import pandas  # noqa: F401  wait for it: plotly peeks at a pandas that another thread is still importing
    import plotly.graph_objects as go

    rows, columns = min(len(made.types), _MOST_TYPES + 1), len(made.contenders)
    across, down = list(range(columns)), [0.0, *(line + 0.25 for line in range(1, rows))]  # a gap under the first row
    unit = "" if shows == "accuracy" else ", ms"
    drawn = go.Figure()
    shown = values[:rows]
    dark = _dark(shown, higher_is_better=shows == "accuracy")
    for lines in ([0], list(range(1, rows))):
        if not lines:
            continue
        drawn.add_heatmap(
            z=shown[lines], x=across, y=[down[line] for line in lines], coloraxis="coloraxis", hoverinfo="skip",
            hoverongaps=False, xgap=2, ygap=2,
        )  # fmt: skip
    cells = [(line, column) for line in range(rows) for column in range(columns)]
    for light in (True, False):
        mine = [cell for cell in cells if dark[cell] == light]
        drawn.add_scatter(
            x=[column for _, column in mine], y=[down[line] for line, _ in mine], mode="text", hoverinfo="skip",
            text=[_said(shown[cell], shows) for cell in mine], showlegend=False,
            textfont={"color": "#FFFFFF" if light else "#14181A", "size": 12},
        )  # fmt: skip
    marks = [(line, column, column + aside) for line, column in cells for aside in _ASIDE]
    drawn.add_scatter(
        x=[at for _, _, at in marks], y=[down[line] for line, _, _ in marks], mode="markers", showlegend=False,
        marker={"symbol": "square", "size": 30, "opacity": 0.0},
        customdata=[[address(made, line, column)] for line, column, _ in marks],
        text=[_hover(made, line, column) for line, column, _ in marks], hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    drawn.update_layout(
        height=max(100 + 30 * rows, _LEAST_HEIGHT), margin={"l": 8, "r": 8, "t": 8, "b": 8}, clickmode="event+select",
        coloraxis={"colorscale": "Cividis" if shows == "accuracy" else "Cividis_r", "showscale": False},
        xaxis={"side": "top", "tickvals": across, "showgrid": False, "zeroline": False, "automargin": True,
               "tickangle": 30, "ticklabeloverflow": "allow",
               "ticktext": [escape(text.one_line(one.name, _NAME_CHARS), quote=False) for one in made.contenders],
               "range": [-0.5, columns - 0.5], "title": {"text": f"configuration; cells: {SHOWS[shows]}{unit}"}},
        yaxis={"tickvals": down, "range": [down[-1] + 0.55, -0.55], "showgrid": False, "zeroline": False,
               "ticktext": [escape(kind_of(made, line), quote=False) for line in range(rows)], "automargin": True,
               "title": {"text": "query type (n)"}},
    )  # fmt: skip
    return drawn


def _dark(shown: Any, *, higher_is_better: bool) -> Any:
    """Where the colour scale is dark, so that what stands there must be light."""
    low, high = np.nanmin(shown), np.nanmax(shown)
    share = np.nan_to_num((shown - low) / (high - low), nan=1.0) if high > low else np.ones(shown.shape)
    return (share if higher_is_better else 1 - share) < 0.55


def _said(value: float, shows: str) -> str:
    if value != value:
        return "–"
    if shows == "accuracy":
        return f"{value:.3f}".lstrip("0") if value < 1 else "1"
    return wording.ms(value).removesuffix(" ms")


def kind_of(made: Matrix, line: int) -> str:
    """Return what a line of the matrix is called, with its n."""
    kind = made.types[line]
    name = "all rows" if kind is None else text.one_line(kind, 24) or "no type"
    return f"{name} ({len(made.places[line])})"


def _hover(made: Matrix, line: int, column: int) -> str:
    one = made.contenders[column]
    about = f" ({escape(one.about, quote=False)})" if one.about else ""
    said = [
        f"<b>{escape(kind_of(made, line), quote=False)}</b>, {escape(one.name, quote=False)}{about}",
        f"accuracy {made.accuracy(line, column)}, {int(made.right[line, column])} of {len(made.places[line])}",
        f"overhead {wording.ms(known(made.overhead_ms[line, column]))}, "
        f"end to end {wording.seconds(known(made.end_to_end_ms[line, column]))}",
    ]
    return "<br>".join(said)


def alt(made: Matrix, values: Any, shows: str) -> str:
    """Return what the figure says to who does not see it."""
    first = ", ".join(f"{one.name} {_said(values[0, place], shows)}" for place, one in enumerate(made.contenders))
    return (
        f"{SHOWS[shows]} of {len(made.contenders)} configurations over {len(made.types) - 1} query types; all: {first}"
    )


def address(made: Matrix, line: int, column: int) -> str:
    """Return what the address calls a cell: names, so that a link still opens it when there are other columns."""
    kind = made.types[line]
    return f"{made.contenders[column].name}|{'*' if kind is None else '=' + kind}"


def known(value: float) -> float | None:
    """Return a number; None for what was never measured."""
    return None if value != value else float(value)
