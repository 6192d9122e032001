"""What the analyses of landscapes have stored, for those that build on them."""

from __future__ import annotations

from typing import Any

from hpowh.analyses.landscapes.reading.rows import Reader
from hpowh.warehouse import queries


def read_shapes(reader: Reader) -> list[tuple[Any, ...]]:
    """Return subject, name and value of each number that describes a landscape or its gap; later runs come later."""
    return list(reader.sql(queries.text("landscape_across/shapes")).rows())


def read_similar(reader: Reader) -> list[tuple[Any, ...]]:
    """Return subject, two landscapes, measure and value of each similarity; later runs come later."""
    return list(reader.sql(queries.text("landscape_across/similar")).rows())


def read_fidelities(reader: Reader) -> list[tuple[Any, ...]]:
    """Return search space, benchmark, metric, split, fidelity, full fidelity, correlation, overlap
    and cost of each fidelity."""
    return list(reader.sql(queries.text("landscape_across/fidelities")).rows())


def read_noise(reader: Reader) -> list[tuple[Any, ...]]:
    """Return search space, benchmark, metric, split, fidelity, size, best and median loss and noise
    of each landscape."""
    return list(reader.sql(queries.text("landscape_across/noise")).rows())


def read_features(reader: Reader) -> list[tuple[Any, ...]]:
    """Return benchmark, name, number and text of each meta-feature."""
    return list(reader.sql(queries.text("landscape_across/features")).rows())


def read_fingerprint(reader: Reader) -> list[tuple[Any, ...]]:
    """Return a digest of the analyses of landscapes, and their number: one row."""
    return list(reader.sql(queries.text("landscape_across/fingerprint")).rows())


def read_regrets(reader: Reader) -> list[tuple[Any, ...]]:
    """Return search space, benchmark, metric, split, fidelity, algorithm, mean relative regret, number of its runs."""
    return list(reader.sql(queries.text("landscape_across/regrets")).rows())


def read_sizes(reader: Reader) -> list[tuple[Any, ...]]:
    """Return benchmark, name and number: the median parameter count and cost of its configurations."""
    return list(reader.sql(queries.text("landscape_across/sizes")).rows())
