"""The training script that a snapshot suggests: its numbers, its quoting, and that it really runs."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pair_rows import exported, pair

from lab.dpo.lengths import Fit
from lab.dpo.noise import error_rate, wrong
from lab.dpo.recipe import RecipeFacts, batch_size, command, epochs, label_smoothing, recipe
from lab.errors import ExportError

TRAINERS = ["dpo", "reward", "kto", "sft"]
FACTS = RecipeFacts(
    trainer="dpo",
    model="models/tiny",
    data="exports/first/trl",
    snapshot="first",
    train=812,
    validation=90,
    fit=Fit(512, 0.012, 0.0),
    exact=True,
    agreement=0.82,
    agreement_pairs=140,
)


def test_the_limit_is_measured_but_never_more_than_was_asked_for():
    assert '"--max-length", type=int, default=512' in recipe(replace(FACTS, limit=1_024))
    script = recipe(replace(FACTS, limit=384))
    assert '"--max-length", type=int, default=384' in script
    assert "As asked for; 512 would hold 99 of 100." in script


def constants(script: str) -> dict[str, object]:
    """Return what the script assigns to MODEL and DATA."""
    assigned = [
        (ast.unparse(node.targets[0]), node.value) for node in ast.parse(script).body if isinstance(node, ast.Assign)
    ]
    return {name: ast.literal_eval(value) for name, value in assigned if name.isupper()}


# ------------------------------------------------------------------------------------------------- its numbers


@pytest.mark.parametrize(
    ("agreement", "rate"),
    [
        (1.0, 0.0),
        (0.82, 0.1),  # .9² + .1²
        (0.68, 0.2),  # .8² + .2²
        (0.5, 0.5),
        (0.3, 0.5),  # less than by chance is a coin as well
        (None, 0.0),
    ],
)
def test_two_raters_who_err_alike_agree_as_often_as_measured(agreement, rate):
    assert error_rate(agreement) == pytest.approx(rate)


@given(st.floats(0, 0.5))
def test_the_error_rate_is_found_again_from_the_agreement_that_it_makes(rate):
    assert error_rate((1 - rate) ** 2 + rate**2) == pytest.approx(rate, abs=1e-7)


def test_labels_that_more_votes_stand_behind_are_wrong_less_often():
    found = wrong(0.2, np.array([1, 2, 3, 1]))
    assert found.tolist() == pytest.approx([0.2, 0.04 / 0.68, 0.008 / 0.52, 0.2])  # .2² / (.2² + .8²), and so on
    assert wrong(0.0, np.array([1])).tolist() == [0.0]
    assert wrong(0.5, np.array([1, 3])).tolist() == [0.5, 0.5]


def test_the_script_is_told_how_many_labels_are_wrong_in_what_was_exported():
    script = recipe(replace(FACTS, wrong=0.031))
    assert "label_smoothing=0.03," in script
    assert "0.031 of their labels are wrong" in " ".join(script.replace("#", " ").split())


def test_smoothing_stays_where_the_robust_loss_is_sane():
    assert label_smoothing(0.1) == 0.1
    assert label_smoothing(0.123) == 0.12
    assert label_smoothing(0.5) == 0.4


@pytest.mark.parametrize(("rows", "batch"), [(1, 8), (60, 8), (800, 16), (1_600, 32), (100_000, 64)])
def test_an_update_sees_as_many_rows_as_make_about_fifty_updates(rows, batch):
    assert batch_size(rows) == batch


def test_more_rows_are_gone_through_less_often():
    assert [epochs(rows) for rows in (1, 999, 1_000, 9_999, 10_000)] == [3, 3, 2, 2, 1]


def test_the_script_says_what_was_measured():
    script = recipe(FACTS)
    assert 'loss_type=["robust"]' in script
    assert "label_smoothing=0.1," in script
    assert "82.0% of 140 cases" in script
    assert '"--max-length", type=int, default=512' in script
    assert "1.2% lose their end" in script
    assert '"--batch", type=int, default=4' in script
    assert '"--accumulate", type=int, default=4' in script  # 812 rows: 16 an update


def test_nothing_measured_is_said_and_nothing_assumed():
    script = recipe(replace(FACTS, agreement=None, agreement_pairs=0, fit=None))
    assert 'loss_type=["sigmoid"]' in script
    assert "label_smoothing=0.0," in script
    assert "No duel was judged twice" in script
    assert '"--max-length", type=int, default=1024' in script
    assert "No lengths were measured" in script


def test_votes_like_coins_are_held_at_the_limit_and_it_is_said():
    script = recipe(replace(FACTS, agreement=0.5))
    assert "label_smoothing=0.4," in script
    assert "hardly better than a coin" in " ".join(script.split())


def test_estimated_lengths_are_called_an_estimate():
    assert "an estimate" in recipe(replace(FACTS, exact=False))
    assert "an estimate" not in recipe(FACTS)


def test_kto_weighs_the_rarer_kind_more():
    # 200 liked and 600 disliked
    script = recipe(replace(FACTS, trainer="kto", train=800, liked=200))
    assert "desirable_weight=3.0,\n    undesirable_weight=1.0," in script
    alone = recipe(replace(FACTS, trainer="kto", train=800, liked=800))
    assert "desirable_weight=1.0,\n    undesirable_weight=1.0," in alone


def test_few_rows_are_remarked_upon():
    assert "Fewer than 50 rows" in recipe(replace(FACTS, train=49))
    assert "Fewer than 50 rows" not in recipe(replace(FACTS, train=50))


# ------------------------------------------------------------------------------------------------- its quoting

printable = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1)


@given(printable, printable, st.text())
def test_whatever_things_are_called_the_script_holds_their_names_and_nothing_else(model, data, snapshot):
    assume(":" not in model)  # which is a server's name for it
    facts = replace(FACTS, model=model, data=data, snapshot=snapshot)
    plain = recipe(FACTS)
    script = recipe(facts)
    assert constants(script) == {"MODEL": model, "DATA": data}
    emptied = re.sub(r"^(MODEL|DATA) = .*$", "", script, flags=re.MULTILINE)
    assert (
        emptied.partition("\n")[2] == re.sub(r"^(MODEL|DATA) = .*$", "", plain, flags=re.MULTILINE).partition("\n")[2]
    )


@pytest.mark.parametrize("name", ['"; import os #', "'''", "a$model", "\\", "{0}", "${data}", "größer/你好"])
def test_names_that_look_like_code_stay_names(name):
    assert constants(recipe(replace(FACTS, model=name, data=name))) == {"MODEL": name, "DATA": name}


@pytest.mark.parametrize("name", ["a\nimport os", "a\x00", "a\u2028b", "\ud800", "a\u202eb"])
def test_names_that_cannot_be_printed_are_refused(name):
    with pytest.raises(ExportError, match="cannot be printed"):
        recipe(replace(FACTS, model=name))
    with pytest.raises(ExportError, match="cannot be printed"):
        recipe(replace(FACTS, data=name))


@pytest.mark.parametrize("name", ["qwen2.5:0.5b", "hf.co/ann/model-GGUF:Q4_K_M", "tinyllama:latest"])
def test_a_server_s_name_for_a_model_is_said_and_its_folder_asked_for(name):
    facts = replace(FACTS, model=name)
    script = recipe(facts)
    assert constants(script)["MODEL"] is None
    assert f'MODEL = None  # what answers as "{name}": say its folder' in script
    assert command(facts).endswith("--model MODEL")
    assert constants(recipe(replace(FACTS, model="C:\\models\\tiny")))["MODEL"] == "C:\\models\\tiny"


def test_a_model_that_was_not_named_is_asked_for():
    facts = replace(FACTS, model="")
    assert constants(recipe(facts))["MODEL"] is None
    assert command(facts).endswith("--model MODEL")
    assert "--model" not in command(FACTS)
    assert shlex.split(command(FACTS, "my script.py"))[1] == "my script.py"


def test_without_rows_or_for_an_unknown_trainer_there_is_no_recipe():
    with pytest.raises(ExportError, match="no rows to train on"):
        recipe(replace(FACTS, train=0))
    with pytest.raises(ExportError, match="no recipe for the trainer 'ppo'"):
        recipe(replace(FACTS, trainer="ppo"))


@pytest.mark.parametrize("trainer", TRAINERS)
@pytest.mark.parametrize("agreement", [None, 0.82, 0.5])
def test_scripts_pass_the_linter_and_the_formatter(trainer, agreement):
    script = recipe(replace(FACTS, trainer=trainer, agreement=agreement, liked=300))
    ruff = [sys.executable, "-m", "ruff"]
    for call in (["check", "--isolated", "--select", "E,F,W,I,B,UP,S", "-"], ["format", "--isolated", "--check", "-"]):
        done = subprocess.run(
            [*ruff, *call, "--line-length", "120", "--target-version", "py311"],
            input=script,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


# ---------------------------------------------------------------------------------------------------- it runs


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trainer", "container"), [("dpo", "jsonl"), ("reward", "json"), ("kto", "parquet"), ("sft", "jsonl")]
)
def test_the_very_script_trains_the_tiny_policy(trainer, container, policy, tmp_path):
    rows = [pair(f"Name an animal and the number {number}.", "Certainly: a fox.", "No.") for number in range(12)]
    held_out = [replace(row, split="validation") for row in rows[:4]]
    files = exported(
        tmp_path / "export", trainer, [*rows, pair("Name " * 300, "Yes, certainly."), *held_out], container=container
    )
    facts = replace(
        FACTS,
        trainer=trainer,
        model=str(policy),
        data=str(files.relative_to(tmp_path)),
        liked=13,
        train=26 if trainer == "kto" else 13,
    )
    (tmp_path / "train.py").write_text(recipe(replace(facts, fit=Fit(256, 0.0, 0.08))), encoding="utf-8")
    arguments = shlex.split(command(facts))[1:]
    done = run([*arguments, "--max-steps", "3"], tmp_path)
    assert done.returncode == 0, done.stderr
    fitting = {"dpo": "12 of 13", "reward": "12 of 13", "kto": "24 of 26", "sft": "13 of 13"}[trainer]
    assert f"{fitting} rows are short enough" in done.stdout
    assert "eval_loss" in done.stdout
    assert "nan" not in done.stdout
    assert (tmp_path / f"trained-{trainer}" / "model.safetensors").exists()


@pytest.mark.slow
def test_a_trained_model_is_not_written_over(tmp_path):
    (tmp_path / "train.py").write_text(recipe(FACTS), encoding="utf-8")
    (tmp_path / "trained-dpo").mkdir()
    (tmp_path / "trained-dpo" / "model.safetensors").write_text("weeks of work")
    done = run(shlex.split(command(FACTS))[1:], tmp_path)
    assert done.returncode == 2
    assert "trained-dpo is not empty; name another folder" in done.stderr


def run(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"HF_HOME": str(folder / "hub"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False
    )
