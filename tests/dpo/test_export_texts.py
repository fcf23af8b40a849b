"""What the text of an answer says of it: faults are found in several languages, honest answers are left alone."""

from __future__ import annotations

import pytest
from growth import LINEAR, growth

from lab.dpo.checks import texts
from lab.dpo.checks.errors import is_error
from lab.dpo.checks.refusals import refuses
from lab.store.duels import folded


@pytest.mark.parametrize(
    "answer",
    [
        '{"error": {"message": "overloaded", "type": "server_error"}}', "{'detail': 'Not Found'}",
        "Error: connection refused", "Error 500", "An unexpected error occurred: try again later.", "Exception: boom",
        "Internal Server Error", "502 Bad Gateway", "HTTP 429", "HTTP/1.1 503", "status code: 500", "Too many requests",
        "Rate limit exceeded for gpt-x", "Request timed out.", "Connection reset by peer", "CUDA error: out of memory",
        "Out of memory", "model 'llama9' not found, try pulling it first", "Failed to generate a response.",
        "Traceback (most recent call last):\n  File x", "<html><head><title>502 Bad Gateway</title></head></html>",
        "Could not connect to Ollama", "401 Unauthorized", "maximum context length exceeded",
    ],
)  # fmt: skip
def test_an_error_message_is_no_answer(answer):
    assert is_error(folded(answer), folded("Why is the sky blue?"))


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("What does HTTP 404 mean?", "404 not found means that the server knows no such page."),
        ("What does 'connection refused' tell me?", "Connection refused means that nothing listens on that port."),
        ("Explain type I and type II errors.", "Error (type I) is to reject what is true."),
        ("Write a minimal HTML page.", "<!DOCTYPE html><html><title>Hi</title></html>"),
        ("Give me JSON with a message.", '{"message": "Hi"}'),
        ("Wie heißt 'Ein Fehler ist aufgetreten' auf Englisch?", "An error occurred."),
        ("Where does a Python traceback begin?", "Traceback (most recent call last): is its first line."),
        ("What is a statistic's standard error?", "Error: the spread of an estimate."),
        ("Why is the sky blue?", "There is no error: light scatters."),
        ("What is terror?", "Terror (from Latin) is great fear."),
        ("Who wrote Ulysses?", "Joyce. Connection refused is not in it."),
        ("Name a year.", "500 BC"), ("Name a record.", "404 is a song."),
        ("How many people?", "502 people came."),
    ],
)  # fmt: skip
def test_an_answer_about_errors_is_one(prompt, answer):
    assert not is_error(folded(answer), folded(prompt))


def test_a_bare_error_message_is_none_whatever_was_asked():
    prompt = folded("Why does my web server log an error?")
    assert is_error(folded("Error: connection refused"), prompt)
    assert is_error(folded("API error 503: service unavailable"), prompt)
    assert not is_error(folded("Error: connection refused means that nothing listens."), prompt)
    assert not is_error(folded("Error (see line 3): a semicolon"), prompt)


def test_a_long_answer_explains_an_error():
    long = "Error: this is what programs say. " * 20
    assert not is_error(folded(long), "why?")


@pytest.mark.parametrize(
    "answer",
    ["N/A", "nan", "None", "null", "TODO", "tbd.", "...", "…", "-", "???", "placeholder", "[Your answer here]",
     "<response>",
     "Lorem ipsum dolor sit amet, consectetur adipiscing elit.", "your answer here", "No response.", "xxx", "asdfgh",
     "test"],
)  # fmt: skip
def test_a_placeholder_is_no_answer(answer):
    assert texts.is_placeholder(folded(answer), folded("Why is the sky blue?"))


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("How many moons has Venus?", "None"), ("Why is the sky blue?", "None."), ("Is it true?", "Yes"),
        ("Which wildcard stands for one character?", "?"), ("How do you say zero in German?", "Null"),
        ("¿Cómo se dice everything?", "Todo"), ("Give me some lorem ipsum.", "Lorem ipsum dolor sit amet."),
        ("2 + 2?", "4"), ("Name a bread.", "Naan"), ("Continue: to do or not", "to do it"),
        ("Name a pub snack", "nuts"),
        ("A template for a letter, please", "[Your text here]"), ("日本の首都は？", "東京"),
    ],
)  # fmt: skip
def test_a_short_answer_is_one(prompt, answer):
    assert not texts.is_placeholder(folded(answer), folded(prompt))


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("What is the capital of France?", "What is the capital of France? Paris."),
        ("What is the capital of France?", "what  is the capital\nof france?"),
        ("Was ist 2 + 2?", "Was ist 2 + 2? Vier."), ("法国的首都是什么？", "法国的首都是什么？巴黎。"),
        ("Translate this sentence into French", "Translate this sentence into French: Bonjour"),
    ],
)  # fmt: skip
def test_an_answer_that_begins_with_the_prompt_repeats_it(prompt, answer):
    assert texts.repeats(folded(answer), folded(prompt))


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("Good morning!", "Good morning! How are you?"), ("Happy new year", "Happy new year to you too"),
        ("你好", "你好！有什么事？"), ("Hello", "Hello there"), ("Why?", "Why? Because."),
        ("Tell me about the cat in the hat", "Tell me about the cat in the hats? Gladly"),
        ("What is the capital of France?", "The capital of France is Paris."),
        ("What is the capital of France?", "You ask: What is the capital of France?"),
    ],
)  # fmt: skip
def test_a_greeting_that_is_returned_repeats_nothing(prompt, answer):
    assert not texts.repeats(folded(answer), folded(prompt))


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but I can't help with that.", "I’m sorry, I can’t assist with that request.",
        "I cannot assist you.",
        "I am unable to provide medical advice.", "Sorry, I can't do that.", "I won't help you with that.",
        "As an AI language model, I cannot browse the web.", "I'm afraid I can't do that.",
        "That is against my guidelines.",
        "I must decline to provide instructions for that.", "I'm not able to share personal information.",
        "Es tut mir leid, aber dabei kann ich nicht helfen.", "Leider kann ich diese Frage nicht beantworten.",
        "Je suis désolé, mais je ne peux pas vous aider.", "Désolé, je ne peux pas répondre à cette question.",
        "Lo siento, no puedo ayudarte con eso.", "Mi dispiace, ma non posso aiutarti.", "Desculpe, não posso ajudar.",
        "Извините, я не могу помочь с этим.", "很抱歉，我无法提供这方面的帮助。", "对不起，我不能回答这个问题。",
        "申し訳ございませんが、お答えできません。", "죄송하지만 도와드릴 수 없습니다.",
    ],
)  # fmt: skip
def test_a_refusal_is_found(answer):
    assert refuses(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "I can't help but smile when it rains.", "I cannot give up on you, my love.", "I won't give you up.",
        "I'm sorry to hear that you cannot sleep. Try this.", "I'm sorry for your loss. Grief cannot be hurried.",
        "As an AI, I don't have feelings, but I can explain them.", "Refunds after 30 days are against our policy.",
        "Dear Anna, I'm sorry that I can't come to the party.", "\"I'm sorry, but I can't help with that\" is polite.",
        "You can say: “I can’t help you with that.”", "Cats cannot provide milk to dogs.", "AI can't provide warmth.",
        "Leider kann man das Wetter nicht vorhersagen.", "Das kann nicht sein.", "Je suis désolé de répondre si tard.",
        "Lo siento mucho, no puedo ir a la fiesta.", "很抱歉听到你不能入睡。", "申し訳ありませんが、参加できません。",
        "Refusing help is a right: the model of refusal in law.", "To refuse politely, thank them first.",
        "It can't help with speed, but it can with memory.", "Not able to sleep? Read this.",
    ],
)  # fmt: skip
def test_to_be_sorry_is_no_refusal(answer):
    assert not refuses(answer)


