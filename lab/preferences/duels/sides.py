"""When an answer can stand in a duel: it is whole, and a person can read what the expert wanted to say."""

from __future__ import annotations

from lab.judging import Side
from lab.records import Response

TRUNCATED, UNFINISHED = "truncated", "unfinished"
"""Kinds of what is no fault of a provider, beside the kinds of `lab.errors`."""

_CUT = {"length", "max_tokens"}
_NOT_ENDED = {None, "abort", "content_filter", "error", "load", "tool_calls", "unload"}


def refusal(response: Response) -> tuple[str, str] | None:
    """Return why an answer cannot stand in a duel, as kind and sentence; None where it can.

    Failed, empty and unfinished ones cannot: a vote on them would be about the server.
    """
    if response.error_kind is not None:
        return response.error_kind, response.error or f"The answer ended with the fault {response.error_kind!r}."
    if not response.text.strip():
        return "empty_answer", f"{response.expert} answered without any text. Ask again."
    if cut_or_unfinished(response.finish_reason) == TRUNCATED:
        limit = response.options.get("max_tokens")
        at = f" of {limit} tokens" if limit is not None else ""
        return TRUNCATED, f"{response.expert}'s answer was cut at its length limit{at}. Raise the limit, or ask again."
    if cut_or_unfinished(response.finish_reason) == UNFINISHED:
        reason = f" ({response.finish_reason})" if response.finish_reason else ""
        return UNFINISHED, f"{response.expert}'s answer did not come to its end{reason}. Ask again."
    return None


def cut_or_unfinished(finish_reason: str | None) -> str | None:
    """Return whether an answer was cut at its length limit or did not come to its end, as a kind; None for a whole."""
    if finish_reason in _CUT:
        return TRUNCATED
    return UNFINISHED if finish_reason in _NOT_ENDED else None


def side_of(response: Response) -> Side:
    """Return a stored answer as one side of a duel."""
    return Side(response.id, response.text, response.expert, response.provider, response.model)
