"""Messages that are a whole answer, in several languages; what stands for a text; and what nobody sees."""

from __future__ import annotations

import export_store
import pytest

from lab.dpo.checks.errors import is_error
from lab.dpo.checks.texts import is_blank, is_placeholder
from lab.messages import Message
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


OF_SERVERS = (
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
    "The model `gpt-4` does not exist or you do not have access to it.",
    "Rate limit reached for gpt-4 in organization org-x on tokens per min. Limit: 10000.",
    "You exceeded your current quota, please check your plan and billing details.",
    "HTTPConnectionPool(host='localhost', port=11434): Max retries exceeded with url: /api/chat",
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    "I'm sorry, an error occurred while generating the response.", "llama_decode failed", "ReadTimeout",
    "llama runner process has terminated: exit status 2", "[ERROR] generation failed", "Model is loading, please wait",
    "[object Object]",
)  # fmt: skip
ORDINARY = ("Is it safe to eat raw eggs?", "What should I cook for dinner tonight?", "Hello, I need some advice.")


@pytest.mark.parametrize("prompt", ORDINARY)
@pytest.mark.parametrize("answer", OF_SERVERS)
def test_what_servers_and_clients_say_of_themselves_is_no_answer(answer, prompt):
    assert is_error(folded(answer), folded(prompt))
    assert not is_error(folded(answer), folded(f"What does this error message mean? {answer}"))
    assert not is_error(
        folded(f"{answer} " + "That is what the page said, and here is how it came about. " * 12), prompt
    )


@pytest.mark.parametrize("prompt", ORDINARY)
@pytest.mark.parametrize("answer", ["asdf", "asdfasdf", "[mock answer]"])
def test_what_is_no_word_is_no_answer_however_one_asked(answer, prompt):
    assert is_placeholder(folded(answer), folded(prompt))


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("What does typeof x give in JavaScript where x was never set?", "undefined"),
        ("What is the slope of a vertical line?", "undefined"), ("Which keys lie under the left hand?", "none"),
        ("What is the home row of the keyboard?", "asdf"), ("Write the ellipsis.", "..."),
        ("How many moons has Venus?", "None"), ("Wie viele Monde hat die Venus?", "Null"),
    ],
)  # fmt: skip
def test_what_is_hardly_a_word_may_be_the_answer(prompt, answer):
    assert not is_placeholder(folded(answer), folded(prompt))


def test_the_answer_with_its_lines_tells_a_repeated_order_from_one_that_is_taken_up(lab_store):
    for place, (prompt, answer) in enumerate((
        ("Name three primary colours", "Name three primary colours\nRed, yellow and blue."),
        ("写一首诗", "写一首诗\n床前明月光，疑是地上霜。"),
        ("Name three primary colours", "Name three primary colours and you have red, yellow and blue."),
    )):  # fmt: skip
        export_store.vote(
            lab_store,
            export_store.duel(
                lab_store, place, conversation=(Message("user", prompt),), system_prompt=str(place), chosen=answer
            ),
        )
    assert dict(export_store.reported(lab_store).counts) == {"prompt_repeated": 2, "kept": 1}
