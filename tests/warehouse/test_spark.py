"""Another engine on what is published: Spark reads the rows of every view, and makes the sums of a mixed model."""

from __future__ import annotations

import datetime as dt
import json
import math
import pickle
import random
import shutil
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.analyses.mixed_models.model.cells import Cells, factor_codes
from hpowh.analyses.mixed_models.model.fit import fit
from hpowh.analyses.traces.job import analyse
from hpowh.warehouse.ingest import Request, find_source, ingest
from hpowh.warehouse.output.publishing import export_parquet

FORMULA = "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
SCRIPT = """
import json, os, pickle, sys, time
os.environ["TZ"] = "UTC"
time.tzset()
from pyspark.sql import SparkSession
spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
         .config("spark.driver.host", "127.0.0.1").config("spark.sql.session.timeZone", "UTC")
         .config("spark.sql.shuffle.partitions", "1").getOrCreate())
folder = sys.argv[1]
manifest = json.load(open(f"{folder}/manifest.json"))
rows = {}
for mart in manifest["marts"]:
    if mart["rows"]:
        read = spark.read.parquet(*[f"{folder}/{file}" for file in mart["files"]])
        assert read.columns == list(mart["columns"]), mart["name"]
        read.createOrReplaceTempView(mart["name"].replace(".", "_"))
        rows[mart["name"]] = [tuple(row) for row in read.collect()]
sums = spark.sql('''
    select benchmark, algorithm, count(*) as n, avg(value) as mean, var_pop(value) * count(*) as scatter
    from mart_observation where status = 'ok' group by benchmark, algorithm order by benchmark, algorithm
''').collect()
pickle.dump((rows, [tuple(row) for row in sums]), open("found.pickle", "wb"))
spark.stop()
"""


def plain(value: Any) -> Any:
    """Return a value as both engines' Python gives it: a moment in UTC, a record as a tuple, NaN as itself."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    if isinstance(value, dict):
        return tuple(plain(one) for one in value.values())
    if isinstance(value, list | tuple):
        return tuple(plain(one) for one in value)
    return value


@pytest.mark.slow
def test_spark_reads_the_rows_of_every_view_and_makes_the_sums_of_a_mixed_model(warehouse, tmp_path, peer):
    if shutil.which("java") is None:
        pytest.skip("NOT TESTED with Spark: Debian's package openjdk-17-jre-headless is not installed")
    draw = random.Random(3)
    lines = ["algorithm,benchmark,seed,budget,value"]
    for b in range(6):
        for a in range(3):
            own = draw.gauss(b, 0.3) + 0.4 * a
            lines += [f"A{a},b'{b},{seed},1,{draw.gauss(own, 0.2)!r}" for seed in range(2 + (a + b) % 3)]
    (tmp_path / "runs.csv").write_text("\n".join(lines))
    (tmp_path / "grid.csv").write_text("lr,depth,loss\n0.1,1,0.5\n0.1,2,0.6\n0.2,1,0.7\n0.2,2,nan\n")
    for kind in ("runs", "grid"):
        ingest(warehouse, find_source(kind), Request(str(tmp_path / f"{kind}.csv"), kind, options={}))
    analyse(warehouse)
    analyse_lmem(warehouse, FORMULA)
    folder = tmp_path / "parquet"
    export_parquet(warehouse, folder, with_marts=True)

    peer("spark").run(SCRIPT, folder, cwd=tmp_path, timeout=600)
    rows, sums = pickle.loads((tmp_path / "found.pickle").read_bytes())  # noqa: S301 - made above

    written = {
        mart["name"]: mart for mart in json.loads((folder / "manifest.json").read_text())["marts"] if mart["rows"]
    }
    assert set(rows) == set(written) >= {"mart.observation", "mart.run_regret", "mart.landscape", "space.grid"}
    for name, mart in written.items():
        columns = ", ".join(f'"{column}"' for column in mart["columns"])
        own = warehouse.sql(f"select {columns} from {name}").rows()
        assert sorted(map(repr, map(plain, rows[name]))) == sorted(map(repr, map(plain, own))), name

    benchmarks, algorithms, count, mean, scatter = (np.array(column) for column in zip(*sums, strict=True))
    coded = {"benchmark": factor_codes(benchmarks), "algorithm": factor_codes(algorithms)}
    size = len(sums)
    shift = float(mean @ count / count.sum())
    cells = Cells(
        codes={name: codes for name, (codes, _) in coded.items()},
        levels={name: levels for name, (_, levels) in coded.items()},
        monomials=(),
        count=count.astype(float),
        mean_y=mean - shift,
        scatter_y=scatter,
        mean_x=np.zeros((size, 0)),
        scatter_x=np.zeros((size, 0, 0)),
        scatter_xy=np.zeros((size, 0)),
        shift=shift,
    )
    stored = warehouse.sql("select log_likelihood from result.lmem_model").one()
    assert fit(FORMULA, cells).log_likelihood == pytest.approx(stored, abs=1e-9)
