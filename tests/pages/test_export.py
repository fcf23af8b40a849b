"""The Export page as Streamlit runs it: whom to train, the funnel, the doctor, a split, freezing, snapshots."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
import streamlit as st
from screen import button, shown, table

from lab.dpo import clusters, snapshots
from lab.dpo.formats.registry import Choice
from lab.dpo.spec import Spec
from lab.judging import NewDuel, NewVote, Side
from lab.messages import Message
from lab.preferences import sample
from lab.records import Feedback
from lab.store import annotators, answers, deletion, duels, exports_shelf, given_votes
from lab.store import snapshots as stored
from lab.store.text_places import Words
from lab.types import new_id
from lab.ui import access, resources
from lab.ui.export import choosing, opened_list, reading

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PARROT = "Hello there, who are you?"  # a prompt, and how the answer to it begins that the doctor blocks


def address(app, name):
    found = app.query_params[name]
    return found if isinstance(found, str) else found[-1]


def numbers(app):
    return {one.label: one.value for one in app.metric}


def add_duel(place, **changes):
    digest = hashlib.sha256(str(place).encode()).hexdigest()
    topic = " ".join(digest[at : at + 6] for at in range(0, 60, 6))  # no two prompts are alike
    values = {
        "conversation": (Message("user", f"Part {place}: {topic}"),),
        "system_prompt": "Be brief.",
        "first": Side(f"p{place}", f"All that matters here is said in sentence {place}.", "professor", "x", "m1"),
        "second": Side(f"z{place}", f"No idea, really, number {place}, ask somebody else.", "zoomer", "x", "m2"),
        "origin": "bulk",
        "rule": "random",
        "query_type": "maths" if place % 2 else "chat",
        **changes,
    }
    [added] = duels.add(resources.lab().store, [NewDuel(**values)])
    return duels.get(resources.lab().store, added.duel_id)


def add_parrot(place):
    """A duel of which one answer says the prompt again."""
    said = Side(f"p{place}", f"{PARROT} I am nobody in particular.", "professor", "x", "m1")
    return add_duel(place, conversation=(Message("user", PARROT),), first=said)


def vote(duel, annotator, said="professor"):
    """`said` is the name of an expert, or a verdict."""
    chosen = next((side.response_id for side in (duel.first, duel.second) if side.expert == said), None)
    given_votes.record_many(
        resources.lab().store,
        [
            NewVote(
                new_id(), duel.id, annotator, "better" if chosen else said, chosen, created_at=NOON,
                left_id=duel.first.response_id, note="", took_ms=5_000,
            )
        ],
    )  # fmt: skip


def annotator(name):
    return annotators.add(resources.lab().store, new_id(), name, pin_hash=None, link_hash=None).id


@pytest.fixture
def lab(app):
    """The app with its lab open and no vote: the sample workspace is removed."""
    app.run()
    sample.remove(resources.lab().store)
    return app


@pytest.fixture
def judged(lab):
    """Twelve duels that ann judged: nine for professor, one for zoomer, one tie, one whose winner is a parrot."""
    ann = annotator("ann")
    made = [add_duel(place) for place in range(11)]
    made.append(add_parrot(11))
    for place, duel in enumerate(made):
        vote(duel, ann, {3: "zoomer", 4: "equally_good"}.get(place, "professor"))
    return lab


def export(app, **query):
    app.switch_page("pages/export.py")
    for name, value in query.items():
        app.query_params[name] = value
    page = app.run()
    assert not page.exception
    return page


def frozen(name):
    """Freeze what there is and write it, as the button's work does."""
    lab = resources.lab()
    one = snapshots.freeze(lab.store, Spec(), snapshot_id=new_id(), name=name)
    return snapshots.shelve(lab.store, one, [Choice("trl", "jsonl")], lab.settings.data_dir)


def wait_for_work():
    jobs = resources.lab().jobs
    for job in jobs.recent(5):
        jobs.wait(job.id, 30)


# ------------------------------------------------------------------------------------------------- without pairs


