"""Snapshots: frozen once, the same for ever; what later votes and deletions do to them, and what differs of two."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lab.dpo import comparing, frozen, snapshots, wording
from lab.dpo.formats.registry import FORMATS, Choice, choice
from lab.dpo.spec import Filters, Spec
from lab.dpo.training import recipe_facts
from lab.errors import ExportError
from lab.judging import NewDuel, NewVote, Side
from lab.messages import Message
from lab.preferences import erasure
from lab.store import annotators, duels, exports_shelf, given_votes, open_store, resolutions
from lab.store import snapshots as stored
from lab.types import new_id

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TOPICS = (
    "a river in spring", "the price of bread", "an old violin", "the rules of chess", "a letter to a friend",
    "how planes fly", "the taste of coffee", "a lost umbrella", "the first snow", "painting a fence",
    "a dream of trains", "counting sheep", "the smell of rain", "an empty theatre", "learning to swim",
)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    with_data = open_store(None, tmp_path)
    yield with_data
    with_data.close()


def duel(store, place, **changes):
    values = {
        "conversation": (Message("user", f"Tell me something about {TOPICS[place % 15]} in {place + 3} words."),),
        "system_prompt": "Be brief.",
        "first": Side(f"p{place}", f"Here is what I know of it, number {place}.", "professor", "ollama", "big"),
        "second": Side(f"z{place}", f"No idea, sorry, ask me another thing than {place}.", "zoomer", "ollama", "small"),
        "origin": "bulk",
        "rule": "random",
        "query_type": "chat",
        **changes,
    }
    [added] = duels.add(store, [NewDuel(**values)])
    return duels.get(store, added.duel_id)


def vote(store, one, expert, who="ann", **changes):
    annotators.ensure(store, who, who.title(), "person")
    chosen = next(side.response_id for side in (one.first, one.second) if side.expert == expert)
    given = NewVote(new_id(), one.id, who, "better", chosen, one.first.response_id, NOON, **changes)
    given_votes.record_many(store, [given])


def voted(store, count, start=0):
    """Duels that the professor won."""
    made = [duel(store, place) for place in range(start, start + count)]
    for one in made:
        vote(store, one, "professor")
    return made


def freeze(store, spec=None, name="first", **more):
    return snapshots.freeze(store, spec or Spec(), snapshot_id=new_id(), name=name, **more)


def written(store, snapshot, folder, *formats):
    snapshots.write_files(store, snapshot, [choice(one) for one in formats or ("trl",)], folder)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_frozen_is_what_people_chose(store, tmp_path):
    voted(store, 12)
    snapshot = freeze(store)
    files = written(store, snapshot, tmp_path / "out")
    lines = [
        json.loads(line) for name in ("train", "validation", "test") for line in files[f"trl/{name}.jsonl"].splitlines()
    ]
    assert len(lines) == 12
    assert snapshot.rows == 12
    assert {line["chosen"][0]["content"][:4] for line in lines} == {"Here"}
    assert {line["rejected"][0]["content"][:2] for line in lines} == {"No"}
    assert lines[0]["prompt"][0] == {"role": "system", "content": "Be brief."}


def test_the_same_votes_frozen_twice_have_the_same_hash_and_the_same_rows(store, tmp_path):
    voted(store, 20)
    one, two = freeze(store), freeze(store, name="second")
    assert one.content_hash == two.content_hash
    files, again = written(store, one, tmp_path / "one"), written(store, two, tmp_path / "two")
    assert [
        files[f"trl/{split}.jsonl"] == again[f"trl/{split}.jsonl"] for split in ("train", "validation", "test")
    ] == [True] * 3


def test_a_pressed_twice_freeze_is_one_snapshot(store):
    voted(store, 6)
    snapshot_id = new_id()
    first = snapshots.freeze(store, Spec(), snapshot_id=snapshot_id, name="once")
    again = snapshots.freeze(store, Spec(), snapshot_id=snapshot_id, name="once")
    assert first == again
    assert len(stored.listed(store)) == 1


def test_rebuilt_it_is_the_same_to_the_byte_though_votes_have_changed(store, tmp_path):
    made = voted(store, 15)
    snapshot = freeze(store)
    formats = [
        choice(one) for one in ("trl", "reward", "kto", "llamafactory", "hf:parquet", "axolotl", "openai", "sft")
    ]
    out = snapshots.write_files(store, snapshot, formats, tmp_path / "out")
    snapshot = stored.files(
        store,
        snapshot.id,
        {path: {"sha256": one.sha256, "bytes": one.bytes, "rows": one.rows} for path, one in out.files.items()},
    )
    for one in made:
        vote(store, one, "zoomer", who="bob")
        vote(store, one, "zoomer", who="cy")
    resolutions.give(store, new_id(), duel_id=made[0].id, kind="dropped")
    voted(store, 5, start=40)
    again = comparing.rebuild(store, snapshot, tmp_path / "again")
    assert not again.differing
    assert not again.unknown
    assert set(again.same) == set(out.files) - {"manifest.json"}


def noted(store, snapshot, folder, *formats):
    """Write a snapshot in some formats, as the shell does, and return it with its files remembered."""
    found = snapshots.write_files(store, snapshot, [choice(one) for one in formats], folder)
    return snapshots.note(store, snapshot, found)


def test_in_which_order_formats_are_named_is_not_in_the_files(store, tmp_path):
    voted(store, 15)
    snapshot = freeze(store)
    one = written(store, snapshot, tmp_path / "one", "kto", "trl")
    assert one == written(store, snapshot, tmp_path / "two", "trl", "kto")
    found = comparing.rebuild(store, noted(store, snapshot, tmp_path / "three", "kto", "trl"), tmp_path / "again")
    assert not found.differing
    assert not found.unknown


def test_a_card_in_the_words_of_another_version_is_told_apart(store, tmp_path, monkeypatch):
    voted(store, 15)
    snapshot = noted(store, freeze(store), tmp_path / "one", "trl", "hf")
    monkeypatch.setattr(wording, "system_prompt", lambda _: "Said otherwise.")
    found = comparing.rebuild(store, snapshot, tmp_path / "again")
    assert (found.reworded, found.differing) == (("hf/README.md",), ())
    elsewhere = {path: dict(made) for path, made in snapshot.files.items()}
    elsewhere["trl/train.jsonl"]["sha256"] = "0" * 64
    found = comparing.rebuild(store, stored.files(store, snapshot.id, elsewhere), tmp_path / "third")
    assert set(found.differing) == {"hf/README.md", "trl/train.jsonl"}


def test_formats_written_one_after_the_other_are_all_rebuilt_the_same(store, tmp_path):
    voted(store, 15)
    snapshot = noted(store, freeze(store), tmp_path / "one", "kto", "trl")
    snapshot = noted(store, snapshot, tmp_path / "two", "hf")
    found = comparing.rebuild(store, snapshot, tmp_path / "again")
    assert (found.differing, found.unknown) == ((), ())
    assert set(found.same) == set(snapshot.files) - {"manifest.json"}
    assert {path.split("/")[0] for path in found.same} == {"kto", "trl", "hf", "rows.jsonl"}
    elsewhere = {path: dict(made) for path, made in snapshot.files.items()}
    elsewhere["rows.jsonl"]["sha256"] = "0" * 64
    changed = stored.files(store, snapshot.id, elsewhere)
    assert comparing.rebuild(store, changed, tmp_path / "third").differing == ("rows.jsonl",)


def test_a_format_written_in_another_container_is_rebuilt_in_that_one(store, tmp_path):
    voted(store, 15)
    snapshot = noted(store, freeze(store), tmp_path / "one", "trl", "kto")
    snapshot = noted(store, snapshot, tmp_path / "two", "trl:parquet")
    assert {path for path in snapshot.files if path.startswith("trl/")} == {
        f"trl/{split}.parquet" for split in ("train", "validation", "test")
    }
    found = comparing.rebuild(store, snapshot, tmp_path / "again")
    assert (found.differing, found.unknown) == ((), ())
    assert set(found.same) == set(snapshot.files) - {"manifest.json"}


def test_a_file_that_is_not_written_any_more_differs(store, tmp_path):
    voted(store, 15)
    snapshot = noted(store, freeze(store), tmp_path / "one", "trl")
    stray = {path: dict(made) for path, made in snapshot.files.items()} | {"trl/more.jsonl": {"sha256": "0" * 64}}
    found = comparing.rebuild(store, stored.files(store, snapshot.id, stray), tmp_path / "again")
    assert found.differing == ("trl/more.jsonl",)


def test_prompts_keep_their_side_when_votes_are_added(store):
    voted(store, 30)
    before = freeze(store)
    voted(store, 30, start=30)
    after = freeze(store, name="second")
    found = comparing.diff(store, before, after)
    assert (len(found.added), len(found.removed), len(found.moved), found.same) == (30, 0, 0, 30)


def test_another_family_deals_the_prompts_out_anew(store):
    voted(store, 40)
    before, after = freeze(store), freeze(store, Spec(family="other", seed=5), name="second")
    found = comparing.diff(store, before, after)
    assert found.moved
    assert not found.added


def test_a_changed_verdict_is_named(store):
    made = voted(store, 10)
    before = freeze(store)
    resolutions.give(
        store, new_id(), duel_id=made[3].id, kind="resolved", verdict="better",
        chosen_id=next(s.response_id for s in (made[3].first, made[3].second) if s.expert == "zoomer"),
    )  # fmt: skip
    resolutions.give(store, new_id(), duel_id=made[4].id, kind="dropped")
    voted(store, 1, start=10)
    found = comparing.diff(store, before, freeze(store, name="second"))
    assert found.changed == (made[3].id,)
    assert found.removed == (made[4].id,)
    assert len(found.added) == 1
    assert found.same == 8


def test_a_resolution_makes_a_pair_of_a_duel_that_everybody_skipped(store, tmp_path):
    one = duel(store, 0)
    annotators.ensure(store, "ann", "Ann", "person")
    given_votes.record_many(store, [NewVote(new_id(), one.id, "ann", "skip", None, one.first.response_id, NOON)])
    chosen = one.first.response_id
    resolutions.give(store, new_id(), duel_id=one.id, kind="resolved", verdict="better", chosen_id=chosen)
    snapshot = freeze(store, Spec(rule="adjudicated"))
    [row] = frozen.pairs(store, snapshot)
    assert (row.duel_id, row.votes, row.adjudicated) == (one.id, 0, True)
    assert freeze(store, name="second").rows == 1
    found = comparing.rebuild(store, noted(store, snapshot, tmp_path / "one", "trl", "kto", "hf"), tmp_path / "again")
    assert not found.differing


def test_text_deleted_on_request_is_gone_from_a_snapshot_which_says_so(store, tmp_path):
    made = voted(store, 9)
    snapshot = freeze(store)
    placed = snapshots.shelve(store, snapshot, [choice("trl"), choice("hf")], tmp_path)
    [on_shelf, packed] = sorted(one.path for one in exports_shelf.listed(tmp_path))
    assert packed.suffix == ".zip"
    erasure.erase(store, tmp_path, new_id(), made[2].conversation[-1].content)
    assert not on_shelf.exists()
    assert not packed.exists()
    after = stored.get(store, snapshot.id)
    assert after.gone == 1
    again = comparing.rebuild(store, after, tmp_path / "again")
    assert again.gone == 1
    assert again.differing
    everything = b"".join(path.read_bytes() for path in (tmp_path / "again").rglob("*") if path.is_file())
    assert made[2].conversation[-1].content.encode() not in everything
    assert made[3].conversation[-1].content.encode() in everything
    assert placed.rows == after.rows == 9


def test_files_say_how_many_rows_are_gone_and_that_the_hash_is_of_the_whole(store, tmp_path):
    made = voted(store, 9)
    snapshot = freeze(store)
    whole = written(store, snapshot, tmp_path / "whole", "trl", "hf")
    assert "gone" not in json.loads(whole["manifest.json"])
    assert b"not in these files" not in whole["hf/README.md"]
    erasure.erase(store, tmp_path, new_id(), made[2].conversation[-1].content)
    files = written(store, stored.get(store, snapshot.id), tmp_path / "after", "trl", "hf")
    manifest = json.loads(files["manifest.json"])
    assert manifest["hash"] == snapshot.content_hash
    assert (manifest["gone"]["rows"], manifest["gone"]["of"]) == (1, 9)
    said = (
        "1 of the 9 rows that were frozen is not in these files: text was deleted since, on request or with the sample "
        "workspace. The content hash is of the whole, as it was frozen."
    )
    assert manifest["gone"]["why"] == said
    assert said in files["hf/README.md"].decode()


def liked_or_not(store, snapshot):
    """The rows of KTO that pairs make: the answer, and whether it is liked."""
    there = FORMATS["kto"]
    found = [one for row in frozen.pairs(store, stored.get(store, snapshot.id)) for one in there.objects(row)]
    return sorted((one["completion"][0]["content"], one["label"]) for one in found)


def test_an_answer_stays_liked_as_long_as_a_pair_says_so(store, tmp_path):
    asked = (Message("user", "What shall I cook tonight?"),)
    for place, poor in enumerate(("Nothing, secretword.", "Stones.", "Air.")):
        sides = [Side(new_id(), "Soup with beans.", "professor", "ollama", "big"),
                 Side(new_id(), poor, "zoomer", "ollama", "small")]  # fmt: skip
        vote(store, duel(store, place, conversation=asked, first=sides[0], second=sides[1]), "professor")
    for place, good in enumerate(("Rice, secretword.", "Bread.")):
        sides = [Side(new_id(), good, "professor", "ollama", "big"),
                 Side(new_id(), "Cake of mud.", "zoomer", "ollama", "small")]  # fmt: skip
        vote(store, duel(store, place, conversation=asked, first=sides[0], second=sides[1]), "professor")
    snapshot = freeze(store)
    assert liked_or_not(store, snapshot) == [
        ("Air.", False), ("Bread.", True), ("Cake of mud.", False), ("Nothing, secretword.", False),
        ("Rice, secretword.", True), ("Soup with beans.", True), ("Stones.", False),
    ]  # fmt: skip
    erasure.erase(store, tmp_path, new_id(), "secretword")
    assert liked_or_not(store, snapshot) == [
        ("Air.", False), ("Bread.", True), ("Cake of mud.", False), ("Soup with beans.", True), ("Stones.", False),
    ]  # fmt: skip


def test_an_answer_that_was_contradicted_stays_neither_liked_nor_not(store, tmp_path):
    asked = (Message("user", "What shall I cook tonight?"),)
    for place, (good, poor) in enumerate((("Soup.", "Stones."), ("Rice, secretword.", "Soup."), ("Soup.", "Air."))):
        sides = [Side(new_id(), good, "professor", "ollama", "big"), Side(new_id(), poor, "zoomer", "ollama", "small")]
        vote(store, duel(store, place, conversation=asked, first=sides[0], second=sides[1]), "professor")
    snapshot = freeze(store)
    erasure.erase(store, tmp_path, new_id(), "secretword")
    assert liked_or_not(store, snapshot) == [("Air.", False), ("Stones.", False)]


def test_files_on_the_shelf_are_replaced_only_when_all_is_written(store, tmp_path):
    voted(store, 9)
    snapshot = freeze(store)
    snapshots.shelve(store, snapshot, [choice("trl")], tmp_path)
    folder = exports_shelf.folder_for(tmp_path, snapshot.id, snapshot.name)
    before = sorted(path.name for path in folder.iterdir())

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        snapshots.shelve(store, snapshot, [choice("kto")], tmp_path, check=stop)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert len(list((tmp_path / "exports").iterdir())) == 2
    snapshots.shelve(store, snapshot, [choice("kto")], tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["kto", "manifest.json", "rows.jsonl"]


def test_a_name_leads_nowhere_else(store, tmp_path):
    voted(store, 6)
    snapshot = freeze(store, name="../../../etc/pass wd")
    snapshots.shelve(store, snapshot, [choice("trl")], tmp_path)
    assert {path.parent for path in (tmp_path / "exports").iterdir()} == {tmp_path / "exports"}
    assert not (tmp_path.parent / "etc").exists()


def test_no_vote_is_said_and_leaves_nothing(store):
    with pytest.raises(ExportError, match="Nobody has judged a duel yet"):
        freeze(store)
    assert stored.every(store) == []


def test_nothing_that_can_be_exported_is_said_with_the_commonest_reason(store):
    for place in range(4):
        one = duel(store, place, first=Side(f"m{place}", "[mock] text", "professor", "mock", "m"))
        vote(store, one, "professor")
    with pytest.raises(ExportError, match=r"None of the 4 judged duels .*an answer is the mock's \(4\)"):
        freeze(store)
    assert freeze(store, Spec(filters=Filters(mock=True))).rows == 4


def test_a_freeze_that_is_stopped_leaves_nothing(store):
    voted(store, 9)
    calls = []

    def stop():
        calls.append(1)
        if len(calls) > 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        freeze(store, check=stop)
    assert stored.every(store) == []
    assert freeze(store).rows == 9


def test_personal_data_is_covered_in_files_and_frozen_so(store, tmp_path):
    one = duel(store, 0, conversation=(Message("user", "Write to ann.lee@example.org about the old violin, please."),))
    vote(store, one, "professor")
    voted(store, 5, start=1)
    snapshot = freeze(store, Spec(mask=True))
    files = written(store, snapshot, tmp_path / "out")
    assert b"ann.lee" not in b"".join(files.values())
    assert b"[e-mail]" in b"".join(files.values())
    assert comparing.rebuild(store, snapshot, tmp_path / "again").written.counts


def test_one_system_prompt_for_all_or_none(store, tmp_path):
    voted(store, 6)
    replaced = freeze(store, Spec(system="replaced", system_text="You are kind."))
    none = freeze(store, Spec(system="none"), name="none")
    lines = written(store, replaced, tmp_path / "a")["trl/train.jsonl"].splitlines()
    assert {json.loads(line)["prompt"][0]["content"] for line in lines} == {"You are kind."}
    lines = written(store, none, tmp_path / "b")["trl/train.jsonl"].splitlines()
    assert {json.loads(line)["prompt"][0]["role"] for line in lines} == {"user"}


def test_a_full_disk_leaves_no_half_export_and_the_snapshot_stands(store, small_disk):
    long = "A sentence that goes on about nothing in particular for a while. " * 900
    for place in range(40):
        one = duel(store, place, first=Side(f"l{place}", f"{long} {place}", "professor", "ollama", "big"))
        vote(store, one, "professor")
    snapshot = freeze(store)
    with pytest.raises(ExportError, match="full"):
        snapshots.write_files(store, snapshot, [choice("trl")], small_disk / "out")
    assert list(small_disk.iterdir()) == []
    assert stored.get(store, snapshot.id).state == "frozen"


def test_a_recipe_tells_what_was_measured(store):
    made = voted(store, 30)
    for one in made[:9]:
        vote(store, one, "professor", who="bob")
    snapshot = freeze(store, Spec(policy=replace(Spec().policy, model="big")))
    facts = recipe_facts(snapshot, model=None, data="/somewhere", trainer="kto")
    assert (facts.trainer, facts.model, facts.data) == ("kto", "big", "/somewhere/kto")
    assert facts.agreement == 1.0
    assert facts.agreement_pairs == 9
    assert facts.train == 2 * snapshots.report_of(snapshot).splits["train"]
    assert facts.liked * 2 == facts.train
    assert facts.fit.max_length == 256
    with pytest.raises(ExportError, match="ppo"):
        recipe_facts(snapshot, model=None, data=None, trainer="ppo")


def test_text_that_is_deleted_while_it_is_written_is_in_no_file(store, tmp_path, monkeypatch):
    made = voted(store, 9)
    snapshot = freeze(store)
    replace_export = exports_shelf.replace

    def deleted_meanwhile(*args):
        replace_export(*args)
        monkeypatch.undo()
        erasure.deletion.delete_text(store, new_id(), erasure.Words.of(made[1].conversation[-1].content))

    monkeypatch.setattr(exports_shelf, "replace", deleted_meanwhile)
    with pytest.raises(ExportError, match="while it was written"):
        snapshots.shelve(store, snapshot, [choice("trl")], tmp_path)
    assert exports_shelf.listed(tmp_path) == []
    with pytest.raises(ExportError, match="while it was written"):  # the rows are those of before the deletion
        snapshots.write_files(store, snapshot, [choice("trl")], tmp_path / "out")
    assert not (tmp_path / "out").exists()
    snapshots.write_files(store, stored.get(store, snapshot.id), [choice("trl")], tmp_path / "out")


def test_a_system_prompt_that_was_deleted_is_written_nowhere(store, tmp_path):
    voted(store, 6)
    snapshot = freeze(store, Spec(system="replaced", system_text="You are the butler of Ann Lee."))
    erasure.erase(store, tmp_path, new_id(), "the butler of Ann Lee")
    with pytest.raises(ExportError, match="system prompt of this snapshot was deleted"):
        snapshots.write_files(store, stored.get(store, snapshot.id), [choice("trl")], tmp_path / "out")


def test_the_formats_that_it_is_frozen_for_are_remembered_until_it_is_written(store):
    for place in range(6):
        vote(store, duel(store, place), "professor")
    wanted = (Choice("trl", "json"), choice("hf"))
    one = snapshots.freeze(store, Spec(), snapshot_id=new_id(), name="killed", choices=wanted)
    assert set(comparing.choices_of(one)) == set(wanted)
    other = snapshots.freeze(store, Spec(), snapshot_id=new_id(), name="for nothing in particular")
    assert comparing.choices_of(other) == (choice("trl"),)
