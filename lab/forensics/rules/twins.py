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


def twins(
    config: RouterConfig, expert: str, encoder: Encoder, *, above: float = LEAK_COSINE, most: int = _MOST
) -> list[Twin]:
    """Return at most `most` near-duplicates of an expert's utterances, the nearest first, each pair once.

    Two are nearly the same when the cosine of their vectors is `above` or more. Raises KeyError for an unknown expert,
    EncoderUnavailable.
    """
    own = config.expert(expert).utterances
    if not own:
        return []
    others = [(one.name, text) for one in config.experts for text in one.utterances if one.name != expert]
    listed = [*((expert, text) for text in own), *others]
    vectors = encoder.encode([text for _, text in listed])
    at_once = max(1, _CELLS_AT_ONCE // len(listed))
    found: list[Twin] = []
    for start in range(0, len(own), at_once):
        cosines = vectors[start : min(start + at_once, len(own))] @ vectors.T
        later = np.arange(len(listed)) > np.arange(start, start + len(cosines))[:, None]  # within the expert once
        for place, second in np.argwhere(later & (cosines >= above)).tolist():
            other, text = listed[second]
            found.append(Twin(own[start + place], text, other, float(cosines[place, second])))
        found = sorted(found, key=lambda one: -one.cosine)[:most]
    return found
