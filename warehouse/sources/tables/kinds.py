"""Which kind of table a file is: long-form runs, a grid, trials of a tuner, meta-features, or a leaderboard."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from hpowh.warehouse.sources.tables.automl import automl_table
from hpowh.warehouse.sources.tables.facts import facts
from hpowh.warehouse.sources.tables.frameworks import framework_of
from hpowh.warehouse.sources.tables.indexes import NAME
from hpowh.warehouse.sources.tables.naming import (
    IDENTIFIERS,
    LIKE_A_NUMBER,
    METRICS,
    NAMES,
    is_measured,
    is_result,
    plain_name,
    usual,
    with_spreads,
    words,
)
from hpowh.warehouse.sources.tables.roles import Role, guess_by_name, listed
from hpowh.warehouse.sources.tables.sample import first_rows_of
from hpowh.warehouse.sources.tables.wide import (
    COUNTED,
    LEAST_COLUMNS,
    are_numbers,
    is_summary,
    label_role,
    wide_table,
)

PREFIXES = ("config.", "config/", "config:", "params_", "params.", "param_", "hyperparameters.")
WANDB = {"name", "state", "runtime", "created"}
ALGORITHMS = ("algorithm", "algo", "sampler", "tuner", "solver", "framework", "classifier", "algname", "learner_id",
              "learner_name", "flow_name", "agent", "alg_name", "algorithm_name", "optimizer_name", "optimiser_name",
              "method_name", "solver_name", "classifier_name", "framework_name", "sampler_name", "tuner_name",
              "agent_name", "algo_name")  # fmt: skip
"""Names of algorithms that are no hyperparameter of a model; `optimizer` and `method` may be."""
SPENT = frozenset({*NAMES["budget"], *NAMES["fidelity"]})
TRIAL = ("trial", "trial_id", "trial_index", "tid")
FEWEST = 4
SURE = 10
"""In so many rows a column with a value of its own in each is drawn, not laid out."""
MOSTLY, HARDLY = 0.5, 0.1
"""Share of a grid's cells above which a table is one, and below which it is none."""
KINDS = {
    "runs": "a row is a result of an algorithm on a benchmark",
    "grid": "a row is a configuration, and nearly all combinations are there",
    "trials": "a row is a trial of a tuner",
    "features": "a row is a data set",
}
"""What a row of each kind is, for those who are asked."""


def kinds_of_table(path: Path, options: Mapping[str, Any] | None = None) -> list[tuple[str, str]]:
    """Return the kinds that a table can be, each with why: one where it is clear.

    Args:
        options: how a text file is written, where that was said (`encoding`).

    Raises:
        IngestError: it cannot be read.
    """
    columns, rows = first_rows_of(path, options=options)
    return kinds_of(columns, rows)


