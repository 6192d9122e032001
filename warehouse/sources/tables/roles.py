"""Which column plays which role: what the user said, else what common names suggest."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest.questions import ASKING, Question
from hpowh.warehouse.sources.tables.naming import plain_name, words


@dataclass(frozen=True)
class Role:
    """One column's role, its argument (`metric:accuracy` has the argument `accuracy`) and why it has that role."""

    name: str
    argument: str | None
    why: str

    def __str__(self) -> str:
        return f"{self.name}:{self.argument}" if self.argument else self.name


GUESSED = "guessed from its name"


def parse_role(text: str, allowed: tuple[str, ...], column: str) -> Role:
    """Read `role` or `role:argument`.

    Raises:
        UsageError: there is no such role; lists those there are.
    """
    name, _, argument = text.partition(":")
    if name not in allowed:
        raise UsageError(
            f"--map {column}={text}: there is no role {name!r}.", f"Roles of this source: {', '.join(allowed)}."
        )
    return Role(name, argument or None, "given")


def given_roles(
    mapping: Mapping[str, str], columns: Mapping[str, str], allowed: tuple[str, ...], location: str
) -> dict[str, Role]:
    """Return the roles the user gave; `best_*` stands for all columns that match and are not named otherwise.

    Raises:
        UsageError: a column is not in the file (lists those there are), a pattern fits none, or a role is unknown.
    """
    roles, patterns = {}, {}
    for column, text in mapping.items():
        role = parse_role(text, allowed, column)
        if column in columns:
            roles[column] = role
        elif "*" in column or "?" in column:
            patterns[column] = role
        else:
            raise UsageError(
                f"--map {column}={text}: {location} has no column {column!r}.", f"Its columns: {listed(columns)}."
            )
    for pattern, role in patterns.items():
        fitting = [column for column in columns if fnmatchcase(column, pattern)]
        if not fitting:
            raise UsageError(
                f"--map {pattern}={role}: no column of {location} fits {pattern!r}.", f"Its columns: {listed(columns)}."
            )
        for column in fitting:
            roles.setdefault(column, role)
    return {column: roles[column] for column in columns if column in roles}


def listed(columns: Iterable[str], most: int = 20) -> str:
    """Return names joined by commas, at most so many."""
    names = list(columns)
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def only_columns(options: Mapping[str, Any], columns: Mapping[str, str], location: str) -> list[str] | None:
    """Return the columns that `--only` names, None where it is not given.

    Raises:
        UsageError: one is not in the file.
    """
    said = options.get("only")
    if not said:
        return None
    names = [name.strip() for name in said.split(",")] if isinstance(said, str) else [str(name) for name in said]
    found = []
    for name in names:
        fitting = [name] if name in columns else [column for column in columns if fnmatchcase(column, name)]
        if not fitting:
            raise UsageError(f"--only {name}: {location} has no such column.", f"Its columns: {listed(columns)}.")
        found += fitting
    return found


def confined(
    given: Mapping[str, Role], role: str, only: list[str] | None, would_be: Callable[[str], bool]
) -> tuple[set[str] | None, str]:
    """Return the columns to which a role is confined (None: it is not), and why the others are left out.

    `--only` confines it, and so does a bare `--map COLUMN=hyperparameter` where COLUMN would have been one anyway: who
    says so means these. A role with an argument (`hyperparameter:log`) tells the kind only, and a column that would
    have been something else is added to the others.
    """
    named = {column for column, one in given.items() if one.name == role}
    if only is not None:
        return named | set(only), "not among those of --only"
    if any(given[column].argument is None and would_be(column) for column in named):
        return named, f"not among the {role}s that were named"
    return None, ""


def guess_by_name(
    columns: Collection[str], roles: Mapping[str, Role], vocabulary: Mapping[str, tuple[str, ...]]
) -> dict[str, Role]:
    """Give each role that nobody has yet to the first column with one of its usual names."""
    found = dict(roles)
    by_name: dict[str, str] = {}
    for spelt in (lambda text: text.strip().lower(), plain_name, lambda text: "_".join(words(text))):
        for heading in columns:
            by_name.setdefault(spelt(heading), heading)
    for role, names in vocabulary.items():
        if any(given.name == role for given in found.values()):
            continue
        for name in names:
            column = by_name.get(name)
            if column is not None and column not in found:
                found[column] = Role(role, None, GUESSED)
                break
    return found


