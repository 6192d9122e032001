"""Presets, ladder, anomalies and power of an experiment, given something that reads its cells (`job.Reader`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from hpowh.analyses.elsewhere.places import Place
from hpowh.analyses.mixed_models.inference.bootstrap import bootstrap_test
from hpowh.analyses.mixed_models.inference.compare import NotComparableError, compare_formulas
from hpowh.analyses.mixed_models.inference.contrasts import pairwise
from hpowh.analyses.mixed_models.inference.margins import marginal_means
from hpowh.analyses.mixed_models.inference.permutation import permutation_test
from hpowh.analyses.mixed_models.inference.power import choice_sentence, power_table, squares_of, zero_sentences
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.model.cells import Cells, DataError
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.mixed_models.model.formula import Formula, parse_formula
from hpowh.analyses.mixed_models.model.problem import effects_besides_largest
from hpowh.analyses.mixed_models.reading.catalogue import Catalogue, Selection
from hpowh.analyses.mixed_models.studies import anomalies, anytime, odd, presets, published
from hpowh.analyses.mixed_models.studies.checks import with_group
from hpowh.analyses.mixed_models.studies.defaults import PRESETS
from hpowh.analyses.mixed_models.studies.fitting import fit_to_compare
from hpowh.analyses.mixed_models.studies.ladder import Ladder, climb, formula_of
from hpowh.analyses.mixed_models.studies.presets import Setup
from hpowh.analyses.mixed_models.studies.strata import identifiable, left_out_sentences, written
from hpowh.analyses.mixed_models.studies.tables import model_row
from hpowh.analyses.wording import p_said

Row = dict[str, Any]
GRID = 30
"""At most this many budgets are looked at for anomalies."""
LADDER_EFFECTS = 500
"""Up to this many random effects besides the runs' the suggested ladder keeps the runs' single points."""
SEEDED = ("seed", "informativeness")
"""Presets that need several runs with seeds: published tables have none."""


class CellReader(Protocol):
    """What the studies need of `job.Reader`."""

    catalogue: Catalogue

    def cells(self, formula: Formula | str, selection: Selection) -> Cells: ...
    def direction(self, response: str, selection: Selection) -> tuple[str, str | None]: ...
    def level_counts(self, selection: Selection, response: str) -> Mapping[str, int]: ...
    def rows_per_run(self, selection: Selection, response: str) -> int: ...
    def common_budgets(self, selection: Selection) -> list[float]: ...
    def values_at(self, selection: Selection, factor: str, budgets: Sequence[float]) -> Mapping[str, Any]: ...


def setup_of(reader: CellReader, selection: Selection, response: str) -> Setup:
    """Return what varies in a selection: run factors and meta-features with two levels or more, and repeated rows."""
    counts = reader.level_counts(selection, response)
    catalogue = reader.catalogue
    factors = tuple(name for name, is_numeric in catalogue.factors.items() if counts[name] > 1 and not is_numeric)
    features = {
        name: is_numeric
        for name, is_numeric in catalogue.features.items()
        if counts[name] > 1 and not is_identifier(name)
    }
    return Setup(response, factors, features, reader.rows_per_run(selection, response) > 1, counts["seed"] > 1)


IDENTIFIERS = ("id", "ids", "uuid", "guid", "key", "hash", "index", "url", "did", "tid", "name")
"""Last words of columns that name a benchmark and measure nothing of it."""


def is_identifier(name: str) -> bool:
    """Whether a column names things: its last word is that of an identifier (`openml_task_id`, `taskId`)."""
    words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)
    return bool(words) and words[-1].lower() in IDENTIFIERS


def run_presets(
    reader: CellReader, selection: Selection, response: str, names: Sequence[str], as_published: bool
) -> tuple[list[Row], list[str]]:
    """Return the rows of `lmem_preset` and sentences about what was not done.

    Raises:
        DataError: a preset does not exist.
    """
    unknown = [name for name in names if name not in PRESETS]
    if unknown:
        raise DataError(f"There is no preset {unknown[0]!r}; there are: {', '.join(PRESETS)}.")
    if as_published:
        # The published checks know neither factors nor features; only the one of the budget needs several rows a run.
        has_repeats = "budget" in names and reader.rows_per_run(selection, response) > 1
        setup = Setup(response, has_repeats=has_repeats)
    else:
        setup = setup_of(reader, selection, response)
    family = published if as_published else presets
    steps = {
        "seed": family.seed_dependency,
        "informativeness": family.benchmark_informativeness,
        "budget": family.budget_effect,
    }
    if not as_published:
        steps["features"] = presets.feature_effects
    rows, said = [], []
    for name in names:
        if name == "budget" and not setup.has_repeats:
            said.append("Every run has one row in this selection, so there is no budget effect to test.")
            continue
        if name == "features" and not as_published:
            named = [one for one in reader.catalogue.features if is_identifier(one)]
            said += [f"Not tested, because they name benchmarks: {', '.join(named)}."] if named else []
        if name == "features" and (as_published or not (setup.features or setup.factors)):
            said.append("Features: none varies in this selection, or none is part of the published checks.")
            continue
        try:
            rows += steps[name](lambda formula: reader.cells(formula, selection), setup)
        except DataError as error:
            said.append(f"Not checked: {name}{' (it needs seeds)' if name in SEEDED else ''}. {error}")
    if not rows and any("Not checked" in one for one in said):
        raise DataError(f"None of these checks can be made: {' '.join(said)}")
    return rows, said


def run_ladder(
    reader: CellReader, selection: Selection, response: str, terms: Sequence[str]
) -> tuple[Ladder, tuple[str, ...], list[str]]:
    """Return the ladder over the terms given, or over those that the experiment's design suggests, and what to know.

    A ladder is dozens of fits. Where the suggested one has more than `LADDER_EFFECTS` random effects besides the runs',
    every run counts once, with its mean, and what changes within runs is left out.
    """
    if terms:
        return climb(response, tuple(terms), reader.cells(formula_of(response, terms), selection)), tuple(terms), []
    setup = setup_of(reader, selection, response)
    chosen = suggested_terms(setup)
    formula = formula_of(response, chosen)
    cells = reader.cells(formula, selection)
    if not setup.has_repeats or effects_besides_largest(parse_formula(formula), cells) <= LADDER_EFFECTS:
        left_out = identifiable(parse_formula(formula), cells)[1]
        chosen = tuple(term for term in chosen if term not in {written(random) for random in left_out})
        return climb(response, chosen, cells), chosen, left_out_sentences(left_out)
    chosen = suggested_terms(replace(setup, has_repeats=False))
    cells = setup.run_means(lambda text: reader.cells(text, selection), formula_of(response, chosen))
    said = "The design is large: every run counts once, with its mean over budgets. Name terms to have it otherwise."
    return climb(response, chosen, cells), chosen, [said]


def suggested_terms(setup: Setup) -> tuple[str, ...]:
    """Return the terms of a ladder: algorithm, factors, budget, and what varies between benchmarks, seeds and runs."""
    terms = ["algorithm", "(1|benchmark)", "(1|benchmark:algorithm)"]
    terms += ["(1|seed)"] if setup.has_seeds else []
    for name in setup.factors:
        terms += [name, f"algorithm:{name}", f"(1|benchmark:{name})", f"(1|benchmark:algorithm:{name})"]
    if setup.has_repeats:
        terms += ["budget", "algorithm:budget", "(1|run)"]
    return tuple(terms)


def run_anomalies(
    reader: CellReader,
    selection: Selection,
    factor: str | None,
    levels: Sequence[str],
    pair: Sequence[str],
    budgets: Sequence[float],
) -> dict[str, list[Row]]:
    """Return the rows of `lmem_anomaly` and `lmem_anomaly_why` for a pair of algorithms, or for all pairs.

    Raises:
        DataError: the factor or a level does not exist, or more than two levels leave open which two are meant.
    """
    factor = factor or _only_factor(reader.catalogue)
    chosen = list(budgets) or thinned(reader.common_budgets(selection))
    values = reader.values_at(selection, factor, chosen)
    known = sorted({str(level) for level in values["level"] if level is not None})
    if not levels:
        if len(known) != 2:
            raise DataError(f"{factor} has the levels {', '.join(known)}; say which two: --levels GOOD,BAD.")
        levels = known
    for level in levels:
        if level not in known:
            raise DataError(f"{factor} has no level {level}; there are: {', '.join(known)}.")
    algorithms = sorted(set(values["algorithm"]))
    for name in pair:
        if name not in algorithms:
            raise DataError(f"There is no algorithm {name}; there are: {', '.join(algorithms)}.")
    pairs = [tuple(pair)] if pair else [(a, b) for i, a in enumerate(algorithms) for b in algorithms[i + 1 :]]
    rows: list[Row] = []
    for first, second in pairs:
        names = {"first": first, "second": second, "factor": factor, "good_level": levels[0], "bad_level": levels[1]}
        rows += anomalies.find_anomalies(paired_shifts(values, first, second, levels, chosen), names)
    return {"lmem_anomaly": rows, "lmem_anomaly_why": odd.why_rows(rows, values, chosen)}


def run_anytime(
    reader: CellReader, selection: Selection, response: str, budgets: Sequence[float]
) -> tuple[dict[str, list[Row]], list[str]]:
    """Return the rows of `lmem_anytime` and `lmem_anytime_pair`, and what to know about them.

    Raises:
        DataError: no budget is common to all runs, or there are too few benchmarks.
    """
    direction, doubt = reader.direction(response, selection)
    chosen = sorted(budgets) or thinned(reader.common_budgets(selection))
    formula = f"{response} ~ 1 + (1|algorithm:benchmark)"
    cells = [reader.cells(formula, replace(selection, budget=budget)) for budget in chosen]
    rows = anytime.anytime_rows(anytime.curves_of(cells, chosen), response, direction)
    sentences = [*([doubt] if doubt else []), *(row["sentence"] for row in rows["lmem_anytime_pair"])]
    return rows, sentences


def _only_factor(catalogue: Catalogue) -> str:
    texts = [name for name, is_numeric in catalogue.factors.items() if not is_numeric]
    if len(texts) != 1:
        raise DataError(f"Say between which levels of what: --factor NAME (factors: {', '.join(texts) or 'none'}).")
    return texts[0]


def thinned(budgets: Sequence[float]) -> list[float]:
    """Return at most `GRID` budgets, evenly over those there are, the last included."""
    if len(budgets) <= GRID:
        return list(budgets)
    places = np.unique(np.linspace(0, len(budgets) - 1, GRID).round().astype(int))
    return [budgets[i] for i in places]


def paired_shifts(
    found: Mapping[str, Any], first: str, second: str, levels: Sequence[str], budgets: Sequence[float]
) -> list[anomalies.Shift]:
    """Pair the runs of two algorithms by benchmark, level, seed and further factors; return every shift.

    `found` has one entry a run: `algorithm`, `benchmark`, `level`, `block` (seed and other factors) and `losses`
    (runs, budgets), NaN where a run has no value yet.
    """
    place = {
        key: i
        for i, key in enumerate(
            zip(found["algorithm"], found["benchmark"], found["level"], found["block"], strict=True)
        )
    }
    losses = np.asarray(found["losses"], dtype=float)
    differences: dict[tuple[str, str], list[np.ndarray]] = {}
    for (algorithm, benchmark, level, block), i in place.items():
        j = place.get((second, benchmark, level, block))
        if algorithm == first and level in levels and j is not None:
            differences.setdefault((benchmark, level), []).append(losses[i] - losses[j])
    shifts = []
    for benchmark in dict.fromkeys(key[0] for key in differences):
        parts = [np.array(differences.get((benchmark, level), [])).reshape(-1, len(budgets)) for level in levels]
        for b, budget in enumerate(budgets):
            good, bad = (part[:, b][np.isfinite(part[:, b])] for part in parts)
            shift = anomalies.shift_of(benchmark, budget, good, bad)
            if shift is not None:
                shifts.append(shift)
    return shifts


def run_comparison(
    reader: CellReader,
    selection: Selection,
    null: str,
    full: str,
    bootstrap: int = 0,
    permutations: int = 0,
    seed: int = 0,
    *,
    on: Place | Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[dict[str, list[Row]], list[str]]:
    """Return the row of `lmem_comparison` and both models' rows; a refused pair has NULLs and the reason."""
    names = ("chi_square", "df", "p_value", "p_chi_square", "distribution", "p_bootstrap", "bootstrap_quantile")
    smaller, larger = parse_formula(null), parse_formula(full)
    row: Row = {
        "comparison": f"{smaller} | {larger}",
        "null_formula": str(smaller),
        "full_formula": str(larger),
        **dict.fromkeys((*names, "bootstrap_count", "p_permutation", "permutation_count", "reason")),
        "is_refused": False,
    }
    try:
        comparison = compare_formulas(smaller, larger, reader.cells(larger, selection))
    except NotComparableError as error:
        reason = str(error)
        return {"lmem_comparison": [row | {"is_refused": True, "reason": reason}]}, [f"Refused: {reason}."]
    sentences = []
    row |= {
        "chi_square": comparison.chi_square,
        "df": float(comparison.df),
        "p_value": comparison.p_value,
        "p_chi_square": comparison.p_chi_square,
        "distribution": comparison.distribution,
    }
    if comparison.chi_square < -1e-6:
        sentences.append("The larger model has the lower likelihood: a search failed, so the test means nothing.")
    if bootstrap:
        simulated = bootstrap_test(comparison, bootstrap, seed, on, progress)
        row |= {
            "p_bootstrap": simulated.p_value,
            "bootstrap_count": bootstrap,
            "bootstrap_quantile": simulated.quantile(),
        }
    if permutations:
        row |= _permuted(reader, selection, (smaller, larger), permutations, seed, on, progress)
        if row["reason"]:
            sentences.append(f"Not shuffled: {row['reason']}.")
    sentences += disagreement(row)
    models = [model_row(comparison.null, "null"), model_row(comparison.full, "full")]
    return {"lmem_comparison": [row], "lmem_model": models}, sentences


