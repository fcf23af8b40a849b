"""Rows of an export for tests, and files of them as trainers read them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from lab.dpo.rows import Row, Split
from lab.dpo.spec import Trainer
from lab.messages import Message

_ROW = Row(
    duel_id="duel",
    split="train",
    turns=(Message("user", "What is the capital of France?"),),
    system_prompt="",
    chosen="Paris.",
    rejected="Lyon.",
    chosen_by="expert-a",
    rejected_by="expert-b",
    chosen_model="model-a",
    rejected_model="model-b",
    query_type=None,
    origin="bulk",
    votes=1,
    agreeing=1,
    strength=None,
    adjudicated=False,
)


def pair(prompt: str = "", chosen: str = "", rejected: str = "", **values: object) -> Row:
    """Return a row; what is not given is the capital of France."""
    given = {"chosen": chosen, "rejected": rejected, "turns": (Message("user", prompt),) if prompt else ()}
    return replace(_ROW, **{name: value for name, value in given.items() if value} | values)


def write_split(folder: Path, trainer: Trainer, rows: Iterable[Row], split: Split = "train") -> Path:
    """Write a split as the trainer reads it, and return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{split}.jsonl"
    lines = [json.dumps(one, ensure_ascii=False) for row in rows for one in _objects(trainer, row)]
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def _objects(trainer: Trainer, row: Row) -> list[dict[str, object]]:
    prompt = [{"role": "system", "content": row.system_prompt}] * bool(row.system_prompt)
    prompt += [{"role": turn.role, "content": turn.content} for turn in row.turns]
    chosen, rejected = ([{"role": "assistant", "content": text}] for text in (row.chosen, row.rejected))
    if trainer == "kto":
        return [
            {"prompt": prompt, "completion": chosen, "label": True},
            {"prompt": prompt, "completion": rejected, "label": False},
        ]
    if trainer == "reward":
        return [{"chosen": prompt + chosen, "rejected": prompt + rejected}]
    if trainer == "sft":
        return [{"messages": prompt + chosen}]
    return [{"prompt": prompt, "chosen": chosen, "rejected": rejected}]
