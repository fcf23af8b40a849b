"""Deleting on request: a text wherever the tables hold it, a person; gone from the files byte by byte, on record."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import JSON, String, select
from sqlmodel import AutoString

from lab.errors import KeepingError, NotFound, StoreError
from lab.judging import HUMAN, Deletion, Side, written_by
from lab.messages import Message
from lab.records import Event, Response
from lab.store import (
    Store,
    annotators,
    answers,
    backup,
    ballots,
    batches,
    conversations,
    deletion,
    duels,
    events,
    guidelines,
    jobs_table,
    labels,
    open_store,
    removal,
    resolutions,
    scrub,
    versions,
    votes,
)
from lab.store.owner import this_process
from lab.store.tables import LabModel
from lab.store.text import DELETED
from lab.store.text_places import REPLACED, REPORTED, WITHOUT, Words
from tests.store.judged import NOON, add_duels, lease, new_duel, person, vote

Recorder = Callable[..., Event]
SECRET = "maria.huber@example.org"
SAID = f"Please write to Maria.HUBER@example.org, says {SECRET.upper()}"


def forget(store: Store, given: str = SECRET, deletion_id: str = "d1", **more: object) -> Deletion:
    return deletion.delete_text(store, deletion_id, Words.of(given), **more)  # type: ignore[arg-type]


def everything(store: Store) -> str:
    """All that the tables hold, as one text."""
    with store.read() as session:
        return "\n".join(
            str(tuple(row))
            for table in LabModel.metadata.tables.values()
            for row in session.connection().execute(select(table))
        )


def answer(store: Store, event: Event, response_id: str = "r1", text: str = SAID, **changes: object) -> Response:
    values: dict[str, object] = {
        "id": response_id, "event_id": event.id, "conversation_id": None, "expert": "professor", "provider": "mock",
        "model": "m", "system_prompt": "Be kind.", "options": {}, "text": text, "finish_reason": "stop",
        "prompt_tokens": None, "completion_tokens": None, "load_ms": None, "first_token_ms": None, "total_ms": None,
        "error_kind": None, "error": None, "text_repaired": False, "created_at": NOON, **changes,
    }  # fmt: skip
    return answers.record_response(store, Response(**values))  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------------------- the words


def test_every_column_of_text_says_what_becomes_of_it() -> None:
    for name, table in LabModel.metadata.tables.items():
        texts = {
            column.name
            for column in table.columns
            if isinstance(column.type, (JSON, String, AutoString))
            and column.name != "id"
            and not column.name.endswith("_id")
        }
        said = [*REPLACED.get(name, ()), *REPORTED.get(name, ()), *WITHOUT.get(name, ())]
        assert sorted(said) == sorted(texts), name


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("Maria Huber", "so maria\n  HUBER wrote"),
        ("maria\nhuber", "Maria Huber"),
        ("José", "jose\u0301"),
        ("STRASSE", "Straße 5"),
        ("李明", "李明说"),
        ('say "hi"\\', 'I say "hi"\\ now'),
        ("100%_a", "100%_a"),
    ],
)
def test_words_are_found_whatever_their_case_form_and_spacing(words: str, text: str) -> None:
    assert Words.of(words).are_in(text)
    assert Words.of(words).are_in({"a": ["x", {"b": text}]})
    assert Words.of(words).are_in({text: 1})


@pytest.mark.parametrize(("words", "text"), [("100%_a", "1000xa"), ("a.b", "axb"), ("Maria Huber", "Mariahuber")])
def test_words_are_no_pattern(words: str, text: str) -> None:
    assert not Words.of(words).are_in(text)


@pytest.mark.parametrize("words", ["", "  ", "a", "ab ", "李", "deleted", DELETED])
def test_too_few_words_are_refused(words: str) -> None:
    with pytest.raises(KeepingError, match=r"too short to look for|stands where text was deleted"):
        Words.of(words)


_trees = st.recursive(
    st.text() | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(min_size=3), _trees)
def test_nothing_that_was_taken_out_is_found_again(words: str, value: object) -> None:
    try:
        wanted = Words.of(words)
    except KeepingError:
        return
    out = wanted.taken_out(value, "tree", 1)
    assert not wanted.are_in(out)
    if not wanted.are_in(value):
        assert out == value
    if wanted.are_in(value):
        assert isinstance(wanted.excerpt(value), str)


def test_an_excerpt_shows_what_stands_around() -> None:
    assert (
        Words.of("needle").excerpt({"a": ["x", f"{'h' * 50}\nneedle {'y' * 50}"]}) == f"…{'h' * 39} needle {'y' * 39}…"
    )


# --------------------------------------------------------------------------------------------------------- a text


def fill(store: Store, record: Recorder) -> None:
    """Put the address wherever a person can put a text."""
    event = record(SAID, event_id="e1", conversation=(Message("user", "Hello"), Message("user", SAID)))
    record("Something else", event_id="e2")
    answer(store, event, error=SAID, options={"stop": [SAID]}, system_prompt=SAID)
    labels.give(store, "l1", event_id="e1", prompt=SAID, expert="professor")
    guidelines.write(store, "g1", f"Never name {SECRET}.")
    batches.begin(store, "b1", kind="import", name=f"{SECRET}.jsonl", spec={"file": SAID})
    batches.report(store, "b1", {"bad": [{"line": 3, "text": SAID}]})
    jobs_table.begin(
        store, "j1", kind="import", key="", title=SAID, owner="o", process=this_process(), now=datetime.now(UTC)
    )  # fmt: skip
    added = [
        new_duel(0),
        new_duel(1, conversation=(Message("user", SAID),)),
        new_duel(2, first=Side("a2", SAID, "professor", "mock", "m")),
        new_duel(3, system_prompt=SAID),
    ]
    duels.add(store, added)
    ann = person(store)
    showing = lease(store, ann)
    assert showing is not None
    given = vote(store, showing, note=SAID, tags=(SAID, "clearer"))
    votes.edit(
        store, "edit1", given.id, annotator_id=ann.id, verdict="both_bad", chosen_id=None, strength=None, tags=(),
        note=f"now {SAID}", now=NOON,
    )  # fmt: skip
    duel_id = showing.presentation.duel_id
    resolutions.give(store, "res1", duel_id=duel_id, kind="contested", note=SAID, annotator_id=ann.id)


def test_a_text_goes_from_every_table_and_its_bytes_from_the_files(store: Store, record: Recorder) -> None:
    fill(store, record)
    assert SECRET in everything(store).casefold()
    found = deletion.find(store, Words.of(SECRET))
    done = forget(store)
    assert SECRET not in everything(store).casefold()
    assert found.replaced == {
        "routing_event": 1, "conversation": 1, "response": 4, "duel": 1, "duel_batch": 1, "vote": 1, "vote_event": 2,
        "resolution": 1, "guideline": 1, "label": 1, "job": 1,
    }  # fmt: skip
    assert done.counts == {**found.replaced, "duel_taken": 3}
    assert (done.what, done.by) == ("text", None)
    assert deletion.records(store) == [done]
    scrub.scrub(store)
    if store.address.path is not None:
        for path in store.address.path.parent.glob("lab.db*"):
            assert SECRET.encode() not in path.read_bytes().lower(), path
    assert deletion.find(store, Words.of(SECRET)).replaced == {}


def test_what_stands_beside_the_text_stays(store: Store, record: Recorder) -> None:
    fill(store, record)
    forget(store)
    event = events.get(store, "e1")
    assert [message.content for message in event.conversation] == ["Hello", DELETED]
    assert (event.decision.prompt, event.decision.matches, event.decision.expert) == (DELETED, (), "professor")
    assert events.get(store, "e2").decision.prompt == "Something else"
    [given] = [response for response in answers.responses(store, "e1") if response.id == "r1"]
    assert (given.text, given.error, given.system_prompt, given.options) == (
        DELETED,
        DELETED,
        DELETED,
        {"stop": [DELETED]},
    )
    assert batches.get(store, "b1").report == {"bad": [{"line": 3, "text": DELETED}]}
    assert labels.of_event(store, "e1").expert == "professor"  # type: ignore[union-attr]
    assert guidelines.current(store).text == DELETED  # type: ignore[union-attr]


def test_duels_whose_text_was_deleted_are_asked_about_no_more(store: Store, record: Recorder) -> None:
    fill(store, record)
    ann = person(store, "Bo")
    held = [lease(store, ann) for _ in range(2)]
    forget(store)
    kept = [one for one in duels.recent(store) if one.deleted_at is None]
    assert [one.first.text for one in kept] != []
    assert len(kept) == 1
    for showing in held:
        assert showing is not None
        if showing.presentation.duel_id != kept[0].id:
            with pytest.raises(StoreError, match="This duel was deleted, so nothing was stored"):
                vote(store, showing)
    with store.read() as session:
        gone = session.connection().execute(
            select(LabModel.metadata.tables["duel"].c.id).where(
                LabModel.metadata.tables["duel"].c.deleted_at.is_not(None)
            )
        )
        for (duel_id,) in gone.all():
            with pytest.raises(StoreError, match="was deleted on request, so it stays deleted"):
                duels.bring_back(store, duel_id)


def test_adding_the_same_again_brings_nothing_back_and_fails_nothing(store: Store) -> None:
    given = [
        new_duel(1, conversation=(Message("user", SAID),)),
        new_duel(2, first=Side("a2", SAID, "professor", "mock", "m")),
    ]
    before = duels.add(store, given)
    forget(store)
    again = duels.add(store, given)
    assert [one.is_new for one in again] == [False, False]
    assert [(one.duel_id, one.first_id, one.second_id) for one in again] == [
        (one.duel_id, one.first_id, one.second_id) for one in before
    ]
    assert duels.recent(store) == []
    assert SECRET not in everything(store).casefold()
    # the deleted answer in another pair: stored, and deleted at once
    [other] = duels.add(store, [new_duel(2, first=given[1].first, second=Side("c", "Else.", "zoomer", "mock", "m"))])
    assert duels.get(store, other.duel_id or "").deleted_at is not None
    assert SECRET not in everything(store).casefold()


def test_the_same_prompt_sent_anew_is_a_conversation_of_its_own(store: Store) -> None:
    conversation = (Message("user", SAID),)
    duels.add(store, [new_duel(1, conversation=conversation)])
    hashed = conversations.conversation_id(conversation)
    forget(store)
    assert hashed not in everything(store)
    [added] = duels.add(store, [new_duel(9, conversation=conversation)])
    fresh = duels.get(store, added.duel_id or "")
    assert fresh.deleted_at is None
    assert fresh.conversation == conversation


def test_a_deletion_that_comes_twice_is_done_once(store: Store, record: Recorder) -> None:
    record(SAID, event_id="e1")
    once = forget(store)
    record(SAID, event_id="e2")
    assert forget(store) == once
    assert events.get(store, "e2").decision.prompt == SAID
    assert forget(store, deletion_id="d2", beside={"dataset_row": 4}).counts == {"routing_event": 1, "dataset_row": 4}
    assert [one.id for one in deletion.records(store)] == ["d2", "d1"]


def test_what_is_only_reported_is_told_and_stays(store: Store, record: Recorder) -> None:
    record("x", event_id="e1")
    live = versions.live(store)
    assert live is not None
    found = deletion.find(store, Words.of("prove it"))  # an utterance of the professor
    assert [(one.table, one.column, one.row_id) for one in found.reported] == [("router_version", "config", live.id)]
    assert found.replaced == {}
    forget(store, "prove it")
    assert versions.live(store) == live
    ann = person(store, "Maria Huber")
    [name] = deletion.find(store, Words.of("maria huber")).reported
    assert (name.table, name.row_id) == ("annotator", ann.id)


def test_a_deletion_that_fails_changes_nothing(file: Path, store: Store, record: Recorder) -> None:
    record(SAID, event_id="e1")
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program"):
            forget(store)
    assert events.get(store, "e1").decision.prompt == SAID
    assert deletion.records(store) == []


def test_a_read_only_database_deletes_nothing_and_says_so(
    open_folder: Path, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    with unprivileged():
        opened = open_store(data_dir=open_folder)
        with pytest.raises(StoreError, match=r"lab\.db cannot be written: the file or its folder is read-only"):
            forget(opened, "Is this proof right")
        assert events.recent(opened)[0].decision.prompt == "Is this proof right?"
        opened.close()


def test_on_a_full_disk_nothing_is_deleted_by_halves(
    file: Path, store: Store, record: Recorder, small_disk: Path
) -> None:
    for number in range(2):
        record(f"{SAID} {number} {'x' * 20_000}")
    store.close()
    shutil.copy(file, small_disk / "lab.db")
    opened = open_store(data_dir=small_disk)
    assert len(events.recent(opened)) == 2  # from here on SQLite has the files that it reads with
    with (small_disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(b"x" * 4096):
            pass
    full = r"The disk that holds .*lab\.db is full, so nothing of this was stored"
    with pytest.raises(StoreError, match=full):
        forget(opened)
    assert all(SECRET in event.decision.prompt.casefold() for event in events.recent(opened))
    with pytest.raises(StoreError, match=rf"its bytes may still be in .*{full}"):
        scrub.scrub(opened)
    (small_disk / "filler").unlink()
    forget(opened)
    scrub.scrub(opened)
    opened.close()
    assert SECRET.encode() not in (small_disk / "lab.db").read_bytes().lower()


def test_bytes_that_cannot_be_rewritten_are_told(
    file: Path, store: Store, record: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(SAID, event_id="e1")
    forget(store)
    monkeypatch.setattr(scrub, "BUSY_S", 0.05)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(
            StoreError, match=r"its bytes may still be in .*lab\.db: .* locked .* Rewrite it again then"
        ):
            scrub.scrub(store)
        other.execute("ROLLBACK")
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM vote").fetchone()  # a reader that stays
        with pytest.raises(StoreError, match=r"another program reads it, so the write-ahead log could not be emptied"):
            scrub.scrub(store)
    scrub.scrub(store)
    assert SECRET.encode() not in file.read_bytes().lower()


def test_backups_of_before_still_hold_it(file: Path, store: Store, record: Recorder) -> None:
    record(SAID, event_id="e1")
    made = backup.backup(store)
    forget(store)
    assert SECRET.encode() in (file.read_bytes() + file.with_name("lab.db-wal").read_bytes()).lower()  # until then
    scrub.scrub(store)
    assert SECRET.encode() in made.path.read_bytes().lower()
    after = backup.backup(store)
    assert SECRET.encode() not in after.path.read_bytes().lower()


# ------------------------------------------------------------------------------------------------------- a person


def test_a_person_is_removed_and_the_verdicts_stay_under_a_number(store: Store) -> None:
    add_duels(store, 3)
    ann, bo = person(store, "Maria Huber"), person(store, "Bo")
    annotators.set_pin(store, ann.id, "scrypt$x")
    annotators.set_link(store, ann.id, "hash")
    guidelines.write(store, "g1", "Be fair.", by=ann.id)
    for who in (ann, bo):
        showing = lease(store, who)
        assert showing is not None
        vote(store, showing, note=f"note of {who.name}", tags=("clearer",))
    waiting = lease(store, ann)
    assert waiting is not None
    resolutions.give(
        store, "res", duel_id=waiting.presentation.duel_id, kind="contested", note="hm", annotator_id=ann.id
    )
    before = ballots.listed(store)
    done = removal.remove_annotator(store, "d1", ann.id, by=bo.id)
    assert (done.what, done.by) == ("annotator", bo.id)
    assert done.counts == {"annotator": 1, "vote": 1, "vote_event": 1, "resolution": 1, "guideline": 1}
    gone = annotators.get(store, ann.id)
    assert gone.name == f"removed annotator {ann.seq}"
    assert (gone.has_pin, gone.has_link, gone.removed_at is not None) == (False, False, True)
    assert ballots.listed(store) == before  # the verdicts
    assert guidelines.current(store).by is None  # type: ignore[union-attr]
    assert resolutions.newest(store)[waiting.presentation.duel_id].note == ""
    told = everything(store)
    assert "maria huber" not in told.casefold()
    assert "note of Bo" in told
    assert removal.remove_annotator(store, "d1", ann.id) == done
    assert deletion.records(store) == [done]


def test_the_place_and_the_number_of_a_removed_person_are_free(store: Store) -> None:
    [duel] = add_duels(store, 1)
    ann = person(store)
    assert lease(store, ann) is not None
    removal.remove_annotator(store, "d1", ann.id)
    assert duel.wished == 1
    assert lease(store, person(store, "Bo")) is not None  # the place that was leased
    person(store, "Ann")
    person(store, f"removed annotator {ann.seq}")


def test_the_votes_of_a_person_can_go_too(store: Store) -> None:
    [duel, _] = add_duels(store, 2)
    ann = person(store)
    showing = lease(store, ann)
    assert showing is not None
    given = vote(store, showing)
    voted = showing.presentation.duel_id
    assert duels.get(store, voted).votes == 1
    done = removal.remove_annotator(store, "d1", ann.id, votes=True)
    assert done.counts == {"annotator": 1, "vote_taken": 1}
    assert ballots.listed(store) == []
    assert duels.get(store, voted).votes == 0
    assert [event.kind for event in votes.history(store, given.id)] == ["cast", "removed"]
    assert duel.id in {one.id for one in duels.recent(store)}


def test_answers_that_the_person_wrote_go_with_their_duels(store: Store) -> None:
    ann, bo = person(store), person(store, "Bo")
    for who in (ann, bo):
        mine = Side(f"h-{who.id}", f"Written by {who.name}.", written_by(who.id), HUMAN, "")
        duels.add(store, [new_duel(who.seq, first=mine, origin="edit", rule="picked")])
    done = removal.remove_annotator(store, "d1", ann.id)
    assert done.counts == {"annotator": 1, "response": 1, "duel_taken": 1}
    assert "Written by Ann." not in everything(store)
    [left] = duels.recent(store)
    assert "Written by Bo." in (left.first.text, left.second.text)


def test_who_is_not_there_or_of_the_sample_is_not_removed(store: Store) -> None:
    with pytest.raises(NotFound, match="Nobody has the id"):
        removal.remove_annotator(store, "d1", "nobody")
    made = annotators.ensure(store, "s1", "Sample one", "sample")
    with pytest.raises(KeepingError, match="belongs to the sample workspace"):
        removal.remove_annotator(store, "d1", made.id)
    assert deletion.records(store) == []


def test_a_removed_persons_bytes_are_gone_from_the_files(file: Path, store: Store) -> None:
    ann = person(store, "Maximiliane Quetzal")
    add_duels(store, 1)
    showing = lease(store, ann)
    assert showing is not None
    vote(store, showing, note="a note of Quetzalcoatl")
    removal.remove_annotator(store, "d1", ann.id)
    scrub.scrub(store)
    for path in file.parent.glob("lab.db*"):
        assert b"quetzal" not in path.read_bytes().lower(), path
