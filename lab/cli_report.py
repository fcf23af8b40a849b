"""The report on a file that is taken in, written from the shell: over nothing that is there."""

from __future__ import annotations

import os
from pathlib import Path

from lab.errors import DatasetError, StoreError


def check_report(path: Path, file: Path) -> None:
    """Refuse to write the report over anything, the file that is added above all. Raises DatasetError."""
    if file.exists() and path.exists() and path.samefile(file):
        raise DatasetError(f"--report names {path}, the file to add, which it would overwrite. Name another file.")
    if os.path.lexists(path):
        raise DatasetError(f"--report names {path}, which is there already. Name a file that is not, or remove it.")
    if not path.parent.is_dir():
        raise DatasetError(f"The report cannot be written to {path}: there is no folder {path.parent}. Make it first.")


def write_report(path: Path, content: bytes, so_far: str) -> None:
    """Write the report to a file that was not there. Raises StoreError, which says what was done `so_far`."""
    try:
        with path.open("xb") as file:
            file.write(content)
    except OSError as err:
        raise StoreError(
            f"{so_far}, but the report cannot be written to {path}: {err.strerror}. Add the file again with another "
            "--report: the same rows are not stored twice."
        ) from err
