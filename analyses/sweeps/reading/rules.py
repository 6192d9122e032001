"""Conditions and forbidden combinations of a declared space, so that nothing is suggested that it does not allow."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Value = tuple[float | None, str | None]
"""A hyperparameter's value as a number or a text."""
ORDER = {"LT": -1, "GT": 1, "LE": -1, "GE": 1}


@dataclass(frozen=True)
class Rules:
    """What a space allows, in the form in which ConfigSpace writes it."""

    conditions: Mapping[str, Sequence[Mapping[str, Any]]]
    """Hyperparameter -> what must hold, all of it, for it to be there."""
    forbidden: Sequence[Mapping[str, Any]]
    sequences: Mapping[str, Sequence[str]]
    """Ordered hyperparameter -> its values as texts, in their order."""

    def allow(self, values: Mapping[str, Value]) -> bool:
        """Return whether a configuration keeps all rules; a hyperparameter without a value is absent."""
        for child, conditions in self.conditions.items():
            if (child in values) != all(self._holds(one, values) for one in conditions):
                return False
        return not any(self._holds(one, values) for one in self.forbidden)

    def only_of(self, names: Sequence[str]) -> Rules:
        """Return the rules without conditions on hyperparameters that are not among `names` (constants, say)."""
        kept = {child: conditions for child, conditions in self.conditions.items() if child in names}
        return Rules(kept, self.forbidden, self.sequences)

    def _holds(self, one: Mapping[str, Any], values: Mapping[str, Value]) -> bool:
        kind = one["type"]
        if kind in ("AND", "OR"):
            parts = [self._holds(part, values) for part in one.get("conditions", one.get("clauses", ()))]
            return all(parts) if kind == "AND" else any(parts)
        if kind.startswith("RELATION"):
            sign = one["lambda"] if kind == "RELATION" else kind.removeprefix("RELATION_")
            left, right = values.get(one["left"]), values.get(one["right"])
            return left is not None and right is not None and self._compare(one["left"], left, right, sign)
        name = one["parent"] if "parent" in one else one["name"]
        if name not in values:
            return False
        sign = kind.removeprefix("CLAUSE_")
        if sign == "IN":
            return any(self._compare(name, values[name], _value(wanted), "EQ") for wanted in one["values"])
        return self._compare(name, values[name], _value(one["value"]), sign)

    def _compare(self, name: str, here: Value, there: Value, sign: str) -> bool:
        if sign in ("EQ", "EQUALS", "NEQ"):
            is_same = (
                here[0] == there[0] if here[0] is not None and there[0] is not None else _text(here) == _text(there)
            )
            return is_same == (sign != "NEQ")
        difference = self._rank(name, here) - self._rank(name, there)
        return ORDER[sign] * difference > 0 or (sign in ("LE", "GE") and difference == 0)

    def _rank(self, name: str, value: Value) -> float:
        sequence = self.sequences.get(name, ())
        text = _text(value)
        if text in sequence:
            return float(sequence.index(text))
        return value[0] if value[0] is not None else float("nan")


def _value(found: Any) -> Value:
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None, found if isinstance(found, str) else json.dumps(found)
    return float(found), None


def _text(value: Value) -> str:
    number, text = value
    if text is not None or number is None:
        return text or ""
    return str(int(number)) if number.is_integer() else repr(number)


def read_rules(rows: Sequence[tuple[str, str | None, str]], sequences: Mapping[str, Sequence[str]]) -> Rules:
    """Return the rules of rows of `core.sweep_constraint`: kind, hyperparameter, definition (JSON)."""
    conditions: dict[str, list[Mapping[str, Any]]] = {}
    forbidden = []
    for kind, name, definition in rows:
        if kind == "condition" and name is not None:
            conditions.setdefault(name, []).append(json.loads(definition))
        else:
            forbidden.append(json.loads(definition))
    return Rules(conditions, forbidden, sequences)


NONE = Rules({}, (), {})
