"""What is wrong with an answer, as its text says: errors, placeholders, refusals, marks of a template, loose ends."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_ERROR = re.compile(
    r"(?:\{\s*[\"']?(?:error|detail|message)[\"']?\s*:|<!doctype html|<html|"
    r"(?:an? )?(?:unexpected |internal |unknown |fatal |api )?(?:error|exception)(?: occurred| code)?\s*[:.\d(]|"
    r"(?:http(?:/\d(?:\.\d)?)?(?: error)?|status(?: code)?:?)\s*[45]\d\d\b|"
    r"[45]\d\d (?:bad|internal|not|service|too|gateway)|traceback \(most recent call last\)|internal server error|"
    r"bad gateway|service unavailable|gateway timeout|too many requests|rate limit (?:exceeded|reached)|"
    r"connection (?:refused|reset|error|timed out|aborted)|(?:request|read|connection) timed out|"
    r"context length exceeded|out of memory|cuda error|model .{1,60} not found|"
    r"failed to (?:connect|generate|fetch|load)|could not connect)",
)
_ERROR_CHARS = 400  # an answer that long explains an error rather than being one
_PLACEHOLDER = re.compile(
    r"(?:lorem ipsum.*|(?:to ?do|tbd|n/?a|none|null|nan|nil|undefined|placeholder|test|answer|response|foo|bar|xxx+|"
    r"no (?:answer|response|output)|empty|asdf\w*|your (?:answer|text|response) here|\.{2,}|…|-+|\?+|_+|"
    r"[\[<({](?:your |insert |the )?(?:answer|response|text|placeholder|output|todo|completion|blank|empty)"
    r"(?: here)?[\])>}])[.!]?)",
    re.DOTALL,
)
_CANNOT = (
    r"(?:can(?:no|['’])t|cannot|won['’]t|will not|must decline|have to decline|am not able to|am unable to|refuse to)"
)
_DOING = (
    r"(?:help|assist|comply|provide|answer|do that|fulfil|fulfill|support|participate|create|write|give|share|discuss|"
    r"engage|continue|generate|offer)"
)
_REFUSES = (
    r"\bI(?:['’]m| am) (?:sorry|unable|not able|afraid)[^.!?\n]{0,60}"
    r"\b(?:can(?:no|['’])t|cannot|unable|won['’]t|not able|help|assist|provide)",
    rf"\bI {_CANNOT} (?:\w+ ){{0,2}}?{_DOING}",
    rf"\bI['’]m (?:not able|unable) to {_DOING}",
    r"\bas an? (?:AI|artificial intelligence|language model|AI language model|large language model)\b"
    r"[^.!?\n]{0,80}\b(?:can(?:no|['’])t|cannot|unable|not able|don['’]t|do not)\b",
    r"\b(?:against|violates?) (?:my|our|the) (?:guidelines|polic(?:y|ies)|programming|principles)",
    r"\b(?:Es tut mir leid|Tut mir leid|Leider)\b[^.!?\n]{0,60}\b(?:kann|darf|möchte) (?:ich )?[^.!?\n]{0,60}\bnicht\b",
    r"\bJe (?:ne peux pas|suis désolée?|regrette)[^.!?\n]{0,80}\b(?:aider|répondre|fournir|peux pas)",
    r"\bLo siento[^.!?\n]{0,60}\bno (?:puedo|me es posible)",
    r"(?:很抱歉|抱歉|对不起)[^。！？\n]{0,20}(?:无法|不能)|(?:申し訳|すみません)[^。！？\n]{0,30}(?:できません|お答えできません)",
)
_REFUSES_WITHIN = 240  # characters: a refusal comes first
_MARKERS = (
    r"<\|[a-z_]{2,40}\|>|<\|(?:im|eot|start|end)_|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|"
    r"</?s>|<｜[^｜]{1,40}｜>|\[(?:gMASK|UNUSED_TOKEN_\d+)\]"
)
_ENDS = tuple(".!?…:;)]}>\"'”’»`*_|~=-–—%$€£°。！？．」』）】》؟۔।॥")
_HANGING = re.compile(
    r"(?:[,;(\[{–]|\b(?:and|or|but|the|an?|of|to|with|for|in|is|are|that|which|because|und|oder|der|die|das|et|ou|le|la|y|el))$",
    re.IGNORECASE,
)
_LONG_ENOUGH = 80  # characters: shorter answers end as they like
_ECHO = 12  # characters of a prompt from which an answer that begins with them repeats it


def is_error(folded: str) -> bool:
    """Tell whether an answer, folded, is an error message rather than an answer."""
    return len(folded) <= _ERROR_CHARS and _ERROR.match(folded) is not None


def is_placeholder(folded: str) -> bool:
    """Tell whether an answer, folded, stands only where an answer should."""
    return (len(folded) < 40 or folded.startswith("lorem ipsum")) and _PLACEHOLDER.fullmatch(folded) is not None


def repeats(folded: str, prompt: str) -> bool:
    """Tell whether an answer begins with the prompt; both are folded. A prompt of a word or two is no sign."""
    if len(prompt) < _ECHO or not folded.startswith(prompt) or len(folded) == len(prompt):
        return len(prompt) >= _ECHO and folded == prompt
    return not (folded[len(prompt)].isalnum() and prompt[-1].isalnum() and folded[len(prompt)].isascii())


def refuses(text: str) -> bool:
    """Tell whether an answer begins by refusing."""
    return _refusals().search(text[:_REFUSES_WITHIN]) is not None


def has_markers(text: str) -> bool:
    """Tell whether a text holds marks by which chat templates part turns."""
    return ("<" in text or "[" in text) and _markers().search(text) is not None


def looks_cut(text: str) -> bool:
    """Tell whether an answer ends in the middle: in an open code block, or of a sentence, though it has others."""
    if text.count("```") % 2:
        return True
    end = text.rstrip()
    if len(end) < _LONG_ENOUGH or end.endswith(_ENDS):
        return False
    return _HANGING.search(end[-24:]) is not None


@cache
def _refusals() -> Any:
    import re2

    return re2.compile("(?i)" + "|".join(f"(?:{form})" for form in _REFUSES))


@cache
def _markers() -> Any:
    import re2

    return re2.compile(_MARKERS)
