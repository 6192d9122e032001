"""Laws of tools' own files: the same trials in whatever tool's form are the same facts, sound, and loaded once.

The files are written as the tools document them; tests of each tool hold its source against the tool itself.
"""

from __future__ import annotations

import math
import random
import shutil
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

from .carps.test_carps import line as carps_line
from .carps.test_carps import write as carps_write
from .coco.encoding import write as coco_write
from .ioh.encoding import write as ioh_write
from .tool_files import ACTIVATIONS, ASKED, TOOLS, Trial

NUMBERS = st.floats(1e-6, 1e6).map(lambda v: round(v, 6))
CONFIGURATIONS = st.fixed_dictionaries(
    {"lr": NUMBERS, "act": st.sampled_from(ACTIVATIONS)}, optional={"depth": st.integers(1, 64), "n": NUMBERS}
)
LOSSES = st.one_of(NUMBERS, NUMBERS.map(lambda v: -v), st.just(math.inf))
TRIALS = st.lists(st.tuples(CONFIGURATIONS, LOSSES), min_size=3, max_size=8)
FACTS = """
  select list((p.name, p.numeric_value, case when p.numeric_value is null then p.text_value end) order by p.name),
    any_value(m.value), any_value(m.status)
  from core.trial as t join core.trial_parameter as p using (trial_id)
  left join core.trial_metric as m on m.trial_id = t.trial_id and m.step is null group by t.trial_id"""


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
    mapping, options = ASKED.get(kind, ({"loss": "metric"}, {"direction": "min"}))
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


@pytest.mark.parametrize("count", [1, pytest.param(12, marks=pytest.mark.slow)])
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


FEW = ("keras-tuner", "smac", "syne-tune", "tensorboard")
"""Tools whose own tests do not run the checks."""


@pytest.mark.parametrize(("count", "kinds"), [(1, FEW), pytest.param(4, tuple(TOOLS), marks=pytest.mark.slow)])
def test_what_is_accepted_is_sound_and_loading_it_twice_changes_nothing(count, kinds, store):
    @among(count)
    @given(TRIALS)
    def law(trials: list[Trial]) -> None:
        with TemporaryDirectory() as name:
            loaded = []
            for kind in kinds:
                (Path(name) / kind).mkdir()
                path = TOOLS[kind](Path(name) / kind, trials)
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


RUNS = st.dictionaries(
    st.tuples(st.sampled_from("AB"), st.sampled_from(["t", "u/1"]), st.integers(0, 2)),
    st.lists(NUMBERS, min_size=1, max_size=4),
    min_size=2,
    max_size=5,
)


@pytest.mark.parametrize("count", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_runs_of_carps_are_their_logs_whatever_the_folders_and_lines_are_ordered_by(count, store):
    @among(count)
    @given(RUNS, st.integers(0, 99))
    def law(runs: dict[tuple[str, str, int], list[float]], seed: int) -> None:
        said = sorted((*key, float(at), cost) for key, costs in runs.items() for at, cost in enumerate(costs, start=1))
        with TemporaryDirectory() as name:
            for at in range(2):
                chance = random.Random(seed + at)
                for place, (key, costs) in enumerate(chance.sample(list(runs.items()), len(runs))):
                    logged = [carps_line(number, cost) for number, cost in enumerate(costs, start=1)]
                    config = "seed: {2}\noptimizer_id: {0}\ntask_id: {1}\n".format(*key)
                    carps_write(Path(name) / str(at) / f"r{place}", chance.sample(logged, len(logged)), config)
                asked = Request(str(Path(name) / str(at)), "carps")
                first = ingest(store, find_source("carps"), asked)
                assert ingest(store, find_source("carps"), asked).action == "unchanged"
                assert store.sql(POINTS).rows() == said
                with store.writing() as connection:
                    remove_source(connection, first.source_id)

    law()