def test_a_refusal_comes_first():
    assert not refuses("A guide to locks. " * 20 + "I can't help with that.")


@pytest.mark.parametrize(
    "text",
    ["a<|im_end|>b", "<|START_OF_TURN_TOKEN|>", "[INST] hi [/INST]", "<<SYS>>", "<start_of_turn>user", "end</s>",
     "<｜User｜>", "<|reserved_special_token_0|>", "[gMASK]", "[TOOL_CALLS] [{}]"],
)  # fmt: skip
def test_marks_of_templates_are_found(text):
    assert texts.has_markers(text)


@pytest.mark.parametrize(
    "text",
    ["ops = [INST, DATA]", '["INST"]', "x <|> y", "a <| b |> c", "List<String> s", "<system>", "[1] see below",
     "if a<b|c>d",
     "<start>", "[inst]", "<strong>", "|> and <|"],
)  # fmt: skip
def test_code_has_no_marks_of_templates(text):
    assert not texts.has_markers(text)


LONG = "This sentence is there so that the answer is long enough to be looked at as a whole. "


@pytest.mark.parametrize(
    "end",
    ["And then the", "It is big, red and", "For example,", "Here are the steps:", "They did it because", "See (", "und",
     "也就是说，",
     "```python\nprint(1)", "~~~\ncode", "- one\n\n  ```js\n  let a"],
)  # fmt: skip
def test_an_answer_that_ends_in_the_middle_looks_cut(end):
    assert texts.looks_cut(LONG + "\n" + end)


@pytest.mark.parametrize(
    "end",
    ["The end.", "| a | b |\n|---|---|\n| 1 | 2 |", "```python\nprint(1)\n```", "- Vitamin A", "all men must die",
     "Wer ist das",
     "solve for x and y", "the people you grew up with", "things to look forward to", "Roses are red\nViolets are blue",
     "logic: AND, OR", "东京。", "これで終わりです", "https://python.org", "**bold**", "Use ``` to open a block.",
     "````md\n```\nx\n```\n````", "1. ```sh\n   ls\n   ```", "> ```\n> a\n> ```", "Yours sincerely\nAnn", "$x^2$",
     "tra la la"],
)  # fmt: skip
def test_poems_tables_and_code_are_whole(end):
    assert not texts.looks_cut(LONG + "\n" + end)


def test_a_short_answer_ends_as_it_likes():
    assert not texts.looks_cut("bread and")


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b", "\ufeff", "\u200f\u200e", "\u2066\u2069 \u00ad", "\u3000"])
def test_what_nobody_sees_is_blank(text):
    assert texts.is_blank(folded(text))


@pytest.mark.parametrize("text", ["x", "\u200fא", "👍", "0", ".", "\u200bא", "東", "́a"])
def test_what_can_be_seen_is_not_blank(text):
    assert not texts.is_blank(folded(text))


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "I can't ",
        "```\n",
        "- ",
        "`",
        "error: ",
        "~~~ x\n",
        ">",
        "<|",
        "[INST",
        "lorem ipsum ",
        "1. ",
        "\u200b",
        "？",
    ],
)
def test_long_answers_take_no_time_that_grows_with_their_square(text):
    few, many = (text * (chars // len(text)) for chars in (20_000, 200_000))
    said_few, said_many = folded(few), folded(many)
    for look in (texts.has_markers, texts.looks_cut, refuses, texts.is_blank):
        assert growth(lambda: look(few), lambda: look(many), 10) < LINEAR  # noqa: B023  called at once
    for compare in (is_error, texts.is_placeholder, texts.repeats):
        assert growth(lambda: compare(said_few, said_few), lambda: compare(said_many, said_many), 10) < LINEAR  # noqa: B023
