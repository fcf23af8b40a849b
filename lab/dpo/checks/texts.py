"""What is wrong with an answer, as its text says: errors, placeholders, the prompt again, template marks, loose ends.

What blocks is asked with the prompt beside it: "none" is an answer to how many moons Venus has, and what looks like a
message of a server is one to a question about servers.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

_ERROR = re.compile(
    r"(?:\{\s*[\"']?(?:error|detail|message)[\"']?\s*:|<!doctype html|<html|"
    r"(?:an? )?(?:unexpected |internal |unknown |fatal |api )?(?:error|exception)(?: occurred| code)?\s*[:.\d(]|"
    r"(?:http(?:/\d(?:\.\d)?)?(?: error)?|status(?: code)?:?)\s*[45]\d\d\b|"
    r"[45]\d\d (?:bad|internal|not|service|too|gateway|client|server|unauthorized|forbidden)|"
    r"traceback \(most recent call last\)|internal server error|"
    r"bad gateway|service unavailable|gateway time-?out|too many requests|rate limit (?:exceeded|reached)|"
    r"connection (?:refused|reset|error|timed out|aborted)|(?:request|read|connection) timed out|"
    r"(?:maximum )?context length exceeded|(?:cuda )?out of memory|cuda error|model .{1,60} not found|"
    r"failed to (?:connect|generate|fetch|load)|could not connect)",
)
_ERROR_CHARS = 400  # an answer that long explains an error rather than being one
_ABOUT_ERRORS = re.compile(
    r"error|exception|traceback|fehler|erreur|errore|\berro|ошибк|エラー|错误|錯誤|오류|http|html|json|\bapi\b|status|"
    r"server|gateway|connect|refused|time[ds]? ?-?out|memory|\brate\b|\bfail|\blog|message|\bweb|statisti|[45]\d\d\b"
)
"""What a prompt speaks of to which an answer may begin like an error message."""

_NOTHING_ELSE = re.compile(
    r"(?:api |http )?error(?: [45]\d\d)?\s*:\s*(?:connection|request|read|rate limit|internal|too many|time|out of|"
    r"cuda|model|service|bad gateway|failed|upstream|[45]\d\d)[^\n]{0,80}"
)
_EXPLAINS = re.compile(r"\b(?:means?|is|are|because|when|if|says?|happens|try|you|your)\b")

_NO_ANSWER = re.compile(
    r"(?:lorem ipsum.*|(?:to do|tbd|n/?a|nan|placeholder|xxx+|asdf\w*|"
    r"no (?:answer|response|output)(?: given| available)?|"
    r"(?:your|insert|write) (?:answer|text|response|the answer) here|"
    r"[\[<({](?:your |insert |the )?(?:answer|response|text|placeholder|output|todo|completion|blank|empty)"
    r"(?: here)?[\])>}])[.!]?)",
    re.DOTALL,
)
_NEEDS_FILLING = re.compile(r"lorem|ipsum|filler|dummy|placeholder|template|platzhalter|blindtext|占位")
_HARDLY_AN_ANSWER = re.compile(
    r"todo|none|null|nil|undefined|test|answer|response|foo|bar|empty|\.{2,}|…|-+|—+|\?+|_+|\*+|\.|/"
)
_WANTS_A_WORD = re.compile(
    r"how many|how much|which of|\bany\b|symbol|\bsign\b|character|operator|wildcard|punctuation|keyword|literal|"
    r"value|\bword|translat|\bsay\b|spell|repeat|\bprint|output|return|null|combien|cuánt|\bdice\b|wie viele|wort\b|"
    r"übersetz|zeichen|traduc|tradui|翻译|几个|多少|哪个"
)
_MARKERS = (
    r"<\|[A-Za-z0-9_]{2,40}\|>|<\|(?:im|eot|start|end)_|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|"
    r"</?s>|<｜[^｜]{1,40}｜>|\[(?:gMASK|UNUSED_TOKEN_\d+|TOOL_CALLS|AVAILABLE_TOOLS)\]"
)
_ENDS = tuple(".!?…;)]}>\"'”’»`*_|~=-–—%$€£°。！？．」』）】》؟۔।॥")
_HANGING = re.compile(r"(?:[,(\[{:，、：]|\b(?:and|or|but|the|an|because|und|oder|aber|weil))$")
_LONG_ENOUGH = 80  # characters: shorter answers end as they like
_FENCE = re.compile(r"^(?:[ \t>]|[-*+] |\d{1,9}[.)] )*(`{3,}|~{3,})(.*)$", re.MULTILINE)

_WORDS, _WORDS_ASKED, _SIGNS_OF_WORDS = 5, 3, 6
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def is_blank(text: str) -> bool:
    """Tell whether nothing of a text can be seen: white space, and marks that only say how others are written."""
    return all(unicodedata.category(one) in _UNSEEN or one.isspace() for one in text)


_UNSEEN = ("Cf", "Cc", "Zs", "Zl", "Zp")


def is_error(folded: str, prompt: str) -> bool:
    """Tell whether an answer is an error message rather than an answer; it and the prompt are folded."""
    if len(folded) > _ERROR_CHARS or _ERROR.match(folded) is None:
        return False
    if _NOTHING_ELSE.fullmatch(folded) is not None and _EXPLAINS.search(folded) is None:
        return True
    return _ABOUT_ERRORS.search(prompt) is None


def is_placeholder(folded: str, prompt: str) -> bool:
    """Tell whether an answer stands only where an answer should; it and the prompt are folded."""
    if len(folded) >= 40 and not folded.startswith("lorem ipsum"):
        return False
    if _NO_ANSWER.fullmatch(folded) is not None:
        return _NEEDS_FILLING.search(prompt) is None
    return _HARDLY_AN_ANSWER.fullmatch(folded) is not None and _WANTS_A_WORD.search(prompt) is None


def repeats(folded: str, prompt: str) -> bool:
    """Tell whether an answer begins with the prompt; both are folded.

    Greetings are returned and short openings are taken up: only a prompt of some words is no longer said by chance.
    """
    if not folded.startswith(prompt) or not _is_said_on_purpose(prompt):
        return False
    after = folded[len(prompt) : len(prompt) + 1]
    return not (after.isalnum() and prompt[-1].isalnum() and after.isascii())


def _is_said_on_purpose(prompt: str) -> bool:
    words = len(prompt.split(maxsplit=_WORDS))
    if words >= _WORDS or (words >= _WORDS_ASKED and prompt.endswith(("?", "？", "؟"))):
        return True
    return len(_WITHOUT_SPACES.findall(prompt[:100])) >= _SIGNS_OF_WORDS


def has_markers(text: str) -> bool:
    """Tell whether a text holds marks by which chat templates part turns."""
    return ("<" in text or "[" in text) and _markers().search(text) is not None


def looks_cut(text: str) -> bool:
    """Tell whether an answer ends in the middle: in an open code block, or of a sentence, though it has others."""
    if ("```" in text or "~~~" in text) and _is_open(text):
        return True
    end = text[-64:].rstrip() or text.rstrip()
    if len(text) < _LONG_ENOUGH or end.endswith(_ENDS):
        return False
    return _HANGING.search(end[-24:]) is not None


def _is_open(text: str) -> bool:
    """Tell whether the last code block of a text lacks its end: a fence as long as the first."""
    fence = ""
    for match in _FENCE.finditer(text):
        mark, behind = match.groups()
        if not fence:
            if "`" not in behind:
                fence = mark
        elif mark.startswith(fence) and not behind.strip():
            fence = ""
    return bool(fence)


@cache
def _markers() -> Any:
    import re2

    return re2.compile(_MARKERS)
