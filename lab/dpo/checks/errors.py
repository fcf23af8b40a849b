"""Answers that are messages of a failing server or program: bodies, pages, tracebacks and bare phrases.

The prompt decides what is possible. What only serving software says is an error unless the prompt is about such things;
what a person may be asked for ("Connection refused") is one unless the prompt asks for a wording, a name or a number.
A pair that is kept out wrongly is lost, one error among thousands of pairs costs little: where in doubt, it is none.
"""

from __future__ import annotations

import re

from lab.dpo.checks.bare_errors import is_bare, is_short

_BODY_CHARS, _PAGE_CHARS, _TRACEBACK_CHARS = 4000, 2000, 20_000
_ERROR_CHARS = 400  # a sentence that long explains an error rather than being one

_ABOUT_ERRORS = re.compile(
    r"error|exception|traceback|fehler|erreur|errore|\berro|ошибк|エラー|错误|錯誤|오류|http|html|json|\bapi\b|status|"
    r"server|gateway|connect|refused|time[ds]? ?-?out|memory|\brate\b|\bfail|\blog|message|\bweb|statisti|[45]\d\d\b"
)
"""What a prompt speaks of to which an answer may begin like an error message."""
_ASKS_FOR_A_WORDING = re.compile(
    r"\bsays?\b|\bsaid\b|\bshow|display|print|output|\btexts?\b|\btitle|headline|slogan|motto|caption|\bsign\b|"
    r"\bwords?\b|\bterm\b|phrase|idiom|expression|synonym|antonym|opposite|translat|übersetz|tradu|翻译|翻訳|перевед|"
    r"english|englisch|anglais|inglés|inglese|英語|英语|"
    r"\bheißt|\bbedeutet|\bmeans?\b|meant|stands? for|abbrevi|acronym|full form|\bcalled\b|\bname\b|quot|\bsong|"
    r"commit|toast|button|label|banner|string|return|raise|throw|prompt|screen|terminal|console|shell|\bbash\b|\bssh\b|"
    r"python|javascript|\bjava\b|\bnode\b|typescript|\brust\b|golang|\bc\+\+|\bruby\b|\bphp\b|\bsql\b|\bcode\b|"
    r"mistake|wrong|correct|\bbugs?\b|grammar|\bspot\b|issue|problem|\bfix|proofread|\bcheck\b|\bmark\b|\bjoke|\bpun\b|"
    r"funny|humou?r|witz|costume|t-shirt|\bcrash|\bsaves?d?\b|\bbreaks?\b|\bsagt?\b|\bdice\b|\bdit\b"
)
"""What a prompt speaks of to which an error message may be the right answer, or a piece of one."""
_ASKS_FOR_A_NUMBER = re.compile(
    r"how (?:many|much|big|large|old|high|tall|far)|number|count|score|innings|record|average|area code|combien|"
    r"wie ?viele|cuánt|quant[eio]s?\b|多少|几"
)
_IN_JEST = re.compile(r"\bjok(?:e|ing)|\bpuns?\b|funny|humou?r|witz|blague|chiste|costume|t-shirt|motto|slogan|wi-?fi")
_ABOUT_LANGUAGES = re.compile(
    r"german|deutsch|french|français|spanish|español|japan|日本|chinese|中文|汉语|漢語|korean|한국|russian|русск|italian"
)
_HOLDS_CODE = re.compile(
    r"[{};=]|\(\)|->|\bc\b|\bgo\b|pointer|\bnull\b|\bnil\b|\barray|\bslice|\bindex|program|process|deadline|"
    r"context|\bkey\b|linux|unix|\btcp\b|network|download|upload|\bapp\b|computer|\bpc\b"
)
_WANTS_PROSE = re.compile(
    r"(?:please |can you |could you )?(?:why (?:is|are|do|does|can|should) (?:\S{1,40} ?){2}|explain |describe |"
    r"summari[sz]e |tell (?:me|us) (?:about|a) |write (?:me )?an? |compare |discuss |warum |wieso |erklär|beschreib|"
    r"pourquoi |explique|por qué |explica|请?(?:为什么|解释|介绍))"
)
_OF_PEOPLE = re.compile(
    r"\d|digit|numeral|hundred|\bsum\b|calculat|comput|\bplus\b|\bgames?\b|match|player|\bkids?\b|child|access|enter|"
    r"allow|guard|gate|lock|\bstop|badge|\bcard\b|\bword|room|\bpage|\bprice|\bcost|\bbus\b|\btrain|route|flight|\byear"
)
"""What a prompt speaks of to which a number, "timeout" or "unauthorized" may be the answer."""
_ASKS_FOR_DATA = re.compile(
    r"json|payload|object|\bdict|record|schema|yaml|webhook|response|request|config|error|http|\bapi\b|status|message|"
    r"python|javascript|fehler|erreur|エラー|错误|ошибк"
)
_ASKS_FOR_A_PAGE = re.compile(r"html|\bpage|\bsite|web|seite|markup|\b[45]\d\d\b|error|页|ページ|страниц|página")

