"""Who judges: names, PINs and personal links.

A PIN is kept as scrypt (RFC 7914), and is looked at less often the more wrong ones came; of a link's 128 random bits
the hash is kept. Both lead to a token in the address, so that a reload stays signed in.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from lab.errors import AccessRefused, NotFound
from lab.judging import Annotator
from lab.one_line import steers
from lab.store import Store, annotators

MOST_NAME_CHARS = 60
LEAST_PIN_CHARS = 4
SIGNED_IN = timedelta(hours=12)
"""How long a token lasts that a PIN gave."""

FREE_TRIES = 5
"""Wrong PINs in a row before the next one has to wait."""

_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
_LOG2_N, _R, _P = 14, 8, 1  # 16 MiB and about 50 ms a try
_SALT_BYTES = 16

Clock = Callable[[], datetime]


def now_utc() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


def join(store: Store, annotator_id: str, name: str, pin: str | None) -> Annotator:
    """Store a new person and return it; an id that is there returns the first.

    Raises AccessRefused for a name or PIN that cannot be used, StoreError for a name that is taken.
    """
    name = checked_name(name)
    return annotators.add(store, annotator_id, name, pin_hash=None if pin is None else hash_pin(pin), link_hash=None)


def checked_name(name: str) -> str:
    """Return a name without spaces around it. Raises AccessRefused for one that nobody could read."""
    name = name.strip()
    if not name:
        raise AccessRefused("The name is empty. Write how the others know you.")
    if len(name) > MOST_NAME_CHARS:
        raise AccessRefused(f"The name has {len(name)} characters; {MOST_NAME_CHARS} are kept. Shorten it.")
    at = steers(name)
    if at is not None:
        raise AccessRefused(
            f"The name holds a character that is not seen (U+{ord(name[at]):04X}) at position {at}. Retype it."
        )
    return name


def hash_pin(pin: str) -> str:
    """Return what is stored of a PIN. Raises AccessRefused for one that is too short."""
    if len(pin) < LEAST_PIN_CHARS:
        raise AccessRefused(f"The PIN has {len(pin)} characters; it needs {LEAST_PIN_CHARS} at least.")
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"scrypt${_LOG2_N}${_R}${_P}${salt.hex()}${_scrypt(pin, salt, _LOG2_N, _R, _P).hex()}"


def is_pin(pin: str, stored: str) -> bool:
    """Tell whether a PIN is the one that `hash_pin` made `stored` of."""
    _, log2_n, r, p, salt, digest = stored.split("$")
    return hmac.compare_digest(_scrypt(pin, bytes.fromhex(salt), int(log2_n), int(r), int(p)), bytes.fromhex(digest))


def _scrypt(pin: str, salt: bytes, log2_n: int, r: int, p: int) -> bytes:
    n = 1 << log2_n
    return hashlib.scrypt(pin.encode("utf-8", "surrogatepass"), salt=salt, n=n, r=r, p=p, maxmem=256 * n * r)


# ----------------------------------------------------------------------------------------------------------- sign in


def sign_in(store: Store, annotator_id: str, pin: str | None, *, alone: bool, clock: Clock = now_utc) -> Annotator:
    """Return the person whose PIN this is; `alone` lets those without a PIN in: on this machine nobody else is there.

    Raises AccessRefused, which says how long to wait after several wrong ones, and StoreError.
    """
    found = _somebody(store, annotator_id)
    stored, _ = annotators.secrets(store, annotator_id)
    if stored is None:
        if alone:
            return found
        raise AccessRefused(
            f"{found.name!r} has no PIN, and this lab is open to others. Set one on its own machine, or use a link."
        )
    now = clock()
    wait = _begin_try(store, annotator_id, now)
    if not is_pin(pin or "", stored):
        raise AccessRefused("That is not the PIN." + (f" The next try counts in {_in_words(wait)}." if wait else ""))
    annotators.succeeded(store, annotator_id)
    return found


def _somebody(store: Store, annotator_id: str) -> Annotator:
    try:
        found = annotators.get(store, annotator_id)
    except NotFound as err:
        raise AccessRefused("Nobody of that name is here any more. Choose again.") from err
    if found.removed_at is not None or found.kind != "person":
        raise AccessRefused("That is not a person who can sign in. Choose again.")
    return found


def _begin_try(store: Store, annotator_id: str, now: datetime) -> timedelta | None:
    """Count a try and return how long the next one has to wait if this one is wrong. Raises AccessRefused."""
    found: list[timedelta | None] = []

    def until(failures: int, locked: datetime | None) -> datetime | None:
        # one that would last longer than any wait was made before the clock was set back
        if locked is not None and now < locked <= now + 2 * _LONGEST_WAIT:
            raise AccessRefused(f"Too many wrong PINs. Try again in {_in_words(locked - now)}.")
        beyond = failures - FREE_TRIES
        found.append(min(_FIRST_WAIT * 2 ** min(beyond, 10), _LONGEST_WAIT) if beyond >= 0 else None)
        return None if found[0] is None else now + found[0]

    annotators.begin_try(store, annotator_id, until)
    return found[0]


def _in_words(wait: timedelta) -> str:
    seconds = max(1, round(wait.total_seconds()))
    return f"{seconds} s" if seconds < 90 else f"{round(seconds / 60)} minutes"


# ------------------------------------------------------------------------------------------------ tokens and links


def token(store: Store, annotator: Annotator, *, clock: Clock = now_utc) -> str:
    """Return what an address keeps of a sign-in: it lasts twelve hours, and ends with the PIN that gave it."""
    ends = int((clock() + SIGNED_IN).timestamp())
    return f"{annotator.id}.{ends}.{_mac(store, annotator.id, ends)}"


def by_token(store: Store, given: str, *, alone: bool, clock: Clock = now_utc) -> Annotator | None:
    """Return whose token, or whose personal link, an address holds; None for nobody's and for what has ended."""
    annotator_id, _, rest = given.partition(".")
    if not rest:
        return annotators.by_link(store, _link_hash(given))
    ends, _, mac = rest.partition(".")
    if not (ends.isascii() and ends.isdigit() and len(ends) < 12):
        return None
    now = clock().timestamp()
    if not now < int(ends) <= now + SIGNED_IN.total_seconds():
        return None
    try:
        found = _somebody(store, annotator_id)
        expected = _mac(store, annotator_id, int(ends))
    except (AccessRefused, NotFound):
        return None
    return (
        found
        if (found.has_pin or alone) and hmac.compare_digest(expected.encode(), mac.encode(errors="replace"))
        else None
    )


def new_link(store: Store, annotator_id: str) -> str:
    """Return a personal link's secret; the link before it opens nothing any more. Raises NotFound."""
    secret = secrets.token_urlsafe(16)
    annotators.set_link(store, annotator_id, _link_hash(secret))
    return secret


def _link_hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _mac(store: Store, annotator_id: str, ends: int) -> str:
    """Keyed by the stored PIN, which nobody outside the database knows; without a PIN it proves nothing."""
    pin_hash, _ = annotators.secrets(store, annotator_id)
    return hmac.new((pin_hash or "").encode(), f"{annotator_id}.{ends}".encode(), "sha256").hexdigest()[:32]
