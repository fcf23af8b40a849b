"""The Label page as Streamlit runs it: signed in, judged by key, undone, changed, and honest about what is stored."""

from __future__ import annotations

import pytest
from screen import button, shown, table
from streamlit.testing.v1 import AppTest

from lab.errors import StoreError
from lab.judging import Side
from lab.preferences import people, sample
from lab.preferences.queue import WARM_UP
from lab.store import annotators, ballots, duels, guidelines, presentations, votes
from lab.ui import access, resources
from lab.ui.judge import keys, options, places, state
from tests.pages.conftest import APP, RUN_S
from tests.store.judged import add_duels, lease, new_duel, person, vote


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Keys count at once: AppTest presses faster than anybody reads."""
    monkeypatch.setattr(state, "EARLY_S", 0.0)


@pytest.fixture
def store(app):
    """The store of the lab, without the sample workspace."""
    app.run()
    opened = resources.lab().store
    sample.remove(opened)
    return opened


@pytest.fixture
def page(app, store):
    """The Label page before anybody signed in."""
    return app.switch_page("pages/label.py").run()


def buttons(app: AppTest) -> list[str]:
    return [one.label for one in app.button]


def join(app: AppTest, name: str = "Mira", pin: str = "") -> AppTest:
    app.text_input(key="join_name").set_value(name)
    if pin:
        app.text_input(key="join_pin").set_value(pin)
    return button(app, "Begin").click().run()


def press(app: AppTest, label: str) -> AppTest:
    return button(app, label).click().run()


def view(app: AppTest, name: str) -> AppTest:
    app.session_state[places.VIEW] = name
    return app.run()


def me(store):
    return next(one for one in annotators.listed(store) if one.kind == "person")


# ---------------------------------------------------------------------------------------------------------- signing in


def test_a_first_run_has_something_to_judge(app):
    app.run()
    app.switch_page("pages/label.py").run()
    join(app)
    assert "sample duels" in app.get("progress")[0].proto.text
    assert "Left is better" in buttons(app)


def test_without_any_duel_the_page_says_what_to_do(page):
    join(page)
    assert "There is nothing to judge yet" in shown(page)
    press(page, "Make duels")
    assert page.session_state[places.VIEW] == places.DUELS


@pytest.mark.parametrize("name", ["' OR 1=1 --", "<img src=x onerror=alert(1)>"])
def test_a_name_is_shown_letter_by_letter(page, store, name):
    add_duels(store, 1)
    join(page, name)
    assert me(store).name == name
    view(page, places.PEOPLE)
    assert name in table(page, "signs in with")["name"]
    assert f"You are {name}." in shown(page)
    assert "<img" not in "".join(one.value for one in page.markdown if "onerror" in one.value).replace(r"\<img", "")


def test_an_empty_name_is_said_and_nobody_is_made(page, store):
    join(page, "  ")
    assert "The name is empty" in shown(page)
    assert me_or_none(store) is None


def me_or_none(store):
    return next((one for one in annotators.listed(store) if one.kind == "person"), None)


def test_signing_in_again_needs_the_pin(page, store):
    join(page, "Mira", "2468")
    view(page, places.PEOPLE)
    press(page, "Sign out")
    page.text_input(key="join_pin").set_value("1111")
    press(page, "Begin")
    assert "That is not the PIN." in shown(page)
    page.text_input(key="join_pin").set_value("2468")
    press(page, "Begin")
    assert "Who judges?" not in shown(page)


def test_the_address_keeps_who_is_signed_in(page, store):
    add_duels(store, 2)
    join(page)
    given = page.query_params["me"]
    again = AppTest.from_file(APP, default_timeout=RUN_S)
    again.run()
    again.query_params["me"] = given
    again.switch_page("pages/label.py").run()
    assert "Left is better" in buttons(again)


def test_a_personal_link_lets_in_and_is_shown_once(page, store):
    join(page)
    view(page, places.PEOPLE)
    page.text_input(key="crew_name").set_value("Ben")
    press(page, "Make a link")
    secret = page.code[0].value.split("me=")[1]
    assert people.by_token(store, secret, alone=False).name == "Ben"
    press(page, "Done")
    assert not page.code
    press(page, "Make a link")
    assert "Choose somebody, or write the name" in shown(page)


def test_over_the_network_nobody_makes_a_link_in_the_name_of_another(page, store, monkeypatch):
    join(page)
    person(store, "Ben")
    view(page, places.PEOPLE)
    assert page.selectbox(key="crew_who").options == ["a new person", "Mira", "Ben"]
    monkeypatch.setattr(access, "on_this_machine", lambda: False)
    page.run()
    assert page.selectbox(key="crew_who").options == ["a new person", "Mira"]


# ------------------------------------------------------------------------------------------------------------- judging


def test_a_key_stores_the_vote_and_shows_the_next_duel(page, store):
    add_duels(store, 3)
    join(page)
    before = state_of(page).duel
    press(page, "Left is better")
    [(cast, duel)] = ballots.of_annotator(store, me(store).id)
    assert duel.id == before.id
    assert cast.chosen_id == presentations.get(store, cast.presentation_id).left_id
    assert cast.took_ms is not None
    assert state_of(page).duel.id != before.id
    assert "You: 1" in page.get("progress")[0].proto.text


def state_of(page: AppTest) -> state.Shown:
    return page.session_state["judge_shown"]


@pytest.mark.parametrize(
    ("label", "verdict"),
    [("Right is better", "better"), ("Equally good", "equally_good"), ("Both bad", "both_bad"), ("Skip", "skip")],
)
def test_every_key_means_what_it_says(page, store, label, verdict):
    add_duels(store, 1)
    join(page)
    press(page, label)
    [(cast, _)] = ballots.of_annotator(store, me(store).id)
    assert cast.verdict == verdict
    if verdict == "better":
        assert cast.chosen_id == presentations.get(store, cast.presentation_id).right_id
    assert "Nothing is left for you" in shown(page)


def test_authors_times_and_costs_are_nowhere_on_the_page(page, store):
    duels.add(
        store,
        [
            new_duel(
                0,
                first=Side("a", "Left words.", "expert-of-secrets", "openai", "model-of-secrets"),
                second=Side("b", "Right words.", "other-secret", "ollama", "secret:7b"),
            )
        ],
    )
    join(page)
    everything = shown(page) + " ".join(buttons(page))
    assert "words." in everything
    assert "secret" not in everything


def test_strength_tags_and_note_go_with_the_verdict(page, store):
    add_duels(store, 1)
    join(page)
    mark = state_of(page).mark
    next(one for one in page.button_group if one.key == f"strength-{mark}").set_value(2).run()
    next(one for one in page.button_group if one.key == f"tags-{mark}").set_value(["correct", "tone"]).run()
    page.text_input(key=f"note-{mark}").set_value("cites the source").run()
    press(page, "Left is better")
    [(cast, _)] = ballots.of_annotator(store, me(store).id)
    assert (cast.strength, cast.tags, cast.note) == (2, ("correct", "tone"), "cites the source")


def test_a_better_answer_is_stored_with_the_verdict(page, store):
    add_duels(store, 1)
    join(page)
    page.text_area(key=f"better-{state_of(page).mark}").set_value("Mine says it all.").run()
    press(page, "Right is better")
    [edit] = [ballot for ballot in ballots.listed(store) if ballot.origin == "edit"]
    assert "human" in (edit.first_name + edit.second_name)


def test_a_better_answer_over_a_sample_leaves_the_sample_to_be_judged(app):
    app.run()
    app.switch_page("pages/label.py").run()
    join(app)
    app.text_area(key=f"better-{state_of(app).mark}").set_value("Mine says it all.").run()
    press(app, "Right is better")
    press(app, "Next duel")  # the first ones of a newcomer are a warm-up
    assert "sample duels" in app.get("progress")[0].proto.text
    assert "Left is better" in buttons(app)


def test_a_better_answer_that_was_taken_back_waits_for_nobody(page, store):
    add_duels(store, 1)
    join(page)
    page.text_area(key=f"better-{state_of(page).mark}").set_value("Mine says it all.").run()
    press(page, "Right is better")
    press(page, "Undo")
    assert "all: 0 of 1 duels" in page.get("progress")[0].proto.text
    page.text_area(key=f"better-{state_of(page).mark}").set_value("").run()  # it was filled in again
    press(page, "Right is better")
    assert "Nothing is left for you" in shown(page)
    assert [duel.origin for _, duel in ballots.of_annotator(store, me(store).id)] == ["bulk"]


def test_undo_goes_back_step_by_step_and_fills_in_what_was_given(page, store):
    add_duels(store, 3)
    join(page)
    first = state_of(page).duel.id
    page.text_input(key=f"note-{state_of(page).mark}").set_value("why not").run()
    press(page, "Left is better")
    second = state_of(page).duel.id
    press(page, "Both bad")
    press(page, "Undo")
    assert state_of(page).duel.id == second
    press(page, "Undo")
    assert state_of(page).duel.id == first
    assert page.text_input(key=f"note-{state_of(page).mark}").value == "why not"
    assert ballots.mine(store, me(store).id) == 0
    assert button(page, "Undo").disabled
    press(page, "Right is better")
    assert state_of(page).duel.id == second  # what was open comes back


def test_undo_fills_in_the_better_answer_that_was_written(page, store):
    add_duels(store, 2)
    join(page)
    page.text_area(key=f"better-{state_of(page).mark}").set_value("A much better one, by hand.").run()
    press(page, "Left is better")
    press(page, "Undo")
    assert page.text_area(key=f"better-{state_of(page).mark}").value == "A much better one, by hand."
    press(page, "Right is better")
    better, plain = ballots.of_annotator(store, me(store).id)[:2]
    assert {better[0].verdict, plain[0].verdict} == {"better"}
    press(page, "Undo")
    assert page.text_area(key=f"better-{state_of(page).mark}").value == "A much better one, by hand."
    assert ballots.mine(store, me(store).id) == 0


def test_a_reload_and_a_second_tab_show_the_same_duel_and_store_one_vote(page, store):
    add_duels(store, 3)
    join(page)
    given, duel = page.query_params["me"], state_of(page).duel.id
    tab = AppTest.from_file(APP, default_timeout=RUN_S)
    tab.run()
    tab.query_params["me"] = given
    tab.switch_page("pages/label.py").run()
    assert state_of(tab).duel.id == duel
    assert state_of(tab).mark == state_of(page).mark
    press(page, "Left is better")
    press(tab, "Right is better")
    mine = ballots.of_annotator(store, me(store).id)
    assert len(mine) == 1
    assert mine[0][0].chosen_id == presentations.get(store, mine[0][0].presentation_id).left_id
    assert "judged this duel already" in "".join(toast.value for toast in tab.toast)
    assert state_of(tab).duel.id == state_of(page).duel.id


def test_a_link_to_a_duel_shows_that_duel_and_later_that_it_was_judged(page, store):
    found = add_duels(store, 5)
    join(page)
    other = next(duel for duel in found if duel.id != state_of(page).duel.id)
    page.query_params["duel"] = other.id
    page.run()
    assert state_of(page).duel.id == other.id
    press(page, "Left is better")
    page.query_params["duel"] = other.id  # the one that was just done: as Back has it, or a late second press
    page.run()
    assert state_of(page).duel.id != other.id
    assert "You have judged the duel before this one; your vote stands." in shown(page)
    press(page, "Left is better")
    page.query_params["duel"] = other.id
    page.run()
    assert "You have judged this duel" in shown(page)
    press(page, "Go on")
    assert "Left is better" in buttons(page)
    page.query_params["duel"] = "nothing"
    page.run()
    assert "No duel has the id 'nothing'" in shown(page)


def test_a_key_pressed_too_early_or_twice_is_not_taken(page, store, monkeypatch):
    add_duels(store, 3)
    join(page)
    monkeypatch.setattr(state, "EARLY_S", 1000.0)
    press(page, "Left is better")
    assert ballots.mine(store, me(store).id) == 0


def test_a_vote_that_the_database_refuses_is_not_shown_as_stored_and_can_be_stored_again(page, store, monkeypatch):
    add_duels(store, 2)
    join(page)
    duel = state_of(page).duel.id
    kept = votes.cast
    with monkeypatch.context() as patch:

        def refuse(*_: object, **__: object) -> None:
            raise StoreError("The disk that holds lab.db is full, so nothing of this was stored.")

        patch.setattr(votes, "cast", refuse)
        press(page, "Left is better")
        assert "is full, so nothing of this was stored" in shown(page)
        assert state_of(page).duel.id == duel
        assert "You: 0" in page.get("progress")[0].proto.text
        press(page, "Store it now")
        assert "is full" in shown(page)
    assert votes.cast is kept
    press(page, "Store it now")
    assert "is full" not in shown(page)
    assert ballots.mine(store, me(store).id) == 1
    assert state_of(page).duel.id != duel


def test_a_duel_that_was_deleted_meanwhile_is_said_and_left(page, store):
    add_duels(store, 2)
    join(page)
    gone = state_of(page).duel.id
    duels.delete(store, gone)
    press(page, "Left is better")
    assert "was deleted, so nothing was stored" in "".join(toast.value for toast in page.toast)
    assert state_of(page).duel.id != gone
    assert ballots.mine(store, me(store).id) == 0


def test_undo_says_who_holds_the_duel(page, store):
    add_duels(store, 1)
    join(page)
    ben = person(store, "Ben")
    press(page, "Left is better")
    duels.wish(store, [duels.recent(store)[0].id], 2)
    assert lease(store, ben, state.clock()) is not None
    duels.wish(store, [duels.recent(store)[0].id], 1)
    press(page, "Undo")
    assert "Ben has that duel now" in "".join(toast.value for toast in page.toast)
    assert ballots.mine(store, me(store).id) == 0


def test_the_warm_up_shows_what_others_said_after_ones_own_verdict(page, store):
    add_duels(store, 3, wished=2)
    ben = person(store, "Ben")
    for note in ("it cites", "it is short", ""):
        vote(store, lease(store, ben, state.clock()), "left", note=note)
    join(page)
    assert "Ben" not in shown(page)
    press(page, "Both bad")
    assert "Ben:" in shown(page)
    assert "You said: both bad." in shown(page)
    press(page, "Undo")
    press(page, "Equally good")
    mine = ballots.of_annotator(store, next(one.id for one in annotators.listed(store) if one.name == "Mira"))
    assert mine[0][0].unblinded  # the others' verdicts were seen before
    press(page, "Next duel")
    assert "Ben" not in shown(page)
    assert WARM_UP > 2


def test_authors_are_shown_at_the_end_of_a_batch_only_on_request(page, store, monkeypatch):
    monkeypatch.setattr(options, "BATCH", 2)
    add_duels(store, 5)
    join(page)
    page.session_state[options.REVEAL] = True
    page.run()
    press(page, "Left is better")
    press(page, "Skip")
    assert "2 duels judged" in shown(page)
    press(page, "Show who wrote what")
    authors = table(page, "left")
    assert sorted(authors["left"] + authors["right"]) == sorted(["professor · m1", "zoomer · m2"] * 2)
    press(page, "Go on")
    assert "Left is better" in buttons(page)
    cast = ballots.of_annotator(store, me(store).id)[0][0]
    assert presentations.get(store, cast.presentation_id).revealed_at is not None


def test_a_duel_whose_authors_were_seen_on_the_route_page_is_not_judged_blind(page, store):
    [duel, other] = add_duels(store, 2)
    page.session_state["authors_seen"] = {duel.id}
    join(page)
    for _ in range(2):
        assert ("You have seen on the Route page" in shown(page)) == (state_of(page).duel.id == duel.id)
        press(page, "Left is better")
    unblinded = {vote.duel_id: vote.unblinded for vote, _ in ballots.of_annotator(store, me(store).id)}
    assert unblinded == {duel.id: True, other.id: False}


def test_guidelines_are_written_version_by_version_and_stand_beside_the_work(page, store):
    add_duels(store, 1)
    join(page)
    view(page, places.PEOPLE)
    page.text_area(key="guide_text").set_value("Be right. Then be brief.").run()
    press(page, "Save as version 1")
    assert guidelines.current(store).text == "Be right. Then be brief."
    assert "Save as version 2" in buttons(page)
    page.session_state["l_guide"] = "Guidelines"
    view(page, places.JUDGE)
    assert "Be right. Then be brief." in shown(page)


@pytest.mark.parametrize("here", [True, False])
def test_backups_and_deletions_stand_on_the_page_once_and_at_this_machine_only(page, store, monkeypatch, here):
    monkeypatch.setattr(access, "on_this_machine", lambda: here)
    join(page)
    view(page, places.KEEP)
    assert not page.exception
    assert shown(page).count("#### Delete on request") == here
    assert ("Back up now" in buttons(page)) is here


# ---------------------------------------------------------------------------------------------------------------- mine


def test_mine_lists_and_changes_votes_with_their_history(page, store):
    add_duels(store, 2)
    join(page)
    press(page, "Left is better")
    view(page, places.MINE)
    assert table(page, "you said")["you said"] == ["left is better"]
    [(cast, _)] = ballots.of_annotator(store, me(store).id)
    page.query_params[places.VOTE] = cast.id
    page.run()
    group = next(one for one in page.button_group if (one.key or "").startswith(f"is-{cast.id}"))
    group.set_value("both_bad")
    press(page, "Save the change")
    assert votes.get(store, cast.id).verdict == "both_bad"
    assert [event.kind for event in votes.history(store, cast.id)] == ["cast", "edited"]
    assert "edited: both bad" in shown(page)
    page.query_params[places.VOTE] = "nothing"
    page.run()
    assert "No vote has the id 'nothing'" in shown(page)


def test_a_vote_of_somebody_else_cannot_be_changed_here(page, store):
    add_duels(store, 2)
    ben = person(store, "Ben")
    cast = vote(store, lease(store, ben, state.clock()))
    join(page)
    page.query_params[places.VOTE] = cast.id
    view(page, places.MINE)
    assert "somebody else's" in shown(page)


# --------------------------------------------------------------------------------------------------------------- duels


def test_the_sample_workspace_is_removed_and_added_again(app):
    app.run()
    app.switch_page("pages/label.py").run()
    join(app)
    view(app, places.DUELS)
    press(app, "Remove it")
    assert duels.recent(resources.lab().store) == []
    press(app, "Add the sample workspace")
    assert len(duels.recent(resources.lab().store, 100)) == 60


def test_a_share_of_the_duels_wishes_for_more_votes(page, store):
    add_duels(store, 50)
    join(page)
    view(page, places.DUELS)
    press(page, "Apply")
    wished = [duel.wished for duel in duels.recent(store, 100)]
    assert 2 <= wished.count(2) <= 20  # a fifth of 50, by chance
    page.number_input(key="overlap_wished").set_value(3)
    page.slider(key="overlap_share").set_value(100)
    press(page, "Apply")  # takes the fields as they are, though the page was not drawn since
    assert {duel.wished for duel in duels.recent(store, 100)} == {3}


@pytest.mark.parametrize(
    "words",
    [
        "</div></div><script>document.title='x'</script>",
        "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 5_000,
        "\x1b[31mred\x1b[0m \x07",
        "\u202eright to left",
        "y" * 50_000,
        "![pixel](http://127.0.0.1:9/p.png)",
    ],
    ids=["tags", "table", "ansi", "bidi", "long", "picture"],
)
def test_an_answer_is_shown_and_never_obeyed(page, store, words):
    duels.add(store, [new_duel(0, first=Side("odd", words, "", "", ""))])
    join(page)
    assert not page.exception
    everything = "".join(one.value for one in page.markdown)
    assert "\x1b" not in everything
    assert "\u202e" not in everything
    assert "![pixel]" not in everything
    assert not any(one.allow_html for one in page.markdown if "script" in one.value)
    if len(words) > 20_000:
        assert "are shown." in shown(page)
        press(page, "Show all")
        assert "are shown." not in shown(page)
    press(page, "Left is better")
    assert ballots.mine(store, me(store).id) == 1
    assert keys.ERROR not in page.session_state
