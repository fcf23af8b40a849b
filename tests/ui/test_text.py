"""Foreign text on a page: shown, never obeyed."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import ConfigError
from lab.one_line import steers
from lab.ui.text import answer_markdown, code, highlighted, one_line, plain, refuse_steering, sentence


class Seen(HTMLParser):
    """Collects the tags and the text that a browser would see."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def seen(html):
    parser = Seen()
    parser.feed(html)
    parser.close()
    return parser


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60)


@given(texts, st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=5))
def test_a_highlighted_prompt_is_the_prompt_letter_by_letter(text, raw):
    spans = [(start, min(start + length, len(text)), "#2F6FDE", "x: <y>") for start, length in raw if start < len(text)]
    found = seen(highlighted(text, spans))
    assert found.text == text
    assert set(found.tags) <= {"div", "mark"}


def test_overlapping_matches_of_two_experts_are_both_drawn():
    html = highlighted("yo bro explain", [(0, 14, "#2F6FDE", "professor: x"), (3, 6, "#D9822B", "zoomer: bro")])
    inner = html[html.index(">yo ") : html.index(" explain")]
    assert "#2F6FDE" in inner
    assert "#D9822B" in inner
    assert 'title="professor: x; zoomer: bro"' in html


def test_highlighted_marks_what_matched():
    assert "<mark" in highlighted("tell me a joke", [(10, 14, "#D9822B", "zoomer: joke")])
    assert ">joke</mark>" in highlighted("tell me a joke", [(10, 14, "#D9822B", "zoomer: joke")])


JOINER = "\u2060"


def test_plain_escapes_every_sign_that_markdown_knows():
    assert plain("<b>*x*</b> $1 [a](b)") == r"\<b\>\*x\*\</b\> \$1 \[a\]\(b\)"


def test_plain_keeps_apart_what_streamlit_would_turn_into_something_else():
    assert plain(":smile: -> www.x") == rf"\:{JOINER}smile\: \-{JOINER}\> www{JOINER}\.x"
    assert plain("a@b") == rf"a\@{JOINER}b"
    assert plain("llama3.2-3b: up") == r"llama3\.2\-3b\: up"


@given(texts)
def test_a_code_span_is_fenced_by_more_backticks_than_it_holds(text):
    made = code(text)
    if one_line(text):
        fence = re.match("`+", made)[0]
        assert made.endswith(fence)
        assert max(map(len, re.findall("`+", one_line(text))), default=0) < len(fence)


@pytest.mark.parametrize("name", ["a\u202eb", "a\x1b[31mb", "a\u2066b", "a\u061cb", "a\u009bb"])
def test_a_name_that_would_steer_its_line_is_shown_without_and_refused_where_it_is_typed(name):
    assert steers(name) == 1
    for shown in (plain(name), sentence(f"It is {name}."), code(name)):
        assert not any(steers(letter) == 0 for letter in shown)
    with pytest.raises(ConfigError, match=r"The name holds a character that is not seen .* at position 1"):
        refuse_steering(name, "The name")


def test_names_in_any_script_and_emoji_are_no_steering():
    for name in ("שלום", "नमस्ते", "👩‍🚀", "code-safe 2"):
        assert steers(name) is None
        assert one_line(name) == name


def test_one_line_cuts_and_drops_direction_marks():
    assert one_line("a\n\n b\u202e c") == "a b c"
    assert one_line("abcdefgh", 5) == "abcd…"


@pytest.mark.parametrize(
    "picture",
    [
        "see ![x](http://a/b.png)",
        "~~~ ![x](http://h/a.png) ~~~",
        r"\`![x](http://h/b.png)\`",
        "``![x](http://h/c.png)`",
        "$$\n```\n$$\n![x](http://h/d.png)",
        "![x][y]\n\n[y]: http://h/e.png",
        "![y]\n\n[y]: http://h/e.png",
    ],
)
def test_an_answer_loads_no_picture_whatever_it_calls_code(picture):
    assert "![" not in answer_markdown(picture)


def test_code_that_can_be_no_picture_stays_as_it_is():
    assert answer_markdown("```rust\nlet a = vec![1, 2];\n```") == "```rust\nlet a = vec![1, 2];\n```"
    assert answer_markdown("[docs](http://x) then vec![1]") == "[docs](http://x) then vec![1]"


def test_a_sentence_of_the_lab_keeps_its_code_and_addresses():
    assert sentence("No *answer* at http://127.0.0.1:1/x. Start `ollama serve`.") == (
        r"No \*answer\* at `http://127.0.0.1:1/x`\. Start `ollama serve`\."
    )
