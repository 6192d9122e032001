"""The options of commands whose work parts share, and how such a command opens the warehouse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hpowh.warehouse.console import note, open_warehouse
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.packets.packet import Request
from hpowh.warehouse.packets.parts import Part, part_of

if TYPE_CHECKING:
    from hpowh.warehouse.packets.store import PacketWarehouse
    from hpowh.warehouse.store import Warehouse

PartOption = Annotated[
    str | None,
    typer.Option("--part", metavar="I/N|auto", help="Only part I of N; auto: as the scheduler's array says."),
]
PacketsOption = Annotated[
    Path | None,
    typer.Option(
        "--packets", metavar="DIR", help="Only read the warehouse; results go into this folder, for hpowh collect."
    ),
]
NOT_ASKED = ("warehouse", "wait", "as_json", "part", "packets", "jobs")
"""Options that say where and how, and not what is asked."""


@contextmanager
def opened_for(
    context: typer.Context,
    path: Path | None,
    wait: float,
    part: str | None,
    packets: Path | None,
    *,
    as_json: bool = False,
    reads_back: bool = False,
) -> Iterator[Warehouse]:
    """Open the warehouse to write into it, or with --packets to read it for one part and leave results in a folder.

    Args:
        context: of the command: its arguments are what is asked, at home too.
        reads_back: as `open_warehouse`: the command makes one analysis and then says what it found.

    Raises:
        UsageError: --part without --packets, or it is no part.
    """
    if packets is None:
        if part is not None:
            raise UsageError("--part goes with --packets DIR.", "Results of a part cannot be written into a copy.")
        with open_warehouse(path, wait, writes=True, reads_back=reads_back) as store:
            yield store
        return
    from hpowh.warehouse.packets.store import PacketWarehouse

    chosen = part_of(part) if part is not None else Part(1, 1)
    with PacketWarehouse(path, folder=packets, part=chosen, wait=wait, notify=note) as reader:
        reader.ask(request_of(context))
        yield reader
        note(reader.finish())
        if as_json:
            print(json.dumps({"part": str(chosen), **asdict(reader.tally)}))


def experiments_asked(warehouse: Warehouse, experiment: str | None) -> Iterator[str | None]:
    """Yield the experiments that a question about one is asked of: with packets all, where none is named."""
    if experiment is None and isinstance(warehouse, _packet_warehouse()):
        names = [name for (name,) in warehouse.sql("select name from core.experiment order by name").rows()]
        if len(names) > 1:
            asked = warehouse.requests.pop()
            for name in names:
                warehouse.ask(Request(asked.command, ("--experiment", name, *asked.arguments)))
                yield name
            return
    yield experiment


@contextmanager
def refusals_noted(experiment: str | None) -> Iterator[None]:
    """Say why one of several experiments cannot be analysed, and go on with the next; None: it is the only one."""
    try:
        yield
    except UsageError as error:
        if experiment is None:
            raise
        note(f"{experiment}: not analysed. {error}")


def _packet_warehouse() -> type[PacketWarehouse]:
    from hpowh.warehouse.packets.store import PacketWarehouse

    return PacketWarehouse


def request_of(context: typer.Context) -> Request:
    """Return what a command was asked, without where and how."""
    options: list[str] = []
    positional: list[str] = []
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name in NOT_ASKED or source is None or source.name in ("DEFAULT", "DEFAULT_MAP"):
            continue
        value = context.params[parameter.name or ""]
        if parameter.param_type_name == "argument":
            positional.append(str(value))
        elif isinstance(value, bool):
            options.append(parameter.opts[0] if value else parameter.secondary_opts[0])
        else:
            for one in value if isinstance(value, list | tuple) else [value]:
                options += [parameter.opts[0], str(one)]
    return Request(str(context.info_name), (*options, *(["--", *positional] if positional else [])))
