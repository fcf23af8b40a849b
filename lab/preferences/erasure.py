"""Deleting a text on request everywhere: in the tables, in the files of datasets and exports, and on record.

First `preview`, which changes nothing; then `erase`. Backups that were made before still hold the text: they are
listed, to be deleted as files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lab.errors import DatasetOutOfReach, NotFound, StoreError
from lab.forensics.datasets.without import Holding, drop, holding
from lab.judging import Deletion
from lab.store import Store, backup, deletion, exports_shelf, removal, snapshots, versions
from lab.store import datasets as stored
from lab.store.backup import Backup
from lab.store.deletion import Excerpt, Found
from lab.store.exports_shelf import Shelved
from lab.store.row_words import DATASET_ROW, EXPORT_FOLDER, LEFT_OUT_ROW
from lab.store.scrub import scrub
from lab.store.snapshot_losses import Loss
from lab.store.text_places import Words

_WAYS_OUT = {
    "annotator": "It is the name of a person. Remove the person.",
    "router_draft": "The draft holds it, or a step of it that can be undone. Take it out on the Router page and adopt "
    "or discard the draft: then its steps are let go.",
    "run": "A saved search holds it. What its figures rest on is kept as it was.",
    "adoption": "It stands in the evidence of an adoption, which is kept as it was.",
    "snapshot": "A family of splits is called so. Delete the snapshots of that family, and give the next ones another.",
}
_VERSION = (
    "Router version {name} holds it, as an utterance, a pattern or a prompt of an expert. Versions are kept as they "
    "decided, under the hash of what they hold. Take it out on the Router page and adopt; to be rid of older versions "
    "too, begin another database and adopt there what `python -m lab router export` wrote."
)


_NOBODYS = (
    "{path} does not say which snapshot it is of, so nobody can tell whether it holds it. Delete it by hand if it may."
)


@dataclass(frozen=True, slots=True)
class Preview:
    """Where a text is. `unread` says of which datasets and exports nobody can tell; `backups` may hold it, all of them.

    `exports` are deleted as a whole: they can be written again, without the rows that are gone then. What was written
    elsewhere than in the data directory is out of reach.
    """

    found: Found
    datasets: tuple[Holding, ...]
    exports: tuple[Shelved, ...]
    unread: tuple[str, ...]
    backups: tuple[Backup, ...]

    @property
    def anything(self) -> bool:
        """Tell whether there is something to delete."""
        return bool(self.found.replaced or self.datasets)

    @property
    def counts(self) -> Mapping[str, int]:
        """What a deletion takes, by table; rows of datasets beside them."""
        return {**self.found.replaced, **_beside(self.datasets, len(self.exports))}


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done. `left` says why bytes of it may still be in the database's files, else None."""

    deletion: Deletion
    left: str | None
    backups: tuple[Backup, ...]  # made before: they may still hold it


def preview(store: Store, data_dir: Path, given: str) -> Preview:
    """Return where a text is, whatever its case. Raises KeepingError for one that is too short, StoreError."""
    words = Words.of(given)
    datasets, unread = _datasets(store, data_dir, words)
    found = deletion.find(store, words)
    shelved = exports_shelf.listed(data_dir)
    of = _snapshots(found.losses)
    exports = tuple(one for one in shelved if one.snapshot_id in of)
    unread += tuple(_NOBODYS.format(path=one.path) for one in shelved if one.snapshot_id is None)
    return Preview(found, datasets, exports, unread, tuple(backup.listed(store.address)))


def erase(store: Store, data_dir: Path, deletion_id: str, given: str, *, by: str | None = None) -> Erased:
    """Delete a text everywhere and return what was done; an id that is there does nothing again.

    Datasets and exports first, each whole, as the tables tell where they hold it; then the tables in one transaction
    with the record, then the bytes. Raises KeepingError, DatasetOutOfReach, StoreError: what is not done then is done
    by doing it again.
    """
    words = Words.of(given)
    before = tuple(backup.listed(store.address))
    datasets, _ = _datasets(store, data_dir, words)
    for found in datasets:
        drop(store, data_dir, found, words.are_in)
    with _exports(store, data_dir, deletion.find(store, words).losses) as taken:
        done = deletion.delete_text(store, deletion_id, words, by=by, beside=_beside(datasets, taken))
    return Erased(done, _scrubbed(store), before)


