"""Laws of every table: what is accepted is sound, and the way in which a table is written changes nothing."""

from __future__ import annotations

import gzip
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpowh.warehouse import Warehouse
from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.ingest import Request, find_source, ingest

NAMES = st.sampled_from(["A", "b", "it's", 'q"x', "caf\u00e9", "a,b", "a;b", "x y", "\u00e9\u4e2d"])
NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda v: round(v, 6) + 0.0)
MAYBE = st.one_of(st.none(), NUMBERS)
LEVELS = st.sampled_from([0.1, 0.25, 0.5, 1.5, 3.75])


@st.composite
def runs(draw: st.DrawFn) -> pl.DataFrame:
    keys = st.tuples(NAMES, st.sampled_from(["b1", "b 2"]), st.integers(0, 3), st.integers(1, 3), st.sampled_from("uv"))
    found = draw(st.dictionaries(keys, MAYBE, min_size=3, max_size=12))
    rows = [(*key, value) for key, value in found.items()]
    columns = {"algorithm": pl.String, "benchmark": pl.String, "seed": pl.Int64, "budget": pl.Int64, "prior": pl.String}
    return pl.DataFrame(rows, schema=columns | {"loss": pl.Float64}, orient="row")


@st.composite
def grid(draw: st.DrawFn) -> pl.DataFrame:
    keys = st.tuples(LEVELS, st.integers(1, 4), NAMES, st.booleans(), st.integers(0, 1))
    found = draw(st.dictionaries(keys, MAYBE, min_size=3, max_size=12))
    rows = [(*key, value) for key, value in found.items()]
    columns = {"lr": pl.Float64, "depth": pl.Int64, "act": pl.String, "warm": pl.Boolean, "fold": pl.Int64}
    return pl.DataFrame(rows, schema=columns | {"loss": pl.Float64}, orient="row")


@st.composite
def trials(draw: st.DrawFn) -> pl.DataFrame:
    row = st.tuples(MAYBE, st.one_of(st.none(), st.integers(1, 300)), st.one_of(st.none(), NAMES), st.booleans(), MAYBE)
    rows = draw(st.lists(row, min_size=3, max_size=12))
    columns = {"lr": pl.Float64, "depth": pl.Int64, "act": pl.String, "warm": pl.Boolean, "loss": pl.Float64}
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    first = {"lr": 0.5, "depth": 2, "act": "A", "warm": True, "loss": 1.5}
    return pl.concat([frame, pl.DataFrame([first], schema=columns)])


@st.composite
def features(draw: st.DrawFn) -> pl.DataFrame:
    found = draw(st.dictionaries(NAMES, st.tuples(NUMBERS, NAMES), min_size=2, max_size=8))
    rows = [(name, *values) for name, values in found.items()]
    return pl.DataFrame(rows, schema={"benchmark": pl.String, "size": pl.Float64, "kind": pl.String}, orient="row")


KINDS = {"runs": runs(), "grid": grid(), "trials": trials(), "features": features()}
FACTS = {
    "runs": "select algorithm, benchmark, seed, budget, prior, metric, value, status from mart.observation",
    "grid": 'select lr, depth, act, warm, fold, metric, value, status, split from space."t"',
    "trials": """select list((p.name, p.numeric_value, p.text_value) order by p.name),
        any_value(m.value), any_value(m.status), any_value(t.status)
      from core.trial as t left join core.trial_parameter as p using (trial_id)
      left join core.trial_metric as m using (trial_id) group by trial_id""",
    "features": """select b.name, f.name, f.numeric_value, f.text_value
      from core.benchmark_feature as f join core.benchmark as b using (benchmark_id)""",
}


def load(store: Path, kind: str, path: Path, mapping: dict[str, str] | None = None) -> tuple[list[Any], str, int]:
    """Load a table into a warehouse; return its facts, what was done, and the count of accepted rows."""
    options = {} if kind == "features" else {"direction": "min"}
    with Warehouse(store) as warehouse:
        outcome = ingest(warehouse, find_source(kind), Request(str(path), "t", mapping or {}, options))
        return sorted(warehouse.sql(FACTS[kind]).rows(), key=repr), outcome.action, outcome.row_count


