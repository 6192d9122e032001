"""Files as strangers have them: what each is, what is asked and said, and what is taken for nothing in silence."""

from __future__ import annotations

import json
import random
from pathlib import Path

import polars as pl
import pytest

from hpowh.warehouse.errors import HpowhError, IngestError
from hpowh.warehouse.ingest import Preview, Problem, Request, RowsRefusedError, find_source, ingest, preview
from hpowh.warehouse.ingest.questions import QuestionsError, asking
from hpowh.warehouse.ingest.recognise import advice, recognise

DRAWN = random.Random(7)


def value() -> str:
    return f"{DRAWN.random():.6f}"


def table(header: str, rows: list[str]) -> str:
    return "\n".join([header, *rows]) + "\n"


def product(*lists):
    found = [()]
    for one in lists:
        found = [(*before, item) for before in found for item in one]
    return found


POINTS = product(("RS", "TPE"), ("iris", "wine"), (0, 1), (1, 2, 4))
FILES = {
    "optuna_two.csv": table(
        "number,values_0,values_1,datetime_start,datetime_complete,duration,params_x,params_y,state",
        [
            f"{i},{value()},{value()},2026-01-01 10:0{i}:00,2026-01-01 10:0{i}:30,0 days 00:00:30,1.{i},2,COMPLETE"
            for i in range(10)
        ],
    ),
    "deepcave.csv": table(
        "config_id,seed,lr,depth,metric:accuracy [0.0; 1.0] (maximize),metric:time (minimize),start_time,status",
        [f"{i},0,{value()},{i % 4},{value()},{value()},{i}.0,SUCCESS" for i in range(12)],
    ),
    "hyperopt.json": json.dumps(
        [
            {"params": {"lr": i / 7, "depth": i % 3}, "result": {"loss": i / 9, "status": "ok"}, "tid": i}
            for i in range(12)
        ]
    ),
    "ax.csv": table(
        "trial_index,arm_name,trial_status,generation_method,x1,x2,hartmann6",
        [f"{i},{i}_0,COMPLETED,Sobol,{value()},{value()},{value()}" for i in range(12)],
    ),
    "comet.csv": table(
        "experimentKey,name,lr,batch_size,val_loss_min",
        [f"ab{i}c,exp{i},{value()},{32 * (1 + i % 2)},{value()}" for i in range(12)],
    ),
    "mlflow_runs.csv": table(
        "run_id,experiment_id,status,artifact_uri,metrics.val_loss,params.lr,params.depth,tags.mlflow.user",
        [f"{i:032x},1,FINISHED,file:///x,{value()},{value()},{i % 4},me" for i in range(12)],
    ),
    "random_search.csv": table("lr,depth,val_loss", [f"{value()},{i % 3},{value()}" for i in range(12)]),
    "with_seed.csv": table("lr,depth,seed,val_loss", [f"{value()},{i % 3},{i % 2},{value()}" for i in range(12)]),
    "repeated.csv": table("lr,depth,val_acc", [f"{lr},{d},{value()}" for lr, d, _ in product((1, 2), (3, 4), "abc")]),
    "repeats.csv": table(
        "lr,depth,repeat,acc", [f"{x},{d},{r},{value()}" for x, d, r in product((1, 2), (3, 4), (0, 1))]
    ),
    "with_id.csv": table(
        "config_id,lr,depth,acc", [f"c{x}{d},{x},{d},{value()}" for x, d in product((1, 2, 3), (3, 4))]
    ),
    "only_ids.csv": table("config_id,seed,loss", [f"c{c},{s},{value()}" for c, s in product(range(4), range(3))]),
    "walltime.csv": table(
        "Optimizer,Benchmark,Seed,Wallclock Time,Best Validation Loss",
        [f"{a},{d},{s},{t},{value()}" for a, d, s, t in POINTS],
    ),
    "stamped.csv": table(
        "timestamp,algorithm,dataset,seed,iteration,loss",
        [f"2026-01-01 10:0{t}:0{s},{a},{d},{s},{t},{value()}" for a, d, s, t in POINTS],
    ),
    "ioh.csv": table(
        "evaluations,raw_y,algorithm_name,function_name,dimension,seed",
        [
            f"{t},{value()},{a},{d},{n},{s}"
            for a, d, s, t, n in product(("CMA", "RS"), ("F1", "F2"), (0, 1), (1, 9), (2, 5))
        ],
    ),
    "amlb.csv": table(
        "task,framework,fold,result,metric,utc,duration",
        [
            f"{d},{f},{k},{value()},{m},2026-01-0{k + 1}T10:00:00,{100 + k}.{len(d)}{ord(f)}"
            for (d, m), f, k in product((("iris", "logloss"), ("adult", "auc"), ("odd", "gain")), ("A", "B"), range(2))
        ],
    ),
    "curves.csv": table(
        "trial_id,lr,epoch,val_loss", [f"{t},0.{t}5,{e},{value()}" for t, e in product(range(1, 6), range(1, 5))]
    ),
    "halving.csv": table(
        "trial_id,lr,epoch,val_loss",
        [f"{t},0.{t}5,{e},{value()}" for e, last in ((1, 9), (3, 3), (9, 1)) for t in range(1, last + 1)],
    ),
    "budgets.csv": table("lr,depth,budget,loss", [f"{value()},{i % 3},{1 + i % 2},{value()}" for i in range(12)]),
    "run_trials.csv": table(
        "algorithm,dataset,seed,trial,status,start_time,loss",
        [f"{a},{d},{s},{t},ok,2026-01-01T10:0{t}:00,{value()}" for a, d, s, t in POINTS],
    ),
    "blanks.txt": table("lr depth val_loss", [f"{value()} {i % 3} {value()}" for i in range(12)]),
    "tabs.csv": table("lr\tdepth\tval_loss", [f"{value()}\t{i % 3}\t{value()}" for i in range(12)]),
}
FILES |= {
    "openml.csv": table(
        "run_id,task_id,setup_id,flow_id,flow_name,data_id,data_name,function,value",
        [
            f"{i},{d},1,{f},flow{f},{d},data{d},area_under_roc_curve,{value()}"
            for i, (d, f) in enumerate(product("345", "12"))
        ],
    ),
    "mlr3.csv": table(
        "nr,task_id,learner_id,resampling_id,iteration,classif.ce",
        [f"1,{d},classif.{a},cv,{k},{value()}" for d, a, k in product(("iris", "wine"), ("rpart", "svm"), (1, 2, 3))],
    ),
    "weka.csv": table(
        "Key_Dataset,Key_Run,Key_Fold,Key_Scheme,Key_Scheme_options,Date_time,Number_correct,Percent_correct,Kappa_statistic",
        [
            f"{d},{r},{k},{a},-C,2026,{r},{value()},{value()}"
            for d, r, k, a in product(("iris", "wine"), (1, 2), (1, 2), "AB")
        ],
    ),
    "lm_eval.csv": table(
        "Model,Version,Filter,n-shot,Tasks,Metric,Value,Stderr",
        [f"{m},1,none,5,{t},acc,{value()},0.01" for m, t in product(("llama", "qwen"), ("piqa", "arc", "boolq"))],
    ),
    "nevergrad_bench.csv": table(
        "budget,dimension,elapsed_time,error,loss,name,optimizer_name,pseudotime,seed",
        [f"{b},2,{value()},,{value()},{d},{a},{b},{s}" for a, d, s, b in POINTS],
    ),
    "empty.csv": table("lr,depth,notes,loss", [f"{x},{d},,{value()}" for x, d in product((1, 2, 3), (3, 4))]),
    "mljar.csv": table(
        "name,model_type,metric_type,metric_value,train_time",
        [f"{i}_{m},{m},logloss,{value()},{value()}" for i, m in enumerate("ABCD")],
    ),
    "caret.csv": table(
        '"",mtry,rule,Accuracy,Kappa,AccuracySD,KappaSD',
        [f"{m}{r},{m},{r},{value()},{value()},{value()},{value()}" for m, r in product((2, 4, 8), (1, 5))],
    ),
    "xgb_cv.csv": table(
        "eta,depth,test-bleurt-mean,test-bleurt-std,test-auc-mean,test-auc-std",
        [f"{e},{d},{value()},{value()},{value()},{value()}" for e, d in product((0.1, 0.3), (3, 6))],
    ),
    "lcbench.csv": table(
        "dataset,config_id,lr,depth,width,epoch,val_accuracy,val_cross_entropy",
        [
            f"{d},{c},0.{c}5,{c},{7 * c},{e},{value()},{value()}"
            for d, c, e in product(("adult", "letter"), range(6), (1, 5, 52))
        ],
    ),
    "data_sets.csv": table(
        "dataset,lr,depth,val_loss", [f"{'ab'[i % 2]},{value()},{i % 3},{value()}" for i in range(12)]
    ),
    "entropy.csv": table(
        "lr,depth,val_accuracy,test_cross_entropy", [f"{value()},{i % 3},{value()},{value()}" for i in range(12)]
    ),
    "hpobench.csv": table(
        "task_id,depth,trees,seed,function_value,cost",
        [f"31,{d},{t},{s},{value()},{value()}" for d, t, s in product((1, 2), (16, 64), (0, 1))],
    ),
    "nasbench.csv": table(
        "op_0,op_1,cifar10_valid_acc,cifar10_test_acc",
        [f"{a},{b},{value()},{value()}" for a, b in product(("none", "skip"), ("none", "skip"))],
    ),
    "progress.csv": table("epoch,step,train_loss,val_loss", [f"{i // 4},{i},{value()},{value()}" for i in range(12)]),
    "rl.csv": table(
        "exp_name,env_id,seed,global_step,episodic_return",
        [f"{a},{d},{s},{1000 * t},{value()}" for a, d, s, t in POINTS],
    ),
    "agents.csv": table("agent,game,run,frames,return", [f"{a},{d},{s},{1000 * t},{value()}" for a, d, s, t in POINTS]),
    "nevergrad.jsonl": "".join(
        json.dumps(
            {
                "#parametrization": "Dict",
                "#uid": f"u{i}",
                "#loss": i / 7,
                "#optimizer": "DE",
                "#num-ask": i,
                "lr": i / 9,
                "depth": i % 3,
            }
        )
        + "\n"
        for i in range(12)
    ),
    "flaml.jsonl": "".join(
        json.dumps(
            {
                "record_id": i,
                "trial_time": 1.5,
                "validation_loss": i / 7,
                "config": {"lr": i / 9},
                "learner": "lgbm",
                "sample_size": 10,
            }
        )
        + "\n"
        for i in range(6)
    )
    + '{"curr_best_record_id": 3}\n',
    "hyperopt_trials.json": json.dumps(
        [
            {
                "state": 2 + (i == 3),
                "tid": i,
                "result": {"loss": i / 9, "status": "ok"} if i != 3 else {"loss": None, "status": "new"},
                "misc": {
                    "tid": i,
                    "idxs": {"lr": [i], "depth": [i][: i % 2]},
                    "vals": {"lr": [i / 7], "depth": [i][: i % 2]},
                },
                "owner": None,
            }
            for i in range(12)
        ]
    ),
    "open_llm.csv": table(
        "id,Precision,Type,Weight,License,Sha,Hub likes,CO2 cost (kg),Model,Average,IFEval,BBH,MATH",
        [
            f"m{i},bf16,chat,o,mit,s{i},{i * 7},{value()},org/m{i},{value()},{value()},{value()},{value()}"
            for i in range(12)
        ],
    ),
}
KINDS = {
    "lm_eval.csv": "runs", "nevergrad_bench.csv": "runs", "empty.csv": "grid",
    "openml.csv": "runs", "mlr3.csv": "runs", "weka.csv": "runs", "mljar.csv": "runs", "agents.csv": "runs",
    "caret.csv": "grid", "hpobench.csv": "grid", "nasbench.csv": "grid", "xgb_cv.csv": "grid", "progress.csv": "runs",
    "lcbench.csv": "trials", "data_sets.csv": "trials", "entropy.csv": "trials", "nevergrad.jsonl": "trials",
    "flaml.jsonl": "trials", "hyperopt_trials.json": "trials",
    "optuna_two.csv": "trials", "deepcave.csv": "trials", "hyperopt.json": "trials", "ax.csv": "trials",
    "comet.csv": "trials", "mlflow_runs.csv": "trials", "random_search.csv": "trials", "with_seed.csv": "trials",
    "repeated.csv": "trials", "repeats.csv": "grid", "with_id.csv": "grid", "only_ids.csv": "grid",
    "walltime.csv": "runs", "stamped.csv": "runs", "ioh.csv": "runs", "amlb.csv": "runs", "blanks.txt": "trials",
    "tabs.csv": "trials", "curves.csv": "trials", "halving.csv": "trials", "budgets.csv": "trials",
    "run_trials.csv": "runs",
}  # fmt: skip


