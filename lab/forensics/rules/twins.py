"""Utterances that say nearly the same: within an expert one of them is idle, between experts they pull both ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab.encoders import Encoder
from lab.forensics.datasets import LEAK_COSINE
from lab.types import RouterConfig

_MOST = 200
_CELLS_AT_ONCE = 8_000_000  # cosines held at a time: 32 MB


@dataclass(frozen=True, slots=True)
class Twin:
    """An utterance of the expert that was asked about, and one of any expert that is nearly the same."""

    utterance: str
    other: str
    expert: str  # whose `other` is
    cosine: float


@dataclass(frozen=True, slots=True)
class Twins:
    """The near-duplicates of an expert's utterances: how many pairs, and the nearest of them."""

    n: int
    across: int  # pairs with another expert's utterance
    nearest: tuple[Twin, ...]


def twins(
    config: RouterConfig, expert: str, encoder: Encoder, *, above: float = LEAK_COSINE, most: int = _MOST
) -> Twins:
    """Count the near-duplicates of an expert's utterances, each pair once, and return at most `most`, nearest first.

    Two are nearly the same when the cosine of their vectors is `above` or more. Raises KeyError for an unknown expert,
    EncoderUnavailable.
    """
    own = config.expert(expert).utterances
    if not own:
        return Twins(0, 0, ())
    others = [(one.name, text) for one in config.experts for text in one.utterances if one.name != expert]
    listed = [*((expert, text) for text in own), *others]
    vectors = encoder.encode([text for _, text in listed])
    at_once = max(1, _CELLS_AT_ONCE // len(listed))
    found: list[Twin] = []
    n = across = 0
    for start in range(0, len(own), at_once):
        cosines = vectors[start : min(start + at_once, len(own))] @ vectors.T
        later = np.arange(len(listed)) > np.arange(start, start + len(cosines))[:, None]  # within the expert once
        places, seconds = np.nonzero(later & (cosines >= above))
        n, across = n + len(places), across + int(np.count_nonzero(seconds >= len(own)))
        near = cosines[places, seconds]
        for at in np.argsort(-near, kind="stable")[:most].tolist():
            other, text = listed[int(seconds[at])]
            found.append(Twin(own[start + int(places[at])], text, other, float(near[at])))
        found = sorted(found, key=lambda one: -one.cosine)[:most]
    return Twins(n, across, tuple(found))
