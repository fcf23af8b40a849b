"""`python -m lab router`: export, import into the draft, and the history; through a parser like the shell face."""

from __future__ import annotations

import argparse

import pytest
from doubles import WordEncoder, two_experts

from lab import cli_router
from lab.conf_out import from_files, from_zip
from lab.differences import differences
from lab.errors import ConfigError, NotFound
from lab.store import drafts, open_store, versions


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, shipped_once):
    """A data folder of its own, and small vectors instead of the real encoder."""
    data = tmp_path / "data"
    monkeypatch.setenv("LAB_DATA_DIR", str(data))
    monkeypatch.setattr("lab.live.load_encoder", lambda name, cache_dir: WordEncoder())
    return data


@pytest.fixture
def store(here):
    opened = open_store(data_dir=here)
    versions.seed(opened, two_experts(), "words-1", "mine")
    yield opened
    opened.close()


def run(*argv: str) -> int:
    parser = argparse.ArgumentParser()
    cli_router.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["router", *argv])
    return int(arguments.run(arguments))


def test_the_live_router_is_exported_and_imported(store, tmp_path, capsys):
    assert run("export", str(tmp_path / "out")) == 0
    assert run("export", str(tmp_path / "out.zip")) == 0
    assert capsys.readouterr().out == f'v1 "mine" is in {tmp_path / "out"}\nv1 "mine" is in {tmp_path / "out.zip"}\n'
    assert from_zip((tmp_path / "out.zip").read_bytes()) == two_experts()
    written = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.yaml"))
    assert written == ["config.yaml", "experts/professor.yaml", "experts/zoomer.yaml", "router/hybrid.yaml"]
    router = tmp_path / "out" / "router" / "hybrid.yaml"
    router.write_text(router.read_text().replace("threshold: 0.5", "threshold: 0.6"))
    assert run("import", str(tmp_path / "out")) == 0
    assert "threshold: 0.5 → 0.6. Adopt it on the Router page." in capsys.readouterr().out
    draft = drafts.current(store)
    assert draft.edits == ("imported out",)
    assert draft.config == two_experts(threshold=0.6)
    assert run("import", str(tmp_path / "out.zip")) == 0
    assert drafts.current(store).config == two_experts()
    assert "holds what v1 is already: there is nothing to adopt." in capsys.readouterr().out
    assert versions.live(store).config == two_experts()  # nothing was adopted


def test_the_draft_and_any_version_can_be_exported(store, tmp_path):
    with pytest.raises(ConfigError, match="There is no draft to export"):
        run("export", str(tmp_path / "a"), "--version", "draft")
    one = versions.live(store)
    versions.adopt(store, "a", two_experts(threshold=0.6), "words-1", expected_live_id=one.id, name="two")
    drafts.edit(store, "e", lambda _: two_experts(threshold=0.7), "edit", base=versions.live(store))
    for version, threshold in (("1", 0.5), ("2", 0.6), ("live", 0.6), ("draft", 0.7)):
        run("export", str(tmp_path / f"{version}.zip"), "--version", version)
        assert from_zip((tmp_path / f"{version}.zip").read_bytes()).threshold == threshold
    for version in ("3", "0", "v1", "9" * 30):
        with pytest.raises(ConfigError, match="No router version has the number"):
            run("export", str(tmp_path / "x.zip"), "--version", version)


def test_nothing_is_overwritten(store, tmp_path):
    with pytest.raises(ConfigError, match="is there already"):
        run("export", str(tmp_path))
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        run("export", str(tmp_path / "file" / "x.zip"))


def test_what_cannot_be_imported_leaves_no_draft(store, tmp_path):
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    (tmp_path / "latin").mkdir()
    (tmp_path / "latin" / "config.yaml").write_bytes(b"a: caf\xe9")
    for source, words in (
        ("gone", "gone cannot be read"),
        ("bad.zip", "not a zip"),
        ("latin", "latin cannot be read"),
    ):
        with pytest.raises(ConfigError, match=words):
            run("import", str(tmp_path / source))
    run("export", str(tmp_path / "out"))
    router = tmp_path / "out" / "router" / "hybrid.yaml"
    router.write_text(router.read_text().replace("threshold: 0.5", "threshold: 1.5"))
    with pytest.raises(ConfigError, match=r"router\.threshold is 1\.5"):
        run("import", str(tmp_path / "out"))
    assert drafts.current(store) is None


def test_the_history_says_what_was_live_when(store, capsys):
    one = versions.live(store)
    versions.adopt(store, "a", two_experts(threshold=0.6), "words-1", expected_live_id=one.id, name="two", note="a\nb")
    run("history")
    newest, oldest = capsys.readouterr().out.splitlines()
    assert newest.endswith(' v2 "two" · a b')
    assert oldest.endswith(' v1 "mine"')


def test_a_database_that_is_not_there_is_not_made(here, tmp_path):
    with pytest.raises(NotFound, match="There is no database"):
        run("export", str(tmp_path / "x"))
    assert not here.exists()


def test_an_import_into_an_empty_database_seeds_it_first(here, tmp_path):
    from lab.conf_out import to_files

    for path, text in to_files(two_experts()).items():
        (tmp_path / "in" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / path).write_text(text)
    run("import", str(tmp_path / "in"))
    opened = open_store(data_dir=here)
    assert versions.live(opened).name == "shipped"
    assert differences(drafts.current(opened).config, two_experts()) == ()
    assert from_files(to_files(two_experts())) == two_experts()
    opened.close()


def test_an_import_says_what_it_replaces_and_what_it_left_out_and_one_of_what_is_live_begins_no_draft(
    store, tmp_path, capsys
):
    run("export", str(tmp_path / "live.zip"))
    capsys.readouterr()
    run("import", str(tmp_path / "live.zip"))
    assert capsys.readouterr().out.endswith("holds what v1 is already: there is nothing to adopt.\n")
    assert drafts.current(store) is None
    live = versions.live(store)
    for value in (0.6, 0.7):
        drafts.edit(store, f"e{value}", lambda _, value=value: two_experts(threshold=value), "e", base=live)
    run("export", str(tmp_path / "out"))
    zoomer = tmp_path / "out" / "experts" / "zoomer.yaml"
    written = zoomer.read_text().replace("provider: auto", "provider: ollama")
    zoomer.write_text(written.replace("input: 0.0", "input: -3"))
    run("import", str(tmp_path / "out"))
    said = capsys.readouterr().out
    assert "It replaces a draft of 2 edits; Undo on the Router page brings it back." in said
    assert "The provider and price of zoomer are settings of this machine and were left as they are." in said
    assert drafts.current(store).config == two_experts()


def test_a_name_that_would_steer_a_terminal_is_shown_without(store, capsys):
    versions.rename(store, versions.live(store).id, "a\x1b[31mb\u202ec")
    run("history")
    assert 'v1 "a[31mbc"' in capsys.readouterr().out
