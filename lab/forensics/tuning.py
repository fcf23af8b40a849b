"""One search from end to end: choose a setting on the tune rows, and say on rows that chose nothing what it is worth.

The page, the command line and the benchmark call `tune`; nothing else puts the parts together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from lab.encoders import Encoder
from lab.errors import SearchError
from lab.forensics.baselines import Baseline, baselines, out_of_fold
from lab.forensics.compare import Comparison, accuracy_of, compare
from lab.forensics.datasets import Rows
from lab.forensics.datasets.normalise import normal, normals
from lab.forensics.evidence import Bools, Evidence, Ints, Outcomes
from lab.forensics.fit import fit_learned
from lab.forensics.grid_search.axes import Axis
from lab.forensics.grid_search.choice import Choice, choose
from lab.forensics.grid_search.goals import Goal, parse_goal
from lab.forensics.grid_search.grid import EvidenceOf, Grid
from lab.forensics.grid_search.sweep import Exact, exact
from lab.forensics.measures import MACRO_F1
from lab.forensics.metrics import Interval
from lab.forensics.sample import Measured, Sample, Stakes, sample_of
from lab.types import NONE, RouterConfig

_NESTED_SAMPLES = 60
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Spec:
    """What is asked of a search."""

    axes: tuple[Axis, ...]
    goal: str
    seed: int = 0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows of a dataset that a router cannot be measured on, by place in the dataset."""

    unlabelled: Ints
    unknown: Ints  # labels that are no expert of this router
    utterances: Ints  # the router holds the very prompt as an utterance: it would mark its own homework


@dataclass(frozen=True, slots=True)
class Tuning:
    """What came out: the grid on the tune rows, the recommended router, and how it does on unseen rows."""

    spec: Spec
    goal: Goal
    grid: Grid
    choice: Choice
    exact: Exact | None  # the best over all breakpoints; None where the axes or the goal do not allow it
    recommended: RouterConfig
    reference: str  # what it is compared with: the live version, or the draft as it is
    dev: Sample  # the rows it is judged on
    dev_outcomes: Outcomes
    reference_outcomes: Outcomes
    accuracy: Interval  # of the recommended router on those rows
    comparison: Comparison
    nested: bool  # under 300 rows: every row was decided by a setting that was chosen without it
    left_out: LeftOut
    seconds: float


def usable(rows: Rows, config: RouterConfig, split: str | None = None) -> tuple[Sample, LeftOut]:
    """Return the rows of a split (None: all) that this router can be right or wrong on, and those left out.

    Raises SearchError where none is left.
    """
    known = {expert.name for expert in config.experts} | {NONE}
    held = {normal(utterance) for expert in config.experts for utterance in expert.utterances}
    groups: dict[str, list[int]] = {"unlabelled": [], "unknown": [], "utterances": [], "good": []}
    plain = normals(rows.prompts) if held else rows.prompts
    for row, (prompt, label) in enumerate(zip(plain, rows.labels, strict=True)):
        if split is not None and rows.splits[row] != split:
            continue
        if label is None:
            kind = "unlabelled"
        elif label not in known:
            kind = "unknown"
        else:
            kind = "utterances" if prompt in held else "good"
        groups[kind].append(row)
    left = LeftOut(*(np.array(groups[kind], dtype=np.int64) for kind in ("unlabelled", "unknown", "utterances")))
    if not groups["good"] and groups["utterances"]:
        raise SearchError(
            f"All {len(groups['utterances']):,} labelled rows here are utterances of this router itself, which says "
            "nothing about other prompts. Take fewer utterances an expert, or another dataset."
        )
    of_split = groups["good"] or [*groups["unlabelled"], *groups["unknown"]]  # of the latter, what is wrong is said
    if not of_split:
        raise SearchError(
            f"{rows.dataset.name!r} has no {split or ''} rows, so nothing can be "
            f"{'judged' if split in ('dev', 'sealed') else 'searched'}. Add the file without splits of its own."
        )
    every = np.array(of_split, dtype=np.int64)
    return sample_of(config, rows.labels, query_types=rows.query_types, groups=rows.groups, rows=every), left


