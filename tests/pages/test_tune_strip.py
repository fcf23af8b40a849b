"""The baselines strip: by labels always, by answers where answers were measured."""

from __future__ import annotations

import numpy as np
import pytest
from test_tune import searched, shown

from lab.forensics.answers.quality import rated
from lab.forensics.answers.routed import Answered
from lab.forensics.datasets import load
from lab.records import Outcome
from lab.store import datasets, outcomes
from lab.ui import resources


def page(app):
    """The Tune page."""
    return app.switch_page("pages/tune.py").run()


def table(app, column):
    return next(one.value for one in app.dataframe if column in one.value.columns)


def measure(expert_of, wanted=("professor", "zoomer")):
    """Store outcomes for every row of the dataset: `expert_of` a row and its label gives each expert's quality."""
    lab = resources.lab()
    rows = load(lab.store, lab.settings.data_dir, datasets.listed(lab.store)[0].id)
    found = [
        Outcome(rows.dataset.id, row, name, quality, "test")
        for row, label in enumerate(rows.labels)
        for name, quality in zip(("professor", "zoomer"), expert_of(row, label), strict=True)
        if name in wanted
    ]
    outcomes.add(lab.store, "b1", found)
    return rows


def mostly_as_labelled(row, label):
    """Four of five rows are answered well by the expert of their label, every fifth by the other one, some by both."""
    joke = (label == "zoomer") != (row % 5 == 0)
    return float(not joke or row % 3 == 0), float(joke or row % 4 == 0)


@pytest.fixture
def rated_page(app):
    """The Tune page where all answers were measured."""
    app.run()
    measure(mostly_as_labelled)
    return page(app)


def test_without_outcomes_no_oracle_stands_there_and_the_way_in_is_said(app):
    app.run()
    tune_page = page(app)
    assert not tune_page.exception
    beside = table(tune_page, "instead of the router")
    assert "oracle" not in beside["instead of the router"].tolist()
    assert "answer quality" not in beside.columns
    text = shown(tune_page)
    assert "so no oracle stands here" in text
    name = datasets.listed(resources.lab().store)[0].name
    assert f"python -m lab dataset outcomes {name} FILE --expert professor=COLUMN --expert zoomer=COLUMN" in text
    assert "Routing is worth" not in text


def test_with_outcomes_every_baseline_tells_the_quality_of_its_answers(rated_page):
    assert not rated_page.exception
    beside = table(rated_page, "instead of the router").set_index("instead of the router")
    search = searched(rated_page)
    found = resources.tuning(search)
    some = rated(found.dev, resources.quality(search.rows, search.base)[found.dev.rows], found.spec.seed)
    assert len(some) == len(found.dev) == 120
    always = beside.loc["always professor", "answer quality"]
    assert always == pytest.approx(some.known[:, 0].mean())
    assert beside.loc["always professor", "quality from"] < always < beside.loc["always professor", "quality to"]
    assert beside.loc["oracle", "answer quality"] == pytest.approx(some.known.max(axis=1).mean())
    assert np.isnan(beside.loc["oracle", "accuracy"])
    text = shown(rated_page)
    mean = some.of(found.dev_outcomes).mean
    assert f"By the answers: the recommended setting gets a mean quality of {mean} (all 120 rows have an" in text
    assert "oracle reaches" not in text
    assert "dataset outcomes" not in text


def test_the_value_of_routing_and_of_the_score_stand_beside(rated_page):
    told = resources.answered(searched(rated_page).rows, resources.tuning(searched(rated_page)))
    assert isinstance(told, Answered)
    assert f"Routing is worth {told.value.value} of what an oracle would add over the best single" in shown(rated_page)
    figures = table(rated_page, "figure").set_index("figure")
    assert figures.index.tolist() == ["PGR", "APGR", "CPT(50 %)"]  # both experts cost the same here
    assert figures.loc["APGR", "value"] == pytest.approx(told.score.apgr.value)
    assert figures.loc["CPT(50 %)", "value"] == pytest.approx(told.score.cpt.value)
    moves = f"the threshold of zoomer swept over every observed score, which moves {told.score.moved} rows"
    assert moves in shown(rated_page)


def test_costs_that_differ_bring_the_average_improvement(rated_page):
    rated_page.query_params["call"] = "professor=5;zoomer=1"
    rated_page.run()
    figures = table(rated_page, "figure").set_index("figure")
    assert figures.index.tolist()[-1] == "AIQ"
    assert 0.5 < figures.loc["AIQ", "value"] <= 1


def test_the_oracle_opens_the_rows_whose_better_answer_was_missed(rated_page):
    rated_page.query_params["baseline"] = "oracle"
    rated_page.run()
    search = searched(rated_page)
    found = resources.tuning(search)
    known = resources.quality(search.rows, search.base)[found.dev.rows]
    got = np.column_stack([known, np.zeros(120)])[np.arange(120), found.dev_outcomes.expert]
    missed = np.flatnonzero(known.max(axis=1) > got)
    assert len(missed)
    assert f"another expert's answer is better: {len(missed)} of 120; “went to” is the oracle" in shown(rated_page)
    opened = [one.value for one in rated_page.dataframe if "went to" in one.value.columns][-1]
    assert opened["prompt"].tolist() == [search.rows.prompts[row] for row in found.dev.rows[missed]]


def test_outcomes_of_one_expert_alone_are_told_as_what_they_are(app):
    app.run()
    measure(mostly_as_labelled, wanted=("zoomer",))
    tune_page = page(app)
    assert not tune_page.exception
    text = shown(tune_page)
    assert "none of these 120 rows has an outcome of every expert (measured: professor on 0, zoomer on 120)" in text
    assert "answer quality" not in table(tune_page, "instead of the router").columns


def test_routing_that_loses_to_one_expert_is_called_so(app):
    app.run()
    measure(lambda row, label: (1.0 if row % 2 else 0.2, 0.9 if label == "professor" and not row % 2 else 0.1))
    tune_page = page(app)
    told = resources.answered(searched(tune_page).rows, resources.tuning(searched(tune_page)))
    assert told.value.value.high < 0
    assert ": negative, always professor would be better." in shown(tune_page)
