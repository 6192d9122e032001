"""Do comparisons hold their level? A design of cells that covers every pair of settings, as a table for the docs.

    python -m benchmarks.calibration [--replicates N] [--cells N] [--into FILE]    (by default 1,000 of all cells)
    python -m benchmarks.calibration --only 17,24 --into FILE                      (these cells again)
    python -m benchmarks.calibration --stored FILE                                 (the table of docs/calibration.md)

With `--into FILE` (JSON lines) a cell is stored as soon as it is done and not run again: a run that was stopped goes
on, and the table is of all that the file has, each with the commit that it was run on. `--only` runs the named cells
whatever the file has of them; of a cell that is stored twice the later counts. `--stored` runs nothing.

Each cell is a kind of experiment without any difference between the algorithms: so many algorithms, benchmarks and
seeds, a response by the definitions of the docs, and one way in which data are unlike a textbook's. Each replicate is
compared as `hpowh analyse lmem` does with the default model, with all that it decides by itself. The familywise error
is the share with some pair significant at 5 %, the coverage that of the unadjusted intervals of single differences.
A replicate that no model can be fitted to (no block of ranks that holds all algorithms) is counted and drawn again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from hpowh.analyses.mixed_models.inference.contrasts import pairwise
from hpowh.analyses.mixed_models.inference.margins import marginal_means
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.model.cells import Cells, DataError, cells_from_rows
from hpowh.analyses.mixed_models.model.fit import one_thread
from hpowh.analyses.mixed_models.studies.fitting import fit_to_compare

SETTINGS = {
    "algorithms": (2, 3, 6),
    "benchmarks": (5, 8, 12),
    "seeds": (1, 5, 10),
    "response": ("value", "regret", "normalized_regret", "log_regret", "rank"),
    "data": ("normal", "t3", "lognormal", "scales", "one wide", "missing", "failures"),
}
"""`scales`: benchmarks' scales log-uniform over 200-fold; `one wide`: the first algorithm varies between benchmarks
five times as much; `missing`: 30 % of the pairs have no runs; `failures`: 10 % of the runs have no value."""
CELLS = 60
MOST_DRAWS = 25
"""So many times the replicates are drawn at most where some have no model."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Found:
    """What a cell's replicates gave; `refused` were drawn besides, and no model could be fitted to them."""

    replicates: int
    refused: int
    familywise: float
    coverage: float

    @property
    def holds(self) -> bool:
        """Whether error and coverage are within the binomial band (99.9 %) of 5 % or below, of 93 % or above."""
        high = float(stats.binom.isf(0.001, self.replicates, 0.05)) / self.replicates
        low = float(stats.binom.ppf(0.001, self.replicates, 0.93)) / self.replicates
        return self.familywise <= high and self.coverage >= low


def design(count: int = CELLS) -> list[dict[str, object]]:
    """Return at least `count` cells in which every pair of levels of two settings occurs: greedy, always the same."""
    names = list(SETTINGS)
    every = [dict(zip(names, levels, strict=True)) for levels in itertools.product(*SETTINGS.values())]
    np.random.default_rng(0).shuffle(every)
    chosen: list[dict[str, object]] = []
    left = {pair for cell in every for pair in _pairs(cell)}
    while left:
        best = max(every, key=lambda cell: len(left & _pairs(cell)))
        chosen.append(best)
        left -= _pairs(best)
    chosen += [cell for cell in every if cell not in chosen][: max(0, count - len(chosen))]
    return [cell | {"algorithms": 3} if _is_constant(cell) else cell for cell in chosen]


def _is_constant(cell: dict[str, object]) -> bool:
    """Whether the response cannot vary: of two runs a benchmark one is the best, the other has the least regret."""
    return (cell["algorithms"], cell["seeds"], cell["response"]) == (2, 1, "log_regret")


def _pairs(cell: dict[str, object]) -> set[tuple[tuple[str, object], tuple[str, object]]]:
    return set(itertools.combinations(sorted(cell.items(), key=lambda item: item[0]), 2))


def draw(cell: dict[str, object], rng: np.random.Generator) -> Floats:
    """Return losses (benchmarks, algorithms, seeds) without a difference between algorithms; NaN is no value."""
    shape = tuple(int(str(cell[name])) for name in ("benchmarks", "algorithms", "seeds"))
    interaction = 0.5 * rng.standard_normal(shape[:2])
    noise = rng.standard_normal(shape)
    if cell["data"] == "t3":
        noise = rng.standard_t(3, shape)
    elif cell["data"] == "lognormal":
        noise = np.exp(noise)
    elif cell["data"] == "one wide":
        interaction[:, 0] *= 5.0
    y = rng.standard_normal(shape[0])[:, None, None] + interaction[:, :, None] + noise
    if cell["data"] == "scales":
        y *= (200.0 ** rng.uniform(size=shape[0]))[:, None, None]
    elif cell["data"] == "missing":
        y[rng.uniform(size=shape[:2]) < 0.3] = np.nan
    elif cell["data"] == "failures":
        y[rng.uniform(size=shape) < 0.1] = np.nan
    return y


