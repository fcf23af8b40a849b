"""The app in a real Chromium: from the start of the process to a page one can use, from a key press to a decision."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lab.config import REPOSITORY
from tests.bench.clock import Sample
from tests.bench.data import clinc
from tests.bench.peers import prepared_data
from tests.bench.report import Missing, Row

STARTS, PROMPTS = 4, 12
VIEWPORT = {"width": 1440, "height": 1000}
TITLE = "The app in Chromium: `python -m lab app` with the encoder prepared, mock or Ollama as they are"
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
          "--disable-component-update", "--disable-sync"]  # fmt: skip
_START_S, _DECISION_S = 60.0, 30.0

_PROMPT_BOX = "textarea:visible"
IDLE = """() => document.querySelector('[data-testid="stApp"]')
    && !document.querySelector('[data-testid="stApp"][data-test-script-state="running"], [data-testid="stSkeleton"]')"""

# The page itself keeps the time: from the key to the first frame in which the new event stands in the address and its
# decision on the page. The sentence differs from the last one by its expert, its reason or its milliseconds.
_WATCH = """() => {
    const shown = () => [...document.querySelectorAll('h3')].map(one => one.innerText)
        .find(text => /layer|fallback/.test(text)) || '';
    const named = () => new URLSearchParams(location.search).get('event');
    const metric = () => [...document.querySelectorAll('[data-testid="stMetric"]')]
        .some(one => one.innerText.includes('overhead'));
    const before = [shown(), named()];
    window.benchMs = null;
    addEventListener('keydown', function pressed(event) {
        if (event.key !== 'Enter' || !event.ctrlKey) return;
        removeEventListener('keydown', pressed, true);
        const start = performance.now();
        const look = () => {
            if (metric() && shown() && shown() !== before[0] && named() !== before[1])
                window.benchMs = performance.now() - start;
            else requestAnimationFrame(look);
        };
        look();
    }, true);
}"""


def rows() -> Iterator[Row]:
    """Yield the figures of the app as a person meets it."""
    with prepared_data() as data, chromium() as browser:
        starts, presses = [], Sample(())
        for number in range(STARTS):
            with app(data) as (address, started):
                page = browser.new_page(viewport=VIEWPORT)
                starts.append(_until_interactive(page, address, started))
                if number == STARTS - 1:
                    presses = Sample([_press(page, prompt) for prompt in clinc("test")[:PROMPTS]])
                page.close()
    yield timed_row("start to interactive, new data folder", Sample(starts[:1]), 4e9)
    yield timed_row("start to interactive, later starts", Sample(starts[1:]), 4e9)
    yield timed_row("key press to decision on screen, the first prompt", Sample(presses.ns[:1]), 0.5e9)
    yield timed_row("key press to decision on screen, later prompts", Sample(presses.ns[1:]), 0.5e9)


def timed_row(what: str, sample: Sample, aim_ns: float) -> Row:
    """Return the row of something a person waits for, with its aim."""
    slowest = f", slowest {max(sample.ns) / 1e9:.2f} s" if sample.n > 1 else ""
    reached = "reached" if sample.p50 <= aim_ns else "NOT REACHED"
    return Row(
        what, f"P50 {sample.p50 / 1e9:.2f} s{slowest} (n={sample.n})", target=f"aim {aim_ns / 1e9:g} s: {reached}"
    )


@contextmanager
def chromium() -> Iterator[Any]:
    """A Chromium without a window. Raises Missing where there is none to start."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as err:
        raise Missing("playwright; run `python3 lab/install.py --tests`") from err
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    if path is None:
        raise Missing("a Chromium on the PATH; on Debian: apt-get install chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()


@contextmanager
def app(data_dir: Path) -> Iterator[tuple[str, int]]:
    """The app on a free port, with the moment (perf_counter_ns) at which its process was started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter_ns()
        process = subprocess.Popen(
            [sys.executable, "-m", "lab", "app", "--port", str(port)],
            cwd=REPOSITORY,
            env={**os.environ, "LAB_DATA_DIR": str(data_dir)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _until_answering(process, address, log)
            yield address, started
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until_answering(process: subprocess.Popen[bytes], address: str, log: Any) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        with suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
            return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    log.seek(0)
    said = log.read().decode(errors="replace").strip().splitlines()
    raise Missing(f"the app did not start: {said[-1] if said else 'it said nothing'}")


def _until_interactive(page: Any, address: str, started: int) -> int:
    """Wait for a prompt box that can be typed into on a page that has come to rest; return the nanoseconds it took."""
    from playwright.sync_api import Error

    try:
        page.goto(address, wait_until="commit")
        page.wait_for_selector(_PROMPT_BOX, timeout=_START_S * 1000)
        page.wait_for_function(IDLE, timeout=_START_S * 1000)
    except Error as err:
        raise Missing(f"the Route page did not come up: {err.message.splitlines()[0]}") from err
    return time.perf_counter_ns() - started


def _press(page: Any, prompt: str) -> int:
    """Type a prompt, press Ctrl+Enter, and return the nanoseconds until its decision is on screen."""
    from playwright.sync_api import Error

    try:
        page.locator(_PROMPT_BOX).first.fill(prompt)
        page.evaluate(_WATCH)
        page.keyboard.press("Control+Enter")
        page.wait_for_function("() => window.benchMs !== null", timeout=_DECISION_S * 1000)
        spent = page.evaluate("() => window.benchMs")
        page.wait_for_timeout(1500)  # the answer has its say before the next prompt
        page.wait_for_function(IDLE, timeout=_DECISION_S * 1000)
    except Error as err:
        raise Missing(f"no decision on screen for {prompt!r}: {err.message.splitlines()[0]}") from err
    return int(spent * 1e6)