def written(frame: pl.DataFrame, folder: Path, seed: int) -> Iterator[tuple[str, Path]]:
    """Yield the same table in other forms and orders."""
    text = frame.write_csv()
    path = folder / "t.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    yield "zipped", path
    path = folder / "t.parquet"
    frame.write_parquet(path)
    yield "Parquet", path
    path = folder / "t.jsonl"
    frame.write_ndjson(path)
    yield "JSON lines", path
    rows = list(range(frame.height))
    random.Random(seed).shuffle(rows)
    columns = random.Random(seed).sample(frame.columns, frame.width)
    path = folder / "other" / "t.csv"
    path.parent.mkdir()
    path.write_text(frame[rows].select(columns).write_csv(separator=";"), encoding="utf-8")
    yield "another order", path


@pytest.mark.parametrize("kind", KINDS)
def test_the_form_of_a_table_changes_nothing(kind, empty_warehouse):
    @settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(KINDS[kind], st.integers(0, 99))
    def law(frame: pl.DataFrame, seed: int) -> None:
        with TemporaryDirectory() as name:
            folder = Path(name)
            store, plain = folder / "first.duckdb", folder / "t.csv"
            shutil.copy(empty_warehouse, store)
            frame.write_csv(plain)
            facts, action, count = load(store, kind, plain)
            assert (action, count) == ("load", frame.height)
            assert load(store, kind, plain)[:2] == (facts, "unchanged")
            _agrees_with_polars(kind, frame, facts)
            with Warehouse(store) as warehouse:
                assert [one.name for one in run_checks(warehouse) if one.failures] == []
            for form, path in written(frame, folder, seed):
                other = folder / f"{form}.duckdb"
                shutil.copy(empty_warehouse, other)
                assert load(other, kind, path)[0] == facts, form

    law()


def _agrees_with_polars(kind: str, frame: pl.DataFrame, facts: list[Any]) -> None:
    """Hold count and sum of the values against an independent reader's."""
    if kind == "features":
        assert len(facts) == 2 * frame.height
        assert sum(row[2] for row in facts if row[1] == "size") == pytest.approx(frame["size"].sum())
        return
    place = {"runs": 6, "grid": 6, "trials": 1}[kind]
    values = [row[place] for row in facts]
    assert len(values) == frame.height
    assert sum(value is not None for value in values) == frame["loss"].count()
    assert sum(value for value in values if value is not None) == pytest.approx(frame["loss"].sum())


RENAMED = {
    "runs": {"algorithm": "Wer", "benchmark": "Wo", "seed": "x.1", "budget": "# z", "prior": "it's p", "loss": "W [%]"},
    "grid": {"fold": "Teil", "loss": "Wert"},
    "trials": {"loss": "Wert"},
    "features": {"benchmark": "Was"},
}
ROLES = {
    "runs": {"Wer": "algorithm", "Wo": "benchmark", "x.1": "seed", "# z": "budget", "W [%]": "value:loss"},
    "grid": {"Teil": "fold", "Wert": "metric:loss"},
    "trials": {"Wert": "metric:loss"},
    "features": {"Was": "benchmark"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_renamed_columns_with_their_roles_are_the_same(kind, empty_warehouse):
    @settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(KINDS[kind])
    def law(frame: pl.DataFrame) -> None:
        with TemporaryDirectory() as name:
            folder = Path(name)
            facts = []
            for at, (table, mapping) in enumerate(((frame, {}), (frame.rename(RENAMED[kind]), ROLES[kind]))):
                store, path = folder / f"{at}.duckdb", folder / "t.csv"
                shutil.copy(empty_warehouse, store)
                table.write_csv(path)
                with Warehouse(store) as warehouse:
                    options = {} if kind == "features" else {"direction": "min"}
                    ingest(warehouse, find_source(kind), Request(str(path), "t", mapping, options))
                    query = FACTS[kind]
                    if at and kind == "runs":
                        query = query.replace("prior", '"it\'s p"')
                    facts.append(sorted(warehouse.sql(query).rows(), key=repr))
            assert facts[0] == facts[1]

    law()
