"""The folders of written exports, under `exports` in the data directory: which snapshot each is of, and deleting them.

What is in them can be made again from the snapshot, without the rows that are gone since.
"""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from lab.errors import KeepingError
from lab.types import new_id

FOLDER = "exports"
MANIFEST = "manifest.json"
"""In it `snapshot` is the id of the snapshot that the export is of."""

_LEAVING, _COMING, _LOCK = ".deleting-", ".making-", ".lock"
_UNFIT = re.compile(r"[^\w-]+")
_MOST_NAME = 60  # characters of a folder's name, before what makes it the snapshot's own
_MOST_MANIFEST = 10_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Shelved:
    """A written export: its folder, or a zip of one. `snapshot_id` is None where nothing in it says whose it is."""

    path: Path
    snapshot_id: str | None


def folder_for(data_dir: Path, snapshot_id: str, name: str) -> Path:
    """Return the folder on the shelf for the export of a snapshot: the one that is there, or one to be made.

    The name of the snapshot is in that of the folder as far as every disk takes it, and never leads out of the shelf.
    """
    for one in listed(data_dir):
        if one.snapshot_id == snapshot_id and one.path.is_dir():
            return one.path
    fit = _UNFIT.sub("-", unicodedata.normalize("NFC", name)).strip("-")
    while len(fit.encode()) > _MOST_NAME:
        fit = fit[:-1]
    return data_dir / FOLDER / f"{fit or 'snapshot'}-{_UNFIT.sub('', snapshot_id)[-12:]}"


def listed(data_dir: Path) -> list[Shelved]:
    """Return what is on the shelf, by name; what is being deleted is left out. Raises KeepingError."""
    shelf = data_dir / FOLDER
    try:
        there = sorted(shelf.iterdir()) if shelf.is_dir() else []
    except OSError as err:
        raise KeepingError(f"{shelf} cannot be read: {err.strerror or err}. Check whether it may be read.") from err
    return [Shelved(path, _snapshot_of(path)) for path in there if not path.name.startswith((_LEAVING, _COMING))]


@contextmanager
def making(data_dir: Path) -> Iterator[Path]:
    """Give a folder beside the shelf's others to write an export in; what is still in it when the block ends goes.

    A deletion on request takes it away, since what is being written may hold the text. What killed processes left of
    theirs goes first. Raises KeepingError.
    """
    folder = data_dir / FOLDER / f"{_COMING}{new_id()}"
    lock = _lock_of(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep_left(folder.parent)
        lock.acquire(timeout=0)
        folder.mkdir()
    except OSError as err:
        raise KeepingError(f"{folder} cannot be made: {err.strerror or err}. Check whether it may be written.") from err
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


def _lock_of(folder: Path) -> FileLock:
    """Return the lock that says that somebody is writing in a folder; it goes with the process, however that ends."""
    return FileLock(folder.with_name(f"{folder.name}{_LOCK}"))


def _sweep_left(shelf: Path) -> None:
    """Delete the folders in which nobody is writing any more."""
    for folder in shelf.glob(f"{_COMING}*"):
        if folder.is_dir() and not folder.is_symlink():
            lock = _lock_of(folder)
            with suppress(Timeout), lock.acquire(timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
                Path(lock.lock_file).unlink(missing_ok=True)


def replace(data_dir: Path, snapshot_id: str, made: Collection[Path]) -> None:
    """Move what was made to the shelf, in the place of the exports of a snapshot that are there.

    Raises KeepingError where that cannot be done; then the snapshot may have no export, and can be written again.
    """
    delete(data_dir, [snapshot_id])
    for path in made:
        try:
            path.rename(data_dir / FOLDER / path.name)
        except OSError as err:
            raise KeepingError(
                f"{path.name} could not be put among the exports: {err.strerror or err}. Write the files again."
            ) from err


def delete(data_dir: Path, snapshot_ids: Collection[str]) -> int:
    """Delete the exports of snapshots and return how many there were; zips of them too.

    Each leaves the shelf whole, and what a kill leaves of it is deleted the next time. Raises KeepingError for one that
    cannot be deleted; the others may be by then.
    """
    leaving = [one for one in listed(data_dir) if one.snapshot_id in snapshot_ids]
    for one in leaving:
        try:
            one.path.rename(one.path.with_name(f"{_LEAVING}{new_id()}"))
        except FileNotFoundError:
            continue  # another deletion took it
        except OSError as err:
            raise _not_deleted(one.path, err) from err
    sweep(data_dir)
    return len(leaving)


def sweep(data_dir: Path, *, coming: bool = False) -> None:
    """Delete what a deletion that was killed left behind, and what is `coming`: being written, or left by a kill.

    Raises KeepingError.
    """
    shelf = data_dir / FOLDER
    for path in (*shelf.glob(f"{_LEAVING}*"), *(shelf.glob(f"{_COMING}*") if coming else ())):
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except FileNotFoundError:
            continue  # another deletion is at it
        except OSError as err:
            raise _not_deleted(path, err) from err


def _snapshot_of(path: Path) -> str | None:
    if path.is_symlink():
        return None  # deleting it would leave what it leads to
    with suppress(OSError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile):  # RuntimeError: under a password
        said = json.loads(_manifest(path))
        found = said.get("snapshot") if isinstance(said, dict) else None
        return found if isinstance(found, str) else None
    return None


def _manifest(path: Path) -> bytes:
    """Return the manifest of a folder, or of a zip, where it lies on top or in the one folder there."""
    if path.is_dir():
        with (path / MANIFEST).open("rb") as file:
            return file.read(_MOST_MANIFEST)
    with zipfile.ZipFile(path) as archive:
        name = next(one for one in [*archive.namelist(), MANIFEST] if one.rpartition("/")[2] == MANIFEST)
        with archive.open(name) as file:
            return file.read(_MOST_MANIFEST)


def _not_deleted(path: Path, err: OSError) -> KeepingError:
    return KeepingError(
        f"{path} cannot be deleted: {err.strerror or err}. It holds what is to be deleted: allow writing there, or "
        "delete it by hand, then do this again."
    )
