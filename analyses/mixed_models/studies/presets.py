"""The sanity checks of arXiv 2408.02533, with tests that hold their level: seed dependency, benchmark informativeness,
budget effect, meta-feature effects.

Where the published tool compares models that are not nested, takes the absolute difference of log-likelihoods, does not
correct for the number of benchmarks and treats the budgets of a run as independent, these use nested models, boundary
distributions, Satterthwaite F tests, Holm's correction, and one row or a random effect for a run. `published` has the
originals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.inference.compare import Comparison, NotComparableError, compare_formulas
from hpowh.analyses.mixed_models.inference.contrasts import pairwise
from hpowh.analyses.mixed_models.inference.kenward_roger import JointTests
from hpowh.analyses.mixed_models.inference.margins import marginal_means
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.model.cells import Cells, DataError
from hpowh.analyses.mixed_models.model.fit import Fit, fit
from hpowh.analyses.mixed_models.model.formula import Formula, parse_formula
from hpowh.analyses.mixed_models.model.problem import effects_besides_largest
from hpowh.analyses.mixed_models.model.subset import one_row_a_run, subset
from hpowh.analyses.mixed_models.studies.fitting import fit_to_compare
from hpowh.analyses.mixed_models.studies.strata import identifiable
from hpowh.analyses.statistics.multiplicity import holm

LEVEL = 0.05
MOST_ALGORITHMS = 8
"""Up to so many algorithms the seeds' effects have a covariance of their own for every pair (36 parameters)."""
MOST_EFFECTS = 2500
"""With more random effects besides the runs' the model of the budget takes minutes and gigabytes."""
CellSource = Callable[[str], Cells]
Row = dict[str, Any]


@dataclass(frozen=True)
class Setup:
    """An experiment as the presets see it: response, further factors, whether runs give several rows and have seeds."""

    response: str
    factors: tuple[str, ...] = ()
    features: Mapping[str, bool] = field(default_factory=dict)
    has_repeats: bool = False
    has_seeds: bool = True

    def formula(self, fixed: Sequence[str], groups: Sequence[str]) -> str:
        """Write a formula of fixed terms and groups with random intercepts."""
        return f"{self.response} ~ " + " + ".join([*(fixed or ["1"]), *groups])

    @property
    def run_terms(self) -> list[str]:
        """The random effect of a run, where a run gives several rows."""
        return ["(1|run)"] if self.has_repeats else []

    def run_means(self, source: CellSource, formula: str) -> Cells:
        """Return cells in which every run counts once, with its mean over budgets.

        In a balanced design that is what `(1|run)` amounts to, and it also holds where the change over budgets drowns
        the variance between runs, which an estimate of zero would then treat as independence.
        """
        return one_row_a_run(source(f"{formula} + (1|run)")) if self.has_repeats else source(formula)

    @property
    def cell_terms(self) -> list[str]:
        """What varies between benchmarks: level, algorithm, and the further factors with each."""
        groups = ["(1|benchmark)", "(1|benchmark:algorithm)"]
        for name in self.factors:
            groups += [f"(1|benchmark:{name})", f"(1|benchmark:algorithm:{name})"]
        if len(self.factors) > 1:
            groups.append(f"(1|benchmark:algorithm:{':'.join(self.factors)})")
        return groups


def seed_dependency(source: CellSource, setup: Setup) -> list[Row]:
    """Return one row for all algorithms and one an algorithm: does the seed shift results beyond chance?

    A seed that moves every algorithm alike on one benchmark, and otherwise on the next, is asked for by itself
    (`within benchmarks`, with `(1 | benchmark:seed)`).

    The full model adds `(0 + algorithm | seed)` to a model that it contains; for a single algorithm `(1 | seed)`. Above
    `MOST_ALGORITHMS` the seeds' covariance has one correlation for all pairs: `(1 | seed) + (1 | seed:algorithm)`.
    """
    fixed = ["algorithm", *setup.factors]
    null = setup.formula(fixed, setup.cell_terms)
    full = null + " + (0+algorithm|seed)"
    cells = setup.run_means(source, full)
    if len(cells.levels["algorithm"]) > MOST_ALGORITHMS:
        full = null + " + (1|seed) + (1|seed:algorithm)"
    rows = [_likelihood_row("seed", "all algorithms", null, full, cells)]
    if _shares_seeds(cells):
        found = _likelihood_row("seed", "within benchmarks", null, null + " + (1|benchmark:seed)", cells)
        if found["reason"] is None:
            what = "go together" if found["is_significant"] else "have nothing in common that is seen"
            found["verdict"] = f"runs of different algorithms that share benchmark and seed {what}"
        rows.append(found)
    single = [term.replace(":algorithm", "") for term in setup.cell_terms if term != "(1|benchmark:algorithm)"]
    each_null = setup.formula(list(setup.factors), list(dict.fromkeys(single)))
    each = []
    for algorithm in cells.levels["algorithm"]:
        part = subset(cells, {"algorithm": algorithm})
        each.append(_likelihood_row("seed", algorithm, each_null, each_null + " + (1|seed)", part))
    return rows + _corrected(each, "the seed shifts the results of {}", "no seed effect on {} is seen")


