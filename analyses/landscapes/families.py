"""Which landscapes are compared with which: over benchmarks, seeds, metrics, fidelities, splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hpowh.analyses.landscapes.keys import Key

ASPECTS = ("benchmark", "metric", "fidelity", "split", "seed")


@dataclass(frozen=True)
class Family:
    """Landscapes of one space that differ in one aspect only; `context` names what they share."""

    aspect: str
    context: str
    names: tuple[str, ...]
    keys: tuple[Key, ...]

    @property
    def subject(self) -> str:
        """Its name in the ledger of analysis runs."""
        return f"{self.keys[0].search_space}: {self.context} by {self.aspect}"


def families(chosen: Sequence[Key], everything: Sequence[Key]) -> list[Family]:
    """Return all families of at least two members around the chosen landscapes.

    Args:
        everything: all landscapes of the warehouse; a chosen one is also compared over its other metrics, fidelities
            and splits.
    """
    found: dict[tuple[str, str, str], Family] = {}
    for key in chosen:
        for aspect in ASPECTS[:-1]:
            members = _members(key, aspect, chosen if aspect == "benchmark" else everything)
            if len(members) > 1:
                family = Family(
                    aspect, _context(key, aspect), tuple(_name(member, aspect) for member in members), tuple(members)
                )
                found[aspect, key.search_space, family.context] = family
        if key.has_seeds and key.seed is None:
            context = _context(key, "seed")
            found["seed", key.search_space, context] = Family("seed", context, (), (key,))
    return list(found.values())


def _members(key: Key, aspect: str, keys: Sequence[Key]) -> list[Key]:
    def rest(other: Key) -> tuple[object, ...]:
        parts = {
            "space": other.search_space_id,
            "benchmark": other.benchmark_id,
            "metric": other.metric_id,
            "fidelity": other.fidelity,
            "split": other.split,
        }
        del parts[aspect]
        return tuple(parts.values())

    return [replace(other, seed=key.seed) for other in keys if rest(other) == rest(key)]


def _name(key: Key, aspect: str) -> str:
    if aspect == "fidelity":
        return "full" if key.fidelity is None else f"{key.fidelity:g}"
    return str(getattr(key, aspect))


def _context(key: Key, aspect: str) -> str:
    parts = {"benchmark": key.benchmark, "metric": key.metric, "split": key.split}
    if key.fidelity is not None:
        parts["fidelity"] = f"@{key.fidelity:g}"
    if key.seed is not None:
        parts["seed"] = f"#{key.seed}"
    return " ".join(text for name, text in parts.items() if name != aspect)
