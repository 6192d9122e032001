"""Mixed models against lme-python 0.2.7 and, where R with lme4 is installed, lme4: in turn, from data at rest.

    python -m benchmarks.mixed_models [rows] [published] [crossed] [presets]     (all by default)

Ours begins with the open warehouse's own tables, joins included; lme-python begins with a flat Parquet file of the
columns that the model needs, and for lme4 reading is left out. Every side fits by REML; ours computes Satterthwaite's
degrees of freedom besides, which would be another pass over the rows for the peers. Each process fits once to warm up
(lme4 does not: it is measured once); then the sides take turns, and the ratio is the median over the pairs. Peak memory
is each process's.

The traces of PriorBand are read from ../shared/data beside the checkout; without it an experiment of the same shape is
drawn.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "data"
ROUNDS = 3
MODELS = (
    "value ~ algorithm + prior + (1|benchmark)",
    "value ~ algorithm*budget + (1+budget|benchmark)",
    "value ~ algorithm + prior + (1|benchmark) + (1|benchmark:algorithm) + (1|seed)",
    "value ~ algorithm*prior + (1|benchmark) + (1|benchmark:algorithm)",
)
CROSSED = "value ~ algorithm + (1|benchmark) + (1|seed)"
PEER = """
import re, sys, time
import polars as pl
import lme_python
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
for line in sys.stdin:
    formula, _, path = line.strip().partition("\\t")
    began = time.perf_counter()
    names = [n for n in ("value", "algorithm", "prior", "benchmark", "seed", "budget") if n in formula]
    frame = pl.read_parquet(path, columns=names)
    if "seed" in names:
        frame = frame.with_columns(pl.col("seed").cast(pl.String))
    fit = lme_python.lmer(formula, frame)
    seconds = time.perf_counter() - began
    print(seconds, fit.log_likelihood, peak(), flush=True)
