"""One search from end to end: choose a setting on the tune rows, and say on rows that chose nothing what it is worth.

The page, the command line and the benchmark call `tune`; nothing else puts the parts together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from lab.encoders import Encoder
from lab.errors import SearchError
from lab.forensics.baselines import Baseline, baselines, out_of_fold
from lab.forensics.compare import Comparison, accuracy_of, compare
from lab.forensics.datasets import Rows
from lab.forensics.evidence import Evidence, Ints, Outcomes
from lab.forensics.grid_search.axes import Axis
from lab.forensics.grid_search.choice import Choice, check_measurable, choose
from lab.forensics.grid_search.goals import Goal, parse_goal
from lab.forensics.grid_search.grid import EvidenceOf, Grid
from lab.forensics.grid_search.sweep import SEPARABLE, Exact, best_own_thresholds, exact
from lab.forensics.measures import ACCURACY, MACRO_F1
from lab.forensics.metrics import Interval
from lab.forensics.sample import Measured, Sample, Stakes
from lab.forensics.teaching import fit_scorer, prepared
from lab.forensics.usable import LeftOut, usable, usable_by_both
from lab.types import RouterConfig

_NESTED_SAMPLES = 60
LIVE = "live"
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Spec:
    """What is asked of a search."""

    axes: tuple[Axis, ...]
    goal: str
    seed: int = 0


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
    tune: Sample  # the rows to choose on; those that taught the learned scorer are not among the grid's
    seconds: float

    @property
    def taught(self) -> int:
        """How many of the tune rows taught the learned scorer, and chose nothing."""
        return len(self.tune) - len(self.grid.sample)


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
    reference, judged = (LIVE, live) if _speak_alike(live, base) else ("the draft as it is", base)
    sample, left = usable(rows, base, None if rows.nested else "tune", judged if rows.nested else None)
    goal = goal_of(spec.goal, base, sample, stakes)
    _check_classes(sample, rows.dataset.name)
    say("Scoring the prompts")
    around, searched = prepared(base, spec.axes, sample, evidence_of)
    grid = Grid(around, spec.axes, searched, evidence_of, stakes)
    say("Choosing a setting")
    check_measurable(grid, goal)
    choice = choose(grid, goal, seed=spec.seed)
    recommended = grid.config_at(choice.centre)
    say("Judging it on unseen prompts")
    dev = sample if rows.nested else usable(rows, base, "dev", judged)[0]
    if rows.nested:
        dev_outcomes = out_of_fold(sample, _refold(sample, base, spec, goal, evidence_of, stakes), spec.seed)
    else:
        dev_outcomes = outcomes_in(dev, recommended, evidence_of)
    reference_outcomes = _unseen(dev, judged, evidence_of, spec.seed, nested=rows.nested)
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
        accuracy=accuracy_of(dev, dev_outcomes),
        comparison=compare(
            dev,
            reference_outcomes,
            dev_outcomes,
            stakes=stakes,
            measures=[name for name in goal.measures if name != ACCURACY or goal.limits],
            seed=spec.seed,
        ),
        nested=rows.nested,
        left_out=left,
        tune=sample,
        seconds=perf_counter() - started,
    )


def _check_classes(sample: Sample, name: str) -> None:
    classes, n = np.unique(sample.labels), len(sample)
    if len(classes) > 1:
        return
    rows = f"The one row of {name!r} to search on is" if n == 1 else f"The {n:,} rows of {name!r} to search on are all"
    raise SearchError(
        f"{rows} labelled {sample.name(int(classes[0]))!r}: one class cannot tell a good setting from a bad one. Add "
        "rows of other experts, or rows that nobody should claim."
    )


def goal_of(text: str, config: RouterConfig, sample: Sample, stakes: Stakes) -> Goal:
    """Read a goal for a router and its rows. Raises SearchError."""
    experts = [expert.name for expert in config.experts]
    calls = stakes.calls(experts)[:-1]
    dearest = experts[int(calls.argmax())] if len(set(calls.tolist())) > 1 else None
    if dearest is None and config.fallback in experts:
        dearest = config.fallback  # where costs say nothing, the expert for what nobody else may answer
    return parse_goal(text, experts, sorted(set(sample.query_types) - {""}), dearest)


def outcomes_in(sample: Sample, config: RouterConfig, evidence_of: EvidenceOf) -> Outcomes:
    """Return what a router decides for a sample's rows, in the sample's codes, whatever its own order of experts."""
    decided = Measured.of(sample, config, evidence_of(config)).outcomes()
    names = [expert.name for expert in config.experts]
    if tuple(names) == sample.experts:
        return decided
    codes = np.array([*(sample.experts.index(name) for name in names), sample.nobody], dtype=np.int64)
    return Outcomes(codes[decided.expert], decided.layer, decided.asked)


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
    learn = None if found.nested else found.tune
    return baselines(
        found.dev,
        found.dev_outcomes,
        found.reference_outcomes,
        reference=found.reference,
        own=_own_thresholds(found, evidence_of, stakes or Stakes()),
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
        config, searched = prepared(base, spec.axes, known, evidence_of, anew=True)
        grid = Grid(config, spec.axes, searched, evidence_of, stakes)
        chosen = grid.config_at(choose(grid, goal, seed=spec.seed, samples=_NESTED_SAMPLES).centre)
        return outcomes_in(sample.take(outside), chosen, evidence_of)

    return decide


def _unseen(sample: Sample, config: RouterConfig, evidence_of: EvidenceOf, seed: int, *, nested: bool) -> Outcomes:
    """What a router decides for rows that taught it nothing: out of fold its learned scorer is taught anew."""
    if not nested or config.scorer != "learned" or config.learned is None:
        return outcomes_in(sample, config, evidence_of)

    def decide(inside: Ints, outside: Ints) -> Outcomes:
        return outcomes_in(sample.take(outside), fit_scorer(config, sample.take(inside), evidence_of), evidence_of)

    return out_of_fold(sample, decide, seed)


def _own_thresholds(found: Tuning, evidence_of: EvidenceOf, stakes: Stakes) -> tuple[RouterConfig, Outcomes]:
    """The router with every expert's threshold at its exact optimum, and what it decides for unseen rows."""
    measure = found.goal.best if found.goal.best in SEPARABLE else ACCURACY

    def best(sample: Sample) -> RouterConfig:
        config, searched = prepared(found.grid.config, (), sample, evidence_of, anew=found.nested)
        return best_own_thresholds(Measured.of(searched, config, evidence_of(config)), measure, stakes)

    def decide(inside: Ints, outside: Ints) -> Outcomes:
        return outcomes_in(found.tune.take(outside), best(found.tune.take(inside)), evidence_of)

    chosen = best(found.tune)
    if found.nested:
        return chosen, out_of_fold(found.tune, decide, found.spec.seed)
    return chosen, outcomes_in(found.dev, chosen, evidence_of)


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
    sample, _ = usable_by_both(rows, before, after, None if rows.nested else "dev")
    return compare(sample, outcomes_in(sample, before, evidence_of), outcomes_in(sample, after, evidence_of))