def tune(
    rows: Rows,
    base: RouterConfig,
    live: RouterConfig,
    spec: Spec,
    evidence_of: EvidenceOf,
    stakes: Stakes | None = None,
    *,
    progress: Progress | None = None,
) -> Tuning:
    """Search the axes around `base` on the tune rows, and set what is recommended beside `live` on the dev rows.

    Under 300 labelled rows there is no split that could carry both: then the whole choice is made five times on four
    fifths of the rows, and each row is judged by the choice that did not see it. Raises SearchError,
    EncoderUnavailable.
    """
    started, say = perf_counter(), progress or (lambda _: None)
    stakes = stakes or Stakes()
    sample, left = usable(rows, base, None if rows.nested else "tune")
    goal = goal_of(spec.goal, base, sample, stakes)
    say("Scoring the prompts")
    around, searched = prepared(base, spec.axes, sample, evidence_of)
    grid = Grid(around, spec.axes, searched, evidence_of, stakes)
    say("Choosing a setting")
    choice = choose(grid, goal, seed=spec.seed)
    recommended = grid.config_at(choice.centre)
    say("Judging it on unseen prompts")
    reference, judged = ("live", live) if _speak_alike(live, base) else ("the draft as it is", base)
    dev = sample if rows.nested else usable(rows, base, "dev")[0]
    if rows.nested:
        dev_outcomes = out_of_fold(sample, _refold(sample, base, spec, goal, evidence_of, stakes), spec.seed)
    else:
        dev_outcomes = outcomes_in(dev, recommended, evidence_of)
    reference_outcomes = outcomes_in(dev, judged, evidence_of)
    return Tuning(
        spec=spec,
        goal=goal,
        grid=grid,
        choice=choice,
        exact=_exact(grid, choice, goal, stakes),
        recommended=recommended,
        reference=reference,
        dev=dev,
        dev_outcomes=dev_outcomes,
        reference_outcomes=reference_outcomes,
        accuracy=accuracy_of(dev, dev_outcomes, spec.seed),
        comparison=compare(dev, reference_outcomes, dev_outcomes, stakes=stakes, goal=goal.best, seed=spec.seed),
        nested=rows.nested,
        left_out=left,
        seconds=perf_counter() - started,
    )


def goal_of(text: str, config: RouterConfig, sample: Sample, stakes: Stakes) -> Goal:
    """Read a goal for a router and its rows. Raises SearchError."""
    experts = [expert.name for expert in config.experts]
    calls = stakes.calls(experts)[:-1]
    dearest = experts[int(calls.argmax())] if len(set(calls.tolist())) > 1 else None
    if dearest is None and config.fallback in experts:
        dearest = config.fallback  # where costs say nothing, the expert for what nobody else may answer
    return parse_goal(text, experts, sorted(set(sample.query_types) - {""}), dearest)


def asks_for_learned(config: RouterConfig, axes: Sequence[Axis] = ()) -> bool:
    """Tell whether a router, or a search around it, scores with the learned scorer."""
    return config.scorer == "learned" or any(axis.name == "scorer" and "learned" in axis.values for axis in axes)


def learning_part(sample: Sample) -> Bools:
    """Return the rows that a learned scorer is fitted on: two thirds of the groups, the same ones in every search.

    Thresholds are searched on the others: on rows that it learnt from a classifier is surer than on prompts to come.
    """
    mixed = sample.groups.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # spreads neighbours; wraps around
    learns: Bools = (mixed >> np.uint64(33)) % np.uint64(3) != 0
    return learns


def fit_scorer(config: RouterConfig, sample: Sample, evidence_of: EvidenceOf) -> RouterConfig:
    """Return the router with a scorer learnt from the learning part of a sample. Raises SearchError."""
    evidence, learn = evidence_of(config), sample.take(learning_part(sample))
    labels = [sample.name(code) for code in learn.labels.tolist()]
    weights = fit_learned(evidence.vectors()[learn.rows], labels, list(sample.experts), evidence.encoder.fingerprint)
    return replace(config, learned=weights)


