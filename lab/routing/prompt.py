"""What may be routed: the check that stands at every entrance."""

from __future__ import annotations

import re

from lab.errors import PromptError

_SURROGATE = re.compile("[\ud800-\udfff]")


def check_prompt(prompt: str, max_chars: int) -> None:
    """Raise PromptError, with a sentence that names the trouble, for a prompt that cannot be routed."""
    if not prompt or prompt.isspace():
        raise PromptError("The prompt is empty. Type a question or a message, then route it.")
    if len(prompt) > max_chars:
        raise PromptError(
            f"The prompt has {len(prompt):,} characters; the limit is {max_chars:,}. "
            "Shorten it, or raise LAB_MAX_PROMPT_CHARS."
        )
    nul = prompt.find("\0")
    if nul >= 0:
        raise PromptError(f"The prompt holds a NUL character at position {nul}. Remove it: it is not text.")
    if not prompt.isascii():
        surrogate = _SURROGATE.search(prompt)
        if surrogate:
            raise PromptError(
                f"The prompt holds half a character (U+{ord(surrogate[0]):04X}) at position {surrogate.start()}. "
                "It was cut or decoded wrongly; paste it again."
            )
