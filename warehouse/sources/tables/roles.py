"""Which column plays which role: what the user said, else what common names suggest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hpowh.warehouse.errors import UsageError


@dataclass(frozen=True)
class Role:
    """One column's role, its argument (`metric:accuracy` has the argument `accuracy`) and why it has that role."""

    name: str
    argument: str | None
    why: str

    def __str__(self) -> str:
        return f"{self.name}:{self.argument}" if self.argument else self.name


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
    """Return the roles the user gave.

    Raises:
        UsageError: a column is not in the file (lists those there are) or a role is unknown.
    """
    roles = {}
    for column, text in mapping.items():
        if column not in columns:
            raise UsageError(
                f"--map {column}={text}: {location} has no column {column!r}.", f"Its columns: {', '.join(columns)}."
            )
        roles[column] = parse_role(text, allowed, column)
    return roles


def guess_by_name(
    columns: Mapping[str, str], roles: dict[str, Role], vocabulary: Mapping[str, tuple[str, ...]]
) -> dict[str, Role]:
    """Give each role that nobody has yet to the first column with one of its common names."""
    found = dict(roles)
    lower = {"_".join(words(column)): column for column in reversed(list(columns))}
    lower |= {column.strip().lower(): column for column in reversed(list(columns))}
    for role, names in vocabulary.items():
        if any(given.name == role for given in found.values()):
            continue
        for name in names:
            column = lower.get(name)
            if column is not None and column not in found:
                found[column] = Role(role, None, "guessed from its name")
                break
    return found


HIGHER_IS_BETTER = frozenset({
    "acc", "accuracy", "auc", "auroc", "auprc", "roc", "f1", "fscore", "precision", "recall", "sensitivity",
    "specificity", "score", "reward", "r2", "r\u00b2", "iou", "miou", "dice", "kappa", "mcc", "ndcg", "map", "bleu",
    "rouge", "psnr", "ssim", "hypervolume", "throughput", "likelihood", "elbo",
})  # fmt: skip
LOWER_IS_BETTER = frozenset({
    "loss", "error", "err", "mse", "rmse", "mae", "mape", "smape", "logloss", "brier", "nll", "bce", "crossentropy",
    "perplexity", "ppl", "cost", "regret", "latency", "fid", "wer", "cer",
})  # fmt: skip
"""Words that make lower better whatever stands beside them (`score_loss`, `accuracy_error`, `brier_score`)."""


def words(name: str) -> list[str]:
    """Return the words of a name, in lower case: `Val accuracy (%)` and `valAccuracy` are both val, accuracy."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", " ", name)
    return re.findall(r"\w+", apart.replace("_", " ").lower())


def said_direction(metric: str) -> str | None:
    """Return the direction that the words of a metric's name say; None where they say none.

    A leading `neg` turns it round, as in scikit-learn's `neg_mean_squared_error`.
    """
    found = words(metric)
    is_negative = found[:1] in (["neg"], ["negative"])
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
