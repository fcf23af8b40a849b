"""Personal data in texts: found, and covered where that is wished.

E-mail addresses, telephone numbers, keys of services, numbers of cards and bank accounts. Numbers that have check
digits are only taken where these are right. What a text says of a person in words nobody finds this way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

_MAIL = r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}"
_KEY = (
    r"(?:sk|pk|rk)[-_](?:live|test|proj|ant|or|svcacct)?[A-Za-z0-9_-]{20,200}|(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}"
    r"|xox[abposr]-[A-Za-z0-9-]{10,}|AIza[A-Za-z0-9_-]{35}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,}"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"
)
_IBAN = r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?"
_CARD = r"[0-9]{4}(?:[ -]?[0-9]{4}){2}[ -]?[0-9]{1,7}|3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}"
_PHONE = (
    r"\+[0-9]{1,3}[ ./-]?(?:\(0?[0-9]{1,4}\)[ ./-]?)?[0-9]{2,4}(?:[ ./-]?[0-9]{2,4}){1,4}"
    r"|\(?[2-9][0-9]{2}\)?[ .-][0-9]{3}[ .-][0-9]{4}"
    r"|\(?0[0-9]{2,4}\)?[ /-][0-9]{3,4}(?:[ -]?[0-9]{2,4}){1,2}"
)
_KINDS = {"mail": _MAIL, "key": _KEY, "iban": _IBAN, "card": _CARD, "phone": _PHONE}
_ANY = re.compile("|".join(f"(?P<{name}>(?<![A-Za-z0-9_+]){form}(?![A-Za-z0-9_]))" for name, form in _KINDS.items()))
_COVERS = {"mail": "[e-mail]", "key": "[key]", "iban": "[account]", "card": "[card]", "phone": "[phone]"}
_DIGITS_IN_A_PHONE = (9, 15)


def has_personal(text: str) -> bool:
    """Tell whether personal data stands in a text."""
    return _may_hold(text) and any(_is_so(match) for match in _ANY.finditer(text))


def kinds(text: str) -> list[str]:
    """Return what kinds of personal data stand in a text, in alphabetical order."""
    return sorted({_COVERS[match.lastgroup or ""][1:-1] for match in _ANY.finditer(text) if _is_so(match)})


def masked(text: str) -> str:
    """Return a text with personal data covered; what follows is left as it stands."""
    if not _may_hold(text):
        return text
    return _ANY.sub(lambda match: _COVERS[match.lastgroup or ""] if _is_so(match) else match[0], text)


@cache
def _screen() -> Any:
    """Return one expression that RE2 runs over a text in one go: whether a look is worth while at all."""
    import re2

    return re2.compile("|".join((r"@[A-Za-z0-9-]+\.", _KEY, _IBAN, r"[0-9](?:[ ()./-]{0,3}[0-9]){8}")))


def _may_hold(text: str) -> bool:
    return _screen().search(text) is not None


def _is_so(match: re.Match[str]) -> bool:
    check = _CHECKS.get(match.lastgroup or "")
    return check is None or check(match[0])


def _is_phone(text: str) -> bool:
    least, most = _DIGITS_IN_A_PHONE
    return least <= sum(one.isdigit() for one in text) <= most


def _is_card(text: str) -> bool:
    """Check the last digit (Luhn, ISO/IEC 7812)."""
    digits = [int(one) for one in text if one.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


def _is_iban(text: str) -> bool:
    """Check the two digits behind the country (ISO 13616): the whole, turned into a number, leaves 1 modulo 97."""
    plain = text.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(one, 36)) for one in plain[4:] + plain[:4])) % 97 == 1


_CHECKS: dict[str, Callable[[str], bool]] = {"phone": _is_phone, "card": _is_card, "iban": _is_iban}
