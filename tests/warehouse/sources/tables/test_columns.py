"""Columns of tables: their names are data, their roles are found by one rule, what is only an index is left out."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Request, find_source, ingest, preview
from hpowh.warehouse.sources.tables.columns import Columns, unnamed
from hpowh.warehouse.sources.tables.kinds import kinds_of_table
from hpowh.warehouse.sources.tables.naming import is_measured, is_result, plain_name


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def load(warehouse: Warehouse, kind: str, path: Path, mapping: dict[str, str] | None = None, **options: Any):
    return ingest(warehouse, find_source(kind), Request(str(path), path.stem, mapping or {}, options))


def roles(kind: str, path: Path, mapping: dict[str, str] | None = None, **options: Any) -> dict[str, str]:
    shown = preview(find_source(kind), Request(str(path), path.stem, mapping or {}, options))
    return {column: role for column, role, _ in shown.mapping}


def as_format(frame: pl.DataFrame, folder: Path, form: str) -> Path:
    path = folder / f"table.{form}"
    {"csv": frame.write_csv, "parquet": frame.write_parquet, "jsonl": frame.write_ndjson}[form](path)
    return path


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_columns_that_differ_in_case_keep_their_names(warehouse, tmp_path, form):
    frame = pl.DataFrame({"lr": [0.1, 0.1, 0.2, 0.2], "LR": [1, 2, 1, 2], "loss": [0.4, 0.3, 0.2, 0.1]})
    load(warehouse, "grid", as_format(frame, tmp_path, form), direction="min")
    assert warehouse.sql("select name from core.hyperparameter order by position").rows() == [("lr",), ("LR",)]
    assert warehouse.sql('select lr, "LR_2", value from space."table" order by all').rows() == [
        (0.1, 1, 0.4), (0.1, 2, 0.3), (0.2, 1, 0.2), (0.2, 2, 0.1),
    ]  # fmt: skip
    said = warehouse.sql("select comment from duckdb_views() where schema_name = 'space'").one()
    assert "'LR' is the column LR_2" in said


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_factors_that_differ_in_case_keep_their_names(warehouse, tmp_path, form):
    frame = pl.DataFrame(
        {
            "algorithm": ["A", "B"] * 4,
            "benchmark": ["b"] * 8,
            "seed": [0, 0, 1, 1] * 2,
            "value": [float(i) for i in range(8)],
            "warm": ["x"] * 4 + ["y"] * 4,
            "Warm": ["u"] * 8,
        }
    )
    load(warehouse, "runs", as_format(frame, tmp_path, form), direction="min")
    assert {row[0] for row in warehouse.sql("select distinct name from core.run_factor").rows()} == {"warm", "Warm"}
    first = warehouse.sql("select * from mart.observation").pl()
    assert {"warm_2", "Warm"} <= set(first.columns)


def test_a_hyperparameter_called_metric_hides_nothing(warehouse, tmp_path):
    path = write(tmp_path, "g.csv", "Metric,VALUE,metric2,loss\na,1,u,0.5\nb,1,u,0.6\na,2,u,0.5\nb,2,u,0.6\n")
    load(warehouse, "grid", path, {"VALUE": "hyperparameter:ordinal"}, direction="min")
    assert warehouse.sql("select distinct metric from space.g").rows() == [("loss",)]
    assert sorted(warehouse.sql("select distinct value from space.g").rows()) == [(0.5,), (0.6,)]
    assert sorted(warehouse.sql('select distinct "hp_Metric" from space.g').rows()) == [("a",), ("b",)]


def test_apostrophes_anywhere(warehouse, tmp_path):
    path = write(tmp_path, "f.csv", "it's benchmark,it's size\no'b,1\nc,2\n")
    load(warehouse, "features", path, {"it's benchmark": "benchmark"})
    assert warehouse.sql("select name, numeric_value from core.benchmark_feature order by 2").rows() == [
        ("it's size", 1.0), ("it's size", 2.0)
    ]  # fmt: skip
    path = write(tmp_path, "r'uns.csv", "it's,o'b,value,it's factor\nA,b,1,x\nB,b,2,x\n")
    load(warehouse, "runs", path, {"it's": "algorithm", "o'b": "benchmark"}, direction="min")
    path = write(tmp_path, "g'rid.csv", "l'r,d''x,loss\n1,a'b,0.1\n2,a'b,0.2\n")
    load(warehouse, "grid", path, direction="min")
    path = write(tmp_path, "t'rials.csv", "l'r,d''x,loss\n1,a'b,0.1\n2,a'b,0.2\n")
    load(warehouse, "trials", path, direction="min")
    assert warehouse.sql("select distinct name from core.trial_parameter order by 1").rows() == [("d''x",), ("l'r",)]


INDEXES = ["", "Unnamed: 0", "Unnamed: 0.1", "index", "level_0", "__index_level_0__"]


@pytest.mark.parametrize("name", INDEXES)
def test_the_index_of_a_saved_table_is_left_out_of_every_source(tmp_path, name):
    heading = name or "Unnamed: 0"
    grid = "".join(f"{i},{lr},{depth},{lr * depth}\n" for i, (lr, depth) in enumerate([(1, 2), (1, 3), (2, 2), (2, 3)]))
    path = write(tmp_path, "g.csv", f"{name},lr,depth,loss\n{grid}")
    for kind in ("grid", "trials"):
        assert roles(kind, path, direction="min")[heading] == "ignore"
        assert "hyperparameter" in roles(kind, path, {heading: "hyperparameter"}, direction="min")[heading]
    runs = "".join(f"{i},{'AB'[i % 2]},b,{i // 2},{i}\n" for i in range(4))
    path = write(tmp_path, "r.csv", f"{name},algorithm,benchmark,seed,value\n{runs}")
    assert roles("runs", path, direction="min")[heading] == "ignore"
    path = write(tmp_path, "f.csv", f"{name},benchmark,size\n0,a,10\n1,b,20\n")
    assert roles("features", path)[heading] == "ignore"


def test_a_table_that_was_saved_twice_keeps_every_cell_in_its_column(warehouse, tmp_path):
    """The first heading is empty, the second is what a reader made of the first one's."""
    rows = [f"{i},{i},{lr},{d},{lr * d}" for i, (lr, d) in enumerate((lr, d) for lr in (1, 2, 3) for d in (4, 5))]
    path = write(tmp_path, "twice.csv", "\n".join([",Unnamed: 0,lr,depth,loss", *rows]))
    for kind in ("grid", "trials"):
        load(warehouse, kind, path, direction="min")
    wanted = sorted((lr, depth, lr * depth) for lr in (1, 2, 3) for depth in (4, 5))
    assert warehouse.sql("select lr, depth, value from space.twice order by all").rows() == wanted
    cells = "max(numeric_value) filter (where p.name = {}) from core.trial_parameter as p where trial_id = v.trial_id"
    lr, depth = (f"(select {cells.format(repr(name))})" for name in ("lr", "depth"))
    assert warehouse.sql(f"select {lr}, {depth}, value from core.trial_metric as v order by all").rows() == wanted
    runs = [f"{i},{i},{i},{'AB'[i % 2]},b,{i // 2},{i / 4}" for i in range(4)]
    path = write(tmp_path, "r.csv", "\n".join([",Unnamed: 0,Unnamed: 0.1,algorithm,benchmark,seed,value", *runs]))
    load(warehouse, "runs", path, direction="min")
    found = warehouse.sql("select algorithm, seed, value from mart.observation order by value").rows()
    assert found == [("AB"[i % 2], i // 2, i / 4) for i in range(4)]


def test_two_columns_of_one_name_cannot_be_placed():
    with pytest.raises(ValueError, match="one name"):
        Columns([("lr", "DOUBLE"), ("lr", "DOUBLE")])
    assert unnamed(["", "Unnamed: 0", "Unnamed: 0.1", "", "lr"]) == [
        "Unnamed: 0.2", "Unnamed: 0", "Unnamed: 0.1", "Unnamed: 3", "lr"
    ]  # fmt: skip


@pytest.mark.parametrize("start", [0, 1])
def test_a_column_that_counts_the_rows_is_an_index_in_whatever_order(tmp_path, start):
    rows = [f"{start + (7 * i) % 12},{i % 3},{i // 3},{i / 7}" for i in range(12)]
    path = write(tmp_path, "g.csv", "\n".join(["row,lr,depth,loss", *rows]))
    for kind in ("grid", "trials"):
        found = roles(kind, path, direction="min")
        assert (found["row"], found["lr"]) == ("ignore", "hyperparameter")


def test_the_only_hyperparameter_may_count_the_rows(tmp_path):
    path = write(tmp_path, "g.csv", "depth,loss\n" + "".join(f"{i},{i / 3}\n" for i in range(12)))
    assert roles("grid", path, direction="min")["depth"] == "hyperparameter"


def test_an_index_of_texts_is_no_index(tmp_path):
    path = write(tmp_path, "f.csv", ",size\nb1,1\nb2,2\n")
    with pytest.raises(IngestError, match="Unnamed: 0"):
        roles("features", path)
    assert roles("features", path, {"Unnamed: 0": "benchmark"})["size"] == "feature"


def test_headings_as_people_write_them(tmp_path):
    header = "Solver,Data set,Rep.,# evals,Val. Acc. [%],Prior"
    rows = [f"{a},{d},{s},{e},{90 + s},{p}" for a in "AB" for d in "xy" for s in (0, 1) for e in (1, 2) for p in "gb"]
    path = write(tmp_path, "r.csv", "\n".join([header, *rows]))
    assert roles("runs", path, direction="max") == {
        "Solver": "algorithm", "Data set": "benchmark", "Rep.": "seed", "# evals": "budget",
        "Val. Acc. [%]": "value", "Prior": "factor",
    }  # fmt: skip


@pytest.mark.parametrize("heading", ["framework", "classifier", "method", "solver", "Optimiser"])
def test_what_algorithms_are_called(tmp_path, heading):
    path = write(tmp_path, "r.csv", f"{heading},benchmark,value\nA,b,1\nB,b,2\n")
    assert roles("runs", path)[heading] == "algorithm"


@pytest.mark.parametrize("metric", ["fitness", "y", "target", "objective", "value", "result"])
def test_one_table_of_names_serves_runs_and_grids(tmp_path, metric):
    assert roles("runs", write(tmp_path, "r.csv", f"algorithm,benchmark,{metric}\nA,b,1\nB,b,2\n"))[metric] == "value"
    found = roles("grid", write(tmp_path, "g.csv", f"lr,{metric}\n1,1\n2,3\n"))
    assert found == {"lr": "hyperparameter", metric: f"metric:{metric}@valid"}


def test_the_spread_of_a_metric_is_none(tmp_path):
    path = write(tmp_path, "g.csv", "lr,mean_test_score,std_test_score\n1,0.5,0.1\n2,0.6,0.1\n")
    assert roles("grid", path)["std_test_score"] == "ignore"


def test_patterns_map_many_columns_and_exact_names_come_first(tmp_path):
    path = write(tmp_path, "t.csv", "lr,best_a,best_b,best_lr,loss\n1,2,3,4,5\n2,3,4,5,6\n")
    found = roles("trials", path, {"best_*": "attribute", "best_lr": "hyperparameter:best"}, direction="min")
    assert found == {
        "lr": "hyperparameter", "best_a": "attribute", "best_b": "attribute", "best_lr": "hyperparameter:best",
        "loss": "metric",
    }  # fmt: skip
    with pytest.raises(UsageError, match=r"no column of .* fits 'worst_\*'"):
        roles("trials", path, {"worst_*": "attribute"})


def test_naming_some_hyperparameters_leaves_the_others_out(tmp_path):
    path = write(tmp_path, "g.csv", "lr,depth,memory,loss\n1,1,7,1\n1,2,8,2\n2,1,9,3\n2,2,6,4\n")
    for found in (
        roles("grid", path, {"lr": "hyperparameter", "depth": "hyperparameter"}),
        roles("grid", path, only="lr,depth"),
    ):
        assert (found["lr"], found["depth"], found["memory"]) == ("hyperparameter", "hyperparameter", "ignore")
    assert roles("trials", path, only="lr,depth")["memory"] == "attribute"
    assert roles("trials", path, {"lr": "hyperparameter"})["depth"] == "attribute"
    assert roles("grid", path, {"lr": "hyperparameter:log"})["memory"] == "hyperparameter"
    shown = preview(find_source("grid"), Request(str(path), "g", {}, {"only": "lr,depth"}))
    assert any("Left out: memory" in note for note in shown.notes)
    with pytest.raises(UsageError, match="no such column"):
        roles("grid", path, only="lr,dep")


def test_a_result_set_apart_is_added_and_nothing_left_out(tmp_path):
    path = write(tmp_path, "t.csv", "lr,rmse,loss\n1,2,3\n2,3,4\n")
    assert roles("trials", path, {"rmse": "hyperparameter"})["lr"] == "hyperparameter"


def test_an_option_that_means_nothing_is_refused(tmp_path):
    path = write(tmp_path, "r.csv", "algorithm,benchmark,value\nA,b,1\n")
    for kind, option in (("runs", "space"), ("grid", "experiment"), ("features", "direction")):
        with pytest.raises(UsageError, match=f"The source {kind} has no option '{option}'"):
            roles(kind, path, **{option: "x"})


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("Val. Acc. [%]", True), ("quant_test_loss", True), ("loss_weight", False), ("test_size", False),
     ("val F1 (macro)", True), ("precision", False), ("Balanced accuracy", True)],
)  # fmt: skip
def test_what_is_named_like_a_result(name, is_one):
    assert is_result(name) is is_one


