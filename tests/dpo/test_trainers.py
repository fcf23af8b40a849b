"""TRL itself trains on exports: its losses are finite, and it drops exactly the rows that were announced."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pair_rows import exported, pair

from lab.dpo.lengths import PairLengths, dropped, dropped_example
from lab.dpo.rows import LikedRow, Row
from lab.dpo.spec import Trainer
from lab.dpo.tokens import FolderTokenizer
from lab.messages import Message

pytestmark = [
    pytest.mark.slow,
    # TRL 1.16 asks a model of transformers 5 by the former name of the property.
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

TRAINERS: list[Trainer] = ["dpo", "reward", "kto"]
SYSTEM = "You are a helpful assistant."


def mixed_rows() -> list[Row]:
    """Return rows of many lengths: long prompts, long answers, several turns, other scripts."""
    dice = random.Random(0)
    rows = []
    for number in range(24):
        prompt = "Name an animal, a colour and a number. " * dice.randint(1, 4)
        answer = "Certainly, with pleasure: " + "step by step, " * dice.randint(0, 6) + f"größer 你好 🦊 {number}"
        rows.append(pair(prompt, answer, "No. " * dice.randint(1, 4), system_prompt=SYSTEM * (number % 2)))
    turns = (Message("user", "Explain."), Message("assistant", "A bridge carries."), Message("user", "And why?"))
    return [*rows, pair(turns=turns, chosen="The Romans knew.", rejected="Look it up.")]


def train(trainer: Trainer, policy: Path, files: Path, **config: Any) -> Any:
    """Return a trainer of TRL for the files of an export, ready to go."""
    import datasets
    import trl

    datasets.disable_progress_bars()
    names = {"dpo": "DPO", "reward": "Reward", "kto": "KTO"}

    data = datasets.load_dataset(
        "json",
        data_files={path.stem: str(path) for path in files.glob("*.jsonl")},
        cache_dir=str(files.parent / "cache"),
    )
    settings = {
        "output_dir": str(files.parent / "out"),
        "per_device_train_batch_size": 4,
        "per_device_eval_batch_size": 8,
        "activation_checkpointing": False,
        "use_cpu": True,
        "bf16": False,
        "dataloader_pin_memory": False,
        "report_to": "none",
        "save_strategy": "no",
        "logging_steps": 1,
        "disable_tqdm": True,
        "seed": 0,
    }
    made = getattr(trl, f"{names[trainer]}Config")(**settings | config)
    return getattr(trl, f"{names[trainer]}Trainer")(
        model=str(policy),
        args=made,
        train_dataset=data["train"],
        eval_dataset=data.get("validation"),
    )


def kept(trainer: Trainer, pairs: PairLengths, max_length: int) -> int:
    """Return how many examples were announced to stay, where each pair makes all that it can."""
    if trainer == "kto":
        return sum(int((~dropped_example(side, max_length)).sum()) for side in (pairs.chosen, pairs.rejected))
    return int((~dropped(trainer, pairs, max_length)).sum())


def counted(trainer: Trainer, pairs: PairLengths) -> list[tuple[int, ...]]:
    """Return our counts of every example in the order of the file, in the shape of `theirs`."""
    if trainer == "reward":
        return list(zip(pairs.chosen.whole.tolist(), pairs.rejected.whole.tolist(), strict=True))
    if trainer == "dpo":
        sides = (pairs.prompt, pairs.chosen.whole - pairs.prompt, pairs.rejected.whole - pairs.prompt)
        return list(zip(*(side.tolist() for side in sides), strict=True))
    each = [zip(side.prompt.tolist(), side.answer.tolist(), strict=True) for side in (pairs.chosen, pairs.rejected)]
    return [one for both in zip(*each, strict=True) for one in both]


def theirs(trainer: Trainer, dataset: Any) -> list[tuple[int, ...]]:
    """Return the tokens of every example that TRL kept."""
    columns = {
        "dpo": ("prompt_ids", "chosen_ids", "rejected_ids"),
        "reward": ("chosen_ids", "rejected_ids"),
        "kto": ("prompt_ids", "completion_ids"),
    }[trainer]
    return [tuple(len(row[name]) for name in columns) for row in dataset]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """A model as tiny as this one spends more time on handing work to a second thread than on the work."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=TRAINERS)
def trainer(request: pytest.FixtureRequest) -> Trainer:
    return request.param