_REASONS = (
    r"(?:internal server error|bad gateway|gateway time-?out|service (?:temporarily )?unavailable|too many requests|"
    r"bad request|unauthorized|forbidden|(?:page )?not found|method not allowed|payment required|"
    r"request time-?out|(?:content|payload|request entity) too large|unprocessable (?:entity|content)|"
    r"unsupported media type|(?:client|server) error|overloaded|connection timed out|a timeout occurred|"
    r"web server is (?:down|returning an unknown error)|origin is unreachable|ssl handshake failed|proxy error)"
)
"""The whole reasons that stand behind a status: 500 service technicians are none."""
_TECHNICAL = (
    r"(?:connection|connect to|\brequests?\b|response|rate.?limit|internal|time.?out|timed out|out of (?:memory|range)|"
    r"\bcuda\b|\bgpu\b|\bmodels?\b|gateway|\bfailed\b|failure|upstream|\b[45]\d\d\b|something went wrong|unable to|"
    r"could not (?:connect|reach|load|parse|generate|resolve)|not found|invalid (?:request|api|json|response)|"
    r"unauthori[sz]ed|access denied|exceeded|unavailable|overload|quota|\bapi\b|server|localhost|\bssl\b|\btls\b|"
    r"certificate|\bdns\b|\brefused\b|econn|enotfound|etimedout|errno|\btokens\b|context length|http|\beof\b|"
    r"index out of|socket|disconnected|try again|\brunner\b|unreachable|expecting value|terminated|does not support|"
    r"authenticated|allowed)"
)
"""What the rest of an error message speaks of."""
_CODE = r"[45]\d\d"
_KIND = r"(?:(?:an|api|rpc|http|server|stream|internal|unexpected|unknown|fatal|network) ){0,3}(?:error|exception)"
_DOING = (
    r"(?: (?:while |when |in )?(?:calling|generating|communicating with|processing|fetching|loading) [a-z0-9 ]{1,60})"
)
_CLASS = r"[a-z_][a-z0-9_]{2,60}(?:error|exception|timeout)"
_PACKAGES = r"(?:[a-z_][a-z0-9_]{0,40}\.){1,6}"
_PHRASE = (
    r"(?:internal server error|bad gateway|gateway time-?out|service (?:temporarily )?unavailable|too many requests|"
    r"rate limit (?:exceeded|reached)|(?:maximum )?context length exceeded|(?:connection|network) error|"
    r"(?:cuda |gpu )?out of memory|(?:connection|request|read) timed out(?: after [0-9a-z .]{1,12})?|"
    r"connection (?:refused|reset|aborted|closed)(?: by peer)?|"
    r"(?:failed to|could not|unable to) (?:connect|generate|fetch|load)(?: (?:a |the |any )?(?:response|answer|reply|"
    r"completion|data|model)| (?:to|from) [a-z0-9_.:/-]{1,40}(?: [a-z0-9_.:/-]{1,40}){0,2}){0,3})"
)

