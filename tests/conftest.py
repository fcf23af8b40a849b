"""What all tests share: an environment without surprises, a prepared encoder, the shared data, other processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import postgres_server
import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]
SHARED = (ROOT / os.environ.get("LAB_SHARED", "../shared/data")).resolve()

# At import, because huggingface_hub reads its switch when it is imported; child processes inherit all of it.
os.environ["HF_HUB_OFFLINE"] = "1"
for _name in [name for name in os.environ if name.startswith("LAB_")]:
    if _name != "LAB_SHARED" and not _name.startswith("LAB_TEST_"):
        del os.environ[_name]

settings.register_profile("lab", deadline=None)  # a busy machine is no failure
settings.load_profile("lab")

_began_session = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Choose where a PostgreSQL server of this session would be; workers get to know it through the environment."""
    config.stash[_began_session] = postgres_server.begin_session()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the server, where it was started and no worker can need it any more."""
    if config.stash.get(_began_session, False):
        postgres_server.end_session()


@pytest.fixture(scope="session")
def postgres() -> str:
    """The URL of a PostgreSQL server on which databases can be made; without one the test is skipped, in CI it fails.

    `postgres_server.database(postgres)` gives a database with the lab's tables.
    """
    reason = postgres_server.missing()
    if reason is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return postgres_server.server()


@pytest.fixture(scope="session")
def encoder_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder in which the default encoder is prepared, one for all workers of pytest.

    Who links to it shares the vectors of what was encoded before; nothing else is to be written to it.
    """
    from lab.encoders.minilm import prepare

    session = tmp_path_factory.getbasetemp()
    folder = (session.parent if "PYTEST_XDIST_WORKER" in os.environ else session) / "encoder-cache"
    prepare(folder)
    return folder


@pytest.fixture
def shipped_once(monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    """Spare each lab of a test composing the shipped configuration and loading the encoder again."""
    import shipped

    monkeypatch.setattr("lab.live.compose", shipped.composed)
    monkeypatch.setattr("lab.encoders.minilm.MiniLM", shipped.LoadedOnce)
    return shipped.composed


@pytest.fixture
def shared_file() -> Callable[[str], Path]:
    """Return the path of a file of LAB_SHARED; without it the test is skipped, in CI it fails."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            reason = f"{path} is absent; set LAB_SHARED to the folder that holds it"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        return path

    return find


@pytest.fixture
def run_python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `python -c code arguments…` in the repository, with `env` added, and return what it said."""

    def run(code: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=os.environ | env, capture_output=True, text=True, timeout=120, check=False
        )

    return run


@pytest.fixture
def start_python() -> Callable[..., subprocess.Popen[str]]:
    """Start `python -c code arguments…` in the repository; whoever starts it waits for it."""

    def start(code: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of two megabytes; skipped where none can be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here (that needs root)")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
