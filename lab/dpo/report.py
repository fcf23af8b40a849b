"""What the doctor says of an export: the funnel, a finding for each rule, and the numbers behind the plots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, get_args

import numpy as np

from lab.dpo import noise
from lab.dpo.behind import ratio_classes
from lab.dpo.built import CODE, FILTERED, UNDECIDED, Built
from lab.dpo.checks import of_set
from lab.dpo.checks.catalogue import BLOCKS, BY_ID, OF_ROWS, RULES, Severity
from lab.dpo.lengths import Fit, fitting
from lab.dpo.rows import SPLITS
from lab.dpo.spec import Trainer
from lab.preferences.bias import RATIOS, Leaning
from lab.store.row_words import counted

FEW_PAIRS = 50
"""With fewer pairs than this a trainer learns the pairs rather than what they share."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found. `count` of `of`; of a rule about single pairs, `left_out` of them are not in the export."""

    rule: str
    severity: Severity
    count: int
    of: int
    left_out: int
    says: str  # the numbers, as a sentence
    thumbs: int = 0  # answers with a thumb that are in the export

    @property
    def stands(self) -> bool:
        """Whether any of what was found is in the export."""
        return self.count > self.left_out or self.thumbs > 0


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote answers of kept pairs: an expert and its model, and how many were chosen and rejected."""

    by: str
    model: str
    chosen: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Report:
    """An export in numbers."""

    votes: int
    judged: int  # duels with a vote
    wanted: int  # of these, let through by the filters
    pairs: int  # of these, with a winner
    kept: int
    counts: Mapping[str, int]  # judged duels by what became of them
    splits: Mapping[str, int]  # kept pairs
    clusters: Mapping[str, int]  # groups of prompts among them
    likes: int  # answers with a thumb
    likes_left_out: Mapping[str, int]
    findings: tuple[Finding, ...]
    exact_tokens: bool
    annotators: int  # whose votes decided
    authors: tuple[Author, ...]
    query_types: Mapping[str, int]  # kept pairs; an empty name for those without one
    twice: int  # duels that two or more judged
    chose_both: int  # pairs of votes on one duel that both chose an answer
    chose_same: int  # of these, those that chose the same
    agreement: float | None  # of two who judged one duel, how often both said the same; None where nobody did
    longer: Leaning  # pairs that the longer answer won, of those with answers of two lengths
    left: Leaning  # votes for the left answer, of those that chose one
    fits: Mapping[str, Fit]  # by trainer: the length limit that 99 of 100 pairs stay under
    examples: Mapping[str, tuple[int, int]]  # of KTO, by side of the split: liked and disliked answers
    policy_share: float | None  # of the answers, those of the model to be trained; None where none is named
    settled: int = 0  # kept pairs whose prompt had its side in the family before
    wrong: float | None = None  # the share of wrong labels to be expected among the kept pairs; None: not known

    @property
    def ready(self) -> bool:
        """Whether there is anything to export."""
        return self.kept > 0 or self.likes > 0

    @property
    def warnings(self) -> int:
        """How many rules warn of something that is in the export."""
        return sum(one.severity == "warn" and one.stands for one in self.findings)

    def found(self, rule: str) -> Finding | None:
        """Return what a rule found, None where it found nothing."""
        return next((one for one in self.findings if one.rule == rule), None)


def report(built: Built) -> Report:
    """Return what came of all votes, in numbers."""
    counts = built.counts
    judged, filtered = len(built.duel_seqs), sum(counts.get(one, 0) for one in FILTERED)
    undecided = sum(counts.get(f"verdict:{one}", 0) for one in UNDECIDED)
    kept = built.kept_of
    sides, groups = built.sides_of[kept], built.groups_of[kept]
    return Report(
        votes=built.votes,
        judged=judged,
        wanted=judged - filtered,
        pairs=judged - filtered - undecided,
        kept=int(kept.sum()),
        counts=counts,
        splits={name: int((sides == place).sum()) for place, name in enumerate(SPLITS)},
        clusters={name: len(np.unique(groups[sides == place])) for place, name in enumerate(SPLITS)},
        likes=int(built.likes_kept_of.sum()),
        likes_left_out=built.likes_left_out,
        findings=tuple(_findings(built)),
        exact_tokens=built.exact_tokens,
        authors=tuple(authors(built)),
        query_types=by_query_type(built),
        twice=built.twice,
        chose_both=built.chose_both,
        chose_same=built.chose_same,
        agreement=built.agreed / built.twice if built.twice else None,
        longer=of_set.longer(built),
        left=of_set.left(built),
        fits=_fits(built),
        examples=_examples(built),
        policy_share=_policy_share(built),
        settled=int(built.settled_of[kept].sum()),
        wrong=noise.of_kept(built),
        annotators=len(np.unique(built.voices["annotator"][kept[built.voices["pair"]]])) if len(built.voices) else 0,
    )


def to_json(one: Report) -> dict[str, Any]:
    """Return a report as a JSON object."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(one).items()}


