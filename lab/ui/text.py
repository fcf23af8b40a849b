"""Foreign text on a page: prompts, answers, patterns and names are shown, never obeyed."""

from __future__ import annotations

import re
from html import escape

_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&^=@\"'])")
_FENCED = re.compile(r"(```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`)", re.DOTALL)
_IMAGE = re.compile(r"!(?=\[)")
_SPOKEN = re.compile(r"(`[^`\n]+`|https?://[^\s,]*[\w/])")
_BIDI = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"), "")


def plain(text: str) -> str:
    """Return text for a Markdown widget that shows it letter by letter, on one line."""
    return _PUNCTUATION.sub(r"\\\1", one_line(text))


def sentence(text: str) -> str:
    """Return one of the lab's own sentences as Markdown: `code` and addresses as code, all else letter by letter."""
    parts = _SPOKEN.split(text)
    return "".join(
        code(part.strip("`")) if index % 2 else _PUNCTUATION.sub(r"\\\1", part) for index, part in enumerate(parts)
    )


def code(text: str) -> str:
    """Return text as a Markdown code span, whatever it holds."""
    shown = one_line(text)
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if "`" in shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}" if shown.strip() else "(blank)"


def one_line(text: str, limit: int = 0) -> str:
    """Return text on one line without direction marks, cut to `limit` characters where that is given."""
    line = " ".join(text.translate(_BIDI).split())
    return line if not limit or len(line) <= limit else line[: limit - 1].rstrip() + "…"


def answer_markdown(text: str) -> str:
    """Return an answer as Markdown that loads nothing: pictures become links. Raw HTML is not rendered anyway."""
    parts = _FENCED.split(text)
    return "".join(part if index % 2 else _IMAGE.sub(r"\\!", part) for index, part in enumerate(parts))


def highlighted(text: str, spans: list[tuple[int, int, str, str]]) -> str:
    """Return `text` as escaped HTML with the spans (start, end, colour, title) marked; overlaps are left out."""
    pieces = ['<div dir="auto" style="white-space: pre-wrap; overflow-wrap: anywhere">']
    at = 0
    for start, end, colour, title in sorted(spans):
        if start < at:
            continue
        pieces.append(escape(text[at:start]))
        style = f"background: {colour}33; color: inherit; border-bottom: 2px solid {colour}; border-radius: 3px"
        pieces.append(f'<mark title="{escape(title)}" style="{style}">{escape(text[start:end])}</mark>')
        at = end
    pieces.append(escape(text[at:]) + "</div>")
    return "".join(pieces)
