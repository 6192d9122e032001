"""The source `optuna`, on storages written by Optuna itself and compared with what Optuna reads back."""

from __future__ import annotations

import json
import math
import shutil
import sqlite3
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Outcome, Request, find_source, ingest, preview

optuna = pytest.importorskip("optuna")
STATES = {"COMPLETE": "finished", "FAIL": "failed", "PRUNED": "pruned", "RUNNING": "running", "WAITING": "waiting"}
CHOICES = ["relu", 2.5, 7, True, None]


@pytest.fixture(autouse=True)
def quiet():
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def load(warehouse: Warehouse, path: Path | str, **more: object) -> Outcome:
    return ingest(warehouse, find_source("optuna"), Request(str(path), "studies", **more))


def storage_at(path: Path):
    if path.suffix == ".db":
        return f"sqlite:///{path}"
    return optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))


def conditional(trial):
    """A conditional space with every kind of parameter, and every way for a trial to end."""
    x = trial.suggest_float("x", 1e-5, 1.0, log=True)
    choice = trial.suggest_categorical("choice", CHOICES)
    if trial.suggest_categorical("deep", [True, False]):
        x += trial.suggest_int("layers", 1, 9, step=2)
    y = trial.suggest_float("y", -1, 1, step=0.25)
    trial.set_user_attr("note", {"é": [1, None], "choice": choice})
    for step in range(3):
        trial.report([x, math.nan, math.inf][(trial.number + step) % 3], step)
    if trial.number == 3:
        raise ValueError
    if trial.number == 4:
        raise optuna.TrialPruned
    if trial.number == 5:
        return math.inf
    if trial.number == 6:
        return -math.inf
    if trial.number == 7:
        return math.nan
    return x + y


MADE: dict[str, bytes] = {}


def make_studies(path: Path) -> None:
    """Write three studies to a storage file; the second time as a copy of the first, because Optuna takes seconds."""
    if path.suffix in MADE:
        path.write_bytes(MADE[path.suffix])
        return
    run_studies(path)
    MADE[path.suffix] = path.read_bytes()


def run_studies(path: Path) -> None:
    storage = storage_at(path)
    one = optuna.create_study(storage=storage, study_name="one", sampler=optuna.samplers.RandomSampler(seed=1))
    one.set_user_attr("team", "a")
    one.optimize(conditional, n_trials=12, catch=(ValueError,))
    one.ask()
    one.enqueue_trial({"x": 0.5})
    two = optuna.create_study(
        storage=storage,
        study_name="two",
        directions=["minimize", "maximize"],
        sampler=optuna.samplers.RandomSampler(seed=2),
    )
    two.set_metric_names(["loss", "accuracy"])
    two.optimize(lambda t: (t.suggest_float("a", 0, 1), t.suggest_int("b", -3, 3)), n_trials=5)
    optuna.create_study(storage=storage, study_name="gone")
    optuna.delete_study(study_name="gone", storage=storage)
    empty = optuna.create_study(storage=storage, study_name="empty", direction="maximize")
    empty.add_trial(
        optuna.create_trial(value=3.0, params={"z": 2}, distributions={"z": optuna.distributions.IntDistribution(1, 4)})
    )


def status_of(value: float) -> tuple[float | None, str]:
    if math.isnan(value):
        return None, "nan"
    if math.isinf(value):
        return None, "inf" if value > 0 else "neg_inf"
    return value, "ok"


def expected_trials(path: Path, name: str) -> list[dict]:
    """What Optuna itself reads back, in the warehouse's words."""
    found = []
    for trial in optuna.load_study(study_name=name, storage=storage_at(path)).get_trials():
        metrics = {(at, None): status_of(value) for at, value in enumerate(trial.values or [])}
        metrics |= {(0, step): status_of(value) for step, value in trial.intermediate_values.items()}
        found.append(
            {
                "number": trial.number,
                "status": STATES[trial.state.name],
                "started_at": trial.datetime_start and trial.datetime_start.astimezone(UTC),
                "ended_at": trial.datetime_complete and trial.datetime_complete.astimezone(UTC),
                "parameters": {
                    key: (
                        float(v) if isinstance(v, int | float) and not isinstance(v, bool) else None,
                        v if isinstance(v, str) else json.dumps(v),
                    )
                    for key, v in trial.params.items()
                },
                "metrics": metrics,
                "attributes": trial.user_attrs,
            }
        )
    return found


