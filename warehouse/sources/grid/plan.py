"""How the columns of a wide file map to hyperparameters, metrics and the grain of an evaluation."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.tables import spelling
from hpowh.warehouse.sources.tables.facts import FACTS
from hpowh.warehouse.sources.tables.naming import usual
from hpowh.warehouse.sources.tables.numbers import finite, not_a_number, number, plain_list, status_of, whole
from hpowh.warehouse.sources.tables.roles import Role, assumed, direction_of, listed
from hpowh.warehouse.sources.tables.statuses import STATUS_WORDS, status_case

if TYPE_CHECKING:
    from hpowh.warehouse.ingest.dimensions import Hyperparameter
    from hpowh.warehouse.sources.tables.columns import Columns

ROLES = (
    "hyperparameter",
    "metric",
    "benchmark",
    "seed",
    "fold",
    "fidelity",
    "split",
    "cost",
    "status",
    "ignore",
)
USUAL = usual("benchmark", "seed", "fold", "fidelity", "split", "cost", "status")
OPTIONS = ("space", "benchmark", "direction", "split", "levels", "only", "unit", "failed-value", "default")
SPLITS = {"train": "train", "valid": "valid", "val": "valid", "validation": "valid", "test": "test"}

EMPTY = "\n"
"""The key of an empty cell among those of a hyperparameter's levels: no text of a file is it."""


@dataclass(frozen=True)
class Metric:
    """One column of values: which metric, on which split (None: the split column or the default)."""

    column: str
    name: str
    split: str | None


