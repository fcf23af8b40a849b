"""`python -m lab export | snapshot | train-recipe`: datasets from the shell, and a sentence for what cannot be."""

from __future__ import annotations

import json
import shlex
from contextlib import closing
from datetime import UTC, datetime

import pytest

from lab import cli
from lab.judging import NewDuel, NewThumb, NewVote, Side
from lab.messages import Message
from lab.store import annotators, duels, given_thumbs, given_votes, open_store
from lab.types import new_id

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KINDS = ("code", "chat")


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    monkeypatch.setenv("LAB_DATA_DIR", str(folder))
    monkeypatch.delenv("LAB_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def judged(data):
    """Twelve duels that Ann judged, of two query types; Bob saw the first four otherwise."""
    data.mkdir()
    store = open_store(data_dir=data)
    people = [annotators.ensure(store, name, name.title(), "person").id for name in ("ann", "bob")]
    new = [
        NewDuel(
            (Message("user", f"Tell me {place} things about the {('sea', 'wind', 'moon')[place % 3]} of {place}."),),
            "Be brief.", Side(f"a{place}", f"The first is {place}.", "professor", "ollama", "big"),
            Side(f"b{place}", f"I would rather talk of {place + 1}.", "zoomer", "ollama", "small"), "bulk", "random",
            query_type=KINDS[place % 2],
        )
        for place in range(12)
    ]  # fmt: skip
    votes = []
    for place, added in enumerate(duels.add(store, new)):
        votes.append(NewVote(new_id(), added.duel_id, people[0], "better", added.first_id, added.first_id, NOON))
        if place < 4:
            votes.append(NewVote(new_id(), added.duel_id, people[1], "better", added.second_id, added.first_id, NOON))
    given_votes.record_many(store, votes)
    store.close()


@pytest.fixture
def run(capsys):
    def lab(*argv):
        status = cli.main(list(argv))
        out, err = capsys.readouterr()
        return status, out, err

    return lab


def test_an_export_writes_what_it_says(judged, run, tmp_path):
    status, out, _ = run("export", "--out", "mine", "--format", "trl", "--format", "kto:parquet", "--json")
    assert status == 0
    said = json.loads(out)
    assert sum(said["splits"].values()) == said["rows"] == 8  # four are contested: one against one
    lines = sum(len(path.read_text().splitlines()) for path in (tmp_path / "mine" / "trl").iterdir())
    assert lines == 8
    assert (tmp_path / "mine" / "kto" / "train.parquet").exists()
    assert set(said["files"]) | {"manifest.json"} == {
        path.relative_to(tmp_path / "mine").as_posix() for path in (tmp_path / "mine").rglob("*") if path.is_file()
    }


def test_filters_rules_and_the_check(judged, run):
    status, out, _ = run("export", "--check", "--json", "--filter", "query_type=code", "--rule", "annotator",
                         "--annotator", "Bob")  # fmt: skip
    found = json.loads(out)
    assert status == 0
    assert (found["judged"], found["wanted"], found["kept"]) == (12, 6, 2)
    status, out, _ = run("export", "--check", "--min-votes", "2")
    assert status == 0
    assert "8  fewer votes than asked for" in out
    assert "4  votes split, and nobody resolved it" in out
    assert run("snapshot", "list")[1].startswith("No snapshot was frozen yet")


def test_snapshots_are_listed_shown_compared_rebuilt_and_deleted(judged, run, tmp_path):
    run("export", "--out", "one", "--format", "trl")
    run("export", "--out", "two", "--format", "hf", "--filter", "query_type=code", "--filter", "annotator=Ann")
    listed = [json.loads(line) for line in run("snapshot", "list", "--json")[1].splitlines()]
    assert [one["name"] for one in listed] == ["two", "one"]
    status, out, _ = run("snapshot", "diff", "one", "two", "--json")
    found = json.loads(out)
    assert status == 0
    assert (len(found["added"]), len(found["removed"]), found["same"]) == (2, 4, 4)
    status, out, _ = run("snapshot", "rebuild", "one", "--out", "again")
    assert status == 0
    assert "the same to the byte" in out
    assert (tmp_path / "again" / "trl" / "train.jsonl").read_bytes() == (
        tmp_path / "one" / "trl" / "train.jsonl"
    ).read_bytes()
    shown = run("snapshot", "show", listed[1]["id"][:18])[1]
    assert "8 pairs" in shown
    assert "sha256" in shown
    assert run("snapshot", "delete", "one")[0] == 0
    assert "one" not in [json.loads(line)["name"] for line in run("snapshot", "list", "--json")[1].splitlines()]


def test_after_ordinary_exports_a_rebuild_is_the_same(judged, run):
    run("export", "--out", "one", "--format", "kto", "--format", "trl")
    assert run("snapshot", "rebuild", "one", "--out", "r1")[0] == 0
    run("export", "--snapshot", "one", "--out", "two", "--format", "hf")
    assert run("snapshot", "rebuild", "one", "--out", "r2")[0] == 0
    run("export", "--snapshot", "one", "--out", "three", "--format", "trl:parquet")
    status, out, _ = run("snapshot", "rebuild", "one", "--out", "r3")
    assert status == 0
    assert "differs" not in out


def test_a_file_that_was_changed_by_hand_is_nobodys_business_but_a_differing_rebuild_is(judged, run, monkeypatch):
    run("export", "--out", "one", "--format", "trl")
    monkeypatch.setattr("lab.dpo.comparing.write_files", _with_another_file)
    status, out, _ = run("snapshot", "rebuild", "one", "--out", "again")
    assert status == 1
    assert "differs: trl/train.jsonl" in out


def _with_another_file(*args, **kwargs):
    from dataclasses import replace

    from lab.dpo.snapshots import write_files

    written = write_files(*args, **kwargs)
    files = dict(written.files)
    files["trl/train.jsonl"] = replace(files["trl/train.jsonl"], sha256="0" * 64)
    return replace(written, files=files)


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("--out", "file.txt/x"), "cannot be made"),
        (("--out", "out", "--format", "trl", "--format", "trl:parquet"), "as jsonl and as parquet"),
        (("--out", "out", "--annotator", "Ann"), "--rule annotator"),
        (("--out", "out", "--shares", "nan,0,1"), "do not come to 1"),
    ],
)
def test_what_cannot_be_written_freezes_nothing(judged, run, tmp_path, argv, says):
    (tmp_path / "file.txt").write_text("a file", encoding="utf-8")
    status, _, err = run("export", *argv)
    assert status == 2
    assert says in err
    assert not (tmp_path / "out").exists()
    assert "No snapshot was frozen yet" in run("snapshot", "list")[1]


