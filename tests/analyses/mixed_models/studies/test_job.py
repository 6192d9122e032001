"""`analyse presets`, `ladder`, `power`, `lrt` and `calibrate` on a warehouse: what is stored and what is said."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.analyses.mixed_models.model.formula import parse_formula
from hpowh.analyses.mixed_models.reading.catalogue import Selection
from hpowh.analyses.mixed_models.reading.reader import Reader
from hpowh.analyses.mixed_models.reading.verdicts import verdicts
from hpowh.analyses.mixed_models.studies import kinds as studies
from hpowh.analyses.mixed_models.studies import presets
from hpowh.analyses.mixed_models.studies.job import (
    analyse_calibration,
    analyse_comparison,
    analyse_ladder,
    analyse_power,
    analyse_presets,
)
from hpowh.analyses.wording import percent
from hpowh.warehouse.errors import UsageError

from ..conftest import DEFAULT, load


def test_a_verdict_carries_the_level_that_calibration_found_for_it(small):
    formula, question = "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)", {"budget": "final"}
    analyse_calibration(small, formula, count=20, where="benchmark <> 'b000'", **question)
    analyse_lmem(small, formula, with_residuals=False, **question)
    assert not any("labels shuffled" in one.sentence for one in verdicts(small, "x"))
    found = analyse_calibration(small, formula, count=20, variance="equal", **question).tables["lmem_calibration"]
    (said,) = [one.sentence for one in verdicts(small, "x")]
    assert f"some pair was significant in {percent(found['rate'][0], 1)} of 20 experiments" in said


def test_calibration_is_of_the_model_that_was_fitted(small):
    """Asked for nothing else, as a page advises; of what is asked for, the newest model that agrees."""
    formula, priors = "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)", {"where": "prior = 'good'"}

    def asked(**given) -> dict:
        run = analyse_calibration(small, count=20, **given).analysis_run_id
        text = small.sql("select parameters from ops.analysis_run where analysis_run_id = ?", [run]).one()
        return {k: v for k, v in json.loads(text).items() if k not in ("count", "failures")}

    default = asked()
    assert default["formula"].startswith("normalized_regret ~ algorithm")
    assert default["budget"] == "final"
    analyse_lmem(small, formula.replace("value", "rank"), with_residuals=False, budget=1.0, **priors)
    analyse_lmem(small, formula, with_residuals=False, variance="equal")
    fitted = str(parse_formula(formula))
    assert asked() == {"formula": fitted, "variance": "equal"}  # all points: no budget
    assert any("labels shuffled" in one.sentence for one in verdicts(small, "x"))
    ranked = {"formula": fitted.replace("value", "rank"), "variance": "auto", "budget": 1.0, **priors}
    assert asked(**priors) == ranked
    assert asked(formula=ranked["formula"]) == ranked
    assert asked(budget="final") == default
    assert asked(formula=formula, budget="final") == {"formula": formula, "variance": "auto", "budget": "final"}
    with pytest.raises(UsageError):
        analyse_calibration(small, "value ~ (")


def test_checks_of_many_algorithms_stay_small(warehouse, tmp_path, monkeypatch):
    rng = np.random.default_rng(3)
    a, b, s, t = (index.ravel() for index in np.indices((9, 4, 4, 2)))
    rows = {"algorithm": a, "benchmark": b, "seed": s, "budget": t + 1, "value": rng.standard_normal(len(a)) + b}
    load(warehouse, tmp_path, rows)
    monkeypatch.setattr(presets, "MOST_EFFECTS", 40)
    found = analyse_presets(warehouse, response="value", names=("seed", "budget")).tables["lmem_preset"].to_dicts()
    together = next(row for row in found if row["subject"] == "all algorithms")
    assert together["full_formula"].endswith("+ (1|seed) + (1|seed:algorithm)")
    assert 0 <= together["p_value"] <= 1
    monkeypatch.setattr(studies, "LADDER_EFFECTS", 40)
    ladder = analyse_ladder(warehouse, response="value")
    assert any("every run counts once" in said for said in ladder.warnings)
    assert not any("budget" in term or "run" in term for term in ladder.tables["lmem_ladder"]["term"].to_list())
    monkeypatch.setattr(studies, "LADDER_EFFECTS", 500)
    reader = Reader.of(warehouse, None)
    assert "(1|run)" in studies.run_ladder(reader, Selection(catalogue=reader.catalogue), "value", ())[1]
    refused = [row["reason"] for row in found if row["preset"] == "budget"]
    assert len(refused) == 2
    assert all("80 random effects besides the runs'" in reason for reason in refused)


def test_refused_comparisons_are_rows_with_the_reason(small):
    refused = analyse_comparison(small, "value ~ prior", "value ~ algorithm").tables["lmem_comparison"].to_dicts()[0]
    assert refused["is_refused"]
    assert refused["p_value"] is None
    assert "prior is only in the smaller model" in refused["reason"]
    made = analyse_comparison(small, "value ~ algorithm + (1|benchmark)", DEFAULT, bootstrap=40, seed=1)
    row = made.tables["lmem_comparison"].to_dicts()[0]
    assert row["distribution"] == "0.5 chi2(0) + 0.5 chi2(1)"
    assert row["bootstrap_count"] == 40


def test_the_ladder_keeps_every_step(small):
    outcome = analyse_ladder(small, response="value", terms=("algorithm", "(1|benchmark)", "(1|benchmark:algorithm)"))
    table = outcome.tables["lmem_ladder"]
    forward = table.filter((table["direction"] == "forward") & table["is_kept"] & (table["step"] > 0))
    assert set(forward["term"]) <= {"algorithm", "(1|benchmark)", "(1|benchmark:algorithm)"}
    assert table.filter((table["direction"] == "forward") & (table["step"] == 1)).height == 3
    assert [sentence.split(":")[0] for sentence in outcome.warnings[:2]] == ["Forward", "Backward"]


def test_checks_are_of_the_response_that_was_fitted(small):
    before = analyse_presets(small, names=("seed",)).tables["lmem_preset"]["full_formula"][0]
    analyse_lmem(small, "log_regret ~ algorithm + (1|benchmark)", with_residuals=False)
    after = analyse_presets(small, names=("seed",)).tables["lmem_preset"]["full_formula"][0]
    assert (before.split(" ~ ")[0], after.split(" ~ ")[0]) == ("normalized_regret", "log_regret")
    steps = analyse_ladder(small, terms=("algorithm",)).tables["lmem_ladder"]
    assert all(text.startswith("log_regret ~") for text in steps["formula"])


def test_the_ladder_of_a_table_without_seeds_has_the_terms_that_it_can_carry(warehouse, tmp_path):
    rng = np.random.default_rng(5)
    a, b = (index.ravel() for index in np.indices((4, 9)))
    load(warehouse, tmp_path, {"algorithm": a, "benchmark": b, "value": rng.standard_normal(len(a)) + 2.0 * b})
    ladder = analyse_ladder(warehouse, response="value")
    terms = set(ladder.tables["lmem_ladder"]["term"]) - {""}
    assert terms == {"algorithm", "(1|benchmark)"}
    assert any("fitted without (1|benchmark:algorithm)" in said for said in ladder.warnings)


def test_power_grows_with_the_design(small):
    table = analyse_power(small, response="value", benchmarks=(5, 40), seeds=(5,), differences=(0.8,)).tables[
        "lmem_power"
    ]
    few, many = table.sort("benchmark_count")["power"].to_list()
    assert few < many
    for row in table.to_dicts():
        # Averaged over what the variances may be, a high power is lower than at their estimates.
        assert row["power_low"] < row["power_analytic"]
        assert row["power_low"] - 0.05 < row["power"] < row["power_analytic"] + 0.05
