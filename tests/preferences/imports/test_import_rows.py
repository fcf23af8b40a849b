"""Rows of preference files that are left out, each with its reason, and what is told of them."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.preferences.imports import REASONS, sift_bytes
from lab.preferences.imports.checks import MAX_ANSWER_CHARS, MAX_CONVERSATION_CHARS

GOOD = {"prompt": "Q", "chosen": "good", "rejected": "bad"}


def turn(role, content):
    return {"role": role, "content": content}


def report(*rows, name="rows.jsonl", **limits):
    return sift_bytes("\n".join(map(json.dumps, rows)).encode(), name, **limits).report


def fault(row):
    """The reason and the detail for which a row is left out, in a file whose other row is good."""
    found = report(GOOD, row)
    assert found.good == 1
    assert [one.line for one in found.bad] == [2]
    return found.bad[0].reason, found.bad[0].detail


Q, GOOD_TURN, BAD_TURN = turn("user", "Q"), turn("assistant", "good"), turn("assistant", "bad")
SIDES = {"chosen": [GOOD_TURN], "rejected": [BAD_TURN]}


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        ({"text": "a", "intent": "b"}, "unknown columns", "it has 'text', 'intent'"),
        ({}, "unknown columns", "it has no columns"),
        ({"prompt": "Q", "completion": "a"}, "unknown columns", "it has 'prompt', 'completion'"),
        ({"prompt": "Q", "chosen": "a", "rejected": [BAD_TURN]}, "mixed", "'chosen' is a text, 'rejected' a list"),
        ({"prompt": [Q], "chosen": "a", "rejected": "b"}, "mixed", "'prompt' is a list"),
        ({"prompt": "Q", **SIDES}, "mixed", "'prompt' is a text"),
        ({"conversations": [Q], "chosen": "a", "rejected": "b"}, "mixed", "'conversations' is a list"),
        ({"prompt": [Q], "completion": "a", "label": True}, "mixed", "'prompt' is a list, 'completion' a text"),
        ({**GOOD, "chosen": "one\x00two"}, "encoding", "the chosen answer holds NUL at character 4"),
        ({**GOOD, "prompt": "ab\ud800"}, "encoding", "turn 1 holds half a character (U+D800) at character 3"),
        ({**GOOD, "system": "\x00"}, "encoding", "the system prompt holds NUL at character 1"),
        ({"chosen": "a", "rejected": "b"}, "no user turn", "no column with the prompt"),
        ({"prompt": [turn("system", "S")], **SIDES}, "no user turn", "says nothing"),
        ({"prompt": [Q, GOOD_TURN], **SIDES}, "last turn not the user's", "turn 2, before the answer"),
        ({**GOOD, "prompt": " \n"}, "no user turn", "says nothing"),
        ({"prompt": [Q, GOOD_TURN, turn("user", " ")], **SIDES}, "empty", "last turn is blank"),
        ({**GOOD, "rejected": " \n\t"}, "empty", "nothing stands in the rejected answer"),
        ({**GOOD, "chosen": None}, "empty", "nothing stands in 'chosen'"),
        ({"prompt": [Q], "chosen": [], "rejected": [BAD_TURN]}, "empty", "'chosen' has no answer"),
        ({"messages": [Q], "label": True}, "empty", "no answer stands at the end"),
        (
            {**GOOD, "chosen": "x" * (MAX_ANSWER_CHARS + 1)},
            "overlong",
            "has 2,000,001 characters; the limit",
        ),
        ({**GOOD, "prompt": "x" * 32_001}, "overlong", "the prompt has 32,001 characters"),
        ({**GOOD, "system": "x" * MAX_CONVERSATION_CHARS}, "overlong", "the conversation has 4,000,001 characters"),
        ({**GOOD, "chosen": "Yes  SIR\n", "rejected": "yes sir"}, "equal answers", "equal answers make no duel"),
        ({**GOOD, "chosen": "caf\u00e9", "rejected": "cafe\u0301"}, "equal answers", "equal answers make no duel"),
        ({"chosen": [Q, GOOD_TURN], "rejected": [Q, GOOD_TURN]}, "equal answers", "both say the same"),
        ({**GOOD, "score_chosen": 4, "score_rejected": 4.0}, "undecided", "both answers are rated 4"),
        ({**GOOD, "chosen-rating": 2, "rejected-rating": 4.5}, "contradictory", "is rated 2, the rejected one 4.5"),
        ({"prompt": "Q", "generations": ["a", "b"], "ratings": [3, 3]}, "undecided", "all 2 answers are rated 3"),
        ({"prompt": "Q", "generations": ["a", "b"], "ratings": [3, "N/A"]}, "undecided", "a pair needs two"),
        ({"prompt": "Q", "completions": "a"}, "unreadable", "a text where a list of answers should be"),
        ({"prompt": [{"role": "tool", "content": "x"}, Q], **SIDES}, "unreadable", "written by 'tool'"),
        ({"prompt": [Q, turn("system", "S"), Q], **SIDES}, "unreadable", "stands behind other turns (message 2)"),
        ({"prompt": ["Q"], **SIDES}, "unreadable", "message 1 of 'prompt' is a text, not a message"),
        ({"prompt": 7, "chosen": "a", "rejected": "b"}, "unreadable", "'prompt' is a number"),
        ({"prompt": [turn("user", [{"type": "image_url"}])], **SIDES}, "unreadable", "no text (image_url)"),
        ({"prompt": [turn("user", 7)], **SIDES}, "unreadable", "holds a number where its text should be"),
        ({"prompt": [Q], "chosen": [turn("user", "a")], "rejected": [BAD_TURN]}, "unreadable", "written by the user"),
        ({"chosen": [Q, GOOD_TURN, Q, BAD_TURN], "rejected": [Q, BAD_TURN]}, "unreadable", "differs in 3 turns"),
        ({"prompt": "Q", "completion": "a", "label": "perhaps"}, "unreadable", "'label' is perhaps, where true"),
        ({"prompt": "Q", "completion": "a", "label": 3}, "unreadable", "'label' is 3, where true"),
        ({**GOOD, "history": ["Hi"]}, "unreadable", "'history' is no list of pairs"),
    ],
    ids=lambda one: one[:40] if isinstance(one, str) else "",
)
def test_a_row_is_left_out_with_its_reason(row, reason, detail):
    why = fault(row)
    assert why[0] == reason
    assert detail in why[1]
    assert reason in REASONS


def test_of_rows_that_judge_the_same_the_first_stays():
    found = report(GOOD, {**GOOD, "chosen": "GOOD "}, {**GOOD, "system": "other"}, {**GOOD, "prompt": "other"})
    assert [(one.line, one.reason, one.detail) for one in found.bad] == [(2, "duplicate", "the same as line 1")]
    assert found.pairs == 3


def test_the_same_pair_in_both_directions_is_left_out_wherever_it_stands():
    turned = {**GOOD, "chosen": "bad", "rejected": "good"}
    found = report(GOOD, {**GOOD, "prompt": "other"}, turned, GOOD)
    assert [(one.line, one.reason) for one in found.bad] == [(line, "contradictory") for line in (1, 3, 4)]
    assert found.bad[0].detail == "the same answers are judged both ways in lines 1, 3, 4"
    assert (found.pairs, found.schemas) == (1, {"TRL": 1})


def test_an_answer_with_both_thumbs_contradicts_itself_and_no_pair():
    up = {"prompt": "Q", "completion": "good", "label": True}
    found = report(GOOD, up, {**up, "label": False}, {**up, "completion": "other"})
    assert [(one.line, one.reason) for one in found.bad] == [(2, "contradictory"), (3, "contradictory")]
    assert (found.pairs, found.liked) == (1, 1)


def test_entries_are_the_rows_that_are_not_left_out_however_often_they_are_read():
    rows = [{**GOOD, "prompt": str(number)} for number in range(20)]
    rows[3]["chosen"], rows[7] = "", {**rows[6], "chosen": "bad", "rejected": "good"}
    found = sift_bytes(json.dumps(rows).encode(), "rows.json")
    for _ in range(2):
        assert [entry.row for entry in found.entries()] == [n for n in range(1, 21) if n not in (4, 7, 8)]
    assert [entry.row for entry in found.first] == [1, 2, 3, 5, 6, 9, 10, 11, 12]


def test_the_report_says_what_became_of_every_row():
    found = report(GOOD, {**GOOD, "chosen": "bad"}, {**GOOD, "prompt": ""}, {"prompt": "Q", "completion": "a",
                   "label": True}, {"a": 1})  # fmt: skip
    assert found.sentence() == (
        "2 of 5 rows of rows.jsonl (TRL and KTO, JSON Lines) can be used: 1 pair and 1 answer with a "
        "thumb; left out: 1 unknown columns, 1 no user turn, 1 equal answers (they make no duel)."
    )
    assert list(csv.reader(io.StringIO(found.to_csv().decode("utf-8-sig"))))[:2] == [
        ["line", "reason", "detail", "text"],
        ["2", "equal answers", "both say the same; equal answers make no duel", "Q"],
    ]


def test_the_csv_of_the_report_runs_nothing():
    found = report(GOOD, {**GOOD, "prompt": "=HYPERLINK(1)", "chosen": ""})
    assert "'=HYPERLINK(1)" in found.to_csv().decode("utf-8-sig")


def test_a_character_that_was_lost_before_is_said_and_taken():
    found = report({**GOOD, "chosen": "caf\ufffd"})
    assert found.good == 1
    assert "1 row holds U+FFFD" in found.notes[0]


def test_long_answers_and_marks_of_direction_go_in_as_they_are():
    long, steering = "x" * 50_000, "\x1b[2J\u202e\u2066 <script>alert(1)</script> \u0000"[:-1]
    row = {"prompt": steering, "chosen": long, "rejected": steering}
    found = sift_bytes(json.dumps(row).encode(), "rows.json")
    entry = next(found.entries())
    assert (entry.chosen, entry.rejected, entry.conversation[-1].content) == (long, steering, steering)


def test_the_limit_of_a_prompt_is_the_settings():
    assert report({**GOOD, "prompt": "12345"}, max_prompt_chars=4).by_reason == {"overlong": 1}


_ANSWER = st.text(max_size=12)


@given(st.lists(st.tuples(st.sampled_from(["p", "q"]), _ANSWER, _ANSWER), min_size=1, max_size=12))
def test_every_row_goes_in_or_is_listed_and_the_order_of_sides_alone_decides_nothing(rows):
    pairs = [{"prompt": prompt, "chosen": chosen, "rejected": rejected} for prompt, chosen, rejected in rows]
    turned = [{**pair, "chosen": pair["rejected"], "rejected": pair["chosen"]} for pair in pairs]
    found, other = report(*pairs), report(*turned)
    assert found.good + len(found.bad) == found.rows == len(rows)
    assert found.by_reason == other.by_reason
    assert [one.line for one in found.bad] == [one.line for one in other.bad]
