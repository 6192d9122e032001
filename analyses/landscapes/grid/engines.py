"""Which of the engines makes the graph of a landscape: by its size, its holes, and whether compiling pays."""

from __future__ import annotations

from functools import lru_cache

from hpowh.analyses.landscapes.grid.edges import DENSE_OCCUPANCY, MAX_PAIRS
from hpowh.analyses.landscapes.grid.graph import EdgeGraph, Graph
from hpowh.analyses.landscapes.grid.paying import pays
from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import MAX_CELLS, Surface

COMPILED_FROM_PAIRS = 3_000_000
"""Undirected pairs from which the compiled engine pays, once its machine code is on disk (see `paying.pays`)."""


def graph_of(surface: Surface, *, engine: str = "auto", threads: int | None = None) -> Graph:
    """Return the graph of a landscape, by the engine that suits its size.

    Args:
        engine: `numpy`, `compiled`, or `auto`: compiled where the grid is dense and that pays.
        threads: of the compiled engine; by default one for each core.

    Raises:
        TooLargeError: neither engine can hold it.
    """
    space = surface.space
    if engine == "auto":
        is_dense = surface.occupancy >= DENSE_OCCUPANCY and space.cardinality <= MAX_CELLS
        expected = int(space.pair_count * surface.occupancy**2)
        must = space.pair_count > MAX_PAIRS
        engine = "compiled" if is_dense and (must or pays("scan_range", expected, COMPILED_FROM_PAIRS)) else "numpy"
    if engine == "compiled":
        from hpowh.analyses.landscapes.grid.dense import DenseGraph

        return DenseGraph(surface, threads)
    return _complete_graph(space.shape, space.ordinal) if surface.is_complete else EdgeGraph(space, surface.ranks)


@lru_cache(maxsize=4)
def _complete_graph(shape: tuple[int, ...], ordinal: tuple[bool, ...]) -> EdgeGraph:
    """Keep the graphs of complete grids: landscapes of one space share theirs."""
    from hpowh.analyses.landscapes.grid.grid_graph import GridGraph

    return GridGraph(Space.of(shape, ordinal))
