"""The source `trials`: tables with one row a trial, as several tools write them."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Outcome, Request, find_source, ingest, preview
from hpowh.warehouse.ingest.protocol import RowsRefusedError
from hpowh.warehouse.sources.tables.roles import assumed, said_direction

NAMES = [("a.b", 1.5), ("with space", 2), ('qu"ote', "x"), ("drop table core.trial; --", 3.25), ("<b>html</b>", "é")]


def load(warehouse: Warehouse, path: Path, **more: object) -> Outcome:
    return ingest(warehouse, find_source("trials"), Request(str(path), "sweep", **more))


def write_csv(path: Path, rows: list[dict]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(dict.fromkeys(key for row in rows for key in row)), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
    return path


def parameters(warehouse: Warehouse) -> dict[int, dict]:
    found: dict[int, dict] = {}
    for number, name, value, text in warehouse.sql(
        "select number, p.name, numeric_value, text_value "
        "from core.trial join core.trial_parameter as p using (trial_id)"
    ).rows():
        found.setdefault(number, {})[name] = value if value is not None else text
    return found


CONFIG = ["config.lr", "config.optimizer", "config.layers", "config.nesterov"]
WANDB_COLUMNS = ["Name", "State", "Notes", "User", "Tags", "Created", "Runtime", "Sweep", *CONFIG, "epoch", "val_loss"]
DAY = "2024-03-01T"
WANDB_ROWS = [
    dict(zip(WANDB_COLUMNS, row, strict=True))
    for row in (
        (
            "sunny-1",
            "finished",
            "-",
            "ann",
            "",
            f"{DAY}10:00:00.000Z",
            "61",
            "s",
            "0.01",
            "adam",
            "3",
            "true",
            "5",
            "0.5",
        ),
        ("windy-2", "crashed", "", "ann", "", f"{DAY}11:00:00.000Z", "3", "s", "1e-4", "", "", "", "", ""),
        ("rainy-3", "finished", "", "bob", "", f"{DAY}12:00:00.000Z", "7", "s", "0.3", "sgd", "4", "false", "5", "NaN"),
        ("foggy-4", "running", "", "bob", "", f"{DAY}13:00:00.000Z", "", "s", "0.2", "sgd", "4", "false", "1", "0.9"),
    )
]


def test_columns_of_wandbs_own_are_no_hyperparameters_though_nothing_has_a_prefix(warehouse, tmp_path):
    own = {"Name": "sunny-1", "State": "finished", "Created": "2024-03-01T10:00:00.000Z", "Runtime": "61", "ID": "abc",
           "Hostname": "node", "GPU Count": "2", "End Time": "", "Sweep": "sw1", "User": "ann"}  # fmt: skip
    rows = [{**own, "lr": "0.1", "group": "a", "opt.name": "adam", "val_loss": "0.5"}]
    load(warehouse, write_csv(tmp_path / "export.csv", rows))
    assert parameters(warehouse) == {1: {"lr": 0.1, "group": "a", "opt.name": "adam"}}
    told = warehouse.sql("select name from core.trial_attribute order by 1").rows()
    assert [name for (name,) in told] == ["GPU Count", "Hostname", "ID", "Sweep", "User"]


def test_the_csv_of_the_wandb_page_becomes_a_sweep(warehouse, tmp_path):
    outcome = load(warehouse, write_csv(tmp_path / "export.csv", WANDB_ROWS))
    assert outcome.row_count == 4
    assert warehouse.sql("select name, tool from core.sweep").rows() == [("sweep", "wandb")]
    trials = warehouse.sql("select name, status, duration, started_at from core.trial order by number").rows()
    assert [row[:3] for row in trials] == [
        ("sunny-1", "finished", 61.0),
        ("windy-2", "failed", 3.0),
        ("rainy-3", "finished", 7.0),
        ("foggy-4", "running", None),
    ]
    assert trials[0][3].astimezone(UTC) == datetime(2024, 3, 1, 10, tzinfo=UTC)
    assert parameters(warehouse) == {
        1: {"lr": 0.01, "optimizer": "adam", "layers": 3.0, "nesterov": "true"},
        2: {"lr": 1e-4},
        3: {"lr": 0.3, "optimizer": "sgd", "layers": 4.0, "nesterov": "false"},
        4: {"lr": 0.2, "optimizer": "sgd", "layers": 4.0, "nesterov": "false"},
    }
    values = warehouse.sql(
        "select number, m.name, direction, value, v.status "
        "from core.trial join core.trial_metric as v using (trial_id) "
        "join core.metric as m using (metric_id) order by 1"
    ).rows()
    assert values == [
        (1, "val_loss", "min", 0.5, "ok"),
        (3, "val_loss", "min", None, "nan"),
        (4, "val_loss", "min", 0.9, "ok"),
    ]
    kinds = warehouse.sql("select name, value_type, lower from core.sweep_parameter order by name").rows()
    assert kinds == [
        ("layers", "int", None),
        ("lr", "float", None),
        ("nesterov", "bool", None),
        ("optimizer", "text", None),
    ]
    attributes = warehouse.sql("select distinct name from core.trial_attribute order by 1").rows()
    assert [name for (name,) in attributes] == ["Notes", "Sweep", "User", "epoch"]


def test_new_and_changed_trials_replace_the_old_ones(warehouse, tmp_path):
    path = write_csv(tmp_path / "export.csv", WANDB_ROWS)
    assert load(warehouse, path).action == "load"
    assert load(warehouse, path).action == "unchanged"
    changed = [
        *WANDB_ROWS[:3],
        WANDB_ROWS[3] | {"State": "finished", "val_loss": "0.7"},
        WANDB_ROWS[0] | {"Name": "new-5"},
    ]
    write_csv(path, changed)
    assert load(warehouse, path).action == "update"
    found = warehouse.sql("select name, status from core.trial order by number").rows()
    assert {("foggy-4", "finished"), ("new-5", "finished")} < set(found)
    assert len(found) == 5
    assert warehouse.sql("select count(*) from core.trial_metric").one() == 4


def test_json_lines_are_flattened_and_hostile_names_kept(warehouse, tmp_path):
    path = tmp_path / "trials.jsonl"
    rows = [
        {"config": {"opt": {"lr": 0.1, "betas": [0.9, 0.99]}, "depth": None, **dict(NAMES)}, "loss": 1.0},
        {"config": {"opt": {"lr": float("inf")}, "depth": 4}, "loss": float("-inf"), "state": "FAIL"},
    ]  # fmt: skip
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", encoding="utf-8")
    load(warehouse, path)
    assert parameters(warehouse) == {
        1: {"opt.lr": 0.1, "opt.betas": "[0.9, 0.99]", **dict(NAMES)},
        2: {"opt.lr": float("inf"), "depth": 4.0},
    }
    assert warehouse.sql("select value, status from core.trial_metric order by trial_id").rows() == [
        (1.0, "ok"),
        (None, "neg_inf"),
    ]


def test_optunas_data_frame_as_csv(warehouse, tmp_path):
    optuna = pytest.importorskip("optuna")
    pytest.importorskip("pandas")
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)

    def objective(trial):
        trial.set_user_attr("who", "me")
        x = trial.suggest_float("x", 0, 1)
        if trial.number == 2:
            raise optuna.TrialPruned
        return x + (trial.suggest_categorical("kind", ["a", "b"]) == "a")

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(objective, n_trials=6)
    study.trials_dataframe().to_csv(tmp_path / "study.csv", index=False)
    load(warehouse, tmp_path / "study.csv", options={"direction": "min"})
    found = parameters(warehouse)
    assert [found[i] for i in range(6)] == [
        {name: pytest.approx(value) if name == "x" else value for name, value in trial.params.items()}
        for trial in study.trials
    ]
    rows = warehouse.sql(
        "select t.status, v.value, t.duration from core.trial as t left join core.trial_metric as v using (trial_id) "
        "order by number"
    ).rows()
    assert [row[1] for row in rows] == [None if t.value is None else pytest.approx(t.value) for t in study.trials]
    assert [row[0] for row in rows] == ["finished", "finished", "pruned", "finished", "finished", "finished"]
    assert [row[2] for row in rows] == [pytest.approx(t.duration.total_seconds()) for t in study.trials]


def test_zipped_csv_json_list_and_parquet_say_the_same(warehouse, tmp_path):
    rows = [{"lr": 0.5, "kind": "a", "loss": 1.5}, {"lr": 0.25, "kind": "b", "loss": 2.5}]
    plain = write_csv(tmp_path / "a.csv", rows)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    (tmp_path / "a.json").write_text(json.dumps(rows))
    import polars as pl

    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")
    for name in ("a.csv", "a.csv.gz", "a.json", "a.parquet"):
        ingest(warehouse, find_source("trials"), Request(str(tmp_path / name), "sweep"), replace_old=True)
        assert parameters(warehouse) == {1: {"lr": 0.5, "kind": "a"}, 2: {"lr": 0.25, "kind": "b"}}, name


def test_bad_rows_refuse_the_load_or_are_written_out(warehouse, tmp_path):
    rows = [
        {"name": "a", "state": "finished", "lr": 1, "loss": 1.0},
        {"name": "b", "state": "exploded", "lr": 1, "loss": 1.0},
        {"name": "c", "state": "finished", "lr": 2, "loss": "good"},
        {"name": "d", "state": "finished", "lr": 2, "loss": 3, "created": "yesterday"},
    ]
    path = write_csv(tmp_path / "t.csv", rows)
    with pytest.raises(RowsRefusedError, match="row 2, column 'state', value 'exploded'.*row 3, column 'loss'.*row 4"):
        load(warehouse, path)
    assert warehouse.sql("select count(*) from core.trial").one() == 0
    outcome = load(warehouse, path, reject_to=tmp_path / "bad.csv")
    assert (outcome.row_count, outcome.refused_count) == (1, 3)
    assert warehouse.sql("select name from core.trial").rows() == [("a",)]
    with (tmp_path / "bad.csv").open() as handle:
        assert [row["row"] for row in csv.DictReader(handle)] == ["2", "3", "4"]


def test_the_metric_must_be_known(warehouse, tmp_path):
    path = write_csv(tmp_path / "t.csv", [{"lr": 1, "a": 2}])
    with pytest.raises(UsageError, match="which column is the metric.*--map lr=metric"):
        load(warehouse, path)
    load(warehouse, path, mapping={"a": "metric:quality"}, options={"direction": "max"})
    assert warehouse.sql("select name, direction from core.metric").rows() == [("quality", "max")]
    both = write_csv(tmp_path / "u.csv", [{"lr": 1, "loss": 2, "accuracy": 0.5}])
    with pytest.raises(UsageError, match="could be 'loss', 'accuracy'"):
        ingest(warehouse, find_source("trials"), Request(str(both), "u"))
    ingest(warehouse, find_source("trials"), Request(str(both), "u", {"loss": "metric", "accuracy": "metric"}))
    assert warehouse.sql("select name, direction from core.metric order by name").rows() == [
        ("accuracy", "max"),
        ("loss", "min"),
        ("quality", "max"),
    ]


def test_what_cannot_be_read_is_said(warehouse, tmp_path):
    empty = write_csv(tmp_path / "t.csv", [{"lr": 1, "loss": 2}])
    empty.write_text("lr,loss\n")
    with pytest.raises(IngestError, match="no rows"):
        load(warehouse, empty)
    broken = tmp_path / "t.jsonl"
    broken.write_text('{"lr": 1, "loss": 2}\n{"lr": 1, "lo')
    with pytest.raises(RowsRefusedError, match="row 2.*no JSON"):
        load(warehouse, broken)
    twice = write_csv(tmp_path / "u.csv", [{"config.lr": 1, "params_lr": 2, "loss": 1}])
    with pytest.raises(UsageError, match="would both be the hyperparameter 'lr'"):
        load(warehouse, twice)
    with pytest.raises(UsageError, match="no option 'colour'"):
        load(warehouse, twice, options={"colour": "red"})


def test_preview_shows_roles_and_writes_nothing(tmp_path):
    shown = preview(find_source("trials"), Request(str(write_csv(tmp_path / "e.csv", WANDB_ROWS)), "x"))
    roles = {column: role for column, role, _ in shown.mapping}
    assert (shown.row_count, roles["Name"], roles["config.lr"], roles["val_loss"], roles["epoch"]) == (
        4,
        "name",
        "hyperparameter",
        "metric",
        "attribute",
    )


def test_a_duration_is_kept_without_start_and_end(warehouse, tmp_path):
    rows = [{"lr": 1, "loss": 2, "duration": 2.5}, {"lr": 2, "loss": 1, "duration": "1 days 00:00:01"}]
    load(warehouse, write_csv(tmp_path / "t.csv", [*rows, {"lr": 3, "loss": 1, "duration": ""}]))
    found = warehouse.sql("select duration, started_at from core.trial order by number").rows()
    assert found == [(2.5, None), (86401.0, None), (None, None)]


def roles(path: Path, **more: object) -> dict[str, str]:
    return {name: role for name, role, _ in preview(find_source("trials"), Request(str(path), "sweep", **more)).mapping}


def test_names_as_people_write_them(warehouse, tmp_path):
    """Spaces, capitals and units do not hide a role; a second result is no hyperparameter, which would explain all."""
    row = {"Run ID": "run_7", "Created At": "2026-10-01 00:37:00", "State": "finished", "Learning Rate (log)": "0.01",
           "GPU": "A100", "Train time (s)": "90.5", "wall time (min)": "2", "val F1 (macro)": "0.72",
           "val loss": "0.4"}  # fmt: skip
    path = write_csv(tmp_path / "runs.csv", [row])
    metric = {"val F1 (macro)": "metric"}
    found = roles(path, mapping=metric)
    assert found == {"Run ID": "name", "Created At": "started", "State": "status",
                     "Learning Rate (log)": "hyperparameter", "GPU": "hyperparameter", "Train time (s)": "duration",
                     "wall time (min)": "attribute", "val F1 (macro)": "metric", "val loss": "attribute"}  # fmt: skip
    outcome = load(warehouse, path, mapping=metric)
    assert "Assumed that higher is better for 'val F1 (macro)' (say --direction min|max to be sure)." in outcome.notes
    assert any("named like results: val loss (--map 'val loss=metric'" in note for note in outcome.notes)
    assert warehouse.sql("select name, duration from core.trial").rows() == [("run_7", 90.5)]
    assert roles(path, mapping=metric | {"val loss": "hyperparameter"})["val loss"] == "hyperparameter"


def test_a_result_is_known_by_all_its_words_and_only_where_it_is_a_number(tmp_path):
    row = {"loss": "hinge", "test_size": "0.2", "cost": "1.5", "precision": "16", "val_fraction": "0.1",
           "max_iter": "9", "train_rmse": "0.1", "val_precision": "0.5", "RMSE": "2.5"}  # fmt: skip
    assert roles(write_csv(tmp_path / "a.csv", [row]))["cost"] == "metric"  # a loss of texts is none
    found = roles(write_csv(tmp_path / "a.csv", [row]), mapping={"RMSE": "metric"})
    assert {name for name, role in found.items() if role == "attribute"} == {"train_rmse", "val_precision"}
    assert {name for name, role in found.items() if role == "metric"} == {"RMSE"}
    assert roles(write_csv(tmp_path / "b.csv", [{"depth": "3", "seed": "4", "RMSE": "2.5"}]))["RMSE"] == "metric"


def test_the_results_of_scikit_learns_searches(tmp_path):
    row = {"mean_fit_time": "0.1", "std_fit_time": "0.01", "param_max_depth": "", "param_clf__C": "1.0",
           "params": "{'max_depth': None}", "split0_test_score": "0.9", "mean_test_score": "0.91",
           "std_test_score": "0.01", "rank_test_score": "1"}  # fmt: skip
    path = write_csv(tmp_path / "cv.csv", [row])
    shown = preview(find_source("trials"), Request(str(path), "sweep"))
    found = roles(path)
    assert {name for name, role in found.items() if role == "hyperparameter"} == {"param_max_depth", "param_clf__C"}
    assert {name for name, role in found.items() if role == "metric"} == {"mean_test_score"}
    assert "Assumed that higher is better for 'mean_test_score'" in shown.notes[0]


@pytest.mark.parametrize(
    ("name", "direction"),
    [("val F1 (macro)", "max"), ("valAccuracy", "max"), ("ROC-AUC", "max"), ("acc@1", "max"), ("test/R2", "max"),
     ("neg_mean_squared_error", "max"), ("neg_brier_score", "max"), ("neg_log_likelihood", "min"), ("nll", "min"),
     ("1-auc", "min"), ("one_minus_accuracy", "min"), ("-rmse", "max"), ("minus_loss", "max"), ("negLoss", "max"),
     ("brier_score", "min"), ("score_loss", "min"), ("Error Rate", "min"), ("metric_7", None), ("y", None)],
)  # fmt: skip
def test_what_a_metrics_name_says_of_its_direction(name, direction):
    assert said_direction(name) == direction
    assert ("whose name does not say it" in assumed(name, direction or "min")) == (direction is None)


NIGHT = [
    ("2025-10-26T02:50:00", "2025-10-26T02:10:00", 20),
    ("2025-10-26T01:30:00", "2025-10-26T02:30:00", 60),
    ("2025-10-26T02:10:00", "2025-10-26T02:20:00", 10),
    ("2025-10-26T02:59:59", "2025-10-26T03:05:00", 65),
]
"""Start and end by the clock of Berlin, and the minutes between them."""


def test_hours_that_the_clock_has_twice_take_the_reading_that_can_be(warehouse, tmp_path):
    rows = [{"lr": i, "start_time": a, "end_time": b, "loss": i} for i, (a, b, _) in enumerate(NIGHT)]
    path = write_csv(tmp_path / "t.csv", rows)
    options = {"time_zone": "Europe/Berlin", "direction": "min"}
    outcome = ingest(warehouse, find_source("trials"), Request(str(path), "t", {}, options))
    found = warehouse.sql(
        "select p.numeric_value, duration from core.trial join core.trial_parameter as p using (trial_id) order by all"
    ).rows()
    minutes = [round(duration / 60) for _, duration in found]
    assert minutes == [length for _, _, length in NIGHT]
    assert any("1 time took the later reading" in note for note in outcome.notes)
    assert [check.name for check in run_checks(warehouse) if check.failures] == []


def test_a_duration_decides_between_the_two_readings(warehouse, tmp_path):
    row = {"lr": 1, "start_time": NIGHT[1][0], "end_time": NIGHT[1][1], "duration": 7200, "loss": 1}
    path = write_csv(tmp_path / "t.csv", [row, row | {"lr": 2, "duration": 3600}])
    options = {"time_zone": "Europe/Berlin", "direction": "min"}
    ingest(warehouse, find_source("trials"), Request(str(path), "t", {}, options))
    spans = warehouse.sql("select epoch(ended_at) - epoch(started_at) from core.trial order by number").rows()
    assert spans == [(7200.0,), (3600.0,)]


def test_a_trial_that_ends_before_it_starts_is_refused(warehouse, tmp_path):
    row = {"lr": 1, "start_time": "2025-06-01T10:00:00", "end_time": "2025-06-01T09:00:00", "loss": 1}
    path = write_csv(tmp_path / "t.csv", [row])
    with pytest.raises(RowsRefusedError, match="row 1, column 'end_time'.*it ends before it starts"):
        ingest(warehouse, find_source("trials"), Request(str(path), "t", {}, {"direction": "min"}))


def test_what_differs_between_the_seeds_of_a_configuration_was_measured(tmp_path):
    """Of any name: taken for a setting it would make every repeat a configuration of its own."""
    rows = [
        {
            "lr": rate,
            "layers": at % 3,
            "seed": seed,
            "loss": (at * 7 + seed) % 11,
            "grad_end": at + seed / 10,
            "m": seed * at,
        }
        for at, rate in enumerate((0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7))
        for seed in (0, 1, 2)
    ]
    shown = preview(find_source("trials"), Request(str(write_csv(tmp_path / "t.csv", rows)), "t"))
    roles = {column: role for column, role, _ in shown.mapping}
    assert [column for column, role in roles.items() if role == "hyperparameter"] == ["lr", "layers"]
    assert (roles["grad_end"], roles["m"]) == ("attribute", "attribute")
    assert any("equal in all else but the seed: grad_end, m" in note for note in shown.notes)
    said = preview(find_source("trials"), Request(str(tmp_path / "t.csv"), "t", {"m": "hyperparameter"}))
    assert {column: role for column, role, _ in said.mapping}["m"] == "hyperparameter"
    for row in rows:  # another rate for each trial: then it is a setting, and nothing repeats
        row["lr"] = row["lr"] + row["seed"] / 1000
    shown = preview(find_source("trials"), Request(str(write_csv(tmp_path / "u.csv", rows)), "u"))
    assert {column for column, role, _ in shown.mapping if role == "hyperparameter"} == {
        "lr",
        "layers",
        "grad_end",
        "m",
    }
