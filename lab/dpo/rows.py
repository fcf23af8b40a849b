"""What the files of an export hold: pairs, and liked answers. Frozen values between building, freezing and writing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal, get_args

from lab.messages import Message

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
_IN_TURN = ("user", "assistant")


def in_turn(turns: tuple[Message, ...]) -> bool:
    """Tell whether user and assistant speak in turn, and the user first and last."""
    return len(turns) % 2 == 1 and all(turn.role == _IN_TURN[place % 2] for place, turn in enumerate(turns))


@dataclass(frozen=True, slots=True)
class Row:
    """One pair as the files hold it, with where it came from. Texts are masked already where that was wished."""

    duel_id: str
    split: Split
    turns: tuple[Message, ...]  # without system messages; the last one is the user's
    system_prompt: str  # empty: none
    chosen: str
    rejected: str
    chosen_by: str  # expert, else model, else provider; `human` for a text that a person wrote
    rejected_by: str
    chosen_model: str
    rejected_model: str
    query_type: str | None
    origin: str
    votes: int  # that counted, skips left out
    agreeing: int  # of these, for the chosen answer
    strength: float | None  # mean of the agreeing votes that said one: 1 slightly, 2 clearly, 3 by far
    adjudicated: bool  # decided by a resolution of a disagreement
    likes_chosen: bool = True  # the chosen answer is a liked row too; False where another pair says the opposite of it
    dislikes_rejected: bool = True

    @property
    def hash(self) -> str:
        """What the pair says, as a digest: prompt, system prompt and both answers, and nothing of its votes."""
        said = [[turn.role, turn.content] for turn in self.turns]
        return _digest(["pair", self.system_prompt, said, self.chosen, self.rejected])


@dataclass(frozen=True, slots=True)
class LikedRow:
    """One answer that a thumb was given to: no pair, since nobody said what it is better than."""

    response_id: str
    split: Split
    turns: tuple[Message, ...]
    system_prompt: str
    answer: str
    liked: bool
    by: str
    model: str

    @property
    def hash(self) -> str:
        """What the row says, as a digest."""
        said = [[turn.role, turn.content] for turn in self.turns]
        return _digest(["liked", self.system_prompt, said, self.answer, self.liked])


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
