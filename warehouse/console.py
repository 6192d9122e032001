"""What every command shares: where the warehouse is, how errors and tables are shown, exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hpowh.warehouse.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE, HpowhError, one_line
from hpowh.warehouse.grouping import assembled

if TYPE_CHECKING:
    from hpowh.warehouse.store import Warehouse

ON_A_PIPE = 10_000
"""Letters a line where no terminal has fewer."""
COLOURED = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
"""With one of these in the environment a pipe may be a terminal to rich."""
CLEAR = "\r\x1b[K"
_line_is_shown = Event()
_counts_are_shown = Event()
INTERRUPTED = "Interrupted; nothing half done was kept."

WarehouseOption = Annotated[
    Path | None,
    typer.Option("--warehouse", "-w", help="The warehouse file (default: $HPOWH_WAREHOUSE, else ./hpowh.duckdb)."),
]
WaitOption = Annotated[
    float, typer.Option("--wait", min=0.0, metavar="SECONDS", help="Wait this long while another process holds it.")
]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", min=0.0, metavar="SECONDS", help="Stop after so long; 0: never.")
]
MemoryOption = Annotated[
    str, typer.Option("--memory", metavar="SIZE", help="Memory to use; beyond it rows go to the disk.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def open_warehouse(
    path: Path | None, wait: float = 0.0, *, writes: bool = False, reads_back: bool = False
) -> Warehouse:
    """Name the warehouse that a command works on; waiting is announced on standard error.

    Args:
        writes: the command may write: what a killed one left in the log beside the file is first brought into it.
        reads_back: it ends with what it has stored, and may keep others out until it has said it.
    """
    from hpowh.warehouse.store import Warehouse

    store = Warehouse(path, wait=wait, notify=note)
    if writes:
        store.refuse_read_only()
        store.fold_log()
    store.reads_back = reads_back
    return store


def note(message: str) -> None:
    """Say something to the person on standard error, so that standard output stays data."""
    if _line_is_shown.is_set():
        print(CLEAR, end="", file=sys.stderr)
    print(one_line(message, keep="\n\t"), file=sys.stderr, flush=True)


def progress(what: str) -> Callable[[int, int, str], None] | None:
    """Return what shows on a terminal how far a long command is, in one line that is rewritten; None on a pipe.

    Args:
        what: what is counted, such as `Page`; then come what is done, how many there are, and the name of the next.
    """
    if not sys.stderr.isatty():
        return None

    def show_line(done: int, total: int, name: str) -> None:
        _counts_are_shown.set()
        end = "\n" if done + 1 >= total else ""
        shown = one_line(name)[:50]
        print(f"{CLEAR}{what} {min(done + 1, total)} of {total}: {shown}", end=end, file=sys.stderr, flush=True)

    return show_line


@contextmanager
def working(what: str, *, after: float = 1.0) -> Iterator[None]:
    """Show on a terminal that something is being made, and for how long, in one line that is rewritten and then gone.

    Args:
        what: such as `Mixed model of demo`.
        after: seconds until the line is shown, and between its renewals.
    """
    if not sys.stderr.isatty():
        yield
        return
    ended, began = Event(), monotonic()
    _counts_are_shown.clear()

    def tell() -> None:
        while not ended.wait(after) and not _counts_are_shown.is_set():  # which say more
            line = f"{CLEAR}{one_line(what)[:60]} … {monotonic() - began:.0f} s"
            print(line, end="", file=sys.stderr, flush=True)
            _line_is_shown.set()
        if _line_is_shown.is_set() and not _counts_are_shown.is_set():
            print(CLEAR, end="", file=sys.stderr, flush=True)
        _line_is_shown.clear()

    teller = Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def end_now(message: str, tidy: Callable[[], None]) -> None:
    """End the process at once, from any thread, where its work does not heed that it was interrupted.

    Only for what reads: nothing is undone.
    """
    note(message)
    tidy()
    os._exit(EXIT_FAILED)


def print_table(columns: list[str], rows: list[tuple[Any, ...]], *, title: str = "", width: int | None = None) -> None:
    """Print rows as an aligned table; on a pipe it is as wide as its content.

    On a terminal no number is broken: where columns do not fit, few rows are shown with one column a line, and of many
    rows the middle columns are left out and named.

    Args:
        width: letters a line; by default the terminal's.
    """
    from hpowh.warehouse.fitting import aligned

    cells = [[show(value) for value in row] for row in rows]
    if width is None and not sys.stdout.isatty() and not any(name in os.environ for name in COLOURED):
        lines = aligned(columns, cells, title, ON_A_PIPE)
        if lines is not None:
            sys.stdout.write("".join(f"{line}\n" for line in lines))
            return
    _print_fitted(columns, rows, cells, title, width)


def _print_fitted(
    columns: list[str], rows: list[tuple[Any, ...]], cells: list[list[str]], title: str, width: int | None
) -> None:
    """Print a table that may have to be fitted into a terminal, or has letters that are not one place wide."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from hpowh.warehouse.fitting import ELLIPSIS, GAP, fit, least_width

    console = Console(
        width=width or (None if sys.stdout.isatty() else ON_A_PIPE), highlight=False, emoji=False, markup=False
    )
    is_text = [any(isinstance(row[at], str) for row in rows) for at in range(len(columns))]
    least = [least_width(name, [row[at] for row in cells], is_text[at]) for at, name in enumerate(columns)]
    found = fit(least, len(rows), console.width)
    if found.is_upright:
        _print_upright(columns, cells, title, console.width)
        return
    table = Table(title=title or None, box=None, header_style="bold", pad_edge=False, padding=(0, GAP, 0, 0))
    for at in found.shown:
        if at is None:
            table.add_column(ELLIPSIS)
        else:
            table.add_column(Text(columns[at]), overflow="fold", min_width=least[at], no_wrap=not is_text[at])
    for row in cells:
        table.add_row(*(Text(ELLIPSIS if at is None else row[at]) for at in found.shown))
    console.print(table)
    if found.left_out:
        names = ", ".join(columns[at] for at in found.left_out)
        note(f"{ELLIPSIS} left out, for the terminal is narrow: {names}. A pipe (| cat) or a wider terminal has all.")