@pytest.fixture
def made(tmp_path: Path):
    """Write one of the files; return its path."""

    def write(name: str) -> Path:
        path = tmp_path / name
        path.write_text(FILES[name], encoding="utf-8")
        return path

    return write


def shown(path: Path, mapping: dict[str, str] | None = None, **options: str) -> Preview:
    (kind,) = recognise(path, options)
    return preview(find_source(kind.kind), Request(str(path), path.stem, mapping or {}, options))


def roles(path: Path, mapping: dict[str, str] | None = None, **options: str) -> dict[str, str]:
    return {column: role for column, role, _ in shown(path, mapping, **options).mapping}


@pytest.mark.parametrize("name", KINDS)
def test_what_it_is(made, name):
    assert [one.kind for one in recognise(made(name))] == [KINDS[name]]


def test_several_objectives_of_optuna_are_all_metrics(made):
    found = roles(made("optuna_two.csv"), direction="min")
    assert [column for column, role in found.items() if role == "metric"] == ["values_0", "values_1"]
    assert found["params_x"] == "hyperparameter"


@pytest.mark.parametrize(
    ("name", "likely"),
    [
        ("ax.csv", ["x1", "x2", "hartmann6"]),
    ],
)
def test_which_metric_is_asked_among_those_it_may_be(made, name, likely):
    with pytest.raises(QuestionsError) as asked:
        roles(made(name))
    assert list(asked.value.questions[0].choices) == likely


