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
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.inputs import INPUTS, Files, read
from benchmarks.workers import HUNG, Run, Worker, in_memory

GOOD = ("loaded", "refused")
MEMORY = 2 << 30
TIMEOUT = 60.0
CASES_A_WORKER = 200
"""So many loads, then a fresh process: what one keeps shall not count against the next for ever."""
APART = 8
"""One case in so many opens and closes its warehouse as the command does; the others are loaded by a connection that is
kept open as long as what comes is refused, which must leave nothing behind."""
TOKENS = (
    b"", b"\0", b"\xff", b"\xc3", b'"', b"'", b",", b";", b"\n", b"\r\n", b"\t", b"nan", b"inf", b"-inf", b"1e999",
    b"-0", b"0x10", b"1_000", b"1,5", b"10" * 200, b"true", b"null", b"NULL", b"[", b"{", b"}" * 3, b"[" * 3000,
    b"=1+1", b"../..", b"drop table core.run; --", b"\xef\xbb\xbf",
    b"\xff\xfe", "\u202e".encode(), "\U0001f600".encode(),
    b"x" * 100_000,
)  # fmt: skip
"""What is put in somewhere."""


def main(arguments: Sequence[str] = ()) -> None:
    """Mutate, load, and print a table of all cases in the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=60, help="so many inputs now")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", type=Path, default=None, help="a file of lines; cases are added to those there")
    parser.add_argument("--only", action="append", choices=list(INPUTS))
    given = parser.parse_args(list(arguments))
    found: list[dict[str, Any]] = []
    if given.record is not None and given.record.exists():
        found = [json.loads(line) for line in given.record.read_text().splitlines()]
    with tempfile.TemporaryDirectory(prefix="hpowh-fuzz-", dir=in_memory()) as folder:
        found += campaign(Path(folder), given.cases, given.seed + len(found), given.record, given.only or ())
    print(table(found))


def campaign(
    folder: Path, cases: int, seed: int, record: Path | None = None, names: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Try so many inputs, in turn over the kinds; return what came of each."""
    loader = Loader(folder)
    wanted = list(names or INPUTS)
    found = []
    try:
        valid = {name: loader.valid(name) for name in wanted}
        for name, files in valid.items():
            whole = loader.load(name, files)
            assert whole["outcome"] == "loaded", (name, whole)  # a campaign that refuses everything would prove nothing
        loader.take_over()
        for number in range(seed, seed + cases):
            name = wanted[number % len(wanted)]
            draw = random.Random(number)
            files = dict(valid[name])
            how = "grammar" if name in GRAMMARS and draw.random() < 0.5 else "mutation"
            place = draw.choice(sorted(files))
            files[place] = drawn(name, number) if how == "grammar" else mutated(files[place], draw)
            one = {
                "input": name,
                "seed": number,
                "how": how,
                "place": place,
                **loader.load(name, files, apart=number % APART == 0),
            }
            if one["outcome"] not in GOOD:
                one["content"] = files[place][:4000].hex()
            found.append(one)
            if record is not None:
                with record.open("a") as lines:
                    lines.write(json.dumps(one) + "\n")
    finally:
        loader.end()
    return found


