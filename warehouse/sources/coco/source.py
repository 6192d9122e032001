"""COCO: what its loggers wrote, `.info` files with `.dat` and `.tdat` beside them, in a folder or an archive.

Facts from COCO's `logger_bbob.c` and its documentation of the data format: an `.info` file says function, dimension,
algorithm and, for each run, instance, evaluations and final difference; in a `.dat` (points by value) and a `.tdat`
(points by evaluations) each run begins with a comment, and one column is the best noise-free difference to the optimum.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.protocol import Request
from hpowh.warehouse.sources.sweeps.tool_files import first_paths
from hpowh.warehouse.sources.traced.blocks import Block, blocks_of
from hpowh.warehouse.sources.traced.load import TracedSource
from hpowh.warehouse.sources.traced.runs import TracedRun
from hpowh.warehouse.sources.traced.tree import Read, first_names, is_archive, tree_of

METRIC = "delta_f"
KEY = re.compile(r"([A-Za-z_]+)\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^,]*))")
RUN = re.compile(r"^(\d+)(?::(\d+)\|(\S+))?$")
BEST = "best noise-free fitness"
CONSTRAINTS = "g evaluations"


@dataclass(frozen=True)
class Scenario:
    """One function in one dimension: what an `.info` file says of it."""

    keys: dict[str, str]
    dat: str
    runs: tuple[tuple[int, int | None], ...]
    """Instance and evaluations; None where they are not said."""


class Coco(TracedSource):
    """`hpowh ingest coco PATH`: every run; the value is the difference to the optimum."""

    kind: ClassVar[str] = "coco"
    summary: ClassVar[str] = "COCO archives (bbob and its kin): runs on functions, of a folder, zip or tgz"
    wanted: ClassVar[tuple[str, ...]] = (".info", ".dat", ".tdat")

    def recognises(self, path: Path) -> str | None:
        """Say why a folder, an archive or an `.info` file is COCO's."""
        if path.is_dir():
            there = any(one.suffix == ".info" and _is_head(one) for one in first_paths(path))
            there = there or any(is_archive(one) and _is_packed(one) for one in path.iterdir())
        elif is_archive(path):
            there = _is_packed(path)
        else:
            there = path.suffix == ".info" and _is_head(path)
        return "it holds COCO's .info files" if there else None

    def runs(self, request: Request) -> tuple[list[TracedRun], list[str]]:
        """Read all `.info` files and what they name."""
        path = request.path
        if path.is_file() and not is_archive(path):
            raise IngestError(f"{path} is one file of several.", "Name the folder it lies in.")
        tree = tree_of(path, self.wanted)
        heads = [name for name in tree if name.endswith(".info")]
        if not heads:
            raise IngestError(f"There is no .info file in {path}.", "Name the folder that COCO's observer wrote.")
        runs: list[TracedRun] = []
        unfinished = 0
        for name in heads:
            where = f"{path}: {name}"
            for scenario in _scenarios(tree[name]().decode("utf-8", "replace"), where):
                found, more = _runs(tree, name, scenario, path)
                runs += found
                unfinished += more
        return runs, (
            [f"Runs that were not ended when the log was written, left out: {unfinished:,}."] if unfinished else []
        )


def _is_head(path: Path) -> bool:
    try:
        with path.open("rb") as handle:
            start = handle.read(400)
    except OSError:
        return False
    return b"=" in start and (b"funcId" in start or b"coco_version" in start)


def _is_packed(path: Path) -> bool:
    suffixes = {PurePosixPath(name).suffix for name in first_names(path)}
    return ".info" in suffixes and bool(suffixes & {".dat", ".tdat"})


def _scenarios(text: str, where: str) -> Iterator[Scenario]:
    """Yield what an `.info` file says: a line of keys, perhaps comments, a line of files and runs."""
    keys: dict[str, str] | None = None
    for line in text.splitlines():
        if not line.strip() or line.startswith("%"):
            continue
        if "=" in line.split(",")[0]:
            if keys is not None:
                raise IngestError(f"{where} has a heading without runs: {line[:80]!r}.", "Nothing was loaded.")
            keys = {name: next((v for v in values if v), "").strip() for name, *values in KEY.findall(line)}
            _refuse_others(keys, where)
            continue
        if keys is None:
            raise IngestError(f"{where} has a line that is not COCO's: {line[:80]!r}.", "Nothing was loaded.")
        yield from _files(keys, line, where)
        keys = None


