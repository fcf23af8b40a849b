"""Patterns and utterances as lines of a text box: one a line, and an edit touches the lines that were shown alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

BREAK = "⏎"
"""Stands for a line break inside a text, so that a text stays one line."""


def line_of(text: str) -> str:
    """Return a text as one line."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n ").replace("\n", BREAK).strip()


def texts_of(written: str, shown: Sequence[str]) -> tuple[str, ...]:
    """Return the texts of a box's lines; a line that is as it was `shown` is that very text, blank ones are none."""
    were: dict[str, list[str]] = {}
    for text in shown:
        were.setdefault(line_of(text), []).append(text)
    lines = [line.strip() for line in written.replace("\r\n", "\n").split("\n")]
    return tuple(were[line].pop(0) if were.get(line) else line.replace(BREAK, "\n").strip() for line in lines if line)


def edited(now: Sequence[str], shown: Sequence[str], written: Sequence[str]) -> tuple[str, ...]:
    """Return `now` with what was done to the lines that were `shown`: those that went, went, and new ones came.

    `now` may hold more than was shown (another page of the list, what another tab added); that stays. Where all of it
    was shown, the order is as written too; else new lines stand behind the last of the shown ones.
    """
    if tuple(now) == tuple(shown):
        return tuple(written)
    gone, came = Counter(shown), Counter(written)
    gone.subtract(written)
    came.subtract(shown)
    gone, came = +gone, +came
    kept: list[str] = []
    last = 0
    in_box = Counter(shown)
    for text in now:
        if gone[text] > 0:
            gone[text] -= 1
            last = len(kept)
            continue
        kept.append(text)
        if in_box[text] > 0:
            in_box[text] -= 1
            last = len(kept)
    new = []
    for text in written:
        if came[text] > 0:
            came[text] -= 1
            new.append(text)
    return (*kept[:last], *new, *kept[last:])
