"""Foreign text on a page: prompts, answers, patterns and names are shown, never obeyed."""

from __future__ import annotations

import re
from html import escape
from itertools import pairwise

from lab.errors import ConfigError
from lab.one_line import one_line as one_line
from lab.one_line import steers

_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&^=@\"'])")
_AFTERWARDS = re.compile(r":(?=[A-Za-z]|//)|[<>~-](?=[-=>])|@(?=\w)|\bwww(?=\.)", re.IGNORECASE)
_SPOKEN = re.compile(r"(`[^`\n]+`|https?://[^\s,]*[\w/])")


def plain(text: str) -> str:
    """Return text for a Markdown widget that shows it letter by letter, on one line."""
    return _letters(one_line(text))


def refuse_steering(name: str, what: str) -> None:
    """Raise ConfigError for a name with a character that is not seen and would steer the lines it stands in."""
    at = steers(name)
    if at is not None:
        raise ConfigError(
            f"{what} holds a character that is not seen (U+{ord(name[at]):04X}) at position {at}. Retype it."
        )


def begun(text: str) -> str:
    """Return a sentence that begins in upper case."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """Return one of the lab's own sentences as Markdown: `code` and addresses as code, all else letter by letter."""
    parts = _SPOKEN.split(one_line(text))
    return "".join(code(part.strip("`")) if index % 2 else _letters(part) for index, part in enumerate(parts))


def _letters(text: str) -> str:
    # Streamlit turns :icons:, arrows and bare addresses into something else after Markdown was read, where a
    # backslash does not help: a word joiner, which is not seen, keeps them apart
    return _PUNCTUATION.sub(r"\\\1", _AFTERWARDS.sub("\\g<0>\u2060", text))


def code(text: str) -> str:
    """Return text as a Markdown code span, whatever it holds."""
    shown = one_line(text)
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if "`" in shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}" if shown.strip() else "(blank)"


def answer_markdown(text: str) -> str:
    """Return an answer as Markdown that loads nothing: a picture is shown as what was written for it.

    Where code ends is for the browser's Markdown to say, so `![` is broken up inside code too, wherever something after
    it could make a picture of it. Raw HTML is not rendered anyway.
    """
    last = len(text) if "]:" in text else max(text.rfind("]("), text.rfind("]["))
    return text[: last + 1].replace("![", "!\\[") + text[last + 1 :]


Span = tuple[int, int, str, str]  # start, end, colour, title


def highlighted(text: str, spans: list[Span]) -> str:
    """Return `text` as escaped HTML with the spans marked; where several overlap, each draws a line of its colour."""
    edges = sorted({0, len(text), *(span[0] for span in spans), *(span[1] for span in spans)})
    pieces = ['<div dir="auto" style="white-space: pre-wrap; overflow-wrap: anywhere">']
    for start, end in pairwise(edges):
        over = [span for span in spans if span[0] <= start and end <= span[1]]
        pieces.append(_marked(text[start:end], over) if over else escape(text[start:end]))
    return "".join([*pieces, "</div>"])


def _marked(text: str, over: list[Span]) -> str:
    colours = list(dict.fromkeys(span[2] for span in over))
    lines = ", ".join(f"inset 0 -{2 * (index + 1)}px {colour}" for index, colour in enumerate(colours))
    title = escape("; ".join(dict.fromkeys(span[3] for span in over)))
    style = f"background: {colours[-1]}33; color: inherit; box-shadow: {lines}; padding-bottom: {2 * len(colours)}px"
    return f'<mark title="{title}" style="{style}">{escape(text)}</mark>'
