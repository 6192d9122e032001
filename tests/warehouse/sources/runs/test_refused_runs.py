"""Runs that are refused: the row, the column and the reason are named, and nothing is half loaded."""

from __future__ import annotations

import polars as pl
import pytest

from hpowh.warehouse.errors import HpowhError, IngestError, UsageError
from hpowh.warehouse.ingest import Request, RowsRefusedError, ingest

from .loading import EMPTY, GOOD, HEADER, RUNS, counts, load, write


def test_refused_replacement_keeps_the_old_rows(warehouse, tmp_path):
    path = write(tmp_path, GOOD)
    load(warehouse, path)
    before = warehouse.sql("select * from mart.observation order by all").rows()
    path.write_text(HEADER + "C,b1,0.5,1,0.1,good\n")
    with pytest.raises(RowsRefusedError):
        load(warehouse, path, replace_old=True)
    assert warehouse.sql("select * from mart.observation order by all").rows() == before


def test_values_that_are_no_numbers_keep_a_status(warehouse, tmp_path):
    text = HEADER.replace("prior", "status") + "".join(
        f"A,b,0,{i},{value},{status}\n"
        for i, (value, status) in enumerate(
            [("nan", "ok"), ("inf", "ok"), ("-inf", "ok"), ("", "ok"), ("3.5", "crashed"), ("1.5", "SUCCESS")], start=1
        )
    )
    load(warehouse, write(tmp_path, text))
    rows = warehouse.sql("select value, status from core.trace order by budget").rows()
    assert rows == [(None, "nan"), (None, "inf"), (None, "neg_inf"), (None, "missing"), (None, "failed"), (1.5, "ok")]