def from_json(value: Mapping[str, Any]) -> Report:
    """Return the report that `to_json` wrote."""
    made = {
        "findings": tuple(Finding(**finding) for finding in value["findings"]),
        "authors": tuple(Author(**author) for author in value["authors"]),
        "fits": {trainer: Fit(**fit) for trainer, fit in value["fits"].items()},
        "examples": {split: tuple(counts) for split, counts in value["examples"].items()},
        "longer": _leaning(value["longer"]),
        "left": _leaning(value["left"]),
    }
    return Report(**{**value, **made})


def _leaning(value: Any) -> Leaning:
    """Return a leaning as it is stored; the first snapshots kept a list of its counts."""
    return Leaning(*value) if isinstance(value, list) else Leaning(**value)


# ------------------------------------------------------------------------------------------------------- findings


def _findings(built: Built) -> list[Finding]:
    kept = built.kept_of
    found = {one.rule: one for one in (*_blocked(built), *_warned(built, kept), *_of_the_whole(built, int(kept.sum())))}
    return [found[rule.id] for rule in RULES if rule.id in found]


def _blocked(built: Built) -> list[Finding]:
    counts = built.counts
    decided = sum(counts.get(reason, 0) for reason in ("kept", "excluded", *BLOCKS))
    return [
        _finding(rule, counts[rule], decided, counts[rule], f"{counted(counts[rule], 'pair')} left out")
        for rule in BLOCKS
        if counts.get(rule)
    ]


def _warned(built: Built, kept: Any) -> list[Finding]:
    excluded = np.asarray(built.reasons[built.pairs["place"]] == CODE["excluded"])
    excluded_likes = built.like_reasons == CODE["excluded"]
    stand = kept | excluded
    found = []
    for rule in OF_ROWS:
        marked = built.flagged(rule) & stand
        count, out = int(marked.sum()), int((marked & excluded).sum())
        liked = int((built.likes_flagged(rule) & (built.likes_kept_of | excluded_likes)).sum())
        if count or liked:
            says = f"{counted(count, 'pair')} of {int(stand.sum()):,}" + (f", {out:,} of them left out" if out else "")
            if liked:
                left = int((built.likes_flagged(rule) & excluded_likes).sum())
                says += f", and {counted(liked, 'answer')} with a thumb" + (f", {left:,} left out" if left else "")
            in_it = int((built.likes_flagged(rule) & built.likes_kept_of).sum())
            found.append(replace(_finding(rule, count, int(stand.sum()), out, says), thumbs=in_it))
    return found


def _of_the_whole(built: Built, kept: int) -> list[Finding]:
    found = []
    if 0 < kept < FEW_PAIRS:
        found.append(_finding("few_pairs", kept, kept, 0, f"{counted(kept, 'pair')}, under {FEW_PAIRS}"))
    if kept and not (built.sides_of[built.kept_of] == 0).any():
        found.append(_finding("no_training", kept, kept, 0, f"{counted(kept, 'pair')}, none of them for training"))
    voice = of_set.loudest(built)
    if voice is not None and voice[1] * 2 > voice[2]:
        says = f"one annotator gave {voice[1]:,} of {voice[2]:,} votes for what was chosen"
        found.append(_finding("one_annotator", voice[1], voice[2], 0, says))
    for rule, leaning, what in (
        ("longer", of_set.longer(built), "the longer answer won"),
        ("left", of_set.left(built), "the left answer was chosen in"),
    ):
        if leaning.n and leaning.shown:
            found.append(_finding(rule, leaning.hits, leaning.n, 0, f"{what} {share_of(leaning)}"))
    many = built.system_prompts
    if many > 1:
        found.append(_finding("system_prompts", many, kept, 0, f"{many:,} different system prompts"))
    if kept:
        found.append(_policy(built, kept))
    return found


