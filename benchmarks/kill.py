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
from pathlib import Path

from benchmarks.workers import HUNG, Run, Worker

RUNS = "algorithm,benchmark,seed,budget,value\n" + "".join(
    f"{a},b{b},{s},{n},{(s + 1) / n + len(a) / 10}\n"
    for a in ("one", "three")
    for b in range(4)
    for s in range(5)
    for n in range(1, 41)
)
GRID = "lr,depth,q\n" + "".join(f"{lr / 10},{d},{lr * d / 7}\n" for lr in range(1, 21) for d in range(1, 21))
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
LOAD = ("ingest", "runs", "runs.csv", "--direction", "min")


@dataclass(frozen=True)
class Scenario:
    """A command that is killed, and what stands before it."""

    before: tuple[tuple[str, ...], ...]
    command: tuple[str, ...]
    """It may be given again, and must then succeed."""


SCENARIOS = {
    "init": Scenario((), ("init",)),
    "ingest runs": Scenario((("init",),), LOAD),
    "ingest replace": Scenario((("init",), LOAD), (*LOAD, "--replace")),
    "ingest grid": Scenario(
        (("init",), LOAD),
        ("ingest", "grid", "grid.csv", "--benchmark", "iris", "--map", "q=metric", "--direction", "min"),
    ),
    "analyse traces": Scenario((("init",), LOAD), ("analyse", "traces")),
    "export": Scenario((("init",), LOAD), ("export", "mart.observation", "out.parquet")),
    "publish": Scenario((("init",), LOAD), ("publish", "copy.duckdb", "--parquet", "parquet")),
    "publish again": Scenario((("init",), LOAD, ("publish", "copy.duckdb")), ("publish", "copy.duckdb")),
    "report": Scenario((("init",), LOAD, ("analyse", "traces")), ("report", "--out", "site")),
    "repair": Scenario((("init",), LOAD), ("repair", "runs")),
    "nightly": Scenario((), ("nightly",)),
}
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
    with tempfile.TemporaryDirectory(prefix="hpowh-kill-") as folder:
        found += campaign(
            Path(folder), given.only or list(SCENARIOS), given.kills, given.seed + len(found), given.record
        )
    print(table(found))


def campaign(
    folder: Path, names: Sequence[str], kills: int, seed: int, record: Path | None = None
) -> list[dict[str, object]]:
    """Kill so many times, in turn over the scenarios; return what came of each."""
    helper = Worker(folder / "said")
    found: list[dict[str, object]] = []
    try:
        made = {name: _prepare(folder / name.replace(" ", "-"), SCENARIOS[name], helper) for name in names}
        for number in range(kills):
            draw = random.Random(seed + number)
            name = names[number % len(names)]
            place, seconds = made[name]
            found.append({"scenario": name, "seed": seed + number})
            found[-1] |= _kill_once(place, SCENARIOS[name], draw, seconds, helper)
            if record is not None:
                with record.open("a") as lines:
                    lines.write(json.dumps(found[-1]) + "\n")
    finally:
        helper.end()
    return found


def _read(record: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in record.read_text().splitlines()]


def _prepare(place: Path, scenario: Scenario, helper: Worker) -> tuple[Path, float]:
    """Make the folder before the command, and return it with the seconds of an undisturbed run."""
    place.mkdir(parents=True)
    for name, text in {"runs.csv": RUNS, "grid.csv": GRID, "hpowh.toml": NIGHTLY}.items():
        (place / name).write_text(text)
    for command in scenario.before:
        run = _given(helper, place, command)
        assert run.code == 0, run.said
    whole = place.with_name(f"{place.name}-whole")
    shutil.copytree(place, whole)
    run = _given(helper, whole, scenario.command)
    assert run.code == 0, run.said
    return place, run.seconds


def _given(
    worker: Worker, folder: Path, command: Sequence[str], kill_after: float | None = None, watch: str = ""
) -> Run:
    return worker.run("benchmarks.workers:command", str(folder), list(command), kill_after=kill_after, watch=watch)


def _kill_once(
    place: Path, scenario: Scenario, draw: random.Random, seconds: float, helper: Worker
) -> dict[str, object]:
    """Kill the command in a copy of the folder, look at what is left, give the command again, look again.

    The moment is drawn from the time of an undisturbed run; half the time it counts from the first change on disk.
    """
    how = draw.choice(("time", "file"))
    moment = draw.uniform(0, seconds * 1.1) if how == "time" else draw.choice((0.0, 0.002, 0.01, 0.05)) * draw.random()
    with tempfile.TemporaryDirectory(prefix="hpowh-kill-", dir=place.parent) as name:
        folder = Path(name) / "place"
        shutil.copytree(place, folder)
        victim = Worker(Path(name) / "victim")
        victim.ready()
        run = _given(victim, folder, scenario.command, kill_after=moment, watch=str(folder) if how == "file" else "")
        victim.end()
        was_killed = run.code == -9
        left = [path.name for path in folder.iterdir() if path.name.startswith(".") or path.name.endswith(".wal")]
        faults = _faults(folder, helper)
        again = _given(helper, folder, scenario.command)
        if again.code:
            faults.append(f"again: exit {'hung' if again.code == HUNG else again.code}: {again.said[-300:]}")
        faults += _faults(folder, helper)
        whole = place.with_name(f"{place.name}-whole")
        differing = helper.run("benchmarks.kill:compare", str(folder), str(whole))
        faults += [f"rows differ: {differing.said}"] if differing.code else []
        stays = [path.name for path in folder.iterdir() if path.name.startswith(".") or path.name.endswith(".wal")]
        return {
            "killed": was_killed, "how": how, "moment": round(moment, 4),
            "half": left, "faults": faults, "left": stays,
        }  # fmt: skip


def _faults(folder: Path, helper: Worker) -> list[str]:
    run = helper.run("benchmarks.kill:look", str(folder))
    return [run.said.strip()[-400:]] if run.code or run.said.strip() else []


def look(folder: str) -> int:
    """Say what is wrong with the warehouse, the copy and the site of a folder; each is whole or not there."""
    import sys

    from hpowh.warehouse import Warehouse
    from hpowh.warehouse.checks.checking import run_checks

    place = Path(folder)
    for name in ("hpowh.duckdb", "copy.duckdb"):
        if (place / name).exists():
            with Warehouse(place / name) as store:
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
    return 0


def compare(folder: str, whole: str) -> int:
    """Return how many tables of facts and results have other rows than after an undisturbed run, and name them."""
    import sys

    from hpowh.warehouse.migrate import contents

    here, there = contents(Path(folder) / "hpowh.duckdb"), contents(Path(whole) / "hpowh.duckdb")
    names = [
        name
        for name in sorted(set(here) | set(there))
        if name.startswith(("core.", "result.")) and here.get(name, (0, ""))[0] != there.get(name, (0, ""))[0]
    ]
    print(*names, file=sys.stderr)
    return len(names)


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
