"""Layer 1: words, phrases and expressions, found whole and with their place in the original text."""

from __future__ import annotations

import sys
import unicodedata

import pytest
import re2
import slow_matcher
from hypothesis import example, given
from hypothesis import strategies as st

from lab.errors import PatternError
from lab.routing.folding import fold, is_unspaced
from lab.routing.patterns import PatternMatcher, check_patterns
from lab.types import Expert, Match


def found(text: str, *patterns: str) -> list[str]:
    """Return what matched, cut out of the original text, in order."""
    return [text[match.start : match.end] for match in matches(text, *patterns)]


def matches(text: str, *patterns: str) -> tuple[Match, ...]:
    return PatternMatcher([Expert("expert", patterns=patterns)]).find(text)


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


# ---------------------------------------------------------------------------------------------- whole words


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("class", "a first class, classical subclass Class.", ["class", "Class"]),
        ("error", "terrorism is no error", ["error"]),
        ("cap", "no cap", ["cap"]),
        ("cap", "cap", ["cap"]),
        ("lit", "lit2 2lit lit", ["lit"]),
        ("λόγος", "Ο λόγος, ΛΌΓΟΣ αλόγος λόγοςα", ["λόγος", "ΛΌΓΟΣ"]),
        ("код", "Код, кодекс, перекод и код!", ["Код", "код"]),
        ("año", "años año ANO AÑO", ["año", "AÑO"]),
        ("한국", "한국 한국어 (한국)", ["한국", "한국"]),
        ("שלום", "שלום, ושלום", ["שלום"]),
        ("नम", "नम नमी नमन", ["नम"]),  # नमी goes on with a vowel sign, which is a mark
    ],
)
def test_a_word_of_a_spaced_script_matches_whole(pattern, text, expected):
    assert found(text, pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("東京", "私は東京都に住む"),
        ("ねこ", "このねこはかわいい"),
        ("カード", "クレジットカードで"),
        ("ｶｰﾄﾞ", "ｸﾚｼﾞｯﾄｶｰﾄﾞで"),
        ("𠮷野", "家は𠮷野家"),
        ("ไทย", "ภาษาไทยง่าย"),
        ("ລາວ", "ພາສາລາວງ່າຍ"),
        ("ខ្មែរ", "ភាសាខ្មែរល្អ"),
        ("မြန်မာ", "ကျွန်တော်မြန်မာစာ"),
        ("々", "時々日々"),
    ],
)
def test_a_word_of_a_script_without_spaces_matches_anywhere(pattern, text):
    assert found(text, pattern) == [pattern] * text.count(pattern)
    assert found(text, pattern)


def test_a_latin_word_is_whole_between_japanese_letters():
    assert found("今日はpythonで書く", "python") == ["python"]
    assert found("今日はpython3で書く", "python") == []


def test_each_edge_of_a_mixed_word_follows_its_own_script():
    # the Latin edge wants a boundary, the Han edge does not
    assert found("python入門書", "Python入門") == ["python入門"]
    assert found("xpython入門書", "Python入門") == []


@pytest.mark.parametrize("neighbour", ["1", "٣", "²", "Ⅷ", "é", "\u0301", "ß", "ж", "한", "\u093f"])
def test_a_letter_digit_or_mark_beside_a_word_hides_it(neighbour):
    assert found(f"go{neighbour}", "go") == []


@pytest.mark.parametrize(
    "neighbour", ["_", "-", ".", "'", "’", "😀", "\U0001f3fd", "\u200d", "(", "$", "°", "\u200b", "か"]
)
def test_a_sign_an_underscore_or_an_emoji_beside_a_word_does_not_hide_it(neighbour):
    assert found(f"{neighbour}go{neighbour}", "go") == ["go"]


def test_an_emoji_is_a_pattern_too():
    assert found("so funny 😂😂 x", "😂") == ["😂", "😂"]
    assert found("x😂", "😂") == []  # the edge of a word: a letter stands before it


def test_patterns_with_punctuation_match_whole():
    assert found("C++ and c++, not c++11 or objc++", "c++") == ["C++", "c++"]
    assert found("use .net or asp.net", ".net") == [".net"]


# -------------------------------------------------------------------------------------------------- folding


@pytest.mark.parametrize("word", ["café", "ναΐ", "ёлка", "Ångström", "한국", "が", "কো", "வோ", "ကဥ\u102e", "ở"])
@pytest.mark.parametrize("pattern_form", [nfc, nfd])
@pytest.mark.parametrize("text_form", [nfc, nfd])
def test_composed_and_decomposed_text_are_the_same(word, pattern_form, text_form):
    text = text_form(f"x {word} y")
    assert found(text, pattern_form(word)) == [text_form(word)]


def test_every_letter_that_decomposes_folds_as_its_parts_do():
    letters = map(chr, range(sys.maxunicode + 1))
    different = [letter for letter in letters if nfd(letter) != letter and fold(nfd(letter)).text != fold(letter).text]
    assert different == []


