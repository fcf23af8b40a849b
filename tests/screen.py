"""What a page shows to a person, as AppTest holds it."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest


def shown(app: AppTest) -> str:
    """Return all that is said on the page, without the marks that keep it from being read as Markdown."""
    kinds = (app.markdown, app.caption, app.info, app.warning, app.error, app.success, app.subheader, app.toast)
    texts = [element.value for elements in kinds for element in elements]
    return "\n".join(texts).replace("\\", "").replace("\u2060", "")


def button(app: AppTest, label: str) -> Any:
    """Return the first button with a label, else the first one whose label begins so. Raises StopIteration."""
    alike = [one for one in app.button if one.label.startswith(label)]
    return next((one for one in alike if one.label == label), None) or next(iter(alike))


def labels(app: AppTest) -> list[str]:
    """Return the labels of the buttons."""
    return [one.label for one in app.button]


def table(app: AppTest, column: str) -> dict[str, list[Any]]:
    """Return the first table with a column, as lists. Raises StopIteration."""
    found = next(one.value for one in app.dataframe if column in one.value)
    return {name: found[name].tolist() for name in found}