def stored_trials(warehouse: Warehouse, name: str) -> list[dict]:
    found = []
    for trial_id, number, status, started_at, ended_at in warehouse.sql(
        "select trial_id, number, status, started_at, ended_at from core.trial join core.sweep using (sweep_id) "
        "where core.sweep.name = ? order by number",
        [name],
    ).rows():
        parameters = warehouse.sql(
            "select name, numeric_value, text_value from core.trial_parameter where trial_id = ?", [trial_id]
        ).rows()
        metrics = warehouse.sql(
            "select m.position, v.step, v.value, v.status from core.trial_metric as v "
            "join core.trial as t using (trial_id) "
            "join core.sweep_metric as m on m.sweep_id = t.sweep_id and m.metric_id = v.metric_id where trial_id = ?",
            [trial_id],
        ).rows()
        attributes = warehouse.sql("select name, value from core.trial_attribute where trial_id = ?", [trial_id]).rows()
        found.append(
            {
                "number": number,
                "status": status,
                "started_at": started_at and started_at.astimezone(UTC),
                "ended_at": ended_at and ended_at.astimezone(UTC),
                "parameters": {key: (number_, text) for key, number_, text in parameters},
                "metrics": {(position, step): (value, state) for position, step, value, state in metrics},
                "attributes": {key: json.loads(value) for key, value in attributes},
            }
        )
    return found


def plain_number(trials: list[dict]) -> list[dict]:
    """A number's text may be written in another way (`1.0`, `1`); the number may not differ."""
    for trial in trials:
        trial["parameters"] = {
            key: (number, text if number is None else float(text))
            for key, (number, text) in trial["parameters"].items()
        }
    return trials


@pytest.mark.parametrize("file", ["studies.db", "studies.log"])
def test_load_equals_what_optuna_reads_back(tmp_path, warehouse, file):
    make_studies(tmp_path / file)
    outcome = load(warehouse, tmp_path / file)
    assert outcome.row_count == 14 + 5 + 1
    assert warehouse.sql("select name from core.sweep order by sweep_id").rows() == [("one",), ("two",), ("empty",)]
    for name in ("one", "two", "empty"):
        assert plain_number(stored_trials(warehouse, name)) == plain_number(expected_trials(tmp_path / file, name))
    states = {row[0] for row in warehouse.sql("select distinct status from core.trial").rows()}
    assert states == set(STATES.values())


@pytest.mark.parametrize("file", ["studies.db", "studies.log"])
def test_load_declares_parameters_and_metrics(tmp_path, warehouse, file):
    make_studies(tmp_path / file)
    outcome = load(warehouse, tmp_path / file)
    declared = warehouse.sql(
        "select p.name, value_type, scale, lower, upper, step, choices from core.sweep_parameter as p "
        "join core.sweep as s using (sweep_id) where s.name = 'one' order by p.name"
    ).rows()
    assert declared == [
        ("choice", "mixed", "linear", None, None, None, '["relu", 2.5, 7, true, null]'),
        ("deep", "bool", "linear", None, None, None, "[true, false]"),
        ("layers", "int", "linear", 1.0, 9.0, 2.0, None),
        ("x", "float", "log", 1e-5, 1.0, None, None),
        ("y", "float", "linear", -1.0, 1.0, 0.25, None),
    ]
    metrics = warehouse.sql(
        "select s.name, position, m.name, direction from core.sweep_metric join core.metric as m using (metric_id) "
        "join core.sweep as s using (sweep_id) order by all"
    ).rows()
    assert metrics == [
        ("empty", 0, "objective_max", "max"),
        ("one", 0, "objective_min", "min"),
        ("two", 0, "loss", "min"),
        ("two", 1, "accuracy", "max"),
    ]
    assert any("2 studies do not name their objective" in note for note in outcome.notes)
    assert any("left out: team" in note for note in outcome.notes)


