"""Personal data in texts: found, and covered where that is wished.

E-mail addresses, telephone numbers, keys of services, numbers of cards and bank accounts. Numbers that have check
digits are only taken where these are right. What a text says of a person in words nobody finds this way.
"""

from __future__ import annotations

from collections.abc import Iterator

from lab.dpo.checks.personal_checks import CHECKS
from lab.dpo.checks.personal_forms import ANY, alike, screen

_COVERS = {
    "mail": "[e-mail]", "pem": "[key]", "key": "[key]", "iban": "[account]", "card": "[card]", "phone": "[phone]",
}  # fmt: skip
_PASSES = 3  # what ran into what is covered now may be told only then


def has_personal(text: str) -> bool:
    """Tell whether personal data stands in a text."""
    return _may_hold(text) and next(_found(text), None) is not None


def kinds(text: str) -> list[str]:
    """Return what kinds of personal data stand in a text, in alphabetical order."""
    return sorted({cover[1:-1] for _, _, cover in _found(text)})


def masked(text: str) -> str:
    """Return a text with personal data covered; all else is left as it stands."""
    for _ in range(_PASSES):
        places = list(_found(text)) if _may_hold(text) else []
        if not places:
            break
        text = _covered(text, places)
    return text


def _covered(text: str, places: list[tuple[int, int, str]]) -> str:
    parts: list[str] = []
    at = 0
    for start, end, cover in places:
        parts += (text[at:start], cover)
        at = end
    return "".join((*parts, text[at:]))


def _found(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where personal data begins and ends in a text, and what covers it."""
    plain = alike(text)
    at = 0
    while (match := ANY.search(plain, at)) is not None:
        kind = match.lastgroup or ""
        check = CHECKS.get(kind)
        place = match.span() if check is None else check(match)
        at = match.end()
        if place is not None:
            start, at = place
            yield start, at, _COVERS["card" if kind == "iban" and start > match.start() else kind]


def _may_hold(text: str) -> bool:
    return screen().search(text) is not None
