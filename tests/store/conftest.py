"""A store on SQLite and on PostgreSQL."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import empty_database
import pytest
from postgres_server import database

from lab.messages import Message
from lab.records import Event, RouterVersion
from lab.store import Store, events, open_store, versions
from lab.types import Decision, Expert, Layer, Match, RouterConfig, Timings, new_id

ROOT = Path(__file__).parents[2]
Recorder = Callable[..., Event]
Worker = Callable[..., "subprocess.Popen[str]"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test of the store on both kinds of database; one that is about the file of SQLite on that alone."""
    if "url" in metafunc.fixturenames:
        kinds = ["sqlite"] if "file" in metafunc.fixturenames else ["sqlite", "postgresql"]
        metafunc.parametrize("url", kinds, indirect=True)


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database with the lab's tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{empty_database.put_into(tmp_path)}"
    else:
        with database(request.getfixturevalue("postgres")) as address:
            yield address


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An open store without rows."""
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def config() -> RouterConfig:
    """A router of two experts."""
    experts = (Expert("professor", patterns=("proof",), utterances=("prove it",)), Expert("zoomer", threshold=0.3))
    return RouterConfig("hybrid", experts, fallback="zoomer")


@pytest.fixture
def version(store: Store, config: RouterConfig) -> RouterVersion:
    """The live version of the store."""
    return versions.seed(store, config, "minilm-1")


@pytest.fixture
def record(store: Store, version: RouterVersion) -> Recorder:
    """Record one event; the arguments are what differs from the next."""

    def record_one(prompt: str = "Is this proof right?", **changes: object) -> Event:
        decided: dict[str, object] = {
            "expert": "professor",
            "layer": Layer.KEYWORD,
            "score": 0.1 + 0.2,
            "margin": None,
            "matches": (Match("professor", "proof", 8, 13),),
            "timings": Timings(keyword_ms=0.01),
        }
        decided |= {name: changes.pop(name) for name in list(changes) if name in decided}
        arguments: dict[str, object] = {
            "source": "page",
            "conversation": (Message("user", prompt),),
            "router_version_id": version.id,
            "encoder_fingerprint": "minilm-1",
            **changes,
        }
        event_id = arguments.pop("event_id", None) or new_id()
        return events.record(store, event_id, decision=Decision(prompt=prompt, **decided), **arguments)  # type: ignore[arg-type]

    return record_one


@pytest.fixture
def worker() -> Iterator[Worker]:
    """Start `worker.py` in a process of its own; it says "ready" and waits for a line before it begins."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-W", "error", str(Path(__file__).with_name("worker.py")), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
            process.communicate()


@pytest.fixture
def race(worker: Worker) -> Callable[..., list[list[str]]]:
    """Run `worker.py` with these arguments in `count` processes that begin at once; return the lines of each."""

    def run(count: int, *arguments: str) -> list[list[str]]:
        processes = [worker(*arguments) for _ in range(count)]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [process.communicate()[0].splitlines() for process in processes]
        assert [process.returncode for process in processes] == [0] * count
        return said

    return run


@pytest.fixture
def file(store: Store) -> Path:
    """The database file of the store; tests that ask for it do not run on a server, which has none."""
    assert store.address.path is not None
    return store.address.path


@pytest.fixture
def unprivileged() -> Callable[[], AbstractContextManager[None]]:
    """Run a block as nobody when the tests run as root, whom no permission stops."""

    @contextmanager
    def run() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)

    return run


@pytest.fixture
def open_folder(file: Path, store: Store, record: Recorder) -> Iterator[Path]:
    """A folder, not in the private tmp_path, that anybody may write, and in it a database that nobody may."""
    record()
    store.close()
    folder = Path(tempfile.mkdtemp())
    shutil.copy(file, folder / "lab.db")
    (folder / "lab.db").chmod(0o444)
    folder.chmod(0o777)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def closed_folder(open_folder: Path) -> Path:
    """A folder that nobody may write, with a database of one event in it."""
    open_folder.chmod(0o555)
    return open_folder
