"""How the columns of a long-form file map to runs and traces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.names import identifier, literal
from hpowh.warehouse.sources.tables.roles import Role, assumed, direction_of, given_roles, guess_by_name
from hpowh.warehouse.sources.tables.statuses import STATUS_WORDS, status_case
from hpowh.warehouse.sources.tables.tabular import Staged, finite, not_a_number, number, status_of

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.ingest.protocol import Request

ROLES = (
    "experiment",
    "algorithm",
    "benchmark",
    "seed",
    "budget",
    "value",
    "metric",
    "metric-name",
    "status",
    "factor",
    "feature",
    "ignore",
)
VOCABULARY = {
    "algorithm": ("algorithm", "algo", "optimizer", "optimiser", "method", "sampler", "tuner", "solver"),
    "benchmark": ("benchmark", "bench", "problem", "dataset", "data_set", "task", "function", "instance"),
    "seed": ("seed", "run_seed", "rep", "repeat", "repetition", "replication", "random_state"),
    "budget": (
        *("budget", "used_fidelity", "used_budget", "n_trials", "n_evaluations", "evaluations", "n_evals", "evals"),
        *("iteration", "iter", "trial", "step", "fidelity", "walltime", "wallclock", "runtime", "time", "epoch"),
    ),
    "value": ("value", "loss", "objective", "y", "fitness", "cost", "score", "error", "accuracy", "result"),
    "metric-name": ("metric", "metric_name"),
    "status": ("status", "state"),
    "experiment": ("experiment", "experiment_name"),
}
DERIVED = ("simple_regret", "normalized_regret", "normalised_regret", "regret", "rel_rank", "rank")
"""What the warehouse computes itself from the values; loaded only when asked for as a metric."""
INDEXES = ("__index_level_0__", "unnamed: 0", "index", "column00", "")


@dataclass(kw_only=True)
class Plan:
    """The mapping of one file, and the SQL that follows from it."""

    columns: dict[str, str]
    roles: dict[str, Role]
    location: str
    experiment: str
    constants: dict[str, str]
    direction_option: str | None
    numeric_texts: set[str] = field(default_factory=set)
    """Factor columns of text in which every text is a number (a CSV has no types)."""

    def column(self, role: str) -> str | None:
        """Return the column that plays a role, or None."""
        return next((column for column, given in self.roles.items() if given.name == role), None)

    @property
    def benchmark(self) -> str | None:
        """The column of the benchmark."""
        return self.column("benchmark")

    @property
    def budget(self) -> str | None:
        """The column of the budget; None where each run has a single, final value."""
        return self.column("budget")

    @property
    def seed(self) -> str | None:
        """The column of the seed; None where there is none."""
        return self.column("seed")

    @property
    def metric_name(self) -> str | None:
        """The column that names the metric of each row, where there is one."""
        return self.column("metric-name")

    @property
    def metrics(self) -> list[tuple[str, str]]:
        """(column, metric name) of all columns that hold a metric."""
        return [(c, r.argument or c) for c, r in self.roles.items() if r.name in ("value", "metric")]

    @property
    def factors(self) -> list[str]:
        """Columns that are run factors."""
        return [column for column, role in self.roles.items() if role.name == "factor"]

    @property
    def features(self) -> list[str]:
        """Columns that are meta-features of the benchmark."""
        return [column for column, role in self.roles.items() if role.name == "feature"]

    def is_numeric(self, column: str) -> bool:
        """Whether a column of the file is of a numeric type."""
        kind = self.columns[column]
        return (
            column in self.numeric_texts
            or kind in ("DOUBLE", "FLOAT", "HUGEINT")
            or kind.endswith("INT")
            or kind in ("INTEGER",)
            or "DEC" in kind
        )

    def text(self, column: str | None, constant: str = "") -> str:
        """Return SQL for a text key: a column, or the constant that stands for it."""
        if column is None:
            return literal(constant)
        name = identifier(column)
        if self.columns[column] == "VARCHAR":
            return f"nullif(trim({name}), '')"
        if self.columns[column] in ("DOUBLE", "FLOAT"):
            return f"case when {name} = trunc({name}) then {name}::bigint::varchar else {name}::varchar end"
        return f"{name}::varchar"

    def run_keys(self) -> list[tuple[str, str]]:
        """Return (alias, SQL) of what makes a run."""
        keys = [
            (f"k_{role}", self.text(self.column(role), self.constants.get(role, "")))
            for role in ("algorithm", "benchmark")
        ]
        keys.insert(0, ("k_experiment", self.text(self.column("experiment"), self.experiment)))
        seed = self.column("seed")
        if seed:
            keys.append(("k_seed", f"try_cast({number(seed, self.columns[seed])} as bigint)"))
        else:
            keys.append(("k_seed", f"{self.constants.get('seed', 'null')}::bigint"))
        return keys + [(f"f_{i}", self.factor(column)) for i, column in enumerate(self.factors)]

    def factor(self, column: str) -> str:
        """Return SQL for a run factor, as a number where all its values are numbers."""
        if column in self.numeric_texts:
            return number(column, self.columns[column])
        return identifier(column) if self.is_numeric(column) else self.text(column)

    def budget_sql(self) -> str:
        """Return SQL for the budget as a double."""
        if self.budget is None:
            return f"{self.constants.get('budget', '1')}::double"
        return number(self.budget, self.columns[self.budget])

    def value(self, column: str) -> tuple[str, str]:
        """Return SQL for a metric's stored value and its status."""
        raw = number(column, self.columns[column])
        status_column = self.column("status")
        if status_column is None:
            return finite(raw), status_of(raw)
        said = status_case(identifier(status_column))
        return (
            f"case when {said} = 'ok' then {finite(raw)} end",
            f"case when {said} = 'ok' then {status_of(raw)} else {said} end",
        )

    def direction(self, metric: str) -> str:
        """Return a metric's direction, given or guessed."""
        return direction_of(metric, self.direction_option)[0]

    def key_columns(self) -> list[str]:
        """Return the columns of the file that make a run."""
        roles = ("experiment", "algorithm", "benchmark", "seed", "factor")
        return [column for column, role in self.roles.items() if role.name in roles]

    def key_conditions(self) -> list[tuple[str, str, str]]:
        """Return (column, SQL, reason) of what makes the key of a row unacceptable."""
        found = []
        for role in ("experiment", "algorithm", "benchmark"):
            column = self.column(role)
            if column:
                found.append((column, f"{self.text(column)} is null", f"the {role} is missing"))
        seed = self.column("seed")
        if seed:
            kind = self.columns[seed]
            value = number(seed, kind)
            found.append((seed, f"{value} is null", "the seed is missing or no number"))
            if not kind.endswith("INT") and kind != "INTEGER":
                found.append((seed, f"{value} <> trunc({value})", "the seed is no whole number"))
        return found

    def conditions(self) -> list[tuple[str, str, str]]:
        """Return (column, SQL, reason) of what else makes a row unacceptable."""
        found = []
        if self.budget:
            kind = self.columns[self.budget]
            value = number(self.budget, kind)
            found.append((self.budget, f"{value} is null", "the budget is missing or no number"))
            found.append((self.budget, f"not isfinite({value}) or {value} < 0", "the budget is negative or not finite"))
        for column, _ in self.metrics:
            bad = not_a_number(column, self.columns[column])
            if bad:
                found.append((column, bad, "not a number"))
        status = self.column("status")
        if status:
            known = ", ".join(word for words in STATUS_WORDS.values() for word in words)
            found.append((status, f"{status_case(identifier(status))} is null", f"unknown status; known are {known}"))
        if self.metric_name:
            found.append((self.metric_name, f"{self.text(self.metric_name)} is null", "the metric's name is missing"))
        return found

    def mapping(self) -> list[tuple[str, str, str]]:
        """Return (column, role, why) for `--dry-run`."""
        listed = [(column, str(role), role.why) for column, role in self.roles.items()]
        return listed + [(f"({role})", value, "constant") for role, value in self.constants.items()]

    def notes(self) -> list[str]:
        """Return what was assumed or left out, in sentences."""
        notes = []
        for _, name in self.metrics if not self.metric_name else []:
            direction, given = direction_of(name, self.direction_option)
            if not given:
                notes.append(assumed(name, direction))
        left = [column for column, role in self.roles.items() if role.name == "ignore" and role.why != "given"]
        if left:
            notes.append(f"Left out: {', '.join(left)} (load one with --map {left[0]}=metric).")
        unknown = [column for column in self.factors if self.roles[column].why != "given"]
        if self.seed is None and "seed" not in self.constants and unknown:
            counted = "a factor" if len(unknown) == 1 else "factors"
            notes.append(f"No column is a seed; {', '.join(unknown)}: {counted} (say --map COLUMN=seed if one is).")
        if self.budget is None and "budget" not in self.constants:
            notes.append("No column is a budget: each row counts as a run's final value, at budget 1.")
        return notes


