"""Mutated inputs: each is loaded with the right rows and passes every check, or is refused in words.

`python -m benchmarks.fuzz --cases 1000 --record fuzz.jsonl` goes on where an earlier part ended.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.workers import HUNG, Run, Worker

MEMORY = 2 << 30
TIMEOUT = 60.0
CASES_A_WORKER = 200
"""So many loads, then a fresh process: what one keeps shall not count against the next for ever."""
TOKENS = (
    b"", b"\0", b"\xff", b"\xc3", b'"', b"'", b",", b";", b"\n", b"\r\n", b"\t", b"nan", b"inf", b"-inf", b"1e999",
    b"-0", b"0x10", b"1_000", b"1,5", b"10" * 200, b"true", b"null", b"NULL", b"[", b"{", b"}" * 3, b"[" * 3000,
    b"=1+1", b"../..", b"drop table core.run; --", b"\xef\xbb\xbf",
    b"\xff\xfe", "\u202e".encode(), "\U0001f600".encode(),
    b"x" * 100_000,
)  # fmt: skip
"""What is put in somewhere."""


def runs() -> bytes:
    """Long-form runs."""
    rows = [f"{a},b{b},{s},{n},{s + n / 10}" for a in "AB" for b in (1, 2) for s in (0, 1) for n in (1, 2, 3)]
    return ("algorithm,benchmark,seed,budget,value\n" + "\n".join(rows) + "\n").encode()


def grid() -> bytes:
    """A grid of two hyperparameters."""
    rows = [f"{lr / 10},{depth},{lr * depth / 7}" for lr in range(1, 6) for depth in range(1, 5)]
    return ("lr,depth,loss\n" + "\n".join(rows) + "\n").encode()


def trials() -> bytes:
    """Trials of a sweep, a JSON object a line."""
    return "".join(
        json.dumps({"name": f"t{i}", "lr": i / 10, "opt": "ab"[i % 2], "loss": i}) + "\n" for i in range(12)
    ).encode()


def trials_csv() -> bytes:
    """Trials of a sweep."""
    return ("name,lr,opt,loss\n" + "".join(f"t{i},{i / 10},{'ab'[i % 2]},{i}\n" for i in range(12))).encode()


def features() -> bytes:
    """Meta-features of benchmarks."""
    return b"benchmark,classes,rows\nb1,2,100\nb2,3,150\nb3,10,1797\n"


def yaml_config() -> bytes:
    """An MLflow run's meta.yaml."""
    return (
        f"run_id: {'a' * 32}\nrun_uuid: {'a' * 32}\nexperiment_id: '0'\nstatus: 3\nstart_time: 1000\nend_time: 2000\n"
        "lifecycle_stage: active\nrun_name: r\n"
    ).encode()


INPUTS: dict[str, tuple[str, str, Callable[[], bytes], dict[str, str], dict[str, Any]]] = {
    "runs CSV": ("runs", "runs.csv", runs, {}, {"direction": "min"}),
    "grid CSV": ("grid", "grid.csv", grid, {"loss": "metric"}, {"direction": "min", "benchmark": "iris"}),
    "features CSV": ("features", "features.csv", features, {}, {}),
    "trials CSV": ("trials", "trials.csv", trials_csv, {"loss": "metric"}, {"direction": "min"}),
    "trials JSONL": ("trials", "trials.jsonl", trials, {"loss": "metric"}, {"direction": "min"}),
    "MLflow meta.yaml": ("mlflow", "mlruns", yaml_config, {"loss": "metric"}, {"direction": "min"}),
}
"""Name -> kind of source, file, valid content, mapping, options."""


