"""Cells whose rows are all equal: everyday where an optimiser always finds the optimum. Every page must be built."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.analyses.mixed_models.studies.job import analyse_calibration
from hpowh.analyses.rankings.job import analyse_tiers
from hpowh.reports.build import build_site
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest import Request, find_source, ingest
from hpowh.warehouse.views import refresh_generated_views

RESPONSES = ("value", "normalized_regret", "log_regret", "rank", "value * 1e-12", "value + 1e9")


def fill(warehouse: Warehouse, count: int, seed: int) -> list[str]:
    """Draw `count` experiments with ties into a warehouse; return their names."""
    rng = np.random.default_rng(seed)
    runs, points, run = [], [], 0
    for e in range(1, count + 1):
        algorithms, benchmarks, seeds = rng.integers(2, 5), rng.integers(2, 6), rng.integers(1, 6)
        share, digits = rng.choice([0.1, 0.4, 0.8]), rng.choice([1, 12])
        for a in range(algorithms):
            for b in range(benchmarks):
                is_constant, middle = rng.uniform() < share, rng.standard_normal() * 10.0 ** rng.integers(-3, 4)
                for s in range(seeds):
                    run += 1
                    value = 0.1 if is_constant else round(middle * (1 + 0.1 * rng.standard_normal()), int(digits))
                    runs.append((run, e, a + 1, b + 1, s))
                    points.append((run, 1.0, None if rng.uniform() < 0.02 else value))
    names = [f"e{e:03d}" for e in range(1, count + 1)]
    with warehouse.writing() as con:
        con.execute("insert into core.source values (1, 'runs', 'x', 'x', 'f1', 1, 1, '{}', now(), '0')")
        con.execute("insert into core.metric values (1, 'value', 'min', 0, null, null)")
        con.executemany("insert into core.experiment values (?, ?)", list(enumerate(names, 1)))
        con.executemany("insert into core.algorithm values (?, ?)", [(i + 1, "ABCD"[i]) for i in range(4)])
        con.executemany("insert into core.benchmark values (?, ?)", [(i + 1, f"b{i}") for i in range(5)])
        con.register("drawn_run", pl.DataFrame(runs, schema=list("reabs"), orient="row").to_arrow())
        con.register("drawn_point", pl.DataFrame(points, schema=list("rtv"), orient="row").to_arrow())
        con.execute("insert into core.run select r, e, a, b, s, null, 1 from drawn_run")
        con.execute(
            "insert into core.trace select r, 1, t, v, case when v is null then 'failed' else 'ok' end, 1 "
            "from drawn_point"
        )
        refresh_generated_views(con)
    return names


def build_and_look(warehouse: Warehouse, folder: Path, count: int, seed: int) -> None:
    names = fill(warehouse, count, seed)
    rng = np.random.default_rng(seed)
    fitted = []
    for name in names:
        response = str(rng.choice(RESPONSES))
        try:
            analyse_lmem(
                warehouse, f"{response} ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)", experiment=name
            )
        except UsageError:
            continue  # one value a pair, or nothing but ties: refused in a sentence
        fitted.append(name)
    assert len(fitted) > 0.5 * count
    variances = warehouse.sql("select variance from result.lmem_residual").pl()["variance"]
    assert variances.min() >= 0.0
    assert (variances == 0.0).sum() > count
    warehouse.close()
    with Warehouse(warehouse.path) as opened:
        built = build_site(opened, folder, only=("model",))
    assert built.failures == []
    assert len(list(folder.glob("model-e*.html"))) == len(fitted)


def test_the_page_is_built_for_experiments_with_constant_cells(warehouse, tmp_path):
    build_and_look(warehouse, tmp_path / "site", 8, seed=1)


@pytest.mark.slow
def test_the_page_is_built_for_five_hundred_experiments_with_constant_cells(warehouse, tmp_path):
    build_and_look(warehouse, tmp_path / "site", 500, seed=2)


def test_unequal_spreads_tiers_and_calibration_are_on_the_page(warehouse, tmp_path):
    rng, lines = np.random.default_rng(4), ["algorithm,benchmark,seed,budget,value"]
    for a, name in enumerate(("tpe", "cma", "random")):
        for b in range(6):
            for s in range(4):
                lines.append(f"{name},b{b},{s},1,{3.0**b * (5 + 2 * (a == 2) + rng.standard_normal()):.6f}")
    path = tmp_path / "runs.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    ingest(warehouse, find_source("runs"), Request(str(path), "study", {}, {"direction": "min"}, None))
    analyse_lmem(warehouse, "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)")
    analyse_tiers(warehouse, response="value")
    analyse_calibration(warehouse, "rank ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)", count=20)
    warehouse.close()
    with Warehouse(warehouse.path) as opened:
        built = build_site(opened, tmp_path / "site", only=("model",))
    assert built.failures == []
    (page,) = (tmp_path / "site").glob("model-study*.html")
    text = page.read_text(encoding="utf-8")
    for block in ("lmem-variance-tests", "lmem-spreads", "ranking-tiers", "ranking-tier-table", "lmem-calibrated"):
        assert f'id="{block}"' in text
