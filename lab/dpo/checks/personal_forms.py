"""What personal data looks like: e-mail addresses, keys, accounts, cards and telephone numbers as expressions."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_LETTER = "A-Za-zÀ-ɏͰ-ӿ"
_FAR = "中国|中國|公司|网络|网址|在线|香港|台湾|台灣|한국"  # ends of addresses in scripts that need no spaces
_MAIL = (
    rf"[{_LETTER}0-9._%+-]{{1,64}}@(?:(?:[{_LETTER}0-9-]{{1,63}}\.){{1,8}}(?:[{_LETTER}]{{2,24}}|{_FAR})"
    rf"|[\u3400-\u9fff\uac00-\ud7a3]{{1,20}}\.(?:{_FAR}))(?![{_LETTER}])"
)
_PEM = (
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:(?:\s|\\[nr]){1,4}[A-Za-z0-9+/=]{16,200}){1,400}"
    r"(?:(?:(?:\s|\\[nr]){1,4}[A-Za-z0-9+/=]{1,16})?(?:\s|\\[nr]){0,4}-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
)
_NAMED = r"(?=[aAsS])(?i:(?:aws_?)?secret_?access_?key|aws_?secret_?key)[\"']?[ \t]{0,4}[=:][ \t]{0,4}[\"']?"
_KEY = (
    r"(?:sk|pk|rk)[-_][A-Za-z0-9_-]{20,200}|(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_-]{20,200}|hf_[A-Za-z0-9]{30,200}"
    r"|xox[abposr]-[A-Za-z0-9-]{10,200}|AIza[A-Za-z0-9_-]{35}"
    r"|eyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{10,8000}\.[A-Za-z0-9_-]{5,2000}"
    r"|(?P<drawn>gsk_[A-Za-z0-9]{40,80}|npm_[A-Za-z0-9]{36}|SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}"
    r"|ya29\.[A-Za-z0-9_-]{20,400})"
    r"|AccountKey=(?P<azure>[A-Za-z0-9+/]{80,90}={0,2})"
    rf"|{_NAMED}(?P<aws>[A-Za-z0-9+/]{{40}})(?![A-Za-z0-9+/=])"
    r"|(?:https://)?hooks\.slack\.com/services/T[A-Z0-9]{7,12}/B[A-Z0-9]{7,12}/(?P<hook>[A-Za-z0-9]{20,32})"
)
_KEY_STARTS = "(?=sk|pk|rk|AK|AS|gh|gi|gl|hf|xo|AI|ey|gs|np|SG|ya|Ac|[aAsS][wWeE]|http|hook)"  # most words stop here
_IBAN = r"[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?"
_SMALL_IBAN = r"[a-z]{2}[0-9]{2}[ -]?(?:[a-z]{4}|[0-9]{4})(?:[ -]?[0-9]{4}){1,6}(?:[ -]?[0-9]{1,4})?"
_OF_A_CARD = r"(?:4[0-9]{3}|5[0-8][0-9]{2}|2[2-7][0-9]{2}|35[0-9]{2}|6[0-9]{3})"
_CARD = (
    rf"{_OF_A_CARD}(?:(?:[ -]?[0-9]{{4}}){{3}}(?:[ -]?[0-9]{{3}})?|(?:\.[0-9]{{4}}){{3}}(?!\.[0-9]))"
    r"|3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}|3[068][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{4}"
)
_COUNTRY = "(?:1|7|2[07]|2[1-6][0-9]|3[0-469]|3[578][0-9]|42[0-9]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])"
_NO_NEXT_ONE = r"(?! \(?0[1-9][0-9]{1,3}\)?[ /-][0-9]{3,4}[ -]?[0-9]{3})"  # where another number begins
_AREA = rf"[0-9]{{3,4}}(?:{_NO_NEXT_ONE}[ -]?[0-9]{{2,4}}){{0,2}}"
_PHONE = (
    rf"\+[1-9][0-9]{{0,2}}[ -]\(?[0-9]{{2,4}}\)? / {_AREA}"
    rf"|(?:\+|00(?={_COUNTRY}[ /-]))[1-9][0-9]{{0,2}}[ ./-]?(?:\(0?[0-9]{{1,4}}\)[ ./-]?)?"
    rf"[0-9]{{1,4}}(?:{_NO_NEXT_ONE}[ ./-]?[0-9]{{2,4}}){{1,4}}"
    r"|\([2-9][0-9]{2}\) ?[0-9]{3}[ .-][0-9]{4}|(?:1[ .-])?[2-9][0-9]{2}(?P<same>[ .-])[0-9]{3}(?P=same)[0-9]{4}"
    rf"|\(?0[1-9][0-9]{{1,3}}\)?[ /-]{_AREA}|\(0[1-9][0-9]{{1,3}}\){_AREA}"
    r"|0[1-9](?:(?:[ .][0-9]{2}){4}|(?:-[0-9]{2}){4}(?!-[0-9A-Fa-f]))"
    r"|8[ -]?\([3489][0-9]{2}\)[ -]?[0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{2}"
    r"|\([1-9]{2}\) ?9[0-9]{4}[ -][0-9]{4}"
    r"|0[36]-(?!(?:19|20)[0-9]{2}-(?:19|20))[0-9]{4}-[0-9]{4}"
    r"|(?P<bare>[2-9][0-9]{9}|1[3-9][0-9]{9}|0[1-9][0-9]{8,9})|(?P<long>[1-9][0-9]{8,14})"
)
_KINDS = {
    "mail": _MAIL,
    "pem": _PEM,
    "key": f"{_KEY_STARTS}(?:{_KEY})",
    "iban": f"{_IBAN}|{_SMALL_IBAN}",
    "card": _CARD,
    "phone": _PHONE,
}
_BEGINS = rf"(?=[{_LETTER}0-9._%+(-])(?<![{_LETTER}0-9_+])"
_NOT_WITHIN = {"mail": r"(?<![.%-])", "pem": ""}  # nothing before it that it could be the end of
_NO_FRACTION = r"(?<![0-9][.,/-])"
_AFTER = rf"(?![{_LETTER}0-9_])(?!-[0-9])"
_FORMS = (f"(?P<{name}>{_NOT_WITHIN.get(name, _NO_FRACTION)}(?:{form}){_AFTER})" for name, form in _KINDS.items())
ANY = re.compile(f"{_BEGINS}(?:{'|'.join(_FORMS)})")
CARD = re.compile(rf"(?:{_CARD})(?![{_LETTER}0-9_])")

_SPACES, _DASHES, _DIGITS = (
    "\u00a0\u2007\u2009\u202f\u3000",
    "\u2010\u2011\u2012\u2013\u2212\uff0d",
    "０１２３４５６７８９",
)
_SIGNS = f"{_SPACES}{_DASHES}{_DIGITS}＋（）．"
_ALIKE = str.maketrans(_SIGNS, f"{' ' * 5}{'-' * 6}0123456789+().")
"""Signs that are read like others: one for one, so that places in a text stay what they are."""


def alike(text: str) -> str:
    """Return a text with other spaces, hyphens and digits as those of ASCII, each in its place."""
    if text.isascii() or not any(sign in text for sign in _SIGNS):
        return text
    return text.translate(_ALIKE)


_KEY_BEGINS = (
    r"(?:sk|pk|rk)[-_][A-Za-z0-9_-]{20}|gh[pousr]_|github_pat_|glpat-|hf_|xox[abposr]-|AIza|eyJ|AKIA|ASIA|gsk_|npm_|"
    r"SG\.[A-Za-z0-9_-]{16}|ya29\.|AccountKey=|(?i:secret_?(?:access_?)?key[\"']?[ \t]*[=:])|hooks\.slack\.com/"
)
_DIGIT, _BETWEEN = f"[0-9{_DIGITS}]", f"[ ()./{_SPACES}{_DASHES}（）．-]{{0,3}}"


@cache
def screen() -> Any:
    """Return one expression that RE2 runs over a text in one go: whether a look is worth while at all."""
    import re2

    mail = rf"@[{_LETTER}0-9-]+\.|@[\x{{3400}}-\x{{9fff}}\x{{ac00}}-\x{{d7a3}}]+\."
    return re2.compile(
        "|".join((mail, "PRIVATE KEY-----", _KEY_BEGINS, _IBAN, rf"{_DIGIT}(?:{_BETWEEN}{_DIGIT}){{8}}"))
    )
