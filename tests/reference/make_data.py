"""Draw the experiments that lme4 is asked about: `python make_data.py FOLDER` writes one CSV file each.

`crossed`: 4 algorithms x 8 benchmarks x 2 priors x 4 seeds, all there. `unbalanced`: a third of its rows are lost, some
are there twice. `empty`: algorithm C was never run with the prior `bad`. `nested`: 4 suites of 3 benchmarks whose names
come back in each suite, and a suite of one. `small`: two runs of 3 algorithms on 4 benchmarks, without any variance
between benchmarks.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from pathlib import Path
from random import Random

COLUMNS = ("algorithm", "benchmark", "suite", "prior", "seed", "x", "y")
ALGORITHMS = {"A": 0.0, "B": 0.4, "C": -0.3, "D": 0.1}
Row = tuple[str, str, str, str, int, float, float]


def crossed(random: Random) -> list[Row]:
    """Every combination once, with effects of everything and slopes that differ between benchmarks."""
    benchmarks = {f"b{i}": (random.gauss(0, 1), random.gauss(0, 0.4)) for i in range(8)}
    both = {(a, b): random.gauss(0, 0.5) for a in ALGORITHMS for b in benchmarks}
    seeds = [random.gauss(0, 0.3) for _ in range(4)]
    rows = []
    for a, effect in ALGORITHMS.items():
        for b, (level, slope) in benchmarks.items():
            for prior in ("at25", "bad"):
                for seed, luck in enumerate(seeds):
                    x = round(random.uniform(-1, 2), 3)
                    shift = 0.5 * (prior == "bad") * (a == "B")
                    y = effect + shift + level + (0.3 + slope) * x + both[a, b] + luck + random.gauss(0, 0.7)
                    rows.append((a, b, f"s{int(b[1]) % 3}", prior, seed, x, round(y, 6)))
    return rows


def nested(random: Random) -> list[Row]:
    """Benchmarks named anew in every suite; the last suite has one."""
    rows = []
    for suite, size in (("s1", 3), ("s2", 3), ("s3", 3), ("s4", 3), ("s5", 1)):
        of_suite = random.gauss(0, 1)
        for b in range(size):
            level = of_suite + random.gauss(0, 0.6)
            for a in ("A", "B", "C"):
                for seed in range(random.randint(2, 5)):
                    y = ALGORITHMS[a] + level + random.gauss(0, 0.5)
                    rows.append((a, f"b{b}", suite, "at25", seed, round(random.random(), 3), round(y, 6)))
    return rows


def small(random: Random) -> list[Row]:
    """Benchmarks that differ by less than chance makes them: the variance is estimated as zero."""
    rows = []
    for a in ("A", "B", "C"):
        for seed in range(2):
            noise = [random.gauss(0, 1) for _ in range(4)]
            for b, one in enumerate(noise):
                y = ALGORITHMS[a] + one - sum(noise) / 4
                rows.append((a, f"b{b}", "s0", "at25", seed, float(b), round(y, 6)))
    return rows


def experiments() -> dict[str, list[Row]]:
    """Return every experiment by name."""
    full = crossed(Random(1))
    random = Random(2)
    unbalanced = [row for row in full for _ in range(random.choice((0, 1, 1, 1, 1, 2, 0)))]
    return {
        "crossed": full,
        "unbalanced": unbalanced,
        "empty": [row for row in full if (row[0], row[3]) != ("C", "bad")],
        "nested": nested(Random(3)),
        "small": small(Random(4)),
    }


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write one experiment."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


if __name__ == "__main__":
    for name, rows in experiments().items():
        write(Path(sys.argv[1]) / f"{name}.csv", rows)
