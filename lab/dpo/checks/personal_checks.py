"""Whether what looks like personal data is some, and where it ends: by check digits, lengths and the words before it.

Each check gets a match and returns the place of what is to be covered, or None.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from lab.dpo.checks.personal_forms import CARD

Place = tuple[int, int]

_DIGITS_IN_A_PHONE = (9, 15)
_SAID_TO_BE_A_PHONE = re.compile(
    r"(?:phone|\btel|\b(?:my|his|her|your|their) number|reach|contact|text me|call|mobile|cell|fax|whatsapp|handy|"
    r"meine nummer|\bruf|anruf|mon numéro|mi número|móvil|llam|appel|portable|电话|手机|電話)"
    r"[^0-9\n]{0,16}$",
    re.IGNORECASE,
)
_NAMED_A_PHONE = re.compile(
    r"(?:\b(?:(?:tele|cell)?phone|tel|mobile|cell|fax|whatsapp|handy|handynummer|telefon|telefonnummer|móvil|celular|"
    r"teléfono|téléphone|portable|telefono|cellulare|telemóvel|телефон|тел|my number)|电话|手机|電話|手机号|微信)"
    r"(?: (?:number|no|nr|nummer|is|es|est|ist|lautet|é|è|me|at|on|under)\b)*[ .:=是为：]{0,4}$",
    re.IGNORECASE,
)
"""What says of the number right behind it, however long, that it is a telephone's."""
_HANDED_OVER = re.compile(r"\w\([^()\n]{0,40}$")  # an argument of a function
_NO_PHONE = re.compile(r"\+[0-9]+\.[0-9]+|[0-9]00.[0-9]00.[0-9]+")

_SURE_END = re.compile(
    r"\.(?:com|org|net|edu|gov|info|biz|dev|app|io|de|fr|uk|eu|nl|ch|es|pl|ru|cn|jp|br|us|ca|au|nz|se|dk|cz|be|"
    r"pt|kr|tw|рф|ua|gr|hu|ie|lu|sk|tr|za|mx|ar)$",
    re.IGNORECASE,
)
"""Ends of addresses that are hardly ever names of attributes or methods."""
_HOLDS_AN_ADDRESS = re.compile(r"(?:mail|user|login|account|contact)=$", re.IGNORECASE)
_OF_CODE_HOSTS = re.compile(
    r"git@(?:[a-z0-9-]+\.)*(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|gitea\.com|azure\.com|sr\.ht)$",
    re.IGNORECASE,
)