def test_a_plain_letter_is_not_found_in_an_accented_one():
    for form in (nfc, nfd):
        assert found(form("é"), "e") == []
        assert found(form("が"), "か") == []


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("strasse", "Die STRAẞE, die straße", ["STRAẞE", "straße"]),
        ("Straße", "eine STRASSE", ["STRASSE"]),
        ("istanbul", "İstanbul", []),  # İ folds to i with a dot above, which is another letter
        ("İSTANBUL", "in i\u0307stanbul", ["i\u0307stanbul"]),
        ("fish", "ﬁsh", ["ﬁsh"]),
        ("σοφός", "ΣΟΦΌΣ", ["ΣΟΦΌΣ"]),
        ("ᾳ", "x αι y", ["αι"]),
        ("kelvin", "\u212aelvin", ["\u212aelvin"]),
        ("s", "ß", []),
        ("n", "ŉ", []),  # ŉ folds to ʼn: half of a letter is no match
    ],
)
def test_case_folding_that_changes_the_length_keeps_the_original_span(pattern, text, expected):
    assert found(text, pattern) == expected


def test_spans_after_longer_and_shorter_folds_index_the_original():
    text = "ß İ e\u0301  \n lol ﬁ"
    # ß=0 ' '=1 İ=2 ' '=3 e=4 ◌́=5 white space=6..9 l=10
    assert [(match.start, match.end) for match in matches(text, "lol", "é", "fi")] == [(4, 6), (10, 13), (14, 15)]


@pytest.mark.parametrize("apostrophe", ["'", "\u2018", "\u2019", "\u02bc", "\uff07"])
def test_curly_and_straight_apostrophes_are_the_same(apostrophe):
    text = f"I don{apostrophe}t care"
    assert found(text, "don't care") == [f"don{apostrophe}t care"]
    assert found("I don't care", f"don{apostrophe}t") == ["don't"]


@pytest.mark.parametrize("space", ["  ", "\n", "\t", " \r\n ", "\u00a0", "\u3000", "\u2028", "\u2003\u2003", "\x1f"])
def test_a_phrase_matches_across_any_white_space(space):
    text = f"oh  well:{space}knock{space}knock{space}there"
    assert found(text, "knock knock") == [f"knock{space}knock"]
    assert found("oh knock knock", f" knock{space}knock\n") == ["knock knock"]


# ------------------------------------------------------------------------------------------- several patterns


def test_overlapping_and_nested_patterns_all_match_by_position():
    text = "new york city hall"
    assert [(m.pattern, m.start, m.end) for m in matches(text, "city hall", "new york city", "york", "new")] == [
        ("new", 0, 3),
        ("new york city", 0, 13),
        ("york", 4, 8),
        ("city hall", 9, 18),
    ]


def test_the_same_pattern_at_two_experts_matches_for_both():
    experts = [Expert("a", patterns=("lol", "re: x+")), Expert("b", patterns=("LOL", "re: x+"))]
    assert set(PatternMatcher(experts).find("lol xx")) == {
        Match("a", "lol", 0, 3),
        Match("b", "LOL", 0, 3),
        Match("a", "re: x+", 4, 6),
        Match("b", "re: x+", 4, 6),
    }


def test_a_pattern_given_twice_matches_once():
    assert matches("lol", "lol", "lol") == (Match("expert", "lol", 0, 3),)


def test_without_patterns_nothing_matches():
    assert matches("anything") == ()


def test_ten_thousand_words_are_found_whole():
    words = [f"word{number}x" for number in range(10_000)]
    text = "word17x aword18x word9999x word10000x"
    assert found(text, *words, "re: w\\w+0x") == ["word17x", "word9999x", "word10000x"]


def test_a_prompt_at_the_limit_is_matched_to_its_end():
    text = "é\n" * 15_998 + "lol!"
    assert len(text) == 32_000
    assert [(m.start, m.end) for m in matches(text, "lol", "re: lol!")] == [(31_996, 31_999), (31_996, 32_000)]


# ------------------------------------------------------------------------------------------------ expressions


def test_an_expression_gives_spans_by_code_point():
    text = "😀 é 👩🏽 Ünder 42km"
    assert found(text, r"re: \d+km") == ["42km"]
    assert found(text, "re: ünd[e]r") == ["Ünder"]
    assert found(text, "re: 👩.") == ["👩🏽"]


def test_an_expression_ignores_case_unless_it_says_otherwise():
    assert found("Error ERROR error", "re: error") == ["Error", "ERROR", "error"]
    assert found("Error ERROR error", "re: (?-i:Error)") == ["Error"]
    assert found("ЖУК жук", "re: жук") == ["ЖУК", "жук"]


def test_an_expression_is_not_bound_to_whole_words():
    assert found("terrorism", "re: error") == ["error"]


