"""What a router must beat: one expert for everything, a coin, the nearest neighbour, a classifier, the live version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lab.encoders import Vectors
from lab.errors import SearchError
from lab.forensics.answers.quality import NOT_TOLD, AnswerQuality, Rated, rated
from lab.forensics.compare import accuracy_of
from lab.forensics.evidence import FALLBACK, SEMANTIC, Ints, Outcomes
from lab.forensics.metrics import Interval
from lab.forensics.sample import Sample, Stakes
from lab.types import RouterConfig

LIVE, OWN = "live version", "a threshold for each expert"
_NEIGHBOURS = (1, 3, 5, 10, 20)
_FOLDS = 5
_MOST_CONSTANTS = 10  # of many experts those with the most rows: the others are right less often still
_LEAST_ROWS = 10  # below, nothing can be learnt
_BLOCK = 2_000  # prompts compared with all others at a time
_MOST_ROWS = 6_000  # what a classifier and the neighbours learn from: seconds, also with 150 classes


@dataclass(frozen=True, slots=True)
class Baseline:
    """One way to do without the router, measured on the same rows.

    `decided` is None for what is no single decision a row. The oracle has no accuracy (NaN): it knows answers, not
    labels. `quality` is None without outcomes; else it stands on the rows with an outcome of every expert.
    """

    name: str
    about: str
    accuracy: Interval
    cost: float
    decided: Outcomes | None
    quality: AnswerQuality | None = None
    config: RouterConfig | None = None  # where it is a router, that can be taken as the draft


def constant(sample: Sample, code: int) -> Outcomes:
    """Return the outcome of sending everything to one expert; with `none`, of leaving everything to nobody."""
    n = len(sample)
    return Outcomes(np.full(n, code), np.full(n, FALLBACK if code == sample.nobody else SEMANTIC))


def classified(sample: Sample, codes: Ints) -> Outcomes:
    """Return the outcome of a classifier's answers; answering `none` leaves the prompt to nobody."""
    return Outcomes(codes, np.where(codes == sample.nobody, FALLBACK, SEMANTIC))


def baselines(
    sample: Sample,
    router: Outcomes,
    live: Outcomes,
    *,
    vectors: Vectors,
    learn: Sample | None,
    learn_vectors: Vectors | None,
    stakes: Stakes | None = None,
    quality: np.ndarray | None = None,
    reference: str = "live",
    own: tuple[RouterConfig, Outcomes] | None = None,
    seed: int = 0,
) -> list[Baseline]:
    """Return the baselines on `sample`, whose vectors are (n, dim); what learns, learns on `learn`, other rows.

    Without other rows (None) each row is decided by what learnt from the rows of other folds.
    `router` is the outcome to stand beside (the random baseline takes its call shares). `quality` (n, experts) holds
    measured outcomes where there are any; then all are told by their answers too, with the best single expert by
    answers and the oracle among them. `live` is what the router called `reference` decides, and `own` a router with a
    threshold for every expert.
    """
    stakes = stakes or Stakes()
    found = []
    some = rated(sample, quality, seed)
    counts = np.bincount(sample.labels, minlength=len(sample.experts) + 1)
    constants = np.argsort(-counts, kind="stable")[:_MOST_CONSTANTS].tolist()
    if some is not None and some.best_single() not in constants:
        constants.append(some.best_single())
    for code in constants:
        name = "always nobody" if code == sample.nobody else f"always {sample.experts[code]}"
        about = f"every prompt to {sample.name(code)}: {counts[code]:,} of {len(sample):,} rows are labelled so"
        found.append(_measured(name, about, sample, constant(sample, code), stakes))
    found.append(_random(sample, router, stakes))
    found += _learnt(sample, vectors, learn, learn_vectors, stakes, seed)
    if own is not None:
        about = "every expert's threshold at its exact optimum on the tune rows, the rest as it is"
        found.append(replace(_measured(OWN, about, sample, own[1], stakes), config=own[0]))
    name, about = (LIVE, "the router that routes now") if reference == "live" else (reference, "before this search")
    found.append(_measured(name, about, sample, live, stakes))
    if some is None:
        return found
    return [*(_answered(one, some, router) for one in found), _oracle(sample, some, stakes)]


