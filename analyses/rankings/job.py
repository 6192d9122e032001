"""Rankings of an experiment's algorithms: read blocks, test, store `result.ranking_*`.

From Python:
    >>> from hpowh.warehouse import Warehouse
    >>> from hpowh.analyses.rankings.job import analyse_rankings
    >>> outcome = analyse_rankings(Warehouse("hpowh.duckdb"), response="normalized_regret", budget="final")
    >>> outcome.tables["ranking_pair"]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.inference.contrasts import pairwise
from hpowh.analyses.mixed_models.inference.margins import MarginalMeans, marginal_means
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.job import Outcome, analysis_run, reader_of, save, stored
from hpowh.analyses.mixed_models.model.cells import DataError
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.mixed_models.model.formula import FormulaError, parse_formula
from hpowh.analyses.mixed_models.reading.catalogue import DERIVED, EACH, RANK, Selection, mentioned
from hpowh.analyses.mixed_models.reading.reader import Reader
from hpowh.analyses.mixed_models.reading.verdicts import answering_model, budget_text, has_budgets
from hpowh.analyses.mixed_models.studies.checks import coverage_warning, idle_sentence
from hpowh.analyses.mixed_models.studies.failures import comparable, sentences, with_policies
from hpowh.analyses.mixed_models.studies.fitting import fit_to_compare
from hpowh.analyses.rankings.blocks import Blocks, Floats, RankingError, make_blocks
from hpowh.analyses.rankings.compare import Rows, agreement_rows, ranking_rows
from hpowh.analyses.rankings.incomplete import (
    arranged,
    cost_rows,
    cost_sentence,
    costs,
    durbin,
    failure_rows,
    no_failure_row,
    omnibus_row,
    skillings_mack,
)
from hpowh.analyses.rankings.leaderboard import measures
from hpowh.analyses.rankings.tiers import (
    first_by_policy,
    rank_sets,
    stepped_sentence,
    tier_caveats,
    tier_rows,
    tier_sentence,
)
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.wording import plural

JOB, TIERS = "rankings", "tiers"
SEED = 2017
BLOCKS = ("benchmark", "seed")
RESPONSE = "normalized_regret"
"""What is ranked where no model of the same rows was fitted."""
MOST_SENTENCES = 5
"""So many disagreements are written out."""


def analyse_rankings(
    warehouse: Warehouse,
    experiment: str | None = None,
    *,
    response: str | None = None,
    block: str = "benchmark",
    rope: float = 0.0,
    where: str | None = None,
    metric: str | None = None,
    budget: float | str | None = "final",
    failures: str = "exclude",
    progress: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Rank an experiment's algorithms over blocks and compare them without a model; store `result.ranking_*`.

    Args:
        response: what is ranked, averaged within a block; smaller is better except for a maximised metric. None: the
            response of the model that was last fitted to the same rows, else `normalized_regret`.
        block: `benchmark` (mean over seeds) or `seed` (every benchmark and seed by itself: these are not independent,
            which is said). Run factors split the blocks of either.
        rope: differences up to this count as practically equal in the Bayesian tests.
        failures: what a failed run counts: `exclude`, `last`, `impute` or `impute:ALGORITHM`.
        progress: called with how many pairs have been compared, and how many there are.

    Raises:
        UsageError: a name or condition means nothing here, or no block is complete.
    """
    if block not in BLOCKS:
        raise UsageError(f"Blocks are one of {', '.join(BLOCKS)}, not {block!r}.")
    reader = reader_of(warehouse, experiment)
    selection = Selection(catalogue=reader.catalogue, metric=metric, where=where, budget=budget, failures=failures)
    try:
        at = reader.settle(selection, response or RESPONSE).at
    except DataError as error:
        raise UsageError(str(error)) from error
    fitted = _fitted(warehouse, selection, at, response)
    response = response or (fitted[0] if fitted else RESPONSE)
    formula = fitted[1] if fitted else f"{response} ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
    parameters = {
        "response": response,
        "formula": formula,
        "block": block,
        "rope": rope,
        "where": where,
        "metric": metric,
        "budget": budget,
        "failures": failures,
    }
    run = analysis_run(reader, JOB, parameters, SEED)
    found = warehouse.find_run(run)
    if found is not None:
        return stored(warehouse, reader.catalogue.experiment, found)
    try:
        rows, run.warnings = _rank(reader, selection, response, formula, block, rope, progress)
    except (DataError, RankingError, ValueError) as error:
        raise UsageError(str(error)) from error
    return save(warehouse, run, rows)


