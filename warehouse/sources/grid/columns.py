"""Which column of a wide file is what: given, guessed from its name, or what the others are."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest.questions import Question, QuestionsError
from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.grid.plan import OPTIONS, ROLES, SPLITS, USUAL, Metric, Plan
from hpowh.warehouse.sources.tables import spelling
from hpowh.warehouse.sources.tables.doctor import seeds_that_are_folds
from hpowh.warehouse.sources.tables.facts import facts_in, facts_note
from hpowh.warehouse.sources.tables.indexes import NAME, WHY, index_columns
from hpowh.warehouse.sources.tables.naming import (
    IDENTIFIERS,
    LIKE_A_NUMBER,
    METRICS,
    NAMES,
    SETTING_WORDS,
    SPREADS,
    is_measured,
    plain_name,
    with_spreads,
    words,
)
from hpowh.warehouse.sources.tables.options import check_options
from hpowh.warehouse.sources.tables.roles import (
    Role,
    check_directions,
    confined,
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

FIRST = 100
"""So many rows are looked at first."""
METRIC_WORDS = {
    *("loss", "acc", "accuracy", "auc", "auroc", "f1", "error", "err", "rmse", "mse", "mae", "r2", "logloss", "nll"),
    *("score", "precision", "recall", "value", "objective", "regret", "perplexity", "reward", "fitness"),
}


def make(connection: duckdb.DuckDBPyConnection, staged: Staged, request: Request) -> Plan:
    """Decide every column's role.

    Raises:
        UsageError: `--map` names a column or role that does not exist.
        QuestionsError: there is no metric or no hyperparameter.
    """
    check_options("grid", request, OPTIONS)
    given = given_roles(request.mapping, staged.columns, ROLES, request.location)
    only = only_columns(request.options, staged.columns, request.location)
    roles, facts = _roles(connection, staged, given, only)
    option = request.options.get("direction")
    plan = Plan(
        columns=staged.columns,
        roles=roles,
        location=request.location,
        space=str(request.options.get("space") or request.name),
        benchmark=str(request.options.get("benchmark") or request.name),
        direction_option=option and str(option),
        default_split=str(request.options.get("split") or "valid"),
        numbers=staged.numbers,
        only_numbers=staged.only_numbers,
    )
    plan.said += [*staged.notes, *seeds_that_are_folds(plan.column("seed"))]
    plan.said += facts_note(facts, "left out", "hyperparameter")
    plan.failed_value = failed_value(request.options)
    measured = [column for column in staged.columns if roles[column].name == "metric"]
    plan.metrics = [_metric(column, roles[column], plan, measured) for column in measured]
    check_directions(plan.direction_option, [metric.name for metric in plan.metrics])
    _require(plan, staged)
    plan.said += no_setting(plan)
    _read_seeds(connection, staged, plan)
    plan.lists = _with_lists(connection, staged, plan.hyperparameters)
    return plan


def likely_numbers(request: Request) -> Callable[[Sequence[str]], list[str]]:
    """Return what picks, of a file's columns, those that are its metrics by `--map` or by their names."""

    def picked(names: Sequence[str]) -> list[str]:
        said = {column for column, role in request.mapping.items() if role.partition(":")[0] == "metric"}
        return [column for column in names if column in said or _is_named_like_a_metric(column)]

    return picked


def _require(plan: Plan, staged: Staged) -> None:
    """Ask for everything that is needed and not known."""
    questions = []
    if not plan.metrics:
        questions.append(Question("no column is a metric; which one is?", plan.hyperparameters, "--map", "{}=metric"))
        questions += direction_beside(plan.hyperparameters, plan.direction_option)
    if not plan.hyperparameters:
        left = [column for column, role in plan.roles.items() if role.name == "ignore"]
        text = "no column is a hyperparameter; which one is?"
        questions.append(Question(text, left, "--map", "{}=hyperparameter"))
    for name in dict.fromkeys(metric.name for metric in plan.metrics):
        asked = direction_question(name, plan.direction_option)
        questions += [asked] if asked else []
    if questions:
        raise QuestionsError(plan.location, questions, list(staged.columns))