def _answered(one: Baseline, some: Rated, router: Outcomes) -> Baseline:
    """Return a baseline with the quality of its answers; what is no single decision is the coin."""
    quality = some.random(router) if one.decided is None else some.of(one.decided)
    left = f"; {quality.nobody:,} of the {quality.n:,} measured rows go to nobody, which counts 0"
    return replace(one, quality=quality, about=one.about + (left if quality.nobody else ""))


def _measured(name: str, about: str, sample: Sample, decided: Outcomes, stakes: Stakes) -> Baseline:
    cost = float(stakes.calls(sample.experts)[decided.expert].mean())
    return Baseline(name, about, accuracy_of(sample, decided), cost, decided)


def _random(sample: Sample, router: Outcomes, stakes: Stakes) -> Baseline:
    """The expected accuracy of a coin that calls each expert as often as the router does."""
    n, codes = len(sample), len(sample.experts) + 1
    calls = np.bincount(router.expert, minlength=codes) / n
    labels = np.bincount(sample.labels, minlength=codes) / n
    left = float(np.mean(router.layer == FALLBACK))
    value = float((calls[:-1] * labels[:-1]).sum() + left * labels[-1])
    half = 1.96 * float(np.sqrt(value * (1 - value) / n))
    cost = float((calls * stakes.calls(sample.experts)).sum())
    about = "each expert as often as the router calls it, at random; the mean of all such coins"
    interval = Interval(value, max(value - half, 0.0), min(value + half, 1.0))
    return Baseline("random, same call share", about, interval, cost, None)


def _learnt(
    sample: Sample, vectors: Vectors, learn: Sample | None, learn_vectors: Vectors | None, stakes: Stakes, seed: int
) -> list[Baseline]:
    """What learns from labelled rows: nearest neighbours, and a logistic regression on the same vectors."""
    if learn is None or learn_vectors is None:
        if min(len(sample), len(np.unique(sample.groups))) < _LEAST_ROWS or len(np.unique(sample.labels)) < 2:
            return []
        majority = "the majority of the nearest, as many as the other folds are best decided by"
        about = f"out of fold on {len(sample):,} rows"

        def near(inside: Ints, outside: Ints) -> Outcomes:
            k = _best_k(sample.take(inside), vectors[inside], seed)
            return classified(sample, nearest_labels(vectors[inside], sample.labels[inside], vectors[outside], k))

        def regressed(inside: Ints, outside: Ints) -> Outcomes:
            return classified(sample, regression_labels(vectors[inside], sample.labels[inside], vectors[outside]))

        decided = [out_of_fold(sample, near, seed), out_of_fold(sample, regressed, seed)]
    else:
        if len(learn) < _LEAST_ROWS or len(np.unique(learn.labels)) < 2:
            return []
        if len(learn) > _MOST_ROWS:
            chosen = np.sort(np.random.default_rng(seed).choice(len(learn), _MOST_ROWS, replace=False))
            learn, learn_vectors = learn.take(chosen), learn_vectors[chosen]
        k = _best_k(learn, learn_vectors, seed)
        majority = f"the majority of the {k} nearest"
        about = f"learnt on the {len(learn):,} tune rows"
        decided = [
            classified(sample, nearest_labels(learn_vectors, learn.labels, vectors, k)),
            classified(sample, regression_labels(learn_vectors, learn.labels, vectors)),
        ]
    names = [("nearest neighbours", f"{majority}, {about}")]
    names += [("logistic regression", f"on the same vectors, {about}")]
    return [_measured(name, told, sample, out, stakes) for (name, told), out in zip(names, decided, strict=True)]


def regression_labels(known: Vectors, labels: Ints, asked: Vectors) -> Ints:
    """Return the label that a logistic regression gives each of `asked`; `none` is a class like the others."""
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(labels)) < 2:
        return np.full(len(asked), labels[0])
    model = LogisticRegression(C=10.0, max_iter=1_000).fit(known, labels)
    return np.asarray(model.predict(asked), dtype=np.int64)


