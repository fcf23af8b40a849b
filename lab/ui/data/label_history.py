"""Labels of a dataset that can be undone, the last one first: read off the store, so a reload loses none.

An undo is stored as a label whose id names the one that it undoes: so the same one is never undone twice.
"""

from __future__ import annotations

from lab.records import Label
from lab.store import Store, labels

_UNDO = "undo-"
_LOOKED_AT = 1_000  # labels that are looked back on


def standing(store: Store, dataset_id: str) -> list[Label]:
    """Return the labels given to rows of a dataset that were not undone, the newest first."""
    recent = labels.recent(store, _LOOKED_AT, dataset_id=dataset_id)
    undone = {one.id.removeprefix(_UNDO) for one in recent if one.id.startswith(_UNDO)}
    return [one for one in recent if not one.id.startswith(_UNDO) and one.id not in undone]


def undo_id(label_id: str) -> str:
    """Return the id under which a label is undone."""
    return f"{_UNDO}{label_id}"


def undo(store: Store, label: Label) -> Label:
    """Undo a label, once. Raises NotFound, StoreError where the row was labelled otherwise since."""
    return labels.undo(store, undo_id(label.id), label.id)
