"""What only a browser shows of the Tune page's tabs: clicks in the matrix, on the curve and on the front."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import expect
from real_lab import data_folder, running_lab
from waits import SETTLED

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TIMING_MS = 120_000  # for 300 prompts, twice, on a busy machine
PLOT = "[data-testid='stTabs'] .js-plotly-plot"


@pytest.fixture(scope="module")
def lab(tmp_path_factory, encoder_cache):
    """One lab for the tests of this file."""
    folder = data_folder(tmp_path_factory.mktemp("tabs"), encoder_cache)
    with running_lab(folder) as address:
        yield address


def opened(page, lab, tab):
    """Open a tab by its link and wait until its figure can be clicked."""
    page.goto(f"{lab}/tune?tab={tab.replace(' ', '+')}")
    expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    page.wait_for_function(f'document.querySelector("{PLOT}")?._fullLayout?.xaxis?._length > 0')
    expect(page.locator(SETTLED)).to_be_visible()
    page.locator(PLOT).first.scroll_into_view_if_needed()


def click_at(page, across, down):
    """Click the figure where its axes have these values."""
    place = page.evaluate(
        """([selector, x, y]) => {
            const plot = document.querySelector(selector), box = plot.querySelector('.nsewdrag').getBoundingClientRect()
            return [box.x + plot._fullLayout.xaxis.l2p(x), box.y + plot._fullLayout.yaxis.l2p(y)]
        }""",
        [PLOT, across, down],
    )
    page.mouse.move(*place)
    page.mouse.click(*place)


def query(page):
    return {key: values[0] for key, values in parse_qs(urlparse(page.url).query).items()}


def test_a_cell_of_the_matrix_is_opened_wherever_it_is_clicked(page, lab):
    opened(page, lab, "Query types")
    click_at(page, 1 - 0.42, 0.0)  # the left edge of "semantic" in the row of all rows
    expect(page.get_by_text(re.compile(r"^semantic, all rows \(120\): \d+ misrouted, accuracy"))).to_be_visible()
    assert query(page)["type"] == "semantic|*"
    page.reload()
    expect(page.get_by_text(re.compile(r"^semantic, all rows \(120\): \d+ misrouted, accuracy"))).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_text("Click a cell to read the prompts that it gets wrong.")).to_be_visible()


def test_the_curve_and_the_front_open_cells_of_the_heatmap(page, lab):
    opened(page, lab, "Threshold curve")
    value = page.evaluate(
        "selector => { const found = document.querySelector(selector)._fullData.find(one => one.mode === 'markers');"
        " return [found.x[30], found.y[30]] }",
        PLOT,
    )
    click_at(page, *value)
    page.wait_for_url("**cell=0.56%2C**")
    expect(page.get_by_text(re.compile("^threshold of zoomer 0.56,"))).to_be_visible()
    page.get_by_role("tab", name="Pareto front").click()
    expect(page.get_by_text(re.compile("are beaten by nothing in accuracy"))).to_be_visible()
    page.wait_for_function(f'document.querySelector("{PLOT}")?.data?.some(one => one.name?.startsWith("front"))')
    expect(page.locator(SETTLED)).to_be_visible()
    page.locator(PLOT).first.scroll_into_view_if_needed()
    value = page.evaluate(
        "selector => { const all = document.querySelector(selector)._fullData;"
        " const front = all.find(one => one.name?.startsWith('front'));"
        " return [front.x.at(-1), front.y.at(-1)] }",
        PLOT,
    )
    click_at(page, *value)
    page.wait_for_function("!location.search.includes('cell=0.56%2C')")
    assert re.fullmatch(r"[\d.]+,[\d.]+", query(page)["cell"])


def test_a_bar_of_the_latencies_opens_its_prompts(page, lab):
    page.goto(f"{lab}/tune?tab=Latency")
    page.get_by_role("button", name="Time 300 prompts").click()
    expect(page.get_by_text(re.compile("to decide a new prompt"))).to_be_visible(timeout=TIMING_MS)
    page.wait_for_function(f'document.querySelector("{PLOT}")?._fullLayout?.xaxis?._length > 0')
    expect(page.locator(SETTLED)).to_be_visible()
    page.locator(PLOT).first.scroll_into_view_if_needed()
    at, tall, hidden = page.evaluate(  # where the cold bar stands highest above the warm one, which lies in front of it
        "selector => { const [cold, warm] = document.querySelector(selector)._fullData;"
        " const above = Array.from(cold.y, (count, place) => count - warm.y[place]);"
        " const place = above.indexOf(Math.max(...above));"
        " return [Math.log10(cold.x[place]), cold.y[place], warm.y[place]] }",
        PLOT,
    )
    click_at(page, at, (tall + hidden) / 2)
    expect(page.get_by_text(re.compile(rf"^cold, .* to .*: {tall}$"))).to_be_visible()
    assert query(page)["took"].startswith("cold,")
