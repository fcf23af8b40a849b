"""A page in windows of other sizes and colours."""

from __future__ import annotations

from contextlib import suppress

from playwright.sync_api import Error, Page, expect
from waits import SETTLED

WIDTHS = (1440, 420)
SCHEMES = ("light", "dark")
DRAWN = "scheme => getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme === scheme"
FITS = "document.documentElement.scrollWidth <= window.innerWidth"
# Two frames: the first is laid out for the window as it is now, the second is drawn after what listens to a resize.
OVER = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(
    () => done(document.documentElement.scrollWidth - window.innerWidth))))"""


def wider(page: Page, widths: tuple[int, ...] = WIDTHS) -> dict[tuple[int, str], int]:
    """Return by how many pixels the page is wider than its window, for the widths and colours in which it is.

    The page takes up another colour scheme while it is open, as it does when the system changes its own at dusk.
    """
    expect(page.locator(SETTLED)).to_be_visible()
    over = {}
    for width in widths:
        page.set_viewport_size({"width": width, "height": 1000})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.wait_for_function(DRAWN, arg=scheme)
            with suppress(Error):  # it never fits: the pixels say so
                page.wait_for_function(FITS)  # a chart follows its window a little later
            over[width, scheme] = page.evaluate(OVER)
    return {window: pixels for window, pixels in over.items() if pixels > 0}