_OF_SERVING = re.compile(
    rf"(?:{_KIND}[\s:#-]*)?{_CODE}[\s:.|-]*{_REASONS}\s*(?:$|[.!:;()\[{{-]|the server )|"
    rf"(?:http(?:/\d(?:\.\d)?)?(?: error| status)?|status code)[\s:]*{_CODE}\s*(?:$|[.!:;(-]|{_REASONS})|"
    rf"{_KIND} code[\s:#]*(?:{_CODE}|1\d\d\d)\s*(?:[.!]?$|[:(-])|"
    rf"(?:{_PACKAGES})?{_CLASS}: .{{0,200}}?(?:{_CODE}|timed out|cuda|connection|fetch|overloaded|max retries)|"
    rf"{_PACKAGES}(?:{_CLASS}(?:[:(]|[.!]?$)|(?:exceptions?|errors)\.[a-z]{{4,40}}: )|{_CLASS}: (?:\[errno|"
    rf"request to http)|httpx\.[a-z]{{4,30}}$|"
    r"curl: \(\d{1,3}\) |cuda error|(?:torch\.)?cuda out of memory|no healthy upstream|"
    r"upstream (?:connect error|request time-?out|(?:request )?timed out|request failed)|"
    r"model [\"'`‘“]?[a-z0-9_./:-]{1,60}[\"'`’”]? (?:was )?not found(?:$|[.!]$|, try pulling)|"
    rf"(?:api )?request failed with status(?: code)? {_CODE}|stream error: |rpc error: "
)
"""What only serving software says."""
_LIKELY = re.compile(
    rf"{_KIND}[\s:#]*{_CODE}\s*(?:[.!]?$|[:(-])|"
    rf"{_KIND}(?: occurred)?{_DOING}?\s?[:-] ?.{{0,200}}?{_TECHNICAL}|{_KIND}{_DOING}\s*[:.!]|"
    rf"(?:there was an error generating|an? (?:unexpected |internal |unknown )?error (?:has )?occurred)(?:[.!: ]|$)|"
    rf"(?:exception|fatal): |"
    rf"{_KIND} (?:rate limit|upstream|time-?out|timed out|request timed out|connection|failed to|request failed)|"
    rf"{_PHRASE}(?:[.!]*$|[:;(.!,-] ?.{{0,200}}?{_TECHNICAL}|[.!] (?:please )?(?:wait|retry)|"
    rf" for [a-z0-9_./:-]{{1,60}}[.!]?$)|"
    r"(?:(?:sorry|oops|uh oh|hmm+)[,.!… ]{1,4})*(?:something (?:went|seems to have gone) wrong|"
    r"(?:the|our) (?:server|model|service) is (?:currently )?(?:busy|overloaded|unavailable|down|at capacity))"
    r"[.!,]? (?:please )?(?:try again|retry|wait)|hmm[,.… ]{1,4}something seems to have gone wrong\.?$"
)
"""What people say as well, when they are asked for it."""
_ONE_WORD = re.compile(r"(?:error|exception|fatal)[.!]*")
_NOTHING_ELSE = re.compile(
    rf"(?:api |http )?error(?: {_CODE})?\s*:\s*(?:connection|request|read|rate limit|internal|too many|time|out of|"
    rf"cuda|model|service|bad gateway|failed|upstream|{_CODE})[^\n]{{0,80}}"
)
_EXPLAINS = re.compile(r"\b(?:means?|is|are|because|when|if|says?|happens|try|you|your)\b|→|->")

_SAID = r"(?:\"(?:[^\"\\]|\\.){1,300}\"|'(?:[^'\\]|\\.){1,300}')"
_BODY = re.compile(
    r"(?:```[a-z]* ?)?\[? ?\{ ?(?:"
    r"[\"']errors?[\"'] ?: ?(?:\[ ?)?\{ ?[\"'](?:message|code|type|status|param)[\"']|"
    rf"[\"']error[\"'] ?: ?(?:[\"'][^{{}}]{{0,200}}?{_TECHNICAL}|{_SAID} ?\}})|"
    r"[\"']detail[\"'] ?: ?\[ ?\{ ?[\"'](?:loc|type|msg)[\"']|"
    rf"[\"']detail[\"'] ?: ?[\"'][^\"'{{}}]{{0,80}}?{_TECHNICAL}[^\"'{{}}]{{0,200}}[\"'] ?\}}|"
    rf"[\"']message[\"'] ?: ?[\"'](?:{_REASONS}|{_PHRASE}|endpoint request timed out)[\"'.]|"
    r"[\"'](?:object|type|status)[\"'] ?: ?[\"']error[\"']|"
    rf"(?:[^{{}}]{{0,80}}, ?)?[\"'](?:status|statuscode|status_code|code)[\"'] ?: ?{_CODE} ?, ?"
    rf"[\"'](?:error|message|title|detail|reason)[\"'] ?: ?[\"'](?:{_REASONS}|[^\"'{{}}]{{0,80}}?error)"
    r")"
)
_PAGE = re.compile(
    rf"<(?:title|h1)>(?:[^<]{{0,60}}\| )?(?:(?:http )?error[^<]{{0,20}}|{_CODE}|attention required!|just a moment|"
    rf"access denied|{_REASONS})[^<]{{0,60}}</"
)
_TRACEBACK = re.compile(r"traceback \(most recent call last\):(?:$| file )")
_OF_A_CLIENT = re.compile(
    r"openai|anthropic|httpx|requests\.|urllib3|aiohttp|ollama|vllm|torch|cuda|transformers|connectionerror|connection "
    r"refused|timed out|rate ?limit"
)
_MARKS = str.maketrans("", "", "*[]`#❌⚠✗✖🚫🔴🚨\ufe0f")


