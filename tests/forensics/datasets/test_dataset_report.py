"""Good rows go in; each bad one is listed once, with its line, its reason and its text."""

from __future__ import annotations

import csv
import io

import pytest
from dataset_case import read
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import DatasetError
from lab.forensics.datasets import REASONS, Mapping, guess, read_bytes, sift
from lab.forensics.datasets.normalise import bare, normal
from lab.forensics.datasets.report import refuse_nothing


def faults(found, **options):
    result = sift(found, guess(found), **options)
    return list(result.prompts), [(bad.line, bad.reason) for bad in result.report.bad]


def test_every_reason_is_found():
    lines = [
        "text,label", "fine one,a", ",a", "   ,a", "Fine  ONE,a", "why not,a", "WHY not,b", "lost \ufffd char,a",
        "nul\x00 here,a", f"{'x' * 40},a", "who is it,stranger", "ragged", "good too,none",
    ]  # fmt: skip
    good, bad = faults(read(*lines), experts={"a", "b"}, max_prompt_chars=30)
    assert good == ["fine one", "good too"]
    assert bad == [
        (3, "empty"), (4, "empty"), (5, "duplicate"), (6, "contradictory"), (7, "contradictory"), (8, "encoding"),
        (9, "encoding"), (10, "overlong"), (11, "unknown expert"), (12, "ragged"),
    ]  # fmt: skip


def test_details_say_what_and_where():
    found = read("text,label", "one,a", "ONE,a", "two,a", "two,b", "two,", "x\ufffd,a", "three,stranger", name="f.csv")
    report = sift(found, guess(found), experts={"a", "b"}).report
    assert [bad.detail for bad in report.bad] == [
        "the same as line 2",
        *["the same prompt is labelled 'a' and 'b'"] * 3,
        "the prompt holds U+FFFD, where a character was lost, at character 2",
        "the router has no expert 'stranger'",
    ]
    assert report.sentence() == (
        "1 of 7 rows of f.csv (CSV) can be used; left out: 1 encoding, 1 unknown expert, 3 contradictory, 1 duplicate."
    )
    assert list(report.by_reason) == [reason for reason in REASONS if reason in report.by_reason]


def test_any_label_goes_where_no_experts_are_named():
    assert faults(read("text,label", "a b,anything"))[1] == []


def test_an_unlabelled_twin_gives_way_to_the_labelled_one():
    found = read("text,label", "one,", "One,a", "ONE,a")
    result = sift(found, guess(found))
    assert (result.prompts, result.labels) == (("One",), ("a",))
    assert [(bad.line, bad.detail) for bad in result.report.bad] == [
        (2, "the same as line 3"), (4, "the same as line 3"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("What is it?", " what  IS\tit? ", True),
        ("ﬁne", "fine", True),  # a ligature is compatible with its letters
        ("Straße", "STRASSE", True),
        ("cafe\u0301", "café", True),
        ("what is it?", "what is it", False),  # nearly, which the groups know
        ("cafe", "café", False),
    ],
)
def test_twins_are_equal_without_case_white_space_and_compatibility_forms(one, other, same):
    found = read_bytes(f"prompt\n{one}\n{other}\n".encode(), "a.csv")
    assert (faults(found)[1] == [(3, "duplicate")]) == same


@given(st.text())
def test_normalising_twice_is_normalising_once(text):
    assert normal(normal(text)) == normal(text)
    assert bare(bare(text)) == bare(text)


def test_a_label_decoded_wrongly_is_encoding_trouble_too():
    found = read("text,label", "one,caf\ufffd", "two,ok")
    result = sift(found, Mapping("text", "label"))
    assert result.labels == ("ok",)
    assert result.report.bad[0].detail.startswith("the label holds U+FFFD")


def test_half_characters_are_listed_and_shown_without_breaking_the_list():
    found = read_bytes(b'{"text": "a\\ud800"}\n{"text": "fine"}', "a.jsonl")
    report = sift(found, guess(found)).report
    assert [(bad.line, bad.reason, bad.text) for bad in report.bad] == [(1, "encoding", "a\ufffd")]
    assert "half a character (U+D800) at character 2" in report.bad[0].detail


def test_rows_left_out_are_a_csv_file_that_runs_nothing():
    found = read("text,label", '"=HYPERLINK(""x"")",a', '"=HYPERLINK(""x"")",b', "fine,a")
    rows = list(csv.reader(io.StringIO(sift(found, guess(found)).report.to_csv().decode("utf-8-sig"))))
    assert rows[0] == ["line", "reason", "detail", "text"]
    assert rows[1][0] == "2"
    assert rows[1][3] == '\'=HYPERLINK("x")'


def test_notes_say_what_is_odd_about_a_sound_file():
    assert sift(read("text,label", "a,x", "b,x"), Mapping("text", "label")).report.notes == (
        "Every labelled row is 'x': one class cannot tell a good router from a bad one.",
    )
    assert sift(read("text", "a", "b", name="a.csv"), Mapping("text")).report.notes == (
        "2 rows without a label: label them on the Data page.",
    )


def test_one_row_is_a_dataset_and_none_is_not():
    one = read("text,label", "a,x")
    refuse_nothing(sift(one, guess(one)))
    none = read("text,label", ",x", "b\ufffd,x", name="f.csv")
    with pytest.raises(DatasetError, match=r"No row of f\.csv can be used: 1 encoding, 1 empty\."):
        refuse_nothing(sift(none, Mapping("text", "label")))


texts = st.sampled_from(["a", "A ", "b", "b\ufffd", "", "long" * 5, "c"])


@given(st.lists(st.tuples(texts, st.sampled_from(["x", "y", ""])), min_size=1, max_size=12))
def test_every_row_is_either_good_or_listed_once(rows):
    found = read("text,label", *(f'"{text}","{label}"' for text, label in rows))
    result = sift(found, Mapping("text", "label"), experts={"x"}, max_prompt_chars=10)
    lines = [bad.line for bad in result.report.bad]
    assert len(result.prompts) + len(lines) == len(rows) == result.report.rows
    assert lines == sorted(set(lines))
    assert len({normal(prompt) for prompt in result.prompts}) == len(result.prompts)
