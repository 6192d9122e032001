"""Values of hyperparameters as a spec writes them and as a model takes them."""

from __future__ import annotations

from typing import Any

from hpowh.analyses.evaluate.errors import SpecError

NONE = "None"
"""TOML has no null: this text is Python's None, as a level or a fixed value."""


def model_value(value: Any) -> Any:
    """Return a TOML value as a model takes it: the text None is None, a list is a tuple.

    Raises:
        SpecError: it is a table or a date.
    """
    if value == NONE and isinstance(value, str):
        return None
    if isinstance(value, list):
        return tuple(model_value(item) for item in value)
    if isinstance(value, str | int | float | bool):
        return value
    raise SpecError(f"{value!r} cannot be the value of a hyperparameter.", "Use numbers, texts, true, false or lists.")
