"""Histories of parts that share a folder: a thousand parts simulated, three parts killed; all must end equal.

`python -m benchmarks.histories --hostile 1000 --kills 1000 --record histories.jsonl` goes on where an earlier part
ended, as long as the code that is tried is the same. Each batch is a run of the slow tests that say what is hostile
(`tests/analyses/evaluate/test_parts_simulated.py`, `test_parts.py`), in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests" / "analyses" / "evaluate"
TRIED = ("analyses/evaluate/parts", "analyses/evaluate/storing")
BATCH = {"hostile": 20, "kills": 25}
WORDS = {"hostile": "1,000 parts, simulated", "kills": "three parts, killed at will"}


def main(arguments: list[str] | None = None) -> None:
    """Run what is not in the record yet, and print a table of all that is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.histories", description=__doc__)
    parser.add_argument("--hostile", type=int, default=2, help="simulated histories of a thousand parts")
    parser.add_argument("--kills", type=int, default=25, help="histories of three parts that are killed")
    parser.add_argument("--record", type=Path, default=None, help="a file of lines; batches are added to those there")
    given = parser.parse_args(arguments or [])
    code, found = fingerprint(), []
    if given.record is not None and given.record.exists():
        found = [json.loads(line) for line in given.record.read_text().splitlines()]
    known = {(one["what"], one["first"]) for one in found if one["code"] == code}
    for what, count in (("kills", given.kills), ("hostile", given.hostile)):
        for first in range(0, count, BATCH[what]):
            if (what, first) in known:
                continue
            found.append({**batch(what, first, min(count, first + BATCH[what])), "code": code})
            if given.record is not None:
                with given.record.open("a") as lines:
                    lines.write(json.dumps(found[-1]) + "\n")
    for line in table(found):
        print(line)


def fingerprint() -> str:
    """Return what changes with the code that is tried, and with what is hostile to it."""
    files = [file for folder in TRIED for file in sorted((ROOT / folder).glob("*.py"))]
    files += [TESTS / "parts_simulation.py", TESTS / "parts_worlds.py", TESTS / "test_parts.py"]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def batch(what: str, first: int, last: int) -> dict[str, Any]:
    """Run histories and return what came of them, with the CPU seconds that they took."""
    if what == "hostile":
        file, name, more = "test_parts_simulated.py", "of_a_thousand_parts", []
        environment = {"HPOWH_HISTORIES": f"{first}:{last}"}
    else:
        file, name, more = "test_parts.py", "a_thousand_times", [f"--hypothesis-seed={first}"]
        environment = {"HPOWH_KILLS": str(last - first)}
    spent = children()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "slow", "-p", "no:cacheprovider", TESTS / file, "-k", name, *more],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode not in (0, 1) or "1 passed" not in done.stdout and "1 failed" not in done.stdout:
        raise RuntimeError(done.stdout + done.stderr)
    fault = "" if done.returncode == 0 else done.stdout[-4000:]
    return {
        "what": what, "first": first, "last": last, "commit": commit(), "cpu": round(children() - spent, 1),
        "fault": fault,
    }  # fmt: skip


def children() -> float:
    """Return the CPU seconds of all processes that this one has waited for."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def commit() -> str:
    """Return the commit that is checked out; empty outside of a clone."""
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return said.stdout.strip()


def table(found: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of a table: what was run at which commits, and how many batches had a fault."""
    yield "| histories | commits | how many | faults | CPU s a history |"
    yield "| --- | --- | --- | --- | --- |"
    for what, code in dict.fromkeys((one["what"], one["code"]) for one in found):
        some = [one for one in found if (one["what"], one["code"]) == (what, code)]
        count = sum(one["last"] - one["first"] for one in some)
        commits = ", ".join(dict.fromkeys(one["commit"] for one in some))
        faults = sum(bool(one["fault"]) for one in some)
        yield f"| {WORDS[what]} | {commits} | {count:,} | {faults} | {sum(one['cpu'] for one in some) / count:.2f} |"
        yield from (f"\n{one['fault']}" for one in some if one["fault"])


if __name__ == "__main__":
    main(sys.argv[1:])
