"""Foreign text in a line of the lab's own: it may hold what would turn the line round, or steer a terminal."""

from __future__ import annotations

import re

_STEERING = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x9f"  # control characters that are no white space
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb"  # marks of direction and of annotation
    "\ud800-\udfff]"  # halves of characters
)


def one_line(text: str, limit: int = 0) -> str:
    """Return text on one line without what steers, cut to `limit` characters where that is given."""
    line = " ".join(_STEERING.sub("", text).split())
    return line if not limit or len(line) <= limit else line[: limit - 1].rstrip() + "…"


def steers(text: str) -> int | None:
    """Return where the first character stands that would steer the line, a break of it included; None without one."""
    return next(
        (at for at, one in enumerate(text) if _STEERING.match(one) or one in "\t\n\v\f\r\x1c\x1d\x1e\x1f"), None
    )
