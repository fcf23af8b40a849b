"""Alpha and kappa against published examples, and chance averaged over the names of a duel's answers."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.preferences.coefficients import alpha, alpha_parts, kappa, kappa_parts


def counts_of(rows, categories):
    """How many gave each unit each category, from one row of values an observer; 0 is missing."""
    return np.array(
        [[sum(row[unit] == one for row in rows) for one in categories] for unit in range(len(rows[0]))], float
    )


def test_krippendorffs_own_example_has_the_published_alpha():
    # Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), C: 4 observers, 12 units, missing data
    rows = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
    value, _, _ = alpha(alpha_parts(counts_of(rows, range(1, 6))).sum(axis=0))
    assert round(float(value), 3) == 0.743


def test_krippendorffs_binary_example_has_the_published_alpha():
    # the same paper, A: 2 observers, 10 units. o_01 = 4, n_0 = 14, n_1 = 6: 1 - 19 * 4 / (14 * 6) = 0.095
    rows = [[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]]
    value, _, _ = alpha(alpha_parts(counts_of(rows, [0, 1])).sum(axis=0))
    assert float(value) == pytest.approx(1 - 19 * 4 / (14 * 6))


def table_parts(table):
    """The parts of kappa for a contingency table of two raters."""
    k = len(table)
    said = [(i, j) for i in range(k) for j in range(k) for _ in range(table[i][j])]
    return kappa_parts(np.eye(k)[[i for i, _ in said]], np.eye(k)[[j for _, j in said]])


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        # P_o = 35/50, P_e = (25 * 30 + 25 * 20) / 50² = 0.5
        ([[20, 5], [10, 15]], (0.7 - 0.5) / 0.5),
        # Cohen (1960), 200 cases in three categories: P_o = .70, P_e = .5 * .6 + .3 * .3 + .2 * .1 = .41
        ([[88, 10, 2], [14, 40, 6], [18, 10, 12]], 0.29 / 0.59),
        ([[5, 0], [0, 5]], 1.0),
        ([[0, 5], [5, 0]], -1.0),
    ],
)
def test_kappa_of_tables_worked_by_hand(table, expected):
    value, _, _ = kappa(table_parts(table).sum(axis=0))
    assert float(value) == pytest.approx(expected)


def test_without_two_values_or_without_variety_both_are_undefined():
    lonely = alpha_parts(np.array([[1.0, 0.0], [0.0, 1.0]])).sum(axis=0)
    assert np.isnan(alpha(lonely)[0])
    same = alpha_parts(np.array([[2.0, 0.0], [3.0, 0.0]])).sum(axis=0)
    assert np.isnan(alpha(same)[0])
    assert np.isnan(kappa(table_parts([[4, 0], [0, 0]]).sum(axis=0))[0])


said = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4), min_size=1, max_size=6)


@given(said)
def test_chance_is_the_average_over_all_names_of_a_duels_answers(duels):
    counts = np.array([[one.count(category) for category in range(4)] for one in duels], float)
    _, seen, expected = alpha(alpha_parts(counts, (0, 1)).sum(axis=0), 2)
    named = []
    for flips in product((False, True), repeat=len(counts)):
        flipped = np.where(np.array(flips)[:, None], counts[:, [1, 0, 2, 3]], counts)
        sums = alpha_parts(flipped).sum(axis=0)
        n, shares = sums[0], sums[5:]
        named.append(1 - (shares * (shares - 1)).sum() / (n * (n - 1)) if n > 1 else np.nan)
        assert np.allclose(alpha(sums)[1], seen, equal_nan=True)  # what is seen has no names in it
    average = np.mean(named)
    assert np.isclose(expected, average) if average > 1e-9 else np.isnan(expected)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=6))
def test_kappas_chance_is_that_average_as_well(duels):
    first, second = np.eye(4)[[one for one, _ in duels]], np.eye(4)[[other for _, other in duels]]
    _, _, expected = kappa(kappa_parts(first, second, (0, 1)).sum(axis=0), 2)
    named = []
    for flips in product((False, True), repeat=len(duels)):
        turned = np.array(flips)[:, None]
        one = np.where(turned, first[:, [1, 0, 2, 3]], first)
        other = np.where(turned, second[:, [1, 0, 2, 3]], second)
        named.append(1 - (one.sum(axis=0) * other.sum(axis=0)).sum() / len(duels) ** 2)
    average = np.mean(named)
    assert np.isclose(expected, average) if average > 1e-9 else np.isnan(expected)


@given(said, st.lists(st.booleans(), min_size=6, max_size=6))
def test_what_an_answer_is_called_changes_nothing(duels, flips):
    counts = np.array([[one.count(category) for category in range(4)] for one in duels], float)
    flipped = np.where(np.array(flips[: len(counts)])[:, None], counts[:, [1, 0, 2, 3]], counts)
    here, there = (alpha_parts(one, (0, 1)) for one in (counts, flipped))
    assert np.array_equal(here, there)
