"""`hpowh nightly` and `hpowh schedule`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hpowh.warehouse.console import JsonOption, WarehouseOption, note, print_table

if TYPE_CHECKING:
    from hpowh.reports.nightly.ledger import Step
    from hpowh.reports.nightly.night import Night

ConfigOption = Annotated[Path, typer.Option("--config", "-c", metavar="FILE", help="What to build from what.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command(epilog="Example: hpowh nightly --dry-run")(nightly)
    app.command(epilog="Example: hpowh schedule systemd --at 03:30 --out ~/.config/systemd/user")(schedule)


def nightly(
    config: ConfigOption = Path("hpowh.toml"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")] = False,
    site: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FOLDER", help="The folder of the site (default: as the file says)."),
    ] = None,
    wait: Annotated[
        float, typer.Option("--wait", min=0.0, metavar="SECONDS", help="Wait this long for another build of the site.")
    ] = 0.0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say only what failed, as cron likes it.")] = False,
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ingest what changed, run the analyses and build the pages that depend on it, swap in the site.

    Exit codes: 0 done or unchanged, 1 a step or check failed, 2 the configuration is wrong, 3 another process is at it.
    """
    from hpowh.reports.nightly.config import read_config
    from hpowh.reports.nightly.night import build_tonight
    from hpowh.reports.nightly.plan import plan_tonight

    read = read_config(config, warehouse=warehouse, site=site)
    if dry_run:
        _show_plan(plan_tonight(read, note), as_json)
        return
    night = build_tonight(read, lock_wait=wait, notify=(lambda _: None) if quiet else note)
    if as_json:
        print(json.dumps(night.summary(), indent=1, default=str))
    else:
        _show(night, quiet)
    if night.exit_code:
        raise typer.Exit(night.exit_code)


def _show_plan(steps: list[Step], as_json: bool) -> None:
    if as_json:
        plain = [
            {"kind": s.kind, "name": s.name, "outcome": s.outcome, "sentence": s.sentence, **(s.detail or {})}
            for s in steps
        ]
        print(json.dumps(plain, default=str))
        return
    words = {"done": "to do", "unchanged": "unchanged", "failed": "would fail"}
    rows = [(step.kind, step.name, words.get(step.outcome, step.outcome), step.sentence) for step in steps]
    print_table(["step", "name", "state", "what"], rows)


def _show(night: Night, quiet: bool) -> None:
    for sentence in [] if quiet else night.notes:
        note(f"Note: {sentence}")
    for change in [] if quiet else night.changes:
        note(f"Changed: {change.sentence}")
    for step in night.failures:
        note(f"FAILED {step.failure}")
    if not quiet:
        state = "is new" if night.is_new_site else "is as it was"
        note(f"Build {night.nightly_id} in {night.seconds:.1f} s; the site {night.config.site} {state}.")


def schedule(
    kind: Annotated[str, typer.Argument(help="systemd, cron, github, gitlab; for a spec: slurm, pbs, sge, lsf.")],
    spec: Annotated[
        Path | None, typer.Argument(metavar="SPEC.toml", help="What hpowh evaluate is to do on a cluster.")
    ] = None,
    at: Annotated[str, typer.Option("--at", metavar="HH:MM", help="When (github, gitlab: UTC).")] = "03:30",
    parts: Annotated[int, typer.Option("--parts", min=1, help="Tasks of the array job.")] = 100,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes of each task.")] = 1,
    time: Annotated[
        str | None, typer.Option("--time", metavar="H:MM:SS", help="The longest time that a task may be granted.")
    ] = None,
    shared: Annotated[
        Path | None, typer.Option("--shared", metavar="DIR", help="Folder of all parts (default: NAME-evaluated here).")
    ] = None,
    warehouse: WarehouseOption = None,
    to: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FOLDER", help="Write the files there (default: print them).")
    ] = None,
    config: ConfigOption = Path("hpowh.toml"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
) -> None:
    """Write what runs `hpowh nightly` every night, or an array job that evaluates a spec in parts.

    Nightly: a systemd timer, a crontab line, a CI job. Parts: a script for Slurm, PBS, Grid Engine or LSF that submits
    the array, with the walltime that a forecast says, and the collector after it.
    """
    from hpowh.reports.nightly.schedule import array_script, scheduled, write_files

    if spec is not None or kind in ("slurm", "pbs", "sge", "lsf"):
        files = array_script(
            kind, spec, parts=parts, jobs=jobs, most=time, shared=shared, warehouse=warehouse, notify=note
        )
    else:
        files = scheduled(kind, at, config)
    if to is None:
        for name, text in files.items():
            print(f"# {name}\n{text}" if len(files) > 1 else text, end="" if text.endswith("\n") else "\n")
        return
    for path in write_files(files, to, force=force):
        note(f"Wrote {path}.")