def kinds_of(columns: list[str], rows: list[tuple[Any, ...]]) -> list[tuple[str, str]]:
    """Return the same of the columns and first rows of a table."""
    packed = [c for at, c in enumerate(columns) if _are_dictionaries([row[at] for row in rows])]
    if packed and not _trials(columns) and not _compares(columns):
        return [("trials", f"{packed[0]!r} holds a dictionary a row")]
    automl = automl_table(columns)
    if automl:
        return [("runs", f"its columns are those of {automl.tool}'s leaderboard: a row a model, with its score")]
    framework = framework_of(columns)
    if framework:
        return [("runs", f"its columns are those that {framework.name} writes: a row is {framework.row}")]
    trial = _trials(columns)
    if trial:
        return [("trials", trial)]
    roles = guess_by_name(columns, {}, usual("benchmark", "seed", "fold", "budget", "split", "experiment"))
    roles = guess_by_name(columns, roles, {"algorithm": NAMES["algorithm"]})
    results = [c for c in columns if c not in roles and (plain_name(c) in METRICS + NAMES["value"] or is_result(c))]
    measured, spreads = with_spreads(columns)
    results += [column for column in measured if column not in (*results, *roles)]
    results = [column for column in results if not _are_texts([row[columns.index(column)] for row in rows])]
    by_role = {role.name: column for column, role in roles.items()}
    rest = [c for c in columns if c not in (*roles, *results, *spreads) and not NAME.fullmatch(c.strip().lower())]
    told = facts({c: [row[columns.index(c)] for row in rows] for c in rest})
    no_settings = {*told, *(c for c in rest if plain_name(c) in (*IDENTIFIERS, *NAMES["status"]) or is_measured(c))}
    rest = [c for c in rest if c not in no_settings] or rest
    counted = "benchmark" in by_role and sum(COUNTED.fullmatch(c.strip()) is not None for c in rest) > 1
    is_algorithm = "algorithm" in by_role and plain_name(by_role["algorithm"]) in ALGORITHMS
    if (
        "algorithm" in by_role
        and ("benchmark" in by_role or is_algorithm)
        and (results or "budget" in by_role or counted)
    ):
        named = [by_role[role] for role in ("algorithm", "benchmark", "seed", "budget") if role in by_role]
        why = f"its columns {listed(named)} are those of runs"
        if is_algorithm or len(rest) < 2 or "budget" in by_role:
            return [("runs", why)]
        return [("runs", why), ("grid", f"{by_role['algorithm']!r} may be a hyperparameter")]
    if results and "budget" in by_role and all(plain_name(column) in SPENT for column in rest):
        named = [column for column in columns if column in rest or column == by_role["budget"]]
        return [("runs", f"its columns {listed(named)} count what one run spent")]
    wide = wide_table(columns, rows)
    if wide is not None and wide.row_role == "algorithm":
        metrics = [column for column in wide.columns if column in results]
        if len({tuple(words(column)) for column in metrics}) > 1:
            why = f"each row is another model, and {listed(metrics, 3)} are metrics of one benchmark"
            return [("runs", why), ("leaderboard", "each of its columns is a task"), ("grid", "it may be")]
        # Where some columns are called like results and others not, the others may be hyperparameters.
        plain = [("leaderboard", wide.why)]
        return plain if not results or set(wide.columns) <= set(results) else [*plain, ("grid", "it may be")]
    if wide is not None and wide.is_on_one_scale and not set(results) - set(wide.columns):
        return [("leaderboard", f"{wide.why}, on one scale"), ("features", "each row is another benchmark")]
    few = len(results) * 5 < len(rest)  # among many features, one may be called f1
    if (few or not results) and "benchmark" in by_role and _is_key(columns, rows, by_role["benchmark"]):
        return [("features", f"each row is another {by_role['benchmark']} and the columns are not named like results")]
    others = [*rest, *(c for c in [by_role.get("algorithm")] if c)]
    found = _configurations(columns, rows, roles, others, results)
    spent = by_role.get("budget", "")
    if found[0][0] == "grid" and spent and plain_name(spent) not in NAMES["fidelity"] and not is_measured(spent):
        return [("runs", f"{spent!r} may be what a run spent"), *found]
    return found if len(found) < len(KINDS) else [*_board(columns, rows), *found]


def _board(columns: list[str], rows: list[tuple[Any, ...]]) -> list[tuple[str, str]]:
    """Return that a table may be a leaderboard, where a column of models names the rows and some hold numbers."""
    named = [column for column in columns if label_role(column) == "algorithm" and _is_key(columns, rows, column)]
    numbers = [c for at, c in enumerate(columns) if not is_summary(c) and are_numbers(row[at] for row in rows)]
    if not named or len(numbers) < LEAST_COLUMNS:
        return []
    return [("leaderboard", f"each row is another {named[0]!r}, and {listed(numbers, 3)} may be tasks")]


def _are_dictionaries(cells: list[Any]) -> bool:
    """Whether every cell holds a dictionary, and some hold anything."""
    texts = [cell.strip() if isinstance(cell, str) else "" for cell in cells]
    return all(text[:1] == "{" and text[-1:] == "}" for text in texts) and any(text[1:-1].strip() for text in texts)