def test_where_nobody_judged_it_teaches_and_leads_to_the_label_page(lab, monkeypatch):
    links = []
    monkeypatch.setattr(st, "page_link", lambda page, **_: links.append(page))
    page = export(lab)
    assert "Nobody has judged anything yet" in shown(page)
    assert "pages/label.py" in links
    assert not page.metric


def test_with_the_sample_alone_it_teaches_and_one_press_lets_the_sample_in_and_out(app):
    app.run()
    page = export(app)
    assert "Only the sample workspace was judged so far" in shown(page)
    assert numbers(page)["kept pairs"] == "0"
    page = button(page, "Look at the sample workspace").click().run()
    assert int(numbers(page)["kept pairs"]) > 0
    assert address(page, "sample") == "true"
    page = button(page, "Leave the samples out").click().run()
    assert "Only the sample workspace was judged so far" in shown(page)


def test_where_all_is_blocked_it_says_why_and_freezes_nothing(lab):
    vote(add_parrot(0), annotator("ann"))
    page = export(lab)
    assert "None of the 1 judged duels makes a pair that can be exported" in shown(page)
    assert "an answer that begins with the prompt (1)" in shown(page)
    assert table(page, "why they are not in")["why they are not in"] == ["an answer that begins with the prompt"]
    page = export(lab, part="Freeze")
    assert "there is nothing to freeze" in shown(page)


def test_a_thumb_alone_makes_a_row_for_kto_and_no_pair(lab):
    duel = add_duel(0)
    answers.record_feedback(resources.lab().store, Feedback(new_id(), duel.first.response_id, "up", NOON))
    page = export(lab, part="Split and preview", form="TRL KTO")
    assert "No pair can train, 1 answer with a thumb can, by KTO" in shown(page)
    assert "All that matters here is said in sentence 0." in page.code[0].value
    assert '"label":true' in page.code[0].value.replace(" ", "")


def test_formats_that_hold_no_thumb_freeze_nothing(lab):
    duel = add_duel(0)
    answers.record_feedback(resources.lab().store, Feedback(new_id(), duel.first.response_id, "up", NOON))
    page = export(lab, part="Freeze", formats="TRL DPO")
    button(page, "Freeze and write 1 answer with a thumb").click().run()
    wait_for_work()
    assert stored.every(resources.lab().store) == []
    [job] = resources.lab().jobs.recent(1)
    assert "none fits TRL DPO" in job.error


# ---------------------------------------------------------------------------------------------- funnel and doctor


def test_the_funnel_counts_each_step_and_every_loss_opens_its_duels_beside_it(judged):
    page = export(judged)
    found = numbers(page)
    assert (found["votes"], found["judged duels"], found["with a winner"], found["kept pairs"]) == (
        "12", "12", "11", "10",
    )  # fmt: skip
    assert sum(int(one) for one in found["train / validation / test"].split(" / ")) == 10
    page = button(page, "1 without").click().run()
    assert address(page, "open") == "funnel|undecided"
    assert table(page, "in the export")["in the export"] == ["judged equally good"]
    page = button(page, "1 left out").click().run()
    assert table(page, "in the export")["in the export"] == ["an answer that begins with the prompt"]
    page = button(page, "Close").click().run()
    assert "open" not in page.query_params


def test_every_finding_says_how_many_of_what_an_example_and_what_to_do(judged):
    page = export(judged)
    said = shown(page)
    assert "**An answer that begins with the prompt**: 1 pair left out" in said
    assert "Such as *Hello there, who are you?*" in said
    assert "**Few pairs**: 10 pairs, under 50" in said
    page = button(page, "Read 1").click().run()
    assert address(page, "open") == "doctor-prompt_repeated|rule|prompt_repeated"
    assert table(page, "in the export")["in the export"] == ["an answer that begins with the prompt"]


