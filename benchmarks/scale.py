"""Mixed models of Parquet files as they lie: how CPU time and memory grow with the number of rows.

    python -m benchmarks.scale [1e6 1e7 1e8 …]     (1e6 and 1e7 by default)

Traces are generated: runs of 200 points, four algorithms on twenty benchmarks, shards of up to 1e7 rows.
Each size is answered by a process of its own, twice: the sums and the fit of the formula alone, and all of
`hpowh analyse lmem --from` (residuals by a second pass, the models that the formula leaves out). CPU time is the
process's, user and system, less that of the same on a thousand rows (imports, compiling); the exponent is the slope of
its logarithm between sizes. The log-likelihood is set beside that of the shards' sums put together.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

FORMULA = "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
POINTS, SHARD = 200, 10_000_000
DEFAULT = ("1e6", "1e7")
ROWS = f"""
select
  (i // {POINTS})::integer as run_id, 'A' || (i // {POINTS}) % 4 as algorithm,
  'b' || (i // {POINTS * 4}) % 20 as benchmark, (i % {POINTS} + 1)::integer as budget,
  -- Effects of algorithm, benchmark, both and run, and noise that a hash gives: the same on every machine.
  0.1 * ((i // {POINTS}) % 4) + sin((i // {POINTS * 4}) % 20) + 0.2 * sin(1.7 * ((i // {POINTS}) % 80))
    + (hash(i // {POINTS}) % 1000003) / 2e6 + ((hash(i) % 1000003) / 1000003.0)::float as value
from range({{first}}, {{last}}) as r(i)"""
CHILD = """
import json, re, resource, sys
from pathlib import Path
from benchmarks.scale import FORMULA, merged_likelihood
from hpowh.analyses.mixed_models.files.job import analyse_files
files, what = sys.argv[1].split(","), sys.argv[2]
if what == "merged":
    print(json.dumps({"likelihood": merged_likelihood(files)}))
    sys.exit()

if what == "sums":
    from benchmarks.scale import likelihood
    found = likelihood(files)
else:
    found = analyse_files(files, FORMULA).tables["lmem_model"]["log_likelihood"][0]
spent = resource.getrusage(resource.RUSAGE_SELF)
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
print(json.dumps({"cpu": spent.ru_utime + spent.ru_stime, "peak": peak, "likelihood": found}))
"""


def main(arguments: list[str] | None = None) -> None:
    """Measure the sizes named on the command line."""
    given = sys.argv[1:] if arguments is None else arguments
    sizes = [int(float(text)) for text in given if text[:1].isdigit()] or [int(float(text)) for text in DEFAULT]
    with tempfile.TemporaryDirectory() as folder:
        base = {what: measured(shards(Path(folder), 1000), what)["cpu"] for what in ("sums", "whole")}
        last: dict[str, tuple[int, float]] = {}
        print("| rows | what | CPU s | ns a row | exponent | peak MB | likelihood, beside the shards' sums |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for rows in sizes:
            files = shards(Path(folder), rows)
            merged = measured(files, "merged")["likelihood"]
            for what in ("sums", "whole"):
                found = measured(files, what)
                cpu = max(found["cpu"] - base[what], 1e-3)
                slope = ""
                if what in last:
                    slope = f"{math.log(cpu / last[what][1]) / math.log(rows / last[what][0]):.2f}"
                last[what] = (rows, cpu)
                apart = abs(found["likelihood"] - merged) / abs(merged)
                print(
                    f"| {rows:.0e} | {what} | {cpu:.2f} | {cpu / rows * 1e9:.0f} | {slope} | {found['peak']:.0f} "
                    f"| {apart:.0e} |",
                    flush=True,
                )
            for file in files:
                Path(file).unlink()


def shards(folder: Path, rows: int) -> list[str]:
    """Write traces of so many rows and return their files."""
    files = []
    with duckdb.connect(config={"threads": 1}) as connection:
        for number, first in enumerate(range(0, rows, SHARD)):
            file = folder / f"{rows}-{number:04}.parquet"
            query = ROWS.format(first=first, last=min(rows, first + SHARD))
            connection.execute(f"copy ({query}) to '{file}' (format parquet, compression zstd)")
            files.append(str(file))
    return files


def measured(files: list[str], what: str) -> dict[str, float]:
    """Answer in a process of its own: `sums`, `whole`, or `merged` (the likelihood of the shards' sums)."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "HPOWH_THREADS": os.environ.get("HPOWH_THREADS", "1")}
    done = subprocess.run(
        [sys.executable, "-c", CHILD, ",".join(files), what],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=Path(__file__).resolve().parents[1],
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def likelihood(files: list[str]) -> float:
    """Return the log-likelihood of the formula on the files, read at once."""
    from hpowh.analyses.mixed_models.model.fit import fit
    from hpowh.analyses.mixed_models.reading.files import FileReader

    with duckdb.connect(config={"threads": int(os.environ["HPOWH_THREADS"])}) as connection:
        return float(fit(FORMULA, FileReader.of(connection, files).cells(FORMULA)).log_likelihood)


def merged_likelihood(files: list[str]) -> float:
    """Return the log-likelihood of the formula on the sums of each file, put together; a single file in halves."""
    from hpowh.analyses.mixed_models.model.fit import fit
    from hpowh.analyses.mixed_models.reading.files import FileReader, merged

    parts = [(file, None) for file in files]
    if len(files) == 1:
        parts = [(files[0], "run_id % 2 = 0"), (files[0], "run_id % 2 = 1")]
    with duckdb.connect(config={"threads": int(os.environ["HPOWH_THREADS"])}) as connection:
        found = [FileReader.of(connection, file, where).cells(FORMULA) for file, where in parts]
    return float(fit(FORMULA, merged(found)).log_likelihood)


if __name__ == "__main__":
    main()
