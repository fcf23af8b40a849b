import threading
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import EmptyAnswer
from lab.messages import AnswerRequest, Chunk, Completion, Message
from lab.providers import MockProvider

PROFESSOR = "You are a patient professor who answers technical, mathematical, scientific and factual questions."
ZOOMER = "You are a warm, quick-witted friend in your early twenties. Chat, joke, cheer people up."


def ask(prompt: str, system: str = "", **options: object) -> AnswerRequest:
    told = (Message("system", system),) if system else ()
    return AnswerRequest("tinyllama", (*told, Message("user", prompt)), options)


def answer(request: AnswerRequest, provider: MockProvider | None = None) -> tuple[str, Completion]:
    *chunks, last = (provider or MockProvider(delay_s=0)).stream(request)
    assert isinstance(last, Completion)
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, Chunk)), last


def test_a_given_reply_comes_word_by_word() -> None:
    mock = MockProvider({"2 + 2?": "It is  four.\n"}, delay_s=0)
    *chunks, last = mock.stream(ask("2 + 2?"))
    assert chunks == [Chunk("It "), Chunk("is  "), Chunk("four.\n")]
    assert isinstance(last, Completion)
    assert (last.provider, last.model, last.finish_reason) == ("mock", "mock", "stop")
    assert (last.prompt_tokens, last.completion_tokens, last.load_ms) == (3, 3, None)
    assert 0 <= last.first_token_ms <= last.total_ms


def test_the_same_question_gets_the_same_answer() -> None:
    assert answer(ask("Why is the sky blue?"))[0] == answer(ask("Why is the sky blue?"))[0]


@pytest.mark.parametrize("system", [PROFESSOR, ZOOMER, "", "You are a pirate."])
def test_every_character_says_that_it_is_the_mock_and_repeats_the_question(system: str) -> None:
    for prompt in ("Why is the sky blue?", "{braces} and 100 %s", "hi", "tell me a joke", "E = mc²"):
        text, _ = answer(ask(prompt, system))
        assert "mock" in text
        assert prompt in text


def test_a_professor_a_friend_and_a_pirate_do_not_sound_alike() -> None:
    prompts = [f"question {number}" for number in range(50)]
    voices = [
        {answer(ask(p, system))[0].replace(p, "") for p in prompts} for system in (PROFESSOR, ZOOMER, "A pirate.")
    ]
    assert all(voices)
    assert max(Counter(text for voice in voices for text in voice).values()) == 1


def test_a_long_question_is_repeated_in_part() -> None:
    text, _ = answer(ask("why " * 10_000))
    assert len(text) < 1_000


def test_max_tokens_cuts_after_that_many_words() -> None:
    text, last = answer(ask("p", max_tokens=2), MockProvider({"p": "one two three"}, delay_s=0))
    assert (text, last.finish_reason, last.completion_tokens) == ("one two ", "length", 2)


def test_max_tokens_that_suffices_ends_with_stop() -> None:
    assert answer(ask("p", max_tokens=3), MockProvider({"p": "one two three"}, delay_s=0))[1].finish_reason == "stop"


def test_a_cancelled_mock_stops_without_a_completion() -> None:
    cancelled = threading.Event()
    stream = MockProvider(delay_s=0).stream(ask("hi"), cancelled)
    assert isinstance(next(stream), Chunk)
    cancelled.set()
    assert list(stream) == []


def test_an_empty_reply_is_an_empty_answer() -> None:
    with pytest.raises(EmptyAnswer):
        list(MockProvider({"p": " "}, delay_s=0).stream(ask("p")))


def test_the_mock_is_always_healthy_and_has_no_models() -> None:
    assert MockProvider().health().ok
    assert MockProvider().models() == ()


@given(st.text().filter(str.strip))
def test_a_reply_is_never_altered(reply: str) -> None:
    assert answer(ask("p"), MockProvider({"p": reply}, delay_s=0))[0] == reply


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_any_prompt_gets_an_answer(prompt: str) -> None:
    assert answer(ask(prompt))[0]
