"""Every pair of a comparison in numbers and words, and the analysis of variance of a model: their table rows.

The p-value of a pair stands beside one that needs no variance model: exchanged labels. `p_permutation` exchanges the
two algorithms of the pair on every benchmark (all sign flips up to 16 blocks); `p_permutation_adjusted` flips the signs
of a benchmark's differences for all pairs together and compares with the largest |t| of any pair. To shuffle the labels
of all algorithms instead would test that none differs: a third algorithm, far worse, then hides how two others differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpowh.analyses.mixed_models.inference import pairs as inference
from hpowh.analyses.mixed_models.inference.anova import term_hypothesis
from hpowh.analyses.mixed_models.inference.contrasts import Estimates
from hpowh.analyses.mixed_models.inference.kenward_roger import JointTests
from hpowh.analyses.mixed_models.inference.margins import MarginalMeans
from hpowh.analyses.mixed_models.inference.satterthwaite import Satterthwaite
from hpowh.analyses.mixed_models.model.cells import DataError, Floats
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.mixed_models.studies.strata import strata
from hpowh.analyses.mixed_models.studies.tables import Row, plain
from hpowh.analyses.mixed_models.studies.units import log_base, unlogged
from hpowh.analyses.mixed_models.studies.verdicts import METHODS
from hpowh.analyses.statistics.multiplicity import holm
from hpowh.analyses.statistics.shuffles import is_exact, sign_flips
from hpowh.analyses.statistics.simultaneous import FEWEST, simultaneous
from hpowh.analyses.wording import brief, p_said, ratio

LEVEL = 0.05
SHUFFLES = 10_000
CORRECTED = tuple(METHODS)
"""Families that pairs rest on, the first that was asked for; Tukey's where none was."""


@dataclass(frozen=True)
class Shuffles:
    """p-values (pairs,) by exchanged labels: of the pair alone, and corrected for all pairs."""

    alone: Floats
    together: Floats
    counts: list[int | None]
    reason: str | None = None


def pair_rows(
    fit: Fit, means: MarginalMeans, family: Estimates, held: dict[str, int], block: str | None, *, model: str,
    direction: str, region: float | None, over: str = "",
) -> list[Row]:  # fmt: skip
    """Return the rows of `lmem_pair` of one setting.

    Args:
        family: differences of two levels, with the adjusted p-values that the verdicts rest on.
        held: the setting: factors and the levels at which they are held.
        block: the grouping factor over whose levels the effects vary (the benchmark); None where there is none.
        region: half the width of the region of practical equivalence; None: a tenth of a spread.
        over: over which points of a run the response is averaged, in words.
    """
    width, why = (region, "as asked") if region is not None else inference.default_region(fit, means.factor)
    places = [(means.levels.index(pair[0]), means.levels.index(pair[1])) for pair in family.pairs if pair is not None]
    reason = _no_blocks(fit, means.factor, block)
    variances, shuffles = np.full(len(places), np.nan), _none(len(places), reason)
    if reason is None and block is not None:
        estimates = np.array([family.estimate[i] for i, pair in enumerate(family.pairs) if pair is not None])
        variances = inference.new_block_variances(fit, block, means.factor, held, places, estimates)
        cells = fit.problem.cells
        weights = inference.cell_weights(cells, block, means.factor, held)
        table, worth = inference.block_means(cells, weights), inference.block_weights(fit, weights, means.factor, block)
        shuffles = _shuffled(table if worth is None else table * worth[:, None], places)
    probability, size = inference.on_new_block(family, variances, direction)
    equal, evidence = inference.equivalence(family, width), inference.evidence(family, variances)
    equal_adjusted = holm(np.where(np.isfinite(family.estimate), equal, np.nan))
    base, rows = log_base(fit.formula.response), []
    for i, pair in enumerate(family.pairs):
        if pair is None:
            continue
        row: Row = {
            "model": model, "factor": means.factor, "setting": means.setting, "first": pair[0], "second": pair[1],
            "method": family.method, "estimate": family.estimate[i], "lower": family.lower[i],
            "upper": family.upper[i], "p_value": family.p_value[i], "p_adjusted": family.p_adjusted[i],
            "p_permutation": shuffles.alone[i], "p_permutation_adjusted": shuffles.together[i],
            "permutation_count": shuffles.counts[i], "e_value": evidence[i],
            "ratio": None if base is None else base ** family.estimate[i],
            "ratio_lower": None if base is None else base ** family.lower[i],
            "ratio_upper": None if base is None else base ** family.upper[i],
            "standardised": size[i].value, "standardised_lower": size[i].lower, "standardised_upper": size[i].upper,
            "probability": probability[i].value, "probability_lower": probability[i].lower,
            "probability_upper": probability[i].upper,
            "region": width, "region_from": why, "p_equivalence": equal[i], "p_equivalence_adjusted": equal_adjusted[i],
        }  # fmt: skip
        row = {key: plain(value) for key, value in row.items()}
        row |= _verdict(row, direction)
        row |= {
            "sentence": sentence_of(row, fit.formula.response, block, over),
            "reason": _reason(row, shuffles.reason),
        }
        rows.append(row)
    return rows


