"""Folders and files that appear whole or not at all: made under another name beside their place, then moved in."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.errors import ExportError
from lab.store.faults import is_full
from lab.store.owner import Process, is_gone, this_process
from lab.types import new_id

_MARK = ".exporting"
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a new folder to write into, which becomes `folder` when the block ends; if it raises, nothing is left.

    `folder` may be there if it is empty. What killed processes left beside it is deleted. Raises ExportError for a
    place that is taken or cannot be written, and for a full disk.
    """
    with _beside(folder) as (making, target):
        refuse_taken(target)
        making.mkdir()
        yield making
        for path in [making, *making.rglob("*")]:
            if path.is_dir():
                sync(path)
        try:
            os.replace(making, target)
        except OSError:
            refuse_taken(target)  # somebody else was quicker
            raise


@contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """Give the name of a file to write, which becomes `file` when the block ends; if it raises, nothing is left.

    Raises ExportError as `whole_folder`, for a file that is there too.
    """
    with _beside(file) as (making, target):
        _refuse_file(target)
        yield making
        sync(making)
        try:
            os.link(making, target)  # unlike a renaming, this never replaces a file
        except OSError:
            _refuse_file(target)
            os.rename(making, target)  # a disk that knows no links
        making.unlink(missing_ok=True)


@contextmanager
def _beside(place: Path) -> Iterator[tuple[Path, Path]]:
    """Give a name beside a place, and the place. Delete what stands under that name where the block raises."""
    try:
        target = Path(os.path.realpath(place.expanduser()))
    except (OSError, ValueError, RuntimeError) as err:  # a NUL, a user who is not there
        raise ExportError(f"{str(place)!r} names no place: {err}. Name another one.") from err
    making = target.with_name(_own_name()) if target.name else target / _own_name()
    try:
        _make_parent(target)
        yield making, target
    except BaseException as err:
        written = _size(making)
        shutil.rmtree(making, ignore_errors=True)
        with contextlib.suppress(OSError):
            making.unlink(missing_ok=True)
        if isinstance(err, OSError):
            raise ExportError(_refusal(target, err, written)) from err
        raise
    with contextlib.suppress(OSError):  # it is in its place by now, and not every disk can do this with a folder
        sync(target.parent)


def _make_parent(target: Path) -> None:
    """Make the folder that the target lies in, and clear it of what dead processes left. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for path in target.parent.glob(f"{_MARK}.*"):
        if _is_left_behind(path.name):
            shutil.rmtree(path, ignore_errors=True)
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """See to it that a file, or the names in a folder, are safely on the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ------------------------------------------------------------------------------------------------------------- names


def _own_name() -> str:
    """Return a name that nobody else uses, and that tells which process does."""
    me = this_process()
    return ".".join((_MARK, _mark_of(me.host), str(me.pid), me.start.replace(":", "."), new_id()))


def _is_left_behind(name: str) -> bool:
    """Tell whether a name is one of a process that has certainly ended."""
    parts = name.removeprefix(f"{_MARK}.").split(".")
    host = socket.gethostname()
    if len(parts) < 4 or parts[0] != _mark_of(host) or not parts[1].isdecimal():
        return False
    return is_gone(Process(host, int(parts[1]), ":".join(parts[2:-1])))


def _mark_of(host: str) -> str:
    return hashlib.sha256(host.encode()).hexdigest()[:12]


# ---------------------------------------------------------------------------------------------------------- refusing


def refuse_taken(target: Path) -> None:
    """Raise ExportError for a place at which something stands; an empty folder is nothing."""
    if target.is_dir():
        inside = sorted(path.name for path in target.iterdir())
        if inside:
            held = f"{inside[0]!r}{' and more' if len(inside) > 1 else ''}"
            raise ExportError(
                f"The folder {target} is there and holds {held}; nothing is overwritten. "
                "Name another folder, or empty this one."
            )
    else:
        _refuse_file(target)


def refuse_unwritable(folder: Path) -> None:
    """Raise ExportError where a folder cannot be made; it is tried, and nothing of the trial is left."""
    made: list[Path] = []
    try:
        for path in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
            path.mkdir()
            made.append(path)
        if not made and not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as err:
        raise ExportError(f"{folder} cannot be made: {err.strerror or err}. Name another place.") from err
    finally:
        for path in reversed(made):
            path.rmdir()


def _refuse_file(target: Path) -> None:
    if target.exists():
        what = "folder" if target.is_dir() else "file"
        raise ExportError(f"A {what} is there already: {target}; nothing is overwritten. Name another place.")


def _refusal(target: Path, err: OSError, written: int) -> str:
    if err.errno in _FULL or is_full(target.parent):
        size = f"at least {written / 1e6:,.1f} MB" if written else "some space"
        return f"The disk that holds {target.parent} is full, so nothing was exported. Free {size}, then try again."
    if isinstance(err, FileExistsError | NotADirectoryError):
        return f"{target.parent} is no folder, or lies in none. Name another folder, or move the file in its place."
    return f"{target} cannot be written ({err.strerror or err}). Allow writing there, or name another place."


def _size(path: Path) -> int:
    """Return how many bytes a file, or the files of a folder, hold; as far as that can be told."""
    with contextlib.suppress(OSError):
        if path.is_dir():
            return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
        return path.stat().st_size
    return 0
