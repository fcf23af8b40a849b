"""Outcomes out of files: matched by text, told by line, stored once."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from dataset_case import csv_of, read, rows_of
from doubles import two_experts
from hypothesis import given
from hypothesis import strategies as st

from lab import cli
from lab.errors import DatasetError, NotFound
from lab.forensics.answers.quality import rated
from lab.forensics.answers.value import routing_value, strong_curve
from lab.forensics.datasets import Mapping, add, load, read_file, sift
from lab.forensics.datasets.qualities import BadValue, keep, qualities
from lab.forensics.evidence import SEMANTIC, Outcomes
from lab.forensics.sample import Stakes, sample_of
from lab.forensics.stored_figures import quality
from lab.records import Outcome
from lab.store import datasets, open_store, outcomes

BOTH = {"professor": "p", "zoomer": "z"}
ROWS = rows_of(["What is entropy?", "tell me a joke", "so bored"])


def found(*lines, rows=ROWS, columns=BOTH, **settings):
    return qualities(read(*lines), rows, columns, **{"source": "graded", **settings})


def of(told):
    return [(one.row, one.expert, one.quality) for one in told.outcomes]


# ---------------------------------------------------------------------------------------------- what a file says


def test_prompts_are_matched_by_their_normalised_text_whatever_their_order():
    told = found("prompt,p,z", "Tell  me a JOKE,0.25,1", "nobody asked this,1,1", "what is ENTROPY?,True,false")
    assert of(told) == [(0, "professor", 1), (0, "zoomer", 0), (1, "professor", 0.25), (1, "zoomer", 1)]
    assert (told.matched, told.unmatched, told.bad, told.empty) == (2, (3,), (), 0)
    assert told.by_expert() == {"professor": (2, 0.625), "zoomer": (2, 0.5)}
    assert {one.source for one in told.outcomes} == {"graded"}


def test_a_text_that_stands_in_several_rows_has_its_outcome_in_each():
    told = found("prompt,p", "so bored,1", rows=rows_of(["so bored", "else", "So  bored"]), columns={"professor": "p"})
    assert [one.row for one in told.outcomes] == [0, 2]


@pytest.mark.parametrize(
    ("said", "means"),
    [("true", 1), ("FALSE", 0), ("1", 1), ("0", 0), (" 0.5 ", 0.5), (".5", 0.5), ("1.0", 1), ("5e-1", 0.5), ("1.", 1)],
)
def test_true_and_false_and_numbers_from_0_to_1_are_qualities(said, means):
    assert of(found("prompt,p", f"so bored,{said}", columns={"professor": "p"})) == [(2, "professor", means)]


@pytest.mark.parametrize("said", ["yes", "nan", "inf", "1_0", "0x1", "50 %", "1 2", "٠", "t", "--1", "True."])
def test_what_is_no_quality_is_told_by_its_line(said):
    told = found("prompt,p,z", "so bored,1,0", f"tell me a joke,{said},1")
    [bad] = told.bad
    assert (bad.line, bad.expert, bad.value) == (3, "professor", said)
    assert bad.why.startswith("is no quality: write true, false")
    assert of(told) == [(1, "zoomer", 1), (2, "professor", 1), (2, "zoomer", 0)]


@pytest.mark.parametrize("said", ["1.01", "-0.5", "85", "1e9", "+2"])
def test_a_number_outside_is_told_so(said):
    [bad] = found("prompt,p,z", f"so bored,{said},1").bad
    assert bad == BadValue(2, "professor", said, "lies outside 0 to 1")


def test_an_empty_value_is_no_quality_and_no_mistake():
    told = found("prompt,p,z", "so bored,,1", "tell me a joke,0, ")
    assert (told.empty, told.bad) == (2, ())
    assert of(told) == [(1, "professor", 0), (2, "zoomer", 1)]


def test_equal_repetitions_count_once_and_contradictions_not_at_all():
    told = found("prompt,p,z", "so bored,1,1", "SO BORED,0,1.0", "tell me a joke,1,0")
    assert of(told) == [(1, "professor", 1), (1, "zoomer", 0), (2, "zoomer", 1)]
    why = "contradicts another value for the same prompt (lines 2, 3)"
    assert told.bad == (BadValue(2, "professor", "1", why), BadValue(3, "professor", "0", why))


def test_truth_values_and_numbers_of_json_are_read():
    lines = ['{"prompt": "so bored", "p": true, "z": 0.5}', '{"prompt": "tell me a joke", "p": null, "z": false}']
    told = qualities(read(*lines, name="a.jsonl"), ROWS, BOTH, source="s")
    assert of(told) == [(1, "zoomer", 0), (2, "professor", 1), (2, "zoomer", 0.5)]


@pytest.mark.parametrize(
    ("lines", "settings", "says"),
    [
        (["prompt,p", "so bored,1"], {}, "no column 'z' for the qualities of zoomer; it has 'prompt', 'p'"),
        (["prompt,p,z", "so bored,1,1"], {"prompt": "text"}, "no column 'text' for the prompts"),
        (["prompt,p,z", "so bored,1,1"], {"source": " "}, "The source of the outcomes is empty"),
        (
            ["prompt,p,z", "unheard of,1,1", "nor this,1,0"],
            {},
            "None of the 2 prompts of a.csv (column 'prompt'; the first is 'unheard of') is one of the 3 of 'few'",
        ),
        (["prompt,p,z", "so bored,good,"], {}, "says how good an answer was: line 2, professor: 'good' is no quality"),
        (["prompt,p,z", "so bored,,"], {}, "says how good an answer was: the columns are empty there"),
    ],
)
def test_a_file_that_says_nothing_is_a_sentence(lines, settings, says):
    with pytest.raises(DatasetError) as raised:
        found(*lines, **settings)
    assert says in str(raised.value)


def test_a_column_of_lists_is_refused():
    lines = ['{"prompt": "so bored", "p": [1], "z": 1}', '{"prompt": "tell me a joke", "p": [0], "z": 1}']
    with pytest.raises(DatasetError, match=r"'p' of a\.jsonl holds lists or objects"):
        qualities(read(*lines, name="a.jsonl"), ROWS, BOTH, source="s")


@given(st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["0", "1", "0.5", "", "no"])), min_size=1, max_size=12))
def test_every_row_of_the_file_is_accounted_for(said):
    rows = rows_of([f"prompt {at}" for at in range(5)])
    lines = ["prompt,p", *(f"prompt {at},{value}" for at, value in said)]
    try:
        told = found(*lines, rows=rows, columns={"professor": "p"})
    except DatasetError:
        values = {at: {value for one, value in said if one == at and value in ("0", "1", "0.5")} for at in range(5)}
        assert all(len(one) != 1 for one in values.values())
        return
    assert told.matched + len(told.unmatched) == len(said)
    assert told.matched == sum(at < 5 for at, _ in said)
    good = {(one.row, one.quality) for one in told.outcomes}
    assert len(good) == len(told.outcomes)
    taken = sum((at, float(value)) in good for at, value in said if value not in ("", "no"))
    assert taken + len(told.bad) + told.empty == told.matched


# ------------------------------------------------------------------------------------------------------- the store


@pytest.fixture
def kept(tmp_path):
    """A store with the rows of a small dataset."""
    store = open_store(data_dir=tmp_path)
    table = read("prompt", "What is entropy?", "tell me a joke", "so bored")
    added = add(store, tmp_path, sift(table, Mapping("prompt")), name="few")
    yield store, load(store, tmp_path, added.dataset.id)
    store.close()


def test_the_same_file_again_stores_nothing_and_a_corrected_one_what_it_corrects(kept):
    store, rows = kept
    first = found("prompt,p,z", "so bored,0,1", "tell me a joke,0,1", rows=rows)
    second = found("prompt,p,z", "so bored,0.5,1", "tell me a joke,0,1", rows=rows)
    assert [keep(store, first), keep(store, first)] == [4, 0]
    assert [keep(store, second), keep(store, second)] == [1, 0]
    assert Outcome(rows.dataset.id, 2, "professor", 0.5, "graded") in outcomes.of_dataset(store, rows.dataset.id)
    assert [keep(store, first), keep(store, second), keep(store, first)] == [1, 1, 1]  # back and forth is no repetition
    assert Outcome(rows.dataset.id, 2, "professor", 0.0, "graded") in outcomes.of_dataset(store, rows.dataset.id)


def test_another_source_stands_beside_and_the_newest_of_both_counts(kept):
    store, rows = kept
    keep(store, found("prompt,p,z", "so bored,0,1", rows=rows))
    assert keep(store, found("prompt,p,z", "so bored,1,1", rows=rows, source="votes")) == 2
    table = quality(store, rows, two_experts())
    assert table[2].tolist() == [1, 1]
    assert np.isnan(table[:2]).all()


def test_a_dataset_that_no_store_knows_is_told(kept):
    store, _ = kept
    with pytest.raises(NotFound, match="'d1'"):
        keep(store, found("prompt,p,z", "so bored,0,1"))


def test_two_that_store_the_same_at_once_store_it_once(kept, monkeypatch):
    store, rows = kept
    told = found("prompt,p,z", "so bored,0,1", rows=rows)
    real, calls = outcomes.of_dataset, []

    def behind(*arguments, **named):
        """What the first of two saw before the second had stored."""
        calls.append(arguments)
        return [] if len(calls) == 2 else real(*arguments, **named)

    monkeypatch.setattr(outcomes, "of_dataset", behind)
    assert [keep(store, told), keep(store, told)] == [2, 0]
    assert len(calls) == 3  # the second looked again, since its id was taken


# ---------------------------------------------------------------------------------------------------------- shell


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a dataset in it."""
    monkeypatch.setenv("LAB_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "few.csv").write_bytes(csv_of("prompt,expert", "What is entropy?,professor", "so bored,zoomer"))
    assert cli.main(["dataset", "add", str(tmp_path / "few.csv")]) == 0
    return tmp_path


def run(capsys, *argv):
    capsys.readouterr()
    status = cli.main(["dataset", "outcomes", *map(str, argv)])
    out, err = capsys.readouterr()
    return status, out, err


def answers(here, *lines):
    path = here / "answers.csv"
    path.write_bytes(csv_of("question,good,bad one", *lines))
    return path


EXPERTS = ("--expert", "professor=good", "--expert", "zoomer=bad one")


def test_the_command_says_what_became_of_every_row(capsys, here):
    path = answers(here, "so  bored,1,maybe", "unheard,1,1", "what is entropy?,true,0.5")
    status, out, err = run(capsys, "FEW", path, *EXPERTS)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "2 of 3 rows of answers.csv are prompts of 'few'.",
        "No prompt of it: line 3.",
        "Left out: 1 value.",
        "  line 2, zoomer: 'maybe' is no quality: write true, false, or a number from 0 to 1",
        "professor: 2 rows, mean quality 1.0000",
        "zoomer: 1 row, mean quality 0.5000",
        "3 outcomes from 'answers.csv': 3 are new or corrected and were stored.",
    ]
    assert run(capsys, "few", path, *EXPERTS)[1].endswith("all were stored before, so nothing is new.\n")
    told = json.loads(run(capsys, "few", path, *EXPERTS, "--source", "me", "--json")[1])
    assert (told["stored"], told["source"], told["matched"], told["unmatched"]) == (3, "me", 2, [3])
    assert told["bad"][0]["line"] == 2
    assert told["experts"]["zoomer"] == {"rows": 1, "mean": 0.5}


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["few", "FILE", "--expert", "professor"], 2, "--expert 'professor' says nothing. Write EXPERT=COLUMN."),
        (["few", "FILE", "--expert", "doctor=good"], 2, "no expert 'doctor'. Take one of: professor, zoomer."),
        (["few", "FILE", *EXPERTS, *EXPERTS], 2, "--expert names 'professor' twice"),
        (["few", "FILE", "--expert", "zoomer=fine"], 2, "answers.csv has no column 'fine' for the qualities of zoomer"),
        (["few", "FILE", *EXPERTS, "--prompt", "text"], 2, "no column 'text' for the prompts"),
        (["few", "FILE", *EXPERTS, "--prompt", "good"], 2, "None of the 1 prompts of answers.csv (column 'good'"),
        (["few", "FILE", *EXPERTS, "--source", ""], 2, "The source of the outcomes is empty"),
        (["few", "nowhere.csv", *EXPERTS], 2, "nowhere.csv does not exist"),
        (["other", "FILE", *EXPERTS], 2, "No dataset has the name or id 'other'. Take one of: 'few'."),
    ],
)
def test_bad_input_is_one_line_and_stores_nothing(capsys, here, arguments, status, says):
    path = answers(here, "so bored,1,0")
    got, out, err = run(capsys, *(path if one == "FILE" else one for one in arguments))
    assert (got, out, err.count("\n")) == (status, "", 1)
    assert says in err
    store = open_store(data_dir=here / "data", read_only=True)
    assert outcomes.of_dataset(store, datasets.find(store, "few").id) == []
    store.close()


