"""From a fit to its tables: what `hpowh analyse lmem` answers, without a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hpowh.analyses.mixed_models.inference.contrasts import Estimates, against_control, custom, estimate_means, pairwise
from hpowh.analyses.mixed_models.inference.margins import MarginalMeans, marginal_means
from hpowh.analyses.mixed_models.inference.satterthwaite import Satterthwaite, satterthwaite
from hpowh.analyses.mixed_models.model.cells import DataError
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.mixed_models.studies import checks, tables
from hpowh.analyses.mixed_models.studies.pairs import CORRECTED, anova_rows, pair_rows
from hpowh.analyses.wording import p_value

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of a model: marginal means of `factor`, apart for `by`, contrasted.

    `region`: differences up to this are practically none; None: a tenth of a spread (`inference.pairs.default_region`).
    `over`: over which points of a run means are taken, in words, where it has several.
    `contrasts`: `tukey`, `holm`, `bh`, `none` (all pairs), `dunnett:LEVEL`, or sums of levels (`A - 0.5*B - 0.5*C`).
    """

    factor: str | None = None
    by: tuple[str, ...] = ()
    contrasts: tuple[str, ...] = ("tukey",)
    fixed_at: Mapping[str, float | str] = field(default_factory=dict)
    weights: str = "equal"
    direction: str = "min"
    region: float | None = None
    adjust: str = "holm"
    over: str = ""


def default_factor(fit: Fit) -> str | None:
    """Return the factor whose means are of interest: `algorithm`, else the first factor of the fixed part."""
    levels = fit.problem.cells.term_levels
    factors = list(dict.fromkeys(n for term in fit.formula.fixed.terms for n in term if n in levels))
    return "algorithm" if "algorithm" in factors else next(iter(factors), None)


def first_block(fit: Fit) -> str | None:
    """Return the first grouping factor of one variable; the benchmark where it is among the fixed effects."""
    if any(term == ("benchmark",) for term in fit.formula.fixed.terms):
        return "benchmark"
    return next((group[0] for group in fit.formula.grouping if len(group) == 1), None)


def describe(fit: Fit, question: Question, model: str = "model") -> Rows:
    """Return the rows of every `lmem_*` table that a fit alone can fill.

    Raises:
        DataError: the question names a factor, level or contrast that there is not.
    """
    quantities = satterthwaite(fit)
    rows: Rows = {
        "lmem_fixed_effect": tables.fixed_effect_rows(fit, quantities, model),
        "lmem_variance_component": tables.variance_rows(fit, quantities, model),
        "lmem_random_effect": tables.random_effect_rows(fit, model),
        "lmem_anova": anova_rows(fit, quantities, model),
    }
    factor = question.factor or default_factor(fit)
    if factor is not None:
        _merge(rows, compare_levels(fit, quantities, question, factor, model))
    block = first_block(fit)
    if factor is not None and block is not None and block != factor:
        rows["lmem_coverage"] = tables.coverage_rows(fit, model, factor, block)
    return rows


def compare_levels(fit: Fit, quantities: Satterthwaite, question: Question, factor: str, model: str) -> Rows:
    """Return marginal means, contrasts and critical-difference groups of a factor."""
    rows: Rows = {"lmem_marginal_mean": [], "lmem_contrast": [], "lmem_group": []}
    for means in marginal_means(fit, factor, by=question.by, fixed_at=question.fixed_at, weights=question.weights):
        found = estimate_means(fit, quantities, means)
        tukey = pairwise(fit, quantities, means, "tukey")
        rows["lmem_marginal_mean"] += tables.marginal_rows(means, found, tukey, model)
        rows["lmem_group"] += tables.group_rows(means, found, tukey, model, question.direction)
        for family in families(fit, quantities, means, question, tukey):
            rows["lmem_contrast"] += tables.contrast_rows(fit, means, family, model)
    return rows


def pair_statements(fit: Fit, question: Question, factor: str, model: str) -> list[dict[str, Any]]:
    """Return the rows of `lmem_pair`: all pairs of levels, by the family of contrasts that verdicts rest on."""
    quantities, block, rows = satterthwaite(fit), first_block(fit), []
    levels = fit.problem.cells.term_levels
    for means in marginal_means(fit, factor, by=question.by, fixed_at=question.fixed_at, weights=question.weights):
        tukey = pairwise(fit, quantities, means, "tukey")
        found = families(fit, quantities, means, question, tukey)
        family = next((one for name in CORRECTED for one in found if one.method == name and one.pairs[0]), tukey)
        held = {name: levels[name].index(str(value)) for name, value in question.fixed_at.items() if name in levels}
        held |= dict(means.held)
        rows += pair_rows(
            fit, means, family, held, block, model=model, direction=question.direction, region=question.region,
            over=question.over,
        )  # fmt: skip
    return rows


def families(
    fit: Fit, quantities: Satterthwaite, means: MarginalMeans, question: Question, tukey: Estimates
) -> list[Estimates]:
    """Return the families of contrasts that were asked for; custom ones form one family."""
    chosen, texts = [], []
    for name in question.contrasts:
        if name == "tukey":
            chosen.append(tukey)
        elif name in ("holm", "bh", "none"):
            chosen.append(pairwise(fit, quantities, means, name))
        elif name.startswith("dunnett"):
            _, _, control = name.partition(":")
            if not control:
                raise DataError(f"Say against which level: dunnett:{means.levels[0]}.")
            chosen.append(against_control(fit, quantities, means, control))
        else:
            texts.append(name)
    if texts:
        chosen.append(custom(fit, quantities, means, texts, question.adjust))
    return chosen


def warn(fit: Fit, factor: str | None) -> list[str]:
    """Return the sentences about a fit that need nothing but its cells."""
    said = checks.fit_warnings(fit)
    scale = checks.scale_warning(fit)
    if scale:
        said.insert(0, scale)
    block = first_block(fit)
    if factor and block and block != factor:
        uneven = checks.coverage_warning(fit, factor, block)
        idle = checks.idle_warning(fit, factor, block)
        said += [sentence for sentence in (uneven, idle) if sentence]
    return said


def compared(fit: Fit, other: Fit, factor: str, what: str, names: tuple[str, str] = ("without it", "with it")) -> str:
    """Return a sentence that sets the smallest pairwise p-value of a model beside that of another model."""
    quantities = satterthwaite(fit)
    means = marginal_means(fit, factor)[0]
    here = pairwise(fit, quantities, means, "tukey")
    there = pairwise(other, satterthwaite(other), marginal_means(other, factor)[0], "tukey")
    at = min(range(len(here.names)), key=lambda i: float(here.p_adjusted[i]))
    return (
        f"{what} {here.names[at]}: p {p_value(here.p_adjusted[at])} (df {here.df[at]:.0f}) {names[0]}, "
        f"p {p_value(there.p_adjusted[at])} (df {there.df[at]:.0f}) {names[1]}."
    )


def _merge(into: Rows, more: Rows) -> None:
    for name, found in more.items():
        into.setdefault(name, []).extend(found)


def merge_all(parts: Sequence[Rows]) -> Rows:
    """Return the rows of several models in common tables."""
    out: Rows = {}
    for part in parts:
        _merge(out, part)
    return out