def _print_upright(columns: list[str], cells: list[list[str]], title: str, width: int) -> None:
    """Print each row as lines of heading and value; what is longer than a line goes on in the next, whole."""
    if title:
        print(title)
    longest = max(map(len, columns), default=0)
    for number, row in enumerate(cells, start=1):
        print(f"-- row {number} ".ljust(min(width, 40), "-"))
        for name, cell in zip(columns, row, strict=True):
            print(f"{name:<{longest}}  {cell}")
    if not cells:
        print(", ".join(columns))


def show(value: Any) -> str:
    """Write one value for a person: short numbers, an empty cell for NULL."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return one_line(str(value), keep="\n\t")


def run(app: typer.Typer) -> int:
    """Run the command line and return its exit code.

    0 done, 1 failed, 2 bad usage, 3 locked. Errors are one line on standard error: what, where, what to do next;
    `--debug` anywhere on the line, or HPOWH_DEBUG=1, shows the traceback instead.
    """
    debug = "--debug" in sys.argv or bool(os.environ.get("HPOWH_DEBUG"))
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        result = assembled(app)(arguments, standalone_mode=False)
        return result if isinstance(result, int) else 0
    except HpowhError as error:
        if debug:
            raise
        note(f"Error: {error}")
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        note(INTERRUPTED)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of the pipe has gone
        return EXIT_FAILED
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None and not debug:
            note(f"Error: {show(error.filename)}: {error.strerror}. --debug shows where.")
            return EXIT_FAILED
        if "Query interrupted" in str(error):  # how DuckDB passes Ctrl-C on
            note(INTERRUPTED)
            return EXIT_INTERRUPTED
        if hasattr(error, "show") and hasattr(error, "exit_code"):  # a wrong option, as typer reports it
            error.show()
            return EXIT_USAGE
        if debug or not type(error).__module__.startswith(("duckdb", "_duckdb")):
            raise
        note(f"Error: {error}")
        return EXIT_FAILED
