"""Words and phrases that stand in many wrongly routed rows of one expert, and seldom elsewhere.

Text is folded and cut as layer 1 does both, in any script: a word is a run of letters, digits and marks of a spaced
script; Han, Kana, Thai and their like, which set no spaces, are taken two to four characters at a time. What comes out
is a shortlist; what a phrase really matches, the matcher says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from unicodedata import category

from lab.forensics.candidates.stop_words import STOP_WORDS
from lab.forensics.metrics import wilson
from lab.routing.folding import fold, is_unspaced, joins

Phrase = tuple[str, str]
"""An expert's name and a phrase, folded."""

LEAST_SUPPORT = 3
LEAST_PRECISION = 0.4
"""The least Wilson lower bound: three rows of three have .438."""

_MOST_WORDS = 3
_MOST_UNSPACED = 4
_CHARS = 4_000  # read of a prompt
_GAPS = {" ", "-", ".", "/", "&"}  # one of these may stand between the words of a phrase
_TOKEN = re.compile(r"w+(?:'w+)*(?:[+#]++(?!w))?|u")  # c++ and c#, but not the sign of 1+1


class _Kinds(dict[int, str]):
    """The kind of each character by its number: `w` joins a word, `u` is of an unspaced script, the rest is itself."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if is_unspaced(character):
            kind = "u" if character.isalnum() or category(character)[0] == "M" else character
        else:
            kind = "w" if joins(character) else character
        self[code] = kind
        return kind


_KINDS = _Kinds()


def phrases(text: str) -> Iterator[str]:
    """Yield the phrases of a text, folded, repeats included: what a pattern for it could be."""
    folded = fold(text[:_CHARS]).text
    kinds = folded.translate(_KINDS)
    spans = [found.span() for found in _TOKEN.finditer(kinds)]
    for first, (start, end) in enumerate(spans):
        unspaced = kinds[start] == "u"
        if not unspaced:
            yield folded[start:end]
        most = _MOST_UNSPACED if unspaced else _MOST_WORDS
        for following_start, following_end in spans[first + 1 : first + most]:
            gap = folded[end:following_start]
            if gap if unspaced else gap not in _GAPS:
                break
            if (kinds[following_start] == "u") != unspaced:
                break
            end = following_end
            yield folded[start:end]


def says_something(phrase: str) -> bool:
    """Tell whether a phrase could be a pattern: not stop words, digits or a single letter alone."""
    kinds = phrase.translate(_KINDS)
    words = [phrase[slice(*found.span())] for found in _TOKEN.finditer(kinds)]
    return any("u" in word.translate(_KINDS) or _is_content(word) for word in words)


def _is_content(word: str) -> bool:
    return len(word) > 1 and word not in STOP_WORDS and not word.isdigit()


def shortlist(
    prompts: Sequence[str],
    labels: Sequence[str],
    missed: Sequence[bool],
    known: frozenset[str],
    most: int,
    check: Callable[[], None],
) -> list[Phrase]:
    """Return at most `most` phrases, each for the expert whose wrongly routed rows hold it, the most promising first.

    `missed`: whether the row ought to go to an expert and does not; `known`: folded phrases that are patterns already.
    A phrase stands in at least `LEAST_SUPPORT` missed rows of its expert, and is precise on all rows
    (`LEAST_PRECISION`).
    """
    support: dict[str, Counter[str]] = {}
    for prompt, label, wrong in zip(prompts, labels, missed, strict=True):
        if wrong:
            support.setdefault(label, Counter()).update(set(phrases(prompt)))
    check()
    wanted = {
        phrase
        for counted in support.values()
        for phrase, rows in counted.items()
        if rows >= LEAST_SUPPORT and phrase not in known and says_something(phrase)
    }
    everywhere = _counted(prompts, labels, wanted)
    check()
    found: list[tuple[float, Phrase]] = []
    for expert, counted in support.items():
        for phrase, rows in counted.items():
            if rows < LEAST_SUPPORT or phrase not in wanted:
                continue
            precision = wilson(everywhere[phrase][expert], everywhere[phrase].total()).low
            if precision >= LEAST_PRECISION:
                found.append((rows * precision, (expert, phrase)))
    found.sort(key=lambda one: (-one[0], len(one[1][1]), one[1]))
    return [phrase for _, phrase in found[:most]]


def _counted(prompts: Sequence[str], labels: Sequence[str], wanted: set[str]) -> Mapping[str, Counter[str]]:
    """How many rows of each label hold each of the phrases."""
    counts: dict[str, Counter[str]] = {phrase: Counter() for phrase in wanted}
    for prompt, label in zip(prompts, labels, strict=True):
        for phrase in wanted.intersection(phrases(prompt)):
            counts[phrase][label] += 1
    return counts
