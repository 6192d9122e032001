"""Read the numbers of classes, take their mean, store it."""

from __future__ import annotations

from hashlib import sha256

from hpowh.analyses.toy.mean import mean
from hpowh.warehouse import AnalysisRun, Warehouse, queries

JOB, SUBJECT, VERSION = "toy.mean", "all benchmarks", "1"


def analyse(warehouse: Warehouse) -> int:
    """Return the analysis run that holds the mean; the same numbers are not analysed again."""
    import polars as pl

    rows = warehouse.sql(queries.text("toy/classes")).rows()
    run = AnalysisRun(
        job=JOB,
        subject=SUBJECT,
        job_version=VERSION,
        parameters={},
        input_fingerprint=sha256(repr(rows).encode()).hexdigest(),
    )
    known = warehouse.find_run(run)
    if known is not None:
        return known
    value, reason = mean([count for _, count in rows])
    frame = pl.DataFrame([{"benchmark_count": len(rows), "class_mean": value, "reason": reason}])
    return warehouse.save_run(run, {"toy_mean": frame})