def _reason(row: Row, shuffles: str | None) -> str | None:
    if row["estimate"] is None:
        return "not estimable: some combinations of factors have no rows"
    return shuffles


def _verdict(row: Row, direction: str) -> Row:
    estimate, p = row["estimate"], row["p_adjusted"]
    better = None
    if estimate is not None and p is not None and p < LEVEL:
        better = row["first"] if (estimate < 0) == (direction == "min") else row["second"]
    equal = row["p_equivalence_adjusted"]
    return {"better": better, "is_equivalent": None if equal is None else bool(equal < LEVEL)}


def _no_blocks(fit: Fit, factor: str, block: str | None) -> str | None:
    """Return why there is no new block and nothing to shuffle, or None."""
    cells = fit.problem.cells
    if block is None or block == factor:
        return "the model has no benchmarks over which effects vary"
    if cells.monomials:
        return "the model has covariates: means by benchmark are not adjusted for them"
    return None


def _none(count: int, reason: str | None) -> Shuffles:
    return Shuffles(np.full(count, np.nan), np.full(count, np.nan), [None] * count, reason)


def _shuffled(table: Floats, places: list[tuple[int, int]]) -> Shuffles:
    """Exchange labels within the blocks (rows of the table)."""
    table = table[np.isfinite(table).any(axis=1)]
    alone = np.full(len(places), np.nan)
    counts: list[int | None] = [None] * len(places)
    both = np.isfinite(table)
    alike: dict[bytes, list[int]] = {}
    for at, (i, j) in enumerate(places):
        alike.setdefault((both[:, i] & both[:, j]).tobytes(), []).append(at)
    for mask, members in alike.items():
        chosen = np.frombuffer(mask, dtype=bool)
        if chosen.sum() < 2:
            continue
        part, of = table[chosen], np.array([places[at] for at in members])
        alone[members] = sign_flips(part[:, of[:, 0]] - part[:, of[:, 1]], draws=SHUFFLES)
        for at in members:
            counts[at] = 2 ** int(chosen.sum()) if is_exact(int(chosen.sum())) else SHUFFLES
    first, second = np.array(places)[:, 0], np.array(places)[:, 1]
    together = simultaneous(table[:, first] - table[:, second], draws=SHUFFLES).p_adjusted
    few = f"fewer than {FEWEST} benchmarks: signs flipped for all pairs cannot give 5 %"
    return Shuffles(alone, together, counts, few if np.isnan(together).all() else None)