_COUNTRIES = {
    15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK", 21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
_IBAN_CHARS = {country: chars for chars, countries in _COUNTRIES.items() for country in countries.split()}
"""How many characters the accounts of a country have: the registry of ISO 13616."""


def of_mail(match: re.Match[str]) -> Place | None:
    """Check what stands around an address: `x@self.weight` multiplies, `git@…:path` is where code lies."""
    text, (start, end) = match.string, match.span()
    before, after = text[start - 1 : start], text[end : end + 2]
    name, _, host = match[0].partition("@")
    if host.casefold() == "localhost" or _OF_CODE_HOSTS.fullmatch(match[0]) is not None:
        return None
    if name == "git" and re.match(r":[\w~/.-]", after) is not None:
        return None
    if before == "/" and text[start - 2 : start] == "//":
        return None  # who logs in, in an address of the web
    in_doubt = before in ("=", "/") or after[:1] == "(" or host.casefold().startswith("self.")
    if not in_doubt:
        return start, end
    sure = _SURE_END.search(host) is not None and len(name) > 1
    return (start, end) if sure or _HOLDS_AN_ADDRESS.search(text, max(0, start - 8), start) is not None else None


def of_key(match: re.Match[str]) -> Place | None:
    """Check for what a key drawn by chance has: names of columns and classes begin like keys but are words."""
    text = match[0]
    for form in ("drawn", "azure", "aws", "hook"):
        if match[form] is not None:
            covered = match.span("key" if form == "hook" else form)
            return covered if _is_mixed(match[form]) else None
    if text[:2] not in ("sk", "pk", "rk"):
        return match.span()
    by_chance = any(map(str.isupper, text)) and any(map(str.islower, text[3:]))
    chance = any(map(str.isdigit, text)) and (by_chance or text.startswith(("sk-", "sk_live", "sk_test", "pk_live")))
    return match.span() if chance else None


def _is_mixed(text: str) -> bool:
    return all(any(map(kind, text)) for kind in (str.isdigit, str.isupper, str.islower))


def of_phone(match: re.Match[str]) -> Place | None:
    """Check for what numbers of other kinds are: decimals, binary ones, steps; lists only where they are said to be."""
    text, whole, start = match[0], match.string, match.start()
    digits = [one for one in text if one.isdigit()]
    least, most = _DIGITS_IN_A_PHONE
    if not least <= len(digits) <= most or len(set(digits)) < 3 or _NO_PHONE.fullmatch(text):
        return None
    if match["long"]:
        return match.span() if _NAMED_A_PHONE.search(whole, max(0, start - 40), start) is not None else None
    by_twos = re.split("[ .-]", text)
    listed = all(len(one) == 2 for one in by_twos) and (by_twos == sorted(by_twos) or _is_time("".join(by_twos), text))
    steps = {int(b) - int(a) for a, b in pairwise(by_twos)} if listed else set()
    if len(steps) > 1 and len(whole) < len(text) + 8 and whole.strip(" \n.") == text:
        return match.span()  # a list of numbers has words around it, or goes up evenly
    if match["bare"] or match["same"] == " " or listed:
        if _HANDED_OVER.search(whole, max(0, start - 48), start) is not None:
            return None
        return match.span() if _SAID_TO_BE_A_PHONE.search(whole, max(0, start - 32), start) is not None else None
    return match.span()


def _is_time(digits: str, text: str) -> bool:
    """Tell whether two digits each, with hyphens between them, may be a day, its year, an hour and a minute."""
    first, second, _, hour, minute = (int(digits[at : at + 2]) for at in range(0, 10, 2))
    return "-" in text and min(first, second) <= 12 and max(first, second) <= 31 and hour < 24 and minute < 60


def of_card(match: re.Match[str]) -> Place | None:
    """Check the last digit of a card (Luhn, ISO/IEC 7812), also without the three or four digits beside it."""
    return _card_at(match.string, match.start()) or _card_within(match)


def _card_at(text: str, start: int) -> Place | None:
    found = CARD.match(text, start)
    if found is None:
        return None
    ends = [found.end()]
    if re.search(r"[0-9][ -][0-9]{3}$", found[0]) is not None and sum(map(str.isdigit, found[0])) == 19:
        ends.append(found.end() - 4)
    return next(((start, end) for end in ends if _is_card(text[start:end])), None)


def _card_within(match: re.Match[str]) -> Place | None:
    """Return the card in a run of numbers whose first ones belong to something else; behind it, the run must end."""
    text = match.string
    for group in re.finditer(r"(?<=[ -])[2-6][0-9]{3}", match[0]):
        place = _card_at(text, match.start() + group.start())
        if place is not None and re.match(r"[ .-]?[0-9]", text[place[1] : place[1] + 2]) is None:
            return place
    return None


def _is_card(text: str) -> bool:
    digits = [int(one) for one in text if one.isdigit()]
    if len(set(digits)) == 1:
        return False
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


def of_iban(match: re.Match[str]) -> Place | None:
    """Check an account's length in its country and the two digits behind it (ISO 13616: 1 is left modulo 97)."""
    text, (start, end) = match.string, match.span()
    chars = [at for at in range(start, end) if text[at].isalnum()]
    wanted = _IBAN_CHARS.get(match[0][:2].upper())
    if wanted is None and match[0][0].isupper() and 15 <= len(chars) <= 34:
        wanted = len(chars)
    if wanted is not None and wanted <= len(chars):
        end = chars[wanted - 1] + 1
        plain = "".join(text[at] for at in chars[:wanted])
        whole = not text[end : end + 1].isalnum()
        if whole and int("".join(str(int(one, 36)) for one in plain[4:] + plain[:4])) % 97 == 1:
            return start, end
    return _card_within(match)


CHECKS: dict[str, Callable[[re.Match[str]], Place | None]] = {
    "mail": of_mail, "key": of_key, "phone": of_phone, "card": of_card, "iban": of_iban,
}  # fmt: skip
