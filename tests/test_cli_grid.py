"""`python -m lab grid`: the figures of the search, nothing stored unasked, and a sentence for what cannot be done."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from doubles import WordEncoder, two_experts

from lab import cli
from lab.conf_out import to_files
from lab.config import REPOSITORY, compose, load_settings
from lab.drafting import Drafting
from lab.forensics.datasets import guess, load, read_file, sift
from lab.forensics.grid_search.axes import parse
from lab.forensics.runs import result_to_json
from lab.forensics.tuning import Spec, evidence_for, tune
from lab.forensics.unstored import rows_of
from lab.live import Routers
from lab.store import datasets, labels, looks, open_store, runs
from lab.types import new_id

SMALL = ("--axis", "threshold=0:0.9:19", "--axis", "min_margin=0:0.2:3")
KINDS = {"professor": "explain the sky", "zoomer": "tell me a joke", "none": "weather bank please"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own, a router of two experts to begin with, and an encoder that is quick."""
    for path, text in to_files(two_experts()).items():
        file = tmp_path / "conf" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("LAB_CONF_DIR", str(tmp_path / "conf"))
    monkeypatch.setenv("LAB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("lab.live.load_encoder", lambda name, cache_dir: WordEncoder())
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


def prompts_file(path: Path, n: int = 360, *, only: str | None = None, labelled: bool = True) -> Path:
    """Write `n` prompts, each of a kind's words and five of two thousand others; every tenth has another's label."""
    draw = random.Random(7)
    lines = []
    for number in range(n):
        kind = only or list(KINDS)[number % 3]
        words = [*KINDS[kind].split(), *(f"w{draw.randrange(2000)}" for _ in range(5))]
        draw.shuffle(words)
        label = kind if number % 10 or only else "zoomer"
        lines.append(json.dumps({"prompt": " ".join(words)} | ({"label": label} if labelled else {})))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    status = cli.main(list(argv))
    out, err = capsys.readouterr()
    return status, out, err


def found(capsys: pytest.CaptureFixture[str], *argv: str) -> dict:
    status, out, err = run(capsys, "grid", *argv, "--json")
    assert (status, err) == (0, "")
    assert out.count("\n") == 1
    return json.loads(out)


def added(capsys: pytest.CaptureFixture[str], tmp_path: Path, n: int = 360) -> str:
    """Take the prompts in as a dataset called `mine`."""
    status, _, _ = run(capsys, "dataset", "add", str(prompts_file(tmp_path / "mine.jsonl", n)), "--name", "mine")
    assert status == 0
    return "mine"


def opened():
    settings = load_settings()
    return open_store(settings.database_url, settings.data_dir)


# -------------------------------------------------------------------------------------------------------- figures


@pytest.mark.parametrize("n", [200, 360], ids=["nested", "split"])
@pytest.mark.parametrize(
    ("axes", "goal", "seed"),
    [
        (("threshold=0:0.9:19", "min_margin=0:0.2:3"), "best accuracy", 0),
        (("threshold:zoomer=0:0.9:10",), "80 % coverage", 3),
        (("aggregate=max,centroid", "threshold=0:1:11"), "at most 10 % of professor prompts to zoomer", 1),
    ],
)
def test_its_figures_are_those_of_the_search(capsys, tmp_path, axes, goal, seed, n):
    file = prompts_file(tmp_path / "mine.jsonl", n)
    told = found(
        capsys, str(file), *(part for axis in axes for part in ("--axis", axis)), "--goal", goal, "--seed", str(seed)
    )
    table = read_file(file)
    rows = rows_of(sift(table, guess(table)), name="mine")
    router = compose((), load_settings().conf_dir).router
    spec = Spec(tuple(parse(axis) for axis in axes), goal, seed)
    direct = result_to_json(tune(rows, router, router, spec, evidence_for(rows, lambda name: WordEncoder())))
    assert {key: told[key] for key in direct} == json.loads(json.dumps(direct))
    assert told["dataset"]["hash"] == rows.hash
    assert told["spec"]["seed"] == seed


def test_json_says_what_was_searched_on_what_and_beside_what(capsys, tmp_path):
    told = found(capsys, str(prompts_file(tmp_path / "mine.jsonl")), *SMALL)
    assert [axis["name"] for axis in told["spec"]["axes"]] == ["threshold", "min_margin"]
    assert told["dataset"]["id"] is None
    assert sum(told["dataset"]["splits"].values()) == told["dataset"]["rows"] == 360
    assert told["dev"]["n"] == told["dataset"]["splits"]["dev"]
    low, high = told["dev"]["accuracy"][1:]
    assert low <= told["dev"]["accuracy"][0] <= high
    assert set(told["recommended"]) == {"threshold", "min_margin"}
    assert told["config"]["threshold"] == told["recommended"]["threshold"]
    assert told["router"]["base_hash"] == told["router"]["live_hash"] != told["router"]["recommended_hash"]
    assert told["router"]["encoder_fingerprint"] == "words-1"
    names = [one["name"] for one in told["baselines"]]
    assert {"always professor", "random, same call share", "nearest neighbours", "live version"} <= set(names)
    live = next(one for one in told["baselines"] if one["name"] == "live version")
    assert (live["only_router_right"], live["only_this_right"]) == (told["dev"]["fixed"], told["dev"]["broken"])
    assert set(told["seconds"]) == {"search", "baselines", "total"}
    assert told["sealed"] is told["run"] is None
    assert told["packages"]["numpy"]


def test_a_person_reads_a_short_table(capsys, tmp_path):
    status, out, err = run(capsys, "grid", str(prompts_file(tmp_path / "mine.jsonl")), *SMALL)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) < 40
    head = next(line for line in lines if "recommended " in line)
    assert head.split() == ["recommended", "live"]
    for start in ("threshold ", "least margin ", "accuracy, dev, n = ", "calls to ", "always professor ", "search "):
        assert any(line.startswith(start) for line in lines), start
    assert "of 57 cells cannot be told from the best" in out


