"""Which column of a long-form file is what: given, guessed from its name, or from what it holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest.questions import Question, QuestionsError
from hpowh.warehouse.sources.runs.plan import DERIVED, ROLES, USUAL, Plan
from hpowh.warehouse.sources.runs.repeats import choose_repeats, repetition_question
from hpowh.warehouse.sources.runs.splitting import leave_out_splitting
from hpowh.warehouse.sources.runs.unmeasured import metrics_of_their_own, named_like_results
from hpowh.warehouse.sources.runs.wide import refuse_wide
from hpowh.warehouse.sources.tables import spelling
from hpowh.warehouse.sources.tables.automl import automl_roles
from hpowh.warehouse.sources.tables.doctor import seeds_that_are_folds
from hpowh.warehouse.sources.tables.facts import OWN, facts_in, facts_note, without_need
from hpowh.warehouse.sources.tables.frameworks import framework_roles
from hpowh.warehouse.sources.tables.indexes import WHY, index_columns
from hpowh.warehouse.sources.tables.locales import decimal_commas
from hpowh.warehouse.sources.tables.naming import is_result
from hpowh.warehouse.sources.tables.numbers import numeric_columns
from hpowh.warehouse.sources.tables.options import check_options
from hpowh.warehouse.sources.tables.roles import (
    GUESSED,
    Role,
    direction_beside,
    direction_question,
    given_roles,
    guess_by_name,
    listed,
    only_columns,
)
from hpowh.warehouse.sources.tables.staging import Staged
from hpowh.warehouse.sources.tables.units import failed_value

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.ingest.protocol import Request

OPTIONS = ("experiment", "constants", "direction", "only", "unit", "failed-value", "summaries")
CONSTANTS = ("algorithm", "benchmark", "seed", "budget")


def make(connection: duckdb.DuckDBPyConnection, staged: Staged, request: Request) -> Plan:
    """Decide every column's role; leaves the distinct keys of runs in the temporary table `hpowh_keys`.

    Raises:
        UsageError: `--map` names a column or role that does not exist.
        IngestError: a needed role has no column, or a column varies within runs and nobody said what it is.
    """
    check_options("runs", request, OPTIONS)
    roles = given_roles(request.mapping, staged.columns, ROLES, request.location)
    for column, role in roles.items():
        if role.name == "factor" and role.argument not in (None, "text"):
            raise UsageError(f"--map {column}={role}: not understood.", "Say factor, or factor:text.")
    constants = {str(k): str(v) for k, v in dict(request.options.get("constants") or {}).items()}
    _check_constants(constants)
    only = only_columns(request.options, staged.columns, request.location)
    usual = {role: names for role, names in USUAL.items() if role not in constants}
    if any(role.name == "metric" for role in roles.values()) and "value" not in staged.columns:
        usual.pop("value", None)
    free = [column for column in staged.columns if column not in (only or ())]
    automl = automl_roles(free, roles, constants)
    if any(role.name in ("value", "metric") for role in roles.values()):
        automl = {column: role for column, role in automl.items() if role.name != "value"}
    roles |= automl or framework_roles(free, roles, constants)
    roles |= guess_by_name(free, roles, usual)
    roles = {column: roles[column] for column in staged.columns if column in roles}
    _guess_value(connection, staged, roles, free)
    option = request.options.get("direction")
    experiment = str(request.options.get("experiment") or request.name)
    plan = Plan(
        columns=staged.columns,
        roles=roles,
        location=request.location,
        experiment=experiment,
        constants=constants,
        direction_option=option and str(option),
        numbers=staged.numbers,
        only_numbers=staged.only_numbers,
    )
    choose_repeats(connection, plan, staged, request.mapping, free)
    plan.said += [*staged.notes, *seeds_that_are_folds(plan.seed)]
    plan.failed_value = failed_value(request.options)
    _require(connection, plan, staged, request.mapping)
    _decide_rest(connection, staged, plan, only)
    key_table(connection, plan, staged)
    leave_out_splitting(connection, plan, staged)
    read_spellings(connection, plan)
    return plan


def likely_numbers(request: Request) -> Callable[[Sequence[str]], list[str]]:
    """Return what picks, of a file's columns, those that are its budget and values by `--map` or by their names."""

    def picked(names: Sequence[str]) -> list[str]:
        said = {column for column, role in request.mapping.items() if role.partition(":")[0] in NUMBERS}
        usual = {role: USUAL[role] for role in ("budget", "value")}
        return [column for column in names if column in said or column in guess_by_name(names, {}, usual)]

    return picked


NUMBERS = ("budget", "value", "metric")
"""Roles of columns that are read as numbers only."""


def key_table(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged) -> None:
    """Leave the distinct keys of runs in the temporary table `hpowh_keys`."""
    keys = ", ".join(plan.sql(column) for column in plan.key_columns()) or "1 as none"
    connection.execute(f"create or replace temp table hpowh_keys as select distinct {keys} from {staged.relation}")  # noqa: S608


