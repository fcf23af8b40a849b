"""What a browser test waits for before it acts: a script that has run, and the buttons that its keys press.

After a page has come or was reloaded, the browser loads the buttons' own code last: the script is long done and the
texts stand, and a key that comes then finds nothing.
"""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

SETTLED = "[data-testid='stApp'][data-test-script-state='notRunning']"
_RUNNING = "[data-testid='stApp'][data-test-script-state='running']"
_EARLY_MS = 500  # longer than a key is taken for the prompt or duel before


def idle(page: Page) -> None:
    """Wait until the script does not run."""
    expect(page.locator(_RUNNING)).to_have_count(0)


def keys_stand(page: Page, one: Locator) -> None:
    """Wait until the script has run, this button of the keys stands, and a key is taken for what is on the screen."""
    idle(page)
    expect(one.first).to_be_visible()
    page.wait_for_timeout(_EARLY_MS)


def prompt_box(page: Page) -> Locator:
    """Wait until the Route page takes a prompt, and return its box."""
    box = page.get_by_label("Prompt", exact=True)
    expect(box).to_be_visible()
    expect(page.get_by_role("button", name="Ask every expert")).to_be_visible()
    expect(page.locator(SETTLED)).to_be_visible()
    return box


def own_troubles(page: Page) -> list[str]:
    """What the page logged; a deep link's probes for app data under its own path are Streamlit's, and harmless."""
    return [one for one in page.troubles if "404 (Not Found)" not in one]  # type: ignore[attr-defined]