def is_error(folded: str, prompt: str) -> bool:
    """Tell whether an answer is an error message rather than an answer; it and the prompt are folded."""
    if folded.startswith(("<!doctype", "<html")):
        return _PAGE.search(folded[:_PAGE_CHARS]) is not None and _ASKS_FOR_A_PAGE.search(prompt) is None
    if folded.startswith(("{", "[", "```")) and _BODY.match(folded[:_BODY_CHARS]) is not None:
        return len(folded) <= _BODY_CHARS and _ASKS_FOR_DATA.search(prompt) is None
    plain = folded[: _ERROR_CHARS + 1].translate(_MARKS).strip("_> !")
    if _TRACEBACK.match(plain) is not None:
        return _is_of_serving(folded, prompt)
    if len(folded) > _ERROR_CHARS:
        return False
    return _is_message(plain, prompt) or (is_bare(plain) and _stands_alone(plain, prompt))


def _is_of_serving(folded: str, prompt: str) -> bool:
    """Tell of a traceback whether it is the server's own; those of others may be what a program was to print."""
    if len(folded) > _TRACEBACK_CHARS or _ABOUT_ERRORS.search(prompt) is not None:
        return False
    return _OF_A_CLIENT.search(folded) is not None or _ASKS_FOR_A_WORDING.search(prompt) is None


def _is_message(plain: str, prompt: str) -> bool:
    if _NOTHING_ELSE.fullmatch(plain) is not None and _EXPLAINS.search(plain) is None:
        return _ASKS_FOR_A_WORDING.search(prompt) is None or _ABOUT_ERRORS.search(prompt) is None
    of_serving = _OF_SERVING.match(plain) is not None
    one_word = _ONE_WORD.fullmatch(plain) is not None and asks_for_more(prompt)
    if not of_serving and not one_word and _LIKELY.match(plain) is None:
        return False  # before a look at the prompt, which can be long
    if _ABOUT_ERRORS.search(prompt) is not None:
        return False
    if of_serving:
        gate = _ASKS_FOR_A_NUMBER if plain[0].isdigit() else _IN_JEST
        return gate.search(prompt) is None and _IN_JEST.search(prompt) is None
    return _ASKS_FOR_A_WORDING.search(prompt) is None


def _stands_alone(plain: str, prompt: str) -> bool:
    """Tell of a message that is a whole answer whether the prompt leaves nothing else for it to be."""
    return not any(
        form.search(prompt) for form in (_ABOUT_ERRORS, _ASKS_FOR_A_WORDING, _IN_JEST, _ABOUT_LANGUAGES, _HOLDS_CODE)
    ) and (not is_short(plain) or (_WANTS_PROSE.match(prompt) is not None and _OF_PEOPLE.search(prompt) is None))


_MORE_THAN_A_WORD = re.compile(
    r"^(?:please |can you |could you )?(?:why (?:\S{1,40} ){2}|explain |describe |tell (?:me|us) (?:about|a) |"
    r"summari[sz]e |compare |"
    r"discuss |teach me |how (?:do|does|can|could|should|would|to|are|is|did) |what are the (?:causes|reasons|"
    r"differences|"
    r"advantages|benefits|effects)|warum |wieso |weshalb |erklär|beschreib|erzähl|pourquoi |explique|décri|raconte|"
    r"¿?por qué |explica|describe |cuéntame|perché |spiega|почему |объясни|расскажи|为什么|解释|介绍|请解释|请介绍)|"
    r"\b(?:write|create|compose|draft|generate|make|give|need|want|schreib\w*|écri\w*|escribe) (?:me |us |mir )?"
    r"(?:an?|some|the|two|three|five|\d{1,2}|ein\w*|une?|una?) (?:[\w'-]{1,20} ){0,3}?(?:poems?|stor(?:y|ies)|essay|"
    r"letter|e-?mail|article|speech|summary|report|review|paragraphs?|sentences|functions?|script|program|recipe|"
    r"plan|guide|tips|steps|explanation|description|dialogue|outline|tutorial|gedicht|geschichte|brief|aufsatz|poème|"
    r"histoire|lettre|poema|historia|carta)\b|(?:写|作)(?:一|首|篇|个)|について(?:説明|教えて)|説明して|書いて|설명|써\s?줘"
)


def asks_for_more(prompt: str) -> bool:
    """Tell whether a folded prompt asks for more than a word: for reasons, a description, a text."""
    return _MORE_THAN_A_WORD.search(prompt[:_ERROR_CHARS]) is not None
