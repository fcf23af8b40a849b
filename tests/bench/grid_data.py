"""The two searches that the tables time: 150 experts on 5,500 prompts, and two experts on 22,500.

What costs and times a search is given changes none of its own time; those here are made up for the shape of it.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lab.encoders import Encoder, Vectors, load_encoder
from lab.forensics.evidence import Evidence
from lab.forensics.grid_search.cells import Cells, Reach
from lab.forensics.measures import known
from lab.forensics.sample import Measured, Stakes, sample_of
from lab.types import NONE, Expert, RouterConfig
from tests.bench.data import SHARED
from tests.bench.report import Missing

ENCODER = "all-MiniLM-L6-v2"
AN_INTENT = 20  # utterances of each of the 150 experts
A_HALF = 2  # utterances an intent, of the two experts of the large search
_SEED = 150


class Known:
    """An encoder whose vectors are there already: what was encoded once, by text."""

    def __init__(self, encoder: Encoder, texts: Sequence[str]) -> None:
        self.name, self.fingerprint = encoder.name, encoder.fingerprint
        texts = list(dict.fromkeys(texts))
        self._vectors = encoder.encode(texts)
        self._row = {text: row for row, text in enumerate(texts)}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors, float32 (n, dim)."""
        return self._vectors[[self._row[text] for text in texts]]

    def holds(self, text: str) -> bool:
        """Every text is there."""
        return text in self._row


@dataclass(frozen=True)
class Problem:
    """A router, and labelled prompts to search its thresholds on."""

    config: RouterConfig
    prompts: tuple[str, ...]
    labels: tuple[str, ...]
    stakes: Stakes

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text that needs a vector."""
        return (*self.prompts, *(text for expert in self.config.experts for text in expert.utterances))

    def cells(self, encoder: Encoder, axes: Sequence, vectors: Vectors | None = None) -> Cells:  # type: ignore[type-arg]
        """Score the prompts and count the cells; `vectors` are the prompts' where they are no texts of the encoder."""
        sample = sample_of(self.config, self.labels)
        evidence = Evidence(self.prompts, encoder, vectors)
        return Cells(Reach(Measured.of(sample, self.config, evidence), axes), self.stakes)


def intents() -> Problem:
    """CLINC150's 150 intents as experts, with 20 utterances each out of train; test, and what is out of scope."""
    found = _data()
    experts = tuple(Expert(name, utterances=some) for name, some in _drawn(found["train"], AN_INTENT).items())
    names = [expert.name for expert in experts]
    rows = [*found["test"], *((text, NONE) for text, _ in found["oos_test"])]
    stakes = Stakes(
        call={name: 1.0 + place % 3 for place, name in enumerate(names)},
        misroute={(names[place], names[place + 1]): 5.0 for place in range(0, 100, 2)},
        answer_ms={name: 500.0 + 10 * place for place, name in enumerate(names)},
        overhead_ms=(0.02, 4.0),
    )
    config = RouterConfig("semantic", experts, NONE, aggregate="mean_top_k", top_k=10, encoder=ENCODER)
    return Problem(config, tuple(text for text, _ in rows), tuple(label for _, label in rows), stakes)


def halves() -> Problem:
    """All 22,500 prompts of CLINC150 in scope, the ten domains dealt to two experts with 150 utterances each."""
    found = _data()
    domains = json.loads((SHARED / "clinc150" / "domains.json").read_text(encoding="utf-8"))
    side = {
        one: "even" if number % 2 else "odd" for number, (_, of) in enumerate(sorted(domains.items())) for one in of
    }
    utterances: dict[str, list[str]] = {"odd": [], "even": []}
    for intent, some in _drawn(found["train"], A_HALF).items():
        utterances[side[intent]] += some
    experts = tuple(Expert(name, utterances=tuple(some)) for name, some in utterances.items())
    rows = [(text, side[intent]) for split in ("train", "val", "test") for text, intent in found[split]]
    config = RouterConfig("semantic", experts, NONE, encoder=ENCODER)
    return Problem(config, tuple(text for text, _ in rows), tuple(label for _, label in rows), Stakes())


def ready(problem: Problem, cache_dir: Path) -> Known:
    """Return the encoder with every vector of a problem; what the cache lacks is encoded now."""
    return Known(load_encoder(ENCODER, cache_dir), problem.texts)


def every_measure(cells: Cells) -> int:
    """Work out every measure of every cell, one after the other, accuracy with its interval; return how many."""
    measures = [measure.name for measure in known(())]
    for name in measures:
        cells.metric(name)
    cells.interval("accuracy")
    return len(measures) + sum(len(of_expert) for _, of_expert in cells.each_expert())


def many(problem: Problem, encoder: Encoder, prompts: int) -> tuple[Problem, Vectors]:
    """Return a problem with so many prompts and their vectors: its own, and beyond them the same with a little noise.

    No two vectors are equal, so that scores do not repeat.
    """
    draw = np.random.default_rng(_SEED)
    order = draw.permutation(len(problem.prompts))
    rows = np.resize(order, prompts)
    vectors = encoder.encode([problem.prompts[row] for row in rows])
    copies = np.arange(prompts) >= len(order)
    noise = draw.standard_normal((int(copies.sum()), vectors.shape[1]), dtype=np.float32) * np.float32(0.02)
    vectors[copies] += noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = tuple(f"{row}" for row in range(prompts))
    return Problem(problem.config, texts, tuple(problem.labels[row] for row in rows), problem.stakes), vectors


def clinc_rows(split: str) -> list[tuple[str, str]]:
    """Return the prompts and intents of a split of CLINC150's file, in its order. Raises Missing."""
    return _data()[split]


def _drawn(rows: Sequence[tuple[str, str]], each: int) -> dict[str, tuple[str, ...]]:
    by_intent = defaultdict(list)
    for text, intent in rows:
        by_intent[intent].append(text)
    draw = random.Random(_SEED)
    return {intent: tuple(draw.sample(by_intent[intent], each)) for intent in sorted(by_intent)}


def _data() -> dict[str, list[tuple[str, str]]]:
    path = SHARED / "clinc150" / "data_full.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise Missing(f"CLINC150 is not at {path}; set LAB_SHARED to the folder that holds clinc150/") from err
    return {split: [(text, intent) for text, intent in rows] for split, rows in found.items()}