def labelled_study(path: Path, seed: int = 3, name: str = "run", **attributes: object):
    study = optuna.create_study(
        storage=storage_at(path), study_name=name, sampler=optuna.samplers.RandomSampler(seed=seed)
    )
    for key, value in {"algorithm": "rs", "benchmark": "bowl", "seed": seed, "metric": "loss", **attributes}.items():
        study.set_user_attr(key, value)
    return study


def test_load_makes_runs_of_labelled_studies(tmp_path, warehouse):
    path = tmp_path / "s.log"
    study = labelled_study(path, experiment="mine", workers=4)

    def objective(trial):
        x = trial.suggest_float("x", -1, 1)
        if trial.number == 2:
            raise ValueError
        if trial.number == 3:
            raise optuna.TrialPruned
        return math.inf if trial.number == 4 else x * x

    study.optimize(objective, n_trials=6, catch=(ValueError,))
    study.ask()
    load(warehouse, path, mapping={"workers": "factor"})
    run = warehouse.sql(
        "select x.name, a.name, b.name, r.seed, s.name, f.name, f.numeric_value, f.text_value from core.run as r "
        "join core.experiment as x using (experiment_id) join core.algorithm as a using (algorithm_id) "
        "join core.benchmark as b on b.benchmark_id = r.benchmark_id join core.sweep as s on s.sweep_id = r.sweep_id "
        "join core.run_factor as f using (run_id)"
    ).rows()
    assert run == [("mine", "rs", "bowl", 3, "run", "workers", 4.0, "4")]
    values = [trial.value for trial in study.get_trials()]
    trace = warehouse.sql("select budget, value, status from core.trace order by budget").rows()
    assert trace == [
        (1.0, values[0], "ok"),
        (2.0, values[1], "ok"),
        (3.0, None, "failed"),
        (4.0, None, "missing"),
        (5.0, None, "inf"),
        (6.0, values[5], "ok"),
    ]


def test_trace_counts_trials_in_the_order_in_which_they_ended(tmp_path, warehouse):
    study = labelled_study(tmp_path / "s.db")
    first, second = study.ask(), study.ask()
    study.tell(second, 2.0)
    study.tell(first, 1.0)
    load(warehouse, tmp_path / "s.db")
    assert warehouse.sql("select budget, value from core.trace order by budget").rows() == [(1.0, 2.0), (2.0, 1.0)]


def test_study_pattern_labels_by_name(tmp_path, warehouse):
    storage = storage_at(tmp_path / "s.log")
    for name in ("tpe--hpobench/car--7", "tpe--hpobench/car--8", "scratch"):
        optuna.create_study(storage=storage, study_name=name).optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    options = {"study_pattern": "{algorithm}--{benchmark}--{seed}", "experiment": "e", "metric": "loss"}
    outcome = load(warehouse, tmp_path / "s.log", options=options)
    runs = warehouse.sql(
        "select a.name, b.name, seed from core.run join core.algorithm as a using (algorithm_id) "
        "join core.benchmark as b using (benchmark_id) order by seed"
    ).rows()
    assert runs == [("tpe", "hpobench/car", 7), ("tpe", "hpobench/car", 8)]
    assert any("1 studies do not fit" in note for note in outcome.notes)


@pytest.mark.parametrize("pattern", ["{algorithm}--{task}", "plain", "{seed}{seed}"])
def test_study_pattern_that_means_nothing_is_refused(tmp_path, warehouse, pattern):
    make_studies(tmp_path / "s.log")
    with pytest.raises(UsageError, match="study pattern"):
        load(warehouse, tmp_path / "s.log", options={"study_pattern": pattern})