def test_costs_of_calls_can_be_given(capsys, tmp_path):
    file = str(prompts_file(tmp_path / "mine.jsonl"))
    told = found(capsys, file, *SMALL, "--cost", "professor=5", "--cost", "zoomer=1", "--goal", "cheapest")
    assert told["spec"]["stakes"]["call"] == {"professor": 5.0, "zoomer": 1.0}
    assert told["dev"]["calls"]["professor"][1] <= told["dev"]["calls"]["professor"][0]


# ------------------------------------------------------------------------------------------- what is left behind


def test_a_file_leaves_nothing_behind(capsys, tmp_path, here):
    found(capsys, str(prompts_file(tmp_path / "mine.jsonl")), *SMALL)
    assert not here.exists() or not list(here.iterdir())


def test_a_stored_dataset_is_read_and_nothing_is_stored(capsys, tmp_path):
    name = added(capsys, tmp_path)
    told = found(capsys, name, *SMALL)
    store = opened()
    try:
        dataset = datasets.find(store, name)
        assert told["dataset"]["id"] == dataset.id
        assert looks.count(store, dataset.id) == 0
        assert runs.recent(store) == []
    finally:
        store.close()


def test_a_search_is_kept_under_its_name(capsys, tmp_path):
    told = found(capsys, added(capsys, tmp_path), *SMALL, "--save", "first try")
    store = opened()
    try:
        [kept] = runs.recent(store)
    finally:
        store.close()
    assert (kept.id, kept.name) == (told["run"]["id"], "first try")
    assert kept.dataset_hash == told["dataset"]["hash"]
    assert kept.router_hash == told["router"]["base_hash"]
    assert json.loads(json.dumps(dict(kept.spec))) == told["spec"]
    assert kept.result["dev"]["accuracy"] == told["dev"]["accuracy"]


def test_a_look_at_sealed_rows_is_counted_once_a_router(capsys, tmp_path):
    name = added(capsys, tmp_path)
    first = found(capsys, name, *SMALL, "--sealed")["sealed"]
    assert first["n"] == found(capsys, name, *SMALL)["dataset"]["splits"]["sealed"]
    assert (first["looks"], first["repeated"]) == (1, False)
    again = found(capsys, name, *SMALL, "--sealed")["sealed"]
    assert (again["looks"], again["repeated"]) == (1, True)
    assert again["accuracy"] == first["accuracy"]
    other = found(capsys, name, "--axis", "threshold=0.123", "--sealed")["sealed"]
    assert (other["looks"], other["repeated"]) == (2, False)
    _, out, _ = run(capsys, "grid", name, *SMALL, "--sealed")
    assert "The sealed rows were looked at 2 times; this router was among them before" in out


def test_a_file_whose_rows_are_stored_is_the_stored_dataset(capsys, tmp_path):
    name = added(capsys, tmp_path)
    store = opened()
    try:
        dataset = datasets.find(store, name)
        rows = load(store, load_settings().data_dir, dataset.id)
        labels.give(store, new_id(), expert="none", dataset_id=dataset.id, row=1, prompt=rows.prompts[1])
        corrected = load(store, load_settings().data_dir, dataset.id)
    finally:
        store.close()
    told = found(capsys, str(tmp_path / "mine.jsonl"), *SMALL)
    assert told["dataset"]["id"] == dataset.id
    assert told["dataset"]["hash"] == corrected.hash != rows.hash
    assert "These rows are stored as 'mine'" in told["notes"][-1]


def test_the_draft_is_searched_where_there_is_one(capsys, tmp_path):
    name = added(capsys, tmp_path)
    store = opened()
    try:
        routers = Routers(store, load_settings())
        routers.live()
        Drafting(store, routers).edit("", lambda config: two_experts(aggregate="centroid"))
    finally:
        store.close()
    told = found(capsys, name, *SMALL)
    assert (told["router"]["base"], told["config"]["aggregate"]) == ("the draft", "centroid")
    assert found(capsys, name, *SMALL, "--base", "live")["config"]["aggregate"] == "max"
    assert found(capsys, name, *SMALL, "--base", "1")["config"]["aggregate"] == "max"


