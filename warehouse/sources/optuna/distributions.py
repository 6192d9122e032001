"""Optuna's distributions: what they say about a hyperparameter, and stored numbers turned back into its values.

A storage keeps every parameter as a number. For `FloatDistribution` and `IntDistribution` it is the value itself, for
`CategoricalDistribution` the position in `choices` (`optuna/distributions.py`, `to_internal_repr`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.sources.sweeps.tables import SweepParameter

if TYPE_CHECKING:
    import pyarrow

OLD = {
    "UniformDistribution": ("FloatDistribution", {}),
    "LogUniformDistribution": ("FloatDistribution", {"log": True}),
    "DiscreteUniformDistribution": ("FloatDistribution", {}),
    "IntUniformDistribution": ("IntDistribution", {}),
    "IntLogUniformDistribution": ("IntDistribution", {"log": True}),
}
"""Names that were in use before Optuna 3 -> today's name and what the old one implied."""


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """One distribution as stored."""

    kind: str
    """`float`, `int` or `categorical`."""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    is_log: bool = False
    choices: tuple[Any, ...] = ()

    def is_compatible(self, other: Distribution) -> bool:
        """Say whether Optuna would accept both for one parameter of one study."""
        if self.kind != other.kind:
            return False
        if self.kind == "categorical":
            return repr(self.choices) == repr(other.choices)
        return self.is_log == other.is_log


def parse(text: str) -> Distribution:
    """Return the distribution that the storage wrote as JSON.

    Raises:
        IngestError: it is of an unknown kind.
    """
    stored = json.loads(text)
    name, given = stored.get("name"), stored.get("attributes", {})
    name, implied = OLD.get(name, (name, {}))
    given = {**given, **implied}
    if name == "CategoricalDistribution":
        return Distribution(kind="categorical", choices=tuple(given["choices"]))
    if name not in ("FloatDistribution", "IntDistribution"):
        raise IngestError(
            f"The storage has a distribution that this program does not know: {text[:200]}.",
            "It was perhaps written by a newer Optuna; upgrade hpowh.",
        )
    kind = "float" if name == "FloatDistribution" else "int"
    return Distribution(
        kind=kind,
        low=given["low"],
        high=given["high"],
        step=given.get("step", given.get("q")),
        is_log=bool(given.get("log")),
    )


def text_of(choice: Any) -> str:
    """Return a categorical choice as text: as it is where it is text, else as JSON (`true`, `null`, `2.5`)."""
    return choice if isinstance(choice, str) else json.dumps(choice)


def number_of(choice: Any) -> float | None:
    """Return a categorical choice as a number where it is one (a truth value is none)."""
    return float(choice) if isinstance(choice, int | float) and not isinstance(choice, bool) else None


@dataclass
class Distributions:
    """Gives every distinct distribution a code, so that a million parameters decode column by column."""

    _codes: dict[str, int] = field(default_factory=dict)
    known: list[Distribution] = field(default_factory=list)

    def code(self, text: str) -> int:
        """Return the code of a stored distribution."""
        found = self._codes.get(text)
        if found is None:
            found = self._codes[text] = len(self.known)
            self.known.append(parse(text))
        return found

    def decode(self, codes: list[int], stored: list[float]) -> tuple[pyarrow.Array, pyarrow.Array]:
        """Return the values as numbers (NULL where a choice is no number) and as text, both as long as `codes`.

        Raises:
            IngestError: a stored position lies beyond the choices.
        """
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        code, value = np.asarray(codes, dtype=np.int64), np.asarray(stored, dtype=float)
        is_category = np.array([d.kind == "categorical" for d in self.known], dtype=bool)[code]
        is_int = np.array([d.kind == "int" for d in self.known], dtype=bool)[code]
        sizes = np.array([len(d.choices) for d in self.known], dtype=np.int64)
        first = np.cumsum(sizes) - sizes
        position = np.where(is_category, value, 0).astype(np.int64)
        if (is_category & ((position < 0) | (position >= sizes[code]))).any():
            raise IngestError(
                "A categorical parameter's stored position lies beyond its choices.", "Nothing was loaded."
            )
        choices = [choice for d in self.known for choice in d.choices] or [None]
        at = np.where(is_category, first[code] + position, 0)
        category_number = pa.array([number_of(choice) for choice in choices], pa.float64()).take(pa.array(at))
        category_text = pa.array([text_of(choice) for choice in choices], pa.string()).take(pa.array(at))
        mask, whole = pa.array(is_category, pa.bool_()), pa.array(is_int, pa.bool_())
        as_int = pc.cast(pa.array(np.where(is_int, value, 0).astype(np.int64)), pa.string())
        plain = pc.if_else(whole, as_int, pc.cast(pa.array(value), pa.string()))
        return pc.if_else(mask, category_number, pa.array(value)), pc.if_else(mask, category_text, plain)


def describe(name: str, distributions: list[Distribution]) -> tuple[SweepParameter, bool]:
    """Return what a sweep declares of one parameter, and whether its range changed from trial to trial.

    Where ranges differ, the widest is returned; a parameter with distributions of two kinds is `mixed`.
    """
    first = distributions[0]
    if any(d.kind != first.kind for d in distributions):
        return SweepParameter(name=name, value_type="mixed"), True
    differs = any(d != first for d in distributions)
    if first.kind == "categorical":
        choices = list(dict.fromkeys(json.dumps(choice) for d in distributions for choice in d.choices))
        values = [json.loads(choice) for choice in choices]
        return SweepParameter(name=name, value_type=_type_of(values), choices=f"[{', '.join(choices)}]"), differs
    lows, highs = [d.low for d in distributions], [d.high for d in distributions]
    return (
        SweepParameter(
            name=name,
            value_type=first.kind,
            scale="log" if first.is_log else "linear",
            lower=min(low for low in lows if low is not None),
            upper=max(high for high in highs if high is not None),
            step=first.step,
        ),
        differs,
    )


def _type_of(values: list[Any]) -> str:
    types = {type(value) for value in values}
    for only, word in (({bool}, "bool"), ({int}, "int"), ({int, float}, "float"), ({str}, "text")):
        if types <= only:
            return word
    return "mixed"
