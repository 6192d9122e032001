"""Laws of every table: what is accepted is sound, and the way in which a table is written changes nothing.

One warehouse serves all examples of a law: a load is looked at within its transaction, which is then undone.
"""

from __future__ import annotations

import gzip
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hpowh.warehouse import Warehouse
from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.ingest import LoadContext, Request, find_source, ingest
from hpowh.warehouse.ingest.remove import remove_source

from .workbook import book

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
GIVEN = {"runs": {"prior": "factor"}, "grid": {}, "trials": {}, "features": {}}
"""What the user says: which of few rows' columns tells runs apart can be asked."""
FACTS = {
    "runs": """select a.name, b.name, r.seed, t.budget, m.name, t.value, t.status,
        (select list((f.name, f.numeric_value, f.text_value) order by f.name)
         from core.run_factor as f where f.run_id = t.run_id)
      from core.trace as t join core.run as r using (run_id) join core.algorithm as a using (algorithm_id)
      join core.benchmark as b using (benchmark_id) join core.metric as m using (metric_id)""",
    "grid": """select e.configuration_id, e.fold, m.name, e.value, e.status, e.split,
        (select list((h.name, h.value_type, l.label) order by h.name)
         from core.hyperparameter as h join core.hyperparameter_level as l using (search_space_id, position)
         where h.search_space_id = e.search_space_id
           and l.level = (e.configuration_id // h.stride) % h.cardinality)
      from core.evaluation as e join core.metric as m using (metric_id)""",
    "trials": """select list((p.name, p.numeric_value, p.text_value) order by p.name),
        any_value(m.value), any_value(m.status), any_value(t.status)
      from core.trial as t left join core.trial_parameter as p using (trial_id)
      left join core.trial_metric as m using (trial_id) group by trial_id""",
    "features": """select b.name, f.name, f.numeric_value, f.text_value
      from core.benchmark_feature as f join core.benchmark as b using (benchmark_id)""",
}
VALUE = {"runs": 5, "grid": 3, "trials": 1}
"""Place of the value in a fact."""
FEW = 2
MANY = 25


def of(kind: str, path: Path, mapping: dict[str, str] | None = None) -> Request:
    options = {} if kind == "features" else {"direction": "min"}
    return Request(str(path), "t", GIVEN[kind] if mapping is None else mapping, options)


class UndoneError(Exception):
    """Ends a transaction whose facts were looked at."""


def facts_of(store: Warehouse, kind: str, path: Path, mapping: dict[str, str] | None = None) -> list[Any]:
    """Return the facts that a table comes to; the warehouse stays as it was."""
    found: list[Any] = []
    try:
        with store.writing() as connection:
            context = LoadContext(1, lambda _message, _share: None)
            report = find_source(kind).load(connection, of(kind, path, mapping), context)
            found = sorted(connection.execute(FACTS[kind]).fetchall(), key=repr)
            assert report.refused_count == 0
            raise UndoneError
    except UndoneError:
        return found


def plain(facts: list[Any], kind: str) -> list[Any]:
    """Return facts without what hangs on the order of columns: a grid's configurations are counted by it."""
    return sorted((fact[1:] for fact in facts), key=repr) if kind == "grid" else facts


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
    if find_spec("openpyxl"):
        yield "Excel", book(folder / "t.xlsx", {"sheet": [frame.columns, *map(list, frame.rows())]})
    rows = list(range(frame.height))
    random.Random(seed).shuffle(rows)
    columns = random.Random(seed).sample(frame.columns, frame.width)
    path = folder / "other" / "t.csv"
    path.parent.mkdir()
    path.write_text(frame[rows].select(columns).write_csv(separator=";"), encoding="utf-8")
    yield "another order", path


examples = pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])


def among(count: int) -> settings:
    """Return how examples are chosen: the same few at every run, or many."""
    return settings(
        max_examples=count,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
        phases=[
            Phase.explicit,
            Phase.generate,
        ],  # to find a smaller counterexample costs minutes
    )


@pytest.fixture(scope="module")
def store(empty_warehouse, tmp_path_factory):
    path = tmp_path_factory.mktemp("laws") / "laws.duckdb"
    shutil.copy(empty_warehouse, path)
    with Warehouse(path) as opened:
        yield opened


@examples
@pytest.mark.parametrize("kind", KINDS)
def test_the_form_of_a_table_changes_nothing(kind, count, store):
    @among(count)
    @given(KINDS[kind], st.integers(0, 99))
    def law(frame: pl.DataFrame, seed: int) -> None:
        with TemporaryDirectory() as name:
            folder = Path(name)
            frame.write_csv(folder / "t.csv")
            facts = facts_of(store, kind, folder / "t.csv")
            _agrees_with_polars(kind, frame, facts)
            for form, path in written(frame, folder, seed):
                assert plain(facts_of(store, kind, path), kind) == plain(facts, kind), form

    law()


@pytest.mark.parametrize("count", [1, pytest.param(MANY // 5, marks=pytest.mark.slow)])
def test_what_is_accepted_is_sound_and_loading_it_twice_changes_nothing(count, store):
    @among(count)
    @given(st.fixed_dictionaries(KINDS))
    def law(frames: dict[str, pl.DataFrame]) -> None:
        with TemporaryDirectory() as name:
            path, loaded = Path(name) / "t.csv", []
            spaces = store.sql("select count(*) from core.search_space").one()
            for kind, frame in frames.items():
                frame.write_csv(path)
                asked = of(kind, path)
                if kind == "grid":
                    asked = replace(asked, options={**asked.options, "space": f"t{spaces}"})
                first = ingest(store, find_source(kind), asked)
                assert (first.action, first.row_count) == ("load", frame.height)
                assert ingest(store, find_source(kind), asked).action == "unchanged"
                loaded.append(first.source_id)
            assert [one.name for one in run_checks(store) if one.failures] == []
            with store.writing() as connection:
                for source_id in loaded:
                    remove_source(connection, source_id)

    law()


def _agrees_with_polars(kind: str, frame: pl.DataFrame, facts: list[Any]) -> None:
    """Hold count and sum of the values against an independent reader's."""
    if kind == "features":
        assert len(facts) == 2 * frame.height
        assert sum(row[2] for row in facts if row[1] == "size") == pytest.approx(frame["size"].sum())
        return
    values = [row[VALUE[kind]] for row in facts]
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
    "runs": {
        **{"Wer": "algorithm", "Wo": "benchmark", "x.1": "seed", "# z": "budget", "W [%]": "value:loss"},
        "it's p": "factor",
    },
    "grid": {"Teil": "fold", "Wert": "metric:loss"},
    "trials": {"Wert": "metric:loss"},
    "features": {"Was": "benchmark"},
}


@examples
@pytest.mark.parametrize("kind", KINDS)
def test_renamed_columns_with_their_roles_are_the_same(kind, count, store):
    @among(count)
    @given(KINDS[kind])
    def law(frame: pl.DataFrame) -> None:
        with TemporaryDirectory() as name:
            path = Path(name) / "t.csv"
            frame.write_csv(path)
            facts = facts_of(store, kind, path)
            frame.rename(RENAMED[kind]).write_csv(path)
            again = facts_of(store, kind, path, ROLES[kind])
            if kind == "runs":
                again = [(*fact[:-1], [("prior", *one[1:]) for one in fact[-1]]) for fact in again]
            assert again == facts

    law()