def test_what_no_study_says_can_be_given_for_all(tmp_path, warehouse):
    for name in ("a", "b"):
        study = optuna.create_study(storage=storage_at(tmp_path / "s.log"), study_name=name)
        study.set_user_attr("sampler", name)
        study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    given = {"benchmark": "bowl", "metric": "loss", "constants": {"seed": "7"}, "experiment": "e"}
    load(warehouse, tmp_path / "s.log", options=given, mapping={"sampler": "algorithm"})
    runs = warehouse.sql(
        "select distinct experiment, algorithm, benchmark, seed, metric from mart.observation order by algorithm"
    ).rows()
    assert runs == [("e", "a", "bowl", 7, "loss"), ("e", "b", "bowl", 7, "loss")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"options": {"study_patern": "{seed}"}},
        {"options": {"direction": "min"}},
        {"options": {"constants": {"colour": "red"}}},
        {"mapping": {"sampler": "colour"}},
    ],
)
def test_an_option_or_role_that_does_nothing_is_refused(tmp_path, warehouse, wrong):
    make_studies(tmp_path / "s.log")
    with pytest.raises(UsageError, match="no option|no role"):
        load(warehouse, tmp_path / "s.log", **wrong)


def test_two_studies_with_one_label_are_refused(tmp_path, warehouse):
    for name in ("a", "b"):
        labelled_study(tmp_path / "s.log", name=name).optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    with pytest.raises(IngestError, match="2 runs are labelled algorithm 'rs', benchmark 'bowl', seed 3"):
        load(warehouse, tmp_path / "s.log")
    assert warehouse.sql("select count(*) from core.sweep").one() == 0
    assert load(warehouse, tmp_path / "s.log", mapping={"algorithm": "ignore"}).row_count == 2


def make_space(warehouse: Warehouse) -> None:
    from hpowh.warehouse.ingest.dimensions import Hyperparameter, search_space_id

    with warehouse.writing() as connection:
        levels = [
            Hyperparameter("lr", "ordinal", "float", (1e-3, 1e-2, 1e-1), "log"),
            Hyperparameter("act", "categorical", "text", ("relu", "tanh")),
            Hyperparameter("n", "ordinal", "int", (8, 16)),
            Hyperparameter("bias", "categorical", "bool", (False, True)),
        ]
        search_space_id(connection, "grid", levels, 0)


def test_trials_resolve_to_configurations_by_value(tmp_path, warehouse):
    make_space(warehouse)
    study = labelled_study(tmp_path / "s.db", search_space="grid")

    def objective(trial):
        trial.suggest_categorical("lr", [1e-1, 1e-3, 1e-2])
        trial.suggest_categorical("act", ["tanh", "relu"])
        trial.suggest_int("n", 8, 16, step=4)
        trial.suggest_categorical("bias", [True, False])
        if trial.number == 1:
            trial.suggest_float("another", 0, 1)
        return 1.0

    study.optimize(objective, n_trials=25)
    load(warehouse, tmp_path / "s.db")
    stored = dict(warehouse.sql("select number, configuration_id from core.trial").rows())
    expected = {}
    for trial in study.get_trials():
        p = trial.params
        known = p["n"] != 12 and "another" not in p
        rank = (
            [1e-3, 1e-2, 1e-1].index(p["lr"]) * 8
            + ["relu", "tanh"].index(p["act"]) * 4
            + (p["n"] == 16) * 2
            + p["bias"]
        )
        expected[trial.number] = rank if known else None
    assert stored == expected
    assert None in expected.values()
    assert len(set(expected.values())) > 5


