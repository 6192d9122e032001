"""Commands of this floor."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, note, open_warehouse
from hpowh.warehouse.console import progress as progress_of
from hpowh.warehouse.errors import EXIT_FAILED, UsageError
from hpowh.warehouse.wording import plural

if TYPE_CHECKING:
    from hpowh.warehouse.store import Warehouse


def register(app: typer.Typer) -> None:
    """Add this floor's commands to the command line."""
    app.command(epilog="Example: hpowh report --out site")(report)


def report(
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder of the site.")] = Path("site"),
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="KIND", help="Only pages of this kind, such as experiment; may be repeated."),
    ] = None,
    single_file: Annotated[
        bool, typer.Option("--single-file", help="Every page holds all it needs and can be sent alone.")
    ] = False,
    one_file: Annotated[
        Path | None,
        typer.Option("--one-file", metavar="FILE", help="Write the whole report into one file, instead of a folder."),
    ] = None,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Print every page to a PDF too, by the Chromium that is installed.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Build even if nothing has changed; overwrite a file not made by hpowh.")
    ] = False,
    warehouse: WarehouseOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Build a static site from the warehouse: it opens from the file system, without network."""
    from hpowh.reports.build import build_site

    progress = progress_of("Page")
    if one_file is not None:
        if single_file or pdf:
            raise UsageError("--one-file does not go with --single-file or --pdf.", "Run the command once for each.")
        _one_file(open_warehouse(warehouse, wait), one_file, tuple(only or ()), force, as_json)
        return
    with open_warehouse(warehouse, wait) as opened:
        build = build_site(
            opened,
            out,
            only=tuple(only or ()),
            is_single_file=single_file,
            with_pdf=pdf,
            is_forced=force,
            progress=progress,
        )
    for warning in build.warnings:
        note(f"Note: {warning}")
    for failure in build.failures:
        note(f"Not built: {failure.what}. {failure.sentence}")
    if as_json:
        said = {"path": str(build.path), "pages": build.page_count, "is_new": build.is_new}
        print(json.dumps(said | {"reused": build.reused_count, "failed": [asdict(one) for one in build.failures]}))
    elif build.is_new:
        kept = f", {build.reused_count:,} of them as they were" if build.reused_count else ""
        others = f" {plural(build.kept_count, 'page')} of other kinds stay as they were." if build.kept_count else ""
        wrote = plural(build.page_count - build.kept_count, "page")
        note(f"Wrote {wrote}{kept}.{others} Open {build.index}")
    else:
        shown = "one page shows" if build.page_count == 1 else f"{build.page_count:,} pages show"
        note(f"Unchanged: the {shown} the warehouse as it is. Open {build.index}")

    if build.failures:
        raise typer.Exit(EXIT_FAILED)


def _one_file(warehouse: Warehouse, target: Path, only: tuple[str, ...], is_forced: bool, as_json: bool) -> None:
    from hpowh.reports.whole import write_whole

    progress = progress_of("Page")
    with warehouse as opened:
        whole = write_whole(opened, target, only=only, is_forced=is_forced, progress=progress)
    for failure in whole.failures:
        note(f"Not built: {failure.what}. {failure.sentence}")
    if as_json:
        said = {"path": str(whole.path), "pages": whole.page_count, "bytes": whole.size}
        print(json.dumps(said | {"failed": [asdict(one) for one in whole.failures]}))
    else:
        note(
            f"Wrote {plural(whole.page_count, 'page')} into {whole.path} ({whole.size / 1e6:.1f} MB). Open or send it."
        )
    if whole.failures:
        raise typer.Exit(EXIT_FAILED)
