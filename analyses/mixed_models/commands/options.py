"""Options that these commands share, and how their texts are read."""

from __future__ import annotations

from typing import Annotated

import typer

from hpowh.warehouse.errors import UsageError

ExperimentOption = Annotated[
    str | None, typer.Option("--experiment", "-e", metavar="NAME", help="The experiment (default: the only one).")
]
WhereOption = Annotated[
    str | None, typer.Option("--where", metavar="SQL", help="Only rows for which this holds, e.g. \"prior = 'bad'\".")
]
MetricOption = Annotated[
    str | None, typer.Option("--metric", metavar="NAME", help="The metric, or `each` benchmark's own (default: value).")
]
BudgetOption = Annotated[
    str | None,
    typer.Option(
        "--budget",
        metavar="B|final|benchmark",
        help="One row a run: its best value at the largest budget that all runs have, up to B; or on each benchmark.",
    ),
]
FailuresOption = Annotated[
    str,
    typer.Option(
        "--failures",
        metavar="exclude|last|impute[:ALGORITHM]",
        help="What a failed run counts: nothing, the worst of its block, the worst seen or that algorithm's mean.",
    ),
]
PublishedOption = Annotated[
    bool, typer.Option("--as-published", help="The published tool's setting: ML, no interaction, no warnings' refits.")
]
FittedResponseOption = Annotated[
    str | None,
    typer.Option(
        "--response",
        metavar="EXPR",
        help="As for lmem (default: that of the model last fitted, else normalized_regret).",
    ),
]


def listed(text: str | None, count: int, what: str) -> tuple[str, ...]:
    """Read names separated by commas; nothing is an empty tuple."""
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if len(names) != count or not all(names):
        raise UsageError(f"{what} takes {count} names separated by a comma, not {text!r}.")
    return names


def numbers(text: str | None, what: str) -> tuple[float, ...]:
    """Read numbers separated by commas; nothing is an empty tuple."""
    try:
        return tuple(float(value) for value in text.split(",")) if text else ()
    except ValueError:
        raise UsageError(f"{what} takes numbers separated by commas, not {text!r}.") from None


def pairs(texts: list[str] | None) -> dict[str, float | str]:
    """Read `name=value` options; a value that is a number becomes one."""
    found: dict[str, float | str] = {}
    for text in texts or ():
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise UsageError(f"--at takes NAME=VALUE, not {text!r}.")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            found[name.strip()] = value.strip()
    return found


def budget_value(text: str | None) -> float | str | None:
    """Read --budget: a number, `final`, `benchmark`, or nothing."""
    if text is None or text in ("final", "benchmark"):
        return text
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--budget takes a number, 'final' or 'benchmark', not {text!r}.") from None
