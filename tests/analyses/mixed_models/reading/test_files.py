"""Models of Parquet files: the in-warehouse fit's likelihood, whole or from pieces, without a warehouse."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import numpy as np
import pytest
import typer

from hpowh.analyses.mixed_models.files.job import analyse_files
from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.analyses.mixed_models.model.cells import DataError, cells_from_rows
from hpowh.analyses.mixed_models.model.fit import fit
from hpowh.analyses.mixed_models.reading.files import FileReader, merged
from hpowh.warehouse import Warehouse
from hpowh.warehouse.cli import build
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest import Request, find_source, ingest

FORMULAS = (
    "value ~ algorithm + (1|benchmark)",
    "value ~ algorithm*budget + (1+budget|benchmark)",
    "log(value) ~ algorithm + log(budget) + (1|benchmark) + (1|run)",
)
ROWS = """
select 'A' || (r % 3) as algorithm, 'b' || ((r // 3) % 6) as benchmark, (r // 18) % 4 as seed, b as budget,
  case when r = 7 and b = 2 then 'nan'::double else
    3 + 0.3 * (r % 3) + sin((r // 3) % 6) + 0.2 * sin(r) + ((hash(r, b) % 1000) / 1000.0) / b end as value
from range(72) as r1(r), range(1, 6) as b1(b)"""


@pytest.fixture(scope="module")
def place(empty_warehouse, tmp_path_factory) -> Path:
    """Traces in three files of unlike sizes, and in a warehouse."""
    folder = tmp_path_factory.mktemp("files")
    with duckdb.connect() as connection:
        for name, part in (("a", "seed = 0"), ("b", "seed in (1, 2)"), ("c", "seed = 3")):
            connection.execute(f"copy (select * from ({ROWS}) where {part}) to '{folder}/{name}.parquet'")
        connection.execute(f"copy ({ROWS}) to '{folder}/all.csv'")
    shutil.copy(empty_warehouse, folder / "home.duckdb")
    with Warehouse(folder / "home.duckdb") as store:
        options = {"experiment": "x", "direction": "min"}
        ingest(store, find_source("runs"), Request(str(folder / "all.csv"), "x", {}, options))
    return folder


@pytest.fixture
def reader(place):
    with duckdb.connect() as connection:
        yield lambda *names, **more: FileReader.of(connection, [f"{place}/{name}.parquet" for name in names], **more)


@pytest.mark.parametrize("formula", FORMULAS)
def test_files_give_the_models_of_the_warehouse(place, tmp_path, formula):
    shutil.copy(place / "home.duckdb", tmp_path / "home.duckdb")
    stored = analyse_lmem(Warehouse(tmp_path / "home.duckdb"), formula).tables
    found = analyse_files(f"{place}/*.parquet", formula).tables
    assert set(found) == set(stored)
    for table, columns in (
        ("lmem_model", ("log_likelihood", "sigma", "row_count", "excluded_count")),
        ("lmem_fixed_effect", ("estimate", "standard_error", "df")),
        ("lmem_contrast", ("estimate", "p_adjusted")),
    ):
        for column in columns:
            here, there = (one[table][column].to_numpy().astype(float) for one in (found, stored))
            tolerance = 1e-10 if column in ("log_likelihood", "row_count", "excluded_count") else 1e-6
            np.testing.assert_allclose(here, there, rtol=tolerance, atol=1e-12, err_msg=f"{table}.{column}")


@pytest.mark.parametrize("formula", FORMULAS)
def test_sums_of_pieces_add_up_to_those_of_the_whole(reader, formula):
    whole = reader("a", "b", "c").cells(formula)
    pieces = merged([reader(name).cells(formula) for name in "cab"])
    assert pieces.levels == whole.levels
    assert (pieces.row_count, pieces.excluded) == (whole.row_count, whole.excluded)
    assert fit(formula, pieces).log_likelihood == pytest.approx(fit(formula, whole).log_likelihood, rel=1e-10)


def test_pieces_of_any_rows_add_up():
    """Against sums of the rows in memory, with pieces far from one another, of one row, and with other levels."""
    draw = np.random.default_rng(3)
    y = draw.normal(1e6, 1.0, 200)
    x = draw.normal(-50.0, 2.0, 200)
    level = draw.integers(0, 12, 200)
    products = [("x",), ("x", "x")]

    def cells(rows: np.ndarray):
        return cells_from_rows(y[rows], {"g": level[rows]}, {"x": x[rows]}, products)

    whole = cells(np.arange(200))
    parts = np.split(draw.permutation(200), [1, 3, 90])
    put = merged([cells(rows) for rows in parts])
    assert put.levels == {"g": tuple(str(number) for number in range(12))}
    for name in ("count", "scatter_y", "mean_x", "scatter_x", "scatter_xy"):
        np.testing.assert_allclose(getattr(put, name), getattr(whole, name), rtol=1e-9, atol=1e-7, err_msg=name)
    np.testing.assert_allclose(put.mean_y + put.shift, whole.mean_y + whole.shift, rtol=1e-15)
    with pytest.raises(DataError, match="different formulas"):
        merged([whole, cells_from_rows(y, {"h": level}, {"x": x}, products)])


def test_only_the_rows_of_a_condition(reader):
    assert reader("a", "b", "c", where="budget > 3 and algorithm <> 'A1'").cells(FORMULAS[0]).row_count == 96


def test_a_column_tells_the_runs_or_it_is_said_that_none_does(place, tmp_path):
    with duckdb.connect() as connection:
        rows = f"select * exclude (seed) from '{place}/*.parquet'"
        connection.execute(f"copy ({rows}) to '{tmp_path}/none.parquet'")
        ids = f"select * exclude (seed), hash(algorithm, benchmark, seed) as run_id from '{place}/*.parquet'"
        connection.execute(f"copy ({ids}) to '{tmp_path}/ids.parquet'")
    said = analyse_files(f"{tmp_path}/none.parquet", FORMULAS[0]).warnings
    assert any("No column tells which rows are of one run" in sentence for sentence in said)
    named = analyse_files(f"{tmp_path}/ids.parquet", FORMULAS[0])
    assert any("A run contributes up to 5 rows" in sentence for sentence in named.warnings)
    assert "with benchmark:algorithm, run" in named.tables["lmem_model"]["model"].to_list()


def test_rows_of_several_metrics_are_no_response(place, tmp_path):
    with duckdb.connect() as connection:
        rows = f"select *, if(budget = 1, 'loss', 'time') as metric from '{place}/*.parquet'"
        connection.execute(f"copy ({rows}) to '{tmp_path}/two.parquet'")
    with pytest.raises(UsageError, match="several metrics.*--where"):
        analyse_files(f"{tmp_path}/two.parquet", FORMULAS[0])
    one = analyse_files(f"{tmp_path}/two.parquet", FORMULAS[0], where="metric = 'loss'", with_residuals=False)
    assert one.tables["lmem_model"]["row_count"][0] == 72


@pytest.mark.parametrize(
    ("formula", "more", "said"),
    [
        ("value ~ optimiser + (1|benchmark)", {}, "no column 'optimiser'; there are: algorithm, benchmark"),
        ("loss ~ algorithm + (1|benchmark)", {}, "loss"),
        ("value ~ log(algorithm) + (1|benchmark)", {}, "algorithm is not a number"),
        ("value ~ algorithm + (1|benchmark)", {"where": "nothing > 1"}, "nothing"),
        ("value ~ algorithm + (1|benchmark)", {"where": "1 = 1; drop table x"}, "without a semicolon"),
        ("value ~ algorithm + (1|benchmark)", {"where": "false"}, "No row is selected"),
        ("regret ~ algorithm + (1|benchmark)", {}, "regret"),
    ],
)
def test_what_means_nothing_in_the_files_is_said(place, formula, more, said):
    with pytest.raises(UsageError, match=said):
        analyse_files(f"{place}/*.parquet", formula, **more)


def test_the_command_prints_and_stores_nothing(place, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def hpowh(*arguments: str) -> None:
        typer.main.get_command(build())(["analyse", "lmem", FORMULAS[0], *arguments], standalone_mode=False)

    hpowh("--from", f"{place}/a.parquet", "--from", f"{place}/[bc].parquet", "--json", "--no-residuals")
    printed = json.loads(capsys.readouterr().out)
    assert printed["analyses"][0]["tables"]["lmem_model"][0]["row_count"] == 359
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match="--budget: with --from"):
        hpowh("--from", f"{place}/a.parquet", "--budget", "final")
    with pytest.raises(UsageError, match="needs no warehouse"):
        hpowh("--from", f"{place}/a.parquet", "--warehouse", "x.duckdb")
    with pytest.raises(UsageError, match="No files found"):
        hpowh("--from", f"{place}/absent-*.parquet")


ENDS = """
select 'A' || a as algorithm, 'b' || b as benchmark, s as seed, t as budget,
  case when a = 1 and b = 0 and s = 0 then null
    else sin(b) + 0.1 * a - 0.02 * t + 0.1 * sin(7 * b + 3 * s + 5 * t + a) end as value
from range(2) as q1(a), range(5) as q2(b), range(3) as q3(s), range(1, 7) as q4(t)"""
PLAIN = "value ~ algorithm + (1|benchmark)"


@pytest.mark.parametrize(
    ("later", "said"),
    [
        ("algorithm = 'A0' or budget < 6", "those of A1 at 5, of A0 at 6"),
        ("algorithm = 'A0' or seed > 0 or budget < 6", "some of A1 at 5, of A0 at 6"),
    ],
)
def test_who_went_on_for_longer_is_not_set_beside_who_ended(tmp_path, later, said):
    with duckdb.connect() as connection:
        connection.execute(f"copy (select * from ({ENDS}) where {later}) to '{tmp_path}/t.parquet'")
    with pytest.raises(UsageError, match=r'budget <= 5"') as caught:
        analyse_files(f"{tmp_path}/t.parquet", PLAIN)
    assert said in str(caught.value)
    # The condition that it names is taken, and so is one that keeps all rows.
    assert (
        analyse_files(f"{tmp_path}/t.parquet", PLAIN, where="budget <= 5").tables["lmem_model"]["row_count"][0] == 145
    )
    assert analyse_files(f"{tmp_path}/t.parquet", PLAIN, where="budget > 0").tables
    # Where all end where the others do, a benchmark may end before another.
    with duckdb.connect() as connection:
        early = f"select * from ({ENDS}) where benchmark <> 'b1' or budget < 4"
        connection.execute(f"copy ({early}) to '{tmp_path}/t.parquet'")
    assert analyse_files(f"{tmp_path}/t.parquet", PLAIN).tables


def test_whose_rows_have_no_value_is_said(tmp_path):
    with duckdb.connect() as connection:
        connection.execute(f"copy ({ENDS}) to '{tmp_path}/t.parquet'")
    said = [one for one in analyse_files(f"{tmp_path}/t.parquet", PLAIN).warnings if "in favour of" in one]
    assert [one.partition(",")[0] for one in said] == ["Rows without a finite response are left out (A1 6 of 90)"]
