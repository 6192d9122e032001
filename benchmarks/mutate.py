"""Which planted faults do the nearest tests miss? `python -m benchmarks mutate analyses/sweeps/advice/pareto.py …`

Each mutant (see `mutations`) runs in a forked process against the nearest test files, the quickest first, `-x`, without
slow and browser tests and without reference data beside the checkout. The sources on disk are not touched: the changed
module is put in place of the real one as it is imported, in the commands that tests start as well. A mutant may use
four times the processor time that the tests need without it.

What cannot be told apart by any right test is set aside in `equivalents.toml`, each with its reason.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.mutations import Mutant, mutants, sample

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENTS = Path(__file__).with_name("equivalents.toml")
LEFT_OUT = "not slow and not browser and not shared"
PATIENCE = 4
"""Times the processor time of the tests without a mutant."""
SPARE = 10.0
"""Seconds that any mutant may use."""
HOOK = '''
import importlib.machinery, os
_real = importlib.machinery.SourceFileLoader.get_code
def _get_code(self, name):
    path = getattr(self, "path", None)
    if path and os.path.realpath(path) == os.environ.get("HPOWH_MUTANT_OF"):
        with open(os.environ["HPOWH_MUTANT"], encoding="utf-8") as file:
            return compile(file.read(), path, "exec", dont_inherit=True)
    return _real(self, name)
importlib.machinery.SourceFileLoader.get_code = _get_code
'''  # fmt: skip


@dataclass(kw_only=True)
class Result:
    """What became of one module's mutants."""

    module: str
    source: str
    killed: int = 0
    late: int = 0
    """Killed by the time limit."""
    survivors: list[Mutant] = field(default_factory=list)
    equivalents: list[tuple[Mutant, str]] = field(default_factory=list)

    @property
    def made(self) -> int:
        """How many mutants count: equivalents are set aside."""
        return self.killed + self.late + len(self.survivors)


def nearest_tests(module: Path) -> list[Path]:
    """Return the test files nearest to a module.

    Of those that import it by name: the ones named for it, else the ones in the folder that mirrors its own, else all.
    A module that no test imports is near to the tests of the mirroring folder.
    """
    inside = module.relative_to(ROOT).with_suffix("")
    dotted = "hpowh." + ".".join(inside.parts)
    parent, name = dotted.rsplit(".", 1)
    by_name = re.compile(rf"^\s*(from {re.escape(dotted)} import|import {re.escape(dotted)}\b)", re.MULTILINE)
    as_member = re.compile(rf"^\s*from {re.escape(parent)} import [^\n]*\b{name}\b", re.MULTILINE)
    mirror = ROOT / "tests" / inside.parent
    texts = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py"))}
    importers = [path for path, text in texts.items() if by_name.search(text) or as_member.search(text)]
    beside = [path for path in importers if path.parent == mirror]
    own = [path for path in beside if path.stem.startswith(f"test_{name}")]
    return own or beside or importers or sorted(mirror.glob("test_*.py"))


class Watch:
    """A plugin of pytest that notes how long each test file takes, and what was imported from elsewhere."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Add up set-up, call and tear-down."""
        file = report.nodeid.split("::")[0]
        self.seconds[file] = self.seconds.get(file, 0.0) + report.duration

    def pytest_sessionfinish(self) -> None:
        """Write down what was noted."""
        elsewhere = [name for name, one in list(sys.modules.items()) if "site-packages" in (_file_of(one) or "")]
        (self.place / "watched.json").write_text(json.dumps([self.seconds, elsewhere]), encoding="utf-8")


def _file_of(module: object) -> str | None:
    try:
        return getattr(module, "__file__", None)
    except Exception:  # noqa: BLE001 a lazy module may raise anything
        return None