def nearest_labels(known: Vectors, labels: Ints, asked: Vectors, k: int, apart: Ints | None = None) -> Ints:
    """Return the majority label of the k nearest by cosine; of equals the label whose neighbours are nearer in sum.

    With `apart`, a group a row where `asked` are the known rows themselves, a row never counts its own group.
    """
    k = min(k, len(known))
    codes = int(labels.max()) + 1
    found = np.empty(len(asked), dtype=np.int64)
    for start in range(0, len(asked), _BLOCK):
        rows = slice(start, start + _BLOCK)
        cosines = asked[rows] @ known.T
        if apart is not None:
            cosines[apart[rows, None] == apart[None, :]] = -np.inf
        top = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        near = np.take_along_axis(cosines, top, axis=1)
        votes = np.zeros((len(top), codes))
        weight = np.where(np.isneginf(near), 0.0, 1.0 + 1e-3 * np.clip(near, -1, 1))  # a nearer one settles a tie
        for place in range(k):
            np.add.at(votes, (np.arange(len(top)), labels[top[:, place]]), weight[:, place])
        found[rows] = votes.argmax(axis=1)
    return found


def _best_k(learn: Sample, vectors: Vectors, seed: int) -> int:
    """Choose the number of neighbours on the rows to learn from alone, each against all others but its copies."""
    some = np.arange(len(learn))
    if len(some) > 4 * _BLOCK:
        some = np.sort(np.random.default_rng(seed).choice(len(learn), 4 * _BLOCK, replace=False))
    part, known = learn.take(some), vectors[some]
    scores = {
        k: float(np.mean(nearest_labels(known, part.labels, known, k, part.groups) == part.labels))
        for k in _NEIGHBOURS
        if k < len(some)
    }
    return max(scores, key=lambda k: (scores[k], -k)) if scores else 1


def _oracle(sample: Sample, some: Rated, stakes: Stakes) -> Baseline:
    """The best answer of each row by its measured outcomes, the cheaper expert of equals."""
    best = some.best(stakes, sample.experts)
    decided = some.decided(best, constant(sample, 0))
    about = f"the best measured answer of each of the {len(some):,} rows with outcomes: nobody can route better"
    cost = float(stakes.calls(sample.experts)[best].mean())
    return Baseline("oracle", about, NOT_TOLD, cost, None, some.of(decided))


Folded = Callable[[Ints, Ints], Outcomes]
"""From the rows to choose on and the rows to decide, as places in the sample, to what is decided for the latter."""


def folds(groups: Ints, labels: Sequence[int] | Ints, seed: int, count: int = _FOLDS) -> Ints:
    """Return the fold of each row: whole groups on one side, every label spread evenly."""
    _, first, index = np.unique(groups, return_index=True, return_inverse=True)
    of_group = np.asarray(labels)[first]
    draw = np.random.default_rng(seed)
    fold = np.empty(len(first), dtype=np.int64)
    offset = 0
    for label in np.unique(of_group).tolist():
        mine = draw.permutation(np.flatnonzero(of_group == label))
        fold[mine] = (np.arange(len(mine)) + offset) % count
        offset += len(mine)
    return fold[index]


def out_of_fold(sample: Sample, decide: Folded, seed: int, count: int = _FOLDS) -> Outcomes:
    """Return what is decided for each row when it was not among those that the decision was chosen on.

    Raises SearchError where all rows are near-duplicates of each other.
    """
    fold = folds(sample.groups, sample.labels, seed, count)
    if len(np.unique(fold)) < 2:
        raise SearchError(
            "There is only one row to measure on, so no row can judge what others chose. Add prompts."
            if len(sample) == 1
            else f"All {len(sample):,} rows are near-duplicates of each other, so none can judge what others chose. "
            "Add prompts that differ."
        )
    expert, layer, asked = (np.zeros(len(sample), dtype=np.int64) for _ in range(3))
    told = True
    for one in np.unique(fold).tolist():
        inside, outside = np.flatnonzero(fold != one), np.flatnonzero(fold == one)
        found = decide(inside, outside)
        expert[outside], layer[outside] = found.expert, found.layer
        told = told and found.asked is not None
        if found.asked is not None:
            asked[outside] = found.asked
    return Outcomes(expert, layer, asked if told else None)
