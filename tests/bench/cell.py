"""A click on a cell of the heatmap, in a real Chromium, until the prompts that it gets wrong stand below."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from lab.config import load_settings
from lab.drafting import Drafting
from lab.forensics.datasets import add, guess, read_file, sift
from lab.live import Routers
from lab.store import open_store
from lab.types import NONE
from tests.bench.browser import IDLE, VIEWPORT, app, chromium, timed_row
from tests.bench.clock import Sample
from tests.bench.grid_data import clinc_rows, intents
from tests.bench.peers import prepared_data
from tests.bench.report import Missing, Row

CLICKS, AIM_NS = 9, 0.5e9
TITLE = "From a click on a cell of the heatmap to its misrouted prompts, in Chromium: CLINC150, 150 experts"
_DATASET = "clinc"
_PATIENCE_MS = 240_000.0

# The page itself keeps the time: from the press of the button to the first frame in which the title counts the prompts
# of another cell and the table has as many rows. A table is a canvas, with a grid beside it for those who cannot see.
_WATCH = """() => {
    const title = () => [...document.querySelectorAll('strong')].map(one => one.innerText)
        .find(text => text.startsWith('misrouted: ')) || '';
    const count = text => Number(text.slice('misrouted: '.length).split(' ')[0].replaceAll(',', ''));
    const grids = () => [...document.querySelectorAll('table[role="grid"]')].map(one => Number(one.ariaRowCount) - 1);
    const before = title();
    window.benchMs = null;
    addEventListener('mousedown', function pressed() {
        removeEventListener('mousedown', pressed, true);
        const start = performance.now();
        const look = () => {
            const now = title();
            if (now && now !== before && grids().includes(Math.min(count(now), 2000)))
                window.benchMs = performance.now() - start;
            else requestAnimationFrame(look);
        };
        look();
    }, true);
}"""


def rows() -> Iterator[Row]:
    """Yield the time from a click to the table, the first click apart."""
    with prepared_data() as data, chromium() as browser:
        searched = _fill(data)
        with app(data) as (address, _):
            page = browser.new_page(viewport=VIEWPORT)
            spent = Sample(_clicks(page, f"{address}/tune?dataset={_DATASET}"))
            page.close()
    what = f"click on a cell to its misrouted prompts, {searched:,} prompts"
    yield timed_row(f"{what}, the first click", Sample(spent.ns[:1]), AIM_NS)
    yield timed_row(f"{what}, later clicks", Sample(spent.ns[1:]), AIM_NS)


def _fill(data: Path) -> int:
    """Take the prompts in and make the experts the draft; return how many prompts are searched."""
    problem = intents()
    lines = [("tune", prompt, label) for prompt, label in zip(problem.prompts, problem.labels, strict=True)]
    val = [*clinc_rows("val"), *((text, NONE) for text, _ in clinc_rows("oos_val"))]
    lines += [("dev" if place % 2 else "sealed", text, label) for place, (text, label) in enumerate(val)]
    file = data / f"{_DATASET}.jsonl"
    file.write_text(
        "".join(json.dumps({"prompt": text, "label": label, "split": split}) + "\n" for split, text, label in lines)
    )
    settings = load_settings({"LAB_DATA_DIR": str(data)})
    with closing(open_store(settings.database_url, settings.data_dir)) as store:
        table = read_file(file)
        sifted = sift(table, guess(table))
        add(store, settings.data_dir, sifted, name=_DATASET)
        routers = Routers(store, settings)
        routers.live()
        routers.encoder(problem.config.encoder).encode([*sifted.prompts, *problem.texts])  # to disk, for the app
        Drafting(store, routers).edit("made of CLINC150", lambda _: problem.config)
    return sum(split == "tune" for split in sifted.splits)


def _clicks(page: Any, address: str) -> list[int]:
    """Open the page and click cells far apart, one after the other; return the nanoseconds each took."""
    from playwright.sync_api import Error

    spent = []
    try:
        page.goto(address, wait_until="commit")
        page.wait_for_selector(".js-plotly-plot .nsewdrag", timeout=_PATIENCE_MS)
        page.wait_for_function("() => document.body.innerText.includes('misrouted: ')", timeout=_PATIENCE_MS)
        for number in range(CLICKS + 1):
            page.wait_for_function(IDLE, timeout=_PATIENCE_MS)
            page.wait_for_timeout(1_500)
            plot = page.locator(".js-plotly-plot .nsewdrag").first
            plot.scroll_into_view_if_needed()
            box = plot.bounding_box()
            across, down = 0.15 + 0.7 * (number * 0.37 % 1), 0.9 - 0.6 * (number * 0.23 % 1)
            at = box["x"] + box["width"] * across, box["y"] + box["height"] * down
            page.mouse.move(*at)
            page.wait_for_timeout(300)  # the hover finds the cell first, as with a hand
            page.evaluate(_WATCH)
            page.mouse.click(*at)
            page.wait_for_function("() => window.benchMs !== null", timeout=_PATIENCE_MS)
            spent.append(int(page.evaluate("() => window.benchMs") * 1e6))
    except Error as err:
        raise Missing(f"click {len(spent) + 1} opened no cell: {err.message.splitlines()[0]}") from err
    return spent
