"""Probes: a file that says where prompts must go, read with clear sentences and run with an exit status."""

from __future__ import annotations

import argparse
import io
import json
from dataclasses import replace

import pytest
from doubles import WordEncoder, two_experts
from hypothesis import given
from hypothesis import strategies as st

from lab.cli_check import add_parser
from lab.errors import ConfigError, DatasetError, PromptError
from lab.forensics.probes import Probe, Tally, read, run, write
from lab.routing import build
from lab.store import open_store, versions
from lab.types import NONE, Layer

PROBES = [
    Probe("lol ok", "zoomer", Layer.KEYWORD, ("slang", "short"), "the one word"),
    Probe("what is entropy", "professor", tags=("science",)),
    Probe("quarterly tax return", NONE),
]


# --------------------------------------------------------------------------------------------------------- files


def test_a_file_is_one_plain_json_object_a_line():
    assert write(PROBES).decode().splitlines() == [
        '{"prompt": "lol ok", "expert": "zoomer", "layer": "keyword", "tags": ["slang", "short"], '
        '"note": "the one word"}',
        '{"prompt": "what is entropy", "expert": "professor", "tags": ["science"]}',
        '{"prompt": "quarterly tax return", "expert": "none"}',
    ]


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
word = text.map(str.strip).filter(bool)
layers = st.none() | st.sampled_from(list(Layer))


@given(
    st.lists(
        st.builds(Probe, prompt=text.filter(str.strip), expert=word, layer=layers, note=text).filter(
            lambda probe: probe.expert != NONE
        ),
        min_size=1,
        max_size=5,
        unique_by=lambda probe: probe.prompt,
    ),
    st.lists(word, max_size=3, unique=True),
)
def test_what_was_written_is_read_back(probes, tags):
    probes = [Probe(one.prompt, one.expert, one.layer, tuple(tags), one.note) for one in probes]
    assert read(write(probes)) == probes


def test_a_file_from_another_editor_is_read(tmp_path):
    file = tmp_path / "probes.jsonl"
    file.write_bytes(
        '\ufeff{"prompt": "é", "expert": " a "}\r\n\r\n{"prompt": "b", "expert": "a", "tags": null}'.encode()
    )
    assert read(file) == [Probe("é", "a"), Probe("b", "a")]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "holds no probes"),
        (b"\n \n", "holds no probes"),
        (b'{"prompt": "x", "expert": "a"}\nnot json\n', "Line 2 is not JSON"),
        (b"[" * 100_000, "Line 1 is not JSON"),
        (b'{"prompt": "x", "expert": "a"}\n\ncaf\xe9\n', "Line 3, byte 3 is not UTF-8"),
        (b"\xff\xfe{\x00", "Line 1, byte 0 is not UTF-8"),
        (b'["x"]', "Line 1 is a list, not an object"),
        (b"3", "Line 1 is a number"),
        (b'{"expert": "a"}', "Line 1 has no field `prompt`"),
        (b'{"prompt": "x"}', "Line 1 has no field `expert`"),
        (b'{"prompt": 3, "expert": "a"}', "`prompt` is a number, not text"),
        (b'{"prompt": "  ", "expert": "a"}', "Line 1: The prompt is empty"),
        (b'{"prompt": "a\\u0000", "expert": "a"}', "Line 1: The prompt holds a NUL character at position 1"),
        (b'{"prompt": "a\\ud800", "expert": "a"}', "Line 1: The prompt holds half a character"),
        (b'{"prompt": "a", "expert": "a\\ud800"}', "`expert` holds NUL or half a character"),
        (b'{"prompt": "x", "expert": " "}', "`expert` is empty"),
        (b'{"prompt": "x", "expert": "a", "layer": "L1"}', "`layer` is 'L1'; it must be one of keyword, semantic"),
        (b'{"prompt": "x", "expert": "a", "layer": ["keyword"]}', "it must be one of keyword, semantic"),
        (b'{"prompt": "x", "expert": "none", "layer": "keyword"}', "can only come about by fallback"),
        (b'{"prompt": "x", "expert": "a", "tags": "code"}', "`tags` is text, not a list"),
        (b'{"prompt": "x", "expert": "a", "tags": [1]}', "`tags` is a number"),
        (b'{"prompt": "x", "expert": "a", "tags": [""]}', "a tag is empty"),
        (b'{"prompt": "x", "expert": "a", "lable": "b"}', "Line 1 has the field 'lable'"),
        (
            b'{"prompt": "x", "expert": "a"}\n{"prompt": "x", "expert": "b"}',
            "Line 2 wants b for the prompt for which line 1 wants a",
        ),
        (
            b'{"prompt": "x", "expert": "a", "layer": "keyword"}\n{"prompt": "x", "expert": "a", "layer": "semantic"}',
            "wants a by semantic for the prompt for which line 1 wants a by keyword",
        ),
    ],
)
def test_a_line_that_cannot_be_used_is_named(raw, words):
    with pytest.raises(DatasetError) as caught:
        read(raw)
    assert words in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"nowhere\.jsonl cannot be read: No such file"):
        read(tmp_path / "nowhere.jsonl")


def test_what_could_not_be_read_back_is_not_written():
    with pytest.raises(DatasetError, match="Line 2 wants b for the prompt"):
        write([Probe("x", "a"), Probe("x", "b")])
    with pytest.raises(DatasetError, match="The prompt is empty"):
        write([Probe("", "a")])


# ------------------------------------------------------------------------------------------------------- running


