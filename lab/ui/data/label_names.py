"""Which labels may be given: the experts of the router that is worked on, or the dataset's own labels."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from lab.forensics.datasets import Rows
from lab.types import NONE, RouterConfig

KEYED = 9
_OWN = "labels of the dataset"


@dataclass(frozen=True, slots=True)
class Names:
    """The labels to choose from, without `none`, which can always be given; the first nine have the keys 1 to 9."""

    names: tuple[str, ...]

    def key(self, name: str) -> str | None:
        """Return the key of a label; 0 is nobody's."""
        if name == NONE:
            return "0"
        place = self.names.index(name) + 1
        return str(place) if place <= KEYED else None


def choose(rows: Rows, config: RouterConfig, called: str) -> Names:
    """Draw the choice, where there is one, and return the labels. `called` is what the router is called."""
    experts = tuple(expert.name for expert in config.experts)
    own = own_labels(rows)
    if set(own) <= set(experts):
        return Names(experts)
    shared = any(label in experts for label in own)
    router = f"experts of the {called} router"
    chosen = st.segmented_control(
        "Labels to give", [router, _OWN], default=router if shared else _OWN, required=True, key="label_names",
        bind="query-params",
    )  # fmt: skip
    return Names(experts if chosen == router else own)


def own_labels(rows: Rows) -> tuple[str, ...]:
    """Return the labels that the dataset came with, and those that people gave since, in alphabetical order."""
    given = {label for label in rows.labels if label is not None}
    return tuple(sorted(({label for label in rows.dataset.labels if label} | given) - {NONE}))