def _refuse_others(keys: dict[str, str], where: str) -> None:
    if "indicator" in keys:
        raise IngestError(
            f"{where} is of the suite {keys.get('suite')}: its value is an indicator ({keys['indicator']}) of several "
            "objectives.",
            "Runs with one objective are loaded. Name a folder without these. Nothing was loaded.",
        )
    if "funcId" not in keys or not keys.get("DIM", "").isdigit():
        raise IngestError(f"{where} does not say funcId and DIM as COCO does.", "Nothing was loaded.")


def _files(keys: dict[str, str], line: str, where: str) -> Iterator[Scenario]:
    dat: str | None = None
    runs: list[tuple[int, int | None]] = []
    for word in (part.strip() for part in line.split(",")):
        found = RUN.match(word)
        if word.endswith(".dat"):
            if dat is not None:
                yield Scenario(keys, dat, tuple(runs))
            dat, runs = word.replace("\\", "/"), []
        elif found and dat is not None:
            runs.append((int(found[1]), int(found[2]) if found[2] else None))
        elif word:
            raise IngestError(f"{where}: {word[:60]!r} is no run as COCO writes it.", "Nothing was loaded.")
    if dat is not None:
        yield Scenario(keys, dat, tuple(runs))


def _runs(tree: dict[str, Read], info: str, scenario: Scenario, root: Path) -> tuple[list[TracedRun], int]:
    """Return the runs of a scenario, and how many runs of its files the `.info` file does not know."""
    folder, keys = PurePosixPath(info).parent, scenario.keys
    dat = (folder / scenario.dat).as_posix()
    names = [name for name in (dat, dat.removesuffix(".dat") + ".tdat") if name in tree]
    if not names:
        raise IngestError(f"{root}: {info} names {scenario.dat}, which is not there.", "Nothing was loaded.")
    courses: list[list[tuple[float, float]]] = [[] for _ in scenario.runs]
    unfinished = 0
    for name in names:
        where = f"{root}: {name}"
        blocks = _blocks(tree[name](), where)
        if len(blocks) < len(courses):
            raise IngestError(
                f"{where} holds {len(blocks):,} runs, and {info} knows {len(courses):,}.",
                "Files of one experiment belong together. Nothing was loaded.",
            )
        unfinished = max(unfinished, len(blocks) - len(courses))
        for course, (columns, block) in zip(courses, blocks, strict=False):
            course.extend(_points(block, columns, where))
    suite = keys.get("suite") or ""
    where = f"{root}: {dat}"
    return [
        TracedRun(
            algorithm=keys.get("algId") or "ALG",
            folder=root.stem if str(folder) == "." else str(folder),
            benchmark=f"{suite} f{keys['funcId']} {keys['DIM']}D".strip(),
            instance=instance,
            metric=METRIC,
            direction="min",
            points=course,
            end=_end(said, course, where),
            precision=_number(keys.get("Precision")),
            features={"dimension": keys["DIM"], "function": f"f{keys['funcId']}"} | ({"suite": suite} if suite else {}),
        )
        for (instance, said), course in zip(scenario.runs, courses, strict=True)
    ], unfinished


def _blocks(raw: bytes, where: str) -> list[tuple[list[str], Block]]:
    """Return the runs with the names of their columns; comments that follow one another are one heading."""
    found = []
    for block in blocks_of(raw, where, lambda words: words[0].startswith("%")):
        names = [one.strip(" %") for one in " ".join(block.names).split("|")]
        found.append((names, block))
    return found


def _points(block: Block, names: Sequence[str], where: str) -> list[tuple[float, float]]:
    at = next((i for i, name in enumerate(names) if name.startswith(BEST)), None)
    if at is None:
        raise IngestError(
            f"{where} has no column called {BEST!r}, but {' | '.join(names)[:120]}.", "A newer hpowh may know it."
        )
    counted = next((i for i, name in enumerate(names) if name.startswith(CONSTRAINTS)), None)
    if counted is not None and any(row[counted] for row in block.rows):
        raise IngestError(
            f"{where} counts evaluations of constraints beside those of the function.",
            "What a budget is there cannot be told from one number. Nothing was loaded.",
        )
    try:
        return [(row[0], row[at]) for row in block.rows]
    except IndexError:
        raise IngestError(f"{where}: rows have fewer columns than their heading.", "Nothing was loaded.") from None


def _end(said: int | None, course: Sequence[tuple[float, float]], where: str) -> float:
    last = max((budget for budget, _ in course), default=0.0)
    if said is not None and last > said:
        raise IngestError(
            f"{where}: a run of {said:,} evaluations has a point at {last:,.0f}.",
            "Files of one experiment belong together. Nothing was loaded.",
        )
    return last if said is None else float(said)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


SOURCE = Coco()