def test_a_warned_pair_is_left_out_by_a_press_and_taken_in_by_another(judged):
    vote(add_duel(20, second=Side("z20", "I am ChatGPT, number 20.", "zoomer", "x", "m2")), annotator("ben"))
    page = export(judged)
    assert numbers(page)["kept pairs"] == "11"
    page = button(page, "Leave them out").click().run()
    assert numbers(page)["kept pairs"] == "10"
    assert address(page, "x") == "an answer that names its model"
    page = button(page, "Take them in again").click().run()
    assert numbers(page)["kept pairs"] == "11"


def test_a_limit_that_cuts_is_raised_by_a_press_and_says_that_tokens_are_estimated(judged):
    page = export(judged, limit="16")
    assert "Tokens are an estimate until" in shown(page)
    page = button(page, "Raise the limit to 256, which holds 99 of 100").click().run()
    assert address(page, "limit") == "256"
    assert "Tokens are an estimate until" not in shown(page)


def test_it_says_which_share_of_the_answers_came_from_the_policy(judged):
    page = export(judged)
    assert "professor (m1) 50%, zoomer (m2) 50%" in shown(page)
    page.text_input(key="model").set_value("m1").run()
    assert "50% of the answers were sampled from m1, which is to be trained." in shown(page)


def test_a_duel_opens_with_its_votes_and_how_it_was_shown(judged):
    duel = add_duel(30)
    vote(duel, annotator("cleo"))
    page = export(judged, open="funnel|kept", duel=duel.id)
    assert "**cleo**: left is better" in shown(page)
    assert table(page, "stood left")["stood left"] == ["professor, left above"]
    assert "It came of no event" in shown(page)


def test_thumbs_open_those_that_are_in_and_those_that_are_not(judged):
    made = [add_duel(place) for place in range(40, 44)]
    for duel, value in zip(made, ("up", "down", "up", "down"), strict=True):
        answers.record_feedback(resources.lab().store, Feedback(new_id(), duel.first.response_id, value, NOON))
    mine = answers.by_ids(resources.lab().store, [made[0].first.response_id])[made[0].first.response_id]
    add_duel(45, first=Side("e45", "Error: connection refused", "professor", "x", "m1"))
    answers.record_feedback(resources.lab().store, Feedback(new_id(), "e45", "up", NOON))
    page = export(judged)
    assert numbers(page)["thumbs, for KTO"] == "4"
    page.button(key="funnel-thumbs, for KTO").click().run()
    assert address(page, "open") == "funnel|thumbs_kept"
    found = table(page, "thumb")
    assert (sorted(found["thumb"]), found["in the export"]) == (["down", "down", "up", "up"], ["yes"] * 4)
    page = export(page, answer=mine.id)
    assert mine.text in shown(page)
    assert "In the export: yes" in shown(page)
    button(page, "Close the answer").click().run()
    assert "In the export: yes" not in shown(page)

    page.button(key="lost-thumbs_left_out").click().run()
    assert table(page, "thumb")["answer"] == ["professor: Error: connection refused"]
    assert table(page, "answers")["answers"] == [1]
    page = export(page, open="lost-thumbs|thumbs_reason|error_text")
    assert table(page, "thumb")["answer"] == ["professor: Error: connection refused"]


def test_a_long_list_shows_the_first_and_offers_all_of_it(judged, monkeypatch):
    monkeypatch.setattr(opened_list, "MOST", 3)
    page = export(judged, open="funnel|judged")
    assert len(table(page, "prompt")["prompt"]) == 3
    assert "The first 3 are shown." in shown(page)
    assert "CSV of all 12" in [one.label for one in page.get("download_button")]


