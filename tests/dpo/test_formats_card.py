"""The card of a dataset: YAML that the Hub reads, and foreign text that obeys nobody."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import yaml
from export_rows import CARD, ROWS
from huggingface_hub import DatasetCard
from hypothesis import given
from hypothesis import strategies as st

from lab.dpo.formats import Card, Source, choice, write
from lab.dpo.formats.card import code, plain, readme
from lab.one_line import one_line

COLUMNS = {"prompt": ("messages", "the conversation"), "votes": ("count", "votes that counted")}
HOSTILE = [
    "a: [b", "---", "a\n---\nb", "<img src=x onerror=alert(1)>", "{x: 1}", "- item", "# head", "1. one", "| a | b |",
    "![p](http://a.b/c.png)", "[l](javascript:x)", "`code`", "&lt;", "https://a.b/c", "www.a.b", "me@a.b", "*b* _i_",
    "$$x$$", "!tag", "'q' \"q\"", "null", "yes", "\u202eright to left", "\x00", "a\r\n\r\n## b", "", "   ", "~~s~~",
    "% %", "\\", "= =", "+ plus", "``", "`", "a`b``c", "|", "\\|", "ключ: значение",
]  # fmt: skip


def parts(card, splits=("train",)):
    text = readme(card, splits, COLUMNS)
    _, front, body = text.split("---\n", 2)
    return yaml.safe_load(front), body


def test_the_hub_reads_the_card():
    card = DatasetCard(readme(replace(CARD, counts={"train": 8, "test": 2}), ["train", "test"], COLUMNS))
    data = card.data.to_dict()
    assert data["license"] == "cc-by-4.0"
    assert data["size_categories"] == ["n<1K"]
    assert data["task_categories"] == ["text-generation"]
    assert data["configs"] == [
        {
            "config_name": "default",
            "data_files": [
                {"split": "train", "path": "data/train-*.parquet"},
                {"split": "test", "path": "data/test-*.parquet"},
            ],
        }
    ]
    assert data["pretty_name"] == "First pairs"
    assert {"dpo", "trl", "preference"} <= set(data["tags"])


def test_the_body_says_all_that_is_known():
    _, body = parts(replace(CARD, counts={"train": 1_200, "test": 1}), ("train", "test"))
    for words in (
        "# First pairs", "1,201 pairs of answers", "on 2026-01-02", "| train | 1,200 |", "| test | 1 |",
        "- Majority of at least 1 vote.", "- Each pair keeps the system prompt", "- 2 of 3 votes agree",
        "- The left answer won 51 %", "| `professor` | `qwen2.5:7b` | 2 | 0 | yes |", "33 % of the answers",
        "| no majority | 4 |", "- 1 pair is longer than 1,024 tokens.", "- By cluster of near-duplicate prompts",
        "| `votes` | votes that counted |", "- CC BY 4.0", "0123456789abcdef", "snapshot-1",
    ):  # fmt: skip
        assert words in body, words


def test_what_nobody_knows_is_said():
    _, body = parts(Card("", "", CARD.created, "hash"))
    for words in ("# Preferences", "0 pairs of", "## Agreement\n\nNot measured.", "## Biases\n\nNot measured.",
                  "Nobody said under which licence", "No pair was left out.",
                  "## Who wrote the answers\n\nNobody said."):  # fmt: skip
        assert words in body, words


@pytest.mark.parametrize(
    ("rows", "size"),
    [(0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (99_999, "10K<n<100K"), (100_000, "100K<n<1M"),
     (1_000_000, "1M<n<10M"), (999_999_999, "100M<n<1B"), (1_000_000_000, "n>1B")],
)  # fmt: skip
def test_size_categories_are_the_hubs(rows, size):
    assert parts(replace(CARD, counts={"train": rows}))[0]["size_categories"] == [size]


@pytest.mark.parametrize(
    ("words", "said"),
    [("mit", {"license": "mit"}), ("CC-BY-SA 4.0", {"license": "cc-by-sa-4.0"}), (" ", {"license": "unknown"}),
     ("Ours: [alone]", {"license": "other", "license_name": "ours-alone"}),
     ("许可", {"license": "other", "license_name": "in-words"})],
)  # fmt: skip
def test_a_licence_that_the_hub_does_not_know_is_another(words, said):
    front, _ = parts(replace(CARD, licence=words))
    assert {name: value for name, value in front.items() if name.startswith("license")} == said


def hostile_card(text):
    return Card(
        name=text, licence=text, created=CARD.created, hash=text, snapshot_id=text, asked=(text, text),
        agreement=(text,), biases=(text,), sources=(Source(text, text, 1, 2, False),), policy=text, losses={text: 3},
        findings=(text,), system_prompt=text, split=text, counts={"train": 5},
    )  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_is_harmless(text):
    obeys_nobody(text)


@given(st.text(alphabet=st.one_of(st.sampled_from("`|\\*_[]()<>#-+=.!:/@w$~&{}\n 1a"), st.characters()), max_size=30))
def test_any_text_is_harmless(text):
    obeys_nobody(text)


def obeys_nobody(text):
    """The YAML says the same keys, and the Markdown has the lines, headings and cells of a card with plain words."""
    front, body = parts(hostile_card(text))
    assert set(front) - {"license_name"} == set(parts(hostile_card("word"))[0]) - {"license_name"}
    assert isinstance(front["pretty_name"], str)
    assert front["configs"][0]["data_files"] == [{"split": "train", "path": "data/train-*.parquet"}]
    if not one_line(text):
        return
    outside = re.sub(r"(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)", "", body)  # code spans show what they hold
    assert not re.search(
        r"(?<!\\)[<\[\]*_|~$@]", re.sub(r"^\|.*\|$", "", outside, flags=re.MULTILINE).replace("\\\\", "")
    )
    assert not re.search(r"https?://|www\.", outside)
    headings = [line for line in body.split("\n") if line.startswith("#")]
    assert [line for line in headings if not line.startswith("# ")] == [
        "## How the pairs were made", "## Agreement", "## Biases", "## Who wrote the answers",
        "## What was left out, and what remains", "## How it was split", "## Columns", "## Licence",
        "## Where it comes from",
    ]  # fmt: skip
    for line in body.split("\n"):
        if line.startswith("|"):
            cells = len(re.split(r"(?<!\\)(?:\\\\)*\|", line)) - 2
            assert cells in (2, 5), line
    assert len(body.splitlines()) == len(parts(hostile_card("word"))[1].splitlines())


@pytest.mark.parametrize(
    ("text", "shown"),
    [("# a", r"\# a"), ("- a", r"\- a"), ("1. a", r"1\. a"), ("12) a", r"12\) a"), ("a - 1.5 %", "a - 1.5 %"),
     ("<b>", r"\<b\>"), ("x\n\ny", "x y"), ("https://a.b", r"https\://a.b"), ("qwen2.5:7b", "qwen2.5:7b"),
     ("a_b|c", r"a\_b\|c")],
)  # fmt: skip
def test_plain_text_is_shown_letter_by_letter(text, shown):
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("qwen2.5:7b", "`qwen2.5:7b`"), ("<img>", "`<img>`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("", "not known"),
     ("a|b", r"a\|b")],
)  # fmt: skip
def test_names_are_code(text, shown):
    assert code(text) == shown


def test_the_card_of_an_export_is_the_same_twice(tmp_path):
    cards = [
        (write(ROWS, [], [choice("hf")], tmp_path / name, CARD).folder / "hf/README.md").read_bytes() for name in "ab"
    ]
    assert cards[0] == cards[1]
