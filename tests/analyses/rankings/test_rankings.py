"""Rank tests against autorank, scipy, exact enumeration and analytic cases."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from hpowh.analyses.findings.job import all_findings, findings_of
from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.analyses.rankings.bayes import draws_for, sign_test, signed_rank_test, signed_rank_weights
from hpowh.analyses.rankings.blocks import Blocks, RankingError, make_blocks
from hpowh.analyses.rankings.compare import agreement_rows, ranking_rows
from hpowh.analyses.rankings.frequentist import (
    critical_difference,
    friedman,
    iman_davenport,
    nemenyi,
    sign_flip,
    wilcoxon_holm,
)
from hpowh.analyses.rankings.groups import bars
from hpowh.analyses.rankings.job import analyse_rankings, analyse_tiers
from hpowh.analyses.statistics.shuffles import sign_flips
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError


def blocks_of(losses: np.ndarray) -> Blocks:
    names = tuple(f"b{i}" for i in range(len(losses)))
    return Blocks(names, tuple("ABCDEFGH"[: losses.shape[1]]), np.asarray(losses, dtype=float), ())


def drawn(seed: int, n: int = 15, k: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, k)) + np.linspace(0, 1.2, k)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 9999), st.integers(3, 25), st.integers(3, 6), st.booleans())
def test_friedman_agrees_with_scipy_ties_included(seed, n, k, has_ties):
    losses = drawn(seed, n, k)
    losses = losses.round(0) if has_ties else losses
    found = friedman(blocks_of(losses))
    if (losses == losses[:, :1]).all():
        assert found.reason
        return
    expected = stats.friedmanchisquare(*losses.T)
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)


def test_iman_davenport_is_the_analysis_of_variance_of_ranks():
    blocks = blocks_of(drawn(3))
    ranks = blocks.ranks
    n, k = ranks.shape
    between = n * ((ranks.mean(0) - ranks.mean()) ** 2).sum() / (k - 1)
    residual = ranks - ranks.mean(0) - ranks.mean(1, keepdims=True) + ranks.mean()
    expected = between / ((residual**2).sum() / ((n - 1) * (k - 1)))
    assert iman_davenport(blocks).statistic == pytest.approx(expected)


def test_demsars_critical_difference():
    """Demsar (2006), section 3.2.2: 4 classifiers, 14 data sets: q = 2.569, CD = 1.25; 10 classifiers: q = 3.164."""
    assert critical_difference(14, 4) == pytest.approx(1.25, abs=0.005)
    assert critical_difference(14, 10) == pytest.approx(3.164 * np.sqrt(10 * 11 / (6 * 14)), abs=2e-3)


def test_nemenyis_p_value_crosses_five_percent_at_the_critical_difference():
    for seed in range(20):
        blocks = blocks_of(drawn(seed))
        limit = critical_difference(*blocks.losses.shape)
        for pair in nemenyi(blocks):
            assert (pair.p_adjusted < 0.05) == (abs(pair.estimate) > limit)


def test_wilcoxon_holm_agrees_with_scipy():
    blocks = blocks_of(drawn(5, 12, 3))
    found = wilcoxon_holm(blocks)
    raw = [
        stats.wilcoxon(blocks.losses[:, i], blocks.losses[:, j]).pvalue for i, j in itertools.combinations(range(3), 2)
    ]
    assert [pair.p_value for pair in found] == pytest.approx(raw)
    order = np.argsort(raw)
    adjusted = np.maximum.accumulate(np.array(raw)[order] * [3, 2, 1]).clip(max=1)
    assert np.array([pair.p_adjusted for pair in found])[order] == pytest.approx(adjusted)


@pytest.mark.parametrize(
    "differences",
    [[1, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5], [1] * 5, [0, 0, 1, -1, 2, 2, 2], [3, -3, 3, 1, 1, -1, 0, 5], [2.5, -1, 4]],
)
def test_signed_ranks_with_ties_and_zeros_count_all_signs(differences):
    """The normal approximation called five blocks with a tie significant; no test of signs can be below 2 / 2^5."""
    difference = np.array(differences, dtype=float)
    ranks = stats.rankdata(np.abs(difference))[difference != 0]
    center = ranks.sum() / 2
    observed = abs(ranks[difference[difference != 0] > 0].sum() - center)
    sums = [ranks[np.array(signs)].sum() for signs in itertools.product((False, True), repeat=len(ranks))]
    wanted = np.mean(np.abs(np.array(sums) - center) >= observed - 1e-9)
    pair = wilcoxon_holm(blocks_of(np.column_stack([difference, np.zeros(len(difference))])))[0]
    assert pair.p_value == pytest.approx(wanted)
    assert pair.p_value >= 2.0 ** (1 - len(ranks))


def test_a_test_that_cannot_see_a_difference_has_no_say():
    """Of eight blocks and ten pairs no signed rank comes below 0.078 by Holm, however far the algorithms are apart."""
    losses = np.arange(5.0) * 10 + np.random.default_rng(0).random((8, 5))
    rows = ranking_rows(blocks_of(losses), "", 0.0, 0)
    pairs = [row for row in rows["ranking_pair"] if row["test"] == "wilcoxon_holm"]
    assert {row["reason"] for row in pairs} == {"cannot come below p = 0.078"}
    assert not any(row["is_different"] for row in pairs)
    model = [{"first": "A", "second": "E", "estimate": -40.0, "p_adjusted": 1e-6}]
    (found,) = agreement_rows(rows, model, "", "value")
    assert found["is_agreed"] and found["sentence"].endswith("Wilcoxon-Holm: too few blocks to show any difference.")
    enough = ranking_rows(blocks_of(np.vstack([losses, losses[:1] + 0.1])), "", 0.0, 0)
    assert all(row["is_different"] for row in enough["ranking_pair"] if row["test"] == "wilcoxon_holm")


def test_equal_algorithms_have_no_p_value_but_a_reason():
    losses = drawn(1, 8, 3)
    losses[:, 1] = losses[:, 0]
    pair = wilcoxon_holm(blocks_of(losses))[0]
    assert np.isnan(pair.p_value)
    assert pair.reason == "no difference in any block"
    assert friedman(blocks_of(np.ones((5, 3)))).reason == "all algorithms tie in every block"


def test_how_far_the_pairs_are_is_told():
    told: list[tuple[int, int]] = []
    losses = np.random.default_rng(0).standard_normal((4, 8))
    ranking_rows(blocks_of(losses), "", 0.0, 0, progress=lambda done, total: told.append((done, total)))
    assert told == [(28, 28)]


@pytest.mark.parametrize("n", [1, 2, 7])
def test_half_of_the_flips_say_what_all_do(n):
    differences = np.random.default_rng(n).standard_normal((n, 3)).round(1)
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=n)))
    far = np.abs(signs @ differences) >= np.abs(differences.sum(axis=0)) - 1e-9
    np.testing.assert_allclose(sign_flips(differences), far.mean(axis=0))


def test_sign_flips_are_enumerated():
    losses = np.array([[1.0, 2.0], [1.0, 3.0], [2.0, 2.5], [0.0, 1.0]])
    assert sign_flip(blocks_of(losses), "A", "B") == pytest.approx(2 / 16)
    many = blocks_of(drawn(2, 40, 2))
    t_test = stats.ttest_rel(many.losses[:, 0], many.losses[:, 1]).pvalue
    assert sign_flip(many, "A", "B") == pytest.approx(t_test, abs=0.01)


def test_bayesian_tests_on_clear_and_on_even_cases():
    rng = np.random.default_rng(0)
    clear = blocks_of(np.column_stack([np.zeros(20), np.full(20, 1.0)]))
    for test, chance in ((sign_test, rng), (signed_rank_test, signed_rank_weights(20, rng))):
        assert test(clear, "A", "B", 0.1, chance).verdict == "first"
        assert test(clear, "B", "A", 0.1, chance).verdict == "second"
        assert test(clear, "A", "B", 2.0, chance).verdict == "equal"
    even = blocks_of(np.column_stack([np.zeros(20), np.tile([1.0, -1.0], 10)]))
    found = sign_test(even, "A", "B", 0.0, rng)
    assert found.first == pytest.approx(found.second, abs=0.02)
    assert found.first + found.rope + found.second == pytest.approx(1.0)


def test_signed_rank_agrees_with_baycomp():
    baycomp = pytest.importorskip("baycomp")
    losses = drawn(9, 20, 2)
    found = signed_rank_test(blocks_of(losses), "A", "B", 0.1, signed_rank_weights(20, np.random.default_rng(1)))
    left, rope, right = baycomp.SignedRankTest(losses[:, 0], losses[:, 1], 0.1, nsamples=20_000).probs()
    # baycomp compares scores: its left is "the first is larger".
    assert (found.second, found.rope, found.first) == (
        pytest.approx(left, abs=0.02),
        pytest.approx(rope, abs=0.02),
        pytest.approx(right, abs=0.02),
    )


@pytest.mark.parametrize("rope", [0.0, 0.3])
@pytest.mark.parametrize("has_ties", [False, True])
def test_signed_ranks_sum_over_all_pairs_of_blocks(rope: float, has_ties: bool):
    """The sum over blocks of cumulated weights is the definition's double sum (Benavoli et al. 2017, section 4.2)."""
    rng = np.random.default_rng(7)
    difference = rng.standard_normal(40) - 0.2
    difference = np.round(difference) / 2.0 if has_ties else difference
    blocks = blocks_of(np.column_stack([difference, np.zeros(40)]))
    weights = signed_rank_weights(40, rng, 2_500)
    values = np.concatenate([[0.0], difference])
    middle = 0.5 * (values[:, None] + values[None, :])
    better = np.einsum("di,ij,dj->d", weights, (middle < -rope).astype(float), weights)
    worse = np.einsum("di,ij,dj->d", weights, (middle > rope).astype(float), weights)
    found = signed_rank_test(blocks, "A", "B", rope, weights)
    shares = np.column_stack([better, 1.0 - better - worse, worse])
    is_largest = shares >= shares.max(axis=1, keepdims=True) - 1e-12
    expected = (is_largest / is_largest.sum(axis=1, keepdims=True)).mean(axis=0)
    assert (found.first, found.rope, found.second) == pytest.approx(tuple(expected), abs=1e-12)


