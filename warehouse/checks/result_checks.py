"""Invariants that every result table keeps by the names of its columns: checks made from the catalogue.

A new table is checked from the day it exists: its provenance, references, numbers, probabilities, intervals and keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hpowh.warehouse import queries
from hpowh.warehouse.names import identifier, literal

if TYPE_CHECKING:
    import duckdb

REFERENCES = ("algorithm", "benchmark", "metric", "search_space")
"""A column `<name>_id` of a result refers to `core.<name>`. Runs, sweeps and trials are not among these: they go with a
source that is replaced, and a result of theirs stays, out of date, until its analysis is run again."""
PROBABILITY = re.compile(
    r"p|p_\w+|\w+_p|\w+_p_value|\w+_p_adjusted|probability\w*|power\w*|share\w*|coverage|neutrality"
    r"|\w*(kept|tried|additive|magnitude|sign|reciprocal|basin)_share"
)
"""Names of columns that hold probabilities or shares of a whole."""
PAIRS = (("lower", "upper"), ("from", "to"), ("q25", "q75"))
"""Ends of an interval: columns of these names, or that end with them after the same beginning."""
UNBOUNDED = ("lmem_residual_bin",)
"""Tables whose outermost intervals are open."""
SLACK = 1e-9
"""What rounding may add to a probability."""
MAIN = {
    "landscape_gap": "main_share",
    "landscape_metric": "value",
    "landscape_run": "final_loss",
    "landscape_similarity": "value",
    "lmem_calibration": "rate",
    "lmem_contrast": "estimate",
    "lmem_fixed_effect": "estimate",
    "lmem_marginal_mean": "estimate",
    "lmem_power": "power",
    "lmem_variance_test": "p_value",
    "run_regret": "final_rank",
    "sweep_agreement": "tau",
    "sweep_correlation": "coefficient",
    "sweep_importance": "importance",
    "sweep_model": "r_squared_left_out",
    "sweep_step": "spearman",
    "sweep_summary": "best_value",
    "sweep_term": "coefficient",
    "trace_axis": "upper_budget",
    "trace_overall": "normalized_regret_mean",
    "trace_summary": "normalized_regret_mean",
}
"""Table -> the number that it is about: where that is NULL, the column `reason` says why."""
KEYS = {
    "coverage": ("algorithm_id", "benchmark_id", "setting"),
    "landscape_autocorrelation": ("lag",),
    "landscape_gap": ("position",),
    "landscape_gap_node": ("configuration_id",),
    "landscape_importance": ("scope", "position"),
    "landscape_interaction": ("scope", "position_a", "position_b"),
    "landscape_lon_edge": ("perturbation", "from_id", "to_id"),
    "landscape_metric": ("name",),
    "landscape_node": ("configuration_id",),
    "landscape_optimum": ("configuration_id",),
    "landscape_plateau": ("plateau_id",),
    "landscape_quantile": ("probability",),
    "landscape_run": ("run_id",),
    "landscape_run_step": ("run_id", "trial_number"),
    "landscape_similarity": ("aspect", "context", "landscape_a", "landscape_b", "measure"),
    "landscape_subject": (),
    "lmem_calibration": (),
    "lmem_calibration_pair": ("first", "second"),
    "lmem_contrast": ("model", "factor", "setting", "contrast", "method"),
    "lmem_coverage": ("model", "level", "block"),
    "lmem_failure": ("model", "policy", "factor", "setting", "first", "second"),
    "lmem_fixed_effect": ("model", "position"),
    "lmem_group": ("model", "factor", "setting", "group_number", "level"),
    "lmem_marginal_mean": ("model", "factor", "level", "setting"),
    "lmem_model": ("model",),
    "lmem_power": ("benchmark_count", "seed_count", "difference"),
    "lmem_random_effect": ("model", "grouping_factor", "level", "term"),
    "lmem_residual": ("model", "cell"),
    "lmem_stratum": ("model", "term", "grouping_factor"),
    "lmem_variance_component": ("model", "position"),
    "lmem_variance_test": ("model", "question"),
    "ranking_agreement": ("setting", "first", "second"),
    "ranking_algorithm": ("setting", "algorithm"),
    "ranking_block": ("setting", "block", "algorithm"),
    "ranking_cost": ("setting", "algorithm"),
    "ranking_failure": ("setting", "policy", "first", "second"),
    "ranking_group": ("setting", "method", "group_number", "algorithm"),
    "ranking_pair": ("setting", "test", "first", "second"),
    "ranking_tier": ("setting", "algorithm"),
    "ranking_test": ("setting", "test"),
    "run_regret": ("run_id", "metric_id"),
    "sweep_agreement": ("metric_id", "method_a", "method_b"),
    "sweep_column": ("metric_id", "position"),
    "sweep_confounding": ("metric_id", "hyperparameter_a", "hyperparameter_b"),
    "sweep_correlation": ("metric_id", "hyperparameter", "method"),
    "sweep_dependence": ("metric_id", "hyperparameter", "position"),
    "sweep_front": ("trial_id",),
    "sweep_importance": ("metric_id", "method", "hyperparameter", "hyperparameter_b"),
    "sweep_model": ("metric_id", "model"),
    "sweep_range": ("metric_id", "hyperparameter", "level"),
    "sweep_step": ("metric_id", "step"),
    "sweep_suggestion": ("metric_id", "suggestion", "hyperparameter"),
    "sweep_summary": ("metric_id",),
    "sweep_surface": ("metric_id", "hyperparameter_a", "hyperparameter_b", "position_a", "position_b"),
    "sweep_term": ("metric_id", "position"),
    "sweep_untried": ("metric_id", "hyperparameter_a", "hyperparameter_b", "part_a", "part_b"),
    "trace_axis": ("benchmark_id", "metric_id"),
    "trace_overall": ("metric_id", "setting", "algorithm_id", "position_unit", "position"),
    "trace_point": ("run_id", "metric_id", "budget"),
    "trace_summary": ("benchmark_id", "metric_id", "algorithm_id", "setting", "budget"),
}
"""Table -> what identifies a row within its analysis run; of any other table no row may occur twice."""

Columns = Mapping[str, Mapping[str, str]]
"""Table -> column -> type."""


def result_checks(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, str]]:
    """Return name -> (what holds, the query whose rows are failures) for the tables of schema `result` that hold rows.

    Each rule is about rows, so an empty table keeps it; to plan its queries would be most of what a check costs.
    """
    columns = _result_columns(connection)
    columns = {table: columns[table] for table in _tables_with_rows(connection, columns)}
    rules = {
        "result_provenance": ("Every stored result belongs to a recorded analysis run.", _provenance(columns)),
        "result_reference": (
            "What a result is about is there: its algorithm, benchmark, metric, search space.",
            _references(columns),
        ),
        "result_finite": ("A stored number is finite; what is undefined is NULL.", _finite(columns)),
        "result_probability": ("A probability or share lies between 0 and 1.", _probabilities(columns)),
        "result_interval": ("The lower end of an interval is not above its upper end.", _intervals(columns)),
        "result_reason": ("A result that is NULL has a reason.", _reasons(columns)),
        "result_key": ("A result occurs once within its analysis run.", _keys(columns)),
    }
    nothing = "select null as table_name where false"
    return {name: (meaning, " union all ".join(parts) or nothing) for name, (meaning, parts) in rules.items()}


def _result_columns(connection: duckdb.DuckDBPyConnection) -> Columns:
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(queries.text("catalogue/result_columns")).fetchall():
        found.setdefault(table, {})[column] = kind
    return {table: columns for table, columns in found.items() if "analysis_run_id" in columns}


def _tables_with_rows(connection: duckdb.DuckDBPyConnection, columns: Columns) -> list[str]:
    if not columns:
        return []
    asked = [
        f"select {literal(table)} where exists (select 1 from result.{identifier(table)} limit 1)" for table in columns
    ]
    found = {table for (table,) in connection.execute(" union all ".join(asked)).fetchall()}
    return [table for table in columns if table in found]


def _query(table: str, column: str, condition: str) -> str:
    return (
        f"select {literal(table)} as table_name, {literal(column)} as column_name, analysis_run_id, "
        f"count(*) as row_count from result.{identifier(table)} where {condition} group by analysis_run_id"
    )


def _provenance(columns: Columns) -> list[str]:
    condition = "analysis_run_id not in (select analysis_run_id from ops.analysis_run)"
    return [_query(table, "analysis_run_id", condition) for table in columns]


def _references(columns: Columns) -> list[str]:
    return [
        _query(table, f"{name}_id", f"{name}_id is not null and {name}_id not in (select {name}_id from core.{name})")
        for table, own in columns.items()
        for name in REFERENCES
        if f"{name}_id" in own
    ]


def _finite(columns: Columns) -> list[str]:
    return [
        _query(table, column, f"not isfinite({identifier(column)})")
        for table, own in columns.items()
        if table not in UNBOUNDED
        for column, kind in own.items()
        if kind == "DOUBLE"
    ]


def _probabilities(columns: Columns) -> list[str]:
    return [
        _query(table, column, f"{identifier(column)} not between {-SLACK} and {1 + SLACK}")
        for table, own in columns.items()
        for column, kind in own.items()
        if kind == "DOUBLE" and PROBABILITY.fullmatch(column)
    ]


def interval_columns(own: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs of columns that are the ends of an interval."""
    return [
        (column, column.removesuffix(low) + high)
        for column in own
        for low, high in PAIRS
        if (column == low or column.endswith(f"_{low}")) and column.removesuffix(low) + high in own
    ]


def _intervals(columns: Columns) -> list[str]:
    return [
        _query(table, low, f"{identifier(low)} > {identifier(high)}")
        for table, own in columns.items()
        for low, high in interval_columns(list(own))
        if own[low] in ("DOUBLE", "INTEGER", "BIGINT")
    ]


def _reasons(columns: Columns) -> list[str]:
    return [
        _query(table, column, f"{identifier(column)} is null and reason is null")
        for table, column in MAIN.items()
        if "reason" in columns.get(table, {}) and column in columns[table]
    ]


def _keys(columns: Columns) -> list[str]:
    found = []
    for table, own in columns.items():
        key = ["analysis_run_id", *KEYS.get(table, own)]
        listed = ", ".join(identifier(column) for column in dict.fromkeys(key))
        found.append(
            f"select {literal(table)} as table_name, {literal(listed)} as column_name, analysis_run_id, "
            f"count(*) as row_count from result.{identifier(table)} group by {listed} having count(*) > 1"
        )
    return found
