"""Embed landscapes in a plane and store `result.embedding_*`.

From Python:
    >>> from hpowh.warehouse import Warehouse
    >>> from hpowh.analyses.embeddings.job import Settings, embed
    >>> from hpowh.analyses.landscapes.reading.keys import Selection
    >>> embed(Warehouse("hpowh.duckdb"), Selection(benchmark="fcnet/protein_structure"), Settings(seed=1))
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hpowh.analyses.landscapes.errors import LandscapeError, TooLargeError
from hpowh.analyses.landscapes.reading.keys import Key, Selection, read_keys, select
from hpowh.warehouse import AnalysisRun, Warehouse
from hpowh.warehouse.errors import UsageError

if TYPE_CHECKING:
    from hpowh.analyses.landscapes.grid.surface import Surface

JOB = "embeddings"
VERSION = "1"
MAX_CONFIGURATIONS = 200_000
"""Exact nearest neighbours take the square of this; beyond it an embedding would take hours."""


@dataclass(frozen=True)
class Settings:
    """How a landscape is embedded; stored as the parameters of the analysis run."""

    dimension: int = 16
    """Singular vectors kept."""
    neighbours: int = 15
    """Nearest vectors that a point is held near to."""
    epochs: int = 100
    """Passes of UMAP over its edges."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("dimension", 2), ("neighbours", 2), ("epochs", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise UsageError(f"{name.capitalize()} must be at least {least}, not {getattr(self, name)}.")


@dataclass(frozen=True)
class Outcome:
    """What became of one landscape's embedding."""

    subject: str
    analysis_run_id: int | None
    """None where it was refused."""
    is_new: bool
    warnings: list[str]
    error: str | None = None


def embed(
    warehouse: Warehouse,
    selection: Selection = Selection(),
    settings: Settings = Settings(),
) -> list[Outcome]:
    """Embed the selected landscapes, unless the same input was embedded before.

    Returns:
        One outcome a landscape; one that cannot be embedded has an `error` and does not stop the others.

    Raises:
        UsageError: UMAP is not installed, or the selection names nothing that is there.
    """
    from hpowh.analyses.embeddings.layout import require_umap
    from hpowh.analyses.landscapes.reading.rows import rows_of

    try:
        require_umap()
        keys = select(read_keys(rows_of(warehouse)), selection)
    except LandscapeError as error:
        raise UsageError(error.message, error.hint) from error
    return [_embed_one(warehouse, key, settings) for key in keys]


def _embed_one(warehouse: Warehouse, key: Key, settings: Settings) -> Outcome:
    from hpowh.analyses.landscapes.frames import arrow_table
    from hpowh.analyses.landscapes.reading.rows import read_surface

    parameters = {name: value for name, value in asdict(settings).items() if name != "seed"}
    run = AnalysisRun(
        job=JOB,
        subject=key.subject,
        job_version=VERSION,
        parameters=parameters,
        input_fingerprint=key.fingerprint,
        seed=settings.seed,
    )
    found = warehouse.find_run(run)
    if found is not None:
        return Outcome(key.subject, found, False, [])
    try:
        tables = embedding_tables(read_surface(warehouse, key), settings)
    except LandscapeError as error:
        return Outcome(key.subject, None, False, [], str(error))
    tables["embedding_subject"] |= {
        "search_space_id": [key.search_space_id], "benchmark_id": [key.benchmark_id], "metric_id": [key.metric_id],
        "split": [key.split], "fidelity": [key.fidelity], "seed": [key.seed],
    }  # fmt: skip
    stored = warehouse.save_run(run, {name: arrow_table(columns) for name, columns in tables.items()})
    return Outcome(key.subject, stored, True, run.warnings)


def embedding_tables(surface: Surface, settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the columns of all tables of one landscape's embedding, without which landscape it is.

    Raises:
        LandscapeError: there is nothing to embed, or too much.
    """
    import numpy as np

    from hpowh.analyses.embeddings.hope import embed_graph
    from hpowh.analyses.embeddings.layout import lay_out
    from hpowh.analyses.embeddings.relief import interpolate, neighbours_kept
    from hpowh.analyses.landscapes.grid.edges import neighbour_pairs

    if surface.size > MAX_CONFIGURATIONS:
        raise TooLargeError(
            f"{surface.size:,} configurations are too many to embed; at most {MAX_CONFIGURATIONS:,} are.",
            "The map (hpowh analyse map) shows up to 4,000,000.",
        )
    hope = embed_graph(surface, dimension=settings.dimension, seed=settings.seed)
    points = lay_out(hope.vectors, neighbours=settings.neighbours, epochs=settings.epochs, seed=settings.seed)
    relief = interpolate(points, (surface.average_rank - 1) / (surface.size - 1))
    first, second, _ = neighbour_pairs(surface.space, surface.ranks)
    shuffled = np.random.default_rng(settings.seed).permutation(points)
    row, column = np.nonzero(np.isfinite(relief.value))
    return {
        "embedding_subject": {
            "configuration_count": [surface.size],
            "dimension": [settings.dimension],
            "decay": [hope.decay],
            "neighbours_kept": [neighbours_kept(points, first, second)],
            "neighbours_kept_by_chance": [neighbours_kept(shuffled, first, second)],
            "share_explained": [relief.share_explained],
        },
        "embedding_point": {"configuration_id": surface.ranks, "x": points[:, 0], "y": points[:, 1]},
        "embedding_cell": {
            "column_number": column, "row_number": row, "x": relief.x[column], "y": relief.y[row],
            "place": relief.value[row, column], "weight": relief.weight[row, column],
        },
        "embedding_singular_value": {
            "position": np.arange(1, hope.singular_values.size + 1), "value": hope.singular_values,
        },
    }  # fmt: skip
