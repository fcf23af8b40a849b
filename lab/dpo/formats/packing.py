"""An export as one ZIP file: the same files give the same bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

from lab.dpo.formats.placing import whole_file
from lab.errors import ExportError

_BEGINNING = (1980, 1, 1, 0, 0, 0)  # the first moment that a ZIP file can name
_UNIX, _PLAIN_FILE = 3, 0o100644 << 16
_AT_ONCE = 1024 * 1024  # bytes


def zipped(folder: Path, to: Path, *, check: Callable[[], None] | None = None) -> Path:
    """Pack the files of a folder into the new ZIP file `to` and return its place; they stand under the folder's name.

    `check` may raise to stop; then nothing is left. Raises ExportError for a folder that is none or has no files, a
    file that is there already, one inside the folder, and a full disk.
    """
    folder, to = folder.expanduser().absolute(), to.expanduser().absolute()
    if not folder.is_dir():
        raise ExportError(f"{folder} is no folder. Export first, or name another one.")
    if to.is_relative_to(folder):
        raise ExportError(f"{to} lies in the folder that it would hold. Name a place outside of {folder}.")
    files = sorted((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())
    if not files:
        raise ExportError(f"{folder} has no files. Export first, or name another folder.")
    with whole_file(to) as making, zipfile.ZipFile(making, "x") as archive:
        for name, path in files:
            _add(archive, f"{folder.name}/{name}", path, check)
    return to


def _add(archive: zipfile.ZipFile, name: str, path: Path, check: Callable[[], None] | None) -> None:
    entry = zipfile.ZipInfo(name, _BEGINNING)
    entry.create_system, entry.external_attr = _UNIX, _PLAIN_FILE
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.file_size = path.stat().st_size  # tells whether it needs the large kind of entry
    with path.open("rb") as source, archive.open(entry, "w") as packed:
        while block := source.read(_AT_ONCE):
            if check is not None:
                check()
            packed.write(block)
