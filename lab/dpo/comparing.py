"""Snapshots against their files and against each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lab.dpo.build import Check, Progress
from lab.dpo.formats.form import CONTAINERS
from lab.dpo.formats.registry import FORMATS, Choice, choice
from lab.dpo.formats.writing import MANIFEST, TRACE, Written, trace_hash
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
    reworded: tuple[
        str, ...
    ] = ()  # cards that say the same of the same data in the words of another version of the lab


def rebuild(
    store: Store,
    snapshot: Snapshot,
    folder: Path,
    *,
    progress: Progress | None = None,
    check: Check | None = None,
) -> Rebuilt:
    """Write the files of a snapshot again, in the formats that were written before, and compare them by their hashes.

    A file that is not written any more, since its rows are gone, differs. Raises as `write_files`.
    """
    written = write_files(store, snapshot, choices_of(snapshot), folder, progress=progress, check=check)
    known = {path: one["sha256"] for path, one in snapshot.files.items()}
    made = {path: one.sha256 for path, one in written.files.items()}
    traced = snapshot.files.get(TRACE, {}).get("formats")
    if traced is not None and set(traced) != _formats(made):  # others were written another time
        made[TRACE] = trace_hash(folder / TRACE, traced)
    for files in (known, made):
        files.pop(MANIFEST, None)  # it names all files, also of formats that were written another time
    differing = [path for path in {**made, **known} if path in known and made.get(path) != known[path]]
    cards = [path for path in differing if path.endswith("/README.md")]
    reworded = cards if len(cards) == len(differing) and not snapshot.gone else []
    return Rebuilt(
        written,
        same=tuple(path for path in made if path in known and made[path] == known[path]),
        differing=tuple(path for path in differing if path not in reworded),
        unknown=tuple(path for path in made if path not in known),
        gone=snapshot.gone,
        reworded=tuple(reworded),
    )


def _formats(paths: Iterable[str]) -> set[str]:
    return {path.split("/", 1)[0] for path in paths if "/" in path}


def choices_of(snapshot: Snapshot) -> tuple[Choice, ...]:
    """Return the formats in which a snapshot was written, each as it was last.

    Where it never was written, those that it was frozen for, else TRL's.
    """
    found = {
        path.split("/", 1)[0]: container
        for path in snapshot.files
        for container in CONTAINERS
        if "/" in path and path.endswith(f".{container}") and not path.endswith("/dataset_info.json")
    }
    found = found or {name: kind for name, kind in snapshot.report.get("formats", {}).items() if kind in CONTAINERS}
    return tuple(Choice(name, found[name]) for name in FORMATS if name in found) or (choice("trl"),)


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
