"""Mixed models of Parquet files as they lie: how CPU time and memory grow with the number of rows.

    python -m benchmarks.scale [1e6 1e7 1e8 …] [--folder DIR]     (1e6 and 1e7 by default)

Traces are generated: runs of 200 points, four algorithms on twenty benchmarks, shards of up to 1e7 rows; in a folder
that is named they stay, and the same command goes on from there (1e9 rows are 5 GB).
Each size is answered by a process of its own, twice: the sums and the fit of the formula alone, and all of
`hpowh analyse lmem --from` (residuals by a second pass, the models that the formula leaves out). CPU time is the
process's, user and system, less that of the same on a thousand rows (planning, fitting); of small sizes the least of
several answers; the exponent is the slope of its logarithm between sizes. The log-likelihood is set beside that of the
shards' sums put together.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import duckdb

FORMULA = "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
POINTS, SHARD = 200, 10_000_000
DEFAULT = ("1e6", "1e7")
LONG = 30_000_000
"""A size is answered so often that so many rows are read, nine times at most."""
ROWS = f"""
select
  (i // {POINTS})::integer as run_id, 'A' || (i // {POINTS}) % 4 as algorithm,
  'b' || (i // {POINTS * 4}) % 20 as benchmark, (i % {POINTS} + 1)::integer as budget,
  -- Effects of algorithm, benchmark, both and run, and noise that a hash gives: the same on every machine.
  0.1 * ((i // {POINTS}) % 4) + sin((i // {POINTS * 4}) % 20) + 0.2 * sin(1.7 * ((i // {POINTS}) % 80))
    + (hash(i // {POINTS}) % 1000003) / 2e6 + ((hash(i) % 1000003) / 1000003.0)::float as value
from range({{first}}, {{last}}) as r(i)"""
CHILD = """
import json, re, resource, sys, time
from pathlib import Path
from benchmarks.scale import FORMULA, likelihood, merged_likelihood
from hpowh.analyses.mixed_models.files.job import analyse_files

def answer(files):
    if what == "merged":
        return merged_likelihood(files)
    if what == "sums":
        return likelihood(files)
    return analyse_files(files, FORMULA).tables["lmem_model"]["log_likelihood"][0]

def cpu():
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime

def timed(files, times):
    spent, waited = [], []
    for _ in range(times):
        began, started = cpu(), time.perf_counter()
        found = answer(files)
        spent.append(cpu() - began)
        waited.append(time.perf_counter() - started)
    return found, min(spent), min(waited)

what, warm, times, *files = sys.argv[1:]
answer([warm])
base = timed([warm], 5)[1]
found, spent, waited = timed(files, int(times))
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
print(json.dumps({"cpu": max(spent - base, 1e-3), "wall": waited, "peak": peak, "likelihood": found}))
"""


def main(arguments: list[str] | None = None) -> None:
    """Measure the sizes named on the command line."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    kept = Path(given[given.index("--folder") + 1]) if "--folder" in given else None
    sizes = [int(float(text)) for text in given if text[:1].isdigit()] or [int(float(text)) for text in DEFAULT]
    with ExitStack() as stack:
        folder = kept or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        (warm,) = shards(folder, 1000)
        last: dict[str, tuple[int, float]] = {}
        print("| rows | what | CPU s | wall s | ns a row | exponent | peak MB | likelihood, beside the shards' sums |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        for rows in sizes:
            files = shards(folder, rows)
            merged = measured(files, "merged", warm)["likelihood"]
            for what in ("sums", "whole"):
                found = measured(files, what, warm, times=max(1, min(9, LONG // rows)))
                cpu, slope = found["cpu"], ""
                if what in last:
                    slope = f"{math.log(cpu / last[what][1]) / math.log(rows / last[what][0]):.3f}"
                last[what] = (rows, cpu)
                apart = abs(found["likelihood"] - merged) / abs(merged)
                print(
                    f"| {rows:.0e} | {what} | {cpu:.3f} | {found['wall']:.1f} | {cpu / rows * 1e9:.0f} | {slope} "
                    f"| {found['peak']:.0f} | {apart:.0e} |",
                    flush=True,
                )
            if kept is None:
                for file in files:
                    Path(file).unlink()


def shards(folder: Path, rows: int) -> list[str]:
    """Write traces of so many rows and return their files."""
    files = []
    with duckdb.connect(config={"threads": 1}) as connection:
        for number, first in enumerate(range(0, rows, SHARD)):
            file = folder / f"{rows}-{number:04}.parquet"
            files.append(str(file))
            if file.exists():
                continue
            query = ROWS.format(first=first, last=min(rows, first + SHARD))
            connection.execute(f"copy ({query}) to '{file}.part' (format parquet, compression zstd)")
            Path(f"{file}.part").rename(file)
    return files


def measured(files: list[str], what: str, warm: str, *, times: int = 1) -> dict[str, float]:
    """Answer in a process of its own: `sums`, `whole`, or `merged` (the likelihood of the shards' sums)."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "HPOWH_THREADS": os.environ.get("HPOWH_THREADS", "1")}
    done = subprocess.run(
        [sys.executable, "-c", CHILD, what, warm, str(times), *files],
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