"""
LME4 = """
suppressMessages(library(lme4))
input <- file("stdin"); open(input)
while (length(line <- readLines(input, n = 1)) > 0) {
  part <- strsplit(line, "\\t")[[1]]
  data <- read.csv(part[2], stringsAsFactors = TRUE)
  if ("seed" %in% names(data)) data$seed <- factor(data$seed)
  began <- proc.time()[["elapsed"]]
  fit <- lme4::lmer(as.formula(part[1]), data = data)
  cat(proc.time()[["elapsed"]] - began, as.numeric(logLik(fit)), sum(gc()[, 6]), "\\n"); flush(stdout())
}
"""


def main() -> None:
    """Run the parts named on the command line."""
    wanted = [name for name in sys.argv[1:] if name in PARTS] or list(PARTS)
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted:
            PARTS[name](Path(folder))


class Side:
    """A process that fits what it is told to, one line a fit, and answers with seconds, log-likelihood, megabytes."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.seconds: list[float] = []
        self.value = self.megabytes = float("nan")

    def fit(self, formula: str, path: Path) -> None:
        """Fit once and remember what it took. Raises RuntimeError where the process ended."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{formula}\t{path}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if len(answer) != 3:
            raise RuntimeError(f"{self.name} gave up on {formula}")
        self.seconds.append(float(answer[0]))
        self.value, self.megabytes = float(answer[1]), float(answer[2])

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def peers() -> Iterator[tuple[str, list[str], str]]:
    """Yield the name, command and file ending of every peer that is installed."""
    try:
        import lme_python  # noqa: F401

        yield "lme-python", [sys.executable, "-c", PEER], "parquet"
    except ImportError:
        print("  lme-python is not installed: pip install lme-python==0.2.7")
    r = shutil.which("Rscript")
    if r and subprocess.run([r, "-e", "library(lme4)"], capture_output=True, check=False).returncode == 0:
        yield "lme4", [r, "-e", LME4], "csv"
    else:
        print("  lme4 is not installed (R with lme4): its ratios are skipped")


def lme4_models() -> tuple[str, ...]:
    """Return what lme4 is asked: the first model; HPOWH_LME4=all asks everything (minutes a fit), =none nothing."""
    return {"none": (), "all": (*MODELS, CROSSED)}.get(os.environ.get("HPOWH_LME4", ""), (MODELS[0],))


def contest(formula: str, warehouse: Path, flat: Path, *, rounds: int = ROUNDS, only: tuple[str, ...] = ()) -> None:
    """Let all sides fit one model in turn and print medians, memory and ratios."""
    sides = [(Side("hpowh", [sys.executable, "-m", "benchmarks.mixed_models", "worker"]), warehouse)]
    for name, command, ending in peers():
        if (not only or name in only) and (name != "lme4" or formula in lme4_models()):
            sides.append((Side(name, command), flat.with_suffix(f".{ending}")))
    try:
        for turn in range(rounds + 1):
            for side, path in sides:
                if side.name == "lme4" and turn:
                    # Minutes a fit: once, without warming up, is enough for a ratio of hundreds.
                    continue
                side.fit(formula, path)
                if not turn and side.name != "lme4":
                    side.seconds.clear()
    finally:
        for side, _ in sides:
            side.close()
    ours = sides[0][0]
    print(f"  {formula}")
    for side, _ in sides:
        line = (
            f"    {side.name:<11} {statistics.median(side.seconds):8.3f} s  {side.megabytes:7.0f} MB  {side.value:.6f}"
        )
        if side is not ours:
            pairs = [a / b for a, b in zip(side.seconds, ours.seconds, strict=False)]
            line += f"   {statistics.median(pairs):7.1f} x our time, {side.megabytes / ours.megabytes:.1f} x our memory"
        print(line, flush=True)


def worker() -> None:
    """Fit what standard input says, from the warehouse, and print seconds, log-likelihood and peak memory."""
    from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
    from hpowh.analyses.mixed_models.model.fit import fit
    from hpowh.analyses.mixed_models.reading.catalogue import Selection
    from hpowh.analyses.mixed_models.reading.reader import Reader
    from hpowh.warehouse import Warehouse

    open_ones: dict[str, Warehouse] = {}
    for line in sys.stdin:
        formula, _, path = line.strip().partition("\t")
        warehouse = open_ones.setdefault(path, Warehouse(path))
        began = time.perf_counter()
        reader = Reader.of(warehouse, None)
        found = fit(formula, reader.cells(formula, Selection(catalogue=reader.catalogue)))
        satterthwaite(found).df(found.covariance)
        seconds = time.perf_counter() - began
        print(seconds, found.log_likelihood, peak(), flush=True)


def peak() -> float:
    """Return this process's own peak memory in MB (what getrusage says includes the parent's before the start)."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="utf-8"))
    return int(found[1]) / 1024 if found else float("nan")


def load(folder: Path, name: str, query: str, *, with_csv: bool = True) -> tuple[Path, Path]:
    """Load the rows of a query into a fresh warehouse, and write them flat for the peers.

    The query gives algorithm, prior, benchmark, seed, budget and value.
    """
    from hpowh.warehouse import Warehouse
    from hpowh.warehouse.ingest import Request, find_source, ingest

    flat = folder / f"{name}.parquet"
    duckdb.sql(f"copy ({query}) to '{flat}' (format parquet)")
    if with_csv and shutil.which("Rscript"):
        duckdb.sql(f"copy (select * from '{flat}') to '{flat.with_suffix('.csv')}' (header)")
    path = folder / f"{name}.duckdb"
    warehouse = Warehouse.create(path)
    ingest(warehouse, find_source("runs"), Request(str(flat), name, {}, {"direction": "min"}, None))
    warehouse.close()
    count = duckdb.sql(f"select count(*) from '{flat}'").fetchall()[0][0]
    print(f"  {name}: {count:,} rows, warehouse {path.stat().st_size / 1e6:.0f} MB", flush=True)
    return path, flat


def traces(copies: int) -> str:
    """Return the query for PriorBand's traces, copied under new seeds, or for an experiment of that shape."""
    file = SHARED / "priorband_traces.parquet"
    if file.is_file():
        rows = f"select algorithm, prior, benchmark, seed::int as seed, used_fidelity as budget, value from '{file}'"
    else:
        rows = """select 'a' || a as algorithm, 'p' || p as prior, 'b' || b as benchmark, s as seed,
          1.0 + t as budget, b + 0.1 * a + hash(a, p, b, s, t) / 2e19 as value
        from range(3) as x(a), range(4) as y(p), range(12) as z(b), range(50) as u(s), range(464) as v(t)"""
    return f"""with rows as ({rows}) select algorithm, prior, benchmark, seed + 1000 * c as seed, budget,
      value + case c when 0 then 0 else 1e-3 * ((hash(seed, benchmark, budget) % 1000) / 1000.0 - 0.5) end as value
      from rows, range({copies}) as r(c)"""


