"""kill -9 at random moments: nothing acknowledged is lost, nothing is half there, the same command again succeeds.

`python -m benchmarks.kill --kills 200 --record kills.jsonl` goes on where an earlier part ended.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.inputs import INPUTS
from benchmarks.workers import HUNG, Run, Worker, in_memory

RUNS = "algorithm,benchmark,seed,budget,value\n" + "".join(
    f"{a},b{b},{s},{n},{(s + 1) / n + len(a) / 10}\n"
    for a in ("one", "three")
    for b in range(4)
    for s in range(5)
    for n in range(1, 41)
)
GRID = "lr,depth,q\n" + "".join(f"{lr / 10},{d},{lr * d / 7}\n" for lr in range(1, 21) for d in range(1, 21))
SWEEP = "name,lr,depth,loss\n" + "".join(
    f"t{i},{(i * 7 % 40) / 40},{i % 5},{((i * 7 % 40) / 40 - 0.5) ** 2 + (i % 5) / 10}\n" for i in range(60)
)
RUNS_A_HELPER = 300
IN_A_ROW = 3
"""So often a command is killed in one folder, each time where the shot before left it, until it is given to its end."""
NIGHTLY = """[nightly]
keep = 2
[[source]]
kind = "runs"
path = "runs.csv"
direction = "min"
[[analysis]]
job = "traces"
[publish]
copy = "copy.duckdb"
"""
SPEC = """name = "small"
metrics = ["accuracy"]
folds = 2
[[data]]
name = "iris"
[[model]]
name = "tree"
kind = "decision_tree"
space.max_depth = [1, 2, 3, 4]
"""
OLD = Path(__file__).resolve().parents[1] / "tests" / "warehouse" / "warehouse_0036.sql"
INIT = ("init",)
LOAD = ("ingest", "runs", "runs.csv", "--direction", "min")
GRID_LOAD = ("ingest", "grid", "grid.csv", "--benchmark", "iris", "--map", "q=metric", "--direction", "min")
SWEEP_LOAD = ("ingest", "trials", "sweep.csv", "--map", "loss=metric", "--direction", "min")
FORMULA = "value ~ algorithm + (1|benchmark)"


@dataclass(frozen=True)
class Scenario:
    """A command that is killed, and what stands before it."""

    before: tuple[tuple[str, ...], ...]
    command: tuple[str, ...]
    """It may be given again, and must then succeed."""


def _scenarios() -> dict[str, Scenario]:
    found = {
        "init": Scenario((), INIT),
        "upgrade": Scenario((("old",),), INIT),
        "ingest replace": Scenario((INIT, LOAD), (*LOAD, "--replace")),
        "ingest after others": Scenario((INIT, LOAD), GRID_LOAD),
        "repair": Scenario((INIT, LOAD), ("repair", "runs")),
        "restore": Scenario((INIT, LOAD, ("backup",)), ("restore", "kept.duckdb")),
        "export": Scenario((INIT, LOAD), ("export", "mart.observation", "out.parquet", "--force")),
        "publish": Scenario((INIT, LOAD), ("publish", "copy.duckdb", "--parquet", "parquet")),
        "publish again": Scenario((INIT, LOAD, ("publish", "copy.duckdb")), ("publish", "copy.duckdb")),
        "analyse traces": Scenario((INIT, LOAD), ("analyse", "traces")),
        "analyse lmem": Scenario((INIT, LOAD), ("analyse", "lmem", FORMULA)),
        "analyse rankings": Scenario((INIT, LOAD), ("analyse", "rankings")),
        "analyse landscapes": Scenario((INIT, GRID_LOAD), ("analyse", "landscapes")),
        "analyse sweeps": Scenario((INIT, SWEEP_LOAD), ("analyse", "sweeps")),
        "evaluate": Scenario((INIT,), ("evaluate", "spec.toml", "--out", "results", "--jobs", "1")),
        "report": Scenario((INIT, LOAD, ("analyse", "traces")), ("report", "--out", "site")),
        "nightly": Scenario((), ("nightly",)),
    }
    return found | {
        f"ingest {name}": Scenario((INIT, ("files", name)), tuple(one.arguments())) for name, one in INPUTS.items()
    }


SCENARIOS = _scenarios()
"""What is killed."""


def main(arguments: Sequence[str] = ()) -> None:
    """Kill, check, and print a table of all kills in the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=22, help="so many kills now")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", type=Path, default=None, help="a file of lines; kills are added to those there")
    parser.add_argument("--only", action="append", choices=list(SCENARIOS))
    given = parser.parse_args(list(arguments))
    found = [] if given.record is None or not given.record.exists() else _read(given.record)
    with tempfile.TemporaryDirectory(prefix="hpowh-kill-", dir=in_memory()) as folder:
        found += campaign(
            Path(folder), given.only or list(SCENARIOS), given.kills, given.seed + len(found), given.record
        )
    print(table(found))