HIGHER_IS_BETTER = frozenset({
    "acc", "accuracy", "auc", "auroc", "auprc", "roc", "f1", "fscore", "precision", "recall", "sensitivity",
    "specificity", "score", "reward", "r2", "r\u00b2", "iou", "miou", "dice", "kappa", "mcc", "ndcg", "map", "bleu",
    "rouge", "psnr", "ssim", "hypervolume", "throughput", "likelihood", "elbo", "return", "correct", "balacc", "bacc",
    "aucpr", "rsquared",
})  # fmt: skip
LOWER_IS_BETTER = frozenset({
    "loss", "error", "err", "mse", "rmse", "mae", "mape", "smape", "logloss", "brier", "nll", "bce", "crossentropy",
    "perplexity", "ppl", "cost", "regret", "latency", "fid", "wer", "cer", "ce", "incorrect",
})  # fmt: skip
"""Words that make lower better whatever stands beside them (`score_loss`, `accuracy_error`, `brier_score`)."""


NEGATIVE = frozenset({"neg", "negative", "negated", "minus"})
TAKEN_AWAY = re.compile(r"\s*([-\u2212]|(1(\.0)?|100|one)(\s*[-\u2212]|[_ ]?minus(?![a-z])))", re.IGNORECASE)
"""Begins `-rmse`, `1 - auc`, `one_minus_accuracy`."""


def said_direction(metric: str) -> str | None:
    """Return the direction that the words of a metric's name say; None where they say none.

    What takes it away from something turns it round: scikit-learn's `neg_mean_squared_error`, `-rmse`, `1 - auc`.
    """
    found = words(metric)
    if {"maximize", "maximise"} & set(found):
        return "max"
    if {"minimize", "minimise"} & set(found):
        return "min"
    is_negative = bool(NEGATIVE.intersection(found[:1]) or TAKEN_AWAY.match(metric))
    if LOWER_IS_BETTER.intersection(found):
        return "max" if is_negative else "min"
    if HIGHER_IS_BETTER.intersection(found):
        return "min" if is_negative else "max"
    return None


def guess_direction(metric: str) -> str:
    """Return the direction that a metric's name says, else `min`."""
    return said_direction(metric) or "min"


def assumed(metric: str, direction: str, how: str = "say --direction min|max to be sure") -> str:
    """Return the sentence that says which direction was assumed, and from what."""
    better = "lower" if direction == "min" else "higher"
    if said_direction(metric):
        return f"Assumed that {better} is better for {metric!r} ({how})."
    return f"Assumed that {better} is better for {metric!r}, whose name does not say it ({how})."


def direction_question(metric: str, option: str | None) -> Question | None:
    """Return the question which direction is better, where neither name nor user says it and somebody can answer."""
    if not ASKING.get() or said_direction(metric) or direction_of(metric, option)[1]:
        return None
    return Question(f"is lower or higher better for {metric!r}?", ("min", "max"), "--direction", "{}")


def direction_beside(likely: Sequence[str], option: object) -> list[Question]:
    """Return the question which direction is better, for one that asks for the metric and whose likeliest says none.

    So that both are asked at once: what is then answered needs no second round.
    """
    if option or not ASKING.get() or not likely or said_direction(likely[0]):
        return []
    return [Question("is lower or higher better for it?", ("min", "max"), "--direction", "{}")]


def check_directions(option: str | None, metrics: Sequence[str]) -> None:
    """Refuse `--direction NAME=min` where no metric has that name: it would be dropped in silence.

    Raises:
        UsageError: a name is no metric's.
    """
    named = [part.partition("=")[0].strip() for part in (option or "").split(",") if "=" in part]
    for name in named:
        if name not in metrics:
            raise UsageError(f"--direction {option}: {name!r} is no metric here.", f"There is: {', '.join(metrics)}.")


def direction_of(metric: str, option: str | None) -> tuple[str, bool]:
    """Return a metric's direction and whether it was given.

    Args:
        option: `min`, `max`, or several as `loss=min,accuracy=max`.

    Raises:
        UsageError: the option says something else.
    """
    if not option:
        return guess_direction(metric), False
    if option in ("min", "max"):
        return option, True
    for part in option.split(","):
        name, separator, direction = part.partition("=")
        if not separator or direction not in ("min", "max"):
            raise UsageError(f"--direction {option}: not understood.", "Say min, max, or METRIC=min,METRIC=max")
        if name.strip() == metric:
            return direction, True
    return guess_direction(metric), False
