"""The Tune page as Streamlit runs it: a goal, a recommendation, cells that open onto prompts, runs that are kept."""

from __future__ import annotations

import re

import pytest
from screen import button, shown

from lab.forensics.datasets import add, delete, guess, load, read_bytes, sift
from lab.forensics.evidence import FALLBACK
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


def test_the_values_in_the_address_open_the_cell_nearest_to_them(tune_page):
    tune_page.query_params["cell"] = "0.8,0"
    tune_page.run()
    assert "threshold of zoomer 0.8, least margin 0" in shown(tune_page)
    tune_page.text_input(key="xr-threshold:zoomer").set_value("0.7:0.9:5").run()
    assert "threshold of zoomer 0.8, least margin 0" in shown(tune_page)  # another grid, the same setting
    for nowhere in ("no,cell", "50,0", "0.8", ""):
        tune_page.query_params["cell"] = nowhere
        tune_page.run()
        assert "(recommended)" in shown(tune_page)
    assert not tune_page.exception


def test_another_axis_opens_its_recommended_setting(tune_page):
    tune_page.query_params["cell"] = "0.8,0"
    tune_page.query_params["pair"] = "wrong"
    tune_page.selectbox(key="y").select("aggregate").run()
    assert "cell" not in tune_page.query_params
    assert "pair" not in tune_page.query_params
    assert "(recommended)" in shown(tune_page)
    tune_page.query_params["cell"] = "0.8,mean_top_k:3"
    tune_page.run()
    assert "threshold of zoomer 0.8, aggregate mean_top_k:3" in shown(tune_page)


def rows_of(found, kind):
    """How many tune rows of the recommended setting are of a kind."""
    sample, decided = found.grid.sample, found.grid.outcomes_at(found.choice.centre)
    right = sample.right(decided)
    professor = sample.labels == sample.experts.index("professor")
    left = decided.layer == FALLBACK
    return int({
        "right": right, "left": left, "professor": professor, "professor left": professor & left,
        "professor wrong": professor & ~right,
    }[kind].sum())  # fmt: skip


def test_every_count_of_a_cell_opens_its_rows(tune_page):
    found = resources.tuning(searched(tune_page))
    for name, kind in (("right", "right"), ("left to the fallback", "left")):
        button(tune_page, f"{name} {rows_of(found, kind)}").click().run()
        assert f"{name}: {rows_of(found, kind)} of 239 tune rows" in shown(tune_page)
    button(tune_page, "All misrouted").click().run()
    assert "misrouted: " in shown(tune_page)


def test_a_prompt_left_to_the_fallback_of_its_label_is_no_wrong_one(tune_page):
    found = resources.tuning(searched(tune_page))
    left, wrong = rows_of(found, "professor left"), rows_of(found, "professor wrong")
    assert left > wrong
    tune_page.query_params["pair"] = "professor>*"
    tune_page.run()
    told = f"labelled professor, decided wrongly: {wrong} of {rows_of(found, 'professor')}"
    assert told in shown(tune_page)
    tune_page.query_params["pair"] = "professor>fallback (professor)"
    tune_page.run()
    assert f"labelled professor, decided fallback (professor): {left} of 239 tune rows, all right" in shown(tune_page)


def test_a_label_without_wrong_ones_says_so(tune_page):
    tune_page.query_params["cell"] = "0.8,0"  # nothing is claimed for zoomer there
    tune_page.query_params["pair"] = "professor>*"
    tune_page.run()
    assert re.search(r"labelled professor, decided wrongly: 0 of \d+\*\*", shown(tune_page))


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


def test_what_is_wrong_with_a_range_is_said_as_its_box_is_written(tune_page):
    tune_page.text_input(key="xr-threshold:zoomer").set_value("nonsense").run()
    assert shown(tune_page).endswith("nonsense is no range. Write from:to:values, like 0:1:101.")
    assert tune_page.text_input(key="yr-min_margin").value  # what stands after it is still there
    assert tune_page.selectbox(key="m").value == "accuracy"
    assert "What calls and mistakes cost" in {one.label for one in tune_page.expander}
    tune_page.text_input(key="xr-threshold:zoomer").set_value("min_margin=0:0.2:11").run()
    assert "is another axis" in shown(tune_page)
    for whole in ("threshold:zoomer=0.25:0.35:11", " threshold of zoomer = 0.25:0.35:11"):
        tune_page.text_input(key="xr-threshold:zoomer").set_value(whole).run()
        assert "of 341 cells" in shown(tune_page)