def run_tests(
    tests: Sequence[Path], place: Path, limit: tuple[int, float] | None = None, plugins: Sequence[object] = ()
) -> tuple[str, float, float]:
    """Run test files in a forked process; return `passed`, `failed` or `late`, and its processor and wall seconds.

    Args:
        place: the folder with the hook, the changed module and the process's own temporary files.
        limit: most processor and wall seconds.
        plugins: of pytest.
    """
    began, used = time.monotonic(), sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    child = os.fork()
    if child == 0:
        _be_tested(tests, place, limit[0] if limit else None, plugins)
    outcome = "late"
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            outcome = "passed" if code == 0 else "late" if code == -signal.SIGXCPU else "failed"
            break
        if limit and time.monotonic() - began > limit[1]:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            break
        time.sleep(0.02)
    shutil.rmtree(place / "tmp", ignore_errors=True)
    spent = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - used
    return outcome, spent, time.monotonic() - began


def _be_tested(tests: Sequence[Path], place: Path, seconds: int | None, plugins: Sequence[object]) -> None:
    """Become the process that runs pytest; never returns."""
    code = 70
    try:
        os.setsid()
        silence = os.open(place / "output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        if seconds:
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        os.chdir(ROOT)
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(place / "tmp" / "hypothesis")
        exec(compile(HOOK, "hook", "exec"), {})
        import pytest

        more = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", LEFT_OUT]
        code = int(pytest.main([*map(str, tests), *more, f"--basetemp={place / 'tmp' / 'pytest'}"], plugins))
    finally:
        os._exit(code)


def _baseline(tests: Sequence[Path], place: Path) -> tuple[list[Path], tuple[int, float]]:
    """Run the tests without a mutant; return them from the quickest on, and the limit that mutants get.

    Other people's packages that the tests used are imported here, so that no process has to do it again.
    """
    outcome, spent, wall = run_tests(tests, place, plugins=[Watch(place)])
    if outcome != "passed":
        raise RuntimeError(f"the tests fail without a mutant:\n{(place / 'output').read_text()[-3000:]}")
    seconds, elsewhere = json.loads((place / "watched.json").read_text(encoding="utf-8"))
    for name in elsewhere:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    quick = {(ROOT / file).resolve(): taken for file, taken in seconds.items()}
    ordered = sorted(tests, key=lambda path: quick.get(path.resolve(), 0.0))
    return ordered, (int(PATIENCE * spent + SPARE), 3 * PATIENCE * wall + 60)


def try_module(
    module: Path, chosen: Sequence[Mutant], tests: Sequence[Path], known: dict[tuple[str, str], str]
) -> Result:
    """Run every mutant of a module and return what became of them.

    Raises:
        RuntimeError: the tests fail without any mutant.
    """
    source = module.read_text(encoding="utf-8")
    result = Result(module=_name(module), source=source)
    with tempfile.TemporaryDirectory(prefix="hpowh-mutate-") as folder:
        place = Path(folder)
        (place / "hook").mkdir()
        (place / "hook" / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
        changed = place / "mutant.py"
        changed.write_text(source, encoding="utf-8")
        os.environ |= {"HPOWH_MUTANT_OF": str(module.resolve()), "HPOWH_MUTANT": str(changed)}
        os.environ |= {"PYTHONPATH": str(place / "hook")}
        if "compiled(" in source:  # machine code that is kept for a function must not be that of a mutant
            os.environ["NUMBA_CACHE_DIR"] = str(place / "tmp" / "numba")
        tests, limit = _baseline(tests, place)
        for one in chosen:
            reason = known.get(one.lines(source))
            if reason:
                result.equivalents.append((one, reason))
                continue
            changed.write_text(one.apply(source), encoding="utf-8")
            outcome = run_tests(tests, place, limit)[0]
            result.killed += outcome == "failed"
            result.late += outcome == "late"
            if outcome == "passed":
                result.survivors.append(one)
                print(_told(result, one), flush=True)
    return result


def _told(result: Result, one: Mutant) -> str:
    before, after = one.lines(result.source)
    return f"{result.module}:{one.line} {one.function} ({one.kind})\n- {before}\n+ {after}"


def survivors_in(output: str, module: str) -> set[tuple[str, str]]:
    """Return what an earlier run's output lists as survivors of a module: (line, changed line)."""
    found = re.findall(rf"^{re.escape(module)}:\d+ [^\n]*\n- ([^\n]*)\n\+ ([^\n]*)$", output, re.MULTILINE)
    return set(found)


def gone(source: str, known: dict[tuple[str, str], str]) -> list[str]:
    """Return the lines that `equivalents.toml` sets aside although the module has them no longer."""
    there = {one.lines(source) for one in mutants(source)}
    return [line for line, changed in known if (line, changed) not in there]


def known_equivalents(module: str) -> dict[tuple[str, str], str]:
    """Return the mutants of a module that no right test can tell apart: (line, changed line) -> reason."""
    rows = tomllib.loads(EQUIVALENTS.read_text(encoding="utf-8")).get("equivalent", [])
    return {(row["line"], row["changed"]): row["reason"] for row in rows if row["module"] == module}


def _name(module: Path) -> str:
    return module.relative_to(ROOT).as_posix()


def table(results: Sequence[Result]) -> str:
    """Return the figures of all modules as a Markdown table."""
    lines = ["| module | mutants | killed | by the time limit | survived | set aside |", "|---|---|---|---|---|---|"]
    for one in results:
        lines.append(
            f"| {one.module} | {one.made} | {one.killed} | {one.late} | {len(one.survivors)} | {len(one.equivalents)} |"
        )
    made, alive = sum(one.made for one in results), sum(len(one.survivors) for one in results)
    killed, late = sum(one.killed for one in results), sum(one.late for one in results)
    aside = sum(len(one.equivalents) for one in results)
    lines.append(f"| **all** | {made} | {killed} | {late} | {alive} ({alive / max(1, made):.0%}) | {aside} |")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Run the command; return 1 where mutants survived."""
    parser = argparse.ArgumentParser("python -m benchmarks mutate", description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="+", help="paths of modules, such as analyses/sweeps/advice/pareto.py")
    parser.add_argument("--count", type=int, default=16, help="mutants a module (16)")
    parser.add_argument("--seed", type=int, default=0, help="which are drawn (0)")
    parser.add_argument("--tests", nargs="+", help="test files, instead of the nearest")
    parser.add_argument("--again", type=Path, help="only what survived in an earlier run, of which this is the output")
    parser.add_argument("--list", action="store_true", help="list all mutants, run nothing")
    given = parser.parse_args(arguments)
    modules = [(Path.cwd() / name).resolve() for name in given.modules]
    missing = [path for path in modules if not path.is_file()]
    if missing:
        parser.error(f"there is no file {missing[0]}")
    results = []
    for module in modules:
        source = module.read_text(encoding="utf-8")
        if given.list:
            for one in mutants(source):
                print(_told(Result(module=_name(module), source=source), one))
            continue
        tests = [Path(name).resolve() for name in given.tests or ()] or nearest_tests(module)
        if not tests:
            parser.error(f"no test is near {module}: name one with --tests")
        print(
            f"\n{_name(module)}: {', '.join(path.relative_to(ROOT / 'tests').as_posix() for path in tests)}", flush=True
        )
        chosen = sample(source, given.count, given.seed)
        if given.again:
            survived = survivors_in(given.again.read_text(encoding="utf-8"), _name(module))
            chosen = [one for one in mutants(source) if one.lines(source) in survived]
        known = known_equivalents(_name(module))
        for line in gone(source, known):
            print(f"equivalents.toml names a line that is no longer there: {line}", flush=True)
        results.append(try_module(module, chosen, tests, known))
    if results:
        head = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        print(
            f"\n{table(results)}\n\nCommit {head.stdout.strip()}, seed {given.seed}, Python {sys.version.split()[0]}."
        )
    return int(any(one.survivors for one in results))
