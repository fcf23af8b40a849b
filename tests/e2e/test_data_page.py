"""What only a browser shows of the Data page: a file uploaded, keys that label, a reload, a file that is none."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from real_lab import data_folder, running_lab
from waits import keys_stand, own_troubles
from windows import wider

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FILE = b"""text,intent,note
what is the derivative of x squared,professor,a
yo tell me something funny,zoomer,b
yo tell me something funny,zoomer,b
why do cats purr,,c
rate my playlist,,d
prove that there are infinitely many primes,,e
,zoomer,f
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory, encoder_cache):
    """One lab for all of these tests."""
    with running_lab(data_folder(tmp_path_factory.mktemp("data"), encoder_cache)) as address:
        yield address


def ready(page):
    """Wait until the keys of the prompt on the screen are taken."""
    keys_stand(page, page.get_by_role("button", name="Skip"))


def add(page, lab, name, data):
    page.goto(f"{lab}/data?view=Add")
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": data})


def test_a_file_is_added_and_labelled_by_keys_and_nothing_is_lost_by_a_reload(lab, page):
    add(page, lab, "mine.csv", FILE)
    expect(
        page.get_by_text("5 of 7 rows of mine.csv (CSV) can be used; left out: 1 empty, 1 duplicate.")
    ).to_be_visible()
    page.get_by_role("button", name="Add 5 rows").click()
    expect(page.get_by_role("heading", name="mine: 2 of 5 rows labelled")).to_be_visible()

    page.get_by_role("tab", name="Label", exact=True).click()
    expect(page.get_by_text("Labelled 2 of 5.")).to_be_visible()
    for key, done in (("1", 3), ("0", 4), ("u", 3), ("2", 4), ("1", 5)):
        ready(page)
        page.keyboard.press(key)
        expect(page.get_by_text(re.compile(rf"Labelled {done} of 5\.")).first).to_be_visible()
    expect(page.get_by_text("Every row of mine has a label.")).to_be_visible()

    page.reload()
    expect(page.get_by_text("Every row of mine has a label.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Labelled 4 of 5.")).to_be_visible()
    prompt = page.get_by_test_id("stHtml").first.inner_text()
    page.reload()  # the address names the prompt
    expect(page.get_by_test_id("stHtml").first).to_have_text(prompt)
    assert own_troubles(page) == []


def test_two_fast_presses_label_one_prompt(lab, page):
    add(page, lab, "fast.csv", b"prompt\n" + b"\n".join(b"a prompt of its own, number %d" % one for one in range(8)))
    page.get_by_role("button", name="Add 8 rows").click()
    expect(page.get_by_role("heading", name="fast: 0 of 8 rows labelled")).to_be_visible()
    page.get_by_role("tab", name="Label", exact=True).click()
    expect(page.get_by_text("Labelled 0 of 8.")).to_be_visible()
    ready(page)
    page.keyboard.press("1")
    page.keyboard.press("1")
    expect(page.get_by_text("Labelled 1 of 8.")).to_be_visible()
    ready(page)
    expect(page.get_by_text("Labelled 1 of 8.")).to_be_visible()
    assert own_troubles(page) == []


def test_a_key_is_silent_while_one_types(lab, page):
    add(page, lab, "typed.csv", b"prompt\nwhy do cats purr at night\nwhere do the swallows go in winter\n")
    page.get_by_role("button", name="Add 2 rows").click()
    expect(page.get_by_role("heading", name="typed: 0 of 2 rows labelled")).to_be_visible()
    table = page.get_by_role("tabpanel").get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.click(box["x"] + 16, box["y"] + 35 + 17)  # the tick box of the first row
    expect(page.get_by_text("Should have gone to:")).to_be_visible()
    search = page.get_by_placeholder("words in the prompt")
    search.press_sequentially("120", delay=50)
    keys_stand(page, search)
    expect(page.get_by_role("heading", name="typed: 0 of 2 rows labelled")).to_be_visible()
    search.press("Enter")
    expect(page.get_by_text("No row fits.")).to_be_visible()
    expect(page.get_by_role("heading", name="typed: 0 of 2 rows labelled")).to_be_visible()


def test_a_picture_that_is_named_like_a_table_is_a_sentence(lab, page):
    add(page, lab, "prompts.csv", b"\x89PNG\r\n\x1a\n" + bytes(200))
    expect(page.get_by_text("prompts.csv is a picture.")).to_be_visible()
    expect(page.get_by_text("256MB per file")).to_be_visible()
    add(page, lab, "good.csv", FILE)  # the way in is still open
    expect(page.get_by_role("button", name="Add 5 rows")).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
    assert own_troubles(page) == []


def test_nothing_is_wider_than_a_telephone(lab, page):
    page.set_viewport_size({"width": 420, "height": 900})
    for view in ("Rows", "Add", "Label", "Make experts", "Duplicates and leaks", "Left out"):
        page.goto(f"{lab}/data?view={view.replace(' ', '+')}")
        expect(page.get_by_role("tab", name=view, exact=True, selected=True)).to_be_visible()
        assert wider(page, widths=(420,)) == {}, view
