"""Laws of tools' own files: the same trials in whatever tool's form are the same facts, sound, and loaded once.

The files are written as the tools document them; tests of each tool hold its source against the tool itself.
"""

from __future__ import annotations

import json
import math
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hpowh.warehouse import Warehouse
from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.ingest import LoadContext, Request, find_source, ingest
from hpowh.warehouse.ingest.remove import remove_source

from .coco.encoding import write as coco_write
from .hpbandster.test_hpbandster import result as bohb_result
from .hpbandster.test_hpbandster import write as bohb_write
from .ioh.encoding import write as ioh_write
from .neptune.test_neptune import BEGAN, exported
from .nni.test_nni import database as nni_database
from .trackio.test_trackio import project as trackio_project

Trial = tuple[dict[str, Any], float]
"""A configuration and its loss."""
ACTIVATIONS = st.sampled_from(["relu", "it's", 'q"x', "caf\u00e9", "a,b", "x y"])
NUMBERS = st.floats(1e-6, 1e6).map(lambda v: round(v, 6))
CONFIGURATIONS = st.fixed_dictionaries(
    {"lr": NUMBERS, "act": ACTIVATIONS}, optional={"depth": st.integers(1, 64), "n": NUMBERS}
)
LOSSES = st.one_of(NUMBERS, NUMBERS.map(lambda v: -v), st.just(math.inf))
TRIALS = st.lists(st.tuples(CONFIGURATIONS, LOSSES), min_size=3, max_size=8)
FACTS = """
  select list((p.name, p.numeric_value, case when p.numeric_value is null then p.text_value end) order by p.name),
    any_value(m.value), any_value(m.status)
  from core.trial as t join core.trial_parameter as p using (trial_id)
  left join core.trial_metric as m on m.trial_id = t.trial_id and m.step is null group by t.trial_id"""


def lines(folder: Path, trials: list[Trial]) -> Path:
    path = folder / "trials.jsonl"
    path.write_text("".join(json.dumps({"config": one, "loss": loss}) + "\n" for one, loss in trials), encoding="utf-8")
    return path


def mlflow(folder: Path, trials: list[Trial]) -> Path:
    experiment = folder / "mlruns" / "1"
    experiment.mkdir(parents=True)
    (experiment / "meta.yaml").write_text("experiment_id: '1'\nname: e\nlifecycle_stage: active\n")
    for number, (configuration, loss) in enumerate(trials):
        run = experiment / f"{number:032x}"
        for kind, values in (
            ("params", configuration),
            ("metrics", {"loss": f"{1_700_000_000_000 + number} {loss} 0\n"}),
        ):
            (run / kind).mkdir(parents=True)
            for name, value in values.items():
                (run / kind / name).write_text(str(value), encoding="utf-8")
        times = f"start_time: {1_700_000_000_000 + number}\nend_time: {1_700_000_001_000 + number}\n"
        (run / "meta.yaml").write_text(f"run_id: {run.name}\nrun_name: r{number}\nstatus: 3\n{times}")
    return folder / "mlruns"


def ray_tune(folder: Path, trials: list[Trial]) -> Path:
    for number, (configuration, loss) in enumerate(trials):
        trial = folder / "exp" / f"train_{number:05d}"
        trial.mkdir(parents=True)
        (trial / "params.json").write_text(json.dumps(configuration), encoding="utf-8")
        said = {"loss": loss, "training_iteration": 1, "trial_id": f"t{number}", "done": True}
        (trial / "result.json").write_text(json.dumps(said) + "\n")
    return folder / "exp"


def trackio(folder: Path, trials: list[Trial]) -> Path:
    runs: list[Any] = [
        (f"r{i}", configuration, [(0, {"loss": loss})]) for i, (configuration, loss) in enumerate(trials)
    ]
    return trackio_project(folder / "p.db", runs)


def nni(folder: Path, trials: list[Trial]) -> Path:
    made: list[Any] = [(f"t{i:03d}", c, "SUCCEEDED", [], {"default": loss}) for i, (c, loss) in enumerate(trials)]
    return nni_database(folder / "nni.sqlite", made, None)


def hpbandster(folder: Path, trials: list[Trial]) -> Path:
    configs = [[[0, 0, i], configuration, {}] for i, (configuration, _) in enumerate(trials)]
    return bohb_write(folder / "bohb", configs, [bohb_result((0, 0, i), 1.0, t[1], at=i) for i, t in enumerate(trials)])


def neptune(folder: Path, trials: list[Trial]) -> Path:
    for i, (configuration, loss) in enumerate(trials):
        values = {f"parameters/{name}": value for name, value in configuration.items()}
        values["sys/creation_time"] = BEGAN.replace(minute=i)
        exported(folder / "data" / "me" / f"P-{i}_part_0.parquet", f"P-{i}", values, {"loss": {"0.000000": loss}})
    return folder / "data"


TOOLS: dict[str, Callable[[Path, list[Trial]], Path]] = {
    "trials": lines, "mlflow": mlflow, "ray-tune": ray_tune, "trackio": trackio, "nni": nni, "hpbandster": hpbandster,
    "neptune": neptune,
}  # fmt: skip


