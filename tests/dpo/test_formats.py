"""Every format against files that were read over by a person, and what must hold for any row."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.json as pj
import pyarrow.parquet as pq
import pytest
from export_rows import CARD, FOREIGN, LIKED, LONG, PLAIN, ROWS, any_row
from hypothesis import given

from lab.dpo.formats import FORMATS, Choice, checked, choice, named, preview, schema_of, write
from lab.dpo.formats.lines import line_of
from lab.errors import ExportError
from lab.messages import Message

GOLDEN = Path(__file__).parent / "golden"
ALL = [(form.name, container) for form in FORMATS.values() for container in form.containers]
PAIRS = [name for name, form in FORMATS.items() if form.holds_pairs]
# what a trainer takes for something else; a format that wants one is named beside it
TAKEN = {"image": (), "images": (), "tools": (), "margin": (), "label": ("kto",), "completion": ("kto",),
         "messages": ("axolotl", "sft")}  # fmt: skip


def shown(path: Path) -> str:
    """The text of a file; of a Parquet file its schema and its rows."""
    if path.suffix != ".parquet":
        return path.read_bytes().decode()
    table = pq.read_table(path, partitioning=None)
    return (
        "\n".join([str(table.schema.remove_metadata()), *(line_of(row).decode() for row in table.to_pylist())]) + "\n"
    )


def golden_of(name: str, container: str) -> str:
    return f"{name}.{container}{'.txt' if container == 'parquet' else ''}"


@pytest.mark.parametrize(("name", "container"), ALL)
def test_files_are_what_somebody_read_over(tmp_path, name, container):
    written = write(ROWS, [LIKED], [Choice(name, container)], tmp_path / "out", CARD)
    data = [path for path in written.files if Path(path).name.startswith("train")]
    assert shown(tmp_path / "out" / data[0]) == (GOLDEN / golden_of(name, container)).read_bytes().decode()
    assert len(data) == 1


@pytest.mark.parametrize(
    ("name", "path"),
    [("llamafactory", "llamafactory/dataset_info.json"), ("hf", "hf/README.md"), ("kto", "rows.jsonl")],
)
def test_files_beside_them_are_too(tmp_path, name, path):
    write(ROWS, [LIKED], [choice(name)], tmp_path / "out", CARD)
    assert shown(tmp_path / "out" / path) == (GOLDEN / Path(path).name).read_bytes().decode()


@pytest.mark.parametrize(("name", "container"), ALL)
def test_a_preview_is_what_the_file_holds(tmp_path, name, container):
    write(ROWS, [LIKED], [Choice(name, container)], tmp_path / "out", CARD)
    (path,) = (tmp_path / "out" / name).rglob("train*")
    seen = preview(name, container, [*ROWS, LIKED])
    if container == "parquet":
        assert list(map(json.loads, seen.splitlines())) == pq.read_table(path, partitioning=None).to_pylist()
    else:
        assert seen == shown(path)


def test_a_preview_of_nothing_is_empty():
    assert preview("trl", "jsonl", []) == ""
    assert preview("trl", "json", [LIKED]) == ""


# ------------------------------------------------------------------------------------------------- what rows become


def user(text):
    return {"role": "user", "content": text}


def assistant(text):
    return {"role": "assistant", "content": text}


SYSTEM = {"role": "system", "content": "Answer in one word."}
ASKED = [SYSTEM, user("What is 2 + 2?")]
GOOD, BAD = assistant("Four"), assistant("It is four, as everybody knows.")
TALK = [user("Hi"), assistant("Hello!"), user("Name a river.")]


@pytest.mark.parametrize(
    ("name", "objects"),
    [
        ("trl", [{"prompt": ASKED, "chosen": [GOOD], "rejected": [BAD]}]),
        ("reward", [{"chosen": [*ASKED, GOOD], "rejected": [*ASKED, BAD]}]),
        ("kto", [{"prompt": ASKED, "completion": [GOOD], "label": True},
                 {"prompt": ASKED, "completion": [BAD], "label": False}]),
        ("llamafactory", [{"conversations": [{"from": "human", "value": "What is 2 + 2?"}],
                           "system": "Answer in one word.", "chosen": {"from": "gpt", "value": "Four"},
                           "rejected": {"from": "gpt", "value": "It is four, as everybody knows."}}]),
        ("axolotl", [{"messages": ASKED, "chosen": GOOD, "rejected": BAD}]),
        ("openai", [{"input": {"messages": ASKED}, "preferred_output": [GOOD], "non_preferred_output": [BAD]}]),
        ("sft", [{"messages": [*ASKED, GOOD]}]),
    ],
)  # fmt: skip
def test_a_pair_becomes_what_the_trainer_reads(name, objects):
    assert named(name).objects(PLAIN) == objects


def test_the_hub_has_what_trl_has_and_where_it_comes_from():
    (row,) = named("hf").objects(LONG)
    (plain,) = named("trl").objects(LONG)
    assert plain == {"prompt": TALK, "chosen": [assistant("The Rhine")], "rejected": [assistant("A mountain")]}
    assert {name: row[name] for name in plain} == plain
    assert row["row_hash"] == LONG.hash
    assert (row["duel_id"], row["query_type"], row["strength"], row["adjudicated"]) == ("duel-2", None, None, True)


@pytest.mark.parametrize(
    ("likes", "dislikes", "labels"),
    [(True, True, [True, False]), (False, True, [False]), (True, False, [True]), (False, False, [])],
)  # fmt: skip
def test_kto_takes_the_sides_that_no_other_pair_contradicts(likes, dislikes, labels):
    row = replace(PLAIN, likes_chosen=likes, dislikes_rejected=dislikes)
    assert [one["label"] for one in named("kto").objects(row)] == labels


def test_an_answer_with_a_thumb_stands_in_kto_alone():
    (row,) = named("kto").objects(replace(LIKED, liked=False))
    assert row == {"prompt": [user("Tell me a joke.")], "completion": [assistant("Knock, knock.")], "label": False}
    assert [name for name, form in FORMATS.items() if form.objects(LIKED)] == ["kto"]


@pytest.mark.parametrize("roles", ["uu", "aua", "au", "uauu", "uaau"])
def test_llama_factory_gets_no_row_that_it_would_skip(roles):
    turns = tuple(Message("user" if role == "u" else "assistant", role) for role in roles)
    assert named("llamafactory").objects(replace(PLAIN, turns=turns)) == []
    assert len(named("trl").objects(replace(PLAIN, turns=turns))) == 1


def test_llama_factory_has_a_system_column_in_every_row():
    assert [named("llamafactory").objects(row)[0]["system"] for row in (PLAIN, LONG)] == ["Answer in one word.", ""]


def test_axolotl_gets_stripped_answers_and_no_blank_one():
    (row,) = named("axolotl").objects(replace(PLAIN, chosen="\n Four \n"))
    assert row["chosen"] == GOOD
    assert named("axolotl").objects(replace(PLAIN, rejected=" \n")) == []


@pytest.mark.parametrize("name", FORMATS)
def test_columns_are_the_trainers_own(name):
    form = FORMATS[name]
    for row in (*ROWS, LIKED):
        for one in form.objects(row):
            assert list(one) == list(form.columns)
            pa.RecordBatch.from_pylist([one], schema=schema_of(form.columns)).validate(full=True)
    assert [column for column, allowed in TAKEN.items() if column in form.columns and name not in allowed] == []


@given(any_row())
def test_any_row_is_the_same_after_it_was_written_and_read(row):
    for name, form in FORMATS.items():
        objects = form.objects(row)
        lines = preview(name, form.containers[0], [row])
        read = json.loads(lines) if lines.startswith("[") else [json.loads(line) for line in lines.split("\n") if line]
        assert (read if lines else []) == objects
        table = pa.Table.from_pylist(objects, schema=schema_of(form.columns))
        assert table.to_pylist() == objects


# ------------------------------------------------------------------------------------------------------------- lines


AWKWARD = 'a\u2028b\u2029c\x85d\ne\rf\x0bg\x0ch\x1ci\x1dj\x1ek\r\n"l\\m\x7f\ufeff\u200b日本語👍🏽'

READERS = {
    "str.splitlines": lambda data: data.decode().splitlines(),
    "bytes.splitlines": lambda data: data.splitlines(),
    "a text file": lambda data: io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"),
    "a binary file": lambda data: io.BytesIO(data),
    "split at newlines": lambda data: data.decode().rstrip("\n").split("\n"),
}


@pytest.mark.parametrize("reader", READERS)
def test_no_text_breaks_a_line_for_any_reader_of_lines(reader):
    data = preview("trl", "jsonl", [replace(PLAIN, chosen=AWKWARD), PLAIN]).encode()
    read = [json.loads(line) for line in READERS[reader](data)]
    assert [row["chosen"][0]["content"] for row in read] == [AWKWARD, "Four"]


def test_no_text_breaks_a_line_for_arrow_and_pandas():
    data = preview("trl", "jsonl", [replace(PLAIN, chosen=AWKWARD), PLAIN]).encode()
    for read in (
        pj.read_json(io.BytesIO(data)).to_pylist(),
        pd.read_json(io.BytesIO(data), lines=True).to_dict("records"),
    ):
        assert [row["chosen"][0]["content"] for row in read] == [AWKWARD, "Four"]


def test_other_text_stands_as_it_is():
    assert line_of({"ä": "日本語 👍🏽 é"}).decode() == '{"ä":"日本語 👍🏽 é"}'
    assert json.loads(line_of({"a": FOREIGN.turns[0].content}))["a"] == FOREIGN.turns[0].content


@pytest.mark.parametrize("value", ["a\ud83d", {1, 2}, object()])
def test_what_json_has_no_word_for_is_refused(value):
    with pytest.raises(TypeError):
        line_of({"text": value})


# ------------------------------------------------------------------------------------------------------- the registry


def test_the_formats_in_their_order():
    assert list(FORMATS) == ["trl", "reward", "kto", "llamafactory", "hf", "axolotl", "openai", "sft"]
    assert [name for name, form in FORMATS.items() if form.main] == ["trl", "reward", "kto", "llamafactory", "hf"]
    assert PAIRS == ["trl", "reward", "llamafactory", "hf", "axolotl", "openai"]
    assert all(form.title and form.readers.endswith(".") for form in FORMATS.values())


@pytest.mark.parametrize(
    ("given_word", "made"),
    [("trl", Choice("trl", "jsonl")), ("hf", Choice("hf", "parquet")), (" kto:parquet ", Choice("kto", "parquet")),
     ("llamafactory", Choice("llamafactory", "json"))],
)  # fmt: skip
def test_a_word_of_the_shell_is_a_choice(given_word, made):
    assert choice(given_word) == made


@pytest.mark.parametrize(
    ("given_word", "words"),
    [("dpo", r"'dpo' is no format\. Take one of: trl, reward"),
     ("hf:jsonl", r"not written as 'jsonl'\. Take one of: parquet"),
     ("trl:csv", "one of: jsonl, json, parquet"), ("", "is no format")],
)  # fmt: skip
def test_another_word_is_refused(given_word, words):
    with pytest.raises(ExportError, match=words):
        choice(given_word)


def test_one_format_comes_in_one_container():
    assert len(checked([choice("trl"), choice("trl"), choice("hf")])) == 2
    with pytest.raises(ExportError, match=r"TRL DPO is chosen as jsonl and as parquet\. Take one of the two"):
        checked([choice("trl"), choice("trl:parquet")])
    with pytest.raises(ExportError, match=r"No format is chosen\. Take one or more of: trl,"):
        checked([])
