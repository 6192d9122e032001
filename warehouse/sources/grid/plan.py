"""How the columns of a wide file map to hyperparameters, metrics and the grain of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.names import identifier, literal
from hpowh.warehouse.sources.runs.plan import INDEXES
from hpowh.warehouse.sources.tables.roles import Role, assumed, direction_of, given_roles, guess_by_name
from hpowh.warehouse.sources.tables.statuses import STATUS_WORDS, status_case
from hpowh.warehouse.sources.tables.tabular import Staged, finite, not_a_number, number, status_of

if TYPE_CHECKING:
    from hpowh.warehouse.ingest.dimensions import Hyperparameter
    from hpowh.warehouse.ingest.protocol import Request

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
VOCABULARY = {
    "benchmark": ("benchmark", "dataset", "data_set", "task", "problem"),
    "seed": ("seed", "random_state", "rep", "repeat", "repetition"),
    "fold": ("fold", "cv_fold", "fold_id"),
    "fidelity": ("fidelity", "budget", "epoch", "epochs", "subsample_fraction", "train_fraction"),
    "split": ("split",),
    "cost": ("cost", "train_time", "fit_time", "runtime", "duration", "time"),
    "status": ("status", "state"),
}
METRIC_WORDS = {
    *("loss", "acc", "accuracy", "auc", "auroc", "f1", "error", "err", "rmse", "mse", "mae", "r2", "logloss", "nll"),
    *("score", "precision", "recall", "value", "objective", "regret", "perplexity", "reward"),
}
SPLITS = {"train": "train", "valid": "valid", "val": "valid", "validation": "valid", "test": "test"}


@dataclass(frozen=True)
class Metric:
    """One column of values: which metric, on which split (None: the split column or the default)."""

    column: str
    name: str
    split: str | None


@dataclass(kw_only=True)
class Plan:
    """The mapping of one wide file, and the SQL that follows from it."""

    columns: dict[str, str]
    roles: dict[str, Role]
    location: str
    space: str
    benchmark: str
    direction_option: str | None
    default_split: str = "valid"
    metrics: list[Metric] = field(default_factory=list)

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
        column = f"{alias}.{identifier(hyperparameter.name)}" if alias else identifier(hyperparameter.name)
        if hyperparameter.value_type in ("int", "float"):
            return f"(try_cast({column} as double)::varchar)"
        if hyperparameter.value_type == "bool":
            return f"(try_cast({column} as boolean)::varchar)"
        return f"({column}::varchar)"

    def grain_sql(self, alias: str) -> list[tuple[str, str]]:
        """Return (name, SQL) of what, beside the configuration, makes the grain of an evaluation."""

        def of(role: str, sql_type: str) -> str:
            column = self.column(role)
            return f"try_cast({alias}.{identifier(column)} as {sql_type})" if column else f"null::{sql_type}"

        benchmark, split, status = self.column("benchmark"), self.column("split"), self.column("status")
        return [
            ("benchmark", f"{alias}.{identifier(benchmark)}::varchar" if benchmark else literal(self.benchmark)),
            ("fidelity", of("fidelity", "double")),
            ("seed", of("seed", "double") + "::bigint"),
            ("fold", of("fold", "double") + "::bigint"),
            ("split", _split_case(f"{alias}.{identifier(split)}") if split else "null::varchar"),
            ("cost", of("cost", "double")),
            ("said", status_case(f"{alias}.{identifier(status)}") if status else "'ok'"),
        ]

    def stored_value(self, metric: Metric, sql: str) -> tuple[str, str]:
        """Return SQL for the stored value and its status."""
        raw = f"try_cast({sql} as double)"
        return (
            f"case when n.said = 'ok' then {finite(raw)} end",
            f"case when n.said = 'ok' then {status_of(raw)} else n.said end",
        )

    def direction(self, metric: str) -> str:
        """Return a metric's direction, given or guessed."""
        return direction_of(metric, self.direction_option)[0]

    def conditions(self) -> list[tuple[str, str, str]]:
        """Return (column, SQL, reason) of what makes a row unacceptable, levels aside."""
        found = []
        benchmark = self.column("benchmark")
        if benchmark:
            empty = f"nullif(trim({identifier(benchmark)}::varchar), '') is null"
            found.append((benchmark, empty, "the benchmark is missing"))
        for role in ("seed", "fold", "fidelity", "cost"):
            column = self.column(role)
            bad = not_a_number(column, self.columns[column]) if column else None
            if column and bad:
                found.append((column, bad, f"the {role} is not a number"))
            if column and role in ("seed", "fold"):
                value = number(column, self.columns[column])
                found.append((column, f"{value} <> trunc({value})", f"the {role} is no whole number"))
        for metric in self.metrics:
            bad = not_a_number(metric.column, self.columns[metric.column])
            if bad:
                found.append((metric.column, bad, "not a number"))
        split = self.column("split")
        if split:
            found.append((split, f"{_split_case(identifier(split))} is null", "a split is train, valid or test"))
        status = self.column("status")
        if status:
            known = ", ".join(word for words in STATUS_WORDS.values() for word in words)
            condition = f"{status_case(identifier(status))} is null"
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
        left = [column for column, role in self.roles.items() if role.name == "ignore" and role.why != "given"]
        if left:
            notes.append(f"Left out: {', '.join(left)}.")
        return notes


def _split_case(column: str) -> str:
    cases = " ".join(f"when {literal(word)} then {literal(split)}" for word, split in SPLITS.items())
    return f"(case lower(trim({column}::varchar)) {cases} end)"


def make(staged: Staged, request: Request) -> Plan:
    """Decide every column's role.

    Raises:
        UsageError: `--map` names a column or role that does not exist.
        IngestError: there is no metric or no hyperparameter.
    """
    roles = given_roles(request.mapping, staged.columns, ROLES, request.location)
    roles = guess_by_name(staged.columns, roles, VOCABULARY)
    for column in staged.columns:
        if column in roles:
            continue
        if column.strip().lower() in INDEXES:
            roles[column] = Role("ignore", None, "an index, not data")
        elif METRIC_WORDS & set(column.lower().replace("-", "_").split("_")):
            roles[column] = Role("metric", None, "guessed from its name")
        else:
            roles[column] = Role("hyperparameter", None, "all others are")
    name = str(request.options.get("space") or request.name)
    plan = Plan(
        columns=staged.columns,
        roles=roles,
        location=request.location,
        space=name,
        benchmark=str(request.options.get("benchmark") or request.name),
        direction_option=request.options.get("direction"),
        default_split=str(request.options.get("split") or "valid"),
    )
    plan.metrics = [_metric(column, roles[column], plan) for column in staged.columns if roles[column].name == "metric"]
    for wanted, found in (("metric", plan.metrics), ("hyperparameter", plan.hyperparameters)):
        if not found:
            raise IngestError(
                f"{request.location}: no column is a {wanted}; its columns are {', '.join(staged.columns)}.",
                f"Say which: --map COLUMN={wanted}",
            )
    return plan


def _metric(column: str, role: Role, plan: Plan) -> Metric:
    """Read `metric`, `metric:NAME`, `metric:NAME@SPLIT`; else take the split from a prefix such as `train_`."""
    if role.argument:
        name, _, split = role.argument.partition("@")
        if split and split not in SPLITS:
            raise UsageError(f"--map {column}={role}: there is no split {split!r}.", "Splits: train, valid, test.")
        return Metric(column, name, SPLITS[split] if split else None)
    first, _, rest = column.partition("_")
    if rest and first.lower() in SPLITS and not plan.column("split"):
        return Metric(column, rest, SPLITS[first.lower()])
    return Metric(column, column, None)
