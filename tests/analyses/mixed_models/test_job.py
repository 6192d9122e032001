"""`analyse lmem` and its kin on a warehouse: what is stored, what is said, what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.analyses.mixed_models.model.fit import fit
from hpowh.analyses.mixed_models.reading.catalogue import Selection
from hpowh.analyses.mixed_models.reading.reader import Reader
from hpowh.analyses.mixed_models.studies.analysis import Question
from hpowh.analyses.mixed_models.studies.job import (
    analyse_presets,
)
from hpowh.warehouse.errors import UsageError

from .conftest import DEFAULT, cells_of, experiment, load


def test_lmem_stores_pairs_and_the_analysis_of_variance(small):
    question = Question(factor="algorithm", by=("prior",), region=0.2)
    outcome = analyse_lmem(small, "value ~ algorithm * prior + (1|benchmark)", question=question, with_residuals=False)
    pairs = outcome.tables["lmem_pair"]
    basis = "with benchmark:algorithm, benchmark:prior, benchmark:algorithm:prior"
    assert (pairs["model"].unique().to_list(), pairs.height) == ([basis], 6)
    assert pairs["region"].unique().to_list() == [0.2]
    assert pairs["p_permutation_adjusted"].is_between(0, 1).all()
    contrasts = outcome.tables["lmem_contrast"].filter(model=basis)
    assert sorted(pairs["p_adjusted"]) == sorted(contrasts["p_adjusted"])
    anova = outcome.tables["lmem_anova"].filter(model=basis)
    assert anova["term"].to_list() == ["algorithm", "prior", "algorithm:prior"]
    assert anova["stratum"].to_list() == ["benchmark:algorithm", "benchmark:prior", "benchmark:algorithm:prior"]
    named = outcome.tables["lmem_anova"].filter(model="model")["stratum"]
    assert named.str.contains("not in the model").all()


@pytest.mark.shared
@pytest.mark.parametrize("name", ["m03", "m05", "m10", "m12", "m13", "s02"])
def test_cells_from_sql_give_the_reference_fits(name, reference, priorband_warehouse):
    model = reference["models"][name]
    formula = model["formula"].replace("used_fidelity", "budget")
    reader = Reader.of(priorband_warehouse, None)
    where = "budget = 10" if model["filter"] != "all" else None
    found = fit(formula, reader.cells(formula, Selection(catalogue=reader.catalogue, where=where)))
    assert found.problem.row_count == model["n"]
    assert found.log_likelihood >= model["REML"]["logLik"] - 1e-9 * abs(model["REML"]["logLik"])
    assert found.log_likelihood == pytest.approx(model["REML"]["logLik"], rel=1e-8)


@pytest.mark.shared
def test_as_published_reproduces_the_notebook(priorband_warehouse):
    table = analyse_presets(priorband_warehouse, response="value", as_published=True).tables["lmem_preset"]
    rows = {(row["preset"], row["subject"]): row for row in table.to_dicts()}
    seed = rows["seed", "all algorithms"]
    assert seed["null_log_likelihood"] == pytest.approx(-269924.2443, abs=1e-4)
    assert seed["full_log_likelihood"] == pytest.approx(-269958.1791, abs=1e-4)
    assert "not nested" in seed["reason"]
    expected = {
        "simple effect": (1955.0920, 1),
        "interaction": (2577.7241, 3),
        "interaction over simple": (622.6321, 2),
    }
    for subject, (statistic, df) in expected.items():
        assert rows["budget", subject]["statistic"] == pytest.approx(statistic, abs=1e-4)
        assert rows["budget", subject]["df1"] == df
    assert rows["budget", "simple effect"]["null_log_likelihood"] == pytest.approx(-244290.1072, abs=1e-4)
    assert rows["budget", "simple effect"]["full_log_likelihood"] == pytest.approx(-243312.5612, abs=1e-4)
    assert rows["budget", "interaction"]["full_log_likelihood"] == pytest.approx(-243001.2452, abs=1e-4)
    for is_reml, error in ((True, 0.9492), (False, 0.9088)):
        found = analyse_lmem(
            priorband_warehouse,
            "value ~ algorithm + prior + (1|benchmark)",
            where="budget = 10",
            is_reml=is_reml,
            variance="equal",
            with_residuals=False,
        )
        means = found.tables["lmem_marginal_mean"]
        assert means.filter(means["model"] == "model")["standard_error"][0] == pytest.approx(error, abs=1e-4)


@pytest.mark.shared
def test_a_model_without_interaction_is_warned_about_with_the_comparison(priorband_warehouse):
    outcome = analyse_lmem(
        priorband_warehouse,
        "value ~ algorithm + prior + (1|benchmark)",
        where="budget = 10",
        variance="equal",
        with_residuals=False,
    )
    table = outcome.tables["lmem_contrast"]
    both = {row["model"]: row for row in table.to_dicts() if row["contrast"] == "HB - PB"}
    assert both["model"]["p_adjusted"] == pytest.approx(0.0005, abs=5e-5)
    assert both["model"]["df"] == pytest.approx(3585, abs=1)
    assert both["with benchmark:algorithm, benchmark:prior"]["p_adjusted"] == pytest.approx(0.54, abs=0.01)
    assert both["with benchmark:algorithm, benchmark:prior"]["df"] == pytest.approx(22, abs=0.1)
    said = " ".join(outcome.warnings)
    assert "(1|benchmark:algorithm)" in said
    assert "not on one scale" in said


def test_everything_is_stored_with_its_provenance(small):
    question = Question(factor="algorithm", by=("prior",), contrasts=("tukey", "dunnett:B", "A - 0.5*B - 0.5*C"))
    outcome = analyse_lmem(small, f"{DEFAULT} + prior", question=question, experiment="x")
    expected = {
        "lmem_model",
        "lmem_fixed_effect",
        "lmem_variance_component",
        "lmem_random_effect",
        "lmem_marginal_mean",
        "lmem_contrast",
        "lmem_group",
        "lmem_residual",
        "lmem_residual_bin",
        "lmem_coverage",
        "lmem_stratum",
        "lmem_pair",
        "lmem_anova",
        "lmem_variance_test",
    }
    assert expected == set(outcome.tables)
    ledger = small.sql("select job, subject, parameters from ops.analysis_run").rows()
    assert [row[:2] for row in ledger] == [("mixed_models.fit", "x")]
    assert json.loads(ledger[0][2])["question"]["by"] == ["prior"]
    contrasts = outcome.tables["lmem_contrast"]
    # The model asked for, and the one with (1|benchmark:prior).
    assert contrasts["model"].unique().sort().to_list() == ["model", "with benchmark:prior"]
    asked = contrasts.filter(contrasts["model"] == "model")
    assert asked.group_by("method").len().sort("method").rows() == [("dunnett", 4), ("holm", 2), ("tukey", 6)]
    assert sorted(set(outcome.tables["lmem_marginal_mean"]["setting"])) == ["prior = bad", "prior = good"]
    again = analyse_lmem(small, f"{DEFAULT} + prior", question=question, experiment="x")
    assert (again.is_new, again.analysis_run_id) == (False, outcome.analysis_run_id)
    assert again.tables["lmem_contrast"].equals(contrasts)


def test_residual_moments_are_those_of_the_residuals(small):
    outcome = analyse_lmem(small, DEFAULT, variance="equal")
    rows = small.sql("select algorithm, benchmark, value from mart.observation").rows()
    data = {"algorithm": [], "benchmark": [], "y": []}
    for a, b, v in rows:
        data["algorithm"].append(a), data["benchmark"].append(b), data["y"].append(v)
    arrays = {name: np.array(v) for name, v in data.items()}
    found = fit(DEFAULT.replace("value", "y"), cells_of(DEFAULT.replace("value", "y"), arrays))
    random = dict(zip([lv for b in found.problem.blocks for lv in b.levels], found.random_effects, strict=True))
    fixed = dict(zip(found.term_names, found.beta, strict=True))
    predicted = np.array(
        [
            fixed["(Intercept)"] + fixed.get(f"algorithm{a}", 0.0) + random[b] + random[f"{b}:{a}"]
            for a, b in zip(arrays["algorithm"], arrays["benchmark"], strict=True)
        ]
    )
    residual = (arrays["y"] - predicted) / found.sigma
    skewness = ((residual - residual.mean()) ** 3).mean() / residual.std() ** 3
    model = outcome.tables["lmem_model"].to_dicts()[0]
    assert model["residual_skewness"] == pytest.approx(skewness, abs=1e-4)
    assert sum(outcome.tables["lmem_residual_bin"]["row_count"]) == len(residual)
    inside = (arrays["algorithm"] == "A") & (arrays["benchmark"] == "b000")
    table = outcome.tables["lmem_residual"].to_dicts()
    cell = next(row for row in table if row["cell"] == "algorithm = A, benchmark = b000")
    assert cell["variance"] == pytest.approx((residual[inside] * found.sigma).var(), rel=1e-4)


@pytest.mark.parametrize(
    "response", ["regret", "normalized_regret", "log_regret", "rank", "ln(value + 100)", "value * 2"]
)
def test_responses(response, small):
    outcome = analyse_lmem(small, f"{response} ~ algorithm + (1|benchmark)", with_residuals=False)
    model = outcome.tables["lmem_model"].to_dicts()[0]
    assert (model["row_count"], model["excluded_count"]) == (90, 0)
    means = outcome.tables["lmem_marginal_mean"]
    found = means.filter(means["model"] == "model")["estimate"].to_numpy()
    rows = small.sql("select algorithm, benchmark, seed, value from mart.observation").pl()
    by_benchmark = {b: rows.filter(rows["benchmark"] == b)["value"] for b in rows["benchmark"].unique()}
    values = []
    for a, b, s, v in rows.rows():
        low, high = by_benchmark[b].min(), by_benchmark[b].max()
        least = min(x - low for x in by_benchmark[b] if x > low)
        block = rows.filter((rows["benchmark"] == b) & (rows["seed"] == s))["value"]
        values.append(
            (
                a,
                {
                    "regret": v - low,
                    "normalized_regret": (v - low) / (high - low),
                    "log_regret": np.log10(max(v - low, least)),
                    "rank": 1 + sum(x < v for x in block),
                    "ln(value + 100)": np.log(v + 100),
                    "value * 2": 2 * v,
                }[response],
            )
        )
    expected = [np.mean([y for name, y in values if name == a]) for a in "ABC"]
    assert found == pytest.approx(expected, rel=1e-8)


def test_rows_of_one_run_are_warned_about(warehouse, tmp_path):
    rows = experiment(benchmarks=5, seeds=4)
    twice = {name: np.concatenate([v, v]) for name, v in rows.items()}
    twice["budget"] = np.repeat([1.0, 2.0], len(rows["value"]))
    twice["value"] = twice["value"] + 0.3 * np.random.default_rng(1).standard_normal(len(twice["value"]))
    load(warehouse, tmp_path, twice)
    outcome = analyse_lmem(warehouse, DEFAULT)
    assert any("(1|run)" in sentence for sentence in outcome.warnings)
    assert "with run" in set(outcome.tables["lmem_model"]["model"])
    at_end = analyse_lmem(warehouse, DEFAULT, budget="final")
    assert not any("(1|run)" in sentence for sentence in at_end.warnings)
    assert at_end.tables["lmem_model"]["row_count"][0] == len(rows["value"])


def test_incomplete_and_unbalanced_blocks_are_used_and_shown(warehouse, tmp_path):
    rows = experiment(benchmarks=6, seeds=5)
    keep = ~((rows["algorithm"] == "A") & (rows["benchmark"] == "b002"))
    load(warehouse, tmp_path, {name: v[keep] for name, v in rows.items()})
    outcome = analyse_lmem(warehouse, DEFAULT)
    assert outcome.tables["lmem_model"]["row_count"][0] == 85
    assert any("A has rows on 5 of 6 benchmarks only" in sentence for sentence in outcome.warnings)
    coverage = outcome.tables["lmem_coverage"]
    assert coverage.filter(coverage["row_count"] == 0).select("level", "block").rows() == [("A", "b002")]


def test_unusable_responses_are_counted_and_said(warehouse, tmp_path):
    rows = experiment(benchmarks=6, seeds=5)
    values = rows["value"].astype(object)
    values[3], values[40], values[70] = "nan", "inf", "-inf"
    load(warehouse, tmp_path, rows | {"value": values})
    outcome = analyse_lmem(warehouse, DEFAULT)
    model = outcome.tables["lmem_model"].to_dicts()[0]
    assert (model["row_count"], model["excluded_count"]) == (87, 3)
    assert any("3 of 90 selected rows" in sentence for sentence in outcome.warnings)


def test_a_metric_and_a_factor_may_have_names_that_are_no_words(warehouse, tmp_path):
    rows = experiment(benchmarks=6, seeds=5)
    rows["val accuracy"] = 1.0 - rows.pop("value") / 10
    rows["warm start"] = np.where(rows["seed"] % 2 == 0, "yes", "no")
    load(warehouse, tmp_path, rows, roles={"val accuracy": "metric", "warm start": "factor"})
    fits = [
        analyse_lmem(warehouse, f"{response} ~ algorithm*`warm start` + (1|benchmark)").tables["lmem_model"]
        for response in ("value", "val accuracy", "`val accuracy`", '"val accuracy"', "1 - `val accuracy`")
    ]
    assert {round(float(table["log_likelihood"][0]), 6) for table in fits} == {
        round(float(fits[0]["log_likelihood"][0]), 6)
    }
    with pytest.raises(UsageError, match="there are: `val accuracy`, value, regret"):
        analyse_lmem(warehouse, "accuracy ~ algorithm")


def test_rank_deficient_designs_name_what_was_dropped(warehouse, tmp_path):
    rows = experiment(benchmarks=6, seeds=5)
    rows["twin"] = np.char.add("t", rows["algorithm"])
    load(warehouse, tmp_path, rows, roles={"twin": "factor"})
    outcome = analyse_lmem(warehouse, "value ~ algorithm + twin + (1|benchmark)")
    assert any("twintB" in sentence for sentence in outcome.warnings)
    effects = outcome.tables["lmem_fixed_effect"]
    dropped = effects.filter(effects["term"] == "twintB")
    assert dropped["estimate"][0] is None
    assert "linear combination" in dropped["reason"][0]


@pytest.mark.parametrize(
    ("formula", "options", "message"),
    [
        ("value ~ algoritm", {}, "no column 'algoritm'; there are: algorithm, benchmark, seed, budget, run, prior"),
        ("value ~ algorithm + (1|benchmark", {}, "not closed"),
        ("loss ~ algorithm", {}, "names no measured value"),
        ("value ~ algorithm", {"where": "nope = 1"}, "nope"),
        ("value ~ algorithm", {"where": "seed = 1; drop table x"}, "semicolon"),
        ("value ~ algorithm", {"where": "seed = 99"}, "No row is selected"),
        ("value ~ algorithm", {"where": "algorithm = 'A'"}, "one level only"),
        ("value ~ algorithm + (1|benchmark)", {"where": "benchmark = 'b001'"}, "one level only"),
        ("value ~ 1", {"where": "seed = 0 and benchmark = 'b000' and algorithm = 'A'"}, "1 rows cannot carry"),
        ("value * 0 ~ algorithm", {}, "constant"),
        ("value ~ algorithm + (1|run)", {}, "a level for each of the 90 rows"),
        ("value ~ log(prior)", {}, "not a number"),
        ("value ~ algorithm", {"metric": "nope"}, "no metric 'nope'"),
        ("value ~ algorithm", {"experiment": "nope"}, "no experiment 'nope'"),
        ("value ~ algorithm", {"question": Question(factor="prior")}, "prior is not a factor of the fixed part"),
        ("value ~ algorithm", {"question": Question(contrasts=("dunnett:Z",))}, "no level Z"),
    ],
)
def test_bad_input_says_what_is_wrong(formula, options, message, small):
    with pytest.raises(UsageError) as caught:
        analyse_lmem(small, formula, **options)
    assert message in str(caught.value)
    assert small.sql("select count(*) from ops.analysis_run").one() == 0


@pytest.mark.parametrize(
    ("response", "direction", "best"),
    [
        ("value", "max", "C"),
        ("value * 2", "max", "C"),
        ("regret", "max", "C"),
        ("rank", "max", "C"),
        ("value", "min", "A"),
    ],
)
def test_the_best_comes_first_in_both_directions(response, direction, best, warehouse, tmp_path):
    rows = experiment(benchmarks=5, seeds=5, effect=(0.0, 1.5, 3.0), interaction_sd=0.1)
    load(warehouse, tmp_path, rows, direction=direction)
    formula = f"{response} ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
    table = analyse_lmem(warehouse, formula, with_residuals=False).tables["lmem_group"]
    placed = table.filter((table["model"] == "model") & (table["group_number"] == 0)).sort("position")
    assert placed["level"].to_list() == sorted("ABC", reverse=best == "C")


def test_an_exact_fit_is_refused(warehouse, tmp_path):
    """Algorithms that are always in the same order have ranks without any variance."""
    load(warehouse, tmp_path, experiment(benchmarks=5, seeds=5, effect=(0.0, 40.0, 80.0)))
    with pytest.raises(UsageError, match="fits every row exactly"):
        analyse_lmem(warehouse, "rank ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)")


def test_a_search_that_does_not_converge_is_said(small, monkeypatch):
    monkeypatch.setattr("hpowh.analyses.mixed_models.model.optimise.GRADIENT_TOLERANCE", -1.0)
    outcome = analyse_lmem(small, DEFAULT, with_residuals=False)
    assert not outcome.tables["lmem_model"]["is_converged"][0]
    assert "did not converge" in outcome.tables["lmem_model"]["reason"][0]
    assert any("did not converge" in sentence for sentence in outcome.warnings)


@pytest.mark.slow
def test_ten_thousand_levels(warehouse, tmp_path):
    rng = np.random.default_rng(7)
    size = 10_000
    rows = {
        "algorithm": np.tile(["A", "B"], size),
        "benchmark": np.repeat([f"b{i % 40}" for i in range(size)], 2),
        "seed": np.repeat(np.arange(size), 2),
        "budget": np.ones(2 * size),
    }
    seed_effect = 0.7 * rng.standard_normal(size)[rows["seed"]]
    rows["value"] = seed_effect + rng.standard_normal(2 * size) + (rows["algorithm"] == "B") * 0.2
    load(warehouse, tmp_path, rows)
    outcome = analyse_lmem(warehouse, "value ~ algorithm + (1|seed) + (1|benchmark)", with_residuals=False)
    components = {
        row["grouping_factor"]: row
        for row in outcome.tables["lmem_variance_component"].to_dicts()
        if row["model"] == "model"
    }
    assert components["seed"]["lower"] < 0.7 < components["seed"]["upper"]
    difference = outcome.tables["lmem_fixed_effect"].to_dicts()[1]
    paired = rows["value"][1::2] - rows["value"][::2]
    assert difference["estimate"] == pytest.approx(paired.mean(), rel=1e-6)
    assert difference["standard_error"] == pytest.approx(paired.std(ddof=1) / np.sqrt(size), rel=1e-4)


def test_commands_answer_as_json_and_refuse_with_exit_code_two(small, hpowh):
    small.close()
    done = hpowh("analyse", "lmem", DEFAULT, "--json", "--no-residuals", "--contrast", "dunnett:A")
    assert done.returncode == 0, done.stderr
    (answer,) = json.loads(done.stdout)["analyses"]
    assert {row["method"] for row in answer["tables"]["lmem_contrast"]} == {"dunnett"}
    assert {"verdict", "pair"} == {one["kind"] for one in answer["findings"]}
    refused = hpowh("analyse", "lmem", "value ~ algorithm + (1|benchmark")
    assert refused.returncode == 2
    assert "^" in refused.stderr
    for command in ("lmem", "presets", "ladder", "anomalies", "power", "lrt", "rankings"):
        text = hpowh("analyse", command, "--help").stdout
        assert "Example: hpowh analyse" in " ".join(text.split()), command