def _shares_seeds(cells: Cells) -> bool:
    """Whether some seed was used by several algorithms on one benchmark."""
    block = cells.codes["benchmark"] * len(cells.levels["seed"]) + cells.codes["seed"]
    pairs = np.unique(block * len(cells.levels["algorithm"]) + cells.codes["algorithm"])
    return bool((np.bincount(pairs // len(cells.levels["algorithm"])) > 1).any())


def benchmark_informativeness(source: CellSource, setup: Setup) -> list[Row]:
    """Return one row a benchmark: do the algorithms differ on it? Joint F test of all algorithm terms, Holm-corrected.

    Each benchmark has its own model with a random effect of the seed (runs of one seed share it).
    """
    fixed = " * ".join(["algorithm", *setup.factors])
    groups = ["(1|seed)"]
    formula = setup.formula([fixed], groups)
    cells = setup.run_means(source, f"{formula} + (1|benchmark)")
    rows = []
    for benchmark in cells.levels["benchmark"]:
        part = subset(cells, {"benchmark": benchmark})
        row = _blank("informativeness", benchmark, setup.formula(list(setup.factors), groups), formula, "F")
        try:
            rows.append(row | _joint(_fit(formula, part), "algorithm"))
        except DataError as error:
            rows.append(row | {"reason": str(error)})
    return _corrected(rows, "the algorithms differ on {}", "no difference between the algorithms is seen on {}")


def budget_effect(source: CellSource, setup: Setup) -> list[Row]:
    """Return two rows: does the response change with the budget, and does the change depend on the algorithm?

    F tests by REML in a model in which the slope may differ between benchmarks and between benchmark and algorithm.
    """
    groups = [*setup.cell_terms, *setup.run_terms, "(0+budget|benchmark)", "(0+budget|benchmark:algorithm)"]
    simple = setup.formula(["algorithm", *setup.factors, "budget"], groups)
    crossed = setup.formula(["algorithm * budget", *setup.factors], groups)
    none = setup.formula(["algorithm", *setup.factors], groups)
    cells = source(crossed)
    rows = [_blank("budget", "simple effect", none, simple, "F")]
    rows.append(_blank("budget", "interaction with algorithm", simple, crossed, "F"))
    try:
        _refuse_too_many(parse_formula(crossed), cells)
        rows[0] |= _joint(_fit(simple, cells), "budget")
        rows[1] |= _joint(_fit(crossed, cells), "budget", "algorithm")
    except DataError as error:
        rows = [row | {"reason": str(error)} for row in rows]
    return _corrected(rows, "the budget has an effect: {}", "no effect of the budget is seen: {}")


def _refuse_too_many(formula: Formula, cells: Cells) -> None:
    """Raise DataError where the model has more random effects than can be fitted while somebody waits."""
    count = effects_besides_largest(formula, cells)
    if count > MOST_EFFECTS:
        raise DataError(
            f"{count:,} random effects besides the runs' are more than this check fits ({MOST_EFFECTS:,}); "
            "choose algorithms or benchmarks with --where."
        )


def feature_effects(source: CellSource, setup: Setup) -> list[Row]:
    """Return the rows of every meta-feature: its interaction with the algorithm, and contrasts in two subsets."""
    rows, tests = [], []
    # A run factor (the quality of a prior) is asked the same question; its strata are in the cells' terms.
    for name, is_numeric in {**setup.features, **dict.fromkeys(setup.factors, False)}.items():
        others = [factor for factor in setup.factors if factor != name]
        full = setup.formula([f"algorithm * {_quoted(name)}", *others], setup.cell_terms)
        null = setup.formula(["algorithm", _quoted(name), *others], setup.cell_terms)
        row = _blank("features", f"{name} x algorithm", null, full, "F")
        try:
            cells = setup.run_means(source, full)
            tests.append(row | _joint(_fit(full, cells), name, "algorithm"))
            rows += _subset_rows(name, is_numeric, cells, replace(setup, factors=tuple(others)))
        except DataError as error:
            tests.append(row | {"reason": str(error)})
    return _corrected(tests, "the algorithms' differences depend on {}", "no dependence is seen: {}") + rows


def _subset_rows(name: str, is_numeric: bool, cells: Cells, setup: Setup) -> list[Row]:
    """Compare the algorithms within subsets of benchmarks: below and above the median, or level by level."""
    formula = setup.formula(["algorithm", *setup.factors], setup.cell_terms)
    parts: list[tuple[str, Cells]] = []
    if is_numeric:
        value = cells.mean_x[:, cells.monomials.index((name,))]
        each = {int(b): float(value[cells.codes["benchmark"] == b][0]) for b in np.unique(cells.codes["benchmark"])}
        middle = float(np.median(list(each.values())))
        parts = [
            (f"{name} <= {middle:.6g}", subset(cells, keep=value <= middle)),
            (f"{name} > {middle:.6g}", subset(cells, keep=value > middle)),
        ]
    else:
        parts = [(f"{name} = {level}", subset(cells, {name: level})) for level in cells.levels[name]]
    rows = []
    for label, part in parts:
        row = _blank("features", label, None, formula, "Tukey")
        try:
            found = fit_to_compare(formula, part).fit
            means = marginal_means(found, "algorithm")[0]
            pairs = pairwise(found, satterthwaite(found), means, "tukey")
        except DataError as error:
            rows.append(row | {"reason": str(error), "verdict": f"not tested: {error}"})
            continue
        for i, contrast in enumerate(pairs.names):
            is_significant = bool(pairs.p_adjusted[i] < LEVEL)
            rows.append(
                row
                | {
                    "subject": f"{label}: {contrast}",
                    "statistic": pairs.t_value[i],
                    "df2": pairs.df[i],
                    "p_value": pairs.p_value[i],
                    "p_adjusted": pairs.p_adjusted[i],
                    "is_significant": is_significant,
                    "estimate": pairs.estimate[i],
                    "lower": pairs.lower[i],
                    "upper": pairs.upper[i],
                    "verdict": f"{contrast} {'differs from' if is_significant else 'is not distinguishable from'} zero "
                    f"where {label}",
                }
            )
    return rows


def _quoted(name: str) -> str:
    return name if name.isidentifier() else f"`{name}`"


def _blank(preset: str, subject: str, null: str | None, full: str | None, test: str) -> Row:
    empty = ("statistic", "df1", "df2", "p_value", "p_adjusted", "is_significant", "estimate", "lower", "upper")
    return {
        "preset": preset,
        "subject": subject,
        "null_formula": null,
        "full_formula": full,
        "test": test,
        **dict.fromkeys((*empty, "null_log_likelihood", "full_log_likelihood", "reason")),
        "verdict": "",
    }


def _likelihood_row(preset: str, subject: str, null: str, full: str, cells: Cells) -> Row:
    row = _blank(preset, subject, null, full, "likelihood ratio, boundary mixture")
    try:
        found = compare_formulas(null, full, cells)
    except (DataError, NotComparableError) as error:
        return row | {"reason": str(error), "verdict": f"not tested: {error}"}
    significant = found.p_value < LEVEL
    return (
        row
        | comparison_fields(found)
        | {
            "is_significant": significant,
            "verdict": f"{'a' if significant else 'no'} seed effect that is alike on all benchmarks for {subject} "
            f"(LR {max(0.0, found.chi_square):.3g}, {found.distribution})",
        }
    )


def comparison_fields(found: Comparison) -> Row:
    """Return a comparison as fields of a preset's row."""
    return {
        # The larger model cannot fit worse: what is below zero is the search's last digit.
        "statistic": max(0.0, found.chi_square) if found.chi_square > -1e-6 else found.chi_square,
        "df1": float(found.df),
        "p_value": found.p_value,
        "null_log_likelihood": found.null.log_likelihood,
        "full_log_likelihood": found.full.log_likelihood,
    }


def _fit(formula: str, cells: Cells) -> Fit:
    """Fit a formula without the random effects that have a level for each row."""
    return fit(identifiable(parse_formula(formula), cells)[0], cells)


def _joint(found: Fit, *names: str) -> Row:
    """Return the joint F test of all fixed terms in which every one of the names occurs."""
    chosen = [
        j
        for j, column in enumerate(found.problem.columns)
        if set(names) <= {*column.numeric, *(name for name, _ in column.levels)}
    ]
    if not chosen:
        raise DataError(f"No term with {' and '.join(names)} can be estimated.")
    contrasts = np.eye(found.problem.p)[chosen]
    test = JointTests(found, satterthwaite(found)).of(contrasts)
    return {
        "test": test.method,
        "statistic": test.statistic,
        "df1": float(test.df1),
        "df2": test.df2,
        "p_value": test.p_value,
        "full_log_likelihood": found.log_likelihood,
    }


def _corrected(rows: list[Row], yes: str, no: str) -> list[Row]:
    """Add Holm's p-values over the rows that were tested, and the verdicts."""
    p_values = np.array([np.nan if row["p_value"] is None else row["p_value"] for row in rows], dtype=float)
    out = []
    for row, p in zip(rows, holm(p_values), strict=True):
        if np.isnan(p):
            out.append(row | {"verdict": f"not tested: {row['reason']}"})
            continue
        is_significant = bool(p < LEVEL)
        sentence = (yes if is_significant else no).format(row["subject"])
        out.append(row | {"p_adjusted": p, "is_significant": is_significant, "verdict": sentence})
    return out