def test_options_that_do_nothing_to_a_snapshot_are_refused(judged, run):
    run("export", "--out", "one", "--name", "one")
    for more in (("--filter", "query_type=code"), ("--name", "two"), ("--check",), ("--max-length", "512")):
        status, _, err = run("export", "--out", "two", "--snapshot", "one", *more)
        assert status == 2
        assert f"{more[0]} does nothing to a snapshot" in err


def test_a_comparison_names_rows_in_other_words(judged, run):
    run("export", "--out", "one", "--name", "one")
    run("export", "--out", "two", "--name", "two", "--system", "Be kind.")
    found = json.loads(run("snapshot", "diff", "one", "two", "--json")[1])
    assert (len(found["reworded"]), found["changed"], found["same"]) == (8, [], 0)


def test_the_advice_of_an_export_names_where_its_files_are(judged, run):
    _, out, _ = run("export", "--out", "here it is", "--max-length", "512")
    [advice] = [line for line in out.splitlines() if line.startswith("Train on it: python -m lab ")]
    status, script, _ = run(*shlex.split(advice.removeprefix("Train on it: python -m lab ")))
    assert status == 0
    assert 'DATA = "here it is/trl"' in script
    assert '"--max-length", type=int, default=256' in script


def test_the_recipe_is_python_that_names_the_files(judged, run):
    run("export", "--out", "one", "--format", "trl", "--model", "big")
    status, out, _ = run("train-recipe", "one", "--data", "one")
    assert status == 0
    compile(out, "train.py", "exec")
    assert "MODEL = 'big'" in out or 'MODEL = "big"' in out
    assert "one/trl" in out
    assert run("train-recipe", "one", "--trainer", "ppo")[0] == 2


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["export"], "Say where the files go"),
        (["export", "--out", "full"], "nothing is overwritten"),
        (["export", "--out", "x", "--format", "csv"], "'csv' is no format"),
        (["export", "--out", "x", "--format", "openai:parquet"], "is not written as 'parquet'"),
        (["export", "--out", "x", "--filter", "colour=red"], "NAME=VALUE with one of"),
        (["export", "--out", "x", "--filter", "since=yesterday"], "a day such as"),
        (["export", "--out", "x", "--filter", "annotator=Zed"], "Nobody is called 'Zed'. There are: Ann, Bob"),
        (["export", "--out", "x", "--rule", "loudest"], "it is one of majority"),
        (["export", "--out", "x", "--rule", "annotator"], "Say whose votes"),
        (["export", "--out", "x", "--exclude", "empty"], "names no rule of single pairs"),
        (["export", "--out", "x", "--shares", "1,1"], "do not come to 1"),
        (["export", "--out", "x", "--shares", "a,b,c"], "are no three numbers"),
        (["export", "--out", "x", "--near", "cosine"], "cannot be read"),
        (["export", "--out", "x", "--near", "touch:0.9"], "it is one of minhash, cosine"),
        (["export", "--out", "x", "--tokenizer", "nowhere"], "There is no folder 'nowhere'"),
        (["export", "--out", "x", "--max-length", "3"], "cannot be"),
        (["export", "--out", "x", "--filter", "min_strength=3"], "None of the 12 judged duels"),
        (["export", "--out", "x", "--snapshot", "nobody"], "nobody"),
        (["snapshot", "show", "nobody"], "nobody"),
        (["train-recipe", "nobody"], "nobody"),
    ],
)  # fmt: skip
def test_bad_input_is_a_sentence_and_leaves_nothing(judged, run, tmp_path, argv, says):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep me")
    status, out, err = run(*argv)
    assert status == 2
    assert says in err
    assert "Traceback" not in err
    assert not out
    assert not (tmp_path / "x").exists()
    assert (tmp_path / "full" / "mine.txt").read_text() == "keep me"
    assert run("snapshot", "list")[1].startswith("No snapshot")


