"""The one draft: editing, undoing, two tabs at once, and a kill in the middle."""

import signal
import threading
from dataclasses import replace

import pytest
from growth import LINEAR, growth
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from router_worker import with_pattern, working
from sqlalchemy import func, select

from lab.errors import NotFound, StoreError, VersionConflict
from lab.records import Draft, RouterVersion
from lab.store import Store, drafts, open_store
from lab.store.tables import DraftRow
from lab.types import RouterConfig, new_id


def threshold(value: float):
    return lambda config: replace(config, threshold=value)


def pattern(text: str):
    return lambda config: with_pattern(config, text)


@pytest.fixture
def edit(store: Store, version: RouterVersion):
    def make(change, what: str = "an edit", edit_id: str | None = None) -> Draft:
        return drafts.edit(store, edit_id or new_id(), change, what, base=version)

    return make


def test_without_an_edit_there_is_no_draft(store: Store, version: RouterVersion) -> None:
    assert drafts.current(store) is None
    assert drafts.undo(store) is drafts.redo(store) is drafts.discard(store) is None


def test_the_first_edit_begins_the_draft_from_its_base(store: Store, version: RouterVersion, edit) -> None:
    draft = edit(threshold(0.6), "threshold:\n 0.45 → 0.6")
    assert (draft.base, draft.config) == (version, replace(version.config, threshold=0.6))
    assert (draft.edits, draft.undoable, draft.redoable) == (("threshold: 0.45 → 0.6",), 1, 0)
    assert draft.updated_at.utcoffset() is not None
    assert drafts.current(store) == draft


def test_every_edit_changes_what_the_one_before_made(store: Store, edit, version: RouterVersion) -> None:
    edit(threshold(0.6), "one")
    draft = edit(pattern("sql"), "two")
    assert draft.config == with_pattern(replace(version.config, threshold=0.6), "sql")
    assert draft.edits == ("one", "two")


def test_the_same_edit_sent_twice_is_made_once(store: Store, edit) -> None:
    first = edit(pattern("sql"), edit_id="e1")
    assert edit(pattern("sql"), edit_id="e1") == first
    assert drafts.has_edit(store, "e1")
    assert not drafts.has_edit(store, "e2")


def test_an_edit_sent_again_stays_undone_dropped_and_discarded(store: Store, edit, version: RouterVersion) -> None:
    edit(pattern("sql"), edit_id="e1")
    drafts.undo(store)
    assert edit(pattern("sql"), edit_id="e1").config == version.config
    edit(pattern("lol"), edit_id="e2")
    assert edit(pattern("sql"), edit_id="e1").config == with_pattern(version.config, "lol")
    drafts.discard(store)
    assert edit(pattern("lol"), edit_id="e2").config == version.config
    assert drafts.current(store) is None


def test_an_edit_that_changes_nothing_adds_no_revision(store: Store, edit) -> None:
    edit(lambda config: config)
    assert drafts.current(store) is None
    draft = edit(threshold(0.6))
    assert edit(threshold(0.6), "again") == draft


def test_an_edit_may_lead_back_to_the_base(store: Store, edit, version: RouterVersion) -> None:
    edit(threshold(0.6))
    draft = edit(threshold(version.config.threshold), "back")
    assert draft.config == version.config
    assert len(draft.edits) == 2


def test_a_draft_keeps_the_base_it_began_from(store: Store, edit, version: RouterVersion) -> None:
    edit(threshold(0.6))
    other = replace(version, id="another live version")
    assert drafts.edit(store, "e2", pattern("sql"), "two", base=other).base == version


def test_a_change_that_raises_leaves_everything_as_it_was(store: Store, edit) -> None:
    draft = edit(threshold(0.6))
    drafts.undo(store)

    def broken(config: RouterConfig) -> RouterConfig:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        edit(broken)
    assert drafts.redo(store) == draft


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (pattern("a\x00b"), r"experts\[0\]\.patterns\[1\] holds a NUL character at position 1"),
        (pattern("\ud800"), r"half a surrogate pair \(U\+D800\)"),
        (threshold(float("nan")), r"The router configuration\.threshold is nan"),
    ],
)
def test_what_no_database_can_hold_is_refused_by_its_place(edit, store: Store, change, words: str) -> None:
    with pytest.raises(StoreError, match=words):
        edit(change)
    assert drafts.current(store) is None


