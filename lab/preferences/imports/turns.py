"""Values of a file as turns of a conversation: messages in each of the notations that are in use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lab.forensics.datasets.table import showable
from lab.messages import Message, Role
from lab.preferences.imports.entries import Unfit

_ROLES: dict[str, Role] = {
    "user": "user", "human": "user", "prompter": "user",
    "assistant": "assistant", "gpt": "assistant", "model": "assistant", "chatgpt": "assistant", "bot": "assistant",
    "ai": "assistant",
    "system": "system", "developer": "system",
}  # fmt: skip
_SPEAKER = re.compile(r"(?:\A|\n\n)(Human|Assistant):[ ]?")

Turns = tuple[Message, ...]


def messages_of(value: Any, what: str) -> Turns:
    """Return a message, or a list of them, as turns. Raises Unfit, calling the value `what`."""
    if isinstance(value, Mapping):
        return (_message(value, what),)
    if value is None:
        raise Unfit("empty", f"nothing stands in {what}")
    if not isinstance(value, list):
        raise Unfit("unreadable", f"{what} is {kind_of(value)} where messages should be")
    return tuple(_message(one, f"message {number} of {what}") for number, one in enumerate(value, start=1))


def divide(turns: Turns) -> tuple[str, Turns]:
    """Return the system messages that lead a conversation as one system prompt, and the turns after them.

    Raises Unfit for one that comes later: as a system prompt it would mean something else.
    """
    first = next((place for place, turn in enumerate(turns) if turn.role != "system"), len(turns))
    late = next((place for place, turn in enumerate(turns[first:], start=first) if turn.role == "system"), None)
    if late is not None:
        raise Unfit("unreadable", f"a system message stands behind other turns (message {late + 1:,})")
    return "\n\n".join(turn.content for turn in turns[:first]), turns[first:]


def shared_opening(chosen: Turns, rejected: Turns) -> tuple[Turns, Turns, Turns]:
    """Return what two conversations have in common from their beginning, and what each has after that.

    The last message of each is left to it, also where both are equal: it is the answer.
    """
    most = min(len(chosen), len(rejected)) - 1
    same = next((place for place in range(most) if chosen[place] != rejected[place]), max(most, 0))
    return chosen[:same], chosen[same:], rejected[same:]


def answer_of(turns: Turns, what: str) -> str:
    """Return the one answer that a side is. Raises Unfit where it is more, or no answer."""
    if not turns:
        raise Unfit("empty", f"{what} has no answer")
    if len(turns) > 1:
        raise Unfit("unreadable", f"{what} differs in {len(turns):,} turns; a duel compares one answer")
    if turns[0].role != "assistant":
        raise Unfit("unreadable", f"{what} is written by the {turns[0].role}, so it is no answer")
    return turns[0].content


def transcript(text: str) -> Turns | None:
    """Return a text of the shape `\\n\\nHuman: …\\n\\nAssistant: …` as turns, None for any other."""
    pieces = _SPEAKER.split(text.removeprefix("\n\n"))
    if len(pieces) < 3 or pieces[0].strip():
        return None
    said = zip(pieces[1::2], pieces[2::2], strict=True)
    return tuple(Message("user" if speaker == "Human" else "assistant", content) for speaker, content in said)


def kind_of(value: Any) -> str:
    """Return what a value is, in a word with its article."""
    if isinstance(value, bool):
        return "a truth value"
    kinds = {str: "a text", list: "a list", dict: "an object", type(None): "nothing", int: "a number"}
    return kinds.get(type(value), "a number" if isinstance(value, float) else f"a {type(value).__name__}")


def _message(value: Any, what: str) -> Message:
    if not isinstance(value, Mapping):
        raise Unfit("unreadable", f"{what} is {kind_of(value)}, not a message")
    said = value.get("role")
    keys = ("role", "content") if said is not None else ("from", "value")
    said = value.get(keys[0])
    role = _ROLES.get(said.strip().casefold()) if isinstance(said, str) else None
    if role is None:
        whom = f"by {showable(said, 40)!r}" if isinstance(said, str) else "by nobody"
        raise Unfit("unreadable", f"{what} is written {whom}; the lab knows user, assistant and system")
    return Message(role, _content(value.get(keys[1]), what))


def _content(value: Any, what: str) -> str:
    """Return the text of a message: a text, nothing, or parts that are texts."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if not isinstance(value, list):
        raise Unfit("unreadable", f"{what} holds {kind_of(value)} where its text should be")
    return "".join(_part(part, what) for part in value)


def _part(part: Any, what: str) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Mapping) and part.get("type", "text") in ("text", "input_text", "output_text"):
        text = part.get("text") if part.get("text") is not None else part.get("value")
        if isinstance(text, str):
            return text
    named = part.get("type") if isinstance(part, Mapping) else None
    raise Unfit("unreadable", f"{what} holds a part that is no text ({showable(str(named or kind_of(part)), 40)})")


def pairs_of(history: Any, what: str) -> Turns:
    """Return [[question, answer], …] as turns. Raises Unfit."""
    turns: list[Message] = []
    for exchange in history if isinstance(history, Sequence) and not isinstance(history, str) else [None]:
        if not isinstance(exchange, list) or len(exchange) != 2 or not all(isinstance(one, str) for one in exchange):
            raise Unfit("unreadable", f"{what} is no list of pairs of question and answer")
        turns += [Message("user", exchange[0]), Message("assistant", exchange[1])]
    return tuple(turns)