def _compares(columns: list[str]) -> bool:
    """Whether columns are named like algorithms (which no hyperparameter is) and the benchmarks they ran on."""
    found = guess_by_name(columns, {}, usual("algorithm", "benchmark"))
    return len(found) == 2 and any(plain_name(column) in ALGORITHMS for column in found)


def _trials(columns: list[str]) -> str | None:
    lower = {column.strip().lower() for column in columns}
    if {"cost", "time", "status", "seed"} <= lower:
        return "cost, time, status and seed are what SMAC writes of an evaluation"
    if lower >= WANDB:
        return "its columns are those of W&B's page"
    prefixed = [column for column in columns if column.startswith(PREFIXES)]
    if prefixed:
        return f"{prefixed[0]!r} has a prefix that tuners give to hyperparameters"
    if _compares(columns):
        return None
    found = guess_by_name(columns, {}, usual("status", "started", "ended", "algorithm", "benchmark"))
    compared = [column for column, role in found.items() if role.name in ("algorithm", "benchmark")]
    of_trials = [column for column in found if column not in compared]
    named = [column for column in columns if plain_name(column) in TRIAL]
    if len(of_trials) > 1 or named:
        shown = of_trials if len(of_trials) > 1 else named
        return f"{listed(shown)} {'is' if len(shown) == 1 else 'are'} what tuners write of a trial"
    return None


def _is_key(columns: list[str], rows: list[tuple[Any, ...]], column: str) -> bool:
    place = columns.index(column)
    return len({row[place] for row in rows}) == len(rows) > 0


def _are_texts(cells: list[Any]) -> bool:
    """Whether there are texts and nothing like a number: a `loss` of such is a setting."""
    filled = [str(cell).strip().lower() for cell in cells if cell is not None and str(cell).strip()]
    return bool(filled) and not any(re.fullmatch(LIKE_A_NUMBER, cell) for cell in filled)


def _is_drawn(cells: list[Any]) -> bool:
    """Whether a column holds another fraction in every place; whole numbers and texts may be an index, or names."""
    try:
        fractions = [float(str(cell)) for cell in cells]
    except ValueError:
        return False
    return len(set(fractions)) == len(cells) and sum(not one.is_integer() for one in fractions) * 2 > len(cells)


def _combinations(settings: set[tuple[Any, ...]]) -> int:
    """Count the combinations of the levels of columns; those with the same cells empty combine among themselves."""
    by_pattern: dict[tuple[bool, ...], list[tuple[Any, ...]]] = {}
    for one in settings:
        by_pattern.setdefault(tuple(str(cell or "").strip() == "" and cell != 0 for cell in one), []).append(one)
    return sum(prod(len(set(column)) for column in zip(*alike, strict=True)) for alike in by_pattern.values())


def _configurations(
    columns: list[str], rows: list[tuple[Any, ...]], roles: dict[str, Role], rest: list[str], results: list[str]
) -> list[tuple[str, str]]:
    """Tell a grid from the trials of a search by how many of the combinations of levels are there."""
    if not results or not rest:
        return list(KINDS.items())
    if len(rows) < FEWEST:
        return sorted(KINDS.items(), key=lambda one: one[0] != "trials")
    places = [columns.index(column) for column in rest]
    settings = {tuple(row[place] for place in places) for row in rows}
    there, cells = len(settings), _combinations(settings)
    share = there / cells
    why = f"{there:,} of {cells:,} combinations of {listed(rest, 4)} are there"
    drawn = [column for column, cells in zip(rest, zip(*settings, strict=True), strict=True) if _is_drawn([*cells])]
    if drawn and there >= SURE and len(rest) > 1:
        of = "row" if there == len(rows) else "configuration"
        return [("trials", f"{drawn[0]!r} has a value of its own in every {of}")]
    grain = [*places, *(columns.index(column) for column in roles if column not in rest)]
    if len({tuple(row[place] for place in grain) for row in rows}) < len(rows):
        return [("trials", "configurations are repeated and no column counts the repeats")]
    if share >= MOSTLY and (len(rest) > 1 or there < len(rows)):
        return [("grid", why)]
    if share < HARDLY:
        return [("trials", why)]
    return [("trials", why), ("grid", why)]
