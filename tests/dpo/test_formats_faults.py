"""What can go wrong between the rows and the disk: nothing is overwritten, and nothing half-written is left."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from export_rows import CARD, LIKED, PLAIN, ROWS, many

from lab.dpo.formats import FORMATS, choice, placing, sinks, write, zipped
from lab.errors import ExportError
from lab.messages import Message

MAIN = [choice(name) for name, form in FORMATS.items() if form.main]


def export(folder, rows=ROWS, choices=MAIN, card=CARD):
    return write(rows, [LIKED], choices, folder, card)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# ------------------------------------------------------------------------------------------------------------ places


def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path):
    mine = tmp_path / "out"
    mine.mkdir()
    (mine / "mine.txt").write_text("mine")
    with pytest.raises(ExportError, match=r"out is there and holds 'mine\.txt'; nothing is overwritten\. Name another"):
        export(mine)
    assert (names(tmp_path), names(mine)) == (["out"], ["mine.txt"])
    export(tmp_path / "again")
    with pytest.raises(ExportError, match="holds 'hf' and more; nothing is overwritten"):
        export(tmp_path / "again")


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "out").mkdir()
    export(tmp_path / "out")
    assert "manifest.json" in names(tmp_path / "out")


def test_a_link_to_an_empty_folder_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    export(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert "manifest.json" in names(tmp_path / "real")


def test_a_file_in_its_place_is_left_as_it_is(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ExportError, match=r"A file is there already: .*out; nothing is overwritten"):
        export(tmp_path / "out")
    with pytest.raises(ExportError, match="out is no folder, or lies in none"):
        export(tmp_path / "out" / "deeper")
    assert (tmp_path / "out").read_text() == "mine"
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize(
    ("place", "words"),
    [("a\0b", "names no place"), ("~nobody-is-called-so/x", "names no place"), ("x" * 300, "cannot be written")],
)
def test_a_name_that_no_folder_can_have(tmp_path, place, words):
    with pytest.raises(ExportError, match=words):
        export(Path(place) if place.startswith("~") else tmp_path / place)
    assert names(tmp_path) == []


def test_who_was_quicker_keeps_the_place(tmp_path):
    def slowly():
        yield from ROWS
        export(tmp_path / "out", choices=[choice("trl")])

    with pytest.raises(ExportError, match="nothing is overwritten"):
        export(tmp_path / "out", rows=slowly())
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["manifest.json", "rows.jsonl", "trl"]


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    def refuse(*_given, **_named):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(placing.Path, "mkdir", refuse)
    with pytest.raises(ExportError, match=r"out cannot be written \(Permission denied\)\. Allow writing there"):
        export(tmp_path / "out")


@pytest.mark.parametrize("foreign", ["../../escaped", "/tmp/escaped", "a/b", "..", "a\nb", "\x00"])
def test_names_never_make_a_path(tmp_path, foreign):
    card = replace(CARD, name=foreign, snapshot_id=foreign, licence=foreign, spec={"family": foreign})
    row = replace(PLAIN, duel_id=foreign, chosen_by=foreign, query_type=foreign, origin=foreign)
    out = tmp_path / "deep" / "down" / "out"
    written = export(out, [row], card=card)
    there = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.relative_to(out).as_posix() for path in there} == set(written.files)
    assert set(written.files) == set(export(tmp_path / "plain", [PLAIN]).files)


def test_a_side_that_is_none_makes_no_path(tmp_path):
    with pytest.raises(
        ExportError, match=r"The row of the duel duel-1 stands on the side '\.\./\.\./x'; there are train"
    ):
        export(tmp_path / "out", [replace(PLAIN, split="../../x")])
    assert names(tmp_path) == []


def test_half_a_character_is_named_and_nothing_is_left(tmp_path):
    rows = [*ROWS, replace(PLAIN, duel_id="duel-9", turns=(Message("user", "a\ud83d"),))]
    with pytest.raises(ExportError, match=r"the duel duel-9 holds half a character \(U\+D83D\).* Exclude that row"):
        export(tmp_path / "out", rows)
    assert names(tmp_path) == []


# ------------------------------------------------------------------------------------------------------- a full disk


@pytest.mark.parametrize("word", ["trl", "llamafactory", "hf", "trl:parquet"])
@pytest.mark.parametrize("room", [0, 3, 5_000, 150_000])
def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch, word, room):
    class SmallFile(sinks.HashedFile):
        def write(self, data):
            if self.bytes + len(data) > room and not self._dropping:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    monkeypatch.setattr(sinks, "HashedFile", SmallFile)
    rows = [replace(row, rejected=os.urandom(100).hex()) for row in many(5_000)]
    with pytest.raises(
        ExportError, match=r"The disk that holds .* is full, so nothing was exported\. Free .*, then try"
    ):
        export(tmp_path / "out", rows, [choice(word)])
    assert names(tmp_path) == []


def test_a_disk_that_is_really_full(small_disk):
    rows = [replace(row, rejected=os.urandom(500).hex()) for row in many(5_000)]
    for word in ("trl", "hf"):
        with pytest.raises(ExportError, match=r"is full, so nothing was exported\. Free at least [\d.]+ MB, then try"):
            export(small_disk / "out", rows, [choice(word)])
        assert names(small_disk) == []


def test_a_zip_on_a_full_disk(tmp_path, small_disk):
    rows = [replace(row, rejected=os.urandom(500).hex()) for row in many(5_000)]
    folder = export(tmp_path / "out", rows, [choice("trl")]).folder
    with pytest.raises(ExportError, match="is full, so nothing was exported"):
        zipped(folder, small_disk / "out.zip")
    assert names(small_disk) == []


# ---------------------------------------------------------------------------------------------------- a killed process

KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, "tests/dpo")
from export_rows import CARD, many
from lab.dpo.formats import choice, write

def rows():
    yield from many(5_000)
    print("under way", flush=True)
    sys.stdin.read()

write(rows(), [], [choice("trl"), choice("hf")], Path(sys.argv[1]), CARD)
"""


def test_a_killed_process_leaves_no_half_folder_and_the_next_one_clears_up(tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-c", KILLED, str(out)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], text=True, **pipes) as process:
        assert process.stdout.readline() == "under way\n"
        (making,) = tmp_path.iterdir()
        assert making != out
        write(ROWS, [], [choice("trl")], tmp_path / "meanwhile", CARD)
        assert making.exists()  # whoever makes it still lives
        process.send_signal(signal.SIGKILL)
    assert names(tmp_path) == sorted([making.name, "meanwhile"])
    export(out)
    assert names(tmp_path) == ["meanwhile", "out"]


def test_what_others_left_stays(tmp_path):
    me = placing.this_process()
    host = placing._mark_of(socket.gethostname())
    kept = [
        f".exporting.{placing._mark_of('another host')}.1.x.1.id",  # nobody can tell whether it lives
        placing._own_name(),  # another thread of this process
        ".exporting",
        ".exporting.mine",
        f".exporting.{host}.x.y.z",
    ]
    for name in kept:
        (tmp_path / name).mkdir()
    (tmp_path / f".exporting.{host}.{me.pid}.an-earlier-boot.1.id").write_text("a file that was not packed to its end")
    export(tmp_path / "out")
    assert names(tmp_path) == sorted([*kept, "out"])
