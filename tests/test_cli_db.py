"""`python -m lab db`: backups, checks and restoring from the shell; exit 2 and one line on bad input."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from lab import cli
from lab.messages import Message
from lab.store import events, open_store, versions
from lab.types import Decision, Expert, Layer, RouterConfig, Timings


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A data folder of its own."""
    data = tmp_path / "data"
    monkeypatch.setenv("LAB_DATA_DIR", str(data))
    return data


@pytest.fixture
def store(here):
    opened = open_store(data_dir=here)
    yield opened
    opened.close()


def record(store, event_id):
    config = RouterConfig("semantic", (Expert("a", utterances=("hello",)),), fallback="a")
    version = versions.seed(store, config, "minilm-1")
    events.record(
        store, event_id, source="cli", conversation=[Message("user", event_id)], router_version_id=version.id,
        decision=Decision(event_id, "a", Layer.FALLBACK, None, None, (), Timings()), encoder_fingerprint="minilm-1",
    )  # fmt: skip


def run(capsys, *argv):
    status = cli.main(["db", *argv])
    out, err = capsys.readouterr()
    return status, out, err


def test_upgrading_what_needs_none_says_so(capsys, here):
    assert run(capsys, "upgrade")[:2] == (0, "The database is up to date.\n")
    status, out, _ = run(capsys, "upgrade", "--json")
    assert (status, json.loads(out)["backup"]) == (0, None)
    assert (here / "lab.db").exists()


def test_a_backup_is_made_listed_checked_and_restored(store, capsys, here):
    record(store, "kept")
    status, out, _ = run(capsys, "backup")
    assert status == 0
    assert "1 event, 1 router version, 1 other row. It was checked and is whole." in out
    record(store, "since")
    status, out, _ = run(capsys, "backups")
    assert "revision 0004, 1 event" in out
    name = out.split(":")[0]
    status, out, _ = run(capsys, "check", name)
    assert (status, "is whole: revision" in out) == (0, True)
    status, _, err = run(capsys, "restore", name)
    assert status == 2
    assert err.startswith("lab: This takes away what came after the backup: 1 event. The present database is kept")
    assert err.endswith("Nothing was restored. Say --yes to do it.\n")
    assert len(events.recent(store)) == 2
    status, out, _ = run(capsys, "restore", name, "--yes")
    assert status == 0
    assert "lab.db holds lab-0004-" in out
    assert "What was there before is" in out
    assert [event.id for event in events.recent(store)] == ["kept"]


def test_json_says_the_same(store, capsys, here, tmp_path):
    record(store, "kept")
    status, out, _ = run(capsys, "backup", str(tmp_path / "x.db"), "--json")
    made = json.loads(out)
    assert (status, made["file"], made["rows"]["routing_event"], made["fault"]) == (0, str(tmp_path / "x.db"), 1, None)
    assert run(capsys, "backups", "--json")[1] == ""
    found = json.loads(run(capsys, "check", "--json")[1])
    assert (found["revision"], found["older"], found["rows"]["routing_event"]) == ("0004", False, 1)
    record(store, "since")
    done = json.loads(run(capsys, "restore", str(tmp_path / "x.db"), "--yes", "--json")[1])
    assert done["taken_away"] == {"routing_event": 1}
    assert Path(done["kept"]).exists()
    assert json.loads(run(capsys, "backups", "--json")[1])["file"] == done["kept"]


def test_somebody_at_a_terminal_is_asked(store, capsys, here, tmp_path, monkeypatch):
    run(capsys, "backup", str(tmp_path / "x.db"))
    for answer, count in (("no\n", 1), ("", 1), ("Yes\n", 0)):
        record(store, "since")
        typed = io.StringIO(answer)
        typed.isatty = lambda: True
        monkeypatch.setattr(sys, "stdin", typed)
        status, _, err = run(capsys, "restore", str(tmp_path / "x.db"))
        assert "Type yes to go on: " in err
        assert (status, len(events.recent(store))) == (0 if count == 0 else 2, count)


def test_nothing_is_asked_where_nothing_is_lost(store, capsys, tmp_path):
    record(store, "kept")
    run(capsys, "backup", str(tmp_path / "x.db"))
    assert run(capsys, "restore", str(tmp_path / "x.db"))[0] == 0


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["check"], "There is no database at"),
        (["backup"], "There is no database at"),
        (["check", "nothing.db"], "nothing.db is not there. Name the file of a backup"),
        (["restore", "nothing.db"], "nothing.db is not there. Name the file of a backup"),
        (["restore", "."], ". is a folder"),
        (["check", __file__], "is no whole database"),
        (["restore", __file__, "--yes"], "is no whole database"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_made(capsys, here, argv, says):
    status, out, err = run(capsys, *argv)
    assert (status, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1
    assert not here.exists()


def test_a_place_that_is_taken_and_a_newer_backup_are_bad_input(store, capsys, tmp_path):
    target = tmp_path / "x.db"
    run(capsys, "backup", str(target))
    status, _, err = run(capsys, "backup", str(target))
    assert (status, "is there already, and nothing is overwritten" in err) == (2, True)
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    status, _, err = run(capsys, "restore", str(target), "--yes")
    assert (status, "is of revision 9999, which this lab does not know" in err) == (2, True)


def test_a_damaged_database_fails_its_check_and_can_be_restored(store, capsys, here):
    record(store, "kept")
    run(capsys, "backup")
    store.close()
    content = bytearray((here / "lab.db").read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    (here / "lab.db").write_bytes(content)
    status, _, err = run(capsys, "check")
    assert status == 1
    assert "is damaged (" in err
    assert "restore the newest file of its backups folder: `python -m lab db restore FILE`" in err
    name = run(capsys, "backups")[1].split(":")[0]
    status, _, err = run(capsys, "restore", name)
    assert (status, "nobody can tell what this takes away" in err) == (2, True)
    assert run(capsys, "restore", name, "--yes")[0] == 0
    assert run(capsys, "check")[0] == 0
    assert [event.id for event in events.recent(store)] == ["kept"]


def test_on_a_server_a_backup_is_the_servers_own(capsys, monkeypatch, postgres):
    from postgres_server import database

    with database(postgres) as url:
        monkeypatch.setenv("LAB_DATABASE_URL", url)
        status, out, _ = run(capsys, "check")
        assert (status, "is whole: revision 0004, no rows." in out) == (0, True)
        for argv in (["backup"], ["restore", "x.db"]):
            status, _, err = run(capsys, *argv)
            assert (status, "pg_dump --format=custom" in err) == (2, True)
        assert run(capsys, "upgrade")[0] == 0
        assert run(capsys, "backups")[0] == 0


def test_the_commands_are_there_in_a_process_of_their_own(here):
    done = subprocess.run(
        [sys.executable, "-m", "lab", "db", "backups"],
        cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "There is no backup yet. Make one: python -m lab db backup\n")
