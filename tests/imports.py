"""Which module of the house imports which, read from the text: deferred and TYPE_CHECKING imports count as well."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ("front", "warehouse", "analyses", "reports", "migrations", "sql")
Graph = Mapping[str, set[str]]


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Return the modules of the floors by their full names; a package stands for its `__init__`."""
    found = {}
    for floor in FLOORS:
        for path in (root / floor).rglob("*.py"):
            parts = path.relative_to(root).with_suffix("").parts
            inside = [part for part in parts if part not in ("front", "__init__")]
            found[".".join(["hpowh", *inside])] = path
    return found


def imports(paths: Mapping[str, Path]) -> dict[str, set[str]]:
    """Return for each module the modules among these that it names in an import, wherever in its text."""
    return {
        name: {other for other in _named(ast.parse(path.read_text(encoding="utf-8")), paths) if other != name}
        for name, path in paths.items()
    }


def _named(tree: ast.Module, known: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in known:
                    yield inner
                elif node.module in known:
                    yield node.module


def circles(graph: Graph) -> list[list[str]]:
    """Return the groups of modules that reach each other (Tarjan 1972: strongly connected components of two and more).

    A module's `low` is the earliest module on the stack that it reaches; where that is itself, all above it on the
    stack form its component.
    """
    place: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        place[node] = low[node] = len(place)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in place:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], place[other])
        if low[node] == place[node]:
            at = stack.index(node)
            component = sorted(stack[at:])
            del stack[at:]
            if len(component) > 1:
                found.append(component)

    for node in sorted(graph):
        if node not in place:
            visit(node)
    return found
