"""Across models: which model is best on a data set, and whether the difference is more than noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hpowh.analyses.landscapes.several.noise import floor_of_two


@dataclass(frozen=True)
class Candidate:
    """One model's landscape on a data set."""

    model: str
    best_loss: float
    noise_floor: float | None


@dataclass(frozen=True)
class Standing:
    """How a model stands against the best one on the same data set."""

    place: int
    """1 for the best; equal ones share the smallest."""
    difference: float
    """Loss of its best configuration minus that of the best model's."""
    noise_floor: float | None
    """Below this, the difference to the best model is called noise; None where a floor is unknown."""
    is_noise: bool | None


def standings(candidates: Sequence[Candidate]) -> list[Standing]:
    """Return where each model stands, in the order given."""
    best = min(candidates, key=lambda one: one.best_loss)
    found = []
    for one in candidates:
        difference = one.best_loss - best.best_loss
        floor = floor_of_two(one.noise_floor, best.noise_floor)
        is_noise = None if floor is None else difference <= floor
        place = 1 + sum(other.best_loss < one.best_loss for other in candidates)
        found.append(Standing(place, difference, floor, is_noise))
    return found
