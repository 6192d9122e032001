"""Meta-features."""

from __future__ import annotations

import pytest

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest import Request, RowsRefusedError, find_source, ingest

FEATURES = find_source("features")


def load(warehouse, tmp_path, text, name="features", **more):
    path = tmp_path / f"{name}.csv"
    path.write_text(text)
    return ingest(warehouse, FEATURES, Request(str(path), name, **more))


def test_numbers_and_texts(warehouse, tmp_path):
    load(warehouse, tmp_path, "dataset,n_rows,task\nb1,100,class\nb2,,regr\n")
    rows = warehouse.sql(
        "select b.name, f.name, f.numeric_value, f.text_value from core.benchmark_feature f "
        "join core.benchmark b using (benchmark_id) order by all"
    ).rows()
    assert rows == [("b1", "n_rows", 100.0, "100"), ("b1", "task", None, "class"), ("b2", "task", None, "regr")]


def test_conflicting_value_names_the_benchmark(warehouse, tmp_path):
    load(warehouse, tmp_path, "benchmark,n\nb1,100\n")
    with pytest.raises(IngestError, match="'n' of benchmark 'b1' has two values: 100 and 200"):
        load(warehouse, tmp_path, "benchmark,n\nb1,200\n", "again")
    outcome = load(warehouse, tmp_path, "benchmark,n,m\nb1,100,5\n", "more")
    assert outcome.row_count == 1
    assert warehouse.sql("select count(*) from core.benchmark_feature").one() == 2


def test_one_number_in_two_spellings_is_no_contradiction(warehouse, tmp_path):
    load(warehouse, tmp_path, "benchmark,n,rate,code\nb1,100.0,1e-05,007\nb2,7,2,010\n")
    outcome = load(warehouse, tmp_path, "benchmark,n,rate,more\nb1,100,0.00001,1\nb2,7.0,2.0,1\n", "again")
    assert outcome.row_count == 2
    found = warehouse.sql("select numeric_value, text_value from core.benchmark_feature order by benchmark_id, name")
    assert found.rows()[:4] == [(7, "007"), (1, "1"), (100, "100"), (1e-05, "1e-05")]


def test_a_benchmark_occurs_once(warehouse, tmp_path):
    with pytest.raises(RowsRefusedError, match="occurs twice"):
        load(warehouse, tmp_path, "benchmark,n\nb1,100\nb1,100\n")


def test_no_benchmark_column(warehouse, tmp_path):
    with pytest.raises(IngestError, match="which column is the benchmark.* Its columns: where, n"):
        load(warehouse, tmp_path, "where,n\nb1,100\n")
    load(warehouse, tmp_path, "where,n\nb1,100\n", mapping={"where": "benchmark"})
