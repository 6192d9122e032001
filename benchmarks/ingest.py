"""Size and width of what is loaded, each beside its peer in the same run, in turn.

    python -m benchmarks ingest           all three
    python -m benchmarks.ingest rows      3.3 million rows of Parquet against hand-written statements
    python -m benchmarks.ingest csv       a CSV of 20 million rows against DuckDB's own `create table as`
    python -m benchmarks.ingest columns   3,000 columns of meta-features

The hand-written side does what a careful user would: names to ids, runs, traces, a check for doubled rows, one
transaction. `create table as` is the floor: the file copied as it is, nothing normalised, nothing checked. The large
CSV and the three databases made of it take about 3 GB of the temporary folder.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from random import Random

from benchmarks.alternate import alternate, one, report

HPOWH = [sys.executable, "-m", "hpowh.warehouse"]
WIDTH, BENCHMARKS = 3_000, 200
HAND = """
import duckdb, sys
con = duckdb.connect(sys.argv[2]); con.begin()
f = f"read_parquet('{sys.argv[1]}')"
con.execute(f"create table algorithm as select row_number() over () as id, * from (select distinct algorithm from {f})")
con.execute(f"create table benchmark as select row_number() over () as id, * from (select distinct benchmark from {f})")
con.execute(f'''create table run as select row_number() over () as id, a.id as algorithm_id, b.id as benchmark_id, seed,
  prior from (select distinct algorithm, benchmark, seed, prior from {f}) join algorithm a using (algorithm)
  join benchmark b using (benchmark)''')
con.execute(f'''create table trace as select r.id as run_id, used_fidelity as budget, value from {f} as t
  join algorithm a using (algorithm) join benchmark b using (benchmark)
  join run r on r.algorithm_id = a.id and r.benchmark_id = b.id and r.seed = t.seed and r.prior = t.prior''')
assert not con.execute("select 1 from trace group by run_id, budget having count(*) > 1 limit 1").fetchall()
con.commit(); con.close()
"""
PLAIN = """
import duckdb, sys
con = duckdb.connect(sys.argv[2]); con.execute(f"create table t as select * from read_parquet('{sys.argv[1]}')")
con.close()
"""
PLAIN_CSV = PLAIN.replace("read_parquet", "read_csv")
MAKE_CSV = """
import duckdb, sys
duckdb.execute(f'''copy (
  select 'A' || (i % 5) as algorithm, 'bench-' || (i // 5 % 20) as benchmark, i // 100 % 100 as seed,
    i // 10000 + 1 as budget, random() as value from range(20_000_000) t(i)
) to '{sys.argv[1]}' (format csv, header true)''')
"""


def traces() -> Path | None:
    """Return the real traces, where they lie beside the checkout."""
    path = Path(__file__).resolve().parents[2] / "shared" / "data" / "priorband_traces.parquet"
    return path if path.is_file() else None


def main() -> None:
    """Measure what is named, or all, and print the figures beside their peers'."""
    parts = {"rows": _against_hand, "csv": _large_csv, "columns": _many_columns}
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[1:] or parts:
            parts[name](Path(folder))


def _against_hand(folder: Path) -> None:
    source = traces()
    if source is None:
        print("  skipped: ../shared/data/priorband_traces.parquet is absent")
        return
    template, ours, theirs = folder / "empty.duckdb", folder / "ours.duckdb", folder / "theirs.duckdb"
    one([*HPOWH, "init", "-w", str(template)])

    def fresh() -> None:
        ours.write_bytes(template.read_bytes())
        theirs.unlink(missing_ok=True)

    ingest = [*HPOWH, "ingest", "runs", str(source), "-w", str(ours), "--direction", "min"]
    figures = alternate(
        {
            "hpowh ingest": ingest,
            "hand-written": [sys.executable, "-c", HAND, str(source), str(theirs)],
            "create table as": [sys.executable, "-c", PLAIN, str(source), str(theirs)],
        },
        before=fresh,
    )
    print("  priorband_traces.parquet, 3,339,050 rows, whole processes:")
    report(figures, ("hpowh ingest", "hand-written"), ("hpowh ingest", "create table as"))


def _large_csv(folder: Path) -> None:
    csv, template = folder / "large.csv", folder / "empty-for-csv.duckdb"
    ours, theirs = folder / "large.duckdb", folder / "large-copied.duckdb"
    one([sys.executable, "-c", MAKE_CSV, str(csv)])
    one([*HPOWH, "init", "-w", str(template)])

    def fresh() -> None:
        theirs.unlink(missing_ok=True)
        ours.write_bytes(template.read_bytes())

    figures = alternate(
        {
            "hpowh ingest": [*HPOWH, "ingest", "runs", str(csv), "-w", str(ours), "--direction", "min"],
            "create table as": [sys.executable, "-c", PLAIN_CSV, str(csv), str(theirs)],
        },
        rounds=2,
        before=fresh,
    )
    print(f"  CSV of 20,000,000 rows ({csv.stat().st_size / 1e6:,.0f} MB), whole processes:")
    report(figures, ("hpowh ingest", "create table as"))
    for path in (csv, ours, theirs):
        path.unlink()


def _many_columns(folder: Path) -> None:
    csv, template, ours = folder / "wide.csv", folder / "empty-for-columns.duckdb", folder / "wide.duckdb"
    random = Random(0)
    with csv.open("w") as handle:
        handle.write(",".join(["benchmark", *(f"feature_{i}" for i in range(WIDTH))]) + "\n")
        for row in range(BENCHMARKS):
            handle.write(",".join([f"b{row}", *(f"{random.gauss(0, 1):.6g}" for _ in range(WIDTH))]) + "\n")
    one([*HPOWH, "init", "-w", str(template)])
    commands = {
        "hpowh ingest features": [*HPOWH, "ingest", "features", str(csv), "-w", str(ours)],
        "create table as": [sys.executable, "-c", PLAIN_CSV, str(csv), str(folder / "wide-copied.duckdb")],
    }

    def fresh() -> None:
        (folder / "wide-copied.duckdb").unlink(missing_ok=True)
        ours.write_bytes(template.read_bytes())

    print(f"  {BENCHMARKS} data sets x {WIDTH:,} columns of features, whole processes:")
    report(alternate(commands, rounds=3, before=fresh), ("hpowh ingest features", "create table as"))


if __name__ == "__main__":
    main()
