"""No two sentences contradict: overview, experiment, models, rankings and command line say one thing of a question."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from hpowh.analyses.finding import Finding
from hpowh.analyses.findings.job import all_findings, findings_of
from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.analyses.rankings.job import analyse_rankings
from hpowh.analyses.traces.job import analyse
from hpowh.reports.context import SiteContext
from hpowh.reports.pages.experiment import page as experiment_page
from hpowh.reports.pages.model import page as model_page
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError

from ..analyses.traces.conftest import fill_runs

Claims = dict[tuple[str, str, frozenset[str]], set[str | None]]
RESPONSES = ("value", "regret", "normalized_regret", "log_regret", "rank")


def build(warehouse: Warehouse, count: int) -> dict[str, list[str]]:
    """Analyse random experiments and return, for each, every sentence that anybody is told about it."""
    said: dict[str, list[str]] = {}
    for seed in range(count):
        rng, name = np.random.default_rng(seed), f"x{seed:03d}"
        algorithms = "ABCD"[: rng.integers(2, 5)]
        effects = dict(zip(algorithms, rng.choice([0.0, 0.5, 1.5], len(algorithms)), strict=True))
        scale = 10.0 ** (rng.integers(0, 2) * np.arange(5) / 2)
        points = []
        for b in range(rng.integers(3, 6)):
            own = {a: 0.3 * rng.standard_normal() for a in algorithms}
            for a in algorithms:
                for run in range(rng.integers(2, 4)):
                    for budget in (1.0, 2.0):
                        value = scale[b] * (5.0 + effects[a] + own[a] + rng.standard_normal() * 0.5) / budget
                        points.append((a, f"{name}-b{b}", run, budget, None if rng.random() < 0.05 else value))
        fill_runs(warehouse, points, experiment=name, metric="value", direction=("min", "max")[0])
        said[name] = []
        for response in rng.choice(RESPONSES, rng.integers(0, 3), replace=False):
            formula = f"{response} ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
            budget = float(rng.integers(1, 3))
            try:
                outcome = analyse_lmem(warehouse, formula, experiment=name, budget=budget, with_residuals=False)
            except UsageError:
                continue
            said[name] += [s for s in outcome.warnings if "without it" not in s]
        try:
            ranked = analyse_rankings(warehouse, name, budget="final")
        except UsageError:
            continue
        said[name] += ranked.warnings + told(findings_of(warehouse, ranked.analysis_run_id))
        if "ranking_agreement" in ranked.tables:
            said[name] += [f"{one} (at budget 2)" for one in ranked.tables["ranking_agreement"]["sentence"]]
    analyse(warehouse)
    site = SiteContext(opened=warehouse)
    for finding in (one for module in (model_page, experiment_page) for one in module.findings(site)):
        said[finding.key[1]].append(finding.sentence)
    for name in said:
        run = site.newest_run("traces", name)
        said[name] += [one.sentence for one in experiment_page._answers(site, name, run)]
        said[name] += told(all_findings(warehouse, [name]))
    return said


def told(found: list[Finding]) -> list[str]:
    return [one.sentence for one in found if one.kind in ("verdict", "ends_lowest")]


def claims_of(sentences: dict[str, list[str]]) -> Claims:
    """Read back what sentences say of pairs: who is better, or None where they cannot be told apart."""
    found: Claims = defaultdict(set)
    for name, said in sentences.items():
        known = {one for sentence in said for one in re.findall(r"\b[A-D]\b", sentence)}
        for sentence in dict.fromkeys(said):
            budget = re.search(r"at budget (\d)", sentence)
            key = (name, budget[1] if budget else "")
            if "the tests do not agree" in sentence or "hangs on what" in sentence:
                continue
            for first, second, verdict in re.findall(r"^([A-D]) and ([A-D]): .* agree \(([^)]*)\)", sentence):
                better = verdict[0] if verdict.endswith("better") else None
                found[(*key, frozenset((first, second)))].add(better)
            body = sentence.partition(": ")[2]
            if "no two of" in body:
                for pair in combinations(sorted(known), 2):
                    found[(*key, frozenset(pair))].add(None)
            for clause in re.split(r"; (?=[A-D] (?:is|cannot|and)|of the)", body):
                if better := re.match(r"([A-D]) is better than ", clause):
                    for other in re.findall(r"than ([A-D]) \(", clause):
                        found[(*key, frozenset((better[1], other)))].add(better[1])
                elif tied := re.match(r"([A-D]) cannot be told apart from ", clause):
                    for other in re.findall(r"(?:from|,) ([A-D]) \(p", clause):
                        found[(*key, frozenset((tied[1], other)))].add(None)
                elif both := re.match(r"([A-D]) and ([A-D]) cannot be told apart", clause):
                    found[(*key, frozenset(both.groups()))].add(None)
    return found


def assert_one_verdict(sentences: dict[str, list[str]]) -> None:
    claims = claims_of(sentences)
    contradicted = {key: said for key, said in claims.items() if len(said) > 1}
    assert not contradicted, {key[0]: sentences[key[0]] for key in contradicted}
    for said in sentences.values():
        has_verdict = any("told apart" in one or "is better than" in one for one in said)
        assert has_verdict + any("ends with the lowest mean" in one for one in said) <= 1, said


def test_no_two_sentences_contradict(warehouse: Warehouse):
    sentences = build(warehouse, 3)
    assert sum(len(said) for said in claims_of(sentences).values()) >= 3
    assert_one_verdict(sentences)


@pytest.mark.slow
def test_no_two_sentences_of_two_hundred_experiments_contradict(warehouse: Warehouse):
    sentences = build(warehouse, 200)
    claims = claims_of(sentences)
    verdicts = {next(iter(said)) for said in claims.values()}
    assert {None, "A", "B"} <= verdicts
    assert len(claims) > 200
    assert_one_verdict(sentences)


def test_claims_are_read_and_contradictions_found():
    """The test itself sees a contradiction."""
    good = {"x": ["x (at budget 2): A is better than B (p = 0.01); than C (p = 0.02) (mixed model of value)."]}
    assert claims_of(good) == {
        ("x", "2", frozenset("AB")): {"A"},
        ("x", "2", frozenset("AC")): {"A"},
    }
    bad = {"x": [*good["x"], "x (at budget 2): A and B cannot be told apart (p = 0.2) (signed ranks)."]}
    with pytest.raises(AssertionError):
        assert_one_verdict(bad)


def test_the_verdict_names_the_question_and_carries_its_warnings(warehouse: Warehouse, tmp_path: Path):
    rng = np.random.default_rng(1)
    points = []
    for b in range(6):
        for i, a in enumerate("ABC"):
            for run in range(5):
                value = 100.0**b / 1e4 * (1.0 + (0.0, 0.02, 1.0)[i] + 0.05 * rng.standard_normal())
                points += [(a, f"b{b}", run, float(t), value * (3 - t)) for t in (1, 2)]
    fill_runs(warehouse, points, experiment="study", metric="value")
    formula = "{} ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
    analyse_lmem(warehouse, formula.format("value"), budget="final")
    before = [one.sentence for one in model_page.findings(SiteContext(opened=warehouse))]
    assert "not on one scale" in before[0]
    analyse_lmem(warehouse, formula.format("log_regret"), budget="final")
    analyse_lmem(warehouse, formula.format("log_regret"), budget=1.0)
    after = [one.sentence for one in model_page.findings(SiteContext(opened=warehouse))]
    assert len(after) == 2
    assert any("study (at budget 2): A" in one and "mixed model of log_regret, Tukey" in one for one in after)
    assert any("(at budget 1)" in one for one in after)
    assert all("regret" in one and "times as large" in one and " B" in one and " C" in one for one in after)
    # Ranks stand beside the model that the verdict rests on, by its name.
    ranked = analyse_rankings(warehouse)
    assert "mixed model of log_regret" in ranked.tables["ranking_agreement"]["sentence"][0]
