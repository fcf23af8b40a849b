"""The real app, started as a person starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def data_folder(folder: Path, encoder_cache: Path) -> Path:
    """Make a data folder in which the encoder is already prepared and the vectors of other labs are known."""
    data = folder / "data"
    data.mkdir()
    (data / "cache").symlink_to(encoder_cache)
    return data


@contextmanager
def running_lab(data: Path, *overrides: str, **env: str) -> Iterator[str]:
    """Start the pages on `data`, give their address, and end them."""
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LAB_")}
    environment |= {"LAB_DATA_DIR": str(data), "HF_HUB_OFFLINE": "1", **env}
    with (data / "app.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "lab", "app", "--port", str(port), *overrides],
            cwd=ROOT, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_for(address + "/_stcore/health", process, data / "app.log")
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            threading.Event().wait(0.1)
    raise AssertionError(f"the lab did not start:\n{log.read_text()[-3000:]}")