def _permuted(
    reader: CellReader,
    selection: Selection,
    pair: tuple[Formula, Formula],
    count: int,
    seed: int,
    on: Place | Executor | None,
    progress: Callable[[int, int], None] | None,
) -> Row:
    """Shuffle the rows: cells of one row each are those of a run, or of a run's budgets where it has several."""
    null, full = pair
    keys = ("run", "budget") if reader.rows_per_run(selection, full.response) > 1 else ("run",)
    try:
        cells = reader.cells(with_group(full, *keys), selection)
        shuffled = permutation_test(compare_formulas(null, full, cells), count, seed, on, progress)
    except NotComparableError as error:
        return {"reason": str(error)}
    return {"p_permutation": shuffled.p_value, "permutation_count": count}


def disagreement(row: Row) -> list[str]:
    """Return a sentence where the tests of one comparison fall on different sides of 5 %."""
    named = {"asymptotic": "p_value", "bootstrap": "p_bootstrap", "permutation": "p_permutation"}
    known = {name: row[column] for name, column in named.items() if row[column] is not None}
    if len({p < anomalies.LEVEL for p in known.values()}) < 2:
        return []
    listed = ", ".join(f"{name} {p_said(p)}" for name, p in known.items())
    return [f"The tests of this comparison disagree at 5 %: {listed}."]