def campaign(
    folder: Path, names: Sequence[str], kills: int, seed: int, record: Path | None = None
) -> list[dict[str, object]]:
    """Kill so many times, in turn over the scenarios; return what came of each."""
    places = Places(folder)
    found: list[dict[str, object]] = []
    try:
        for number in range(seed, seed + kills):
            if len(found) >= kills:
                break
            name = names[number % len(names)]
            for one in _killed(places, name, random.Random(number), min(IN_A_ROW, kills - len(found))):
                found.append({"scenario": name, "seed": number, **one})
                if record is not None:
                    with record.open("a") as lines:
                        lines.write(json.dumps(found[-1]) + "\n")
    finally:
        places.end()
    return found


def _read(record: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in record.read_text().splitlines()]


class Places:
    """Folders as they are before commands, made once and copied, and the interpreter that makes and checks them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[tuple[tuple[str, ...], ...], Path] = {}
        self._whole: dict[str, tuple[Path, Run]] = {}
        self._helper: Worker | None = None
        self._victim: Worker | None = None

    @property
    def helper(self) -> Worker:
        """A process that is not killed; a fresh one now and then."""
        self._helper = self._alive(self._helper, "said")
        return self._helper

    @property
    def victim(self) -> Worker:
        """A process that will be killed; one that was through before the shot serves again."""
        self._victim = self._alive(self._victim, "said-by-victim")
        return self._victim

    def _alive(self, worker: Worker | None, said: str) -> Worker:
        if worker is not None and worker.is_alive:
            if worker.run_count <= RUNS_A_HELPER:
                return worker
            worker.end()
        worker = Worker(self._folder / said)
        worker.ready()
        return worker

    def end(self) -> None:
        """End the processes."""
        for worker in (self._helper, self._victim):
            if worker is not None:
                worker.end()

    def before(self, commands: tuple[tuple[str, ...], ...]) -> Path:
        """Return a folder in which these commands were given; to be copied."""
        if commands in self._made:
            return self._made[commands]
        parent = self.before(commands[:-1]) if commands else None
        place = self._folder / f"place{len(self._made)}"
        if parent is not None:
            shutil.copytree(parent, place)
            self._prepare(place, commands[-1])
        else:
            place.mkdir()
            texts = {"runs.csv": RUNS, "grid.csv": GRID, "sweep.csv": SWEEP, "hpowh.toml": NIGHTLY, "spec.toml": SPEC}
            for name, text in texts.items():
                (place / name).write_text(text)
        self._made[commands] = place
        return place

    def _prepare(self, place: Path, command: tuple[str, ...]) -> None:
        if command[0] == "files":
            run = self.helper.run("benchmarks.inputs:make", command[1], str(place))
            assert run.code == 0, (command, run.said)
            return
        if command[0] == "backup":
            shutil.copy(place / "hpowh.duckdb", place / "kept.duckdb")
            return
        run = (
            self.helper.run("benchmarks.kill:make_old", str(place / "hpowh.duckdb"))
            if command[0] == "old"
            else _given(self.helper, place, command)
        )
        assert run.code == 0, (command, run.said)

    def whole(self, name: str) -> tuple[Path, Run]:
        """Return the folder after an undisturbed run of a scenario, given for the second time in a process, and how
        long that took."""
        if name not in self._whole:
            place = self._folder / f"whole{len(self._whole)}"
            scenario = SCENARIOS[name]
            shutil.copytree(self.before(scenario.before), place)
            trial = place.with_name(f"{place.name}-first")
            shutil.copytree(place, trial)
            run = _given(self.helper, trial, scenario.command)  # what is imported then is not imported again
            shutil.rmtree(trial)
            assert run.code == 0, (name, run.said)
            run = _given(self.helper, place, scenario.command, watch=str(place))
            assert run.code == 0, (name, run.said)
            self._whole[name] = (place, run)
            self.helper.take_over()
            if self._victim is not None:
                self._victim.end()
        return self._whole[name]


def _given(worker: Worker, folder: Path, command: Sequence[str], **more: Any) -> Run:
    return worker.run("benchmarks.workers:command", str(folder), list(command), **more)


def _killed(places: Places, name: str, draw: random.Random, most: int) -> list[dict[str, object]]:
    """Kill the command in a copy of the folder, look at what is left, kill it there again, at last let it end and look.

    Args:
        most: so many shots.

    Return what came of each shot. A command that was through, or has nothing left to do, is not shot at again; what
    the last run and the last look find counts for the last shot.
    """
    scenario, (whole, _) = SCENARIOS[name], places.whole(name)
    with tempfile.TemporaryDirectory(prefix="hpowh-kill-", dir=whole.parent) as made:
        folder = Path(made) / "place"
        shutil.copytree(places.before(scenario.before), folder)
        shots: list[dict[str, Any]] = []
        while len(shots) < most:
            shots.append(_shot(places, name, folder, draw))
            if not shots[-1]["killed"] or shots[-1]["faults"] or _is_through(places, name, folder):
                break
        again = _given(places.helper, folder, scenario.command)
        if again.code:
            shots[-1]["faults"].append(
                f"again: exit {'hung' if again.code == HUNG else again.code}: {again.said[-300:]}"
            )
        shots[-1]["faults"] += _faults(folder, places.helper, whole)
        shots[-1]["left"] = _leftovers(folder)
        return shots


def _shot(places: Places, name: str, folder: Path, draw: random.Random) -> dict[str, Any]:
    """Give the command, kill it, and look at the folder.

    The moment is drawn from the time of an undisturbed run: of the clock, of the processor, or after something in the
    folder has changed for the first time.
    """
    _, quiet = places.whole(name)
    how = draw.choice(("clock", "processor", "file", "file"))
    moment = draw.uniform(0, quiet.processor if how == "processor" else quiet.seconds)
    if how == "file":
        moment = draw.choice((0.0, 0.01, 0.1, quiet.seconds - quiet.changed)) * draw.random()
    run = _given(
        places.victim, folder, SCENARIOS[name].command, kill_after=moment, watch=str(folder) if how == "file" else "",
        by_processor=how == "processor",
    )  # fmt: skip
    return {
        "killed": run.code == -9, "how": how, "moment": round(moment, 4),
        "half": _leftovers(folder), "faults": _faults(folder, places.helper), "left": [],
    }  # fmt: skip


def _is_through(places: Places, name: str, folder: Path) -> bool:
    """Return whether rows tell that the command had done all before the shot."""
    where = (folder, places.before(SCENARIOS[name].before), places.whole(name)[0])
    return places.helper.run("benchmarks.kill:is_through", *map(str, where)).code == 1


def _leftovers(folder: Path) -> list[str]:
    """Return what is half made: names that begin with a dot (locks aside), logs, and second backups."""
    names = sorted(path.name for path in folder.iterdir())
    backups = [name for name in names if ".backup-" in name and not name.startswith(".")]
    return [name for name in names if (name.startswith(".") and "lock" not in name) or name.endswith(".wal")] + backups[
        1:
    ]


def _faults(folder: Path, helper: Worker, whole: Path | None = None) -> list[str]:
    run = helper.run("benchmarks.kill:look", str(folder), str(whole or ""))
    return [run.said.strip()[-400:]] if run.code or run.said.strip() else []


def make_old(path: str) -> int:
    """Make a warehouse of the last revision before the first release, with names in it."""
    import duckdb

    with duckdb.connect(path) as connection:
        connection.execute(OLD.read_text(encoding="utf-8"))
        connection.execute("insert into core.algorithm select n, 'a' || n from range(3000) as t(n)")
        connection.execute("insert into core.benchmark select n, 'b' || n from range(3000) as t(n)")
    return 0


def look(folder: str, whole: str = "") -> int:
    """Say what is wrong with the warehouse, the copy and the site of a folder; each is whole or not there.

    Where a folder after an undisturbed run is named, all facts and results must be as they are there.
    """
    import sys

    from hpowh.warehouse import Warehouse
    from hpowh.warehouse.checks.checking import run_checks

    place = Path(folder)
    for name in ("hpowh.duckdb", "copy.duckdb"):
        if (place / name).exists():
            with Warehouse(place / name) as store:
                if _is_old(place / name):
                    continue
                failed = [(one.name, one.example) for one in run_checks(store) if one.failures]
                if failed:
                    print(f"{name}: {failed}", file=sys.stderr)
    site = place / "site"
    if site.exists():
        manifest = json.loads((site / "build.json").read_text())
        missing = [one for one in manifest["files"] if not (site / one).is_file()]
        if missing:
            print(f"site lacks {missing[:3]}", file=sys.stderr)
    if (place / "parquet").exists():
        tables = json.loads((place / "parquet" / "manifest.json").read_text())["tables"]
        gone = [file for one in tables for file in one["files"] if not (place / "parquet" / file).is_file()]
        if gone:
            print(f"parquet lacks {gone[:3]}", file=sys.stderr)
    if whole and (differing := _differing(place, Path(whole))):
        print(f"rows differ: {differing}", file=sys.stderr)
    return 0


def is_through(folder: str, before: str, whole: str) -> int:
    """Return 1 where a folder has the rows of an undisturbed run and that has others than there were before, else 0."""
    place, first, last = Path(folder), Path(before), Path(whole)
    if not (place / "hpowh.duckdb").exists() or _differing(place, last):
        return 0
    return int(not (first / "hpowh.duckdb").exists() or bool(_differing(first, last)))


def _is_old(path: Path) -> bool:
    """Return whether a warehouse waits for its upgrade; its names must all be there."""
    import duckdb

    from hpowh.warehouse.bridge import LAST
    from hpowh.warehouse.migrate import revision_of

    with duckdb.connect(str(path), read_only=True) as connection:
        if revision_of(connection, path) != LAST:
            return False
        found = connection.execute("select (select count(*) from core.algorithm), count(*) from core.benchmark")
        assert found.fetchall() == [(3000, 3000)]
        return True


def _differing(folder: Path, whole: Path) -> list[str]:
    """Return the tables of facts and results that have other numbers of rows than after an undisturbed run."""
    here, there = _counts(folder), _counts_once(whole)
    return sorted(name for name in {*here, *there} if here.get(name, 0) != there.get(name, 0))


def _counts(folder: Path) -> dict[str, Any]:
    import duckdb

    from hpowh.warehouse.names import identifier, literal

    with duckdb.connect(str(folder / "hpowh.duckdb"), read_only=True) as connection:
        names = connection.execute(
            "select schema_name, table_name from duckdb_tables() where schema_name in ('core', 'result')"
        ).fetchall()
        counted = [
            f"select {literal(f'{schema}.{name}')}, count(*) from {identifier(schema)}.{identifier(name)}"
            for schema, name in names
        ]
        found: dict[str, Any] = dict(connection.execute(" union all ".join(counted)).fetchall())
    return found | ({"evaluations": _evaluations(folder)} if (folder / "results").exists() else {})


@cache
def _counts_once(folder: Path) -> dict[str, Any]:
    return _counts(folder)


def _evaluations(folder: Path) -> list[tuple[object, ...]]:
    """Return every evaluated unit of `evaluate`, in order."""
    import polars as pl

    frame = pl.read_parquet(folder / "results" / "shards" / "*.parquet")
    return sorted(frame.select("group", "configuration_id").unique().rows())


def table(found: Sequence[dict[str, object]]) -> str:
    """Return the kills by scenario as a Markdown table."""
    lines = ["| command | killed | through before | faults | left over |", "| --- | --- | --- | --- | --- |"]
    counts = Counter()
    for one in found:
        counts[one["scenario"], "killed" if one["killed"] else "through"] += 1
        counts[one["scenario"], "faults"] += bool(one["faults"])
        counts[one["scenario"], "left"] += bool(one["left"])
    for name in dict.fromkeys(one["scenario"] for one in found):
        cells = [counts[name, what] for what in ("killed", "through", "faults", "left")]
        lines.append(f"| {name} | {' | '.join(map(str, cells))} |")
    total = [sum(counts[key] for key in counts if key[1] == what) for what in ("killed", "through", "faults", "left")]
    lines.append(f"| all | {' | '.join(map(str, total))} |")
    return "\n".join(lines) + "".join(f"\n{one['scenario']}: {one['faults']}" for one in found if one["faults"])


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