def test_many_pairs_get_fewer_draws():
    assert [draws_for(1, blocks) for blocks in (20, 200, 500, 900, 5_000)] == [20_000, 20_000, 8_000, 4_444, 4_000]
    assert [draws_for(count) for count in (1, 100, 200, 780, 10_000)] == [20_000, 20_000, 10_000, 4_000, 4_000]


def test_friedman_and_nemenyi_agree_with_autorank():
    autorank = pytest.importorskip("autorank")
    pd = pytest.importorskip("pandas")
    losses = np.exp(2 * drawn(17, 20, 4))
    blocks = blocks_of(losses)
    theirs = autorank.autorank(
        pd.DataFrame(losses, columns=list(blocks.algorithms)), order="ascending", force_mode="nonparametric"
    )
    assert theirs.omnibus == "friedman"
    assert friedman(blocks).p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert critical_difference(*losses.shape) == pytest.approx(theirs.cd, rel=1e-3)
    ours = dict(zip(blocks.algorithms, blocks.ranks.mean(0), strict=True))
    assert {name: theirs.rankdf.loc[name, "meanrank"] for name in ours} == pytest.approx(ours)


def test_incomplete_blocks_are_dropped_and_named():
    blocks = make_blocks(["u", "u", "v", "w", "w"], ["A", "B", "A", "A", "B"], [1.0, 2.0, 3.0, np.nan, 1.0])
    assert blocks.names == ("u",)
    assert blocks.dropped == ("v", "w")
    with pytest.raises(RankingError, match="several values"):
        make_blocks(["u", "u", "u"], ["A", "A", "B"], [1.0, 2.0, 3.0])
    with pytest.raises(RankingError, match="two algorithms"):
        make_blocks(["u"], ["A"], [1.0])
    with pytest.raises(RankingError, match="No block"):
        make_blocks(["u", "v"], ["A", "B"], [1.0, 2.0])


