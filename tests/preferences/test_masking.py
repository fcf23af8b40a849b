"""Masking: an answer that introduces itself does not tell who wrote it, and a prompt about a model stays readable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from growth import LINEAR, growth

from lab.judging import Duel, Side
from lab.messages import Message
from lab.preferences import sample
from lab.preferences.masking import COVER, masked
from lab.providers.mock import VOICES


def duel(answer: str, *, prompt: str = "Who are you?", model: str = "qwen2.5:7b", other: str = "llama3.1:8b") -> Duel:
    return Duel(
        id="d", seq=1, conversation_id="c", conversation=(Message("user", prompt),), system_prompt="",
        first=Side("a", answer, "professor", "ollama", model), second=Side("b", "x", "zoomer", "ollama", other),
        origin="bulk", rule="random", probability=None, hardness=None, query_type=None, event_id=None, batch_id=None,
        wished=1, votes=0, created_at=datetime(2026, 11, 23, tzinfo=UTC), deleted_at=None,
    )  # fmt: skip


def shown(answer: str, **changes: str):
    found = duel(answer, **changes)
    return masked(found.first, found)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("I am Qwen, happy to help.", f"I am {COVER}, happy to help."),
        ("I'm ChatGPT.", f"I'm {COVER}."),
        ("I’m an AI assistant called Claude 3.5.", f"I’m an AI assistant called {COVER}."),
        ("As Qwen, I cannot.", f"As {COVER}, I cannot."),
        ("My name is **Llama 3.1**!", f"My name is **{COVER}**!"),
        ("I was trained by OpenAI.", f"I was trained by {COVER}."),
        ("Developed by Alibaba Cloud.", f"Developed by {COVER}."),
        ("我是Qwen，很高兴。", f"我是{COVER}，很高兴。"),
        ("Ich bin Mistral 7B.", f"Ich bin {COVER}."),
        ("As GPT-4o, I see.", f"As {COVER}, I see."),
    ],
)
def test_where_an_answer_introduces_itself_the_name_is_covered(answer: str, expected: str):
    found = shown(answer)
    assert found.text == expected
    assert (found.covered, found.named) == (1, ())


@pytest.mark.parametrize(
    "answer",
    [
        "A llama is an animal of the Andes.",
        "As a phi value, 1.618 is common.",
        "Compare GPT-4 with others.",
        "I am fine.",
        "As gemini twins go, they differ.",
        "import openai",
        "",
    ],
)
def test_what_is_no_introduction_stays(answer: str):
    found = shown(answer, model="m1", other="m2")
    assert (found.text, found.covered) == (answer, 0)


def test_the_name_of_one_of_the_two_models_is_flagged_unless_the_prompt_names_it():
    assert shown("Qwen and others do well.").named == ("qwen",)
    assert shown("Qwen and others do well.", prompt="Is Qwen good?").named == ()
    assert shown("Nothing here.").named == ()
    assert shown("qwen2.5 is a model").named == ("qwen2.5",)


def test_a_path_and_a_size_are_no_part_of_the_name():
    found = shown("Mistral says hello.", model="hub/Mistral-7B-Instruct:latest")
    assert found.named == ("mistral",)


def test_the_mock_and_the_sample_have_no_name_to_tell():
    assert shown("a sample of mock data", model="mock", other="sample").named == ()


@pytest.mark.parametrize("voice", [voice for voices in VOICES.values() for voice in voices])
def test_the_mock_does_not_tell_which_model_it_stands_in_for(voice: str):
    answer = voice.format(model="acme/wizard 9:13b", echo="What is a mutex?")
    found = shown_of_mock(answer)
    assert "wizard" not in found.text
    assert "“What is a mutex?”" in found.text
    assert (found.covered, found.named) == (1, ())
    start = voice.index("{model}")
    assert "acme" not in shown_of_mock(answer[: start + 4]).text  # cut at the length limit


def test_other_words_of_a_mock_stay():
    assert shown_of_mock("A canned reply.").text == "A canned reply."


def shown_of_mock(answer: str):
    found = duel("x")
    side = Side("a", answer, "professor", "mock", "mock")
    return masked(side, replace(found, first=side))


def test_the_two_sample_answers_that_name_a_model_are_caught():
    covered = []
    for line in sample.read():
        for answer in line.answers.values() if isinstance(line.answers, dict) else line.answers:
            words = answer if isinstance(answer, str) else answer.text
            covered.append(shown(words, model="sample", other="sample").covered)
    assert sum(map(bool, covered)) == 2


@pytest.mark.parametrize(
    "made",
    [
        lambda chars: "as gpt" + " " * chars + "z",
        lambda chars: ("as gpt" + " " * 190) * (chars // 196),
        lambda chars: "gpt1" + ".1" * (chars // 2),
    ],
    ids=["one gap", "many gaps", "digits"],
)
def test_no_answer_keeps_the_page_busy(made: Callable[[int], str]):
    """A search whose time grows with the square of the spaces took a minute for the first one, not a second."""
    few, many = made(20_000), made(200_000)
    assert growth(lambda: shown(few), lambda: shown(many), 10) < LINEAR