def test_plain_names():
    assert [plain_name(name) for name in ("Rep.", "# evals", "Train time (s)", "Run ID", "Acc. [%]")] == [
        "rep", "evals", "train_time", "run_id", "acc",
    ]  # fmt: skip


def one_row_a_run(folder: Path) -> Path:
    """A table as benchmarks publish it: one row a run, results and times in further columns."""
    rows = []
    for i in range(48):
        algorithm, task, fold = "ABC"[i % 3], f"t{i // 3 % 4}", i // 12
        value = 0.5 + ((i * 37) % 48) / 100
        time, size = f"2026-01-01T00:{i:02d}:00", "small" if i // 3 % 2 else "large"
        cells = (algorithm, task, fold, value, i % 2, 1 - value, i % 2, time, size, (i * 31) % 48 / 7)
        rows.append(",".join(map(str, (*cells, f"v{'ABC'.index(algorithm)}"))))
    header = "framework,task,fold,result,acc,logloss,training_duration,utc,constraint,gain,version"
    return write(folder, "results.csv", "\n".join([header, *rows]))


def test_results_and_times_never_split_runs_where_a_file_has_one_row_a_run(warehouse, tmp_path):
    path = one_row_a_run(tmp_path)
    found = roles("runs", path, direction="max")
    left = {column for column, role in found.items() if role == "ignore"}
    assert left == {"acc", "logloss", "training_duration", "utc", "version", "gain"}
    assert (found["constraint"], found["fold"], found["result"]) == ("factor", "seed", "value")
    outcome = load(warehouse, "runs", path, direction="max")
    assert any(
        "1 column would give every run a setting of its own" in note and "gain" in note for note in outcome.notes
    )
    said = "so no settings: acc, logloss, training_duration (--map"  # though two of them have two values only
    assert any(said in note for note in outcome.notes)
    assert any("utc" in note and "left out" in note.lower() for note in outcome.notes), outcome.notes
    assert any("One value for each algorithm" in note and "version" in note for note in outcome.notes)
    # What one note says how to keep is not offered otherwise by another.
    assert not any("Left out: " in note and "utc" not in note for note in outcome.notes)
    alone = warehouse.sql(
        'select count(*) from (select benchmark, seed, "constraint" from mart.observation group by all '
        "having count(distinct algorithm) < 3)"
    ).one()
    assert alone == 0
    assert "factor" in roles("runs", path, {"acc": "factor"})["acc"]


