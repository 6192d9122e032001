"""Whether what is said is true: of chance, of repeats, of one effect in noise, and in any unit."""

from __future__ import annotations

import numpy as np
import pytest
from planted import column
from scipy.stats import binom, chi2

from benchmarks.sweep_claims import EFFECTS, FORMS, claims, effect, is_named, null
from hpowh.analyses.sweeps.analysis import analyse_metric
from hpowh.analyses.sweeps.importance.claims import weigh
from hpowh.analyses.sweeps.importance.effects import effect_of
from hpowh.analyses.sweeps.reading.columns import read_column
from hpowh.analyses.sweeps.reading.configurations import configurations, repeat_columns
from hpowh.analyses.sweeps.statements import statements


def most(count: int, level: float = 0.05) -> int:
    """More than this of so many has a chance below 1 %."""
    return int(binom.ppf(0.99, count, level))


def test_repeats_are_one_configuration_and_seeds_are_no_hyperparameters():
    x, kind = [1.0, 1.0, 2.0, 2.0, 1.0, 3.0, 3.0, 3.0, 3.0], ["a", "a", "b", "b", "b", "c", "c", "c", "c"]
    raw = [column("x", x), column("kind", kind), column("seed", [1.0, 2.0, 1.0, 2.0, 1.0, 1.0, 2.0, 3.0, 4.0])]
    metric = np.array([1.0, 3.0, 10.0, 14.0, 7.0, 5.0, 5.0, 6.0, 4.0])
    found = configurations(raw, metric)
    assert found.of_trial.tolist() == [0, 0, 1, 1, 2, 3, 3, 3, 3]
    assert found.first.tolist() == [0, 2, 4, 5] and found.repeat_count == 5
    assert found.mean.tolist() == [2.0, 12.0, 7.0, 5.0]
    assert found.deviation[:2] == pytest.approx([np.sqrt(2), np.sqrt(8)])
    within = (2 + 8 + 2) / 5
    assert found.noise_deviation == pytest.approx(np.sqrt(within))
    assert found.noise_limits == pytest.approx([np.sqrt(5 * within / chi2.ppf(p, 5)) for p in (0.975, 0.025)])
    usual = (9 - (4 + 4 + 1 + 16) / 9) / 3
    grand = metric.mean()
    among = (2 * (2 - grand) ** 2 + 2 * (12 - grand) ** 2 + (7 - grand) ** 2 + 4 * (5 - grand) ** 2) / 3
    assert found.noise == pytest.approx(within / (within + (among - within) / usual))
    assert (np.argsort(found.standing) == [0, 3, 2, 1]).all()


def test_a_repeat_by_chance_does_not_tell_the_noise():
    """Rates of three digits coincide now and then: one pair with equal values is no proof that nothing is random."""
    random = np.random.default_rng(0)
    x = [*np.round(random.uniform(size=39), 6), 0.0]
    x[-1] = x[-2]
    metric = random.normal(size=40)
    metric[-1] = metric[-2] = metric.min() - 1.0
    found = configurations([column("x", x)], metric)
    assert found.is_repeated and found.noise is None and found.weight is None
    result = analyse_metric([column("x", x)], metric, "min", 0)
    assert any("Only 1 repeat" in one for one in result.warnings)


def test_repeats_that_never_differ_are_said_to_be_equal():
    x = np.repeat(np.random.default_rng(0).uniform(size=20), 2)
    result = analyse_metric([column("x", x.tolist()), column("seed", [0.0, 1.0] * 20)], np.sin(9 * x), "min", 0)
    result.tables["sweep_summary"] = []
    said = [one.sentence for one in statements(result, "loss") if one.kind == "noise"]
    assert said == [
        "all 20 repeats of a configuration gave the loss of the first trial to the last digit: either nothing is "
        "random, or a seed is not used."
    ]


def test_a_lucky_single_trial_is_not_the_best_configuration():
    """Ten configurations of five repeats around 0, -0.6 the best of them, and one run once with -0.7: noise of 1."""
    random = np.random.default_rng(0)
    x = np.repeat(np.arange(10.0), 5)
    metric = np.repeat(np.linspace(-0.6, 0.6, 10), 5) + random.normal(size=50)
    metric -= np.repeat([metric[x == i].mean() - np.linspace(-0.6, 0.6, 10)[i] for i in range(10)], 5)
    found = configurations([column("x", [*x.tolist(), 10.0])], np.append(metric, -0.7))
    assert int(np.argmin(found.mean)) == 10
    assert int(np.argmin(found.standing)) == 0


def test_a_column_that_numbers_repeats_is_found_by_name_and_content():
    x = np.repeat(np.arange(6.0), 3).tolist()
    assert repeat_columns([column("x", x), column("cv_fold", [0.0, 1.0, 2.0] * 6)]) == ["cv_fold"]
    free = np.random.default_rng(0).uniform(size=18).tolist()
    assert repeat_columns([column("x", free), column("fold", [0.0, 1.0, 2.0] * 6)]) == []
    assert repeat_columns([column("x", x), column("folds", [3.0, 5.0, 10.0] * 6)]) == []