def read_spellings(connection: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Find out how factors and seeds are spelt."""
    free = [column for column in plan.factors if plan.roles[column].argument != "text"]
    plan.forms = dict.fromkeys(plan.factors, "text")
    for column in free:
        plan.forms[column] = spelling.form_of(connection, plan.sql(column), plan.columns[column], "hpowh_keys")
    close = [column for column, form in plan.forms.items() if form == "rounded"]
    if close:
        plan.said.append(f"Levels that agree in 12 digits are one: {listed(close)}.")
    if plan.seed and plan.columns[plan.seed] == "VARCHAR":
        plan.seed_form, shown = spelling.seed_form(connection, plan.sql(plan.seed))
        if shown:
            pairs = ", ".join(f"{text!r} is {seed}" for text, seed in shown)
            plan.said.append(f"Seeds are texts and get numbers: {pairs}{' …' if len(shown) == 3 else ''}.")


def _guess_value(
    connection: duckdb.DuckDBPyConnection, staged: Staged, roles: dict[str, Role], free: list[str]
) -> None:
    """Take columns named like results for metrics: the only one, or several of which each benchmark has its own."""
    said = [column for column, role in roles.items() if role.name in ("value", "metric")]
    if any(roles[column].why != GUESSED for column in said) or any(
        role.name == "metric-name" for role in roles.values()
    ):
        return
    results = named_like_results([c for c in free if c in said or (c not in roles and c.lower() not in DERIVED)])
    benchmark = next((column for column, role in roles.items() if role.name == "benchmark"), None)
    own = metrics_of_their_own(connection, staged, benchmark, [*dict.fromkeys([*said, *results])])
    if own:
        roles |= own
    elif len(results) == 1 and not said:
        roles[results[0]] = Role("value", None, "named like a result")


def _decide_rest(connection: duckdb.DuckDBPyConnection, staged: Staged, plan: Plan, only: list[str] | None) -> None:
    rest = [column for column in staged.columns if column not in plan.roles]
    kept = set(rest if only is None else only)
    indexes = set(index_columns(connection, staged, [column for column in rest if only is None or column not in kept]))
    for column in rest:
        if column in indexes:
            role = Role("ignore", None, WHY)
        elif column.strip().lower() in DERIVED and (only is None or column not in kept):
            role = Role("ignore", None, "derived: the warehouse computes it")
        elif column not in kept:
            role = Role("ignore", None, "not among those of --only")
        elif only is not None:
            role = Role("factor", None, "given")
        else:
            role = Role("factor", None, "constant within each run")
        plan.roles[column] = role
    plan.roles = {column: plan.roles[column] for column in staged.columns}
    if only is None:
        _leave_out_facts(connection, staged, plan)


def _leave_out_facts(connection: duckdb.DuckDBPyConnection, staged: Staged, plan: Plan) -> None:
    """Leave out guessed factors that state a fact of a run, such as a commit or a path, unless they tell runs apart."""
    guessed = [column for column in plan.factors if plan.roles[column].why != "given"]
    found = facts_in(connection, staged, guessed, is_every_place=True)
    found = {column: what for column, what in found.items() if what != OWN}  # it may be what an optimiser tried
    if not found:
        return
    keys = [*plan.key_columns(), *(name for name in (plan.budget, plan.metric_name) if name)]

    def is_told_apart(without: set[str]) -> bool:
        names = ", ".join(plan.sql(column) for column in keys if column not in without) or "1"
        query = f"select count(distinct ({names}, 1)) = count(*) from {staged.relation}"  # noqa: S608
        return bool(connection.execute(query).fetchall()[0][0])

    left = without_need(found, is_told_apart)
    plan.roles |= {column: Role("ignore", None, what) for column, what in left.items()}
    plan.explained.update(left)
    plan.said += facts_note(left, "left out", "factor")


def _require(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged, given: Collection[str]) -> None:
    """Ask for everything that is needed and not known."""
    free = [column for column in plan.columns if column not in plan.roles]
    numbers = numeric_columns(connection, staged, free)
    texts = [column for column in free if column not in numbers and not is_result(column)]
    commas = decimal_commas(connection, staged.relation, staged.columns, texts) if not plan.metrics else []
    texts = [column for column in texts if column not in commas]
    questions = [
        _question(role, texts)
        for role in ("algorithm", "benchmark")
        if not plan.column(role) and role not in plan.constants
    ]
    if not plan.metrics:
        refuse_wide(plan, numbers)
        likely = [column for column in free if is_result(column)] or commas or numbers
        why = f" ({listed(commas)} may be numbers with a decimal comma: --option decimal=,)" if commas else ""
        questions.append(Question(f"which column is the value?{why}", likely, "--map", "{}=value"))
        questions += direction_beside(likely, plan.direction_option)
    for name in metric_names(connection, plan, staged):
        asked = direction_question(name, plan.direction_option)
        questions += [asked] if asked and asked.text not in [one.text for one in questions] else []
    repeated = repetition_question(connection, plan, staged, given)
    questions += [repeated] if repeated else []
    if questions:
        raise QuestionsError(plan.location, questions, list(staged.columns))


def _question(role: str, texts: list[str]) -> Question:
    """Ask which column plays a role; where none of texts is left, one name for all rows is likelier than a number."""
    if texts:
        return Question(f"which column is the {role} (or for all: --set {role}=NAME)?", texts, "--map", f"{{}}={role}")
    numbers = f"no column of texts is left for the {role} (--map COLUMN={role} where numbers name it)"
    return Question(f"{numbers}; what is it for all rows?", (), "--set", f"{role}={{}}")


def metric_names(connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged) -> list[str]:
    """Return the names of all metrics of the file: of columns, or the values of a column; keeps them in the plan."""
    if not plan.metric_name:
        return [name for _, name in plan.metrics]
    column = plan.text(plan.metric_name)
    found = connection.execute(f"select distinct {column} as m from {staged.relation} order by m").fetchall()  # noqa: S608
    plan.names_of_metrics = [name for (name,) in found if name is not None]
    return plan.names_of_metrics


def _check_constants(constants: dict[str, str]) -> None:
    for role, value in constants.items():
        if role not in CONSTANTS:
            raise UsageError(f"--set {role}={value}: only {', '.join(CONSTANTS[:-1])} and budget can be constants.")
        if role in ("seed", "budget"):
            try:
                float(value) if role == "budget" else int(value)
            except ValueError:
                raise UsageError(f"--set {role}={value}: {value!r} is not a number.") from None