def runs_of(folder: Path, algorithms: list[str], write: Any, courses: dict[str, list[list[tuple[int, float]]]]) -> Path:
    for name in algorithms:
        write(folder / name, name, {2: list(enumerate(courses[name], start=1))})
    return folder


def among(count: int) -> settings:
    return settings(
        max_examples=count,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
    )


@pytest.fixture(scope="module")
def store(empty_warehouse, tmp_path_factory):
    path = tmp_path_factory.mktemp("laws") / "laws.duckdb"
    shutil.copy(empty_warehouse, path)
    with Warehouse(path) as opened:
        yield opened


class UndoneError(Exception):
    """Ends a transaction whose facts were looked at."""


def asked(kind: str, path: Path) -> Request:
    mapping, options = {"loss": "metric"}, {"direction": "min"}
    if kind == "nni":
        mapping, options = {}, {"direction": "min"}
    if kind == "hpbandster":
        mapping, options = {}, {}
    return Request(str(path), kind, mapping, options)


def facts_of(store: Warehouse, kind: str, path: Path) -> list[Any]:
    """Return the facts that a tool's files come to; the warehouse stays as it was."""
    found: list[Any] = []
    try:
        with store.writing() as connection:
            find_source(kind).load(connection, asked(kind, path), LoadContext(1, lambda _message, _share: None))
            found = sorted(connection.execute(FACTS).fetchall(), key=repr)
            raise UndoneError
    except UndoneError:
        return found


def expected(trials: list[Trial]) -> list[Any]:
    """Return what an independent reading of the trials says."""
    return sorted(
        (
            (
                [
                    (name, float(value), None) if isinstance(value, int | float) else (name, None, value)
                    for name, value in sorted(configuration.items())
                ],
                None if math.isinf(loss) else loss,
                "inf" if math.isinf(loss) else "ok",
            )
            for configuration, loss in trials
        ),
        key=repr,
    )


@pytest.mark.parametrize("count", [1, pytest.param(25, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", TOOLS)
def test_trials_are_the_same_facts_in_whatever_order(kind, count, store):
    @among(count)
    @given(TRIALS, st.integers(0, 99))
    def law(trials: list[Trial], seed: int) -> None:
        with TemporaryDirectory() as name:
            for at, some in enumerate((trials, random.Random(seed).sample(trials, len(trials)))):
                folder = Path(name) / str(at)
                folder.mkdir()
                found = facts_of(store, kind, TOOLS[kind](folder, some))
                assert [(list(p), value, status) for p, value, status in found] == expected(trials)

    law()


@pytest.mark.parametrize("count", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_what_is_accepted_is_sound_and_loading_it_twice_changes_nothing(count, store):
    @among(count)
    @given(TRIALS)
    def law(trials: list[Trial]) -> None:
        with TemporaryDirectory() as name:
            loaded = []
            for kind, write in TOOLS.items():
                (Path(name) / kind).mkdir()
                path = write(Path(name) / kind, trials)
                first = ingest(store, find_source(kind), asked(kind, path))
                assert (first.action, first.row_count) == ("load", len(trials))
                assert ingest(store, find_source(kind), asked(kind, path)).action == "unchanged"
                loaded.append(first.source_id)
            assert [one.name for one in run_checks(store) if one.failures] == []
            with store.writing() as connection:
                for source_id in loaded:
                    remove_source(connection, source_id)

    law()


COURSES = st.lists(
    st.lists(st.integers(0, 8000).map(lambda v: v / 8), min_size=1, max_size=6).map(
        lambda v: list(enumerate(v, start=1))
    ),
    min_size=1,
    max_size=3,
)
POINTS = "select algorithm, benchmark, seed, budget, value from mart.trace order by all"


@pytest.mark.parametrize("count", [1, pytest.param(10, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("kind", "write"), [("ioh", ioh_write), ("coco", coco_write)])
def test_logs_of_runs_are_the_best_so_far_in_whatever_order_they_were_written(kind, write, count, store):
    @among(count)
    @given(st.fixed_dictionaries({"A": COURSES, "B": COURSES}))
    def law(courses: dict[str, list[list[tuple[int, float]]]]) -> None:
        found = []
        with TemporaryDirectory() as name:
            for at, order in enumerate((["A", "B"], ["B", "A"])):
                path = runs_of(Path(name) / str(at), order, write, courses)
                request = Request(str(path), "logs")
                first = ingest(store, find_source(kind), request)
                assert ingest(store, find_source(kind), request).action == "unchanged"
                found.append(store.sql(POINTS).rows())
                assert [one.name for one in run_checks(store) if one.failures] == []
                with store.writing() as connection:
                    remove_source(connection, first.source_id)
        assert found[0] == found[1]
        said = {(row[0], row[2], row[3]): row[4] for row in found[0]}
        for algorithm, runs in courses.items():
            for seed, course in enumerate(runs, start=1):
                points = {budget: value for (of, s, budget), value in said.items() if (of, s) == (algorithm, seed)}
                best = min(value for _, value in course)
                assert max(points) == len(course)
                assert points[len(course)] == pytest.approx(best, abs=1e-7)  # COCO counts 1e-8 as reached
                assert points[1] == pytest.approx(course[0][1], abs=1e-7)

    law()
