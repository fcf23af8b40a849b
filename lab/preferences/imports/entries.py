"""What a row of a preference file says, whatever its schema, and why a row says nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from lab.messages import Message

Reason = Literal[
    "unreadable", "unknown columns", "mixed", "encoding", "no user turn", "last turn not the user's", "empty",
    "overlong", "undecided", "equal answers", "contradictory", "duplicate",
]  # fmt: skip

REASONS: tuple[Reason, ...] = get_args(Reason)
"""Why a row is left out, in the order in which reports list it."""


@dataclass(frozen=True, slots=True)
class PreferencePair:
    """Two answers to one conversation, and which of them was preferred."""

    conversation: tuple[Message, ...]  # without system messages; the last one is the user's
    system_prompt: str
    chosen: str
    rejected: str
    chosen_by: str  # the model that wrote it; "" where the file does not tell
    rejected_by: str
    row: int  # where it stands in the file, in lines or in rows


@dataclass(frozen=True, slots=True)
class LikedAnswer:
    """One answer to a conversation, and whether it was liked."""

    conversation: tuple[Message, ...]  # as a pair's
    system_prompt: str
    answer: str
    liked: bool
    by: str
    row: int


Entry = PreferencePair | LikedAnswer


class Unfit(Exception):
    """A row that cannot be taken in: the reason, and what is the matter in a few words."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