def test_each_probe_says_where_it_went_and_what_is_wrong():
    router = build(two_experts(), WordEncoder())
    report = run(
        router,
        [
            *PROBES,
            Probe("lol", "professor", tags=("slang",)),
            Probe("so bored", "zoomer", Layer.KEYWORD),
            Probe("entropy", NONE, tags=("science",)),
            Probe("lol what", "poet"),
        ],
    )
    assert [result.wrong for result in report.results] == [
        None,
        None,
        None,  # the professor, as fallback: nobody claimed it
        "wants professor, went to zoomer (keyword)",
        "wants zoomer by keyword, went there by semantic",
        "wants nobody to claim it, went to professor (keyword)",
        "wants poet, and the router has no such expert",
    ]
    assert [result.expert for result in report.failed] == ["zoomer", "zoomer", "professor", "zoomer"]
    assert report.tally == Tally(3, 7)
    assert report.by_tag == {"": Tally(1, 3), "science": Tally(1, 2), "short": Tally(1, 1), "slang": Tally(1, 2)}


def test_a_prompt_that_this_router_does_not_take_is_named():
    router = build(two_experts(), WordEncoder(), max_prompt_chars=5)
    with pytest.raises(PromptError, match="Probe 2: The prompt has 6 characters; the limit is 5"):
        run(router, [Probe("lol", "zoomer"), Probe("lol ok", "zoomer")])


# --------------------------------------------------------------------------------------------------- command line


@pytest.fixture
def check(tmp_path, monkeypatch, capsys, encoder_cache, shipped_once):
    """Run `check` on a file of these lines with the shipped keyword router; return status, output and errors."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cache").symlink_to(encoder_cache)
    monkeypatch.setenv("LAB_DATA_DIR", str(tmp_path / "data"))

    def command(raw: bytes | None, *more: str) -> tuple[int, str, str]:
        path = "-"
        if raw is not None:
            path = str(tmp_path / "probes.jsonl")
            (tmp_path / "probes.jsonl").write_bytes(raw)
        parser = argparse.ArgumentParser()
        add_parser(parser.add_subparsers())
        arguments = parser.parse_args(["check", path, *more])
        return arguments.run(arguments), *capsys.readouterr()

    return command


JOKE = Probe("tell me a joke", "zoomer", Layer.KEYWORD, ("jokes",))
SQL = Probe("SELECT name FROM users WHERE id = 3;", "zoomer", tags=("code",), note="on purpose")


def test_all_passed_is_status_0(check):
    assert check(write([JOKE]), "-o", "router=keyword") == (0, "jokes: 1 of 1 passed\n1 of 1 probes passed\n", "")


def test_a_miss_is_status_1_and_a_line(check):
    status, out, err = check(write([JOKE, SQL]), "-o", "router=keyword")
    assert (status, err) == (1, "")
    assert out.splitlines() == [
        "miss: SELECT name FROM users WHERE id = 3;: wants zoomer, went to professor (keyword) [code] (on purpose)",
        "code: 0 of 1 passed",
        "jokes: 1 of 1 passed",
        "1 of 2 probes passed",
    ]


def test_json_is_one_object(check):
    status, out, _ = check(write([JOKE, SQL]), "--json")
    said = json.loads(out)
    assert (status, said["passed"], said["n"]) == (1, 1, 2)
    assert said["by_tag"]["code"] == {"passed": 0, "n": 1}
    assert [probe["passed"] for probe in said["probes"]] == [True, False]
    assert said["router_version"]["origin"] == "shipped"


def test_bad_input_is_status_2_and_one_line(check):
    status, out, err = check(b'{"prompt": "x"}')
    assert (status, out) == (2, "")
    assert err.startswith("lab: ")
    assert err.endswith("probes.jsonl: Line 1 has no field `expert`.\n")
    status, _, err = check(b"")
    assert status == 2
    assert "holds no probes" in err


def test_an_expert_that_no_version_ever_had_is_bad_input(check):
    status, out, err = check(
        write([JOKE, replace(JOKE, prompt="x", expert="zomer", layer=None)]), "-o", "router=keyword"
    )
    assert (status, out) == (2, "")
    assert "Probe 2 wants 'zomer', and there is no expert of that name in this router (professor, zoomer)" in err


def test_an_expert_that_another_version_had_is_a_miss(check, tmp_path, monkeypatch):
    store = open_store(data_dir=tmp_path / "data")
    monkeypatch.setattr("lab.live.load_encoder", lambda name, cache_dir: WordEncoder())
    one = versions.seed(store, two_experts(), "words-1", "mine")
    without = replace(two_experts(), experts=two_experts().experts[:1])
    versions.adopt(store, "a", without, "words-1", expected_live_id=one.id)
    store.close()
    status, out, _ = check(write([replace(JOKE, layer=None)]))
    assert status == 1
    assert "wants zoomer, and the router has no such expert" in out


def test_overrides_that_cannot_work_are_bad_input(check):
    with pytest.raises(ConfigError, match=r"router\.threshold is 1\.5"):  # of which `main` makes status 2
        check(write([JOKE]), "-o", "router.threshold=1.5")


def test_probes_come_from_standard_input(check, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(write([JOKE])), "utf-8"))
    assert check(None, "-o", "router=keyword")[0] == 0


def test_what_would_steer_a_terminal_is_not_printed(check):
    probe = Probe("\x1b[2J tell me a joke " + "x" * 200, "professor", tags=("a\x1bb",))
    _, out, _ = check(write([probe]), "-o", "router=keyword")
    assert "\x1b" not in out
    assert "…: wants professor" in out
