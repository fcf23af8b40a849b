"""Stores that are empty, huge, odd or stopped half-way: an export says what is the matter, or bears it."""

from __future__ import annotations

import pytest
from export_store import built, duel, many, reported, rows, vote

from lab.dpo import snapshots
from lab.dpo.behind import duels_behind
from lab.dpo.spec import Policy, Spec
from lab.errors import ExportError
from lab.messages import Message
from lab.types import new_id


def test_the_same_store_comes_to_the_same(lab_store):
    many(lab_store, 30)
    one, two = built(lab_store), built(lab_store)
    for column in ("flags", "chosen", "rejected", "chosen_whole"):
        assert (one.pairs[column] == two.pairs[column]).all()
    assert (one.sides_of == two.sides_of).all()
    assert (one.reasons == two.reasons).all()
    assert rows(lab_store) == rows(lab_store)


def test_long_answers_and_conversations_are_read(lab_store):
    turns = tuple(Message("user" if place % 2 == 0 else "assistant", f"Turn {place}") for place in range(5_001))
    vote(lab_store, duel(lab_store, 0, conversation=turns))
    vote(lab_store, duel(lab_store, 1, chosen="a b " * 262_144, rejected="\u200f\u202eשלום\u202c " * 9))
    found = reported(lab_store, Spec(mask=True))
    assert found.kept == 2
    assert found.found("dropped").count == 1
    pairs, _ = rows(lab_store)
    assert len(pairs[0].turns) == 5_001
    assert len(pairs[1].chosen) == 1_048_576


def test_a_folder_that_holds_no_tokenizer_is_refused_before_anything_is_read(lab_store, tmp_path):
    vote(lab_store, duel(lab_store))
    for folder in (tmp_path, tmp_path / "none", tmp_path / "file"):
        (tmp_path / "file").write_text("x", encoding="utf-8")
        with pytest.raises(ExportError, match=r"older"):
            built(lab_store, Spec(policy=Policy(tokenizer=str(folder))))
    with pytest.raises(ExportError):
        snapshots.freeze(lab_store, Spec(policy=Policy(tokenizer=str(tmp_path))), snapshot_id=new_id(), name="x")


def test_what_is_kept_of_a_pair_is_under_a_hundred_bytes(lab_store):
    many(lab_store, 40)
    made = built(lab_store)
    kept = made.pairs.nbytes + made.voices.nbytes + made.groups_of.nbytes + made.sides_of.nbytes
    assert kept / 40 <= 100
    assert (made.duel_seqs.nbytes + made.reasons.nbytes) / 40 == 9


def test_whoever_stops_it_stops_it(lab_store):
    many(lab_store, 2)

    def stop():
        raise ExportError("enough")

    with pytest.raises(ExportError, match="enough"):
        built(lab_store, check=stop)
    told = []
    built(lab_store, progress=lambda *what: told.append(what))
    assert told[0] == (2, 2, "reading the votes")
    assert told[-1][2] == "comparing the prompts"


def test_every_kind_of_number_that_is_none_is_refused(lab_store):
    vote(lab_store, duel(lab_store))
    made = built(lab_store)
    for wrong in (("nonsense",), ("reason", "nonsense"), ("rule", "nonsense")):
        with pytest.raises(KeyError):
            duels_behind(made, *wrong)
    for nobody in (("split", "x"), ("type", "x"), ("author", "a", "b"), ("voice", "x"), ("ratio", "x")):
        assert len(duels_behind(made, *nobody)) == 0
