"""Ingest of 3.3 million rows against hand-written statements, and of a CSV of 20 million rows for its memory.

The hand-written side does what a careful user would: names to ids, runs, traces, a check for doubled rows, one
transaction. `create table as` is the floor: the file copied as it is, nothing normalised, nothing checked.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.alternate import alternate, one, report

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
    """Measure both and print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        _against_hand(Path(folder))
        _large_csv(Path(folder))


def _against_hand(folder: Path) -> None:
    source = traces()
    if source is None:
        print("  skipped: ../shared/data/priorband_traces.parquet is absent")
        return
    template, ours, theirs = folder / "empty.duckdb", folder / "ours.duckdb", folder / "theirs.duckdb"
    one([sys.executable, "-m", "hpowh.warehouse", "init", "-w", str(template)])

    def fresh() -> None:
        ours.write_bytes(template.read_bytes())
        theirs.unlink(missing_ok=True)

    ingest = [sys.executable, "-m", "hpowh.warehouse", "ingest", "runs", str(source), "-w", str(ours)]
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
    csv, store = folder / "large.csv", folder / "large.duckdb"
    one([sys.executable, "-c", MAKE_CSV, str(csv)])
    one([sys.executable, "-m", "hpowh.warehouse", "init", "-w", str(store)])
    seconds, _, megabytes = one([sys.executable, "-m", "hpowh.warehouse", "ingest", "runs", str(csv), "-w", str(store)])
    size = csv.stat().st_size / 1e6
    print(f"  CSV of 20,000,000 rows ({size:,.0f} MB): {seconds:.1f} s, peak {megabytes:,.0f} MB")


if __name__ == "__main__":
    main()
