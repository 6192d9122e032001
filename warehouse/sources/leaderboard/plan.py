"""What the rows and the columns of a wide table stand for."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.questions import Question, QuestionsError
from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.tables.automl import automl_table
from hpowh.warehouse.sources.tables.columns import Columns
from hpowh.warehouse.sources.tables.naming import is_result
from hpowh.warehouse.sources.tables.numbers import MISSING_TEXTS, is_numeric_type, whole
from hpowh.warehouse.sources.tables.options import check_options
from hpowh.warehouse.sources.tables.roles import (
    Role,
    assumed,
    direction_of,
    direction_question,
    given_roles,
    listed,
    only_columns,
    said_direction,
)
from hpowh.warehouse.sources.tables.staging import Staged
from hpowh.warehouse.sources.tables.wide import BEHIND, NUMBER, are_numbers, is_summary, is_summary_row, label_role

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.ingest.protocol import Request

ROLES = ("algorithm", "benchmark", "seed", "value", "ignore")
OPTIONS = ("experiment", "direction", "only", "metric", "summaries")
SAMPLE = 1000
"""So many cells of a column show whether it holds numbers."""


@dataclass(kw_only=True)
class Plan:
    """`label`: the column that names the rows (None: they are numbered), which are of `row_role`."""

    columns: Columns
    roles: dict[str, Role]
    experiment: str
    metric: str
    direction: str
    label: str | None
    row_role: str
    summed: list[str] = field(default_factory=list)
    """Rows that sum up the others, which are left out."""
    said: list[str] = field(default_factory=list)

    @property
    def values(self) -> list[str]:
        """The columns whose cells are results."""
        return [column for column, role in self.roles.items() if role.name == "value"]

    @property
    def seed(self) -> str | None:
        """The column of the seed, if there is one."""
        return next((column for column, role in self.roles.items() if role.name == "seed"), None)

    @property
    def column_role(self) -> str:
        """What the columns stand for."""
        return "benchmark" if self.row_role == "algorithm" else "algorithm"

    def name_of(self, column: str) -> str:
        """Return the algorithm or benchmark that a column stands for."""
        return self.roles[column].argument or column.strip()

    def label_sql(self) -> str:
        """Return SQL for a row's name; NULL where it has none."""
        return f"nullif(trim({self.columns.sql(self.label or '')}::varchar), '')"

    def is_result_sql(self) -> str:
        """Return SQL that is true for rows of results, not of summaries of them."""
        if not self.summed:
            return "true"
        return f"({self.label_sql()} is null or {self.label_sql()} not in ({', '.join(map(literal, self.summed))}))"

    def seed_sql(self) -> str:
        """Return SQL for a row's seed."""
        column = self.seed or ""
        return whole(self.columns.sql(column), self.columns[column])

    def number(self, column: str) -> str:
        """Return SQL for a cell's number; NULL where it is empty."""
        name, kind = self.columns.sql(column), self.columns[column]
        if is_numeric_type(kind):
            return f"{name}::double"
        text = f"{name}::varchar"
        return f"coalesce(try_cast({text} as double), try_cast(regexp_extract({text}, {literal(NUMBER)}, 1) as double))"

    def behind(self, column: str) -> str:
        """Return SQL that is true where a cell holds something behind its number, such as a spread or a count."""
        if is_numeric_type(self.columns[column]):
            return "false"
        text = f"{self.columns.sql(column)}::varchar"
        return f"({self.number(column)} is not null and regexp_matches({text}, {literal(BEHIND)}))"

    def not_a_number(self, column: str) -> str:
        """Return SQL that is true where a cell holds something that is no number."""
        name = self.columns.sql(column)
        missing = ", ".join(literal(text) for text in MISSING_TEXTS)
        return f"({self.number(column)} is null and lower(trim({name}::varchar)) not in ({missing}))"

    def mapping(self) -> list[tuple[str, str, str]]:
        """Return (column, role, why) of every column."""
        return [(column, str(role), role.why) for column, role in self.roles.items()]

    def notes(self) -> list[str]:
        """Return what was assumed and left out."""
        left = [c for c, role in self.roles.items() if role.name == "ignore" and role.why != "given"]
        named = f"named by {self.label!r}" if self.label is not None else "numbered: no column names them"
        opposite = shlex.quote(f"{self.label}={self.column_role}")
        turned = f" (--map {opposite} says the opposite)" if self.label is not None else ""
        notes = [
            *self.said,
            f"Rows are {self.row_role}s ({named}), the {len(self.values)} columns are {self.column_role}s: "
            f"{listed([self.name_of(column) for column in self.values], 8)}{turned}.",
        ]
        if self.summed:
            notes.append(
                f"Rows left out, named like summaries of the others: {listed(self.summed, 8)} (--option summaries=keep "
                "loads them)."
            )
        metrics = [column for column in self.values if is_result(column)]
        if len(metrics) > 1:
            notes.append(
                f"{listed(metrics, 4)}: named like metrics. Where they are those of one benchmark and no tasks, load "
                "the table as runs: hpowh ingest runs."
            )
        return notes + ([f"Left out: {listed(left)} (--map COLUMN=value loads one)."] if left else [])


