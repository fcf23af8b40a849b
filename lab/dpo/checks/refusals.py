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
    r"(?:help (?:you|with|in that|someone)|help(?:ing)?(?: [a-z]{1,12}){0,2}[.,;!]|assist|comply|(?:do|write|"
    r"answer) (?:this|that|so)(?: for you)?(?:[.!]|$)|answer(?:[.!]|$)|"
    r"fulfil+ (?:this|that|your)|answer (?:(?:this|that|your|the) (?:question|request|query|one)|questions)|"
    r"support (?:this|that|such|any)|"
    r"participate in|engage (?:in|with)|continue with (?:this|that)|"
    r"(?:provid(?:e|ing)|creat(?:e|ing)|write|writing|generat(?:e|ing)|shar(?:e|ing)|discuss(?:ing)?|offer|giv(?:e|"
    r"ing))"
    r" (?:you |out )?(?:(?:with|a|an|any|such|this|that|the|on|detailed|specific|medical|legal|financial|harmful|"
    r"explicit|personal|step-by-step) )*(?:instructions?|information|advice|details|guidance|content|text|code|list|"
    r"material|story|stories|essay|article|poem|response|answer|assistance|help|guide|steps|data|opinions?|"
    r"(?:this|that)\b))"
)
_ADVERBS = r"(?:(?:[a-z]{1,12}ly|just|ever|even|be able|(?:and|or) will not) ){0,2}"
_REFUSALS = (
    rf"\bI(?: {_CANNOT}|{_CANNOT}) (?:to )?{_ADVERBS}(?:to |with )?{_HELPING}",
    r"\bI(?:['’]m| am) (?:very |really |so )?(?:sorry|afraid)[,.]? (?:but |that )?(?:I )?"
    r"(?:can(?:no|['’])t|cannot|am unable|am not able|won['’]t)"
    r"(?:[.!]|$| (?:do (?:that|this|so)(?:[.!]|$)|help|assist|comply|provide|answer|fulfil+|discuss)\b)",
    r"\bI(?: must|['’]ll have to| have to|"
    r"['’]m going to have to| will have to) (?:respectfully |politely )?decline(?:[.!]|$| (?:this|that|"
    r"your) request)",
    r"\bI (?:cannot|can['’]t|can not) in good conscience\b",
    r"\bnot something (?:that )?I(?: can|['’]m able to) (?:help|assist)\b",
    r"\bI (?:do not|don['’]t) feel comfortable (?:writing|helping|providing|creating|discussing|answering)\b",
    r"\b(?:unethical|illegal|immoral|harmful|dangerous|inappropriate)\b[^.!?\n]{0,40}\bI (?:must |have to |will |"
    r"therefore |respectfully )?(?:refuse|decline)(?:[.!]|$| to (?:help|assist|answer|comply|do (?:so|this|that)))",
    r"\b(?:this|that|your) (?:request|prompt)\b[^.!?\n]{0,30}\b(?:violates?|(?:is|goes|would be) against|"
    r"breach(?:es)?) (?:(?:openai|anthropic|google|meta|microsoft|deepseek|mistral)(?:['’]s)?|my|"
    r"(?:our |the )?(?:usage|content|safety|ethical|use[- ]case|ai))"
    r"(?: (?:usage|content|safety|use|case|ethical|ai))* (?:polic(?:y|ies)|guidelines|rules|terms|standards)\b",
    r"\bich bin (?:leider )?nicht in der Lage, [^.!?\n]{0,40}\bzu (?:helfen|beantworten)\b",
    r"\bas an? (?:artificial intelligence|(?:AI |large )?language model|AI(?: assistant| model)?)(?: (?:developed|"
    r"created|made|trained) by [a-z ]{1,24})?"
    r",? I\b[^.!?\n]{0,60}\b(?:can(?:no|['’])t|cannot|unable|not able|not allowed)\b",
    r"\b(?:against|violates?) my (?:guidelines|polic(?:y|ies)|programming|ethical|safety)",
    r"\b(?:ich (?:kann|darf|werde|möchte)|(?:kann|darf|werde|"
    r"möchte) ich)\b[^.!?,\n]{0,40}\bnicht (?:[a-zäöüß]{1,12} ){0,2}"
    r"(?:(?:weiter)?helfen|beantworten|bereitstellen|unterstützen|nachkommen|erfüllen|behilflich|(?:tun|"
    r"machen)(?:[.!]|$))",
    r"\b(?:ich (?:kann|darf)|(?:kann|darf) ich)\b[^.!?,\n]{0,30}\bkeine (?:Auskunft|Anleitung|Hilfe|Informationen)\b",
    r"\bje (?:ne (?:peux|saurais|suis pas (?:en mesure|autorisé|capable))|regrette)[^.!?\n]{0,60}"
    r"\b(?:vous aider|t['’]aider|aider (?:à|avec)|"
    r"répondre à (?:cette|votre|ta)|fournir|satisfaire)",
    r"\bno (?:puedo|me es posible)(?: [a-z]{1,3}){0,2} (?:ayudar|proporcionar|responder a|cumplir|asistir|ofrecer)",
    r"\bnon posso[^.!?\n]{0,12} ?(?:aiutart|aiutarl|aiutarvi|fornir|rispondere a|assister)",
    r"\bnão posso[^.!?\n]{0,12} ?(?:ajud|fornecer|responder a|cumprir|atender)",
    r"не (?:могу|смогу)(?: (?:вам|тебе|вас|тебя|с этим|в этом|на это|это|этот|эту|к сожалению)){0,3} (?:помочь|"
    r"ответить на|предоставить|выполнить)",
    r"(?:^|(?:我|抱歉|对不起|對不起|遗憾)[^。！？\n如若您你他她它们們能]{0,10})(?:无法|不能|没办法|無法)[^。！？，\n]{0,12}(?:提供|回答|帮助您|帮助你|帮您|帮你|协助|满足|生成|"
    r"完成这|完成您|讨论|回应|協助)",
    r"(?:お答え|お手伝い|ご提供|提供|お応え|対応|ご協力|協力|回答)[^。！？\n]{0,14}(?:できません|できかねます|いたしかねます)"
    r"(?:[。．.！!、\s]|が|ので|$)",
    r"(?:도와|도움을|답변|제공)[^.!?\n]{0,14}(?:수 없습니다|없어요|어렵습니다)",
    r"\bnie (?:mogę|jestem w stanie|będę w stanie)(?: [a-ząćęłńóśźż]{1,8}){0,3} (?:pomóc|odpowiedzieć|udzielić|"
    r"dostarczyć|spełnić)",
    r"(?:لا (?:أستطيع|استطيع|يمكنني|أقدر)|لن أتمكن من|لست قادر[اًةه]{0,2})[^.!؟،\n]{0,16}(?:مساعد|الإجابة|إجابة|تقديم|"
    r"تزويد|تلبية)",
    r"\bik kan (?:je |u |jou )?(?:daar |hier |dat |deze vraag |hiermee |daarmee )?niet (?:mee |bij )?(?:helpen|"
    r"beantwoorden|doen[.!])",
    r"\b(?:yardımcı olamam|yardımcı olamıyorum|yardım edemem)\b",
    r"\btôi không thể (?:giúp|cung cấp|trả lời|hỗ trợ|đáp ứng)",
)


_LETTER = re.compile(
    r"\s*(?:subject|betreff|objet|asunto|dear|sehr geehrte|lieber?|chère?s?|estimad[oa]s?)\b", re.IGNORECASE
)
"""How letters begin: what they refuse, their writer does."""


def refuses(text: str) -> bool:
    """Tell whether an answer begins by refusing."""
    begins = text[:_WITHIN]
    if _LETTER.match(begins) is not None:
        return False
    return _refusals().search(begins) is not None and _refusals().search(_QUOTED.sub("", begins)) is not None


@cache
def _refusals() -> Any:
    import re2

    return re2.compile("(?i)" + "|".join(f"(?:{form})" for form in _REFUSALS))
