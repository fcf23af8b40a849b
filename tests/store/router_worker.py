"""What tests of drafts and adopting run in processes of their own; says "ready", waits for a line, then begins."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lab.errors import VersionConflict
from lab.store import drafts, open_store, versions
from lab.types import RouterConfig

ROOT = Path(__file__).parents[2]


@contextmanager
def working(count: int, *arguments: str) -> Iterator[list["subprocess.Popen[str]"]]:
    """Start this file in `count` processes that begin at once; whoever is not done at the end is killed."""
    command = [sys.executable, "-W", "error", __file__, *arguments]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    processes = [subprocess.Popen([*command, str(n)], **streams, text=True, env=env) for n in range(count)]  # type: ignore[call-overload]
    try:
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def say(word: str) -> None:
    """Print a line that the test sees at once."""
    print(word, flush=True)


def with_pattern(config: RouterConfig, pattern: str) -> RouterConfig:
    """Return the configuration with one more pattern of its first expert."""
    first, *others = config.experts
    return replace(config, experts=(replace(first, patterns=(*first.patterns, pattern)), *others))


def editing(url: str, count: str, worker: str) -> None:
    """Add patterns to the draft one by one, and say each when it is acknowledged."""
    store = open_store(url)
    base = versions.live(store)
    assert base is not None
    for number in range(int(count)):
        pattern = f"worker {worker} edit {number}"
        drafts.edit(store, pattern, lambda config, added=pattern: with_pattern(config, added), pattern, base=base)
        say(pattern)


def adopting(url: str, expected_live_id: str, worker: str) -> None:
    """Adopt a router of this process's own and say how it went."""
    store = open_store(url)
    mine = with_pattern(versions.get(store, expected_live_id).config, f"of worker {worker}")
    try:
        adopted = versions.adopt(
            store, f"by {worker}", mine, "minilm-1", expected_live_id=expected_live_id, name=f"of worker {worker}"
        )
        say(f"adopted {adopted.id}")
    except VersionConflict as err:
        say(str(err))


if __name__ == "__main__":
    say("ready")
    sys.stdin.readline()
    {"edit": editing, "adopt": adopting}[sys.argv[1]](*sys.argv[2:])
