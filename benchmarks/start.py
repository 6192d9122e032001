"""How long small commands take beyond a bare interpreter that imports what it cannot do without; whole processes."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.alternate import alternate, report

BARE = "import duckdb, typer"
FORMULA = "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"


def main() -> None:
    """Measure ten rounds, alternating, and print the figures beside the bare imports."""
    with TemporaryDirectory(prefix="hpowh-start-") as name:
        folder = Path(name)
        commands = {BARE: [sys.executable, "-c", BARE], "import hpowh": [sys.executable, "-c", "import hpowh"]}
        commands |= {f"hpowh {' '.join(words)}": _command(folder, *words) for words in (("--help",), ("--version",))}
        _make(folder)
        commands["hpowh sql"] = _command(folder, "sql", "select 1")
        commands["hpowh analyse lmem, 10,000 rows"] = _anew(folder, "lmem", FORMULA, "--no-residuals")
        commands["hpowh analyse rankings, 4 x 10"] = _anew(folder, "rankings", "--where", "budget = 10")
        figures = alternate(commands, rounds=10)
    report(figures)
    bare = figures[BARE].seconds
    for label, found in figures.items():
        if label != BARE:
            gaps = sorted(a - b for a, b in zip(found.seconds, bare, strict=True))
            print(f"  {label}: over the bare imports: median {gaps[len(gaps) // 2]:.2f} s, most {gaps[-1]:.2f} s")


def _command(folder: Path, *words: str) -> list[str]:
    program = "import os, sys; os.chdir(sys.argv.pop(1)); from hpowh.warehouse.cli import main; main()"
    return [sys.executable, "-c", program, str(folder), *words]


def _anew(folder: Path, *words: str) -> list[str]:
    """Return the command of an analysis on a warehouse that does not know it: copied anew in the same process."""
    program = (
        "import os, shutil, sys; os.chdir(sys.argv.pop(1)); shutil.copy('hpowh.duckdb', 'anew.duckdb'); "
        "os.environ['HPOWH_WAREHOUSE'] = 'anew.duckdb'; from hpowh.warehouse.cli import main; main()"
    )
    return [sys.executable, "-c", program, str(folder), "analyse", *words]


def _make(folder: Path) -> None:
    """Make a warehouse of 10,000 rows: 4 algorithms, 10 benchmarks, 25 seeds, 10 budgets."""
    from hpowh.warehouse import Warehouse
    from hpowh.warehouse.ingest import Request, find_source, ingest

    draw = Random(0)
    rows = [
        f"a{a},b{b},{seed},{budget},{a / 10 + b / 5 + draw.gauss(0, 0.1) - budget / 20}"
        for a in range(4) for b in range(10) for seed in range(25) for budget in range(1, 11)
    ]  # fmt: skip
    file = folder / "runs.csv"
    file.write_text("\n".join(["algorithm,benchmark,seed,budget,value", *rows]), encoding="utf-8")
    with Warehouse.create(folder / "hpowh.duckdb") as store:
        ingest(store, find_source("runs"), Request(str(file), "runs", options={"direction": "min"}))


if __name__ == "__main__":
    main()
