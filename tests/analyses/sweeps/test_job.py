"""The job and its command: result tables, what is left alone, and bad input."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from hpowh.analyses.sweeps.job import analyse
from hpowh.analyses.sweeps.options import Options
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Request, find_source, ingest

TABLES = ["sweep_column", "sweep_correlation", "sweep_importance", "sweep_term", "sweep_suggestion", "sweep_range"]


def load(warehouse: Warehouse, folder: Path, rows: list[dict], name: str = "s", **mapping: str) -> None:
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    request = Request(str(path), name, mapping or {"loss": "metric"}, {"direction": "min"})
    ingest(warehouse, find_source("trials"), request)


def rows_of(warehouse: Warehouse, table: str, columns: str, where: str = "true") -> list[tuple]:
    return warehouse.sql(f"select {columns} from result.{table} where {where} order by all").rows()


def simple(count: int, seed: int = 0) -> list[dict]:
    random = np.random.default_rng(seed)
    rows = []
    for i in range(count):
        x, kind = float(random.uniform()), str(random.choice(["a", "b"]))
        row = {"name": f"r{i}", "state": "finished", "config": {"x": x, "kind": kind, "z": float(random.uniform())}}
        rows.append(row | {"loss": 3 * x + (kind == "b") + 0.1 * float(random.normal())})
    return rows


def test_tables_are_filled_once_and_again_when_a_trial_changes(warehouse, tmp_path):
    rows = [*simple(40), {"name": "f", "state": "failed", "config": {"x": 0.5}}]
    load(warehouse, tmp_path, rows)
    first = analyse(warehouse)[0]
    assert first.is_new
    assert "Not used: 1 failed." in first.warnings
    assert rows_of(warehouse, "sweep_summary", "trial_count, finished_count, failed_count, used_count, reason") == [
        (41, 40, 1, 40, None)
    ]
    best = min(rows[:40], key=lambda row: row["loss"])
    found = warehouse.sql(
        "select t.name, s.best_value from result.sweep_summary as s "
        "join core.trial as t on t.trial_id = s.best_trial_id"
    ).rows()
    assert found == [(best["name"], best["loss"])]
    assert rows_of(warehouse, "sweep_importance", "hyperparameter", "method = 'permutation' and place = 1") == [("x",)]
    assert {
        table: warehouse.sql(f"select count(*) from result.{table}").one() > 0 for table in TABLES
    } == dict.fromkeys(TABLES, True)
    assert not analyse(warehouse)[0].is_new
    rows[-1]["state"] = "running"
    load(warehouse, tmp_path, rows)
    again = analyse(warehouse)[0]
    assert (again.is_new, "Not used: 1 running." in again.warnings) == (True, True)


def test_the_tables_hold_what_the_pure_functions_return(warehouse, tmp_path):
    from statsmodels.api import OLS

    rows = simple(40)
    load(warehouse, tmp_path, rows)
    analyse(warehouse)
    y = np.array([row["loss"] for row in rows])
    x = np.array([row["config"]["x"] for row in rows])
    assert rows_of(warehouse, "sweep_correlation", "coefficient", "method = 'pearson' and hyperparameter = 'x'") == [
        (pytest.approx(np.corrcoef(x, y)[0, 1]),)
    ]
    kind = [row["config"]["kind"] for row in rows]
    usual = max(sorted(set(kind)), key=kind.count)
    other = np.array([k != usual for k in kind], dtype=float)
    z = np.array([row["config"]["z"] for row in rows])
    fit = OLS(y, np.column_stack([np.ones(40), other, x, z])).fit()
    found = rows_of(warehouse, "sweep_term", "term, coefficient, standard_error, p")
    names = ["(intercept)", next(t for t, *_ in found if t.startswith("kind=")), "x", "z"]
    wanted = [
        (n, pytest.approx(b), pytest.approx(s), pytest.approx(p))
        for n, b, s, p in zip(names, fit.params, fit.bse, fit.pvalues, strict=True)
    ]
    assert found == sorted(wanted, key=lambda row: row[0])


def test_several_metrics_have_a_front(warehouse, tmp_path):
    rows = [row | {"size": -row["config"]["x"]} for row in simple(30)]
    load(warehouse, tmp_path, rows, loss="metric", size="metric")
    analyse(warehouse)
    front = {name for (name,) in warehouse.sql(
        "select name from result.sweep_front join core.trial using (trial_id) where front = 1").rows()}  # fmt: skip
    wanted = {
        a["name"] for a in rows
        if not any(
            b["loss"] <= a["loss"] and b["size"] <= a["size"] and (b["loss"], b["size"]) != (a["loss"], a["size"])
            for b in rows
        )
    }  # fmt: skip
    assert front == wanted
    analyse(warehouse, metrics=["size"])
    with pytest.raises(UsageError, match="No sweep chosen has a metric 'speed'"):
        analyse(warehouse, metrics=["speed"])


def test_the_trade_off_of_two_metrics_and_the_effect_of_budgets(warehouse, tmp_path):
    from scipy.stats import spearmanr

    rows = [row | {"size": -row["config"]["x"], "runtime": 10 + 5 * row["config"]["z"]} for row in simple(30)]
    load(warehouse, tmp_path, rows, loss="metric", size="metric", runtime="duration")
    with warehouse.writing() as connection:
        connection.execute("update core.trial set duration = 100 - number where number <= 20")
        connection.execute(
            "insert into core.trial_metric select trial_id, metric_id, step, 1.0, 'ok' from core.trial, core.metric, "
            "range(1, 40) as s(step) where step <= number and metric.name = 'loss'"
        )
    analyse(warehouse)
    loss, size = np.array([r["loss"] for r in rows]), np.array([r["size"] for r in rows])
    ((found, count, front),) = rows_of(warehouse, "sweep_tradeoff", "spearman, trial_count, front_count")
    assert (found, count) == (pytest.approx(spearmanr(loss, size).statistic), 30)
    assert front == warehouse.sql("select count(*) from result.sweep_front where front = 1").one()
    steps = rows_of(warehouse, "sweep_budget", "trial_count, spearman, least, most", "kind = 'steps'")
    assert steps == [(30, pytest.approx(spearmanr(np.arange(1, 31), loss).statistic), 1.0, 30.0)]


def test_shapley_values_belong_to_trials_and_add_up_to_importances(warehouse, tmp_path):
    rows = simple(30)
    load(warehouse, tmp_path, [{"name": "f", "state": "failed", "config": {"x": 0.5}}, *rows])
    analyse(warehouse)
    values = warehouse.sql(
        "select t.name, s.hyperparameter, s.value from result.sweep_shapley as s join core.trial as t using (trial_id)"
    ).rows()
    assert {name for name, _, _ in values} == {row["name"] for row in rows}
    mean = np.mean([abs(value) for _, hyperparameter, value in values if hyperparameter == "x"])
    ((importance,),) = rows_of(
        warehouse, "sweep_importance", "importance", "method = 'shapley' and hyperparameter = 'x'"
    )
    assert importance == pytest.approx(mean / np.std([row["loss"] for row in rows]))
    x = {row["name"]: row["config"]["x"] for row in rows}
    pairs = [(x[name], value) for name, hyperparameter, value in values if hyperparameter == "x"]
    assert np.corrcoef(np.array(pairs).T)[0, 1] > 0.9


def test_a_suggestion_is_as_uncertain_as_the_model_is_on_unseen_trials(warehouse, tmp_path):
    """Noise of 0.1 that nothing explains: no suggestion claims to be surer, though the trees agree beside a trial."""
    load(warehouse, tmp_path, simple(80))
    analyse(warehouse)
    found = rows_of(warehouse, "sweep_suggestion", "deviation")
    assert min(deviation for (deviation,) in found) > 0.07


def test_options_change_the_run_and_what_is_suggested(warehouse, tmp_path):
    load(warehouse, tmp_path, [row | {"loss": -row["config"]["x"]} for row in simple(60)])
    inside = analyse(warehouse)[0]
    beyond = analyse(warehouse, options=Options(best=0.2, beyond=0.5, as_published=True))[0]
    assert inside.analysis_run_id != beyond.analysis_run_id
    tried = warehouse.sql("select max(numeric_value) from core.trial_parameter where name = 'x'").one()
    most = "select max(numeric_value) from result.sweep_suggestion where hyperparameter = 'x' and analysis_run_id = "
    assert warehouse.sql(most + str(inside.analysis_run_id)).one() <= tried
    assert warehouse.sql(most + str(beyond.analysis_run_id)).one() > tried
    best = "select distinct best_count from result.sweep_range where analysis_run_id = "
    assert warehouse.sql(best + str(inside.analysis_run_id)).one() == 6
    assert warehouse.sql(best + str(beyond.analysis_run_id)).one() == 12
    published = "position, hyperparameter, level"
    assert rows_of(warehouse, "sweep_published", published, f"analysis_run_id = {beyond.analysis_run_id}") == [
        (1, "x", None), (2, "z", None), (3, "kind", "a"), (4, "kind", "b")
    ]  # fmt: skip
    assert rows_of(warehouse, "sweep_published", "1", f"analysis_run_id = {inside.analysis_run_id}") == []
    with pytest.raises(ValueError, match="best is 0.7"):
        Options(best=0.7)


def test_runs_of_an_experiment_are_analysed_only_when_named(warehouse, tmp_path):
    load(warehouse, tmp_path, simple(25))
    with warehouse.writing() as connection:
        connection.execute("insert into core.run values (1, 1, 1, 1, 7, (select sweep_id from core.sweep), 1)")
    assert analyse(warehouse) == []
    assert [one.sweep for one in analyse(warehouse, ["s"])] == ["s"]
    with pytest.raises(UsageError, match="There is no sweep 'x'.*Sweeps in .*: s"):
        analyse(warehouse, ["x"])


def test_sweeps_of_the_same_name_are_told_apart(warehouse, tmp_path):
    load(warehouse, tmp_path, simple(12), "one")
    load(warehouse, tmp_path, simple(12, 1), "two")
    with warehouse.writing() as connection:
        connection.execute("update core.sweep set name = 'same'")
    assert [one.sweep for one in analyse(warehouse)] == ["same (one)", "same (two)"]


BAD = {
    "no finished trial": ([{"state": "failed", "x": 1.0}, {"state": "running", "x": 2.0}], "no finished trial has"),
    "one finished trial": (simple(1), "no hyperparameter|1 finished trial has a value"),
    "all values NaN": ([row | {"loss": math.nan} for row in simple(12)], "no finished trial has a value"),
    "infinite values": ([row | {"loss": math.inf} for row in simple(12)], "no finished trial has a value"),
    "a constant metric": ([row | {"loss": 1.0} for row in simple(12)], "all 12 trials have the same value"),
    "no hyperparameter varies": ([row | {"config": {"x": 1}} for row in simple(12)], "all 1 are constant"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_nothing_to_analyse_is_said_and_the_columns_are_kept(warehouse, tmp_path, what):
    rows, reason = BAD[what]
    load(warehouse, tmp_path, [{"loss": None, **row} for row in rows])
    outcome = analyse(warehouse)[0]
    ((found,),) = rows_of(warehouse, "sweep_summary", "reason")
    assert re.search(reason, found)
    assert any(found in warning for warning in outcome.warnings)
    assert warehouse.sql("select count(*) from result.sweep_importance").one() == 0
    assert warehouse.sql("select count(*) from result.sweep_column").one() > 0


def test_one_hyperparameter_and_few_trials_have_reasons_instead_of_importances(warehouse, tmp_path):
    load(warehouse, tmp_path, [row | {"config": {"x": row["config"]["x"]}} for row in simple(8)])
    told = []
    analyse(warehouse, progress=lambda *one: told.append(one))
    assert told == [(0, 1, "s")]
    found = rows_of(
        warehouse, "sweep_importance", "method, importance is null, verdict, reason", "method <> 'ols_drop'"
    )
    assert [row[1:3] for row in found] == [(True, "unknown")] * 5
    assert all("trials" in row[3] for row in found)
    assert rows_of(warehouse, "sweep_term", "term, coefficient is null") == [("(intercept)", False), ("x", False)]


def test_hostile_names_go_through(warehouse, tmp_path):
    names = [
        "a.b",
        "with space",
        'qu"ote',
        "it's",
        "'; drop table core.trial; --",
        "<script>alert(1)</script>",
        "$run",
        "é",
    ]
    random = np.random.default_rng(3)
    rows = []
    for _ in range(30):
        config = {name: float(random.uniform()) for name in names}
        rows.append({"config": config, "loss": config["a.b"] + 0.01 * float(random.normal())})
    load(warehouse, tmp_path, rows, "<b>'; --")
    assert analyse(warehouse)[0].sweep == "<b>'; --"
    assert sorted(name for (name,) in rows_of(warehouse, "sweep_column", "name")) == sorted(names)
    assert rows_of(warehouse, "sweep_importance", "hyperparameter", "method = 'impurity' and place = 1") == [("a.b",)]


def test_a_source_loaded_anew_has_results_that_refer_to_its_trials(warehouse, tmp_path):
    """The content is the same, the ids are not: results of the old ones would be of trials that are gone."""
    load(warehouse, tmp_path, simple(12))
    assert analyse(warehouse)[0].is_new
    load(warehouse, tmp_path, simple(6), "later")
    assert not analyse(warehouse, ["s"])[0].is_new
    request = Request(str(tmp_path / "s.jsonl"), "s", {"loss": "metric"}, {"direction": "min"})
    ingest(warehouse, find_source("trials"), request, replace_old=True)
    again = analyse(warehouse, ["s"])[0]
    assert again.is_new
    there = "join core.trial as t on t.trial_id = s.best_trial_id and t.sweep_id = s.sweep_id"
    run = f"where s.analysis_run_id = {again.analysis_run_id}"
    assert warehouse.sql(f"select count(*) from result.sweep_summary as s {there} {run}").one() == 1


def test_a_direction_assumed_wrongly_is_corrected_by_loading_anew(warehouse, tmp_path):
    load(warehouse, tmp_path, simple(12))
    request = Request(str(tmp_path / "s.jsonl"), "s", {"loss": "metric"}, {"direction": "max"})
    ingest(warehouse, find_source("trials"), request, replace_old=True)
    assert warehouse.sql("select direction from core.metric where name = 'loss'").one() == "max"
    other = Request(str(tmp_path / "s.jsonl"), "t", {"loss": "metric"}, {"direction": "min"})
    with pytest.raises(IngestError, match="direction 'max', here it is 'min'"):
        ingest(warehouse, find_source("trials"), other)


def test_repeated_configurations_are_said(warehouse, tmp_path):
    rows = simple(30)
    load(warehouse, tmp_path, rows)
    assert not any("configurations" in one for one in analyse(warehouse)[0].warnings)
    load(warehouse, tmp_path, rows + [row | {"name": f"again {i}"} for i, row in enumerate(rows[:6])])
    (said,) = [one for one in analyse(warehouse)[0].warnings if "36 trials are 30 configurations" in one]
    assert "up to 2 times each" in said


def test_pruned_trials_are_said_where_they_are_many(warehouse, tmp_path):
    pruned = [{"name": f"p{i}", "state": "pruned", "config": {"x": 0.9}} for i in range(6)]
    load(warehouse, tmp_path, [*simple(20), *pruned])
    assert any("6 of 26 trials were pruned" in one for one in analyse(warehouse)[0].warnings)
    load(warehouse, tmp_path, [*simple(24), *pruned[:6]])
    assert not any("were pruned" in one for one in analyse(warehouse)[0].warnings)


@pytest.mark.slow
def test_500_hyperparameters(warehouse, tmp_path):
    random = np.random.default_rng(4)
    rows = []
    for _ in range(100):
        config = {f"p{i:03d}": float(random.uniform()) for i in range(500)}
        rows.append({"config": config, "loss": 5 * config["p007"] + 0.1 * float(random.normal())})
    load(warehouse, tmp_path, rows)
    analyse(warehouse)
    assert rows_of(warehouse, "sweep_importance", "hyperparameter", "method = 'permutation' and place = 1") == [
        ("p007",)
    ]
    assert rows_of(warehouse, "sweep_model", "reason", "model = 'ols'") == [("100 trials are too few for 501 terms",)]


def test_the_command_says_what_it_did(hpowh, empty_warehouse, tmp_path):
    (tmp_path / "hpowh.duckdb").write_bytes(empty_warehouse.read_bytes())
    with Warehouse(tmp_path / "hpowh.duckdb") as warehouse:
        load(warehouse, tmp_path, simple(15))
    done = hpowh("analyse", "sweeps")
    assert done.returncode == 0
    assert "s: analysis run 1" in done.stderr
    assert "s …" in done.stderr and not {"\r", "\x1b"} & set(done.stderr), "a file gets whole lines"
    again = hpowh("analyse", "sweeps", "--json")
    assert [(o["subject"], o["is_new"]) for o in json.loads(again.stdout)["analyses"]] == [("s", False)]
    with Warehouse(tmp_path / "hpowh.duckdb") as warehouse, pytest.raises(UsageError, match="There is no sweep 'nope'"):
        analyse(warehouse, ["nope"])


def test_infinite_numbers_of_a_table_are_stored_as_such(warehouse):
    from hpowh.analyses.sweeps.job import _stored_of
    from hpowh.warehouse import AnalysisRun
    from hpowh.warehouse.relation import Rows

    row = {"metric_id": 1, "hyperparameter": "x", "method": "fanova", "verdict": "weak"}
    rows = Rows.of([row | {"importance": math.inf, "told": "not kept"}])
    finite = Rows.of([{**rows.dicts()[0], "importance": 0.5}])
    assert isinstance(_stored_of(warehouse, "sweep_importance", finite), Rows)
    run = AnalysisRun(job="sweeps", subject="s", job_version="1", parameters={}, input_fingerprint="x")
    warehouse.save_run(run, {"sweep_importance": _stored_of(warehouse, "sweep_importance", rows)})
    assert rows_of(warehouse, "sweep_importance", "importance") == [(math.inf,)]
