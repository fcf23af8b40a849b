"""What annotators and authors of answers are called."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from lab.judging import HUMAN, Annotator
from lab.store import Store, annotators


class Names:
    """Names by id, read when the first one is asked for."""

    def __init__(self, store: Store, known: Mapping[str, Annotator] | None = None) -> None:
        self.store = store
        self._given = known

    @cached_property
    def _known(self) -> Mapping[str, Annotator]:
        return self._given if self._given is not None else {one.id: one for one in annotators.listed(self.store)}

    def name(self, annotator_id: str) -> str:
        """Return what an annotator is called."""
        known = self._known.get(annotator_id)
        return known.name if known is not None else annotator_id

    def author(self, name: str) -> str:
        """Return what the author of an answer is called: an expert, a model, or who wrote it by hand."""
        kind, _, annotator_id = name.partition(":")
        return f"text by {self.name(annotator_id)}" if kind == HUMAN and annotator_id else name