def main(arguments: Sequence[str] = ()) -> None:
    """Mutate, load, and print a table of all cases in the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=60, help="so many inputs now")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", type=Path, default=None, help="a file of lines; cases are added to those there")
    given = parser.parse_args(list(arguments))
    found: list[dict[str, Any]] = []
    if given.record is not None and given.record.exists():
        found = [json.loads(line) for line in given.record.read_text().splitlines()]
    with tempfile.TemporaryDirectory(prefix="hpowh-fuzz-") as folder:
        found += campaign(Path(folder), given.cases, given.seed + len(found), given.record)
    print(table(found))


def campaign(folder: Path, cases: int, seed: int, record: Path | None = None) -> list[dict[str, Any]]:
    """Try so many inputs, in turn over the kinds; return what came of each."""
    loader = Loader(folder)
    try:
        for name, (_, _, valid, *_) in INPUTS.items():
            whole = loader.load(name, valid())
            assert whole["outcome"] == "loaded", (name, whole)  # a campaign that refuses everything would prove nothing
        found = []
        for number in range(cases):
            name = list(INPUTS)[number % len(INPUTS)]
            content = mutated(INPUTS[name][2](), random.Random(seed + number))
            one = {"input": name, "seed": seed + number, **loader.load(name, content)}
            found.append(one)
            if record is not None:
                with record.open("a") as lines:
                    lines.write(json.dumps(one) + "\n")
    finally:
        loader.end()
    return found


class Loader:
    """Loads contents into copies of one warehouse, in a worker that is renewed now and then, and after a hang."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template.duckdb"
        self._worker: Worker | None = None
        self._count = 0
        made = self._run("benchmarks.fuzz:make", str(self._template))
        assert made.code == 0, made.said

    def _run(self, function: str, *arguments: Any) -> Run:
        if self._worker is None or not self._worker.is_alive or self._worker.run_count >= CASES_A_WORKER:
            self.end()
            self._worker = Worker(self._folder / "said", address_space=MEMORY)
            self._worker.ready()
        return self._worker.run(function, *arguments, timeout=TIMEOUT)

    def load(self, name: str, content: bytes) -> dict[str, Any]:
        """Load a content and return what came of it."""
        self._count += 1
        place = self._folder / f"case{self._count}"
        location = written(place, name, content)
        shutil.copy(self._template, place / "w.duckdb")
        run = self._run("benchmarks.fuzz:load", name, str(place / "w.duckdb"), str(location))
        shutil.rmtree(place, ignore_errors=True)
        ends = {0: "loaded", 1: "refused", 3: "check fails", 4: "wrong rows", HUNG: "hang"}
        outcome = ends.get(run.code, "memory" if "MemoryError" in run.said else "traceback")
        if outcome == "refused" and (len(run.said.strip().splitlines()) != 1 or "LINE 1" in run.said):
            outcome = "raw text"
        kept = {} if outcome == "loaded" else {"said": run.said[-400:]}
        kept |= {} if outcome in ("loaded", "refused") else {"content": content[:2000].hex()}
        return {"outcome": outcome, "seconds": round(run.seconds, 2), **kept}

    def end(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.end()


def mutated(content: bytes, draw: random.Random) -> bytes:
    """Return a content with one to three changes: bytes turned, cut, doubled, tokens put in, lines moved."""
    found = bytearray(content)
    for _ in range(draw.randint(1, 3)):
        place = draw.randrange(len(found) + 1)
        end = min(len(found), place + draw.choice((1, 1, 3, 20)))
        change = draw.choice(("turn", "cut", "put", "put", "put", "double", "end", "lines"))
        if change == "turn" and place < len(found):
            found[place] ^= 1 << draw.randrange(8)
        elif change == "cut":
            del found[place:end]
        elif change == "put":
            found[place:place] = draw.choice(TOKENS)
        elif change == "double":
            found[place:place] = found[place:end] * draw.choice((1, 2, 50))
        elif change == "end":
            del found[place:]
        else:
            lines = bytes(found).split(b"\n")
            draw.shuffle(lines)
            found = bytearray(b"\n".join(lines))
    return bytes(found)


def written(place: Path, name: str, content: bytes) -> Path:
    """Write an input into a new folder and return what is given to hpowh."""
    kind, file, *_ = INPUTS[name]
    location = place / file
    place.mkdir()
    if kind == "mlflow":
        run = location / "0" / ("a" * 32)
        (run / "metrics").mkdir(parents=True)
        (location / "0" / "meta.yaml").write_text("experiment_id: '0'\nname: e\nlifecycle_stage: active\n")
        (run / "metrics" / "loss").write_text("1000 0.5 0\n")
        (run / "meta.yaml").write_bytes(content)
    else:
        location.write_bytes(content)
    return location


def make(path: str) -> int:
    """Make an empty warehouse."""
    from hpowh.warehouse import Warehouse

    Warehouse.create(path).close()
    return 0


def load(name: str, warehouse: str, location: str) -> int:
    """Load an input and return 0 loaded, 1 refused, 3 a check fails, 4 other rows than the file has."""
    import sys

    from hpowh.warehouse import Warehouse
    from hpowh.warehouse.checks.checking import run_checks
    from hpowh.warehouse.errors import HpowhError
    from hpowh.warehouse.ingest import Request, find_source, ingest

    kind, _, _, mapping, options = INPUTS[name]
    with Warehouse(warehouse) as store:
        request = Request(location=location, name="x", mapping=mapping, options=options)
        try:
            outcome = ingest(store, find_source(kind), request)
        except HpowhError as error:
            print(str(error), file=sys.stderr)
            return 1
        failed = [one.name for one in run_checks(store) if one.failures]
        if failed:
            print(f"checks fail: {failed}", file=sys.stderr)
            return 3
        wrong = oracle(name, Path(location).read_bytes() if Path(location).is_file() else b"", store, outcome.row_count)
        if wrong:
            print(wrong, file=sys.stderr)
            return 4
    return 0


def oracle(name: str, content: bytes, store: Any, row_count: int) -> str:
    """Return what differs from what Python's own CSV reader finds, where it can read the content as it was meant."""
    if name not in ("runs CSV", "trials CSV"):
        return ""
    column = {"runs CSV": "value", "trials CSV": "loss"}[name]
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        values = [float(row[column]) for row in rows if (row[column] or "").strip()]
        whole = all(None not in row and None not in row.values() for row in rows)
    except (KeyError, ValueError, TypeError, csv.Error):
        return ""
    if not whole or not all(map(math.isfinite, values)):
        return ""
    stored = {"runs CSV": "core.trace", "trials CSV": "core.trial_metric"}[name]
    total = store.sql(f"select sum(value) from {stored}").one() or 0.0
    if row_count != len(rows):
        return f"{row_count} rows, the file has {len(rows)}"
    return (
        ""
        if math.isclose(total, math.fsum(values), rel_tol=1e-9, abs_tol=1e-9)
        else f"sum {total}, {math.fsum(values)}"
    )


def table(found: Sequence[dict[str, Any]]) -> str:
    """Return the cases by input as a Markdown table, and what is wrong below it."""
    ends = ("loaded", "refused", "raw text", "traceback", "hang", "memory", "check fails", "wrong rows")
    counts = Counter((one["input"], one["outcome"]) for one in found)
    lines = [f"| input | cases | {' | '.join(ends)} |", "| --- " * (len(ends) + 2) + "|"]
    for name in [*dict.fromkeys(one["input"] for one in found), "all"]:
        cells = [
            sum(
                n
                for (which, end), n in counts.items()
                if which in (name, *([which] if name == "all" else [])) and end == what
            )
            for what in ends
        ]
        lines.append(f"| {name} | {sum(cells)} | {' | '.join(map(str, cells))} |")
    wrong = [one for one in found if one["outcome"] not in ("loaded", "refused")]
    return "\n".join(lines) + "".join(
        f"\n{one['input']} seed {one['seed']}: {one['outcome']}: {one['said']}" for one in wrong
    )


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
