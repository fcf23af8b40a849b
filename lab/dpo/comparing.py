"""Snapshots against their files and against each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lab.dpo.build import Check, Progress
from lab.dpo.formats.form import CONTAINERS
from lab.dpo.formats.registry import FORMATS, Choice, choice
from lab.dpo.formats.writing import MANIFEST, Written
from lab.dpo.snapshots import write_files
from lab.exported import Snapshot
from lab.store import Store, snapshot_rows


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came of writing a snapshot again. `differing` are paths with other bytes than before."""

    written: Written
    same: tuple[str, ...]
    differing: tuple[str, ...]
    unknown: tuple[str, ...]  # that were not written before, so that nothing can be compared
    gone: int  # rows whose text was deleted on request since


def rebuild(
    store: Store,
    snapshot: Snapshot,
    folder: Path,
    *,
    progress: Progress | None = None,
    check: Check | None = None,
) -> Rebuilt:
    """Write the files of a snapshot again, in the formats that were written before, and compare them by their hashes.

    Raises as `write_files`.
    """
    written = write_files(store, snapshot, choices_of(snapshot), folder, progress=progress, check=check)
    known = {path: one["sha256"] for path, one in snapshot.files.items()}
    same: list[str] = []
    differing: list[str] = []
    unknown: list[str] = []
    for path, made in written.files.items():
        if path == MANIFEST:  # it names all files, also of formats that were written another time
            continue
        of = unknown if path not in known else same if known[path] == made.sha256 else differing
        of.append(path)
    return Rebuilt(written, tuple(same), tuple(differing), tuple(unknown), snapshot.gone)


def choices_of(snapshot: Snapshot) -> tuple[Choice, ...]:
    """Return the formats in which a snapshot was written; TRL's where it never was."""
    found = {
        Choice(path.split("/", 1)[0], container)
        for path in snapshot.files
        for container in CONTAINERS
        if "/" in path and path.endswith(f".{container}") and not path.endswith("/dataset_info.json")
    }
    return tuple(sorted(found, key=lambda one: list(FORMATS).index(one.format))) or (choice("trl"),)


@dataclass(frozen=True, slots=True)
class Difference:
    """What is different from one snapshot to another: duels, and answers with a thumb, by their ids."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]  # the other answer is chosen, or the thumb points the other way
    moved: tuple[str, ...]  # on another side of the split, which only another family can bring about
    reworded: tuple[str, ...]  # the same verdict on the same side, in other words: masked, under another system prompt
    same: int


def diff(store: Store, before: Snapshot, after: Snapshot) -> Difference:
    """Return what is different from one snapshot to another. Raises StoreError."""
    old, new = snapshot_rows.keys(store, before.id), snapshot_rows.keys(store, after.id)
    both = [key for key in new if key in old]
    changed = [key for key in both if old[key].winner != new[key].winner]
    moved = [key for key in both if old[key].split != new[key].split]
    differ = {*changed, *moved}
    reworded = [key for key in both if key not in differ and old[key].row_hash != new[key].row_hash]
    return Difference(
        tuple(key for key in new if key not in old),
        tuple(key for key in old if key not in new),
        tuple(changed),
        tuple(moved),
        tuple(reworded),
        len(both) - len(differ) - len(reworded),
    )
