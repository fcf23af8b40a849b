"""Personal data in texts: found, and covered where that is wished.

E-mail addresses, telephone numbers, keys of services, numbers of cards and bank accounts. Numbers that have check
digits are only taken where these are right. What a text says of a person in words nobody finds this way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

_LETTER = "A-Za-zÀ-ɏ"
_MAIL = rf"[{_LETTER}0-9._%+-]{{1,64}}@(?:[{_LETTER}0-9-]{{1,63}}\.){{1,8}}[{_LETTER}]{{2,24}}(?![{_LETTER}(])"
_PEM = (
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:(?:\s|\\[nr]){1,4}[A-Za-z0-9+/=]{16,200}){1,400}"
    r"(?:(?:(?:\s|\\[nr]){1,4}[A-Za-z0-9+/=]{1,16})?(?:\s|\\[nr]){0,4}-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
)
_KEY = (
    r"(?:sk|pk|rk)[-_][A-Za-z0-9_-]{20,200}|(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_-]{20,200}|hf_[A-Za-z0-9]{30,200}"
    r"|xox[abposr]-[A-Za-z0-9-]{10,200}|AIza[A-Za-z0-9_-]{35}"
    r"|eyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{10,8000}\.[A-Za-z0-9_-]{5,2000}"
)
_IBAN = r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?"
_CARD = (
    r"(?:4[0-9]{3}|5[0-8][0-9]{2}|2[2-7][0-9]{2}|35[0-9]{2}|6[0-9]{3})(?:[ -]?[0-9]{4}){3}(?:[ -]?[0-9]{3})?"
    r"|3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}|3[068][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{4}"
)
_COUNTRY = "(?:1|7|2[07]|2[1-6][0-9]|3[0-469]|3[578][0-9]|42[0-9]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])"
_PHONE = (
    rf"(?:\+|00(?={_COUNTRY}[ /-]))[1-9][0-9]{{0,2}}[ ./-]?(?:\(0?[0-9]{{1,4}}\)[ ./-]?)?"
    r"[0-9]{1,4}(?:[ ./-]?[0-9]{2,4}){1,4}"
    r"|\([2-9][0-9]{2}\) ?[0-9]{3}[ .-][0-9]{4}|(?:1[ .-])?[2-9][0-9]{2}(?P<same>[ .-])[0-9]{3}(?P=same)[0-9]{4}"
    r"|\(?0[1-9][0-9]{1,3}\)?[ /-][0-9]{3,4}(?:[ -]?[0-9]{2,4}){0,2}|0[1-9](?:[ .][0-9]{2}){4}"
    r"|(?P<bare>[2-9][0-9]{9}|1[3-9][0-9]{9}|0[1-9][0-9]{8,9})"
)
_KINDS = {"mail": _MAIL, "pem": _PEM, "key": _KEY, "iban": _IBAN, "card": _CARD, "phone": _PHONE}
_BEGINS = rf"(?=[{_LETTER}0-9._%+(-])(?<![{_LETTER}0-9_+])"
_NOT_WITHIN = {"mail": r"(?<![.%/=-])", "pem": ""}  # nothing before it that it could be the end of
_NO_FRACTION = r"(?<![0-9][.,/-])"
_AFTER = rf"(?![{_LETTER}0-9_])(?!-[0-9])"
_FORMS = (f"(?P<{name}>{_NOT_WITHIN.get(name, _NO_FRACTION)}(?:{form}){_AFTER})" for name, form in _KINDS.items())
_ANY = re.compile(f"{_BEGINS}(?:{'|'.join(_FORMS)})")
_COVERS = {
    "mail": "[e-mail]", "pem": "[key]", "key": "[key]", "iban": "[account]", "card": "[card]", "phone": "[phone]",
}  # fmt: skip
_DIGITS_IN_A_PHONE = (9, 15)
_SAID_TO_BE_A_PHONE = re.compile(
    r"(?:phone|\btel|\b(?:my|his|her|your|their) number|reach|contact|text me|call|mobile|cell|fax|whatsapp|handy|"
    r"meine nummer|\bruf|anruf|mon numéro|mi número|móvil|llam|appel|portable|电话|手机|電話)"
    r"[^0-9\n]{0,16}$",
    re.IGNORECASE,
)
_NO_PHONE = re.compile(r"\+[0-9]+\.[0-9]+|[0-9]00.[0-9]00.[0-9]+")
_NOBODYS = re.compile(r"@self\.|@localhost$|^git@", re.IGNORECASE)


def has_personal(text: str) -> bool:
    """Tell whether personal data stands in a text."""
    return _may_hold(text) and any(_is_so(match) for match in _ANY.finditer(text))


def kinds(text: str) -> list[str]:
    """Return what kinds of personal data stand in a text, in alphabetical order."""
    return sorted({_COVERS[match.lastgroup or ""][1:-1] for match in _ANY.finditer(text) if _is_so(match)})


def masked(text: str) -> str:
    """Return a text with personal data covered; all else is left as it stands."""
    if not _may_hold(text):
        return text
    return _ANY.sub(lambda match: _COVERS[match.lastgroup or ""] if _is_so(match) else match[0], text)


@cache
def _screen() -> Any:
    """Return one expression that RE2 runs over a text in one go: whether a look is worth while at all."""
    import re2

    return re2.compile(
        "|".join((rf"@[{_LETTER}0-9-]+\.", "PRIVATE KEY-----", _KEY_BEGINS, _IBAN, r"[0-9](?:[ ()./-]{0,3}[0-9]){8}"))
    )


_KEY_BEGINS = r"(?:sk|pk|rk)[-_][A-Za-z0-9_-]{20}|gh[pousr]_|github_pat_|glpat-|hf_|xox[abposr]-|AIza|eyJ|AKIA|ASIA"


def _may_hold(text: str) -> bool:
    return _screen().search(text) is not None


def _is_so(match: re.Match[str]) -> bool:
    check = _CHECKS.get(match.lastgroup or "")
    return check is None or check(match)


def _is_mail(match: re.Match[str]) -> bool:
    return _NOBODYS.search(match[0]) is None


def _is_key(match: re.Match[str]) -> bool:
    """Check for what a key drawn by chance has: names of columns and classes begin like keys but are words."""
    text = match[0]
    if text[:2] not in ("sk", "pk", "rk"):
        return True
    by_chance = any(map(str.isupper, text)) and any(map(str.islower, text[3:]))
    return any(map(str.isdigit, text)) and (by_chance or text.startswith(("sk-", "sk_live", "sk_test", "pk_live")))


def _is_phone(match: re.Match[str]) -> bool:
    """Check for what numbers of other kinds are: decimals, binary ones, steps; lists only where they are said to be."""
    text = match[0]
    digits = [one for one in text if one.isdigit()]
    least, most = _DIGITS_IN_A_PHONE
    if not least <= len(digits) <= most or len(set(digits)) < 3 or _NO_PHONE.fullmatch(text):
        return False
    by_twos = re.split("[ .]", text)
    ascending = all(len(one) == 2 for one in by_twos) and by_twos == sorted(by_twos)
    steps = {int(b) - int(a) for a, b in pairwise(by_twos)} if ascending else set()
    if len(steps) > 1 and len(match.string) < len(text) + 8 and match.string.strip(" \n.") == text:
        return True  # a list of numbers has words around it, or goes up evenly
    if match["bare"] or match["same"] == " " or ascending:
        return _SAID_TO_BE_A_PHONE.search(match.string, max(0, match.start() - 32), match.start()) is not None
    return True


def _is_card(match: re.Match[str]) -> bool:
    """Check the last digit (Luhn, ISO/IEC 7812)."""
    digits = [int(one) for one in match[0] if one.isdigit()]
    if len(set(digits)) == 1:
        return False
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


def _is_iban(match: re.Match[str]) -> bool:
    """Check the two digits behind the country (ISO 13616): the whole, turned into a number, leaves 1 modulo 97."""
    plain = match[0].replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(one, 36)) for one in plain[4:] + plain[:4])) % 97 == 1


_CHECKS: dict[str, Callable[[re.Match[str]], bool]] = {
    "mail": _is_mail, "key": _is_key, "phone": _is_phone, "card": _is_card, "iban": _is_iban,
}  # fmt: skip