def make(connection: duckdb.DuckDBPyConnection, staged: Staged, request: Request) -> Plan:
    """Decide what rows and columns are.

    Raises:
        UsageError: `--map` or an option names what there is not.
        QuestionsError: it is open what the rows stand for.
        IngestError: fewer than two columns hold results.
    """
    check_options("leaderboard", request, OPTIONS)
    automl = automl_table(staged.columns)
    if automl and not request.mapping and not request.options.get("only"):
        raise IngestError(
            f"{request.location} is {automl.tool}'s leaderboard: a row a model, with its score and what it took; its "
            "columns are no tasks.",
            f"hpowh ingest runs {shlex.quote(request.location)} --set benchmark=NAME",
        )
    roles = given_roles(request.mapping, staged.columns, ROLES, request.location)
    only = only_columns(request.options, staged.columns, request.location)
    texts = _texts(connection, staged, roles)
    label, row_role = _label(staged, roles, texts, request)
    metric = str(request.options.get("metric") or "value")
    option = request.options.get("direction")
    for column in staged.columns:
        if column in roles:
            continue
        if column == label:
            roles[column] = Role(row_role, None, "it names the rows")
        elif label_role(column) == "seed":
            roles[column] = Role("seed", None, "its name says so")
        elif only is not None:
            chosen = column in only
            roles[column] = (
                Role("value", None, "given") if chosen else Role("ignore", None, "not among those of --only")
            )
        elif column in texts:
            roles[column] = Role("ignore", None, "it holds no numbers")
        elif is_summary(column):
            roles[column] = Role("ignore", None, "named like a summary of the others, or a fact of the row")
        else:
            roles[column] = Role("value", None, "all others are")
    roles = {column: roles[column] for column in staged.columns}
    if sum(role.name == "value" for role in roles.values()) < 2:
        raise IngestError(
            f"{request.location}: fewer than two columns hold results.",
            "A leaderboard has a column for each task (or method). One row a run: hpowh ingest runs",
        )
    asked = direction_question(metric, option and str(option))
    if asked:
        raise QuestionsError(request.location, [asked], list(staged.columns))
    direction, is_given = direction_of(metric, option and str(option))
    sentences = [*staged.notes, *([] if is_given or said_direction(metric) else [assumed(metric, direction)])]
    experiment = str(request.options.get("experiment") or request.name)
    plan = Plan(
        columns=staged.columns, roles=roles, experiment=experiment, metric=metric, direction=direction, label=label,
        row_role=row_role, said=sentences,
    )  # fmt: skip
    if label is not None and row_role == "benchmark" and _leaves_out(request):
        rows = connection.execute(f"select distinct {plan.label_sql()} from {staged.relation}").fetchall()  # noqa: S608
        plan.summed = sorted(name for (name,) in rows if name is not None and is_summary_row(name))
    return plan


def _leaves_out(request: Request) -> bool:
    """Return whether rows that sum up others are left out. Raises UsageError: the option says something else."""
    said = request.options.get("summaries", "leave")
    if said not in ("leave", "keep"):
        raise UsageError(f"--option summaries={said}: not understood.", "Say keep or leave.")
    return str(said) == "leave"


def _texts(connection: duckdb.DuckDBPyConnection, staged: Staged, roles: dict[str, Role]) -> list[str]:
    """Return the columns without a given role whose cells are mostly no numbers."""
    found = []
    for column, kind in staged.columns.items():
        if column in roles or is_numeric_type(kind):
            continue
        name = staged.columns.sql(column)
        sample = connection.execute(
            f"select {name}::varchar from {staged.relation} where {name} is not null limit {SAMPLE}"  # noqa: S608
        ).fetchall()
        if not are_numbers(row[0] for row in sample):
            found.append(column)
    return found


def _label(staged: Staged, roles: dict[str, Role], texts: list[str], request: Request) -> tuple[str | None, str]:
    """Return the column that names the rows, and what they are."""
    for column, role in roles.items():
        if role.name in ("algorithm", "benchmark"):
            return column, role.name
    named = {column: label_role(column) for column in staged.columns if column not in roles}
    for wanted in ("algorithm", "benchmark"):
        found = [column for column, role in named.items() if role == wanted]
        if found:
            return found[0], wanted
    if not texts:
        return None, "benchmark"
    question = Question(
        f"does a row stand for an algorithm or a benchmark ({texts[0]!r} names it)?",
        ("algorithm", "benchmark"),
        "--map",
        f"{texts[0]}={{}}",
    )
    raise QuestionsError(request.location, [question], list(staged.columns))
