"""Evaluate a spec: read it, check it, run it, load what was found into the warehouse."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hpowh.analyses.evaluate.errors import SpecError
from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.ingest.declared import parsed_toml
from hpowh.warehouse.output.targets import refuse_folder

if TYPE_CHECKING:
    from hpowh.analyses.elsewhere.places import Place
    from hpowh.analyses.evaluate.data import DataSet
    from hpowh.analyses.evaluate.plan import Plan
    from hpowh.analyses.evaluate.session import Limits, Progress
    from hpowh.analyses.evaluate.spec import Spec
    from hpowh.analyses.evaluate.storing.folder import RunFolder
    from hpowh.warehouse import Warehouse
    from hpowh.warehouse.ingest import Outcome

MANY_TRAININGS = 2_000_000
"""From so many units on, a run is started only when the user insists."""


@dataclass
class Prepared:
    """A checked spec with its data in memory."""

    spec: Spec
    plan: Plan
    data: list[DataSet]
    notes: list[str]
    folder: Path
    """Where the spec lies; modules of its models may lie there too."""


@dataclass(kw_only=True)
class Evaluated:
    """What an evaluation came to."""

    folder: Path
    unit_count: int
    resumed_count: int
    """Units that were there already."""
    statuses: dict[str, int] = field(default_factory=dict)
    """What became of the units of this session."""
    commonest_reason: str | None = None
    """Why most of those stopped that are not `ok`, over all sessions."""
    ok_count: int = 0
    """Units, over all sessions, whose fidelities were all measured."""
    training_count: int = 0
    """Trainings of all units: one a fidelity, or one for all where a model trains step by step."""


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Find modules in a folder meanwhile: models that lie beside their spec. The workers are given it by themselves."""
    place = str(folder)
    is_new = place not in sys.path
    if is_new:
        sys.path.insert(0, place)
    try:
        yield
    finally:
        if is_new and place in sys.path:
            sys.path.remove(place)


def prepare(path: Path) -> Prepared:
    """Read and check a spec and its data sets; nothing is evaluated or written.

    Raises:
        UsageError: the spec is no TOML, or asks for what does not exist or go together.
    """
    from hpowh.analyses.evaluate.data import load
    from hpowh.analyses.evaluate.plan import make_plan
    from hpowh.analyses.evaluate.spec import parse

    try:
        text = path.read_text(encoding="utf-8")
        content = parsed_toml(text)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", "Name a spec: hpowh evaluate SPEC.toml") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}.") from None
    folder = path.parent.resolve()
    try:
        with importable(folder):
            spec = parse(content, path.stem)
            data = [load(one, folder) for one in spec.data]
            plan = make_plan(spec, data)
    except SpecError as error:
        raise UsageError(f"{path}{_line_of(text, error.message)}: {error.message}", error.hint) from None
    return Prepared(spec, plan, data, [note for one in data for note in one.notes], folder)


def _line_of(text: str, message: str) -> str:
    """Return the line of the spec that a message is about: the only one with a word that the message quotes."""
    lines = text.splitlines()
    for word in re.findall(r"'([^']+)'", message):
        with_it = [number for number, line in enumerate(lines, start=1) if word in line.partition("#")[0]]
        if len(with_it) == 1:
            return f", line {with_it[0]}"
    return ""


def refuse_many(prepared: Prepared) -> None:
    """Raise UsageError where the plan has so many trainings that it looks like a mistake."""
    count = prepared.plan.training_count
    if count > MANY_TRAININGS:
        raise UsageError(
            f"That are {count:,} trainings (configurations x data sets x seeds x folds x fidelities).",
            'Take a sample (sample = "sobol", configurations = 500), or insist with --yes.',
        )


