"""What only a browser shows of the Label page: keys, scrolling together, a reload, Back, two tabs, a lost network."""

from __future__ import annotations

import re
from contextlib import closing

import pytest
from playwright.sync_api import expect
from real_lab import data_folder, running_lab
from waits import keys_stand, own_troubles

from lab.judging import NewDuel, Side
from lab.messages import Message
from lab.preferences import people, sample
from lab.store import annotators, ballots, duels, open_store
from lab.types import new_id

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONG = "\n\n".join(f"Paragraph {number} of a long answer." for number in range(80))


@pytest.fixture(scope="module")
def data(tmp_path_factory, encoder_cache):
    """A data folder with forty duels; the first of them asks for trouble."""
    folder = data_folder(tmp_path_factory.mktemp("data"), encoder_cache)
    with closing(open_store(data_dir=folder)) as store:
        sample.add(store)
        sample.remove(store)
        duels.add(store, [_duel(place) for place in range(40)])
    return folder


def _duel(place: int) -> NewDuel:
    odd = '</div><img src="http://127.0.0.1:9/p.png" onerror="document.title=1">![p](http://127.0.0.1:9/q.png)'
    return NewDuel(
        (Message("user", f"Question number {place}"),), "Be kind.",
        Side(f"a{place}", f"Answer A{place}. {odd}\n\n{LONG}", "professor", "openai", "hidden-model-one"),
        Side(f"b{place}", f"Answer B{place}.\n\n{LONG}{LONG}", "zoomer", "openai", "hidden-model-two"),
        "bulk", "random", probability=1.0, query_type="chat",
    )  # fmt: skip


@pytest.fixture(scope="module")
def lab(data):
    """One lab for all of these tests."""
    with running_lab(data) as address:
        yield address


def ready(page):
    """Wait until the keys of the duel on the screen are taken."""
    keys_stand(page, page.locator(".st-key-keys").get_by_role("button", name="Undo"))


def asked(page) -> str:
    return page.locator(".st-key-asked").inner_text()


def join(page, lab, data, name):
    """Come in by a personal link."""
    with closing(open_store(data_dir=data)) as store:
        secret = people.new_link(store, people.join(store, new_id(), name, None).id)
    page.goto(f"{lab}/label?l_warm_up=false&me={secret}")
    expect(page.get_by_role("button", name="Left is better").first).to_be_visible()
    ready(page)


def press(page, key):
    """Press a key on a duel, and wait for the next one."""
    ready(page)
    before = asked(page)
    page.keyboard.press(key)
    expect(page.locator(".st-key-asked")).not_to_have_text(before)


def mine(data, name):
    """The live votes of somebody, newest first."""
    with closing(open_store(data_dir=data, read_only=True)) as store:
        who = next(one.id for one in annotators.listed(store) if one.name == name)
        return [vote for vote, _ in ballots.of_annotator(store, who)]


def test_a_name_is_enough_on_this_machine(lab, page):
    page.goto(f"{lab}/label?l_warm_up=false")
    expect(page.get_by_role("heading", name="Who judges?")).to_be_visible()
    page.get_by_label("Your name").fill("Zoë <b>")
    page.get_by_label("Your name").press("Enter")
    expect(page.get_by_role("button", name="Left is better").first).to_be_visible()
    expect(page.get_by_text("annotator Zoë <b>").first).to_be_visible()


def test_five_keys_five_votes_and_undo_goes_back(lab, data, page):
    join(page, lab, data, "Keys")
    seen = []
    for key in ("1", "2", "t", "b", "s"):
        ready(page)
        seen.append(asked(page))
        press(page, key)
    assert [vote.verdict for vote in mine(data, "Keys")] == ["skip", "both_bad", "equally_good", "better", "better"]
    for expected in reversed(seen[2:]):
        press(page, "u")
        expect(page.locator(".st-key-asked")).to_have_text(expected)
    assert len(mine(data, "Keys")) == 2
    page.reload()
    expect(page.locator(".st-key-asked")).to_have_text(seen[2])
    press(page, "u")
    expect(page.locator(".st-key-asked")).to_have_text(seen[1])
    assert own_troubles(page) == []


def test_nothing_tells_who_wrote_what_and_nothing_is_loaded_or_run(lab, data, page):
    loaded = []
    page.on("request", lambda request: loaded.append(request.url))
    join(page, lab, data, "Blind")
    words = page.locator("body").inner_text()
    assert "hidden-model" not in words
    assert "professor" not in words.split("Queue", 1)[1]
    assert not [url for url in loaded if ":9/" in url]
    assert page.title() != "1"
    expect(page.locator(".st-key-answer-left img, .st-key-answer-right img")).to_have_count(0)


