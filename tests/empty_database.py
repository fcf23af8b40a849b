"""A database file with the lab's tables and no rows: made once a process and copied, which spares the migrations."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path


def put_into(folder: Path) -> Path:
    """Put lab.db into a folder that has none, as its first opening would, and return its path."""
    path = folder / "lab.db"
    with path.open("xb") as file:
        file.write(_content())
    return path


@cache
def _content() -> bytes:
    from lab.store import upgrade

    with tempfile.TemporaryDirectory() as folder:
        upgrade(data_dir=Path(folder))
        left = sorted(path.name for path in Path(folder).iterdir())
        assert left == ["lab.db", "lab.db.lock"], f"the tables are not all in one file: {left}"
        return (Path(folder) / "lab.db").read_bytes()