def evaluate(
    prepared: Prepared,
    folder: Path,
    *,
    jobs: int = 0,
    progress: Callable[[Progress], None] = lambda _: None,
    on: Place | Executor | None = None,
) -> Evaluated:
    """Evaluate everything that the folder does not hold yet.

    Args:
        on: where the workers are instead of in processes of one's own: a place, or an executor of the caller's, which
            then is given `jobs` pieces at a time.

    Raises:
        HpowhError: the folder holds something else, another process works there, or `on` cannot keep the spec's limits.
    """
    from hpowh.analyses.elsewhere.places import given_place
    from hpowh.analyses.evaluate.runner import run, worker_count

    if isinstance(on, Executor):
        on = given_place(on, worker_count(jobs))
    if on is not None and (prepared.spec.timeout or prepared.spec.memory):
        raise UsageError(
            "The spec's timeout and memory need processes that hpowh may end; those of an executor it may not.",
            "Take these two lines out of the spec, or work in parts: --part I/N",
        )

    plan = prepared.plan
    with explained(folder):
        where, limits = opened(prepared, folder, jobs)
        state = run(plan, where, limits, progress, on)
    ok_count, reason = _verdict(where, plan)
    return Evaluated(
        folder=folder,
        unit_count=plan.unit_count,
        resumed_count=state.resumed,
        training_count=plan.training_count,
        statuses=dict(state.statuses),
        commonest_reason=reason,
        ok_count=ok_count,
    )


def opened(prepared: Prepared, folder: Path, jobs: int) -> tuple[RunFolder, Limits]:
    """Make the folder ready to work in, and say what a unit may take."""
    from hpowh.analyses.evaluate.meta import meta_features
    from hpowh.analyses.evaluate.plan import manifest
    from hpowh.analyses.evaluate.runner import default_memory, store_data, worker_count
    from hpowh.analyses.evaluate.session import Limits
    from hpowh.analyses.evaluate.storing.folder import OURS, RunFolder

    try:
        refuse_folder(folder, option="--out", mark="plan.json", what="evaluations", besides=OURS)
    except UsageError:
        if not (folder / "plan.json").is_file():  # another part may have made it just then
            raise
    plan, spec, where = prepared.plan, prepared.spec, RunFolder(folder)
    workers = worker_count(jobs)
    is_new = not (folder / "plan.json").is_file()
    features = [
        meta_features(one.features, one.target, is_classification=one.task == "classification") if is_new else {}
        for one in prepared.data
    ]
    where.open(plan, manifest(plan, features))
    store_data(folder, [(one.features, one.target) for one in prepared.data])
    memory = spec.memory or default_memory(workers)
    return where, Limits(workers, spec.timeout, memory, (str(prepared.folder),))


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Let what is wrong with a folder reach the user as an error of hpowh's."""
    try:
        yield
    except SpecError as error:
        raise HpowhError(error.message, error.hint) from None
    except OSError as error:
        raise HpowhError(f"{folder} cannot be written: {error.strerror}.", "Name another folder: --out DIR") from None


def _verdict(where: RunFolder, plan: Plan) -> tuple[int, str | None]:
    """Return how many units were measured at every fidelity, and why most of the others were not.

    A unit's rows are whole or absent, and each fidelity stands on those before it: one row of its last fidelity tells.
    """
    import duckdb

    from hpowh.warehouse.names import literal

    shards = ", ".join(literal(str(path)) for path in sorted(where.shards.glob("*.parquet")))
    layout = plan.layout
    last = " or ".join(
        f"(search_space = {literal(space)} and fidelity = {fidelities[-1]!r})"
        for space, fidelities in zip(layout.spaces, layout.fidelities, strict=True)
    )
    one = f"split = {literal(layout.splits[0])} and metric = {literal(layout.metrics[0][0])} and ({last})"
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        rows = connection.execute(
            "select count(*) filter (where status = 'ok'), mode(reason) filter (where status <> 'ok') "
            f"from read_parquet([{shards}]) where {one}"
        ).fetchall()
    return int(rows[0][0]), rows[0][1]


def load_into(
    warehouse: Warehouse, folder: Path, name: str, progress: Callable[[str, float | None], None] = lambda *_: None
) -> Outcome:
    """Load a folder of evaluations into the warehouse."""
    from hpowh.warehouse.ingest import Request, find_source, ingest

    return ingest(warehouse, find_source("evaluated"), Request(str(folder), name), progress=progress)