def test_trials_resolve_to_configurations_by_level(tmp_path, warehouse):
    make_space(warehouse)
    study = labelled_study(tmp_path / "s.log", search_space="grid", parameters="levels")

    def objective(trial):
        trial.suggest_int("lr", 0, 2)
        trial.suggest_categorical("act", ["relu", "tanh"])
        trial.suggest_int("n", 0, 1)
        trial.suggest_categorical("bias", [False, True])
        return 1.0

    study.optimize(objective, n_trials=20)
    load(warehouse, tmp_path / "s.log")
    stored = dict(warehouse.sql("select number, configuration_id from core.trial").rows())
    assert stored == {
        t.number: t.params["lr"] * 8 + (t.params["act"] == "tanh") * 4 + t.params["n"] * 2 + t.params["bias"]
        for t in study.get_trials()
    }


def test_a_search_space_that_is_not_there_is_said(tmp_path, warehouse):
    labelled_study(tmp_path / "s.log", search_space="elsewhere").optimize(
        lambda t: t.suggest_float("x", 0, 1), n_trials=1
    )
    outcome = load(warehouse, tmp_path / "s.log")
    assert any("'elsewhere' is not in the warehouse" in note for note in outcome.notes)
    assert warehouse.sql("select configuration_id from core.trial").one() is None


def test_a_growing_storage_is_loaded_anew_without_replace(tmp_path, warehouse):
    path = tmp_path / "s.db"
    study = labelled_study(path)
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)
    assert load(warehouse, path).action == "load"
    assert load(warehouse, path).action == "unchanged"
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=3)
    again = load(warehouse, path)
    assert (again.action, again.row_count) == ("update", 5)
    assert warehouse.sql("select count(*) from core.trial_parameter").one() == 5
    assert warehouse.sql("select count(*), max(budget) from core.trace").rows() == [(5, 5.0)]


def test_a_folder_of_storages_is_one_source(tmp_path, warehouse):
    folder = tmp_path / "many"
    folder.mkdir()
    make_studies(folder / "a.db")
    labelled_study(folder / "b.log").optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=4)
    (folder / "readme.txt").write_text("no storage")
    assert load(warehouse, folder).row_count == 24
    for name, path in (("one", folder / "a.db"), ("run", folder / "b.log")):
        assert plain_number(stored_trials(warehouse, name)) == plain_number(expected_trials(path, name))


def test_a_journal_cut_off_in_its_last_line_is_read_up_to_there(tmp_path, warehouse):
    path = tmp_path / "s.log"
    labelled_study(path).optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=3)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    outcome = load(warehouse, path)
    assert any("last line of s.log is not finished" in note for note in outcome.notes)
    assert warehouse.sql("select status from core.trial order by number").rows() == [
        ("finished",),
        ("finished",),
        ("running",),
    ]


def test_a_journal_damaged_in_the_middle_names_the_line(tmp_path, warehouse):
    path = tmp_path / "s.log"
    labelled_study(path).optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=3)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:4], b"{broken\n", *lines[4:]]))
    with pytest.raises(IngestError, match="line 5: not an operation"):
        load(warehouse, path)
    path.write_bytes(b"".join([*lines[:4], b'{"op_code":11}\n']))
    with pytest.raises(IngestError, match="operation code 11 is unknown"):
        load(warehouse, path)


def test_journal_replay_follows_optuna_where_operations_are_void(tmp_path, warehouse):
    path = tmp_path / "s.log"
    labelled_study(path).optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    with path.open("a") as handle:
        worker, when = {"worker_id": "w"}, "2026-01-01T00:00:00.000000+00:00"
        suggested = {"op_code": 5, **worker, "trial_id": 1, "param_name": "x"}
        wider, other = (
            json.dumps({"name": "FloatDistribution", "attributes": {"step": None, "low": low, "high": 5.0, "log": log}})
            for low, log in ((0.0, False), (0.1, True))
        )
        logs = [
            {"op_code": 0, **worker, "study_name": "run", "directions": [2]},
            {"op_code": 6, **worker, "trial_id": 0, "state": 3, "values": None, "datetime_complete": when},
            {"op_code": 8, **worker, "trial_id": 0, "user_attr": {"late": 1}},
            {"op_code": 4, **worker, "study_id": 9, "datetime_start": when},
            {"op_code": 4, **worker, "study_id": 0, "datetime_start": when},
            {**suggested, "param_value_internal": 4.5, "distribution": wider},
            {**suggested, "param_value_internal": 0.5, "distribution": other},
            {**suggested, "param_value_internal": 0.5, "distribution": wider, "trial_id": 9},
            {"op_code": 10, **worker},
        ]
        handle.writelines(json.dumps(log) + "\n" for log in logs)
    outcome = load(warehouse, path)
    assert plain_number(stored_trials(warehouse, "run")) == plain_number(expected_trials(path, "run"))
    assert warehouse.sql("select lower, upper from core.sweep_parameter").rows() == [(0.0, 5.0)]
    assert any("changed their range" in note for note in outcome.notes)


