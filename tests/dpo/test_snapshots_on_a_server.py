"""An export from PostgreSQL: the same pairs, frozen once, though votes come while it reads."""

from __future__ import annotations

import pytest
from postgres_server import database

from lab.dpo import comparing, snapshots
from lab.dpo.build import build
from lab.dpo.formats.registry import choice
from lab.dpo.report import report
from lab.dpo.spec import Spec
from lab.preferences import erasure
from lab.store import open_store
from lab.store import snapshots as stored
from lab.store.judged import moment, state
from lab.types import new_id
from tests.dpo.test_snapshots import duel, freeze, vote, voted


@pytest.fixture
def store(postgres):
    with database(postgres) as url:
        opened = open_store(url)
        yield opened
        opened.close()


def test_what_is_frozen_is_written_again_the_same_and_loses_what_is_deleted(store, tmp_path):
    made = voted(store, 12)
    snapshot = freeze(store)
    assert snapshot.rows == 12
    snapshots.shelve(store, snapshot, [choice("trl"), choice("hf")], tmp_path)
    again = comparing.rebuild(store, stored.get(store, snapshot.id), tmp_path / "again")
    assert not again.differing
    voted(store, 3, start=12)
    assert len(comparing.diff(store, snapshot, freeze(store, name="second")).added) == 3
    erasure.erase(store, tmp_path, new_id(), made[0].conversation[-1].content)
    assert stored.get(store, snapshot.id).gone == 1
    assert comparing.rebuild(store, stored.get(store, snapshot.id), tmp_path / "third").gone == 1


def test_a_moment_sees_no_vote_that_comes_later(store):
    voted(store, 4)
    before = state(store)
    with moment(store) as at:
        assert at.judged() == 4
        one = duel(store, 9)
        vote(store, one, "professor")
        assert at.judged() == 4
        assert report(build(store, at, Spec())).kept == 4
    assert state(store) != before
    with moment(store) as at:
        assert report(build(store, at, Spec())).kept == 5