def _fitted(warehouse: Warehouse, selection: Selection, at: object, response: str | None) -> tuple[str, str] | None:
    """Return response and formula of the model last fitted to the same rows, of any response or of that one."""
    question = (selection.metric, budget_text(selection.budget, at), selection.where or "", selection.failures)
    return answering_model(warehouse, selection.catalogue.experiment, question, response)


def analyse_tiers(
    warehouse: Warehouse,
    experiment: str | None = None,
    *,
    response: str | None = None,
    where: str | None = None,
    metric: str | None = None,
    budget: float | str | None = "final",
    failures: str = "exclude",
) -> Outcome:
    """Say which ranks each algorithm may have, and who is tied with the best; store `result.ranking_tier`.

    Args:
        response: what is compared by the default mixed model, and averaged within benchmarks for win rate, Elo and
            improvability. None: as for `analyse_rankings`.
        failures: what a failed run counts: `exclude`, `last`, `impute` or `impute:ALGORITHM`.

    Raises:
        UsageError: a name or condition means nothing here, or the data cannot carry the default model.
    """
    reader = reader_of(warehouse, experiment)
    selection = Selection(catalogue=reader.catalogue, metric=metric, where=where, budget=budget, failures=failures)
    if response is None:
        try:
            fitted = _fitted(warehouse, selection, reader.settle(selection, RESPONSE).at, None)
        except DataError as error:
            raise UsageError(str(error)) from error
        response = fitted[0] if fitted else RESPONSE
    parameters = {"response": response, "where": where, "metric": metric, "budget": budget, "failures": failures}
    run = analysis_run(reader, TIERS, parameters, SEED)
    found = warehouse.find_run(run)
    if found is not None:
        return stored(warehouse, reader.catalogue.experiment, found)
    try:
        rows, run.warnings = _tiers(reader, selection, response)
    except (DataError, RankingError, ValueError) as error:
        raise UsageError(str(error)) from error
    return save(warehouse, run, rows)


def _tiers(reader: Reader, selection: Selection, response: str) -> tuple[Rows, list[str]]:
    direction, doubt = reader.direction(response, selection)
    sign = -1.0 if direction == "max" else 1.0
    formula = f"{response} ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
    chosen = fit_to_compare(formula, reader.cells(formula, selection))
    means, estimate, covariance, df = _means(chosen.fit, sign)
    is_apart = chosen.fit.own is not None
    together = rank_sets(estimate, covariance, df, is_apart=is_apart, seed=SEED)
    alone = rank_sets(estimate, covariance, df, is_marginal=True, is_apart=is_apart, seed=SEED)
    uneven = coverage_warning(chosen.fit, "algorithm", "benchmark")
    stepped = stepped_sentence(means.levels, together)
    notes = [*([doubt] if doubt else []), *reader.known_of(selection, response), *chosen.said]
    notes += reader.averaged(selection, parse_formula(formula))
    notes += [*([uneven] if uneven else []), *_by_policy(reader, selection, response, formula, sign)]
    notes += [stepped] if stepped else []
    board = None
    read = _read(reader, selection, response, [], "benchmark", sign)
    try:
        blocks = make_blocks(read.labels, read.algorithms, read.losses)
        errors, why = _errors(reader, selection, response, blocks)
        board = measures(blocks.losses, SEED, errors)
        notes += [why] if why else []
    except RankingError as error:
        notes.append(f"No win rate, Elo or improvability: {error}")
    else:
        if blocks.dropped:
            notes.append(
                f"Win rate, Elo and improvability are of the {len(blocks.names)} benchmarks that all algorithms ran "
                f"on; {plural(len(blocks.dropped), 'other is', 'others are')} left out, which the model uses."
            )
    setting = _setting(reader.settle(selection, response))
    rows = tier_rows(means.levels, sign * estimate, np.sqrt(np.diag(covariance)), together, alone, board, setting)
    named = has_budgets(reader.warehouse, reader.catalogue.experiment)
    notes.append(" ".join([tier_sentence(rows, response, has_budgets=named), *tier_caveats(notes)]))
    return {"ranking_tier": rows}, notes