def _roles(
    connection: duckdb.DuckDBPyConnection, staged: Staged, given: dict[str, Role], only: list[str] | None
) -> tuple[dict[str, Role], dict[str, str]]:
    """Return the role of every column, and which are left out because they state a fact of the row."""
    free = [column for column in staged.columns if column not in (only or ())]
    roles = guess_by_name(free, given, USUAL)
    repeated, spreads = with_spreads(free)
    likely = [column for column in free if _is_named_like_a_metric(column) or column in (*repeated, *spreads)]
    texts = _of_texts(connection, staged, {*likely, *(c for c in free if plain_name(c) in NAMES["value"])})
    free = [column for column in free if column not in texts]
    for column in likely:
        if column not in roles and column not in texts:
            is_spread = column in spreads or SPREADS & set(words(column))
            why = "the spread of a metric" if is_spread else "guessed from its name"
            roles[column] = Role("ignore" if is_spread else "metric", None, why)
    roles = guess_by_name(free, roles, {"metric": tuple(name for name in NAMES["value"] if name != "cost")})
    empty = _empty(connection, staged, [c for c in staged.columns if c not in roles and c not in (only or ())])
    roles |= dict.fromkeys(empty, Role("ignore", None, "empty in every row"))
    rest = [column for column in staged.columns if column not in roles]
    indexes = set(index_columns(connection, staged, [column for column in rest if column not in (only or ())]))
    if not set(rest) - indexes and not any(role.name == "hyperparameter" for role in given.values()):
        indexes = {column for column in indexes if NAME.fullmatch(column.strip().lower())}
    kept, why = confined(given, "hyperparameter", only, _would_be_one)
    named = {column for column in rest if plain_name(column) in IDENTIFIERS and column not in (only or ())}
    measured = {column for column in rest if is_measured(column) and column not in (only or ())}
    named = named if set(rest) - named - indexes or kept is not None else set()
    measured = measured if set(rest) - named - measured - indexes or kept is not None else set()
    free = [column for column in rest if column not in indexes | named | measured]
    facts = facts_in(connection, staged, free) if kept is None else {}
    facts = facts if set(free) - set(facts) else {}
    for column in rest:
        if column in indexes:
            roles[column] = Role("ignore", None, WHY)
        elif column in named:
            roles[column] = Role("ignore", None, "an identifier by its name")
        elif column in facts:
            roles[column] = Role("ignore", None, facts[column])
        elif column in measured:
            roles[column] = Role("ignore", None, "named like what a run took or is, which is measured")
        elif kept is not None and column not in kept:
            roles[column] = Role("ignore", None, why)
        else:
            roles[column] = Role("hyperparameter", None, "all others are" if kept is None else "given")
    return {column: roles[column] for column in staged.columns}, facts


def _empty(connection: duckdb.DuckDBPyConnection, staged: Staged, among: list[str]) -> list[str]:
    """Return those of the columns that are empty in every row; those with a cell filled in the first are not asked."""
    for relation in (f"(select * from {staged.relation} limit {FIRST})", staged.relation):  # noqa: S608
        if among:
            tests = ", ".join(f"count(nullif(trim({staged.columns.sql(column)}::varchar), '')) = 0" for column in among)
            row = connection.execute(f"select {tests} from {relation}").fetchall()[0]  # noqa: S608
            among = [column for column, is_empty in zip(among, row, strict=True) if is_empty]
    return among


def _of_texts(connection: duckdb.DuckDBPyConnection, staged: Staged, columns: Collection[str]) -> set[str]:
    """Return those of the columns that hold texts and nothing like a number: scikit-learn's `loss` is a setting."""
    asked = [
        c for c in staged.columns if c in columns and staged.columns[c] == "VARCHAR" and c not in staged.only_numbers
    ]
    if not asked:
        return set()
    cells = [f"nullif(trim({staged.columns.sql(column)}), '')" for column in asked]
    like = literal(LIKE_A_NUMBER)
    tests = ", ".join(
        f"count({cell}) > 0 and not coalesce(bool_or(regexp_full_match(lower({cell}), {like})), false)"
        for cell in cells
    )
    row = connection.execute(f"select {tests} from {staged.relation}").fetchall()[0]  # noqa: S608
    return {column for column, is_text in zip(asked, row, strict=True) if is_text}


