"""The reasons that a vote can name. Short words, for they stand on buttons; data/README.md explains them as well."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "correct": "right where it matters",
        "wrong": "a mistake that misleads",
        "incomplete": "something that was asked for is missing",
        "too long": "more than was asked for",
        "too short": "less than the question needs",
        "tone": "the manner decided: it fits the person, or it does not",
        "format": "the shape decided: table, list, code, number of lines",
        "safe": "careful where somebody could come to harm",
        "made up": "facts or sources that do not exist",
    }
)
"""What each tag means. Praise is about the better answer, a fault about the other; without a better one, about both."""

TAGS: tuple[str, ...] = tuple(MEANINGS)
"""The tags that a vote can carry, in the order in which they are offered."""
