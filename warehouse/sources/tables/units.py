"""Units of metrics: what a heading says, what a range shows, and that one metric has one unit in the warehouse."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hpowh.warehouse import queries
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.sources.tables.naming import UNIT, words
from hpowh.warehouse.sources.tables.roles import direction_of

if TYPE_CHECKING:
    import duckdb

UNITS = ("share", "percent", "s", "bytes", "none")
SHARES = frozenset({
    "acc", "accuracy", "auc", "auroc", "auprc", "f1", "precision", "recall", "sensitivity", "specificity", "dice",
    "iou", "miou", "r2",
})  # fmt: skip
"""Words of metrics that are shares, written as fractions or in percent."""
NEVER_NEGATIVE = SHARES - {"r2"}
IN_BRACKETS = {
    "%": "percent", "percent": "percent", "pct": "percent", "s": "s", "sec": "s", "secs": "s", "seconds": "s",
    "b": "bytes", "bytes": "bytes",
}  # fmt: skip
IN_WORDS = {
    "percent": "percent", "percentage": "percent", "pct": "percent", "seconds": "s", "secs": "s", "bytes": "bytes",
}  # fmt: skip
FACTORS = {("percent", "share"): 0.01, ("share", "percent"): 100.0}
"""(unit here, unit in the warehouse) -> what a value is multiplied by."""
IN_PERCENT = 1.5
"""A share above this is in percent; one between 1 and this is neither."""
ROUNDING = 1e-9


def given_units(options: Mapping[str, Any]) -> dict[str, str]:
    """Return metric -> unit as `--option unit=percent` or `unit=acc=percent,loss=none` says; "" is every metric.

    Raises:
        UsageError: there is no such unit.
    """
    said = str(options.get("unit") or "")
    found = {}
    for part in filter(None, said.split(",")):
        name, _, unit = part.rpartition("=")
        if unit not in UNITS:
            raise UsageError(f"--option unit={said}: there is no unit {unit!r}.", f"Units: {', '.join(UNITS)}.")
        found[name.strip()] = unit
    return found


def said_unit(heading: str) -> str | None:
    """Return the unit that a heading says: `Val. Acc. [%]`, `time (s)`, `size_bytes`; None where it says none."""
    inside = UNIT.search(heading)
    if inside and inside[1].strip().lower() in IN_BRACKETS:
        return IN_BRACKETS[inside[1].strip().lower()]
    if re.search(r"%\s*$", heading):
        return "percent"
    return next((IN_WORDS[word] for word in words(heading) if word in IN_WORDS), None)


def is_share(name: str) -> bool:
    """Whether a metric's name is that of a share."""
    return bool(SHARES.intersection(words(name)))


def unit_by_range(name: str, low: float | None, high: float | None) -> str | None:
    """Return `share` or `percent` for a metric that is one by its name, as its values tell; None where they do not."""
    if not is_share(name) or low is None or high is None or low < -100 or high > 100:
        return None
    if high > IN_PERCENT:
        return "percent"
    return "share" if high <= 1.0 + ROUNDING else None


def settled(
    connection: duckdb.DuckDBPyConnection,
    metric: str,
    unit: str | None,
    is_given: bool,
    between: tuple[float | None, float | None],
) -> tuple[str | None, float, str | None]:
    """Return the metric's unit in the warehouse, what values here are multiplied by, and a sentence about it.

    Args:
        unit: of the values here.
        is_given: the user said so; then they are converted.
        between: least and greatest value here.

    Raises:
        IngestError: the warehouse has the metric in another unit and nobody said which this is.
    """
    if unit is None:
        return None, 1.0, None
    known, low, high = _known(connection, metric)
    if known is None or known == unit or "none" in (known, unit):
        text = f"{metric!r} is taken for {_called(unit)} (--option unit=… says otherwise)."
        return known or unit, 1.0, None if is_given else text
    factor = FACTORS.get((unit, known))
    if is_given and factor is not None:
        return known, factor, f"{metric!r} is {_called(unit)} here and is stored as {_called(known)}."
    raise IngestError(
        f"{metric!r} lies between {_short(between[0])} and {_short(between[1])} here and between {_short(low)} and "
        f"{_short(high)} in the warehouse: {_called(unit)} and {_called(known)}?",
        f"--option unit={unit} converts it; --option unit={known} says that both are the same; or give this one "
        "another name: --map COLUMN=metric:NAME",
    )


def _called(unit: str | None) -> str:
    names = {"share": "a share (0 to 1)", "s": "seconds", "none": "without unit"}
    return names.get(unit or "none", str(unit))


def _short(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.6g}"


def _known(connection: duckdb.DuckDBPyConnection, metric: str) -> tuple[str | None, float | None, float | None]:
    """Return a metric's unit in the warehouse (said, else by its range), and its least and greatest value."""
    found = connection.execute("select metric_id, unit from core.metric where name = ?", [metric]).fetchall()
    if not found:
        return None, None, None
    number, unit = found[0]
    low, high = connection.execute(queries.text("sources/metric_range"), {"metric": number}).fetchall()[0]
    if low is None:
        return None, None, None
    return unit or unit_by_range(metric, low, high), low, high


def failed_value(options: Mapping[str, Any]) -> float | None:
    """Return the made-up cost of failed evaluations that `--option failed-value=V` names; None where it is not given.

    Raises:
        UsageError: it is no number.
    """
    said = options.get("failed-value")
    if said in (None, ""):
        return None
    try:
        return float(str(said))
    except ValueError:
        raise UsageError(
            f"--option failed-value={said}: it is no number.", "Give the cost: failed-value=1e10"
        ) from None


def unit_here(
    options: Mapping[str, Any], heading: str, metric: str, between: tuple[float | None, float | None], *, signed: bool
) -> tuple[str | None, bool]:
    """Return the unit of a metric in this file and whether the user said it.

    Args:
        signed: its numbers are written with percent signs.

    Raises:
        UsageError: it is a share by its name, but below zero, and nobody said which direction is better.
    """
    _refuse_negated(options, metric, between)
    given = given_units(options)
    if metric in given or "" in given:
        return given.get(metric, given.get("")), True
    said = "percent" if signed else said_unit(heading)
    return said or unit_by_range(metric, *between), False


def _refuse_negated(options: Mapping[str, Any], metric: str, between: tuple[float | None, float | None]) -> None:
    """Ask about an accuracy below zero, which no accuracy is: tools that minimise are given it with a minus sign."""
    low, high = between
    if low is None or high is None or high > 0 or low == 0 or not NEVER_NEGATIVE.intersection(words(metric)):
        return
    direction, is_given = direction_of(metric, options.get("direction"))
    if direction == "max" and not is_given:
        raise UsageError(
            f"{metric!r} lies between {_short(low)} and {_short(high)}: was it given a minus sign for a tool that "
            "minimises? Its name says that higher is better.",
            f"If lower is better here: --direction {metric}=min; if it is right as it is: --direction {metric}=max",
        )


def needs_range(heading: str, metric: str) -> bool:
    """Whether the range of a metric's values says something of its unit."""
    return is_share(metric) or said_unit(heading) in ("percent", "share")
