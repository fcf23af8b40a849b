"""Folders in which exports are written: what a killed process left goes with the next export, what is in use stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lab.store import exports_shelf

_KILLED = """
import os, sys
from pathlib import Path
from lab.store import exports_shelf
with exports_shelf.making(Path(sys.argv[1])) as folder:
    (folder / "train.jsonl").write_text("half of it")
    os.kill(os.getpid(), 9)
"""


def test_what_a_killed_process_was_writing_goes_with_the_next_export(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], check=False)
    shelf = tmp_path / exports_shelf.FOLDER
    assert [path.name for path in shelf.rglob("train.jsonl")] == ["train.jsonl"]
    assert exports_shelf.listed(tmp_path) == []
    with exports_shelf.making(tmp_path) as folder:
        assert [path for path in shelf.iterdir() if path.is_dir()] == [folder]
    assert list(shelf.iterdir()) == []


def test_what_others_are_writing_stays(tmp_path: Path) -> None:
    with exports_shelf.making(tmp_path) as one, exports_shelf.making(tmp_path) as other:
        assert one.is_dir()
        assert other.is_dir()
        assert exports_shelf.listed(tmp_path) == []
    assert list((tmp_path / exports_shelf.FOLDER).iterdir()) == []


def test_a_deletion_on_request_takes_what_is_being_written(tmp_path: Path) -> None:
    with exports_shelf.making(tmp_path) as folder:
        exports_shelf.sweep(tmp_path, coming=True)
        assert not folder.exists()
    assert list((tmp_path / exports_shelf.FOLDER).iterdir()) == []
