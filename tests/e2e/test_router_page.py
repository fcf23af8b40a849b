"""What only a browser shows of the Router page: an edit and its effect, two tabs at the gate, files out and in."""

from __future__ import annotations

import re
from contextlib import closing

import pytest
from playwright.sync_api import expect
from real_lab import data_folder, running_lab
from waits import SETTLED
from windows import wider

from lab.conf_out import from_zip
from lab.store import drafts, open_store

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def shared(tmp_path_factory, encoder_cache):
    """The folder and the address of one lab for all tests: they leave no draft behind, and its first version live."""
    folder = data_folder(tmp_path_factory.mktemp("router"), encoder_cache)
    with running_lab(folder) as address:
        yield folder, address


@pytest.fixture
def lab(shared, page):
    """That lab, without a draft once the test is over and its page gone."""
    yield shared[1]
    page.close()
    with closing(open_store(data_dir=shared[0])) as store:
        drafts.discard(store)


def settled(page):
    expect(page.get_by_role("heading", name="History").last).to_be_visible(timeout=120_000)  # the first visit encodes
    expect(page.locator(SETTLED)).to_be_visible()


def opened(page, address):
    page.goto(address)
    settled(page)
    return page


def type_threshold(page, value):
    box = page.get_by_label("Threshold", exact=True)
    box.fill(str(value))
    box.press("Enter")


def accuracy(page):
    return page.get_by_test_id("stMetric").first


def test_a_threshold_typed_shows_its_difference_and_its_effect(lab, page):
    opened(page, f"{lab}/router")
    before = accuracy(page).inner_text()
    type_threshold(page, 0.9)
    expect(page.get_by_text("threshold: 0.5 → 0.9").first).to_be_visible()
    expect(accuracy(page)).to_contain_text("→")
    expect(accuracy(page)).not_to_have_text(before)
    expect(page.get_by_role("link", name="draft: 1 change")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("no difference from live")).to_be_visible()
    expect(page.get_by_label("Threshold", exact=True)).to_have_value("0.5000")


def test_undo_pressed_twice_fast_undoes_once(lab, page):
    opened(page, f"{lab}/router")
    for value in (0.6, 0.7):
        type_threshold(page, value)
        expect(page.get_by_text(f"threshold: 0.5 → {value}").first).to_be_visible()
        settled(page)
    page.get_by_role("button", name="Undo").dblclick()
    expect(page.get_by_text("threshold: 0.5 → 0.6").first).to_be_visible()
    settled(page)
    expect(page.get_by_label("Threshold", exact=True)).to_have_value("0.6000")


def test_the_draft_holds_what_the_field_shows_however_fast_it_is_pressed(lab, page):
    opened(page, f"{lab}/router")
    up = page.locator(".st-key-r-threshold").get_by_test_id("stNumberInputStepUp")
    box = page.get_by_label("Threshold", exact=True)
    for held_ms, start in ((0, 0.1), (40, 0.2), (90, 0.3), (160, 0.4)):
        type_threshold(page, start)
        for _ in range(6):
            up.click(delay=held_ms)
        settled(page)
        shown = float(box.input_value())
        assert shown > start, f"held for {held_ms} ms"
        expect(page.get_by_text(f"threshold: 0.5 → {shown:.9g}").first, f"held for {held_ms} ms").to_be_visible()
        page.reload()
        expect(box, f"held for {held_ms} ms").to_have_value(f"{shown:.4f}")
        settled(page)


def test_an_expert_that_is_clicked_opens_and_the_link_reopens_it(lab, page):
    opened(page, f"{lab}/router")
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.click(box["x"] + 16, box["y"] + 35 + 35 + 17)  # the tick box of the second expert
    page.wait_for_url("**expert=zoomer**")
    expect(page.get_by_label("Own threshold", exact=True)).to_have_value("0.2900")
    page.reload()
    expect(page.get_by_label("Own threshold", exact=True)).to_have_value("0.2900")


def test_a_pattern_is_judged_while_it_is_typed(lab, page):
    opened(page, f"{lab}/router?expert=zoomer")
    box = page.get_by_label("One more pattern", exact=True)
    box.press_sequentially("re: (")
    expect(page.get_by_text(re.compile("which cannot be used: RE2 says"))).to_be_visible()
    box.fill("")
    box.press_sequentially("the")
    expect(page.get_by_text(re.compile(r"With it layer 1 decides \d+ of 120 dev rows"))).to_be_visible()
    expect(page.get_by_text("No draft: what you see is live")).to_be_visible()
    page.get_by_role("button", name="Add", exact=True).first.click()
    expect(page.get_by_text("pattern of zoomer added: the").first).to_be_visible()


def test_yaml_out_and_in_is_the_same_router(lab, page):
    opened(page, f"{lab}/router")
    type_threshold(page, 0.41)
    expect(page.get_by_text("threshold: 0.5 → 0.41").first).to_be_visible()
    settled(page)
    with page.expect_download() as caught:
        page.get_by_role("button", name="YAML of the draft").click()
    packed = caught.value.path().read_bytes()
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("No draft: what you see is live")).to_be_visible()
    settled(page)
    page.locator("[class*='st-key-router-zip'] input[type=file]").set_input_files(
        {"name": "router.zip", "mimeType": "application/zip", "buffer": packed}
    )
    expect(page.get_by_text("router.zip is the draft now: 2 experts.")).to_be_visible()
    settled(page)
    with page.expect_download() as again:
        page.get_by_role("button", name="YAML of the draft").click()
    came_back = from_zip(again.value.path().read_bytes())
    assert came_back.threshold == 0.41
    assert came_back.content_hash("any") == from_zip(packed).content_hash("any")


def test_adopting_in_two_tabs_tells_the_second_and_rolling_back_goes_back(lab, page):
    opened(page, f"{lab}/router")
    type_threshold(page, 0.4)
    expect(page.get_by_text("threshold: 0.5 → 0.4").first).to_be_visible()
    settled(page)
    other = page.context.new_page()
    opened(other, f"{lab}/router")
    page.get_by_label("Name", exact=True).last.fill("careful")
    page.get_by_role("button", name="Adopt: make it live").click()
    expect(page.get_by_text('live v2 "careful"').first).to_be_visible()
    other.get_by_role("button", name="Adopt: make it live").click()
    expect(other.get_by_text(re.compile('v2 "careful" went live since this page was drawn'))).to_be_visible()
    expect(other.get_by_text("threshold: 0.5 → 0.4").first).to_be_visible()
    settled(page)
    opened(page, f"{lab}/router?version=v1")
    page.get_by_role("button", name="Roll back to v1").click()
    page.get_by_role("button", name="Make v1 live").click()
    expect(page.get_by_text('live v1 "shipped"').first).to_be_visible()
    expect(page.get_by_text(re.compile('v1 "shipped" is live again'))).to_be_visible()


def test_nothing_is_wider_than_the_window(lab, page):
    opened(page, f"{lab}/router?expert=zoomer&rules=true&suggestions=true")
    assert wider(page) == {}
    assert page.get_by_test_id("stException").count() == 0
