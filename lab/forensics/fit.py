"""Fitting the learned scorer: multinomial logistic regression on the vectors of labelled prompts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from lab.encoders import Vectors
from lab.errors import SearchError
from lab.routing.learned import HEAVIEST, pack, weight_of
from lab.routing.semantic import Floats
from lab.types import NONE, LearnedWeights

_C = 10.0
"""The inverse strength of the L2 penalty, on unit vectors; fixed rather than searched.

Accuracy, on val of CLINC150 in full and cross-validated on 20 prompts an intent of it, on the 632 calibration prompts
and on the hand-written set, is flat from 10 to 100: it moves by less than its interval. The log loss on the two sets
of a few hundred prompts is least at 10 and at 30. Larger values tell `none` from the experts less well (CLINC150 val,
AUROC: .977 at 10, .973 at 100), and a search would cost ten fits to move within the noise.
"""

_TOLERANCE = 1e-6  # of the gradient; at sklearn's 1e-4 the weights, and thresholds chosen on them, still wander
_MOST_STEPS = 2_000
_MOST_CELLS = 30_000_000  # rows × classes; 200,000 rows of 150 classes took 4 minutes and 1.6 GiB on two cores
_ROOM = 0.99  # of the heaviest that weights may be, so that rounding to the grid stays below it


def fit_learned(
    vectors: Vectors, labels: Sequence[str], experts: Sequence[str], encoder_fingerprint: str, *, seed: int = 0
) -> LearnedWeights:
    """Return weights learnt from the rows that are labelled with an expert or NONE; other rows are passed over.

    `vectors`: float32 (n, dim), unit vectors; `labels`: one a row; `experts`: their names, in the router's order.
    Rows labelled NONE, where there are any, become a class of their own. Above 30 million rows × classes a stratified
    sample, drawn with `seed`, is learnt from. The fit starts at zeros and draws nothing.
    Raises SearchError where there is too little to learn from, or too many classes.
    """
    if len(labels) != len(vectors):
        raise ValueError(f"{len(vectors)} vectors and {len(labels)} labels")
    classes = _classes(labels, experts)
    place = {name: index for index, name in enumerate(classes)}
    code = np.array([place.get(label, -1) for label in labels], dtype=np.int64)
    rows = _sampled(code, len(classes), seed)
    coefficients, intercepts = _regression(np.asarray(vectors)[rows].astype(np.float64), code[rows])
    scale = min(1.0, _ROOM * HEAVIEST / max(weight_of(coefficients, intercepts), 1.0))  # all alike: their order stays
    return pack(
        classes, coefficients * scale, intercepts * scale, encoder_fingerprint=encoder_fingerprint, rows=len(rows)
    )


def _classes(labels: Sequence[str], experts: Sequence[str]) -> list[str]:
    counts = Counter(labels)
    without = [name for name in experts if not counts[name]]
    if without:
        raise SearchError(
            f"No row is labelled {without[0]!r}{f', nor are {len(without) - 1} other experts' * (len(without) > 1)}. "
            "The learned scorer needs at least one labelled prompt an expert; label some, or keep the cosine scorer."
        )
    classes = [*experts, *([NONE] if counts[NONE] else [])]
    if len(classes) < 2:
        raise SearchError(
            f"All rows are labelled {', '.join(classes) or 'with no expert'}. The learned scorer tells classes apart "
            "and needs two or more; label rows of another expert, or some as none."
        )
    return classes


def _sampled(code: np.ndarray, classes: int, seed: int) -> np.ndarray:
    """Return the rows to learn from, ascending: all that have a class, or as many as memory and patience hold."""
    rows = np.flatnonzero(code >= 0)
    most = _MOST_CELLS // classes
    if len(rows) <= most:
        return rows
    if most < 2 * classes:
        raise SearchError(
            f"{classes:,} classes are too many for the learned scorer; it learns up to {_most_classes():,}. "
            "Keep the cosine scorer, or merge labels."
        )
    draw = np.random.default_rng(seed)
    shuffled = draw.permutation(rows)
    shuffled = shuffled[np.argsort(code[shuffled], kind="stable")]
    first = np.searchsorted(code[shuffled], np.arange(classes))
    within = np.arange(len(shuffled)) - first[code[shuffled]]  # 0 for the first row of each class
    share = within / np.bincount(code[shuffled], minlength=classes)[code[shuffled]]
    kept = shuffled[np.lexsort((shuffled, share))[:most]]  # the same share of every class, and one row at least
    return np.sort(kept)


def _most_classes() -> int:
    return int((_MOST_CELLS / 2) ** 0.5)


def _regression(vectors: Floats, code: np.ndarray) -> tuple[Floats, Floats]:
    """Return coefficients (classes, dim) and intercepts (classes,) by the order of the codes."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=_C, tol=_TOLERANCE, max_iter=_MOST_STEPS).fit(vectors, code)
    coefficients = np.asarray(model.coef_, dtype=np.float64)
    intercepts = np.asarray(model.intercept_, dtype=np.float64)
    if len(coefficients) == 1:  # two classes have one weight: the sigmoid of w is the softmax of -w/2 and w/2
        return np.vstack([-coefficients, coefficients]) / 2, np.concatenate([-intercepts, intercepts]) / 2
    return coefficients, intercepts
