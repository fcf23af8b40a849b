"""Rows for trainers, and an export of them as each trainer reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from export_rows import CARD, PLAIN

from lab.dpo.formats import Container, choice, write
from lab.dpo.rows import LikedRow, Row
from lab.dpo.spec import Trainer
from lab.dpo.training import TRAINED_ON
from lab.messages import Message

_ASKED = replace(
    PLAIN,
    turns=(Message("user", "What is the capital of France?"),),
    system_prompt="",
    chosen="Paris.",
    rejected="Lyon.",
)


def pair(prompt: str = "", chosen: str = "", rejected: str = "", **values: object) -> Row:
    """Return a row to train on; what is not given is the capital of France."""
    given = {"chosen": chosen, "rejected": rejected, "turns": (Message("user", prompt),) if prompt else ()}
    return replace(_ASKED, **{name: value for name, value in given.items() if value} | values)


def exported(
    folder: Path,
    trainer: Trainer,
    rows: Sequence[Row],
    liked: Sequence[LikedRow] = (),
    container: Container = "jsonl",
) -> Path:
    """Export rows to a new folder, and return the folder inside it that the trainer reads."""
    write(rows, liked, [choice(f"{TRAINED_ON[trainer]}:{container}")], folder, CARD)
    return folder / TRAINED_ON[trainer]