def test_formats_that_hold_nothing_leave_no_snapshot_behind(data, run):
    data.mkdir()
    store = open_store(data_dir=data)
    answer = Side("a", "The sea is salt.", "professor", "ollama", "big")
    thumb = NewThumb(new_id(), (Message("user", "Why is the sea salt?"),), "", answer, "up", NOON)
    given_thumbs.record_many(store, [thumb])
    store.close()
    status, _, err = run("export", "--out", "x", "--format", "trl")
    assert status == 2
    assert "Of 1 row none fits TRL DPO" in err
    assert run("snapshot", "list")[1].startswith("No snapshot")
    status, _, err = run("export", "--out", "x", "--format", "kto", "--format", "kto:parquet")
    assert status == 2
    assert "Take one of the two" in err
    assert run("snapshot", "list")[1].startswith("No snapshot")
    status, out, _ = run("export", "--out", "x", "--format", "trl", "--format", "kto")
    assert status == 0
    assert "1 answer with a thumb." in out
    assert "kto: train 1" in out
    assert "no trl: none of the rows fits it" in out
    _, out, _ = run("export", "--check")
    assert "KTO, train: 1 liked and 0 disliked" in out


def test_an_export_without_rows_for_training_says_so_and_advises_no_training(judged, run, data):
    run("export", "--out", "all", "--shares", ".4,.3,.3")
    tested = json.loads((data.parent / "all" / "trl" / "test.jsonl").read_text().splitlines()[0])
    with closing(open_store(data_dir=data)) as store:
        [added] = duels.add(store, [NewDuel(
            (Message("user", tested["prompt"][-1]["content"]),), "Be bold.",
            Side("n1", "One.", "professor", "ollama", "big"), Side("n2", "Two.", "zoomer", "ollama", "small"),
            "bulk", "random", query_type="rare",
        )])  # fmt: skip
        who = annotators.ensure(store, "ann", "Ann", "person").id
        given_votes.record_many(store, [NewVote(new_id(), added.duel_id, who, "better", "n1", "n1", NOON)])
    status, out, _ = run("export", "--out", "rare", "--filter", "query_type=rare")
    assert status == 0
    assert "Nothing of it is for training" in out
    assert "Train on it" not in out
    _, out, _ = run("export", "--check", "--filter", "query_type=rare")
    assert "1 of them keep the side that their prompt had" in out
    assert "1 pair, none of them for training" in out
    status, script, err = run("train-recipe", "all", "--data", "nowhere")
    assert (status, bool(script)) == (0, True)
    assert "There is no train file in nowhere/trl on this machine" in err


def test_without_any_vote_it_says_what_to_do(run):
    assert "There is nothing to export yet. Judge duels on the Label page first" in run("export", "--check")[1]
    status, _, err = run("export", "--out", "x")
    assert status == 2
    assert "Judge duels on the Label page first" in err