def run_power(
    reader: CellReader,
    selection: Selection,
    response: str,
    benchmarks: Sequence[int],
    seeds: Sequence[int],
    differences: Sequence[float],
    count: int,
    seed: int,
) -> tuple[list[Row], Fit, list[str]]:
    """Return the rows of `lmem_power`, the default model they are simulated from, and what to know."""
    setup = setup_of(reader, selection, response)
    if setup.has_repeats:
        raise DataError("Power is for one result a run: choose a budget (--budget final).")
    fixed = ["algorithm", *setup.factors]
    extra = [f"(1|benchmark:algorithm:{':'.join(setup.factors)})"] if setup.factors else []
    formula = setup.formula(fixed, ["(1|benchmark)", "(1|benchmark:algorithm)", *extra])
    fitted = fit_to_compare(formula, reader.cells(formula, selection), variance="equal").fit
    if not differences:
        pairs = pairwise(fitted, satterthwaite(fitted), marginal_means(fitted, "algorithm")[0], "tukey")
        largest = float(np.abs(pairs.estimate).max())
        if not round(largest, 6) > 0:
            raise DataError("All algorithms have the same mean: say which difference is meant (--difference D).")
        differences = [round(largest * share, 6) for share in (0.5, 1.0, 2.0)]
    squares = squares_of(fitted.problem.cells)
    here = len(fitted.problem.cells.levels["benchmark"])
    runs = max(1, round(fitted.problem.row_count / (here * squares.algorithms)))
    middle = sorted(differences)[len(differences) // 2]
    if not squares.run_df:
        seeds = [1]
    sentences = [*zero_sentences(squares), choice_sentence(squares, here, runs, middle, response)]
    return power_table(squares, benchmarks, seeds, differences, count, seed), fitted, sentences
