"""The command `hpowh demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXAMPLE = "select algorithm, avg(block_rank) as mean_rank from mart.block_rank group by all order by mean_rank"


def register(app: typer.Typer) -> None:
    """Add this floor's commands to the command line."""
    app.command(epilog="Example: hpowh demo --folder demo")(demo)


def demo(
    what: Annotated[
        str | None, typer.Argument(metavar="[landscapes]", help="Only this: landscapes of known truth, in seconds.")
    ] = None,
    folder: Annotated[Path, typer.Option("--folder", help="Where the demo is made.")] = Path("demo"),
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Studies per algorithm and benchmark.")] = 10,
    trials: Annotated[int, typer.Option("--trials", min=1, help="Trials per study.")] = 50,
    sweep_trials: Annotated[
        int | None, typer.Option("--sweep-trials", min=10, help="Trials of each sweep (default: 120 and 60).")
    ] = None,
    tables: Annotated[
        str, typer.Option("--tables", help="all, hpobench, fcnet, nasbench201, or one such as hpobench/car.")
    ] = "all",
    evaluation: Annotated[
        bool | None,
        typer.Option(
            "--evaluation/--no-evaluation", help="Evaluate grids of scikit-learn models too (default: with all tables)."
        ),
    ] = None,
) -> None:
    """Make a warehouse of real benchmarks, a real experiment on them, and a report; a few minutes, once.

    Run again in the same folder, it finds what is there and does only what is missing. `hpowh demo landscapes` makes
    landscapes of which some numbers are known, analyses them, and shows what was found beside what is known.
    """
    if what is not None:
        _known_landscapes(what, folder)
        return
    from hpowh.reports.demo.plan import Plan
    from hpowh.reports.demo.progress import Progress
    from hpowh.reports.demo.walk import STEP_COUNT, run_demo

    has_evaluation = tables == "all" if evaluation is None else evaluation
    progress = Progress(STEP_COUNT + has_evaluation)
    try:
        plan = Plan(
            tables=tables,
            seed_count=seeds,
            trial_count=trials,
            sweep_trial_count=sweep_trials,
            has_evaluation=has_evaluation,
        )
        places = run_demo(folder, plan, progress)
    except BaseException:
        progress.stop()
        raise
    print(f"""
The report:  {places.site / "index.html"}  (open it in a browser)

Try next:
  hpowh sql --warehouse {places.warehouse} "from mart.landscape"
  hpowh sql --warehouse {places.warehouse} "{EXAMPLE}"
  hpowh tables --warehouse {places.warehouse}
  hpowh --help""")


def _known_landscapes(what: str, folder: Path) -> None:
    from hpowh.reports.demo.landscapes import known_and_found
    from hpowh.warehouse.console import note, print_table
    from hpowh.warehouse.errors import UsageError

    if what != "landscapes":
        raise UsageError(f"There is no demo {what!r}.", "There is: hpowh demo, hpowh demo landscapes")
    path, rows = known_and_found(folder)
    print_table(["landscape", "measure", "known", "found"], rows)
    note(f"The warehouse: {path}; its pages: hpowh report --warehouse {path}")
