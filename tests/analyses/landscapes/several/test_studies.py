"""Noise floors, fidelities, defaults, models, meta-features and claims: by hand, by simulation, by second ways."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.several.across import Candidate, standings
from hpowh.analyses.landscapes.several.claims import CLAIMS, Claim, Value, judge, median_interval
from hpowh.analyses.landscapes.several.fidelity import against_full, cost_shares, mark_cheapest, saved_share
from hpowh.analyses.landscapes.several.noise import floor_of_two, measure_noise, residual_sd
from hpowh.analyses.landscapes.several.relations import Relation, p_value, relate
from hpowh.analyses.landscapes.several.similarity import prepare
from hpowh.analyses.landscapes.several.study_across import is_low_fidelity
from hpowh.analyses.landscapes.several.study_grid import unit_matrix
from hpowh.analyses.landscapes.several.transfer import common_defaults


def line(values):
    return Surface.from_grid(np.array(values, dtype=float))


@pytest.mark.parametrize("units", [2, 3, 5, 12])
def test_the_residual_is_found_beside_configurations_and_units(units):
    """Configurations and units differ far more than the noise; one configuration in forty diverges on one unit."""
    rng = np.random.default_rng(units)
    loss = 5 * rng.normal(size=(3000, 1)) + 3 * rng.normal(size=(1, units)) + 0.2 * rng.normal(size=(3000, units))
    assert residual_sd(loss) == pytest.approx(0.2, rel=0.03)
    loss[::40, 0] += 1000
    assert residual_sd(loss) == pytest.approx(0.2, rel=0.12)


def test_two_equal_configurations_differ_by_less_than_the_floor_as_often_as_it_says():
    """Independent units: 95 of 100 differences of the means of two equal configurations lie below the floor."""
    rng = np.random.default_rng(0)
    inside, count = 0, 300
    for _ in range(count):
        loss = rng.normal(size=(60, 5))
        floor = measure_noise(loss, folds=0).noise_floor
        means = rng.normal(size=(2, 5)).mean(axis=1)
        inside += abs(means[0] - means[1]) <= floor
    assert 0.91 <= inside / count <= 0.985


def test_folds_share_training_data_and_make_the_floor_wider():
    """sd sqrt(2 (1/n + 1/(k-1))) times Student's t: with 5 folds 1/5 + 1/4 in place of 1/5."""
    loss = np.random.default_rng(1).normal(size=(40, 5))
    seeds, folds = measure_noise(loss, folds=0), measure_noise(loss, folds=5)
    assert folds.noise_floor / seeds.noise_floor == pytest.approx(math.sqrt((1 / 5 + 1 / 4) / (1 / 5)))
    near = 10  # a quarter of the forty
    assert seeds.noise_floor == pytest.approx(stats.t.ppf(0.975, (near - 1) * 4) * seeds.residual_sd * math.sqrt(2 / 5))


def test_noise_counts_who_is_near_the_best_and_is_undefined_where_it_is():
    loss = np.array([[0.0, 0.2], [0.1, 0.1], [5.0, 5.2]])
    found = measure_noise(loss, folds=0)
    assert found.within_count == 2
    assert found.reliability == pytest.approx(1.0 if stats.spearmanr(loss[:, 0], loss[:, 1])[0] == 1 else 0.5)
    once = measure_noise(loss[:, :1], folds=0)
    assert (once.noise_floor, once.reason) == (None, "every configuration was measured once")
    assert "fewer than two" in measure_noise(loss[:1], folds=0).reason
    same = measure_noise(np.ones((5, 3)), folds=3)
    assert (same.noise_floor, same.within_count, same.reliability) == (0.0, 5, None)
    huge = measure_noise(1e200 * np.random.default_rng(0).normal(size=(20, 3)), folds=0)
    assert math.isfinite(huge.noise_floor)
    assert floor_of_two(3.0, 4.0) == pytest.approx(math.sqrt(12.5))
    assert floor_of_two(None, 4.0) is None