def test_a_base_that_is_not_stored_is_named(store: Store, version: RouterVersion) -> None:
    with pytest.raises(NotFound, match="No router version has the id ''"):
        drafts.edit(store, "e1", threshold(0.6), "one", base=replace(version, id=""))


# --------------------------------------------------------------------------------------------------- undo and redo


def test_undo_and_redo_step_through_the_revisions(store: Store, edit, version: RouterVersion) -> None:
    one, two = edit(threshold(0.6), "one"), edit(pattern("sql"), "two")
    back = drafts.undo(store)
    assert back == replace(one, redoable=1, updated_at=two.updated_at)
    start = drafts.undo(store)
    assert start is not None
    assert (start.config, start.edits, start.revision) == (version.config, (), 0)
    assert (start.undoable, start.redoable) == (0, 2)
    assert drafts.undo(store) == start
    assert drafts.redo(store) == back
    assert drafts.redo(store) == two == drafts.redo(store)


def test_an_edit_after_an_undo_drops_what_was_undone(store: Store, edit, version: RouterVersion) -> None:
    edit(threshold(0.6), "one")
    edit(pattern("sql"), "two")
    drafts.undo(store)
    draft = edit(pattern("lol"), "three")
    assert (draft.edits, draft.redoable) == (("one", "three"), 0)
    assert drafts.redo(store) == draft
    assert draft.config == with_pattern(replace(version.config, threshold=0.6), "lol")


def test_a_step_from_another_revision_than_the_one_that_was_seen_is_told_and_not_made(store: Store, edit) -> None:
    one, two = edit(threshold(0.6), "one"), edit(pattern("sql"), "two")
    back = drafts.undo(store, at=two.revision)
    with pytest.raises(VersionConflict, match="then undo again"):
        drafts.undo(store, at=two.revision)
    assert drafts.current(store) == back
    assert back is not None
    assert back.revision == one.revision
    assert drafts.redo(store, at=one.revision) == two
    with pytest.raises(VersionConflict, match="then redo again"):
        drafts.redo(store, at=one.revision)
    drafts.discard(store)
    with pytest.raises(VersionConflict):
        drafts.undo(store, at=two.revision)


def test_an_edit_can_be_told_by_what_it_found_and_made(store: Store, edit, version: RouterVersion) -> None:
    edit(threshold(0.6), "one")
    told = drafts.edit(
        store, new_id(), threshold(0.7), lambda was, now: f"{was.threshold} then {now.threshold}", base=version
    )
    assert told.edits == ("one", "0.6 then 0.7")


def test_a_revision_names_one_state(store: Store, edit) -> None:
    edit(threshold(0.6), "one")
    two = edit(pattern("sql"), "two")
    drafts.undo(store)
    other = edit(pattern("lol"), "two, otherwise")
    assert other.revision != two.revision


def test_old_revisions_are_folded_into_their_sentences(store: Store, edit) -> None:
    made = [edit(pattern(f"p{number}"), f"edit {number}") for number in range(drafts.KEPT + 3)]
    draft = drafts.current(store)
    assert draft == made[-1]
    assert draft.edits == tuple(f"edit {number}" for number in range(drafts.KEPT + 3))
    assert draft.undoable == drafts.KEPT - 1
    for _ in range(drafts.KEPT + 5):
        draft = drafts.undo(store)
    assert draft is not None
    assert (draft.config, draft.edits) == (made[3].config, made[3].edits)
    assert (draft.undoable, draft.redoable) == (0, drafts.KEPT - 1)
    with store.read() as session:
        kept = session.connection().execute(select(func.count(DraftRow.config))).scalar_one()
        total = session.connection().execute(select(func.count(DraftRow.seq))).scalar_one()
    assert (kept, total) == (drafts.KEPT, drafts.KEPT + 3)


