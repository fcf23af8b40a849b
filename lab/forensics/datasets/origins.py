"""Datasets that come from no upload: the one that the lab ships, and the labels that people gave to events."""

from __future__ import annotations

import logging
from pathlib import Path

from lab.config import REPOSITORY
from lab.errors import DatasetError, DatasetOutOfReach
from lab.forensics.datasets.files import path_of
from lab.forensics.datasets.mapping import Mapping
from lab.forensics.datasets.reading import read_file
from lab.forensics.datasets.report import sift
from lab.forensics.datasets.shelf import add, content_hash_of
from lab.forensics.datasets.table import Table
from lab.records import Dataset
from lab.store import Store, labels
from lab.store import datasets as stored

BUILT_IN = REPOSITORY / "data" / "prompts" / "benchmark.jsonl"
"""The hand-written prompts that the lab ships."""

_log = logging.getLogger(__name__)


def ensure_built_in(store: Store, data_dir: Path, file: Path = BUILT_IN) -> Dataset | None:
    """Return the built-in dataset, added where it was never there; None where it is deleted or cannot be stored.

    Quick when it is there. A store that is open for reading only, or a folder that cannot be written, is no reason to
    fail: the lab works without it, and the log says so.
    """
    try:
        sifted = sift(read_file(file), Mapping("prompt", label="expert", query_type="query_type"))
        known = stored.of_content(store, content_hash_of(sifted))
        if known is not None and known[1]:
            return None  # whoever deleted it does not want it back at the next start
        if known is not None and (store.read_only or path_of(data_dir, known[0].content_hash).exists()):
            return known[0]
        if store.read_only:
            return None
        return add(store, data_dir, sifted, name=file.stem, origin="built-in").dataset
    except (DatasetError, DatasetOutOfReach) as err:
        _log.warning("The built-in dataset is left out: %s", err)
        return None


def labelled_events(store: Store) -> Table:
    """Return the prompts of labelled events as a table to sift and add, with origin "labels".

    Raises DatasetError where no event is labelled.
    """
    given = labels.of_events(store)
    if not given:
        raise DatasetError("No event has a label yet. Open one on the Route page and say where it should have gone.")
    columns: dict[str, list[str | None]] = {
        "prompt": [label.prompt for label in given],
        "label": [label.expert for label in given],
        "source": ["events"] * len(given),
    }
    return Table(columns, range(1, len(given) + 1), layout="labels", counted="row", file_name="labelled events")


LABELLED_EVENTS = Mapping("prompt", label="label", source="source")
"""How the table of labelled events is read."""