def test_units_that_are_missing_leave_a_configuration_out():
    matrix = unit_matrix(np.array([4, 4, 9, 7, 7]), np.array([1, 0, 0, 0, 1]), np.array([2.0, 1.0, 9.0, 3.0, 4.0]))
    assert matrix.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert unit_matrix(np.array([], int), np.array([], int), np.array([])).shape == (0, 0)


def test_a_fidelity_worked_by_hand():
    """Low: 0.5, 0.3, 0.8, 0.9 (ranks 2 1 3 4); full: 0.8, 0.3, 0.2, 0.9. The optimum of the full one is third there."""
    row = against_full(prepare(line([0.5, 0.3, 0.8, 0.9])), prepare(line([0.8, 0.3, 0.2, 0.9])), floor=0.1)
    assert row["spearman"] == pytest.approx(stats.spearmanr([0.5, 0.3, 0.8, 0.9], [0.8, 0.3, 0.2, 0.9])[0])
    assert row["regret"] == pytest.approx(0.1)
    assert row["is_noise"] is True
    assert row["top_share"] == pytest.approx(3 / 4)
    assert row["has_optimum"] is False
    itself = against_full(prepare(line([0.8, 0.3, 0.2, 0.9])), prepare(line([0.8, 0.3, 0.2, 0.9])), floor=None)
    assert (itself["top_share"], itself["has_optimum"], itself["is_noise"]) == (0.25, True, None)


def test_a_fidelity_at_which_all_are_equal_tells_nothing():
    row = against_full(prepare(line([1.0, 1.0, 1.0])), prepare(line([0.3, 0.2, 0.1])), floor=0.5)
    assert (row["spearman"], row["top_share"], row["has_optimum"]) == (None, None, None)
    assert row["reason"] == "one of the two landscapes is constant"


def test_ties_do_not_put_the_optimum_among_the_best_by_luck():
    """Of twenty, ten share the best loss at the low fidelity: the optimum's mean rank is 5.5, not 1."""
    low, full = [0.0] * 10 + [1.0] * 10, np.arange(20.0)[::-1] + 1
    full[3] = 0.0
    row = against_full(prepare(line(low)), prepare(line(full)), floor=None)
    assert row["top_share"] == pytest.approx(5.5 / 20)
    assert row["has_optimum"] is False


def test_the_cheapest_fidelity_that_holds_the_optimum():
    rows = [
        {"fidelity": 0.1, "has_optimum": False, "cost_share": 0.1},
        {"fidelity": 0.3, "has_optimum": True, "cost_share": 0.25},
        {"fidelity": 1.0, "has_optimum": True, "cost_share": 1.0},
    ]
    mark_cheapest(rows)
    assert [row["is_cheapest"] for row in rows] == [False, True, False]
    assert saved_share(rows[1]) == pytest.approx(0.65)
    assert cost_shares({0.3: 2.0, 1.0: 8.0}, 1.0) == {0.3: 0.25, 1.0: 1.0}
    assert cost_shares({0.3: 2.0}, 1.0) == {0.3: None}


def test_a_common_default_worked_by_hand():
    """Ranks 1 2 3 | 3 1 2 | 2 1 3 add up to 6, 4, 8: the second is the default; without the first data set as well."""
    found = common_defaults([line([0.0, 1.0, 4.0]), line([9.0, 0.0, 3.0]), line([5.0, 4.0, 6.0])])
    assert [one.configuration_id for one in found] == [1, 1, 1]
    assert [one.regret for one in found] == [1.0, 0.0, 0.0]
    assert found[0].regret_relative == pytest.approx(1.0)
    assert found[0].better_share == pytest.approx(1 / 3)
    assert found[0].held_out_configuration_id == 1
    # Without the second: ranks 1+2, 2+1, 3+3; two are equally good, and cost 9 and 0 there.
    assert found[1].held_out_regret == pytest.approx(4.5)