steps = st.lists(st.one_of(st.sampled_from(["undo", "redo"]), st.floats(0, 1)), max_size=12)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_any_walk_is_that_of_a_text_editor(store: Store, version: RouterVersion, walk) -> None:
    drafts.discard(store)
    done, undone = [version.config.threshold], []
    for step in walk:
        if step == "undo":
            drafts.undo(store)
            if len(done) > 1:
                undone.append(done.pop())
        elif step == "redo":
            drafts.redo(store)
            if undone:
                done.append(undone.pop())
        else:
            drafts.edit(store, new_id(), threshold(step), "t", base=version)
            if step != done[-1]:
                done, undone = [*done, step], []
    draft = drafts.current(store)
    if draft is None:
        assert (done, undone) == ([version.config.threshold], [])
    else:
        found = (draft.config.threshold, len(draft.edits), draft.undoable, draft.redoable)
        assert found == (done[-1], len(done) - 1, len(done) - 1, len(undone))


# ------------------------------------------------------------------------------------------------------- discarding


def test_a_discarded_draft_is_gone_and_the_next_edit_begins_another(store: Store, edit, version: RouterVersion) -> None:
    edit(threshold(0.6), "one")
    assert drafts.discard(store) is None
    assert drafts.current(store) is drafts.undo(store) is None
    draft = edit(pattern("sql"), "two")
    assert (draft.config, draft.edits) == (with_pattern(version.config, "sql"), ("two",))


def test_a_draft_that_another_tab_edited_is_not_discarded_unseen(store: Store, edit) -> None:
    seen = edit(threshold(0.6), "one")
    draft = edit(pattern("sql"), "by the other tab")
    assert drafts.discard(store, at=seen.revision) == draft == drafts.current(store)
    assert drafts.discard(store, at=draft.revision) is None


# ------------------------------------------------------------------------------------------------- several at once


def test_threads_that_edit_at_once_lose_nothing(store: Store, version: RouterVersion) -> None:
    def work(thread: int) -> None:
        for number in range(25):
            text = f"pattern {thread}.{number}"
            drafts.edit(store, f"{thread}.{number}", pattern(text), text, base=version)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    draft = drafts.current(store)
    assert draft is not None
    wanted = {f"pattern {thread}.{number}" for thread in range(8) for number in range(25)}
    assert len(draft.edits) == 200
    assert set(draft.edits) == wanted
    assert set(draft.config.experts[0].patterns) == wanted | {"proof"}
    assert draft.config.experts[0].patterns[1:] == draft.edits  # in the order in which they were made


def test_processes_that_begin_a_draft_at_once_share_it(url: str, store: Store, version: RouterVersion) -> None:
    with working(2, "edit", url, "10") as processes:
        said = [process.communicate()[0].splitlines() for process in processes]
    draft = drafts.current(store)
    assert draft is not None
    assert sorted(draft.edits) == sorted(line for lines in said for line in lines)
    assert len(draft.edits) == 20


def test_a_kill_in_the_middle_leaves_every_acknowledged_edit_and_a_whole_draft(
    url: str, store: Store, version: RouterVersion
) -> None:
    with working(1, "edit", url, "100000") as [process]:
        assert process.stdout is not None
        said = [process.stdout.readline().strip() for _ in range(60)]
        process.send_signal(signal.SIGKILL)
        process.wait()
        said += process.stdout.read().splitlines()
    reopened = open_store(url)
    draft = drafts.current(reopened)
    assert draft is not None
    assert draft.edits[: len(said)] == tuple(said)
    assert len(draft.edits) <= len(said) + 1  # one may have been stored and not yet said
    assert draft.config.experts[0].patterns == ("proof", *draft.edits)
    assert drafts.edit(reopened, new_id(), pattern("after"), "after", base=version).edits[-1] == "after"
    reopened.close()


def test_a_router_with_ten_times_the_patterns_takes_ten_times_as_long_to_edit(
    store: Store, version: RouterVersion, config: RouterConfig
) -> None:
    def edited(patterns: int) -> None:
        large = replace(config.experts[0], patterns=tuple(f"word number {number}" for number in range(patterns)))
        begun = replace(config, experts=(large, *config.experts[1:]))
        drafts.edit(store, new_id(), lambda _: begun, "large", base=version)
        for number in range(5):
            drafts.edit(store, new_id(), pattern(f"added {number}"), "one more", base=version)

    assert growth(lambda: edited(600), lambda: edited(6_000), 10) < LINEAR