def remove_person(
    store: Store, data_dir: Path, deletion_id: str, annotator_id: str, *, by: str | None = None, votes: bool = False
) -> Erased:
    """Remove a person like `removal.remove_annotator`, the exports with answers of theirs, and the bytes too.

    Raises as that does, and KeepingError for an export that cannot be deleted.
    """
    before = tuple(backup.listed(store.address))
    with _exports(store, data_dir, removal.losses(store, annotator_id)):
        done = removal.remove_annotator(store, deletion_id, annotator_id, by=by, votes=votes)
    return Erased(done, _scrubbed(store), before)


def way_out(store: Store, left: Excerpt) -> str:
    """Return what to do about a place that a deletion leaves as it is."""
    if left.table != "router_version":
        return _WAYS_OUT[left.table]
    try:
        version = versions.get(store, left.row_id)
    except NotFound:
        return _VERSION.format(name="of before")
    number = "without a number" if version.number is None else f"v{version.number}"
    return _VERSION.format(name=f'{number} "{version.name}"')


def scrubbed_again(store: Store, erased: Erased) -> Erased:
    """Try once more to take the bytes out of the files, and return what is left now."""
    return replace(erased, left=_scrubbed(store))


def still_there(store: Store, backups: tuple[Backup, ...]) -> tuple[Backup, ...]:
    """Return those of the backups that were not deleted yet. Raises KeepingError."""
    there = {one.path.name for one in backup.listed(store.address)}
    return tuple(one for one in backups if one.path.name in there)


def delete_backups(store: Store, backups: tuple[Backup, ...]) -> int:
    """Delete backups and return how many were there. Raises KeepingError."""
    there = still_there(store, backups)
    for one in there:
        backup.remove(store.address, one.path.name)
    return len(there)


def _datasets(store: Store, data_dir: Path, words: Words) -> tuple[tuple[Holding, ...], tuple[str, ...]]:
    found, unread = [], []
    for dataset in stored.listed(store):
        try:
            one = holding(data_dir, dataset, words.are_in)
        except DatasetOutOfReach as err:
            unread.append(str(err))
            continue
        if one.rows or one.left_out:
            found.append(one)
    return tuple(found), tuple(unread)


@contextmanager
def _exports(store: Store, data_dir: Path, losses: tuple[Loss, ...]) -> Iterator[int]:
    """Delete the exports of snapshots that lose something before the tables do, and give how many those were.

    So a kill in between leaves tables that still tell what is to be deleted. What was frozen and written meanwhile is
    deleted after it.
    """
    before = {one.id: one.gone for one in snapshots.every(store)}
    yield exports_shelf.delete(data_dir, _snapshots(losses))
    late = {one.id for one in snapshots.every(store) if one.gone != before.get(one.id, 0)}
    exports_shelf.delete(data_dir, late)
    exports_shelf.sweep(data_dir, coming=True)


def _snapshots(losses: tuple[Loss, ...]) -> set[str]:
    return {loss.snapshot.id for loss in losses}


def _beside(datasets: tuple[Holding, ...], exports: int) -> dict[str, int]:
    rows, quoted = sum(len(one.rows) for one in datasets), sum(one.left_out for one in datasets)
    counted = {DATASET_ROW: rows, LEFT_OUT_ROW: quoted, EXPORT_FOLDER: exports}
    return {name: count for name, count in counted.items() if count}


def _scrubbed(store: Store) -> str | None:
    try:
        scrub(store)
    except StoreError as err:
        return str(err)
    return None