def test_the_direction_is_asked_with_the_metric_whose_name_says_none(made):
    with asking(), pytest.raises(QuestionsError, match="--map x1=metric --direction min"):
        roles(made("ax.csv"))


def test_the_direction_may_stand_in_a_heading(made):
    found = shown(made("deepcave.csv"))
    objectives = [column for column, role, _ in found.mapping if role == "metric"]
    assert objectives == ["metric:accuracy [0.0; 1.0] (maximize)", "metric:time (minimize)"]
    assert not any(note.startswith("Assumed") for note in found.notes)


def test_identifiers_seeds_and_folds_are_no_settings_of_trials(made):
    assert roles(made("hyperopt.json"))["result.loss"] == "metric"
    assert roles(made("comet.csv"))["experimentKey"] == "attribute"
    assert roles(made("mlflow_runs.csv"))["run_id"] == "name"
    found = shown(made("with_seed.csv"))
    assert {column: role for column, role, _ in found.mapping}["seed"] == "attribute"
    assert any("those of identifiers, seeds or folds: seed" in note for note in found.notes)
    assert roles(made("with_seed.csv"), {"seed": "hyperparameter"})["seed"] == "hyperparameter"


def test_a_row_a_step_is_no_table_of_trials(made):
    with pytest.raises(IngestError, match="'trial_id' names 5 trials in 20 rows, told apart by 'epoch'") as refused:
        roles(made("curves.csv"))
    assert "--map trial_id=attribute" in refused.value.hint
    assert roles(made("curves.csv"), {"trial_id": "attribute"})["epoch"] == "hyperparameter"
    with pytest.raises(IngestError, match="'trial_id' names 9 trials in 13 rows, told apart by 'epoch'"):
        roles(made("halving.csv"))  # most trials have one row, and each the same settings in all of its rows


