"""Grids with conditional hyperparameters: empty cells are inactive where another hyperparameter tells it."""

from __future__ import annotations

import itertools

import polars as pl
import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest import Request, RowsRefusedError, find_source, ingest, preview
from hpowh.warehouse.ingest.dimensions import Hyperparameter, Requirement, configuration_count
from hpowh.warehouse.sources.grid import ranks

GRID = find_source("grid")


@pytest.fixture(autouse=True, params=[4, 0])
def often(request, monkeypatch):
    """Look at combinations of settings by themselves where they are repeated, and always: both are the same."""
    monkeypatch.setattr(ranks, "REPEATED", request.param)


def rows() -> list[dict]:
    """Kernel linear has neither gamma nor degree; rbf has gamma; poly has both, and an shift from degree 2 on."""
    found = []
    for kernel, c in itertools.product(("linear", "rbf", "poly"), (1, 10)):
        for gamma in (None,) if kernel == "linear" else (0.1, 1.0, 10.0):
            for degree in (1, 2, 3) if kernel == "poly" else (None,):
                for shift in (0.0, 1.5) if degree and degree > 1 else (None,):
                    found.append({"kernel": kernel, "C": c, "gamma": gamma, "degree": degree, "shift": shift})
    return [row | {"accuracy": 0.5 + 0.01 * at} for at, row in enumerate(found)]


def load(warehouse, tmp_path, frame: pl.DataFrame, suffix: str = "csv", **more):
    path = tmp_path / f"svm.{suffix}"
    {"csv": frame.write_csv, "parquet": frame.write_parquet, "jsonl": frame.write_ndjson}[suffix](path)
    return ingest(warehouse, GRID, Request(str(path), "svm", {}, more, None))


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_what_is_inactive_is_null_and_each_row_is_one_configuration(warehouse, tmp_path, suffix):
    frame = pl.DataFrame(rows())
    report = load(warehouse, tmp_path, frame, suffix)
    assert "gamma is active where kernel is poly or rbf; elsewhere it is empty, and a step that makes it active " \
           "arrives at 1.0." in report.notes  # fmt: skip
    assert any(note.startswith("shift is active where kernel is poly and degree is 2 or 3;") for note in report.notes)
    assert not any("configurations of" in note for note in report.notes)  # none is missing
    names = ["kernel", "C", "gamma", "degree", "shift"]
    back = warehouse.sql(f"select {', '.join(names)}, value as accuracy from space.svm").pl()
    assert back.sort("accuracy").equals(frame.with_columns(pl.col("C").cast(pl.Int64)).sort("accuracy"))
    assert warehouse.sql("select configuration_count, cardinality from mart.search_space").rows() == [(38, 108)]
    assert warehouse.sql("select coverage from mart.landscape").one() == 1


def test_order_of_rows_and_columns_changes_nothing(warehouse, tmp_path):
    frame = pl.DataFrame(rows())
    load(warehouse, tmp_path, frame)
    other = Warehouse.create(tmp_path / "other.duckdb")
    load(other, tmp_path, frame.select(*reversed(frame.columns)).sample(fraction=1, shuffle=True, seed=1))
    query = 'select kernel, C, gamma, degree, "shift", value from space.svm order by value'
    assert other.sql(query).rows() == warehouse.sql(query).rows()


def test_numbers_that_are_not_one_are_empty(warehouse, tmp_path):
    frame = pl.DataFrame(rows()).with_columns(pl.col("gamma").fill_null(float("nan")))
    load(warehouse, tmp_path, frame, "parquet")
    assert warehouse.sql("select count(*) from space.svm where gamma is null").one() == 2


def test_a_cell_that_nothing_explains_is_missing(warehouse, tmp_path):
    frame = pl.DataFrame(rows()).with_columns(
        pl.when((pl.col("kernel") == "rbf") & (pl.col("C") == 1) & (pl.col("gamma") == 1.0)).then(None)
        .otherwise(pl.col("gamma")).alias("gamma")
    )  # fmt: skip
    with pytest.raises(RowsRefusedError, match="gamma.*the hyperparameter is missing"):
        load(warehouse, tmp_path, frame)