MEASURED = ("train_time_s", "Train time (s)", "Wall time", "gpu time [h]", "time_per_epoch", "inference latency ms",
            "latency_p95_ms", "peak_memory_gb", "max_mem_used", "GPU memory allocated", "n_params", "numParams",
            "trainable_parameters", "flops", "throughput", "runtime_s", "time", "time_to_best", "best_epoch",
            "stopped_epoch", "Best iteration", "epochs_run", "n_epochs_trained", "early_stopped_at_epoch", "last_step",
            "best_boosting_round")  # fmt: skip
SET = ("max_time", "time_limit", "warmup_time", "timesteps", "time_budget_s", "gpu_memory", "memory", "replay_memory",
       "mem_mb", "params", "weights", "clip_duration", "n_layers", "half_time", "energy_weight", "lr", "n_epochs",
       "max_epochs", "warmup_steps", "epochs", "num_boost_round",
       "steps_per_epoch", "early_stopping_rounds", "n_iter_no_change", "last_layer")  # fmt: skip


def test_what_a_run_took_or_is_is_known_by_its_words_and_a_setting_with_such_a_word_stays_one():
    assert [name for name in MEASURED if not is_measured(name)] == []
    assert [name for name in SET if is_measured(name)] == []


def test_measured_columns_are_no_hyperparameters_unless_somebody_says_so(tmp_path):
    rows = [
        f"{lr},{size},{seed},{0.1 * at:.2f},{50 + at},{1.5 + at},{at}00"
        for at, (lr, size, seed) in enumerate(
            (lr, size, seed) for lr in (1, 2, 3) for size in (16, 32) for seed in (0, 1)
        )
    ]
    head = "lr,batch_size,seed,val_loss,train_time_s,peak_memory_gb,n_params\n"
    path = write(tmp_path, "g.csv", head + "\n".join(rows) + "\n")
    found = roles("grid", path)
    assert [column for column, role in found.items() if role == "hyperparameter"] == ["lr", "batch_size"]
    assert (found["train_time_s"], found["peak_memory_gb"], found["n_params"]) == ("cost", "ignore", "ignore")
    assert roles("grid", path, {"n_params": "hyperparameter:log"})["n_params"].startswith("hyperparameter")
    found = roles("trials", path)
    assert [column for column, role in found.items() if role == "hyperparameter"] == ["lr", "batch_size"]
    assert found["train_time_s"] == "duration"
    (kind, why), *_ = kinds_of_table(path)
    assert kind == "grid" and why == "6 of 6 combinations of lr, batch_size are there"


