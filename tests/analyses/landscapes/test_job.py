"""The landscapes of a warehouse: analysed, stored, left alone while unchanged, compared, drawn."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.job import Selection, Settings, analyse, compare
from hpowh.analyses.landscapes.one.characterise import Options, characterise
from hpowh.reports.pictures.analysed import analysed_map
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError

SHAPE, ORDINAL = (3, 4, 5), (False, True, True)
RNG = np.random.default_rng(11)
SEEDS = RNG.integers(0, 30, (*SHAPE, 3)) / 32.0
"""Losses of three seeds; multiples of a power of two, so that sums are exact and ties are real."""
OTHER = RNG.integers(0, 30, (*SHAPE, 3)) / 32.0
SINGLE = RNG.random(SHAPE)


@pytest.fixture(scope="module")
def filled(
    empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory, fill_warehouse: Callable[..., None]
) -> Path:
    """A warehouse with two benchmarks of three seeds, a maximised metric, splits, fidelities, and a hopeless one."""
    path = tmp_path_factory.mktemp("landscapes") / "hpowh.duckdb"
    shutil.copy(empty_warehouse, path)
    holed = SINGLE.copy()
    holed[0] = -np.inf
    tables: list[dict[str, Any]] = [
        {"benchmark": "one", "value": SEEDS},
        {"benchmark": "two", "value": OTHER},
        {"benchmark": "one", "value": 1 - SEEDS, "metric": "val_acc", "direction": "max", "bounds": (0.0, 1.0)},
        {"benchmark": "one", "value": SEEDS * 10, "metric": "train_time", "unit": "s"},
        {"benchmark": "three", "value": SINGLE, "split": "train"},
        {"benchmark": "three", "value": SINGLE + 0.1 * np.arange(5), "split": "test"},
        {"benchmark": "four", "value": holed, "fidelity": 9.0},
        {"benchmark": "four", "value": SINGLE, "fidelity": 3.0},
        {"benchmark": "hopeless", "value": np.full(SHAPE, np.nan)},
    ]
    fill_warehouse(Warehouse(path), "grid", SHAPE, ORDINAL, tables)
    return path


@pytest.fixture
def stored(filled: Path, tmp_path: Path) -> Warehouse:
    shutil.copy(filled, tmp_path / "hpowh.duckdb")
    return Warehouse(tmp_path / "hpowh.duckdb")


def metric(warehouse: Warehouse, benchmark: str, name: str) -> float | None:
    return warehouse.sql(
        "select value from mart.landscape_measure where benchmark = ? and measure = ?", [benchmark, name]
    ).one()


def test_stored_numbers_are_those_of_the_pure_functions(stored: Warehouse) -> None:
    analyse(stored, Selection(benchmark="one"), Settings(default=7))
    expected = characterise(Surface.from_grid(SEEDS.mean(axis=-1), ORDINAL), Options(default=7))
    table = expected.tables["landscape_metric"]
    for name, value in zip(table["name"], table["value"], strict=True):
        found = metric(stored, "one", name)
        assert found == (None if value is None else pytest.approx(value, abs=1e-9)), name
    for name, columns in expected.tables.items():
        count = stored.sql(f"select count(*) from result.{name}").one()
        assert count == len(next(iter(columns.values()))), name


def test_the_views_give_what_the_engine_gives(stored: Warehouse) -> None:
    """Degree, improving, tied and neutral counts of every configuration, n_lo and neutrality: by SQL alone."""
    analyse(stored, Selection(benchmark="one"), Settings(epsilon="0.05", has_similarity=False))
    by_sql = stored.sql(
        """
        select configuration_id, count(*), count(*) filter (difference < 0), count(*) filter (difference = 0),
          count(*) filter (abs(difference) <= 0.05)
        from mart.landscape_edge where benchmark = 'one' and metric = 'val_loss'
        group by configuration_id order by configuration_id
        """
    ).rows()
    by_engine = stored.sql(
        "select configuration_id, degree, improving_count, tied_count, neutral_count from result.landscape_node "
        "order by configuration_id"
    ).rows()
    assert by_sql == by_engine
    weak = sum(row[2] == 0 for row in by_sql)
    assert metric(stored, "one", "n_lo_weak") == weak
    assert metric(stored, "one", "neutrality") == pytest.approx(
        sum(row[4] for row in by_sql) / sum(row[1] for row in by_sql)
    )
    # Plateaus by recursion over ties: n_lo counts each once.
    n_lo = stored.sql(
        """
        with recursive edge as materialized (
          select configuration_id, neighbour_id, difference from mart.landscape_edge
          where benchmark = 'one' and metric = 'val_loss'
        ),
        member as (
          select distinct configuration_id as plateau, configuration_id from edge
          union
          select m.plateau, e.neighbour_id from member as m
          join edge as e on e.configuration_id = m.configuration_id and e.difference = 0
        )
        select count(distinct least_member) from (
          select m.configuration_id, min(m.plateau) as least_member,
            bool_or(exists (
              select 1 from edge as e where e.configuration_id = m.plateau and e.difference < 0
            )) as leaves
          from member as m group by m.configuration_id
        ) where not leaves
        """
    ).one()
    assert metric(stored, "one", "n_lo") == n_lo


def test_unchanged_landscapes_are_left_alone_and_changed_ones_are_not(stored: Warehouse) -> None:
    first = analyse(stored, Selection(space="grid"))
    again = analyse(stored, Selection(space="grid"))
    assert {o.subject for o in again if o.is_new} == set()
    assert [o.analysis_run_id for o in again] == [o.analysis_run_id for o in first]
    with stored.writing() as con:
        con.execute(
            "update core.evaluation set value = 0.0 where configuration_id = 59 and benchmark_id = 2 and seed = 1"
        )
    subjects = {o.subject for o in analyse(stored, Selection(space="grid"), Settings(default=None)) if o.is_new}
    assert "grid: two val_loss valid" in subjects
    assert "grid: two val_loss valid by seed" in subjects
    assert "grid: val_loss valid by benchmark" in subjects
    assert "grid: one val_loss valid by seed" not in subjects
    assert stored.sql("select count(distinct analysis_run_id) from result.landscape_subject").one() == sum(
        ":" in o.subject and " by " not in o.subject and "against" not in o.subject and o.error is None for o in first
    )


def test_other_parameters_are_another_analysis(stored: Warehouse) -> None:
    selection = Selection(benchmark="one")
    one = analyse(stored, selection, Settings(has_similarity=False))[0]
    other = analyse(stored, selection, Settings(has_similarity=False, epsilon="0.2"))[0]
    assert one.analysis_run_id != other.analysis_run_id
    assert other.is_new


def test_a_maximised_metric_is_negated(stored: Warehouse) -> None:
    analyse(stored, Selection(benchmark="one", metric="all"), Settings(has_similarity=False))
    values = {
        (name, measure): value
        for name, measure, value in stored.sql("select metric, measure, value from mart.landscape_measure").rows()
    }
    for measure in ("n_lo", "basin_global", "assortativity_rank", "fdc_spearman", "variance_main"):
        assert values["val_acc", measure] == pytest.approx(values["val_loss", measure])
    assert values["val_acc", "loss_best"] == pytest.approx(values["val_loss", "loss_best"] - 1)
    epsilon = dict(
        stored.sql(
            "select m.name, s.epsilon_rule from result.landscape_subject as s join core.metric as m using (metric_id)"
        ).rows()
    )
    assert epsilon["val_acc"] == "0.01, the metric lies in [0, 1]"
    assert epsilon["val_loss"] == "0.01 of the interquartile range"


def test_the_default_metric_split_and_fidelity(stored: Warehouse) -> None:
    subjects = [
        o.subject for o in analyse(stored, settings=Settings(has_similarity=False)) if "against" not in o.subject
    ]
    assert subjects == [
        "grid: four val_loss valid @9",
        "grid: hopeless val_loss valid",
        "grid: one val_loss valid",
        "grid: three val_loss test",
        "grid: two val_loss valid",
    ]


def test_a_hopeless_landscape_does_not_stop_the_others(stored: Warehouse) -> None:
    outcomes = {o.subject: o for o in analyse(stored, settings=Settings(has_similarity=False))}
    assert "finite loss" in str(outcomes["grid: hopeless val_loss valid"].error)
    assert outcomes["grid: one val_loss valid"].error is None


@pytest.mark.parametrize("cells", [1, 100, 150, 10_000])
def test_landscapes_read_together_are_those_read_one_by_one(stored: Warehouse, cells: int) -> None:
    """With a hopeless one among them, another metric, holes, and at most so many configurations a query."""
    from hpowh.analyses.landscapes.errors import LandscapeError
    from hpowh.analyses.landscapes.reading.keys import read_keys, read_space
    from hpowh.analyses.landscapes.reading.rows import read_ahead, read_surface, rows_of

    keys = read_keys(rows_of(stored))
    space = read_space(rows_of(stored), 1)
    together = list(read_ahead(stored, keys, {1: space}, cells))
    assert len(together) == len(keys) == 9
    for key, found in zip(keys, together, strict=True):
        if key.benchmark == "hopeless":
            assert isinstance(found, LandscapeError)
            continue
        alone = read_surface(stored, key, space)
        assert isinstance(found, Surface)
        assert np.array_equal(found.ranks, alone.ranks)
        assert np.array_equal(found.loss, alone.loss)


def test_a_damaged_space_is_told_of_and_stops_nothing_else(
    stored: Warehouse, fill_warehouse: Callable[..., None]
) -> None:
    fill_warehouse(stored, "other", (2, 3), (True, True), [{"benchmark": "five", "value": np.arange(6.0)}])
    with stored.writing() as con:
        con.execute("update core.hyperparameter set stride = 5 where search_space_id = 2 and position = 0")
    outcomes = {o.subject: o for o in analyse(stored, settings=Settings(has_similarity=False))}
    assert "has stride 5" in str(outcomes["other: five val_loss valid"].error)
    assert outcomes["grid: one val_loss valid"].error is None


STRANGE: dict[str, tuple[tuple[int, ...], np.ndarray, dict[str, Any]]] = {
    "one level": ((1, 3), np.array([3.0, 1.0, 2.0]), {"n_lo": 1, "n_edges": 2}),
    "one configuration": ((1, 1), np.array([3.0]), {"n_lo": 1, "neutrality": None, "basin_largest": 1}),
    "all equal": ((2, 3), np.full(6, 0.5), {"n_lo": 1, "n_plateau": 1, "assortativity_rank": None, "neutrality": 1}),
    "diverged": ((2, 3), np.array([1.0, 2, 3, 4, 5, 1e7]), {"n_lo": 1, "loss_worst": 1e7, "variance_ranks_main": 1}),
    "ten thousand levels": ((10_000,), np.arange(10_000.0), {"n_lo": 1, "n_edges": 9_999, "monotone_share": 1}),
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_landscapes_are_stored_with_values_or_reasons(
    warehouse: Warehouse, fill_warehouse: Callable[..., None], name: str
) -> None:
    shape, value, expected = STRANGE[name]
    fill_warehouse(warehouse, name, shape, (True,) * len(shape), [{"benchmark": name, "value": value}])
    outcome = analyse(warehouse, settings=Settings(default=0))[0]
    assert outcome.error is None
    found = {n: (v, r) for n, v, r in warehouse.sql("select name, value, reason from result.landscape_metric").rows()}
    for measure, wanted in expected.items():
        assert found[measure][0] == (None if wanted is None else pytest.approx(wanted)), measure
    assert all((value is None) == bool(reason) for value, reason in found.values())
    assert warehouse.sql("select count(*) from result.landscape_node").one() == value.size


def test_a_grid_beyond_memory_is_told_of_with_its_size_and_the_way_out(
    warehouse: Warehouse, fill_warehouse: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from hpowh.analyses.landscapes.grid import edges

    monkeypatch.setattr(edges, "MAX_PAIRS", 10)
    fill_warehouse(warehouse, "huge", (5, 5), (False, False), [{"benchmark": "b", "value": np.arange(25.0)}])
    outcome = analyse(warehouse)[0]
    assert "100 or more neighbour pairs; a list of them stops at 10" in str(outcome.error)
    assert "or analyse a slice of the space" in str(outcome.error)
    assert warehouse.sql("select count(*) from result.landscape_node").one() == 0


def test_a_direction_declared_the_wrong_way_round_is_warned_of(
    warehouse: Warehouse, fill_warehouse: Callable[..., None]
) -> None:
    """An objective that is a loss, declared to be maximised: a diverged run comes out as the best."""
    value = np.random.default_rng(0).random((5, 5))
    value[1, 1] = 1e7
    table = {"benchmark": "b", "value": value, "metric": "objective", "direction": "max"}
    fill_warehouse(warehouse, "grid", (5, 5), (True, True), [table])
    outcome = analyse(warehouse)[0]
    assert any("is 'objective' really to be maximised?" in warning for warning in outcome.warnings)
    kept = warehouse.sql("select warnings from ops.analysis_run where job = 'landscapes'").one()
    assert "really to be maximised" in kept


def test_one_seed(stored: Warehouse) -> None:
    outcome = analyse(stored, Selection(benchmark="one", seed=2), Settings(has_similarity=False))[0]
    assert outcome.subject == "grid: one val_loss valid #2"
    assert metric(stored, "one", "loss_best") == pytest.approx(SEEDS[..., 2].min())
    missing = analyse(stored, Selection(benchmark="one", seed=9), Settings(has_similarity=False))[0]
    assert "There is no seed 9. There is: 0, 1, 2." in str(missing.error)


def test_similarity_over_benchmarks_seeds_metrics_fidelities_splits(stored: Warehouse) -> None:
    analyse(stored)
    found = stored.sql(
        "select aspect, landscape_a, landscape_b, value from result.landscape_similarity where measure = 'spearman'"
    ).rows()
    from scipy.stats import spearmanr

    by_pair = {(aspect, a, b): value for aspect, a, b, value in found}
    assert by_pair["benchmark", "one", "two"] == pytest.approx(
        spearmanr(SEEDS.mean(axis=-1).ravel(), OTHER.mean(axis=-1).ravel()).statistic
    )
    assert by_pair["seed", "0", "1"] is not None
    assert by_pair["metric", "train_time", "val_acc"] == pytest.approx(1)
    assert by_pair["fidelity", "3", "9"] == pytest.approx(1)
    assert by_pair["split", "test", "train"] == pytest.approx(by_pair["split", "train", "test"])


def test_overfitting_where_both_splits_are_there(stored: Warehouse) -> None:
    outcomes = analyse(stored, Selection(benchmark="three"), Settings(has_similarity=False))
    assert outcomes[-1].subject == "grid: three val_loss test against train"
    gap = stored.sql("select main_share from result.landscape_gap order by position").rows()
    assert [row[0] for row in gap] == pytest.approx([0, 0, 1], abs=1e-9)
    largest = stored.sql("select max(gap) from result.landscape_gap_node").one()
    assert largest == pytest.approx(0.4)
    assert not analyse(stored, Selection(benchmark="three"), Settings(has_similarity=False))[-1].is_new


def test_optimiser_runs_are_placed(stored: Warehouse) -> None:
    with stored.writing() as con:
        con.execute("insert into core.algorithm values (5, 'TPE')")
        con.execute("insert into core.sweep values (3, 'demo', 'optuna', 1, 1, null, 1)")
        con.execute(
            "insert into core.sweep_metric values (3, 0, (select metric_id from core.metric where name = 'val_loss'))"
        )
        con.execute("insert into core.run values (8, 1, 5, 1, 42, 3, 1)")
        for number, (configuration, seen) in enumerate([(0, 0.9), (7, 0.5), (3, 0.7), (20, 0.1)]):
            con.execute(
                "insert into core.trial values (?, 3, '', ?, 'finished', null, null, null, ?, 1)",
                [number, number, configuration],
            )
            con.execute(
                "insert into core.trial_metric values "
                "(?, (select metric_id from core.metric where name = 'val_loss'), null, ?, 'ok')",
                [number, seen],
            )
    analyse(stored, Selection(benchmark="one"), Settings(has_similarity=False))
    row = stored.sql(
        "select run_id, algorithm_id, seed, trial_count, final_configuration_id, final_loss from result.landscape_run"
    ).rows()
    assert row == [(8, 5, 42, 4, 20, pytest.approx(SEEDS.mean(axis=-1).ravel()[20]))]
    steps = stored.sql("select configuration_id from result.landscape_run_step order by trial_number").rows()
    assert [s[0] for s in steps] == [0, 7, 20]
    for runs in (["TPE"], []):
        drawn = analysed_map(stored, Selection(benchmark="one"), runs=runs)
        assert "end of TPE, seed 42" in drawn
    assert "end of" not in analysed_map(stored, Selection(benchmark="one"))
    with pytest.raises(UsageError, match="no run 'CMA'") as caught:
        analysed_map(stored, Selection(benchmark="one"), runs=["CMA"])
    assert "There is: TPE" in caught.value.hint


def test_worker_processes_find_the_same(stored: Warehouse) -> None:
    names = ("n_lo", "assortativity_rank", "lon_2_edges", "variance_main")
    analyse(stored, settings=Settings(has_similarity=False, jobs=2))
    in_workers = {(b, n): metric(stored, b, n) for b in ("one", "two", "four") for n in names}
    analyse(stored, settings=Settings(has_similarity=False, jobs=1, lags=9))
    assert in_workers == {(b, n): metric(stored, b, n) for b in ("one", "two", "four") for n in names}


def test_compare_two_landscapes(stored: Warehouse) -> None:
    found = {m.name: m.value for m in compare(stored, "one", "two")}
    best = SEEDS.mean(axis=-1).ravel().argmin()
    other = OTHER.mean(axis=-1).ravel()
    assert found["regret"] == pytest.approx(other[best] - other.min())
    assert {m.name: m.value for m in compare(stored, "one:val_acc", "one")}["spearman"] == pytest.approx(1)
    assert {m.name: m.value for m in compare(stored, "one#0", "one#0")}["shake_up"] == 0
    for text, message in (("none", "no benchmark 'none'"), ("one#x", "no seed"), ("one:loss", "no metric 'loss'")):
        with pytest.raises(UsageError, match=message):
            compare(stored, text, "two")


class TestMap:
    def test_a_map_is_an_svg_with_every_configuration(self, stored: Warehouse) -> None:
        with pytest.raises(UsageError, match="was not analysed"):
            analysed_map(stored, Selection(benchmark="one"))
        analyse(stored, Selection(benchmark="one"), Settings(has_similarity=False))
        svg = analysed_map(stored, Selection(benchmark="one"))
        root = ElementTree.fromstring(svg)
        assert root.tag.endswith("svg")
        assert "global optimum" in svg
        assert svg == analysed_map(stored, Selection(benchmark="one"))

    def test_the_best_is_dark_and_holes_are_clear(self) -> None:
        from hpowh.reports.pictures.stacking import STOPS, colours, shades, stack_axes

        surface = Surface.from_grid(np.array([[0.0, np.nan, 3.0], [5.0, 6.0, 1e9]]))
        stack = stack_axes(surface.space, [0.1, 0.9])
        assert (stack.across, stack.down) == ((1,), (0,))
        pixels = colours(shades(surface, stack))
        assert pixels.shape == (2, 3, 4)
        assert pixels[0, 0].tolist() == [*STOPS[0].astype(int).tolist(), 255]
        assert pixels[1, 2].tolist() == [*STOPS[-1].astype(int).tolist(), 255]
        assert pixels[0, 1, 3] == 0

    def test_every_configuration_has_a_cell_of_its_own(self) -> None:
        from hpowh.analyses.landscapes.grid.space import Space
        from hpowh.reports.pictures.stacking import stack_axes

        stack = stack_axes(Space.of((3, 4, 2, 5)), [0.2, 0.9, 0.1, 0.4])
        column, row = stack.place(np.arange(120))
        assert len(set(zip(column.tolist(), row.tolist(), strict=True))) == 120 == stack.width * stack.height
        assert stack.across[0] == 1


class TestCommandLine:
    def test_analyse_compare_map(self, stored: Warehouse, hpowh: Callable[..., Any], tmp_path: Path) -> None:
        done = hpowh("analyse", "landscapes", "--space", "grid")
        assert done.returncode == 0, done.stderr
        assert "grid: one val_loss valid: analysis run" in done.stderr
        assert "hopeless val_loss valid: not analysed. No configuration has a finite loss." in done.stderr
        again = hpowh("analyse", "landscapes", "--benchmark", "one", "--json")
        outcomes = json.loads(again.stdout)["analyses"]
        assert [o["is_new"] for o in outcomes[:1]] == [False]
        assert outcomes[0]["findings"][0]["sentence"].startswith("grid: one val_loss valid: ")
        compared = hpowh("analyse", "compare", "one", "two", "--json")
        assert {m["measure"] for m in json.loads(compared.stdout)} >= {"spearman", "regret"}
        drawn = hpowh("analyse", "map", "--benchmark", "one", "--out", "one.svg")
        assert drawn.returncode == 0, drawn.stderr
        assert (tmp_path / "one.svg").read_text().startswith("<svg")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["landscapes", "--benchmark", "nope"], "There is no benchmark 'nope' here. There is: four"),
            (["landscapes", "--fidelity", "4"], "no landscape at fidelity 4"),
            (["compare", "one", "nope"], "no benchmark 'nope'"),
            (["map", "--benchmark", "one"], "Run: hpowh analyse landscapes --benchmark one"),
        ],
    )
    def test_errors_say_what_to_do(
        self, stored: Warehouse, hpowh: Callable[..., Any], arguments: list[str], message: str
    ) -> None:
        done = hpowh("analyse", *arguments)
        assert done.returncode == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_bad_threshold_is_told_for_each_landscape(self, stored: Warehouse, hpowh: Callable[..., Any]) -> None:
        done = hpowh("analyse", "landscapes", "--benchmark", "one", "--epsilon", "tiny", "--no-similarity")
        assert done.returncode == 1
        assert "'tiny' is no neutrality threshold" in done.stderr


def test_benchmarks_with_levels_of_their_own_are_complete(warehouse: Warehouse, tmp_path: Path) -> None:
    """Learning rates 1 to 3, 4 to 6 and 7 to 9, as grids of language models have them: three complete landscapes."""
    from hpowh.warehouse.ingest import Request, find_source, ingest

    rng = np.random.default_rng(0)
    lines = ["benchmark,lr,bs,loss"]
    for name, first in (("a", 1), ("b", 4), ("c", 7)):
        lines += [f"{name},{first + i},{bs},{rng.random():.6f}" for i in range(3) for bs in (8, 16, 32)]
    lines.append("c,9,64,nan")  # a batch size at which all that was tried failed
    (tmp_path / "lr.csv").write_text("\n".join(lines) + "\n")
    request = Request(str(tmp_path / "lr.csv"), "lr", options={"direction": "min"})
    ingest(warehouse, find_source("grid"), request)
    outcomes = {o.subject: o for o in analyse(warehouse)}
    found = warehouse.sql(
        "select benchmark, measure, value from mart.landscape_measure where measure in ('coverage', 'n_lo', 'n_edges')"
    ).rows()
    values = {(benchmark, measure): value for benchmark, measure, value in found}
    for benchmark in "abc":
        assert values[benchmark, "coverage"] == 1
        assert values[benchmark, "n_edges"] == 12
        assert values[benchmark, "n_lo"] >= 1
    warnings = [w for o in outcomes.values() if o.subject.startswith("lr: c ") for w in o.warnings]
    assert any("bs = 64 never succeeded (1 of 1): such levels take no part." in w for w in warnings)
    assert any("of lr 6 levels of the search space were never tried on it" in w for w in warnings)
    best = warehouse.sql(
        "select count(*) from result.landscape_optimum as o join result.landscape_subject as s using (analysis_run_id) "
        "join core.evaluation as e on e.configuration_id = o.configuration_id and e.benchmark_id = s.benchmark_id "
        "where abs(e.value - o.loss) < 1e-12"
    ).one()
    assert best == sum(values[benchmark, "n_lo"] for benchmark in "abc")