def sentence_of(row: Row, response: str, block: str | None, over: str = "") -> str:
    """Say one pair in words and numbers."""
    first, second = row["first"], row["second"]
    head = f"{row['setting']}: " if row["setting"] else ""
    if row["estimate"] is None or row["p_adjusted"] is None:
        return f"{head}{first} and {second} cannot be compared: some combinations of factors have no rows."
    if row["better"] is not None:
        worse = second if row["better"] == first else first
        said = f"{row['better']} is better than {worse}"
    else:
        said = f"{first} and {second} cannot be told apart"
    numbers = f"{first} - {second} = {brief(row['estimate'])} in {response}"
    if row["ratio"] is not None:
        numbers = f"the {unlogged(response)} of {first} is {ratio(row['ratio'])} times that of {second}"
        ends = (ratio(row["ratio_lower"]), ratio(row["ratio_upper"]))
    else:
        ends = (brief(row["lower"]), brief(row["upper"]))
    numbers += f" {over}" if over else ""
    text = f"{head}{said}: {numbers}, 95 % interval {ends[0]} to {ends[1]}; "
    text += f"{p_said(row['p_adjusted'])} ({METHODS[row['method']]})"
    if row["p_permutation_adjusted"] is not None:
        text += f", {p_said(row['p_permutation_adjusted'])} with labels exchanged on each {block}, for all pairs"
    elif row["p_permutation"] is not None:
        text += f", {p_said(row['p_permutation'])} with the two exchanged on each {block} (this pair alone)"
    text += "."
    if row["probability"] is not None:
        value, low, high = row["probability"], row["probability_lower"], row["probability_upper"]
        ahead, behind = first, second
        if row["better"] == second:
            ahead, behind, value, low, high = second, first, 1.0 - value, 1.0 - high, 1.0 - low
        text += (
            f" On a new {block}, with as many runs, {ahead} is ahead of {behind} with probability "
            f"{value:.2f} ({low:.2f} to {high:.2f})."
        )
    return f"{text} {_equivalence(row, response)}"


def _equivalence(row: Row, response: str) -> str:
    """Say whether two are practically equal, on the scale on which their difference was said."""
    whose, p = row["region_from"], p_said(row["p_equivalence_adjusted"])
    base = log_base(response)
    if row["ratio"] is not None and base is not None:
        within = f"between {ratio(base ** -row['region'])} and {ratio(base ** row['region'])} ({whose})"
        if row["is_equivalent"]:
            return f"The ratio lies {within}: practically none ({p})."
        return f"That the ratio lies {within} is not shown ({p})."
    within = f"{brief(row['region'])} ({whose})"
    if row["is_equivalent"]:
        return f"The difference is less than {within}: practically none ({p})."
    return f"That they differ by less than {within} is not shown ({p})."


def anova_rows(fit: Fit, quantities: Satterthwaite, model: str) -> list[Row]:
    """Return the rows of `lmem_anova`: the joint test of every fixed term, and the strata in which it is judged."""
    rows: list[Row] = []
    tests = JointTests(fit, quantities)
    where: dict[tuple[str, ...], list[str]] = {}
    for stratum in strata(fit.formula, fit.problem.cells):
        name = "Residual" if stratum.state == "the residual" else stratum.name
        lacks = stratum.state == "added" and not _is_diagonal(fit, stratum.group)
        where.setdefault(stratum.term, []).append(f"{name} (not in the model)" if lacks else name)
    for position, term in enumerate(fit.formula.fixed.terms):
        row: Row = {
            "model": model,
            "position": position,
            "term": ":".join(term),
            "stratum": ", ".join(where.get(term, [])) or "Residual",
            **dict.fromkeys(("df1", "df2", "statistic", "p_value", "method", "reason")),
        }
        try:
            found = tests.of(term_hypothesis(fit, term))
        except DataError as error:
            rows.append(row | {"reason": str(error)})
            continue
        rows.append(
            row
            | {
                "df1": found.df1,
                "df2": found.df2,
                "statistic": found.statistic,
                "p_value": found.p_value,
                "method": found.method,
            }
        )
    return rows


def _is_diagonal(fit: Fit, group: str) -> bool:
    """Whether every algorithm has its own variance over the levels of a grouping factor."""
    return any(random.is_diagonal and random.group == (group,) for random in fit.formula.random)