def _is_named_like_a_metric(column: str) -> bool:
    found = set(words(column))
    is_usual = plain_name(column) in METRICS and plain_name(column) != "cost"
    return is_usual or (bool(METRIC_WORDS & found) and not SETTING_WORDS & found)


def _read_seeds(connection: duckdb.DuckDBPyConnection, staged: Staged, plan: Plan) -> None:
    """Find out how seeds and folds are spelt; folds are small numbers, so only texts with a number in them are some."""
    for role in ("seed", "fold"):
        column = plan.column(role)
        if column is None or staged.columns[column] != "VARCHAR":
            continue
        relation = f"(select distinct {plan.sql(column)} from {staged.relation})"  # noqa: S608
        form, shown = spelling.seed_form(connection, plan.sql(column), relation)
        if form == "digits" or (form == "hash" and role == "seed"):
            plan.text_seeds[role] = form
            pairs = ", ".join(f"{text!r} is {number}" for text, number in shown)
            plan.said.append(f"{column!r} holds texts, which get numbers: {pairs}{' …' if len(shown) == 3 else ''}.")


def no_setting(plan: Plan) -> list[str]:
    """Return a sentence where the only hyperparameter is named like an identifier."""
    names = [column for column in plan.hyperparameters if plain_name(column) in IDENTIFIERS]
    if not names or names != plan.hyperparameters or any(plan.roles[column].why == "given" for column in names):
        return []
    return [f"{listed(names)}: an identifier is no hyperparameter, and does not say which settings were tried."]


def _would_be_one(column: str) -> bool:
    """Whether a column is a hyperparameter where nobody says anything."""
    usual = {name for names in USUAL.values() for name in names} | set(NAMES["value"])
    if is_measured(column):
        return False
    return not (_is_named_like_a_metric(column) or plain_name(column) in usual or NAME.fullmatch(column.lower()))


def _with_lists(connection: duckdb.DuckDBPyConnection, staged: Staged, columns: list[str]) -> set[str]:
    texts = [column for column in columns if staged.columns[column] == "VARCHAR"]
    if not texts:
        return set()
    tests = ", ".join(f"coalesce(bool_or({staged.columns.sql(column)} like '[%'), false)" for column in texts)
    row = connection.execute(f"select {tests} from {staged.relation}").fetchall()[0]  # noqa: S608
    return {column for column, has_lists in zip(texts, row, strict=True) if has_lists}


def _without_split(column: str) -> tuple[str, str | None]:
    """Return a heading without the word of a split, and that split; None where it has no such word, or several."""
    parts = re.split(r"([_. -]+)", column)
    places = [at for at, part in enumerate(parts) if part.lower() in SPLITS]
    if len(places) != 1 or len(parts) < 3:
        return column, None
    at = places[0]
    rest = parts[2:] if at == 0 else parts[: at - 1] + parts[at + 1 :]
    return "".join(rest), SPLITS[parts[at].lower()]


def _metric(column: str, role: Role, plan: Plan, measured: list[str]) -> Metric:
    """Read `metric`, `metric:NAME`, `metric:NAME@SPLIT`; else take the split from a prefix such as `train_`.

    A word within names counts where two columns agree in all others: `cifar10_valid_acc`, `cifar10_test_acc`.
    """
    if role.argument:
        name, _, split = role.argument.partition("@")
        if split and split not in SPLITS:
            raise UsageError(f"--map {column}={role}: there is no split {split!r}.", "Splits: train, valid, test.")
        return Metric(column, name, SPLITS[split] if split else None)
    first, _, rest = column.partition("_")
    if rest and first.lower() in SPLITS and not plan.column("split"):
        return Metric(column, rest, SPLITS[first.lower()])
    bare, of = _without_split(column)
    if of and not plan.column("split") and [_without_split(one)[0] for one in measured].count(bare) > 1:
        return Metric(column, bare, of)
    return Metric(column, column, None)
