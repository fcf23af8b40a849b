"""The Label page against what should not work: other people's links, sessions that ended, addresses nobody made."""

from __future__ import annotations

import pytest

from lab.errors import StoreError
from lab.preferences import people
from lab.store import annotators, ballots, duels, presentations, removal, votes
from lab.ui.judge import crew, judging, places
from tests.pages.test_label import (  # noqa: F401  fixtures
    buttons,
    join,
    me,
    no_waiting,
    page,
    press,
    shown,
    state_of,
    store,
    view,
)
from tests.store.judged import add_duels, person


@pytest.mark.parametrize("here", [True, False])
def test_a_link_for_somebody_else_is_made_at_the_machine_alone(page, store, monkeypatch, here):  # noqa: F811
    """It signs in as them, so whoever shares the access key could be anybody."""
    ben = person(store, "Ben")
    join(page, pin="2468")
    mine = me(store) if me(store).name == "Mira" else annotators.listed(store)[-1]
    view(page, places.PEOPLE)
    monkeypatch.setattr(crew.access, "on_this_machine", lambda: here)
    page.run()
    assert page.selectbox(key="crew_who").options == ["a new person", *(["Ben"] if here else []), "Mira"]
    monkeypatch.setattr(crew.access, "on_this_machine", lambda: True)
    page.run()
    page.selectbox(key="crew_who").set_value(ben.id)
    monkeypatch.setattr(crew.access, "on_this_machine", lambda: here)
    press(page, "Make a link")
    assert annotators.get(store, ben.id).has_link is here
    page.run()
    monkeypatch.setattr(crew.access, "on_this_machine", lambda: False)
    page.run()
    page.selectbox(key="crew_who").set_value(mine.id)
    press(page, "Make a link")
    assert people.by_token(store, page.code[0].value.split("me=")[1], alone=False).id == mine.id


def test_who_was_removed_or_has_another_pin_does_not_go_on(page, store):  # noqa: F811
    add_duels(store, 3)
    join(page, pin="2468")
    annotators.set_pin(store, me(store).id, people.hash_pin("1357"))
    page.run()
    assert "Who judges?" in shown(page)


def test_a_removed_person_stores_nothing_more(page, store):  # noqa: F811
    add_duels(store, 3)
    join(page)
    removal.remove_annotator(store, "d", me(store).id)
    press(page, "Left is better")
    assert ballots.listed(store) == []
    assert "Who judges?" in shown(page)


def test_a_showing_that_the_database_does_not_have_is_left(page, store, monkeypatch):  # noqa: F811
    """As after a backup from before it was restored."""
    add_duels(store, 2)
    join(page)
    monkeypatch.setattr(votes, "cast", lambda *_, **__: presentations.get(store, "no such showing"))
    press(page, "Left is better")
    assert "No showing has the id" in "".join(toast.value for toast in page.toast)
    assert "Store it now" not in buttons(page)
    assert ballots.listed(store) == []


def test_another_key_after_a_fault_takes_the_fault_off_the_page(page, store, monkeypatch):  # noqa: F811
    add_duels(store, 2)
    join(page)

    def refuse(*_: object, **__: object) -> None:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(votes, "cast", refuse)
        press(page, "Left is better")
        assert "Store it now" in buttons(page)
    press(page, "Right is better")
    assert "Store it now" not in buttons(page)
    assert "The disk is full" not in shown(page)
    assert ballots.mine(store, me(store).id) == 1


def test_a_lease_that_cannot_be_renewed_takes_nothing_that_was_written_away(page, store, monkeypatch):  # noqa: F811
    add_duels(store, 2)
    join(page)
    mark = state_of(page).mark
    page.text_area(key=f"better-{mark}").set_value("A long answer.")

    def refuse(*_: object) -> None:
        raise StoreError("The file is read-only.")

    monkeypatch.setattr(judging, "_RENEW_S", -1.0)
    with monkeypatch.context() as patch:
        patch.setattr(presentations, "renew", refuse)
        page.run()
        assert "The file is read-only" in shown(page)
    page.run()
    assert page.text_area(key=f"better-{mark}").value == "A long answer."
    press(page, "Left is better")
    assert ballots.mine(store, me(store).id) == 2


@pytest.mark.parametrize("given", ["\x00", "x" * 10_000, "' OR 1=1 --", "<img src=x onerror=alert(1)>"])
def test_an_address_that_nobody_made_is_told_in_short(page, store, given):  # noqa: F811
    [duel, *_] = add_duels(store, 2)
    join(page)
    page.query_params["duel"] = given
    page.run()
    assert not page.exception
    assert len(shown(page)) < 4_000
    press(page, "Go on")
    assert "Left is better" in buttons(page)
    page.query_params["vote"] = given
    view(page, places.MINE)
    assert not page.exception
    assert len(shown(page)) < 4_000
    page.query_params["me"] = given
    page.run()
    assert not page.exception
    assert "Who judges?" in shown(page)
    assert duels.get(store, duel.id).votes == 0
