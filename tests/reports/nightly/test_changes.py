"""What two builds conclude, compared in sentences: examples worked out by hand."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpowh.reports.nightly.changes import compare
from hpowh.reports.nightly.conclusions import Conclusion, read_conclusions, store_conclusions, stored_conclusions
from hpowh.warehouse import AnalysisRun, Warehouse

PAIR = {"first": "PB", "second": "HB", "setting": "", "budget": 10, "by": "mixed model", "response": "regret ~ a"}


def contrast(verdict: str | None, p: float | None, **context: Any) -> Conclusion:
    return Conclusion(
        kind="contrast", subject="demo", item="PB - HB", verdict=verdict, value=-0.1, p_value=p, context=PAIR | context
    )


def sentences(before: list[Conclusion], now: list[Conclusion], tolerance: float = 0.05) -> list[str]:
    return [change.sentence for change in compare(before, now, tolerance)]


@pytest.mark.parametrize(
    ("was", "now", "sentence"),
    [
        (("first", 0.03), ("none", 0.08), "PB is no longer better than HB at budget 10: p 0.030 → 0.080"),
        (("none", 0.08), ("first", 0.00001), "PB is now better than HB at budget 10: p 0.080 → < 0.0001"),
        (("second", 0.04), ("none", 0.2), "HB is no longer better than PB at budget 10: p 0.040 → 0.20"),
        (
            ("first", 0.01),
            ("second", 0.02),
            "HB is now better than PB, and was worse before at budget 10: p 0.010 → 0.020",
        ),
        (("first", 0.01), (None, None), "PB and HB can no longer be compared at budget 10: p 0.010 → unknown"),
        (
            (None, None),
            ("none", 0.5),
            "PB and HB can now be compared, and do not differ at budget 10: p unknown → 0.50",
        ),
    ],
)
def test_a_contrast_whose_verdict_changed(was, now, sentence):
    assert sentences([contrast(*was)], [contrast(*now)]) == [f"demo: {sentence} (mixed model, regret ~ a)."]


def test_where_a_contrast_was_made():
    before, now = contrast("first", 0.01), contrast("none", 0.06, setting="prior = good, budget = 50", where="seed < 5")
    (sentence,) = sentences([before], [now])
    assert "HB at budget 50 with prior = good, seed < 5: p" in sentence
    (sentence,) = sentences([contrast("first", 0.01)], [contrast("none", 0.06, budget="final")])
    assert "HB at the final budget: p" in sentence
    (sentence,) = sentences([contrast("none", 0.5)], [contrast("first", 0.01, second=None, first="A - 0.5*B")])
    assert "A - 0.5*B now differs from zero at budget 10" in sentence


def test_a_p_value_that_moves_within_its_verdict_is_no_change():
    assert sentences([contrast("first", 0.01)], [contrast("first", 0.04)]) == []


def test_what_is_new_or_gone_is_no_changed_verdict():
    assert sentences([], [contrast("first", 0.01)]) == sentences([contrast("first", 0.01)], []) == []


def count(subject: str, of: str | None, value: int, noun: str = "run", place: str = "experiment") -> Conclusion:
    return Conclusion(
        kind="count", subject=subject, item=f"of {of}", value=value, context={"noun": noun, "of": of, "in": place}
    )


def test_new_and_lost_data():
    before = [count("demo", "tpe", 10), count("demo", "cma", 5), count("old", None, 7, "trial", "sweep")]
    now = [count("demo", "tpe", 12), count("demo", "smac", 1), count("new", "iris", 1200, "evaluation", "search space")]
    assert sentences(before, now) == [
        "In the experiment demo: 5 runs fewer of cma (none left), 1 new run of smac (the first), "
        "2 new runs of tpe (12 now).",
        "The search space new is new: 1,200 new evaluations of iris (the first).",
        "In the sweep old: 7 trials fewer (none left).",
    ]


def test_another_winner_and_another_first_importance():
    win = {"metric": "loss", "setting": "prior=good"}
    first = {"metric": "acc", "method": "fanova"}
    before = [
        Conclusion(kind="winner", subject="demo", item="loss", verdict="tpe", value=0.1, context=win),
        Conclusion(kind="importance", subject="wine", item="acc | fanova", verdict="lr", value=0.5, context=first),
    ]
    now = [
        Conclusion(kind="winner", subject="demo", item="loss", verdict="cma", value=0.05, context=win),
        Conclusion(
            kind="importance", subject="wine", item="acc | fanova", verdict="depth x lr", value=0.6, context=first
        ),
    ]
    assert sentences(before, now) == [
        "demo with prior=good: cma now ends with the lowest mean normalised regret by loss (0.0500); "
        "before it was tpe (0.100).",
        "wine, acc: depth x lr is now the most important by fanova (0.600); before it was lr (0.500).",
    ]


def metric(name: str, value: float | None, lower: float | None = None, upper: float | None = None) -> Conclusion:
    return Conclusion(
        kind="landscape", subject="fcnet / slice", item=name, verdict=None, value=value, lower=lower, upper=upper
    )


def test_a_landscape_that_drifts():
    before = [metric("a", 1.0), metric("b", 0.5), metric("c", 0.0), metric("d", None), metric("e", 2.0, 1, 3)]
    now = [metric("a", 1.04), metric("b", 0.6), metric("c", 0.0), metric("d", 0.1), metric("e", 2.5, 2.4, 2.6)]
    assert sentences(before, now) == [
        "Landscape fcnet / slice: 2 of 5 metrics moved by more than 5 %: d \u2013 → 0.100, b 0.500 → 0.600."
    ]
    assert sentences(before, now, tolerance=0.5) == [
        "Landscape fcnet / slice: 1 of 5 metrics moved by more than 50 %: d \u2013 → 0.100."
    ]


def test_intervals_that_part_are_drift():
    (sentence,) = sentences([metric("e", 2.0, 1.9, 2.1)], [metric("e", 2.5, 2.4, 2.6)])
    assert "e 2.00 → 2.50" in sentence


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.floats(1e-3, 1e3))
def test_drift_does_not_depend_on_the_unit_or_the_order(a: float, b: float, unit: float):
    def drifts(x: float, y: float) -> bool:
        return bool(compare([metric("m", x)], [metric("m", y)], 0.05))

    assert drifts(a, b) == drifts(b, a)
    if abs(abs(a - b) - 0.05 * max(abs(a), abs(b))) > 1e-9 * max(abs(a), abs(b)):
        assert drifts(a, b) == drifts(a * unit, b * unit)
    assert not drifts(a, a)


@given(st.lists(st.sampled_from(["first", "second", "none", None]), min_size=2, max_size=2))
def test_equal_verdicts_say_nothing_and_different_ones_say_something(verdicts):
    found = sentences([contrast(verdicts[0], 0.5)], [contrast(verdicts[1], 0.5)])
    assert bool(found) == (verdicts[0] != verdicts[1])


def store_contrast(warehouse: Warehouse, estimate: float, p: float | None, direction: str = "min", **more: Any) -> None:
    """Store an analysis run with one contrast, as the mixed model does."""
    parameters = {"formula": "regret ~ algorithm + (1|benchmark)", "budget": 10, "where": None} | more
    run = AnalysisRun(
        job="mixed_models.fit",
        subject="demo",
        job_version="1",
        parameters=parameters,
        input_fingerprint=f"{estimate} {p}",
    )
    pair = {"first": "PB", "second": "HB", "contrast": "PB - HB", "setting": "", "factor": "algorithm"}
    shown = pair | {"model": "model", "method": "tukey", "estimate": estimate, "p_adjusted": p, "p_value": p}
    model = {"model": "model", "formula": "regret ~ algorithm + (1|benchmark)", "response": "regret"}
    model |= {
        "criterion": "REML",
        "row_count": 60,
        "excluded_count": 0,
        "cell_count": 12,
        "parameter_count": 5,
        "is_singular": False,
    }
    model |= {"is_converged": True, "evaluation_count": 9}
    group = {"model": "model", "factor": "algorithm", "setting": "", "direction": direction, "group_number": 1}
    warehouse.save_run(
        run,
        {
            "lmem_model": pl.DataFrame([model]),
            "lmem_contrast": pl.DataFrame([shown]),
            "lmem_group": pl.DataFrame([group | {"level": "PB", "position": 1, "estimate": 0.1}]),
        },
    )


@pytest.mark.parametrize(
    ("estimate", "p", "direction", "verdict"),
    [
        (-0.1, 0.03, "min", "first"),
        (0.1, 0.03, "min", "second"),
        (-0.1, 0.03, "max", "second"),
        (0.1, 0.03, "max", "first"),
        (-0.1, 0.08, "min", "none"),
        (-0.1, None, "min", None),
    ],
)
def test_verdicts_follow_estimate_direction_and_p(warehouse: Warehouse, estimate, p, direction, verdict):
    store_contrast(warehouse, estimate, p, direction)
    (found,) = [one for one in read_conclusions(warehouse.connection) if one.kind == "contrast"]
    assert (found.verdict, found.value, found.p_value) == (verdict, estimate, p)


def test_from_stored_results_to_the_sentence(warehouse: Warehouse):
    """The example of the design, through result tables, the snapshot of a build, and back."""
    store_contrast(warehouse, -0.1, 0.03)
    with warehouse.writing() as connection:
        store_conclusions(connection, 1, read_conclusions(connection), [1])
    store_contrast(warehouse, -0.1, 0.08)
    store_contrast(warehouse, -0.1, 0.01, budget=20)  # another question, another conclusion
    with warehouse.writing() as connection:
        now = read_conclusions(connection)
        before = stored_conclusions(connection, 1)
        store_conclusions(connection, 2, now, [1])
        assert stored_conclusions(connection, 2) == sorted(now, key=lambda one: one.key)
    assert len(before) == 1 and len(now) == 2
    assert sentences(before, now) == [
        "demo: PB is no longer better than HB at budget 10: p 0.030 → 0.080 "
        "(mixed model, regret ~ algorithm + (1|benchmark))."
    ]


def test_snapshots_survive_the_results_and_are_dropped_with_their_builds(warehouse: Warehouse):
    store_contrast(warehouse, -0.1, 0.03)
    with warehouse.writing() as connection:
        store_conclusions(connection, 1, read_conclusions(connection), [1])
        connection.execute("delete from result.lmem_contrast")
        assert len(stored_conclusions(connection, 1)) == 1
        store_conclusions(connection, 2, [], [2])
        assert stored_conclusions(connection, 1) == []


def test_rankings_importances_winners_and_landscapes_are_read(warehouse: Warehouse):
    with warehouse.writing() as connection:
        connection.execute("insert into core.metric values (1, 'loss', 'min', null, null, null)")
        connection.execute("insert into core.algorithm values (1, 'PB'), (2, 'HB')")
    pair = {"setting": "", "test": "nemenyi", "first": "PB", "second": "HB", "estimate": 1.0, "p_adjusted": 0.01}
    warehouse.save_run(
        AnalysisRun(
            job="rankings", subject="demo", job_version="1", parameters={"response": "regret"}, input_fingerprint="f"
        ),
        {"ranking_pair": pl.DataFrame([pair])},
    )
    point = {"metric_id": 1, "setting": "", "position_unit": "budget", "benchmark_count": 2}
    points = [
        point | {"algorithm_id": a, "position": p, "normalized_regret_mean": m}
        for a, p, m in ((1, 1.0, 0.1), (1, 2.0, 0.09), (2, 1.0, 0.5), (2, 2.0, 0.01))
    ]
    warehouse.save_run(
        AnalysisRun(job="traces", subject="demo", job_version="1", parameters={}, input_fingerprint="f"),
        {"trace_overall": pl.DataFrame(points)},
    )
    rank = {
        "metric_id": 1,
        "method": "fanova",
        "hyperparameter": "lr",
        "importance": 0.4,
        "place": 1,
        "verdict": "usable",
    }
    other = rank | {"hyperparameter": "depth", "importance": 0.2, "place": 2}
    warehouse.save_run(
        AnalysisRun(job="sweeps", subject="wine", job_version="1", parameters={}, input_fingerprint="f"),
        {"sweep_importance": pl.DataFrame([rank, other])},
    )
    warehouse.save_run(
        AnalysisRun(job="landscapes", subject="fcnet", job_version="1", parameters={}, input_fingerprint="f"),
        {"landscape_metric": pl.DataFrame([{"name": "n_lo", "value": 3.0}])},
    )
    found = {one.kind: one for one in read_conclusions(warehouse.connection)}
    assert found["ranking"].verdict == "second"
    assert (found["winner"].verdict, found["winner"].value) == ("HB", 0.01)
    assert (found["importance"].verdict, found["importance"].value) == ("lr", 0.4)
    assert (found["landscape"].item, found["landscape"].value) == ("n_lo", 3.0)
    assert json.loads(json.dumps(dict(found["ranking"].context)))["by"] == "nemenyi"
