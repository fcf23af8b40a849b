"""Tables: a mark on a row does not pass to another row."""

from lab.ui.tables import key_of


def test_a_table_of_other_rows_or_in_another_order_has_another_key():
    keys = {key_of("duels", ids) for ids in (["a", "b"], ["b", "a"], ["a"], ["ab"], [])}
    assert len(keys) == 5
    assert key_of("duels", iter(["a", "b"])) == key_of("duels", ["a", "b"])
