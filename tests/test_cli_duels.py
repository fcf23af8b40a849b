"""`python -m lab duels`: answers asked for in bulk from the shell, gone on with, and a sentence for what cannot be."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from doubles import WordEncoder, two_experts

from lab import cli
from lab.conf_out import to_files
from lab.config import load_settings
from lab.preferences.duels.asking import Patience
from lab.store import batches, duels, open_store
from tests.preferences.duels.flaky_server import FlakyServer


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder of its own, two experts who ask an OpenAI-compatible server, and an encoder that is quick."""
    config = two_experts()
    config = replace(config, experts=tuple(replace(expert, provider="openai") for expert in config.experts))
    for path, text in to_files(config).items():
        file = tmp_path / "conf" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("LAB_CONF_DIR", str(tmp_path / "conf"))
    monkeypatch.setenv("LAB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("lab.live.load_encoder", lambda name, cache_dir: WordEncoder())
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def server():
    with FlakyServer() as one:
        yield one


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], server: FlakyServer):
    def lab(*argv: str) -> tuple[int, str, str]:
        status = cli.main(
            [*argv, *(["-o", f"providers.openai_base_url={server.url}"] if argv[1] == "generate" else [])]
        )
        out, err = capsys.readouterr()
        return status, out, err

    return lab


@pytest.fixture
def dataset(run, tmp_path: Path) -> str:
    file = tmp_path / "mine.jsonl"
    file.write_text("".join(json.dumps({"prompt": f"what is {n}"}) + "\n" for n in range(10)))
    assert run("dataset", "add", str(file), "--name", "mine")[0] == 0
    return "mine"


def opened():
    settings = load_settings()
    return open_store(settings.database_url, settings.data_dir)


def test_duels_are_generated_and_told(run, dataset, server):
    status, out, err = run("duels", "generate", "--dataset", "mine", "--experts", "zoomer,professor",
                           "--sample", "random:4", "--seed", "3", "--max-tokens", "55")  # fmt: skip
    assert status == 0
    assert out == "8 of 8 answers, 4 duels. Judge them on the Label page.\n"
    assert (
        "4 of 10 prompts of mine, drawn at random; 8 answers by zoomer (tinyllama) and professor (llama3.2:3b)." in err
    )
    assert {(one["max_tokens"], one["messages"][0]["content"]) for one in server.requests} == {(55, "Chat.")}
    store = opened()
    [batch] = batches.listed(store, "bulk")
    assert batch.name == "mine: zoomer against professor"
    assert {duel.probability for duel in duels.recent(store)} == {0.4}
    store.close()


def test_what_failed_is_listed_and_asked_for_again_alone(run, dataset, server):
    server.refusing = {"what is 3": "400"}
    status, out, _ = run("duels", "generate", "--dataset", "mine", "--sample", "all", "--system", "Be kind.", "--json")
    told = json.loads(out)
    assert (status, told["state"], told["answered"], told["failed"], told["duels"]) == (1, "done", 18, 2, 9)
    assert {(one["prompt"], one["kind"]) for one in told["failures"]} == {("what is 3", "server_fault")}
    assert {one["messages"][0]["content"] for one in server.requests} == {"Be kind."}
    server.refusing = {}
    server.asked.clear()
    status, out, _ = run("duels", "generate", "--resume", told["batch"])
    assert (status, server.asked) == (1, [])
    assert f"--resume {told['batch']} --retry" in out
    assert "professor, server_fault: The OpenAI-compatible server" in out
    status, out, _ = run("duels", "generate", "--resume", told["batch"], "--retry", "--json")
    assert (status, json.loads(out)["answered"], len(server.asked)) == (0, 20, 2)


def test_one_expert_at_two_settings(run, dataset, server):
    status, *_ = run("duels", "generate", "--dataset", "mine", "--experts", "zoomer,zoomer", "--sample", "random:2",
                     "--temperature", "0.2,0.9", "--model", "small,large")  # fmt: skip
    assert status == 0
    assert {(one["model"], one["temperature"]) for one in server.requests} == {("small", 0.2), ("large", 0.9)}


def test_recent_events_are_a_source(run, server, dataset):
    store = opened()
    store.close()
    assert run("route", "lol what", "--record")[0] == 0
    assert run("route", "lol what", "--record")[0] == 0
    status, out, err = run("duels", "generate", "--events", "50", "--sample", "hardest:5")
    assert (status, out) == (0, "2 of 2 answers, 1 duel. Judge them on the Label page.\n")
    assert "All 1 prompt of the newest events" in err


def test_batches_are_listed(run, dataset):
    assert run("duels", "list")[1].startswith("No duels were asked for in bulk yet")
    run("duels", "generate", "--dataset", "mine", "--sample", "random:1", "--name", "one\x1b[31m")
    status, out, _ = run("duels", "list")
    assert status == 0
    assert "2 of 2 answers, 1 duel." in out
    assert "\x1b" not in out
    assert json.loads(run("duels", "list", "--json")[1])["report"]["duels"] == 1


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--dataset", "none"], "No dataset has the name"),
        (["--dataset", "mine", "--experts", "zoomer"], "are not two experts"),
        (["--dataset", "mine", "--experts", "zoomer,nobody"], "are not two experts"),
        (["--dataset", "mine", "--sample", "worst:3"], "Write all, random:100 or hardest:100"),
        (["--dataset", "mine", "--max-tokens", "0"], "length limit is 0"),
        (["--dataset", "mine", "--temperature", "warm"], "is no number"),
        (["--dataset", "mine", "--temperature", "3"], "must lie between 0 and 2"),
        (["--dataset", "mine", "--model", "a,b,c"], "one for each side"),
        (["--dataset", "mine", "--wished", "0"], "at least one vote"),
        (["--dataset", "mine", "--retry"], "--retry needs --resume"),
        (["--events", "0"], "take at least one"),
        (["--events", "5"], "no prompt to draw"),
        (["--resume", "nothing"], "No batch of duels has the id"),
    ],
)
def test_what_cannot_be_asked_for_is_one_line(run, dataset, argv, sentence):
    status, out, err = run("duels", "generate", *argv)
    assert (status, out) == (2, "")
    assert sentence in err.splitlines()[-1]


def test_a_server_that_is_not_there_is_said(run, dataset, server, monkeypatch):
    monkeypatch.setattr("lab.preferences.duels.run.Patience", partial(Patience, pause_s=0.01))
    server.stop()
    status, out, _ = run("duels", "generate", "--dataset", "mine", "--sample", "random:1")
    assert status == 1
    assert "unavailable" in out
