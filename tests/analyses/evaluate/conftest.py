"""A spec on disk, and what a folder of evaluations holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from multiprocessing import forkserver, get_context
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from hpowh.analyses.evaluate import session
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
PRELOADED = [f"hpowh.analyses.evaluate.{name}" for name in ("worker", "training", "folds", "metrics")]
PRELOADED += [
    f"sklearn.{name}" for name in ("tree", "ensemble", "linear_model", "pipeline", "preprocessing", "datasets")
]


class Forked:
    """Starts worker processes from one that has scikit-learn loaded: loading it takes longer than what they do here.

    Processes that tests start themselves (`test_running.start`) still start theirs as users' do.
    """

    def __init__(self) -> None:
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)

    def Pipe(self) -> Any:  # noqa: N802 - as the context has it
        """Return two ends."""
        return self._context.Pipe()

    def Process(self, *, target: Any, args: tuple[Any, ...], daemon: bool) -> Any:  # noqa: N802
        """Return a process that leaves with its parent, which is the one that all are forked from."""
        forkserver.ensure_running()
        job, pipe = args
        job = replace(job, parent=forkserver._forkserver._forkserver_pid)
        return self._context.Process(target=target, args=(job, pipe), daemon=daemon)


@pytest.fixture(scope="session")
def forked() -> Forked:
    """One for all tests of a process."""
    return Forked()


@pytest.fixture(autouse=True)
def workers_start_at_once(monkeypatch: pytest.MonkeyPatch, forked: Forked) -> None:
    """Let evaluations in this process start their workers so."""
    monkeypatch.setattr(session, "get_context", lambda _: forked)


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