def make(connection: duckdb.DuckDBPyConnection, staged: Staged, request: Request) -> Plan:
    """Decide every column's role; leaves the distinct keys of runs in the temporary table `hpowh_keys`.

    Raises:
        UsageError: `--map` names a column or role that does not exist.
        IngestError: a needed role has no column, or a column varies within runs and nobody said what it is.
    """
    roles = given_roles(request.mapping, staged.columns, ROLES, request.location)
    constants = {str(k): str(v) for k, v in dict(request.options.get("constants") or {}).items()}
    vocabulary = {role: names for role, names in VOCABULARY.items() if role not in constants}
    if any(role.name == "metric" for role in roles.values()) and "value" not in staged.columns:
        vocabulary.pop("value", None)
    roles = guess_by_name(staged.columns, roles, vocabulary)
    plan = Plan(
        columns=staged.columns,
        roles=roles,
        location=request.location,
        experiment=str(request.options.get("experiment") or request.name),
        constants=constants,
        direction_option=request.options.get("direction"),
    )
    _require(plan)
    for column in staged.columns:
        if column in roles:
            continue
        if column.strip().lower() in INDEXES:
            roles[column] = Role("ignore", None, "an index, not data")
        elif column.strip().lower() in DERIVED:
            roles[column] = Role("ignore", None, "derived: the warehouse computes it")
        else:
            roles[column] = Role("factor", None, "constant within each run")
    _check_constants(plan)
    listed = ", ".join(identifier(column) for column in plan.key_columns()) or "1 as none"
    connection.execute(f"create or replace temp table hpowh_keys as select distinct {listed} from {staged.relation}")
    plan.numeric_texts = _numeric_texts(connection, plan, staged)
    return plan