@pytest.mark.parametrize(
    ("revision", "message"),
    [
        ("v2.6.0.a", "older Optuna schema v2.6.0.a.*optuna storage upgrade"),
        ("v9.0.0.a", "unknown Optuna schema v9.0.0.a"),
    ],
)
def test_another_schema_version_is_refused(tmp_path, warehouse, revision, message):
    make_studies(tmp_path / "s.db")
    with sqlite3.connect(tmp_path / "s.db") as connection:
        connection.execute("update alembic_version set version_num = ?", [revision])
    with pytest.raises(IngestError, match=message):
        load(warehouse, tmp_path / "s.db")


@pytest.mark.parametrize(
    ("version", "zone", "note"),
    [("4.9.0", None, "local time"), ("5.0.0", None, "UTC"), ("5.0.0", "Asia/Tokyo", "Tokyo")],
)
def test_naive_times_say_how_they_were_read(tmp_path, warehouse, monkeypatch, version, zone, note):
    import time

    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        make_studies(tmp_path / "s.db")
        with sqlite3.connect(tmp_path / "s.db") as connection:
            connection.execute("update version_info set library_version = ?", [version])
            connection.execute("update trials set datetime_start = '2026-07-01 12:00:00.250000'")
        load(warehouse, tmp_path / "s.db", options={"time_zone": zone} if zone else {})
        offset = {"4.9.0": -4, "5.0.0": 9 if zone else 0}[version]
        expected = datetime(2026, 7, 1, 12, 0, 0, 250000, UTC) - timedelta(hours=offset)
        assert warehouse.sql("select distinct started_at from core.trial").one().astimezone(UTC) == expected
        assert note in warehouse.sql("select time_note from core.sweep").one()
    finally:
        monkeypatch.undo()
        time.tzset()


def test_naive_times_of_an_older_journal_are_local(tmp_path, warehouse):
    path = tmp_path / "s.log"
    labelled_study(path).optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    path.write_text(path.read_text().replace("+00:00", ""))
    load(warehouse, path, options={"time_zone": "Asia/Tokyo"})
    assert "Tokyo, as asked" in warehouse.sql("select time_note from core.sweep").one()
    stored = json.loads([line for line in path.read_text().splitlines() if '"op_code":4' in line][0])["datetime_start"]
    expected = datetime.fromisoformat(stored).replace(tzinfo=UTC) - timedelta(hours=9)
    assert warehouse.sql("select started_at from core.trial").one().astimezone(UTC) == expected


def test_a_zone_that_is_none_is_refused(tmp_path, warehouse):
    make_studies(tmp_path / "s.log")
    with pytest.raises(UsageError, match="no time zone 'Mars'"):
        load(warehouse, tmp_path / "s.log", options={"time_zone": "Mars"})


def test_what_is_no_storage_is_refused(tmp_path, warehouse):
    (tmp_path / "t.txt").write_text("hello\n")
    with pytest.raises(IngestError, match="neither an SQLite file nor an Optuna journal"):
        load(warehouse, tmp_path / "t.txt")
    with sqlite3.connect(tmp_path / "t.db") as connection:
        connection.execute("create table t (a)")
    with pytest.raises(IngestError, match="no Optuna storage"):
        load(warehouse, tmp_path / "t.db")
    with pytest.raises(IngestError, match="There is no file"):
        load(warehouse, tmp_path / "missing.db")
    make_studies(tmp_path / "cut.db")
    (tmp_path / "cut.db").write_bytes((tmp_path / "cut.db").read_bytes()[:6000])
    with pytest.raises(IngestError, match="cut.db"):
        load(warehouse, tmp_path / "cut.db")
    (tmp_path / "empty").mkdir()
    with pytest.raises(IngestError, match="holds no Optuna storage"):
        load(warehouse, tmp_path / "empty")


