"""ConfigSpace's definition of a search space, as JSON: hyperparameters, conditions, forbidden combinations.

The format is what `ConfigurationSpace.to_json` writes (`format_version` 0.1 to 0.4: ConfigSpace 0.4 to 1.2).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.sources.sweeps.records import cell_of, type_of
from hpowh.warehouse.sources.sweeps.tables import SweepConstraint, SweepParameter

NUMBERS = {"uniform_float": "float", "normal_float": "float", "beta_float": "float",
           "uniform_int": "int", "normal_int": "int", "beta_int": "int"}  # fmt: skip
SIGNS = {"EQ": "=", "NEQ": "!=", "LT": "<", "GT": ">", "IN": "in", "EQUALS": "=", "LE": "<=", "GE": ">="}


@dataclass
class Space:
    """A declared space."""

    parameters: list[SweepParameter]
    conditions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Hyperparameter -> what must hold, all of it, for it to be active."""
    forbidden: list[dict[str, Any]] = field(default_factory=list)
    sequences: dict[str, list[Any]] = field(default_factory=dict)
    """Ordinal hyperparameter -> its values in order."""

    def constraints(self) -> list[SweepConstraint]:
        """Return conditions and forbidden combinations, each also in words."""
        found = [
            SweepConstraint("condition", child, f"{child} only when {_words(one)}", json.dumps(one))
            for child, conditions in sorted(self.conditions.items())
            for one in conditions
        ]
        return found + [
            SweepConstraint("forbidden", None, f"never {_words(one)}", json.dumps(one)) for one in self.forbidden
        ]

    def order(self) -> list[str]:
        """Return the names as ConfigSpace orders them: by depth in the tree of conditions, then by name."""
        return sorted((p.name for p in self.parameters), key=lambda name: (self._depth(name, ()), name))

    def _depth(self, name: str, above: tuple[str, ...]) -> int:
        if name in above:
            raise IngestError(f"The space's conditions on {name!r} go round in a circle.", "Nothing was loaded.")
        parents = {parent for one in self.conditions.get(name, []) for parent in _parents(one)}
        return 1 + max((self._depth(parent, (*above, name)) for parent in sorted(parents)), default=0)

    def is_active(self, name: str, values: Mapping[str, Any]) -> bool:
        """Say whether a hyperparameter is active, given the values of those before it."""
        return all(self._holds(one, values) for one in self.conditions.get(name, []))

    def _holds(self, one: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
        kind = one["type"]
        if kind in ("AND", "OR"):
            parts = [self._holds(part, values) for part in one["conditions"]]
            return all(parts) if kind == "AND" else any(parts)
        parent = one["parent"]
        if parent not in values:
            return False
        value = values[parent]
        if kind == "IN":
            return value in one["values"]
        if kind in ("EQ", "NEQ"):
            return (value == one["value"]) == (kind == "EQ")
        here, there = self._rank(parent, value), self._rank(parent, one["value"])
        return here < there if kind == "LT" else here > there

    def _rank(self, name: str, value: Any) -> float:
        sequence = self.sequences.get(name)
        return float(sequence.index(value)) if sequence is not None else float(value)

    def named(self, values: Sequence[Any]) -> dict[str, Any] | None:
        """Return name -> value for the bare values of a configuration; inactive hyperparameters have none.

        None where their number does not fit the space.
        """
        found: dict[str, Any] = {}
        left = list(values)
        for name in self.order():
            if not self.is_active(name, found):
                continue
            if not left:
                return None
            found[name] = left.pop(0)
        return None if left else found


def read_space(definition: Any, where: str) -> Space:
    """Return a space from ConfigSpace's dictionary.

    Raises:
        IngestError: it is none, or has a hyperparameter or a condition of an unknown kind.
    """
    try:
        space = Space([])
        for item in definition["hyperparameters"]:
            space.parameters.append(_parameter(item, where))
            if item["type"] == "ordinal":
                space.sequences[item["name"]] = list(item["sequence"])
        for one in definition.get("conditions") or []:
            _words(one)
            space.conditions.setdefault(one["child"], []).append(one)
        for one in definition.get("forbiddens") or []:
            _words(one)
            space.forbidden.append(one)
    except (KeyError, TypeError) as error:
        raise IngestError(
            f"{where} is no search space as ConfigSpace writes it ({type(error).__name__}: {error}).",
            "Nothing was loaded.",
        ) from None
    return space


def _parameter(item: Mapping[str, Any], where: str) -> SweepParameter:
    kind, name = item["type"], item["name"]
    if kind in NUMBERS:
        scale = "log" if item.get("log") else "linear"
        return SweepParameter(
            name=name,
            value_type=NUMBERS[kind],
            scale=scale,
            lower=item.get("lower"),
            upper=item.get("upper"),
            step=item.get("q"),
        )
    choices = {"categorical": "choices", "ordinal": "sequence", "constant": "value"}.get(kind)
    if choices is None:
        raise IngestError(f"{where}: the hyperparameter {name!r} is of the unknown kind {kind!r}.", "Upgrade hpowh.")
    values = [item["value"]] if kind == "constant" else list(item[choices])
    kinds = {cell.kind for value in values if (cell := cell_of(value)) is not None}
    return SweepParameter(name=name, value_type=type_of(kinds), choices=json.dumps(values))


def _parents(one: Mapping[str, Any]) -> set[str]:
    if one["type"] in ("AND", "OR"):
        return {parent for part in one["conditions"] for parent in _parents(part)}
    return {one["parent"]}


def _words(one: Mapping[str, Any]) -> str:
    """Return a condition or a forbidden clause for people; KeyError where its kind is unknown."""
    kind = one["type"]
    if kind in ("AND", "OR"):
        parts = one["conditions"] if "conditions" in one else one["clauses"]
        return "(" + f" {kind.lower()} ".join(_words(part) for part in parts) + ")"
    if kind.startswith("RELATION"):
        sign = SIGNS[one["lambda"] if kind == "RELATION" else kind.removeprefix("RELATION_")]
        return f"{one['left']} {sign} {one['right']}"
    sign = SIGNS[kind.removeprefix("CLAUSE_")]
    name = one["parent"] if "parent" in one else one["name"]
    return f"{name} {sign} {json.dumps(one['values'] if 'values' in one else one['value'])}"