def test_bars_look_at_every_pair():
    """A differs from B but neither from C: no bar over all three although the ends do not differ."""
    assert bars("ABC", {frozenset("AB")}) == [("B", "C")]
    assert bars("ABCD", {frozenset("AD")}) == [("A", "B", "C"), ("B", "C", "D")]
    assert bars("AB", set()) == [("A", "B")]
    assert bars("AB", {frozenset("AB")}) == []


def test_a_test_of_one_pair_does_not_disagree_with_those_that_are_corrected_for_all():
    """The Bayesian test looks at a pair alone: of 40 algorithms without a difference it finds one in many pairs."""
    pairs = [{"first": "A", "second": other, "estimate": -1.0, "p_adjusted": 0.3} for other in "BC"]
    none, clear = {"estimate": -1.0, "p_adjusted": 0.4}, {"estimate": -1.0, "p_adjusted": 0.001}
    rows = []
    for other, found in (("B", none), ("C", clear)):
        rows += [{"test": name, "first": "A", "second": other, **found} for name in ("nemenyi", "wilcoxon_holm")]
        posterior = {"probability_first": 0.97, "probability_rope": 0.0, "probability_second": 0.03}
        rows.append({"test": "bayes_signed_rank", "first": "A", "second": other, **posterior})
    looser, apart = agreement_rows({"ranking_pair": rows}, pairs, "", "value")
    assert "agree (no difference seen); the Bayesian signed rank, which is of this pair alone" in looser["sentence"]
    assert "not corrected for 2 pairs: A better" in looser["sentence"] and not looser["is_agreed"]
    assert "the tests do not agree" in apart["sentence"]
    alone = agreement_rows({"ranking_pair": rows}, pairs[:1], "", "value")[0]
    assert "the tests do not agree" in alone["sentence"]


