"""The published PriorBand experiment and lme4's answers on it, and simulated experiments."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import numpy as np
import pytest

from hpowh.analyses.mixed_models.model.cells import Cells, cells_from_rows
from hpowh.analyses.mixed_models.model.columns import model_columns, monomials
from hpowh.analyses.mixed_models.model.formula import parse_formula
from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest import Request, find_source, ingest

NUMERIC = {"used_fidelity", "budget", "x", "z"}
DEFAULT = "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"


def cells_of(formula: str, rows: dict[str, np.ndarray]) -> Cells:
    """Make the cells that a formula needs of columns in memory."""
    parsed = parse_formula(formula)
    names = dict.fromkeys((*parsed.variables, *(n for group in parsed.grouping for n in group)))
    numeric = [n for n in parsed.term_variables if n in NUMERIC and n not in parsed.categorical]
    factors = {n: rows[n] for n in names if n not in numeric}
    levels = {n: ["0", "1"] for n in factors}
    groups = [model_columns(parsed.fixed, levels), *(model_columns(r.expression, levels) for r in parsed.random)]
    return cells_from_rows(rows[parsed.response], factors, {n: rows[n] for n in numeric}, monomials(*groups))


@pytest.fixture(scope="session")
def reference(shared: Path) -> dict:
    """lme4, lmerTest and emmeans on the published data."""
    return json.loads((shared / "reference" / "lme4_priorband.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def priorband(shared: Path) -> dict[str, np.ndarray]:
    """The published data as columns."""
    path = shared / "data" / "priorband_data.parquet"
    found = duckdb.sql(
        f"select algorithm, benchmark, prior, seed::int as seed, used_fidelity, value, normalized_regret, rel_rank "
        f"from '{path}'"
    ).fetchnumpy()
    return {name: np.asarray(np.ma.getdata(values)) for name, values in found.items()}


@pytest.fixture(scope="session")
def priorband_file(shared: Path, empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with the published data (`priorband`), its extra metrics included."""
    path = tmp_path_factory.mktemp("priorband") / "hpowh.duckdb"
    shutil.copy(empty_warehouse, path)
    mapping = {
        "used_fidelity": "budget",
        "normalized_regret": "metric",
        "rel_rank": "metric",
        "bench_prior": "ignore",
    }
    source = str(shared / "data" / "priorband_data.parquet")
    ingest(Warehouse(path), find_source("runs"), Request(source, "priorband", mapping, {"direction": "min"}, None))
    return path


@pytest.fixture
def priorband_warehouse(priorband_file: Path, tmp_path: Path) -> Warehouse:
    """A copy of the published data's warehouse for one test."""
    path = tmp_path / "priorband.duckdb"
    shutil.copy(priorband_file, path)
    return Warehouse(path)


def simulate(
    rng: np.random.Generator,
    *,
    benchmarks: int = 10,
    algorithms: int = 3,
    seeds: int = 10,
    benchmark_sd: float = 1.0,
    interaction_sd: float = 0.5,
    seed_sd: float = 0.0,
    effect: tuple[float, ...] = (),
) -> dict[str, np.ndarray]:
    """Draw a balanced experiment with one row a run: columns y, algorithm, benchmark, seed."""
    shape = (benchmarks, algorithms, seeds)
    b, a, s = (index.ravel() for index in np.indices(shape))
    y = (
        benchmark_sd * rng.standard_normal(benchmarks)[b]
        + interaction_sd * rng.standard_normal((benchmarks, algorithms))[b, a]
        + seed_sd * rng.standard_normal((algorithms, seeds))[a, s]
        + rng.standard_normal(b.size)
    )
    if effect:
        y = y + np.array(effect)[a]
    return {
        "y": y,
        "algorithm": np.array(["A", "B", "C", "D", "E"])[a],
        "benchmark": np.array([f"b{i:03d}" for i in range(benchmarks)])[b],
        "seed": s,
    }


def load(
    warehouse: Warehouse, tmp_path: Path, rows: dict, name: str = "x", roles: dict | None = None, **options: str
) -> Warehouse:
    """Load rows as runs."""
    columns = list(rows)
    lines = [",".join(columns), *(",".join(str(v) for v in row) for row in zip(*rows.values(), strict=True))]
    path = tmp_path / f"{name}.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    ingest(warehouse, find_source("runs"), Request(str(path), name, roles or {}, {"direction": "min", **options}, None))
    return warehouse


def experiment(seed: int = 0, **options) -> dict:
    """Return simulated rows of one budget."""
    rows = simulate(np.random.default_rng(seed), **options)
    rows["value"] = rows.pop("y")
    return rows | {"budget": np.ones(len(rows["value"]))}


@pytest.fixture(scope="session")
def small_file(empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse of three algorithms, six benchmarks and five seeds, loaded once."""
    folder = tmp_path_factory.mktemp("small")
    path = Path(shutil.copy(empty_warehouse, folder / "hpowh.duckdb"))
    rows = experiment(benchmarks=6, seeds=5)
    rows["prior"] = np.where(rows["seed"] % 2 == 0, "good", "bad")
    with Warehouse(path) as store:
        load(store, folder, rows)
    return path


@pytest.fixture
def small(small_file: Path, tmp_path: Path) -> Warehouse:
    """A copy of it."""
    return Warehouse(shutil.copy(small_file, tmp_path / "hpowh.duckdb"))
