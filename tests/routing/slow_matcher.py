"""Layer 1 by its definition, slowly: every span of the original text is looked at, and nothing is precomputed.

A span matches a word when it folds to what the word folds to, cuts no composed letter in two, and has no letter, digit
or mark of a spaced script on a side where the word begins or ends with one of a spaced script (or with a sign).
"""

from __future__ import annotations

import re
import unicodedata

APOSTROPHES = "\u2018\u2019\u02bc\uff07"
UNSPACED = (
    *("CJK ", "IDEOGRAPHIC ", "HIRAGANA ", "KATAKANA", "HALFWIDTH KATAKANA", "COMBINING KATAKANA"),
    *("THAI ", "LAO ", "KHMER ", "MYANMAR "),
)


def folded_letters(text: str) -> str:
    """Fold case, composition and apostrophes."""
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return re.sub(f"[{APOSTROPHES}]", "'", composed)


def folded(text: str) -> str:
    """Fold case, composition, apostrophes and white space."""
    return re.sub(r"\s+", " ", folded_letters(text))


def is_unspaced(character: str) -> bool:
    """Tell by its Unicode name whether a character belongs to a script that is written without spaces."""
    return unicodedata.name(character, "").startswith(UNSPACED)


def joins(character: str) -> bool:
    """Tell by its Unicode category whether a character is a letter, a digit or a mark of a spaced script."""
    return unicodedata.category(character)[0] in "LNM" and not is_unspaced(character) and character not in APOSTROPHES


def find(word: str, text: str) -> set[tuple[int, int]]:
    """Return every span of `text` that matches `word`."""
    wanted = folded(word.strip())
    return {
        (start, end)
        for start in range(len(text))
        for end in range(start + 1, len(text) + 1)
        if folded(text[start:end]) == wanted
        and folded_letters(text[:start]) + folded_letters(text[start:end]) + folded_letters(text[end:])
        == folded_letters(text)
        and (is_unspaced(wanted[0]) or start == 0 or not joins(text[start - 1]))
        and (is_unspaced(wanted[-1]) or end == len(text) or not joins(text[end]))
    }