class Loader:
    """Loads inputs into copies of one warehouse, in a worker that is renewed now and then, and after a hang."""

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

    def valid(self, name: str) -> Files:
        """Return an input as it was before it is changed."""
        place = self._folder / "valid" / name
        made = self._run("benchmarks.inputs:make", name, str(place))
        assert made.code == 0, made.said
        return read(place)

    def take_over(self) -> None:
        """Load for all workers to come what this one has loaded."""
        if self._worker is not None:
            self._worker.take_over()
            self.end()

    def load(self, name: str, files: Files, *, apart: bool = True) -> dict[str, Any]:
        """Load an input and return what came of it."""
        self._count += 1
        place = self._folder / f"case{self._count}"
        location = INPUTS[name].write(place, files)
        if apart:
            shutil.copy(self._template, place / "w.duckdb")
            run = self._run("benchmarks.fuzz:load", name, str(place / "w.duckdb"), str(location))
        else:
            run = self._run("benchmarks.fuzz:load_held", name, str(self._template), str(location))
        shutil.rmtree(place, ignore_errors=True)
        ends = {0: "loaded", 1: "refused", 3: "check fails", 4: "wrong rows", 5: "left behind", HUNG: "hang"}
        outcome = ends.get(run.code, "memory" if "MemoryError" in run.said else "traceback")
        if outcome == "refused" and (len(run.said.strip().splitlines()) != 1 or "LINE 1" in run.said):
            outcome = "raw text"
        kept = {} if outcome == "loaded" else {"said": run.said[-400:]}
        return {"outcome": outcome, "seconds": round(run.seconds, 2), **kept}

    def end(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.end()


CELLS = (
    "1", "2", "0.5", "-1e-3", "1e308", "-1e309", "nan", "inf", "", " ", "NA", "1,5", "1 000", "0x1F", "1_0", "true",
    "a", "A", "é", "e\u0301", "b1", "good\tbad", '"', "=1+1", "\u202e", "x" * 300, "2026-11-29", "50%", "9" * 25,
)  # fmt: skip
"""What the cells of tables made by a grammar hold."""
HEADERS = {
    "runs CSV": ("algorithm", "benchmark", "seed", "budget", "value"),
    "trials CSV": ("name", "lr", "opt", "loss"),
    "grid CSV": ("lr", "depth", "loss"),
    "features CSV": ("benchmark", "classes", "rows"),
    "trials JSONL": ("name", "lr", "opt", "loss"),
}
GRAMMARS = tuple(HEADERS)
"""Inputs that are also made anew from a grammar, by hypothesis."""


def drawn(name: str, seed: int) -> bytes:
    """Return a table that a grammar makes: mostly whole numbers, some odd cells, columns and ends of lines."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from hypothesis import strategies as st

    header = list(HEADERS[name])
    cell = st.one_of(st.integers(0, 9).map(str), st.integers(0, 9).map(str), st.sampled_from(CELLS))
    value = st.recursive(
        st.one_of(st.integers(), st.floats(), st.none(), st.booleans(), st.sampled_from(CELLS)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        ),
        max_leaves=6,
    )
    more = st.lists(st.sampled_from(["extra", "Lr", "", "a.b", "_", "run"]), max_size=2, unique=True)
    found: list[bytes] = []

    @seeded(seed)
    @settings(
        max_examples=8, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None
    )
    @given(st.data())
    def make(data: Any) -> None:
        names = data.draw(st.permutations(header)) + data.draw(more)
        if name.endswith("JSONL"):
            rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(names, value)), max_size=8))
            found.append("".join(json.dumps(row) + "\n" for row in rows).encode("utf-8", "replace"))
            return
        rows = data.draw(st.lists(st.lists(cell, min_size=len(names), max_size=len(names)), max_size=12))
        written = io.StringIO()
        delimiter, end = data.draw(st.sampled_from(",,,;\t")), data.draw(st.sampled_from(["\n", "\n", "\r\n"]))
        csv.writer(written, delimiter=delimiter, lineterminator=end).writerows([names, *rows])
        found.append(written.getvalue().encode("utf-8", "replace"))

    make()
    return random.Random(seed).choice(found[1:] or found)


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


def make(path: str) -> int:
    """Make an empty warehouse."""
    from hpowh.warehouse import Warehouse

    Warehouse.create(path).close()
    return 0


class Held:
    """A connection whose user cannot close it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def close(self) -> None:
        """Leave it open."""


_HELD: dict[str, Any] = {}
"""Path of the empty warehouse that is held -> its connection."""


def load_held(name: str, template: str, location: str) -> int:
    """Load as `load` does, by a connection that is kept until something was loaded; 5: a refusal left rows behind."""
    import sys
    from unittest.mock import patch

    import duckdb

    from hpowh.warehouse import store
    from hpowh.warehouse.connection import connect

    path = f"{template}.held"
    if path not in _HELD:
        for old in (path, f"{path}.wal"):
            Path(old).unlink(missing_ok=True)
        shutil.copy(template, path)
        _HELD[path] = connect(Path(path), read_only=False)
    held = _HELD.pop(path)
    with patch.object(store, "connect", lambda *_, **__: Held(held)):
        code = load(name, path, location)
    if code == 1:
        counted = "select (select count(*) from {0}.{1}) as n"
        tables = held.execute(
            "select schema_name, table_name from duckdb_tables() where schema_name in ('core', 'result')"
        ).fetchall()
        query = " union all ".join(counted.format(*one) for one in tables)
        try:
            (left,) = held.execute(f"select sum(n) from ({query})").fetchone()
        except duckdb.Error as error:
            left = str(error)
        if left:
            print(f"a refusal left {left} rows", file=sys.stderr)
            return 5
        _HELD[path] = held
        return 1
    held.close()
    return code


def load(name: str, warehouse: str, location: str) -> int:
    """Load an input and return 0 loaded, 1 refused, 3 a check fails, 4 other rows than the file has."""
    import sys

    from hpowh.warehouse import Warehouse
    from hpowh.warehouse.checks.checking import run_checks
    from hpowh.warehouse.errors import HpowhError
    from hpowh.warehouse.ingest import Request, find_source, ingest

    given = INPUTS[name]
    with Warehouse(warehouse) as store:
        request = Request(location=location, name="x", mapping=dict(given.mapping), options=dict(given.options))
        try:
            outcome = ingest(store, find_source(given.kind), request)
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
    from hpowh.warehouse.sources.tables.numbers import LARGEST

    values = [value for value in values if abs(value) <= LARGEST]  # what lies beyond is read as infinite, and said
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
    ends = ("loaded", "refused", "raw text", "traceback", "hang", "memory", "check fails", "wrong rows", "left behind")
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
    wrong = [one for one in found if one["outcome"] not in GOOD]
    return "\n".join(lines) + "".join(
        f"\n{one['input']} seed {one['seed']}: {one['outcome']}: {one['said']}" for one in wrong
    )


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
