"""The tabs of the Tune page as Streamlit runs them: each says its rows, opens them, and says what is missing."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from forensics.dataset_case import sifted
from screen import button, shown

from lab.forensics.calibration.calibrated import calibrated
from lab.forensics.datasets import add, load
from lab.forensics.matrix import matrix, strategies
from lab.forensics.sample import Stakes
from lab.forensics.usable import usable
from lab.messages import Message
from lab.store import datasets, events
from lab.types import new_id
from lab.ui import resources

RUN_S = 60


@pytest.fixture
def opened(app):
    """Open a tab of the Tune page on the built-in dataset, as a link does."""
    app.run()

    def open_tab(name, **address):
        app.query_params["tab"] = name
        for key, value in address.items():
            app.query_params[key] = value
        return app.switch_page("pages/tune.py").run()

    return open_tab


def rows_and_live():
    lab = resources.lab()
    rows = load(lab.store, lab.settings.data_dir, datasets.listed(lab.store)[0].id)
    return rows, lab.routers.live().version.config


def evidence_of(rows):
    return lambda config: resources.evidence(rows, config.encoder)


def table(app, column):
    """The table that has a column, as a frame."""
    return next(frame.value for frame in app.dataframe if column in frame.value)


def route_some(n):
    """Store decisions that were really timed, past every memory of vectors."""
    lab = resources.lab()
    live = lab.routers.live()
    for number in range(n):
        prompt = f"the ferry to the islands leaves from pier {number}"  # no pattern knows it
        events.record(
            lab.store,
            new_id(),
            source="page",
            conversation=(Message("user", prompt),),
            decision=live.strategy.decide(prompt),
            router_version_id=live.version.id,
            encoder_fingerprint=live.encoder.fingerprint,
        )


def test_the_query_types_come_first_and_show_each_strategy_beside_live_and_recommended(opened):
    page = opened("Query types")
    assert not page.exception
    assert "Click a cell to read the prompts that it gets wrong." in shown(page)
    page.session_state["matrix_table"] = True
    page.run()
    cells = table(page, "configuration")
    assert cells["configuration"].unique().tolist() == ["keyword", "semantic", "hybrid", "live", "recommended"]
    rows, live = rows_and_live()
    dev, _ = usable(rows, live, "dev")
    found = matrix(dev, strategies(live), evidence_of(rows), Stakes())
    assert cells["query type"].nunique() == len(found.types)
    hybrid = cells[(cells["configuration"] == "hybrid") & (cells["query type"] == "all rows")].iloc[0]
    assert (hybrid["right"], hybrid["n"]) == (found.right[0, 2], len(dev))
    assert (hybrid["from"], hybrid["to"]) == pytest.approx(found.accuracy(0, 2)[1:])
    assert f"n = {len(dev)} dev rows" in shown(page)


def test_a_cell_of_the_query_types_opens_its_misrouted_prompts(opened):
    page = opened("Query types", type="keyword|=joke")
    assert not page.exception
    rows, live = rows_and_live()
    dev, _ = usable(rows, live, "dev")
    found = matrix(dev, strategies(live), evidence_of(rows), Stakes())
    wrong = found.wrong(found.types.index("joke"), 0)
    assert f"{len(wrong)} misrouted" in shown(page)
    prompts = [frame.value["prompt"].tolist() for frame in page.dataframe if "prompt" in frame.value]
    assert [rows.prompts[row] for row in dev.rows[wrong].tolist()] in prompts
    button(page, "Close").click().run()
    assert "type" not in page.query_params


def test_times_that_nobody_measured_are_asked_for_and_never_made_up(opened):
    page = opened("Query types", matrix="expected end-to-end time")
    assert not page.exception
    assert "No decision was timed yet" in shown(page)
    assert "No answer of professor, zoomer was ever timed" in shown(page)
    page.session_state["matrix_table"] = True
    page.run()
    assert table(page, "configuration")["end to end, ms"].isna().all()


def test_overhead_is_told_once_decisions_were_timed(opened):
    route_some(3)
    resources.measured_times.clear()
    page = opened("Query types", matrix="expected overhead")
    page.session_state["matrix_table"] = True
    page.run()
    cells = table(page, "configuration")
    times = cells[cells["query type"] == "all rows"].set_index("configuration")["overhead, ms"]
    assert 0 < times["keyword"] < times["hybrid"]
    assert not page.exception


def test_overhead_that_was_not_timed_says_where_it_comes_from(opened):
    route_some(3)
    resources.measured_times.clear()
    page = opened("Query types")
    assert "(mean of stored decisions, layer 2 ran in 3 of them; the Latency tab times it)" in shown(page)


def test_too_little_traffic_says_from_how_much_on_it_weighs(opened):
    page = opened("Query types", traffic="true")
    [toggle] = page.toggle
    assert toggle.disabled
    assert "from 30 routed prompts on" in toggle.help
    assert "as in traffic" not in shown(page)


def test_a_cell_weighed_as_the_traffic_says_both(opened):
    page = opened("Query types")
    route_some(30)
    resources._traffic.clear()
    page.query_params["traffic"] = "true"
    page.run()
    assert re.search(r"\(Wilson\) as labelled, [01](\.\d+)? as in traffic", shown(page))
    assert re.search(r"coverage [\d.]+ as labelled, [\d.]+ as in traffic", shown(page))
    assert not page.exception


def heights(page):
    return [json.loads(one.proto.spec)["layout"]["height"] for one in page.get("plotly_chart")]


def test_a_matrix_of_one_row_has_room_for_its_title_and_caption(opened):
    page = opened("Query types")
    lab = resources.lab()
    whole, _ = rows_and_live()
    add(lab.store, lab.settings.data_dir, sifted(list(zip(whole.prompts, whole.labels, strict=True))), name="bare")
    page.run()
    page.selectbox(key="dataset").select("bare").run()
    assert not page.exception
    assert min(heights(page)) >= 240


def test_the_evidence_of_a_row_can_be_taken_away(opened):
    page = opened("Latency", pair="right")
    rows, _ = rows_and_live()
    listed = next(one.value for one in page.dataframe if "goes to" in one.value)
    row = rows.prompts.index(listed[listed["layer"] == "fallback"]["prompt"].iloc[0])
    page.query_params["why"] = f"{rows.dataset.content_hash[:8]}.misrouted.{row}"
    page.run()
    assert "nearest utterances ·" in shown(page)
    keys = {one.proto.id for one in page.get("download_button")}
    assert any(f"misrouted-{row}-scores-html" in key for key in keys)
    assert any(f"misrouted-{row}-neighbours-csv" in key for key in keys)


def test_the_front_is_told_with_what_else_stands_on_it(opened):
    page = opened("Pareto front")
    assert not page.exception
    assert "settings** are beaten by nothing in accuracy and share of calls to professor" in shown(page)
    assert "Outside the picture" in shown(page)
    page.session_state["pareto_table"] = True
    page.run()
    front = table(page, "also here")
    assert front["accuracy"].is_monotonic_decreasing
    assert front["share of calls to professor"].is_monotonic_decreasing
    assert (front["settings"] > 0).any()


def test_equal_costs_are_said_to_decide_nothing(opened):
    page = opened("Pareto front", against="cost of calls a prompt")
    assert "Every setting has the same cost of calls a prompt, 1, so accuracy alone decides." in shown(page)
    assert not page.exception


def test_a_front_over_times_says_what_is_missing(opened):
    page = opened("Pareto front", against="expected end-to-end time")
    assert "No decision was timed yet" in shown(page)
    assert not page.exception


def test_three_objectives_stand_on_one_front(opened):
    route_some(3)
    resources.measured_times.clear()
    page = opened("Pareto front", against="expected overhead", also_against="share of calls to professor")
    assert "in accuracy and expected overhead and share of calls to professor" in shown(page)
    assert not page.exception


def test_the_curve_says_its_rows_and_holds_every_step(opened):
    page = opened("Threshold curve")
    assert not page.exception
    assert "Accuracy over the threshold of zoomer; least margin as recommended." in shown(page)
    page.session_state["curve_table"] = True
    page.run()
    steps = table(page, "on tune rows")
    assert steps["threshold of zoomer up to"].is_monotonic_increasing
    assert (steps["from"] <= steps["accuracy"]).all()
    assert (steps["to"] >= steps["accuracy"]).all()
    assert steps["on tune rows"].nunique() > 5


def test_a_curve_over_names_says_what_to_pick(opened):
    page = opened("Threshold curve", x="strategy", y="nothing")
    assert "A curve needs an axis of numbers." in shown(page)
    assert not page.exception


def captions_of_figures(page):
    specs = [json.loads(one.proto.spec)["layout"] for one in page.get("plotly_chart")]
    return "\n".join(note["text"].replace("<br>", " ") for one in specs for note in one.get("annotations", []))


def test_a_calibrator_is_fitted_on_dev_rows_and_goes_into_the_draft_once(opened):
    page = opened("Calibration")
    assert not page.exception
    rows, live = rows_and_live()
    found = calibrated(rows, live, evidence_of(rows))
    assert f"{found.report.n} dev rows, which chose no threshold." in shown(page)
    assert f"Brier {found.report.before.brier.value:.3f} before" in shown(page)
    assert "Too few rows" in shown(page)
    counts = np.bincount(found.outcomes.layer, minlength=3).tolist()
    assert f"{found.report.n} = {counts[0]} keyword + {counts[1]} semantic + {counts[2]} fallback." in shown(page)
    assert f"n = {found.report.after.n} dev rows" in captions_of_figures(page)
    layers = table(page, "probability")
    assert {"keyword", "semantic", "fallback"} == set(layers["layer"])
    assert layers[layers["stored"]]["layer"].tolist() == ["keyword", "fallback"]
    button(page, "Put this calibrator in the draft").click().run()
    assert not page.exception
    draft = resources.lab().drafting.current()
    assert draft.config.calibrator == found.calibrator
    assert len(draft.edits) == 1
    assert button(page, "Put this calibrator in the draft").disabled
    router = resources.lab().routers.build(draft.config)
    sure = router.decide("lol that is so funny bro")
    assert sure.confidence is not None


def test_a_draft_that_scores_otherwise_meanwhile_refuses_the_calibrator(opened):
    from dataclasses import replace

    page = opened("Calibration")
    pressed = button(page, "Put this calibrator in the draft")
    resources.lab().drafting.edit("another tab", lambda config: replace(config, aggregate="centroid"))
    pressed.click().run()
    assert not page.exception
    assert resources.lab().drafting.current().config.calibrator is None
    assert "The draft was edited meanwhile" in shown(page)


def test_the_layers_wrong_decisions_can_be_read(opened):
    page = opened("Calibration", layer="fallback")
    rows, live = rows_and_live()
    wrong = calibrated(rows, live, evidence_of(rows)).wrong("fallback")
    assert f"decided wrongly by the fallback layer, the surest first: {len(wrong)}" in shown(page)
    assert not page.exception


def test_a_bin_of_the_diagram_opens_its_rows_the_wrong_ones_first(opened):
    page = opened("Calibration")
    rows, live = rows_and_live()
    one = calibrated(rows, live, evidence_of(rows))
    right = one.decided.right
    bins = {at: each for at, each in enumerate(one.report.before.width_bins) if 0 < sum(right[[*each.places]]) < each.n}
    at, opening = next(iter(bins.items()))
    page.query_params["bin"] = f"width.before.{at}"
    page.run()
    wrong = opening.n - sum(right[[*opening.places]])
    told = f"(before): {opening.n} decisions, {wrong} of them wrong, those first"
    assert told in shown(page)
    listed = next(one.value for one in page.dataframe if "goes to" in one.value and len(one.value) == opening.n)
    right = (listed["label"] == listed["goes to"]) | ((listed["label"] == "none") & (listed["layer"] == "fallback"))
    assert right.tolist() == sorted(right.tolist())
    assert listed["score"].between(opening.low, opening.high).all()


def test_the_router_is_timed_cold_and_warm_and_the_page_shows_it(opened):
    page = opened("Latency")
    assert not page.exception
    assert "The live router was not timed yet on benchmark" in shown(page)
    button(page, "Time 300 prompts").click().run()
    lab = resources.lab()
    [job] = lab.jobs.recent(5, "latency")
    assert lab.jobs.wait(job.id, RUN_S).state == "done"
    page.run()
    assert not page.exception
    text = shown(page)
    assert "to decide a new prompt" in text
    assert "E = T₁ + (1 − h)·T₂" in text
    assert "fast-path yield" in {metric.label for metric in page.metric}
    stages = table(page, "vector")
    assert stages["vector"].tolist() == ["cold", "warm"] * 4
    assert (stages["ran on n"] <= 300).all()
    total = stages[(stages["stage"] == "total") & (stages["vector"] == "cold")].iloc[0]
    assert total["p50, ms"] <= total["p95, ms"] <= total["p95 at most, ms"] <= total["slowest, ms"]
    assert "No answer of professor, zoomer was ever timed" in text
    [kept] = resources.latencies()._values.values()
    assert f"(timed cold, n = {kept.cold.n})" in text
    ran = stages[(stages["stage"] == "encode") & (stages["vector"] == "cold")].iloc[0]
    assert 0 < ran["ran on n"] < kept.cold.n
    slow = [one.total_ms for one in kept.cold.timed if one.total_ms >= total["p95, ms"]]
    page.query_params["took"] = f"cold,{min(slow)},{max(slow) * 2}"
    page.run()
    assert table(page, "characters")["total, ms"].tolist() == sorted(slow, reverse=True)
    page.query_params.pop("took")
    page.session_state["slowest"] = True
    page.run()
    assert np.diff(table(page, "characters")["total, ms"]).max() <= 0


def test_with_too_few_rows_for_splits_every_tab_says_on_what_it_is_measured(opened):
    lab = resources.lab()
    whole, _ = rows_and_live()
    few = [(whole.prompts[row], whole.labels[row]) for row in range(0, len(whole), 6)]
    add(lab.store, lab.settings.data_dir, sifted(few), name="few")
    said = {
        "Query types": "Under 300 labelled rows there are no dev rows",
        "Pareto front": "settings** are beaten by nothing",
        "Threshold curve": "These rows chose the setting",
        "Calibration": f"so all {len(few)} are used",
        "Latency": "was not timed yet on few",
    }
    page = opened("Query types")
    page.selectbox(key="dataset").select("few")
    for tab, sentence in said.items():
        page.session_state["tab"] = tab
        page.run()
        assert not page.exception
        assert sentence in shown(page)
    assert f"of all {len(few)} rows" in shown(page)
    assert f"n = all {len(few)} rows ·" in captions_of_figures(page)
    assert "nested" not in captions_of_figures(page)


def test_only_the_open_tab_is_worked_out(opened):
    page = opened("Latency")
    assert "beaten by nothing" not in shown(page)
    assert "Click a cell" not in shown(page)