def _policy(built: Built, kept: int) -> Finding:
    share, model = _policy_share(built), built.spec.policy.model
    if share is None:
        says = "no model to be trained is named, so nobody can say whose answers these are"
        return _finding("policy", 0, 2 * kept, 0, says)
    own = round(share * 2 * kept)
    return _finding("policy", own, 2 * kept, 0, f"{own:,} of {2 * kept:,} answers ({share:.0%}) are by {model}")


def _examples(built: Built) -> dict[str, tuple[int, int]]:
    """Return how many liked and disliked answers KTO gets on each side of the split."""
    likes, dislikes = of_set.emitted(built)
    sides = built.sides_of[built.kept_of]
    thumbs = built.likes_kept_of
    up = built.likes["liked"] != 0
    given = Counter(zip(built.like_sides[thumbs].tolist(), up[thumbs].tolist(), strict=True))
    return {
        name: (int(likes[sides == at].sum()) + given[at, True], int(dislikes[sides == at].sum()) + given[at, False])
        for at, name in enumerate(SPLITS)
    }


def _fits(built: Built) -> dict[str, Fit]:
    lengths = built.lengths.taken(np.flatnonzero(built.kept_of))
    return {trainer: fitting(trainer, lengths) for trainer in get_args(Trainer)}


def _policy_share(built: Built) -> float | None:
    kept = built.kept_of
    many = int(kept.sum())
    return int(built.pairs["own"][kept].sum()) / (2 * many) if built.spec.policy.model and many else None


def share_of(leaning: Leaning) -> str:
    """Return a leaning as a share with its n and an interval that may be looked at any time."""
    always = leaning.always
    return f"{always.value:.0%} of {leaning.n:,} [{always.low:.0%}, {always.high:.0%}]"


def _finding(rule: str, count: int, of: int, left_out: int, says: str) -> Finding:
    return Finding(rule, BY_ID[rule].severity, count, of, left_out, says)


# ---------------------------------------------------------------------------------------------------------- plots


def win_rates(built: Built) -> dict[str, Leaning]:
    """Return how often the longer answer won, by how much longer it was: the classes of `bias.RATIOS`."""
    kept = built.kept_of
    won = built.pairs["chosen_chars"] > built.pairs["rejected_chars"]
    classes = ratio_classes(built)
    return {
        name: Leaning(int((won & here).sum()), int(here.sum()), of_set.worth_of(built.groups_of[here]))
        for at, (name, _) in enumerate(RATIOS)
        for here in [kept & (classes == at)]
    }


def authors(built: Built) -> list[Author]:
    """Return who wrote the answers of the kept pairs, those with the most first."""
    kept, many = built.kept_of, len(built.authors.all)
    won = np.bincount(built.pairs["chosen_by"][kept], minlength=many)
    lost = np.bincount(built.pairs["rejected_by"][kept], minlength=many)
    found = [
        Author(by, model, int(won[at]), int(lost[at]))
        for at, name in enumerate(built.authors.all)
        if won[at] + lost[at]
        for by, model in [name.split("\n", 1)]
    ]
    return sorted(found, key=lambda one: (-one.chosen - one.rejected, one.by, one.model))


def by_query_type(built: Built) -> dict[str, int]:
    """Return the kept pairs by query type; an empty name for those without one."""
    counts = np.bincount(built.pairs["stratum"][built.kept_of], minlength=len(built.query_types.all))
    return {name: int(counts[at]) for at, name in enumerate(built.query_types.all) if counts[at]}
