"""The Trust page as Streamlit runs it: a sentence, numbers that open their votes, a desk, bias, ratings."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
import streamlit as st
from screen import button, labels, shown, table

from lab.errors import StoreError
from lab.judging import NewDuel, NewVote, Side
from lab.messages import Message
from lab.preferences import people, sample
from lab.preferences.report import report
from lab.store import annotators, ballots, duels, given_votes, presentations, queue, resolutions
from lab.types import new_id
from lab.ui import resources
from lab.ui.trust import desk

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def add_duel(place, **changes):
    values = {
        "conversation": (Message("user", f"Question {place}?"),),
        "system_prompt": "Be brief.",
        "first": Side(f"p{place}", f"A short answer to {place}.", "professor", "mock", "m1"),
        "second": Side(f"z{place}", f"Another answer to {place}, a longer one.", "zoomer", "mock", "m2"),
        "origin": "bulk",
        "rule": "random",
        "query_type": "maths" if place % 2 else "chat",
        **changes,
    }
    [added] = duels.add(resources.lab().store, [NewDuel(**values)])
    return duels.get(resources.lab().store, added.duel_id)


def vote(duel, annotator, said, **changes):
    """`said` is the name of an expert, or a verdict."""
    chosen = next((side.response_id for side in (duel.first, duel.second) if side.expert == said), None)
    values = {"left_id": duel.first.response_id, "note": "", "took_ms": 5_000, **changes}
    given_votes.record_many(
        resources.lab().store,
        [NewVote(new_id(), duel.id, annotator, "better" if chosen else said, chosen, created_at=NOON, **values)],
    )


def annotator(name, kind="person"):
    store = resources.lab().store
    if kind == "person":
        return annotators.add(store, new_id(), name, pin_hash=None, link_hash=None).id
    return annotators.ensure(store, new_id(), name, kind).id


@pytest.fixture
def lab(app):
    """The app with its lab open and no vote: the sample workspace is removed."""
    app.run()
    sample.remove(resources.lab().store)
    return app


@pytest.fixture
def judged(lab):
    """Forty duels that ann and ben judged; they disagree on four, the sides are shuffled, professor wins 3 of 4."""
    ann, ben = annotator("ann"), annotator("ben")
    draw = np.random.default_rng(2)
    for place in range(40):
        duel = add_duel(place)
        said = "zoomer" if place % 4 == 0 else "professor"
        other = "professor" if said == "zoomer" else "zoomer"
        for who, choice in ((ann, said), (ben, other if place % 10 == 0 else said)):
            left = (duel.first, duel.second)[int(draw.integers(0, 2))].response_id
            vote(duel, who, choice, left_id=left, note=f"because {place}" if place == 10 else "")
    return lab


def trust(app, **query):
    app.switch_page("pages/trust.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def part(app, name):
    app.session_state["part"] = name
    return app.run()


def test_without_votes_it_teaches_and_leads_to_the_label_page(lab, monkeypatch):
    links = []
    monkeypatch.setattr(st, "page_link", lambda page, **_: links.append(page))
    page = trust(lab)
    assert not page.exception
    assert "Nobody has judged anything yet" in shown(page)
    assert "pages/label.py" in links


def test_the_first_line_is_the_sentence_and_the_numbers_are_those_of_the_core(judged):
    page = trust(judged)
    assert not page.exception
    found = report(ballots.listed(resources.lab().store))
    assert found.usability.sentence in shown(page)
    metrics = {one.label: one.value for one in page.metric}
    assert metrics["votes"] == "80"
    assert metrics["judged by two or more"] == "40"
    assert metrics["raw agreement"] == f"{found.agreement.raw.value.value:.0%}" == "90%"
    assert metrics["Krippendorff's alpha"] == f"{found.agreement.alpha.value.value:.2f}"
    assert metrics["Cohen's kappa"] == f"{found.agreement.each_two[0].kappa.value.value:.2f}"
    assert metrics["self-consistency"] == "–"
    assert metrics["open disagreements"] == "4"
    assert "undefined, because no duel was shown to its annotator again" in shown(page)


def test_a_number_opens_its_votes_and_a_row_its_duel(judged):
    page = trust(judged)
    next(one for one in page.button if one.key == "number-chose the left").click().run()
    left = sum(one.chosen_id == one.left_id for one in ballots.listed(resources.lab().store))
    assert f"{left} votes" in shown(page)
    rows = table(page, "verdicts")
    assert rows["answers"][0] in ("professor / zoomer", "zoomer / professor")
    assert rows["verdicts"][0].startswith(("ann: ", "ben: "))
    duel = ballots.listed(resources.lab().store)[0].duel_id
    page.query_params["duel"] = duel
    page.run()
    assert "A short answer to" in shown(page)
    button(page, "Close").click().run()
    assert "open" not in page.query_params
    assert not page.exception


def test_a_link_opens_a_duel_and_one_that_is_not_there_is_said(judged):
    duel = duels.recent(resources.lab().store, 1)[0]
    page = trust(judged, duel=duel.id)
    assert duel.second.text in shown(page)
    page = trust(judged, duel="nothing")
    assert "No duel has the id" in shown(page)
    page = trust(judged, open="numbers|nonsense|x")
    assert not page.exception


def test_annotators_have_a_line_each_and_a_kappa_for_each_two(judged):
    page = trust(judged)
    lines = table(page, "with the rest")
    assert sorted(lines["annotator"]) == ["ann", "ben"]
    assert lines["votes"] == [40, 40]
    assert [line.startswith("90% (") and line.endswith("n = 40") for line in lines["with the rest"]] == [True, True]
    assert lines["again the same"] == ["–", "–"]
    assert lines["s a vote"] == [5.0, 5.0]
    assert lines["votes an hour"] == [720, 720]
    assert table(page, "Cohen's kappa")["duels of both"] == [40]
    ann = next(one.id for one in annotators.listed(resources.lab().store) if one.name == "ann")
    page = trust(page, open=f"annotators|all|{ann}")
    assert "Votes, repeats too, ann: 40 duels, 40 votes" in shown(page).replace("*", "")


# ------------------------------------------------------------------------------------------------------ the desk


def test_the_desk_shows_both_verdicts_with_their_notes(judged):
    page = part(trust(judged), "Disagreements")
    text = shown(page)
    assert not page.exception
    assert "1 of 4" in text
    assert "ann" in text
    assert "left is better" in text
    assert "right is better" in text
    assert "A short answer to 0." in text
    assert "(m1)" not in text
    button(page, "Next").click().run()
    assert "because 10" in shown(page)


def disagreement(app):
    """The duel on the desk, by its answers."""
    return next(one for one in duels.recent(resources.lab().store, 100) if one.second.text in shown(app))


def test_a_disagreement_is_resolved_kept_dropped_and_reopened(judged):
    page = part(trust(judged), "Disagreements")
    store = resources.lab().store
    first = disagreement(page)
    next(one for one in page.text_area if one.label == "Note").input("she is right")
    button(page, "Left is better").click().run()
    assert not page.exception
    given = resolutions.newest(store)[first.id]
    assert (given.kind, given.verdict, given.chosen_id, given.note) == (
        "resolved", "better", first.first.response_id, "she is right",
    )  # fmt: skip
    second = disagreement(page)
    assert second.id != first.id  # the next one
    assert "of 3" in shown(page)
    button(page, "Keep as contested").click().run()
    button(page, "Drop the duel").click().run()
    button(page, "Both bad").click().run()
    assert [one.kind for one in resolutions.newest(store).values()].count("resolved") == 2
    assert "No disagreement is open. 4 duels in all." in shown(page)
    page.segmented_control(key="state").select("contested").run()
    assert disagreement(page).id == second.id
    assert "Contested" in shown(page)
    button(page, "Reopen").click().run()
    assert resolutions.newest(store)[second.id].kind == "reopened"
    page.segmented_control(key="state").select("open").run()
    assert disagreement(page).id == second.id


def test_a_link_puts_a_disagreement_on_the_desk_beside_a_list_that_shows_it_too(judged):
    page = part(trust(judged), "Disagreements")
    button(page, "Next").click().run()
    second = disagreement(page).id
    page = trust(page, part="Disagreements", desk=second, open="numbers|twice", duel=second)
    assert not page.exception
    assert "2 of 4" in shown(page)
    page = trust(page, part="Disagreements", desk="nothing")
    assert "1 of 4" in shown(page)


def test_who_is_signed_in_resolves(judged):
    ann = next(one for one in annotators.listed(resources.lab().store) if one.name == "ann")
    page = part(trust(judged, me=people.token(resources.lab().store, ann)), "Disagreements")
    duel = disagreement(page)
    mine = next(
        one for one in ballots.of_duels(resources.lab().store, [duel.id])[duel.id] if one.annotator_id == ann.id
    )
    assert presentations.get(resources.lab().store, mine.presentation_id).revealed_at is not None  # ann saw ben's vote
    button(page, "Both bad").click().run()
    assert resolutions.newest(resources.lab().store)[duel.id].annotator_id == ann.id
    page = trust(page, part="Disagreements", desk=duel.id)
    assert "Resolved: both bad** by ann" in shown(page)


def test_a_duel_that_was_read_here_is_not_judged_blind_afterwards(judged):
    store = resources.lab().store
    cem = people.join(store, new_id(), "cem", None)
    page = part(trust(judged, me=people.token(store, cem)), "Disagreements")
    duel = disagreement(page)
    showing = queue.lease(store, new_id(), duel_id=duel.id, annotator_id=cem.id, seed=0, now=NOON)
    assert showing.presentation.revealed_at is not None


def test_strangers_of_an_open_lab_resolve_nothing(judged, monkeypatch):
    monkeypatch.setattr("lab.ui.people.alone", lambda: False)
    page = part(trust(judged), "Disagreements")
    assert "Sign in on the Label page" in shown(page)
    assert "Both bad" not in labels(page)


def test_the_desk_reveals_names_on_request_alone(judged):
    page = part(trust(judged), "Disagreements")
    assert "Left: " not in shown(page)
    next(one for one in page.toggle if one.key == "names").set_value(True).run()
    assert "(m1)" in shown(page)


def test_a_press_that_is_sent_twice_stores_one_resolution(judged):
    page = part(trust(judged), "Disagreements")
    pressed = button(page, "Equally good")
    duel = disagreement(page)
    pressed.click().run()
    assert "desk-Equally good" in pressed.key
    store = resources.lab().store
    before = resolutions.newest(store)[duel.id]
    again = desk._Step(before.id, duel.id, "dropped", None, None, "no-note", None, None, "")
    resolutions.give(store, again.resolution_id, duel_id=duel.id, kind=again.kind)
    assert resolutions.newest(store)[duel.id] == before


def test_a_database_that_refuses_says_that_nothing_was_stored(judged, monkeypatch):
    page = part(trust(judged), "Disagreements")

    def refuse(*_, **__):
        raise StoreError("The database is locked. Try again.")

    monkeypatch.setattr(resolutions, "give", refuse)
    button(page, "Both bad").click().run()
    assert any("Nothing was stored" in one.value for one in page.toast)
    assert resolutions.newest(resources.lab().store) == {}
    assert "1 of 4" in shown(page)


def test_hostile_text_is_shown_and_never_obeyed(lab):
    evil = "<img src=x onerror=alert(1)> ![x](http://evil.example/x.png) **bold**"
    ann, ben = annotator("' OR 1=1 --"), annotator("<img onerror>")
    duel = add_duel(1, second=Side("z1", evil, "zoomer", "mock", "<b>m2</b>"), conversation=(Message("user", evil),))
    vote(duel, ann, "zoomer", note=evil)
    vote(duel, ben, "professor")
    page = part(trust(lab), "Disagreements")
    assert not page.exception
    texts = "\n".join(one.value for one in page.markdown)
    assert "![x](http" not in texts
    assert "\\<img onerror\\>" in texts


# ----------------------------------------------------------------------------------------------- bias and ratings


def test_bias_has_an_interval_for_any_look_and_a_table(judged):
    page = part(trust(judged), "Bias")
    assert not page.exception
    text = shown(page)
    for title in ("Left or right", "Longer or shorter", "How much longer", "Verdicts"):
        assert title in text
    mix = table(page, "of votes")
    assert mix["verdict"][0] == "one is better"
    assert mix["share"][0] == 1.0
    page = trust(page, part="Bias", open="bias|longer|")
    assert "Votes for the longer answer: 12 duels, 20 votes" in shown(page).replace("*", "")


def test_ratings_of_duels_by_chance_and_others_apart(judged):
    ann = next(one.id for one in annotators.listed(resources.lab().store) if one.name == "ann")
    for place in range(100, 112):
        vote(add_duel(place, rule="hardest"), ann, "zoomer")
    page = part(trust(judged), "Ratings")
    assert not page.exception
    rated = table(page, "strength")
    assert rated["who answered"] == ["professor", "zoomer"]
    assert rated["duels"] == [40, 40]
    assert rated["wins"][0] == pytest.approx(30.0)  # two of its duels and two of the others' were split
    assert "By query type" in shown(page)
    assert "n = 40" in table(page, "row beats column")["zoomer"][0]
    page.selectbox(key="pool").select("bulk/hardest").run()
    assert "not sampled by chance" in shown(page)
    assert table(page, "strength")["who answered"][0] == "zoomer"
    page = trust(page, part="Ratings", pool="bulk/hardest", open="ratings|rated|bulk%2Fhardest||zoomer")
    assert "12 duels, 12 votes" in shown(page)


def test_few_duels_are_too_few_votes_and_no_number(lab):
    ann = annotator("ann")
    for place in range(5):
        vote(add_duel(place), ann, "professor")
    page = part(trust(lab), "Ratings")
    assert "Too few votes" in shown(page)
    assert table(page, "strength")["strength"] == [None, None] or all(
        one != one for one in table(page, "strength")["strength"]
    )
    assert "too few votes, n = 5" in table(page, "row beats column")["zoomer"][0]


# ------------------------------------------------------------------------------------------------------- filters


def test_sample_votes_are_left_out_beside_others_and_marked_where_they_count(lab):
    robin = annotator("Robin (sample)", "sample")
    for place in range(3):
        vote(add_duel(place, origin="sample", rule="all"), robin, "zoomer")
    page = trust(lab)
    assert "-badge[sample workspace" in shown(page)
    assert "All of these votes came with the lab" in shown(page)
    ann = annotator("ann")
    vote(add_duel(9), ann, "professor")
    page.run()
    assert {one.label: one.value for one in page.metric}["votes"] == "1"
    assert "-badge[sample workspace" not in shown(page)
    next(one for one in page.toggle if one.key == "sample").set_value(True).run()
    assert {one.label: one.value for one in page.metric}["votes"] == "4"
    assert "-badge[sample workspace" in shown(page)


def test_filters_are_in_the_address(judged):
    page = trust(judged, kind="maths", who="ann")
    metrics = {one.label: one.value for one in page.metric}
    assert metrics["votes"] == "20"
    assert page.selectbox(key="kind").value == "maths"
    page.selectbox(key="kind").set_value(None).run()
    assert {one.label: one.value for one in page.metric}["votes"] == "40"
    page = trust(judged, kind="nonsense")
    assert not page.exception


def test_figures_are_kept_until_a_vote_changes(judged, monkeypatch):
    from lab.ui.trust import reading

    counted = []
    monkeypatch.setattr(reading, "report", lambda some: counted.append(len(some)) or report(some))
    page = trust(judged)
    page.run()
    assert counted == [80]
    vote(add_duel(77), next(one.id for one in annotators.listed(resources.lab().store)), "zoomer")
    page.run()
    assert counted == [80, 81]


def test_methods_are_folded_until_they_are_asked_for(judged):
    page = trust(judged)
    assert "confidence sequence (beta-binomial" not in shown(page)
    page.session_state["methods"] = True
    page.run()
    assert "confidence sequence (beta-binomial" in shown(page)