def rows_part(folder: Path) -> None:
    """Four models on the traces and on the traces under new seeds."""
    for name, copies in (("traces", 1), ("twice", 2)):
        warehouse, flat = load(folder, name, traces(copies))
        for formula in MODELS:
            contest(formula, warehouse, flat)


def published_part(folder: Path) -> None:
    """The published table of 86,400 rows."""
    file = SHARED / "priorband_data.parquet"
    if not file.is_file():
        print("  ../shared/data is absent: skipped")
        return
    rows = f"select algorithm, prior, benchmark, seed::int as seed, used_fidelity as budget, value from '{file}'"
    warehouse, flat = load(folder, "published", rows)
    for formula in MODELS:
        contest(formula, warehouse, flat, rounds=9)


def crossed_part(folder: Path) -> None:
    """Two crossed factors: 3,350 random effects on 150 thousand rows, 11,200 on 2 million."""
    for name, rows, seeds, benchmarks, rounds in (
        ("crossed-3350", 150_000, 3000, 350, 3),
        ("crossed-11200", 2_000_000, 10_000, 1200, 1),
    ):
        query = f"""with row as (
          select i, hash(i, 1) % {seeds} as s, hash(i, 2) % {benchmarks} as b, i % 3 as a from range({rows}) as r(i))
        select 'a' || a as algorithm, 'p' as prior, 'b' || b as benchmark, s as seed, 1.0 + i as budget,
          sqrt(-2 * ln((hash(b, 3) % 1000003 + 1) / 1000004.0)) * cos(6.2831853 * (hash(b, 4) % 1000003) / 1000003.0)
          + 0.7 * sqrt(-2 * ln((hash(s, 5) % 1000003 + 1) / 1000004.0))
            * cos(6.2831853 * (hash(s, 6) % 1000003) / 1000003.0)
          + sqrt(-2 * ln((hash(i, 7) % 1000003 + 1) / 1000004.0))
            * cos(6.2831853 * (hash(i, 8) % 1000003) / 1000003.0) + 0.1 * a as value
        from row"""
        warehouse, flat = load(folder, name, query)
        contest(CROSSED, warehouse, flat, rounds=rounds, only=("lme-python",) if rows > 1e6 else ())


def presets_part(folder: Path) -> None:
    """The published checks on 86,400 rows; the published tool needs R, its times are those stated beside."""
    from hpowh.analyses.mixed_models.reading.catalogue import Selection
    from hpowh.analyses.mixed_models.reading.reader import Reader
    from hpowh.analyses.mixed_models.studies.kinds import run_presets
    from hpowh.warehouse import Warehouse

    file = SHARED / "priorband_data.parquet"
    if not file.is_file():
        print("  ../shared/data is absent: skipped")
        return
    query = f"select algorithm, prior, benchmark, seed::int as seed, used_fidelity as budget, value from '{file}'"
    path, _ = load(folder, "presets", query, with_csv=False)
    warehouse = Warehouse(path)
    stated = {"seed": 12.0, "informativeness": 0.5, "budget": 13.0}
    for as_published in (True, False):
        for name, theirs in stated.items():
            times = []
            for _ in range(ROUNDS + 1):
                began = time.perf_counter()
                reader = Reader.of(warehouse, None)
                run_presets(reader, Selection(catalogue=reader.catalogue), "value", (name,), as_published)
                times.append(time.perf_counter() - began)
            ours = statistics.median(times[1:])
            kind = "as published" if as_published else "ours"
            print(f"  {name:<16} {kind:<13} {ours:7.3f} s, {theirs / ours:5.0f} x below the tool's {theirs:g} s")


PARTS = {"rows": rows_part, "published": published_part, "crossed": crossed_part, "presets": presets_part}


if __name__ == "__main__":
    worker() if sys.argv[1:] == ["worker"] else main()