def _errors(reader: Reader, selection: Selection, response: str, blocks: Blocks) -> tuple[Floats, str | None]:
    """Return the blocks' errors (blocks, A), of which zero is the best that can be, and why there are none (NaN).

    A regret, a rank or an accuracy is no error: by how many percent one undercuts another says nothing there.
    """
    nothing = np.full_like(blocks.losses, np.nan)
    catalogue = reader.catalogue
    text = catalogue.metric(selection.metric) if mentioned(response, (*DERIVED, RANK)) else response
    if text == EACH:
        return nothing, "No improvability: each benchmark has its own metric, and an accuracy is no error."
    if text in catalogue.metrics and not text.isidentifier():
        text = f"`{text}`"
    try:
        found = _read(reader, selection, text, [], "benchmark", 1.0)
        table = make_blocks(found.labels, found.algorithms, found.losses)
    except (DataError, RankingError) as error:
        return nothing, f"No improvability: {error}"
    if (table.names, table.algorithms) != (blocks.names, blocks.algorithms):
        return nothing, f"No improvability: {text} is not there for the blocks that {response} is there for."
    name = text.strip("`")
    if reader.direction(text, selection)[0] == "min":
        negative = table.losses.min() < 0
        return table.losses, f"No improvability: {name} has negative values." if negative else None
    best = reader.best_possible(name) if name in catalogue.metrics else None
    if best is None:
        return nothing, (
            f"No improvability: {name} is better the higher it is, and how high it can be is not known; of a share or "
            "percent it is (hpowh ingest … --option unit=percent)."
        )
    return best - table.losses, None


def _means(fit: Fit, sign: float) -> tuple[MarginalMeans, Floats, Floats, float]:
    """Return the algorithms' means, as losses (A,) with their covariance (A, A), and its degrees of freedom."""
    means = marginal_means(fit, "algorithm")[0]
    pairs = pairwise(fit, satterthwaite(fit), means, "none")
    covariance = means.matrix @ fit.covariance @ means.matrix.T
    return means, sign * (means.matrix @ fit.beta), covariance, float(pairs.df.min())


def _by_policy(reader: Reader, selection: Selection, response: str, formula: str, sign: float) -> list[str]:
    """Say where who may be first hangs on what a failed run counts; nothing where no run failed."""
    single = comparable(reader, selection, response)
    if single is None or not reader.failed(single, response):
        return []
    first: dict[str, Sequence[str]] = {}
    for chosen in with_policies(single):
        try:
            fitted = fit_to_compare(formula, reader.cells(formula, chosen)).fit
        except DataError:
            continue  # the sentence is on those that can be compared
        means, estimate, covariance, df = _means(fitted, sign)
        lower = rank_sets(estimate, covariance, df, is_apart=fitted.own is not None, seed=SEED).lower
        first[chosen.policy] = [name for name, rank in zip(means.levels, lower, strict=True) if rank == 1]
    said = first_by_policy(first)
    return [said] if said else []


@dataclass(frozen=True)
class _Read:
    """One loss for each block and algorithm that has any: names, algorithms and losses of the same length."""

    labels: list[str]
    algorithms: list[str]
    losses: list[float]


def _rank(
    reader: Reader,
    selection: Selection,
    response: str,
    formula: str,
    block: str,
    rope: float,
    progress: Callable[[int, int], None] | None,
) -> tuple[Rows, list[str]]:
    factors = list(reader.factor_levels(selection, response))
    direction, doubt = reader.direction(response, selection)
    sign = -1.0 if direction == "max" else 1.0
    read = _read(reader, selection, response, factors, block, sign)
    known, matrix = arranged(read.labels, read.algorithms, read.losses)
    found = costs(known, matrix)
    try:
        blocks = make_blocks(read.labels, read.algorithms, read.losses)
    except RankingError as error:
        dear = cost_sentence(found, len(matrix))
        raise RankingError(f"{error} {dear}" if dear and len(known) > 1 else str(error)) from error
    setting = _setting(reader.settle(selection, response))
    rows = ranking_rows(blocks, setting, rope, SEED, sign, progress)
    notes = [*([doubt] if doubt else []), *reader.known_of(selection, response)]
    if blocks.dropped:
        rows["ranking_test"] += [
            omnibus_row(test, matrix, setting) for test in (skillings_mack(matrix), durbin(matrix))
        ]
        rows["ranking_cost"] = cost_rows(found, len(matrix), setting)
        many = plural(len(blocks.dropped), "incomplete block was", "incomplete blocks were")
        notes.append(f"{many} left out (such as {blocks.dropped[0]}).")
        notes += [sentence for sentence in [cost_sentence(found, len(matrix))] if sentence]
    notes += _warnings(len(blocks.names), factors, block)
    idle = [name for name, losses in zip(blocks.names, blocks.losses, strict=True) if np.ptp(losses) == 0]
    if block == "benchmark" and not factors and (sentence := idle_sentence(idle, len(blocks.names))):
        notes.append(sentence)
    unlucky, hanging = _failures(reader, selection, response, factors, block, sign, setting)
    if unlucky:
        rows["ranking_failure"] = unlucky
    notes += hanging
    try:
        pairs = _model_pairs(reader, selection, formula, sign)
    except (DataError, FormulaError) as error:
        # Ranks need no model: an exact fit or too few rows for one is no reason to give none.
        pairs = []
        notes.append(f"There is no mixed model to set beside the ranks: {error}")
    rows["ranking_agreement"] = agreement_rows(rows, pairs, setting, response)
    apart = [row["sentence"] for row in rows["ranking_agreement"] if not row["is_agreed"]]
    notes += apart[:MOST_SENTENCES]
    if len(apart) > MOST_SENTENCES:
        more = len(apart) - MOST_SENTENCES
        notes.append(f"The tests do not agree on {plural(more, 'more pair')}: result.ranking_agreement has them.")
    return rows, notes


