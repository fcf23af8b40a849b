"""Whether a place in a prompt is only mentioned: behind a negation ("do not write code"), or inside a quotation.

Both are hints for a person who reads the rows. The negations are those of English and the plainest ones of German,
French, Spanish, Portuguese and Italian.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise

_REACH = 3  # words before the match
_WINDOW = 120  # characters before the match that can hold them
_CLAUSE_END = re.compile(r"[.!?;:,\n()\[\]{}…。！？，、]")
_WORD = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*")
_NEGATIONS = {
    *("not", "no", "never", "without", "neither", "nor", "cannot", "avoid", "stop", "skip", "except"),
    *("dont", "doesnt", "didnt", "isnt", "arent", "wont", "cant", "shouldnt"),
    *("nicht", "kein", "keine", "keinen", "keinem", "keiner", "keines", "ohne", "niemals", "statt", "anstatt"),
    *("pas", "jamais", "sans", "nunca", "não", "sem", "senza"),
}
_NEGATING_PHRASES = frozenset({"instead of", "rather than", "other than", "anything but", "everything but"})
_QUOTED = re.compile(
    r"```(?P<fence>.*?)(?:```|\Z)"
    r"|~~~(?P<tildes>.*?)(?:~~~|\Z)"
    r"|`(?P<code>[^`\n]++)`"
    r'|(?<!\w)"(?P<double>[^"]++)"(?!\w)'
    r"|(?<!\w)'(?P<single>[^'\n]++)'(?!\w)"
    r"|“(?P<curly>[^”]++)”"
    r"|(?<!\w)‘(?P<curly_single>[^’\n]++)’(?!\w)"
    r"|„(?P<low>[^“”]++)[“”]"
    r"|«(?P<guillemets>[^»]++)»"
    r"|「(?P<corner>[^」]++)」"
    r"|『(?P<white_corner>[^』]++)』",
    re.DOTALL,
)


def is_negated(prompt: str, start: int) -> bool:
    """Tell whether one of the three words before `start`, in the same clause, denies what stands there."""
    clause = _CLAUSE_END.split(prompt[max(0, start - _WINDOW) : start])[-1]
    words = [word.casefold() for word in _WORD.findall(clause)[-_REACH - 1 :]]
    near = words[-_REACH:]
    if any(word in _NEGATIONS or word.endswith(("n't", "n’t", "nʼt")) for word in near):
        return True
    return any(f"{first} {second}" in _NEGATING_PHRASES for first, second in pairwise(words))


class Quotations:
    """The quotations, code spans and code blocks of one prompt. A code block that is not closed runs to the end."""

    def __init__(self, prompt: str) -> None:
        spans = [found.span(found.lastgroup or 0) for found in _QUOTED.finditer(prompt)]
        self._starts, self._ends = [start for start, _ in spans], [end for _, end in spans]

    def hold(self, start: int, end: int) -> bool:
        """Tell whether [start, end) stands inside one, without its marks."""
        at = bisect_right(self._starts, start) - 1
        return at >= 0 and end <= self._ends[at]
