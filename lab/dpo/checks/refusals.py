"""Answers that refuse, in the languages that models mostly do it in: a warning, since some refusals are right.

Only what says that help is refused counts. To be sorry, or unable to do something else, is no refusal, and neither is
one that is quoted.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_WITHIN = 240  # characters: a refusal comes first
_QUOTED = re.compile('"[^"\n]*"|[“„][^”“\n]*[”“]|«[^»\n]*»|「[^」\n]*」')
_CANNOT = (
    r"(?:can(?:no|['’])t|can not|cannot|won['’]t|will not|must decline|have to decline|am not able|am unable|"
    r"['’]m not able|['’]m unable|refuse|am not comfortable|['’]m not comfortable)"
)
_HELPING = (
    r"(?:help (?:you|with|in that|someone)|help(?:ing)?(?: [a-z]{1,12}){0,2}[.,;!]|assist|comply|do that|"
    r"fulfil+ (?:this|that|your)|answer (?:this|that|your|the|questions)|support (?:this|that|such|any)|"
    r"participate in|engage (?:in|with)|continue with (?:this|that)|"
    r"(?:provide|creat(?:e|ing)|write|writing|generat(?:e|ing)|shar(?:e|ing)|discuss(?:ing)?|offer|giv(?:e|ing))"
    r" (?:you |out )?(?:(?:with|a|an|any|such|this|that|the|on|detailed|specific|medical|legal|financial|harmful|"
    r"explicit|personal|step-by-step) )*(?:instructions?|information|advice|details|guidance|content|text|code|list|"
    r"material|story|stories|essay|article|poem|response|answer|assistance|help|guide|steps|data|opinions?|"
    r"(?:this|that)\b))"
)
_REFUSALS = (
    rf"\bI(?: {_CANNOT}|{_CANNOT}) (?:to )?(?:[a-z]{{1,12}} ){{0,2}}?(?:to )?{_HELPING}",
    r"\bI(?:['’]m| am) (?:very |really |so )?(?:sorry|afraid)[,.]? (?:but |that )?(?:I )?"
    r"(?:can(?:no|['’])t|cannot|am unable|am not able|won['’]t)"
    r"(?:[.!]|$| (?:do|help|assist|comply|provide|answer|fulfil+|discuss)\b)",
    r"\bas an? (?:artificial intelligence|(?:AI |large )?language model|AI(?: assistant)?)\b"
    r"[^.!?\n]{0,60}\b(?:can(?:no|['’])t|cannot|unable|not able|not allowed)\b",
    r"\b(?:against|violates?) my (?:guidelines|polic(?:y|ies)|programming|principles|ethical)",
    r"(?:Leider|leid|Ich|tut mir|kann|darf)\b[^.!?\n]{0,50}\bnicht\b[^.!?\n]{0,25}"
    r"\b(?:helfen|weiterhelfen|beantworten|bereitstellen|unterstützen|nachkommen|erfüllen|behilflich)\b",
    r"\bje (?:ne (?:peux|suis)|regrette|n['’]ai)[^.!?\n]{0,60}\b(?:vous aider|t['’]aider|aider (?:à|avec)|"
    r"répondre à (?:cette|votre|ta)|fournir|satisfaire)",
    r"\bno (?:puedo|me es posible)[^.!?\n]{0,12} ?(?:ayudar|proporcionar|responder a|cumplir|asistir|ofrecer)",
    r"\bnon posso[^.!?\n]{0,12} ?(?:aiutart|aiutarl|aiutarvi|fornir|rispondere a|assister)",
    r"\bnão posso[^.!?\n]{0,12} ?(?:ajud|fornecer|responder a|cumprir|atender)",
    r"не (?:могу|смогу)[^.!?\n]{0,20} ?(?:помочь|ответить на|предоставить|выполнить)",
    r"(?:无法|不能|没办法|無法)[^。！？，\n]{0,12}(?:提供|回答|帮助您|帮助你|帮您|帮你|协助|满足|生成|完成这|完成您|讨论|回应|協助)",
    r"(?:お答え|お手伝い|ご提供|提供|お応え|対応|ご協力|協力|回答)[^。！？\n]{0,14}(?:できません|できかねます|いたしかねます)",
    r"(?:도와|도움을|답변|제공)[^.!?\n]{0,14}(?:수 없습니다|없어요|어렵습니다)",
)


def refuses(text: str) -> bool:
    """Tell whether an answer begins by refusing."""
    begins = text[:_WITHIN]
    return _refusals().search(begins) is not None and _refusals().search(_QUOTED.sub("", begins)) is not None


@cache
def _refusals() -> Any:
    import re2

    return re2.compile("(?i)" + "|".join(f"(?:{form})" for form in _REFUSALS))
