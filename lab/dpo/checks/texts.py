"""What is wrong with an answer, as its text says: placeholders, the prompt again, template marks, loose ends.

What blocks is asked with the prompt beside it: "none" is an answer to how many moons Venus has, and no poem.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from lab.dpo.checks.errors import asks_for_more

_SLOT = re.compile(
    r"(?:(?:your|insert|write) (?:answer|text|response|the answer) here|(?:to ?do|fixme)\s*:\s*(?:write|add|insert|"
    r"fill)"
    r"[a-z ]{0,40}|no response (?:was )?(?:generated|given|available|received)|no answer (?:given|available)|"
    r"\{\{ ?[a-z_]{0,20}(?:answer|response|output|completion|content)[a-z_]{0,20} ?\}\}|"
    r"[\[<({](?:no|empty) (?:answer|response|output|content|text|reply)[\])>}]|"
    r"[\[<({](?:your |insert |the |model )?(?:answer|response|text|placeholder|output|todo|completion|blank|empty)"
    r"(?: here| unavailable)?[\])>}])[.!]?"
)
"""What stands where an answer is to be filled in: it is one only where such a thing, or markup, was asked for."""
_LOREM = re.compile(r"lorem ipsum\b.*", re.DOTALL)
_NEEDS_FILLING = re.compile(
    r"lorem|ipsum|latin|filler|fill\b|dummy|placeholder|template|mock-?up|layout|wireframe|typeset|platzhalter|"
    r"blindtext|"
    r"占位|\bform|\bbox\b|field|hint|label|markup|syntax|angular|mustache|bracket|stage|film|\btags?\b|element|variable|"
    r"html|jinja|\bvue\b|handlebars|react|comment|"
    r"marker|convention|\bcode\b|function|script|http|blank|cloze|\bquiz|unfinished|convers|\bletter"
)
_HARDLY_AN_ANSWER = re.compile(
    r"(?:tbd|n/?a|nan|placeholder|xxx+|asdf\w*|to ?do|no (?:answer|response|output))[.!]?|"
    r"none|null|nil|undefined|test|answer|response|foo|bar|empty|\.{2,}|…|-+|—+|\?+|_+|\*+|\.|/"
)
"""What is an answer to very many questions, and none to a prompt that asks for a text."""
_WANTS_A_WORD = re.compile(
    r"how many|how much|which of|\bany\b|symbol|\bsign\b|character|operator|wildcard|punctuation|keyword|literal|"
    r"value|\bwords?\b|translat|\bsay\b|spell|repeat|\bprint|output|return|null|combien|cuánt|\bdice\b|wie viele|"
    r"wort\b|"
    r"übersetz|zeichen|traduc|tradui|翻译|几个|多少|哪个|abbrevi|numeral|joke|secret|silen|\bonly\b|\bjust\b|briefly|short|\bcalled\b|\bname\b|"
    r"\bwrite (?:zero|nothing|\d)|empty|nothing|\bfull\b|\bexpress|represent|\bnur\b|seulement|\bsolo\b|sentence"
)
_PLACEHOLDER_CHARS = 60

_MARKERS = (
    r"<\|[A-Za-z0-9_]{2,40}\|>|<\|(?:im|eot|start|end)_|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|"
    r"</?s>|<｜[^｜]{1,40}｜>|\[(?:gMASK|UNUSED_TOKEN_\d+|TOOL_CALLS|AVAILABLE_TOOLS)\]"
)
_ENDS = tuple(".!?…;)]}>\"'”’»`*_|~=-–—%$€£°。！？．」』）】》؟۔।॥")
_HANGING = re.compile(r"(?:[,(\[{:，、：]|\b(?:and|or|but|the|an|because|und|oder|aber|weil))$")
_TAKES_LEAVE = re.compile(
    r"(?:^|\n)[^\w\n]{0,4}(?:(?:with |my )?(?:kind|kindest|best|warm|warmest) (?:regards|wishes)|best|regards|cheers|"
    r"(?:many )?thanks|thank you|love|(?:yours |most )?(?:sincerely|faithfully|truly)(?: yours)?|yours|"
    r"respectfully|warmly|"
    r"(?:mit |viele |liebe |beste |herzliche )[a-zäöüß ]{0,24}grüßen?|(?:bien )?cordialement|bien à (?:vous|toi)|"
    r"atentamente|(?:un )?(?:saludos?|abrazo)(?: cordial(?:es)?)?|(?:cordiali|distinti) saluti|"
    r"atenciosamente|с уважением|此致|敬具)"
    r"[,，、]$",
    re.IGNORECASE,
)
"""How letters end, with the name left to be put below."""
_LONG_ENOUGH = 80  # characters: shorter answers end as they like
_FENCE = re.compile(r"^(?:[ \t>]|[-*+] |\d{1,9}[.)] )*(`{3,}|~{3,})(.*)$", re.MULTILINE)

_WORDS, _WORDS_ASKED, _SIGNS_OF_WORDS = 5, 3, 6
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def is_blank(text: str) -> bool:
    """Tell whether nothing of a text can be seen: white space, and marks that only say how others are written."""
    return all(unicodedata.category(one) in _UNSEEN or one.isspace() for one in text)


_UNSEEN = ("Cf", "Cc", "Zs", "Zl", "Zp")


def is_placeholder(folded: str, prompt: str) -> bool:
    """Tell whether an answer stands only where an answer should; it and the prompt are folded."""
    if folded.startswith("lorem ipsum"):
        return _LOREM.fullmatch(folded) is not None and _NEEDS_FILLING.search(prompt) is None
    if len(folded) > _PLACEHOLDER_CHARS:
        return False
    if _SLOT.fullmatch(folded) is not None:
        return _NEEDS_FILLING.search(prompt) is None
    if _HARDLY_AN_ANSWER.fullmatch(folded) is None or _WANTS_A_WORD.search(prompt) is not None:
        return False
    return asks_for_more(prompt)


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
    return _HANGING.search(end[-24:]) is not None and _TAKES_LEAVE.search(end) is None


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