# ------------------------------------------------------------------------------------------------------ real answers


@pytest.mark.real_data
def test_the_answers_of_routellm_come_in_as_they_are_and_give_the_check_values(
    shared_file, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("LAB_DATA_DIR", str(tmp_path))
    path = shared_file("routellm/gsm8k_responses.csv")
    models = {"zoomer": "mistralai/Mixtral-8x7B-Instruct-v0.1", "professor": "gpt-4-1106-preview"}
    assert cli.main(["dataset", "add", str(path), "--label", "", "--name", "gsm8k"]) == 0
    columns = [word for expert, column in models.items() for word in ("--expert", f"{expert}={column}")]
    status, out, _ = run(capsys, "gsm8k", path, *columns)
    assert status == 0
    assert "all were stored before" in run(capsys, "gsm8k", path, *columns)[1]
    store = open_store(data_dir=tmp_path, read_only=True)
    rows = load(store, tmp_path, datasets.find(store, "gsm8k").id)
    whole = quality(store, rows, two_experts())
    store.close()
    assert f"{len(rows):,} of {len(read_file(path)):,} rows of gsm8k_responses.csv are prompts of 'gsm8k'." in out
    assert not np.isnan(whole).any()

    lines = shared_file("routellm/contaminated_gsm8k.jsonl").read_text(encoding="utf-8").splitlines()
    seen = {json.loads(line)["eval_prompt"] for line in lines}
    clean = np.array([row for row, prompt in enumerate(rows.prompts) if prompt not in seen])
    assert len(clean) == 1307
    sample = sample_of(two_experts(), ["professor"] * len(rows), rows=clean, groups=rows.groups)
    some = rated(sample, whole[clean])
    means = [
        100 * some.of(Outcomes(choice, np.full(1307, SEMANTIC))).mean.value
        for choice in (np.ones(1307, int), np.zeros(1307, int), some.best(Stakes(), sample.experts))
    ]
    assert means == pytest.approx([63.7337, 85.7689, 92.9610], abs=5e-5)
    strong, weak = whole[clean].T
    assert (int((strong > weak).sum()), int((weak > strong).sum())) == (382, 94)
    cheap = some.best(Stakes(call={"professor": 10.0}), sample.experts)
    assert int((cheap == 0).sum()) == 382  # of equals the cheaper: the strong model only where it alone is right
    worth = routing_value(cheap, whole[clean], sample.groups)
    assert (worth.n, worth.value.value) == (1307, pytest.approx(1))
    assert strong_curve(weak, strong, strong - weak).qualities.max() == pytest.approx(0.929610, abs=5e-7)
    with path.open(encoding="utf-8", newline="") as file:
        said = {row["prompt"]: row for row in csv.DictReader(file)}
    for row in clean[:: len(clean) // 50]:
        assert [said[rows.prompts[row]][models[name]] == "True" for name in ("professor", "zoomer")] == list(
            whole[row].astype(bool)
        )