def test_a_hyperparameter_named_like_a_budget_is_said(made):
    assert any("named like a budget: budget." in note for note in shown(made("budgets.csv")).notes)


def test_identifiers_are_no_levels_of_a_grid_and_where_there_is_nothing_else_that_is_said(made):
    found = shown(made("with_id.csv"))
    assert found.mapping[0][:2] == ("config_id", "ignore")
    assert any(note.startswith("Left out: config_id") for note in found.notes)
    notes = shown(made("only_ids.csv")).notes
    assert any(note.startswith("config_id: an identifier is no hyperparameter") for note in notes)


def test_repeats_that_nothing_counts_are_told_how_to_become_a_grid(made):
    notes = preview(find_source("grid"), Request(str(made("repeated.csv")), "x")).notes
    assert any("number the repeats in a column seed or fold, or load them as trials" in note for note in notes)


def test_times_that_are_spent_are_the_budget_and_stamps_are_nothing(made):
    assert roles(made("walltime.csv"))["Wallclock Time"] == "budget"
    found = shown(made("stamped.csv"))
    assert {column: role for column, role, _ in found.mapping}["timestamp"] == "ignore"
    assert any(note.startswith("No settings but facts of a row, left out: timestamp") for note in found.notes)


def test_numbers_that_tell_rows_apart_without_a_budget_are_said(made, tmp_path):
    path = tmp_path / "spent.csv"
    path.write_text(FILES["walltime.csv"].replace("Wallclock Time", "Spent"))
    notes = shown(path).notes
    assert any("Taken for factors, since they tell rows apart: Spent (--map COLUMN=budget" in note for note in notes)