def test_five_steps_on_an_export_have_finite_losses_and_drop_what_was_announced(trainer, policy, tmp_path):
    rows = mixed_rows()
    pairs = FolderTokenizer.load(policy).pairs(rows)
    limit = int(sorted(pairs.longest if trainer == "reward" else pairs.prompt)[len(rows) * 3 // 4])
    made = train(trainer, policy, exported(tmp_path / "export", trainer, rows), max_length=limit, max_steps=5)
    announced = kept(trainer, pairs, limit)
    assert 0 < announced < len(rows) * (2 if trainer == "kto" else 1)
    assert len(made.train_dataset) == announced
    made.train()
    losses = [entry["loss"] for entry in made.state.log_history if "loss" in entry]
    assert len(losses) == 5
    assert all(math.isfinite(loss) for loss in losses)


def test_thumbs_and_answers_that_two_pairs_judge_differently_are_counted_for_kto(policy, tmp_path):
    rows = [replace(row, likes_chosen=bool(number % 3)) for number, row in enumerate(mixed_rows())]
    liked = [
        LikedRow(f"answer-{number}", "train", row.turns, row.system_prompt, row.rejected, bool(number % 2), "", "")
        for number, row in enumerate(rows)
    ]
    count = FolderTokenizer.load(policy)
    pairs, thumbs = count.pairs(rows), count.liked(liked)
    limit = int(sorted(pairs.prompt)[len(rows) // 2])
    likes = np.array([row.likes_chosen for row in rows])
    announced = (
        (~dropped_example(pairs.chosen, limit) & likes).sum()
        + (~dropped_example(pairs.rejected, limit)).sum()
        + (~dropped_example(thumbs, limit)).sum()
    )
    made = train("kto", policy, exported(tmp_path / "export", "kto", rows, liked), max_length=limit, max_steps=1)
    assert len(made.train_dataset) == announced


@pytest.mark.parametrize("template", ["policy", "thinking_policy"])
def test_every_row_has_as_many_tokens_as_trl_makes_of_it(trainer, template, request, tmp_path):
    folder, rows = request.getfixturevalue(template), mixed_rows()
    made = train(trainer, folder, exported(tmp_path / "export", trainer, rows), max_length=None, max_steps=1)
    assert theirs(trainer, made.train_dataset) == counted(trainer, FolderTokenizer.load(folder).pairs(rows))


@pytest.mark.parametrize("beside", [-1, 0, 1])
def test_the_limit_is_the_same_to_the_token(trainer, beside, policy, tmp_path):
    """Rows of prompts and answers around the limit, one token apart."""
    rows = [pair("Name" + " a" * extra, "Paris." + " a" * (9 - extra)) for extra in range(6)]
    pairs = FolderTokenizer.load(policy).pairs(rows)
    limit = int((pairs.longest if trainer == "reward" else pairs.prompt)[3]) + beside
    made = train(trainer, policy, exported(tmp_path / "export", trainer, rows), max_length=limit, max_steps=1)
    assert len(made.train_dataset) == kept(trainer, pairs, limit)


def polite_rows(numbers: range) -> list[Row]:
    """Return pairs of which the chosen answer is always the polite one; no prompt stands in two ranges."""
    dice = random.Random(numbers.start)
    subjects = ["animal", "colour", "bridge", "city", "river", "number", "function", "sentence"]

    def filler() -> str:
        return " ".join(dice.choice(subjects) for _ in range(dice.randint(2, 6)))

    return [
        pair(
            f"Name {dice.choice(subjects)} {number} and {filler()}.",
            f"Certainly, with pleasure: {filler()}",
            f"No. Look it up: {filler()}",
        )
        for number in numbers
    ]


def test_two_hundred_steps_of_dpo_raise_the_margin_on_held_out_prompts(policy, tmp_path):
    held_out = [replace(row, split="validation") for row in polite_rows(range(1_000, 1_032))]
    files = exported(tmp_path / "export", "dpo", [*polite_rows(range(160)), *held_out])
    made = train("dpo", policy, files, max_steps=200, learning_rate=5e-4, logging_steps=50)
    before = made.evaluate()
    made.train()
    after = made.evaluate()
    assert before["eval_rewards/margins"] == pytest.approx(0, abs=1e-3)  # the policy is its own reference still
    assert after["eval_rewards/margins"] > 0.5
    assert after["eval_rewards/accuracies"] > 0.9