def test_a_number_drawn_for_each_configuration_and_run_with_several_seeds_is_of_trials(tmp_path):
    rows = [f"{0.01 * (at % 97) + 0.001 * at},{at % 5},{seed},{at}" for at in range(20) for seed in (0, 1, 2)]
    path = write(tmp_path, "t.csv", "lr,layers,seed,val_loss\n" + "\n".join(rows) + "\n")
    assert kinds_of_table(path) == [("trials", "'lr' has a value of its own in every configuration")]


def test_a_loss_of_texts_is_a_setting_and_so_is_the_weight_of_one(tmp_path):
    """`loss` is the objective of scikit-learn's models; taken for the metric, every row was refused."""
    rows = [
        f"{loss},{fn},{weight},{0.1 * at:.2f}" for at, (loss, fn, weight) in
        enumerate(product(("deviance", "exponential"), ("a", "b"), (0.1, 0.2)))
    ]  # fmt: skip
    path = write(tmp_path, "g.csv", "loss,score_fn,loss_weight,val_error\n" + "\n".join(rows) + "\n")
    found = roles("grid", path)
    assert [column for column, role in found.items() if role == "hyperparameter"] == ["loss", "score_fn", "loss_weight"]
    assert kinds_of_table(path)[0] == ("grid", "8 of 8 combinations of loss, score_fn, loss_weight are there")
    path = write(tmp_path, "d.csv", "x;loss\n1;0,5\n2;0,25\n")  # a decimal comma is a number still
    assert roles("grid", path, decimal=",")["loss"].startswith("metric")
    path = write(tmp_path, "f.csv", "x,loss\n1,failed\n2,0.25\n")
    assert roles("grid", path)["loss"].startswith("metric")


