"""Draw the house: `python tests/drawing.py [ROOT]` prints, for each floor and crowded folder, its rooms and arrows.

A room is a file or a folder, an arrow an import from one room to another. With `--mermaid FOLDER` it prints that
folder's rooms and arrows as a Mermaid graph, which many pages and editors draw.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from imports import ROOT, circles, imports, modules

FOLDERS = (
    "reports",
    "reports.pages",
    "analyses",
    "analyses.landscapes",
    "analyses.mixed_models",
    "analyses.sweeps",
    "warehouse",
    "warehouse.sources",
)


def arrows(graph: dict[str, set[str]], folder: str) -> Counter[tuple[str, str]]:
    """Return how many imports lead from one room of a folder to another."""
    inside = f"hpowh.{folder}."

    def room(name: str) -> str:
        return name.removeprefix(inside).partition(".")[0]

    return Counter(
        (room(one), room(other))
        for one, others in graph.items()
        for other in others
        if one.startswith(inside) and other.startswith(inside) and room(one) != room(other)
    )


def rooms(graph: dict[str, set[str]], folder: str) -> list[str]:
    """Return the files and folders that stand in a folder."""
    inside = f"hpowh.{folder}."
    return sorted({name.removeprefix(inside).partition(".")[0] for name in graph if name.startswith(inside)})


def main() -> None:
    """Print what was asked for."""
    words = sys.argv[1:]
    drawn = words[words.index("--mermaid") + 1] if "--mermaid" in words else None
    places = [word for word in words if word not in ("--mermaid", drawn)]
    graph = imports(modules(Path(places[0]) if places else ROOT))
    if drawn is not None:
        print("graph TD")
        for (one, other), count in sorted(arrows(graph, drawn).items()):
            print(f"    {one} -->|{count}| {other}")
        return
    print("folder                    rooms  arrows")
    for folder in FOLDERS:
        print(f"{folder:24} {len(rooms(graph, folder)):6} {len(arrows(graph, folder)):7}")
    found = circles(graph)
    print(f"circles of files: {len(found)}")
    for circle in found:
        print("   ", ", ".join(name.removeprefix("hpowh.") for name in circle))


if __name__ == "__main__":
    main()