def test_agreement_says_where_the_tests_differ():
    rows = ranking_rows(blocks_of(drawn(4, 20, 2) + np.array([0.0, 2.0])), "", 0.0, 1)
    pair = {"first": "B", "second": "A", "estimate": 2.0, "p_adjusted": 0.4}
    found = agreement_rows(rows, [pair, pair | {"p_adjusted": 1e-4}], "", "value")
    assert [row["is_agreed"] for row in found] == [False, True]
    assert "do not agree: mixed model of value: no difference seen" in found[0]["sentence"]
    assert found[1]["nemenyi_verdict"] == found[1]["lmem_verdict"] == "A better"


def load(warehouse: Warehouse, tmp_path: Path, lines: list[str], **more: str) -> None:
    from hpowh.warehouse.ingest import Request, find_source, ingest

    path = tmp_path / "runs.csv"
    path.write_text("\n".join(["algorithm,benchmark,seed,budget,value", *lines]), encoding="utf-8")
    ingest(warehouse, find_source("runs"), Request(str(path), "x", {}, {"direction": "min", **more}, None))


def load_as(warehouse: Warehouse, tmp_path: Path, name: str, lines: list[str]) -> None:
    from hpowh.warehouse.ingest import Request, find_source, ingest

    path = tmp_path / f"{name}.csv"
    path.write_text("\n".join(["algorithm,benchmark,seed,budget,value", *lines]), encoding="utf-8")
    ingest(warehouse, find_source("runs"), Request(str(path), name, {}, {"direction": "min", "experiment": name}))


@pytest.mark.parametrize(("direction", "best"), [("min", "A"), ("max", "C")])
def test_both_directions(direction, best, warehouse, tmp_path):
    rng = np.random.default_rng(1)
    lines = [
        f"{a},b{b},{s},1,{i + 0.1 * rng.random():.6f}" for i, a in enumerate("ABC") for b in range(8) for s in range(2)
    ]
    load(warehouse, tmp_path, lines, direction=direction)
    outcome = analyse_rankings(warehouse, response="value")
    table = outcome.tables["ranking_algorithm"]
    assert table["position"].is_sorted()
    assert table["algorithm"][0] == best
    flips = outcome.tables["ranking_pair"].filter(outcome.tables["ranking_pair"]["test"] == "sign_flip")
    expected = multipletests(flips["p_value"].to_numpy(), method="holm")[1]
    assert flips["p_adjusted"].to_list() == pytest.approx(expected.tolist())
    # Values are as they were measured, whichever way is better.
    assert table.sort("algorithm")["mean_value"].to_list() == pytest.approx([0.05, 1.05, 2.05], abs=0.02)
    groups = outcome.tables["ranking_group"]
    placed = groups.filter((groups["group_number"] == 0) & (groups["method"] == "nemenyi")).sort("position")
    assert placed["algorithm"].to_list() == sorted("ABC", reverse=direction == "max")
    again = analyse_rankings(warehouse, response="value")
    assert (again.is_new, again.analysis_run_id) == (False, outcome.analysis_run_id)
    assert again.tables["ranking_pair"].equals(outcome.tables["ranking_pair"])