def test_axes_are_offered_by_their_names_on_screen(tune_page):
    assert tune_page.multiselect(key="also").options == ["aggregate", "strategy", "conflict policy", "scorer"]


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


def test_a_saved_search_brings_its_costs_back(tune_page):
    tune_page.query_params["call"] = "professor=10;zoomer=1"
    tune_page.query_params["wrong"] = "professor>zoomer=9"
    tune_page.run()
    button(tune_page, "Save this search").click().run()
    for name in ("call", "wrong"):
        tune_page.query_params.pop(name)
    tune_page.run()
    mine = "professor 10, zoomer 1; professor to zoomer 9"
    assert f"Its costs differ: {mine}; those of now: 1 a call." in shown(tune_page)
    [costs] = next(one.value["costs"] for one in tune_page.dataframe if "costs" in one.value).tolist()
    assert costs == mine
    tune_page.session_state["costs"] = True
    button(tune_page, "Search this again").click().run()
    assert tune_page.query_params["call"] == "professor=10;zoomer=1"
    assert tune_page.query_params["wrong"] == "professor>zoomer=9"
    assert [one.value for one in tune_page.number_input] == [10.0, 1.0]
    assert "Its costs differ" not in shown(tune_page)
    assert not tune_page.warning


def test_a_call_that_costs_otherwise_leaves_the_other_prices_alone(tune_page):
    tune_page.query_params["call"] = "professor=10;zoomer=3"
    tune_page.session_state["costs"] = True
    tune_page.run()
    tune_page.number_input[1].set_value(4.0).run()
    assert tune_page.query_params["call"] == "professor=10;zoomer=4"


def test_what_a_run_is_compared_with_is_in_the_address(tune_page):
    button(tune_page, "Save this search").click().run()
    first = tune_page.query_params["run"]
    tune_page.text_input(key="xr-threshold:zoomer").set_value("0.6:0.8:3").run()
    button(tune_page, "Save this search").click().run()
    second = tune_page.query_params["run"]
    tune_page.selectbox(key=f"run2-{second}").select(first).run()
    assert tune_page.query_params["run2"] == first
    tune_page.query_params["run"], tune_page.query_params["run2"] = first, second
    tune_page.run()
    assert tune_page.selectbox(key=f"run2-{first}").value == second
    assert not tune_page.exception


def test_runs_are_there_where_no_search_succeeds(tune_page):
    button(tune_page, "Save this search").click().run()
    run = tune_page.query_params["run"]
    lab = resources.lab()
    [gone] = datasets.listed(lab.store)
    add(lab.store, lab.settings.data_dir, sift(*small_file()), name="small")
    delete(lab.store, lab.settings.data_dir, gone.id)
    tune_page.query_params.pop("run")
    tune_page.run()
    tune_page.text_input(key="xr-threshold:zoomer").set_value("1:0:5").run()
    assert "runs backwards" in shown(tune_page)
    assert "Of datasets that were deleted: their figures are kept." in shown(tune_page)
    tune_page.query_params["run"] = run
    tune_page.run()
    assert "which was deleted: its prompts are gone, its figures are kept" in shown(tune_page)
    assert not tune_page.exception


def test_one_row_alone_has_a_range_to_search(tune_page):
    lab = resources.lab()
    table = read_bytes(b"prompt,expert\nyo what is good,zoomer\n", "one.csv")
    add(lab.store, lab.settings.data_dir, sift(table, guess(table)), name="one")
    tune_page.run()
    tune_page.selectbox(key="dataset").select("one").run()
    assert "one value only" not in shown(tune_page)
    low, high, _ = map(float, tune_page.text_input(key="xr-threshold:zoomer").value.split(":"))
    assert low < high


def small_file():
    table = read_bytes(b"prompt,expert\ntell me a joke,zoomer\nprove it,professor\nlol hi,zoomer\n", "small.csv")
    return table, guess(table)
