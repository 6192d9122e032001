"""The `hpowh` command: the warehouse's own commands here, every other floor's through entry points."""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import entry_points, version
from typing import Annotated

import typer

from hpowh.warehouse.commands import register
from hpowh.warehouse.grouping import Group

app = typer.Typer(
    name="hpowh",
    cls=Group,
    help="A warehouse for hyperparameter-optimisation results.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: no column is cut on a narrow terminal, and rich need not be imported
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(is_asked: bool) -> None:
    if is_asked:
        print(f"hpowh {version('hpowh')}")
        raise typer.Exit


@app.callback()
def hpowh(
    is_version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Nothing is done before a command is."""
    del is_version


@cache
def build() -> typer.Typer:
    """Assemble the command line, once, from this floor and from the entry-point group `hpowh.commands`."""
    register(app)
    for entry in sorted(entry_points(group="hpowh.commands"), key=lambda entry: entry.name):
        entry.load()(app)
    return app


def main() -> None:
    """Run the command line; errors that a user can act on become one line and an exit code."""
    from hpowh.warehouse.limits import be_frugal

    be_frugal()
    from hpowh.warehouse.commands.accidental import avoid
    from hpowh.warehouse.console import run

    avoid()
    sys.exit(run(build()))
