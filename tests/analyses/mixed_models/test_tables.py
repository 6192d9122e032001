"""Four kinds of published tables go through every command: what is planted is found, what cannot be said is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.analyses.mixed_models.reading.verdicts import verdicts
from hpowh.analyses.mixed_models.studies.job import (
    analyse_anytime,
    analyse_calibration,
    analyse_ladder,
    analyse_power,
    analyse_presets,
)
from hpowh.analyses.rankings.job import analyse_rankings, analyse_tiers
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest import Request, find_source, ingest

pytestmark = pytest.mark.slow
"""Every command on every table takes minutes; each command has its own fast tests."""
FORMULA = "{} ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"


def frameworks(folder: Path) -> tuple[str, str]:
    """One row a run, ten folds, higher is better, one framework fails often: as benchmarks of AutoML publish them."""
    rng, lines = np.random.default_rng(1), ["framework,task,fold,result,utc"]
    for t in range(8):
        for name, skill in (("best", 0.12), ("good", 0.06), ("frail", 0.05), ("plain", 0.0)):
            own = 0.02 * rng.standard_normal()
            for fold in range(5):
                value = f"{0.7 + 0.02 * t + skill + own + 0.01 * rng.standard_normal():.5f}"
                value = "" if name == "frail" and rng.random() < 0.4 else value
                lines.append(f"{name},task {t},{fold},{value},2026-01-{t + 1:02d}T00:{fold:02d}:{len(lines) % 60:02d}")
    (folder / "frameworks.csv").write_text("\n".join(lines), encoding="utf-8")
    return "runs", "max"


def leaderboard(folder: Path) -> tuple[str, str]:
    """Models by tasks with an average, some cells empty: as leaderboards publish them."""
    rng, lines = np.random.default_rng(2), ["Model,Average," + ",".join(f"Task{t}" for t in range(14))]
    ease = rng.normal(50, 15, 14)
    for m, skill in enumerate((9.0, 3.0, 2.5, 2.0, 0.0, -4.0)):
        values = [f"{ease[t] + skill + 1.5 * rng.standard_normal():.2f}" for t in range(14)]
        if m == 3:
            values[4] = ""
        name = "best" if m == 0 else f"model-{m}"
        lines.append(f"{name},0," + ",".join(values))
    (folder / "leaderboard.csv").write_text("\n".join(lines), encoding="utf-8")
    return "leaderboard", "max"


def classifiers(folder: Path) -> tuple[str, str]:
    """Data sets by classifiers, one accuracy a cell, no names of rows: as packages of rank tests keep them."""
    rng, lines = np.random.default_rng(3), ["best,C4.5,kNN,NB,kernel"]
    for _ in range(30):
        ease = rng.uniform(0.5, 0.8)
        skills = np.array([0.15, 0.05, 0.04, 0.03, -0.02]) + 0.03 * rng.standard_normal(5)
        lines.append(",".join(f"{min(0.999, ease + skill):.4f}" for skill in skills))
    (folder / "classifiers.csv").write_text("\n".join(lines), encoding="utf-8")
    return "leaderboard", "max"


def optimisers(folder: Path) -> tuple[str, str]:
    """Curves of optimisers on problems of unlike scales, seeds ragged, one ends early: as optimisation papers do."""
    rng, lines = np.random.default_rng(4), ["method,problem,seed,n_evals,best"]
    for p in range(7):
        scale = 10.0 ** rng.uniform(-2, 2)
        for name, rate in (("best", 1.2), ("bo", 0.7), ("random", 0.3)):
            for seed in range(4 if name != "bo" else 3):
                level = np.exp(0.2 * rng.standard_normal())
                for budget in (1, 2, 4, 8, 16 if name == "bo" else 20):
                    noise = np.exp(0.05 * rng.standard_normal())
                    lines.append(f"{name},p{p},{seed},{budget},{scale * level * noise * budget**-rate:.6g}")
    (folder / "optimisers.csv").write_text("\n".join(lines), encoding="utf-8")
    return "runs", "min"


@pytest.fixture(params=[frameworks, leaderboard, classifiers, optimisers], ids=lambda made: made.__name__)
def table(request, warehouse, tmp_path) -> tuple[Warehouse, str]:
    kind, direction = request.param(tmp_path)
    name = request.param.__name__
    mapping = {"fold": "seed", "utc": "ignore"} if name == "frameworks" else {}
    mapping = {"best": "value"} if name == "optimisers" else mapping
    path = str(tmp_path / f"{name}.csv")
    ingest(warehouse, find_source(kind), Request(path, name, mapping, {"direction": direction}, None))
    return warehouse, name


def test_the_planted_best_is_found_by_every_command_that_compares(table):
    warehouse, name = table
    metric = warehouse.sql("select name from core.metric").one()
    response = "log_regret" if name == "optimisers" else metric
    fitted = analyse_lmem(warehouse, FORMULA.format(response), metric=metric, budget="final")
    pairs = fitted.tables["lmem_pair"].to_dicts()
    mine = [row for row in pairs if "best" in (row["first"], row["second"])]
    assert all(row["better"] == "best" for row in mine)
    for row in mine:
        ahead = row["probability"] if row["first"] == "best" else 1 - row["probability"]
        assert ahead > 0.8
        assert row["p_permutation_adjusted"] < 0.05
    assert fitted.tables["lmem_anova"]["p_value"][0] < 0.01
    (verdict,) = [one.sentence for one in verdicts(warehouse, name)]
    assert "best is better than" in verdict
    tiers = analyse_tiers(warehouse, response=response, metric=metric).tables["ranking_tier"]
    assert tiers.filter(tiers["is_tied_with_best"])["algorithm"].to_list() == ["best"]
    ranked = analyse_rankings(warehouse, metric=metric).tables["ranking_algorithm"]
    assert ranked.sort("position")["algorithm"][0] == "best"
    if name == "optimisers":  # in the same order on every benchmark and seed: ranks have no variance
        with pytest.raises(UsageError, match="hpowh analyse rankings tests that order"):
            analyse_lmem(warehouse, FORMULA.format("rank"), metric=metric, budget="final")
    else:
        assert analyse_lmem(warehouse, FORMULA.format("rank"), metric=metric, budget="final").tables["lmem_pair"].height


def test_checks_answer_or_say_why_they_cannot(table):
    warehouse, name = table
    metric = warehouse.sql("select name from core.metric").one()
    asked = {"response": metric, "metric": metric, "budget": "final"}
    power = analyse_power(warehouse, benchmarks=(10,), seeds=(5,), count=200, **asked)
    assert power.tables["lmem_power"]["power"].is_between(0, 1).all()
    assert any("next" in said for said in power.warnings)
    if name in ("leaderboard", "classifiers"):
        with pytest.raises(UsageError, match="it needs seeds"):
            analyse_presets(warehouse, **asked)
    else:
        presets = analyse_presets(warehouse, **asked).tables["lmem_preset"]
        assert (presets["p_value"].is_not_null() | presets["reason"].is_not_null()).all()
    assert analyse_ladder(warehouse, **asked).tables["lmem_ladder"].height
    level = analyse_calibration(warehouse, FORMULA.format(metric), metric=metric, count=20)
    assert level.tables["lmem_calibration"]["rate"][0] < 0.4
    found = analyse_anytime(warehouse, response="log_regret" if name == "optimisers" else metric, metric=metric)
    leaders = {row["leader"] for row in found.tables["lmem_anytime_pair"].to_dicts() if "best" in row["sentence"]}
    assert leaders == {"best"}
    assert any("Failed" in said for said in found.warnings) == (name in ("frameworks", "leaderboard"))
