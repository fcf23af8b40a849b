"""A router out of labels: one expert a label, its utterances drawn from rows that carry it."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict

from lab.encoders import DEFAULT_ENCODER
from lab.errors import DatasetError
from lab.forensics.datasets.rows import Rows, labelled
from lab.records import Split
from lab.routing.check import check_config
from lab.types import NONE, Expert, RouterConfig

_TOP_K = 10
_LONGEST = 80  # characters: an expert's name stands in tables, legends and addresses
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def make_experts(
    rows: Rows,
    *,
    per_expert: int | None = None,
    seed: int = 0,
    split: Split = "tune",
    encoder: str = DEFAULT_ENCODER,
) -> RouterConfig:
    """Return a semantic router with an expert for every label of the split's rows, and nobody as the fallback.

    At most `per_expert` utterances each (None: all rows) are drawn by a hash of the seed and the prompt, whatever the
    order of the rows. Rows labelled `none` make no expert. Raises DatasetError for labels that cannot be names,
    ConfigError for a router that cannot work.
    """
    if per_expert is not None and per_expert < 1:
        raise DatasetError(f"{per_expert} utterances an expert are too few; take 1 or more.")
    prompts: defaultdict[str, list[str]] = defaultdict(list)
    for row in labelled(rows, split).tolist():
        label = rows.labels[row]
        if label is not None and label != NONE:
            prompts[label].append(rows.prompts[row])
    if not prompts:
        raise DatasetError(
            f"No row of {split} in {rows.dataset.name!r} is labelled with an expert, so there is none to make. "
            "Label some rows, or take another split."
        )
    _check_names(list(prompts))
    experts = tuple(Expert(name, utterances=tuple(_drawn(prompts[name], per_expert, seed))) for name in sorted(prompts))
    config = RouterConfig(
        "semantic", experts, fallback=NONE, aggregate="mean_top_k", top_k=_TOP_K, encoder=encoder
    )  # fmt: skip
    check_config(config)
    return config


def _drawn(prompts: list[str], per_expert: int | None, seed: int) -> list[str]:
    if per_expert is None or len(prompts) <= per_expert:
        return prompts
    by_chance = sorted(prompts, key=lambda prompt: hashlib.sha256(f"{seed}\0{prompt}".encode()).digest())
    drawn = set(by_chance[:per_expert])
    return [prompt for prompt in prompts if prompt in drawn]


def _check_names(labels: list[str]) -> None:
    seen: dict[str, str] = {}
    for label in labels:
        folded = label.strip().casefold()
        if not folded or folded == NONE:
            raise DatasetError(f"The label {label!r} cannot name an expert: it is reserved. Map it to another name.")
        if _CONTROL.search(label):
            raise DatasetError(f"The label {label!r} cannot name an expert: it holds a line break or another control.")
        if len(label) > _LONGEST:
            raise DatasetError(
                f"The label {label[:40]!r}… has {len(label)} characters; an expert's name has at most {_LONGEST}. "
                "Map it to a shorter one."
            )
        if folded in seen:
            raise DatasetError(
                f"The labels {seen[folded]!r} and {label!r} differ in case alone. Map one of them to the other."
            )
        seen[folded] = label
