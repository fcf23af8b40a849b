"""Set-up for `make`: done once, repeated when it was not whole, and a failed step says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lab import install


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A repository of its own, in which every command is noted instead of run."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "Makefile").touch()
    (tmp_path / "requirements.txt").write_text("torch==2.13.0  # why\nnumpy==2.4.6  # why\n")
    (tmp_path / "tests" / "requirements.txt").write_text("pytest==9.2.0  # why\n")
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "LAB", tmp_path / "requirements.txt")
    monkeypatch.setattr(install, "TESTS", tmp_path / "tests" / "requirements.txt")
    return tmp_path


class Runs:
    """Stands for subprocess.run: notes commands, makes what `venv` makes, and fails where a test says."""

    def __init__(self, has_torch=False, failing=""):
        self.commands: list[str] = []
        self.has_torch, self.failing = has_torch, failing

    def __call__(self, command, check=False, **_):
        line = " ".join(map(str, command))
        if "find_spec" in line:
            return subprocess.CompletedProcess(command, 0 if self.has_torch else 1)
        if line.endswith("-m pip --version"):
            return subprocess.CompletedProcess(command, 0)
        self.commands.append(line)
        if self.failing and self.failing in line:
            raise subprocess.CalledProcessError(1, command)
        if " -m venv " in line:
            python = Path(command[-1]) / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.touch()
        return subprocess.CompletedProcess(command, 0)


def kinds(runs):
    words = {"-m venv": "venv", "torch==": "torch", "requirements": "packages", "lab prepare": "encoder"}
    return [next(kind for mark, kind in words.items() if mark in line) for line in runs.commands]


def test_a_fresh_clone_gets_everything_in_order(place, monkeypatch):
    runs = Runs()
    monkeypatch.setattr(subprocess, "run", runs)
    assert install.main([]) == 0
    assert kinds(runs) == ["venv", "torch", "packages", "encoder"]


def test_the_second_time_does_nothing(place, monkeypatch):
    monkeypatch.setattr(subprocess, "run", Runs())
    install.main([])
    again = Runs()
    monkeypatch.setattr(subprocess, "run", again)
    assert install.main([]) == 0
    assert again.commands == []


def test_a_failed_step_is_repeated_and_named(place, monkeypatch, capsys):
    monkeypatch.setattr(subprocess, "run", Runs(failing="lab prepare"))
    assert install.main([]) == 1
    assert "run the same command again" in capsys.readouterr().out
    again = Runs(has_torch=True)
    monkeypatch.setattr(subprocess, "run", again)
    assert install.main([]) == 0
    assert kinds(again) == ["packages", "encoder"]


def test_a_changed_list_is_installed(place, monkeypatch):
    monkeypatch.setattr(subprocess, "run", Runs())
    install.main([])
    install.LAB.write_text("torch==2.13.0\nnumpy==2.5.0\n")
    again = Runs(has_torch=True)
    monkeypatch.setattr(subprocess, "run", again)
    install.main([])
    assert "packages" in kinds(again)


def test_a_torch_that_is_there_is_kept(place, monkeypatch):
    runs = Runs(has_torch=True)
    monkeypatch.setattr(subprocess, "run", runs)
    install.main([])
    assert "torch" not in kinds(runs)
    assert "torch" not in (place / ".venv" / "requirements-requirements.txt").read_text()


def test_torch_comes_from_the_index_that_is_named(place, monkeypatch):
    runs = Runs()
    monkeypatch.setattr(subprocess, "run", runs)
    monkeypatch.setenv("TORCH_INDEX", "file:///wheels")
    install.main([])
    assert [("--index-url file:///wheels" in line) for line in runs.commands] == [False, True, False, False]


def test_what_tests_need_comes_after_the_lab(place, monkeypatch):
    runs = Runs()
    monkeypatch.setattr(subprocess, "run", runs)
    install.main(["--tests"])
    assert kinds(runs)[-2:] == ["encoder", "packages"]


def test_an_old_python_is_refused_with_a_way_out(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    assert install.main([]) == 1
    assert "Python 3.11 or newer" in capsys.readouterr().err


def test_every_direct_dependency_is_pinned_and_has_its_reason():
    root = Path(install.__file__).parent.parent
    for file in (root / "requirements.txt", root / "tests" / "requirements.txt"):
        for line in file.read_text().splitlines():
            if line and not line.startswith("#"):
                requirement, reason = line.split("#")
                assert "==" in requirement
                assert reason.strip()