def test_a_warning_opens_its_thumbs(judged):
    add_duel(46, first=Side("e46", "Write to ann.lee@firma.de, she knows.", "professor", "x", "m1"))
    answers.record_feedback(resources.lab().store, Feedback(new_id(), "e46", "up", NOON))
    page = export(judged)
    button(page, "Read 1 thumb").click().run()
    found = table(page, "thumb")
    assert found["answer"] == ["professor: Write to ann.lee@firma.de, she knows."]
    assert found["in the export"][0].startswith("yes: ")
    page.button(key="out-personal").click().run()
    button(page, "Read 1 thumb").click().run()  # it can still be read
    assert table(page, "thumb")["in the export"][0].startswith("left out by name: ")


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("2026-11-23", "2026-11-23", "can train"),
        ("2026-11-22", "2026-11-22", "None of the 12 judged duels makes a pair"),
        ("2026-11-24", "2026-11-22", "No day lies from 2026-11-24 to 2026-11-22"),
    ],
)
def test_one_day_is_a_range_that_a_link_keeps(judged, since, until, said):
    page = export(judged, since=since, until=until)
    assert said in shown(page)
    assert [str(page.date_input(key=key).value) for key in ("since", "until")] == [since, until]
    assert [address(page, key) for key in ("since", "until")] == [since, until]


NO_LISTS = (
    "funnel|nothing", "funnel|reason|nonsense", "funnel|tokens|a|b", "funnel|split", "funnel|thumbs_none",
    "funnel|thumbs_reason|x", "funnel|thumbs_rule|x", "funnel|thumbs_rule",
)  # fmt: skip


@pytest.mark.parametrize("link", NO_LISTS)
def test_a_link_to_a_list_that_is_none_says_so(judged, link):
    assert "This link names a list that is not there" in shown(export(judged, open=link))


def test_the_duel_of_an_event_names_the_router_version_that_routed_it(lab):
    routed = resources.lab().exchange.route("prove that there are infinitely many primes", source="page")
    duel = add_duel(0, event_id=routed.event.id, origin="route")
    vote(duel, annotator("ann"))
    page = export(lab, duel=duel.id)
    assert 'Routed by v1 "shipped" to professor (layer keyword)' in shown(page)


# --------------------------------------------------------------------------------------------------- a long reading


def test_many_duels_are_read_by_work_that_somebody_starts(judged, monkeypatch):
    monkeypatch.setattr(reading, "AT_ONCE", 0)
    page = export(judged)
    assert "12 judged duels are to be read" in shown(page)
    assert not page.metric
    assert not resources.lab().jobs.recent(5, reading.KIND)
    page = button(page, "Read them").click().run()
    wait_for_work()
    page = page.run()
    assert numbers(page)["kept pairs"] == "10"
    page.number_input(key="least").set_value(2).run()
    assert len(resources.lab().jobs.recent(5, reading.KIND)) == 1  # other choices wait to be asked for


def test_a_press_reads_for_the_choices_made_right_before_it(judged, monkeypatch):
    monkeypatch.setattr(reading, "AT_ONCE", 0)
    page = export(judged)
    page.number_input(key="least").set_value(2)
    page = button(page, "Read them").click().run()
    wait_for_work()
    assert numbers(page.run())
    assert page.number_input(key="least").value == 2
    assert len(resources.lab().jobs.recent(5, reading.KIND)) == 1


def test_a_reading_that_fails_says_why_where_it_was_begun(judged, monkeypatch):
    monkeypatch.setattr(reading, "AT_ONCE", 0)
    monkeypatch.setattr(clusters, "MOST_BY_COSINE", 3)
    page = export(judged, nearness="meaning")
    button(page, "Read them").click().run()
    wait_for_work()
    [error] = page.run().error
    assert "too many to compare each with each by cosine" in error.value


# -------------------------------------------------------------------------------------- choices that cannot be met


def test_who_looks_in_from_elsewhere_cannot_ask_for_folders_of_this_machine(judged, tmp_path, monkeypatch):
    monkeypatch.setattr(access, "on_this_machine", lambda: False)
    page = export(judged, tokenizer=str(tmp_path / "nowhere"))
    assert "Folder of its tokenizer" not in [one.label for one in page.text_input]
    assert str(tmp_path) not in shown(page)
    assert "kept pairs" in numbers(page)


def test_a_folder_that_is_no_tokenizer_is_told_and_the_page_goes_on_with_an_estimate(judged, tmp_path):
    page = export(judged, tokenizer=str(tmp_path / "nowhere"))
    [error] = page.error
    assert "There is no folder" in error.value
    assert "an estimate" in error.value
    assert numbers(page)["kept pairs"] == "10"


