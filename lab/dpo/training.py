"""What a training recipe for a snapshot is made from."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from lab.dpo import spec as specs
from lab.dpo.recipe import RecipeFacts
from lab.dpo.report import Report
from lab.dpo.snapshots import report_of, spec_of
from lab.exported import Snapshot


def recipe_facts(snapshot: Snapshot, *, model: str | None, data: str | None, trainer: str | None) -> RecipeFacts:
    """Return what a training recipe for a snapshot is made from; `data` is the folder of its export.

    Raises ExportError for a trainer that is none.
    """
    spec, found = spec_of(snapshot), report_of(snapshot)
    wanted = specs.from_json(
        specs.to_json(spec) | {"policy": asdict(spec.policy) | ({"trainer": trainer} if trainer else {})}
    ).policy
    folder = TRAINED_ON.get(wanted.trainer, "trl")
    lines = {split: _lines(snapshot, folder, split, found) for split in ("train", "validation")}
    return RecipeFacts(
        trainer=wanted.trainer,
        model=spec.policy.model if model is None else model,
        data=str(Path(data or snapshot.name) / folder),
        snapshot=snapshot.name,
        train=lines["train"],
        validation=lines["validation"],
        fit=found.fits[wanted.trainer],
        limit=spec.policy.max_length,
        exact=found.exact_tokens,
        agreement=found.chose_same / found.chose_both if found.chose_both else None,
        agreement_pairs=found.chose_both,
        wrong=found.wrong,
        liked=found.examples["train"][0],
        seed=spec.seed,
    )


TRAINED_ON = {"dpo": "trl", "reward": "reward", "kto": "kto", "sft": "sft"}
"""The format that a trainer reads, by its name."""


def _lines(snapshot: Snapshot, folder: str, split: str, found: Report) -> int:
    """Return how many lines a trainer's file of a side has: as it was written, else as the doctor counted."""
    for path, made in snapshot.files.items():
        if path.startswith(f"{folder}/{split}."):
            return int(made["rows"])
    return sum(found.examples[split]) if folder == "kto" else found.splits[split]
