"""The Tune page as Streamlit runs it: a goal, a recommendation, cells that open onto prompts, runs that are kept."""

from __future__ import annotations

import pytest

from lab.forensics.datasets import add, delete, guess, load, read_bytes, sift
from lab.forensics.grid_search.axes import parse
from lab.forensics.sample import Stakes
from lab.forensics.tuning import Spec, tune
from lab.store import datasets, runs
from lab.ui import resources


@pytest.fixture
def tune_page(app):
    """The Tune page on the built-in dataset."""
    app.run()
    return app.switch_page("pages/tune.py").run()


def shown(app):
    elements = [*app.markdown, *app.caption, *app.info, *app.warning, *app.error, *app.subheader]
    return "\n".join(element.value for element in elements).replace("\\", "").replace("\u2060", "")


def button(app, label):
    return next(one for one in app.button if one.label == label)


def test_a_goal_brings_a_recommendation_with_its_verdict_and_baselines(tune_page):
    assert not tune_page.exception
    text = shown(tune_page)
    assert "Read as: the highest accuracy." in text
    assert "Recommended: threshold of zoomer" in text
    assert "dev rows" in text
    assert "cannot be told from the best" in text
    [metric, *_] = tune_page.metric
    assert metric.label == "accuracy, n = 120"
    names = tune_page.dataframe[-1].value["instead of the router"].tolist()
    assert {"nearest neighbours", "logistic regression", "live version", "random, same call share"} <= set(names)


def searched(app, stakes=None):
    """What the page asked for, put together again from its controls."""
    lab = resources.lab()
    rows = load(lab.store, lab.settings.data_dir, datasets.listed(lab.store)[0].id)
    ranges = {one.key: one.value for one in app.text_input if one.label == "from:to:values"}
    axes = tuple(parse(f"{key.partition('-')[2]}={written}") for key, written in ranges.items())
    config = lab.routers.live().version.config
    return resources.Search(rows, config, config, Spec(axes, app.selectbox(key="goal").value), stakes or Stakes())


def test_the_figures_are_those_of_the_search_itself(tune_page):
    search = searched(tune_page)
    found = tune(search.rows, search.base, search.live, search.spec, search.evidence, search.stakes)
    assert tune_page.metric[0].value == f"{found.accuracy.value:.3f}"
    wrong = int((~found.grid.sample.right(found.grid.outcomes_at(found.choice.centre))).sum())
    assert f"misrouted: {wrong:,} of {len(found.grid.sample):,} tune rows" in shown(tune_page)


def test_a_cell_in_the_address_is_opened(tune_page):
    tune_page.query_params["cell"] = "50,0"
    tune_page.run()
    assert "threshold of zoomer 0.8" in shown(tune_page)
    tune_page.query_params["cell"] = "no,cell"
    tune_page.run()
    assert "(recommended)" in shown(tune_page)
    assert not tune_page.exception


def test_the_recommended_setting_goes_into_the_draft_once(tune_page):
    button(tune_page, "Put it in the draft").click().run()
    draft = resources.lab().drafting.current()
    found = resources.tuning(searched(tune_page))
    assert draft.config.expert("zoomer").threshold == found.recommended.expert("zoomer").threshold
    assert button(tune_page, "Put it in the draft").disabled
    assert not tune_page.exception


def test_fixed_and_broken_open_onto_their_prompts(tune_page):
    count = next(one for one in tune_page.button if one.key == "open-fixed")
    count.click().run()
    assert f"fixed: {count.label} of 120" in shown(tune_page)


def test_a_run_is_saved_opened_and_compared_with_live(tune_page):
    button(tune_page, "Save this search").click().run()
    lab = resources.lab()
    [run] = runs.recent(lab.store)
    assert run.name == "best accuracy"
    assert run.result["dev"]["n"] == 120
    assert tune_page.query_params["run"] == run.id
    text = shown(tune_page)
    assert "least margin: 0.0" in text or "threshold of zoomer: 0.29" in text
    assert "fixed:" in text
    button(tune_page, "Delete this run").click().run()
    assert runs.recent(lab.store) == []


def test_mistakes_that_cost_more_change_what_is_measured(tune_page):
    tune_page.query_params["wrong"] = "none>zoomer=5"
    tune_page.selectbox(key="m").select("misroute cost a prompt").run()
    assert not tune_page.exception
    found = resources.tuning(searched(tune_page, Stakes(misroute={("none", "zoomer"): 5.0})))
    cost = found.grid.metric("misroute_cost")[found.choice.centre]
    assert f"misroute cost {cost:.3g}" in shown(tune_page)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("1:0:5", "runs backwards"),
        ("nan:1:5", "not a range of numbers"),
        ("0:1:1000000000", "values"),
        ("0.5:0.5:3", "one value only"),
        ("nonsense", "is no range"),
    ],
)
def test_a_range_that_cannot_be_searched_is_a_sentence(tune_page, written, says):
    tune_page.text_input(key="xr-threshold:zoomer").set_value(written).run()
    assert says in shown(tune_page)
    assert not tune_page.exception


@pytest.mark.parametrize(
    ("goal", "says"),
    [
        ("make it good", "not understood as a goal"),
        ("at most 2 % of rude prompts to zoomer", "no expert and no query type"),
    ],
)
def test_a_goal_that_is_not_understood_says_which_are(app, goal, says):
    app.run()
    app.query_params["goal"] = goal
    page = app.switch_page("pages/tune.py").run()
    assert says in shown(page)
    assert not page.exception


def test_a_saved_search_is_put_back_into_the_controls(tune_page):
    tune_page.text_input(key="xr-threshold:zoomer").set_value("0.25:0.35:11").run()
    button(tune_page, "Save this search").click().run()
    saved = tune_page.metric[0].value
    tune_page.text_input(key="xr-threshold:zoomer").set_value("0.6:0.8:3").run()
    assert tune_page.metric[0].value != saved
    button(tune_page, "Search this again").click().run()
    assert tune_page.text_input(key="xr-threshold:zoomer").value == "0.25:0.35:11"
    assert tune_page.metric[0].value == saved


def test_a_run_on_a_deleted_dataset_keeps_its_figures_and_says_so(tune_page):
    button(tune_page, "Save this search").click().run()
    lab = resources.lab()
    [gone] = datasets.listed(lab.store)
    delete(lab.store, lab.settings.data_dir, gone.id)
    tune_page.run()
    assert "There is no dataset yet" in shown(tune_page)
    other = tune_page.query_params["run"]
    add(lab.store, lab.settings.data_dir, sift(*small_file()), name="small")
    tune_page.query_params["run"] = other
    tune_page.run()
    assert "which was deleted: its prompts are gone, its figures are kept" in shown(tune_page)
    assert not tune_page.exception


def small_file():
    table = read_bytes(b"prompt,expert\ntell me a joke,zoomer\nprove it,professor\nlol hi,zoomer\n", "small.csv")
    return table, guess(table)
