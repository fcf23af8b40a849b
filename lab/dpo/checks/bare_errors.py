"""Error messages that are a whole answer: what programs, libraries and pages say in few words, in several languages.

Some are single words that answer a question as well: these count only where a text was asked for.
"""

from __future__ import annotations

import re

_AGAIN = (
    r"(?:[.!,。，！、 -]{0,3}(?:please )?(?:try again|retry)(?: later)?|[.!, -]{0,3}bitte (?:versuchen? sie es|"
    r"versuche? es)[a-zäöüß ]{0,30}|[.!, -]{0,3}veuillez réessayer[a-zé ]{0,20}|[.!, -]{0,3}(?:por favor,? )?"
    r"(?:inténtalo|inténtelo|intente)[a-zéá ]{0,30}|[，。！ ]{0,2}请(?:稍后|重新|再)?(?:再试|重试|尝试)(?:一次)?|"
    r"[。、！ ]{0,2}(?:もう一度|再度|後で|しばらくして)[^\n]{0,20}|[., ]{0,2}(?:나중에 )?다시 시도[가-힣 ]{0,12}|"
    r"[., ]{0,2}(?:пожалуйста, )?(?:попробуйте|повторите)[а-яё ]{0,30})?[.!。！]*"
)
_REST = r"[^\n.!?。]{0,60}"
_OF_SERVERS = (
    r"this model'?s maximum context length is .{1,300}|rate limit (?:reached|exceeded) for .{1,300}|"
    r"the model ['\"]?[\w.:/-]{1,80}['\"]? (?:does not exist|was not found|is not available)(?:[ ,.].{0,160})?|"
    r"you exceeded your current quota(?:[ ,.].{0,300})?|https?connectionpool\(host=.{1,400}|"
    r"the response was filtered due to the prompt .{1,400}|llama[_ ](?:decode|runner)[^\n]{0,120}(?:failed|terminated)"
    r"[^\n]{0,80}|(?:read|connect|connection)timeout(?:error)?(?:[:(].{0,160})?|"
    r"error:? ?(?:text )?(?:generation|inference|request) (?:failed|aborted)[.!]?|"
    r"(?:the )?model is (?:still |currently )?loading(?:[ ,.:-].{0,60})?|object object|"
    r"(?:i'?m |we'?re )?(?:sorry,? )?(?:but )?an (?:unknown |unexpected |internal )?error (?:has )?occurr?ed"
    r"(?: (?:while|during) (?:generating|processing|fetching|handling)[^\n.!?]{0,60})?"
)
_SAYS_WHAT = re.compile(
    _OF_SERVERS + _AGAIN + "|" + r"dial (?:tcp|udp|unix) \S{1,60}: .{1,160}|"
    r"econn(?:refused|reset|aborted)(?: [0-9a-z.:\[\]]{1,60})?[.!]?|e(?:timedout|ai_again|notfound|pipe|hostunreach)"
    r"(?: [0-9a-z.:-]{1,60})?[.!]?|context (?:deadline exceeded|cancell?ed)(?: \([a-z. ]{1,60}\))?|"
    r"(?:invalid|incorrect|missing) api[ _-]key(?: provided)?(?:[.:] .{0,120})?[.!]?|"
    r"error communicating with (?:openai|anthropic|ollama|the (?:api|server|model))(?:[.:] .{0,160})?[.!]?|"
    r"(?:error:? )?(?:the )?model (?:is )?(?:currently )?overloaded(?: with other requests)?" + _AGAIN + r"|"
    r"panic: runtime error: .{1,200}|segmentation fault(?: \(core dumped\))?[.!]?|"
    r"fehler ?: ?(?:verbindung|zeitüberschreitung|anfrage|server|dienst|modell|netzwerk|interner|ungültige|zu viele)"
    + _REST
    + _AGAIN
    + r"|(?:es ist )?(?:ein )?(?:interner |unbekannter |unerwarteter )?(?:server)?fehler (?:ist )?aufgetreten"
    + _AGAIN
    + r"|erreur ?:? ?[45]\d\d[.!]?|fehler ?:? ?[45]\d\d[.!]?|errore ?:? ?[45]\d\d[.!]?|"
    r"erreur ?: ?(?:connexion|délai|requête|serveur|réseau|service|modèle|trop de)" + _REST + _AGAIN + r"|"
    r"(?:désolé, )?une erreur (?:inattendue |interne )?(?:est survenue|s['’]est produite)" + _AGAIN + r"|"
    r"error ?: ?(?:conexión|tiempo de espera|solicitud|servidor|servicio|demasiadas)" + _REST + _AGAIN + r"|"
    r"(?:lo siento, )?(?:ha ocurrido|se ha producido|ocurrió|se produjo) un error(?: inesperado| interno)?"
    + _AGAIN
    + r"|"
    r"ошибка ?: ?(?:соединение|время ожидания|сервер|запрос|слишком много)" + _REST + _AGAIN + r"|"
    r"произошла (?:непредвиденная |внутренняя )?ошибка" + _AGAIN + r"|"
    r"(?:内部|予期しない|不明な|サーバー|通信)?エラーが発生し(?:ました|ています)" + _AGAIN + r"|"
    r"(?:抱歉，|对不起，)?(?:系统|服务器|网络)?(?:出错了|出现错误|发生错误|发生了错误|出现异常|内部错误)"
    + _AGAIN
    + r"|"
    r"(?:网络错误|服务器繁忙|系统繁忙|请求超时|连接超时|连接被拒绝)，?请(?:稍后|重新)?(?:再试|重试)(?:一次)?[。！]?|"
    r"(?:알 수 없는 |내부 |서버 )?오류가 발생(?:했|하였)습니다" + _AGAIN
)
_SHORT = re.compile(
    r"(?:error:? )?(?:[45]\d\d|time-?out|fetch failed|failed to fetch|stream (?:error|closed|interrupted)|"
    r"unauthori[sz]ed|network error|socket hang up|segmentation fault(?: \(core dumped\))?)[.!]*"
)


def is_bare(plain: str) -> bool:
    """Tell whether an answer, folded and without marks, is a message that says of itself what went wrong."""
    return _SHORT.fullmatch(plain) is not None or _SAYS_WHAT.fullmatch(plain) is not None


def is_short(plain: str) -> bool:
    """Tell whether a message is a word or a number that can be the answer to a question, too."""
    return _SHORT.fullmatch(plain) is not None