def test_names_of_benchmarking_tools(made):
    found = roles(made("ioh.csv"), direction="min")
    assert found == {
        "evaluations": "budget", "raw_y": "value", "algorithm_name": "algorithm", "function_name": "benchmark",
        "dimension": "factor", "seed": "seed",
    }  # fmt: skip


def test_the_direction_of_every_named_metric_is_said_or_asked(made):
    notes = " ".join(shown(made("amlb.csv")).notes)
    for said in (
        "higher is better for 'auc'",
        "lower is better for 'logloss'",
        "better for 'gain', whose name does not",
    ):
        assert said in notes
    with asking(), pytest.raises(QuestionsError, match="is lower or higher better for 'gain'"):
        shown(made("amlb.csv"))


def test_the_value_is_asked_among_the_columns_of_numbers(tmp_path):
    path = tmp_path / "coco.csv"
    path.write_text(
        table("algorithm,function,evaluations,best_f", [f"{a},{d},{t},{value()}" for a, d, _, t in POINTS[::2]])
    )
    with pytest.raises(QuestionsError) as asked:
        roles(path)
    assert list(asked.value.questions[0].choices) == ["best_f"]


def test_tables_that_programs_write_of_their_runs(made):
    assert roles(made("openml.csv")) | {"flow_name": "algorithm", "data_name": "benchmark"} == {
        "run_id": "ignore", "task_id": "ignore", "setup_id": "factor", "flow_id": "ignore", "flow_name": "algorithm",
        "data_id": "ignore", "data_name": "benchmark", "function": "metric-name", "value": "value",
    }  # fmt: skip
    assert list(roles(made("mlr3.csv")).values()) == ["ignore", "benchmark", "algorithm", "ignore", "seed", "value"]
    assert any("lower is better for 'classif.ce'" in note for note in shown(made("mlr3.csv")).notes)
    assert list(roles(made("weka.csv")).values())[:4] == ["benchmark", "seed", "factor", "algorithm"]
    assert any("higher is better for 'Percent_correct'" in note for note in shown(made("weka.csv")).notes)
    found = roles(made("lm_eval.csv"))
    assert [found[name] for name in ("Model", "Tasks", "Metric", "Value", "Stderr")] == [
        "algorithm", "benchmark", "metric-name", "value", "ignore",
    ]  # fmt: skip
    found = roles(made("nevergrad_bench.csv"))
    assert [found[name] for name in ("optimizer_name", "name", "loss", "error")] == [
        "algorithm", "benchmark", "value", "ignore",
    ]  # fmt: skip
    with pytest.raises(QuestionsError) as asked:
        roles(made("mljar.csv"))
    assert "--set benchmark=NAME" in str(asked.value)
    found = roles(made("mljar.csv"), constants={"benchmark": "adult"})
    assert [column for column, role in found.items() if role == "metric-name"] == ["metric_type"]
    assert list(roles(made("agents.csv")).values()) == ["algorithm", "benchmark", "factor", "budget", "value"]


def test_a_column_without_a_value_is_left_out_of_a_grid_and_said(made):
    found = shown(made("empty.csv"))
    assert found.mapping[2] == ("notes", "ignore", "empty in every row")
    assert any(note.startswith("Left out: notes") for note in found.notes)


def test_what_has_a_spread_beside_it_was_measured(made):
    found = roles(made("caret.csv"))
    assert [found[name] for name in ("mtry", "Kappa", "KappaSD")] == ["hyperparameter", "metric:Kappa@valid", "ignore"]
    found = roles(made("xgb_cv.csv"))
    assert [name for name, role in found.items() if role == "hyperparameter"] == ["eta", "depth"]
    assert [name for name, role in found.items() if role == "ignore"] == ["test-bleurt-std", "test-auc-std"]
    with pytest.raises(QuestionsError):
        preview(find_source("trials"), Request(str(made("xgb_cv.csv")), "x"))  # either may count
    both = roles_of_trials(made("xgb_cv.csv"), {"test-auc-mean": "metric"})
    assert [name for name, role in both.items() if role == "hyperparameter"] == ["eta", "depth"]