def test_three_seeds_of_configurations_that_differ_by_chance_say_nothing():
    """By trial the R squared of such a sweep is near 0.9, and half of them have a significant correlation."""
    found = [claims(*null("5 numbers + 3 categories", 40, seed, 3)) for seed in range(3)]
    assert np.mean([r_squared for _, r_squared in found]) < 0.1
    assert sum(bool(said) for said, _ in found) <= 1


def test_one_optimiser_in_noise_is_named_though_no_model_of_everything_knows_more():
    raw, metric = effect(1, share=0.25)
    said, _ = claims(raw, metric)
    assert said[0].kind == "important"
    assert said[0].sentence.startswith(("it matters for loss: alone it explains", "it mattered most for loss"))


UNITS = [(1e-12, 0.0), (1e12, 0.0), (1.0, 1e6), (3.0, -1e9)]


@pytest.mark.parametrize(("factor", "shift"), UNITS)
def test_answers_do_not_hang_on_the_unit(factor, shift):
    random = np.random.default_rng(2)
    n = 40
    raw = [column("x", random.uniform(size=n).tolist()), column("k", random.choice(["a", "b"], n).tolist())]
    metric = 2 * raw[0].number + np.array([one == "a" for one in raw[1].text]) + 0.2 * random.normal(size=n)
    plain, other = (analyse_metric(raw, one, "min", 0) for one in (metric, metric * factor + shift))

    def numbers(result, table: str, *names: str) -> list[float]:
        return [row[name] for row in result.tables[table] for name in names if row.get(name) is not None]

    for table, names in {
        "sweep_importance": ("importance",), "sweep_model": ("r_squared_left_out",),
        "sweep_correlation": ("coefficient", "p", "lower", "upper"), "sweep_effect": ("share", "bound", "p_adjusted"),
        "sweep_suggestion": ("numeric_value",), "sweep_term": ("standardised", "vif"), "sweep_range": ("lower", "p"),
    }.items():  # fmt: skip
        assert numbers(other, table, *names) == pytest.approx(numbers(plain, table, *names), rel=1e-3, abs=1e-6), table
    back = (np.array(numbers(other, "sweep_dependence", "mean")) - shift) / factor
    assert back == pytest.approx(numbers(plain, "sweep_dependence", "mean"), rel=1e-4, abs=1e-5)
    assert [s.kind for s in statements(other, "m")] == [s.kind for s in statements(plain, "m")]


def test_a_valley_without_a_slope_is_an_effect_and_its_bound_holds_what_little_there_is():
    random = np.random.default_rng(3)
    x, z = random.uniform(size=300), random.uniform(size=300)
    y = (x - 0.5) ** 2 + 0.05 * random.normal(size=300)
    valley, nothing = (effect_of(read_column(column("x", v.tolist())), y) for v in (x, z))
    assert abs(valley.slope) < 0.2
    assert valley.share > 0.4
    assert valley.p < 1e-12
    assert nothing.share <= nothing.bound < 0.05
    claim = {c.hyperparameter: c for c in weigh([valley], 0.5, None, 0.04)}
    assert claim["x"].p_adjusted == pytest.approx(3 * valley.p)


def test_shares_are_not_too_large_by_chance_and_the_bound_covers():
    """Share 0.1: the mean estimate is near it, and the bound is above it in about 95 % of samples."""
    shares, covered = [], 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        level = random.choice(["a", "b", "c"], 150)
        part = np.array([{"a": -1.0, "b": 0.0, "c": 1.0}[one] for one in level])
        y = np.sqrt(0.1) * part / np.sqrt(2 / 3) + np.sqrt(0.9) * random.normal(size=150)
        found = effect_of(read_column(column("k", level.tolist())), y)
        shares.append(found.share)
        covered += found.bound >= 0.1
    assert np.mean(shares) == pytest.approx(0.1, abs=0.012)
    assert covered >= 182


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("n", [60, 200])
def test_chance_writes_a_claim_in_at_most_one_sweep_in_twenty(form, n):
    said = sum(bool(claims(*null(form, n, seed))[0]) for seed in range(500))
    assert said <= most(500)


@pytest.mark.slow
@pytest.mark.parametrize("repeats", [1, 3, 5])
def test_repeats_of_chance_keep_the_level_and_predict_nothing(repeats):
    found = [claims(*null("5 numbers + 3 categories", 60, seed, repeats)) for seed in range(200)]
    assert sum(bool(said) for said, _ in found) <= most(200)
    assert np.mean([r_squared for _, r_squared in found]) <= 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", EFFECTS)
def test_a_fifth_of_the_variance_is_named_in_nine_of_ten_sweeps(kind):
    hits = sum(is_named(claims(*effect(seed, kind=kind))[0]) for seed in range(200))
    assert hits >= 180