@pytest.mark.parametrize("response", ["1 - value", "value / (seed + 1)", "log(3 - value)"])
def test_an_expression_goes_the_way_its_metric_goes_on_a_benchmark(response, warehouse, tmp_path):
    places = [(a, i, b, s) for i, a in enumerate("ABC") for b in range(8) for s in range(2)]
    lines = [f"{a},b{b},{s},1,{0.5 * (i + 1) + 0.01 * b}" for a, i, b, s in places]
    load(warehouse, tmp_path, lines, direction="max")
    outcome = analyse_rankings(warehouse, response=response)
    assert outcome.tables["ranking_algorithm"].sort("position")["algorithm"][0] == "C"
    assert any("not plain which way" in said for said in outcome.warnings) == ("seed" in response)


@pytest.mark.parametrize("budgets", [(1,), (50,), (1, 50)])
def test_the_model_that_was_fitted_answers_where_all_values_stand_at_one_budget(budgets, warehouse, tmp_path):
    """Asked without a budget, a model of runs that have one each is of the values that rankings and tiers compare."""
    rng = np.random.default_rng(2)
    places = [(a, i, b, s, t) for i, a in enumerate("ABC") for b in range(8) for s in range(2) for t in budgets]
    lines = [f"{a},b{b},{s},{t},{i + 0.1 * b + 0.2 * rng.random():.6f}" for a, i, b, s, t in places]
    load(warehouse, tmp_path, lines)
    formula = "log_regret ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
    fitted = analyse_lmem(warehouse, formula, with_residuals=False)
    ranked, tiers = analyse_rankings(warehouse), analyse_tiers(warehouse)
    of = ["log_regret" if len(budgets) == 1 else "normalized_regret"] * 2
    assert [json.loads(run_of(warehouse, one))["response"] for one in (ranked, tiers)] == of
    told = [one.sentence for one in all_findings(warehouse) if one.kind == "verdict"]
    assert len(told) == len(budgets)
    assert told[0] in [one.sentence for one in findings_of(warehouse, fitted.analysis_run_id)]
    assert ("at budget 50" in told[-1]) == (50 in budgets)


def run_of(warehouse, outcome) -> str:
    query = "select parameters from ops.analysis_run where analysis_run_id = ?"
    return warehouse.sql(query, [outcome.analysis_run_id]).one()


def test_ranks_need_no_mixed_model(warehouse, tmp_path):
    load(warehouse, tmp_path, [f"{a},b{b},0,1,{i + b}" for i, a in enumerate("ABC") for b in range(8)])
    outcome = analyse_rankings(warehouse, response="value")
    assert any("no mixed model to set beside" in said for said in outcome.warnings)
    assert outcome.tables["ranking_algorithm"].sort("position")["algorithm"].to_list() == ["A", "B", "C"]
    assert "ranking_agreement" not in outcome.tables


def test_refuses_what_cannot_be_ranked(warehouse, tmp_path):
    load(warehouse, tmp_path, ["A,b1,0,1,1.0", "A,b2,0,1,2.0"])
    with pytest.raises(UsageError, match="two algorithms"):
        analyse_rankings(warehouse, response="value")
    with pytest.raises(UsageError, match="no experiment 'nope'"):
        analyse_rankings(warehouse, "nope")
    with pytest.raises(UsageError, match="Blocks are one of"):
        analyse_rankings(warehouse, block="run")


def test_a_verdict_that_the_number_of_blocks_decides_says_so(warehouse, tmp_path):
    """Five algorithms far apart on eight benchmarks, on a ninth all at the same value."""
    for count, more in ((8, 0), (9, 1), (10, 1)):
        lines = [f"{a},b{count}{b},0,1,{10 * i + b / 7}" for i, a in enumerate("ABCDE") for b in range(count - more)]
        lines += [f"{a},solved,0,1,0.5" for a in "ABCDE"][: 5 * more]
        load_as(warehouse, tmp_path, f"x{count}", lines)
        analyse_rankings(warehouse, f"x{count}", response="value")
    told = {one.subject: one.sentence for one in all_findings(warehouse) if one.kind == "verdict"}
    assert "fewer than 9 blocks, corrected for 10 pairs, cannot show a difference, however large it is" in told["x8"]
    assert "Too many of the 9 blocks tie for signed ranks to show a difference" in told["x9"]
    assert "cannot show" not in told["x10"] and "Too many" not in told["x10"]
    notes = warehouse.sql("select warnings from ops.analysis_run where subject = 'x9'").one()
    assert (
        "On solved all algorithms have the same value" in notes and "among the 9 benchmarks as no difference" in notes
    )