def _require(plan: Plan) -> None:
    missing = [role for role in ("algorithm", "benchmark") if not plan.column(role) and role not in plan.constants]
    if not plan.metrics:
        missing.append("value")
    if missing:
        raise IngestError(
            f"{plan.location}: no column plays the role {', '.join(missing)}; its columns are "
            f"{', '.join(plan.columns)}.",
            f"Say which: --map COLUMN={missing[0]}, or a constant for all rows: --set {missing[0]}=NAME",
        )


def _check_constants(plan: Plan) -> None:
    for role, value in plan.constants.items():
        if role not in ("algorithm", "benchmark", "seed", "budget"):
            raise UsageError(f"--set {role}={value}: only algorithm, benchmark, seed and budget can be constants.")
        if role in ("seed", "budget"):
            try:
                float(value) if role == "budget" else int(value)
            except ValueError:
                raise UsageError(f"--set {role}={value}: {value!r} is not a number.") from None


def _numeric_texts(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged) -> set[str]:
    texts = [column for column in plan.factors if plan.columns[column] == "VARCHAR"]
    if not texts:
        return set()
    tests = ", ".join(
        f"coalesce(bool_and(try_cast({identifier(column)} as double) is not null), false)" for column in texts
    )
    found = connection.execute(f"select {tests} from hpowh_keys").fetchall()[0]
    return {column for column, is_number in zip(texts, found, strict=True) if is_number}