def prepared(
    config: RouterConfig, axes: Sequence[Axis], sample: Sample, evidence_of: EvidenceOf
) -> tuple[RouterConfig, Sample]:
    """Return the router to search around and the rows to search on, where the learned scorer takes part of them.

    A router that scores with weights of its own keeps them. Raises SearchError where too few rows are left.
    """
    if not asks_for_learned(config, axes):
        return config, sample
    rest = sample.take(~learning_part(sample))
    if not len(rest):
        raise SearchError(f"{len(sample):,} rows are too few to learn from some and search on the others.")
    fingerprint = evidence_of(config).encoder.fingerprint
    own = config.scorer == "learned" and config.learned is not None
    if own and config.learned is not None and config.learned.encoder_fingerprint == fingerprint:
        return config, rest
    return fit_scorer(config, sample, evidence_of), rest


def outcomes_in(sample: Sample, config: RouterConfig, evidence_of: EvidenceOf) -> Outcomes:
    """Return what a router decides for a sample's rows, in the sample's codes, whatever its own order of experts."""
    decided = Measured.of(sample, config, evidence_of(config)).outcomes()
    names = [expert.name for expert in config.experts]
    if tuple(names) == sample.experts:
        return decided
    codes = np.array([*(sample.experts.index(name) for name in names), sample.nobody], dtype=np.int64)
    return Outcomes(codes[decided.expert], decided.layer)


def dev_baselines(
    found: Tuning,
    evidence_of: EvidenceOf,
    stakes: Stakes | None = None,
    quality: np.ndarray | None = None,
) -> list[Baseline]:
    """Return the baselines on the rows that the recommended router was judged on; they learn from the tune rows.

    Under 300 rows they, too, are decided out of fold. `quality` (rows of the dataset, experts): measured outcomes.
    """
    vectors = evidence_of(found.grid.config).vectors()
    learn = None if found.nested else found.grid.sample
    return baselines(
        found.dev,
        found.dev_outcomes,
        found.reference_outcomes,
        vectors=vectors[found.dev.rows],
        learn=learn,
        learn_vectors=None if learn is None else vectors[learn.rows],
        stakes=stakes,
        quality=None if quality is None else quality[found.dev.rows],
        seed=found.spec.seed,
    )


def _speak_alike(first: RouterConfig, second: RouterConfig) -> bool:
    return {expert.name for expert in first.experts} == {expert.name for expert in second.experts}


def _refold(
    sample: Sample, base: RouterConfig, spec: Spec, goal: Goal, evidence_of: EvidenceOf, stakes: Stakes
) -> Callable[[Ints, Ints], Outcomes]:
    """The whole choice on some rows, and what it decides for others."""

    def decide(inside: Ints, outside: Ints) -> Outcomes:
        known = sample.take(inside)
        config, searched = prepared(base, spec.axes, known, evidence_of)
        grid = Grid(config, spec.axes, searched, evidence_of, stakes)
        chosen = grid.config_at(choose(grid, goal, seed=spec.seed, samples=_NESTED_SAMPLES).centre)
        return outcomes_in(sample.take(outside), chosen, evidence_of)

    return decide


def _exact(grid: Grid, choice: Choice, goal: Goal, stakes: Stakes) -> Exact | None:
    names = [axis.name for axis in grid.inner]
    if not names or MACRO_F1 in goal.measures or len([axis for axis in grid.axes if axis.ordered]) > 2:
        return None
    return exact(grid.locate(choice.best)[0].measured, names, goal, stakes)


def evidence_for(rows: Rows, load: Callable[[str], Encoder]) -> EvidenceOf:
    """Return a source of evidence on a dataset: one `Evidence` an encoder, made when it is first asked for."""
    made: dict[str, Evidence] = {}

    def of(config: RouterConfig) -> Evidence:
        if config.encoder not in made:
            made[config.encoder] = Evidence(rows.prompts, load(config.encoder))
        return made[config.encoder]

    return of


def effect(rows: Rows, before: RouterConfig, after: RouterConfig, evidence_of: EvidenceOf) -> Comparison:
    """Return what a change of the router does to the dev rows (under 300 rows: to all of them).

    Rows labelled with an expert of either count. Raises SearchError.
    """
    names = {expert.name for expert in after.experts}
    both = replace(after, experts=(*after.experts, *(one for one in before.experts if one.name not in names)))
    sample, _ = usable(rows, both, None if rows.nested else "dev")
    return compare(sample, outcomes_in(sample, before, evidence_of), outcomes_in(sample, after, evidence_of))
