"""IOHprofiler: folders and archives of IOHexperimenter's analyzer, `IOHprofiler_f….json` and its `.dat` files.

Facts from IOHexperimenter's `loggers/analyzer.hpp`: a JSON file a function, in it a scenario a dimension, with the
way to its `.dat` file and its runs in order; in that file each run begins with a line of the attributes' names. Values
are printed with ten decimals there, the best one in full in the JSON.
"""

from __future__ import annotations

import json
import math
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import Request
from hpowh.warehouse.sources.sweeps.tool_files import first_paths
from hpowh.warehouse.sources.traced.blocks import Block, blocks_of
from hpowh.warehouse.sources.traced.load import TracedSource
from hpowh.warehouse.sources.traced.runs import TracedRun
from hpowh.warehouse.sources.traced.tree import Read, first_names, is_archive, tree_of

BEGINS = "IOHprofiler_f"
EVALUATIONS = "evaluations"
VALUE = "raw_y"
PRINTED = 1e-9
"""The decimals of a `.dat` file agree with the full value within this."""


class Ioh(TracedSource):
    """`hpowh ingest ioh PATH`: every run of every function, dimension and instance.

    `--option metric=NAME` takes another attribute than `raw_y`, such as `transformed_y`.
    """

    kind: ClassVar[str] = "ioh"
    summary: ClassVar[str] = "IOHprofiler (IOHexperimenter): runs on functions, of a folder, zip or tgz"
    wanted: ClassVar[tuple[str, ...]] = (".json", ".dat")
    own: ClassVar[tuple[str, ...]] = ("metric",)

    def recognises(self, path: Path) -> str | None:
        """Say why a folder, an archive or a JSON file is IOHprofiler's."""
        if path.is_dir():
            names = [one.name for one in first_paths(path)]
        elif is_archive(path):
            names = [PurePosixPath(one).name for one in first_names(path)]
        else:
            names = [path.name]
        there = any(name.startswith(BEGINS) and name.endswith(".json") for name in names)
        return f"it holds IOHprofiler's {BEGINS}….json" if there else None

    def runs(self, request: Request) -> tuple[list[TracedRun], list[str]]:
        """Read all functions' files."""
        path = request.path
        if path.is_file() and not is_archive(path):
            raise IngestError(f"{path} is one file of several.", "Name the folder it lies in.")
        tree = tree_of(path, self.wanted)
        heads = [name for name in tree if PurePosixPath(name).name.startswith(BEGINS) and name.endswith(".json")]
        if not heads:
            raise IngestError(
                f"There is no {BEGINS}….json in {path}.", "Name the folder that IOHexperimenter's logger wrote."
            )
        runs: list[TracedRun] = []
        notes: list[str] = []
        unfinished = 0
        for name in heads:
            found, more = _function(tree, name, path, str(request.options.get("metric") or VALUE))
            runs += found
            unfinished += more
        if unfinished:
            notes.append(f"Runs that were not ended when the log was written, left out: {unfinished:,}.")
        return runs, notes


def _function(tree: dict[str, Read], name: str, root: Path, metric: str) -> tuple[list[TracedRun], int]:
    """Return the runs of one JSON file, and how many runs of its `.dat` files it does not know."""
    where = f"{root}: {name}"
    told = _json(tree[name], where)
    folder = PurePosixPath(name).parent
    runs: list[TracedRun] = []
    unfinished = 0
    try:
        function, title = int(told["function_id"]), str(told.get("function_name") or "").strip()
        direction = "max" if told.get("maximization") is True else "min"
        suite = str(told.get("suite") or "")
        algorithm = str(told["algorithm"]["name"])
        for scenario in told["scenarios"]:
            dimension = int(scenario["dimension"])
            dat = (folder / str(scenario["path"]).replace("\\", "/")).as_posix()
            blocks = blocks_of(
                _read(tree, dat, where), f"{root}: {dat}", lambda words: words[0].strip('"') == EVALUATIONS
            )
            listed = scenario["runs"]
            if len(blocks) < len(listed):
                raise IngestError(
                    f"{where} knows {len(listed):,} runs in dimension {dimension}, and {dat} holds {len(blocks):,}.",
                    "Files of one experiment belong together. Nothing was loaded.",
                )
            unfinished += len(blocks) - len(listed)
            benchmark = " ".join(
                [*([] if suite in ("", "unknown_suite") else [suite]), f"f{function}", title, f"{dimension}D"]
            )
            features = {"dimension": str(dimension), "function": f"f{function} {title}".strip()}
            features |= {} if suite in ("", "unknown_suite") else {"suite": suite}
            for one, block in zip(listed, blocks, strict=False):
                points = _points(block, metric, where)
                runs.append(
                    TracedRun(
                        algorithm=algorithm,
                        folder=root.stem if str(folder) == "." else str(folder),
                        benchmark=" ".join(benchmark.split()),
                        instance=int(one["instance"]),
                        # A metric has one direction in the whole warehouse, and IOHprofiler's suites have both.
                        metric=metric if direction == "min" else f"{metric} (maximised)",
                        direction=direction,
                        points=_with_best(points, one, metric),
                        end=_end(one, points, where),
                        features=features,
                    )
                )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise IngestError(
            f"{where} is not as IOHexperimenter writes it ({type(error).__name__}: {error}).", "Nothing was loaded."
        ) from None
    return runs, unfinished


def _json(read: Read, where: str) -> dict[str, Any]:
    try:
        found = json.loads(read().decode("utf-8"))
    except ValueError as error:
        raise IngestError(
            f"{where} is not whole: {error}.",
            "The logger writes its end when it is closed: wait for the experiment, or load without this file's folder.",
        ) from None
    if not isinstance(found, dict):
        raise IngestError(f"{where} is no JSON object.", "Nothing was loaded.")
    return found


def _read(tree: dict[str, Read], name: str, where: str) -> bytes:
    if name not in tree:
        raise IngestError(f"{where} names {name}, which is not there.", "Nothing was loaded.")
    return tree[name]()


def _points(block: Block, metric: str, where: str) -> list[tuple[float, float]]:
    names = [name.strip('"') for name in block.names]
    if metric not in names:
        raise UsageError(
            f"{where}: its runs have no attribute {metric!r}.",
            f"Say --option metric=NAME. Attributes: {', '.join(names[1:])}.",
        )
    at = names.index(metric)
    return [(row[0], row[at]) for row in block.rows]


def _with_best(points: list[tuple[float, float]], one: dict[str, Any], metric: str) -> list[tuple[float, float]]:
    """Return the points with the best value in full, where it is the same as printed."""
    best = one.get("best") or {}
    budget, value = best.get("evals"), best.get("y")
    if metric != VALUE or not isinstance(budget, int) or not isinstance(value, int | float):
        return points
    return [
        (at, float(value))
        if at == budget and math.isclose(seen, value, rel_tol=PRINTED, abs_tol=PRINTED)
        else (at, seen)
        for at, seen in points
    ]


def _end(one: dict[str, Any], points: list[tuple[float, float]], where: str) -> float:
    end, last = float(one["evals"]), max((budget for budget, _ in points), default=0.0)
    if last > end:
        raise IngestError(
            f"{where}: a run of {end:.0f} evaluations has a point at {last:.0f}.",
            "Files of one experiment belong together. Nothing was loaded.",
        )
    return end


SOURCE = Ioh()
