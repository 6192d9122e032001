"""Findings: one shape, from the stored tables, the same everywhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hpowh.analyses.finding import DESCRIPTION, ESTIMATE, TEST, Finding
from hpowh.analyses.findings.commands import answer
from hpowh.analyses.findings.job import SAYING, all_findings, findings_of
from hpowh.analyses.landscapes.job import analyse as analyse_landscapes
from hpowh.analyses.mixed_models.job import Outcome, analyse_lmem
from hpowh.analyses.mixed_models.reading.verdicts import verdicts
from hpowh.analyses.mixed_models.studies.job import (
    analyse_anytime,
    analyse_calibration,
    analyse_comparison,
    analyse_ladder,
    analyse_power,
    analyse_presets,
)
from hpowh.analyses.rankings.job import analyse_rankings, analyse_tiers
from hpowh.analyses.traces.job import analyse as analyse_traces
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError

from .traces.conftest import fill_runs

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "findings.md").read_text(encoding="utf-8")
FORMULA = "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    """Six benchmarks: A and B alike, C worse by one; two budgets."""
    points = [
        (a, f"b{b}", seed, budget, level + 0.3 * b + ((7 * b + 3 * seed + 5 * i) % 11) / 20 + 1 / budget)
        for i, (a, level) in enumerate((("A", 0.0), ("B", 0.0), ("C", 1.0)))
        for b in range(6)
        for seed in range(3)
        for budget in (1.0, 2.0)
    ]
    fill_runs(warehouse, points, experiment="x", metric="value", direction="min")
    return warehouse


def check(found: list[Finding]) -> None:
    """What holds of every finding."""
    assert found
    for one in found:
        assert one.sentence and one.sentence[-1] in ".)" and "None" not in one.sentence, one
        assert one.basis in (TEST, ESTIMATE, DESCRIPTION) and one.holds_for and one.assumption, one
        assert (one.level == 0.05) is (one.basis != DESCRIPTION) or one.kind == "next", one
        assert one.is_shown is None or one.basis != DESCRIPTION
        assert f"`{one.kind}`" in DOCS, one.kind
        json.dumps(one.plain(), default=str)


def test_the_docs_have_every_key(filled):
    analyse_traces(filled)
    (one,) = all_findings(filled)
    keys = re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`.*?) \|", DOCS.partition("| kind |")[0], re.MULTILINE)))
    assert set(keys) == set(one.plain())
    told = answer(filled, "x", one.analysis_run_id, is_new=True).plain()
    rest = DOCS.partition("with an entry a subject")[2]
    assert set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`.*?) \|", rest, re.MULTILINE)))) == set(told)


def test_curves_describe_until_a_model_answers(filled):
    analyse_traces(filled)
    (one,) = all_findings(filled)
    assert (one.kind, one.basis, one.is_shown, one.row_count, one.row_unit) == (
        "ends_lowest", DESCRIPTION, None, 6, "benchmarks",
    )  # fmt: skip
    assert one.numbers[0]["algorithm"] in one.sentence
    fitted = analyse_lmem(filled, FORMULA, budget="final", with_residuals=False)
    found = all_findings(filled)
    assert {one.kind for one in found} == {"verdict", "pair"}
    (said,) = [one for one in found if one.kind == "verdict"]
    assert said.sentence == verdicts(filled, "x")[0].sentence
    assert (said.is_shown, said.row_count, said.analysis_run_id) == (True, 54, fitted.analysis_run_id)
    better = {(row["first"], row["second"]): row["better"] for row in said.numbers}
    assert better == {("A", "B"): None, ("A", "C"): "A", ("B", "C"): "B"}
    check(found)


def test_a_model_that_carries_no_verdict_says_why(filled):
    first = analyse_lmem(filled, FORMULA, budget="final", with_residuals=False)
    analyse_lmem(filled, FORMULA.replace("value", "rank"), budget="final", with_residuals=False)
    found = findings_of(filled, first.analysis_run_id)
    assert [one.kind for one in found][:2] == ["beside", "verdict"]
    assert "a newer one answers the same question" in found[0].sentence
    told = {one.analysis_run_id for one in all_findings(filled)}
    assert first.analysis_run_id not in told


def assert_told(filled: Warehouse, kind: str, outcome: Outcome) -> list[Finding]:
    """A run says its kind, in sentences that are no warnings as well."""
    found = findings_of(filled, outcome.analysis_run_id)
    check(found)
    assert kind in {one.kind for one in found}
    told = answer(filled, "x", outcome.analysis_run_id, is_new=True)
    said = {one.sentence for one in found}
    assert not said & set(told.warnings) and set(outcome.warnings) <= said | set(told.warnings)
    return found


def test_studies_say_what_they_found(filled):
    found = assert_told(filled, "anytime", analyse_anytime(filled, response="value"))
    (ahead,) = [one for one in found if one.sentence.startswith("A and B")]
    assert ahead.is_shown is False and ahead.row_count == 6
    compared = analyse_comparison(filled, "value ~ 1 + (1|benchmark)", FORMULA, budget="final")
    (better,) = assert_told(filled, "comparison", compared)
    assert better.is_shown and "fits better than value ~ 1" in better.sentence


@pytest.mark.slow
def test_the_other_studies_do_too(filled):
    given = {"response": "value", "budget": "final"}
    (level,) = assert_told(filled, "level", analyse_calibration(filled, FORMULA, count=20, budget="final"))
    assert level.numbers[0]["rejected_count"] / 20 == level.numbers[0]["rate"] and level.row_count == 20
    assert_told(filled, "seed", analyse_presets(filled, names=("seed",), **given))
    assert_told(filled, "ladder", analyse_ladder(filled, **given))
    assert_told(filled, "power", analyse_power(filled, benchmarks=(5,), seeds=(3,), count=100, **given))
    assert_told(filled, "agreement", analyse_rankings(filled, **given))
    assert_told(filled, "tiers", analyse_tiers(filled, **given))
    check(all_findings(filled, ["x"]))


def test_an_unknown_name_is_answered_with_those_there_are(filled):
    with pytest.raises(UsageError, match=r"'y' was analysed.*nothing"):
        all_findings(filled, ["y"])
    with pytest.raises(UsageError, match="no analysis run 99"):
        findings_of(filled, 99)
    assert all_findings(filled) == []


def test_every_family_that_stores_is_listed():
    families = {path.parent.name for path in (Path(__file__).resolve().parents[2] / "analyses").glob("*/job.py")}
    silent = {"collecting", "evaluate", "embeddings", "findings"}
    assert families - silent == {module.split(".")[2] for module in SAYING.values()}


def test_a_landscape_says_the_sentences_of_its_page(warehouse, tmp_path):
    from hpowh.warehouse.ingest import Request, find_source, ingest

    rows = [f"{a},{b},{(a - 2) ** 2 + (b - 1) ** 2}" for a in range(4) for b in range(3)]
    (tmp_path / "g.csv").write_text("\n".join(["a,b,value", *rows]))
    options = {"space": "ab", "benchmark": "bowl", "direction": "min"}
    ingest(warehouse, find_source("grid"), Request(str(tmp_path / "g.csv"), "g", {}, options))
    analyse_landscapes(warehouse)
    found = all_findings(warehouse)
    check(found)
    optima = next(one for one in found if one.kind == "optima")
    assert "has a single optimum" in optima.sentence and optima.basis == DESCRIPTION and optima.row_count == 12
    assert {row["name"]: row["value"] for row in optima.numbers}["n_lo"] == 1.0
