"""Text as layer 1 compares it, with the way back to the original.

Folding is case folding over NFC, one space for any run of white space, and a straight apostrophe for the curly ones.
All of these can change the length of a text; spans are given in the original's code points.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

_OTHER_SPACE = re.compile(r"[^\S ]")
_SPACES = re.compile(r"\s+")
_COMPOSING = (
    frozenset(  # spacing vowel signs that compose with the letter before them, though they are no marks above it
        "\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dcf\u0ddf\u102e\u1b35"
        "\U00011127\U0001133e\U00011357\U000114b0\U000114ba\U000114bd\U000115af\U00011930"
    )
)
_APOSTROPHES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\uff07": "'"})


class Folded(NamedTuple):
    """A folded text. `starts` and `ends` give the original span of each folded character before white space was
    collapsed (None: the same); `runs` are the collapsed positions after which the text is shifted, with the shifts."""

    text: str
    starts: list[int] | None
    ends: list[int] | None
    runs: Sequence[int]
    shifts: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in the original text of the folded span [start, end), which is not empty."""
        first, last = self._expand(start), self._expand(end - 1)
        if self.starts is None or self.ends is None:
            return first, last + 1
        return self.starts[first], self.ends[last]

    def cuts(self, start: int, end: int) -> bool:
        """Tell whether the folded span [start, end) begins or ends inside what one original letter folds to."""
        if self.starts is None or self.ends is None:
            return False
        first, last = self._expand(start), self._expand(end - 1)
        before = self.starts[first - 1] if first else -1
        after = self.ends[last + 1] if last + 1 < len(self.ends) else -1
        return before == self.starts[first] or after == self.ends[last]

    def _expand(self, index: int) -> int:
        if not self.runs:
            return index
        at = bisect_right(self.runs, index) - 1
        return index if at < 0 else index + self.shifts[at]


def fold(text: str) -> Folded:
    """Fold a text for comparison."""
    starts: list[int] | None = None
    ends: list[int] | None = None
    if text.isascii():
        folded = text.lower()
    else:
        folded = text.casefold()
        if len(folded) != len(text) or not (_is_nfc(text) and _is_nfc(folded)):
            folded, starts, ends = _fold_clusters(text)
        folded = folded.translate(_APOSTROPHES)
    if "  " not in folded and (folded.isprintable() or not _OTHER_SPACE.search(folded)):
        return Folded(folded, starts, ends, (), ())
    runs: list[int] = []
    shifts: list[int] = []
    shift = 0
    for run in _SPACES.finditer(folded):
        longer = run.end() - run.start() - 1
        if longer:
            shift += longer
            runs.append(run.end() - shift)  # the first collapsed position after the run
            shifts.append(shift)
    return Folded(_SPACES.sub(" ", folded), starts, ends, runs, shifts)


def _is_nfc(text: str) -> bool:
    return unicodedata.is_normalized("NFC", text)


def _fold_clusters(text: str) -> tuple[str, list[int], list[int]]:
    """Fold base letter by base letter, each with its marks, so that composed and decomposed text compare equal."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and _continues(text, start, end):
            end += 1
        cluster = text[start:end]
        folded = _nfc(_nfc(cluster).casefold())
        pieces.append(folded)
        one_to_one = len(folded) == len(cluster)
        for offset in range(len(folded)):
            starts.append(start + offset if one_to_one else start)
            ends.append(start + offset + 1 if one_to_one else end)
        start = end
    return "".join(pieces), starts, ends


def _continues(text: str, start: int, end: int) -> bool:
    """Tell whether text[end] composes with text[start:end]: a mark, a vowel sign, a Hangul vowel or tail."""
    character = text[end]
    if character in _COMPOSING:
        return len(_nfc(text[start : end + 1])) <= len(_nfc(text[start:end]))
    return unicodedata.combining(character) != 0 or "\u1160" <= character <= "\u11ff"


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


_UNSPACED = re.compile(
    "["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Burmese
    "\u1780-\u17ff\u19e0-\u19ff"  # Khmer
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # Kana
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff"  # Kana supplements, Han extensions
    "]"
)


def is_unspaced(character: str) -> bool:
    """Tell whether a character is of a script that writes words without spaces between them."""
    return character >= "\u0e00" and _UNSPACED.match(character) is not None


def joins(character: str) -> bool:
    """Tell whether a character belongs to a word of a spaced script: a letter, a digit or a mark."""
    if character.isalnum():
        return not is_unspaced(character)
    return character >= "\u0300" and unicodedata.category(character)[0] == "M" and not is_unspaced(character)
