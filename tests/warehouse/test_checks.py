"""Every check holds on a sound warehouse and fires on a violation that is planted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.checks.checking import all_checks, run_checks
from hpowh.warehouse.checks.result_checks import KEYS, MAIN, PROBABILITY, interval_columns
from hpowh.warehouse.ingest import Request, find_source, ingest
from hpowh.warehouse.views import static_views

PLANTED = {
    "comparison_values": [
        ("lmem_contrast", {"estimate": 0.5, "lower": 0.6, "upper": 0.7}),
        ("lmem_contrast", {"p_value": 0.5, "p_adjusted": 0.4}),
        ("lmem_fixed_effect", {"estimate": 0.5, "lower": 0.1, "upper": 0.2}),
        ("lmem_marginal_mean", {"estimate": 0.5, "lower": 0.6, "upper": 0.7}),
        ("sweep_correlation", {"coefficient": 0.5, "lower": 0.6, "upper": 0.7, "method": "spearman"}),
        ("ranking_pair", {"probability_first": 0.5, "probability_rope": 0.1, "probability_second": 0.5}),
        ("ranking_algorithm", {"mean_rank": 2.0}),
    ],
    "landscape_totals": [
        ("landscape_optimum", {"basin_size": 5}),
        ("landscape_interaction", {"additive_share": 0.5, "magnitude_share": 0.1, "sign_share": 0.1,
                                   "reciprocal_share": 0.1}),
        ("landscape_lon_edge", {"probability": 1.5}),
        ("landscape_node", {"configuration_id": 3, "basin_id": 3, "is_local_optimum": False}),
    ],
    "variance_values": [
        ("lmem_residual", {"variance": -1e-9}),
        ("lmem_variance_component", {"other_term": None, "variance": -0.1}),
        ("lmem_model", {"r2_marginal": -0.1, "r2_conditional": 0.5}),
        ("lmem_model", {"r2_marginal": 0.5, "r2_conditional": 0.4}),
    ],
}  # fmt: skip
"""Check -> rows of result tables, each of which it must find."""
STATEMENTS = {
    "evaluation_grain": ["insert into core.evaluation select * from core.evaluation limit 1"],
    "evaluation_in_space": ["update core.evaluation set configuration_id = 99", "delete from core.search_space"],
    "evaluation_references": [
        "update core.evaluation set benchmark_id = 99",
        "update core.evaluation set metric_id = 99",
        "update core.evaluation set source_id = 99",
    ],
    "evaluation_status": [
        "update core.evaluation set value = null where status = 'ok'",
        "update core.evaluation set value = 'inf' where status = 'ok'",
    ],
    "feature_grain": ["insert into core.benchmark_feature values (1, 'n', 1, '1', 1), (1, 'n', 2, '2', 1)"],
    "ledger_references": [
        "insert into ops.nightly_step values (9, 1, 'site', 'pages', 'done', 0, '')",
        "insert into ops.conclusion values (9, 'count', '', '', null, 1, null, null, null, '{}')",
        "insert into ops.change values (9, 1, 'count', '', '')",
        "insert into ops.nightly values (1, '', '', 'ok', false, null, null, null, now(), null, '', null); "
        "insert into ops.conclusion select 1, 'count', '', '', null, 1, null, null, null, '{}' from range(2)",
    ],
    "name_unique": ["insert into core.algorithm values (77, 'A')", "insert into core.benchmark values (77, 'b')"],
    "run_factor_references": ["insert into core.run_factor values (99, 'n', 1, '1')"],
    "run_grain": ["update core.run set seed = 0"],
    "run_references": [
        "update core.run set experiment_id = 99",
        "update core.run set algorithm_id = 99",
        "update core.run set benchmark_id = 99",
    ],
    "source_ledger": ["delete from ops.ingest"],
    "space_definition": [
        "update core.hyperparameter set stride = 7 where position = 0",
        "delete from core.hyperparameter_level where level = 0",
        "update core.search_space set cardinality = 5",
    ],
    "sweep_references": [
        "insert into core.sweep_metric values (99, 0, 1)",
        "insert into core.sweep_metric values (1, 5, 99)",
        "insert into core.sweep_parameter values (99, 'x', 'int', 'linear', 0, 1, 1, null)",
        "update core.sweep set benchmark_id = 99",
        "update core.sweep set search_space_id = 99",
        "update core.sweep set source_id = 99",
        "update core.run set sweep_id = 99",
    ],
    "trace_grain": ["insert into core.trace select * from core.trace limit 1"],
    "trace_references": ["update core.trace set run_id = 99", "update core.trace set metric_id = 99"],
    "trace_status": ["update core.trace set value = null", "update core.trace set budget = -1 where budget = 1"],
    "trial_references": [
        "update core.trial set sweep_id = 99",
        "insert into core.trial_parameter values (99, 'x', 1, '1')",
        "insert into core.trial_metric values (99, 1, null, 1, 'ok')",
        "insert into core.trial_attribute values (99, 'x', '1')",
    ],
    "trial_values": [
        "insert into core.trial_parameter select * from core.trial_parameter",
        "insert into core.trial_metric select * from core.trial_metric",
        "update core.trial_metric set value = null",
    ],
    "view_completeness": [
        "update core.run set algorithm_id = 99",
        "create or replace view mart.source as select * from core.source where source_id > 1",
        "delete from core.search_space",
    ],
    "view_values": [
        "create or replace view mart.incumbent as select 1 as run_id, 1 as metric_id, 'min' as direction, b as budget, "
        "b as incumbent from range(3) as t(b)",
        "create or replace view mart.block_rank as select 1 as run_id, 1 as metric_id, 3.0 as block_rank, "
        "2 as block_size",
        "create or replace view mart.run_regret as select * replace (-1.0 as regret, 1.0 as final_incumbent) from "
        f"({next(view.select for view in static_views() if view.name == 'run_regret')})",
    ],
    "warehouse_identity": ["delete from ops.warehouse", "insert into ops.revision values ('9999')"],
}
"""Check -> statements, after each of which it must find something."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, empty_warehouse: Path) -> Warehouse:
    """Runs, a grid and a sweep, each small."""
    folder = tmp_path_factory.mktemp("checks")
    (folder / "w.duckdb").write_bytes(empty_warehouse.read_bytes())
    warehouse = Warehouse(folder / "w.duckdb")
    lines = [f"{a},b,{s},{n},{(s + 1) / n}" for a in "AB" for s in range(2) for n in (1, 2, 3)]
    (folder / "runs.csv").write_text("algorithm,benchmark,seed,budget,value\n" + "\n".join(lines) + "\n")
    (folder / "grid.csv").write_text("lr,depth,loss\n0.1,1,0.5\n0.1,2,0.6\n0.2,1,0.7\n0.2,2,nan\n")
    (folder / "sweep.csv").write_text("lr,depth,accuracy\n0.1,1,0.5\n0.2,2,0.6\n0.3,1,0.7\n")
    for kind, name, options in (
        ("runs", "runs", {}),
        ("grid", "grid", {}),
        ("trials", "sweep", {"direction": "max"}),
    ):
        mapping = {"accuracy": "metric"} if kind == "trials" else {}
        ingest(warehouse, find_source(kind), Request(str(folder / f"{name}.csv"), name, mapping, options))
    warehouse.close()
    return warehouse


