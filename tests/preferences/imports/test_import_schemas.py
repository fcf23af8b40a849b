"""Every schema of preferences: a small row of each, and what it says."""

from __future__ import annotations

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lab.errors import DatasetError
from lab.messages import Message
from lab.preferences.imports import LikedAnswer, PreferencePair, sift_bytes

ASKED = (Message("user", "Q"),)
TALK = (Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "Q"))
PAIR = PreferencePair(ASKED, "", "good", "bad", "", "", 1)


def turn(role, content):
    return {"role": role, "content": content}


def said(by, value):
    return {"from": by, "value": value}


def parts(role, *texts):
    return {"role": role, "content": [{"type": "text", "value": text} for text in texts], "loss_weight": 0.0}


def sifted(*rows, name="rows.jsonl"):
    return sift_bytes("\n".join(map(json.dumps, rows)).encode(), name)


def only(*rows):
    """The schema and the entry of the only row."""
    found = sifted(*rows)
    assert found.report.bad == ()
    return next(iter(found.report.schemas)), next(found.entries())


PAIRS = {
    "TRL": [
        {"prompt": "Q", "chosen": "good", "rejected": "bad"},
        {"question": "Q", "chosen": "good", "rejected": "bad"},
        {"Prompt": "Q", "Chosen-Response": "good", "rejected_response": "bad", "id": 7},
    ],
    "TRL conversational": [
        {"prompt": [turn("user", "Q")], "chosen": [turn("assistant", "good")], "rejected": [turn("assistant", "bad")]},
        {"chosen": [turn("user", "Q"), turn("assistant", "good")],
         "rejected": [turn("user", "Q"), turn("assistant", "bad")]},
        {"prompt": [turn("user", "Q")], "chosen": [turn("user", "Q"), turn("assistant", "good")],
         "rejected": [turn("user", "Q"), turn("assistant", "bad")]},
    ],
    "transcripts": [{"chosen": "\n\nHuman: Q\n\nAssistant: good", "rejected": "\n\nHuman: Q\n\nAssistant: bad"}],
    "ShareGPT": [
        {"conversations": [said("human", "Q")], "chosen": said("gpt", "good"), "rejected": said("gpt", "bad")},
        {"conversations": [said("human", "Q")], "chosen": [said("gpt", "good")], "rejected": [said("gpt", "bad")]},
        {"messages": [turn("user", "Q")], "chosen": turn("assistant", "good"), "rejected": turn("assistant", "bad")},
    ],
    "Alpaca ranking": [
        {"instruction": "Q", "input": "", "chosen": "good", "rejected": "bad"},
        {"instruction": "Q", "chosen": "good", "rejected": "bad", "history": []},
    ],
    "LLaMA-Factory v1": [
        {"chosen_messages": [parts("user", "Q"), parts("assistant", "go", "od")],
         "rejected_messages": [parts("user", "Q"), parts("assistant", "bad")]},
    ],
    "OpenAI": [
        {"input": {"messages": [turn("user", "Q")], "tools": []}, "preferred_output": [turn("assistant", "good")],
         "non_preferred_output": [turn("assistant", "bad")]},
    ],
    "UltraFeedback": [
        {"prompt": "Q", "chosen": [turn("user", "Q"), turn("assistant", "good")],
         "rejected": [turn("user", "Q"), turn("assistant", "bad")], "messages": [turn("user", "other")],
         "score_chosen": 8.5, "score_rejected": 3.0},
        {"prompt": "Q", "chosen": "good", "rejected": "bad", "chosen-rating": 5, "rejected-rating": 2},
    ],
    "UltraFeedback completions": [
        {"instruction": "Q", "completions": [{"response": "bad", "overall_score": 2}, {"response": "good",
         "overall_score": "9"}, {"response": "fair", "overall_score": 5}, {"response": "best", "overall_score": None}]},
        {"prompt": "Q", "generations": ["good", "bad", "as good"], "ratings": [4, 1, 4]},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "row"), [(schema, row) for schema, rows in PAIRS.items() for row in rows], ids=lambda one: str(one)[:40]
)
def test_a_pair_of_each_schema(schema, row):
    assert only(row) == (schema, PAIR)


KTO = {
    "KTO": [
        {"prompt": "Q", "completion": "good", "label": True},
        {"prompt": [turn("user", "Q")], "completion": [turn("assistant", "good")], "label": True},
        {"prompt": "Q", "completion": "good", "label": 1},
    ],
    "LLaMA-Factory KTO": [
        {"messages": [turn("user", "Q"), turn("assistant", "good")], "label": True},
        {"conversations": [said("human", "Q"), said("gpt", "good")], "kto_tag": True},
        {"instruction": "Q", "input": "", "output": "good", "kto_tag": "true"},
    ],
}


@pytest.mark.parametrize(
    ("schema", "row"), [(schema, row) for schema, rows in KTO.items() for row in rows], ids=lambda one: str(one)[:40]
)
def test_an_answer_with_a_thumb_of_each_schema(schema, row):
    assert only(row) == (schema, LikedAnswer(ASKED, "", "good", True, "", 1))


@pytest.mark.parametrize("label", [False, 0, 0.0, "false", "0", "No"])
def test_a_thumb_that_is_down_however_it_is_written(label):
    assert only({"prompt": "Q", "completion": "good", "label": label})[1].liked is False