@dataclass(kw_only=True)
class Plan:
    """The mapping of one wide file, and the SQL that follows from it."""

    columns: Columns
    roles: dict[str, Role]
    location: str
    space: str
    benchmark: str
    direction_option: str | None
    default_split: str = "valid"
    metrics: list[Metric] = field(default_factory=list)
    lists: set[str] = field(default_factory=set)
    """Hyperparameters of texts among which are lists."""
    text_seeds: dict[str, str] = field(default_factory=dict)
    """Role `seed` or `fold` whose column holds texts -> how they get numbers (see `spelling.seed_form`)."""
    failed_value: float | None = None
    """A cost that stands for a failed evaluation."""
    units: dict[str, str | None] = field(default_factory=dict)
    """Metric -> its unit in the warehouse."""
    factors_of_units: dict[str, float] = field(default_factory=dict)
    """Column of a metric -> what its values are multiplied by, to have the unit of the warehouse."""
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
    def hyperparameters(self) -> list[str]:
        """The columns that are hyperparameters, in the order of the file."""
        return [c for c in self.columns if c in self.roles and self.roles[c].name == "hyperparameter"]

    def column_of(self, hyperparameter: str) -> str:
        """Return the column of a hyperparameter; they have the same name."""
        return hyperparameter

    def value_sql(self, hyperparameter: Hyperparameter, alias: str = "") -> str:
        """Return SQL for the comparable key of a hyperparameter's value (as in the table `hpowh_level`)."""
        name = self.sql(self.column_of(hyperparameter.name))
        column = f"{alias}.{name}" if alias else name
        if hyperparameter.value_type in ("int", "float"):
            return f"(try_cast({column} as double)::varchar)"
        if hyperparameter.value_type == "bool":
            return f"(try_cast({column} as boolean)::varchar)"
        return f"({self.text(hyperparameter.name, column)})"

    def is_empty(self, hyperparameter: str, alias: str = "") -> str:
        """Return SQL for whether a hyperparameter's cell is empty; what is not a number among floats is empty too."""
        name = self.column_of(hyperparameter)
        column = f"{alias}.{self.sql(name)}" if alias else self.sql(name)
        if self.columns[name] in ("DOUBLE", "FLOAT"):
            return f"({column} is null or isnan({column}))"
        if self.columns[name] != "VARCHAR":
            return f"({column} is null)"
        return f"(nullif(trim({column}), '') is null)"

    def key_sql(self, hyperparameter: Hyperparameter) -> str:
        """Return SQL for the key of a hyperparameter's value, `EMPTY` where its cell is empty."""
        empty = self.is_empty(hyperparameter.name)
        return f"(case when {empty} then {literal(EMPTY)} else {self.value_sql(hyperparameter)} end)"

    def sql(self, column: str) -> str:
        """Return the SQL name of a column."""
        return self.columns.sql(column)

    def number(self, column: str) -> str:
        """Return SQL for the number in a column of the staged relation, NULL where there is none."""
        return self.numbers.get(column) or number(self.sql(column), self.columns[column])

    def text(self, hyperparameter: str, column: str) -> str:
        """Return SQL for the text of a hyperparameter's value."""
        return plain_list(f"{column}::varchar") if hyperparameter in self.lists else f"{column}::varchar"

    def grain_sql(self, alias: str) -> list[tuple[str, str]]:
        """Return (name, SQL) of what, beside the configuration, makes the grain of an evaluation."""

        def of(role: str, sql_type: str) -> str:
            column = self.column(role)
            if column is None:
                return f"null::{sql_type}"
            name = f"{alias}.{self.sql(column)}"
            if role in self.text_seeds:
                return spelling.seed_of_text(name, self.text_seeds[role])
            return whole(name, self.columns[column]) if sql_type == "bigint" else f"try_cast({name} as {sql_type})"

        benchmark, split, status = self.column("benchmark"), self.column("split"), self.column("status")
        return [
            ("benchmark", f"{alias}.{self.sql(benchmark)}::varchar" if benchmark else literal(self.benchmark)),
            ("fidelity", of("fidelity", "double")),
            ("seed", of("seed", "bigint")),
            ("fold", of("fold", "bigint")),
            ("split", _split_case(f"{alias}.{self.sql(split)}") if split else "null::varchar"),
            ("cost", of("cost", "double")),
            ("said", status_case(f"{alias}.{self.sql(status)}") if status else "'ok'"),
        ]

    def stored_value(self, metric: Metric, sql: str) -> tuple[str, str]:
        """Return SQL for the stored value and its status."""
        read = f"try_cast({sql} as double)"
        factor = self.factors_of_units.get(metric.column, 1.0)
        raw = read if factor == 1.0 else f"({read} * {factor!r})"
        value, status = finite(raw), status_of(raw)
        if self.failed_value is not None:
            value = f"case when {read} = {self.failed_value!r} then null else {value} end"
            status = f"case when {read} = {self.failed_value!r} then 'failed' else {status} end"
        if self.column("status") is None:
            return value, status
        return f"case when n.said = 'ok' then {value} end", f"case when n.said = 'ok' then {status} else n.said end"

    def direction(self, metric: str) -> str:
        """Return a metric's direction, given or guessed."""
        return direction_of(metric, self.direction_option)[0]

    def conditions(self) -> list[tuple[str, str, str]]:
        """Return (column, SQL, reason) of what makes a row unacceptable, levels aside."""
        found = []
        benchmark = self.column("benchmark")
        if benchmark:
            empty = f"nullif(trim({self.sql(benchmark)}::varchar), '') is null"
            found.append((benchmark, empty, "the benchmark is missing"))
        for role in ("seed", "fold", "fidelity", "cost"):
            column = self.column(role) if role not in self.text_seeds else None
            bad = not_a_number(self.sql(column), self.columns[column]) if column else None
            if column and bad:
                found.append((column, bad, f"the {role} is not a number"))
            if column and role in ("seed", "fold"):
                value = number(self.sql(column), self.columns[column])
                odd = f"{value} is not null and {whole(self.sql(column), self.columns[column])} is null"
                found.append((column, odd, f"the {role} is no whole number of 64 bits"))
        for metric in self.metrics:
            bad = not_a_number(self.sql(metric.column), self.columns[metric.column])
            if bad and metric.column not in self.only_numbers:
                found.append((metric.column, bad, "not a number"))
        split = self.column("split")
        if split:
            found.append((split, f"{_split_case(self.sql(split))} is null", "a split is train, valid or test"))
        status = self.column("status")
        if status:
            known = ", ".join(word for words in STATUS_WORDS.values() for word in words)
            condition = f"{status_case(self.sql(status))} is null"
            found.append((status, condition, f"unknown status; known are {known}"))
        return found

    def mapping(self) -> list[tuple[str, str, str]]:
        """Return (column, role, why) for `--dry-run`."""
        listed = []
        for column in self.columns:
            role = self.roles[column]
            metric = next((metric for metric in self.metrics if metric.column == column), None)
            said = f"metric:{metric.name}@{metric.split or self.default_split}" if metric else str(role)
            listed.append((column, said, role.why))
        return listed

    def notes(self) -> list[str]:
        """Return what was assumed or left out, in sentences."""
        notes = []
        for name in dict.fromkeys(metric.name for metric in self.metrics):
            direction, given = direction_of(name, self.direction_option)
            if not given:
                notes.append(assumed(name, direction))
        notes += self.said
        told = ("given", *FACTS)
        left = [column for column, role in self.roles.items() if role.name == "ignore" and role.why not in told]
        if left:
            add = shlex.quote(f"{left[0]}=hyperparameter")
            notes.append(f"Left out: {listed(left)} (load one with --map {add}).")
        return notes


def _split_case(column: str) -> str:
    cases = " ".join(f"when {literal(word)} then {literal(split)}" for word, split in SPLITS.items())
    return f"(case lower(trim({column}::varchar)) {cases} end)"
