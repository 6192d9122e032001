"""What tools write beside their own formats: leaderboards of AutoML tools, SMAC's history as a table, headings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest import Request, find_source, ingest, preview
from hpowh.warehouse.ingest.questions import QuestionsError
from hpowh.warehouse.ingest.recognise import recognise

MODELS = ("WeightedEnsemble_L2", "LightGBM", "CatBoost", "KNeighborsUnif")
AUTOGLUON = (
    "model,score_test,score_val,eval_metric,pred_time_test,pred_time_val,fit_time,pred_time_test_marginal,"
    "pred_time_val_marginal,fit_time_marginal,stack_level,can_infer,fit_order"
)
H2O = "model_id,auc,logloss,aucpr,mean_per_class_error,rmse,mse"


def autogluon(folder: Path, *, test: bool = True, dataset: bool = False) -> Path:
    header = AUTOGLUON.split(",")
    rows = []
    for at, name in enumerate(("adult", "credit") if dataset else ("adult",)):
        for i, model in enumerate(MODELS):
            cells = [model, 0.8 - i / 50 - at / 10, 0.9 - i / 100, "accuracy", 0.2, 0.1 * i, 10 - i, 0.1, 0.01, 1 + i,
                     2 if i == 0 else 1, True, i + 1]  # fmt: skip
            rows.append(dict(zip(header, cells, strict=True)) | {"dataset": name})
    kept = [c for c in header if test or "test" not in c] + (["dataset"] if dataset else [])
    path = folder / "leaderboard.csv"
    path.write_text("\n".join([",".join(kept), *(",".join(str(row[c]) for c in kept) for row in rows)]))
    return path


def load(warehouse: Warehouse, kind: str, path: Path, mapping: dict[str, str] | None = None, **options: Any):
    return ingest(warehouse, find_source(kind), Request(str(path), path.stem, mapping or {}, options))


def test_autogluons_leaderboard_is_a_run_a_model_and_its_times_are_no_tasks(warehouse, tmp_path):
    path = autogluon(tmp_path)
    assert [one.kind for one in recognise(path)] == ["runs"]
    with pytest.raises(QuestionsError, match="--set benchmark=NAME"):
        load(warehouse, "runs", path)
    load(warehouse, "runs", path, constants={"benchmark": "adult"})
    found = warehouse.sql("select algorithm, benchmark, value from mart.observation order by value desc").rows()
    assert found == [(model, "adult", pytest.approx(0.8 - i / 50)) for i, model in enumerate(MODELS)]
    assert warehouse.sql("select name, direction from core.metric").rows() == [("score_test", "max")]
    assert warehouse.sql("select count(*) from core.run_factor").one() == 0
    with pytest.raises(IngestError, match=r"AutoGluon's leaderboard.*hpowh ingest runs .* --set benchmark=NAME"):
        load(warehouse, "leaderboard", path)


def test_autogluons_leaderboards_of_several_data_sets_need_no_answer(warehouse, tmp_path):
    path = autogluon(tmp_path, test=False, dataset=True)
    assert [one.kind for one in recognise(path)] == ["runs"]
    load(warehouse, "runs", path)
    assert warehouse.sql("select count(*), count(distinct benchmark) from mart.observation").rows() == [(8, 2)]
    assert warehouse.sql("select name from core.metric").rows() == [("score_val",)]


def test_what_was_said_of_autogluons_columns_holds(tmp_path):
    request = Request(str(autogluon(tmp_path)), "x", {"fit_time": "value"}, {"constants": {"benchmark": "b"}})
    roles = {column: role for column, role, _ in preview(find_source("runs"), request).mapping}
    assert (roles["fit_time"], roles["score_test"], roles["model"]) == ("value", "ignore", "algorithm")


def test_h2os_leaderboard_is_sorted_by_its_first_metric(warehouse, tmp_path):
    path = tmp_path / "h2o.csv"
    rows = [f"GBM_{i},{0.9 - i / 100},{0.3 + i / 100},0.8,0.1,0.3,0.09" for i in range(5)]
    path.write_text("\n".join([H2O, *rows]))
    assert [one.kind for one in recognise(path)] == ["runs"]
    load(warehouse, "runs", path, constants={"benchmark": "adult"})
    assert warehouse.sql("select name, direction from core.metric").rows() == [("auc", "max")]
    assert warehouse.sql("select count(*), max(value) from mart.observation").rows() == [(5, 0.9)]


def test_times_and_instances_of_smacs_history_are_no_settings(warehouse, tmp_path):
    header = "config_id,instance,seed,budget,cost,time,cpu_time,status,starttime,endtime,additional_info,lr"
    rows = [
        f"{i // 2},i{i % 2},0,9.0,{i / 7},{1 + i / 10},0.1,SUCCESS,{1.7e9 + i},{1.7e9 + i + 1},{{}},{i // 2 / 9}"
        for i in range(24)
    ]
    path = tmp_path / "runhistory.csv"
    path.write_text("\n".join([header, *rows]))
    assert [one.kind for one in recognise(path)] == ["trials"]
    outcome = load(warehouse, "trials", path, {"budget": "attribute"})
    assert warehouse.sql("select distinct name from core.trial_parameter").rows() == [("lr",)]
    assert warehouse.sql("select min(duration), count(started_at), count(ended_at) from core.trial").rows() == [
        (1.0, 24, 24)
    ]
    assert any("as SMAC writes them of an evaluation: instance, cpu_time" in note for note in outcome.notes)


def test_the_learner_of_flamls_log_is_a_setting(warehouse, tmp_path):
    path = tmp_path / "flaml.jsonl"
    rows = [
        {"record_id": i, "trial_time": 1.5, "wall_clock_time": float(i), "validation_loss": i / 20, "sample_size": 1000,
         "learner": ("lgbm", "xgboost")[i % 2], "config": {"n_estimators": 4 + i}} for i in range(20)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [one.kind for one in recognise(path)] == ["trials"]
    load(warehouse, "trials", path)
    names = warehouse.sql("select distinct name from core.trial_parameter order by name").rows()
    assert names == [("learner",), ("n_estimators",), ("sample_size",)]
    assert warehouse.sql("select name, direction from core.metric").rows() == [("validation_loss", "min")]
    assert warehouse.sql("select distinct duration from core.trial").rows() == [(1.5,)]


def test_objectives_that_say_their_direction_are_metrics(warehouse, tmp_path):
    header = "config_id,metric:accuracy [0.0; 1.0] (maximize),metric:time [0.0; inf] (minimize),lr"
    path = tmp_path / "data.csv"
    path.write_text("\n".join([header, *(f"{i},{i / 20},{20 - i},{(7 * i % 20) / 20}" for i in range(20))]))
    load(warehouse, "trials", path)
    assert warehouse.sql("select name, direction from core.metric order by name").rows() == [
        ("accuracy", "max"), ("time", "min")
    ]  # fmt: skip
    assert warehouse.sql("select distinct name from core.trial_parameter").rows() == [("lr",)]


LENGTHS = {"00:30:00": 1800.0, "1:00:00.5": 3600.5, "36:00:00": 129_600.0, "1 days 02:00:00": 93_600.0,
           "2 days, 0:00:01": 172_801.0}  # fmt: skip


def test_lengths_of_time_are_read_in_seconds(warehouse, tmp_path):
    rows = [f'{a},b,0,"{length}",{len(a)}' for a in ("A", "BB") for length in LENGTHS]
    path = tmp_path / "runs.csv"
    path.write_text("\n".join(["algorithm,benchmark,seed,walltime,loss", *rows]))
    outcome = load(warehouse, "runs", path)
    budgets = warehouse.sql("select distinct budget from core.trace order by 1").rows()
    assert [budget for (budget,) in budgets] == sorted(LENGTHS.values())
    assert "'walltime' is a length of time: read in seconds." in outcome.notes
    path = tmp_path / "trials.csv"
    path.write_text("lr,loss,duration,started\n0.1,1,0:01:00,2026-01-01 10:00:00\n0.2,2,,2026-01-01 10:00:00\n")
    load(warehouse, "trials", path)
    assert warehouse.sql("select duration from core.trial order by number").rows() == [(60.0,), (None,)]


def test_columns_of_several_levels_are_refused_with_the_line_that_writes_them_long(warehouse, tmp_path, monkeypatch):
    pd = pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    cells = [(b, a, s, len(a) + s / 10) for b in "xyz" for a in ("TPE", "RS") for s in (0, 1)]
    long = pd.DataFrame(cells, columns=["benchmark", "algorithm", "seed", "loss"])
    for levels in (["algorithm", "seed"], ["seed", "algorithm"]):
        frame = long.pivot_table(index="benchmark", columns=levels, values="loss")
        frame.to_csv("wide.csv")
        with pytest.raises(IngestError, match="several lines head its columns") as refused:
            recognise(Path("wide.csv"))
        line = str(refused.value.hint).removeprefix("Write a row a value: ")
        assert line.startswith("frame.stack(")
        eval(line, {"frame": frame})  # the very line that the message tells users to type
        assert len(Path("long.csv").read_text().splitlines()) == 1 + len(cells)
    outcome = load(warehouse, "runs", Path("long.csv"), direction="min")
    assert outcome.row_count == 12
    found = warehouse.sql("select benchmark, algorithm, seed, value from mart.observation").rows()
    assert sorted(found) == sorted(cells)
