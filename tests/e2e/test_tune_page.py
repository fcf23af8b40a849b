"""What only a browser shows of the Tune page: clicks on cells, links that reopen one, downloads, the trace of a row."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import expect
from real_lab import data_folder, running_lab
from waits import SETTLED
from windows import wider

from lab.forensics.probes import read

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def lab(tmp_path_factory, encoder_cache):
    """One lab for the tests of this file."""
    folder = data_folder(tmp_path_factory.mktemp("tune"), encoder_cache)
    with running_lab(folder) as address:
        yield address


def opened(page, address):
    """Open an address of the Tune page and wait until its heatmap can be clicked."""
    page.goto(address)
    expect(page.get_by_text(re.compile("^Recommended:"))).to_be_visible()
    page.wait_for_function("document.querySelector('.js-plotly-plot')?.data?.length > 1")
    expect(page.locator(SETTLED)).to_be_visible()


def click_cell(page, across, down):
    """Click the heatmap where the axes have these values."""
    page.locator(".js-plotly-plot").first.scroll_into_view_if_needed()
    place = page.evaluate(
        """([x, y]) => {
            const plot = document.querySelector('.js-plotly-plot'), area = plot.querySelector('.nsewdrag')
            const box = area.getBoundingClientRect(), layout = plot._fullLayout
            return [box.x + layout.xaxis.l2p(x), box.y + layout.yaxis.l2p(y)]
        }""",
        [across, down],
    )
    page.mouse.move(*place)
    page.mouse.click(*place)


def query(page):
    return {key: values[0] for key, values in parse_qs(urlparse(page.url).query).items()}


def test_a_cell_that_is_clicked_opens_onto_its_prompts_and_its_link_reopens_it(page, lab):
    opened(page, f"{lab}/tune")
    title = page.get_by_text(re.compile(r"^misrouted: [\d,]+ of 239 tune rows$"))
    before = title.inner_text()
    page.get_by_role("button", name=re.compile(r"^right \d+$")).click()
    page.wait_for_url("**pair=right**")
    click_cell(page, 0.7, 0.0)
    page.wait_for_url("**cell=**")
    page.wait_for_url(lambda url: "pair=" not in url)
    assert re.fullmatch(r"0\.(69|70)\d*,0", query(page)["cell"])
    expect(title).not_to_have_text(before)
    wrong = title.inner_text()
    expect(page.get_by_text(re.compile("^threshold of zoomer 0.(69|70)"))).to_be_visible()
    link = page.url
    opened(page, link)
    expect(title).to_have_text(wrong)


def test_a_misrouted_row_opens_the_trace_of_the_route_page_and_a_change_goes_into_the_draft(page, lab):
    opened(page, f"{lab}/tune?cell=0.74%2C0")
    table = page.locator("[class*='st-key-misrouted-'] [data-testid='stDataFrame']")
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 55)
    expect(page.get_by_text("What would change it")).to_be_visible()
    page.get_by_role("button", name="put in draft").first.click()
    expect(
        page.get_by_text(re.compile(r"\d+ of 120 prompts of benchmark moves?: \d+ to the right place"))
    ).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("draft: 1 change"))).to_be_visible()


def click_count(page, place, from_right):
    """Click the confusion in one of its rows, some pixels from its left or, where that is asked, its right edge."""
    table = page.locator(".st-key-confusion [data-testid='stDataFrame']")
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    across = box["width"] - 25 if from_right else 25
    page.mouse.click(box["x"] + across, box["y"] + 52 + 35 * place)


def test_a_count_of_the_confusion_opens_its_rows_and_a_label_its_wrong_ones(page, lab):
    opened(page, f"{lab}/tune?cell=0.596%2C0")
    click_count(page, 0, from_right=True)
    expect(
        page.get_by_text(
            re.compile(r"^labelled professor, decided fallback \(professor\): \d+ of 239 tune rows, all right$")
        )
    ).to_be_visible()
    assert query(page)["pair"] == "professor>fallback (professor)"
    click_count(page, 1, from_right=False)
    expect(page.get_by_text(re.compile(r"^labelled zoomer, decided wrongly: \d+ of \d+$"))).to_be_visible()
    with page.expect_download() as caught:
        page.locator(".st-key-confusion-csv button").click()
    assert re.fullmatch(r"benchmark-confusion-0\.596_0-[0-9a-f]{8}\.csv", caught.value.suggested_filename)


def test_the_whole_view_is_in_its_link(page, lab):
    opened(page, f"{lab}/tune")
    page.get_by_role("combobox", name=re.compile("Selected .*Shows|Shows")).first.click()
    page.get_by_role("option", name="coverage (not left to the fallback)").click()
    page.wait_for_url("**m=**")
    link = page.url
    opened(page, link)
    page.wait_for_function(
        "document.querySelector('.js-plotly-plot')?.data?.[0]?.colorbar?.title?.text === "
        "'coverage (not left to the fallback)'"
    )


def test_figures_tables_and_probes_that_a_ci_can_run_are_downloaded_and_a_telephone_holds_it_all(page, lab):
    opened(page, f"{lab}/tune")
    with page.expect_download() as caught:
        page.locator(".st-key-heatmap-html button").first.click()
    html = caught.value.path().read_text()
    assert "n = 239 tune rows" in html
    assert "dataset" in html
    with page.expect_download() as caught:
        page.locator(".st-key-baselines-csv button").first.click()
    assert "logistic regression" in caught.value.path().read_text("utf-8-sig")
    chart = page.locator(".js-plotly-plot").first
    chart.hover()
    with page.expect_download() as caught:
        page.locator(".modebar-btn[data-title*='ownload']").first.click()
    assert caught.value.suggested_filename.endswith(".svg")
    svg = caught.value.path().read_text()
    assert "n = 239 tune rows" in svg
    with page.expect_download() as caught:
        page.locator(".st-key-misrouted-probes button").first.click()
    probes = read(caught.value.path().read_bytes())
    assert len(probes) == int(re.search(r"misrouted: (\d+)", page.content())[1])
    assert {probe.expert for probe in probes} <= {"professor", "zoomer", "none"}
    assert all("benchmark" in probe.tags for probe in probes)
    assert wider(page, widths=(420,)) == {}
