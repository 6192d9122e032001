"""How long commands take beyond a bare interpreter that imports what it cannot do without; whole processes, in turn.

    python -m benchmarks start            small commands, ten rounds
    python -m benchmarks.start traces     a mixed model of 3.3 million rows beside a script with lme-python

Every process finds its modules compiled, as pip leaves them: with PYTHONDONTWRITEBYTECODE in the environment a checkout
would be compiled anew by each of them (half a second of a mixed model's command). Beside wall seconds stand those of
the processor, which hardly depend on what else the machine does. The traces of PriorBand are read from ../shared/data
beside the checkout; without it an experiment of the same shape is drawn.
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.alternate import alternate, ratio, report

BARE = "import duckdb, typer"
FORMULA = "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
LARGE = "value ~ algorithm*prior + (1|benchmark) + (1|benchmark:algorithm)"
PEER = """
import sys
import lme_python
import polars
frame = polars.read_parquet(sys.argv[1], columns=["value", "algorithm", "prior", "benchmark"])
print(lme_python.lmer(sys.argv[2], frame).log_likelihood)
"""


def main() -> None:
    """Measure the small commands, or with `traces` the large model, and print the figures beside their peers'."""
    with TemporaryDirectory(prefix="hpowh-start-") as name:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = f"{name}/compiled"  # nothing is written into the checkout
        (_large if sys.argv[1:] == ["traces"] else _small)(Path(name))


def _small(folder: Path) -> None:
    _make(folder)
    commands = {BARE: [sys.executable, "-c", BARE], "import hpowh": [sys.executable, "-c", "import hpowh"]}
    for words in (("--help",), ("--version",), ("sql", "select 1")):
        commands[f"hpowh {' '.join(words)}"] = _command(folder, *words)
    commands["hpowh init"] = _in(folder, "if os.path.exists('new.duckdb'): os.remove('new.duckdb')", "new", "init")
    commands["hpowh analyse lmem, 10,000 rows"] = _anew(folder, "lmem", FORMULA, "--no-residuals")
    commands["hpowh analyse rankings, 4 x 10"] = _anew(folder, "rankings", "--where", "budget = 10")
    commands["hpowh analyse sweeps, 120 x 4"] = _anew(folder, "sweeps")
    figures = alternate(commands, rounds=10)
    report(figures)
    bare = figures[BARE]
    print(f"  {'over the bare imports':<32} {'wall':>6} {'processor':>10} {'times':>6}")
    for label, found in figures.items():
        if label != BARE:
            wall, busy = _gap(found.seconds, bare.seconds), _gap(found.busy, bare.busy)
            times = statistics.median(found.busy) / statistics.median(bare.busy)
            print(f"  {label:<32} {wall:>6.2f} {busy:>10.2f} {times:>6.1f}")


def _large(folder: Path) -> None:
    from benchmarks.mixed_models import load, traces

    _, flat = load(folder, "hpowh", traces(1), with_csv=False)
    commands = {"hpowh analyse lmem": _anew(folder, "lmem", LARGE, "--no-residuals")}
    try:
        import lme_python  # noqa: F401
    except ImportError:
        print("  lme-python is not installed: pip install lme-python==0.2.7")
    else:
        commands["a script with lme-python"] = [sys.executable, "-c", PEER, str(flat), LARGE]
    figures = alternate(commands, rounds=3)
    report(figures)
    if len(figures) == 2:
        print(f"  {ratio(figures, 'a script with lme-python', 'hpowh analyse lmem')}")


def _gap(ours: list[float], bare: list[float]) -> float:
    return statistics.median(a - b for a, b in zip(ours, bare, strict=True))


def _command(folder: Path, *words: str) -> list[str]:
    return _in(folder, "pass", "hpowh", *words)


def _anew(folder: Path, *words: str) -> list[str]:
    """Return the command of an analysis on a warehouse that does not know it: copied anew in the same process."""
    return _in(folder, "import shutil; shutil.copy('hpowh.duckdb', 'anew.duckdb')", "anew", "analyse", *words)


def _in(folder: Path, first: str, warehouse: str, *words: str) -> list[str]:
    program = (
        f"import os, sys\nos.chdir(sys.argv.pop(1))\n{first}\n"
        f"os.environ['HPOWH_WAREHOUSE'] = '{warehouse}.duckdb'\n"
        "from hpowh.warehouse.cli import main\nmain()"
    )
    return [sys.executable, "-c", program, str(folder), *words]


def _make(folder: Path) -> None:
    """Make a warehouse of 10,000 rows (4 algorithms, 10 benchmarks, 25 seeds, 10 budgets) and a sweep of 120 trials."""
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
        ingest(store, find_source("trials"), Request(str(_sweep(folder, draw)), "sweep", options={"direction": "min"}))


def _sweep(folder: Path, draw: Random) -> Path:
    """Write 120 trials: a rate of learning and dropout that matter, a size of batches that does not, an optimizer."""
    rows = []
    for trial in range(120):
        power, dropout, batch = draw.uniform(-5, -1), draw.uniform(0, 0.5), draw.choice((32, 64, 128, 256))
        place = draw.randrange(3)
        loss = 0.1 * (power + 3) ** 2 + 0.2 * dropout + 0.05 * place + draw.gauss(0, 0.05)
        rows.append(f"{trial},{10**power},{dropout},{batch},{('adam', 'rms', 'sgd')[place]},{loss}")
    file = folder / "trials.csv"
    file.write_text("\n".join(["trial,lr,dropout,batch,optimizer,loss", *rows]), encoding="utf-8")
    return file


if __name__ == "__main__":
    main()