def roles_of_trials(path: Path, mapping: dict[str, str]) -> dict[str, str]:
    asked = Request(str(path), path.stem, mapping)
    return {column: role for column, role, _ in preview(find_source("trials"), asked).mapping}


def test_a_configuration_with_a_row_an_epoch_on_each_data_set_is_no_table_of_trials(made):
    with pytest.raises(IngestError, match="'config_id' names 12 trials in 36 rows, told apart by 'epoch'"):
        roles(made("lcbench.csv"))
    assert roles(made("entropy.csv"))["test_cross_entropy"] == "attribute"


def test_a_column_that_names_data_sets_is_no_setting_in_silence(made):
    with pytest.raises(QuestionsError, match="'dataset' names 2 data sets or tasks; is it a setting"):
        roles(made("data_sets.csv"))
    assert roles(made("data_sets.csv"), {"dataset": "hyperparameter"})["dataset"] == "hyperparameter"
    assert roles(made("data_sets.csv"), {"dataset": "attribute"})["dataset"] == "attribute"


def test_the_objective_of_a_grid_and_the_splits_within_names(made):
    found = roles(made("hpobench.csv"))
    assert [found[name] for name in ("function_value", "cost")] == ["metric:function_value@valid", "cost"]
    found = roles(made("nasbench.csv"))
    assert list(found.values())[2:] == ["metric:cifar10_acc@valid", "metric:cifar10_acc@test"]


def test_steps_of_one_run_and_what_runs_spent_are_no_settings_of_a_grid(made):
    with pytest.raises(QuestionsError, match="--set algorithm=NAME --set benchmark=NAME"):
        roles(made("progress.csv"))
    assert [one.kind for one in recognise(made("rl.csv"))] == ["runs", "grid"]


def test_what_is_no_trial_in_the_logs_of_tuners(made):
    assert [name for name, role in roles(made("nevergrad.jsonl")).items() if role == "hyperparameter"] == [
        "lr",
        "depth",
    ]
    assert shown(made("flaml.jsonl")).row_count == 6
    found = roles(made("hyperopt_trials.json"))
    assert {role for role in found.values() if role.startswith("hyper")} == {
        "hyperparameter:lr",
        "hyperparameter:depth",
    }
    assert found["result.loss"] == "metric"


def test_hyperopts_trials_have_their_values_and_states(made, warehouse):
    ingest(warehouse, find_source("trials"), Request(str(made("hyperopt_trials.json")), "h"))
    found = warehouse.sql(
        "select status, count(*), count(p.name) filter (p.name = 'depth') from core.trial "
        "left join core.trial_parameter as p using (trial_id) group by status order by status"
    )
    assert found.rows() == [("failed", 2, 1), ("finished", 16, 5)]
    assert warehouse.sql("select sum(value) from core.trial_metric").one() == pytest.approx(sum(range(12)) / 9 - 3 / 9)


def test_a_board_among_facts_of_models_may_be_one(made):
    assert recognise(made("open_llm.csv"))[0].kind == "leaderboard"
    found = preview(
        find_source("leaderboard"), Request(str(made("open_llm.csv")), "x", {}, {"direction": "max"})
    ).mapping
    assert [column for column, role, _ in found if role == "value"] == ["IFEval", "BBH", "MATH"]


