"""Which landscapes are compared with which: over benchmarks, seeds, metrics, fidelities, splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hpowh.analyses.landscapes.reading.keys import Key

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
    groups = {aspect: _grouped(chosen if aspect == "benchmark" else everything, aspect) for aspect in ASPECTS[:-1]}
    for key in chosen:
        for aspect in ASPECTS[:-1]:
            context = _context(key, aspect)
            name = (aspect, key.search_space, context)
            members = groups[aspect].get(_rest(key, aspect), [])
            if len(members) > 1 and name not in found:
                names = tuple(_name(member, aspect) for member in members)
                found[name] = Family(aspect, context, names, tuple(replace(one, seed=key.seed) for one in members))
        if key.has_seeds and key.seed is None:
            context = _context(key, "seed")
            found["seed", key.search_space, context] = Family("seed", context, (), (key,))
    return list(found.values())


def _grouped(keys: Sequence[Key], aspect: str) -> dict[tuple[object, ...], list[Key]]:
    """Return the landscapes that differ in this aspect only, by what they share."""
    groups: dict[tuple[object, ...], list[Key]] = {}
    for key in keys:
        groups.setdefault(_rest(key, aspect), []).append(key)
    return groups


def _rest(key: Key, aspect: str) -> tuple[object, ...]:
    parts = {
        "space": key.search_space_id,
        "benchmark": key.benchmark_id,
        "metric": key.metric_id,
        "fidelity": key.fidelity,
        "split": key.split,
    }
    del parts[aspect]
    return tuple(parts.values())


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
