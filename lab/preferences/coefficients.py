"""Krippendorff's alpha (nominal, missing values allowed) and Cohen's kappa, also where two categories have no names.

Both compare the agreement seen with the agreement expected by chance. `alpha` follows Krippendorff, "Computing
Krippendorff's Alpha-Reliability" (2011), section E; `kappa` Cohen, "A coefficient of agreement for nominal scales"
(1960). What is expected by chance depends on how often each category is used, and so on what a category is.

The two answers of a duel are answers to that prompt alone: "the first" of one duel has nothing in common with "the
first" of another, so a share of firsts over all duels means nothing. Sides would be worse: two raters who just pick the
left would look reliable. Two answers are therefore *interchangeable* here: chance is averaged over all 2^duels ways of
calling one of a duel's answers first and the other second. Two choices in different duels then fall on the same name
half of the time; in the same duel they do so when they are the same choice. That average has a closed form (below),
needs no drawing of lots, and is the same whatever the answers are called. Categories that mean the same in every duel
(equally good, both bad) keep their shares. Without interchangeable categories both are the coefficients as published.

All functions take sums over units, so that a bootstrap can weigh units: `*_parts` gives the numbers of each unit, shape
(units, k), and the coefficient of (…, k) such sums has shape (…).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lab.preferences.counted import Floats


def alpha_parts(counts: Floats, interchangeable: Sequence[int] = ()) -> Floats:
    """Return the numbers that alpha is made of for each unit, from how many said what, (units, categories).

    A unit with fewer than two values can be paired with nothing and gives zeros.
    """
    values = counts.sum(axis=1)
    paired = np.where(values[:, None] >= 2, counts, 0.0)
    values = paired.sum(axis=1)
    free, fixed = _split(paired, interchangeable)
    agreeing = (paired * (paired - 1)).sum(axis=1) / np.maximum(values - 1, 1)
    chosen = free.sum(axis=1)
    within = (free * (free - 1)).sum(axis=1)
    return np.column_stack([values, agreeing, chosen, chosen**2, within, fixed])


def alpha(sums: Floats, interchangeable: int = 0) -> tuple[Floats, Floats, Floats]:
    """Return alpha, the agreement seen and the disagreement expected, from sums of `alpha_parts`.

    alpha = 1 - D_o / D_e with D_o = 1 - (sum of agreeing) / n and D_e = 1 - E / (n (n - 1)), where
    E = sum over fixed categories of n_c (n_c - 1) + (pairs of choices across units) / interchangeable + (pairs of equal
    choices within units). NaN where nothing can be paired, or where chance expects no disagreement.
    """
    n, agreeing, chosen, squares, within = np.moveaxis(sums[..., :5], -1, 0)
    fixed = sums[..., 5:]
    across = (chosen**2 - squares) / max(interchangeable, 1)
    same = (fixed * (fixed - 1)).sum(axis=-1) + across + within
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = np.where(n > 0, agreeing / n, np.nan)
        expected = np.where(n > 1, 1 - same / (n * (n - 1)), np.nan)
        expected = np.where(expected > 1e-12, expected, np.nan)
        return 1 - (1 - seen) / expected, seen, expected


def kappa_parts(first: Floats, second: Floats, interchangeable: Sequence[int] = ()) -> Floats:
    """Return the numbers that kappa is made of for each unit; what each rater said is 0 or 1, (units, categories)."""
    free_1, fixed_1 = _split(first, interchangeable)
    free_2, fixed_2 = _split(second, interchangeable)
    chose_1, chose_2 = free_1.sum(axis=1), free_2.sum(axis=1)
    one, agreeing = np.ones(len(first)), (first * second).sum(axis=1)
    same = (free_1 * free_2).sum(axis=1)
    return np.column_stack([one, agreeing, chose_1, chose_2, chose_1 * chose_2, same, fixed_1, fixed_2])


def kappa(sums: Floats, interchangeable: int = 0) -> tuple[Floats, Floats, Floats]:
    """Return kappa, the agreement seen and the disagreement expected, from sums of `kappa_parts`.

    kappa = (P_o - P_e) / (1 - P_e) with P_e = E / n², where E = sum over fixed categories of n_1c n_2c + (pairs of
    choices across units) / interchangeable + (equal choices within units). NaN where chance expects no disagreement.
    """
    n, agreeing, chose_1, chose_2, both, equal = np.moveaxis(sums[..., :6], -1, 0)
    fixed_1, fixed_2 = np.split(sums[..., 6:], 2, axis=-1)
    same = (fixed_1 * fixed_2).sum(axis=-1) + (chose_1 * chose_2 - both) / max(interchangeable, 1) + equal
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = np.where(n > 0, agreeing / n, np.nan)
        expected = 1 - same / n**2
        expected = np.where(expected > 1e-12, expected, np.nan)
        return 1 - (1 - seen) / expected, seen, expected


def _split(values: Floats, interchangeable: Sequence[int]) -> tuple[Floats, Floats]:
    """Return the columns of interchangeable categories, and the others."""
    free = np.zeros(values.shape[1], dtype=bool)
    free[list(interchangeable)] = True
    return values[:, free], values[:, ~free]
