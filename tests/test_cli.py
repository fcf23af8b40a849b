"""`python -m lab`: one line a prompt, exit 2 and one line on bad input."""

from __future__ import annotations

import io
import json
import socket
import sqlite3

import pytest

from lab import cli


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, encoder_cache, shipped_once):
    """A data folder of its own, with the encoder already prepared."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "cache").symlink_to(encoder_cache)
    monkeypatch.setenv("LAB_DATA_DIR", str(data))
    return data


def run(capsys, *argv):
    status = cli.main(list(argv))
    out, err = capsys.readouterr()
    return status, out, err


def feed(monkeypatch, raw: bytes):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw), "utf-8"))


def test_one_json_object_a_line(capsys):
    status, out, _ = run(capsys, "route", "--json", "tell me a joke", "SELECT name FROM users WHERE id = 3;")
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert [row["expert"] for row in rows] == ["zoomer", "professor"]
    assert set(rows[0]) == {
        "expert", "layer", "score", "margin", "overhead_ms", "matches", "router_version", "prompt",
    }  # fmt: skip
    match = rows[0]["matches"][0]
    assert "tell me a joke"[match["start"] : match["end"]].lower() == "joke"
    assert rows[0]["router_version"]["origin"] == "shipped"


def test_a_sentence_without_json(capsys):
    status, out, _ = run(capsys, "route", "tell me a joke")
    assert status == 0
    assert out.startswith("zoomer (keyword, ")
    assert out.endswith("): tell me a joke\n")


def test_nothing_is_made_without_record(capsys, here):
    run(capsys, "route", "tell me a joke")
    assert sorted(path.name for path in here.iterdir()) == ["cache"]


def test_recorded_prompts_are_events(capsys, here):
    run(capsys, "route", "--record", "tell me a joke", "lol ok")
    with sqlite3.connect(here / "lab.db") as db:
        found = db.execute("SELECT prompt, source FROM routing_event ORDER BY seq").fetchall()
    db.close()
    assert found == [("tell me a joke", "cli"), ("lol ok", "cli")]


def test_json_lines_and_plain_lines_from_a_file(capsys, tmp_path):
    file = tmp_path / "prompts.jsonl"
    file.write_text('\ufeff{"prompt": "tell me a\\njoke", "id": 1}\n\nlol ok\n', encoding="utf-8")
    status, out, _ = run(capsys, "route", "--json", "--file", str(file))
    assert status == 0
    assert [json.loads(line)["prompt"] for line in out.splitlines()] == ["tell me a\njoke", "lol ok"]


def test_standard_input(capsys, monkeypatch):
    feed(monkeypatch, "tell me a joke\n¿por qué?\n".encode())
    status, out, _ = run(capsys, "route", "--json")
    assert status == 0
    assert [json.loads(line)["prompt"] for line in out.splitlines()] == ["tell me a joke", "¿por qué?"]


def test_overrides_make_an_unadopted_router(capsys):
    status, out, _ = run(capsys, "route", "--json", "-o", "router=keyword", "nothing that any pattern knows, qwxz")
    row = json.loads(out)
    assert status == 0
    assert (row["layer"], row["score"], row["router_version"]["origin"]) == ("fallback", None, "override")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["route", "  "], "The prompt is empty"),
        (["route", "x" * 40_000], "40,000 characters; the limit is 32,000"),
        (["route", "a\0b"], "NUL character at position 1"),
        (["route", "ab\ud800"], "half a character (U+D800) at position 2"),
        (["route", "--file", "/does/not/exist"], "/does/not/exist cannot be read"),
        (["route", "hi", "--file", "x"], "not both"),
        (["route", "-o", "router.threshold=1.5", "hi"], "router.threshold is 1.5"),
        (["route", "-o", "router.threshold=abc", "hi"], "could not be converted to Float"),
        (["route", "-o", "router.fallback=nobody", "hi"], "router.fallback is 'nobody', which is no expert"),
        (["route", "-o", "experts=[professor,professor]", "hi"], "'professor' stands twice"),
        (["app", "--host", "0.0.0.0"], "there is no access key"),
        (["app", "--port", "0"], "The port is 0"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(capsys, argv, words):
    status, out, err = run(capsys, *argv)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert words in err


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"prompt": 3}\n', "`prompt` is int, not text"),
        (b'{"text": "x"}\n', "no field `prompt`"),
        (b'{"prompt": "x"\n', "begins like JSON but is not"),
        (b"fine\ncaf\xe9\n", "line 2, byte 3 is not UTF-8"),
    ],
)
def test_a_bad_line_is_named(capsys, monkeypatch, raw, words):
    feed(monkeypatch, raw)
    status, _, err = run(capsys, "route")
    assert status == 2
    assert words in err


def test_a_port_in_use_is_named_with_another_to_take(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, _, err = run(capsys, "app", "--port", str(port))
    assert status == 2
    assert f"127.0.0.1:{port} cannot be listened on" in err
    assert f"PORT={port + 1}" in err


def test_a_database_of_a_newer_lab_is_refused(capsys, here):
    run(capsys, "route", "--record", "lol")
    with sqlite3.connect(here / "lab.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    status, _, err = run(capsys, "route", "lol")
    assert status == 1
    assert "lab.db" in err
    assert "newer" in err


def test_a_file_that_is_no_database_is_refused(capsys, here):
    (here / "lab.db").write_bytes(b"not a database at all, but long enough to have a header" * 20)
    status, _, err = run(capsys, "route", "--record", "lol")
    assert status == 1
    assert "lab.db" in err


def test_the_database_can_be_upgraded_by_hand(capsys, here):
    status, out, _ = run(capsys, "db", "upgrade")
    assert (status, out) == (0, "The database is up to date.\n")
    assert (here / "lab.db").exists()


def test_a_prompt_that_cannot_be_routed_is_named_by_its_line(capsys, monkeypatch):
    feed(monkeypatch, b"fine\n" + b"x" * 40_000 + b"\n")
    status, out, err = run(capsys, "route")
    assert status == 2
    assert out.count("\n") == 1
    assert err.startswith("lab: -, line 2: The prompt has 40,000 characters")


def test_json_nested_without_end_is_a_sentence(capsys, monkeypatch):
    feed(monkeypatch, b'{"prompt":' * 100_000 + b"\n")
    status, _, err = run(capsys, "route")
    assert status == 2
    assert "begins like JSON but is not" in err


def test_a_terminal_without_the_character_is_no_reason_to_stop(run_python, here):
    code = "from lab.cli import main; raise SystemExit(main(['route', 'lol \\U0001f602']))"
    done = run_python(code, PYTHONIOENCODING="ascii", LAB_DATA_DIR=str(here))
    assert done.returncode == 0, done.stderr
    assert "lol \\U0001f602" in done.stdout


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("experts.professor.provider=olama", "provider of expert 'professor' is 'olama'"),
        ("providers.mock_delay_s=-1", "providers.mock_delay_s is -1.0"),
        ("providers.ollama_url=nonsense", "nonsense"),
    ],
)
def test_a_setting_of_a_provider_that_cannot_work_stops_the_start(capsys, override, words):
    status, _, err = run(capsys, "app", override)
    assert status == 2
    assert words in err
