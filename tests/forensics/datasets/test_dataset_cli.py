"""`python -m lab dataset`: what a shell sees of datasets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dataset_case import csv_of

from lab import cli
from lab.errors import StoreError
from lab.forensics.datasets import shelf


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own."""
    monkeypatch.setenv("LAB_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def run(capsys, *argv):
    status = cli.main(["dataset", *map(str, argv)])
    out, err = capsys.readouterr()
    return status, out, err


def file(here: Path, *lines: str, name: str = "mine.csv") -> Path:
    path = here / name
    path.write_bytes(csv_of(*lines))
    return path


def test_a_file_is_added_listed_shown_and_deleted(capsys, here):
    path = file(here, "text,category", "hi there,chat", "what is entropy,code", "HI  there,chat")
    status, out, _ = run(capsys, "add", path, "--map", "chat=zoomer", "--map", "code=none", "--name", "My set")
    assert status == 0
    assert "2 of 3 rows of mine.csv (CSV) can be used; left out: 1 duplicate." in out
    assert "Stored as 'My set': 2 rows, 2 labels." in out
    assert run(capsys, "list")[1].startswith("My set: 2 rows, 2 labels, import, ")
    shown = run(capsys, "show", "my SET")[1]
    assert "1  zoomer" in shown
    assert "nested cross-validation" in shown
    assert run(capsys, "delete", "My set") == (0, "Deleted 'My set'; what was measured on it is kept.\n", "")
    assert "There is no dataset yet" in run(capsys, "list")[1]
    status, _, err = run(capsys, "show", "My set")
    assert (status, err) == (2, "lab: No dataset has the name or id 'My set'. Take one of: none yet.\n")


def test_everything_is_json_too(capsys, here):
    path = file(
        here,
        "text,label,split",
        *(f"prompt {at} and {at * 7919},a,{'train' if at % 2 else 'test'}" for at in range(400)),
    )
    added = json.loads(run(capsys, "add", path, "--json", "--seed", "4")[1])
    assert (added["new"], added["report"]) == (True, {"rows": 400, "good": 400, "left_out": {}})
    assert (added["dataset"]["name"], added["dataset"]["seed"], added["dataset"]["labels"]) == ("mine", 4, {"a": 400})
    assert json.loads(run(capsys, "add", path, "--json")[1])["new"] is False
    (listed,) = [json.loads(line) for line in run(capsys, "list", "--json")[1].splitlines()]
    assert listed == added["dataset"]
    shown = json.loads(run(capsys, "show", listed["id"], "--json")[1])
    assert shown["splits"]["sealed"] == 200
    assert sum(shown["splits"].values()) == shown["labelled"] == 400
    assert shown["nested"] is False


def test_columns_are_chosen_by_hand_and_may_be_none(capsys, here):
    path = file(here, "text,question,label,kind", "an old text,the question,x,k", "another text,another question,y,k")
    added = json.loads(
        run(capsys, "add", path, "--prompt", "question", "--label", "", "--query-type", "kind", "--json")[1]
    )
    assert added["dataset"]["labels"] == {"": 2}
    assert added["dataset"]["query_types"] == {"k": 2}
    split = file(here, "prompt,label,text", "a b,x,train", "c d,y,test", name="odd.csv")
    assert run(capsys, "add", split, "--split", "text", "--label", "label")[0] == 0
    swapped = file(here, "text,label", "x,what is it", "y,why is it", name="swapped.csv")
    added = json.loads(run(capsys, "add", swapped, "--prompt", "label", "--json")[1])
    assert added["dataset"]["labels"] == {"": 2}  # the label's column is the prompt's now


def test_bad_rows_are_written_to_a_file(capsys, here):
    path = file(here, "text,label", "=1+1,a", "=1+1,b", "fine,a")
    run(capsys, "add", path, "--report", here / "bad.csv")
    lines = (here / "bad.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "line,reason,detail,text"
    assert [line.rpartition(",")[2] for line in lines[1:]] == ["'=1+1", "'=1+1"]


def test_the_report_overwrites_nothing_and_least_of_all_the_file_itself(capsys, here):
    path = file(here, "text,label", "=1+1,a", "=1+1,b", "fine,a")
    (here / "notes.csv").write_text("mine")
    (here / "twin.csv").hardlink_to(path)
    (here / "gone.csv").symlink_to(here / "nowhere.csv")
    for name in ("mine.csv", "twin.csv", "notes.csv", "gone.csv"):
        status, out, err = run(capsys, "add", path, "--report", here / name)
        assert (status, out) == (2, "")
        assert f"--report names {here / name}" in err
    assert path.read_bytes() == csv_of("text,label", "=1+1,a", "=1+1,b", "fine,a")
    assert (here / "notes.csv").read_text() == "mine"
    assert not (here / "nowhere.csv").exists()
    assert not (here / "data" / "lab.db").exists()


def test_the_report_is_written_also_where_no_row_is_left_and_not_before_the_rows_are_stored(capsys, here, monkeypatch):
    path = file(here, "prompt,label", "caf\x00e,a", "t\x00a,b")
    assert run(capsys, "add", path, "--report", here / "bad.csv")[0] == 2
    assert (here / "bad.csv").read_text(encoding="utf-8-sig").count(",encoding,") == 2

    def full(*arguments, **named):
        raise StoreError("The disk is full.")

    monkeypatch.setattr("lab.forensics.datasets.add", full)
    good = file(here, "text,label", "fine,a", name="good.csv")
    assert run(capsys, "add", good, "--report", here / "other.csv")[0] == 1
    assert not (here / "other.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing.csv"], "nothing.csv does not exist"),
        (["FILE", "--prompt", "nope"], "has no column 'nope' for the prompt"),
        (["FILE", "--prompt", ""], "--prompt is empty"),
        (["FILE", "--map", "chat"], "--map 'chat' says nothing. Write LABEL=EXPERT"),
        (["FILE", "--map", "nope=zoomer"], "No row is labelled 'nope', which --map names. The labels are: chat."),
        (["FILE", "--split", "category"], "holds 'chat', which name no split"),
        (["FILE", "--seed", "9223372036854775808"], "--seed is 9223372036854775808; it must lie between 0 and 2,147,"),
        (["FILE", "--seed", "-1"], "--seed is -1; it must lie between 0 and 2,147,483,647"),
        (["FILE", "--report", "/nowhere/bad.csv"], "The report cannot be written to /nowhere/bad.csv"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_status_2(capsys, here, arguments, sentence):
    path = file(here, "text,category", "hi there,chat")
    status, out, err = run(capsys, "add", *(path if one == "FILE" else one for one in arguments))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert sentence in err
    assert not (here / "data" / "lab.db").exists()


def test_the_columns_that_were_taken_and_labels_that_are_no_expert_are_said(capsys, here):
    path = file(here, "text,category", "hi there,Zoomer", "what is entropy,wizard", "hey there,Zoomer")
    out = run(capsys, "add", path)[1]
    assert out.startswith("Columns: prompt=text, label=category\n")
    assert "3 rows are labelled with no expert of the live router: Zoomer 2, wizard 1. Write --map Zoomer=zoomer" in out
    assert "no expert" not in run(capsys, "add", path, "--map", "Zoomer=zoomer", "--map", "wizard=none")[1]
    added = json.loads(run(capsys, "add", path, "--json")[1])
    assert added["columns"] == {"prompt": "text", "label": "category"}
    assert "no expert" in added["notes"][-1]


def test_where_no_label_is_taken_the_columns_that_could_be_it_are_named(capsys, here):
    rows = [f"a prompt of number {at},{'ab'[at % 2]},{'xyz'[at % 3]}" for at in range(12)]
    out = run(capsys, "add", file(here, "frage,team,kanal", *rows))[1]
    assert "come in unlabelled. It could be --label 'team' (2 values) or --label 'kanal' (3 values)." in out


def test_nothing_that_is_printed_makes_the_terminal_do_something(capsys, here):
    path = file(here, "text,label", "hi there,red\x1b[31m\u202e", name="a\x1b[31mb.csv")
    out = run(capsys, "add", path)[1] + run(capsys, "list")[1] + run(capsys, "show", "a [31mb")[1]
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "red\\x1b[31m\\u202e" in out
    assert "Stored as 'a [31mb': 1 row, 1 label." in out
    shown = run(capsys, "show", "a [31mb", "--json")[1]
    assert "\x1b" not in shown
    assert json.loads(shown)["labels"] == {"red\x1b[31m\u202e": 1}
    assert run(capsys, "show", "\x1b[31m")[2] == (
        "lab: No dataset has the name or id '\\x1b[31m'. Take one of: 'a [31mb'.\n"
    )


@pytest.mark.parametrize(("name", "says"), [("x" * 81, "has 81 characters; a dataset's name has at most 80"),
                                            ("a\x1b[31mb", "holds a line break or another control")])  # fmt: skip
def test_a_name_that_cannot_be_shown_is_refused(capsys, here, name, says):
    status, _, err = run(capsys, "add", file(here, "text,label", "hi there,chat"), "--name", name)
    assert (status, says in err) == (2, True)


def test_what_is_not_there_is_bad_input_and_what_cannot_be_read_is_a_fault(capsys, here):
    run(capsys, "add", path := file(here, "text,label", "hi there,chat"))
    for what in (["show", "nope"], ["delete", "nope"], ["outcomes", "nope", path, "--expert", "zoomer=label"]):
        assert run(capsys, *what)[0] == 2
    assert run(capsys, "add", path, "--name", "a\udc00b")[0] == 2
    (rows,) = (here / "data" / "datasets").glob("*.parquet")
    rows.write_bytes(b"PAR1 nonsense")
    shelf._content_cache.__init__(1)  # type: ignore[misc]  # as in another process
    shelf._rows_cache.__init__(1)  # type: ignore[misc]
    status, _, err = run(capsys, "show", "mine")
    assert (status, "cannot be read from" in err) == (1, True)


def test_looking_makes_no_database(capsys, here):
    assert run(capsys, "list", "--json") == (0, "", "")
    assert run(capsys, "show", "x")[0] == 2
    assert not (here / "data").exists()
