"""A spec on disk, and what a folder of evaluations holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from hpowh.analyses.evaluate.job import Prepared, evaluate, prepare

HOSTILE = Path(__file__).with_name("hostile_models.py")
SMALL = """
name = "small"
metrics = ["accuracy", "log_loss"]
folds = 3
[[data]]
name = "iris"
[[model]]
name = "tree"
kind = "decision_tree"
fidelities = [0.3, 1.0]
space.max_depth = [1, 2, 4]
space.criterion = ["gini", "entropy"]
"""
KEYS = ["benchmark", "configuration_id", "fidelity", "seed", "fold", "split", "metric"]


@pytest.fixture
def spec(tmp_path) -> Callable[[str], Path]:
    """Write a spec, with the hostile models beside it."""

    def write(text: str = SMALL) -> Path:
        path = tmp_path / "spec.toml"
        path.write_text(text)
        (tmp_path / HOSTILE.name).write_text(HOSTILE.read_text())
        return path

    return write


@pytest.fixture
def run(tmp_path, spec) -> Callable[..., pl.DataFrame]:
    """Evaluate a spec and return its values in order."""

    def evaluated(text: str = SMALL, *, to: str = "out", jobs: int = 1) -> pl.DataFrame:
        prepared: Prepared = prepare(spec(text))
        evaluate(prepared, tmp_path / to, jobs=jobs)
        return values(tmp_path / to)

    return evaluated


def values(folder: Path) -> pl.DataFrame:
    """Return what the shards of a folder hold, in the order of the grain."""
    frame = pl.concat([pl.read_parquet(path) for path in sorted((folder / "shards").glob("*.parquet"))])
    return frame.with_columns(pl.col("benchmark", "split", "metric", "status").cast(pl.String)).sort(KEYS)


@pytest.fixture
def read() -> Callable[[Path], pl.DataFrame]:
    """Read a folder of evaluations."""
    return values
