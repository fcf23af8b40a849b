"""What `python -m lab grid` says: as lines for a person, as one JSON object, as a stored run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.encoders import Encoder
from lab.forensics.baselines import Baseline
from lab.forensics.compare import Comparison, compare, in_words
from lab.forensics.datasets import Rows, split_counts
from lab.forensics.goal_report import limits_on_dev, told_title, warnings
from lab.forensics.grid_search.axes import value_in
from lab.forensics.grid_search.goals import in_words as goal_in_words
from lab.forensics.metrics import Interval, holm
from lab.forensics.runs import packages, result_to_json, spec_to_json
from lab.forensics.sample import Stakes
from lab.forensics.sealed import SealedResult, sealed_to_json
from lab.forensics.tuning import Tuning
from lab.records import RouterVersion, Run
from lab.store import Store, runs
from lab.types import RouterConfig, new_id

_MOST_CALLED = 6


@dataclass(frozen=True, slots=True)
class Beside:
    """A baseline, the recommended setting against it (None: it is no single decision), and its p-value by Holm."""

    baseline: Baseline
    comparison: Comparison | None
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """A search with all that is told of it. `seconds` by stage; `notes` are sentences on the rows."""

    rows: Rows
    base: RouterConfig
    base_name: str
    live: RouterVersion
    encoder_of: Callable[[RouterConfig], Encoder]
    found: Tuning
    stakes: Stakes
    beside: Sequence[Beside]
    notes: tuple[str, ...]
    seconds: Mapping[str, float]
    sealed: SealedResult | None = None
    run: Run | None = None


def beside(found: Tuning, baselines: Sequence[Baseline]) -> list[Beside]:
    """Compare the recommended setting with each baseline on the rows it is judged on, p-values adjusted by Holm."""
    compared = [
        compare(found.dev, one.decided, found.dev_outcomes, seed=found.spec.seed) if one.decided else None
        for one in baselines
    ]
    adjusted = iter(holm([one.p_value for one in compared if one is not None]))
    return [
        Beside(baseline, one, None if one is None else next(adjusted))
        for baseline, one in zip(baselines, compared, strict=True)
    ]


def save(store: Store, result: Result, name: str) -> Run:
    """Keep the search as a run, as the Tune page does. Raises NotFound, Unstorable, StoreError."""
    found = result.found
    return runs.record(
        store,
        new_id(),
        name=name.strip() or found.spec.goal,
        dataset_id=result.rows.dataset.id,
        dataset_hash=result.rows.hash,
        router_hash=_hash(result, result.base),
        seed=found.spec.seed,
        spec=spec_to_json(found.spec, result.stakes),
        result=result_to_json(found),
        packages=packages(),
        seconds=found.seconds,
    )


def _hash(result: Result, config: RouterConfig) -> str:
    return config.content_hash(result.encoder_of(config).fingerprint)


# ------------------------------------------------------------------------------------------------------------ JSON


def to_json(result: Result) -> dict[str, Any]:
    """Return the result of the search, as a run keeps it, and all that stands around it."""
    dataset = result.rows.dataset
    return result_to_json(result.found) | {
        "spec": spec_to_json(result.found.spec, result.stakes),
        "dataset": {
            "id": dataset.id or None,
            "name": dataset.name,
            "rows": len(result.rows),
            "splits": None if result.rows.nested else split_counts(result.rows),
            "split_seed": dataset.seed,
            "hash": result.rows.hash,
            "content_hash": dataset.content_hash,
        },
        "router": {
            "base": result.base_name,
            "base_hash": _hash(result, result.base),
            "live": result.live.name,
            "live_number": result.live.number,
            "live_hash": result.live.content_hash,
            "recommended_hash": _hash(result, result.found.recommended),
            "encoder": result.encoder_of(result.found.recommended).name,
            "encoder_fingerprint": result.encoder_of(result.found.recommended).fingerprint,
        },
        "baselines": [_baseline(one) for one in result.beside],
        "sealed": result.sealed and sealed_to_json(result.sealed),
        "run": result.run and {"id": result.run.id, "name": result.run.name},
        "notes": list(result.notes),
        "packages": packages(),
        "seconds": {stage: round(value, 4) for stage, value in result.seconds.items()},
    }


def _baseline(one: Beside) -> dict[str, Any]:
    against = one.comparison
    return {
        "name": one.baseline.name,
        "about": one.baseline.about,
        "accuracy": [None if value != value else value for value in one.baseline.accuracy],
        "cost": one.baseline.cost,
        "only_router_right": None if against is None else len(against.fixed),
        "only_this_right": None if against is None else len(against.broken),
        "p_value_holm": one.p_value,
    }


# ----------------------------------------------------------------------------------------------------------- lines


def to_lines(result: Result) -> list[str]:
    """Return what a person reads, a line each, without characters that would steer a terminal."""
    return ["".join(character if character.isprintable() else " " for character in line) for line in _told(result)]


def _told(result: Result) -> Iterator[str]:
    found, dataset = result.found, result.rows.dataset
    yield from result.notes
    where = f"{dataset.name}: {len(found.grid.sample):,} rows searched, "
    if found.taught:
        where += f"{found.taught:,} taught the learned scorer, "
    yield where + ("each judged by a choice that did not see it" if found.nested else f"{len(found.dev):,} dev rows")
    yield from _left_out(result)
    yield f"Goal: {goal_in_words(found.goal, found.dev.experts)}."
    yield f"Router: {result.base_name}, against {found.reference}; {found.choice.plateau.size:,} cells."
    yield ""
    yield from _aligned([("", "recommended", found.reference), *_figures(result)])
    yield ""
    yield from _verdict(found)
    yield ""
    judged = "out of fold" if found.nested else "dev"
    yield from _aligned(
        [("instead of the router", f"accuracy, {judged}", "router right, this wrong", "the other way", "p (Holm)")]
        + [_line(one) for one in result.beside]
    )
    if result.sealed is not None:
        yield ""
        yield from _sealed(result.sealed)
    if result.run is not None:
        yield f"Kept as {result.run.name!r}; the Tune page lists it."
    yield ""
    took = ", ".join(f"{stage} {value:.2f} s" for stage, value in result.seconds.items())
    yield f"{took}; dataset {result.rows.hash[:10]}, router {_hash(result, found.recommended)[:10]}"


def _left_out(result: Result) -> Iterator[str]:
    left = result.found.left_out
    parts = [
        (len(left.unlabelled), "without a label"),
        (len(left.unknown), "labelled with no expert of this router"),
        (len(left.utterances), "utterances of the router itself"),
    ]
    told = ", ".join(f"{count:,} {what}" for count, what in parts if count)
    if told:
        yield f"Left out of the search: {told}."


def _figures(result: Result) -> Iterator[tuple[str, ...]]:
    found, one = result.found, result.found.comparison
    reference = result.live.config if found.reference == "live" else result.base
    for axis, value in zip(found.grid.axes, found.grid.values_at(found.choice.centre), strict=True):
        yield axis.title, _value(value), _value(value_in(reference, axis))
    split = "out of fold" if found.nested else "dev"
    yield f"accuracy, {split}, n = {one.n:,}", str(found.accuracy), f"{one.accuracy.first:.3f}"
    called = sorted(one.calls.items(), key=lambda item: -max(item[1]))
    for name, (before, after) in called[:_MOST_CALLED]:
        yield f"calls to {name}", f"{after:.1%}", f"{before:.1%}"
    if len(called) > _MOST_CALLED:
        yield f"… and {len(called) - _MOST_CALLED} more", "", ""
    yield "cost a prompt", f"{one.cost.second:.3g}", f"{one.cost.first:.3g}"
    for told in one.told:
        yield told_title(told.measure, found.dev.experts), _told_value(told.second), f"{told.first:.3g}"


def _told_value(one: Interval) -> str:
    return "–" if one.value != one.value else f"{one.value:.3g} [{one.low:.3g}, {one.high:.3g}]"


def _value(value: float | str | None) -> str:
    return "–" if value is None else value if isinstance(value, str) else f"{value:.4g}"


def _verdict(found: Tuning) -> Iterator[str]:
    told = in_words(found.comparison, first=found.reference, second="the recommended setting")
    yield told[:1].upper() + told[1:]
    yield from limits_on_dev(found)
    yield from warnings(found)
    if not found.choice.kept:
        yield "No setting of these axes keeps the limits of the goal; the recommended one is nearest to them."
    elif found.choice.kept_share is not None:
        yield f"Its limits hold in {found.choice.kept_share:.0%} of {found.choice.samples} bootstrap samples."
    inside, cells = int(found.choice.plateau.sum()), found.choice.plateau.size
    flatters = f"; the best flatters by {found.choice.flattery:.3f}" if found.choice.flattery >= 0.0005 else ""
    yield f"{inside:,} of {cells:,} cells cannot be told from the best; their middle is recommended{flatters}."
    if found.exact is not None:
        where = ", ".join(
            f"{axis.title} {value:.6g}" for axis, value in zip(found.grid.inner, found.exact.values, strict=True)
        )
        best = found.goal.best
        yield (
            f"Over every breakpoint ({found.exact.settings:,} settings) the best on the rows searched is {where}: "
            f"{told_title(best, found.dev.experts)} {found.exact.measures[best]:.3f}."
        )


def _line(one: Beside) -> tuple[str, ...]:
    accuracy = Interval(*one.baseline.accuracy)
    if one.comparison is None or one.p_value is None:
        return one.baseline.name, str(accuracy), "–", "–", "–"
    p_value = "< .001" if one.p_value < 0.001 else f"{one.p_value:.3f}"
    return (one.baseline.name, str(accuracy), f"{len(one.comparison.fixed):,}", f"{len(one.comparison.broken):,}",
            p_value)  # fmt: skip


def _sealed(seen: SealedResult) -> Iterator[str]:
    told = in_words(seen.comparison, first="live", second="the recommended setting")
    live = seen.comparison.accuracy.first
    yield f"Sealed rows: accuracy {seen.accuracy}, n = {seen.comparison.n:,}; live {live:.3f}."
    yield told[:1].upper() + told[1:]
    yield seen.times


def _aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        yield "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