@pytest.mark.parametrize(
    "text",
    ["lr,depth,loss\n1,2,1\n,3,1\n", "lr,depth,loss\n1,2,1\n2,2,1\n,3,1\n", "lr,depth,loss\n1,2,1\n,3,1\n,4,1\n"],
)
def test_one_empty_cell_beside_a_number_is_missing(warehouse, tmp_path, text):
    (tmp_path / "svm.csv").write_text(text)
    with pytest.raises(RowsRefusedError, match="the hyperparameter is missing"):
        ingest(warehouse, GRID, Request(str(tmp_path / "svm.csv"), "svm", {}, {}, None))


def test_one_row_of_another_category_and_layers_that_a_number_turns_on_are_conditions(warehouse, tmp_path):
    (tmp_path / "svm.csv").write_text("kernel,gamma,loss\nlinear,,3\nrbf,0.1,1\nrbf,1,2\n")
    ingest(warehouse, GRID, Request(str(tmp_path / "svm.csv"), "svm", {}, {}, None))
    rows = ["layers,first,second,loss", *(f"1,{one},,{one}" for one in (8, 16)),
            *(f"2,{one},{two},{one + two}" for one in (8, 16) for two in (8, 16))]  # fmt: skip
    (tmp_path / "mlp.csv").write_text("\n".join(rows))
    ingest(warehouse, GRID, Request(str(tmp_path / "mlp.csv"), "mlp", {}, {}, None))
    needs = warehouse.sql("select hyperparameter, needs, labels from mart.condition order by 1").rows()
    assert needs == [("gamma", "kernel", ["rbf"]), ("second", "layers", ["2"])]


def test_two_that_are_empty_together_explain_nothing(warehouse, tmp_path):
    frame = pl.DataFrame({"a": [1, 2, None, None], "b": [1, 1, None, None], "c": [1, 2, 1, 2], "loss": [1.0, 2, 3, 4]})
    with pytest.raises(RowsRefusedError, match="no other one tells when it would be inactive"):
        load(warehouse, tmp_path, frame)


def test_a_later_file_keeps_to_the_conditions(warehouse, tmp_path):
    frame = pl.DataFrame(rows())
    load(warehouse, tmp_path, frame)
    more = frame.with_columns(pl.lit("other").alias("dataset"))
    more.write_csv(tmp_path / "more.csv")
    ingest(warehouse, GRID, Request(str(tmp_path / "more.csv"), "more", {}, {"space": "svm"}, None))
    assert warehouse.sql("select count(*) from space.svm where gamma is null").one() == 4
    wrong = more.with_columns(pl.lit("third").alias("dataset"), pl.col("gamma").fill_null(1.0))
    wrong.write_csv(tmp_path / "wrong.csv")
    with pytest.raises(RowsRefusedError, match="it has a value where it is inactive: gamma is active where kernel is"):
        ingest(warehouse, GRID, Request(str(tmp_path / "wrong.csv"), "wrong", {}, {"space": "svm"}, None))


def test_the_dry_run_says_the_same(tmp_path):
    path = tmp_path / "svm.csv"
    pl.DataFrame(rows()).write_csv(path)
    shown = preview(GRID, Request(str(path), "svm", {}, {}, None))
    assert any("5 hyperparameters, 38 cells" in note for note in shown.notes)
    assert any(note.startswith("degree is active where kernel is poly;") for note in shown.notes)


def test_configurations_are_counted_along_the_requirements():
    def made(name, size, *needs):
        requires = tuple(Requirement(other, levels) for other, levels in needs)
        return Hyperparameter(
            name=name, kind="categorical", value_type="int", levels=tuple(range(size)), requires=requires
        )

    space = [
        made("d", 7, ("b", (0, 1)), ("c", (1,))), made("a", 3), made("b", 4, ("a", (2,))), made("c", 2), made("e", 5),
    ]  # fmt: skip
    # a other than 2: b is inactive, and so is d; else b has 4 levels, and d its 7 where b is 0 or 1 and c is 1
    by_hand = 5 * (2 * 2 + (2 * (1 + 7) + 2 * 2))
    assert configuration_count(space) == by_hand
