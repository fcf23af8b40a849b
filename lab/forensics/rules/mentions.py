"""Whether a place in a prompt is only mentioned: behind a negation ("do not write code"), or inside a quotation.

Both are hints for a person who reads the rows. The negations are those of English and the plainest ones of German,
French, Spanish, Portuguese and Italian.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

_REACH, _FAR_REACH = 3, 8  # words before the match
_WINDOW = 120  # characters before the match that can hold them
_CLAUSE_END = re.compile(r"[.!?;:,\n()\[\]{}…。！？，、]|(?<!anything )(?<!everything )\bbut\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*")
_NEGATIONS = {
    *("not", "no", "never", "without", "neither", "nor", "cannot", "avoid", "stop", "skip", "except"),
    *("dont", "doesnt", "didnt", "isnt", "arent", "wont", "cant", "shouldnt"),
    *("nicht", "kein", "keine", "keinen", "keinem", "keiner", "keines", "ohne", "niemals", "statt", "anstatt"),
    *("pas", "jamais", "sans", "nunca", "não", "sem", "senza"),
}
_NEGATING_PHRASES = frozenset({"instead of", "rather than", "other than", "anything but", "everything but"})
_FAR = frozenset({"think", "believe", "want", "need", "expect"})  # "I don't think you should write code"
_ONLY = frozenset({"only", "just", "merely", "simply", "nur", "seulement", "solo", "solamente", "só"})
_SUBJECTS = frozenset({"this", "that", "these", "those", "it", "there", "i", "you", "he", "she", "we", "they"})
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
    """Tell whether one of the three words before `start`, in the same clause, denies what stands there.

    "No need" and "don't think" reach further; "not only" and the "isn't this" of a question deny nothing.
    """
    clause = _CLAUSE_END.split(prompt[max(0, start - _WINDOW) : start])[-1]
    words = [word.casefold() for word in _WORD.findall(clause)[-_FAR_REACH:]]
    near = words[-_REACH - 1 :]
    return any(_denies(words, at) for at in range(len(words))) or any(
        f"{first} {second}" in _NEGATING_PHRASES for first, second in pairwise(near)
    )


def _denies(words: Sequence[str], at: int) -> bool:
    """Tell whether a word denies what stands behind the last one."""
    then = words[at + 1] if at + 1 < len(words) else ""
    contracted = words[at].endswith(("n't", "n’t", "nʼt"))
    if not (contracted or words[at] in _NEGATIONS) or then in _ONLY or (contracted and then in _SUBJECTS):
        return False
    return then in _FAR or len(words) - at <= _REACH


class Quotations:
    """The quotations, code spans and code blocks of one prompt. A code block that is not closed runs to the end."""

    def __init__(self, prompt: str) -> None:
        spans = [found.span(found.lastgroup or 0) for found in _QUOTED.finditer(prompt)]
        self._starts, self._ends = [start for start, _ in spans], [end for _, end in spans]

    def hold(self, start: int, end: int) -> bool:
        """Tell whether [start, end) stands inside one, without its marks."""
        at = bisect_right(self._starts, start) - 1
        return at >= 0 and end <= self._ends[at]
