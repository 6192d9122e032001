"""Looks at growing data: what is found by e-values is wrong in 5 % of years at most, and stays until it is gone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hpowh.analyses.mixed_models.inference.contrasts import Estimates
from hpowh.analyses.mixed_models.inference.pairs import PRIOR, evidence
from hpowh.reports.nightly.changes import compare
from hpowh.reports.nightly.conclusions import Conclusion
from hpowh.reports.nightly.looks import steadied


def contrast(value: float, e_value: float | None, p: float = 0.01, **context) -> Conclusion:
    verdict = "none" if p >= 0.05 else "first" if value < 0 else "second"
    given = {"first": "A", "second": "B", "by": "mixed model", "pairs": 1, **context}
    given |= {} if e_value is None else {"e_value": e_value}
    return Conclusion(
        kind="contrast", subject="x", item="A - B", verdict=verdict, value=value, p_value=p, context=given
    )


def night(before: list[Conclusion], one: Conclusion) -> list[Conclusion]:
    return steadied(before, [one])


def test_a_small_p_value_is_no_conclusion_of_a_night():
    (found,) = night([], contrast(-1.0, 8.0))
    assert (found.verdict, found.context["looks"]) == ("none", 1)
    (found,) = night([], contrast(-1.0, 21.0))
    assert found.verdict == "first"
    (found,) = night([], contrast(-1.0, 21.0, pairs=3))
    assert found.verdict == "none"


def test_what_was_found_stays_until_its_evidence_is_gone_or_turned():
    found = night([], contrast(-1.0, 30.0))
    found = night(found, contrast(-0.9, 5.0, p=0.06))
    assert (found[0].verdict, found[0].context["looks"]) == ("first", 2)
    assert night(found, contrast(-0.9, 5.0, p=0.06))[0].context["looks"] == 2
    assert night(found, contrast(-0.1, 0.5, p=0.6))[0].verdict == "none"
    assert night(found, contrast(0.5, 5.0))[0].verdict == "none"


def test_a_night_after_a_version_without_e_values_does_not_inherit_a_verdict():
    assert night([contrast(-1.0, None)], contrast(-1.0, 5.0))[0].verdict == "none"
    assert night([], contrast(-1.0, None))[0].verdict == "first"


def test_the_sentence_says_how_often_was_looked():
    before = night([], contrast(-1.0, 2.0, p=0.2))
    now = night(before, contrast(-2.0, 55.0))
    (change,) = compare(before, now, 0.1)
    assert "A is now better than B" in change.sentence
    assert "look 2, e-value 55.0: holds at any number of looks" in change.sentence
    plain = night([contrast(-1.0, None, p=0.2)], contrast(-2.0, None))
    (change,) = compare([contrast(-1.0, None, p=0.2)], plain, 0.1)
    assert "look 2, p not corrected for looks" in change.sentence


def e_values(t: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The e-values of one-sample t statistics of n differences with variance 1."""
    nothing = np.zeros_like(t)
    pairs = Estimates(
        names=(), pairs=(), estimate=t / np.sqrt(n), standard_error=1 / np.sqrt(n), df=n - 1.0, t_value=t,
        p_value=nothing, p_adjusted=nothing, lower=nothing, upper=nothing, method="tukey",
    )  # fmt: skip
    return evidence(pairs, np.ones_like(t))


def test_an_e_value_is_a_ratio_of_likelihoods_of_t():
    """The noncentral t, averaged over normal standardised differences, over the central one."""
    n, t = 9.0, 2.7
    sizes = np.linspace(-8, 8, 4001)
    weights = stats.norm.pdf(sizes, scale=np.sqrt(PRIOR)) * (sizes[1] - sizes[0])
    mixed = float((weights * stats.nct.pdf(t, n - 1, sizes * np.sqrt(n))).sum())
    assert e_values(np.array([t]), np.array([n]))[0] == pytest.approx(mixed / stats.t.pdf(t, n - 1), rel=1e-4)


@pytest.mark.parametrize("years", [400, pytest.param(5000, marks=pytest.mark.slow)], ids=["reduced", "whole"])
def test_a_year_of_nights_without_a_difference_finds_one_in_five_of_a_hundred(years):
    """365 looks, one more benchmark a night; fixed-sample p-values find a difference in a quarter of the years."""
    values = np.random.default_rng(0).standard_normal((years, 370))
    n = np.arange(6.0, 371.0)
    sums, squares = np.cumsum(values, axis=1)[:, 5:], np.cumsum(values**2, axis=1)[:, 5:]
    sd = np.sqrt((squares - sums**2 / n) / (n - 1.0))
    t = sums / np.sqrt(n) / sd
    at = np.broadcast_to(n, t.shape).ravel()
    found = (e_values(t.ravel(), at).reshape(t.shape) >= 20.0).any(axis=1).mean()
    assert found <= stats.binom.isf(0.001, years, 0.05) / years
    fixed = (np.abs(t) > stats.t.ppf(0.975, n - 1.0)).any(axis=1).mean()
    assert fixed > 0.2
    shifted = t + 0.5 * np.sqrt(n) / sd
    assert (e_values(shifted.ravel(), at).reshape(t.shape) >= 20.0).any(axis=1).mean() > 0.99
