"""Names from data: what of them reaches SQL, and what is refused."""

from __future__ import annotations

import polars as pl
import pytest

from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.errors import HpowhError, IngestError
from hpowh.warehouse.ingest import Request, find_source, ingest
from hpowh.warehouse.ingest.dimensions import ids_by_name, metric_id
from hpowh.warehouse.names import identifier, literal


@pytest.mark.parametrize("quote", [identifier, literal])
def test_a_name_with_a_nul_is_no_sql(quote):
    with pytest.raises(IngestError, match=r"holds a NUL character: 'a\\x00b'"):
        quote("a\0b")


def test_a_nul_in_a_name_is_refused_before_anything_is_written(warehouse):
    with warehouse.writing() as connection:
        with pytest.raises(IngestError, match="NUL"):
            ids_by_name(connection, "algorithm", ["A", "B\0"])
        with pytest.raises(IngestError, match="NUL"):
            metric_id(connection, "lo\0ss", "min")
    assert warehouse.sql("select (select count(*) from core.algorithm) + (select count(*) from core.metric)").one() == 0


def test_a_nul_in_a_column_of_any_kind_of_table_is_refused_in_a_sentence(warehouse, tmp_path):
    path = tmp_path / "rows.parquet"
    for kind, columns, mapping in (
        ("features", {"benchmark": ["a", "b"], "cl\0asses": [1, 2]}, {}),
        ("grid", {"l\0r": [1, 2, 3], "loss": [1.0, 2.0, 3.0]}, {"loss": "metric"}),
        ("grid", {"lr": ["a\0", "b", "c"], "loss": [1.0, 2.0, 3.0]}, {"loss": "metric"}),
        ("trials", {"name": ["a", "b"], "l\0r": [1, 2], "loss": [1.0, 2.0]}, {"loss": "metric"}),
    ):
        pl.DataFrame(columns).write_parquet(path)
        options = {} if kind == "features" else {"direction": "min"}
        options |= {"benchmark": "iris"} if kind == "grid" else {}
        with pytest.raises(HpowhError, match="NUL") as refused:
            ingest(warehouse, find_source(kind), Request(str(path), "x", mapping, options))
        assert "Parser Error" not in str(refused.value)
    assert warehouse.sql("select count(*) from core.source").one() == 0


def test_a_number_that_no_float_holds_is_infinite(warehouse, tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("algorithm,benchmark,seed,budget,value\nA,b,0,1,1e400\nB,b,0,1,2\n")
    request = Request(str(path), "x", {}, {"direction": "min"})
    ingest(warehouse, find_source("runs"), request)
    assert warehouse.sql("select value, status from core.trace order by run_id").rows() == [(None, "inf"), (2.0, "ok")]
    for column, value in (("budget", "A,b,0,1e400,1"), ("seed", "A,b,1e400,1,1")):
        path.write_text(f"algorithm,benchmark,seed,budget,value\n{value}\nB,b,0,1,2\n")
        with pytest.raises(HpowhError, match=f"column '{column}', value '1e400'"):
            ingest(warehouse, find_source("runs"), request, replace_changed=True)


def test_search_spaces_whose_names_sql_cannot_tell_apart_have_views_of_their_own(warehouse, tmp_path):
    for number, name in enumerate(("my grid", "my-grid", "My_Grid")):
        path = tmp_path / f"{number}.csv"
        path.write_text(f"lr,loss\n1,1\n2,2\n3,{number}\n")
        request = Request(str(path), name, {"loss": "metric"}, {"direction": "min", "benchmark": "iris"})
        ingest(warehouse, find_source("grid"), request)
    views = [table.name for table in warehouse.tables() if table.name.startswith("space.")]
    assert views == ["space.my_grid", "space.my_grid_2", "space.my_grid_3"]
    for number, view in enumerate(views):
        assert warehouse.sql(f"select sum(value) from {view}").one() == 3 + number
    assert [one.name for one in run_checks(warehouse) if one.failures] == []
