"""The values of a query's `$name`, as a person gives them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from hpowh.warehouse.errors import UsageError


def parameters_of(sql: str) -> list[str]:
    """Return the names of the parameters of one statement, sorted; none where it is no SQL or not one statement."""
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error:
        return []
    return sorted(statements[0].named_parameters) if len(statements) == 1 else []


def parsed(settings: Sequence[str]) -> dict[str, Any]:
    """Return the values of `NAME=VALUE`s: what JSON writes as a number, truth value, null, list or text, else a text.

    Raises:
        UsageError: one has no name or no `=`, or a name is set twice.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = name.strip().removeprefix("$")
        if not (name and equals):
            raise UsageError(f"--set {setting}: not NAME=VALUE.", "Example: --set run=3")
        if name in values:
            raise UsageError(f"--set {name}: set twice.")
        values[name] = _value(text)
    return values


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, dict) else value


def refuse_others(sql: str, values: Mapping[str, Any]) -> None:
    """Check that a statement's parameters are those that have a value.

    Raises:
        UsageError: a parameter has no value, or a value no parameter.
    """
    needed = parameters_of(sql)
    missing, unknown = [name for name in needed if name not in values], sorted(set(values) - set(needed))
    if missing:
        example = " ".join(f"--set {name}=VALUE" for name in missing)
        raise UsageError(f"The query needs {_listed(missing)}.", f"Give {example}")
    if unknown:
        hint = f"It has {_listed(needed)}." if needed else "It has no parameter."
        raise UsageError(f"The query has no {_listed(unknown)}.", hint)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"${name}" for name in names)