def test_both_answers_scroll_together_and_a_new_duel_begins_at_the_top(lab, data, page):
    join(page, lab, data, "Scroll")
    left, right = page.locator(".st-key-answer-left"), page.locator(".st-key-answer-right")
    assert left.bounding_box()["height"] == right.bounding_box()["height"]
    left.hover()
    page.mouse.wheel(0, 1_500)
    share = "box => box.scrollTop / (box.scrollHeight - box.clientHeight)"
    page.wait_for_function(
        "() => document.querySelector('.st-key-answer-left').scrollTop > 100"
        " && document.querySelector('.st-key-answer-right').scrollTop > 100"
    )
    assert abs(left.evaluate(share) - right.evaluate(share)) < 0.05
    press(page, "1")
    page.wait_for_function("() => document.querySelector('.st-key-answer-left').scrollTop === 0")
    page.wait_for_function("() => document.querySelector('.st-key-answer-right').scrollTop === 0")


def test_keys_are_silent_while_one_types(lab, data, page):
    join(page, lab, data, "Types")
    ready(page)
    before = asked(page)
    page.get_by_text("Note, or a better answer").click()
    note = page.get_by_label("Note", exact=True)
    note.click()
    page.keyboard.type("12tbsu")
    note.press("Tab")
    ready(page)
    assert asked(page) == before
    page.locator(".st-key-keys").get_by_role("button", name=re.compile("Right is better")).first.click()
    expect(page.locator(".st-key-asked")).not_to_have_text(before)
    [vote] = mine(data, "Types")
    assert vote.note == "12tbsu"


def test_keys_go_on_after_the_guidelines_were_opened(lab, data, page):
    join(page, lab, data, "Newcomer")
    page.locator(".st-key-l_guide").get_by_text("Guidelines", exact=True).last.click()
    expect(page.locator(".st-key-guide")).to_be_visible()
    press(page, "1")
    page.locator(".st-key-l_guide").get_by_text("Guidelines", exact=True).last.click()
    expect(page.locator(".st-key-guide")).to_have_count(0)
    press(page, "2")
    assert len(mine(data, "Newcomer")) == 2


def test_two_fast_presses_and_a_key_too_early_are_one_vote(lab, data, page):
    join(page, lab, data, "Fast")
    ready(page)
    before = asked(page)
    page.keyboard.press("1")
    page.keyboard.press("1")
    expect(page.locator(".st-key-asked")).not_to_have_text(before)
    ready(page)
    assert len(mine(data, "Fast")) == 1


def test_back_after_a_vote_says_that_it_stands(lab, data, page):
    join(page, lab, data, "Back")
    press(page, "1")
    ready(page)
    page.go_back()
    expect(page.get_by_text("You have judged the duel before this one; your vote stands.")).to_be_visible()
    expect(page.get_by_role("button", name="Left is better").first).to_be_visible()
    assert len(mine(data, "Back")) == 1


def test_two_tabs_show_one_duel_and_store_one_vote(lab, data, page):
    join(page, lab, data, "Tabs")
    other = page.context.new_page()
    other.set_default_timeout(30_000)
    other.goto(page.url)
    expect(other.locator(".st-key-asked")).to_have_text(asked(page))
    press(page, "1")
    ready(other)
    other.keyboard.press("2")
    expect(other.get_by_text(re.compile("judged this duel already"))).to_be_visible()
    [vote] = mine(data, "Tabs")
    assert vote.verdict == "better"


@pytest.mark.parametrize("lost", ["the press", "what comes back"])
def test_a_lost_network_neither_loses_nor_doubles_a_vote(lab, data, page, lost):
    """The connection breaks right after a key press, which got through or did not; the page comes back by itself."""
    broken, sockets = [], []

    def pass_on(to_page):
        to_server = to_page.connect_to_server()
        sockets.append(to_page)
        to_page.on_message(lambda words: None if broken == ["the press"] else to_server.send(words))
        to_server.on_message(lambda words: None if broken == ["what comes back"] else to_page.send(words))

    page.route_web_socket(re.compile("_stcore/stream"), pass_on)
    name = f"Net, {lost}"
    join(page, lab, data, name)
    press(page, "1")
    ready(page)
    broken.append(lost)
    page.keyboard.press("2")
    page.wait_for_timeout(1_000)
    stored = len(mine(data, name))
    assert stored == (1 if lost == "the press" else 2)
    broken.clear()
    for socket in sockets:
        socket.close()
    expect(page.get_by_role("button", name=re.compile("Left is better|Go on")).first).to_be_visible()
    page.reload()
    onwards = page.get_by_role("button", name=re.compile("Left is better|Go on")).first
    expect(onwards).to_be_visible()
    if "Go on" in onwards.inner_text():  # the address names the duel of the vote whose answer was lost
        onwards.click()
    expect(page.get_by_role("button", name="Left is better").first).to_be_visible()
    assert len(mine(data, name)) == stored
    press(page, "2")
    assert len(mine(data, name)) == stored + 1


def test_a_narrow_window_holds_it_all(lab, data, page):
    page.set_viewport_size({"width": 420, "height": 900})
    join(page, lab, data, "Narrow")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("1")
    ready(page)
    assert own_troubles(page) == []
