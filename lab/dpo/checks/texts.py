"""What is wrong with an answer, as its text says: placeholders, the prompt again, template marks, loose ends.

What blocks is asked with the prompt beside it: "none" is an answer to how many moons Venus has, and no poem.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from lab.dpo.checks.errors import asks_for_more
from lab.store.duels import folded as folded_text

_SLOT = re.compile(
    r"(?:(?:your|insert|write) (?:answer|text|response|the answer) here|(?:your |the )?(?:answer|response) goes here|"
    r"(?:to ?do|fixme)\s*:\s*(?:write|add|insert|"
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
_OF_NOBODY = re.compile(
    r"\[(?:redacted|deleted|removed)\]|string|"
    r"this is a (?:mock(?:ed)?|dummy|sample|fake|stub(?:bed)?|placeholder|test) (?:response|answer|reply|completion)\.?"
)
"""What stands for a text in archives, schemas and tests."""
_ASKS_FOR_ONE = re.compile(
    r"redact|delet|remov|censor|classif|secret|reddit|forum|archiv|mock|stub|fake|sample|\btest|\btypes?\b|schema|"
    r"instrument|violin|guitar|rope|thread|kite|theory"
)
_NO_WORD = re.compile(r"(?:asdf|qwerty)(?:ghjkl|gh|jkl|asdf)*|\[mock (?:answer|response|reply)\]")
_OF_WORDING = re.compile(
    r"keyboard|\brow\b|\bkeys?\b|\btyp(?:e|es|ing)\b|quote|placeholder|mock|fake|\btest|asdf|qwerty|password"
)
"""What prompts are about that may ask for one of these."""
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
    if text[:1].isalnum() and text[0].isascii():
        return False
    return all(unicodedata.category(one) in _UNSEEN or one.isspace() or one in _FILLERS for one in text)


_UNSEEN = ("Cf", "Cc", "Zs", "Zl", "Zp")
_FILLERS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0" + "".join(map(chr, range(0xFE00, 0xFE10)))
)
"""Letters, signs and marks that only fill a place: no font draws anything for them."""


def is_placeholder(folded: str, prompt: str) -> bool:
    """Tell whether an answer stands only where an answer should; it and the prompt are folded."""
    if folded.startswith("lorem ipsum"):
        return _LOREM.fullmatch(folded) is not None and _NEEDS_FILLING.search(prompt) is None
    if len(folded) > _PLACEHOLDER_CHARS:
        return False
    if _SLOT.fullmatch(folded) is not None:
        return _NEEDS_FILLING.search(prompt) is None
    if _NO_WORD.fullmatch(folded) is not None:
        return _OF_WORDING.search(prompt) is None and _WANTS_A_WORD.search(prompt) is None
    if _OF_NOBODY.fullmatch(folded) is not None:
        return asks_for_more(prompt) and not any(
            form.search(prompt) for form in (_ASKS_FOR_ONE, _NEEDS_FILLING, _WANTS_A_WORD)
        )
    if _HARDLY_AN_ANSWER.fullmatch(folded) is None or _WANTS_A_WORD.search(prompt) is not None:
        return False
    return asks_for_more(prompt)


def repeats(folded: str, prompt: str, text: str = "") -> bool:
    """Tell whether an answer begins with the prompt; both are folded, and `text` is the answer as it was given.

    Greetings are returned and short openings are taken up: only a prompt of some words is no longer said by chance. A
    short question or order is repeated where it stands for itself: a line, a colon or the answer ends behind it.
    """
    begins = prompt[: 12 if len(prompt) > 16 else 4]
    if not folded.startswith(begins) and (folded[:1] not in _OPENS or begins not in folded[:48]):
        return False  # nearly all of them
    core = prompt.rstrip(_ENDS_OF_PROMPTS)
    if folded.startswith(core):
        return bool(core) and (_begins_with(folded, prompt) or _stands_for_itself(folded, core, prompt, text))
    opening, said = _opened(folded) if folded[:1] in _OPENS else ("", folded)
    if not opening or not said.startswith(core):
        return False
    if _LABEL.search(opening) is not None:
        return _begins_with(said, prompt) or _count(prompt) >= _WORDS_ASKED
    return "#" not in opening and said.startswith(prompt) and _is_marked(opening, said[len(prompt) :], prompt)


def _opened(folded: str) -> tuple[str, str]:
    """Return the marks an answer begins with, and what stands behind them."""
    opening = _OPENING.match(folded)
    end = opening.end() if opening is not None else 0
    return folded[:end], folded[end:]


_OPENING = re.compile(
    r"(?:[>*_\"“„«「#' ]{0,6}(?:q|question|user|human|prompt|frage|nutzer|问|问题|用户|質問) ?[:：][*_ ]{0,4})?"
    r"[>*_\"“„«「# ]{0,6}"
)
"""What can stand before a prompt that is repeated: marks, and whose turn it is."""
_OPENS = frozenset(">*_\"“„«「#'quhpfn问用質")  # with what that begins
_LABEL = re.compile("[:：]")
_ENDS_OF_PROMPTS = " .!?:…。！？：؟"


def _begins_with(said: str, prompt: str) -> bool:
    if not said.startswith(prompt) or not _is_said_on_purpose(prompt):
        return False
    after = said[len(prompt) : len(prompt) + 1]
    return not (after.isalnum() and prompt[-1].isalnum() and after.isascii())


def _is_said_on_purpose(prompt: str) -> bool:
    words = _count(prompt)
    if words >= _WORDS or (words >= _WORDS_ASKED and _asks(prompt)):
        return True
    return len(_WITHOUT_SPACES.findall(prompt[:100])) >= _SIGNS_OF_WORDS


def _count(prompt: str) -> int:
    return len(prompt.split(maxsplit=_WORDS))


def _asks(prompt: str) -> bool:
    return prompt.endswith(("?", "？", "؟"))


def _is_marked(opening: str, after: str, prompt: str) -> bool:
    """Tell whether a question in bold, in quotation marks or in a quotation is the prompt, and no title or saying."""
    if not _asks(prompt):
        return False
    if _count(prompt) < _WORDS_ASKED and len(_WITHOUT_SPACES.findall(prompt[:100])) < _SIGNS_OF_WORDS:
        return False
    quoted = opening.strip()[-1:] in _QUOTES
    return not quoted or (after[:1] in _QUOTES_END and (_count(prompt) >= _WORDS or len(after) == 1))


_QUOTES, _QUOTES_END = tuple('"“„«「'), tuple('"”“»」')
_TITLE = re.compile(r"how to\b|why i\b|(?:comment|cómo|come) \w+[eai]r\b")
_ORDERS = re.compile(
    r"(?:please |can you |could you |bitte )?(?:(?:what|why|how|which|whose|(?:who|where|when)\b(?=.*\?$)|wer|wo|wann|"
    r"warum|wieso|wie|welche[rs]?|nenne|schreibe?|erkläre?|beschreibe?|quel(?:le)?s?|qui|où|quand|pourquoi|comment|"
    r"combien|est-ce|écris|explique|nomme|¿?(?:qué|quién|dónde|cuándo|por qué|cómo|cuál(?:es)?)|escribe|explica|nombra|"
    r"name|list(?! of)|write|explain|describe|translate|summari[sz]e|create|compare|define|solve|calculate|generate|"
    r"compose|draft|suggest|recommend|discuss|provide|identify)\b|"
    r"(?:is|are|do|does|did|can|could|should|would|will|was) (?:the|an?|i|you|we|they|it|he|she|this|that|there|my)\b|"
    r"(?:give|tell|make|show|find) (?:me|us|the|an?|some|all)\b)"
)
"""How questions and orders begin: what begins otherwise may be the title of what was asked for."""
_ORDERS_WITHOUT_SPACES = re.compile(
    r"(?:请|請)?(?:写|寫|列出|列举|解释|解釋|介绍|介紹|翻译|翻譯|说明|說明|描述|总结|告诉|给我|為什麼|为什么|什么|如何|怎么|谁|哪)"
    r"|.*(?:ください|下さい|書いて|教えて|して|ですか|的吗|什么|多少|哪里|谁|吗)$"
)
_SIGNS_OF_ORDERS = 4
_GOES_ON = re.compile(
    r"(?: (?:is|are|was|were|has|have|had|will|would|can|could|may|might|must|should|depends?|varies|remains?|matters?|"
    r"and|or|but|if|when|that|who|which|in|on|at|for|of|to|as|by|with|from|than)\b|[,;'’-])"
)
_INVERTED = re.compile(
    r"(?:what|where|when|why|which \w+|how(?: (?:many|much|old|far|long|big|tall))?(?: \w+)?) "
    r"(?:is|are|was|were|do|does|did|can|could|should|would|will) (?:the|a|an|i|you|we|they|it|he|she|this|these) "
)
"""Questions whose order of words no statement has: an answer that begins so says the question again."""


def _stands_for_itself(said: str, core: str, prompt: str, text: str) -> bool:
    """Tell whether a question or order is repeated without its mark: it is all, or a colon or a new line follows."""
    words = _count(core)
    an_order = words >= _WORDS_ASKED and _ORDERS.match(prompt) is not None and _TITLE.match(core) is None
    if not an_order and (
        len(_WITHOUT_SPACES.findall(core[:100])) < _SIGNS_OF_ORDERS or _ORDERS_WITHOUT_SPACES.match(core) is None
    ):
        return False
    after = said[len(core) :]
    if not after.strip(_ENDS_OF_PROMPTS) or after.lstrip(" ").startswith((":", "：")):
        return True
    inverted = words >= _WORDS and _asks(prompt) and _INVERTED.match(core) is not None
    if inverted and after.startswith(" ") and _GOES_ON.match(after) is None:
        return True
    return _ends_a_line(text, core)


def _ends_a_line(text: str, core: str) -> bool:
    """Tell whether lines at the beginning of a text, put together, say this and no more."""
    lines: list[str] = []
    chars = -1
    for line in map(folded_text, text.split("\n")):
        if line:
            lines.append(line)
            chars += len(line) + 1
        if chars >= len(core):
            break
    return " ".join(lines).rstrip(_ENDS_OF_PROMPTS) == core


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