def _read(reader: Reader, selection: Selection, response: str, factors: list[str], block: str, sign: float) -> _Read:
    """Read the mean loss of every block and algorithm."""
    keys = ["benchmark", *(f"`{name}`" for name in factors), *(["seed"] if block == "seed" else [])]
    cells = reader.cells(f"{response} ~ 1 + (1|{':'.join(['algorithm', *keys])})", selection)
    names = ["benchmark", *factors, *(["seed"] if block == "seed" else [])]
    labels = [", ".join(cells.levels[name][cells.codes[name][c]] for name in names) for c in range(len(cells.count))]
    algorithms = [cells.levels["algorithm"][code] for code in cells.codes["algorithm"]]
    return _Read(labels, algorithms, (sign * (cells.mean_y + cells.shift)).tolist())


def _setting(settled: Selection) -> str:
    """Return the slice in words: the budget at which the runs are compared."""
    if settled.budget is None:
        return ""
    return f"budget = {settled.at:g}" if isinstance(settled.at, float) else "budget = the benchmark's own"


def _failures(
    reader: Reader,
    selection: Selection,
    response: str,
    factors: list[str],
    block: str,
    sign: float,
    setting: str,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the rows of `ranking_failure` and what they say; nothing where no run failed."""
    single = comparable(reader, selection, response)
    if single is None or not reader.failed(single, response):
        return [], []
    rows: list[dict[str, Any]] = []
    for chosen in with_policies(single):
        try:
            read = _read(reader, chosen, response, factors, block, sign)
            rows += failure_rows(make_blocks(read.labels, read.algorithms, read.losses), chosen.policy, setting)
        except (DataError, RankingError) as error:
            rows.append(no_failure_row(chosen.policy, setting, str(error)))
    return rows, sentences([row | {"setting": ""} for row in rows], "rank tests'")


def _warnings(kept: int, factors: list[str], block: str) -> list[str]:
    notes = []
    if block == "seed":
        notes.append("Blocks of one benchmark are not independent: p-values over seeds are too small.")
    elif factors:
        notes.append(
            f"Blocks are benchmark x {' x '.join(factors)}: blocks of one benchmark are not independent, so p-values "
            "are somewhat too small; choose one level with --where to avoid it."
        )
    if kept == 1:
        notes.append("With one block no rank test can find anything, whatever the algorithms do on it.")
    elif kept < 6:
        notes.append(f"With {kept} blocks rank tests can hardly find anything.")
    return notes


def _model_pairs(reader: Reader, selection: Selection, formula: str, sign: float) -> list[dict[str, Any]]:
    """Return the pairwise contrasts of a mixed model as losses: the user's, or the default one of the response."""
    fitted = fit_to_compare(formula, reader.cells(formula, selection)).fit
    pairs = pairwise(fitted, satterthwaite(fitted), marginal_means(fitted, "algorithm")[0], "tukey")
    return [
        {"first": pair[0], "second": pair[1], "estimate": sign * float(pairs.estimate[i]), "p_adjusted": float(p)}
        for i, (pair, p) in enumerate(zip(pairs.pairs, pairs.p_adjusted, strict=True))
        if pair is not None
    ]
