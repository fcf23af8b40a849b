"""What may be routed."""

from __future__ import annotations

import pytest

from lab.errors import PromptError
from lab.routing.prompt import check_prompt


@pytest.mark.parametrize(
    "prompt", ["a", "?", "👩🏽‍🔬", "שלום", "<script>alert(1)</script>", "a\nb\tc", "\U0010ffff", "$x$"]
)
def test_any_text_may_be_routed(prompt):
    check_prompt(prompt, 100)


@pytest.mark.parametrize("prompt", ["", " ", "\n\t \r", "\u00a0\u3000\u2028"])
def test_an_empty_or_blank_prompt_is_refused(prompt):
    with pytest.raises(PromptError, match="The prompt is empty"):
        check_prompt(prompt, 100)


def test_the_limit_itself_is_allowed_and_one_more_is_not():
    check_prompt("é" * 32_000, 32_000)
    with pytest.raises(PromptError, match=r"has 32,001 characters; the limit is 32,000.*LAB_MAX_PROMPT_CHARS"):
        check_prompt("é" * 32_001, 32_000)


def test_length_is_counted_in_code_points():
    check_prompt("😀" * 5, 5)


@pytest.mark.parametrize(("prompt", "position"), [("\0abc", 0), ("ab\0c\0", 2), ("é😀\0", 2)])
def test_nul_is_refused_with_its_position(prompt, position):
    with pytest.raises(PromptError, match=f"NUL character at position {position}\\."):
        check_prompt(prompt, 100)


@pytest.mark.parametrize(
    ("prompt", "position", "code"), [("\ud800", 0, "D800"), ("é\udfff", 1, "DFFF"), ("😀ab\udc00c", 3, "DC00")]
)
def test_a_lone_surrogate_is_refused_with_its_position(prompt, position, code):
    with pytest.raises(PromptError, match=rf"U\+{code}\) at position {position}\."):
        check_prompt(prompt, 100)