def respond(y: Floats, response: str) -> Floats:
    """Return the response as the docs define it: regrets from the best value seen on a benchmark, ranks by block."""
    if response == "value":
        return y
    if response == "rank":
        # Ranks exist in blocks that hold every algorithm.
        ranks = stats.rankdata(y, axis=1, nan_policy="omit")
        return np.where(np.isfinite(y).all(axis=1, keepdims=True), ranks, np.nan)
    best = np.nanmin(y, axis=(1, 2), keepdims=True)
    regret = y - best
    if response == "regret":
        return regret
    if response == "normalized_regret":
        return np.asarray(regret / np.nanmax(regret, axis=(1, 2), keepdims=True))
    least = np.nanmin(np.where(regret > 0, regret, np.nan), axis=(1, 2), keepdims=True)
    return np.asarray(np.log10(np.fmax(regret, least) + 0.0 * regret))


def cells_of(y: Floats) -> Cells:
    """Return the cells of a response; raises DataError where nothing is left."""
    b, a, _ = (index.ravel() for index in np.indices(y.shape))
    return cells_from_rows(y.ravel(), {"algorithm": np.array(list("ABCDEF"))[a], "benchmark": b}, {})


def run(cell: dict[str, object], replicates: int, seed: int) -> Found:
    """Return what so many replicates that a model was fitted to give, or as many as `MOST_DRAWS` times that had."""
    rng = np.random.default_rng(seed)
    response = str(cell["response"])
    formula = f"{response} ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
    hits, covered, fitted, drawn = 0, 0.0, 0, 0
    with one_thread(), np.errstate(all="ignore"), warnings.catch_warnings():
        # A benchmark without any value has no best one.
        warnings.simplefilter("ignore", RuntimeWarning)
        while fitted < replicates and drawn < MOST_DRAWS * replicates:
            drawn += 1
            try:
                found = fit_to_compare(formula, cells_of(respond(draw(cell, rng), response))).fit
            except DataError:
                continue
            quantities = satterthwaite(found)
            pairs = pairwise(found, quantities, marginal_means(found, "algorithm")[0], "tukey")
            fitted += 1
            hits += bool((pairs.p_adjusted < 0.05).any())
            covered += float((pairs.p_value[np.isfinite(pairs.p_value)] >= 0.05).mean())
    return Found(fitted, drawn - fitted, hits / max(fitted, 1), covered / max(fitted, 1))


def main() -> None:
    """Run what is not stored yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--cells", type=int, default=CELLS)
    parser.add_argument("--only", type=lambda text: [int(at) for at in text.split(",")], default=[])
    parser.add_argument("--into", type=Path)
    parser.add_argument("--stored", type=Path)
    asked, _ = parser.parse_known_args()
    if asked.stored:
        print("\n".join(table(stored(asked.stored))))
        return
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    print("\n".join(HEAD))
    done = stored(asked.into)
    for i, cell in enumerate(design()[: asked.cells]):
        if i in asked.only or (not asked.only and i not in done):
            found = asdict(run(cell, asked.replicates, i)) | {"cell": i, "commit": head.strip() or "unknown"}
            done[i] = found
            if asked.into:
                with asked.into.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(found) + "\n")
        if i in done:
            print(row_of(i, cell, done[i]), flush=True)


HEAD = (
    f"| cell | {' | '.join(SETTINGS)} | fitted | no model | familywise error | coverage | holds | commit |",
    "|" + "---|" * (len(SETTINGS) + 7),
)


def stored(path: Path | None) -> dict[int, dict[str, object]]:
    """Return the cells that a file has, by number; the later of two."""
    if path is None or not path.exists():
        return {}
    return {int(row["cell"]): row for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())}


def table(done: dict[int, dict[str, object]]) -> list[str]:
    """Return the lines of the table: a row a cell of the design, also where it was not run."""
    return [*HEAD, *(row_of(i, cell, done.get(i)) for i, cell in enumerate(design()[:CELLS]))]


def row_of(at: int, cell: dict[str, object], row: dict[str, object] | None) -> str:
    """Return a row of the table; `no model` counts what was drawn besides and could not be fitted."""
    head = f"| {at} | {' | '.join(map(str, cell.values()))} |"
    if row is None:
        return f"{head} - | - | - | - | not run | - |"
    found = Found(**{name: row[name] for name in ("replicates", "refused", "familywise", "coverage")})
    if not found.replicates:
        return f"{head} 0 | {found.refused} | - | - | no model | {row['commit']} |"
    held = "yes" if found.holds else "NO"
    rates = f"{found.familywise:.3f} | {found.coverage:.3f}"
    return f"{head} {found.replicates} | {found.refused} | {rates} | {held} | {row['commit']} |"


if __name__ == "__main__":
    main()
