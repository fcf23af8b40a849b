"""When two prompts are the same: without case, white space and compatibility forms; and nearly: without signs too."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_ASCII_SIGNS = re.compile(r"[!-/:-@\[-`{-~]+")


class _SignsToBlanks(dict[int, int]):
    """Maps a code point to a blank when it is punctuation or a symbol; learnt as it is asked."""

    def __missing__(self, code: int) -> int:
        self[code] = 32 if unicodedata.category(chr(code))[0] in "PS" else code
        return self[code]


_signs_to_blanks = _SignsToBlanks()


def normal(text: str) -> str:
    """Return `text` in NFKC, case-folded, with single blanks: equal for what a person reads as the same."""
    if text.isascii():
        return " ".join(text.lower().split())
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
    return " ".join(unicodedata.normalize("NFKC", folded.casefold()).split())


def bare(text: str) -> str:
    """Return the normal form without punctuation and symbols; the normal form where nothing else is in it."""
    plain = normal(text)
    signless = _ASCII_SIGNS.sub(" ", plain) if plain.isascii() else plain.translate(_signs_to_blanks)
    return " ".join(signless.split()) or plain


@lru_cache(maxsize=4)
def normals(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return `normal` of each text; kept for the last datasets, since every search and every edit asks for it."""
    return tuple(map(normal, texts))