def test_a_talk_of_several_turns_keeps_them_in_each_notation():
    talk = [turn("user", "Hi"), turn("assistant", "Hello"), turn("user", "Q")]
    shared = [said("human", "Hi"), said("gpt", "Hello"), said("human", "Q")]
    good, bad = turn("assistant", "good"), turn("assistant", "bad")
    rows = [
        {"chosen": [*talk, good], "rejected": [*talk, bad]},
        {"prompt": talk, "chosen": [good], "rejected": [bad]},
        {"conversations": shared, "chosen": said("gpt", "good"), "rejected": said("gpt", "bad")},
        {"instruction": "Q", "chosen": "good", "rejected": "bad", "history": [["Hi", "Hello"]]},
        {"input": {"messages": talk}, "preferred_output": [good], "non_preferred_output": [bad]},
        {"chosen": "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Q\n\nAssistant: good",
         "rejected": "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Q\n\nAssistant: bad"},
    ]  # fmt: skip
    assert {only(row)[1].conversation for row in rows} == {TALK}


def test_a_system_prompt_from_its_column_or_from_the_conversation():
    sides = {"chosen": said("gpt", "good"), "rejected": said("gpt", "bad")}
    rows = [
        {"conversations": [said("human", "Q")], "system": "Be brief.", **sides},
        {"conversations": [said("system", "Be brief."), said("human", "Q")], **sides},
        {"conversations": [said("system", "Be brief."), said("human", "Q")], "system": "Be brief.", **sides},
        {"input": {"messages": [turn("developer", "Be brief."), turn("user", "Q")]},
         "preferred_output": [turn("assistant", "good")], "non_preferred_output": [turn("assistant", "bad")]},
    ]  # fmt: skip
    for row in rows:
        entry = only(row)[1]
        assert (entry.system_prompt, entry.conversation) == ("Be brief.", ASKED)
    both = only({"conversations": [said("system", "B"), said("human", "Q")], "system": "A", **sides})[1]
    assert both.system_prompt == "A\n\nB"


def test_an_input_stands_under_its_instruction():
    entry = only({"instruction": "Translate.", "input": "Bonjour", "chosen": "Hello", "rejected": "Bye"})[1]
    assert entry.conversation == (Message("user", "Translate.\nBonjour"),)


def test_who_wrote_an_answer_is_kept_where_the_file_tells():
    row = {"prompt": "Q", "chosen": "good", "rejected": "bad", "chosen-model": "a", "rejected-model": "b\u202e\n"}
    entry = only(row)[1]
    assert (entry.chosen_by, entry.rejected_by) == ("a", "b")
    rated = {"instruction": "Q", "completions": [
        {"response": "bad", "overall_score": 1, "model": "b"}, {"response": "good", "overall_score": 2, "model": "a"}
    ]}  # fmt: skip
    assert (only(rated)[1].chosen_by, only(rated)[1].rejected_by) == ("a", "b")
    apart = {"instruction": "Q", "generations": ["bad", "good"], "ratings": [1, 2], "generation_models": ["b", "a"]}
    assert (only(apart)[1].chosen_by, only(apart)[1].rejected_by) == ("a", "b")
    assert only({"prompt": "Q", "completion": "good", "label": True, "model": "a"})[1].by == "a"


def test_an_answer_is_taken_as_it_stands():
    answer = "  <b>yes</b>\r\n\x1b[31mred\x1b[0m \u202eabc \ufeff[{'role': 'user'}]\n"
    assert only({"prompt": "Q", "chosen": answer, "rejected": "bad"})[1].chosen == answer


def test_rows_of_several_schemas_in_one_file():
    found = sifted(PAIRS["TRL"][0], *PAIRS["ShareGPT"][:1], *KTO["KTO"][:1], PAIRS["OpenAI"][0])
    assert found.report.schemas == {"TRL": 1, "KTO": 1}
    assert found.report.by_reason == {"duplicate": 2}  # whichever schema says it
    assert (found.report.pairs, found.report.liked) == (1, 1)


def csv(text, name="pairs.csv"):
    found = sift_bytes(text.encode(), name)
    assert found.report.bad == ()
    return next(found.entries())


def test_a_csv_file_holds_texts_or_messages_as_json():
    assert csv("prompt,chosen,rejected\nQ,good,bad\n") == PreferencePair(ASKED, "", "good", "bad", "", "", 2)
    sides = [json.dumps([turn("user", "Q"), turn("assistant", text)]).replace('"', '""') for text in ("good", "bad")]
    assert csv(f'chosen,rejected\n"{sides[0]}","{sides[1]}"\n').conversation == ASKED
    assert csv('prompt\tcompletion\tlabel\nQ\t{"a": 1}\tFalse\n').answer == '{"a": 1}'


def test_a_csv_file_with_messages_as_python_prints_them_is_not_taken_for_texts():
    cell = str([turn("user", "Q"), turn("assistant", "good")])
    found = sift_bytes(f'prompt,chosen,rejected\nQ,"{cell}","{cell}"\n'.encode(), "pairs.csv")
    assert found.report.by_reason == {"unreadable": 1}
    assert "as Python prints them" in found.report.bad[0].detail


def parquet(rows):
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("schema", ["TRL", "TRL conversational", "ShareGPT", "LLaMA-Factory v1", "OpenAI"])
def test_a_parquet_file_of_each_shape(schema):
    found = sift_bytes(parquet([{**PAIRS[schema][0], "source": "x"}]), "pairs.parquet")
    assert (list(found.report.schemas), list(found.entries())) == ([schema], [PAIR])


def test_columns_that_other_rows_have_are_nothing_in_parquet():
    every = dict.fromkeys((*PAIRS["TRL"][0], *KTO["KTO"][0]))
    found = sift_bytes(parquet([{**every, **PAIRS["TRL"][0]}, {**every, **KTO["KTO"][0]}]), "mixed.parquet")
    assert found.report.schemas == {"TRL": 1, "KTO": 1}


def test_a_parquet_file_without_any_such_column_says_what_it_has():
    with pytest.raises(DatasetError, match="'text', 'intent'"):
        sift_bytes(parquet([{"text": "a", "intent": "b"}]), "intents.parquet")
