"""Embeddings that are older than the evaluations that they show."""

from __future__ import annotations

from hpowh.analyses.landscapes.reading.rows import Reader, rows_of
from hpowh.warehouse import queries


def stale_planes(reader: Reader) -> list[str]:
    """Return a sentence for each landscape whose embedding was made before some of its evaluations were loaded."""
    return [
        f"{space}: {benchmark} {metric} {split}: its embedding shows earlier evaluations. Anew: "
        f"hpowh analyse embed --space {space} --benchmark {benchmark} --metric {metric} --split {split}"
        for space, benchmark, metric, split in rows_of(reader)(queries.text("landscape_input/stale_planes"), [])
    ]
