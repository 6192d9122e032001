"""Each fixed term is tested in its own stratum, whatever the factors are called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hpowh.analyses.mixed_models.inference.kenward_roger import JointTests
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.analyses.mixed_models.model.fit import fit
from hpowh.analyses.mixed_models.model.formula import parse_formula
from hpowh.analyses.mixed_models.studies.job import analyse_presets
from hpowh.analyses.mixed_models.studies.kinds import is_identifier
from hpowh.analyses.mixed_models.studies.strata import identifiable, strata, term_test, with_strata
from hpowh.analyses.rankings.job import analyse_rankings
from hpowh.warehouse import Warehouse

from ..conftest import DEFAULT, cells_of, experiment, load


def crossed(rng: np.random.Generator, *, seeds: int = 5, prior_sd: float = 0.5) -> dict[str, np.ndarray]:
    """Draw 12 x 3 x 2 with effects of prior that differ between benchmarks, and none on the average."""
    b, a, p, s = (index.ravel() for index in np.indices((12, 3, 2, seeds)))
    y = (
        rng.standard_normal(12)[b]
        + 0.3 * rng.standard_normal((12, 3))[b, a]
        + prior_sd * rng.standard_normal((12, 2))[b, p]
        + prior_sd * rng.standard_normal((12, 3, 2))[b, a, p]
        + rng.standard_normal(b.size)
    )
    return {
        "y": y,
        "algorithm": np.array(["A", "B", "C"])[a],
        "benchmark": np.array([f"b{i:02d}" for i in range(12)])[b],
        "prior": np.array(["bad", "good"])[p],
        "seed": s,
        "x": b * 1.0,
        "z": s * 1.0,
        "run": np.arange(b.size),
    }


def states(formula: str, rows: dict[str, np.ndarray]) -> dict[tuple[str, str], tuple[str, str]]:
    cells = cells_of(formula, rows)
    return {(":".join(s.term), s.group): (s.name, s.state) for s in strata(parse_formula(formula), cells)}


def test_strata_follow_the_structure_and_not_the_names():
    rows = crossed(np.random.default_rng(1))
    assert states("y ~ algorithm*prior + (1|benchmark) + (1|benchmark:algorithm)", rows) == {
        ("algorithm", "benchmark"): ("benchmark:algorithm", "in the formula"),
        ("prior", "benchmark"): ("benchmark:prior", "added"),
        ("algorithm:prior", "benchmark"): ("benchmark:algorithm:prior", "added"),
    }
    # A slope by benchmark is the stratum as well, of a factor and of a number; a meta-feature has none of its own.
    assert states("y ~ algorithm + (0+algorithm|benchmark)", rows)["algorithm", "benchmark"][1] == "in the formula"
    found = states("y ~ algorithm*x + z + algorithm:z + (1|benchmark)", rows)
    assert found["x", "benchmark"] == ("benchmark", "between")
    assert found["algorithm:x", "benchmark"] == ("benchmark:algorithm", "added")
    assert found["z", "benchmark"] == ("(0 + z | benchmark)", "added")
    assert found["algorithm:z", "benchmark"] == ("(0 + z | benchmark:algorithm)", "added")
    # Another grouping factor: what varies within seeds too. Nested ones are held by the outer one.
    assert states("y ~ algorithm + (1|benchmark) + (1|seed)", rows)["algorithm", "seed"] == ("seed:algorithm", "added")
    assert set(states("y ~ algorithm + prior + (1|benchmark) + (1|run)", rows)) == {
        ("algorithm", "benchmark"),
        ("prior", "benchmark"),
    }


def test_a_stratum_with_a_level_for_each_row_is_the_residual():
    rows = crossed(np.random.default_rng(1), seeds=1)
    formula = "y ~ algorithm*prior + (1|benchmark)"
    assert states(formula, rows)["algorithm:prior", "benchmark"][1] == "the residual"
    parsed = parse_formula(formula + " + (1|benchmark:algorithm:prior)")
    kept, left_out = identifiable(parsed, cells_of(str(parsed), rows))
    assert [random.group for random in left_out] == [("benchmark", "algorithm", "prior")]
    assert kept == parse_formula(formula)


@pytest.mark.shared
def test_priorbands_prior_is_tested_between_benchmarks(priorband_warehouse: Warehouse):
    outcome = analyse_lmem(
        priorband_warehouse,
        "normalized_regret ~ algorithm*prior + (1|benchmark) + (1|benchmark:algorithm)",
        budget=10.0,
        with_residuals=False,
        variance="equal",
    )
    rows = {row["term"]: row for row in outcome.tables["lmem_stratum"].to_dicts()}
    prior = rows["prior"]
    assert (prior["stratum"], prior["state"]) == ("benchmark:prior", "added")
    assert prior["p_asked"] == pytest.approx(6.6e-12, rel=0.01)
    assert prior["df_asked"] == pytest.approx(3561, abs=1)
    assert prior["p_right"] == pytest.approx(0.085, abs=5e-4)
    assert prior["df_right"] == pytest.approx(14.5, abs=0.05)
    models = outcome.tables["lmem_model"]
    assert models.filter(models["is_basis"])["model"].to_list() == ["with benchmark:prior, benchmark:algorithm:prior"]
    fixed = outcome.tables["lmem_fixed_effect"]
    effect = {(row["model"], row["term"]): row["p_value"] for row in fixed.to_dicts()}
    assert effect["model", "algorithmPB:priorbad"] == pytest.approx(9.0e-11, rel=0.02)
    right = effect["with benchmark:prior, benchmark:algorithm:prior", "algorithmPB:priorbad"]
    assert right == pytest.approx(8.4e-4, rel=0.02)
    said = [one for one in outcome.warnings if "no (1|benchmark:prior)" in one]
    assert len(said) == 1
    assert "prior: p < 0.0001 (df 3561) without it, p = 0.085 (df 14.5) with it." in said[0]


def test_one_value_for_each_benchmark_and_algorithm(warehouse: Warehouse, tmp_path: Path):
    load(warehouse, tmp_path, experiment(3, benchmarks=12, seeds=1))
    full = analyse_lmem(warehouse, DEFAULT)
    plain = analyse_lmem(warehouse, "value ~ algorithm + (1|benchmark)")
    assert full.tables["lmem_contrast"].equals(plain.tables["lmem_contrast"])
    assert full.tables["lmem_contrast"]["df"][0] == pytest.approx(22.0)
    assert any("fitted without (1|benchmark:algorithm)" in said for said in full.warnings)
    for outcome in (full, plain):
        assert not any("too small" in said for said in outcome.warnings)
        assert outcome.tables["lmem_model"]["model"].to_list() == ["model"]
        assert outcome.tables["lmem_stratum"]["stratum"].to_list() == ["Residual"]
    ranked = analyse_rankings(warehouse, response="value")
    assert "ranking_agreement" in ranked.tables


def test_in_each_benchmarks_spread_the_strata_are_those_of_the_model_that_counts(warehouse: Warehouse, tmp_path: Path):
    rows = crossed(np.random.default_rng(4), prior_sd=1.0)
    scale = 10.0 ** (np.arange(12) / 6.0)[[int(name[1:]) for name in rows["benchmark"]]]
    rows = {name: rows[name] for name in ("algorithm", "benchmark", "seed", "prior")} | {"value": scale * rows["y"]}
    load(warehouse, tmp_path, rows)
    models = analyse_lmem(warehouse, "value ~ algorithm*prior + (1|benchmark)").tables["lmem_model"]
    formulas = dict(models.select("model", "formula").iter_rows())
    assert "(1 | benchmark:algorithm:prior)" in formulas["in each benchmark's spread"]
    assert "(1 | benchmark:algorithm:prior)" not in formulas["model"]


def test_the_audit_is_on_the_command_line(warehouse: Warehouse, tmp_path: Path, hpowh):
    rows = crossed(np.random.default_rng(2))
    rows = {name: rows[name] for name in ("algorithm", "benchmark", "seed", "prior")} | {"value": rows["y"]}
    load(warehouse, tmp_path, rows)
    warehouse.close()
    formula = "value ~ algorithm*prior + (1|benchmark) + (1|benchmark:algorithm)"
    done = hpowh("analyse", "lmem", formula, "--by", "prior")
    assert done.returncode == 0, done.stderr
    assert "lmem_stratum" in done.stdout
    assert "benchmark:algorithm:prior" in done.stdout
    assert "no (1|benchmark:prior)" in done.stderr


def false_alarms(replicates: int) -> tuple[float, float]:
    """Return the shares of experiments without an effect in which prior is significant, as asked and in its stratum."""
    formula = parse_formula("y ~ algorithm + prior + (1|benchmark) + (1|benchmark:algorithm)")
    asked, right = 0, 0
    for seed in range(replicates):
        rows = crossed(np.random.default_rng(seed), seeds=5)
        cells = cells_of(str(formula) + " + (1|benchmark:prior)", rows)
        wider = with_strata(formula, strata(formula, cells))
        for parsed in (formula, wider):
            found = fit(parsed, cells)
            p = term_test(JointTests(found, satterthwaite(found)), ("prior",))[2]
            asked += parsed is formula and p < 0.05
            right += parsed is wider and p < 0.05
    return asked / replicates, right / replicates


def test_a_term_in_the_wrong_stratum_is_significant_too_often():
    asked, right = false_alarms(40)
    assert asked > 0.2
    assert right < 0.2


@pytest.mark.slow
def test_the_right_stratum_holds_its_level():
    asked, right = false_alarms(1000)
    assert asked > 0.3
    # Four standard errors of a binomial share around 5 %.
    assert abs(right - 0.05) < 4 * (0.05 * 0.95 / 1000) ** 0.5


@pytest.mark.parametrize(
    ("name", "expected"),
    [("openml_task_id", True), ("taskId", True), ("data-uuid", True), ("id", True), ("width", False), ("idle", False)],
)
def test_identifiers_are_no_features(name: str, expected: bool):
    assert is_identifier(name) == expected


def test_run_factors_are_tested_as_features(warehouse: Warehouse, tmp_path: Path):
    rows = crossed(np.random.default_rng(4), seeds=3)
    rows = {name: rows[name] for name in ("algorithm", "benchmark", "seed", "prior")} | {"value": rows["y"]}
    load(warehouse, tmp_path, rows)
    table = analyse_presets(warehouse, response="value", names=("features",)).tables["lmem_preset"].to_dicts()
    tests = {row["subject"]: row for row in table}
    whole = tests["prior x algorithm"]
    assert "(1 | benchmark:algorithm:prior)" in str(parse_formula(whole["full_formula"]))
    # Its own stratum: 12 benchmarks x 3 algorithms x 2 levels, so (12 - 1) x (3 - 1) x (2 - 1).
    assert whole["df2"] == pytest.approx(22.0, abs=0.5)
    assert {row["subject"] for row in table if row["subject"].startswith("prior = ")} == {
        f"prior = {level}: {pair}" for level in ("bad", "good") for pair in ("A - B", "A - C", "B - C")
    }
    assert all(row["reason"] is None for row in table)
