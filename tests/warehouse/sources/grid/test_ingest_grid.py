"""Wide grids: levels, ranks, typed columns, and what is refused."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Request, RowsRefusedError, find_source, ingest, preview

from ....examples import few

GRID = find_source("grid")
LEVELS = {"lr": [0.001, 0.01, 0.1], "act": ["relu", "tanh"], "depth": [1, 2, 3], "warm": [False, True]}


def toy(**columns) -> pl.DataFrame:
    cells = list(itertools.product(*LEVELS.values()))
    frame = pl.DataFrame(dict(zip(LEVELS, zip(*cells, strict=True), strict=True)))
    return frame.with_columns(
        (pl.col("lr") * pl.col("depth")).alias("loss"), *(pl.lit(v).alias(k) for k, v in columns.items())
    )


def load(warehouse: Warehouse, source: pl.DataFrame | Path, tmp_path: Path, name: str = "toy", **more):
    path = source
    if isinstance(source, pl.DataFrame):
        path = tmp_path / f"{name}.csv"
        source.write_csv(path)
    mapping, reject_to = more.pop("mapping", {}), more.pop("reject_to", None)
    replace_old = more.pop("replace_old", False)
    return ingest(warehouse, GRID, Request(str(path), name, mapping, more, reject_to), replace_old=replace_old)


def test_typed_columns_by_name(warehouse, tmp_path):
    load(warehouse, toy(), tmp_path)
    frame = warehouse.sql("select * from space.toy order by configuration_id").pl()
    assert frame.height == 36
    assert frame["configuration_id"].to_list() == list(range(36))
    assert [frame.schema[name] for name in LEVELS] == [pl.Float64, pl.String, pl.Int64, pl.Boolean]
    expected = toy().sort("lr", "act", "depth", "warm")
    assert frame.select(*LEVELS).equals(expected.select(*LEVELS))
    assert frame["value"].to_list() == expected["loss"].to_list()


def test_rank_is_the_mixed_radix_number(warehouse, tmp_path):
    load(warehouse, toy(), tmp_path)
    strides = dict(warehouse.sql("select name, stride from core.hyperparameter").rows())
    assert strides == {"lr": 12, "act": 6, "depth": 2, "warm": 1}
    row = warehouse.sql(
        "select configuration_id from space.toy where lr = 0.1 and act = 'tanh' and depth = 2 and warm"
    ).one()
    assert row == 2 * 12 + 1 * 6 + 1 * 2 + 1


def test_kinds_and_scales(warehouse, tmp_path):
    load(warehouse, toy(), tmp_path, mapping={"depth": "hyperparameter:categorical"})
    rows = warehouse.sql("select name, kind, value_type, scale from core.hyperparameter order by position").rows()
    assert rows == [
        ("lr", "ordinal", "float", "log"),
        ("act", "categorical", "text", "linear"),
        ("depth", "categorical", "int", "linear"),
        ("warm", "categorical", "bool", "linear"),
    ]


def test_neighbours_of_every_configuration(warehouse, tmp_path):
    """lr and depth are chains of 3, act and warm pairs: counted by hand."""
    load(warehouse, toy(), tmp_path)
    pairs = warehouse.sql("select hyperparameter, count(*) from mart.neighbour group by 1 order by 1").rows()
    assert pairs == [("act", 36), ("depth", 48), ("lr", 48), ("warm", 36)]
    corner = warehouse.sql(
        "select hyperparameter, neighbour_id from mart.neighbour "
        "where search_space = 'toy' and configuration_id = 0 order by 2"
    ).rows()
    assert corner == [("warm", 1), ("depth", 2), ("act", 6), ("lr", 12)]


@settings(max_examples=few(8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), min_size=1, max_size=4))
def test_neighbourhood_law(empty_warehouse, tmp_path, axes):
    """A chain of k has 2(k-1) directed pairs a line, a clique k(k-1); pairs come in both directions."""
    sizes = [size for size, _ in axes]
    cells = list(itertools.product(*(range(size) for size in sizes)))
    frame = pl.DataFrame(cells, schema=[f"h{i}" for i in range(len(axes))], orient="row")
    mapping = {f"h{i}": f"hyperparameter:{'ordinal' if chain else 'categorical'}" for i, (_, chain) in enumerate(axes)}
    store = tmp_path / "law.duckdb"
    store.write_bytes(empty_warehouse.read_bytes())
    with Warehouse(store) as warehouse:
        load(warehouse, frame.with_columns(pl.lit(1.0).alias("loss")), tmp_path, mapping=mapping)
        found = set(warehouse.sql("select configuration_id, neighbour_id from mart.neighbour").rows())
    total = len(cells)
    expected = sum(total // size * (2 * (size - 1) if chain else size * (size - 1)) for size, chain in axes)
    assert len(found) == expected
    assert {(b, a) for a, b in found} == found


def test_several_metrics_and_splits(warehouse, tmp_path):
    frame = (
        toy(seed=3)
        .rename({"loss": "train_loss"})
        .with_columns(
            (pl.col("train_loss") * 2).alias("test_loss"), pl.lit(0.9).alias("val_acc"), pl.lit(1.5).alias("fit_time")
        )
    )
    outcome = load(warehouse, frame, tmp_path, benchmark="iris")
    rows = warehouse.sql(
        "select benchmark, metric, direction, split, count(*), min(seed), min(cost) from mart.evaluation group by all "
        "order by all"
    ).rows()
    assert rows == [
        ("iris", "acc", "max", "valid", 36, 3, 1.5),
        ("iris", "loss", "min", "test", 36, 3, 1.5),
        ("iris", "loss", "min", "train", 36, 3, 1.5),
    ]
    assert any("higher is better for 'acc'" in note for note in outcome.notes)


def test_given_metric_name_and_split(warehouse, tmp_path):
    load(warehouse, toy(), tmp_path, mapping={"loss": "metric:rmse@test"})
    assert warehouse.sql("select distinct metric, split from mart.evaluation").rows() == [("rmse", "test")]
    with pytest.raises(UsageError, match="no split 'night'"):
        load(warehouse, toy(), tmp_path, "other", mapping={"loss": "metric:rmse@night"})


def test_a_direction_of_no_metric_is_refused(warehouse, tmp_path):
    with pytest.raises(UsageError, match="'valid_loss' is no metric here") as caught:
        load(warehouse, toy(), tmp_path, direction="valid_loss=max")
    assert "There is: loss" in str(caught.value.hint)


def test_fidelity_seed_fold_are_the_grain(warehouse, tmp_path):
    frame = pl.concat([toy(epoch=e, seed=s, fold=f) for e in (1, 2) for s in (0, 1) for f in (0, 1)])
    load(warehouse, frame, tmp_path)
    rows = warehouse.sql(
        "select fidelity, configuration_count, coverage, seed_count, fold_count from mart.landscape order by fidelity"
    ).rows()
    assert rows == [(1.0, 36, 1.0, 2, 2), (2.0, 36, 1.0, 2, 2)]


def test_holes_are_counted_not_filled(warehouse, tmp_path):
    outcome = load(warehouse, toy().head(30), tmp_path)
    assert any("30 of 36 configurations" in note for note in outcome.notes)
    assert warehouse.sql("select configuration_count, cardinality from mart.landscape").rows() == [(30, 36)]


def test_doubled_configuration_is_refused(warehouse, tmp_path):
    frame = toy()
    path = tmp_path / "toy.csv"
    pl.concat([frame, frame.head(1)]).write_csv(path)
    with pytest.raises(RowsRefusedError) as refused:
        load(warehouse, path, tmp_path)
    assert refused.value.problems[0].row == 37
    assert "already measured" in refused.value.problems[0].reason
    assert warehouse.sql("select count(*) from core.evaluation").one() == 0
    assert warehouse.sql("select count(*) from core.search_space").one() == 0
    warehouse.close()
    outcome = load(warehouse, path, tmp_path, reject_to=tmp_path / "rejects.csv")
    assert (outcome.row_count, outcome.refused_count) == (36, 1)


def test_unknown_level_of_a_declared_space(warehouse, tmp_path):
    declared = {name: list(levels) for name, levels in LEVELS.items()} | {"depth": [1, 2]}
    with pytest.raises(RowsRefusedError) as refused:
        load(warehouse, toy(), tmp_path, levels=declared)
    problem = refused.value.problems[0]
    assert (problem.column, problem.value) == ("depth", "3")
    assert "levels: 1, 2" in problem.reason
    assert refused.value.count == 12


def levels_of(warehouse: Warehouse, name: str) -> list[str]:
    return [
        row[0]
        for row in warehouse.sql(
            "select label from core.hyperparameter_level join core.hyperparameter using (search_space_id, position) "
            "where name = ? order by level",
            [name],
        ).rows()
    ]


def test_levels_may_be_declared_for_some_hyperparameters(warehouse, tmp_path):
    sized = toy().with_columns(pl.Series("size", ["low", "mid", "high"] * 12)).unique(["lr", "act", "depth", "warm"])
    mapping, declared = {"size": "hyperparameter:ordinal"}, {"size": ["low", "mid", "high"], "depth": [0, 1, 2, 3]}
    path = tmp_path / "sized.csv"
    sized.write_csv(path)
    notes = preview(GRID, Request(str(path), "sized", mapping, {"levels": declared})).notes
    assert "  size (ordinal): low, mid, high" in notes
    assert "  depth (ordinal): 0, 1, 2, 3" in notes
    assert "  act (categorical): relu, tanh" in notes
    outcome = load(warehouse, sized, tmp_path, "sized", mapping=mapping, levels=declared)
    assert (levels_of(warehouse, "size"), levels_of(warehouse, "depth")) == (["low", "mid", "high"], list("0123"))
    assert not any("alphabet" in note for note in outcome.notes)
    order = [row[0] for row in warehouse.sql("select name from core.hyperparameter order by position").rows()]
    assert order == [*LEVELS, "size"]


def test_an_order_that_nobody_gave_is_said(warehouse, tmp_path):
    sized = toy().with_columns(pl.Series("size", ["low", "mid", "high"] * 12))
    outcome = load(warehouse, sized, tmp_path, "sized", mapping={"size": "hyperparameter:ordinal"})
    assert any("The order of 'size' is the alphabet's: high, low, mid" in note for note in outcome.notes)


def test_declared_levels_that_cannot_be_meant(warehouse, tmp_path):
    with pytest.raises(IngestError, match="levels of 'dept' are declared, which is no hyperparameter in the file"):
        load(warehouse, toy(), tmp_path, levels={"dept": [1, 2, 3]})
    for wrong in ("depth:1,2", {"depth": "1,2"}):
        with pytest.raises(UsageError, match=r"declared in hpowh\.toml, as lists"):
            load(warehouse, toy(), tmp_path, levels=wrong)


def test_a_known_space_takes_more_data_but_no_new_level(warehouse, tmp_path):
    load(warehouse, toy(), tmp_path, "first", space="net", benchmark="a")
    load(warehouse, toy().head(5), tmp_path, "second", space="net", benchmark="b")
    assert warehouse.sql("select count(*) from core.search_space").one() == 1
    warehouse.close()
    deeper = toy().with_columns(pl.col("depth") + 1)
    with pytest.raises(RowsRefusedError, match="no level of depth"):
        load(warehouse, deeper, tmp_path, "third", space="net", benchmark="c")
    with pytest.raises(IngestError, match="not in the space: extra"):
        load(warehouse, toy(extra=1), tmp_path, "fourth", space="net", benchmark="d")


def test_the_same_evaluation_from_a_second_file_is_refused(warehouse, tmp_path):
    load(warehouse, toy(), tmp_path, "first", space="net", benchmark="a")
    with pytest.raises(IngestError, match="already loaded from source 'first'"):
        load(warehouse, toy().head(2), tmp_path, "second", space="net", benchmark="a")


def test_text_in_a_number_column(warehouse, tmp_path):
    path = tmp_path / "toy.csv"
    path.write_text(toy().write_csv().replace("0.001\n", "tiny\n", 1))
    with pytest.raises(RowsRefusedError) as refused:
        load(warehouse, path, tmp_path)
    assert (refused.value.problems[0].column, refused.value.problems[0].value) == ("loss", "tiny")


def test_missing_hyperparameter_is_refused(warehouse, tmp_path):
    path = tmp_path / "toy.csv"
    path.write_text(toy().write_csv().replace("0.001,relu", ",relu", 1))
    with pytest.raises(RowsRefusedError, match="the hyperparameter is missing"):
        load(warehouse, path, tmp_path)


def test_no_metric_lists_the_columns(warehouse, tmp_path):
    with pytest.raises(IngestError, match="no column is a metric; which one is.* Its columns: lr, act, depth, warm, q"):
        load(warehouse, toy().rename({"loss": "q"}), tmp_path)
    load(warehouse, toy().rename({"loss": "q"}), tmp_path, mapping={"q": "metric"})


def test_diverged_values_keep_a_status(warehouse, tmp_path):
    frame = toy().with_columns(
        pl.when(pl.col("depth") == 3).then(float("nan")).otherwise(pl.col("loss")).alias("loss"),
        pl.when(pl.col("lr") == 0.1).then(pl.lit("diverged")).otherwise(pl.lit("ok")).alias("status"),
    )
    load(warehouse, frame, tmp_path)
    rows = warehouse.sql("select status, count(*), count(value) from core.evaluation group by 1 order by 1").rows()
    assert rows == [("diverged", 12, 0), ("nan", 8, 0), ("ok", 16, 16)]
    assert warehouse.sql("select evaluation_count, ok_count from mart.landscape").rows() == [(36, 16)]


def test_an_infinite_level_is_a_level(warehouse, tmp_path):
    """No limit at all is a setting of some models."""
    frame = pl.DataFrame({"limit": [1.0, math.inf, -math.inf], "loss": [0.3, 0.2, 0.1]})
    load(warehouse, frame, tmp_path, mapping={"loss": "metric"}, direction="min")
    rows = warehouse.sql('select "limit", value from space.toy order by value').rows()
    assert rows == [(-math.inf, 0.1), (math.inf, 0.2), (1.0, 0.3)]


def test_preview_shows_levels(tmp_path):
    path = tmp_path / "toy.csv"
    toy().write_csv(path)
    shown = preview(GRID, Request(str(path), "toy"))
    assert ("loss", "metric:loss@valid", "guessed from its name") in shown.mapping
    assert any("4 hyperparameters, 36 cells" in note for note in shown.notes)


def test_hyperparameters_named_like_columns_of_the_view(warehouse, tmp_path):
    frame = toy().rename({"depth": "cost", "act": 'we"ird; --'})
    load(warehouse, frame, tmp_path, mapping={"cost": "hyperparameter"})
    row = warehouse.sql('select "hp_cost", "we""ird; --" from space.toy order by configuration_id limit 1').rows()
    assert row == [(1, "relu")]
