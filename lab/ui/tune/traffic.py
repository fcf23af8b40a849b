"""Figures with each query type weighing as it does in the traffic, and what is missing where they cannot."""

from __future__ import annotations

import streamlit as st

from lab.errors import LabError
from lab.forensics.sample import Sample
from lab.forensics.traffic import LEAST_PROMPTS, in_words
from lab.ui import resources, text
from lab.ui.workbench import Workbench

_LEAST_TYPES = 2


def toggle(bench: Workbench) -> bool:
    """Draw the choice of weighing as the traffic does; what is not there yet cannot be chosen, and says why."""
    mixed = resources.traffic(bench.rows, bench.config.encoder)
    if mixed is None:
        st.toggle("As in traffic", value=False, key="no_traffic", disabled=True, help=_missing(bench))
        return False
    return st.toggle(
        "As in traffic", key="traffic", bind="query-params",
        help=f"Cells weigh query types as in the {mixed.n} prompts routed last: {text.plain(in_words(mixed))}. The "
        "choice itself is made on the rows as they are labelled.",
    )  # fmt: skip


def _missing(bench: Workbench) -> str:
    if len({kind for kind in bench.rows.query_types if kind}) < _LEAST_TYPES:
        return (
            "Weighs query types as your traffic does. The rows of this dataset have no two query types: import a "
            "column of them with the dataset."
        )
    return (
        f"Weighs query types as your traffic does, from {LEAST_PROMPTS} routed prompts on. Route some on the Route "
        "page."
    )


def weighted(bench: Workbench, sample: Sample) -> Sample | None:
    """Return the sample with its query types weighed as in the traffic; None where none of those stands in it."""
    mixed = resources.traffic(bench.rows, bench.config.encoder)
    if mixed is None:
        return None
    try:
        return sample.weighted_by(mixed.shares)
    except LabError:
        return None
