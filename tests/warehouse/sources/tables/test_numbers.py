"""Numbers of tables are exact or refused, and one level has one spelling."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest import Request, RowsRefusedError, find_source, ingest

BIG = 2**53 + 1


def load(warehouse: Warehouse, kind: str, path: Path, mapping: dict[str, str] | None = None, **options: Any):
    return ingest(warehouse, find_source(kind), Request(str(path), path.stem, mapping or {}, options))


def stored(frame: pl.DataFrame, folder: Path, form: str) -> Path:
    path = folder / f"table.{form}"
    {"csv": frame.write_csv, "parquet": frame.write_parquet, "jsonl": frame.write_ndjson}[form](path)
    return path


def runs(**columns: list[Any]) -> pl.DataFrame:
    count = len(next(iter(columns.values())))
    plain = {
        "algorithm": ["A", "B"] * (count // 2),
        "benchmark": ["b"] * count,
        "value": [float(i) for i in range(count)],
    }
    return pl.DataFrame(plain | columns)


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_seeds_of_64_bits_stay_exact(warehouse, tmp_path, form):
    seeds = [2**53, 2**53 + 1, 2**53 + 2, 2**53 + 3, 2**63 - 1, 2**63 - 2, -(2**62) - 1, 7]
    frame = runs(seed=[seed for seed in seeds for _ in "AB"])
    load(warehouse, "runs", stored(frame, tmp_path, form), direction="min")
    assert warehouse.sql("select count(*), count(distinct seed) from mart.run").rows() == [(16, 8)]
    assert {row[0] for row in warehouse.sql("select seed from core.run").rows()} == set(seeds)


def test_a_seed_beyond_64_bits_is_refused_by_name(warehouse, tmp_path):
    frame = runs(seed=pl.Series([2**63 + 5, 2**63 + 5, 1, 1], dtype=pl.UInt64))
    for form in ("csv", "parquet"):
        with pytest.raises(RowsRefusedError, match="column 'seed', value '9223372036854775813': the seed does not fit"):
            load(warehouse, "runs", stored(frame, tmp_path, form), direction="min")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_seeds_may_be_texts(warehouse, tmp_path, form):
    frame = runs(seed=["seed_0", "seed_0", "seed_12", "seed_12"])
    outcome = load(warehouse, "runs", stored(frame, tmp_path, form), direction="min")
    assert {row[0] for row in warehouse.sql("select seed from core.run").rows()} == {0, 12}
    assert any("'seed_0' is 0, 'seed_12' is 12" in note for note in outcome.notes)


@pytest.mark.parametrize("column", ["seed", "fold"])
def test_seeds_and_folds_of_a_grid_may_be_texts(warehouse, tmp_path, column):
    frame = pl.DataFrame({"lr": [1, 1, 2, 2], column: ["s-3", "s-12", "s-3", "s-12"], "loss": [1.0, 2, 3, 4]})
    outcome = load(warehouse, "grid", stored(frame, tmp_path, "csv"), direction="min")
    assert warehouse.sql(f"select {column}, value from core.evaluation order by value").rows() == [
        (3, 1), (12, 2), (3, 3), (12, 4)
    ]  # fmt: skip
    assert any("'s-12' is 12, 's-3' is 3" in note for note in outcome.notes)


def test_a_missing_text_seed_is_refused_in_words(warehouse, tmp_path):
    frame = runs(seed=["seed_0", "NA", "seed_12", "seed_12"])
    with pytest.raises(RowsRefusedError, match="column 'seed', value 'NA': the seed is missing"):
        load(warehouse, "runs", stored(frame, tmp_path, "csv"), direction="min")


def test_text_seeds_have_the_same_number_in_every_file(warehouse, tmp_path):
    first = tmp_path / "first.csv"
    first.write_text("algorithm,benchmark,seed,value\nA,b,alpha,1\nA,b,beta,2\n")
    second = tmp_path / "second.csv"
    second.write_text("algorithm,benchmark,seed,value\nB,b,beta,1\nB,b,gamma,2\n")
    load(warehouse, "runs", first, direction="min", experiment="x")
    load(warehouse, "runs", second, direction="min", experiment="x")
    found = warehouse.sql("select seed, count(*) from core.run group by seed").rows()
    assert sorted(count for _, count in found) == [1, 1, 2]


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_hashes_are_never_rounded(warehouse, tmp_path, form):
    hashes = [BIG + 2 * i for i in range(20)]
    values = [float(i) for i in range(20)]
    frame = pl.DataFrame({"data_hash": hashes, "lr": [0.1 * value for value in values], "loss": values})
    path = stored(frame, tmp_path, form)
    load(warehouse, "trials", path, direction="min")
    texts = warehouse.sql("select text_value from core.trial_parameter where name = 'data_hash'").rows()
    assert {int(text) for (text,) in texts} == set(hashes)
    load(warehouse, "grid", path, direction="min")
    labels = warehouse.sql(
        "select label from core.hyperparameter_level join core.hyperparameter as h using (search_space_id, position) "
        "where h.name = 'data_hash'"
    ).rows()
    assert {int(label) for (label,) in labels} == set(hashes)


def test_hashes_as_factors_keep_runs_apart(warehouse, tmp_path):
    frame = runs(seed=[0] * 8, commit=[BIG, BIG, BIG + 1, BIG + 1, BIG + 2, BIG + 2, BIG + 3, BIG + 3])
    for form in ("csv", "parquet"):
        path = stored(frame, tmp_path, form)
        load(warehouse, "runs", path.rename(tmp_path / f"{form}.{form}"), direction="min", experiment=form)
        found = warehouse.sql("select distinct text_value, numeric_value from core.run_factor").rows()
        assert {text for text, _ in found} == {str(BIG + i) for i in range(4)}
        assert {number for _, number in found} == {None}


@pytest.mark.parametrize("texts", [["1.9", "1.1", "1.10"], ["01", "1", "001"]])
def test_labels_that_look_like_numbers_stay_apart(warehouse, tmp_path, texts):
    rows = [f"{a},b,0,{text},{i}" for i, text in enumerate(texts) for a in "AB"]
    path = tmp_path / "runs.csv"
    path.write_text("\n".join(["algorithm,benchmark,seed,version,value", *rows]))
    load(warehouse, "runs", path, direction="min")
    assert {row[0] for row in warehouse.sql("select text_value from core.run_factor").rows()} == set(texts)
    path = tmp_path / "grid.csv"
    path.write_text("\n".join(["version,lr,loss", *(f"{text},{lr},{lr}" for text in texts for lr in (1, 2))]))
    load(warehouse, "grid", path, direction="min")
    load(warehouse, "trials", path, direction="min")
    for table, column in (("hyperparameter_level", "label"), ("trial_parameter", "text_value")):
        found = {row[0] for row in warehouse.sql(f"select {column} from core.{table}").rows()}
        assert set(texts) <= found


def test_a_text_is_a_text_where_asked(warehouse, tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("algorithm,benchmark,version,value\nA,b,1.5,1\nB,b,1.5,2\nA,b,2.5,3\nB,b,2.5,4\n")
    load(warehouse, "runs", path, {"version": "factor:text"}, direction="min")
    found = warehouse.sql("select distinct text_value, numeric_value from core.run_factor order by 1").rows()
    assert found == [("1.5", None), ("2.5", None)]


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_one_number_has_one_spelling_whatever_the_format(warehouse, tmp_path, form):
    frame = runs(seed=[0] * 8, width=[1.0, 1.0, 2.0, 2.0, 0.5, 0.5, 1e-7, 1e-7], warm=[True, True, False, False] * 2)
    load(warehouse, "runs", stored(frame, tmp_path, form), direction="min")
    assert set(warehouse.sql("select name, numeric_value, text_value from core.run_factor").rows()) == {
        ("width", 1.0, "1"), ("width", 2.0, "2"), ("width", 0.5, "0.5"), ("width", 1e-7, "1e-07"),
        ("warm", None, "True"), ("warm", None, "False"),
    }  # fmt: skip


def test_levels_that_agree_in_twelve_digits_are_one(warehouse, tmp_path):
    levels = [(0.1, 0.1), (0.2, 0.2), (0.3, 0.1 + 0.2), (0.4, 0.4)]
    cells = [(pair, width, fold) for pair in levels for width in (1, 2, 3) for fold in (0, 1)]
    rows = [f"{pair[fold]!r},{width},{fold},{pair[0] * width}" for pair, width, fold in cells]

    path = tmp_path / "grid.csv"
    path.write_text("\n".join(["dropout,width,fold,loss", *rows]))
    outcome = load(warehouse, "grid", path, direction="min")
    labels = warehouse.sql("select label from core.hyperparameter_level where position = 0 order by level").rows()
    assert labels == [("0.1",), ("0.2",), ("0.3",), ("0.4",)]
    folds = warehouse.sql("select configuration_id, count(distinct fold) from core.evaluation group by 1").rows()
    assert len(folds) == 12
    assert {count for _, count in folds} == {2}
    assert any("0.3 and 0.30000000000000004 are one level" in note for note in outcome.notes)
    more = tmp_path / "more.csv"
    more.write_text("dropout,width,fold,loss\n0.30000000000000004,1,2,0.5\n")
    load(warehouse, "grid", more, direction="min", space="grid", benchmark="grid")
    assert warehouse.sql("select count(*) from core.hyperparameter_level where position = 0").one() == 4


def test_factors_that_agree_in_twelve_digits_are_one(warehouse, tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("algorithm,benchmark,noise,value\nA,b,0.3,1\nB,b,0.30000000000000004,2\nA,b,0.5,1\nB,b,0.5,1\n")
    outcome = load(warehouse, "runs", path, direction="min")
    assert set(warehouse.sql("select numeric_value from core.run_factor").rows()) == {(0.3,), (0.5,)}
    assert any("12 digits" in note for note in outcome.notes)


@pytest.mark.parametrize("largest", [1.7976931348623157e308, 1e200])
def test_a_value_that_stands_for_infinity_is_infinite(warehouse, tmp_path, largest):
    path = tmp_path / "t.csv"
    path.write_text(f"x1,x2,loss\n1,2,{largest!r}\n2,2,0.5\n3,1,{-largest!r}\n")
    for kind, table in (("trials", "trial_metric"), ("grid", "evaluation")):
        outcome = load(warehouse, kind, path, direction="min")
        assert sorted(warehouse.sql(f"select status from core.{table}").rows()) == [("inf",), ("neg_inf",), ("ok",)]
        assert any("2 values are beyond 1e+150" in note for note in outcome.notes)
    path.write_text("\n".join(["x1,loss", *(f"{i},{largest if i % 4 == 0 else i / 7!r}" for i in range(12))]))
    outcome = ingest(warehouse, find_source("trials"), Request(str(path), "often", {}, {"direction": "min"}))
    assert any("3 values are beyond" in note for note in outcome.notes)
    path.write_text(f"algorithm,benchmark,loss\nA,b,{largest!r}\nB,b,0.5\n")
    outcome = load(warehouse, "runs", path, direction="min")
    assert warehouse.sql("select avg(value), var_pop(value) from core.trace").rows() == [(0.5, 0.0)]
    assert any("1 value is beyond" in note for note in outcome.notes)


def test_lengths_of_time_of_parquet_are_seconds(warehouse, tmp_path):
    for unit in ("ms", "us", "ns"):
        frame = runs(
            seed=[0, 0], budget=pl.Series([timedelta(seconds=1.5), timedelta(seconds=2)], dtype=pl.Duration(unit))
        )
        path = stored(frame, tmp_path, "parquet").rename(tmp_path / f"{unit}.parquet")
        outcome = load(warehouse, "runs", path, direction="min", experiment=unit)
        budgets = warehouse.sql("select budget from mart.observation where experiment = $1 order by 1", [unit]).rows()
        assert budgets == [(1.5,), (2.0,)]
        assert any("read in seconds" in note for note in outcome.notes)


def test_decimals_of_parquet_are_numbers(warehouse, tmp_path):
    from decimal import Decimal

    frame = runs(seed=[0, 0, 1, 1], noise=[Decimal("0.10"), Decimal("0.10"), Decimal("2.00"), Decimal("2.00")])
    load(warehouse, "runs", stored(frame, tmp_path, "parquet"), direction="min")
    found = warehouse.sql("select distinct numeric_value, text_value from core.run_factor order by 1").rows()
    assert found == [(0.1, "0.1"), (2.0, "2")]


def test_a_benchmark_of_very_large_doubles_is_a_text(warehouse, tmp_path):
    frame = runs(seed=[0, 1]).with_columns(benchmark=pl.Series([1e20, 3.0]))
    load(warehouse, "runs", stored(frame, tmp_path, "parquet"), direction="min")
    assert {row[0] for row in warehouse.sql("select name from core.benchmark").rows()} == {"1e+20", "3"}


def test_lists_with_other_blanks_are_one_level(warehouse, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('layers,lr,loss\n"[64, 32]",1,0.5\n"[64,32]",2,0.4\n"[ 64 ,32 ]",3,0.4\n"[8]",1,0.1\n')
    load(warehouse, "trials", path, direction="min")
    load(warehouse, "grid", path, direction="min")
    texts = warehouse.sql("select text_value from core.trial_parameter where name = 'layers'").rows()
    trial = {row[0] for row in texts}
    level = {row[0] for row in warehouse.sql("select label from core.hyperparameter_level where position = 0").rows()}
    assert trial == level == {"[64, 32]", "[8]"}


def test_whole_numbers_written_with_a_point_are_whole(warehouse, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("batch,lr,loss\n128.0,0.1,1\n,0.2,2\n64.0,0.3,3\n")
    load(warehouse, "trials", path, direction="min")
    assert warehouse.sql("select name, value_type from core.sweep_parameter order by name").rows() == [
        ("batch", "int"), ("lr", "float")
    ]  # fmt: skip
    texts = warehouse.sql("select text_value from core.trial_parameter where name = 'batch'").rows()
    assert {row[0] for row in texts} == {"128", "64"}
