"""Set-up for `make`: a `.venv` with everything in it and a prepared encoder. Standard library only, done once.

    python3 lab/install.py [--tests | --bench]

What is installed is noted in a stamp, written last: a set-up that was killed or that failed is repeated, and one that
is whole costs a look at the stamp. TORCH_INDEX names a package index to take torch from (for the CPU-only build).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAB = ROOT / "requirements.txt"
TESTS = ROOT / "tests" / "requirements.txt"
BENCH = ROOT / "tests" / "bench" / "requirements.txt"


def main(arguments: list[str]) -> int:
    """Install what is asked for; return the exit status."""
    if sys.version_info < (3, 11):
        print(
            f"The lab needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}. "
            "Run `make PYTHON=python3.11 run` with a newer one.",
            file=sys.stderr,
        )
        return 1
    with (ROOT / "Makefile").open() as lock:  # two `make` at once take turns
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            if "--bench" in arguments:
                _environment(ROOT / ".venv-bench", [BENCH])
            else:
                _environment(ROOT / ".venv", [LAB])
                if "--tests" in arguments:
                    _environment(ROOT / ".venv", [TESTS])
        except subprocess.CalledProcessError as err:
            print(f"\nSet-up stopped: {err}.\nWhat it says above is the reason; run the same command again to go on.")
            return 1
    return 0


def _environment(venv: Path, requirements: list[Path]) -> None:
    for file in requirements:
        stamp = venv / f".installed-{_slug(file)}"
        wanted = {"requirements": hashlib.sha256(file.read_bytes()).hexdigest(), "python": sys.version}
        if _read(stamp) == wanted and (venv / "bin" / "python").exists():
            continue
        stamp.unlink(missing_ok=True)
        _make(venv)
        _install(venv, file)
        if file == LAB:
            _step("Preparing the encoder", [str(venv / "bin" / "python"), "-m", "lab", "prepare"])
        stamp.write_text(json.dumps(wanted))


def _slug(file: Path) -> str:
    return "-".join(file.relative_to(ROOT).with_suffix("").parts)


def _read(stamp: Path) -> object:
    try:
        return json.loads(stamp.read_text())
    except (OSError, ValueError):
        return None


def _make(venv: Path) -> None:
    python = venv / "bin" / "python"
    whole = python.exists() and subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0
    if not whole:
        shutil.rmtree(venv, ignore_errors=True)
        _step(f"Making {venv.name}", [sys.executable, "-m", "venv", str(venv)])


def _install(venv: Path, file: Path) -> None:
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check"]
    torch = [line.split("#")[0].strip() for line in file.read_text().splitlines() if line.startswith("torch==")]
    rest = file
    if torch:
        if _has_torch(venv):
            print("A torch is already there; it is kept.", flush=True)
        else:
            index = os.environ.get("TORCH_INDEX")
            source = ["--index-url", index] if index else []
            _step("Installing torch", [*pip, *source, *torch])
        rest = venv / f"requirements-{_slug(file)}.txt"
        rest.write_text("".join(line for line in file.read_text().splitlines(True) if not line.startswith("torch==")))
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    _step(f"Installing {file.relative_to(ROOT)} (minutes, the first time)", [*pip, *quiet, "-r", str(rest)])


def _has_torch(venv: Path) -> bool:
    probe = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"
    return subprocess.run([venv / "bin" / "python", "-c", probe]).returncode == 0


def _step(what: str, command: list[str]) -> None:
    print(f"{what} …", flush=True)
    subprocess.run(command, check=True, cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