REFUSED = {
    "nothing.csv": (b"", "is empty"),
    "two_headers.csv": (b"algorithm,loss,loss\n,mean,std\nA,1,2\n", "several lines head its columns"),
    "merged.csv": (
        b"Method,Adult,,Letter,\n,Acc,Time,Acc,Time\nRF,1,2,3,4\nSVM,1,2,3,4\n",
        "several lines head its columns",
    ),
    "headless.csv": (b"0.48,2.59,0.25\n0.39,7.5,0.5\n", "sed -i '1i column1,column2,column3' headless.csv"),
    "nested.json": (
        b'{"RF": {"iris": {"acc": 0.9}}, "SVM": {"iris": {"acc": 0.8}}}',
        "{'algorithm': a, 'benchmark': b, **values}",
    ),
    "arrays.json": (b'[[{"x": 1}, 0.5], [{"x": 2}, 0.25]]', "items are no objects"),
    "latin.csv": ("m\u00e9thode,dataset,accuracy\nA,b,1\n".encode("latin-1"), "--encoding latin-1"),
    "columns.json": (b'{"lr": {"0": 1, "1": 2}, "loss": {"0": 3, "1": 4}}', "orient='records'"),
    "lists.json": (b'{"lr": [1, 2], "loss": [3, 4]}', "orient='records'"),
    "split.json": (b'{"columns": ["lr", "loss"], "index": [0], "data": [[1, 2]]}', "orient='records'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_is_refused_in_one_sentence_with_the_next_step(tmp_path, name):
    content, said = REFUSED[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(IngestError) as refused:
        recognise(path)
    assert name in str(refused.value)
    assert said in str(refused.value)
    for kind in ("runs", "trials"):
        with pytest.raises(HpowhError) as refused:
            preview(find_source(kind), Request(str(path), "x"))
        assert said in str(refused.value)


def test_other_files_are_refused_with_how_to_write_a_table(tmp_path):
    (tmp_path / "x.arff").write_text("@relation x\n@attribute a numeric\n@data\n1\n")
    assert "scipy.io.arff.loadarff" in advice(tmp_path / "x.arff")
    (tmp_path / "flaml.log").write_text('{"record_id": 0, "config": {"lr": 0.1}}\n')
    assert advice(tmp_path / "flaml.log").endswith("call it flaml.jsonl.")


def test_states_of_other_tuners_and_what_to_do_about_those_of_none(tmp_path):
    path = tmp_path / "katib.csv"
    rows = [f"t{i},{'Succeeded' if i % 4 else 'EarlyStopped'},{value()},{i % 3},{value()}" for i in range(12)]
    path.write_text(table("trialName,Status,lr,depth,val_loss", rows))
    assert not any("refused" in note for note in shown(path).notes)
    path.write_text(path.read_text().replace("Succeeded", "Weiss nicht"))
    assert any("--map Status=attribute takes all trials as finished" in note for note in shown(path).notes)


def test_an_encoding_that_was_given_serves_the_recognition(tmp_path):
    path = tmp_path / "latin.csv"
    path.write_bytes(table("m\u00e9thode,dataset,algorithm,loss", ["x,y,z,1", "x,w,z,2"]).encode("latin-1"))
    assert [one.kind for one in recognise(path, {"encoding": "latin-1"})] == ["runs"]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("94.2 \u00b1 1.4", "a mean and its spread"),
        ("94.2 (1.4)", "a mean and its spread"),
        ("00:30:00", "a length of time"),
        ("#DIV/0!", "a spreadsheet's or a program's error"),
        ("1.#INF", "a spreadsheet's or a program's error"),
    ],
)
def test_what_a_number_may_look_like(tmp_path, cell, said):
    path = tmp_path / "t.csv"
    path.write_text(table("algorithm,dataset,accuracy", [f"A,b,{cell}", "B,b,1"]))
    assert any(said in note for note in shown(path).notes)


@pytest.mark.parametrize("cell", ["#N/A", "<NA>", "?", "NA", "n/a", "-", ""])
def test_cells_without_a_number(tmp_path, cell):
    path = tmp_path / "t.csv"
    path.write_text(table("algorithm,dataset,accuracy", [f"A,b,{cell}", "B,b,1"]))
    assert not any("refused" in note for note in shown(path).notes)


def test_nested_columns_of_parquet_are_the_settings(tmp_path):
    path = tmp_path / "nested.parquet"
    pl.DataFrame({"loss": [0.5, 0.25], "config": [{"lr": 0.1, "depth": 1}, {"lr": 0.2, "depth": 2}]}).write_parquet(
        path
    )
    assert roles(path) == {"loss": "metric", "config.lr": "hyperparameter", "config.depth": "hyperparameter"}


def test_refused_rows_of_one_kind_share_a_sentence():
    problems = [Problem(row, "loss", f"x{row}", "not a number") for row in (1, 2, 7)]
    said = str(RowsRefusedError("f.csv", 9, [*problems, Problem(8, "seed", "", "missing")]))
    assert "row 1, column 'loss', value 'x1': not a number; likewise rows 2 ('x2'), 7 ('x7'); row 8" in said
    assert "(and 5 more)" in said