def test_a_status_is_no_part_of_a_configuration(tmp_path):
    rows = [f"{a},{b},{'failed' if a + b == 8 else 'ok'},{0.1 * a * b:.2f}" for a in range(5) for b in range(5)]
    path = write(tmp_path, "g.csv", "a,b,status,val_loss\n" + "\n".join(rows) + "\n")
    assert kinds_of_table(path) == [("grid", "25 of 25 combinations of a, b are there")]


NEGATED = {
    "trials": "lr,momentum,val_accuracy\n" + "".join(f"0.{at}1,0.{at % 5},-0.{at}3\n" for at in range(1, 9)),
    "runs": "algorithm,benchmark,seed,accuracy\n"
    + "".join(f"{a},{b},{s},-0.{s}7\n" for a, b, s in product("AB", "xy", (1, 2))),
    "grid": "benchmark,lr,depth,accuracy\n" + "".join(f"x,0.{lr},{d},-0.{lr}{d}\n" for lr in (1, 2) for d in (3, 4)),
}  # fmt: skip


@pytest.mark.parametrize("kind", NEGATED)
def test_an_accuracy_below_zero_is_asked_about(warehouse, tmp_path, kind):
    """Negated for a tool that minimises, its least is its best: by its name the worst was called the best."""
    path = write(tmp_path, "results.csv", NEGATED[kind])
    with pytest.raises(UsageError, match=r"lies between -0\.\d+ and -0\.\d+: was it given a minus sign") as refused:
        load(warehouse, kind, path)
    assert "=min; if it is right as it is: --direction" in str(refused.value.hint)
    assert warehouse.sql("select count(*) from core.source").one() == 0
    load(warehouse, kind, path, direction="min")
    assert warehouse.sql("select direction from core.metric").one() == "min"