def test_defaults_that_cannot_be_had_say_why():
    assert common_defaults([line([1.0, 2.0])])[0].reason == "there is one data set only"
    space = line([1.0, 2.0, 3.0, 4.0]).space
    left = Surface(space=space, ranks=np.array([0, 1]), loss=np.array([1.0, 2.0]))
    right = Surface(space=space, ranks=np.array([2, 3]), loss=np.array([1.0, 2.0]))
    assert common_defaults([left, right])[0].reason == "no configuration was evaluated on every data set"


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 5), st.integers(3, 12), st.integers(0, 10_000))
def test_the_default_is_never_the_worse_for_a_monotone_change_of_losses(data_sets, configurations, seed):
    """Ranks decide: stretching one data set's losses changes no choice."""
    loss = np.random.default_rng(seed).normal(size=(data_sets, configurations))
    plain = common_defaults([line(row) for row in loss])
    bent = common_defaults([line(np.exp(row) if i == 0 else row) for i, row in enumerate(loss)])
    assert [one.configuration_id for one in plain] == [one.configuration_id for one in bent]
    assert [one.held_out_configuration_id for one in plain] == [one.held_out_configuration_id for one in bent]


def test_models_stand_by_their_best_configuration():
    found = standings([Candidate("a", 0.30, 0.03), Candidate("b", 0.26, 0.03), Candidate("c", 0.26, None)])
    assert [one.place for one in found] == [3, 1, 1]
    assert found[0].difference == pytest.approx(0.04)
    assert (found[0].is_noise, found[1].is_noise, found[2].is_noise) == (False, True, None)


def test_relations_agree_with_scipy_and_with_all_orders():
    rng = np.random.default_rng(4)
    for n in (5, 6, 30):
        x, y = rng.normal(size=n), rng.normal(size=n)
        (one,) = relate({"f": dict(zip("abcdefghijklmnopqrstuvwxyzABCD", x, strict=False))},
                        {"t": dict(zip("abcdefghijklmnopqrstuvwxyzABCD", y, strict=False))})  # fmt: skip
        rho, p = stats.spearmanr(x, y)
        assert one.coefficient == pytest.approx(rho)
        assert one.lower < rho < one.upper
        if n > 8:
            assert one.p_value == pytest.approx(p)
        else:
            reached = [abs(stats.spearmanr(x, y[list(order)])[0]) for order in itertools.permutations(range(n))]
            assert one.p_value == pytest.approx(np.mean(np.array(reached) >= abs(rho) - 1e-12))


def test_few_data_sets_and_constants_give_no_correlation():
    four = dict(zip("abcd", range(4), strict=True))
    (one,) = relate({"f": four}, {"t": four})
    assert (one.coefficient, one.reason) == (None, "4 data sets are too few; 5 are needed")
    five = dict(zip("abcde", range(5), strict=True))
    (one,) = relate({"f": dict.fromkeys("abcde", 1.0)}, {"t": five})
    assert one.reason == "f is the same on all data sets"
    assert isinstance(one, Relation)


def test_p_values_are_adjusted_over_all_relations_that_have_one():
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(3)
    columns = {name: dict(enumerate(rng.normal(size=9))) for name in "fgh"} | {"few": {0: 1.0, 1: 2.0}}
    relations = relate(columns, {"t": dict(enumerate(rng.normal(size=9)))})
    known = [relation for relation in relations if relation.p_value is not None]
    assert [relation.feature for relation in known] == ["f", "g", "h"]
    theirs = multipletests([relation.p_value for relation in known], method="holm")[1]
    assert [relation.adjusted_p_value for relation in known] == pytest.approx(theirs.tolist())
    assert relations[-1].adjusted_p_value is None
    assert p_value(np.arange(12.0), np.arange(12.0), 1.0) == 0.0


ABOVE = Claim(name="x", section="1", statement="high", measure="a number", low=0.5, high=None)


