"""The prompt at the start of an answer: quoted, without its mark, on a line of its own; titles and songs stay."""

from __future__ import annotations

import pytest
from growth import LINEAR, growth

from lab.dpo.checks.texts import repeats
from lab.store.duels import folded

ASKED = "What is the capital of France?"


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        (ASKED,
        "What is the capital of France\n\nParis."), (ASKED, f"**{ASKED}** Paris."), (ASKED, f"> {ASKED}\n\nParis"),
        (ASKED, f'"{ASKED}" Paris.'), (ASKED, f"Q: {ASKED} A: Paris"), (ASKED, f"User: {ASKED}\nAssistant: Paris"),
        (ASKED, f"**Question:** {ASKED} Paris"), (ASKED, "What is the capital of France: Paris"),
        ("Name three primary colours", "Name three primary colours: red, yellow, blue"),
        ("Who wrote Ulysses?", "Who wrote Ulysses: Joyce."), ("Who wrote Ulysses?", "Who wrote Ulysses"),
        ("写一首诗", "写一首诗：床前明月光"),
    ],
)  # fmt: skip
def test_a_prompt_that_is_quoted_or_stands_for_itself_is_repeated(prompt, answer):
    assert repeats(folded(answer), folded(prompt))


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("Name three primary colours", "Name three primary colours\nred"),
        ("写一首诗", "写一首诗\n床前明月光"),
        ("Who wrote Ulysses?", "Who wrote Ulysses\n\nJoyce."),
        ("Explain quantum\ncomputing", "Explain\nquantum computing\n\nIt is"),
    ],
)
def test_a_line_shows_a_repeated_prompt_where_the_text_is_known(prompt, answer):
    assert repeats(folded(answer), folded(prompt), answer)
    assert not repeats(folded(answer), folded(prompt))


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("Name three primary colours", "Name three primary colours and you have red, yellow, blue"),
        ("Happy new year", "Happy new year\n\nto you"), ("The Great Gatsby", "The Great Gatsby\n\nA novel"),
        ("How to cook rice", "How to cook rice\n\n1. Wash"), ("How to bake bread?", "# How to bake bread\n\n1."),
        ("What's going on?", "\"What's going on?\" by Marvin Gaye"), ("你是谁？", "你是谁？我是小明"),
        ("What is needed in this case?", "What is needed in this case is patience."), ("Hello", "Q: Hello"),
        ("Write a poem about the sea", "**Write a poem about the sea** is a film"), ("写一首诗", "写一首诗歌需要灵感"),
        ("Explain gravity", "Explain gravity: it pulls"), ("What is love?", "# What is love?\n\nLove"),
        ("Who invented the light bulb?", "Who invented the light bulb is disputed."),
        ("Tell me a joke", "Tell me a joke teller's age"), ("Good morning everyone", "Good morning everyone\nHi"),
        ("List of planets", "List of planets:\n- Mercury"), ("Will Smith movies", "Will Smith movies:\n- Ali"),
        ("When Harry met Sally", "When Harry met Sally\n\nA film"), ("Paint the wall", "Paint the wall\nwith a roller"),
    ],
)  # fmt: skip
def test_titles_greetings_and_sentences_that_go_on_repeat_nothing(prompt, answer):
    assert not repeats(folded(answer), folded(prompt), answer)


@pytest.mark.parametrize("text", ["why\n", "> ", '"', "写", "explain this\n\n", "?"])
def test_looking_for_the_prompt_takes_no_time_that_grows_with_the_square(text):
    few, many = (text * (chars // len(text)) for chars in (20_000, 200_000))
    asked = [(folded(text), folded("why " + text), "Why " + text) for text in (few, many)]
    assert growth(lambda: repeats(*asked[0]), lambda: repeats(*asked[1]), 10) < LINEAR
    asked = [(folded(text), folded(text)[:-1], text) for text in (few, many)]
    assert growth(lambda: repeats(*asked[0]), lambda: repeats(*asked[1]), 10) < LINEAR
