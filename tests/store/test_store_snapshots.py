"""Snapshots: filled, frozen at once, and what they keep when votes change; sides of prompts, given once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from growth import LINEAR, growth
from sqlalchemy import delete, func, select

from lab.errors import ExportError, NotFound, StoreError, Unstorable
from lab.exported import DISLIKES_REJECTED, LIKES_CHOSEN, FrozenRow, NewFrozenRow
from lab.judging import NewThumb, Side
from lab.messages import Message
from lab.records import Event
from lab.store import (
    Store,
    conversations,
    deletion,
    duels,
    given_thumbs,
    open_store,
    prompt_sides,
    sample_rows,
    snapshot_rows,
    snapshots,
    votes,
)
from lab.store.tables import LabModel
from lab.store.text_places import Words
from tests.store.frozen import begin, frozen, pair
from tests.store.judged import NOON, add_duels, lease, new_duel, person, vote
from tests.store.test_store_deletion import answer


def count(store: Store, name: str) -> int:
    with store.read() as session:
        return (
            session.connection().execute(select(func.count()).select_from(LabModel.metadata.tables[name])).scalar_one()
        )


def test_a_snapshot_is_begun_filled_and_frozen(store: Store) -> None:
    made = add_duels(store, 3)
    begun = begin(store, spec={"shares": (0.8, 0.1, 0.1)})
    assert (begun.state, begun.content_hash, begun.frozen_at, begun.rows) == ("building", None, None, 0)
    assert begun.spec == {"shares": [0.8, 0.1, 0.1]}
    assert snapshots.listed(store) == []
    snapshot_rows.add(store, "s1", [pair(0, made[2], "test"), pair(1, made[0])])
    snapshot_rows.add(store, "s1", [pair(2, made[1])])
    done = snapshots.freeze(store, "s1", report={"pairs": 3}, content_hash="abcd", sides={})
    assert (done.state, done.content_hash, done.rows, done.liked, done.gone) == ("frozen", "abcd", 3, 0, 0)
    assert done.report == {"pairs": 3}
    assert done.frozen_at is not None
    assert snapshots.listed(store) == [done] == [snapshots.get(store, "s1")]


def test_rows_come_back_with_their_texts(store: Store, record: Callable[..., Event]) -> None:
    event = record("Is this proof right?")
    turns = (Message("user", "Hm?"), Message("assistant", "Yes?"), Message("user", "Is this proof right?"))
    made = add_duels(store, 1, conversation=turns, event_id=event.id, query_type="maths", origin="route")[0]
    row = pair(
        0, made, "validation", votes=3, agreeing=2, strength=1.5, adjudicated=True, vote_ids=("v1", "v2"),
        emits=LIKES_CHOSEN | DISLIKES_REJECTED,
    )  # fmt: skip
    begin(store)
    snapshot_rows.add(store, "s1", [row])
    [found] = snapshot_rows.rows(store, "s1")
    for name in NewFrozenRow.__dataclass_fields__.keys() - {"chosen_id", "rejected_id"}:
        assert getattr(found, name) == getattr(row, name), name
    assert (found.chosen, found.rejected, found.turns) == (made.first, made.second, turns)
    assert (found.conversation_id, found.system_prompt) == (made.conversation_id, "Be brief.")
    assert (found.query_type, found.origin, found.event_id) == ("maths", "route", event.id)
    assert (found.router_version_id, found.layer, found.gone) == (event.router_version_id, "keyword", False)


def test_liked_rows_have_one_answer_and_the_prompt_it_answers(store: Store, record: Callable[..., Event]) -> None:
    event = record("Is it?", conversation=(Message("system", "Be kind."), Message("user", "Is it?")))
    answer(store, event, "r1", "Yes.")
    side = Side("r2", "An imported answer.", "", "import", "m")
    turns = (Message("user", "An imported question?"),)
    given_thumbs.record_many(store, [NewThumb("t1", turns, "Be brief.", side, "down", NOON)])
    begin(store)
    snapshot_rows.add(
        store, "s1",
        [NewFrozenRow(0, None, "r1", None, "train", "a"), NewFrozenRow(1, None, None, "r2", "test", "b")],
    )  # fmt: skip
    liked, disliked = snapshot_rows.rows(store, "s1")
    assert (liked.chosen and liked.chosen.text, liked.rejected, liked.duel_id) == ("Yes.", None, None)
    assert (liked.turns, liked.conversation_id, liked.event_id) == ((Message("user", "Is it?"),), None, event.id)
    assert (liked.system_prompt, liked.origin, liked.layer) == ("Be kind.", "thumb", "keyword")
    assert (disliked.chosen, disliked.rejected, disliked.turns) == (None, side, turns)
    assert (disliked.conversation_id, disliked.event_id) == (conversations.conversation_id(turns), None)
    done = snapshots.freeze(store, "s1", report={}, content_hash="c", sides={})
    assert (done.rows, done.liked) == (2, 2)


def test_pages_go_by_place_and_miss_none(store: Store) -> None:
    frozen(store, add_duels(store, 7))
    places, after = [], -1
    while page := snapshot_rows.rows(store, "s1", after, 3):
        places += [row.place for row in page]
        after = places[-1]
    assert places == list(range(7))
    assert snapshot_rows.rows(store, "none") == snapshot_rows.rows(store, "\x00") == []


def test_adding_again_changes_nothing(store: Store) -> None:
    one, other = add_duels(store, 2)
    begin(store)
    snapshot_rows.add(store, "s1", [pair(0, one)])
    snapshot_rows.add(store, "s1", [pair(0, other), pair(1, other)])
    assert [row.duel_id for row in snapshot_rows.rows(store, "s1")] == [one.id, other.id]


@pytest.mark.parametrize(
    "row",
    [
        NewFrozenRow(0, None, None, None, "train", "h"),
        NewFrozenRow(0, None, "a0", "b0", "train", "h"),
        NewFrozenRow(0, "duel", "a0", None, "train", "h"),
    ],
)
def test_what_is_neither_a_pair_nor_a_liked_answer_is_refused(store: Store, row: NewFrozenRow) -> None:
    begin(store)
    with pytest.raises(ExportError, match="Row 0 of the snapshot is neither a pair nor a liked answer"):
        snapshot_rows.add(store, "s1", [row])


def test_a_row_that_points_to_nothing_stores_none_of_its_chunk(store: Store) -> None:
    [made] = add_duels(store, 1)
    begin(store)
    with pytest.raises(StoreError):
        snapshot_rows.add(store, "s1", [pair(0, made), NewFrozenRow(1, "duel-none", "a", "b", "train", "h")])
    assert snapshot_rows.rows(store, "s1") == []
    with pytest.raises(NotFound, match="No snapshot has the id 's2'"):
        snapshot_rows.add(store, "s2", [pair(0, made)])


def test_a_frozen_snapshot_changes_no_more(store: Store) -> None:
    made = add_duels(store, 2)
    done = frozen(store, made[:1])
    with pytest.raises(ExportError, match="is frozen, so its rows stay"):
        snapshot_rows.add(store, "s1", [pair(1, made[1])])
    assert snapshots.freeze(store, "s1", report={}, content_hash="other", sides={}) == done
    assert begin(store, name="other") == done


def test_nothing_and_a_gap_cannot_be_frozen(store: Store) -> None:
    begin(store)
    with pytest.raises(ExportError, match="not one row to freeze"):
        snapshots.freeze(store, "s1", report={}, content_hash="c", sides={})
    snapshot_rows.add(store, "s1", [pair(2, add_duels(store, 1)[0])])
    with pytest.raises(ExportError, match="Of 3 rows only 1 were stored"):
        snapshots.freeze(store, "s1", report={}, content_hash="c", sides={})
    with pytest.raises(NotFound):
        snapshots.freeze(store, "s2", report={}, content_hash="c", sides={})


def test_votes_that_change_later_change_no_row(store: Store) -> None:
    [made] = add_duels(store, 1)
    ann = person(store)
    showing = lease(store, ann)
    assert showing is not None
    vote(store, showing)
    frozen(store, [made])
    before = snapshot_rows.rows(store, "s1")
    votes.undo(store, "u1", annotator_id=ann.id, now=NOON)
    duels.delete(store, made.id)
    assert snapshot_rows.rows(store, "s1") == before


# ---------------------------------------------------------------------------------------------------------- by name


def test_names_are_free_or_get_a_number(store: Store) -> None:
    made = add_duels(store, 1)
    assert frozen(store, made, "s1", name="Code pairs").name == "Code pairs"
    assert frozen(store, made, "s2", name=" code  PAIRS ").name == "code  PAIRS (2)"
    assert frozen(store, made, "s3", name="  ").name == "snapshot"
    assert snapshots.rename(store, "s3", "code pairs").name == "code pairs (3)"
    assert snapshots.rename(store, "s3", "code pairs (3)").name == "code pairs (3)"
    assert snapshots.rename(store, "s3", "../Etwas/Anderes").name == "../Etwas/Anderes"
    assert snapshots.get(store, "../etwas/anderes").id == "s3"


@pytest.mark.parametrize("name", ["x" * 81, "a\nb", "a\x7fb"])
def test_names_that_cannot_be_are_refused(store: Store, name: str) -> None:
    with pytest.raises(ExportError, match="name"):
        begin(store, name=name)
    with pytest.raises(ExportError, match="name"):
        begin(store, family=name)
    begin(store)
    with pytest.raises(ExportError, match="name"):
        snapshots.rename(store, "s1", name)


def test_text_that_no_database_holds_is_refused(store: Store) -> None:
    for more in ({"name": "a\x00"}, {"spec": {"a": "\ud800"}}, {"spec": {"a": float("nan")}}, {"snapshot_id": "\x00"}):
        with pytest.raises(Unstorable):
            begin(store, **more)  # type: ignore[arg-type]


def test_a_snapshot_is_found_by_id_by_name_and_by_the_beginning_of_id_or_hash(store: Store) -> None:
    made = add_duels(store, 1)
    one = frozen(store, made, "0192-abcd-1", name="one")
    two = frozen(store, made, "0192-abcd-2", name="two")
    begin(store, "0192-abcf", name="three")
    assert snapshots.get(store, "0192-abcf").state == "building"
    assert snapshots.get(store, "ONE") == snapshots.get(store, "0192-abcd-1") == one
    assert snapshots.get(store, "0192-abcd-2") == two
    with pytest.raises(NotFound, match=r"2 snapshots begin with '0192-abcd': 'two' \(0192-abcd-2\), 'one'"):
        snapshots.get(store, "0192-abcd")
    for unknown in ("019", "three", "", "cc", "\x00"):
        with pytest.raises(NotFound, match="No snapshot has the name or id"):
            snapshots.get(store, unknown)
    snapshots.delete(store, two.id)
    assert snapshots.get(store, "0192-abcd") == snapshots.get(store, "cccc") == one


def test_deleting_is_taken_back(store: Store) -> None:
    made = add_duels(store, 1)
    one = frozen(store, made, "s1", name="mine")
    gone = snapshots.delete(store, "s1")
    assert snapshots.delete(store, "s1").deleted_at == gone.deleted_at is not None
    assert (snapshots.listed(store), snapshots.listed(store, deleted=True)) == ([], [gone])
    frozen(store, made, "s2", name="Mine")
    assert snapshots.bring_back(store, "s1").name == "mine (2)"
    assert snapshots.bring_back(store, "s1").deleted_at is None
    assert [found.id for found in snapshots.listed(store)] == ["s2", "s1"]
    assert len(snapshot_rows.rows(store, one.id)) == 1
    for change in (snapshots.delete, snapshots.bring_back):
        with pytest.raises(NotFound):
            change(store, "s9")


def test_files_are_noted_by_path(store: Store) -> None:
    frozen(store, add_duels(store, 1))
    snapshots.files(store, "s1", {"trl/train.jsonl": {"sha256": "x", "bytes": 3, "rows": 1}})
    found = snapshots.files(store, "s1", {"hf/README.md": {"sha256": "y", "bytes": 9, "rows": 0}})
    assert sorted(found.files) == ["hf/README.md", "trl/train.jsonl"]
    anew = {"trl/train.parquet": {"sha256": "z", "bytes": 3, "rows": 1}}
    found = snapshots.files(store, "s1", anew)
    assert sorted(found.files) == ["hf/README.md", "trl/train.parquet"]
    assert snapshots.get(store, "s1") == found


def test_what_a_kill_left_is_dropped_and_nothing_else(store: Store) -> None:
    made = add_duels(store, 2)
    frozen(store, made, "s1")
    begin(store, "s2", name="left behind")
    snapshot_rows.add(store, "s2", [pair(0, made[0]), pair(1, made[1])])
    now = datetime.now(UTC)
    assert snapshots.drop_building(store, now - timedelta(hours=1)) == 0
    assert snapshots.drop_building(store, now + timedelta(hours=1)) == 1
    assert (count(store, "snapshot"), count(store, "snapshot_row")) == (1, 2)
    with pytest.raises(NotFound):
        snapshot_rows.add(store, "s2", [pair(2, made[0])])


# ---------------------------------------------------------------------------------------------------------- sides


def test_a_prompt_keeps_the_side_it_got_first(store: Store) -> None:
    one, two, three = (duel.conversation_id for duel in add_duels(store, 3))
    made = add_duels(store, 1)
    frozen(store, made, "s1", sides={one: "train", two: "test"})
    frozen(store, made, "s2", sides={two: "test", three: "validation"}, name="second")
    assert [prompt_sides.count(store, family) for family in ("main", "other", "\x00")] == [3, 0, 0]
    assert prompt_sides.sides(store, "main", [one, two, three, "none", "\x00"]) == {
        one: "train", two: "test", three: "validation",
    }  # fmt: skip
    assert prompt_sides.sides(store, "other", [one]) == {}
    assert count(store, "prompt_side") == 3
    frozen(store, made, "s3", sides={one: "test"}, name="third", family="other")
    assert prompt_sides.sides(store, "other", [one]) == {one: "test"}


def test_a_prompt_that_was_put_elsewhere_meanwhile_refuses_the_freeze_and_stores_nothing(store: Store) -> None:
    made = add_duels(store, 2)
    one, two = (duel.conversation_id for duel in made)
    begin(store, "s1")
    snapshot_rows.add(store, "s1", [pair(0, made[0])])
    frozen(store, made, "s2", sides={one: "test"}, name="quicker")
    with pytest.raises(
        ExportError, match=r"frozen meanwhile and put 1 of these prompts on another side.*Build it again"
    ):
        snapshots.freeze(store, "s1", report={}, content_hash="c", sides={one: "train", two: "train"})
    assert prompt_sides.sides(store, "main", [one, two]) == {one: "test"}
    assert snapshots.get(store, "s1").state == "building"
    snapshots.freeze(store, "s1", report={}, content_hash="c", sides={one: "test", two: "train"})


def test_known_prompts_come_in_pages(store: Store) -> None:
    made = add_duels(store, 5)
    sides = {duel.conversation_id: "test" if place == 3 else "train" for place, duel in enumerate(made)}
    frozen(store, made, sides=sides)
    found, after = [], 0
    while page := prompt_sides.known_prompts(store, "main", after, 2):
        found += page
        after = page[-1].seq
    assert {one.conversation_id: one.side for one in found} == sides
    assert {one.conversation_id: one.turns for one in found} == {
        duel.conversation_id: duel.conversation for duel in made
    }
    assert prompt_sides.known_prompts(store, "other") == prompt_sides.known_prompts(store, "\x00") == []


def test_conversations_are_put_to_have_a_side(store: Store) -> None:
    turns = [(Message("user", "One?"),), (Message("system", "x"), Message("user", "Two?"))]
    ids = conversations.put_many(store, turns)
    assert ids == conversations.put_many(store, turns) == [conversations.conversation_id(one) for one in turns]
    frozen(store, add_duels(store, 1), sides=dict.fromkeys(ids, "test"))
    assert [one.turns[-1].content for one in prompt_sides.known_prompts(store, "main")] == ["One?", "Two?"]
    with pytest.raises(StoreError):
        frozen(store, add_duels(store, 1), "s2", sides={"nobody": "test"}, name="b")


# ------------------------------------------------------------------------------------------------ meanwhile, elsewhere


def test_what_is_deleted_while_a_snapshot_is_built_refuses_the_freeze(store: Store) -> None:
    made = add_duels(store, 2)
    begin(store)
    snapshot_rows.add(store, "s1", [pair(0, made[0])])
    deletion.delete_text(store, "d1", Words.of("nobody wrote this"))
    with pytest.raises(ExportError, match=r"deleted on request.*while this was built.*Build it again"):
        snapshots.freeze(store, "s1", report={}, content_hash="c", sides={})
    frozen(store, made, "s2", name="again")


def test_the_sample_workspace_that_goes_meanwhile_refuses_the_freeze(store: Store) -> None:
    made = add_duels(store, 2)
    begin(store)
    snapshot_rows.add(store, "s1", [pair(0, made[0])])
    with store.write() as session:
        session.connection().exec_driver_sql("UPDATE snapshot SET gone = 1")
    with pytest.raises(ExportError, match="with the sample workspace"):
        snapshots.freeze(store, "s1", report={}, content_hash="c", sides={})
    assert sample_rows.counts(store).frozen == 0


def test_processes_that_freeze_at_once_agree_on_the_sides(
    store: Store, url: str, race: Callable[..., list[list[str]]]
) -> None:
    made = add_duels(store, 40)
    said = race(3, "freeze", url, *[duel.id for duel in made])
    [won] = [lines[0].split()[1] for lines in said if lines[0].startswith("frozen")]
    assert sum("of these prompts on another side" in lines[0] for lines in said) == 2
    assert [one.id for one in snapshots.listed(store)] == [won]
    assert len(prompt_sides.sides(store, "main", [duel.conversation_id for duel in made])) == 40
    with store.read() as session:
        side = LabModel.metadata.tables["prompt_side"]
        assert set(session.connection().execute(select(side.c.snapshot_id)).scalars()) == {won}


def test_a_kill_between_adding_and_freezing_leaves_what_can_be_dropped(
    store: Store, url: str, worker: Callable[..., object]
) -> None:
    made = add_duels(store, 6)
    process = worker("fill", url, *[duel.id for duel in made])
    assert process.stdout.readline() == "ready\n"  # type: ignore[attr-defined]
    process.stdin.write("go\n")  # type: ignore[attr-defined]
    process.stdin.flush()  # type: ignore[attr-defined]
    assert process.stdout.readline() == "added\n"  # type: ignore[attr-defined]
    process.kill()  # type: ignore[attr-defined]
    process.communicate()  # type: ignore[attr-defined]
    assert snapshots.listed(store) == []
    [left] = snapshots.every(store)
    assert (left.state, left.content_hash) == ("building", None)
    assert len(snapshot_rows.rows(store, left.id)) >= 2
    assert prompt_sides.known_prompts(store, "main") == []
    assert snapshots.drop_building(store, datetime.now(UTC) - timedelta(days=1)) == 1  # whose process is gone
    assert (count(store, "snapshot"), count(store, "snapshot_row")) == (0, 0)


@pytest.mark.slow
def test_thousands_of_rows_are_added_and_read_page_by_page(store: Store, url: str) -> None:
    made = [one.duel_id or "" for one in duels.add(store, [new_duel(place) for place in range(5_000)])]
    begin(store)
    rows = [
        NewFrozenRow(
            place, duel_id, f"a{place}", f"b{place}", "train", f"{place:064x}", votes=2, agreeing=2,
            vote_ids=(f"0192f0c0-0000-7000-8000-{place:012x}", f"0192f0c0-0000-7000-9000-{place:012x}"),
        )
        for place, duel_id in enumerate(made)
    ]  # fmt: skip
    assert growth(lambda: _added(store, rows[:500]), lambda: _added(store, rows), 10) < LINEAR
    again = open_store(url)
    assert growth(lambda: _read(again, 500), lambda: _read(again, 5_000), 10) < LINEAR
    found = _read(again, 5_000)
    again.close()
    assert [one.place for one in found] == list(range(5_000))
    assert [one.duel_id for one in found] == made


def _added(store: Store, rows: list[NewFrozenRow]) -> None:
    """Store rows for a snapshot that is begun, in place of those that it has."""
    with store.write() as session:
        session.connection().execute(delete(LabModel.metadata.tables["snapshot_row"]))
    for start in range(0, len(rows), 1_000):
        snapshot_rows.add(store, "s1", rows[start : start + 1_000])


def _read(store: Store, most: int) -> list[FrozenRow]:
    found: list[FrozenRow] = []
    while len(found) < most and (page := snapshot_rows.rows(store, "s1", found[-1].place if found else -1)):
        found += page
    return found
