"""Answers that say which model wrote them.

Many names of models are words of every day: what counts is that an answer says "I" of it, or gives the version as well.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from lab.exported import Answered
from lab.preferences.masking import FAMILIES, names_of

_EVERYDAY = frozenset((
    "claude", "gemini", "gemma", "bard", "llama", "mistral", "phi", "grok", "copilot", "microsoft", "kimi",
    "moonshot", "yi", "ernie", "falcon", "vicuna", "alpaca", "granite", "hermes", "pi", "orca", "wizard", "solar",
    "dolphin", "starling", "command", "titan", "bloom", "camel", "koala", "nova", "sonnet", "opus", "haiku", "nemo",
    "palm", "apollo", "athena", "eagle", "amber", "luminous", "minerva", "star", "orion", "coder",
))  # fmt: skip
"""Names that are words, names of people, winds, animals, letters: alone they tell nothing."""

_I_AM = (
    r"(?:\bI\s+am|\bI['’]m|\bmy\s+name\s+is|\bmy\s+name['’]s|\bcall\s+me|\bich\s+bin|\bich\s+hei(?:ß|ss)e|"
    r"\bmein\s+name\s+ist|\bsoy|\bme\s+llamo|\bmi\s+nombre\s+es|\bje\s+suis|\bje\s+m['’]appelle|\bsono|\bmi\s+chiamo|"
    r"\beu\s+sou|\bjestem|я|我是|我叫|我的名字是|私は|저는)"
)
_ARTICLE = r"(?:\s*,?\s*\b(?:an?|the|ein|eine|un|une|una)\b)?"
_A_MODEL = (
    rf"(?:{_ARTICLE}\s*,?\s*\b(?:large|big|AI|KI|IA|artificial|intelligence|language|model|modell|modèle|modelo|"
    rf"assistant|"
    r"assistent|chatbot|bot|helpful|virtual|system|based|on|and|originally|that|which|was|is|been|called|named|namens|"
    r"from|"
    r"version)\b)*"
)
_MADE_BY = (
    r"(?:\s*,?\s*(?:(?:trained|developed|created|made|built|designed|fine-tuned|"
    r"powered)(?:\s+and\s+[a-z-]{4,12})?\s+by|"
    r"entwickelt\s+von|développé\s+par|desarrollado\s+por|由)(?:\s+the)?(?:\s+(?:team|people|company|"
    r"researchers)(?:\s+(?:at|of))?)?)?"
)
_MAKERS = r"(?:google|meta|microsoft|amazon|apple|nvidia|ibm|tencent|bytedance|huawei|zhipu|mistral|deepseek)"
"""Who makes models and much besides: they are told only as makers of what says that it is a model."""
_MAKERS_THERE = (
    r"(?:阿里云|阿里巴巴|阿里|通义|百度|腾讯|字节跳动|智谱|华为|科大讯飞|讯飞|深度求索|月之暗面|谷歌|微软|"
    r"openai|anthropic|google|meta|deepseek|mistral)"
)
_MADE_THERE = "(?:研发|开发|開發|训练|訓練|创建|推出|打造)"
_IS_A_MODEL = r"(?:language\s+model|AI\s+model|AI\s+assistant|AI|LLM|model|assistant|chatbot)"
_OPENS, _CLOSES = r"[\s,:\"“'*_—-]*", r"[\s\"”'*_]{0,20}"
_VERSION = r"(?:[\s-]?v?[0-9][A-Za-z0-9.-]{0,20})?"


def names_its_model(text: str, folded: str, own: tuple[str, ...], asked: str) -> bool:
    """Tell whether an answer introduces itself by a model's name, or names one of its duel's models unasked.

    `own` are the names of the two models in lower case, `asked` the folded turns of the conversation.
    """
    if any(_stands(name, folded) and not _stands(name, asked) for name in own):
        return True
    return _introductions().search(text) is not None


def _stands(name: str, folded: str) -> bool:
    """Tell whether a name stands in a folded text as a word of its own: `phi` does not in philosophy."""
    at = folded.find(name)
    while at >= 0:
        if not _of_word(folded[at - 1 : at]) and not _of_word(folded[at + len(name) : at + len(name) + 1]):
            return True
        at = folded.find(name, at + 1)
    return False


def _of_word(one: str) -> bool:
    return one == "_" or (one.isascii() and one.isalnum())


def names_of_answers(*answers: Answered) -> tuple[str, ...]:
    """Return what the models of answers are called; nothing for those that are no models."""
    return _own_names(*(one.model for one in answers if one.provider not in ("mock", "human", "sample")))


@cache
def _own_names(*models: str) -> tuple[str, ...]:
    """Return by which words models are told, in lower case: those of every day only together with their version."""
    told = [name for name in names_of(models) if name not in _EVERYDAY]
    for model in models:
        last = model.casefold().rsplit("/", 1)[-1]
        parts = re.match(r"([a-z]+)[-:_ ]?(v?[0-9][0-9a-z.]*)", last)
        if parts is not None and parts[1] in _EVERYDAY:
            told += [f"{parts[1]}{between}{parts[2]}" for between in ("", " ", "-", ":")]
    return tuple(dict.fromkeys(told))


@cache
def _introductions() -> Any:
    """Return one expression that RE2 runs over an answer in one go: "I am …", "I was made by …", "As …, I".

    What has an article is a kind and no name: who says "I'm a Gemini" was born in June.
    """
    import re2

    words = "|".join(re2.escape(name) for name in sorted(_EVERYDAY))
    names = "|".join(re2.escape(name) for name in FAMILIES if name not in _EVERYDAY)
    name = rf"(?:{_OPENS}(?:{words})|{_ARTICLE}{_OPENS}(?:{names})){_VERSION}"
    introduced = rf"(?:{_I_AM}|\bI\s+was|\bI\s+have\s+been){_A_MODEL}{_MADE_BY}{name}(?:[^A-Za-z0-9_]|$)"
    as_one = rf"\bas{_A_MODEL}{_MADE_BY}{name}{_CLOSES},?\s*I\b"
    return re2.compile(f"(?i)(?:{introduced}|{as_one}|{_of_makers(names)})")


def _of_makers(names: str) -> str:
    """Return how models say who made them: as what is a model, by whom, and then of themselves, or no more."""
    made = r"(?:\s*,?\s*(?:that\s+|which\s+)?(?:was\s+)?(?:trained|developed|created|made|built|designed)\s+by)"
    maker = rf"\s+(?:{names}|{_MAKERS}){_CLOSES}"
    ends = r"(?:[.,;!?)]|\s+(?:and|to|so|that|which|but|designed|based)\b|\s*$)"
    of_itself = (
        rf"(?:\bas|\bI\s+am|\bI['’]m)\s+an?\s+(?:large\s+|big\s+|helpful\s+|virtual\s+)*{_IS_A_MODEL}{made}{maker}"
    )
    is_one = rf"(?:\bI\s+am|\bI['’]m)\s+an?\s+(?:large\s+|helpful\s+)*{_IS_A_MODEL}{made}{maker}{ends}"
    then_i = rf"{of_itself}(?:,?\s*(?:I\b|my\b)|[.!]?\s*$)"
    in_german = (
        rf"\bich\s+bin\s+eine?(?:\s+[a-zäöüß]{{1,20}},?)?\s+von\s+(?:{names}|{_MAKERS})\s+(?:trainiert|entwickelt|erstellt|"
        r"geschaffen)e[srn]?(?:\s+[a-zäöüß]{1,20}){0,2}\s+(?:sprach|ki-?|sprach-?ki-?)?(?:modell|assistent|chatbot|ki)"
    )
    in_chinese = rf"我是(?:一个|一個|一款)?由?{_MAKERS_THERE}(?:公司|团队|集团)?(?:自主)?{_MADE_THERE}的"
    speaking = rf"\bthis\s+is\s+(?:{names}){_VERSION}\s+(?:speaking|here|talking)(?:[^A-Za-z0-9_]|$)"
    return "|".join((is_one, then_i, in_german, in_chinese, speaking))
