"""How the columns of a long-form file map to runs and traces."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.tables import spelling
from hpowh.warehouse.sources.tables.naming import usual
from hpowh.warehouse.sources.tables.numbers import MISSING_TEXTS, finite, not_a_number, number, plain, status_of, whole
from hpowh.warehouse.sources.tables.roles import Role, assumed, direction_of, listed
from hpowh.warehouse.sources.tables.statuses import STATUS_WORDS, status_case

if TYPE_CHECKING:
    from hpowh.warehouse.sources.tables.columns import Columns

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
USUAL = usual("algorithm", "benchmark", "seed", "budget", "value", "metric-name", "status", "experiment")
DERIVED = ("simple_regret", "normalized_regret", "normalised_regret", "regret", "rel_rank", "rank")
"""What the warehouse computes itself from the values; loaded only when asked for as a metric."""


@dataclass(kw_only=True)
class Plan:
    """The mapping of one file, and the SQL that follows from it."""

    columns: Columns
    roles: dict[str, Role]
    location: str
    experiment: str
    constants: dict[str, str]
    direction_option: str | None
    forms: dict[str, str] = field(default_factory=dict)
    """Factor -> how its values are read: `number`, `rounded`, `truth`, `list` or `text` (see `spelling`)."""
    seed_form: str = "number"
    """How seeds are read: `number`, `digits` of a text such as seed_3, or `hash` of any other text."""
    failed_value: float | None = None
    """A cost that stands for a failed evaluation."""
    units: dict[str, str | None] = field(default_factory=dict)
    """Metric -> its unit in the warehouse."""
    factors_of_units: dict[str, float] = field(default_factory=dict)
    """Column of a metric -> what its values are multiplied by, to have the unit of the warehouse."""
    explained: set[str] = field(default_factory=set)
    """Columns that are left out, of which a sentence says how to keep them."""
    names_of_metrics: list[str] = field(default_factory=list)
    """Values of the column that names metrics, where there is one."""
    said: list[str] = field(default_factory=list)
    """Sentences of those who decided the roles."""
    numbers: dict[str, str] = field(default_factory=dict)
    """Column of texts -> SQL name of the column beside it in the staged relation that holds its numbers."""
    only_numbers: set[str] = field(default_factory=set)
    """Those of them in which every cell is a number."""

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

    def is_numeric(self, factor: str) -> bool:
        """Whether all values of a factor are numbers."""
        return self.forms[factor] in ("number", "rounded")

    def sql(self, column: str) -> str:
        """Return the SQL name of a column."""
        return self.columns.sql(column)

    def text(self, column: str | None, constant: str = "") -> str:
        """Return SQL for a text key: a column, or the constant that stands for it."""
        if column is None:
            return literal(constant)
        name = self.sql(column)
        if self.columns[column] == "VARCHAR":
            return f"nullif(trim({name}), '')"
        if self.columns[column] in ("DOUBLE", "FLOAT"):
            return plain(f"{name}::double")
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
            keys.append(("k_seed", self.seed_sql(seed)))
        else:
            keys.append(("k_seed", f"{self.constants.get('seed', 'null')}::bigint"))
        return keys + [(f"f_{i}", self.factor(column)) for i, column in enumerate(self.factors)]

    def seed_sql(self, seed: str) -> str:
        """Return SQL for a seed as a whole number of 64 bits."""
        if self.seed_form == "number":
            return whole(self.sql(seed), self.columns[seed])
        return spelling.seed_of_text(self.sql(seed), self.seed_form)

    def factor(self, column: str) -> str:
        """Return SQL for a run factor, as a number where all its values are numbers."""
        return spelling.factor(self.sql(column), self.columns[column], self.forms[column])

    def budget_sql(self) -> str:
        """Return SQL for the budget as a double."""
        if self.budget is None:
            return f"{self.constants.get('budget', '1')}::double"
        return self.number(self.budget)

    def number(self, column: str) -> str:
        """Return SQL for the number in a column of the staged relation (not of the keys), NULL where there is none."""
        return self.numbers.get(column) or number(self.sql(column), self.columns[column])

    def value(self, column: str) -> tuple[str, str]:
        """Return SQL for a metric's stored value and its status."""
        raw = self.raw(column)
        status, value = status_of(raw), finite(raw)
        if self.failed_value is not None:
            made_up = f"{self.number(column)} = {self.failed_value!r}"
            status = f"case when {made_up} then 'failed' else {status} end"
            value = f"case when {made_up} then null else {value} end"
        status_column = self.column("status")
        if status_column is None:
            return value, status
        said = status_case(self.sql(status_column))
        return f"case when {said} = 'ok' then {value} end", f"case when {said} = 'ok' then {status} else {said} end"

    def raw(self, column: str) -> str:
        """Return SQL for a metric's number in the warehouse's unit."""
        value = self.number(column)
        factor = self.factors_of_units.get(column, 1.0)
        return value if factor == 1.0 else f"({value} * {factor!r})"

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
            text = f"trim({self.sql(seed)}::varchar)"
            value, double = self.seed_sql(seed), number(self.sql(seed), self.columns[seed])
            missing = f"lower(coalesce({text}, '')) in ({', '.join(map(literal, MISSING_TEXTS))})"
            found.append((seed, missing, "the seed is missing"))
            too_long = f"{value} is null and abs({double}) > {2**53} and {double} = trunc({double})"
            found.append((seed, too_long, "the seed does not fit into 64 bits"))
            odd = f"not ({missing}) and {value} is null and ({too_long}) is not true"
            found.append((seed, odd, "the seed is no whole number"))
        return found

    def conditions(self) -> list[tuple[str, str, str]]:
        """Return (column, SQL, reason) of what else makes a row unacceptable."""
        found = []
        if self.budget:
            value = self.number(self.budget)
            found.append((self.budget, f"{value} is null", "the budget is missing or no number"))
            found.append((self.budget, f"not isfinite({value}) or {value} < 0", "the budget is negative or not finite"))
        for column, _ in self.metrics:
            bad = not_a_number(self.sql(column), self.columns[column])
            if bad and column not in self.only_numbers:
                found.append((column, bad, "not a number"))
        status = self.column("status")
        if status:
            known = ", ".join(word for words in STATUS_WORDS.values() for word in words)
            found.append((status, f"{status_case(self.sql(status))} is null", f"unknown status; known are {known}"))
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
        for name in self.names_of_metrics or [name for _, name in self.metrics]:
            direction, given = direction_of(name, self.direction_option)
            if not given:
                notes.append(assumed(name, direction))
        notes += self.said
        ignored = [column for column, role in self.roles.items() if role.name == "ignore" and role.why != "given"]
        left = [column for column in ignored if column not in self.explained]
        if left:
            notes.append(f"Left out: {listed(left)} (--map {shlex.quote(left[0] + '=ROLE')} loads one).")
        unknown = [column for column in self.factors if self.roles[column].why != "given"]
        if self.seed is None and "seed" not in self.constants and unknown:
            counted = "a factor" if len(unknown) == 1 else "factors"
            notes.append(f"No column is a seed; {', '.join(unknown)}: {counted} (say --map COLUMN=seed if one is).")
        if self.budget is None and "budget" not in self.constants:
            notes.append("No column is a budget: each row counts as a run's final value, at budget 1.")
        return notes
