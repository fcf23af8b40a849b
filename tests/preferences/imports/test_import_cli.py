"""`python -m lab preferences add`: what a shell sees of a file of preferences."""

from __future__ import annotations

import json

import pytest

from lab import cli
from lab.store import annotators, ballots, open_store

ROW = {"prompt": "Q", "chosen": "good", "rejected": "bad"}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A data folder of its own."""
    monkeypatch.setenv("LAB_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def run(capsys, *argv):
    status = cli.main(["preferences", "add", *map(str, argv)])
    out, err = capsys.readouterr()
    return status, out, err


def file(here, *rows, name="pairs.jsonl"):
    path = here / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_file_goes_in_once_and_says_what_was_left_out(capsys, here):
    path, report = file(here, ROW, {**ROW, "prompt": "R", "chosen": "bad"}, {"a": 1}), here / "left-out.csv"
    status, out, err = run(capsys, path, "--report", report)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "1 of 3 rows of pairs.jsonl (TRL, JSON Lines) can be used: 1 pair; left out: 1 unknown columns, "
        "1 equal answers (they make no duel).",
        "'pairs.jsonl' is in: 1 duel is new, 1 vote was added.",
    ]
    assert report.read_text(encoding="utf-8-sig").splitlines()[1].startswith("2,equal answers,")
    status, out, _ = run(capsys, path, "--name", "another")
    assert status == 0
    assert "This file went in as 'pairs.jsonl' on " in out
    assert "With --report FILE.csv" in out


def test_a_name_is_the_annotators(capsys, here):
    run(capsys, file(here, ROW), "--name", "my pairs")
    store = open_store(None, here / "data")
    assert [one.name for one in annotators.listed(store)] == ["import:my pairs"]
    assert len(ballots.listed(store)) == 1
    store.close()


def test_json_says_the_same_for_programs(capsys, here):
    status, out, _ = run(capsys, file(here, ROW, ROW), "--json")
    said = json.loads(out)
    assert (status, said["new"], said["batch"]["name"]) == (0, True, "pairs.jsonl")
    assert (said["went_in"]["duels"], said["went_in"]["votes"]) == (1, 1)
    assert said["report"] == {
        "rows": 2, "pairs": 1, "thumbs": 0, "schemas": {"TRL": 1}, "left_out": {"duplicate": 1}
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n....", "a picture"),
        (b'{"data": {"x": 1}}', "holds no preferences: it has 'data'"),
        (b'[{"prompt": "Q", "chosen": "a", "rej', "begins like JSON but is not"),
        (b'{"prompt": "Q", "chosen": "a", "rejected": "A"}', "No row of pairs.json can be used: 1 equal answers"),
    ],
)
def test_a_bad_file_is_a_sentence_and_status_2(capsys, here, content, words):
    path = here / "pairs.json"
    path.write_bytes(content)
    status, out, err = run(capsys, path)
    assert (status, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_a_bad_name_and_a_file_that_is_not_there(capsys, here):
    assert run(capsys, here / "no.json")[0] == 2
    status, _, err = run(capsys, file(here, ROW), "--name", "a\x1b[31m")
    assert status == 2
    assert "U+001B" in err


def test_a_report_is_written_over_nothing_and_also_where_no_row_can_be_used(capsys, here):
    path = file(here, {**ROW, "chosen": "bad"})
    status, _, err = run(capsys, path, "--report", path)
    assert (status, "which it would overwrite" in err) == (2, True)
    report = here / "report.csv"
    status, _, err = run(capsys, path, "--report", report)
    assert status == 2
    assert "equal answers" in report.read_text(encoding="utf-8-sig")
