"""Files as strangers have them: what each is, what is asked and said, and what is taken for nothing in silence."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from hpowh.warehouse.errors import HpowhError, IngestError
from hpowh.warehouse.ingest import Preview, Problem, Request, RowsRefusedError, find_source, ingest, preview
from hpowh.warehouse.ingest.questions import QuestionsError, asking
from hpowh.warehouse.ingest.recognise import advice, recognise

from .strangers import FILES, KINDS, POINTS, table, value


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
    assert list(roles(made("agents.csv")).values()) == ["algorithm", "benchmark", "seed", "budget", "value"]


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
