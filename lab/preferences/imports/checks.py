"""What no entry may be: text that cannot be stored, nothing to answer, nothing to compare, too long to be judged."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from lab.config import MAX_PROMPT_CHARS
from lab.forensics.datasets.table import worded
from lab.messages import Message
from lab.preferences.imports.entries import Entry, LikedAnswer, PreferencePair, Unfit
from lab.store.duels import folded, same_answer

MAX_ANSWER_CHARS = 2_000_000
"""The longest answer: as long as a server may give one, so that what was exported comes back."""

MAX_CONVERSATION_CHARS = 4_000_000
"""The longest conversation, with its system prompt."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def check(entry: Entry, max_prompt_chars: int = MAX_PROMPT_CHARS) -> None:
    """Raise Unfit for an entry that cannot be stored or judged."""
    for what, text in texts_of(entry):
        found = _UNSTORABLE.search(text) if not text.isascii() or "\x00" in text else None
        if found is not None:
            raise Unfit("encoding", f"{what} holds {worded(found)}")
    _check_conversation(entry.conversation)
    answers = _answers(entry)
    for what, text in answers:
        if not text.strip():
            raise Unfit("empty", f"nothing stands in {what}")
    _check_lengths(entry, max_prompt_chars)
    if len(answers) == 2 and same_answer(answers[0][1], answers[1][1]):
        raise Unfit("equal answers", "both say the same; equal answers make no duel")


def key_of(entry: Entry) -> tuple[bytes, bool]:
    """Return what entries share that judge the same, and which way this one judges it. The entry must have passed."""
    answers = [folded(text) for _, text in _answers(entry)]
    turns = [part for turn in entry.conversation for part in (turn.role, turn.content)]
    what = "\x00".join((type(entry).__name__, entry.system_prompt, *turns, *sorted(answers)))  # no text holds a NUL
    way = entry.liked if isinstance(entry, LikedAnswer) else answers[0] < answers[1]
    return hashlib.blake2b(what.encode(), digest_size=16).digest(), way


def texts_of(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield every text of an entry, and what it is."""
    for number, turn in enumerate(entry.conversation, start=1):
        yield f"turn {number:,}", turn.content
    yield "the system prompt", entry.system_prompt
    yield from _answers(entry)
    names = (entry.chosen_by, entry.rejected_by) if isinstance(entry, PreferencePair) else (entry.by,)
    yield from (("the name of the model", name) for name in names)


def _answers(entry: Entry) -> list[tuple[str, str]]:
    if isinstance(entry, PreferencePair):
        return [("the chosen answer", entry.chosen), ("the rejected answer", entry.rejected)]
    return [("the answer", entry.answer)]


def _check_conversation(turns: tuple[Message, ...]) -> None:
    if not any(turn.role == "user" and turn.content.strip() for turn in turns):
        raise Unfit("no user turn", "the user says nothing in this conversation")
    if turns[-1].role != "user":
        raise Unfit("last turn not the user's", f"turn {len(turns):,}, before the answer, is the {turns[-1].role}'s")
    if not turns[-1].content.strip():
        raise Unfit("empty", "the user's last turn is blank")


def _check_lengths(entry: Entry, max_prompt_chars: int) -> None:
    whole = len(entry.system_prompt) + sum(len(turn.content) for turn in entry.conversation)
    lengths = [("the prompt", len(entry.conversation[-1].content), max_prompt_chars)]
    lengths += [(what, len(text), MAX_ANSWER_CHARS) for what, text in _answers(entry)]
    for what, length, limit in (*lengths, ("the conversation", whole, MAX_CONVERSATION_CHARS)):
        if length > limit:
            raise Unfit("overlong", f"{what} has {length:,} characters; the limit is {limit:,}")