def test_a_storage_held_by_a_writer_is_said(tmp_path, warehouse, monkeypatch):
    from hpowh.warehouse.sources import optuna_sqlite

    monkeypatch.setattr(optuna_sqlite, "PATIENCE", 0.1)
    make_studies(tmp_path / "s.db")
    writer = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    writer.execute("begin exclusive")
    with pytest.raises(IngestError, match="held by a writer"):
        load(warehouse, tmp_path / "s.db")
    writer.rollback()
    assert load(warehouse, tmp_path / "s.db").row_count == 20
    writer.close()


def test_a_storage_is_only_read(tmp_path, warehouse):
    make_studies(tmp_path / "s.db")
    before = (tmp_path / "s.db").read_bytes()
    load(warehouse, f"sqlite:///{tmp_path / 's.db'}")
    assert (tmp_path / "s.db").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith("s.db")) == ["s.db"]


def test_a_storage_in_wal_mode_is_read_with_its_log(tmp_path, warehouse):
    path = tmp_path / "s.db"
    make_studies(path)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("pragma journal_mode = wal")
    assert load(warehouse, path).row_count == 20
    writer.execute("insert into trials (number, study_id, state) values (99, 1, 'WAITING')")
    outcome = load(warehouse, path)
    writer.close()
    assert (outcome.action, outcome.row_count) == ("update", 21)


def test_an_empty_study_and_a_storage_without_studies(tmp_path, warehouse):
    optuna.create_study(storage=storage_at(tmp_path / "s.db"), study_name="nothing")
    assert load(warehouse, tmp_path / "s.db").row_count == 0
    assert warehouse.sql("select count(*) from core.sweep").one() == 1


def test_preview_shows_attributes_and_first_trials(tmp_path):
    labelled_study(tmp_path / "s.log", team="x").optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=7)
    shown = preview(find_source("optuna"), Request(str(tmp_path / "s.log"), "s", mapping={"team": "factor"}))
    assert shown.row_count == 7
    assert ("team", "factor", "given") in shown.mapping
    assert ("algorithm", "algorithm", "by its name") in shown.mapping
    assert [row[:3] for row in shown.rows] == [("run", number, "finished") for number in range(5)]


def test_a_metric_known_with_the_other_direction_is_refused(tmp_path, warehouse):
    labelled_study(tmp_path / "a.log").optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    load(warehouse, tmp_path / "a.log")
    study = optuna.create_study(storage=storage_at(tmp_path / "b.log"), study_name="up", direction="maximize")
    study.set_user_attr("metric", "loss")
    with pytest.raises(IngestError, match="'loss' is in the warehouse with direction 'min'"):
        ingest(warehouse, find_source("optuna"), Request(str(tmp_path / "b.log"), "other"))


def test_a_replaced_storage_leaves_nothing_behind(tmp_path, warehouse):
    make_studies(tmp_path / "a.log")
    load(warehouse, tmp_path / "a.log")
    tables = ("sweep", "sweep_metric", "sweep_parameter", "trial", "trial_parameter", "trial_metric", "trial_attribute")
    count = {t: warehouse.sql(f"select count(*) from core.{t}").one() for t in tables}
    shutil.copy(tmp_path / "a.log", tmp_path / "b.log")
    ingest(warehouse, find_source("optuna"), Request(str(tmp_path / "b.log"), "studies"), replace_old=True)
    assert {t: warehouse.sql(f"select count(*) from core.{t}").one() for t in tables} == count
