"""The shelf of written exports: whose each is, and deleting them whole."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import KeepingError
from lab.store import exports_shelf
from lab.store.exports_shelf import Shelved


def write(path: Path, manifest: object) -> Path:
    """Put an export with a manifest on the shelf."""
    (path / "trl").mkdir(parents=True)
    (path / "trl" / "train.jsonl").write_text('{"prompt": 1}\n')
    (path / "manifest.json").write_text(manifest if isinstance(manifest, str) else json.dumps(manifest))
    return path


def names(data_dir: Path) -> list[str]:
    return sorted(path.name for path in (data_dir / "exports").iterdir())


def test_a_shelf_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert exports_shelf.listed(tmp_path) == []
    assert exports_shelf.delete(tmp_path, ["s1"]) == 0
    assert list(tmp_path.iterdir()) == []


def test_each_export_is_of_the_snapshot_that_its_manifest_names(tmp_path: Path) -> None:
    shelf = tmp_path / "exports"
    one = write(shelf / "a", {"snapshot": "s1", "rows": 3})
    other = write(shelf / "b", {"snapshot": "s2"})
    with zipfile.ZipFile(shelf / "c.zip", "w") as archive:
        archive.write(one / "manifest.json", "a/manifest.json")
    with zipfile.ZipFile(shelf / "d.zip", "w") as archive:
        archive.write(other / "manifest.json", "manifest.json")
    assert exports_shelf.listed(tmp_path) == [
        Shelved(one, "s1"), Shelved(other, "s2"), Shelved(shelf / "c.zip", "s1"), Shelved(shelf / "d.zip", "s2"),
    ]  # fmt: skip
    assert exports_shelf.delete(tmp_path, {"s1", "s3"}) == 2
    assert names(tmp_path) == ["b", "d.zip"]
    assert exports_shelf.delete(tmp_path, {"s1"}) == 0


@pytest.mark.parametrize("manifest", ["", "{", "[]", "null", '{"snapshot": 5}', "{}", '"s1"', "[" * 100_000, "\ud800"])
def test_what_says_nothing_of_a_snapshot_is_nobodys_and_stays(tmp_path: Path, manifest: str) -> None:
    shelf = tmp_path / "exports"
    (write(shelf / "a", "") / "manifest.json").write_bytes(manifest.encode("utf-8", "surrogatepass"))
    (shelf / "empty").mkdir()
    (shelf / "half.zip").write_bytes(b"PK\x03\x04 half")
    (shelf / "notes.txt").write_text('{"snapshot": "s1"}')
    elsewhere = write(tmp_path / "elsewhere", {"snapshot": "s1"})
    (shelf / "link").symlink_to(elsewhere)
    assert {one.snapshot_id for one in exports_shelf.listed(tmp_path)} == {None}
    assert exports_shelf.delete(tmp_path, {"s1", "5"}) == 0
    assert names(tmp_path) == ["a", "empty", "half.zip", "link", "notes.txt"]
    assert (elsewhere / "manifest.json").exists()


def test_what_a_kill_left_of_a_deletion_goes_with_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "exports" / "a", {"snapshot": "s1"})
    write(tmp_path / "exports" / "b", {"snapshot": "s2"})

    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            exports_shelf.delete(tmp_path, {"s1"})
    assert [one.path.name for one in exports_shelf.listed(tmp_path)] == ["b"]
    assert len(names(tmp_path)) == 2
    assert exports_shelf.delete(tmp_path, {"nobody's"}) == 0
    assert names(tmp_path) == ["b"]


def test_one_that_cannot_be_deleted_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "exports" / "a", {"snapshot": "s1"})

    def refused(path: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(KeepingError, match=r"exports/a cannot be deleted: Permission denied.*delete it by hand"):
        exports_shelf.delete(tmp_path, {"s1"})


def test_a_snapshot_finds_its_folder_again_under_another_name(tmp_path: Path) -> None:
    first = exports_shelf.folder_for(tmp_path, "0192-abcdefabcdef", "Code pairs")
    assert first == tmp_path / "exports" / "Code-pairs-abcdefabcdef"
    assert not first.exists()
    write(first, {"snapshot": "0192-abcdefabcdef"})
    assert exports_shelf.folder_for(tmp_path, "0192-abcdefabcdef", "Renamed") == first


@given(name=st.text(max_size=100) | st.sampled_from(["../..", "/etc", "a/../b", "..", ".", "C:\\x", "con", "🙂" * 90]))
def test_no_name_leads_off_the_shelf(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    place = tmp_path_factory.getbasetemp()
    folder = exports_shelf.folder_for(place, "0192-0000-aaaabbbbcccc", name)
    assert folder.parent == place / "exports"
    assert folder.resolve().parent == (place / "exports").resolve()
    assert folder.name.endswith("-aaaabbbbcccc")
    assert len(folder.name.encode()) < 100
    assert not folder.name.startswith(".")