@pytest.mark.parametrize(
    ("line", "column", "said"),
    [
        ("A,b1,0,two,0.5,good", "budget", "budget is missing or no number"),
        ("A,b1,0,9,half,good", "value", "not a number"),
        ("A,b1,zero,9,0.5,good", "seed", "seed is no whole number"),
        ("A,b1,,9,0.5,good", "seed", "seed is missing"),
        ("A,b1,99999999999999999999,9,0.5,good", "seed", "does not fit into 64 bits"),
        ("A,b1,0.5,9,0.5,good", "seed", "no whole number"),
        (",b1,0,9,0.5,good", "algorithm", "algorithm is missing"),
        ("A,,0,9,0.5,good", "benchmark", "benchmark is missing"),
        ("A,b1,0,-1,0.5,good", "budget", "negative or not finite"),
        ("A,b1,0,inf,0.5,good", "budget", "negative or not finite"),
        ("A,b1,0,2,0.9,good", "budget", "this budget (a column that tells them apart may be missing"),
        ("A,b1,0,2,0.4,good", "budget", "this budget and the same value (a repeated row may be left out)"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_loaded(warehouse, tmp_path, line, column, said):
    path = write(tmp_path, GOOD + line + "\n")
    with pytest.raises(RowsRefusedError) as refused:
        load(warehouse, path)
    problem = refused.value.problems[0]
    assert (problem.row, problem.column) == (4, column)
    assert said in problem.reason
    assert problem.value == line.split(",")[HEADER.strip().split(",").index(column)]
    assert str(path) in str(refused.value)
    assert "--reject-to" in str(refused.value)
    assert counts(warehouse) == EMPTY


def test_reject_to_loads_the_rest_and_writes_the_refused(warehouse, tmp_path):
    path = write(tmp_path, GOOD + "A,b1,0,x,1,good\nA,b1,0,2,0.9,good\nA,b1\nB,b1,0,2,0.6,bad\n")
    rejects = tmp_path / "rejects.csv"
    outcome = load(warehouse, path, reject_to=rejects)
    assert (outcome.row_count, outcome.refused_count) == (4, 3)
    assert warehouse.sql("select count(*) from core.trace").one() == 4
    written = pl.read_csv(rejects)
    assert written["row"].to_list() == [4, 5, 6]
    assert written["column"].to_list() == ["budget", "budget", "seed"]
    assert warehouse.sql("select refused_count from mart.source").one() == 3


def test_reject_file_that_cannot_be_written_undoes_the_load(warehouse, tmp_path):
    path = write(tmp_path, GOOD + "A,b1,0,x,1,good\n")
    with pytest.raises(HpowhError, match="Cannot write"):
        load(warehouse, path, reject_to=tmp_path / "absent" / "rejects.csv")
    assert counts(warehouse) == EMPTY


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (HEADER.encode(), "no row to load"),
        (GOOD.encode() + b"A,b1,0,3\n", "fewer fields"),
        (GOOD.encode() + b"A,b1,0,3,0.5,good,7\n", "more fields"),
        ((HEADER + "Ä,b1,0,1,0.5,good\n").encode("latin-1"), "encoding"),
        (b"algorithm,benchmark,seed,budget,value,value\nA,b,0,1,1,2\n", "twice"),
        (b"PAR1 not really", "cannot be read"),
    ],
    ids=["empty", "header only", "short row", "long row", "encoding", "double header", "broken parquet"],
)
def test_unreadable_files_say_why(warehouse, tmp_path, content, said):
    path = tmp_path / ("runs.parquet" if content.startswith(b"PAR1") else "runs.csv")
    path.write_bytes(content)
    with pytest.raises(IngestError) as refused:
        load(warehouse, path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)
    assert counts(warehouse) == EMPTY


def test_missing_file_and_unknown_ending(warehouse, tmp_path):
    with pytest.raises(IngestError, match="There is no file"):
        load(warehouse, tmp_path / "absent.csv")
    with pytest.raises(IngestError, match="cannot tell the format"):
        load(warehouse, write(tmp_path, GOOD, "runs.doc"))


def test_missing_columns_list_those_there_are(warehouse, tmp_path):
    path = write(tmp_path, "who,where,seed,budget,value\nA,b,0,1,0.5\n")
    with pytest.raises(IngestError) as refused:
        load(warehouse, path)
    assert "which column is the algorithm" in str(refused.value)
    assert "which column is the benchmark" in str(refused.value)
    assert "who, where, seed, budget, value" in str(refused.value)
    load(warehouse, path, mapping={"who": "algorithm", "where": "benchmark"})
    assert warehouse.sql("select algorithm, benchmark from mart.observation").rows() == [("A", "b")]


def test_wrong_mapping_is_refused(warehouse, tmp_path):
    path = write(tmp_path, GOOD)
    with pytest.raises(UsageError, match="no column 'nope'"):
        load(warehouse, path, mapping={"nope": "factor"})
    with pytest.raises(UsageError, match="no role 'colour'"):
        load(warehouse, path, mapping={"prior": "colour"})


def test_one_metric_has_one_direction(warehouse, tmp_path):
    load(warehouse, write(tmp_path, GOOD), direction="min")
    other = write(tmp_path, GOOD.replace("b1", "b2"), "other.csv")
    before = counts(warehouse)
    with pytest.raises(IngestError, match="direction 'min', here it is 'max'"):
        load(warehouse, other, "y", direction="max")
    assert counts(warehouse) == before
    load(warehouse, other, "y", direction="max", mapping={"value": "value:accuracy"})
    assert dict(warehouse.sql("select name, direction from core.metric").rows()) == {"value": "min", "accuracy": "max"}


def test_a_run_has_one_source(warehouse, tmp_path):
    load(warehouse, write(tmp_path, GOOD), experiment="e")
    more = write(tmp_path, HEADER + "A,b1,0,3,0.3,good\n", "more.csv")
    with pytest.raises(IngestError, match=r"already has the run A on b1, seed 0, prior=good"):
        load(warehouse, more, "more", experiment="e")
    load(warehouse, more, "more", experiment="another")
    seeds = write(tmp_path, HEADER + "A,b1,1,3,0.3,good\n", "seeds.csv")
    load(warehouse, seeds, "seeds", experiment="e")
    assert warehouse.sql("select count(*) from core.run").one() == 4


def test_a_meta_feature_has_one_value(warehouse, tmp_path):
    text = "algorithm,benchmark,seed,budget,value,dim\nA,b1,0,1,0.5,3\nA,b1,0,2,0.4,4\n"
    with pytest.raises(IngestError, match="has two values: 3 and 4"):
        load(warehouse, write(tmp_path, text), mapping={"dim": "feature"})
    assert counts(warehouse) == EMPTY


def test_refused_rows_never_replace_the_source_or_a_warehouse(warehouse, tmp_path):
    text = GOOD + "A,b1,0,x,1,good\n"
    path = write(tmp_path, text)
    (link := tmp_path / "link.csv").symlink_to(path)
    for target in (path, link, warehouse.path):
        with pytest.raises(UsageError, match="would overwrite"):
            load(warehouse, path, reject_to=target)
    assert path.read_text() == text
    assert counts(warehouse) == EMPTY


def test_a_folder_is_said_to_be_one(warehouse, tmp_path):
    with pytest.raises(IngestError, match="is a folder"):
        load(warehouse, tmp_path)


def test_a_file_that_changes_while_read_is_refused(warehouse, tmp_path):
    path = write(tmp_path, GOOD)

    def meddle(message: str, _share: float | None) -> None:
        if message == "load":
            path.write_text(GOOD + "C,b1,0,1,0.1,good\n")

    with pytest.raises(IngestError, match="changed while it was read"):
        ingest(warehouse, RUNS, Request(str(path), "x"), progress=meddle)
    assert counts(warehouse) == EMPTY


def test_a_refused_number_is_shown_as_it_was_written(warehouse, tmp_path):
    path = write(tmp_path, "algorithm,benchmark,seed,budget,value\nA,b,1,1,0.5\nA,b,2,1,x\nA,b,3,-5.50,0\n")
    with pytest.raises(RowsRefusedError) as refused:
        load(warehouse, path)
    assert [one.value for one in refused.value.problems] == ["x", "-5.50"]
