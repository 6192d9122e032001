"""A dry run says what looks odd in a file, and refuses what the load refuses."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import duckdb
import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.commands.preview import WIDE, mapping_with_values
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Preview, Request, RowsRefusedError, find_source, ingest, preview
from hpowh.warehouse.sources.tables.alike import near_names
from hpowh.warehouse.sources.tables.units import unit_by_range

TABLES = {
    "runs": ("algorithm,benchmark,seed,loss", [f"{a},{b},{s},{{}}" for a in "AB" for b in "xy" for s in range(5)]),
    "grid": ("lr,depth,loss", [f"{a},{b},{{}}" for a in (1, 2, 4, 5) for b in (3, 1, 4, 7, 6)]),
    "trials": ("lr,depth,loss", [f"{a},{b},{{}}" for a in (1, 2, 4, 5) for b in (3, 1, 4, 7, 6)]),
}
"""A header and twenty rows without their value, for each kind."""


def table(folder: Path, kind: str, values: list[Any], name: str = "t.csv") -> Path:
    header, rows = TABLES[kind]
    path = folder / name
    path.write_text("\n".join([header, *(row.format(v) for row, v in zip(rows, values, strict=True))]) + "\n")
    return path


def notes(kind: str, path: Path, mapping: dict[str, str] | None = None, **options: Any) -> str:
    return "\n".join(preview(find_source(kind), Request(str(path), path.stem, mapping or {}, options)).notes)


def load(warehouse: Warehouse, kind: str, path: Path, mapping: dict[str, str] | None = None, **options: Any):
    return ingest(warehouse, find_source(kind), Request(str(path), path.stem, mapping or {}, options))


STATUSES = {"runs": "core.trace", "grid": "core.evaluation", "trials": "core.trial_metric"}


@pytest.mark.parametrize(
    ("kind", "penalty"),
    [
        pytest.param(kind, penalty, marks=() if k == p else pytest.mark.slow)  # each once, all pairs when slow
        for k, kind in enumerate(TABLES)
        for p, penalty in enumerate([2147483647, 1e10, 99999])
    ],
)
def test_a_repeated_value_far_beyond_all_others_is_called_a_penalty(warehouse, tmp_path, kind, penalty):
    values = [penalty if i % 7 == 0 else 0.5 + i / 10 for i in range(20)]
    path = table(tmp_path, kind, values)
    written = str(int(penalty))
    said = f"3 values are {written}, at least"
    assert said in notes(kind, path)
    assert f"--option failed-value={written}" in notes(kind, path)
    outcome = load(warehouse, kind, path)
    assert any(said in note for note in outcome.notes)
    load_again = {"failed-value": written}
    warehouse.close()
    outcome = ingest(warehouse, find_source(kind), Request(str(path), "t", {}, load_again), replace_old=True)
    assert not any("penalty" in note for note in outcome.notes)
    found = warehouse.sql(f"select max(value), count(*) filter (where value is null) from {STATUSES[kind]}").rows()
    if kind == "trials":
        assert found[0][0] < 3
        assert warehouse.sql("select count(*) from core.trial where status = 'failed'").one() == 3
    else:
        assert found == [(max(v for v in values if v != penalty), 3)]
        assert warehouse.sql(f"select count(*) from {STATUSES[kind]} where status = 'failed'").one() == 3


@pytest.mark.parametrize("kind", TABLES)
def test_heavy_tails_are_no_penalty(tmp_path, kind):
    assert "penalty" not in notes(kind, table(tmp_path, kind, [1.5**i for i in range(20)]))
    assert "penalty" not in notes(kind, table(tmp_path, kind, [0.0, 0.0, *range(1, 19)]))


def test_a_failed_value_that_is_no_number_is_refused(tmp_path):
    with pytest.raises(UsageError, match="failed-value=many"):
        notes("runs", table(tmp_path, "runs", list(range(20))), **{"failed-value": "many"})


@pytest.mark.parametrize("kind", TABLES)
def test_a_dry_run_refuses_what_the_load_refuses(warehouse, tmp_path, kind):
    path = table(tmp_path, kind, ["x" if i in (3, 5, 8) else i for i in range(20)])
    said = notes(kind, path)
    assert "3 rows would be refused: column 'loss'" in said
    assert "(first: row 4, value 'x')" in said
    with pytest.raises(RowsRefusedError) as refused:
        load(warehouse, kind, path)
    assert refused.value.count == 3


def test_doubled_rows_are_found_by_the_dry_run(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("algorithm,benchmark,seed,loss\nA,x,0,1\nA,x,0,2\nB,x,0,1\n")
    assert "1 row would be refused: column 'loss': this run already has a row" in notes("runs", path)
    path.write_text("lr,depth,loss\n1,2,3\n1,2,4\n2,2,1\n")
    assert "1 row would be refused: column 'lr': this configuration is already measured" in notes("grid", path)


def test_names_that_differ_in_case_or_form_only_are_said(warehouse, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("algorithm,benchmark,loss\nTPE,caf\u00e9,1\ntpe,cafe\u0301,2\n", encoding="utf-8")
    said = "\n".join(load(warehouse, "runs", path).notes)
    assert "algorithm: 'TPE' and 'tpe' differ in case" in said
    assert "benchmark: 'cafe\u0301' and 'caf\u00e9' differ" in said
    assert warehouse.sql("select count(*) from core.algorithm").one() == 2
    path = tmp_path / "g.csv"
    path.write_text("act,lr,loss\nReLU,1,1\nrelu,1,2\nReLU,2,2\nrelu,2,2\n")
    assert "act: 'ReLU' and 'relu'" in notes("grid", path)
    assert "act: 'ReLU' and 'relu'" in notes("trials", path)


@pytest.mark.parametrize("kind", ["grid", "trials"])
def test_identifiers_times_and_doubles_are_said(tmp_path, kind):
    rows = [f"run{i:02d},{i % 4},{2 * (i % 4)},2026-01-{1 + i % 9:02d} 10:00:00,{i / 3}" for i in range(12)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["sequence,lr,lr2,when,loss", *rows]))
    said = notes(kind, path)
    assert "sequence (a text of its own in every row); when (dates or times)" in said
    assert "One says what the other does: lr and lr2;" in said


@pytest.mark.parametrize("configurations", [8, 40])
def test_repeated_random_numbers_do_not_say_what_others_do(tmp_path, configurations):
    """Each configuration has a value of its own in every column, three times: nothing is the same as anything."""
    draw = random.Random(3)
    drawn = [(draw.random(), draw.random(), i % 5) for i in range(configurations)]
    lines = [f"{a},{b},{1 - a},{c},{seed},{draw.random()}" for a, b, c in drawn for seed in range(3)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["lr,dropout,keep,depth,seed,loss", *lines]))
    said = notes("trials", path)
    assert "One says what the other does: lr and keep;" in said


def test_folds_that_are_called_seeds_are_said(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("algorithm,benchmark,fold,loss\nA,x,0,1\nA,x,1,2\nB,x,0,1\n")
    assert "'fold' is read as the seed" in notes("runs", path, {"fold": "seed"})


def test_fractions_beside_percent_in_one_column_are_said(tmp_path):
    path = tmp_path / "t.csv"
    rows = [f"{a},{b},{v}" for a in "AB" for b, v in (("x", 0.9), ("y", 0.8), ("z", 93.0))]
    path.write_text("\n".join(["algorithm,benchmark,accuracy", *rows]))
    assert "accuracy: at most 1 on 2 benchmarks and above 15 on 1" in notes("runs", path)


@pytest.mark.parametrize("kind", ["runs", "grid", "trials"])
def test_percent_and_fraction_of_one_metric_are_asked_about(warehouse, tmp_path, kind):
    header, rows = TABLES[kind]
    for name, scale in (("percent", 100), ("fraction", 1)):
        text = [header.replace("loss", "accuracy"), *(r.format(scale * (0.9 + i / 1000)) for i, r in enumerate(rows))]
        (tmp_path / f"{name}.csv").write_text("\n".join(text))
    outcome = load(warehouse, kind, tmp_path / "percent.csv")
    assert any("taken for percent" in note for note in outcome.notes)
    assert warehouse.sql("select unit from core.metric").rows() == [("percent",)]
    with pytest.raises(IngestError, match="lies between 0.9 and 0.919 here and between 90 and 91.9 in the warehouse"):
        load(warehouse, kind, tmp_path / "fraction.csv")
    outcome = load(warehouse, kind, tmp_path / "fraction.csv", unit="share")
    assert any("is stored as percent" in note for note in outcome.notes)
    low, high = warehouse.sql(f"select min(value), max(value) from {STATUSES[kind]}").rows()[0]
    assert (low, high) == (pytest.approx(90), pytest.approx(91.9))


def test_units_that_headings_say(warehouse, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("lr,Val. Acc. [%],loss\n1,0.5,3\n2,0.4,3\n")
    load(warehouse, "trials", path, {"Val. Acc. [%]": "metric", "loss": "attribute"}, direction="max")
    assert warehouse.sql("select unit from core.metric").rows() == [("percent",)]
    with pytest.raises(UsageError, match="there is no unit 'parsec'"):
        load(warehouse, "trials", path, {"loss": "metric"}, unit="parsec")


@pytest.mark.parametrize(
    ("name", "low", "high", "unit"),
    [
        ("accuracy", 0.4, 1.0, "share"),
        ("accuracy", 0.4, 1.0 + 1e-12, "share"),
        ("accuracy", 0.4, 1.02, None),
        ("accuracy", 40.0, 99.0, "percent"),
        ("val_f1", 0.0, 101.0, None),
        ("loss", 0.0, 1.0, None),
        ("r2", -3.0, 0.9, "share"),
    ],
)
def test_what_a_range_tells_of_the_unit(name, low, high, unit):
    assert unit_by_range(name, low, high) == unit


def test_many_columns_share_lines():
    columns = [f"f{i}" for i in range(3_000)]
    shown = Preview(1, [(c, "feature", "all others are") for c in columns], columns, [tuple("1" * 3_000)])
    assert mapping_with_values(shown) == [("f0, f1, f2 and 2,997 more", "feature", "all others are", "")]
    few = Preview(1, [(c, "feature", "all") for c in columns[:WIDE]], columns[:WIDE], [("x" * 500,) * WIDE])
    assert max(len(cell) for row in mapping_with_values(few) for cell in row) < 40


def test_names_that_are_nearly_the_same_are_found_in_any_of_many_columns():
    """Columns are looked at in parts; those found are what one by one would find."""
    with duckdb.connect() as connection:
        columns = {f"c{at}": f"c{at}" for at in range(60)}
        cells = ", ".join(f"'{'Adam' if at % 2 else 'sgd'}' as c{at}" for at in range(60))
        others = ", ".join(f"'{'adam' if at == 41 else 'TRUE' if at == 3 else 'sgd'}' as c{at}" for at in range(60))
        connection.execute(f"create table t as select {cells} union all select {others}")
        assert near_names(connection, "t", columns) == [
            "c41: 'Adam' and 'adam' differ in case or in their Unicode form only; they stay apart."
        ]
