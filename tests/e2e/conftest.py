"""A real Chromium in front of the real app."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Error, expect
from real_lab import data_folder

expect.set_options(timeout=30_000)

# One switch names them all, so it repeats Playwright's own. The last two are pages that every window keeps ready behind
# its address bar, where nobody types: they take most of a second of a processor a window.
WITHOUT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled",
    "PreconnectToSearch", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
)  # fmt: skip
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", f"--disable-features={','.join(WITHOUT)}",
]  # fmt: skip

MOST_LINES = 80
STATE = """() => [
    'script ' + document.querySelector('[data-testid=stApp]')?.getAttribute('data-test-script-state'),
    'focus on ' + document.activeElement?.outerHTML.slice(0, 120),
    'buttons: ' + [...document.querySelectorAll('button')].filter(one => one.checkVisibility())
        .map(one => one.innerText.replace(/\\s+/g, ' ') + (one.disabled ? ' (disabled)' : '')).join(' | '),
].join('\\n')"""


@pytest.fixture
def data(tmp_path: Path, encoder_cache: Path) -> Path:
    """A data folder of its own, with the encoder already prepared."""
    return data_folder(tmp_path, encoder_cache)


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium; where there is none a user's clone skips, CI does not."""
    path = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on the PATH; .ci/run installs it")
        pytest.skip("no Chromium on the PATH: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell, where a test fails, what its page showed then: a screen that is gone cannot be asked."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and page is not None:
        report.sections.append(("page", _told(page)))
    return report


def _told(page) -> str:
    """Return the short things first: whoever prints this may cut it."""
    try:
        state = page.evaluate(STATE)
        screen = page.locator("body").aria_snapshot(timeout=5_000).splitlines()
    except Error as err:
        state, screen = str(err), []
    if len(screen) > MOST_LINES:
        half = MOST_LINES // 2
        screen = [*screen[:half], f"… {len(screen) - MOST_LINES} lines …", *screen[-half:]]
    return "\n".join([page.url, state, *dict.fromkeys(page.troubles), *page.connections, *screen])


def _follow(socket, connections: list[str]) -> None:
    def say(what: str) -> None:
        connections.append(f"{datetime.now(UTC):%H:%M:%S.%f} connection {what}")

    say(f"opened: {socket.url}")
    socket.on("close", lambda _: say("closed"))
    socket.on("socketerror", lambda error: say(f"failed: {error}"))


@pytest.fixture
def page(chromium):
    """A page; what it logs as an error, and what it cannot load, fails the test."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    one = context.new_page()
    one.set_default_timeout(30_000)
    troubles: list[str] = []
    connections: list[str] = []
    one.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    one.on("requestfailed", lambda request: troubles.append(f"not loaded: {request.url}"))
    one.on("dialog", lambda dialog: troubles.append(f"dialog: {dialog.message}"))
    one.on("websocket", lambda socket: _follow(socket, connections))
    one.troubles, one.connections = troubles, connections
    yield one
    context.close()
