"""Candidates: patterns and utterances that would put wrongly routed prompts right, with what they do to unseen ones.

They are chosen on tune rows, where a good figure is no news, and measured on dev rows, where it is. Each effect is that
of the router with this one change, exactly: a pattern changes layer 1 on the rows it matches, an utterance changes one
column of scores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from lab.encoders import Encoder
from lab.errors import ConfigError
from lab.forensics.candidates.patterns import measure_patterns, mine_patterns
from lab.forensics.candidates.split_evidence import SplitEvidence, split_evidence
from lab.forensics.candidates.utterances import Pool, measure_utterances, mine_utterances, pool_of
from lab.forensics.effect import Effect
from lab.forensics.evidence import Ints
from lab.forensics.metrics import Interval, holm, wilson
from lab.forensics.rules.hits import nothing
from lab.types import Expert, RouterConfig

CHOSEN_ON = (
    "Chosen and sorted on tune, measured on dev; p by near-duplicate group, adjusted for all candidates shown (Holm)."
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One pattern or utterance that an expert could be given, and what that alone does to the router."""

    kind: Literal["add_pattern", "add_utterance"]
    expert: str
    text: str
    tune: Effect  # what it was chosen by; an utterance also puts right the row that it is
    dev: Effect
    p_holm: float  # of the dev effect, adjusted for all candidates that are shown
    tune_hits: tuple[int, ...] | None  # the tune rows that a pattern matches; None for an utterance
    tune_right_hits: int | None  # how many of them are labelled with the expert
    tune_row: int | None  # the tune row that an utterance is; None for a pattern

    @property
    def precision(self) -> Interval | None:
        """The share of a pattern's tune hits that are labelled with its expert (Wilson); None for an utterance."""
        if self.tune_hits is None or self.tune_right_hits is None:
            return None
        return wilson(self.tune_right_hits, len(self.tune_hits))

    def applied(self, config: RouterConfig) -> RouterConfig:
        """Return `config` with this change, the same if it is there already. Raises ConfigError without the expert."""
        if self.expert not in {expert.name for expert in config.experts}:
            raise ConfigError(f"The router has no expert {self.expert!r}, so {self.text!r} cannot be added to it.")
        experts = [self._added(expert) if expert.name == self.expert else expert for expert in config.experts]
        return replace(config, experts=tuple(experts))

    def _added(self, expert: Expert) -> Expert:
        if self.kind == "add_pattern":
            return replace(expert, patterns=_with(expert.patterns, self.text))
        return replace(expert, utterances=_with(expert.utterances, self.text))


def _with(texts: tuple[str, ...], text: str) -> tuple[str, ...]:
    return texts if text in texts else (*texts, text)


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the tune errors of a router suggest; each list by the lower end of its net tune effect, best first."""

    patterns: tuple[Candidate, ...]
    utterances: tuple[Candidate, ...]
    tune_n: int
    dev_n: int
    missed: tuple[int, ...]  # the tune rows that ought to go to an expert and do not
    utterances_tried: int
    utterances_possible: int
    notes: tuple[str, ...]  # what must be said beside the lists


def mine(
    config: RouterConfig,
    encoder: Encoder,
    tune: tuple[Sequence[str], Sequence[str]],
    dev: tuple[Sequence[str], Sequence[str]],
    *,
    groups: Ints | None = None,
    most: int = 20,
    seed: int = 0,
    check: Callable[[], None] = nothing,
) -> Candidates:
    """Propose at most `most` patterns and `most` utterances.

    `tune` and `dev` are prompts and labels (an expert's name or NONE); `groups`: of the dev rows, where near-duplicates
    share one; `seed` draws the rows that are tried as
    utterances where there are too many; `check` may raise to stop the work.
    Raises DatasetError for a row without a label, SearchError for a split without rows or columns that do not fit,
    EncoderUnavailable.
    """
    tune_rows = split_evidence("tune", config, encoder, *tune, check)
    dev_rows = split_evidence("dev", config, encoder, *dev, check)
    pool = Pool((), 0) if tune_rows.layer2 is None else pool_of(config, tune_rows, tune_rows.layer2, seed)
    patterns = [] if config.strategy == "semantic" else _patterns(config, tune_rows, dev_rows, most, check)
    found = [*patterns, *_utterances(tune_rows, dev_rows, pool, most, check)]
    alone = np.arange(len(dev_rows.labels)) if groups is None else groups
    adjusted = holm([one.dev.p_value(alone) for one in found])
    found = [replace(one, p_holm=p) for one, p in zip(found, adjusted, strict=True)]
    found.sort(key=lambda one: -one.tune.net.low)
    return Candidates(
        patterns=tuple(one for one in found if one.kind == "add_pattern"),
        utterances=tuple(one for one in found if one.kind == "add_utterance"),
        tune_n=len(tune_rows.labels),
        dev_n=len(dev_rows.labels),
        missed=tuple(row for row, missed in enumerate(tune_rows.missed) if missed),
        utterances_tried=len(pool.tried),
        utterances_possible=pool.of,
        notes=_notes(config, pool, seed),
    )


def _patterns(
    config: RouterConfig, tune: SplitEvidence, dev: SplitEvidence, most: int, check: Callable[[], None]
) -> list[Candidate]:
    mined = mine_patterns(config, tune, most, check)
    on_dev = measure_patterns([(one.expert, one.pattern) for one in mined], dev, check)
    return [
        Candidate(
            kind="add_pattern",
            expert=one.expert,
            text=one.pattern,
            tune=one.effect,
            dev=there.effect,
            p_holm=1.0,
            tune_hits=one.hits,
            tune_right_hits=sum(tune.labels[row] == one.expert for row in one.hits),
            tune_row=None,
        )
        for one, there in zip(mined, on_dev, strict=True)
    ]


def _utterances(
    tune: SplitEvidence, dev: SplitEvidence, pool: Pool, most: int, check: Callable[[], None]
) -> list[Candidate]:
    if tune.layer2 is None or dev.layer2 is None or tune.vectors is None:
        return []
    mined = mine_utterances(tune, tune.layer2, tune.vectors, pool, most, check)
    on_tune = measure_utterances(mined, tune.vectors, tune, tune.layer2)
    on_dev = measure_utterances(mined, tune.vectors, dev, dev.layer2)
    return [
        Candidate(
            kind="add_utterance",
            expert=one.expert,
            text=tune.prompts[one.row],
            tune=here,
            dev=there,
            p_holm=1.0,
            tune_hits=None,
            tune_right_hits=None,
            tune_row=one.row,
        )
        for one, here, there in zip(mined, on_tune, on_dev, strict=True)
    ]


def _notes(config: RouterConfig, pool: Pool, seed: int) -> tuple[str, ...]:
    notes = [CHOSEN_ON]
    if config.strategy == "semantic":
        notes.append("This router does not ask layer 1, so no pattern would change it.")
    if config.strategy == "keyword":
        notes.append("This router has no layer 2, so no utterance would change it.")
    elif config.scorer != "cosine":
        notes.append("The learned scorer does not read utterances: label the prompts and fit it again instead.")
    if len(pool.tried) < pool.of:
        notes.append(
            f"{len(pool.tried):,} of {pool.of:,} missed tune prompts were tried as utterances, drawn with seed {seed}."
        )
    return tuple(notes)
