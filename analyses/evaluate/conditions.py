"""Conditions of a spec: `degree = {levels = [2, 3, 4], if = {kernel = "poly"}, default = 3}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hpowh.analyses.evaluate.errors import SpecError, nearest
from hpowh.analyses.evaluate.spaces import Dimension
from hpowh.analyses.evaluate.values import model_value

Needs = dict[int, set[int]]
"""Place of another hyperparameter -> those of its levels that are needed."""


def with_conditions(dimensions: Sequence[Dimension], given: Mapping[str, Any]) -> tuple[Dimension, ...]:
    """Return the hyperparameters of a model, the conditional ones with what they need and their default levels.

    What is needed may be conditional itself: its own needs are then those of whoever needs it, too.

    Args:
        given: the lines of the search space.

    Raises:
        SpecError: a condition names what is no hyperparameter or no level of it, holds always or never, goes in a
            circle, or a default is no level or that of a hyperparameter that is always active.
    """
    place = {dimension.name: at for at, dimension in enumerate(dimensions)}
    own: dict[str, Needs] = {}
    defaults: dict[str, int] = {}
    for dimension in dimensions:
        said = given[dimension.name] if isinstance(given[dimension.name], Mapping) else {}
        if "if" in said:
            own[dimension.name] = _needs(dimension, said["if"], dimensions, place)
        if "default" in said:
            if "if" not in said:
                raise SpecError(
                    f"The hyperparameter {dimension.name} has a default but no condition.",
                    f"A default is where it stands while it is inactive: {dimension.name} = {{..., if = {{...}}}}",
                )
            defaults[dimension.name] = _level(dimension, said["default"], f"the default of {dimension.name}")
    whole = {name: _closed(name, own, dimensions, (name,)) for name in own}
    return tuple(
        replace(
            one,
            needs=tuple((at, tuple(sorted(levels))) for at, levels in sorted(whole.get(one.name, {}).items())),
            default=defaults.get(one.name),
        )
        for one in dimensions
    )


def _needs(of: Dimension, said: Any, dimensions: Sequence[Dimension], place: Mapping[str, int]) -> Needs:
    if not isinstance(said, Mapping) or not said:
        raise SpecError(
            f"The hyperparameter {of.name}: `if` is a table of other hyperparameters and their levels.",
            'For example: if = {kernel = "poly"} or if = {kernel = ["poly", "rbf"], shrinking = true}',
        )
    found: Needs = {}
    for name, wanted in said.items():
        if name == of.name or name not in place:
            others = [other for other in place if other != of.name]
            raise SpecError(
                f"The hyperparameter {of.name} is to be active by {name!r}, which is no other hyperparameter.",
                nearest(str(name), others) if others else "There is no other one.",
            )
        other = dimensions[place[name]]
        where = f"the condition of {of.name}"
        try:
            levels = {_level(other, wanted, where)}
        except SpecError:  # a list of levels, each of which may itself be a list
            if not isinstance(wanted, list) or not wanted:
                raise
            levels = {_level(other, level, where) for level in wanted}
        if len(levels) == len(other.levels):
            raise SpecError(
                f"The hyperparameter {of.name} is active with every level of {name!r}: that is no condition.",
                f"Leave {name} out of its `if`.",
            )
        found[place[name]] = levels
    return found


def _level(of: Dimension, said: Any, where: str) -> int:
    value = model_value(said)
    for at, level in enumerate(of.levels):
        if value == level and isinstance(value, bool) == isinstance(level, bool):
            return at
    listed = ", ".join(map(str, of.levels))
    raise SpecError(f"{where[0].upper()}{where[1:]}: {said!r} is no level of {of.name}.", f"Its levels: {listed}.")


def _closed(name: str, own: Mapping[str, Needs], dimensions: Sequence[Dimension], path: tuple[str, ...]) -> Needs:
    """Return what a hyperparameter needs, with what that needs."""
    found = {at: set(levels) for at, levels in own[name].items()}
    for at in own[name]:
        parent = dimensions[at].name
        if parent in path:
            raise SpecError(f"The conditions go in a circle: {' needs '.join((*path, parent))}.")
        if parent in own:
            for other, levels in _closed(parent, own, dimensions, (*path, parent)).items():
                found[other] = found.get(other, levels) & levels
    for at, levels in found.items():
        if not levels:
            raise SpecError(
                f"The hyperparameter {name} can never be active: no level of {dimensions[at].name!r} allows it.",
                "Look at the conditions of what it needs.",
            )
    return found