def test_a_replacement_without_words_keeps_the_duels_own_and_says_so(judged):
    page = export(judged, system="another one", part="Split and preview")
    assert "until then each pair keeps the duel's own" in shown(page)
    assert "Be brief." in page.code[0].value
    page.text_input(key="system_text").set_value("Answer in rhymes.").run()
    assert "Answer in rhymes." in page.code[0].value


def test_one_annotator_where_there_is_none_is_an_error_beside_the_choice_and_snapshots_stay_in_reach(lab):
    vote(add_duel(0), annotator("ann"))
    page = export(lab, rule="one annotator", part="Snapshots")
    assert page.selectbox(key="whose").value
    assert numbers(page)["kept pairs"] == "1"
    assert "No snapshot was frozen yet" in shown(page)


def test_near_duplicates_by_cosine_are_found_with_the_encoder(judged):
    page = export(judged, nearness="meaning", near="0.95")
    assert numbers(page)["with a winner"] == "11"
    assert address(page, "nearness") == "meaning"


# --------------------------------------------------------------------------------------------- split, plots, preview


def test_the_preview_is_what_the_file_holds_and_its_choices_stand_in_the_address(judged):
    frozen("seen")
    page = export(judged, part="Split and preview")
    folder = next(iter((resources.lab().settings.data_dir / "exports").glob("seen-*/trl")))
    held = (folder / "train.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    assert "".join(held[:3]).startswith(page.code[0].value.strip()[:200])
    page.selectbox(key="form").set_value("kto").run()
    assert '"label":true' in page.code[0].value.replace(" ", "")


def test_the_plots_draw_and_their_lists_are_below_them(judged):
    page = export(judged, part="Plots", open="plots|author|professor|m1")
    assert len(table(page, "in the export")["prompt"]) == 10
    assert table(page, "share of all")["share of all"] == [0.5, 0.5]


# ------------------------------------------------------------------------------------------------------- snapshots


def test_one_press_freezes_and_writes_and_a_second_one_freezes_no_more(judged):
    page = export(judged, part="Freeze", freeze_name="prefs")
    freeze = button(page, "Freeze and write 10 pairs")
    page = freeze.click().run()
    wait_for_work()
    page = page.run()
    assert [one.name for one in stored.listed(resources.lab().store)] == ["prefs"]
    assert table(page, "sha256")["file"]
    assert address(page, "part") == "Snapshots"


def test_a_press_takes_what_was_typed_right_before_it(judged):
    """A field that is left by the press itself: the page was not drawn with its words yet."""
    page = export(judged, part="Freeze")
    page.text_input(key="freeze_name").set_value("typed last")
    page.button_group(key="formats").set_value(["kto"])
    button(page, "Freeze and write 10 pairs").click().run()
    wait_for_work()
    [one] = stored.listed(resources.lab().store)
    assert one.name == "typed last"
    assert folders(one) == {"kto"}
    page = export(judged, part="Snapshots", snapshot=one.id)
    page.text_input(key=f"name-{one.id}-typed last").set_value("then renamed")
    button(page, "Rename").click().run()
    assert stored.get(resources.lab().store, one.id).name == "then renamed"
    page = export(judged, part="Snapshots", snapshot=one.id)
    page.button_group(key=f"again-{one.id}").set_value(["trl"])
    button(page, "Write the files again").click().run()
    wait_for_work()
    assert folders(stored.get(resources.lab().store, one.id)) == {"kto", "trl"}


def folders(one):
    return {path.split("/")[0] for path in one.files if "/" in path}


def test_a_press_without_a_format_says_so_and_freezes_nothing(judged):
    page = export(judged, part="Freeze")
    page.button_group(key="formats").set_value([])
    page = button(page, "Freeze and write 10 pairs").click().run()
    assert "Choose a format first." in shown(page)
    assert stored.listed(resources.lab().store) == []


def test_votes_that_came_between_reading_and_freezing_are_said(judged):
    page = export(judged, part="Freeze", freeze_name="prefs")
    freeze = button(page, "Freeze and write 10 pairs")
    vote(add_duel(40), annotator("Zed"))
    page = freeze.click().run()
    wait_for_work()
    page = page.run()
    assert "Votes came between reading and freezing: 10 pairs had been read." in shown(page)
    assert "11 pairs" in shown(page)


def test_prompts_that_keep_their_side_are_said(judged):
    frozen("first")
    page = export(judged, part="Split and preview", test=40)
    assert "10 of 10 pairs keep the side that their prompt had before" in shown(page)
    page.text_input(key=choosing.FAMILY).set_value("other")
    page = page.run()
    assert "keep the side that their prompt had before" not in shown(page)


def test_a_snapshot_is_renamed_deleted_and_brought_back(judged):
    one = frozen("first")
    page = export(judged, part="Snapshots", snapshot=one.id)
    page.text_input(key=f"name-{one.id}-first").set_value("second")
    page = button(page.run(), "Rename").click().run()
    assert table(page, "snapshot")["snapshot"] == ["second"]
    page = button(page, "Delete").click().run()
    assert "**second** is deleted." in shown(page)
    page = button(page, "Bring second back").click().run()
    assert table(page, "snapshot")["snapshot"] == ["second"]


def test_files_written_again_are_the_same_to_the_byte(judged):
    one = frozen("same")
    page = export(judged, part="Snapshots", snapshot=one.id)
    button(page, "Rebuild and compare").click().run()
    wait_for_work()
    page = page.run()
    assert "the same to the byte" in shown(page)


def test_a_snapshot_written_in_one_format_after_the_other_is_the_same_to_the_byte(judged):
    one, lab = frozen("twice"), resources.lab()
    for choices in ([Choice("hf", "parquet")], [Choice("kto", "jsonl"), Choice("trl", "parquet")]):
        snapshots.shelve(lab.store, one, choices, lab.settings.data_dir)
    page = export(judged, part="Snapshots", snapshot=one.id)
    assert not [path for path in table(page, "sha256")["file"] if path.startswith("trl/") and "jsonl" in path]
    button(page, "Rebuild and compare").click().run()
    wait_for_work()
    assert f"{len(table(page, 'sha256')['file']) - 1} files the same to the byte" in shown(page.run())


def test_a_snapshot_says_that_text_of_it_was_deleted(judged):
    one = frozen("before")
    deletion.delete_text(resources.lab().store, new_id(), Words.of("really, number 7,"))
    page = export(judged, part="Snapshots", snapshot=one.id)
    assert "Text of 1 row was deleted on request since it was frozen." in shown(page)
    assert table(page, "text deleted")["text deleted"] == [1]


def test_a_freeze_keeps_what_was_read(judged, monkeypatch):
    page = export(judged, part="Freeze")
    monkeypatch.setattr(reading, "AT_ONCE", 0)
    button(page, "Freeze and write").click().run()
    wait_for_work()
    assert numbers(page.run())["kept pairs"] == "10"


def test_two_snapshots_are_compared_row_by_row(judged):
    frozen("first")
    duel = add_duel(40)
    vote(duel, annotator("dora"))
    second = frozen("second")
    page = export(judged, part="Snapshots", snapshot=second.id, of="What differs")
    assert "and 10 rows are the same." in shown(page)
    assert table(page, "duel or answer")["duel or answer"] == [duel.id]
    page.query_params["open"], page.query_params["duel"] = "difference|duel", duel.id
    page.run()
    assert "Part 40" in shown(page)


def test_the_recipe_is_a_script_for_the_files_on_this_machine(judged):
    one = frozen("trained")
    page = export(judged, part="Snapshots", snapshot=one.id, of="Train on it")
    folder = exports_shelf.folder_for(resources.lab().settings.data_dir, one.id, "trained")
    assert str(folder / "trl") in page.code[0].value
    assert "DPOTrainer" in page.code[0].value


def test_a_link_to_a_snapshot_that_is_none_says_so(judged):
    assert "not in this database" in shown(export(judged, part="Snapshots", snapshot="none"))
