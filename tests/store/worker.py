"""What the tests run in processes of their own: `worker.py task url …`. Says "ready", waits for a line, then begins."""

import sys
from pathlib import Path

from lab.messages import Message
from lab.store import events, open_store, restore, versions
from lab.types import Decision, Expert, Layer, RouterConfig, Timings


def say(word: str) -> None:
    """Print a line that the test sees at once."""
    print(word, flush=True)


def opening(url: str) -> None:
    """Open the database, then say so."""
    open_store(url).close()
    say("opened")


def seeding(url: str) -> None:
    """Seed the store and say which version is live."""
    config = RouterConfig("semantic", (Expert("a", utterances=("hello",)),), fallback="a")
    say(versions.seed(open_store(url), config, "minilm-1").id)


def recording(url: str, version: str, prefix: str, count: str) -> None:
    """Record events and say the id of each when it is acknowledged."""
    store = open_store(url)
    for number in range(int(count)):
        decision = Decision(f"{prefix} {number}", "a", Layer.FALLBACK, None, None, (), Timings())
        event = events.record(
            store,
            f"{prefix}-{number}",
            source="bulk",
            conversation=[Message("user", decision.prompt)],
            decision=decision,
            router_version_id=version,
            encoder_fingerprint="minilm-1",
        )
        say(event.id)


def holding(url: str) -> None:
    """Read from the database and keep it open until a line comes."""
    store = open_store(url)
    versions.live(store)
    say("opened")
    sys.stdin.readline()


def restoring(folder: str, *sources: str) -> None:
    """Restore these backups in turn, for ever, and say so each time."""
    while True:
        for source in sources:
            restore.restore(Path(source), data_dir=Path(folder))
            say("restored")


_TASKS = {"open": opening, "seed": seeding, "record": recording, "hold": holding, "restore": restoring}

if __name__ == "__main__":
    say("ready")
    sys.stdin.readline()
    _TASKS[sys.argv[1]](*sys.argv[2:])
