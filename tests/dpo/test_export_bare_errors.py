"""Messages that are a whole answer, in several languages; what stands for a text; and what nobody sees."""

from __future__ import annotations

import pytest

from lab.dpo.checks.errors import is_error
from lab.dpo.checks.texts import is_blank, is_placeholder
from lab.store.duels import folded


@pytest.mark.parametrize(
    "answer",
    [
        "dial tcp 127.0.0.1:11434: connect: connection refused", "ECONNREFUSED 127.0.0.1:11434", "fetch failed",
        "context deadline exceeded", "stream error", "timeout", "503", "Invalid API key provided", "Unauthorized",
        "Error communicating with OpenAI", "[ERROR] Model overloaded", "panic: runtime error: index out of range",
        "Segmentation fault (core dumped)", "Fehler: Verbindung abgelehnt", "Erreur 500", "エラーが発生しました",
        "出错了，请稍后再试", "Es ist ein Fehler aufgetreten. Bitte versuchen Sie es später erneut.",
        "Une erreur est survenue.", "Ha ocurrido un error. Inténtalo de nuevo más tarde.", "网络错误，请稍后重试。",
        "오류가 발생했습니다.", "Произошла ошибка.",
    ],
)  # fmt: skip
def test_a_message_that_is_all_there_is_is_an_error(answer):
    assert is_error(folded(answer), folded("Why is the sky blue?"))


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("What is the HTTP code for service unavailable?", "503"), ("Explain: what is 500 plus 3?", "503"),
        ("How do you write five hundred and three in digits?", "503"), ("Which bus goes to the station?", "503"),
        ("Why was the man arrested at the gate?", "Unauthorized"), ("Why did the game stop?", "Timeout"),
        ("What is a break in basketball called?", "timeout"), ("How long was he gone?", "503"),
        ("What does Go's ctx.Err() return after the deadline?", "context deadline exceeded"),
        ("What does this C program print when p is null?", "Segmentation fault (core dumped)"),
        ("What does bash say when a process touches memory it may not?", "Segmentation fault (core dumped)"),
        ("What happens in Go if i is past the end of a slice?", "panic: runtime error: index out of range [3]"),
        ("How do you say 'an error occurred' in German?", "Es ist ein Fehler aufgetreten."),
        ("「An error occurred」を日本語で", "エラーが発生しました"), ("用法语说 500 错误", "Erreur 500"),
        ("Why do I see `ECONNREFUSED 127.0.0.1:11434`?", "ECONNREFUSED 127.0.0.1:11434"),
        ("Why is the sky blue?", "Unauthorized light of other colours is kept out."),
        ("Why is the sky blue?", "503 kinds of particles scatter it."),
        ("Why is the sky blue?", "Timeouts aside: air."),
    ],
)  # fmt: skip
def test_a_message_that_was_asked_for_is_an_answer(prompt, answer):
    assert not is_error(folded(answer), folded(prompt))


@pytest.mark.parametrize(
    "answer",
    ["[REDACTED]", "[deleted]", "string", "This is a mock response.", "answer goes here", "Your answer goes here."],
)
def test_what_stands_for_a_text_is_no_answer(answer):
    assert is_placeholder(folded(answer), folded("Why is the sky blue?"))


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("What type is 'abc' in Python?", "string"), ("What stands over the name in the file?", "[REDACTED]"),
        ("How do Reddit threads show a post that is gone?", "[deleted]"), ("What holds a kite?", "String"),
        ("Write a sample reply for a mock server", "This is a mock response."),
        ("Explain in one word what a violin is played on", "String"),
        ("Why is the sky blue?", "String theory has no say in it."),
    ],
)  # fmt: skip
def test_what_stands_for_a_text_may_be_asked_for(prompt, answer):
    assert not is_placeholder(folded(answer), folded(prompt))


@pytest.mark.parametrize("sign", "\u3164\u2800\u115f\u1160\uffa0\ufe0f\u034f")
def test_signs_that_only_fill_a_place_are_blank(sign):
    assert is_blank(folded(f" {sign * 3}\n"))
    assert not is_blank(folded(f"{sign}a"))


@pytest.mark.parametrize("text", ["❤️", "⠁", "ㅎ", "각"])
def test_signs_beside_them_are_seen(text):
    assert not is_blank(folded(text))
