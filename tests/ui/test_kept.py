"""Results that background work leaves: bounded, the ones nobody asked for go first."""

from __future__ import annotations

from lab.ui.kept import Kept


def test_a_value_is_found_by_its_key_and_replaced_by_a_later_one():
    kept: Kept[int] = Kept(2)
    assert kept.get("a") is None
    kept.put("a", 1)
    kept.put("a", 2)
    assert kept.get("a") == 2


def test_what_was_asked_for_longest_ago_makes_room():
    kept: Kept[int] = Kept(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert [kept.get(key) for key in "abc"] == [1, None, 3]
