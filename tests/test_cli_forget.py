"""`python -m lab db forget`: a text or a person, seen first, then deleted, on record."""

from __future__ import annotations

import io
import json

import pytest

from lab import cli
from lab.exported import NewFrozenRow
from lab.judging import NewDuel, Side
from lab.messages import Message
from lab.store import (
    annotators,
    backup,
    deletion,
    duels,
    events,
    exports_shelf,
    open_store,
    snapshot_rows,
    snapshots,
    versions,
)
from lab.types import Decision, Expert, Layer, RouterConfig, Timings

SECRET = "maria.huber@example.org"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A data folder of its own."""
    monkeypatch.setenv("LAB_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def store(here):
    """A database with the address in one event, and one annotator."""
    opened = open_store(data_dir=here)
    config = RouterConfig("semantic", (Expert("a", utterances=("hello",)),), fallback="a")
    version = versions.seed(opened, config, "minilm-1")
    prompt = f"Write to \x1b[31m{SECRET}"
    events.record(
        opened, "e1", source="cli", conversation=[Message("user", prompt)], router_version_id=version.id,
        decision=Decision(prompt, "a", Layer.FALLBACK, None, None, (), Timings()), encoder_fingerprint="minilm-1",
    )  # fmt: skip
    annotators.add(opened, "a1", "Maria Huber", pin_hash=None, link_hash=None)
    yield opened
    opened.close()


def run(capsys, *argv):
    status = cli.main(["db", "forget", *argv])
    out, err = capsys.readouterr()
    return status, out, err


def test_what_holds_it_is_shown_and_nothing_is_deleted_without_a_yes(store, capsys):
    status, out, err = run(capsys, "--text", SECRET)
    assert status == 2
    assert "routing_event.prompt: Write to \\x1b[31m" in out
    assert err == "lab: This deletes it in 1 event, for good. Nothing was deleted. Say --yes to do it.\n"
    assert SECRET in events.get(store, "e1").decision.prompt


def test_a_text_is_deleted_everywhere(store, capsys, here):
    backup.backup(store)
    status, out, _ = run(capsys, "--text", SECRET, "--yes")
    assert status == 0
    assert "Deleted: 1 event. The record of it says when and how much, not what." in out
    assert "1 backup from before may still hold it" in out
    assert events.get(store, "e1").decision.prompt == "[deleted on request]"
    assert SECRET.encode() not in (here / "lab.db").read_bytes()
    [made] = deletion.records(store)
    assert (made.what, made.counts) == ("text", {"routing_event": 1})
    assert run(capsys, "--text", SECRET)[:2] == (0, "Nothing that can be deleted holds it.\n")


def test_what_snapshots_lose_is_shown_and_their_exports_are_deleted(store, capsys, here):
    one, other = (Side(name, f"An answer, {said}", "a", "mock", "m") for name, said in (("r1", SECRET), ("r2", "well")))
    [added] = duels.add(store, [NewDuel((Message("user", "Who?"),), "", one, other, origin="bulk", rule="random")])
    snapshots.begin(store, "s1", name="mine", family="main", spec={}, spec_hash="h")
    snapshot_rows.add(store, "s1", [NewFrozenRow(0, added.duel_id, "r1", "r2", "train", "h")])
    snapshots.freeze(store, "s1", report={}, content_hash="c", sides={})
    folder = exports_shelf.folder_for(here, "s1", "mine")
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"snapshot": "s1"}')
    (here / "exports" / "other").mkdir()
    _, out, err = run(capsys, "--text", SECRET)
    assert "snapshot mine: 1 of its 1 rows are gone from now on" in out
    assert f"export {folder}: deleted; `python -m lab snapshot rebuild` writes it again without those rows" in out
    assert f"not looked through: {here / 'exports' / 'other'} does not say which snapshot it is of" in out
    assert "in 1 event, 1 answer, 1 row of a snapshot, 1 written export, for good" in err
    assert folder.exists()
    assert run(capsys, "--text", SECRET, "--yes")[0] == 0
    assert not folder.exists()


def test_a_text_that_shall_not_stand_in_the_history_of_the_shell_comes_from_standard_input(store, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    status, out, _ = run(capsys, "--text", "-", "--yes", "--json", "--delete-backups")
    said = json.loads(out)
    assert status == 0
    assert (said["deleted"], said["bytes_left"], said["backups_deleted"]) == ({"routing_event": 1}, None, 0)


def test_a_person_is_removed_by_name(store, capsys):
    backup.backup(store)
    assert run(capsys, "--annotator", "maria  HUBER")[0] == 2
    status, out, _ = run(capsys, "--annotator", "maria  HUBER", "--yes", "--votes", "--delete-backups")
    assert status == 0
    assert "Deleted: 1 annotator." in out
    assert "1 backup from before deleted." in out
    assert annotators.get(store, "a1").name == "removed annotator 1"
    assert backup.listed(store.address) == []
    status, _, err = run(capsys, "--annotator", "Maria Huber", "--yes")
    assert (status, "Nobody here is called 'Maria Huber'. There is: nobody yet." in err) == (2, True)


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["--text", "ab"], "'ab' is too short to look for"),
        (["--text", SECRET, "--votes"], "--votes goes with --annotator"),
        (["--annotator", "Nobody"], "Nobody here is called 'Nobody'. There is: 'Maria Huber'."),
    ],
)
def test_bad_input_is_one_line(store, capsys, argv, says):
    status, _, err = run(capsys, *argv)
    assert status == 2
    assert says in err
    assert err.count("\n") == 1


def test_a_database_that_is_not_there_is_not_made(capsys, here):
    status, _, err = run(capsys, "--text", SECRET)
    assert (status, "There is no database at" in err) == (2, True)
    assert not here.exists()


def test_bytes_that_could_not_be_rewritten_fail_the_command(store, capsys, monkeypatch):
    from lab.errors import StoreError
    from lab.preferences import erasure

    def fails(_):
        raise StoreError("its bytes may still be in lab.db")

    monkeypatch.setattr(erasure, "scrub", fails)
    status, out, err = run(capsys, "--text", SECRET, "--yes")
    assert (status, err) == (1, "lab: its bytes may still be in lab.db\n")
    assert "Deleted: 1 event" in out
