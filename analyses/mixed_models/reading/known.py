"""What the warehouse knows of benchmarks besides the runs of an experiment."""

from __future__ import annotations

from hpowh.analyses.mixed_models.reading.experiment import Source
from hpowh.warehouse import queries

Known = list[tuple[str, int, dict[str, float] | None]]


def known_benchmarks(source: Source, experiment: str) -> Known:
    """Return every benchmark: name, how many of the experiment's algorithms ran on it, its numeric meta-features."""
    return [
        (name, int(ran), None if names is None else dict(zip(names, found, strict=True)))
        for name, ran, names, found in source.sql(
            queries.text("mixed_models/benchmarks"), {"subject": experiment}
        ).rows()
    ]