def test_prompts_are_encoded_in_portions_that_the_cache_can_keep(capsys, tmp_path, monkeypatch):
    asked = []

    class Counting(WordEncoder):
        def encode(self, texts):
            asked.append(len(texts))
            return super().encode(texts)

    monkeypatch.setattr("lab.live.load_encoder", lambda name, cache_dir: Counting())
    found(capsys, str(prompts_file(tmp_path / "mine.jsonl")), *SMALL)
    assert asked.index(256) < asked.index(360 - 256) < asked.index(360)


# ------------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--axis", "threshold=nan:1:11"], "is not a range of numbers"),
        (["--axis", "threshold=0.1,nan,0.9"], "number"),
        (["--axis", "threshold=0:inf:11"], "is not a range of numbers"),
        (["--axis", "threshold=0.9:0.1:11"], "runs backwards"),
        (["--axis", "threshold=0:1:31623", "--axis", "min_margin=0:1:31623"], "are 1,000,014,129 cells"),
        (["--axis", "threshold=0:1:1000000000"], "has 1,000,000,000 values"),
        (["--axis", "threshold:nobody=0:1:11"], "names no expert of this router"),
        (["--axis", "warmth=0,1"], "No axis is called 'warmth'"),
        (["--goal", "make it nice"], "is not understood as a goal"),
        (["--goal", "at most 2 % of prompts to nobody"], "'nobody' is no expert"),
        (["--goal", "fastest"], "asks for times, and none was measured"),
        (["--cost", "nobody=1"], "is not the cost of a call"),
        (["--cost", "zoomer=nan"], "is not the cost of a call"),
        (["--base", "draft"], "There is no draft"),
        (["--base", "7"], "--base is '7'"),
        (["--seed", "-1"], "The seed is -1"),
        (["--sealed"], "dataset add mine.jsonl"),
        (["--save", "x"], "--save needs a stored dataset"),
    ],
)
def test_what_cannot_be_searched_is_one_sentence(capsys, tmp_path, here, argv, words):
    status, out, err = run(capsys, "grid", str(prompts_file(tmp_path / "mine.jsonl")), *argv)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert not (here / "lab.db").exists()


def test_rows_that_tell_nothing_are_refused(capsys, tmp_path):
    one = prompts_file(tmp_path / "one.jsonl", 1, only="zoomer")
    same = prompts_file(tmp_path / "same.jsonl", 40, only="zoomer")
    silent = prompts_file(tmp_path / "silent.jsonl", 40, labelled=False)
    strange = tmp_path / "strange.jsonl"
    strange.write_text(same.read_text().replace('"zoomer"', '"poet"'))
    for file, words in (
        (one, "The one row of 'one' to search on is labelled 'zoomer': one class cannot tell"),
        (same, "The 40 rows of 'same' to search on are all labelled 'zoomer'"),
        (silent, "They are not labelled"),
        (strange, "Their labels are poet"),
    ):
        status, out, err = run(capsys, "grid", str(file), *SMALL)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert words in err


def test_a_name_that_is_neither_a_dataset_nor_a_file(capsys, tmp_path, here):
    status, _, err = run(capsys, "grid", "nowhere")
    assert (status, here.exists()) == (2, False)
    assert "There is no dataset yet; nor is 'nowhere' a file" in err
    added(capsys, tmp_path)
    status, _, err = run(capsys, "grid", "nowhere")
    assert status == 2
    assert "Take one of: 'mine'" in err


def test_a_small_dataset_has_nothing_sealed(capsys, tmp_path):
    status, _, err = run(capsys, "grid", added(capsys, tmp_path, 120), *SMALL, "--sealed")
    assert status == 2
    assert "under 300 none are sealed" in err
    store = opened()
    try:
        assert looks.count(store, datasets.find(store, "mine").id) == 0
    finally:
        store.close()


# ------------------------------------------------------------------------------------------------------- for real


@pytest.mark.slow
def test_the_shipped_router_on_shipped_prompts(tmp_path, encoder_cache):
    """A process of its own, with the real encoder and all that the lab ships."""
    data = tmp_path / "real"
    data.mkdir()
    (data / "cache").symlink_to(encoder_cache)
    lines = (REPOSITORY / "data" / "prompts" / "benchmark.jsonl").read_text(encoding="utf-8").splitlines()
    some = tmp_path / "some.jsonl"
    some.write_text("\n".join(lines[::6]) + "\n", encoding="utf-8")
    environ = {name: value for name, value in os.environ.items() if name != "LAB_CONF_DIR"}
    done = subprocess.run(
        [sys.executable, "-m", "lab", "grid", str(some), "--axis", "threshold:zoomer=0:1:21",
         "--json"],
        cwd=REPOSITORY, env=environ | {"LAB_DATA_DIR": str(data)}, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["dev"]["accuracy"][0] > 0.9
    assert sorted(path.name for path in data.iterdir()) == ["cache"]