def numbers(*values):
    return [Value(value, (i,)) for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ((0.9, 0.8, 0.7, 0.95, 0.85, 0.9), "agrees"),
        ((0.1, 0.2, 0.1, 0.3, 0.15, 0.2), "disagrees"),
        ((0.1, 0.9, 0.2, 0.8, 0.4, 0.6), "undecided"),
        ((0.9, 0.8), "agrees"),
        ((0.1, 0.2), "disagrees"),
        ((0.1, 0.9), "undecided"),
        ((), None),
    ],
)
def test_verdicts(values, verdict):
    found = judge(ABOVE, numbers(*values))
    assert found.verdict == verdict
    assert (found.lower is None) == (len(values) < 5)
    assert (found.reason is None) == (len(values) >= 5)
    if values:
        assert found.median == pytest.approx(np.median(values))


def test_a_range_is_disagreed_with_from_both_sides():
    between = Claim(name="x", section="1", statement="about 0.4", measure="a number", low=0.3, high=0.5)
    assert judge(between, numbers(*[0.4] * 6)).verdict == "agrees"
    assert judge(between, numbers(*[0.9] * 6)).verdict == "disagrees"
    assert judge(between, numbers(*[0.1] * 6)).verdict == "disagrees"
    assert between.rule == "holds from 0.3 to 0.5"


def test_the_interval_of_a_median_is_the_bootstrap_of_the_repeated_numbers():
    """Against a plain loop that repeats benchmarks and takes the median."""
    rng = np.random.default_rng(2)
    values = numbers(*rng.normal(size=9))
    low, high = median_interval(values, seed=1)
    plain = [np.median(rng.choice([one.value for one in values], size=9)) for _ in range(6000)]
    assert low == pytest.approx(np.quantile(plain, 0.025), abs=0.12)
    assert high == pytest.approx(np.quantile(plain, 0.975), abs=0.12)


def test_pairs_of_few_benchmarks_are_not_many_independent_numbers():
    """One of ten benchmarks is unlike all others: nine of 45 pairs. Drawn three times it decides the median."""
    pairs = [Value(0.1 if a == 0 else 0.9, (a, b)) for a, b in itertools.combinations(range(10), 2)]
    alone = [Value(one.value, (i,)) for i, one in enumerate(pairs)]
    assert median_interval(pairs)[0] == pytest.approx(0.1)
    assert median_interval(alone)[0] == pytest.approx(0.9)


def test_claims_are_held_against_what_they_are_about():
    about = {claim.name: claim for claim in CLAIMS}
    assert about["split_spearman"].is_about("grid-rf") and not about["split_spearman"].is_about("grid-XGBoost")
    assert about["split_spearman_xgboost"].is_about("grid-XGBoost")
    assert about["n_lo_fcnet"].is_about("fcnet") and not about["basins"].is_about("fcnet")
    assert about["n_lo_nas"].is_about("nasbench201") and not about["basins"].is_about("nasbench201")
    overlap = about["benchmark_overlap"]
    assert judge(overlap, numbers(*[0.57] * 6)).verdict == "agrees"  # more alike than the paper says


@pytest.mark.parametrize(
    ("low", "full", "rows", "is_of_the_kind"),
    [
        (0.1, 1.0, 5000.0, True),
        (0.1, 1.0, None, True),
        (0.1, 1.0, 120.0, False),  # iris: the paper has data sets of hundreds of rows and more
        (0.5, 1.0, 5000.0, False),
        (10.0, 100.0, 5000.0, True),
        (10.0, 50.0, 5000.0, True),
        (1.0, 4.0, 5000.0, False),  # four trees are no full fidelity
        (4.0, 40.0, 5000.0, False),
        (None, 1.0, 5000.0, False),
    ],
)
def test_a_low_fidelity_is_one_that_the_paper_speaks_of(low, full, rows, is_of_the_kind):
    assert is_low_fidelity(low, full, rows) is is_of_the_kind


def test_claims_name_their_section_and_rule():
    assert len({claim.name for claim in CLAIMS}) == len(CLAIMS) == 15
    for claim in CLAIMS:
        assert claim.section.startswith("4.") or claim.section == "published version"
        assert claim.rule.startswith("holds ")
        assert ("our reading" in claim.rule) == claim.is_reading
