"""Layer 2 by learning: a multinomial logistic regression on the prompt's vector, one probability an expert.

A probability must come out the same alone, in a batch and in any order of summation, as a cosine does. Vectors are
multiples of 2^-24 and weights multiples of 2^-20, so every product is a multiple of 2^-44, which float64 adds without
any rounding as long as no partial sum reaches 2^9: 44 + 9 bits are the 53 that it has. By Cauchy and Schwarz each
partial sum over any of the dimensions is at most |w|·|v|, whatever their number, and a unit vector on the grid is
longer than 1 by less than 1 %. So a class may weigh at most |w| + |intercept| = 500, which `pack` and `unpack` see
to, and logits are exact. Their exponentials are rounded to multiples of 2^-36, whose sums are exact for up to 2^17
classes; a division and the rounding to 6 decimals end it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

import numpy as np

from lab.encoders import Vectors
from lab.errors import ConfigError
from lab.routing.rule import rounded_array
from lab.routing.semantic import Floats, on_grid
from lab.types import NONE, LearnedWeights

HEAVIEST = 500.0
"""The most that |coefficients| + |intercept| of one class may be, for logits to be exact."""

_UNIT = float(1 << 20)
_EXP_GRID = float(1 << 36)
_MOST_CLASSES = 1 << 17
_CELLS_AT_ONCE = 4_000_000  # logits held at a time when scoring in bulk: 32 MB
_AGAIN = "Fit the learned scorer again, or set router.scorer=cosine."


def weight_of(coefficients: Floats, intercepts: Floats) -> float:
    """Return the largest |coefficients| + |intercept| of a class; shapes (classes, dim) and (classes,)."""
    lengths = np.sqrt((coefficients * coefficients).sum(axis=1))
    return float((lengths + np.abs(intercepts)).max(initial=0.0))


def pack(
    classes: Sequence[str], coefficients: Floats, intercepts: Floats, *, encoder_fingerprint: str, rows: int
) -> LearnedWeights:
    """Return weights of shape (classes, dim) and (classes,), rounded to the grid, in the form that is stored.

    Raises ConfigError for weights that are not finite or heavier than HEAVIEST.
    """
    if coefficients.shape[:1] != (len(classes),) or intercepts.shape != (len(classes),):
        raise ValueError(f"{len(classes)} classes with weights {coefficients.shape} and {intercepts.shape}")
    _check_weight(coefficients, intercepts)
    return LearnedWeights(
        classes=tuple(classes),
        dim=coefficients.shape[1],
        coefficients=_encoded(coefficients),
        intercepts=_encoded(intercepts),
        encoder_fingerprint=encoder_fingerprint,
        rows=rows,
    )


def unpack(weights: LearnedWeights) -> tuple[Floats, Floats]:
    """Return the coefficients, float64 (classes, dim), and the intercepts, float64 (classes,), exactly as packed.

    Raises ConfigError for weights that are damaged or heavier than HEAVIEST.
    """
    count = len(weights.classes)
    if weights.dim < 1:
        raise ConfigError(f"The learned scorer is for vectors of {weights.dim} dimensions. {_AGAIN}")
    if not 0 < count <= _MOST_CLASSES or len(set(weights.classes)) != count:
        raise ConfigError(f"The learned scorer has {count:,} classes, or one of them twice. {_AGAIN}")
    coefficients = _decoded(weights.coefficients, count * weights.dim).reshape(count, weights.dim)
    intercepts = _decoded(weights.intercepts, count)
    _check_weight(coefficients, intercepts)
    return coefficients, intercepts


def _check_weight(coefficients: Floats, intercepts: Floats) -> None:
    weight = weight_of(coefficients, intercepts)
    if not weight <= HEAVIEST:  # NaN is not
        raise ConfigError(
            f"The learned scorer has a class of weight {weight:.6g}; up to {HEAVIEST:.0f} its probabilities are exact. "
            f"{_AGAIN}"
        )


def _encoded(values: Floats) -> str:
    return base64.b64encode(np.rint(values * _UNIT).astype("<i4").tobytes()).decode("ascii")


def _decoded(text: str, count: int) -> Floats:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as err:
        raise ConfigError(f"The weights of the learned scorer are no base64 text: {err}. {_AGAIN}") from err
    if len(data) != 4 * count:
        raise ConfigError(f"The learned scorer holds {len(data):,} bytes where {4 * count:,} belong. {_AGAIN}")
    return np.frombuffer(data, dtype="<i4").astype(np.float64) / _UNIT


class LearnedScorer:
    """Scores vectors by class probabilities.

    An expert's score is the probability of its class. An expert that is no class has no score; the class NONE takes
    probability away and is nobody's score.
    """

    def __init__(self, weights: LearnedWeights, experts: Sequence[str]) -> None:
        self.weights, self.experts = weights, tuple(experts)
        self._coefficients, self._intercepts = unpack(weights)
        place = {name: column for column, name in enumerate(weights.classes) if name != NONE}
        known = [index for index, name in enumerate(self.experts) if name in place]
        self._scored = np.array(known, dtype=np.intp)
        self._columns = np.array([place[self.experts[index]] for index in known], dtype=np.intp)

    def score_vectors(self, vectors: Vectors) -> Floats:
        """Return the score of each expert for each vector, shape (n, experts), in [0, 1] with 6 decimals.

        NaN for an expert that is no class. `vectors` are unit vectors, shape (n, dim).
        """
        scores = np.full((len(vectors), len(self.experts)), np.nan)
        if len(vectors) and vectors.shape[1] != self.weights.dim:
            raise ConfigError(
                f"The learned scorer is for vectors of {self.weights.dim} dimensions, and the encoder's have "
                f"{vectors.shape[1]}. {_AGAIN}"
            )
        rows_at_once = max(1, _CELLS_AT_ONCE // len(self.weights.classes))
        for start in range(0, len(vectors), rows_at_once):
            rows = slice(start, start + rows_at_once)
            scores[rows, self._scored] = rounded_array(self._probabilities(vectors[rows])[:, self._columns])
        return scores

    def logits(self, vectors: Vectors) -> Floats:
        """Return coefficients · vector + intercept of each class, exact for the vectors on their grid; (n, classes)."""
        return np.asarray(on_grid(vectors) @ self._coefficients.T + self._intercepts)

    def _probabilities(self, vectors: Vectors) -> Floats:
        """Return the softmax of the logits, shape (n, classes), the same to the bit for a row alone."""
        logits = self.logits(vectors)
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        exponentials = np.rint(exponentials * _EXP_GRID) / _EXP_GRID
        return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def check_encoder(weights: LearnedWeights, encoder_fingerprint: str) -> None:
    """Raise ConfigError when the weights were learnt on vectors of another encoder."""
    if weights.encoder_fingerprint != encoder_fingerprint:
        raise ConfigError(
            f"The learned scorer was fitted on vectors of the encoder {weights.encoder_fingerprint[:16]}, and the "
            f"encoder in use is {encoder_fingerprint[:16]}. {_AGAIN}"
        )