@pytest.fixture
def planting(filled: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in which anything may be planted; nothing of it stays."""
    connection = duckdb.connect(str(filled.path))
    connection.begin()
    yield connection
    connection.rollback()
    connection.close()


def failures(connection: duckdb.DuckDBPyConnection, name: str) -> list[Any]:
    return connection.execute(all_checks(connection)[name][1]).fetchall()


FITTING: dict[str, Any] = {"INTEGER": 1, "BIGINT": 1, "DOUBLE": 0.5, "VARCHAR": "x", "BOOLEAN": True}


COLUMNS: dict[str, list[tuple[str, str, bool]]] = {}
"""Result table -> name, type and optionality of its columns; asked once, as a rule plants hundreds of rows."""
WORDS: dict[str, dict[str, str]] = {}
"""Result table -> a word of each of its closed vocabularies."""


def plant(connection: duckdb.DuckDBPyConnection, table: str, **values: Any) -> None:
    """Insert a row that is right in every other column; what it is about is in the warehouse."""
    if not COLUMNS:
        know_tables(connection)
    row = {name: None if name == "reason" and optional else FITTING[kind] for name, kind, optional in COLUMNS[table]}
    row["analysis_run_id"] = 1
    row |= WORDS.get(table, {})
    row = {name: values.get(name, row[name]) for name in row}
    marks = ", ".join("?" for _ in row)
    connection.execute(f'insert into result."{table}" values ({marks})', list(row.values()))


def know_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Ask the catalogue for the columns and closed vocabularies of all result tables."""
    for table, name, kind, optional in connection.execute(
        "select table_name, column_name, data_type, is_nullable from duckdb_columns() "
        "where schema_name = 'result' order by table_name, column_index"
    ).fetchall():
        COLUMNS.setdefault(table, []).append((name, kind, optional))
    for table, text in connection.execute(
        "select table_name, constraint_text from duckdb_constraints() where schema_name = 'result' "
        "and constraint_type = 'CHECK'"
    ).fetchall():
        match = re.search(r"\(*\"?(\w+)\"? IN \('([^']*)'", text, re.IGNORECASE)
        if match:
            WORDS.setdefault(table, {})[match[1]] = match[2]


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ids that sound rows may refer to."""
    connection.execute(
        "insert into ops.analysis_run values (1, 'j', 's', '1', '{}', 'f', null, now(), now(), '[]', '0')"
    )


def test_a_sound_warehouse_passes_every_check(filled: Warehouse):
    assert [(one.name, one.example) for one in run_checks(filled) if one.failures] == []
    filled.close()


def test_every_written_check_has_a_violation_planted(filled: Warehouse):
    with filled:
        checks = set(all_checks(filled.connection))
    made = {name for name in checks if name.startswith("result_")}
    assert checks - made == set(PLANTED) | set(STATEMENTS)


def test_clocks_that_step_back_are_no_fault_of_the_data(planting):
    """What a tool's clock says is kept as it is; it must never stop a site."""
    planting.execute("update ops.ingest set started_at = ended_at + interval 1 day")
    planting.execute("update core.trial set started_at = now(), ended_at = now() - interval 1 day")
    assert failures(planting, "ledger_references") == []
    assert failures(planting, "trial_values") == []


@pytest.mark.parametrize(("name", "statement"), [(name, one) for name, found in STATEMENTS.items() for one in found])
def test_a_check_finds_what_is_planted_in_facts_views_and_ledgers(planting, name, statement):
    for one in statement.split("; "):
        planting.execute(one)
    assert failures(planting, name), statement


@pytest.mark.parametrize(("name", "table", "values"), [(n, t, v) for n, rows in PLANTED.items() for t, v in rows])
def test_a_check_finds_what_is_planted_in_results(planting, name, table, values):
    prepare(planting)
    if table == "landscape_optimum":
        plant(planting, "landscape_subject", configuration_count=7)
    assert failures(planting, name) == []
    plant(planting, table, **values)
    assert failures(planting, name), table


def result_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'result' "
        "order by table_name, column_index"
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def violations(rule: str, columns: dict[str, dict[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return (table, column) -> the values of a row that breaks a rule there, for every place to which it applies."""
    doubles = {(t, c) for t, own in columns.items() for c, kind in own.items() if kind == "DOUBLE"}
    if rule == "result_provenance":
        return {(table, "analysis_run_id"): {"analysis_run_id": 99} for table in columns}
    if rule == "result_finite":
        return {(t, c): {c: float("inf")} for t, c in doubles if t != "lmem_residual_bin"}
    if rule == "result_probability":
        return {(t, c): {c: 1.01} for t, c in doubles if PROBABILITY.fullmatch(c)}
    if rule == "result_reference":
        known = {f"{name}_id" for name in ("algorithm", "benchmark", "metric", "search_space")}
        return {(t, c): {c: 99} for t, own in columns.items() for c in own if c in known}
    pairs = [(table, low, high) for table, own in columns.items() for low, high in interval_columns(list(own))]
    crossed = {"DOUBLE": (0.7, 0.6)}
    return {
        (table, low): dict(zip((low, high), crossed.get(columns[table][low], (2, 1)), strict=True))
        for table, low, high in pairs
    }


@pytest.mark.parametrize(
    ("rule", "least"),
    [
        ("result_provenance", 50),
        ("result_finite", 150),
        ("result_probability", 30),
        ("result_reference", 20),
        ("result_interval", 20),
    ],
)
def test_a_rule_is_kept_at_every_place_to_which_it_applies(planting, rule, least):
    """One violation is planted at every place at once, and each of them is found."""
    prepare(planting)
    places = violations(rule, result_columns(planting))
    assert len(places) >= least
    for table in {table for table, _ in places}:
        plant(planting, table)
    assert failures(planting, rule) == []
    for (table, _), values in places.items():
        plant(planting, table, **values)
    assert {row[:2] for row in failures(planting, rule)} == set(places)


def test_a_result_that_occurs_twice_is_found_in_every_table(planting):
    prepare(planting)
    tables = list(result_columns(planting))
    for table in tables:
        plant(planting, table)
    assert failures(planting, "result_key") == []
    for table in tables:
        plant(planting, table)
    assert sorted(row[0] for row in failures(planting, "result_key")) == sorted(tables)


def test_a_result_without_value_and_reason_is_found(planting):
    prepare(planting)
    known = result_columns(planting)
    for table, column in MAIN.items():
        assert column in known[table] and "reason" in known[table]
        plant(planting, table, **{column: None, "reason": "because"})
    assert failures(planting, "result_reason") == []
    for table, column in MAIN.items():
        plant(planting, table, **{column: None})
    assert {row[:2] for row in failures(planting, "result_reason")} == set(MAIN.items())


def test_keys_name_columns_that_are_there(planting):
    known = result_columns(planting)
    assert {table: [c for c in key if c not in known[table]] for table, key in KEYS.items()} == {t: [] for t in KEYS}