def test_an_expression_reports_every_place_and_no_empty_one():
    assert found("ab aab b", r"re: a+b") == ["ab", "aab"]
    assert found("ab", r"re: \b") == []


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("re: (?=x)y", "no look-ahead"),
        ("re: (?!x)y", "no look-ahead"),
        ("re: (?<=x)y", "no look-behind"),
        (r"re: (a)\1", "no back-references"),
        ("re: (a", "missing"),
        ("re: a{2000}", "RE2 says"),
        ("re: a*", "matches the empty text"),
        ("re: ", "matches the empty text"),
        ("re: x|", "matches the empty text"),
        ("re: \ud800", "RE2 says"),
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("a\0b", "NUL"),
        ("\udc00", "half a character"),
    ],
)
def test_a_pattern_that_cannot_work_names_expert_pattern_and_reason(pattern, reason):
    with pytest.raises(PatternError) as caught:
        check_patterns("zoomer", ["fine", pattern])
    assert caught.value.expert == "zoomer"
    assert caught.value.pattern == pattern
    assert reason in str(caught.value)
    assert repr(pattern) in str(caught.value)
    with pytest.raises(PatternError):
        matches("text", pattern)


# ------------------------------------------------------------------------------------------------- properties

PIECES = [
    *"abs1٣²_'’ʼ+-.Éßẞİiıﬁσςάᾳйяk",
    *("e\u0301", "ss", "c++", "и\u0306", "\u212a", "ΐ", "i\u0307", "a\u0323\u0302"),
    *("東", "京", "か", "が", "か\u3099", "ー", "ก่", "ก", "า", "ກ", "ក្ក", "က", "ဥ", "ဥ\u102e", "々"),
    *("한", "ᄒ\u1161\u11ab", "ᄀ\u1161", "ক", "\u09c7", "\u09be", "כ", "न", "ी"),
    *(" ", "  ", "\n", "\u00a0", "\u3000 ", "😀", "👩🏽", "\u200d", "🇫🇷"),
]
FORMS = [
    str,
    str.upper,
    str.lower,
    str.swapcase,
    nfc,
    nfd,
    lambda word: word.replace(" ", "\n\t"),
    lambda word: f" {word} ",
]


@st.composite
def texts_with_words(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A text of mixed scripts, and words of which most stand in it, in another form."""
    pieces = draw(st.lists(st.sampled_from(PIECES), max_size=14))
    words = []
    for _ in range(draw(st.integers(1, 4))):
        if pieces and draw(st.booleans()):
            start = draw(st.integers(0, len(pieces) - 1))
            word = "".join(pieces[start : start + draw(st.integers(1, 4))])
        else:
            word = "".join(draw(st.lists(st.sampled_from(PIECES), min_size=1, max_size=3)))
        word = draw(st.sampled_from(FORMS))(word)
        if word.strip():
            words.append(word)
    return "".join(pieces), words


@given(texts_with_words())
@example(("x কো", ["কো"]))
@example(("ŉ", ["n"]))
def test_matches_equal_those_of_the_definition(case):
    text, words = case
    fast = {word: set() for word in words}
    for match in matches(text, *words):
        fast[match.pattern].add((match.start, match.end))
    assert fast == {word: slow_matcher.find(word, text) for word in words}


@given(texts_with_words())
def test_every_span_folds_to_its_pattern(case):
    text, words = case
    for match in matches(text, *words):
        assert slow_matcher.folded(text[match.start : match.end]) == slow_matcher.folded(match.pattern.strip())


@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(text):
    once = fold(text).text
    assert fold(once).text == once


@given(st.characters(exclude_categories=["Cs"]))
def test_a_script_without_spaces_is_told_by_its_name(character):
    # numbers and signs in these blocks may go either way: only letters and marks can join a word
    if unicodedata.category(character)[0] in "LM" and unicodedata.name(character, ""):
        name = unicodedata.name(character)
        if name.startswith(slow_matcher.UNSPACED) and not name.startswith(("CJK STROKE", "CJK RADICAL")):
            assert is_unspaced(character), name
        if name.startswith(
            ("LATIN ", "GREEK ", "CYRILLIC ", "HANGUL ", "ARABIC ", "HEBREW ", "DEVANAGARI ", "BENGALI ")
        ):
            assert not is_unspaced(character), name


ATOMS = [
    "a",
    "K",
    "é",
    "ж",
    "ß",
    "[ab]",
    "[^a]",
    r"\d",
    r"\bab",
    "x?",
    "(?:ab|é)",
    ".",
    r"\+",
    " ",
    "(?-i:A)",
    "😀",
    r"\w\w",
    "k+",
]


@given(
    st.lists(st.lists(st.sampled_from(ATOMS), min_size=1, max_size=4).map("".join), min_size=1, max_size=6),
    st.text(st.sampled_from("aAbBkK\u212aéÉжЖßẞſs0+ 😀\nx"), max_size=15),
)
def test_an_expression_among_others_matches_as_it_does_alone(expressions, text):
    options = re2.Options()
    options.case_sensitive = False
    # white space at the ends belongs to no expression
    alone = {f"re: {one}": re2.compile(one.strip(), options) for one in expressions}
    usable = {pattern: compiled for pattern, compiled in alone.items() if compiled.search("") is None}
    expected = {(pattern, *hit.span()) for pattern, one in usable.items() for hit in one.finditer(text) if hit.group()}
    assert {(match.pattern, match.start, match.end) for match in matches(text, *usable)} == expected
