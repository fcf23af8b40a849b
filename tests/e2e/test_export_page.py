"""What only a browser shows of the Export page: a zip that is downloaded, a bar that is clicked, a second tab."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from contextlib import closing
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect
from real_lab import data_folder, running_lab
from waits import idle, own_troubles

from lab.judging import NewDuel, NewVote, Side
from lab.messages import Message
from lab.preferences import sample
from lab.store import annotators, duels, given_votes, open_store, snapshots
from lab.types import new_id

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAIRS = 60


@pytest.fixture(scope="module")
def data(tmp_path_factory, encoder_cache):
    """A data folder with sixty duels that ann judged for the professor, whose answers are of three lengths."""
    folder = data_folder(tmp_path_factory.mktemp("data"), encoder_cache)
    with closing(open_store(data_dir=folder)) as store:
        sample.add(store)
        sample.remove(store)
        ann = annotators.add(store, new_id(), "ann", pin_hash=None, link_hash=None)
        made = duels.add(store, [_duel(place) for place in range(PAIRS)])
        given_votes.record_many(
            store,
            [
                NewVote(
                    new_id(), one.duel_id, ann.id, "better", f"a{place}", left_id=f"a{place}", note="", took_ms=3_000,
                    created_at=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
                )
                for place, one in enumerate(made)
            ],
        )  # fmt: skip
    return folder


def _duel(place: int) -> NewDuel:
    word = hashlib.sha256(str(place).encode()).hexdigest()
    return NewDuel(
        (Message("user", f"What of {word[:12]} and of {word[12:24]}, of {word[24:36]}, and of {word[36:48]}?"),), "",
        Side(f"a{place}", f"It is {word[:9]}. " * (1 + place % 3) + "That is all.", "professor", "openai", "big"),
        Side(f"b{place}", f"No idea what {word[9:18]} may be.", "zoomer", "openai", "small"),
        "bulk", "random", probability=1.0, query_type="chat",
    )  # fmt: skip


@pytest.fixture(scope="module")
def lab(data):
    """One lab for all of these tests."""
    with running_lab(data) as address:
        yield address


def test_a_double_press_freezes_once_and_the_zip_holds_what_the_page_says(lab, data, page, tmp_path):
    page.goto(f"{lab}/export")
    page.get_by_role("button", name="Freeze them").click()
    page.get_by_label("Name", exact=True).fill("by clicks")
    page.get_by_label("Name", exact=True).press("Enter")
    idle(page)
    page.get_by_role("button", name=f"Freeze and write {PAIRS} pairs").dblclick()
    zipped = page.get_by_role("button", name=re.compile("All files as one zip"))
    expect(zipped).to_be_visible()
    with page.expect_download() as coming:
        zipped.click()
    file = tmp_path / "export.zip"
    coming.value.save_as(file)
    with closing(open_store(data_dir=data, read_only=True)) as store:
        [one] = snapshots.listed(store)
    assert one.name == "by clicks"
    assert one.rows == PAIRS
    with zipfile.ZipFile(file) as archive:
        held = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    assert {name: hashlib.sha256(held[name]).hexdigest() for name in one.files} == {
        name: made["sha256"] for name, made in one.files.items()
    }
    lines = [
        json.loads(line)
        for name, said in held.items()
        if re.fullmatch(r"trl/\w+\.jsonl", name)
        for line in said.decode().splitlines()
    ]
    assert len(lines) == PAIRS
    assert all(line["chosen"][0]["content"].endswith("That is all.") for line in lines)

    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("heading", name="by clicks")).to_be_visible(timeout=30_000)
    expect(other.get_by_role("button", name=re.compile("All files as one zip"))).to_be_visible()
    assert own_troubles(page) == []


def test_a_bar_opens_its_duels_and_a_link_opens_them_again(lab, page):
    page.goto(f"{lab}/export?part=Plots&model=big&limit=512")
    bar = page.locator(".st-key-export-lengths .barlayer .trace").nth(0).locator(".point path").first
    expect(bar).to_be_visible()
    box = bar.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    opened = page.get_by_text(re.compile(r"Kept pairs with an answer of so many characters: chosen, .*: 20 duels"))
    expect(opened).to_be_visible()
    expect(page).to_have_url(re.compile(r"open=plots%7Cchars%7Cchosen"))

    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_text(re.compile("Kept pairs with an answer .*: 20 duels"))).to_be_visible(timeout=30_000)
    expect(other.get_by_role("textbox", name="Model to be trained")).to_have_value("big")
    expect(other.get_by_role("spinbutton", name="Length limit, tokens")).to_have_value("512")
    expect(other.get_by_text("50% of the answers were sampled from big")).to_be_visible()
    assert own_troubles(page) == []


def test_a_narrow_window_holds_every_part(lab, page):
    page.set_viewport_size({"width": 420, "height": 900})
    page.goto(f"{lab}/export")
    for part in ("Plots", "Split and preview", "Freeze", "Snapshots"):
        page.get_by_role("tab", name=part).click()
        idle(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), part
    assert own_troubles(page) == []
